//! The way to the upstream: name, address, TCP, TLS, within one time limit; and the cause in plain words where it fails.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::clock;
use super::connection::is_exhausted;
use super::tls::{self, TlsFault, TlsSetupError};
use super::{TlsOptions, Upstream};
use crate::record::Time;

/// Time that an address has before the next one is tried beside it (RFC 8305 5).
const NEXT_ADDRESS: Duration = Duration::from_millis(250);

/// A connection to the upstream.
#[derive(Debug)]
pub enum Stream {
    /// Over TCP alone.
    Plain(TcpStream),
    /// Over TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// The socket underneath.
    #[must_use]
    pub fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref().0,
        }
    }
}

/// No connection to the upstream.
#[derive(Debug, thiserror::Error)]
#[error("can't reach {upstream}: {cause}")]
pub struct DialError {
    /// The upstream, as a URL.
    pub upstream: String,
    /// Why.
    pub cause: DialCause,
}

impl DialError {
    /// The status that tells a client: 504 where time ran out, 503 where wsproxy can't, else 502.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self.cause {
            DialCause::Exhausted(_) => 503,
            DialCause::Slow { .. } => 504,
            _ => 502,
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialCause {
    /// The name has no address.
    #[error("the name {host} was not found ({source}); check the spelling in --upstream")]
    NotFound {
        /// The name.
        host: String,
        /// What the resolver says.
        source: io::Error,
    },
    /// Nobody listens.
    #[error("nothing listens on {}; start the server, or check the port in --upstream", list(.0))]
    Refused(Vec<SocketAddr>),
    /// Nobody listens there, but somebody does at the other family's loopback.
    #[error(
        "nothing listens on {refused}, but something does on {answers}: the server listens on {family} alone; write --upstream \
         localhost:{port}, which tries both, or let the server listen on {host}",
        family = if answers.is_ipv6() { "IPv6" } else { "IPv4" },
        port = refused.port(),
        host = refused.ip()
    )]
    OtherFamily {
        /// The address that was asked for.
        refused: SocketAddr,
        /// The one that takes connections.
        answers: SocketAddr,
    },
    /// There is no way there.
    #[error("{address} can't be reached ({source}); check the host in --upstream, the network and its firewalls")]
    Unreachable {
        /// The last address that was tried.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// It is not the upstream's fault.
    #[error(
        "wsproxy has no file descriptor left for a connection ({0}); raise its limit with ulimit -n, or lower --max-sessions"
    )]
    Exhausted(io::Error),
    /// Time ran out.
    #[error("{stage} within {time:?}; {}", stage.help())]
    Slow {
        /// What had not happened.
        stage: Stage,
        /// The time that it was given, by wsproxy or by the system.
        time: Duration,
    },
    /// TCP was fine, TLS was not.
    #[error(transparent)]
    Tls(TlsFault),
}

/// What time can run out at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Finding the addresses of a name.
    Name,
    /// Connecting to one of them.
    Connect,
    /// Shaking hands over TLS.
    Handshake,
}

impl Stage {
    const fn help(self) -> &'static str {
        match self {
            Self::Name => "check the DNS server",
            Self::Connect => {
                "check the host and the port in --upstream, and whether a firewall drops what it does not like"
            }
            Self::Handshake => "check that it speaks TLS on this port, or use ws:// in place of wss://",
        }
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Name => "its name was not found",
            Self::Connect => "it did not take the connection",
            Self::Handshake => "it did not answer the TLS handshake",
        })
    }
}

fn list(addresses: &[SocketAddr]) -> String {
    addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(" or ")
}

/// Connects to the upstream. Clones share everything.
#[derive(Clone)]
pub struct Dialer {
    shared: Arc<Shared>,
}

struct Shared {
    upstream: Upstream,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    time: Duration,
}

impl Dialer {
    /// Reads roots where the upstream is secure. `time` is for name, connection and handshake together.
    ///
    /// # Errors
    ///
    /// TLS can't be set up as `options` ask.
    pub fn new(upstream: Upstream, options: &TlsOptions, time: Duration) -> Result<Self, TlsSetupError> {
        let tls = if upstream.secure {
            let name = tls::server_name(&upstream)?;
            Some((TlsConnector::from(Arc::new(tls::client_config(options)?)), name))
        } else {
            None
        };
        Ok(Self { shared: Arc::new(Shared { upstream, tls, time }) })
    }

