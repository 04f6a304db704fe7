//! Plain HTTP on its way through: hyper towards the client, hyper towards the upstream, bodies as they come.
//!
//! Each client connection has at most one connection to the upstream, dialled for the first request and again where the
//! upstream has closed it; so what the two sides say about keeping it open holds for both. Nothing is added to a
//! head but what RFC 9112 asks for. 1xx responses of the upstream end here: a client that waits for 100 is told so by
//! hyper as soon as the upstream takes the body.
//!
//! A client that closes its side gets no response any more, as from nginx: most often its tab was closed, and the
//! upstream should know.

mod download;
mod fields;
mod framing;
mod gate;
mod strangers;
mod upload;

use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder as ClientBuilder, SendRequest};
use hyper::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, HOST, HeaderValue, ORIGIN};
use hyper::server::conn::http1::Builder as ServerBuilder;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;
use tokio::time::timeout;

use self::download::Download;
use self::gate::{Gate, Last, Turn};
pub use self::strangers::Strangers;
use self::upload::{Progress, Upload};
use super::connection::Connection;
use super::dial::DialError;
use super::handle::Handle;
use super::response;
use super::route::Route;
use super::tls::TlsFault;
use crate::diagnose::polling::Exchange;
use crate::journal::Journal;
use crate::record::finding::Level;
use crate::record::{Log, ProxyEvent, Side, Time};
use crate::relay::limits::Limits;
use crate::relay::translate::Translator;

/// Fields that a head may have: as many as `Head::strict_error` takes.
const FIELDS: usize = 256;

/// The least that hyper takes as the size of a buffer.
const LEAST_BUFFER: usize = 8192;

/// What all connections share.
pub struct PassThrough {
    /// Bounds.
    pub limits: Limits,
    /// Where exchanges are told.
    pub journal: Arc<Journal>,
    /// Tells when to quit.
    pub handle: Handle,
    /// What time it is.
    pub clock: fn() -> Time,
    /// The names that requests went by and that are not wsproxy's own.
    pub strangers: Strangers,
}

impl PassThrough {
    fn tell(&self, event: ProxyEvent) {
        tell(&self.journal, self.clock, event);
    }

    /// Tells what hyper refused though the gate let it through, such as a target that is no URI. Its other errors are
    /// of a client that went away, or were told where they arose.
    fn tell_refusal(&self, end: hyper::Result<()>) {
        if let Err(error) = end
            && error.is_parse()
        {
            let reason = format!("the request is not HTTP/1.1: {}", words(&error));
            self.tell(ProxyEvent::Answered { status: 400, reason });
        }
    }
}

fn tell(journal: &Journal, clock: fn() -> Time, event: ProxyEvent) {
    let mut log = Log::default();
    log.proxy(clock(), event);
    journal.push(None, log);
}

/// Serves the plain requests of one client connection. `read` is what was read already; it starts with a whole head.
///
/// Returns when the connection has ended, or when a request that smells of WebSocket follows: then the connection and all
/// bytes from the start of that head come back, to be relayed raw.
///
/// While a response is under way, a clone of `alive` is held. When wsproxy is told to quit, that response has
/// `Limits::closing_time` to come to its end.
pub async fn serve<C: Connection>(
    client: C,
    read: Vec<u8>,
    context: &PassThrough,
    route: &Route,
    alive: &mpsc::WeakSender<()>,
) -> Option<(C, Vec<u8>)> {
    let turn = Turn::default();
    let gate = Gate::new(client, &read, &context.limits, turn.clone(), alive.clone());
    drop(read);
    let exchanges = Exchanges { context, route, turn, idle: Mutex::new(None) };
    let service = service_fn(|request| Box::pin(exchanges.exchange(request)));
    let mut connection = server(&context.limits).serve_connection(TokioIo::new(gate), service);
    let mut shutdown = context.handle.shutdown();
    let ended = tokio::select! {
        end = poll_fn(|cx| connection.poll_without_shutdown(cx)) => Some(end),
        _ = shutdown.wait_for(|quit| *quit) => None,
    };
    let end = match ended {
        Some(end) => end,
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            timeout(context.limits.closing_time, poll_fn(|cx| connection.poll_without_shutdown(cx))).await.ok()?
        }
    };
    let (client, last, held) = connection.into_parts().io.into_inner().open();
    match last {
        Last::WebSocket => return Some((client, held.to_vec())),
        Last::Refused(status, reason) => {
            response::send(client, status, &reason).await;
            context.tell(ProxyEvent::Answered { status, reason });
            return None;
        }
        Last::End => context.tell_refusal(end),
    }
    response::linger(client).await;
    None
}

