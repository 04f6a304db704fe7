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
    /// The response was 101: frames follow.
    Open(OpenEvent),
    /// A deviation, or something worth knowing.
    Finding(Side, Finding),
    /// What a compressed frame's payload inflated to. It comes before the frame's last record.
    Inflated(InflatedEvent),
    /// A message is held on its way.
    Held(HeldEvent),
    /// A message that was held is not any more.
    Released(ReleasedEvent),
    /// A head is held on its way.
    HeadHeld(HeadHeldEvent),
    /// A head that was held is not any more. What went on follows as an event of its own.
    HeadReleased {
        /// Who sent it.
        from: Side,
        /// What became of it.
        how: ReleasedHow,
        /// Why it is not held any more.
        by: ReleasedBy,
    },
    /// A rule did something to a message, or to the handshake.
    Ruled(RuledEvent),
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
    /// frame inflates to, or that it is held, belongs to the frame's row.
    #[must_use]
    pub fn is_row(&self) -> bool {
        match self {
            Self::Verdict(verdict) => verdict.outcome == Outcome::Fails,
            Self::Inflated(_) | Self::Held(_) | Self::Released(_) | Self::HeadReleased { .. } => false,
            Self::Ruled(ruled) => ruled.frame.is_none(),
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
            Self::Held(held) => held.query.len(),
            Self::HeadHeld(held) => held.bytes.len() + held.query.len(),
            Self::Released(released) => released.frames.len() * size_of::<FrameNumber>(),
            Self::Ruled(ruled) => ruled.rule.len() + ruled.what.len(),
            Self::Answered { reason, .. } => reason.len(),
            Self::SessionClosed(closed) => closed.reason.len(),
            Self::Note(_, text) => text.len(),
            Self::Ended { .. } | Self::Stall { .. } | Self::HeadReleased { .. } => 0,
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

/// A message that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldEvent {
    /// Its number among all that are held, from 1. One that goes on to wait for something else has another then.
    pub held: u64,
    /// Its first frame.
    pub frame: FrameNumber,
    /// Its lane.
    pub from: Side,
    /// Payload bytes that its frames promise so far.
    pub length: u64,
    /// What it waits for.
    pub waits: Waits,
    /// The query that asked for it, or for what is in front of it; nothing where all messages are held.
    pub query: String,
}

/// What a rule did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuledEvent {
    /// The first frame of the message; `None` where it was the handshake.
    pub frame: Option<FrameNumber>,
    /// Its lane.
    pub from: Side,
    /// The rule's name.
    pub rule: String,
    /// What it did, in words.
    pub what: String,
}

/// What a message that is held waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// Somebody who decides what becomes of it.
    User,
    /// A program of the user's, as `--hook` has it.
    Hook,
    /// What is held in front of it: the order stays.
    Order,
}

impl Waits {
    /// The word for it, as the JSON contract has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Hook => "hook",
            Self::Order => "order",
        }
    }
}

/// A message, or as much of it as had come, that is not held any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleasedEvent {
    /// Those of its frames that were written down as held, in their order. Of what left in their place there are
    /// `SentRecord`s before this.
    pub frames: Vec<FrameNumber>,
    /// Its lane.
    pub from: Side,
    /// What became of it.
    pub how: ReleasedHow,
    /// Why it is not held any more.
    pub by: ReleasedBy,
}

/// A head that is held: nothing of it has gone on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadHeldEvent {
    /// Who sent it.
    pub from: Side,
    /// As received, its empty line included.
    pub bytes: Vec<u8>,
    /// The query that asked for it.
    pub query: String,
}

/// What became of a message or a head that was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleasedHow {
    /// It went on as it came.
    AsIs,
    /// Something else went out in its place.
    Edited,
    /// Nothing did.
    Dropped,
}

impl ReleasedHow {
    /// The word for it, as the JSON contract has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AsIs => "as-is",
            Self::Edited => "edited",
            Self::Dropped => "dropped",
        }
    }
}

/// Why a message is not held any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleasedBy {
    /// Somebody decided so.
    User,
    /// A program of the user's decided so, as `--hook` has it.
    Hook,
    /// Such a program did not reply in time, was not there, or could not be given so much.
    HookLate,
    /// It only waited for what was in front of it.
    Order,
    /// It was held until it was whole, and the query does not ask for it.
    Query,
    /// It was held for as long as one may be.
    Limit,
    /// Its side ended.
    End,
    /// wsproxy ends the session.
    Quit,
    /// A rule delayed it, changed it or dropped it.
    Rule,
}

impl ReleasedBy {
    /// The word for it, as the JSON contract has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Hook => "hook",
            Self::HookLate => "hook-late",
            Self::Order => "order",
            Self::Query => "query",
            Self::Limit => "limit",
            Self::End => "end",
            Self::Quit => "quit",
            Self::Rule => "rule",
        }
    }

    /// It in words, for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::User => "by you",
            Self::Hook => "by the hook",
            Self::HookLate => "past the hook, which did not reply in time or can't be given so much",
            Self::Order => "with what was held in front of it",
            Self::Query => "once it was whole, as the hold does not ask for it",
            Self::Limit => "as it was held for as long as one may be",
            Self::End => "as its side ended",
            Self::Quit => "as wsproxy ended the session",
            Self::Rule => "by a rule",
        }
    }
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
    /// What the address translation, a repair or the user changed.
    pub changes: Vec<Change>,
    /// Whether the user edited it while it was held.
    pub is_edited: bool,
    /// What the request speaks; a response is given its request's.
    pub dialect: Dialect,
    /// A response's status, where it has one.
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

/// One value that was sent on otherwise than it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The field's name as the peer wrote it, or `request target`, `start line`, `the whole head`.
    pub field: String,
    /// The value as it came; nothing where there was no such field.
    pub from: Vec<u8>,
    /// The value as it was sent on; nothing where the field was left out.
    pub to: Vec<u8>,
}

/// A session that switched to frames.
#[derive(Clone, Debug)]
pub struct OpenEvent {
    /// What the client speaks.
    pub dialect_client: Dialect,
    /// What the server speaks.
    pub dialect_server: Dialect,
    /// The response's Sec-WebSocket-Protocol.
    pub subprotocol: Option<Vec<u8>>,
    /// The response's Sec-WebSocket-Extensions, lines joined by a comma.
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
