//! Rows: frames, runs of raw bytes and events, as a view numbers them.

use std::borrow::Cow;

use crate::record::{
    By, Event, FrameRecord, InflatedEvent, Log, ProxyEvent, ReleasedEvent, RuledEvent, Seen, SessionId, Side, Time,
};
use crate::wire::mask;

/// Which rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Of all sessions, and those that belong to none.
    All,
    /// Of one session.
    Session(SessionId),
    /// Of none: what wsproxy says of itself.
    Own,
}

/// A row's identity, the same in each scope. Its order is that in which rows are shown: by time; where that is the same, as
/// they were handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId {
    /// When it was seen.
    pub time: Time,
    /// The block's sequence.
    pub block: u64,
    /// The record in it.
    pub record: u32,
}

impl RowId {
    /// No row stands before it.
    pub const FIRST: Self = Self { time: Time(0), block: 0, record: 0 };
    /// No row stands behind it.
    pub const LAST: Self = Self { time: Time(u64::MAX), block: u64::MAX, record: u32::MAX };
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Its identity.
    pub id: RowId,
    /// Whose it is.
    pub session: Option<SessionId>,
    /// When it was seen.
    pub time: Time,
    /// What it is: never `Seen::More` or `Seen::Sent`.
    pub record: Seen<'a>,
    /// What its spans point into.
    pub log: &'a Log,
}

impl Row<'_> {
    /// From which side, or in whose place, the row's bytes were sent.
    #[must_use]
    pub fn from(&self) -> Option<Side> {
        match self.record {
            Seen::Frame(frame) => Some(frame.from),
            Seen::Raw(raw) => Some(raw.from),
            Seen::More(_) | Seen::Sent(_) => None,
            Seen::Event(_, event) => match event {
                Event::Head(head) => Some(head.from),
                Event::HeadHeld(held) => Some(held.from),
                Event::Finding(from, _) | Event::Ended { from, .. } => Some(*from),
                _ => None,
            },
            Seen::Proxy(_, ProxyEvent::Finding(from, _)) => Some(*from),
            Seen::Proxy(..) => None,
        }
    }
}

/// Heartbeats that are one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeartbeatRun {
    /// Whose they are.
    pub session: SessionId,
    /// The number of the first among the session's rows where heartbeats have rows.
    pub first: u64,
    /// How many there are: one that stands alone is one.
    pub count: u64,
}

/// A frame with all that has come of it.
#[derive(Clone, Debug)]
pub struct FrameRow<'a> {
    /// Its first record.
    pub record: FrameRecord,
    /// Payload bytes that came so far.
    pub received: u64,
    /// When the last of them came.
    pub until: Time,
    /// The payload that was kept, as on the wire.
    pub wire: Cow<'a, [u8]>,
    /// What left in its place, where that is not what came.
    pub sent: Option<SentBytes>,
    /// When it was not held any more and what had become of it, where it was.
    pub released: Option<(Time, &'a ReleasedEvent)>,
    /// What rules did to it, or made it for.
    pub ruled: Vec<&'a RuledEvent>,
    /// What it added to its message, where it is compressed and that is known.
    pub inflated: Option<&'a InflatedEvent>,
}

/// What left in place of a frame.
#[derive(Clone, Debug)]
pub struct SentBytes {
    /// Who decided.
    pub by: By,
    /// The bytes as they left, as far as they were kept.
    pub bytes: Vec<u8>,
    /// How many left.
    pub length: u64,
}

impl FrameRow<'_> {
    /// The kept payload without its mask.
    #[must_use]
    pub fn payload(&self) -> Cow<'_, [u8]> {
        match self.record.header.mask {
            None => Cow::Borrowed(&self.wire),
            Some(key) => {
                let mut payload = self.wire.to_vec();
                mask::apply(key, 0, &mut payload);
                Cow::Owned(payload)
            }
        }
    }

    /// Whether all that the header promises has come.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.received >= self.record.header.length
    }

    /// Whether more came than was kept.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.received > self.wire.len() as u64
    }
}
