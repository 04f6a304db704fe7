//! What goes wrong in what applications say: the protocols inside of an open WebSocket, held against their own rules.
//!
//! A `Watcher` is shown a session's first messages, then only those of interest to the protocol that they are of, and is
//! asked what is owed and, where the session ends, why. It looks at no more than `LOOKED_AT` bytes of a message, and raises
//! nothing that a correct session of that protocol could show. Ordinary errors of an application (a call of JSON-RPC that
//! fails) are its traffic, and no findings.
//!
//! Whatever is said of a product was seen of it, or read in its source; each file names the versions.

mod actioncable;
mod graphql;
mod heartbeat;
mod mqtt;
mod phoenix;
mod signalr;
mod socketio;
mod stomp;
#[cfg(test)]
mod tests;
mod unspoken;
mod wamp;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::decode::{self, Decoded, Decoder, Limits, Payload};
use crate::record::finding::{Finding, FindingKind, Level, Place};
use crate::record::{Ending, FrameNumber, PerSide, Side, StallKind, Time};
use crate::text;
use crate::wire::frame::FrameHeader;
use crate::wire::head::Head;
use crate::wire::mask;
use crate::wire::opcode::Opcode;

use super::words;

/// Bytes of a message that are looked at: what gives a protocol or a refusal away stands in front.
pub const LOOKED_AT: usize = 4096;
/// Messages of each side that are looked at in any case.
const FIRST: u32 = 16;
/// Messages after which no protocol is looked for any more.
const UNTIL_KNOWN: u32 = 4;
/// Messages beyond the first that are read in a session. One that has as many of interest has told its story.
const MOST: u32 = 10_000;
/// Bytes of a peer's text in a detail or a cause.
const QUOTED: usize = 200;
/// Bytes of a frame that are at hand for the window around the guilty ones.
const SHOWN: usize = 128;

/// A message of a session, its fragments joined, inflated and unmasked.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Who sent it.
    pub from: Side,
    /// When its end came.
    pub time: Time,
    /// Its first frame.
    pub number: FrameNumber,
    /// That frame's header.
    pub header: FrameHeader,
    /// Its first bytes.
    pub payload: Payload<'a>,
}

impl<'a> Message<'a> {
    const fn bytes(&self) -> &'a [u8] {
        self.payload.bytes
    }

    fn is_text(&self) -> bool {
        self.payload.format == decode::Format::Text
    }

    /// What a decoder reads in it, cheaply.
    fn read(&self, decoder: Decoder) -> Option<Decoded> {
        decoder.read(self.from, self.payload, &Limits::ROW).ok()
    }

    /// A finding about its first `length` bytes, as far as they stand in its first frame as they came.
    fn finding(&self, kind: FindingKind, length: usize, detail: impl Into<String>) -> Finding {
        let mut wire = Vec::new();
        self.header.write(&mut wire);
        let at = wire.len();
        // A compressed payload says nothing to who reads it.
        if self.header.rsv() == 0 {
            let here = usize::try_from(self.header.length).unwrap_or(SHOWN).min(SHOWN);
            wire.extend_from_slice(self.bytes().get(..here).unwrap_or(self.bytes()));
            if let (Some(key), Some(payload)) = (self.header.mask, wire.get_mut(at..)) {
                mask::apply(key, 0, payload);
            }
        }
        let length = length.min(wire.len() - at);
        Finding::new(kind, Place::Frame(self.number)).bytes(&wire, at, length).detail(detail)
    }
}

/// Something that a protocol lets a side wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    /// What.
    pub kind: StallKind,
    /// Who owes it.
    pub by: Side,
    /// Since when.
    pub since: Time,
    /// The frame that asks for it.
    pub frame: FrameNumber,
    /// That frame's header.
    pub header: FrameHeader,
}

impl Owed {
    /// What the other side owes for a message.
    const fn for_message(kind: StallKind, message: &Message<'_>) -> Self {
        let Message { from, time, number, header, .. } = *message;
        Self { kind, by: from.other(), since: time, frame: number, header }
    }
}

/// How a session ends that no side had closed before.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// Who ends it.
    pub from: Side,
    /// How its bytes end; `None` where a close frame came first.
    pub how: Option<Ending>,
    /// When.
    pub time: Time,
    /// How long nothing has come from each side.
    pub silence: PerSide<Duration>,
}

/// The rules of one protocol.
trait Rules: fmt::Debug + Send {
    /// Takes a message, and gives what is wrong with it.
    fn message(&mut self, message: &Message<'_>) -> Vec<Finding>;

    /// Whether a message behind the first ones may change anything, by its first bytes.
    fn is_of_interest(&self, from: Side, start: &[u8]) -> bool;

    /// What is owed now.
    fn owed(&self) -> Option<Owed> {
        None
    }

    /// Messages of that side have passed unseen.
    fn missed(&mut self, _from: Side) {}

    /// Why it ends so.
    fn end(&self, _end: &End) -> Option<Finding> {
        None
    }
}

/// What the handshake says of what will be spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Opening {
    /// The path, and the query behind its question mark.
    target: Vec<u8>,
    /// The subprotocols that were asked for.
    asked: Vec<String>,
    /// The one that was agreed to.
    agreed: Option<String>,
}

