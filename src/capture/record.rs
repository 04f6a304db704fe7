//! Records in a block chunk.
//!
//! Each has its kind, the time as a difference from that of the record before, and two counts in front: that of its own
//! fields, which stand there, and that of the bytes that it points at, which stand in the chunk's second part, one
//! record's behind the other's. So whoever does not know a kind can leave it out.

use crate::record::finding::Level;
use crate::record::{
    By, Event, FrameRecord, InflatedEvent, Log, MoreRecord, Origin, ProxyEvent, RawRecord, Record, Relayed, RunRecord,
    SentRecord, SessionId, Span, Store, Time,
};
use crate::wire::frame::{FrameHeader, LengthBytes, LengthForm};
use crate::wire::opcode::Opcode;

use super::event;
use super::fields::{Put, Take, Trouble, checked, numbered};
use super::proxy;

const RUN: u8 = 1;
const FRAME: u8 = 2;
const MORE: u8 = 3;
const SENT: u8 = 4;
const RAW: u8 = 5;
/// Events of a session have the kinds from here on, those of none from `PROXY`.
const EVENT: u8 = 16;
const PROXY: u8 = 64;

/// Frames, messages and bytes of one block are fewer: nobody sees more between two looks at the clock.
const MOST_SEEN: u64 = 1 << 40;

/// Things of one block: more than a writer puts into one, and few enough that their numbers can be added.
const MOST_THINGS: u32 = 1 << 24;

/// Writes a record: its fields to `front`, what it points at to `rest`. `scratch` is empty before and after.
pub(super) fn write(record: &Record, log: &Log, before: Time, scratch: &mut Put, front: &mut Put, rest: &mut Vec<u8>) {
    let (kind, data) = fields(record, log, scratch);
    front.byte(kind).difference(before.0, record.time().0).number(data.len() as u64).bytes(&scratch.0);
    rest.extend_from_slice(data);
    scratch.0.clear();
}

/// Bytes that a record adds to the second part of its chunk.
pub(super) fn data_length(record: &Record) -> usize {
    match record {
        Record::Run(run) => run.span.length as usize,
        Record::Frame(FrameRecord { kept, .. })
        | Record::More(MoreRecord { kept, .. })
        | Record::Sent(SentRecord { kept, .. })
        | Record::Raw(RawRecord { kept, .. }) => kept.length as usize,
        Record::Event(_, event) => match &**event {
            Event::Inflated(inflated) => inflated.bytes.len(),
            _ => 0,
        },
        Record::Proxy(..) => 0,
    }
}

/// Writes a record's own fields, and gives its kind and what it points at.
fn fields<'a>(record: &'a Record, log: &'a Log, put: &mut Put) -> (u8, &'a [u8]) {
    match record {
        Record::Run(run) => {
            put.side(run.from).frame(run.first).number(run.count.into()).number(run.payload.into());
            put.byte(run.last.value());
            (RUN, log.span(run.span))
        }
        Record::Frame(frame) => {
            put.side(frame.from).frame(frame.number).byte(put_origin(frame.origin));
            put_relayed(frame.relayed, put);
            put_header(&frame.header, put);
            put.number(frame.received);
            (FRAME, log.span(frame.kept))
        }
        Record::More(more) => {
            put.side(more.from).frame(more.number).number(more.added).number(more.received);
            (MORE, log.span(more.kept))
        }
        Record::Sent(sent) => {
            put.side(sent.from).frame(sent.number).number(sent.at).number(sent.length).byte(put_by(sent.by));
            (SENT, log.span(sent.kept))
        }
        Record::Raw(raw) => {
            put.side(raw.from).number(raw.length).byte(put_origin(raw.origin));
            (RAW, log.span(raw.kept))
        }
        Record::Event(_, event) => {
            let kind = EVENT + event::put(event, put);
            let data: &[u8] = if let Event::Inflated(inflated) = &**event { &inflated.bytes } else { &[] };
            (kind, data)
        }
        Record::Proxy(_, event) => (PROXY + proxy::put(event, put), &[]),
    }
}

/// Records as they are read from a block chunk.
pub(super) struct Records<'a> {
    session: Option<SessionId>,
    front: Take<'a>,
    /// The second part, where it was read, too.
    rest: Option<Take<'a>>,
    before: Time,
    /// Where in the log's own store the next record's bytes go.
    at: u32,
    seen: u64,
    things: u32,
    records: Vec<Record>,
    own: Vec<u8>,
    unknown: u32,
}

