//! The doctor's connections: dials, carries bytes between the server and a `doctor::Visit`, and keeps its deadlines.

use std::io;
use std::time::Duration;

use rand::RngExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{sleep, timeout};

use crate::doctor::dialects::{Cut, Question, TRIED};
use crate::doctor::{Attempt, Connected, Foreign, Likeness, Plan, Report, Spoken, Visit};
use crate::record::{Ending, Log};
use crate::wire::dialect::Dialect;
use crate::wire::head::{self, Head};
use crate::wire::request::Request;

use super::clock;
use super::dial::{DialCause, DialError, Dialer, Stream};
use super::inquiry::Inquirer;
use super::tls::TlsFault;
use super::unreachable;

/// Bytes of an answer in another dialect that are looked at.
const LONGEST_ANSWER: usize = 16 * 1024;
/// Time for a farewell that nobody has to hear.
const FAREWELL: Duration = Duration::from_secs(1);

/// A visit that stands.
pub struct Call {
    stream: Stream,
    inquirer: Inquirer,
    send: Vec<u8>,
    /// What was said and heard up to now.
    pub visit: Visit,
    /// How the connection came about.
    pub connected: Connected,
}

/// Connects, and makes the request ready.
///
/// # Errors
/// There is no connection, for the cause that is told.
pub async fn call(dialer: &Dialer, plan: Plan) -> Result<Call, DialError> {
    let start = clock::now();
    let (stream, tcp) = dialer.dial_timed().await?;
    let now = clock::now();
    let address = stream.tcp().peer_addr().map_or_else(|_| "somewhere".to_owned(), |address| address.to_string());
    let connected = Connected { address, tcp: tcp.since(start), tls: tls(&stream, now.since(tcp)) };
    let mut send = Vec::new();
    let visit = Visit::new(plan, rand::random(), now, &mut send);
    Ok(Call { stream, inquirer: Inquirer::new(dialer), send, visit, connected })
}

impl Call {
    /// Goes on to the end. `seen` gets what was seen as it comes. Where this future is dropped, `visit` holds what was.
    pub async fn run(&mut self, mut seen: impl FnMut(Log)) {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            seen(self.visit.take_seen());
            if let Err(error) = self.write().await {
                let (how, fault) = broken(&error);
                self.visit.end(clock::now(), how, fault);
            }
            if self.visit.question().is_some() {
                let replies = self.inquirer.replies().await;
                self.visit.learn(clock::now(), &replies);
                continue;
            }
            let Some(deadline) = self.visit.deadline() else { break };
            tokio::select! {
                biased;
                () = sleep(deadline.since(clock::now())) => self.visit.tick(clock::now(), &mut self.send),
                read = self.stream.read(&mut buffer) => self.heard(read, &buffer),
            }
        }
        seen(self.visit.take_seen());
        let _ = timeout(FAREWELL, self.stream.shutdown()).await;
    }

    /// Asks a server that has opened no socket for the same path by a plain GET, and for Socket.IO's own.
    pub async fn look_beside(&mut self) {
        let target = self.visit.plan().request.target.clone();
        let reply = self.inquirer.get(&target).await;
        let get = reply.response().map(|(status, _, page)| {
            let story = self.visit.story();
            let refusal = story.responses.last().and_then(|(_, answer)| answer.status);
            let is_same = refusal == Some(status) && is_same_page(&story.body, page);
            let likeness = match refusal {
                None => Likeness::Alone,
                Some(_) if is_same => Likeness::Same,
                Some(_) => Likeness::Other,
            };
            (status, likeness)
        });
        let is_asked = target.starts_with(SOCKET_IO);
        let polled = if is_asked { None } else { Some(self.inquirer.get(&format!("{SOCKET_IO}{POLLING}")).await) };
        let is_socket_io = polled.is_some_and(|reply| {
            reply.response().is_some_and(|(status, _, body)| status == 200 && is_handshake_of_socket_io(body))
        });
        self.visit.note_beside(get, is_socket_io);
    }

    fn heard(&mut self, read: io::Result<usize>, buffer: &[u8]) {
        let now = clock::now();
        match read {
            Ok(0) => self.visit.end(now, Ending::Fin, None),
            Ok(count) => self.visit.receive(now, buffer.get(..count).unwrap_or_default(), &mut self.send),
            Err(error) => {
                let (how, fault) = broken(&error);
                self.visit.end(now, how, fault);
            }
        }
    }

    /// A server that does not read has as long as for an answer.
    async fn write(&mut self) -> io::Result<()> {
        if self.send.is_empty() {
            return Ok(());
        }
        let send = std::mem::take(&mut self.send);
        let write = async {
            self.stream.write_all(&send).await?;
            self.stream.flush().await
        };
        timeout(self.visit.plan().patience, write).await.unwrap_or(Err(io::ErrorKind::TimedOut.into()))
    }
}

