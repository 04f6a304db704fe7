//! Asks a query of the rows of blocks, one block after the other. No thread, no clock: the same blocks give the same rows.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::decode::Decoder;
use crate::diagnose;
use crate::journal::{Block, BlockBeats, Fold, Heartbeats, RowId};
use crate::query::Query;
use crate::record::{
    Event, FrameNumber, FrameRecord, InflatedEvent, MoreRecord, ProxyEvent, RawRecord, Seen, SessionId, Side, Time,
};
use crate::subject::{Other, Said, Setting, is_fragment};
use crate::tui::pages::words;
use crate::tui::theme::Theme;
use crate::wire::mask;
use crate::wire::opcode::Opcode;

use super::fates::Fates;
use super::replies::Replies;

/// Bytes of unfinished frames and messages that are remembered, of all sessions together. Matches that lie beyond are
/// missed.
const PENDING: usize = 64 * 1024 * 1024;

/// One direction of a session.
struct Lane {
    path: Arc<[u8]>,
    decoder: Option<Decoder>,
    /// The frame whose last byte has not come.
    unfinished: Option<Unfinished>,
    /// The message whose last fragment has not come.
    message: Option<Whole>,
    /// What a frame inflates to, which is told before its last record.
    told: Option<(FrameNumber, Vec<u8>)>,
}

struct Unfinished {
    id: RowId,
    record: FrameRecord,
    /// What was kept, without its mask.
    payload: Vec<u8>,
    /// How much of that has been looked at.
    seen: usize,
    is_heartbeat: bool,
}

/// A message of which some fragments have come.
struct Whole {
    /// The row of the first.
    id: RowId,
    record: FrameRecord,
    length: u64,
    text: Vec<u8>,
    seen: usize,
}

/// A block, and what is known of its session.
#[derive(Clone)]
pub(crate) struct Job {
    /// The block.
    pub block: Arc<Block>,
    /// The target of the session's request.
    pub path: Arc<[u8]>,
    /// Who reads the session's messages.
    pub decoder: Option<Decoder>,
    /// Its heartbeats.
    pub beats: BlockBeats,
}

impl Job {
    /// What is known of a row of the block.
    fn setting<'a>(&'a self, id: RowId, zone: &'a TimeZone, notes: &'a Notes) -> Setting<'a> {
        let mark = notes.get(&id).map(String::as_str);
        Setting { session: self.block.session, path: &self.path, decoder: self.decoder, zone, mark }
    }

    fn lane(&self) -> Lane {
        Lane { path: Arc::clone(&self.path), decoder: self.decoder, unfinished: None, message: None, told: None }
    }
}

/// Rows with a mark, and the notes of the marks.
pub(crate) type Notes = HashMap<RowId, String>;

/// A search under way.
pub(crate) struct Scanner {
    query: Query,
    notes: Notes,
    /// Where the query asks for them.
    replies: Option<Replies>,
    /// Likewise.
    fates: Option<Fates>,
    fold: Fold,
    zone: TimeZone,
    lanes: HashMap<(SessionId, Side), Lane>,
    /// The row into which further heartbeats of a session are folded.
    runs: HashMap<SessionId, RowId>,
    /// Bytes in `lanes`.
    pending: usize,
    /// For payloads that have to be unmasked.
    scratch: Vec<u8>,
    theme: Theme,
}

impl Scanner {
    /// Asks for what a query wants in rows that are folded so; the marks are those of now.
    #[must_use]
    pub(crate) fn new(query: Query, fold: Fold, zone: TimeZone, notes: Notes) -> Self {
        let (lanes, scratch) = (HashMap::new(), Vec::new());
        let (replies, runs) = (query.asks_for_replies().then(Replies::default), HashMap::new());
        let fates = query.asks_for_fates().then(Fates::default);
        Self { query, notes, replies, fates, fold, zone, lanes, runs, pending: 0, scratch, theme: Theme::default() }
    }

    /// Rows that were found before, and fit no more.
    pub(crate) fn lost(&mut self) -> Vec<RowId> {
        let mut lost = self.replies.as_mut().map(Replies::lost).unwrap_or_default();
        lost.extend(self.fates.as_mut().map(Fates::lost).unwrap_or_default());
        lost
    }

    /// Adds the rows of a block that match. Blocks come in the journal's order.
    pub(crate) fn block(&mut self, job: &Job, found: &mut Vec<RowId>) {
        let block = &job.block;
        for (index, record) in block.log.all().enumerate() {
            let id = RowId { time: record.time(), block: block.sequence, record: index as u32 };
            match record {
                Seen::Frame(frame) => self.frame(job, id, &frame, found),
                Seen::More(more) => self.more(job, &more, found),
                Seen::Sent(sent) => {
                    if let (Some(fates), Some(session)) = (&mut self.fates, block.session) {
                        fates.sent(session, &sent);
                    }
                }
                Seen::Raw(raw) => self.raw(job, id, &raw, found),
                Seen::Event(_, Event::Inflated(inflated)) => self.told(job, inflated),
                Seen::Event(time, event) => self.event(job, id, time, event, found),
                Seen::Proxy(time, event) => self.proxy(job, id, time, event, found),
            }
        }
    }