fn server(limits: &Limits) -> ServerBuilder {
    let mut builder = ServerBuilder::new();
    builder
        .preserve_header_case(true)
        .auto_date_header(false)
        .max_headers(FIELDS)
        .max_header_size(limits.head)
        .max_buf_size(limits.head.max(LEAST_BUFFER))
        // A client may keep its connection for as long as it likes; the gate waits for heads, not hyper.
        .header_read_timeout(None);
    builder
}

/// The exchanges of one client connection, one after the other.
struct Exchanges<'a> {
    context: &'a PassThrough,
    route: &'a Route,
    turn: Turn,
    /// The connection to the upstream, between two requests.
    idle: Mutex<Option<SendRequest<Upload>>>,
}

/// Why wsproxy answers by itself, or not at all.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Dial(#[from] DialError),
    #[error("{upstream} did not answer the request within {limit:?}; look at what the server does with it")]
    Silent { upstream: String, limit: Duration },
    #[error("{upstream} closed the connection in place of a response; look into the server's log")]
    Closed { upstream: String },
    #[error("the response of {upstream} is not HTTP/1.1: {cause}; check that it is a web server")]
    NotHttp { upstream: String, cause: String },
    #[error(
        "{upstream} answered a plain request with 101, as if it were to be a WebSocket; look at the server's routes"
    )]
    Switched { upstream: String },
    #[error("the connection to {upstream} failed: {cause}; look into the server's log")]
    Broken { upstream: String, cause: String },
    #[error("the body of the request can't be read to its end: {cause}; look at what the client sends")]
    Body { cause: String },
    #[error("CONNECT is for forward proxies; open the address of wsproxy itself")]
    Connect,
    #[error("the path of {upstream} can't be put in front of the request's; check the path in --upstream")]
    Path { upstream: String },
    /// A connection that was idle ended just when it was to be used again. The client knows this of servers and asks
    /// anew where that is safe, if it sees what it would see without wsproxy: the end of its own connection.
    #[error("{upstream} closed an idle connection just when another request came; the client may ask again")]
    Stale { upstream: String },
}

impl Fault {
    const fn status(&self) -> u16 {
        match self {
            Self::Dial(error) => error.status(),
            Self::Silent { .. } => 504,
            Self::Connect | Self::Body { .. } => 400,
            _ => 502,
        }
    }
}

