//! Blocks in, bytes of output out: puts together what belongs to one thing that was seen, and has a form write it down.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::mem;

use jiff::tz::TimeZone;

use crate::control::Lines;
use crate::decode::{Decoded, Decoder, Preference};
use crate::json::{FrameItem, Item, Totals, What};
use crate::query::Query;
use crate::record::finding::{FindingKind, Level};
use crate::record::{
    By, Event, FrameNumber, FrameRecord, Log, MoreRecord, OpenEvent, PerSide, RawRecord, Relayed, ReleasedEvent, Seen,
    SentRecord, SessionId, Side, Time,
};
use crate::wire::frame::FrameHeader;
use crate::wire::mask;

use super::checks::Checks;
use super::filter::Filter;
use super::form::{Form, Nothing};
use super::reading::{Came, Readers};
use super::redaction::{Redaction, Redactor};
use super::{Format, ReportKind};

/// Payload bytes that unfinished frames of all sessions may take together. What comes beyond is marked as truncated.
const PENDING: usize = 64 * 1024 * 1024;

/// Bytes of memory for a frame's payload that are held from one frame to the next.
const PLAIN: usize = 64 * 1024;

/// A frame whose last byte has not come.
struct Unfinished {
    record: FrameRecord,
    received: u64,
    wire: Vec<u8>,
}

/// What is remembered of a session between blocks.
#[derive(Default)]
struct Session {
    unfinished: PerSide<Option<Unfinished>>,
    /// What the next frame of that number inflates to.
    inflated: Option<(FrameNumber, Vec<u8>)>,
    /// What left in place of the next frame of a number.
    sent: Option<Sent>,
}

/// What left in place of a frame, as far as it came by.
struct Sent {
    number: FrameNumber,
    by: By,
    bytes: Vec<u8>,
}

/// Prints each frame once, when it is complete, or when it is clear that it will not be.
pub struct Printer {
    form: Box<dyn Form>,
    zone: TimeZone,
    sessions: HashMap<SessionId, Session>,
    /// Bytes in `Unfinished::wire`, all together.
    pending: usize,
    /// The payload of the frame that is being printed, without its mask.
    plain: Vec<u8>,
    totals: Totals,
    readers: Readers,
    filter: Option<Filter>,
    redactor: Redactor,
    /// What is asserted.
    checks: Option<Checks>,
    /// Sessions that have ended.
    closed: u64,
    /// What is to be done once so many have.
    end: Option<(u64, Box<dyn FnOnce() + Send>)>,
    /// The one session that is written down; `None` for all.
    only: Option<SessionId>,
    /// From when to when things are written down.
    span: Option<(Time, Time)>,
}

impl Printer {
    /// `zone` is for the times of day in text.
    #[must_use]
    pub fn new(format: impl Into<Format>, zone: TimeZone) -> Self {
        let format = format.into();
        // A report is to be shown to others.
        let redaction = if format == Format::Report { Redaction::secrets() } else { Redaction::default() };
        Self { redactor: Redactor::new(redaction), ..Self::of(format.form(&zone), zone) }
    }

    /// One that writes nothing down, for the sake of what it is asked to look at besides.
    #[must_use]
    pub fn silent(zone: TimeZone) -> Self {
        Self::of(Box::new(Nothing), zone)
    }

    /// One for CI systems. Sessions with a finding of the level `least` have failed; what is asserted is in `checks`, by
    /// which another printer has looked at all.
    #[must_use]
    pub fn report(kind: ReportKind, checks: Checks, least: Level, zone: TimeZone) -> Self {
        Self::of(kind.form(checks, least), zone)
    }

    fn of(form: Box<dyn Form>, zone: TimeZone) -> Self {
        Self {
            form,
            zone,
            sessions: HashMap::new(),
            pending: 0,
            plain: Vec::new(),
            totals: Totals::default(),
            readers: Readers::new(Preference::default()),
            filter: None,
            redactor: Redactor::new(Redaction::default()),
            checks: None,
            closed: 0,
            end: None,
            only: None,
            span: None,
        }
    }

    /// Looks whether what is asserted holds, whatever is written down.
    #[must_use]
    pub fn checking(self, checks: Checks) -> Self {
        let checks = Some(checks).filter(|checks| !checks.is_empty());
        Self { checks, ..self }
    }

