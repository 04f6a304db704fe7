//! Frames, and bytes that are no frames, as they were seen.

use crate::wire::frame::FrameHeader;
use crate::wire::opcode::Opcode;

use super::{FrameNumber, ReleasedBy, ReleasedEvent, ReleasedHow, Side, Time};

/// Who made a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The peer.
    Peer,
    /// The user.
    Injected,
    /// wsproxy, to end a session properly.
    Proxy,
    /// A rule of the user's: a response, a copy, something put in behind a message.
    Rule,
}

impl Origin {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Injected => "injected",
            Self::Proxy => "proxy",
            Self::Rule => "rule",
        }
    }
}

/// Who decided that what left differs from what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The policy that repairs.
    Repair,
    /// The policy that fails the session at the first fault.
    Strict,
    /// The bridge between two dialects.
    Bridge,
    /// wsproxy, which was ending the session.
    Ending,
    /// The user, who edited or dropped it while it was held.
    User,
    /// A program of the user's, as `--hook` has it.
    Hook,
    /// The hold: a compressed message that leans on one which was edited or dropped goes out inflated.
    Hold,
    /// A rule of the user's.
    Rule,
}

impl By {
    /// The word for it, as the JSON contract has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Repair => "repair",
            Self::Strict => "strict",
            Self::Bridge => "bridge",
            Self::Ending => "ending",
            Self::User => "user",
            Self::Hook => "hook",
            Self::Hold => "hold",
            Self::Rule => "rule",
        }
    }
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relayed {
    /// Sent on bit for bit.
    AsIs,
    /// Sent on changed: repaired, or in the other side's dialect. A `SentRecord` has the bytes; of a fragment that was held
    /// for the rest of its message, there are none.
    Changed(By),
    /// Not sent on: wsproxy was ending the session, it could not be repaired, or the policy is strict.
    Dropped(By),
    /// Not sent on yet. A `ReleasedEvent` tells when that changes.
    Held,
    /// The same, where it waits for nobody: rules delay it, or what is in front of it.
    Delayed,
}

impl Relayed {
    /// Who decided that it is not what came that left.
    #[must_use]
    pub const fn by(self) -> Option<By> {
        match self {
            Self::AsIs | Self::Held | Self::Delayed => None,
            Self::Changed(by) | Self::Dropped(by) => Some(by),
        }
    }

    /// Whether it has not been sent on.
    #[must_use]
    pub const fn waits(self) -> bool {
        matches!(self, Self::Held | Self::Delayed)
    }

    /// What has become of a frame that was held, where its release says so.
    #[must_use]
    pub const fn after(self, released: &ReleasedEvent) -> Self {
        match (released.how, released.by) {
            // What left in its place, if it was repaired behind the hold, has told so before.
            (ReleasedHow::AsIs, _) if matches!(self, Self::Changed(_)) => self,
            (ReleasedHow::AsIs, _) => Self::AsIs,
            (ReleasedHow::Edited, ReleasedBy::Hook) => Self::Changed(By::Hook),
            (ReleasedHow::Edited, ReleasedBy::Rule) => Self::Changed(By::Rule),
            (ReleasedHow::Edited, _) => Self::Changed(By::User),
            (ReleasedHow::Dropped, ReleasedBy::Quit) => Self::Dropped(By::Ending),
            (ReleasedHow::Dropped, ReleasedBy::Hook) => Self::Dropped(By::Hook),
            (ReleasedHow::Dropped, ReleasedBy::Rule) => Self::Dropped(By::Rule),
            (ReleasedHow::Dropped, _) => Self::Dropped(By::User),
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AsIs => "as-is",
            Self::Changed(_) => "changed",
            Self::Dropped(_) => "dropped",
            Self::Held => "held",
            Self::Delayed => "delayed",
        }
    }
}

/// Which of a log's two stores of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Store {
    /// Reads as they came.
    Read,
    /// Copies, and what wsproxy wrote itself.
    #[default]
    Own,
}

/// A piece of a log's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Where.
    pub store: Store,
    /// Offset of the first byte.
    pub at: u32,
    /// Count of bytes.
    pub length: u32,
}

