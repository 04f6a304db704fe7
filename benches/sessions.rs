//! What sessions that are open and quiet take of memory, and what is left once they have ended.
//!
//! `cargo bench --bench sessions` prints a table; docs/performance.md has one with its circumstances.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "what fails here says so by a panic")]

use std::alloc::{GlobalAlloc, Layout};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use tokio::runtime::Runtime;

use wsproxy::engine::handle::Handle;
use wsproxy::engine::{self, EngineConfig};
use wsproxy::journal::{Index, Journal};

/// As many as are measured.
const SESSIONS: usize = 1000;
/// The longest that one waits for anything.
const PATIENCE: Duration = Duration::from_secs(30);
const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: localhost:9000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Origin: http://localhost:9000\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
/// A text frame from each side.
const MASKED: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
const PLAIN: &[u8] = b"\x81\x05Hello";

/// The program's allocator, and how many bytes are in use.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all is handed on as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { MiMalloc.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { MiMalloc.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    // Only `cargo bench` passes --bench. With `cargo test --benches` a short run shows that everything still works.
    let count = if std::env::args().any(|argument| argument == "--bench") { SESSIONS } else { 10 };
    println!("{:24} {:>12} {:>12} {:>14}", "history", "open", "after frames", "RSS once ended");
    for (name, history) in [("none", 1), ("256 MiB", 256 << 20)] {
        let figures = measure(count, history);
        println!("{name:24} {:8.1} KiB {:8.1} KiB {:10.1} MiB", figures.open, figures.after_frames, figures.ended);
    }
}

/// Bytes of live heap for each session, and of the process's memory.
struct Figures {
    /// KiB for a session whose handshake is over.
    open: f64,
    /// The same once each side has sent a frame.
    after_frames: f64,
    /// MiB resident once all have ended.
    ended: f64,
}

fn measure(count: usize, history: usize) -> Figures {
    let runtime = Runtime::new().expect("a runtime");
    let upstream = TcpListener::bind("127.0.0.1:0").expect("bind");
    let journal = Arc::new(Journal::new(history));
    let handle = Handle::default();
    let proxy = runtime.block_on(proxy(upstream.local_addr().expect("address"), &journal, &handle));
    let mut view = Index::new(journal.subscribe(|| ()));
    // What is needed once, however many sessions there are.
    drop(pair(proxy, &upstream));
    until("the first has ended", || handle.live() == 0);
    let mut pairs = Vec::with_capacity(count);
    let before = LIVE.load(Ordering::Relaxed);
    let each = |view: &mut Index| {
        view.sync();
        (LIVE.load(Ordering::Relaxed) as f64 - before as f64) / count as f64 / 1024.0
    };
    pairs.extend((0..count).map(|_| pair(proxy, &upstream)));
    let open = each(&mut view);
    pairs.iter_mut().for_each(exchange);
    let after_frames = each(&mut view);
    drop(pairs);
    until("all have ended", || handle.live() == 0);
    view.sync();
    Figures { open, after_frames, ended: resident() }
}

/// A client and its server, with wsproxy between them.
fn pair(proxy: SocketAddr, upstream: &TcpListener) -> (TcpStream, TcpStream) {
    let mut client = TcpStream::connect(proxy).expect("connect");
    client.write_all(REQUEST).expect("request");
    let (mut server, _) = upstream.accept().expect("accept");
    head(&mut server);
    server.write_all(RESPONSE).expect("response");
    head(&mut client);
    (client, server)
}

fn head(socket: &mut TcpStream) {
    let mut buffer = [0; 1024];
    let mut read = 0;
    while !buffer[..read].ends_with(b"\r\n\r\n") {
        read += socket.read(&mut buffer[read..]).expect("a head");
    }
}

/// A frame each way.
fn exchange((client, server): &mut (TcpStream, TcpStream)) {
    let mut buffer = [0; 16];
    client.write_all(MASKED).expect("write");
    server.read_exact(&mut buffer[..MASKED.len()]).expect("read");
    server.write_all(PLAIN).expect("write");
    client.read_exact(&mut buffer[..PLAIN.len()]).expect("read");
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        thread::yield_now();
    }
}

/// MiB of the process that are in memory; not a number where the system does not say.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse().ok());
    kib.unwrap_or(f64::NAN) / 1024.0
}

async fn proxy(upstream: SocketAddr, journal: &Arc<Journal>, handle: &Handle) -> SocketAddr {
    let listen = "127.0.0.1:0".parse().expect("an address");
    let config = EngineConfig::between(listen, upstream);
    let running = engine::start(config, Arc::clone(journal), handle.clone()).await.expect("start");
    running.addresses()[0]
}
