//! One thing to print, the same for all formats.

use std::borrow::Cow;

use crate::decode::{Decoded, Decoder};
use crate::record::{By, Ending, Event, FrameRecord, ProxyEvent, RawRecord, ReleasedEvent, SessionId, Time};
use crate::wire::opcode::Opcode;

/// One line to be.
pub struct Item<'a> {
    /// Whose it is; `None` for what belongs to none.
    pub session: Option<SessionId>,
    /// When it was seen.
    pub time: Time,
    /// What it is.
    pub what: What<'a>,
}

/// What the line is about.
pub enum What<'a> {
    /// A frame.
    Frame(FrameItem<'a>),
    /// Bytes that are no frames, and what was kept of them.
    Raw(&'a RawRecord, &'a [u8]),
    /// One of the rarer things of a session.
    Event(&'a Event),
    /// A message is not held any more, and what left in its place, where that is not what came, and who decided.
    Released(&'a ReleasedEvent, Option<(By, Vec<u8>)>),
    /// What belongs to no session.
    Proxy(&'a ProxyEvent),
}

/// A frame with all that came of it.
pub struct FrameItem<'a> {
    /// Its first record.
    pub record: &'a FrameRecord,
    /// Payload bytes that came.
    pub received: u64,
    /// What was kept of them, without its mask.
    pub payload: Cow<'a, [u8]>,
    /// What they inflate to, where they are compressed.
    pub inflated: Option<Vec<u8>>,
    /// What left in its place, where that is not what came, and who decided.
    pub sent: Option<(By, Cow<'a, [u8]>)>,
    /// What a decoder says of the message that it ends.
    pub decoded: Option<(Decoder, Decoded)>,
}

impl FrameItem<'_> {
    /// Whether `payload` is less than what the header promises.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        (self.payload.len() as u64) < self.record.header.length
    }

    /// The payload as text, where the frame says that it is one: UTF-8, and no extension has a hand in it.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        let header = &self.record.header;
        let is_text = header.opcode() == Opcode::TEXT && header.rsv() == 0;
        std::str::from_utf8(&self.payload).ok().filter(|_| is_text)
    }
}

/// The counts of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Sessions that were opened.
    pub sessions: u64,
    /// Frames that were printed.
    pub frames: u64,
    /// Bytes that were read from both sides of the sessions that have closed, heads included.
    pub bytes: u64,
    /// Records that could not be printed.
    pub lost: u64,
    /// Lines that a filter hides.
    pub hidden: u64,
}

/// The word for the end of a side's bytes, the same as in `ClosedHow`.
#[must_use]
pub const fn ending(how: Ending) -> &'static str {
    match how {
        Ending::Fin => "FIN",
        Ending::Reset => "RST",
    }
}