impl<'a> Records<'a> {
    pub(super) fn new(session: Option<SessionId>, front: Take<'a>, rest: Option<Take<'a>>) -> Self {
        let (records, own) = (Vec::new(), Vec::new());
        Self { session, front, rest, before: Time(0), at: 0, seen: 0, things: 0, records, own, unknown: 0 }
    }

    /// All of them, and how many of them are of kinds that this version does not know: in their places are notes that say so.
    pub(super) fn read(mut self) -> Result<(Log, u32), Trouble> {
        while !self.front.is_empty() {
            self.next()?;
        }
        if self.rest.is_some_and(|rest| !rest.is_empty()) {
            return Err(Trouble::Wrong);
        }
        Ok((Log::of_records(self.records, self.own), self.unknown))
    }

    fn next(&mut self) -> Result<(), Trouble> {
        let kind = self.front.byte()?;
        let time = checked(Time(self.front.difference(self.before.0)?))?;
        self.before = time;
        let length: u32 = self.front.small()?;
        let mut fields = Take(self.front.bytes()?);
        let data = match &mut self.rest {
            Some(rest) => Some(rest.raw(length as usize)?),
            None => None,
        };
        let span = Span { store: Store::Own, at: self.at, length };
        let record = match self.record(kind, time, &mut fields, span, data) {
            Err(Trouble::Unknown) => self.note_unknown(kind, time),
            record => record?,
        };
        if data_length(&record) > 0 && !matches!(record, Record::Event(..)) {
            self.at = self.at.checked_add(length).ok_or(Trouble::Wrong)?;
            self.own.extend_from_slice(data.unwrap_or_default());
        }
        self.things =
            self.things.checked_add(record.count()).filter(|things| *things <= MOST_THINGS).ok_or(Trouble::Wrong)?;
        self.records.push(record);
        Ok(())
    }

    /// Counts what a record says to have been seen, which somebody will add up.
    fn see(&mut self, count: u64) -> Result<u64, Trouble> {
        self.seen = self.seen.checked_add(count).filter(|seen| *seen < MOST_SEEN).ok_or(Trouble::Wrong)?;
        Ok(count)
    }

    fn record(
        &mut self,
        kind: u8,
        time: Time,
        fields: &mut Take<'_>,
        span: Span,
        data: Option<&[u8]>,
    ) -> Result<Record, Trouble> {
        Ok(match kind {
            RUN => Record::Run(self.run(time, fields, span, data)?),
            FRAME => Record::Frame(self.frame(time, fields, span)?),
            MORE => {
                let (from, number) = (fields.side()?, fields.frame()?);
                let (added, received) = (self.see(at_least(span, fields.count()?)?)?, fields.count()?);
                Record::More(MoreRecord { time, number, from, kept: span, added, received })
            }
            SENT => {
                let (from, number, at) = (fields.side()?, fields.frame()?, fields.count()?);
                let length = self.see(at_least(span, fields.count()?)?)?;
                let by = take_by(fields)?;
                Record::Sent(SentRecord { time, number, from, at, kept: span, length, by })
            }
            RAW => {
                let (from, length) = (fields.side()?, self.see(at_least(span, fields.count()?)?)?);
                Record::Raw(RawRecord { time, from, kept: span, length, origin: take_origin(fields)? })
            }
            EVENT..PROXY => {
                let mut event = event::take(kind - EVENT, fields)?;
                if let Event::Inflated(inflated) = &mut event {
                    self.inflated(inflated, span, data)?;
                }
                Record::Event(time, Box::new(event))
            }
            PROXY.. => Record::Proxy(time, Box::new(proxy::take(kind - PROXY, fields)?)),
            _ => return Err(Trouble::Unknown),
        })
    }

    fn run(
        &mut self,
        time: Time,
        fields: &mut Take<'_>,
        span: Span,
        data: Option<&[u8]>,
    ) -> Result<RunRecord, Trouble> {
        let (from, first) = (fields.side()?, fields.frame()?);
        let (count, payload): (u32, u32) = (fields.small()?, fields.small()?);
        let last = Opcode::new(fields.byte()?);
        self.see(payload.into())?;
        let run = RunRecord { time, first, span, count, payload, from, last };
        if !(1..=RunRecord::MOST).contains(&count) || u64::from(payload) > u64::from(span.length) {
            return Err(Trouble::Wrong);
        }
        // Where the bytes are known, they have to be those frames and no more.
        if let Some(data) = data {
            let (mut frames, mut payloads, mut bytes, mut opcode) = (0, 0, 0, None);
            for frame in run.frames(data) {
                frames += 1;
                payloads += frame.header.length;
                bytes = (frame.kept.at - span.at) as usize + frame.kept.length as usize;
                opcode = Some(frame.header.opcode());
            }
            if (frames, payloads, bytes, opcode) != (count, u64::from(payload), data.len(), Some(last)) {
                return Err(Trouble::Wrong);
            }
        }
        Ok(run)
    }

