//! Servers that behave by a script: how they answer the request, and how they reply to a text. What the script does not
//! speak of is done right, so each shows its own mistake and no other.

use super::incoming::{Event, Incoming, Violation};
use super::raw::{End, Wire};
use crate::wire::accept;
use crate::wire::frame;
use crate::wire::head::{self, Head};
use crate::wire::opcode::Opcode;

/// Bytes of a request's head at most.
const MAX_HEAD: usize = 64 * 1024;

/// Bytes of a message at most.
const MAX_MESSAGE: usize = 64 * 1024;

/// Bytes taken in one read.
const READ_SIZE: usize = 4096;

/// The response to whoever sends no key.
const NO_WEBSOCKET: &[u8] = b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\
    Sec-WebSocket-Version: 13\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 55\r\n\r\n\
    this address speaks WebSocket only, with its own faults";

/// What a server does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Script {
    /// The response to a request with a key. After anything but a 101 the server hangs up; behind an empty one it is
    /// silent, unless it hangs up anyway.
    pub response: fn(&Asked<'_>) -> Vec<u8>,
    /// What goes back for a text.
    pub reply: fn(&[u8]) -> Vec<u8>,
    /// What follows the first reply, or an empty response.
    pub then: Then,
}

/// What a server does when it has said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// Takes the next message.
    GoOn,
    /// Ends its direction, without a close frame.
    HangUp,
}

/// A request with a key.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    /// All of its head.
    pub head: Head<'a>,
    /// The key, as it was sent.
    pub key: &'a [u8],
}

impl Asked<'_> {
    /// The right accept value.
    pub(super) fn accept(&self) -> String {
        accept::value_for(self.key)
    }

    /// The right field with it, without a line end.
    pub(super) fn accept_field(&self) -> String {
        format!("Sec-WebSocket-Accept: {}", self.accept())
    }
}

/// Talks until one side ends it.
pub(super) async fn serve(mut wire: Wire, script: &Script) {
    match converse(&mut wire, script).await {
        Ok(()) => wire.finish().await,
        Err(end) => wire.end(end).await,
    }
}

/// `Ok` when the server has said all that it has to say.
async fn converse(wire: &mut Wire, script: &Script) -> Result<(), End> {
    let (request, mut rest) = request(wire).await?;
    let head = Head::new(&request);
    let Some(key) = head.value("sec-websocket-key") else { return wire.send(NO_WEBSOCKET).await };
    let response = (script.response)(&Asked { head, key });
    if response.is_empty() {
        return if script.then == Then::HangUp { Ok(()) } else { Err(End::Silence) };
    }
    wire.send(&response).await?;
    if Head::of_response(&response).status() != Some(101) {
        return Ok(());
    }
    let mut incoming = Incoming::new(MAX_MESSAGE);
    loop {
        let mut input = rest.as_slice();
        while let Some(event) = incoming.next(&mut input) {
            let (reply, then) = reply(script, event);
            wire.send(&reply).await?;
            if then == Then::HangUp {
                return Ok(());
            }
        }
        rest = wire.receive(READ_SIZE).await?;
    }
}

/// The request's head, and what came behind it.
async fn request(wire: &mut Wire) -> Result<(Vec<u8>, Vec<u8>), End> {
    let mut request = Vec::new();
    loop {
        let scanned = request.len();
        request.extend(wire.receive(READ_SIZE).await?);
        if let Some(end) = head::end(&request, scanned) {
            let rest = request.split_off(end);
            return Ok((request, rest));
        }
        if request.len() > MAX_HEAD {
            return Err(End::HangUp);
        }
    }
}

fn reply(script: &Script, event: Result<Event, Violation>) -> (Vec<u8>, Then) {
    match event {
        Ok(Event::Text(text)) => ((script.reply)(text.as_bytes()), script.then),
        Ok(Event::Binary(bytes)) => (framed(Opcode::BINARY, &bytes), script.then),
        Ok(Event::Ping(bytes)) => (framed(Opcode::PONG, &bytes), Then::GoOn),
        Ok(Event::Pong) => (Vec::new(), Then::GoOn),
        Ok(Event::Close(None)) => (framed(Opcode::CLOSE, &[]), Then::HangUp),
        Ok(Event::Close(Some((code, _)))) => (framed(Opcode::CLOSE, &code.to_be_bytes()), Then::HangUp),
        Err(violation) => (framed(Opcode::CLOSE, &violation.code.to_be_bytes()), Then::HangUp),
    }
}

/// A right frame.
pub(super) fn framed(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    frame::write(opcode, payload, None, &mut out);
    out
}

/// The head of a 101 with these fields behind Upgrade and Connection.
pub(super) fn switching(fields: &[&str]) -> Vec<u8> {
    let mut out = String::from("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    for field in fields {
        out.push_str(field);
        out.push_str("\r\n");
    }
    out.push_str("\r\n");
    out.into_bytes()
}

/// The right response.
pub(super) fn right_response(asked: &Asked<'_>) -> Vec<u8> {
    switching(&[&asked.accept_field()])
}

/// The right reply: the same text.
pub(super) fn right_reply(text: &[u8]) -> Vec<u8> {
    framed(Opcode::TEXT, text)
}
