//! What a row's frame says: its own payload, or that of all fragments that are folded into it, inflated where it is
//! compressed.

use crate::record::{FrameRecord, InflatedEvent, Seen};
use crate::wire::opcode::Opcode;

use super::fold::{Fold, JoinedMessage};
use super::index::Index;
use super::row::{Row, RowId};

/// Fragments of which is found out how much came and was kept. Of more, the headers are believed.
const COUNTED: usize = 64;
/// Fragments that are joined, be they as empty as they like.
const JOINED: usize = 4096;

/// A frame's payload, or a message's.
pub struct Joined<'a> {
    view: &'a Index,
    row: Row<'a>,
    record: FrameRecord,
    /// The message that is folded into the row.
    pub message: Option<&'a JoinedMessage>,
    /// Payload bytes that the headers promise.
    pub length: u64,
    /// Payload bytes that came.
    pub received: u64,
    /// Payload bytes that were kept.
    pub kept: u64,
}

/// What a row's frame, or the message that is folded into it, says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Its bytes without masks, joined and inflated; the first of them where there are more.
    pub bytes: Vec<u8>,
    /// Whether this is a whole message, and all of it.
    pub is_whole: bool,
    /// What its payloads inflate to in all, where they are compressed and that is known.
    pub inflated: Option<u64>,
    /// In how many frames it came.
    pub frames: usize,
    /// Payload bytes that their headers promise.
    pub length: u64,
}

impl<'a> Joined<'a> {
    /// Of a row with a frame; with all fragments of its message where the rows are folded so.
    #[must_use]
    pub fn new(view: &'a Index, row: Row<'a>, record: &FrameRecord, fold: Fold) -> Self {
        let message = fold.fragments.then(|| view.message(row.id)).flatten();
        let (mut received, mut kept) = (view.received(row, record), view.kept(row, record));
        let length = message.map_or(record.header.length, |message| message.length);
        let rest = message.map_or(&[][..], |message| &message.rest);
        if rest.len() > COUNTED {
            (received, kept) = (length, length);
        } else {
            for (row, record) in frames(view, rest) {
                received = received.saturating_add(view.received(row, &record));
                kept = kept.saturating_add(view.kept(row, &record));
            }
        }
        Self { view, row, record: *record, message, length, received, kept }
    }

    /// The first bytes of what it inflates to, at most `limit` of them; `None` where that is nothing, or is not known.
    #[must_use]
    pub fn inflated(&self, limit: usize) -> Option<Vec<u8>> {
        let mut start = Vec::new();
        for inflated in self.inflations() {
            let room = limit - start.len();
            start.extend_from_slice(inflated.bytes.get(..room).unwrap_or(&inflated.bytes));
            if start.len() == limit {
                break;
            }
        }
        (!start.is_empty()).then_some(start)
    }

    /// The first bytes without their masks, at most `limit` of them.
    #[must_use]
    pub fn start(&self, limit: usize) -> Vec<u8> {
        let mut start = Vec::new();
        for row in self.rows() {
            if start.len() >= limit {
                break;
            }
            start.extend(self.view.start(row, limit - start.len()));
        }
        start
    }

    /// What it says, or the first bytes of that: at most `limit`. `None` where it is compressed and not known to inflate
    /// to anything.
    #[must_use]
    pub fn said(&self, limit: usize) -> Option<Said> {
        let (length, frames) = (self.length, 1 + self.message.map_or(0, |message| message.rest.len()));
        let is_message = match self.message {
            Some(message) => message.complete && frames <= JOINED,
            None => self.record.header.fin() && self.record.header.opcode() != Opcode::CONTINUATION,
        };
        let is_here = is_message && self.received >= self.length;
        if let Some(bytes) = self.inflated(limit) {
            let inflated: u64 = self.inflations().map(|inflated| inflated.length).sum();
            let is_whole = is_here && inflated == bytes.len() as u64;
            return Some(Said { bytes, is_whole, inflated: Some(inflated), frames, length });
        }
        if self.record.header.rsv1() && !self.record.header.opcode().is_control() {
            return None;
        }
        let bytes = self.start(limit);
        let is_whole = is_here && bytes.len() as u64 == self.length;
        Some(Said { bytes, is_whole, inflated: None, frames, length })
    }

    fn inflations(&self) -> impl Iterator<Item = &'a InflatedEvent> {
        self.rows().filter_map(|row| self.view.inflated(row))
    }

    /// Its frames, as far as they are joined.
    fn rows(&self) -> impl Iterator<Item = Row<'a>> {
        let rest = self.message.map_or(&[][..], |message| &message.rest);
        std::iter::once(self.row).chain(frames(self.view, rest).map(|(row, _)| row).take(JOINED))
    }
}

fn frames<'a>(view: &'a Index, rows: &'a [RowId]) -> impl Iterator<Item = (Row<'a>, FrameRecord)> {
    rows.iter().filter_map(|id| view.row_by_id(*id)).filter_map(|row| match row.record {
        Seen::Frame(record) => Some((row, record)),
        _ => None,
    })
}
