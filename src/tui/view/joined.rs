//! What a row shows of a payload: that of its frame, or of all fragments that are folded into it.

use crate::journal::{Message, Row, RowId, View};
use crate::record::{FrameRecord, Seen};

use super::row::Context;

/// Fragments of which is found out how much came and was kept. Of more, the headers are believed.
const COUNTED: usize = 64;
/// Fragments that are joined for a preview, be they as empty as they like.
const JOINED: usize = 256;

/// A frame's payload, or a message's.
pub(super) struct Joined<'a> {
    view: &'a View,
    row: Row<'a>,
    /// The message that is folded into the row.
    pub message: Option<&'a Message>,
    /// Payload bytes that the headers promise.
    pub length: u64,
    /// Payload bytes that came.
    pub received: u64,
    /// Payload bytes that were kept.
    pub kept: u64,
}

impl<'a> Joined<'a> {
    /// Of a row with a frame.
    pub(super) fn new(context: &Context<'a>, row: Row<'a>, record: &FrameRecord) -> Self {
        let view = context.view;
        let message = context.lens.fold.fragments.then(|| view.message(row.id)).flatten();
        let (mut received, mut kept) = (view.received(row.session, record), view.kept(row.session, record));
        let length = message.map_or(record.header.length, |message| message.length);
        let rest = message.map_or(&[][..], |message| &message.rest);
        if rest.len() > COUNTED {
            (received, kept) = (length, length);
        } else {
            for (row, record) in frames(view, rest) {
                received = received.saturating_add(view.received(row.session, &record));
                kept = kept.saturating_add(view.kept(row.session, &record));
            }
        }
        Self { view, row, message, length, received, kept }
    }

    /// How many frames it came in, and whether more are to come; `None` where nothing is folded.
    pub(super) fn fragments(&self) -> Option<String> {
        let message = self.message?;
        let count = message.rest.len() + 1;
        let plural = if count == 1 { "" } else { "s" };
        let more = if message.complete { "" } else { " so far" };
        Some(format!("{count} fragment{plural}{more}"))
    }

    /// The first bytes of what it inflates to, at most `limit` of them; `None` where that is nothing, or is not known.
    pub(super) fn inflated(&self, limit: usize) -> Option<Vec<u8>> {
        let mut start = Vec::new();
        for inflated in self.rows().filter_map(|row| self.view.inflated(row)) {
            let room = limit - start.len();
            start.extend_from_slice(inflated.bytes.get(..room).unwrap_or(&inflated.bytes));
            if start.len() == limit {
                break;
            }
        }
        (!start.is_empty()).then_some(start)
    }

    /// The first bytes without their masks, at most `limit` of them.
    pub(super) fn start(&self, limit: usize) -> Vec<u8> {
        let mut start = Vec::new();
        for row in self.rows() {
            if start.len() >= limit {
                break;
            }
            start.extend(self.view.start(row, limit - start.len()));
        }
        start
    }

    /// Its frames, as far as they are joined.
    fn rows(&self) -> impl Iterator<Item = Row<'a>> {
        let rest = self.message.map_or(&[][..], |message| &message.rest);
        std::iter::once(self.row).chain(frames(self.view, rest).map(|(row, _)| row).take(JOINED))
    }
}

fn frames<'a>(view: &'a View, rows: &'a [RowId]) -> impl Iterator<Item = (Row<'a>, FrameRecord)> {
    rows.iter().filter_map(|id| view.row_by_id(*id)).filter_map(|row| match row.record {
        Seen::Frame(record) => Some((row, record)),
        _ => None,
    })
}
