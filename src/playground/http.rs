//! The HTTP part: the page, its icon, plain sentences for what is not there, and the way to the WebSocket endpoints.

use std::sync::{Arc, Mutex, PoisonError};

use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_SECURITY_POLICY, HeaderValue, ORIGIN};
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, StatusCode};

use super::broadcast::{Membership, Room};
use super::endpoint::Kind;
use super::guests::{Away, Guest, Guests};
use super::response::{PlainResponse, body, text, with};
use super::{endpoints, handshake, page};

/// An endpoint that takes its connection from the first byte on came second on one.
const NOT_FIRST: &str = "ask for this address on a connection of its own\n";

/// A page of another site came.
const FOREIGN: &str =
    "the playground is for pages of this machine: open one at http://localhost, or give wsproxy an --upstream\n";
/// One page has nearly all places.
const FULL: &str = "this origin has as many connections to the playground as one may have: close some\n";

/// A connection that was promised to an endpoint.
#[derive(Debug)]
pub(super) struct Upgrade {
    /// Becomes the stream once the response is written.
    pub pending: OnUpgrade,
    /// What to talk then.
    pub talk: Talk,
    /// The page's place.
    pub guest: Guest,
}

/// What an endpoint was asked for.
#[derive(Debug)]
pub(super) enum Talk {
    /// Each message back.
    Echo,
    /// Each message to all in the room, in which the page has its place already.
    Broadcast(Membership),
}

/// The responses for one connection.
#[derive(Debug)]
pub(super) struct Site {
    room: Arc<Room>,
    guests: Guests,
    upgrade: Mutex<Option<Upgrade>>,
}

impl Site {
    /// `room` is where the pages of the broadcast's endpoint meet.
    pub(super) fn new(room: Arc<Room>, guests: Guests) -> Self {
        Self { room, guests, upgrade: Mutex::default() }
    }

    /// Answers one request.
    pub(super) fn respond(&self, mut request: Request<Incoming>) -> PlainResponse {
        let Some(endpoint) = endpoints::find(request.uri().path()) else {
            return plain_http(request.method(), request.uri().path());
        };
        let accepted = match handshake::check(request.method(), request.version(), request.headers()) {
            Ok(accepted) => accepted,
            Err(refusal) => return refusal.response(),
        };
        let guest = match self.guests.admit(request.headers().get(ORIGIN).map(HeaderValue::as_bytes)) {
            Ok(guest) => guest,
            Err(Away::Foreign) => return text(StatusCode::FORBIDDEN, FOREIGN),
            Err(Away::Full) => return text(StatusCode::SERVICE_UNAVAILABLE, FULL),
        };
        let talk = match endpoint.kind {
            Kind::Echo => Talk::Echo,
            Kind::Broadcast => Talk::Broadcast(self.room.join()),
            Kind::Old(_) | Kind::Script(_) => return text(StatusCode::BAD_REQUEST, NOT_FIRST),
        };
        let pending = hyper::upgrade::on(&mut request);
        let mut slot = self.upgrade.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(Upgrade { pending, talk, guest });
        accepted.response()
    }

    /// What the connection was upgraded to, if it was.
    pub(super) fn into_upgrade(self) -> Option<Upgrade> {
        self.upgrade.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

fn plain_http(method: &Method, path: &str) -> PlainResponse {
    if !matches!(path, "/" | "/favicon.ico") {
        return text(StatusCode::NOT_FOUND, "there is nothing at this address; the playground's page is at /\n");
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        let response = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here\n");
        return with(response, ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    if path == "/" { page_response() } else { body("image/svg+xml", page::ICON) }
}

fn page_response() -> PlainResponse {
    let nonce = page::nonce();
    let response = body("text/html; charset=utf-8", page::html(&nonce));
    match HeaderValue::from_str(&page::security_policy(&nonce)) {
        Ok(policy) => with(response, CONTENT_SECURITY_POLICY, policy),
        Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "the page's security policy is no header value\n"),
    }
}
