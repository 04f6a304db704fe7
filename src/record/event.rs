//! What is rare: heads, findings, verdicts, ends.

use crate::record::PerSide;
use std::net::SocketAddr;

use crate::wire::accept::AcceptCheck;
use crate::wire::close::Code;
use crate::wire::dialect::Dialect;

use super::finding::{Finding, Level};
use super::{FrameNumber, Outcome, Side, Stall, Verdict};

/// The rarer things of a session.
#[derive(Clone, Debug)]
pub enum Event {
    /// A client asked for a WebSocket.
    SessionOpened {
        /// The client's address.
        client: SocketAddr,
        /// The request's target, as it came.
        path: Vec<u8>,
    },
    /// A head has come (or all of it that ever will).
    Head(HeadEvent),
    /// The answer was 101: frames follow.
    Open(OpenEvent),
    /// A deviation, or something worth knowing.
    Finding(Side, Finding),
    /// What a compressed frame's payload inflated to. It comes before the frame's last record.
    Inflated(InflatedEvent),
    /// What Chrome makes of the server's bytes, as soon as they decide it.
    Verdict(Verdict),
    /// A peer owes something for a while, or (`over`) does no longer.
    Stall {
        /// What, since when.
        stall: Stall,
        /// Whether it has ended.
        over: bool,
    },
    /// wsproxy itself answered the client, because there was nobody else to.
    Answered {
        /// The status it sent: 502, 503 or 504.
        status: u16,
        /// Why, in a sentence for people.
        reason: String,
    },
    /// One side's bytes ended.
    Ended {
        /// Which side.
        from: Side,
        /// How.
        how: Ending,
    },
    /// Both sides are gone.
    SessionClosed(ClosedEvent),
    /// A message of wsproxy's own about the session.
    Note(Level, String),
}

impl Event {
    /// Whether it is worth a row of its own in a log: that Chrome waits or is content is told elsewhere, and what a
    /// frame inflates to belongs to the frame's row.
    #[must_use]
    pub fn is_row(&self) -> bool {
        match self {
            Self::Verdict(verdict) => verdict.outcome == Outcome::Fails,
            Self::Inflated(_) => false,
            _ => true,
        }
    }

    /// The finding that it is.
    pub(super) const fn finding(&self) -> Option<&Finding> {
        match self {
            Self::Finding(_, finding) => Some(finding),
            _ => None,
        }
    }

    /// Bytes of memory that it takes, what a peer made long included.
    pub(super) fn size(&self) -> usize {
        let held = match self {
            Self::SessionOpened { path, .. } => path.len(),
            Self::Head(head) => head.held(),
            Self::Open(open) => open.held(),
            Self::Finding(_, finding) => finding.held(),
            Self::Verdict(verdict) => verdict.held(),
            Self::Inflated(inflated) => inflated.bytes.len(),
            Self::Answered { reason, .. } => reason.len(),
            Self::SessionClosed(closed) => closed.reason.len(),
            Self::Note(_, text) => text.len(),
            Self::Ended { .. } | Self::Stall { .. } => 0,
        };
        size_of::<Self>() + held
    }
}

/// The inflated payload of a compressed frame.
#[derive(Clone, Debug)]
pub struct InflatedEvent {
    /// The frame's number.
    pub frame: FrameNumber,
    /// The frame's lane.
    pub from: Side,
    /// What this frame added to the message, up to `Limits::kept_inflated`.
    pub bytes: Vec<u8>,
    /// How many bytes it added, kept or not.
    pub length: u64,
    /// The bytes of its payload, from which they come.
    pub packed: u64,
}

/// A head and what was made of it.
#[derive(Clone, Debug)]
pub struct HeadEvent {
    /// Who sent it.
    pub from: Side,
    /// As received.
    pub bytes: Vec<u8>,
    /// As sent on; equal to `bytes` where `changes` is empty.
    pub forwarded: Vec<u8>,
    /// What the address translation rewrote.
    pub changes: Vec<Change>,
    /// What the request speaks; an answer is given its request's.
    pub dialect: Dialect,
    /// An answer's status, where it has one.
    pub status: Option<u16>,
    /// Whether the empty line at its end came.
    pub complete: bool,
}

impl HeadEvent {
    /// Bytes of memory that it holds beside its own.
    #[must_use]
    pub fn held(&self) -> usize {
        let changes: usize = self.changes.iter().map(|change| change.from.len() + change.to.len()).sum();
        self.bytes.len() + self.forwarded.len() + changes
    }
}

/// One value that the address translation rewrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The field's name as the peer wrote it, or `request target`.
    pub field: String,
    /// The value as it came.
    pub from: Vec<u8>,
    /// The value as it was sent on.
    pub to: Vec<u8>,
}

/// A session that switched to frames.
#[derive(Clone, Debug)]
pub struct OpenEvent {
    /// What the client speaks.
    pub dialect_client: Dialect,
    /// What the server speaks.
    pub dialect_server: Dialect,
    /// The answer's Sec-WebSocket-Protocol.
    pub subprotocol: Option<Vec<u8>>,
    /// The answer's Sec-WebSocket-Extensions, lines joined by a comma.
    pub extensions: Option<Vec<u8>>,
    /// How the accept value stands to the key.
    pub accept: AcceptCheck,
}

impl OpenEvent {
    /// Bytes of memory that it holds beside its own.
    #[must_use]
    pub fn held(&self) -> usize {
        [&self.subprotocol, &self.extensions].into_iter().flatten().map(Vec::len).sum()
    }
}

/// How a side's bytes ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The side said that it will send no more.
    Fin,
    /// The connection was torn down.
    Reset,
}

/// The end of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedEvent {
    /// Who began the end.
    pub by: ClosedBy,
    /// In which way.
    pub how: ClosedHow,
    /// The first close frame's code.
    pub code: Option<Code>,
    /// The first close frame's reason, as it came.
    pub reason: Vec<u8>,
    /// Frames from the client and from the server, injected ones included.
    pub frames: PerSide<u64>,
    /// Bytes read from the client and from the server, heads included.
    pub bytes: PerSide<u64>,
}

/// Who ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedBy {
    /// A peer.
    Peer(Side),
    /// The person at the keyboard.
    User,
    /// wsproxy: it was told to quit, or a limit was met.
    Proxy,
}

impl ClosedBy {
    /// `client`, `server`, `user` or `proxy`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Peer(side) => side.name(),
            Self::User => "user",
            Self::Proxy => "proxy",
        }
    }
}

/// The way a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedHow {
    /// A close frame came first.
    CloseFrame,
    /// The end of a side's bytes came first.
    Fin,
    /// A reset came first.
    Reset,
    /// Nothing came in time.
    Timeout,
    /// wsproxy answered by itself: there was never a session with the upstream.
    Answered,
}

impl ClosedHow {
    /// The word for it, as the JSON contract has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CloseFrame => "close frame",
            Self::Fin => "FIN",
            Self::Reset => "RST",
            Self::Timeout => "timeout",
            Self::Answered => "answered",
        }
    }
}
