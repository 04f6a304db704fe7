//! What several tests need: a running proxy, peers that send just what they are told, and waiting with a deadline.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use wsproxy::control::{Command, Control as _};
use wsproxy::engine::handle::Handle;
use wsproxy::engine::{self, EngineConfig, Running};
use wsproxy::journal::{Index, Journal, Scope};
use wsproxy::record::{ClosedEvent, Event, FrameRecord, ProxyEvent, Seen, SessionId, Side};
use wsproxy::relay::bridge::Bridging;
use wsproxy::relay::injection::{Injection, Reply};
use wsproxy::relay::limits::Limits;

/// No condition that a test waits for takes so long on any machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) const REQUEST: &[u8] =
    b"GET /chat HTTP/1.1\r\nHost: localhost:9000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
pub(crate) const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// A proxy in this process, on a free port.
pub(crate) struct Proxy {
    pub address: SocketAddr,
    pub handle: Handle,
    pub view: Index,
    pub running: Running,
    pub journal: Arc<Journal>,
    rung: tokio::sync::mpsc::Receiver<()>,
}

impl Proxy {
    pub(crate) async fn start(upstream: SocketAddr) -> Self {
        Self::with(upstream, Limits::default()).await
    }

    pub(crate) async fn with(upstream: SocketAddr, limits: Limits) -> Self {
        Self::bridging(upstream, limits, None).await
    }

    /// With an upstream of that dialect.
    pub(crate) async fn bridging(upstream: SocketAddr, limits: Limits, bridging: Option<Bridging>) -> Self {
        let listen = "127.0.0.1:0".parse().unwrap();
        let config = EngineConfig { bridging, limits, ..EngineConfig::between(listen, upstream) };
        Self::run(config, 64 * 1024 * 1024).await
    }

    /// With so many bytes for what was seen.
    pub(crate) async fn with_history(upstream: SocketAddr, history: usize) -> Self {
        Self::run(EngineConfig::between("127.0.0.1:0".parse().unwrap(), upstream), history).await
    }

    async fn run(config: EngineConfig, history: usize) -> Self {
        let journal = Arc::new(Journal::new(history));
        let handle = Handle::default();
        let running = engine::start(config, Arc::clone(&journal), handle.clone()).await.expect("the engine starts");
        let (ring, rung) = tokio::sync::mpsc::channel(1);
        let subscription = journal.subscribe(move || {
            // A full channel has rung already.
            let _ = ring.try_send(());
        });
        Self { address: running.addresses()[0], handle, view: Index::new(subscription), running, journal, rung }
    }

    /// Looks at the journal again and again until `condition` gives something.
    pub(crate) async fn until<T>(&mut self, what: &str, mut condition: impl FnMut(&Index) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            self.view.sync();
            if let Some(found) = condition(&self.view) {
                return found;
            }
            let left = DEADLINE.saturating_sub(start.elapsed());
            let rung = tokio::time::timeout(left, self.rung.recv()).await;
            assert!(rung.is_ok(), "waited in vain for {what}: {}", self.describe());
        }
    }

    /// Waits until a session is over, and gives its end.
    pub(crate) async fn closed(&mut self, session: u64) -> ClosedEvent {
        self.until("the end of the session", |view| Some(view.session(SessionId(session))?.closed.as_ref()?.1.clone()))
            .await
    }

    /// Frames of a session with their payloads, as far as they have come.
    pub(crate) fn frames(&self, session: u64) -> Vec<(FrameRecord, Vec<u8>)> {
        let scope = Scope::Session(SessionId(session));
        let frames = self.view.range(scope).filter_map(|number| {
            let frame = self.view.frame(self.view.row(scope, number)?)?;
            Some((frame.record, frame.payload().into_owned()))
        });
        frames.collect()
    }

    pub(crate) fn inject(&self, session: u64, to: Side, injection: Injection) -> tokio::sync::mpsc::Receiver<Reply> {
        let (sender, receiver) = tokio::sync::mpsc::channel(4);
        let reply = Box::new(move |reply| sender.try_send(reply).expect("two replies at most"));
        self.handle.command(Command::Inject { session: SessionId(session), to, injection }, reply);
        receiver
    }

    fn describe(&self) -> String {
        let rows = self.view.range(Scope::All).filter_map(|number| self.view.row(Scope::All, number));
        rows.map(|row| format!("{:?}\n", row.record)).collect()
    }
}

/// What belongs to no session in a view's rows.
pub(crate) fn proxy_events(view: &Index) -> impl Iterator<Item = &ProxyEvent> {
    view.range(Scope::Own).filter_map(|number| match view.row(Scope::Own, number)?.record {
        Seen::Proxy(_, event) => Some(event),
        _ => None,
    })
}

/// The events of sessions in a view's rows.
pub(crate) fn events(view: &Index) -> impl Iterator<Item = &Event> {
    view.range(Scope::All).filter_map(|number| match view.row(Scope::All, number)?.record {
        Seen::Event(_, event) => Some(event),
        _ => None,
    })
}

/// A server that a test plays by hand.
pub(crate) async fn server() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// An address on which nothing listens.
pub(crate) async fn nobody() -> SocketAddr {
    server().await.1
}

pub(crate) async fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}

/// Reads just so many bytes.
pub(crate) async fn read(socket: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    in_time("bytes", socket.read_exact(&mut bytes)).await.unwrap();
    bytes
}

/// Reads a head, and nothing behind it.
pub(crate) async fn read_head(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(read(socket, 1).await);
    }
    String::from_utf8(head).unwrap()
}

/// Reads until the end: all bytes, and whether it was a proper one.
pub(crate) async fn read_to_end(socket: &mut TcpStream) -> (Vec<u8>, std::io::Result<()>) {
    let mut bytes = Vec::new();
    let end = in_time("the end", socket.read_to_end(&mut bytes)).await.map(drop);
    (bytes, end)
}

pub(crate) async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Both ends of an open session, played by hand.
pub(crate) async fn open(proxy: &Proxy, listener: &TcpListener) -> (TcpStream, TcpStream) {
    open_at(proxy.address, listener).await
}

/// The same through a proxy that listens there.
pub(crate) async fn open_at(proxy: SocketAddr, listener: &TcpListener) -> (TcpStream, TcpStream) {
    let mut client = connect(proxy).await;
    client.write_all(REQUEST).await.unwrap();
    let (mut server, _) = in_time("a connection", listener.accept()).await.unwrap();
    server.set_nodelay(true).unwrap();
    read_head(&mut server).await;
    server.write_all(ANSWER).await.unwrap();
    assert_eq!(read(&mut client, ANSWER.len()).await, ANSWER);
    (client, server)
}