    /// Adds the unfinished frames and messages that match by what has come of them.
    pub(crate) fn settle(&mut self, found: &mut Vec<RowId>) {
        let Self { query, lanes, zone, notes, .. } = self;
        for ((session, _), lane) in lanes {
            let (session, path, decoder) = (Some(*session), &lane.path, lane.decoder);
            let setting = |id| Setting { session, path, decoder, zone, mark: notes.get(&id).map(String::as_str) };
            if let Some(frame) = lane.unfinished.as_mut().filter(|frame| frame.seen < frame.payload.len()) {
                frame.seen = frame.payload.len();
                if query.matches(&Said::frame(setting(frame.id), &frame.record, &frame.payload, None)) {
                    found.push(frame.id);
                }
            }
            if let Some(message) = lane.message.as_mut().filter(|message| message.seen < message.text.len()) {
                message.seen = message.text.len();
                let said = Said::message(setting(message.id), &message.record, message.length, &message.text, false);
                if query.matches(&said) {
                    found.push(message.id);
                }
            }
        }
    }

    fn frame(&mut self, job: &Job, id: RowId, frame: &FrameRecord, found: &mut Vec<RowId>) {
        let is_heartbeat = job.beats.is_heartbeat(id.record, frame);
        let Some(id) = self.row_of(job, id, is_heartbeat) else { return };
        let wire = job.block.log.span(frame.kept);
        let place = job.block.session.map(|session| (session, frame.from));
        let is_simple = frame.received >= frame.header.length && !is_fragment(frame) && !frame.header.rsv1();
        if let Some(place) = place.filter(|_| !is_simple) {
            let room = PENDING.saturating_sub(self.pending);
            let mut payload = wire.get(..room).unwrap_or(wire).to_vec();
            if let Some(key) = frame.header.mask {
                mask::apply(key, 0, &mut payload);
            }
            self.pending += payload.len();
            let lane = self.lanes.entry(place).or_insert_with(|| job.lane());
            let unfinished = Unfinished { id, record: *frame, payload, seen: 0, is_heartbeat };
            if let Some(old) = lane.unfinished.replace(unfinished) {
                self.pending -= old.payload.len();
            }
            if frame.received >= frame.header.length {
                self.finish(job, place, found);
            }
            return;
        }
        let payload = match frame.header.mask {
            None => wire,
            Some(key) => {
                self.scratch.clear();
                self.scratch.extend_from_slice(wire);
                mask::apply(key, 0, &mut self.scratch);
                &self.scratch
            }
        };
        let said = Said::frame(job.setting(id, &self.zone, &self.notes), frame, payload, None);
        ask(&self.query, (&mut self.replies, &mut self.fates), id, said.with_heartbeat(is_heartbeat), found);
    }

    /// The row in which a frame stands: of a heartbeat that of those it is folded into, and none where it is hidden.
    fn row_of(&mut self, job: &Job, id: RowId, is_heartbeat: bool) -> Option<RowId> {
        match (self.fold.heartbeats, job.block.session) {
            (Heartbeats::Folded, Some(session)) if is_heartbeat => {
                if job.beats.is_folded(self.fold, id.record) {
                    return Some(*self.runs.entry(session).or_insert(id));
                }
                self.runs.insert(session, id);
                Some(id)
            }
            (Heartbeats::Hidden, _) if is_heartbeat => None,
            _ => Some(id),
        }
    }

    fn more(&mut self, job: &Job, more: &MoreRecord, found: &mut Vec<RowId>) {
        let Some(session) = job.block.session else { return };
        let place = (session, more.from);
        let unfinished = self.lanes.get_mut(&place).and_then(|lane| lane.unfinished.as_mut());
        let Some(frame) = unfinished.filter(|frame| frame.record.number == more.number) else { return };
        let wire = job.block.log.span(more.kept);
        let wire = wire.get(..PENDING.saturating_sub(self.pending)).unwrap_or(wire);
        let start = frame.payload.len();
        frame.payload.extend_from_slice(wire);
        if let (Some(mask), Some(added)) = (frame.record.header.mask, frame.payload.get_mut(start..)) {
            mask::apply(mask, start as u64, added);
        }
        self.pending += wire.len();
        if more.received >= frame.record.header.length {
            self.finish(job, place, found);
        }
    }

    fn told(&mut self, job: &Job, inflated: &InflatedEvent) {
        let Some(session) = job.block.session else { return };
        let room = PENDING.saturating_sub(self.pending);
        let bytes = inflated.bytes.get(..room).unwrap_or(&inflated.bytes).to_vec();
        self.pending += bytes.len();
        let lane = self.lanes.entry((session, inflated.from)).or_insert_with(|| job.lane());
        if let Some((_, old)) = lane.told.replace((inflated.frame, bytes)) {
            self.pending -= old.len();
        }
    }

