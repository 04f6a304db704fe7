//! Sockets: everything that connects, reads, writes, waits and spawns.
#![deny(clippy::indexing_slicing)]

mod attendant;
pub mod child;
pub mod clock;
pub mod connection;
#[cfg(unix)]
pub mod control_client;
#[cfg(unix)]
pub mod control_socket;
#[cfg(unix)]
pub mod descriptors;
pub mod dial;
mod driver;
pub mod handle;
pub mod hooks;
pub mod inquiry;
mod intake;
mod keys;
mod listener;
pub mod passthrough;
mod pipe;
mod probe;
pub mod recorder;
pub mod response;
pub mod route;
mod search;
mod session;
pub mod tls;
mod unreachable;
pub mod visit;
mod x509;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};

use crate::control::Control as _;
use crate::journal::Journal;
use crate::record::{Log, ProxyEvent};
use crate::relay::bridge::{Binary, Bridging};
use crate::relay::limits::Limits;

use handle::Handle;
use keys::Keys;
use listener::Shared;
use passthrough::{PassThrough, Strangers};
use route::Route;

/// What the engine needs to know, checked.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Addresses to listen on. `::1` is left out where the machine has no IPv6.
    pub listen: Vec<SocketAddr>,
    /// Whom to connect to.
    pub upstream: Upstream,
    /// How to trust it.
    pub tls: TlsOptions,
    /// Names of wsproxy's own besides `localhost` and addresses: lower case, without a dot at the end.
    pub names: Vec<String>,
    /// Leave Host, Origin and Location as they are.
    pub keep_host: bool,
    /// A value in place of wsproxy's own origin, and for a WebSocket request without one.
    pub origin: Option<String>,
    /// The upstream's dialect, where it is not the client's.
    pub bridging: Option<Bridging>,
    /// What becomes of binary messages towards an upstream whose dialect is found out.
    pub binary: Binary,
    /// Whether an upstream that has failed a session is asked why.
    pub inquires: bool,
    /// Bounds of memory and time.
    pub limits: Limits,
}

impl EngineConfig {
    /// Relays from one address to another and changes nothing else: no TLS, no bridge, the usual bounds.
    #[must_use]
    pub fn between(listen: SocketAddr, upstream: SocketAddr) -> Self {
        let (host, port) = (upstream.ip().to_string(), upstream.port());
        Self {
            listen: vec![listen],
            upstream: Upstream { secure: false, host, port, path: String::new() },
            tls: TlsOptions::default(),
            names: Vec::new(),
            keep_host: false,
            origin: None,
            bridging: None,
            binary: Binary::default(),
            inquires: true,
            limits: Limits::default(),
        }
    }
}

/// Whom sessions are relayed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Whether it is reached over TLS.
    pub secure: bool,
    /// A name or address; an IPv6 address without its brackets.
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
    /// Put in front of each request's path; empty or starting with `/`.
    pub path: String,
}

impl Upstream {
    /// Host and port as a Host field has them: no port where it is the scheme's own (RFC 9110 7.2).
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let default = if self.secure { 443 } else { 80 };
        if self.port == default { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(formatter, "{scheme}://{}{}", self.authority(), self.path)
    }
}

/// How an upstream's certificate is judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// Take any certificate.
    pub insecure: bool,
    /// PEM file with roots that are trusted besides the platform's.
    pub ca: Option<PathBuf>,
}

/// Why the engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address can't be listened on.
    #[error("{}", bind_sentence(*addr, source))]
    Bind {
        /// Which address.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The TLS options can't be used.
    #[error(transparent)]
    Tls(#[from] tls::TlsSetupError),
}

fn bind_sentence(addr: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let other = addr.port().checked_add(1).unwrap_or(9001);
            format!(
                "{addr} is taken, another program listens there: end that one, or listen elsewhere with --listen {other}"
            )
        }
        io::ErrorKind::PermissionDenied => {
            format!("{addr} needs privileges; choose a port above 1023, as in --listen 9000")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!(
                "{addr} is not an address of this machine; --listen takes one that is, as in --listen 127.0.0.1:9000"
            )
        }
        _ => format!("can't listen on {addr}: {error}"),
    }
}

