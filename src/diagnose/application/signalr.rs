//! SignalR: the handshake and records that end in 1e.
//!
//! Read in @microsoft/signalr 10 (HandshakeProtocol.js, TextMessageFormat.js: "Message is incomplete.") and in
//! dotnet/aspnetcore's HubConnectionContext.cs: a hub waits for the separator, and says "Handshake was canceled." after
//! its HandshakeTimeout of 15 s.

use crate::decode::{Decoder, Format, Payload};
use crate::record::finding::{Finding, FindingKind};
use crate::record::{Greeting, Side, StallKind};

use super::{LOOKED_AT, Message, Owed, Rules, holds, quoted};

const END: u8 = 0x1e;

/// Whether a message is a handshake of SignalR's, with its end or without.
pub(super) fn is_meant(first: &[(Side, Payload<'_>)]) -> bool {
    first.iter().any(|(from, payload)| *from == Side::Client && is_handshake(payload.bytes))
}

fn is_handshake(bytes: &[u8]) -> bool {
    let starts = bytes.trim_ascii_start().starts_with(b"{\"protocol\":");
    starts && holds(bytes, b"\"version\"") && (holds(bytes, b"\"json\"") || holds(bytes, b"\"messagepack\""))
}

#[derive(Debug, Default)]
pub(super) struct SignalR {
    greeting: Option<Owed>,
    /// Whether the client has said hello, and whether the hub has answered.
    has_greeted: bool,
    has_reply: bool,
    /// Whether the records are JSON, so that each ends in 1e.
    is_json: bool,
}

impl Rules for SignalR {
    fn message(&mut self, message: &Message<'_>) -> Vec<Finding> {
        let bytes = message.bytes();
        let is_greeting = message.from == Side::Client && !self.has_greeted;
        if is_greeting {
            self.has_greeted = true;
            self.is_json = holds(bytes, b"\"json\"");
        }
        let is_first_reply =
            message.from == Side::Server && !std::mem::replace(&mut self.has_reply, message.from == Side::Server);
        let is_record = message.payload.format == Format::Text && bytes.first() == Some(&b'{');
        if is_record && message.payload.is_whole && bytes.len() < LOOKED_AT && !bytes.contains(&END) {
            return vec![without_end(message, is_greeting)];
        }
        if is_greeting {
            self.greeting = Some(Owed::for_message(StallKind::Greeting(Greeting::SignalR), message));
        } else if message.from == Side::Server {
            self.greeting = None;
            return told(message, is_first_reply).into_iter().collect();
        }
        Vec::new()
    }

    fn is_of_interest(&self, from: Side, start: &[u8]) -> bool {
        from == Side::Server && self.is_json && holds(start, b"\"type\":7")
    }

    fn owed(&self) -> Option<Owed> {
        self.greeting
    }

    fn missed(&mut self, _from: Side) {
        self.greeting = None;
    }
}

fn without_end(message: &Message<'_>, is_greeting: bool) -> Finding {
    let what = if is_greeting { "the handshake" } else { "a record" };
    let detail = format!("{what} of {} bytes, and no 1e behind it", message.bytes().len());
    let finding = message.finding(FindingKind::SignalrNoSeparator, message.bytes().len(), detail);
    match message.from {
        Side::Client => finding,
        Side::Server => finding.cause(
            "the server's record lacks the byte 1e at its end: clients say \"Message is incomplete.\" and hand nothing on",
            "put \"\\u001e\" behind each JSON record that the server sends, or let ASP.NET Core's hub write it",
        ),
    }
}

/// An error in the reply to the handshake, or in a record that closes.
fn told(message: &Message<'_>, is_first_reply: bool) -> Option<Finding> {
    let is_close = holds(message.bytes(), b"\"type\":7");
    if !is_first_reply && !is_close {
        return None;
    }
    // The first record is enough: what follows a close is nothing.
    let at = if is_close {
        record_of(message.bytes(), b"\"type\":7")?
    } else {
        message.bytes().split(|byte| *byte == END).next()?
    };
    let decoded = Decoder::Json.read(message.from, Payload::text(at), &crate::decode::Limits::ROW).ok()?;
    let root = decoded.document.children(None).next();
    let said = decoded.document.id(root, "error")?;
    let said = quoted(said);
    let length = message.bytes().len();
    Some(if is_close {
        message.finding(FindingKind::SignalrClosed, length, said.clone()).cause(
            format!("the hub says why itself: {said}"),
            "look for the exception in the server's log; services.AddSignalR(o => o.EnableDetailedErrors = true) says it to \
             the client, too",
        )
    } else {
        let fix = match said.as_str() {
            "Handshake was canceled." => {
                "send the handshake within HandshakeTimeout (15 s by default), with 1e behind it"
            }
            said if said.contains("protocol") => {
                "let the server know that protocol (AddMessagePackProtocol()), or take the client's withHubProtocol() out"
            }
            _ => "look for that sentence in the server's log",
        };
        message
            .finding(FindingKind::SignalrRefused, length, said.clone())
            .cause(format!("the hub refuses the handshake itself: {said}"), fix)
    })
}

/// The record that holds some bytes.
fn record_of<'a>(bytes: &'a [u8], part: &[u8]) -> Option<&'a [u8]> {
    bytes.split(|byte| *byte == END).find(|record| holds(record, part))
}
