//! What a user puts into a lane, and the answers to it.
#![deny(clippy::indexing_slicing)]

use std::fmt;

use crate::record::FrameNumber;
use crate::relay::rules::{MOST, NoRule};
use crate::wire::frame::FIN;
use crate::wire::opcode::Opcode;

/// Bytes to put into a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Injection {
    /// A frame; it gets the shortest length form, and a mask where it goes to the server.
    Frame {
        /// FIN, RSV and opcode.
        first: u8,
        /// The payload before masking.
        payload: Vec<u8>,
    },
    /// A message in fragments: one frame each, right behind one another, so that nothing of the peer's gets between.
    Fragments {
        /// RSV and opcode of the first; FIN is set where it belongs.
        first: u8,
        /// The payload of each before masking.
        payloads: Vec<Vec<u8>>,
    },
    /// Bytes as they are, a frame or not.
    Raw(Vec<u8>),
}

impl Injection {
    /// A frame that is a whole message, or a control frame.
    #[must_use]
    pub fn whole(opcode: Opcode, payload: Vec<u8>) -> Self {
        Self::Frame { first: FIN | opcode.value(), payload }
    }

    /// A message cut into so many fragments of about the same length, without regard to characters: a receiver has to
    /// join them first (RFC 6455 5.4). There may be more of them than bytes.
    #[must_use]
    pub fn fragmented(opcode: Opcode, payload: &[u8], count: usize) -> Self {
        let count = count.max(1);
        let edge = |index: usize| payload.len() * index / count;
        let payloads =
            (0..count).map(|index| payload.get(edge(index)..edge(index + 1)).unwrap_or_default().to_vec()).collect();
        Self::Fragments { first: opcode.value(), payloads }
    }

    /// Frames that it is; raw bytes count as one.
    #[must_use]
    pub const fn frames(&self) -> usize {
        match self {
            Self::Frame { .. } | Self::Raw(_) => 1,
            Self::Fragments { payloads, .. } => payloads.len(),
        }
    }

    /// Where it may go in: a new data frame only between messages, all else between frames.
    pub(super) fn needs_whole_message(&self) -> bool {
        match self {
            Self::Frame { first, .. } => {
                let opcode = Opcode::new(*first);
                !opcode.is_control() && opcode != Opcode::CONTINUATION
            }
            Self::Fragments { .. } => true,
            Self::Raw(_) => false,
        }
    }

    pub(super) const fn is_raw(&self) -> bool {
        matches!(self, Self::Raw(_))
    }
}

/// The first byte of a message's fragment: opcode and RSV stand in the first, FIN in the last (RFC 6455 5.4).
#[must_use]
pub const fn fragment_first(first: u8, index: usize, count: usize) -> u8 {
    let opcode = if index == 0 { first & !FIN } else { Opcode::CONTINUATION.value() };
    if index + 1 == count { FIN | opcode } else { opcode }
}

/// The caller's own number for a command, given back with each reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token(pub u64);

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It is done: a policy holds, a session ends.
    Done,
    /// An injection is on its way, as that frame of the session (`None` for raw bytes that are not just one frame).
    Sent {
        /// The frame's number; of fragments the first one's, and the others have the next.
        frame: Option<FrameNumber>,
    },
    /// What was decided of a message that was held is done.
    Released,
    /// A hold is put on, under that number.
    Hold(u64),
    /// It will go as soon as its place comes.
    Waiting(Wait),
    /// It will not go.
    Refused(Refusal),
}

/// What an injection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The end of a frame that the peer has sent a part of.
    Frame,
    /// The final fragment of a message that the peer has begun.
    Message,
    /// What is held in front of it.
    Held,
}

impl fmt::Display for Wait {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Frame => "waiting for the end of an unfinished frame",
            Self::Message => "waiting for the end of an unfinished message",
            Self::Held => "waiting for what is held in front of it",
        })
    }
}

impl From<NoRule> for Refusal {
    fn from(none: NoRule) -> Self {
        match none {
            NoRule::Unknown => Self::NoRule,
            NoRule::Full => Self::TooManyRules,
        }
    }
}

/// Why an injection will not go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No 101 answer yet, or never.
    #[error("the session is not open: the server has not answered with 101")]
    NotOpen,
    /// The lane is not decoded, so no place between frames is known.
    #[error("this lane carries no frames that wsproxy can read; only /raw goes in")]
    NotFrames,
    /// The draft that is spoken has no such frame.
    #[error(
        "hixie frames carry no ping, no pong and no fragment: only whole texts, binary and, in hixie-76, a close go in"
    )]
    NotInHixie,
    /// Text with a byte FF would end its frame early.
    #[error("text with a byte FF can't go into a hixie frame, which ends there; /binary takes it")]
    EndsHixie,
    /// A close frame has passed in this direction.
    #[error("a close frame has already gone this way; only /raw can follow it")]
    AfterClose,
    /// The side in whose place it would be sent, or the receiver, is gone.
    #[error("the connection is closed in this direction")]
    Ended,
    /// Too many wait already.
    #[error("too many injections wait in this lane already")]
    TooMany,
    /// The session ended before its place came.
    #[error("the session ended before there was a place for it")]
    NeverCame,
    /// No frame of that number is held, or none at all.
    #[error("it is not held any more")]
    NotHeld,
    /// Only what came whole can be edited.
    #[error("not all of it has come: it can be released or dropped, not edited")]
    Unfinished,
    /// A part of it has gone out.
    #[error("a part of it has already gone on")]
    HasBegun,
    /// There is no such hold.
    #[error("there is no hold of that number")]
    NoHold,
    /// Holds, or their queries, are too many.
    #[error("there are too many holds, or their queries are too long together: take some back")]
    TooManyHolds,
    /// No rule has that name.
    #[error("there is no rule of that name")]
    NoRule,
    /// There are as many rules as there may be.
    #[error("there are {MOST} rules already: take one out first")]
    TooManyRules,
    /// There is no such session.
    #[error("the session is over")]
    NoSession,
    /// The session has more commands than it has taken.
    #[error("the session is busy: its peer does not read; try again")]
    Busy,
}
