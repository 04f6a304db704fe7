//! Looks for a pattern in blocks, one after the other. No thread, no clock: the same blocks give the same rows.

use std::collections::HashMap;

use crate::journal::{Block, Fold, RowId};
use crate::record::{Event, FrameNumber, FrameRecord, InflatedEvent, MoreRecord, Seen, SessionId, Side};
use crate::tui::pages::words;
use crate::tui::theme::Theme;
use crate::wire::close::CloseBody;
use crate::wire::mask::{self, MaskKey};
use crate::wire::opcode::Opcode;

use super::pattern::Pattern;

/// Payload bytes of unfinished frames that are remembered, of all sessions together. Matches that lie beyond are missed.
const PENDING: usize = 64 * 1024 * 1024;

/// A frame whose last byte has not come, and in which nothing was found yet.
struct Unfinished {
    id: RowId,
    number: FrameNumber,
    length: u64,
    mask: Option<MaskKey>,
    /// What was kept, without its mask.
    payload: Vec<u8>,
    /// How much of that has been looked at.
    seen: usize,
}

/// A search under way.
pub(crate) struct Scanner {
    pattern: Pattern,
    fold: Fold,
    unfinished: HashMap<(SessionId, Side), Unfinished>,
    /// Frames whose first record has not come, and that inflate to what is looked for.
    inflated: HashMap<(SessionId, Side), FrameNumber>,
    /// Bytes in `unfinished`.
    pending: usize,
    /// For payloads that have to be unmasked.
    scratch: Vec<u8>,
    theme: Theme,
}

impl Scanner {
    /// Looks for a pattern in rows that are folded so.
    #[must_use]
    pub(crate) fn new(pattern: Pattern, fold: Fold) -> Self {
        Self {
            pattern,
            fold,
            unfinished: HashMap::new(),
            inflated: HashMap::new(),
            pending: 0,
            scratch: Vec::new(),
            theme: Theme::default(),
        }
    }

    /// Adds the rows of a block that match. Blocks come in the journal's order.
    pub(crate) fn block(&mut self, block: &Block, found: &mut Vec<RowId>) {
        for (index, record) in block.log.all().enumerate() {
            let id = RowId { block: block.sequence, record: index as u32 };
            let is_match = match record {
                Seen::Frame(frame) => self.frame(block, id, &frame),
                Seen::More(more) => {
                    found.extend(self.more(block, &more));
                    false
                }
                Seen::Sent(_) => false,
                Seen::Raw(raw) => self.pattern.is_in(block.log.span(raw.kept)),
                Seen::Event(_, Event::Inflated(inflated)) => {
                    found.extend(self.inflated(block.session, inflated));
                    false
                }
                Seen::Event(_, event) => self.event(block.session, event),
                Seen::Proxy(_, event) => self.pattern.is_in(words::proxy_event(event, &self.theme).1.as_bytes()),
            };
            if is_match {
                found.push(id);
            }
        }
    }

    /// Adds the unfinished frames that match by what has come of them.
    pub(crate) fn settle(&mut self, found: &mut Vec<RowId>) {
        let (pattern, pending) = (&self.pattern, &mut self.pending);
        self.unfinished.retain(|_, frame| {
            let is_new = frame.seen < frame.payload.len();
            frame.seen = frame.payload.len();
            let is_match = is_new && pattern.is_in(&frame.payload);
            if is_match {
                *pending -= frame.payload.len();
                found.push(frame.id);
            }
            !is_match
        });
    }

    fn frame(&mut self, block: &Block, id: RowId, frame: &FrameRecord) -> bool {
        let opcode = frame.header.opcode();
        if self.fold.heartbeats && matches!(opcode, Opcode::PING | Opcode::PONG) {
            return false;
        }
        let wire = block.log.span(frame.kept);
        let payload = match frame.header.mask {
            None => wire,
            Some(key) => {
                self.scratch.clear();
                self.scratch.extend_from_slice(wire);
                mask::apply(key, 0, &mut self.scratch);
                &self.scratch
            }
        };
        let place = block.session.map(|session| (session, frame.from));
        let is_told = place.is_some_and(|place| self.inflated.remove(&place) == Some(frame.number));
        if is_told || self.pattern.is_in(payload) || (opcode == Opcode::CLOSE && self.close(payload)) {
            return true;
        }
        let Some(session) = block.session.filter(|_| frame.received < frame.header.length) else { return false };
        let payload = payload.get(..PENDING.saturating_sub(self.pending)).unwrap_or(payload).to_vec();
        self.pending += payload.len();
        let (number, length, mask) = (frame.number, frame.header.length, frame.header.mask);
        let unfinished = Unfinished { id, number, length, mask, seen: payload.len(), payload };
        if let Some(old) = self.unfinished.insert((session, frame.from), unfinished) {
            self.pending -= old.payload.len();
        }
        false
    }

    /// More of an unfinished frame. A match is told when the frame is complete, or by `settle`.
    fn more(&mut self, block: &Block, more: &MoreRecord) -> Option<RowId> {
        let key = (block.session?, more.from);
        let frame = self.unfinished.get_mut(&key).filter(|frame| frame.number == more.number)?;
        let wire = block.log.span(more.kept);
        let wire = wire.get(..PENDING.saturating_sub(self.pending)).unwrap_or(wire);
        let start = frame.payload.len();
        frame.payload.extend_from_slice(wire);
        if let (Some(mask), Some(added)) = (frame.mask, frame.payload.get_mut(start..)) {
            mask::apply(mask, start as u64, added);
        }
        self.pending += wire.len();
        if more.received < frame.length {
            return None;
        }
        let frame = self.unfinished.remove(&key)?;
        self.pending -= frame.payload.len();
        self.pattern.is_in(&frame.payload).then_some(frame.id)
    }

    /// What a frame inflates to, which is told before its last record.
    fn inflated(&mut self, session: Option<SessionId>, inflated: &InflatedEvent) -> Option<RowId> {
        if !self.pattern.is_in(&inflated.bytes) {
            return None;
        }
        let place = (session?, inflated.from);
        if self.unfinished.get(&place).is_none_or(|frame| frame.number != inflated.frame) {
            self.inflated.insert(place, inflated.frame);
            return None;
        }
        let frame = self.unfinished.remove(&place)?;
        self.pending -= frame.payload.len();
        Some(frame.id)
    }

    /// A close frame is shown by the name of its code.
    fn close(&self, payload: &[u8]) -> bool {
        match CloseBody::parse(payload) {
            CloseBody::Code { code, .. } => self.pattern.is_in(format!("{code} {}", code.name()).as_bytes()),
            _ => false,
        }
    }

    fn event(&mut self, session: Option<SessionId>, event: &Event) -> bool {
        if let (Event::SessionClosed(_), Some(session)) = (event, session) {
            for side in [Side::Client, Side::Server] {
                self.inflated.remove(&(session, side));
                if let Some(old) = self.unfinished.remove(&(session, side)) {
                    self.pending -= old.payload.len();
                }
            }
        }
        if !event.is_row() {
            return false;
        }
        let in_head = matches!(event, Event::Head(head) if self.pattern.is_in(&head.bytes));
        in_head || self.pattern.is_in(words::event(event, &self.theme).1.as_bytes())
    }
}