/// A frame whose header came, whole or in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRecord {
    /// When its header was read.
    pub time: Time,
    /// Its number in the session.
    pub number: FrameNumber,
    /// As on the wire.
    pub header: FrameHeader,
    /// Payload as on the wire (masked where the header has a key), from its first byte, up to `Limits::kept`.
    pub kept: Span,
    /// Payload bytes that had come when this record was written.
    pub received: u64,
    /// The lane: the side from which, or in whose place, it was sent.
    pub from: Side,
    /// Who made it.
    pub origin: Origin,
    /// What became of it.
    pub relayed: Relayed,
}

impl FrameRecord {
    /// Whether it is a heartbeat whatever it says: a ping or a pong of a peer's that is as it has to be.
    #[must_use]
    pub fn is_heartbeat(&self) -> bool {
        let header = &self.header;
        matches!(header.opcode(), Opcode::PING | Opcode::PONG)
            && header.fin()
            && header.rsv() == 0
            && self.origin == Origin::Peer
    }
}

/// Usual frames of one read, one right behind the other, of which nothing is to be said: each came whole, is a message of
/// its own, breaks no rule and went on as it came. They are decoded again when somebody looks.
#[derive(Clone, Copy, Debug)]
pub struct RunRecord {
    /// When they were read.
    pub time: Time,
    /// The first one's number in the session. The others have the next.
    pub first: FrameNumber,
    /// Their bytes as on the wire, headers included.
    pub span: Span,
    /// How many there are: 1 to `RunRecord::MOST`.
    pub count: u32,
    /// Payload bytes of all of them.
    pub payload: u32,
    /// The lane.
    pub from: Side,
    /// The last one's opcode.
    pub last: Opcode,
}

impl RunRecord {
    /// Frames in one run: so few that the last is found within a microsecond, so many that the record of a run costs
    /// nothing beside its frames.
    pub const MOST: u32 = 256;

    /// The frames, decoded from the bytes of `span`.
    pub fn frames<'a>(&self, mut bytes: &'a [u8]) -> impl Iterator<Item = FrameRecord> + use<'a> {
        let Self { time, first, span, count, from, .. } = *self;
        let mut at = span.at;
        (0..u64::from(count)).map_while(move |index| {
            let (header, used) = FrameHeader::parse(bytes)?;
            let end = used.checked_add(usize::try_from(header.length).ok()?)?;
            let kept = Span { store: span.store, at: at + used as u32, length: header.length as u32 };
            bytes = bytes.get(end..)?;
            at += end as u32;
            Some(FrameRecord {
                time,
                number: first.after(index),
                header,
                kept,
                received: header.length,
                from,
                origin: Origin::Peer,
                relayed: Relayed::AsIs,
            })
        })
    }
}

/// More of a frame that an earlier record began.
#[derive(Clone, Copy, Debug)]
pub struct MoreRecord {
    /// When the last of it was read.
    pub time: Time,
    /// The frame's number.
    pub number: FrameNumber,
    /// The frame's lane.
    pub from: Side,
    /// Further payload, right behind what was kept before.
    pub kept: Span,
    /// Payload bytes that this record adds, kept or not.
    pub added: u64,
    /// Payload bytes that have come in all.
    pub received: u64,
}

/// What left in place of a frame, in one write. A frame that came in several reads may have several, and that of one that
/// was held comes long after it.
#[derive(Clone, Copy, Debug)]
pub struct SentRecord {
    /// When it left.
    pub time: Time,
    /// The number of the frame that came.
    pub number: FrameNumber,
    /// The lane of that frame.
    pub from: Side,
    /// Bytes that had left for the frame before these. What is before the first record's is as it came.
    pub at: u64,
    /// The bytes as they left, headers included, up to `Limits::kept`.
    pub kept: Span,
    /// How many there were.
    pub length: u64,
    /// Who decided.
    pub by: By,
}

impl SentRecord {
    /// What left before these bytes, where this is the frame's first record: the start of the frame as it came. `wire` is
    /// what is kept of the payload.
    #[must_use]
    pub fn before(&self, header: &FrameHeader, wire: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.at > 0 {
            header.write(&mut bytes);
            bytes.extend_from_slice(wire);
            bytes.truncate(usize::try_from(self.at).unwrap_or(usize::MAX));
        }
        bytes
    }
}

/// Bytes that are no frames: a refused handshake's body, a lane that lost its framing, a dialect that is not decoded.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord {
    /// When the first of them was read.
    pub time: Time,
    /// Where they came from.
    pub from: Side,
    /// The start of them.
    pub kept: Span,
    /// How many there were.
    pub length: u64,
    /// Who made them.
    pub origin: Origin,
}