    /// Calls `act` once that many sessions have ended.
    #[must_use]
    pub fn ending(self, sessions: u64, act: impl FnOnce() + Send + 'static) -> Self {
        Self { end: Some((sessions, Box::new(act))), ..self }
    }

    /// With other decoders than those that are guessed.
    #[must_use]
    pub fn reading(self, preference: Preference) -> Self {
        Self { readers: Readers::new(preference), ..self }
    }

    /// Only what is asked for; the last lines count the others.
    #[must_use]
    pub fn filtered(self, query: Query) -> Self {
        let filter = Some(Filter::new(query, self.zone.clone()));
        Self { filter, ..self }
    }

    /// Only a session, where one is named, and nothing that belongs to none.
    #[must_use]
    pub fn of_session(self, only: Option<SessionId>) -> Self {
        Self { only, ..self }
    }

    /// Only what was seen from one time to another, where there are two.
    #[must_use]
    pub fn between(self, span: Option<(Time, Time)>) -> Self {
        Self { span, ..self }
    }

    /// Takes out what is not to be written. Of a report, what is usually secret is taken out besides.
    #[must_use]
    pub fn redacted(self, redaction: Redaction) -> Self {
        let redaction = if self.redactor.is_idle() { redaction } else { redaction.and_secrets() };
        Self { redactor: Redactor::new(redaction), ..self }
    }

    /// Adds the lines for a block's log. Blocks come in the journal's order.
    pub fn log(&mut self, session: Option<SessionId>, log: &Log, out: &mut Vec<u8>) {
        if self.only.is_some() && session.is_some() && session != self.only {
            return;
        }
        (0..log.records.len()).for_each(|place| self.record(session, log, place, out));
    }

    /// Adds the lines for a record of a block's log.
    fn record(&mut self, session: Option<SessionId>, log: &Log, place: usize, out: &mut Vec<u8>) {
        for seen in log.at(place) {
            match seen {
                Seen::Frame(frame) => self.frame(session, &frame, log, out),
                Seen::More(more) => self.more(session, &more, log, out),
                Seen::Sent(sent) => self.sent(session, &sent, log),
                Seen::Raw(raw) => self.raw(session, &raw, log, out),
                Seen::Event(time, event) => self.event(session, time, event, out),
                Seen::Proxy(time, event) => self.print(Item { session, time, what: What::Proxy(event) }, out),
            }
        }
    }

    /// Says that so many records left the journal before they could be printed.
    pub fn lost(&mut self, records: u64, out: &mut Vec<u8>) {
        // What is left of unfinished frames may be among them, and so may the ends of sessions.
        self.give_up_all(out);
        self.readers.lost();
        self.totals.lost += records;
        self.form.lost(records, out);
    }

    /// What it came to so far.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Writes what there is to say at the end; `findings` counts them by kind.
    ///
    /// # Errors
    /// When `out` can't be written to, or a form that keeps what it can't write yet could not do so.
    pub fn finish(&mut self, findings: &BTreeMap<FindingKind, u64>, out: &mut dyn Write) -> io::Result<()> {
        let mut last = Vec::new();
        self.give_up_all(&mut last);
        out.write_all(&last)?;
        self.form.finish(&self.totals, findings, out)
    }

    fn frame(&mut self, session: Option<SessionId>, record: &FrameRecord, log: &Log, out: &mut Vec<u8>) {
        let wire = log.span(record.kept);
        let Some(id) = session.filter(|_| record.received < record.header.length) else {
            self.print_frame(session, record, record.received, wire, out);
            return;
        };
        self.give_up(id, record.from, out);
        let room = self.wanted(&record.header).max(self.readers.wanted(id)).min(PENDING.saturating_sub(self.pending));
        let wire = wire.get(..room).unwrap_or(wire).to_vec();
        self.pending += wire.len();
        let unfinished = Unfinished { record: *record, received: record.received, wire };
        self.sessions.entry(id).or_default().unfinished[record.from] = Some(unfinished);
    }

