//! The relay against a raw tunnel (`tokio::io::copy_bidirectional`) and against a floor, in turn and in one run, since
//! machines differ and drift: what counts is the ratio. The floor is a relay that finds each frame, takes its mask off and
//! puts it on again, and keeps nothing: less can't be done by who looks at frames. wsproxy logs everything to a journal
//! that a reader follows as the screen does; in the last columns of figures, something is on that asks for none of the
//! frames: a hold, a rule that sees it by the headers, and one that has to read each payload; and a capture of all is written
//! to a file in the system's temporary directory, which is for a disk to take.
//!
//! `cargo bench --bench relay` prints a table; docs/performance.md has one with its circumstances.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "what fails here says so by a panic")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use wsproxy::control::rules::RuleCommand;
use wsproxy::control::{self, Command, Control as _};
use wsproxy::engine::handle::Handle;
use wsproxy::engine::recorder::{CaptureConfig, Existing, Naming, Recorder, Rotate};
use wsproxy::engine::{self, EngineConfig};
use wsproxy::journal::{Index, Journal};
use wsproxy::query::Query;
use wsproxy::record::PerSide;
use wsproxy::relay::hold::Condition;
use wsproxy::rules;
use wsproxy::wire::frame::{self, FrameHeader};
use wsproxy::wire::head;
use wsproxy::wire::mask::{self, MaskKey};
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
    /// Batches of each connection; where connections are counted, how many are opened one after the other.
    batches: usize,
}

const CONNECTIONS: &str = "k connections/s";

const LOADS: [Load; 5] = [
    Load { name: "64 B frames", unit: "M frames/s", connections: 8, payload: 64, in_flight: 64, batches: 3000 },
    Load { name: "1 MiB frames", unit: "GiB/s", connections: 2, payload: 1 << 20, in_flight: 1, batches: 150 },
    Load { name: "ping-pong", unit: "k round trips/s", connections: 1, payload: 16, in_flight: 1, batches: 8000 },
    Load { name: "one 1 GiB frame", unit: "GiB/s", connections: 1, payload: 1 << 30, in_flight: 1, batches: 1 },
    Load { name: "connections", unit: CONNECTIONS, connections: 64, payload: 0, in_flight: 1, batches: 16 },
];

fn main() {
    // Only `cargo bench` passes --bench. With `cargo test --benches` a short run shows that everything still works.
    let short = !std::env::args().any(|argument| argument == "--bench");
    // Other words choose loads by a part of their names.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let runtime = Runtime::new().expect("a runtime");
    let place = tempfile::tempdir().expect("a directory");
    let echo = runtime.block_on(echo_server());
    let relays = [
        echo,
        runtime.block_on(tunnel(echo)),
        runtime.block_on(floor(echo)),
        runtime.block_on(proxy(echo, On::Nothing)),
        runtime.block_on(proxy(echo, On::Hold("op:text len>1000000"))),
        runtime.block_on(proxy(echo, On::Capture(place.path().to_owned()))),
        runtime.block_on(proxy(echo, On::Rule("op:text -> drop"))),
        runtime.block_on(proxy(echo, On::Rule("needle -> drop"))),
    ];
    let (load, direct, tunnel, floor, proxy, ratio) = ("load", "direct", "tunnel", "floor", "wsproxy", "/floor");
    println!(
        "{load:16} {direct:>10} {tunnel:>10} {floor:>10} {proxy:>10} {ratio:>7} {:>11} {:>14} {:>11} {:>11}  unit",
        "with a hold", "with a capture", "a rule", "that reads"
    );
    let chosen = |load: &Load| wanted.is_empty() || wanted.iter().any(|part| load.name.contains(part));
    for load in LOADS.into_iter().filter(chosen) {
        let load = if short { Load { batches: 1, payload: load.payload.min(1 << 20), ..load } } else { load };
        let mut results: [Vec<f64>; 8] = Default::default();
        let (mut ratios, mut captured) = (Vec::new(), Vec::new());
        for _ in 0..if short { 1 } else { ROUNDS } {
            for (result, address) in results.iter_mut().zip(relays) {
                result.push(runtime.block_on(measure(load, address)));
            }
            let last = |index: usize| results[index].last().copied().unwrap_or(f64::NAN);
            ratios.push(last(3) / last(2));
            captured.push(last(5) / last(3));
        }
        let [direct, tunnel, floor, proxy, holding, capturing, ruled, reading] = results.map(median);
        let (ratio, captured) = (median(ratios), median(captured));
        println!(
            "{:16} {direct:10.3} {tunnel:10.3} {floor:10.3} {proxy:10.3} {ratio:7.2} {holding:11.3} {capturing:7.3} ({captured:.2}) \
             {ruled:11.3} {reading:11.3}  {}",
            load.name, load.unit
        );
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Frames, bytes, round trips or connections a second, in the load's unit.
async fn measure(load: Load, address: SocketAddr) -> f64 {
    if load.unit == CONNECTIONS {
        return opened(load, address).await / 1e3;
    }
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

/// Connections opened a second, up to the upstream's answer.
async fn opened(load: Load, address: SocketAddr) -> f64 {
    let start = Instant::now();
    let one_by_one = || {
        tokio::spawn(async move {
            for _ in 0..load.batches {
                // With a reset, so that no port waits for its connection's last segments.
                open(address).await.set_zero_linger().expect("linger");
            }
        })
    };
    let tasks: Vec<_> = (0..load.connections).map(|_| one_by_one()).collect();
    for task in tasks {
        task.await.expect("a client");
    }
    (load.connections * load.batches) as f64 / start.elapsed().as_secs_f64()
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

async fn floor(upstream: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address");
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let server = TcpStream::connect(upstream).await?;
                client.set_nodelay(true)?;
                server.set_nodelay(true)?;
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::try_join!(follow(from_client, to_server), follow(from_server, to_client)).map(|_| ())
            });
        }
    });
    address
}