    fn frame(&mut self, time: Time, fields: &mut Take<'_>, kept: Span) -> Result<FrameRecord, Trouble> {
        let (from, number, origin) = (fields.side()?, fields.frame()?, take_origin(fields)?);
        let (relayed, header) = (take_relayed(fields)?, take_header(fields)?);
        let received = self.see(at_least(kept, fields.count()?)?)?;
        Ok(FrameRecord { time, number, header, kept, received, from, origin, relayed })
    }

    fn inflated(&mut self, inflated: &mut InflatedEvent, span: Span, data: Option<&[u8]>) -> Result<(), Trouble> {
        self.see(at_least(span, inflated.length)?)?;
        self.see(inflated.packed)?;
        inflated.bytes = data.unwrap_or_default().to_vec();
        Ok(())
    }

    /// What stands in the place of what this version does not know, so that the numbers of what follows are right.
    fn note_unknown(&mut self, kind: u8, time: Time) -> Record {
        self.unknown += 1;
        let text = format!("a newer wsproxy wrote down here what this one does not know (record of kind {kind})");
        match self.session {
            Some(_) => Record::Event(time, Box::new(Event::Note(Level::Note, text))),
            None => Record::Proxy(time, Box::new(ProxyEvent::Note(Level::Note, text))),
        }
    }
}

/// A count of bytes of which some were kept.
fn at_least(kept: Span, count: u64) -> Result<u64, Trouble> {
    if count >= u64::from(kept.length) { Ok(count) } else { Err(Trouble::Wrong) }
}

numbered!(put_origin, take_origin, Origin { Peer = 0, Injected = 1, Proxy = 2, Rule = 3 });
numbered!(put_by, take_by, By { Repair = 0, Strict = 1, Bridge = 2, Ending = 3, User = 4, Hold = 5, Rule = 6, Hook = 7 });

fn put_relayed(relayed: Relayed, put: &mut Put) {
    match relayed {
        Relayed::AsIs => put.byte(0),
        Relayed::Changed(by) => put.byte(1).byte(put_by(by)),
        Relayed::Dropped(by) => put.byte(2).byte(put_by(by)),
        Relayed::Held => put.byte(3),
        Relayed::Delayed => put.byte(4),
    };
}

fn take_relayed(take: &mut Take<'_>) -> Result<Relayed, Trouble> {
    Ok(match take.byte()? {
        0 => Relayed::AsIs,
        1 => Relayed::Changed(take_by(take)?),
        2 => Relayed::Dropped(take_by(take)?),
        3 => Relayed::Held,
        4 => Relayed::Delayed,
        _ => return Err(Trouble::Unknown),
    })
}

/// A frame's header, with the form of its length.
pub(super) fn put_header(header: &FrameHeader, put: &mut Put) {
    put.byte(header.first);
    match header.form {
        LengthForm::Seven => put.byte(0),
        LengthForm::Sixteen => put.byte(1),
        LengthForm::SixtyFour => put.byte(2),
        LengthForm::Delimited(kind) => put.byte(3).byte(kind),
        LengthForm::Base128 { kind, bytes } => put.byte(4).byte(kind).byte(bytes.count()),
    };
    put.maybe(header.mask, |put, key| {
        put.raw(&key);
    });
    put.number(header.length);
}

pub(super) fn take_header(take: &mut Take<'_>) -> Result<FrameHeader, Trouble> {
    let first = take.byte()?;
    let form = match take.byte()? {
        0 => LengthForm::Seven,
        1 => LengthForm::Sixteen,
        2 => LengthForm::SixtyFour,
        3 => LengthForm::Delimited(take.byte()?),
        4 => LengthForm::Base128 { kind: take.byte()?, bytes: LengthBytes::new(take.byte()?) },
        _ => return Err(Trouble::Unknown),
    };
    let mask = take.maybe(Take::array)?;
    Ok(FrameHeader { first, form, mask, length: take.number()? })
}
