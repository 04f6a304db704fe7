//! Frames in the index: what has come of one in all its records, and what has become of it.

use std::borrow::Cow;

use crate::record::{Event, FrameRecord, InflatedEvent, Relayed, RuledEvent, Seen};
use crate::wire::mask;

use super::index::Index;
use super::row::{FrameRow, Row, SentBytes};

impl Index {
    /// The whole of a frame; `None` for rows that are none.
    #[must_use]
    pub fn frame<'a>(&'a self, row: Row<'a>) -> Option<FrameRow<'a>> {
        let Seen::Frame(record) = row.record else { return None };
        let mut frame = FrameRow {
            record,
            received: record.received,
            until: record.time,
            wire: Cow::Borrowed(row.log.span(record.kept)),
            sent: None,
            released: None,
            ruled: Vec::new(),
            inflated: self.inflated(row),
        };
        for Row { record, log, time, .. } in self.parts(row, &record) {
            match record {
                Seen::More(more) => {
                    frame.received = more.received;
                    frame.until = more.time;
                    frame.wire.to_mut().extend_from_slice(log.span(more.kept));
                }
                Seen::Sent(sent) => {
                    frame.record.relayed = Relayed::Changed(sent.by);
                    let before = || sent.before(&frame.record.header, &frame.wire);
                    let first = || SentBytes { by: sent.by, bytes: before(), length: sent.at };
                    let all = frame.sent.get_or_insert_with(first);
                    all.bytes.extend_from_slice(log.span(sent.kept));
                    all.length += sent.length;
                }
                Seen::Event(_, Event::Released(released)) => {
                    frame.record.relayed = frame.record.relayed.after(released);
                    frame.released = Some((time, released));
                }
                Seen::Event(_, Event::Ruled(ruled)) => frame.ruled.push(ruled),
                _ => {}
            }
        }
        Some(frame)
    }

    /// What has become of a frame, as far as it is known now. Costs nothing where it was not held.
    #[must_use]
    pub fn relayed(&self, row: Row<'_>, record: &FrameRecord) -> Relayed {
        if !record.relayed.waits() {
            return record.relayed;
        }
        self.parts(row, record).fold(record.relayed, |relayed, row| match row.record {
            Seen::Sent(sent) => Relayed::Changed(sent.by),
            Seen::Event(_, Event::Released(released)) => relayed.after(released),
            _ => relayed,
        })
    }

    /// The rules that acted on a frame, or made it.
    pub fn rules(&self, row: Row<'_>, record: &FrameRecord) -> impl Iterator<Item = &RuledEvent> {
        self.parts(row, record).filter_map(|row| match row.record {
            Seen::Event(_, Event::Ruled(ruled)) => Some(ruled),
            _ => None,
        })
    }

    /// The start of a frame's kept payload without its mask: at most `limit` bytes, and no more are copied.
    #[must_use]
    pub fn start(&self, row: Row<'_>, limit: usize) -> Vec<u8> {
        let Seen::Frame(record) = row.record else { return Vec::new() };
        let pieces = self.parts(row, &record).filter_map(|row| match row {
            Row { record: Seen::More(more), log, .. } => Some(log.span(more.kept)),
            _ => None,
        });
        let mut start = Vec::new();
        for piece in std::iter::once(row.log.span(record.kept)).chain(pieces) {
            let room = limit - start.len();
            start.extend_from_slice(piece.get(..room).unwrap_or(piece));
            if start.len() == limit {
                break;
            }
        }
        if let Some(key) = record.header.mask {
            mask::apply(key, 0, &mut start);
        }
        start
    }

    /// What a compressed frame added to its message; `None` where that is nothing, or is not known.
    #[must_use]
    pub fn inflated<'a>(&'a self, row: Row<'a>) -> Option<&'a InflatedEvent> {
        let Seen::Frame(record) = row.record else { return None };
        self.parts(row, &record).find_map(|row| match row.record {
            Seen::Event(_, Event::Inflated(inflated)) => Some(inflated),
            _ => None,
        })
    }

    /// Payload bytes of a frame that have come, without joining them.
    #[must_use]
    pub fn received(&self, row: Row<'_>, record: &FrameRecord) -> u64 {
        let received = self.parts(row, record).filter_map(|row| match row.record {
            Seen::More(more) => Some(more.received),
            _ => None,
        });
        received.last().unwrap_or(record.received)
    }

    /// Payload bytes of a frame that were kept, without joining them.
    #[must_use]
    pub fn kept(&self, row: Row<'_>, record: &FrameRecord) -> u64 {
        let kept = self.parts(row, record).filter_map(|row| match row.record {
            Seen::More(more) => Some(u64::from(more.kept.length)),
            _ => None,
        });
        u64::from(record.kept.length) + kept.sum::<u64>()
    }

    /// Where a frame goes on, and what else is told of it, in the order in which that was handed over.
    fn parts(&self, row: Row<'_>, record: &FrameRecord) -> impl Iterator<Item = Row<'_>> + use<'_> {
        let (block, frame) = (row.id.block, record.number);
        let rows = row.session.and_then(|session| self.by_session.get(&session));
        let further = rows.into_iter().flat_map(move |rows| {
            let from = rows.further.partition_point(|(number, _)| *number < frame);
            rows.further.range(from..).take_while(move |(number, _)| *number == frame).map(|(_, block)| *block)
        });
        let maybe = rows.into_iter().flat_map(move |rows| {
            rows.maybe
                .iter()
                .filter(move |(least, greatest, later)| (*least..=*greatest).contains(&frame) && *later != block)
        });
        let further = further.filter(move |further| *further != block);
        let blocks = std::iter::once(block).chain(further).chain(maybe.map(|(_, _, block)| *block));
        blocks.flat_map(move |block| {
            let looked = self.blocks.look(block);
            let parts = looked.into_iter().flat_map(move |looked| looked.details.parts(frame));
            parts.filter_map(move |record| self.thing(block, record))
        })
    }
}