/// Socket.IO's own path, and what begins a session there (Engine.IO protocol 4).
const SOCKET_IO: &str = "/socket.io/";
const POLLING: &str = "?EIO=4&transport=polling";

/// Whether two pages begin alike, as far as both were read.
fn is_same_page(one: &[u8], other: &[u8]) -> bool {
    let length = one.len().min(other.len());
    one.is_empty() == other.is_empty() && one.get(..length) == other.get(..length)
}

/// A packet of the kind "open", in a chunk or not.
fn is_handshake_of_socket_io(body: &[u8]) -> bool {
    body.windows(8).take(64).any(|part| part == b"0{\"sid\":")
}

/// How a connection broke. A server that ends without TLS's farewell has ended all the same.
fn broken(error: &io::Error) -> (Ending, Option<String>) {
    let how = if error.kind() == io::ErrorKind::UnexpectedEof { Ending::Fin } else { Ending::Reset };
    (how, Some(TlsFault::inside(error).map_or_else(|| error.to_string(), |fault| fault.to_string())))
}

/// Tries each dialect over a connection of its own, one after the other.
pub async fn dialects(dialer: &Dialer, plan: &Plan) -> Vec<Attempt> {
    let mut out = Vec::new();
    for dialect in TRIED {
        out.push(attempt(dialer, plan, dialect).await);
    }
    out
}

/// An origin that no page has (RFC 6761 6.4).
const ELSEWHERE: &str = "http://other.invalid";
/// Time for the response to a page from elsewhere.
const TRIED_FOR: Duration = Duration::from_secs(3);

/// Asks once more as a page from elsewhere would; `None` where there is no response.
pub async fn foreign(dialer: &Dialer, plan: &Plan) -> Option<Foreign> {
    let mut random = rand::rng();
    let request = Request { origin: ELSEWHERE.to_owned(), ..plan.request.clone() };
    let question = Question::new(Dialect::Rfc6455, &request, &mut || random.random());
    let mut bytes = Vec::new();
    let asked = timeout(plan.patience.min(TRIED_FOR), async {
        let mut stream = dialer.dial().await.ok()?;
        ask(&mut stream, &question, &mut bytes).await.ok()?;
        Some(stream)
    });
    let mut stream = asked.await.ok()??;
    let status = Head::of_response(bytes.get(..head::response_end(&bytes, 0)?)?).status()?;
    let _ = timeout(FAREWELL, async {
        if status == 101 {
            stream.write_all(&question.farewell(rand::random())).await?;
        }
        stream.shutdown().await
    })
    .await;
    Some(Foreign { origin: ELSEWHERE, status })
}

async fn attempt(dialer: &Dialer, plan: &Plan, dialect: Dialect) -> Attempt {
    let mut random = rand::rng();
    let question = Question::new(dialect, &plan.request, &mut || random.random());
    let mut stream = match dialer.dial().await {
        Ok(stream) => stream,
        Err(error) => return Attempt { dialect, spoken: Spoken::No, why: error.cause.to_string() },
    };
    let mut bytes = Vec::new();
    let cut = match timeout(plan.patience, ask(&mut stream, &question, &mut bytes)).await {
        Ok(Ok(true)) => None,
        Ok(_) => Some(Cut::Closed),
        Err(_) => Some(Cut::Silent),
    };
    let attempt = question.judge(&bytes, cut);
    let farewell = question.farewell(rand::random());
    let _ = timeout(FAREWELL, async {
        if attempt.spoken == Spoken::Yes {
            stream.write_all(&farewell).await?;
        }
        stream.shutdown().await
    })
    .await;
    attempt
}

/// Whether a whole answer came; what came is in `bytes`.
pub(super) async fn ask(stream: &mut Stream, question: &Question, bytes: &mut Vec<u8>) -> io::Result<bool> {
    stream.write_all(question.bytes()).await?;
    stream.flush().await?;
    let mut buffer = [0; 4096];
    while !question.is_answered(bytes) && bytes.len() < LONGEST_ANSWER {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(false);
        }
        bytes.extend_from_slice(buffer.get(..count).unwrap_or_default());
    }
    Ok(true)
}

/// The report where there is no connection.
#[must_use]
pub fn no_connection(url: String, error: &DialError) -> Report {
    let name = if matches!(error.cause, DialCause::Tls(_)) { "TLS" } else { "connect" };
    // The doctor's command line has no flag of that name.
    let why = error.cause.to_string().replace("--upstream", "the URL");
    Report::of_no_connection(url, name, unreachable::no_connection(&error.cause).words(), &why)
}

fn tls(stream: &Stream, time: Duration) -> Option<(String, Duration)> {
    let Stream::Tls(stream) = stream else { return None };
    let version = stream.get_ref().1.protocol_version().and_then(|version| version.as_str());
    Some((version.unwrap_or("TLS").replace("TLSv1_", "TLS 1."), time))
}