    fn more(&mut self, session: Option<SessionId>, more: &MoreRecord, log: &Log, out: &mut Vec<u8>) {
        // Its begin may have been lost; then it was told as lost.
        let Some(id) = session else { return };
        let read = self.readers.wanted(id);
        let is_asked = self.is_asked();
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(unfinished) = &mut session.unfinished[more.from] else { return };
        if unfinished.record.number != more.number {
            return;
        }
        // Once a piece was left out, those behind it have no place.
        if unfinished.wire.len() as u64 == unfinished.received {
            let wire = log.span(more.kept);
            let wanted = wanted(self.form.as_ref(), is_asked, &unfinished.record.header).max(read);
            let wanted = wanted.saturating_sub(unfinished.wire.len());
            let wire = wire.get(..wanted.min(PENDING.saturating_sub(self.pending))).unwrap_or(wire);
            self.pending += wire.len();
            unfinished.wire.extend_from_slice(wire);
        }
        unfinished.received = more.received;
        if more.received >= unfinished.record.header.length {
            self.give_up(id, more.from, out);
        }
    }

    fn sent(&mut self, session: Option<SessionId>, sent: &SentRecord, log: &Log) {
        let Some(id) = session else { return };
        let session = self.sessions.entry(id).or_default();
        let before = session.sent.take_if(|before| before.number == sent.number).map(|before| before.bytes);
        let mut bytes = before.unwrap_or_else(|| {
            let begun = session.unfinished[sent.from].as_ref();
            begun.map_or_else(Vec::new, |begun| sent.before(&begun.record.header, &begun.wire))
        });
        let kept = log.span(sent.kept);
        bytes.extend_from_slice(kept.get(..PENDING.saturating_sub(bytes.len())).unwrap_or(kept));
        session.sent = Some(Sent { number: sent.number, by: sent.by, bytes });
    }

    fn raw(&mut self, session: Option<SessionId>, raw: &RawRecord, log: &Log, out: &mut Vec<u8>) {
        self.print(Item { session, time: raw.time, what: What::Raw(raw, log.span(raw.kept)) }, out);
    }

    fn event(&mut self, session: Option<SessionId>, time: Time, event: &Event, out: &mut Vec<u8>) {
        if let (Event::SessionClosed(_), Some(id)) = (event, session) {
            self.forget(id, out);
        }
        if let (Event::Inflated(inflated), Some(id)) = (event, session) {
            self.sessions.entry(id).or_default().inflated = Some((inflated.frame, inflated.bytes.clone()));
        }
        match event {
            Event::SessionOpened { .. } => self.totals.sessions += 1,
            Event::SessionClosed(closed) => self.totals.bytes += closed.bytes.client + closed.bytes.server,
            _ => {}
        }
        match (session, event) {
            (Some(id), Event::SessionOpened { path, .. }) => self.readers.opened(id, path),
            (Some(id), Event::Open(OpenEvent { subprotocol: Some(name), .. })) => self.readers.agreed(id, name),
            (Some(id), Event::SessionClosed(_)) => self.readers.closed(id),
            _ => {}
        }
        let what = match event {
            Event::Released(released) => What::Released(released, self.left_for(session, released)),
            event => What::Event(event),
        };
        self.print(Item { session, time, what }, out);
    }

    /// What left in place of a message that was held, where its line has been printed before.
    fn left_for(&mut self, session: Option<SessionId>, released: &ReleasedEvent) -> Option<(By, Vec<u8>)> {
        let session = self.sessions.get_mut(&session?)?;
        let unfinished = session.unfinished[released.from].as_ref().map(|unfinished| unfinished.record.number);
        let left =
            session.sent.take_if(|sent| released.frames.contains(&sent.number) && unfinished != Some(sent.number));
        left.map(|sent| (sent.by, sent.bytes))
    }

    /// Prints a lane's unfinished frame with what came of it.
    fn give_up(&mut self, id: SessionId, from: Side, out: &mut Vec<u8>) {
        let session = self.sessions.get_mut(&id);
        if let Some(unfinished) = session.and_then(|session| session.unfinished[from].take()) {
            self.pending -= unfinished.wire.len();
            self.print_frame(Some(id), &unfinished.record, unfinished.received, &unfinished.wire, out);
        }
    }

    fn forget(&mut self, id: SessionId, out: &mut Vec<u8>) {
        self.give_up(id, Side::Client, out);
        self.give_up(id, Side::Server, out);
        self.sessions.remove(&id);
    }

    fn give_up_all(&mut self, out: &mut Vec<u8>) {
        let mut sessions: Vec<_> = self.sessions.keys().copied().collect();
        sessions.sort_unstable();
        for id in sessions {
            self.forget(id, out);
        }
    }

