//! Socket.IO in Engine.IO packets.
//!
//! Seen with socket.io 4.8.4 and 2.5.1 (engine.io 6 and 3.6.2): version 4 of Engine.IO opens with `0{...,"maxPayload":..}`,
//! pings from the server, and joins a namespace only at the client's `40`, with `40{"sid":..}`. Version 3 opens without
//! `maxPayload`, joins by itself with a bare `40`, and pings from the client.

use crate::decode::{Decoded, Decoder, Document};
use crate::record::finding::{Finding, FindingKind};
use crate::record::{Side, StallKind};

use super::{Message, Opening, Owed, Rules, quoted};

/// The version of Engine.IO that the client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    Three,
    Four,
}

#[derive(Debug)]
pub(super) struct SocketIo {
    /// `None` where the query does not say.
    asked: Option<Version>,
    /// Whether text may be base64, marked by a `b`.
    is_base64: bool,
    /// Whether Socket.IO is spoken in the packets, and not something else on Engine.IO.
    is_socket_io: bool,
    /// Whether its packets are written in the usual way, and not by another parser.
    is_usual: bool,
    /// The Engine.IO session began on this socket, not by polling.
    is_direct: bool,
    /// What the client owes since the server opened the session: the packet that joins a namespace.
    join: Option<Owed>,
    /// A ping that is not answered.
    ping: Option<Owed>,
    /// Whether the client has said that it leaves.
    leaves: bool,
}

impl SocketIo {
    pub(super) fn new(opening: &Opening) -> Self {
        let asked = match opening.parameter("EIO") {
            Some(b"3") => Some(Version::Three),
            Some(b"4") => Some(Version::Four),
            _ => None,
        };
        Self {
            asked,
            is_base64: opening.parameter("b64").is_some(),
            is_socket_io: opening.path().windows(9).any(|part| part == b"socket.io"),
            is_usual: false,
            is_direct: opening.parameter("sid").is_none(),
            join: None,
            ping: None,
            leaves: false,
        }
    }

    const fn is_packet(&self, bytes: &[u8]) -> bool {
        match bytes {
            [b'4', kind, ..] => !self.is_usual || matches!(kind, b'0'..=b'6'),
            [b'b', ..] => self.is_base64,
            [b'0'..=b'6', ..] => true,
            _ => false,
        }
    }

    fn pings(&mut self, message: &Message<'_>) {
        let is_answered = self.ping.is_some_and(|ping| ping.by == message.from);
        match message.bytes() {
            [b'3', ..] if is_answered => self.ping = None,
            b"2" if self.ping.is_none() => self.ping = Some(Owed::for_message(StallKind::EngineIoPong, message)),
            _ => {}
        }
    }

    fn of_server(&mut self, message: &Message<'_>) -> Option<Finding> {
        match message.bytes() {
            [b'0', b'{', ..] => {
                if self.asked == Some(Version::Four) && self.is_direct && self.is_socket_io {
                    self.join = Some(Owed::for_message(StallKind::SocketIoConnect, message));
                }
                None
            }
            b"40" if self.asked == Some(Version::Four) && self.is_direct && self.is_socket_io => {
                self.join = None;
                let detail = "the client asks for EIO=4, and the server joins it with a bare 40, as Engine.IO 3 does";
                Some(message.finding(FindingKind::SocketioVersion, 2, detail))
            }
            [b'4', b'4', ..] if self.is_usual => {
                self.join = None;
                Some(refused(message))
            }
            [b'4', b'1', ..] if self.is_usual && !self.leaves => {
                Some(message.finding(FindingKind::SocketioDisconnected, 2, ""))
            }
            _ => None,
        }
    }
}

impl Rules for SocketIo {
    fn message(&mut self, message: &Message<'_>) -> Vec<Finding> {
        if message.from == Side::Client && (!message.is_text() || message.bytes().starts_with(b"4")) {
            // Another parser has another packet for it, perhaps in bytes.
            self.join = None;
        }
        if !message.is_text() {
            return Vec::new();
        }
        self.is_usual |= self.is_socket_io && message.bytes().starts_with(b"40");
        if !self.is_packet(message.bytes()) {
            self.join = self.join.filter(|join| join.by != message.from);
            return vec![not_a_packet(message)];
        }
        self.pings(message);
        match (message.from, message.bytes()) {
            (Side::Server, _) => self.of_server(message).into_iter().collect(),
            (Side::Client, bytes) => {
                self.leaves |= matches!(bytes, [b'4', b'1', ..] | [b'1', ..]);
                Vec::new()
            }
        }
    }

    fn is_of_interest(&self, _from: Side, start: &[u8]) -> bool {
        !self.is_packet(start) && start.first().is_some_and(|first| (b' '..=b'~').contains(first))
            || matches!(start, [b'1' | b'2' | b'3'] | [b'4', b'1' | b'4', ..])
    }

    fn owed(&self) -> Option<Owed> {
        self.join.or(self.ping)
    }

    fn missed(&mut self, _from: Side) {
        (self.join, self.ping) = (None, None);
    }
}

fn not_a_packet(message: &Message<'_>) -> Finding {
    let said = quoted(&String::from_utf8_lossy(message.bytes()));
    let finding = message.finding(FindingKind::SocketioNotAPacket, message.bytes().len(), format!("it says {said}"));
    match message.from {
        Side::Client => finding,
        Side::Server => finding.cause(
            "what answers on this path is a plain WebSocket server, no Socket.IO server: its text is no packet of Engine.IO",
            "connect with new WebSocket(url) in place of io(url), or let the socket.io server serve this path (its option \
             path, /socket.io/ by default)",
        ),
    }
}

/// A CONNECT_ERROR: an object with a message since Socket.IO 3, a text before.
fn refused(message: &Message<'_>) -> Finding {
    let decoded = message.read(Decoder::SocketIo);
    let (namespace, said) = decoded.map_or_else(Default::default, |decoded| said(&decoded));
    let place = if namespace.is_empty() { "/".to_owned() } else { namespace };
    let detail = format!("namespace {place}: {}", quoted(&said));
    let finding = message.finding(FindingKind::SocketioRefused, message.bytes().len(), detail);
    // The words of socket.io itself (lib/client.js); all others are the application's.
    if said == "Invalid namespace" {
        return finding.cause(
            format!("the server has no namespace {place}"),
            format!(
                "add io.of(\"{place}\") to the server, or take the path out of the URL that the client gives to io()"
            ),
        );
    }
    finding.cause(
        format!("the Socket.IO server refuses it itself: {}", quoted(&said)),
        format!(
            "look for that sentence in the server's io.use() or io.of(\"{place}\").use(): what calls next(new Error(...)); \
             a token goes into the client's option auth"
        ),
    )
}

fn said(decoded: &Decoded) -> (String, String) {
    let document: &Document = &decoded.document;
    let field = |name: &str| {
        let is_it = |node: &usize| document.nodes().get(*node).and_then(|node| node.key.as_deref()) == Some(name);
        document.children(None).find(is_it)
    };
    let text = |node| document.value(node).and_then(|value| value.as_str()).map(str::to_owned);
    let data = field("data");
    let said = document.says(data, "message").map(str::to_owned).or_else(|| text(data));
    let said = said.unwrap_or_else(|| document.compact(data, super::QUOTED));
    (text(field("namespace")).unwrap_or_default(), said)
}
