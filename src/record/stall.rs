//! What a peer owes and does not send.

use crate::wire::frame::FrameHeader;

use super::finding::FindingKind;
use super::{FrameNumber, Side, Time};

/// A greeting of an application's protocol, which the other side answers before anything else passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Greeting {
    /// GraphQL's connection_init.
    GraphQl,
    /// MQTT's CONNECT.
    Mqtt,
    /// The same where the subprotocol `mqtt` was not agreed to.
    BareMqtt,
    /// STOMP's CONNECT.
    Stomp,
    /// SignalR's handshake.
    SignalR,
    /// WAMP's HELLO.
    Wamp,
}

impl Greeting {
    /// What it is called, and what its reply is.
    #[must_use]
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::GraphQl => ("GraphQL's connection_init", "connection_ack"),
            Self::Mqtt => ("MQTT's CONNECT", "CONNACK"),
            Self::BareMqtt => ("MQTT's CONNECT, which came without the subprotocol mqtt", "CONNACK"),
            Self::Stomp => ("STOMP's CONNECT", "CONNECTED"),
            Self::SignalR => ("SignalR's handshake", "{}"),
            Self::Wamp => ("WAMP's HELLO", "WELCOME"),
        }
    }
}

/// What is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StallKind {
    /// Not a byte of the response to the handshake.
    NoResponse,
    /// The rest of the response's head: the empty line at its end never came.
    UnfinishedHead,
    /// The final fragment of a message (RFC 6455 5.4).
    UnfinishedMessage,
    /// The rest of a frame whose header promised more.
    ShortFrame,
    /// The pong for a ping (RFC 6455 5.5.2).
    UnansweredPing,
    /// The close frame that answers one (RFC 6455 5.5.1).
    UnansweredClose,
    /// The end of the connection after both close frames; it is the server's to make (RFC 6455 7.1.1).
    OpenAfterClose,
    /// The other peer takes no more bytes, so that what this lane sends piles up.
    PeerNotReading,
    /// The packet by which a client of Socket.IO joins a namespace.
    SocketIoConnect,
    /// The pong of Engine.IO, a message of its own.
    EngineIoPong,
    /// The reply to a greeting of an application's protocol.
    Greeting(Greeting),
}

impl StallKind {
    /// The word for it, as the JSON contract has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoResponse => "no-response",
            Self::UnfinishedHead => "unfinished-head",
            Self::UnfinishedMessage => "unfinished-message",
            Self::ShortFrame => "short-frame",
            Self::UnansweredPing => "unanswered-ping",
            Self::UnansweredClose => "unanswered-close",
            Self::OpenAfterClose => "open-after-close",
            Self::PeerNotReading => "peer-not-reading",
            Self::SocketIoConnect => "socketio-no-connect",
            Self::EngineIoPong => "socketio-no-pong",
            Self::Greeting(_) => "unanswered-greeting",
        }
    }

    /// The finding that it is where it lasts: what is said of that is said of the stall, too.
    #[must_use]
    pub const fn finding(self) -> FindingKind {
        match self {
            Self::NoResponse => FindingKind::HandshakeTimeout,
            Self::UnfinishedHead => FindingKind::HttpMissingBlankLine,
            Self::UnfinishedMessage => FindingKind::FrameMissingFin,
            Self::ShortFrame => FindingKind::FrameTruncated,
            Self::UnansweredPing => FindingKind::FramePingNoPong,
            Self::UnansweredClose => FindingKind::CloseNoReply,
            Self::OpenAfterClose => FindingKind::CloseNoTcpClose,
            Self::PeerNotReading => FindingKind::TcpNotReading,
            Self::SocketIoConnect => FindingKind::SocketioNoConnect,
            Self::EngineIoPong => FindingKind::SocketioNoPong,
            Self::Greeting(Greeting::BareMqtt) => FindingKind::MqttNoSubprotocol,
            Self::Greeting(_) => FindingKind::AppGreetingUnanswered,
        }
    }
}

/// Something that is owed for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// What.
    pub kind: StallKind,
    /// Whose bytes do not come; for `PeerNotReading`, whose bytes are not taken.
    pub lane: Side,
    /// Since when.
    pub since: Time,
    /// The frame that began it: the unfinished one, the first of the message, the ping or the close frame.
    pub frame: Option<FrameNumber>,
    /// That frame's header, where it is one of RFC framing.
    pub header: Option<FrameHeader>,
    /// Payload bytes that came of how many, where a frame is short.
    pub progress: Option<(u64, u64)>,
}

impl Stall {
    /// What happens, or does not, in one plain sentence: lower case, no final stop.
    #[must_use]
    pub fn text(&self) -> String {
        let (lane, other) = (self.lane.name(), self.lane.other().name());
        match self.kind {
            StallKind::NoResponse => format!("the {lane} took the request and has not answered"),
            StallKind::UnfinishedHead => {
                format!("the {lane}'s head has no end: the empty line is missing, so the page waits")
            }
            StallKind::UnfinishedMessage => {
                format!("a message of the {lane}'s is unfinished: no frame with FIN has come, so nobody gets it")
            }
            StallKind::ShortFrame => {
                let (came, promised) = self.progress.unwrap_or_default();
                format!("a frame of the {lane}'s is short: its header promises {promised} bytes, {came} have come")
            }
            StallKind::UnansweredPing => format!("the {lane} has not answered a ping"),
            StallKind::UnansweredClose => format!("the {lane} has not answered the {other}'s close frame"),
            StallKind::OpenAfterClose => {
                format!("both close frames have passed, and the {lane} keeps the connection open")
            }
            StallKind::PeerNotReading => format!("the {other} does not read, so what the {lane} sends piles up"),
            StallKind::SocketIoConnect => format!("the {lane} has not joined a namespace of Socket.IO: no packet 40"),
            StallKind::EngineIoPong => format!("the {lane} has not answered a ping of Engine.IO: no packet 3"),
            StallKind::Greeting(greeting) => {
                let (greeting, reply) = greeting.names();
                format!("the {lane} has not answered {greeting}: no {reply}")
            }
        }
    }
}