/// Passes on what comes one way, each frame decoded.
async fn follow(mut source: impl AsyncRead + Unpin, mut target: impl AsyncWrite + Unpin) -> std::io::Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    let mut head = Vec::new();
    let mut frames = Frames::default();
    let mut is_open = false;
    loop {
        let read = source.read(&mut buffer).await?;
        if read == 0 {
            return target.shutdown().await;
        }
        let mut at = 0;
        if !is_open {
            let scanned = head.len();
            head.extend_from_slice(&buffer[..read]);
            let end = head::end(&head, scanned);
            is_open = end.is_some();
            at = end.map_or(read, |end| end - scanned);
        }
        frames.pass(&mut buffer[at..read]);
        target.write_all(&buffer[..read]).await?;
    }
}

/// Where the bytes of one direction are.
#[derive(Default)]
struct Frames {
    /// A header that has begun.
    header: Vec<u8>,
    /// Payload bytes that are still to come, how many came, and their key.
    missing: u64,
    offset: u64,
    key: Option<MaskKey>,
}

impl Frames {
    fn pass(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            if self.missing == 0 {
                let used = self.begin(bytes);
                bytes = &mut bytes[used..];
                continue;
            }
            let length = self.missing.min(bytes.len() as u64);
            let (piece, rest) = bytes.split_at_mut(length as usize);
            if let Some(key) = self.key {
                mask::apply(key, self.offset, piece);
                mask::apply(key, self.offset, std::hint::black_box(&mut *piece));
            }
            (self.missing, self.offset, bytes) = (self.missing - length, self.offset + length, rest);
        }
    }

    /// A header, or the part of it that came: how many bytes it takes.
    fn begin(&mut self, bytes: &[u8]) -> usize {
        let before = self.header.len();
        let parsed = if before == 0 {
            FrameHeader::parse(bytes)
        } else {
            self.header.extend_from_slice(&bytes[..bytes.len().min(14)]);
            FrameHeader::parse(&self.header)
        };
        let Some((header, used)) = parsed else {
            self.header.truncate(before);
            self.header.extend_from_slice(bytes);
            return bytes.len();
        };
        self.header.clear();
        (self.missing, self.offset, self.key) = (header.length, 0, header.mask);
        used - before
    }
}

/// What is on in a wsproxy.
enum On {
    Nothing,
    Hold(&'static str),
    Rule(&'static str),
    /// A capture in that folder.
    Capture(PathBuf),
}

/// wsproxy, with that on.
async fn proxy(upstream: SocketAddr, on: On) -> SocketAddr {
    let journal = Arc::new(Journal::new(256 * 1024 * 1024));
    let listen = "127.0.0.1:0".parse().expect("an address");
    let config = EngineConfig::between(listen, upstream);
    let handle = Handle::default();
    let place = if let On::Capture(place) = &on { Some(place.clone()) } else { None };
    match on {
        On::Nothing | On::Capture(_) => {}
        On::Hold(query) => {
            let condition = Arc::new(Condition::new(Query::parse(query).expect("a query")).expect("a hold"));
            let conditions = PerSide::new(Some(Arc::clone(&condition)), Some(condition));
            handle.command(Command::Hold(conditions), control::unheard());
        }
        On::Rule(text) => {
            let rule = rules::parse(text, |_| false).expect("a rule");
            handle.command(Command::Rules(RuleCommand::Put(Box::new(rule))), control::unheard());
        }
    }
    let running = engine::start(config, Arc::clone(&journal), handle).await.expect("start");
    if let Some(place) = place {
        let config = CaptureConfig {
            path: place.join("bench.wscap"),
            naming: Naming::Numbered { keep: Some(2) },
            rotate: Some(Rotate::Bytes(256 * 1024 * 1024)),
            existing: Existing::Keep,
        };
        // It runs as long as the process.
        std::mem::forget(Recorder::capture(config, &journal, Box::new(|_| ())).expect("a capture"));
    }
    let mut view = Index::new(journal.subscribe(|| ()));
    // As the screen does: at most 30 times a second.
    std::thread::spawn(move || {
        loop {
            view.sync();
            std::thread::sleep(Duration::from_millis(33));
        }
    });
    running.addresses()[0]
}