    /// Whom it connects to.
    #[must_use]
    pub fn upstream(&self) -> &Upstream {
        &self.shared.upstream
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// There is no connection, for the cause that is told.
    pub async fn dial(&self) -> Result<Stream, DialError> {
        Ok(self.dial_timed().await?.0)
    }

    /// Connects, and says when TCP stood.
    ///
    /// # Errors
    ///
    /// As `dial`.
    pub async fn dial_timed(&self) -> Result<(Stream, Time), DialError> {
        self.try_dial().await.map_err(|cause| DialError { upstream: self.upstream().to_string(), cause })
    }

    async fn try_dial(&self) -> Result<(Stream, Time), DialCause> {
        let (mut stage, time) = (Stage::Name, self.shared.time);
        let dialled = timeout(time, self.go(&mut stage)).await;
        dialled.unwrap_or(Err(DialCause::Slow { stage, time }))
    }

    /// Goes from stage to stage.
    async fn go(&self, stage: &mut Stage) -> Result<(Stream, Time), DialCause> {
        let Shared { upstream, tls, .. } = &*self.shared;
        let addresses = addresses(upstream).await?;
        *stage = Stage::Connect;
        let begun = clock::now();
        let tcp = match connect(addresses).await {
            Ok(tcp) => tcp,
            Err(failures) => return Err(at_other_family(cause(failures, clock::now().since(begun))).await),
        };
        // Frames are small and wanted at once. Where this can't be set, they are only later.
        let _ = tcp.set_nodelay(true);
        let connected = clock::now();
        let Some((connector, name)) = tls else { return Ok((Stream::Plain(tcp), connected)) };
        *stage = Stage::Handshake;
        // On the heap, since a session keeps room for the largest thing that it ever waits for.
        let handshake = Box::pin(connector.connect(name.clone(), tcp));
        Ok((Stream::Tls(Box::new(handshake.await.map_err(|error| DialCause::Tls(error.into()))?)), connected))
    }
}

async fn addresses(upstream: &Upstream) -> Result<Vec<SocketAddr>, DialCause> {
    let (host, port) = (upstream.host.as_str(), upstream.port);
    if host.eq_ignore_ascii_case("localhost") {
        // As browsers do, whatever the hosts file says: servers listen on either of the two.
        let loopback = [IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)];
        return Ok(loopback.map(|address| SocketAddr::new(address, port)).to_vec());
    }
    let not_found = |source| DialCause::NotFound { host: host.to_owned(), source };
    let addresses: Vec<_> = lookup_host((host, port)).await.map_err(not_found)?.collect();
    if addresses.is_empty() { Err(not_found(io::ErrorKind::NotFound.into())) } else { Ok(addresses) }
}

type Failure = (SocketAddr, io::Error);
type Failures = Vec<Failure>;
type Attempt = Pin<Box<dyn Future<Output = Result<TcpStream, Failure>> + Send>>;

/// Tries one address after the other; the next one at once where one is refused, and beside it where one is silent.
async fn connect(addresses: Vec<SocketAddr>) -> Result<TcpStream, Failures> {
    let mut waiting = addresses.into_iter();
    let mut attempts = Vec::new();
    let mut failures = Vec::new();
    loop {
        if let Some(address) = waiting.next() {
            attempts.push(attempt(address));
        }
        let first = first_of(&mut attempts);
        let ended = if waiting.as_slice().is_empty() { Ok(first.await) } else { timeout(NEXT_ADDRESS, first).await };
        match ended {
            Ok(Some(Ok(tcp))) => return Ok(tcp),
            Ok(Some(Err(failure))) => failures.push(failure),
            Ok(None) => return Err(failures),
            // The next address is due.
            Err(_) => {}
        }
    }
}

fn attempt(address: SocketAddr) -> Attempt {
    Box::pin(async move { TcpStream::connect(address).await.map_err(|error| (address, error)) })
}

/// The result of the attempt that ends first, which leaves the others; `None` where there is none. In the session's own
/// task, since there is hardly ever more than one under way.
async fn first_of(attempts: &mut Vec<Attempt>) -> Option<Result<TcpStream, Failure>> {
    poll_fn(|cx| {
        for (index, attempt) in attempts.iter_mut().enumerate() {
            if let Poll::Ready(result) = attempt.as_mut().poll(cx) {
                drop(attempts.swap_remove(index));
                return Poll::Ready(Some(result));
            }
        }
        if attempts.is_empty() { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}

/// What tells most: a refusal comes from the host itself, so it goes before all else. `time` is how long it took.
fn cause(mut failures: Failures, time: Duration) -> DialCause {
    let of = |kind| failures.iter().filter(move |(_, error)| error.kind() == kind).map(|(address, _)| *address);
    let refused: Vec<_> = of(io::ErrorKind::ConnectionRefused).collect();
    if !refused.is_empty() {
        return DialCause::Refused(refused);
    }
    let timed_out = of(io::ErrorKind::TimedOut).next().is_some();
    match failures.pop() {
        Some((_, source)) if is_exhausted(&source) => DialCause::Exhausted(source),
        Some((address, source)) if !timed_out => DialCause::Unreachable { address, source },
        // What a system gives a connection is some number of whole seconds.
        _ => DialCause::Slow { stage: Stage::Connect, time: Duration::from_secs(time.as_secs()) },
    }
}

/// Time for a loopback of the other family.
const OTHER_FAMILY: Duration = Duration::from_millis(250);

/// Where one loopback alone was asked for and refused, looks whether the other one answers: servers that listen on
/// `localhost` take one of the two, and which one has changed (Node 17 and later take what the resolver names first).
async fn at_other_family(cause: DialCause) -> DialCause {
    let DialCause::Refused(addresses) = &cause else { return cause };
    let [refused] = addresses.as_slice() else { return cause };
    let other: IpAddr = match refused.ip() {
        IpAddr::V4(Ipv4Addr::LOCALHOST) => Ipv6Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::LOCALHOST) => Ipv4Addr::LOCALHOST.into(),
        _ => return cause,
    };
    let answers = SocketAddr::new(other, refused.port());
    match timeout(OTHER_FAMILY, TcpStream::connect(answers)).await {
        Ok(Ok(_)) => DialCause::OtherFamily { refused: *refused, answers },
        _ => cause,
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, slices),
            Self::Tls(tls) => Pin::new(tls).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(tcp) => tcp.is_write_vectored(),
            Self::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests;
