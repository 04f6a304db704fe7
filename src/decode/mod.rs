//! What messages say: readers for what applications put into WebSocket messages. No I/O, no clock, no state.
//!
//! A session's decoder is guessed once, by `guess`, or named by a person. `Decoder::read` then reads one message when
//! somebody looks at it: a summary for a row, the name of the message, what it has to do with others (requests, replies,
//! heartbeats), and a document for the detail. It costs no more than its `Limits`, whatever the bytes are.
//!
//! Each message is read by itself. The one thing that is lost by that: attachments of Socket.IO come as messages of
//! their own, behind the one that tells how many (`Decoded::attachments`).

mod about;
mod actioncable;
mod cbor;
mod content;
mod cursor;
mod ddp;
mod document;
mod graphql;
mod guess;
mod guesser;
mod json;
mod jsonrpc;
mod limits;
mod mqtt;
mod msgpack;
mod packed;
mod phoenix;
mod program;
mod protobuf;
mod reading;
mod reload;
mod signalr;
mod socketio;
mod sockjs;
mod stomp;
#[cfg(test)]
mod tests;
mod wamp;
mod yjs;

use std::fmt;

use crate::record::Side;
use crate::wire::opcode::Opcode;

pub use content::{FileType, Image, Packer};
pub use document::{Document, Node, Value};
pub use guess::{Context, MESSAGES, guess, guess_with, meant};
pub use guesser::{Choice, First, Guesser, Preference};
pub use limits::Limits;
pub use mqtt::{Connect, connect, refusal};
pub use phoenix::PhoenixFields;
pub use program::{Ask, Program, Runner, Silence};
pub use protobuf::{Schema, SchemaFault};

use about::{ABOUT, About};
use packed::Packing;
use reading::Reading;