impl Exchanges<'_> {
    /// One request and its response.
    async fn exchange(&self, request: Request<Incoming>) -> Result<Response<Download>, Fault> {
        let (method, path) = (request.method().to_string(), request.uri().to_string());
        let hosts = request.headers().get_all(HOST).iter().map(HeaderValue::as_bytes);
        let translator = self.route.rules.for_client(path.as_bytes(), hosts);
        let [host, origin] = [HOST, ORIGIN].map(|name| request.headers().get(name).cloned());
        let outcome = match self.translate(request, &translator) {
            Ok(request) => {
                let (head, body) = request.into_parts();
                let (body, progress) = Upload::of(body);
                self.ask(Request::from_parts(head, body), progress).await
            }
            Err(fault) => Err(fault),
        };
        let (status, response) = match outcome {
            Ok(response) => {
                let exchange = Exchange {
                    method: &method,
                    target: &path,
                    origin: origin.as_ref().map(HeaderValue::as_bytes),
                    host: host.as_ref().map(HeaderValue::as_bytes),
                    status: response.status().as_u16(),
                    allowed: response.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN).map(HeaderValue::as_bytes),
                };
                self.remember(&exchange);
                (response.status().as_u16(), self.pass_back(response, &translator, format!("{method} {path}")))
            }
            Err(fault @ Fault::Stale { .. }) => {
                self.context.tell(ProxyEvent::Note(Level::Note, fault.to_string()));
                return Err(fault);
            }
            Err(fault) => (fault.status(), self.response(&fault)),
        };
        self.context.tell(ProxyEvent::Http { method, path, status });
        Ok(response)
    }

    /// Tells what exchanges that lead to a WebSocket say together.
    fn remember(&self, exchange: &Exchange<'_>) {
        let mut polling = self.route.polling.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(finding) = polling.exchange((self.context.clock)(), exchange) {
            self.context.tell(ProxyEvent::Finding(Side::Server, finding));
        }
    }

    fn translate(&self, request: Request<Incoming>, translator: &Translator) -> Result<Request<Incoming>, Fault> {
        let (mut head, body) = request.into_parts();
        if head.method == Method::CONNECT {
            return Err(Fault::Connect);
        }
        if let Some(words) = translator.foreign().and_then(|name| self.context.strangers.meet(name)) {
            self.context.tell(ProxyEvent::Note(Level::Warning, words));
        }
        let target = head.uri.path_and_query().filter(|_| head.uri.scheme().is_none());
        if let Some(target) = target.and_then(|target| translator.target(target.as_str().as_bytes())) {
            head.uri = Uri::try_from(target).map_err(|_| Fault::Path { upstream: self.upstream() })?;
        }
        head.headers = fields::end_to_end(head.headers, |name, value| translator.request_value(name, value));
        Ok(Request::from_parts(head, body))
    }

    fn pass_back(&self, response: Response<Incoming>, translator: &Translator, what: String) -> Response<Download> {
        let (mut head, body) = response.into_parts();
        head.headers = fields::end_to_end(head.headers, |name, value| translator.response_value(name, value));
        let (journal, clock) = (Arc::clone(&self.context.journal), self.context.clock);
        let upstream = self.upstream();
        let broken = move |error: &hyper::Error| {
            let sentence = format!("the response of {upstream} to {what} broke off: {}", words(error));
            tell(&journal, clock, ProxyEvent::Note(Level::Warning, sentence));
        };
        Response::from_parts(head, Download::of_upstream(body, self.turn.clone(), broken))
    }

    fn response(&self, fault: &Fault) -> Response<Download> {
        let (status, sentence) = (fault.status(), fault.to_string());
        let mut response = Response::new(Download::own(response::body(&sentence), self.turn.clone()));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(response::CONTENT_TYPE));
        self.context.tell(ProxyEvent::Answered { status, reason: sentence });
        response
    }

    /// The upstream's response, over the connection that is there or over a new one.
    async fn ask(&self, mut request: Request<Upload>, mut body: Progress) -> Result<Response<Incoming>, Fault> {
        if let Some(mut sender) = self.idle(None)
            && sender.ready().await.is_ok()
        {
            match self.within(&mut body, sender.try_send_request(request)).await? {
                Ok(response) => return self.checked(response, sender),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => {
                        let stale = Fault::Stale { upstream: self.upstream() };
                        return Err(self.fault(&error.into_error(), &body, stale));
                    }
                },
            }
        }
        let mut sender = self.connect().await?;
        match self.within(&mut body, sender.send_request(request)).await? {
            Ok(response) => self.checked(response, sender),
            Err(error) => Err(self.fault(&error, &body, Fault::Closed { upstream: self.upstream() })),
        }
    }

    /// What the upstream makes of a request, in the time that it has once it has all of it.
    async fn within<T>(&self, body: &mut Progress, response: impl Future<Output = T>) -> Result<T, Fault> {
        let limit = self.context.limits.response_time;
        tokio::select! {
            response = response => Ok(response),
            () = body.overdue(limit) => Err(Fault::Silent { upstream: self.upstream(), limit }),
        }
    }

    fn checked(&self, response: Response<Incoming>, sender: SendRequest<Upload>) -> Result<Response<Incoming>, Fault> {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Fault::Switched { upstream: self.upstream() });
        }
        self.idle(Some(sender));
        Ok(response)
    }

    /// Leaves a connection for the next request, and gives the one that was left.
    fn idle(&self, next: Option<SendRequest<Upload>>) -> Option<SendRequest<Upload>> {
        std::mem::replace(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner), next)
    }

    async fn connect(&self) -> Result<SendRequest<Upload>, Fault> {
        let stream = self.route.dialer.dial().await?;
        let mut builder = ClientBuilder::new();
        builder
            .preserve_header_case(true)
            .allow_spaces_after_header_name_in_responses(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .max_headers(FIELDS);
        let (sender, connection) = builder
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.broken(&error, Fault::Closed { upstream: self.upstream() }))?;
        // It ends when the sender and the response's body are gone, and tells its errors through them.
        tokio::spawn(connection);
        Ok(sender)
    }

    /// Whose fault it is that there is no response.
    fn fault(&self, error: &hyper::Error, body: &Progress, closed: Fault) -> Fault {
        body.broken().map_or_else(|| self.broken(error, closed), |cause| Fault::Body { cause })
    }

    fn broken(&self, error: &hyper::Error, closed: Fault) -> Fault {
        let upstream = self.upstream();
        if error.is_parse() {
            return Fault::NotHttp { upstream, cause: words(error) };
        }
        match io_error(error) {
            None if error.is_incomplete_message() || error.is_closed() || error.is_canceled() => closed,
            Some(io) if matches!(io.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => closed,
            _ => Fault::Broken { upstream, cause: words(error) },
        }
    }

    fn upstream(&self) -> String {
        self.route.upstream.to_string()
    }
}

fn io_error(error: &hyper::Error) -> Option<&io::Error> {
    error.source()?.downcast_ref()
}

/// What hyper's error comes down to.
fn words(error: &hyper::Error) -> String {
    if let Some(fault) = io_error(error).and_then(TlsFault::inside) {
        return fault.to_string();
    }
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

#[cfg(test)]
mod tests;
