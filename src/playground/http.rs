//! The HTTP part: the page, its icon, plain sentences for what is not there, and the way to the WebSocket endpoints.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode};

use super::broadcast::{Membership, Room};
use super::endpoints::{self, Kind};
use super::{handshake, page};

/// An answer; none is larger than the page.
pub type Answer = Response<Full<Bytes>>;

/// An endpoint that takes its connection from the first byte on came second on one.
const NOT_FIRST: &str = "ask for this address on a connection of its own\n";

/// A connection that was promised to an endpoint.
#[derive(Debug)]
pub struct Upgrade {
    /// Becomes the stream once the answer is written.
    pub pending: OnUpgrade,
    /// What to talk then.
    pub talk: Talk,
}

/// What an endpoint was asked for.
#[derive(Debug)]
pub enum Talk {
    /// Each message back.
    Echo,
    /// Each message to all in the room, in which the page has its place already.
    Broadcast(Membership),
}

/// The answers for one connection.
#[derive(Debug)]
pub struct Site {
    room: Arc<Room>,
    upgrade: Mutex<Option<Upgrade>>,
}

impl Site {
    /// `room` is where the pages of the broadcast's endpoint meet.
    pub fn new(room: Arc<Room>) -> Self {
        Self { room, upgrade: Mutex::default() }
    }

    /// Answers one request.
    pub fn respond(&self, mut request: Request<Incoming>) -> Answer {
        let Some(endpoint) = endpoints::find(request.uri().path()) else {
            return plain_http(request.method(), request.uri().path());
        };
        let accepted = match handshake::check(request.method(), request.version(), request.headers()) {
            Ok(accepted) => accepted,
            Err(refusal) => return refusal.answer(),
        };
        let talk = match endpoint.kind {
            Kind::Echo => Talk::Echo,
            Kind::Broadcast => Talk::Broadcast(self.room.join()),
            Kind::Old(_) | Kind::Script(_) => return text(StatusCode::BAD_REQUEST, NOT_FIRST),
        };
        let pending = hyper::upgrade::on(&mut request);
        let mut slot = self.upgrade.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(Upgrade { pending, talk });
        accepted.answer()
    }

    /// What the connection was upgraded to, if it was.
    pub fn into_upgrade(self) -> Option<Upgrade> {
        self.upgrade.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

fn plain_http(method: &Method, path: &str) -> Answer {
    if !matches!(path, "/" | "/favicon.ico") {
        return text(StatusCode::NOT_FOUND, "there is nothing at this address; the playground's page is at /\n");
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        let answer = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here\n");
        return with(answer, ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    if path == "/" { page_answer() } else { body("image/svg+xml", page::ICON) }
}

fn page_answer() -> Answer {
    let nonce = page::nonce();
    let answer = body("text/html; charset=utf-8", page::html(&nonce));
    match HeaderValue::from_str(&page::security_policy(&nonce)) {
        Ok(policy) => with(answer, CONTENT_SECURITY_POLICY, policy),
        Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "the page's security policy is no header value\n"),
    }
}

/// A plain sentence.
pub fn text(status: StatusCode, sentence: &'static str) -> Answer {
    let mut answer = body("text/plain; charset=utf-8", sentence);
    *answer.status_mut() = status;
    answer
}

fn body(kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let answer = with(Response::new(Full::new(body.into())), CONTENT_TYPE, HeaderValue::from_static(kind));
    let answer = with(answer, CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let answer = with(answer, REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    with(answer, X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
}

/// The answer with one more header.
pub fn with(mut answer: Answer, name: HeaderName, value: HeaderValue) -> Answer {
    answer.headers_mut().insert(name, value);
    answer
}