impl Opening {
    fn of(request: &[u8], response: &[u8]) -> Self {
        let words = |head: Head<'_>| -> Vec<String> {
            let values = head.values("sec-websocket-protocol").filter_map(|value| str::from_utf8(value).ok());
            values.flat_map(|value| value.split(',').map(|word| word.trim().to_owned())).collect()
        };
        let target = Head::new(request).target().get(..LOOKED_AT).unwrap_or(Head::new(request).target()).to_vec();
        Self { target, asked: words(Head::new(request)), agreed: words(Head::of_response(response)).pop() }
    }

    fn has_asked_for(&self, name: &str) -> bool {
        self.asked.iter().any(|asked| asked == name)
    }

    /// The value of a parameter of the query, as it stands there.
    fn parameter(&self, name: &str) -> Option<&[u8]> {
        let query = self.target.splitn(2, |byte| *byte == b'?').nth(1)?;
        let mut pairs = query.split(|byte| *byte == b'&');
        pairs.find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
    }

    fn path(&self) -> &[u8] {
        self.target.split(|byte| *byte == b'?').next().unwrap_or_default()
    }
}

/// The watcher of one session.
#[derive(Debug)]
pub struct Watcher {
    opening: Opening,
    rules: Option<Box<dyn Rules>>,
    unspoken: unspoken::Unspoken,
    heartbeat: heartbeat::Heartbeat,
    /// Messages that were looked at.
    seen: PerSide<u32>,
    /// Messages beyond the first that may still be.
    left: u32,
    told: Option<Arc<Told>>,
}

/// What was found last, where it may well end the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    kind: FindingKind,
    time: Time,
    cause: Cow<'static, str>,
    fix: Cow<'static, str>,
}

/// An end so soon behind a finding is its consequence.
const SOON: Duration = Duration::from_secs(5);

impl Told {
    /// Why a session ends at that time without a word about it, where that was told.
    #[must_use]
    pub fn cause(&self, now: Time) -> Option<(String, Cow<'static, str>)> {
        let cause = format!("most likely it follows from {}: {}", self.kind.id(), self.cause);
        (now.since(self.time) <= SOON).then(|| (cause, self.fix.clone()))
    }

    fn of(finding: &Finding, time: Time) -> Option<Arc<Self>> {
        let entry = words(finding.kind);
        let cause = finding.cause.clone().unwrap_or(Cow::Borrowed(entry.title));
        let fix = finding.fix.clone().unwrap_or(Cow::Borrowed(entry.fix));
        (entry.level > Level::Note).then(|| Arc::new(Self { kind: finding.kind, time, cause, fix }))
    }
}

impl Watcher {
    /// For a session that opens with these two heads.
    #[must_use]
    pub fn new(now: Time, request: &[u8], response: &[u8]) -> Self {
        let opening = Opening::of(request, response);
        let mut watcher = Self {
            rules: None,
            unspoken: unspoken::Unspoken::new(now),
            heartbeat: heartbeat::Heartbeat::default(),
            seen: PerSide::default(),
            left: MOST,
            told: None,
            opening,
        };
        watcher.choose(&[]);
        watcher
    }

    /// Whether more messages of that side make a difference.
    #[must_use]
    pub fn listens(&self, from: Side) -> bool {
        self.seen[from] < FIRST || (self.rules.is_some() && self.left > 0)
    }

    /// Whether that message is to be shown, by its first bytes: those behind the first ones need not be.
    #[must_use]
    pub fn wants(&self, from: Side, start: &[u8]) -> bool {
        let is_first = self.seen[from] < FIRST;
        is_first || (self.left > 0 && self.rules.as_ref().is_some_and(|rules| rules.is_of_interest(from, start)))
    }

    /// Takes a message, and gives what is wrong with it.
    #[must_use]
    pub fn message(&mut self, message: &Message<'_>) -> Vec<Finding> {
        let seen = &mut self.seen[message.from];
        if *seen < FIRST {
            *seen += 1;
        } else {
            self.left = self.left.saturating_sub(1);
        }
        if self.rules.is_none() && self.seen.client + self.seen.server <= UNTIL_KNOWN {
            self.choose(&[(message.from, message.payload)]);
        }
        let mut found = match &mut self.rules {
            Some(rules) => rules.message(message),
            None => Vec::new(),
        };
        if self.rules.is_none() && found.is_empty() {
            found.extend(self.unspoken.message(message));
        }
        let told = found.iter().rev().find_map(|finding| Told::of(finding, message.time));
        self.told = told.or(self.told.take());
        found
    }