    fn print_frame(
        &mut self,
        session: Option<SessionId>,
        record: &FrameRecord,
        received: u64,
        wire: &[u8],
        out: &mut Vec<u8>,
    ) {
        self.totals.frames += 1;
        let (shown, read) = (self.wanted(&record.header), session.map_or(0, |id| self.readers.wanted(id)));
        let mut payload = wire.get(..shown.max(read)).unwrap_or(wire);
        let mut plain = mem::take(&mut self.plain);
        if let Some(key) = record.header.mask {
            plain.clear();
            plain.extend_from_slice(payload);
            mask::apply(key, 0, &mut plain);
            payload = &plain;
        }
        let inflated = session.and_then(|id| self.sessions.get_mut(&id)).and_then(|session| {
            session.inflated.take_if(|(number, _)| *number == record.number).map(|(_, bytes)| bytes)
        });
        let reader = session.filter(|_| read > 0);
        let decoded = reader.and_then(|id| self.decoded(id, record, payload, inflated.as_deref()));
        payload = payload.get(..shown).unwrap_or(payload);
        let sent = session.and_then(|id| self.sessions.get_mut(&id)).and_then(|session| {
            session.sent.take_if(|sent| sent.number == record.number).map(|sent| (sent.by, Cow::Owned(sent.bytes)))
        });
        let mut record = *record;
        if let Some((by, _)) = sent {
            record.relayed = Relayed::Changed(by);
        }
        let frame = FrameItem { record: &record, received, payload: Cow::Borrowed(payload), inflated, sent, decoded };
        self.print(Item { session, time: record.time, what: What::Frame(frame) }, out);
        // One frame of many megabytes is no reason to hold as much from then on.
        plain.shrink_to(PLAIN);
        self.plain = plain;
    }

    /// What the message says that a frame ends, where a line has room for it: in text where that is more than the message
    /// itself does.
    fn decoded(
        &mut self,
        id: SessionId,
        record: &FrameRecord,
        payload: &[u8],
        inflated: Option<&[u8]>,
    ) -> Option<(Decoder, Decoded)> {
        let read = self.readers.frame(id, &Came { record, payload, inflated });
        read.filter(|(decoder, decoded)| self.form.takes_all_readings() || decoder.tells_more(decoded))
    }

    /// Whether queries are asked of what frames say.
    const fn is_asked(&self) -> bool {
        self.filter.is_some() || self.checks.is_some()
    }

    /// Payload bytes of a frame that are asked of it, or that it is written down with.
    fn wanted(&self, header: &FrameHeader) -> usize {
        wanted(self.form.as_ref(), self.is_asked(), header)
    }

    fn print(&mut self, item: Item<'_>, out: &mut Vec<u8>) {
        if let Some(checks) = &self.checks {
            checks.see(&item);
        }
        if matches!(item.what, What::Event(Event::SessionClosed(_))) {
            self.closed += 1;
            if let Some((_, act)) = self.end.take_if(|(sessions, _)| self.closed >= *sessions) {
                act();
            }
        }
        if !self.form.tells(&item) {
            return;
        }
        let is_out = self.span.is_some_and(|(first, last)| item.time < first || item.time > last);
        let is_other = is_out || (self.only.is_some() && item.session.is_none());
        let is_hidden = is_other || self.filter.as_mut().is_some_and(|filter| !filter.lets(&item));
        self.totals.hidden += u64::from(is_hidden && !is_other);
        let form = &mut self.form;
        let mut write = |item: &Item<'_>| if is_hidden { form.hidden(item, out) } else { form.item(item, out) };
        if self.redactor.is_idle() {
            write(&item);
        } else {
            self.redactor.item(item, write);
        }
    }
}

impl Lines for Printer {
    fn add(&mut self, session: Option<SessionId>, log: &Log, place: usize, out: &mut Vec<u8>) {
        self.record(session, log, place, out);
    }

    fn lose(&mut self, records: u64, out: &mut Vec<u8>) {
        self.lost(records, out);
    }
}

/// Payload bytes of a frame that its line is made of, or that are asked for it.
fn wanted(form: &dyn Form, is_asked: bool, header: &FrameHeader) -> usize {
    if is_asked { usize::MAX } else { form.wanted(header) }
}
