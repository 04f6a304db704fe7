//! Frames, and bytes that are no frames, as they were seen.

use crate::wire::frame::FrameHeader;

use super::{Side, Time};

/// Who made a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The peer.
    Peer,
    /// The user.
    Injected,
    /// wsproxy, to end a session properly.
    Proxy,
}

impl Origin {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Injected => "injected",
            Self::Proxy => "proxy",
        }
    }
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relayed {
    /// Sent on bit for bit.
    AsIs,
    /// Sent on mended.
    Changed,
    /// Not sent on: wsproxy was ending the session, or it could not be mended.
    Dropped,
}

impl Relayed {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AsIs => "as-is",
            Self::Changed => "changed",
            Self::Dropped => "dropped",
        }
    }
}

/// A piece of `Log::bytes`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte.
    pub at: u32,
    /// Count of bytes.
    pub length: u32,
}

/// A frame whose header came, whole or in part.
#[derive(Clone, Copy, Debug)]
pub struct FrameRecord {
    /// When its header was read.
    pub time: Time,
    /// Its number in the session, from 1, both lanes counted together.
    pub number: u64,
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

/// More of a frame that an earlier record began.
#[derive(Clone, Copy, Debug)]
pub struct MoreRecord {
    /// When the last of it was read.
    pub time: Time,
    /// The frame's number.
    pub number: u64,
    /// The frame's lane.
    pub from: Side,
    /// Further payload, right behind what was kept before.
    pub kept: Span,
    /// Payload bytes that this record adds, kept or not.
    pub added: u64,
    /// Payload bytes that have come in all.
    pub received: u64,
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