/// A kind of message, and who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decoder {
    /// Any JSON.
    Json,
    /// Socket.IO 3 and 4, on Engine.IO 4.
    SocketIo,
    /// Socket.IO 1 and 2, on Engine.IO 3.
    SocketIo2,
    /// GraphQL, by both protocols.
    GraphQl,
    /// JSON-RPC 2.0.
    JsonRpc,
    /// The Language Server Protocol.
    Lsp,
    /// The Chrome DevTools Protocol.
    Cdp,
    /// STOMP 1.0 to 1.2.
    Stomp,
    /// Channels of Phoenix.
    Phoenix,
    /// ActionCable of Rails.
    ActionCable,
    /// WAMP 2 in JSON.
    Wamp,
    /// WAMP 2 in MessagePack.
    WampMessagePack,
    /// WAMP 2 in CBOR.
    WampCbor,
    /// SockJS, and what goes through it.
    SockJs,
    /// DDP of Meteor.
    Ddp,
    /// Hot reload of Vite.
    Vite,
    /// Hot reload of webpack-dev-server.
    Webpack,
    /// SignalR in JSON.
    SignalR,
    /// SignalR in MessagePack.
    SignalRMessagePack,
    /// MessagePack.
    MessagePack,
    /// CBOR.
    Cbor,
    /// Yjs as y-websocket sends it.
    Yjs,
    /// Protobuf without a schema.
    Protobuf,
    /// Protobuf by a schema that the user gave. It is not among `ALL`, and has no name of its own.
    Described(&'static Schema),
    /// What a program of the user's own prints. It is not among `ALL` either.
    Program(&'static Program),
    /// Packed bytes, pictures and the like, by what their bytes say.
    Content,
    /// MQTT 3.1 and 3.1.1.
    Mqtt,
    /// MQTT 5.
    Mqtt5,
}

impl Decoder {
    /// All that are there without the user's doing.
    pub const ALL: [Self; 26] = [
        Self::Json,
        Self::SocketIo,
        Self::SocketIo2,
        Self::GraphQl,
        Self::JsonRpc,
        Self::Lsp,
        Self::Cdp,
        Self::Stomp,
        Self::Phoenix,
        Self::ActionCable,
        Self::Wamp,
        Self::WampMessagePack,
        Self::WampCbor,
        Self::SockJs,
        Self::Ddp,
        Self::Vite,
        Self::Webpack,
        Self::SignalR,
        Self::SignalRMessagePack,
        Self::MessagePack,
        Self::Cbor,
        Self::Yjs,
        Self::Protobuf,
        Self::Content,
        Self::Mqtt,
        Self::Mqtt5,
    ];

    fn about(self) -> About {
        let like = if matches!(self, Self::Described(_)) { Self::Protobuf } else { self };
        ABOUT.into_iter().find(|about| about.decoder == like).unwrap_or(ABOUT[0])
    }

    /// Its name on the command line and on the screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Program(program) => program.name(),
            _ => self.about().name,
        }
    }

    /// What it reads, as its makers write it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Described(schema) => schema.title(),
            Self::Program(program) => program.name(),
            _ => self.about().title,
        }
    }

    /// What it makes of messages, in a line.
    #[must_use]
    pub fn reads(self) -> &'static str {
        if matches!(self, Self::Program(_)) { "what a program of yours prints" } else { self.about().reads }
    }

    /// By what it is guessed, in a line.
    #[must_use]
    pub fn guessed(self) -> &'static str {
        if matches!(self, Self::Program(_)) { "never: it is chosen" } else { self.about().guessed }
    }

    /// Whether what it read is more than the message says by itself: JSON and plain content say it all, unless there is
    /// something in their texts or bytes.
    #[must_use]
    pub fn tells_more(self, decoded: &Decoded) -> bool {
        let holds = |node: &Node| node.descendants > 0 && !matches!(node.value, Value::Object | Value::Array);
        !matches!(self, Self::Json | Self::Content) || decoded.document.nodes().iter().any(holds)
    }

    /// The one of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        ABOUT.iter().find(|about| about.name == name).map(|about| about.decoder)
    }

    /// Reads a message.
    ///
    /// # Errors
    /// Where the message is of another kind, or broken.
    pub fn read(self, from: Side, payload: Payload<'_>, limits: &Limits) -> Result<Decoded, Fault> {
        let mut reading = Reading::new(from, payload, limits);
        let result = self.message(&mut reading);
        reading.finish(result)
    }

    fn message(self, reading: &mut Reading<'_>) -> Result<(), Fault> {
        match self {
            Self::Json => json::message(reading),
            Self::SocketIo => socketio::message(reading, socketio::Version::Four),
            Self::SocketIo2 => socketio::message(reading, socketio::Version::Three),
            Self::GraphQl => graphql::message(reading),
            Self::JsonRpc => jsonrpc::message(reading, jsonrpc::Flavour::Plain),
            Self::Lsp => jsonrpc::language_server(reading),
            Self::Cdp => jsonrpc::message(reading, jsonrpc::Flavour::DevTools),
            Self::Stomp => stomp::message(reading),
            Self::Phoenix => phoenix::message(reading),
            Self::ActionCable => actioncable::message(reading),
            Self::Wamp => wamp::text(reading),
            Self::WampMessagePack => wamp::packed(reading, Packing::MessagePack),
            Self::WampCbor => wamp::packed(reading, Packing::Cbor),
            Self::SockJs => sockjs::message(reading),
            Self::Ddp => ddp::message(reading),
            Self::Vite => reload::message(reading, reload::Server::Vite),
            Self::Webpack => reload::message(reading, reload::Server::Webpack),
            Self::SignalR => signalr::message(reading, signalr::Protocol::Json),
            Self::SignalRMessagePack => signalr::message(reading, signalr::Protocol::MessagePack),
            Self::MessagePack => packed::message(reading, Packing::MessagePack),
            Self::Cbor => packed::message(reading, Packing::Cbor),
            Self::Yjs => yjs::message(reading),
            Self::Protobuf => protobuf::message(reading),
            Self::Described(schema) => schema.message(reading),
            Self::Program(program) => program.message(reading),
            Self::Content => content::message(reading),
            Self::Mqtt => mqtt::message(reading, mqtt::Version::Three),
            Self::Mqtt5 => mqtt::message(reading, mqtt::Version::Five),
        }
    }
}

