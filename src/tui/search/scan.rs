//! Looks for a pattern in blocks, one after the other. No thread, no clock: the same blocks give the same rows.

use std::collections::HashMap;

use crate::decode::{Decoder, Format, Limits, Payload};
use crate::journal::{Block, Fold, RowId};
use crate::record::{Event, FrameNumber, FrameRecord, InflatedEvent, MoreRecord, Seen, SessionId, Side};
use crate::tui::pages::content::format;
use crate::tui::pages::words;
use crate::tui::theme::Theme;
use crate::wire::close::CloseBody;
use crate::wire::mask::{self, MaskKey};
use crate::wire::opcode::Opcode;

use crate::query::Pattern;

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
    /// What it is, where it is a message by itself.
    format: Option<Format>,
}

/// What a frame inflates to whose first record has not come.
struct Inflated {
    number: FrameNumber,
    is_match: bool,
    /// The start, where there is a decoder to read it.
    start: Vec<u8>,
    is_whole: bool,
}

/// A search under way.
pub(crate) struct Scanner {
    pattern: Pattern,
    fold: Fold,
    unfinished: HashMap<(SessionId, Side), Unfinished>,
    inflated: HashMap<(SessionId, Side), Inflated>,
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

    /// Adds the rows of a block that match, by what they hold or by what the decoder of its session says of them. Blocks
    /// come in the journal's order.
    pub(crate) fn block(&mut self, block: &Block, decoder: Option<Decoder>, found: &mut Vec<RowId>) {
        for (index, record) in block.log.all().enumerate() {
            let id = RowId { block: block.sequence, record: index as u32 };
            let is_match = match record {
                Seen::Frame(frame) => self.frame(block, id, &frame, decoder),
                Seen::More(more) => {
                    found.extend(self.more(block, &more, decoder));
                    false
                }
                Seen::Sent(_) => false,
                Seen::Raw(raw) => self.pattern.is_in(block.log.span(raw.kept)),
                Seen::Event(_, Event::Inflated(inflated)) => {
                    found.extend(self.inflated(block.session, inflated, decoder));
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

    fn frame(&mut self, block: &Block, id: RowId, frame: &FrameRecord, decoder: Option<Decoder>) -> bool {
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
        let format = format(opcode).filter(|_| frame.header.fin());
        let is_read = |payload: Payload<'_>| is_said(&self.pattern, decoder, frame.from, payload);
        let place = block.session.map(|session| (session, frame.from));
        let told = place.and_then(|place| self.inflated.remove(&place)).filter(|told| told.number == frame.number);
        let is_told = told.is_some_and(|told| {
            let message = |format| Payload { format, bytes: &told.start, is_whole: told.is_whole };
            told.is_match || format.is_some_and(|format| is_read(message(format)))
        });
        let is_whole = frame.received == frame.header.length && !frame.header.rsv1();
        let is_decoded = || {
            let message = |format| Payload { format, bytes: payload, is_whole };
            format.filter(|_| is_whole).is_some_and(|format| is_read(message(format)))
        };
        if is_told || self.pattern.is_in(payload) || (opcode == Opcode::CLOSE && self.close(payload)) || is_decoded() {
            return true;
        }
        let Some(session) = block.session.filter(|_| frame.received < frame.header.length) else { return false };
        let payload = payload.get(..PENDING.saturating_sub(self.pending)).unwrap_or(payload).to_vec();
        self.pending += payload.len();
        let (number, length, mask) = (frame.number, frame.header.length, frame.header.mask);
        let format = format.filter(|_| !frame.header.rsv1());
        let unfinished = Unfinished { id, number, length, mask, seen: payload.len(), payload, format };
        if let Some(old) = self.unfinished.insert((session, frame.from), unfinished) {
            self.pending -= old.payload.len();
        }
        false
    }

    /// More of an unfinished frame. A match is told when the frame is complete, or by `settle`.
    fn more(&mut self, block: &Block, more: &MoreRecord, decoder: Option<Decoder>) -> Option<RowId> {
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
        let message = frame.format.map(|format| {
            let is_whole = frame.payload.len() as u64 == frame.length;
            Payload { format, bytes: &frame.payload, is_whole }
        });
        let is_read = || message.is_some_and(|message| is_said(&self.pattern, decoder, more.from, message));
        (self.pattern.is_in(&frame.payload) || is_read()).then_some(frame.id)
    }

    /// What a frame inflates to, which is told before its last record.
    fn inflated(
        &mut self,
        session: Option<SessionId>,
        inflated: &InflatedEvent,
        decoder: Option<Decoder>,
    ) -> Option<RowId> {
        let place = (session?, inflated.from);
        let is_match = self.pattern.is_in(&inflated.bytes);
        if self.unfinished.get(&place).is_none_or(|frame| frame.number != inflated.frame) {
            let start = inflated.bytes.get(..Limits::ROW.bytes).unwrap_or(&inflated.bytes);
            let start = if decoder.is_some() && !is_match { start.to_vec() } else { Vec::new() };
            let is_whole = start.len() as u64 == inflated.length;
            self.inflated.insert(place, Inflated { number: inflated.frame, is_match, start, is_whole });
            return None;
        }
        if !is_match {
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

/// Whether a pattern is in what a decoder says of a message, where that is more than its bytes, which were looked at.
fn is_said(pattern: &Pattern, decoder: Option<Decoder>, from: Side, payload: Payload<'_>) -> bool {
    let read = |decoder: Decoder| decoder.read(from, payload, &Limits::ROW).ok().map(|decoded| (decoder, decoded));
    let decoded = decoder.and_then(read).filter(|(decoder, decoded)| decoder.tells_more(decoded));
    decoded.is_some_and(|(_, decoded)| pattern.is_in(decoded.summary().as_bytes()))
}