/// A started engine.
pub struct Running {
    addresses: Vec<SocketAddr>,
    handle: Handle,
    finished: mpsc::Receiver<()>,
    shared: Arc<Shared>,
}

/// Binds all addresses and begins to accept clients. Call it within a tokio runtime.
///
/// # Errors
/// When an address can't be bound, or the TLS options can't be used.
pub async fn start(config: EngineConfig, journal: Arc<Journal>, handle: Handle) -> Result<Running, StartError> {
    let route = Arc::new(Route::fixed(&config)?);
    let listeners = bind_all(&config.listen)?;
    let addresses: Vec<_> = listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
    let mut log = Log::default();
    let upstream = route.upstream.to_string();
    log.proxy(clock::now(), ProxyEvent::Listening { addresses: addresses.clone(), upstream, policy: handle.policy() });
    journal.push(None, log);
    let passthrough = PassThrough {
        limits: config.limits.clone(),
        journal: Arc::clone(&journal),
        handle: handle.clone(),
        clock: clock::now,
        strangers: Strangers::default(),
    };
    let shared = Arc::new(Shared {
        route,
        room: Semaphore::new(config.limits.sessions),
        plain: Semaphore::new(config.limits.sessions),
        keys: Keys::default(),
        limits: config.limits,
        journal,
        handle: handle.clone(),
        passthrough,
        sessions: AtomicU64::new(0),
    });
    let (alive, finished) = mpsc::channel(1);
    for listener in listeners {
        tokio::spawn(listener::accept(listener, Arc::clone(&shared), alive.clone()));
    }
    Ok(Running { addresses, handle, finished, shared })
}

impl Running {
    /// What is listened on, with the ports that the system chose.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Finds out whether the upstream answers, and goes on trying while it does not and no client has come. Call it within
    /// a tokio runtime.
    pub fn probe(&self) {
        let (shared, came) = (Arc::clone(&self.shared), Arc::clone(&self.shared));
        let (dialer, journal, handle) = (shared.route.dialer.clone(), Arc::clone(&shared.journal), self.handle.clone());
        tokio::spawn(probe::run(dialer, journal, handle, move || came.sessions.load(Ordering::Relaxed) > 0));
    }

    /// Waits for `Handle::shut_down`, then until each session has ended or had its time to.
    pub async fn finished(mut self) {
        let mut shutdown = self.handle.shutdown();
        if shutdown.wait_for(|quit| *quit).await.is_ok() {
            while self.finished.recv().await.is_some() {}
        }
    }
}

/// Binds each address. Port 0 becomes one free port for all; where it is taken in the other family, that one is left out.
fn bind_all(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, StartError> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    for address in addresses {
        let chosen = listeners.first().and_then(|first| first.local_addr().ok()).map(|first| first.port());
        let mut addr = *address;
        if let (0, Some(port)) = (addr.port(), chosen) {
            addr.set_port(port);
        }
        match listener::bind(addr) {
            Ok(listener) => listeners.push(listener),
            // A machine without IPv6 still has the other address.
            Err(error) if !listeners.is_empty() && may_be_left_out(addr, address.port(), &error) => {}
            Err(source) => return Err(StartError::Bind { addr, source }),
        }
    }
    Ok(listeners)
}

fn may_be_left_out(addr: SocketAddr, asked: u16, error: &io::Error) -> bool {
    let no_ipv6 = matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        || error.raw_os_error() == Some(AFNOSUPPORT);
    (addr.is_ipv6() && no_ipv6) || (asked == 0 && error.kind() == io::ErrorKind::AddrInUse)
}

/// Linux's number for "address family not supported", which has no `ErrorKind`.
const AFNOSUPPORT: i32 = 97;
