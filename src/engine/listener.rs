//! Accepts clients, reads their first head, and sends each where it belongs: to a session, through to the upstream, or
//! away with a response.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Semaphore, mpsc};

use crate::diagnose::handshake;
use crate::journal::Journal;
use crate::record::finding::Level;
use crate::record::{Log, ProxyEvent, SessionId, Side};
use crate::relay::limits::Limits;
use crate::wire::head::{self, Head};

use super::clock;
use super::connection::{Connection, is_exhausted, poll_read_head};
use super::handle::Handle;
use super::keys::Keys;
use super::passthrough::{self, PassThrough};
use super::response;
use super::route::Route;
use super::session::{self, Visitor};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;
/// How long to wait when the system has no file descriptor left for one more client.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// What all connections share.
pub(super) struct Shared {
    pub limits: Limits,
    /// The way of all clients.
    pub route: Arc<Route>,
    pub journal: Arc<Journal>,
    pub handle: Handle,
    pub passthrough: PassThrough,
    /// Sessions that there is room for.
    pub room: Semaphore,
    /// Connections that there is room for besides: before their first head, and with plain HTTP.
    pub plain: Semaphore,
    pub sessions: AtomicU64,
    pub keys: Keys,
}

impl Shared {
    pub(super) fn next_session(&self) -> SessionId {
        SessionId(self.sessions.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// The way of a client: there is one upstream for all.
    fn route(&self) -> Arc<Route> {
        Arc::clone(&self.route)
    }

    fn observe(&self, event: ProxyEvent) {
        let mut log = Log::default();
        log.proxy(clock::now(), event);
        self.journal.push(None, log);
    }
}

/// Binds an address.
///
/// # Errors
/// As the system says: the port is taken, the address is not this machine's, or the port needs privileges.
pub(super) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart must not wait for the connections of the last run to time out.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts clients until told to shut down. Each session holds a clone of `alive`, so that its end can be waited for;
/// plain HTTP does not, since a browser keeps its idle connections for minutes.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>, alive: mpsc::Sender<()>) {
    let mut shutdown = shared.handle.shutdown();
    let mut quit = pin!(shutdown.wait_for(|quit| *quit));
    // What is wrong with accepting, as long as it is: told once.
    let mut trouble: Option<String> = None;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut quit => return,
        };
        match accepted {
            Ok((socket, address)) => {
                if trouble.take().is_some() {
                    shared.observe(ProxyEvent::Note(Level::Note, "clients are accepted again".to_owned()));
                }
                // Each write is a whole response to something; waiting for more would only add delay.
                let _ = socket.set_nodelay(true);
                tokio::spawn(serve(Arc::clone(&shared), socket, address, alive.downgrade()));
            }
            Err(error) => {
                let help =
                    if is_exhausted(&error) { "; raise the limit with ulimit -n, or lower --max-sessions" } else { "" };
                let words = format!("no client can be accepted: {error}{help}");
                if trouble.as_ref() != Some(&words) {
                    tracing::error!(%error, "accept");
                    shared.observe(ProxyEvent::Note(Level::Error, words.clone()));
                    trouble = Some(words);
                }
                tokio::time::sleep(EXHAUSTED).await;
            }
        }
    }
}

/// What the start of a connection turned out to be.
enum Opening {
    /// A whole head of so many bytes.
    Head(usize),
    /// Nothing came, and the client left.
    Nothing,
    /// Nothing came in time.
    Unused(Duration),
    /// No head that can be served, and the response to it.
    Refused(u16, String),
    /// wsproxy is told to quit.
    Quit,
}

/// Serves a client, whatever its connection runs over, from its first head to its end.
async fn serve<C: Connection>(shared: Arc<Shared>, mut client: C, address: SocketAddr, alive: mpsc::WeakSender<()>) {
    let Ok(place) = shared.plain.try_acquire() else {
        let reason = format!(
            "wsproxy already has {} connections that are not WebSockets; close some, or raise --max-sessions",
            shared.limits.sessions
        );
        return Box::pin(refuse(&shared, client, address, 503, reason)).await;
    };
    let mut read = Vec::new();
    loop {
        match opening(&shared, &mut client, &mut read).await {
            Opening::Nothing | Opening::Quit => return,
            // Browsers open one more connection than they need, and may never use it: no fault, and nobody to answer.
            Opening::Unused(time) => {
                let time = time.as_secs_f32();
                let words = format!("a connection was not used for {time} s and is closed; browsers open spare ones");
                return shared.observe(ProxyEvent::Note(Level::Note, format!("{words} (client {address})")));
            }
            Opening::Refused(status, reason) => {
                if let Some(finding) = handshake::client_hello(&read) {
                    shared.observe(ProxyEvent::Finding(Side::Client, finding));
                }
                return Box::pin(refuse(&shared, client, address, status, reason)).await;
            }
            Opening::Head(length) if Head::new(read.get(..length).unwrap_or_default()).smells_of_websocket() => {
                drop(place);
                let early = read.split_off(length);
                let route = shared.route();
                return visit(&shared, Visitor { connection: client, route, address, head: read, early }, &alive).await;
            }
            // Boxed, for it takes much more than a session does.
            Opening::Head(_) => {
                match Box::pin(passthrough::serve(client, read, &shared.passthrough, &shared.route(), &alive)).await {
                    Some((same, head)) => (client, read) = (same, head),
                    None => return,
                }
            }
        }
    }
}