    /// All of a frame is here: it is asked, or added to its message.
    fn finish(&mut self, job: &Job, place: (SessionId, Side), found: &mut Vec<RowId>) {
        let Some(lane) = self.lanes.get_mut(&place) else { return };
        let Some(Unfinished { id, record, payload, is_heartbeat, .. }) = lane.unfinished.take() else { return };
        self.pending -= payload.len();
        let told = lane.told.take_if(|(number, _)| *number == record.number).map(|(_, bytes)| bytes);
        self.pending -= told.as_ref().map_or(0, Vec::len);
        if self.fold.fragments && is_fragment(&record) {
            return self.fragment(job, place, id, record, told.unwrap_or(payload), found);
        }
        let said = Said::frame(job.setting(id, &self.zone, &self.notes), &record, &payload, told.as_deref());
        ask(&self.query, (&mut self.replies, &mut self.fates), id, said.with_heartbeat(is_heartbeat), found);
    }

    /// A fragment of a message that is one row.
    fn fragment(
        &mut self,
        job: &Job,
        place: (SessionId, Side),
        id: RowId,
        record: FrameRecord,
        said: Vec<u8>,
        found: &mut Vec<RowId>,
    ) {
        let Some(lane) = self.lanes.get_mut(&place) else { return };
        if record.header.opcode() != Opcode::CONTINUATION
            && let Some(old) = lane.message.take()
        {
            self.pending -= old.text.len();
        }
        let first = Whole { id, record, length: 0, text: Vec::new(), seen: 0 };
        let message = lane.message.get_or_insert(first);
        let room = PENDING.saturating_sub(self.pending);
        let said = said.get(..room).unwrap_or(&said);
        message.text.extend_from_slice(said);
        message.length = message.length.saturating_add(record.header.length);
        self.pending += said.len();
        if record.header.fin()
            && let Some(message) = lane.message.take()
        {
            self.pending -= message.text.len();
            let setting = job.setting(message.id, &self.zone, &self.notes);
            let said = Said::message(setting, &message.record, message.length, &message.text, true);
            ask(&self.query, (&mut self.replies, &mut self.fates), message.id, said, found);
        }
    }

    fn raw(&self, job: &Job, id: RowId, raw: &RawRecord, found: &mut Vec<RowId>) {
        let setting = job.setting(id, &self.zone, &self.notes);
        let other = Other::raw(setting, raw, job.block.log.span(raw.kept));
        if self.query.matches(&other) {
            found.push(id);
        }
    }

    fn event(&mut self, job: &Job, id: RowId, time: Time, event: &Event, found: &mut Vec<RowId>) {
        match (event, &mut self.fates, job.block.session) {
            (Event::Released(released), Some(fates), Some(session)) => {
                fates.released(session, released, &self.query, (&self.zone, &self.notes), found);
            }
            (Event::SessionClosed(_), Some(fates), Some(session)) => fates.forget(session),
            _ => {}
        }
        if let (Event::SessionClosed(_), Some(session)) = (event, job.block.session) {
            self.runs.remove(&session);
            for side in [Side::Client, Side::Server] {
                self.forget((session, side));
            }
        }
        if !event.is_row() {
            return;
        }
        let words = words::event(event, &self.theme).1;
        let other = Other::event(job.setting(id, &self.zone, &self.notes), time, event, &words, diagnose::level);
        if self.query.matches(&other) {
            found.push(id);
        }
    }

    fn proxy(&self, job: &Job, id: RowId, time: Time, event: &ProxyEvent, found: &mut Vec<RowId>) {
        let words = words::proxy_event(event, &self.theme).1;
        if self.query.matches(&Other::proxy(
            job.setting(id, &self.zone, &self.notes),
            time,
            event,
            &words,
            diagnose::level,
        )) {
            found.push(id);
        }
    }

    fn forget(&mut self, place: (SessionId, Side)) {
        let Some(Lane { unfinished, message, told, .. }) = self.lanes.remove(&place) else { return };
        let bytes = unfinished.map_or(0, |frame| frame.payload.len()) + message.map_or(0, |message| message.text.len());
        self.pending -= bytes + told.map_or(0, |(_, told)| told.len());
    }
}

/// Adds a frame or message that fits, and what its coming changes.
fn ask(
    query: &Query,
    (replies, fates): (&mut Option<Replies>, &mut Option<Fates>),
    row: RowId,
    mut said: Said<'_>,
    found: &mut Vec<RowId>,
) {
    let before = found.len();
    match replies {
        Some(replies) => replies.ask(query, row, &mut said, found),
        None if query.matches(&said) => found.push(row),
        None => {}
    }
    if let Some(fates) = fates {
        fates.note(row, &said, found.get(before..).is_some_and(|new| new.contains(&row)));
    }
}
