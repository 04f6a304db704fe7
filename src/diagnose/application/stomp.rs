//! STOMP 1.0 to 1.2.
//!
//! A frame ends with a zero (STOMP 1.2, "STOMP Frames"); an ERROR says why in its header `message`, and the server closes
//! behind it ("ERROR"). @stomp/stompjs 7.5 cuts long frames into messages of 8 KiB where splitLargeFrames is set, so that
//! only shorter ones are held to have an end.

use crate::decode::Decoder;
use crate::record::finding::{Finding, FindingKind};
use crate::record::{Greeting, Side, StallKind};

use super::{LOOKED_AT, Message, Owed, Rules, quoted};

const COMMANDS: [&[u8]; 15] = [
    b"CONNECT",
    b"STOMP",
    b"CONNECTED",
    b"SEND",
    b"SUBSCRIBE",
    b"UNSUBSCRIBE",
    b"ACK",
    b"NACK",
    b"BEGIN",
    b"COMMIT",
    b"ABORT",
    b"DISCONNECT",
    b"MESSAGE",
    b"RECEIPT",
    b"ERROR",
];

#[derive(Debug, Default)]
pub(super) struct Stomp {
    greeting: Option<Owed>,
}

impl Rules for Stomp {
    fn message(&mut self, message: &Message<'_>) -> Vec<Finding> {
        let bytes = message.bytes();
        let command = command(bytes);
        if !COMMANDS.contains(&command) {
            return Vec::new();
        }
        if self.greeting.is_some_and(|greeting| greeting.by == message.from) {
            self.greeting = None;
        }
        if message.payload.is_whole && bytes.len() < LOOKED_AT && !bytes.contains(&0) {
            return vec![without_end(message)];
        }
        match (message.from, command) {
            (Side::Client, b"CONNECT" | b"STOMP") => {
                self.greeting = Some(Owed::for_message(StallKind::Greeting(Greeting::Stomp), message));
                Vec::new()
            }
            (Side::Server, b"ERROR") => vec![error(message)],
            _ => Vec::new(),
        }
    }

    fn is_of_interest(&self, _from: Side, start: &[u8]) -> bool {
        command(start) == b"ERROR"
    }

    fn owed(&self) -> Option<Owed> {
        self.greeting
    }

    fn missed(&mut self, _from: Side) {
        self.greeting = None;
    }
}

/// The first line: a frame's command, where it is one.
fn command(bytes: &[u8]) -> &[u8] {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn without_end(message: &Message<'_>) -> Finding {
    let command = String::from_utf8_lossy(command(message.bytes()));
    let detail = format!("a {} of {} bytes, and no zero in it", quoted(&command), message.bytes().len());
    let finding = message.finding(FindingKind::StompNoNul, message.bytes().len(), detail);
    match message.from {
        Side::Client => finding,
        Side::Server => finding.cause(
            "the server's frame lacks the zero at its end, so that a client (@stomp/stompjs) waits for more and hands \
             nothing on",
            "put a zero byte behind the body of each frame (\"\\0\" in JavaScript and Python, \"\\u0000\" in Java), or let a \
             STOMP library write it",
        ),
    }
}

fn error(message: &Message<'_>) -> Finding {
    let said = message.read(Decoder::Stomp).and_then(|decoded| {
        let document = &decoded.document;
        let frame = document.children(None).next();
        let said = document.says(document.member(frame, "headers"), "message").map(str::to_owned);
        said.or_else(|| document.says(frame, "body").map(str::to_owned))
    });
    let said = quoted(&said.unwrap_or_default());
    let finding = message.finding(FindingKind::StompError, message.bytes().len(), said.clone());
    if said.is_empty() {
        return finding;
    }
    finding.cause(
        format!("the broker says why itself: {said}"),
        "look for that sentence in the broker's log; after a refused CONNECT compare connectHeaders (login, passcode, host) \
         with the broker's users and virtual hosts; in Spring look at the ChannelInterceptor that throws",
    )
}