/// What a message is said to be by its opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Text.
    Text,
    /// Bytes.
    Binary,
}

impl Format {
    /// That of a message by the opcode of its first frame; `None` for what no message begins with.
    #[must_use]
    pub const fn of(opcode: Opcode) -> Option<Self> {
        match opcode {
            Opcode::TEXT => Some(Self::Text),
            Opcode::BINARY => Some(Self::Binary),
            _ => None,
        }
    }
}

/// A message: its fragments joined, inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload<'a> {
    /// By its opcode.
    pub format: Format,
    /// Its bytes, or the first of them.
    pub bytes: &'a [u8],
    /// Whether these are all.
    pub is_whole: bool,
}

impl<'a> Payload<'a> {
    /// All of a text message.
    #[must_use]
    pub const fn text(bytes: &'a [u8]) -> Self {
        Self { format: Format::Text, bytes, is_whole: true }
    }

    /// All of a binary message.
    #[must_use]
    pub const fn binary(bytes: &'a [u8]) -> Self {
        Self { format: Format::Binary, bytes, is_whole: true }
    }
}

/// What a message says. All text is safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The messages of the protocol in it: mostly one, never none.
    pub parts: Vec<Part>,
    /// All of it, for the detail.
    pub document: Document,
    /// How many of the sender's next binary messages belong to this one.
    pub attachments: u32,
}

/// One message of a protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// For a row: what is most worth to know, on one line.
    pub summary: String,
    /// What the protocol or the application calls it.
    pub event: Option<String>,
    /// What it has to do with others.
    pub role: Role,
}

/// What a message has to do with others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Asks for replies of the other side, which have this id.
    Request(String),
    /// One of perhaps several replies to the other side's request of this id.
    Reply(String),
    /// The reply that says no.
    Refusal(String),
    /// Has an id that a request and its reply have alike, and does not say which of them it is.
    Tagged(String),
    /// Says only that its sender is there.
    Heartbeat,
    /// Something is wrong, and it is no reply.
    Error,
    /// All else.
    Other,
}

/// Parts whose summaries stand in that of their message.
const PARTS_SUMMARIZED: usize = 3;

impl Decoded {
    /// The summaries of the first parts, and how many more there are.
    #[must_use]
    pub fn summary(&self) -> String {
        let shown: Vec<&str> = self.parts.iter().take(PARTS_SUMMARIZED).map(|part| part.summary.as_str()).collect();
        let more = self.parts.len() - shown.len();
        let shown = shown.join(" · ");
        if more == 0 { shown } else { format!("{shown} · and {more} more") }
    }

    /// The first part that is more than a heartbeat, or the first.
    #[must_use]
    pub fn main(&self) -> Option<&Part> {
        self.parts.iter().find(|part| part.role != Role::Heartbeat).or_else(|| self.parts.first())
    }

    /// Whether there is nothing in it but heartbeats.
    #[must_use]
    pub fn is_heartbeat(&self) -> bool {
        self.parts.iter().all(|part| part.role == Role::Heartbeat)
    }
}

/// Why a message is not of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The byte of the payload from which on it is not.
    pub at: usize,
    /// Why, in words.
    pub why: String,
    /// Whether it is only that bytes are missing.
    is_end: bool,
}

impl Fault {
    fn new(at: usize, why: impl Into<String>) -> Self {
        Self { at, why: why.into(), is_end: false }
    }

    /// The bytes end too early.
    fn end(at: usize, why: impl Into<String>) -> Self {
        Self { is_end: true, ..Self::new(at, why) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.at, self.why)
    }
}