async fn visit<C: Connection>(shared: &Arc<Shared>, visitor: Visitor<C>, alive: &mpsc::WeakSender<()>) {
    // Gone: everything has ended already.
    let Some(alive) = alive.upgrade() else { return };
    match shared.room.try_acquire() {
        Ok(permit) => {
            session::run(shared, visitor).await;
            drop(permit);
        }
        Err(_) => {
            let reason = format!(
                "wsproxy already relays {} sessions; close some, or raise --max-sessions",
                shared.limits.sessions
            );
            Box::pin(refuse(shared, visitor.connection, visitor.address, 503, reason)).await;
        }
    }
    drop(alive);
}

async fn refuse(shared: &Shared, client: impl Connection, address: SocketAddr, status: u16, reason: String) {
    let reason = format!("{reason} (client {address})");
    tracing::warn!(status, reason, "refused");
    shared.observe(ProxyEvent::Answered { status, reason: reason.clone() });
    response::send(client, status, &reason).await;
}

/// Reads until there is a whole head, or a reason why there never will be.
async fn opening(shared: &Shared, client: &mut impl Connection, read: &mut Vec<u8>) -> Opening {
    let mut shutdown = shared.handle.shutdown();
    let time = shared.limits.head_time;
    let deadline = tokio::time::sleep(time);
    tokio::pin!(deadline);
    let mut scanned = 0;
    loop {
        if let Some(length) = head::end(read, scanned) {
            return judge(read.get(..length).unwrap_or_default()).unwrap_or(Opening::Head(length));
        }
        scanned = read.len();
        if let Some(reason) = never_a_head(read) {
            return Opening::Refused(400, reason.to_owned());
        }
        if read.len() >= shared.limits.head {
            return Opening::Refused(
                431,
                format!("the request head is longer than {} bytes; --max-head allows more", shared.limits.head),
            );
        }
        // No more than the limit, so that a client can't make the buffer larger than a head may be.
        let room = shared.limits.head - read.len();
        tokio::select! {
            result = poll_fn(|cx| poll_read_head(client, read, room, cx)) => match result {
                Ok(0) | Err(_) if read.is_empty() => return Opening::Nothing,
                Ok(0) | Err(_) => return Opening::Refused(400, cut_short(read)),
                Ok(_) => {}
            },
            () = &mut deadline => return match read.len() {
                0 => Opening::Unused(time),
                length => Opening::Refused(408, too_slow(length, time)),
            },
            _ = shutdown.wait_for(|quit| *quit) => return Opening::Quit,
        }
    }
}

/// What is wrong with a whole head that is neither WebSocket nor HTTP.
fn judge(bytes: &[u8]) -> Option<Opening> {
    let head = Head::new(bytes);
    if head.smells_of_websocket() {
        return None;
    }
    let reason = if head.is_request() {
        head.strict_error().map(|error| format!("the request head is not HTTP/1.1: {error}"))
    } else {
        Some("the first line is no HTTP/1 request line, as in: GET /path HTTP/1.1".to_owned())
    };
    reason.map(|reason| Opening::Refused(400, reason))
}

/// Says of the first bytes why no head will ever come of them.
fn never_a_head(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x16, 0x03, ..] => Some(
            "these bytes are a TLS handshake, and wsproxy listens without TLS; use ws:// or http:// towards it \
             (--upstream wss://... is TLS behind it)",
        ),
        _ => bytes
            .iter()
            .take(16)
            .take_while(|byte| **byte != b'\n')
            .any(|byte| !matches!(byte, b'\r' | b'\t' | b' '..=b'~'))
            .then_some("the first bytes are no HTTP request"),
    }
}

fn cut_short(read: &[u8]) -> String {
    format!("the client left after {} bytes of a request head, before its empty line", read.len())
}

/// Says that a request's head was not whole in time.
pub(super) fn too_slow(length: usize, time: Duration) -> String {
    let seconds = time.as_secs_f32();
    format!("the request head was not whole after {seconds} s: {length} bytes came, but no empty line")
}
