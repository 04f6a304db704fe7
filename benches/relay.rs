//! The relay against a raw tunnel (`tokio::io::copy_bidirectional`), in turn and in one run, since machines differ and
//! drift: what counts is the ratio. Everything is logged to a journal that a reader follows as the screen does.
//!
//! `cargo bench --bench relay` prints a table; docs/performance.md has one with its circumstances.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use wsproxy::engine::handle::Handle;
use wsproxy::engine::{self, EngineConfig, TlsOptions, Upstream};
use wsproxy::journal::{Journal, View};
use wsproxy::relay::limits::Limits;
use wsproxy::wire::frame;
use wsproxy::wire::opcode::Opcode;

const ROUNDS: usize = 7;
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// One kind of traffic.
#[derive(Clone, Copy)]
struct Load {
    name: &'static str,
    unit: &'static str,
    connections: usize,
    /// Payload bytes of a frame.
    payload: usize,
    /// Frames sent before their echoes are awaited.
    in_flight: usize,
    /// Batches of each connection.
    batches: usize,
}

const LOADS: [Load; 4] = [
    Load { name: "64 B frames", unit: "M frames/s", connections: 8, payload: 64, in_flight: 64, batches: 3000 },
    Load { name: "1 MiB frames", unit: "GiB/s", connections: 2, payload: 1 << 20, in_flight: 1, batches: 150 },
    Load { name: "ping-pong", unit: "k round trips/s", connections: 1, payload: 16, in_flight: 1, batches: 8000 },
    Load { name: "one 1 GiB frame", unit: "GiB/s", connections: 1, payload: 1 << 30, in_flight: 1, batches: 1 },
];

fn main() {
    // Only `cargo bench` passes --bench. With `cargo test --benches` a short run shows that everything still works.
    let short = !std::env::args().any(|argument| argument == "--bench");
    // Other words choose loads by a part of their names.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let runtime = Runtime::new().expect("a runtime");
    let echo = runtime.block_on(echo_server());
    let tunnel = runtime.block_on(tunnel(echo));
    let proxy = runtime.block_on(proxy(echo));
    println!("{:16} {:>10} {:>10} {:>10} {:>7}  unit", "load", "direct", "tunnel", "wsproxy", "ratio");
    let chosen = |load: &Load| wanted.is_empty() || wanted.iter().any(|part| load.name.contains(part));
    for load in LOADS.into_iter().filter(chosen) {
        let load = if short { Load { batches: 1, payload: load.payload.min(1 << 20), ..load } } else { load };
        let mut results: [Vec<f64>; 3] = Default::default();
        let mut ratios = Vec::new();
        for _ in 0..if short { 1 } else { ROUNDS } {
            for (result, address) in results.iter_mut().zip([echo, tunnel, proxy]) {
                result.push(runtime.block_on(measure(load, address)));
            }
            let last = |index: usize| results[index].last().copied().unwrap_or(f64::NAN);
            ratios.push(last(2) / last(1));
        }
        let [direct, tunnel, proxy] = results.map(median);
        let ratio = median(ratios);
        println!("{:16} {direct:10.3} {tunnel:10.3} {proxy:10.3} {ratio:7.2}  {}", load.name, load.unit);
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Frames, bytes or round trips a second, in the load's unit.
async fn measure(load: Load, address: SocketAddr) -> f64 {
    let mut batch = Vec::new();
    for _ in 0..load.in_flight {
        frame::write(Opcode::BINARY, &vec![7; load.payload], Some([1, 2, 3, 4]), &mut batch);
    }
    let batch: Arc<[u8]> = batch.into();
    let mut clients = Vec::new();
    for _ in 0..load.connections {
        clients.push(open(address).await);
    }
    let start = Instant::now();
    let spawn = |socket| tokio::spawn(client(socket, Arc::clone(&batch), load.batches));
    let tasks: Vec<_> = clients.into_iter().map(spawn).collect();
    for task in tasks {
        task.await.expect("a client");
    }
    let rate = |count: usize| count as f64 / start.elapsed().as_secs_f64();
    let frames = load.connections * load.batches * load.in_flight;
    match load.unit {
        "GiB/s" => rate(frames * load.payload) / f64::from(1 << 30),
        "k round trips/s" => rate(frames) / 1e3,
        _ => rate(frames) / 1e6,
    }
}

async fn open(address: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.expect("connect");
    socket.set_nodelay(true).expect("nodelay");
    socket.write_all(REQUEST).await.expect("request");
    let mut answer = vec![0; ANSWER.len()];
    socket.read_exact(&mut answer).await.expect("answer");
    assert_eq!(answer, ANSWER);
    socket
}

async fn client(socket: TcpStream, batch: Arc<[u8]>, batches: usize) {
    let (mut reader, mut writer) = socket.into_split();
    let mut buffer = vec![0; 256 * 1024];
    for _ in 0..batches {
        let sent = writer.write_all(&batch);
        let received = async {
            let mut missing = batch.len();
            while missing > 0 {
                let read = reader.read(&mut buffer[..missing.min(256 * 1024)]).await.expect("read");
                assert!(read > 0, "the connection ended");
                missing -= read;
            }
        };
        let (sent, ()) = tokio::join!(sent, received);
        sent.expect("write");
    }
}

/// Answers the handshake and then sends each byte back, without looking at frames.
async fn echo_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address");
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(echo(socket));
        }
    });
    address
}

async fn echo(mut socket: TcpStream) -> std::io::Result<()> {
    socket.set_nodelay(true)?;
    let mut buffer = vec![0; 256 * 1024];
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let read = socket.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        head.extend_from_slice(&buffer[..read]);
    }
    socket.write_all(ANSWER).await?;
    loop {
        let read = socket.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        socket.write_all(&buffer[..read]).await?;
    }
}

async fn tunnel(upstream: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address");
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut server = TcpStream::connect(upstream).await?;
                client.set_nodelay(true)?;
                server.set_nodelay(true)?;
                tokio::io::copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    address
}

async fn proxy(upstream: SocketAddr) -> SocketAddr {
    let journal = Arc::new(Journal::new(256 * 1024 * 1024));
    let config = EngineConfig {
        listen: vec!["127.0.0.1:0".parse().expect("an address")],
        upstream: Upstream { secure: false, host: "127.0.0.1".into(), port: upstream.port(), path: String::new() },
        tls: TlsOptions::default(),
        names: Vec::new(),
        keep_host: false,
        origin: None,
        bridging: None,
        binary: wsproxy::relay::bridge::Binary::default(),
        limits: Limits::default(),
    };
    let running = engine::start(config, Arc::clone(&journal), Handle::default()).await.expect("start");
    let mut view = View::new(journal.subscribe(|| ()));
    // As the screen does: at most 30 times a second.
    std::thread::spawn(move || {
        loop {
            view.sync();
            std::thread::sleep(Duration::from_millis(33));
        }
    });
    running.addresses()[0]
}