    /// Takes a ping or a pong.
    pub fn control(&mut self, now: Time, from: Side, opcode: Opcode) {
        self.heartbeat.control(now, from, opcode);
    }

    /// Messages of that side have passed unseen, or the user has said something in its name.
    pub fn missed(&mut self, from: Side) {
        self.unspoken.missed();
        if let Some(rules) = &mut self.rules {
            rules.missed(from);
        }
    }

    /// What is owed now.
    #[must_use]
    pub fn owed(&self) -> Option<Owed> {
        self.rules.as_ref().and_then(|rules| rules.owed())
    }

    /// Why the session ends so, where its application tells.
    #[must_use]
    pub fn end(&self, end: &End) -> Option<Finding> {
        self.rules.as_ref().and_then(|rules| rules.end(end)).or_else(|| self.heartbeat.end(end))
    }

    /// What was found last, where it may well end the session.
    #[must_use]
    pub fn told(&self) -> Option<Arc<Told>> {
        self.told.clone()
    }

    fn choose(&mut self, first: &[(Side, Payload<'_>)]) {
        let opening = &self.opening;
        let agreed = opening.agreed.as_deref();
        let context = decode::Context { path: &opening.target, subprotocol: agreed };
        self.rules = match decode::meant(&context, first) {
            Some(Decoder::SocketIo | Decoder::SocketIo2) => Some(Box::new(socketio::SocketIo::new(opening))),
            Some(Decoder::GraphQl) => Some(Box::new(graphql::GraphQl::new(opening))),
            Some(Decoder::Mqtt | Decoder::Mqtt5) => Some(Box::new(mqtt::Mqtt::new(opening))),
            Some(Decoder::Stomp) => Some(Box::new(stomp::Stomp::default())),
            Some(Decoder::Phoenix) => Some(Box::new(phoenix::Phoenix::default())),
            Some(Decoder::ActionCable) => Some(Box::new(actioncable::ActionCable)),
            Some(Decoder::Wamp | Decoder::WampMessagePack | Decoder::WampCbor) => {
                Some(Box::new(wamp::Wamp::new(opening)))
            }
            _ if mqtt::is_meant(opening) => Some(Box::new(mqtt::Mqtt::new(opening))),
            _ if signalr::is_meant(first) => Some(Box::new(signalr::SignalR::default())),
            _ => None,
        };
    }
}

/// Whether that kind is told of the end of a session.
#[must_use]
pub const fn is_of_end(kind: FindingKind) -> bool {
    matches!(kind, FindingKind::MqttKeepAlive | FindingKind::PhoenixNoHeartbeat | FindingKind::AppHeartbeatBroken)
}

/// Why a protocol's reply does not come, and what to do: better than the catalogue's where it is known whose it is.
#[must_use]
pub const fn unanswered(kind: StallKind) -> Option<(&'static str, &'static str)> {
    use crate::record::Greeting;
    let StallKind::Greeting(greeting) = kind else { return None };
    Some(match greeting {
        Greeting::GraphQl => (
            "the server has not acknowledged connection_init: its onConnect hook has not returned, or nobody reads the \
             socket's messages as GraphQL",
            "let onConnect of graphql-ws return or throw in any case (await with a time-out what it asks of a database); \
             without a hook: pass this very socket to useServer() or to the package's handler",
        ),
        Greeting::Mqtt => (
            "the broker has not answered CONNECT: it may wait for its authentication, or what accepts the WebSocket is no \
             MQTT broker",
            "compare the port and path with the broker's WebSocket listener (mosquitto: listener 9001, protocol \
             websockets; EMQX: 8083 /mqtt; aedes: handle(createWebSocketStream(ws), request))",
        ),
        Greeting::BareMqtt => return None,
        Greeting::Stomp => (
            "the broker has not answered CONNECT: it may not be up, or what accepts the WebSocket does not speak STOMP",
            "compare the path with the broker's (Spring: registry.addEndpoint(\"/ws\"); RabbitMQ Web STOMP: port 15674 /ws); \
             with Spring's broker relay look whether RabbitMQ or ActiveMQ runs",
        ),
        Greeting::SignalR => (
            "the hub has not answered the handshake: most likely what accepts the WebSocket is no SignalR hub, or a \
             middleware in front of it took the connection",
            "compare the path with that of app.MapHub<...>(\"/...\") in the ASP.NET Core server",
        ),
        Greeting::Wamp => (
            "the router has not answered HELLO: it may wait for its authenticator, or what accepts the WebSocket is no WAMP \
             router",
            "compare the path with the router's WebSocket transport (crossbar: /ws), and look at its log",
        ),
    })
}

/// What a peer says, in quotes that show where it ends.
fn quoted(said: &str) -> String {
    text::preview(said.as_bytes(), QUOTED)
}

/// Whether some bytes stand in others, of which no more than the first 256 are looked at.
fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.get(..256).unwrap_or(bytes).windows(part.len()).any(|window| window == part)
}
