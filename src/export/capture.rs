//! A capture of what is asked for: what an item was made of is put together again, each frame as one record.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Write};
use std::mem;

use crate::capture::{About, Writer};
use crate::json::{FrameItem, Item, Totals, What};
use crate::record::finding::{FindingKind, Level};
use crate::record::{
    Event, FrameRecord, InflatedEvent, Log, ProxyEvent, RawRecord, Record, SentRecord, SessionId, Span, Time,
};
use crate::wire::mask;

use super::form::Form;

/// An index comes behind so many blocks.
const INDEXED: usize = 4096;

/// A capture under way.
#[derive(Default)]
pub(super) struct Captured {
    /// Begun with the first item, whose time it has.
    writer: Option<Writer<Vec<u8>>>,
    /// How sessions began of which nothing was asked for so far: their frames are nothing without it.
    beginnings: HashMap<SessionId, Log>,
    /// Sessions of which something is in the file, and that have not ended.
    told: BTreeSet<SessionId>,
    /// The time of the last item.
    last: Time,
    /// Why something could not be written: told at the end, as nobody can do anything about it before.
    fault: Option<io::Error>,
}

impl Captured {
    fn write(&mut self, session: Option<SessionId>, log: &Log, out: &mut Vec<u8>) {
        let begun = log.records.first().map_or(self.last, Record::time);
        if let Err(error) = self.add(session, log, begun, out) {
            self.fault.get_or_insert(error);
        }
    }

    fn add(&mut self, session: Option<SessionId>, log: &Log, begun: Time, out: &mut Vec<u8>) -> io::Result<()> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => {
                let about =
                    About { program: concat!("wsproxy ", env!("CARGO_PKG_VERSION")).to_owned(), begun, part: 1 };
                none.insert(Writer::new(Vec::new(), rand::random(), &about)?)
            }
        };
        writer.add(session, log)?;
        if writer.unindexed() >= INDEXED {
            writer.index()?;
        }
        out.append(writer.sink());
        Ok(())
    }
}

impl Form for Captured {
    fn item(&mut self, item: &Item<'_>, out: &mut Vec<u8>) {
        self.last = item.time;
        let mut log = Log::default();
        if let Some(id) = item.session {
            log = self.beginnings.remove(&id).unwrap_or_default();
            self.told.insert(id);
        }
        match &item.what {
            What::Frame(frame) => add_frame(&mut log, item.time, frame),
            What::Raw(raw, kept) => {
                let kept = log.keep(kept);
                log.records.push(Record::Raw(RawRecord { kept, ..**raw }));
            }
            // It came with its frame.
            What::Event(Event::Inflated(_)) => return,
            What::Event(event) => log.event(item.time, (*event).clone()),
            What::Released(released, left) => {
                if let (Some((by, bytes)), Some(number)) = (left, released.frames.first().copied()) {
                    let (at, length, from) = (0, bytes.len() as u64, released.from);
                    let sent = SentRecord { time: item.time, number, from, at, kept: Span::default(), length, by: *by };
                    log.sent(sent, bytes, usize::MAX);
                }
                log.event(item.time, Event::Released((*released).clone()));
            }
            What::Proxy(event) => log.proxy(item.time, (*event).clone()),
        }
        if let (What::Event(Event::SessionClosed(_)), Some(id)) = (&item.what, item.session) {
            self.told.remove(&id);
        }
        self.write(item.session, &log, out);
    }

    fn hidden(&mut self, item: &Item<'_>, out: &mut Vec<u8>) {
        let (Some(id), What::Event(event)) = (item.session, &item.what) else { return };
        match event {
            // Whoever opens the file should not take it for open.
            Event::SessionClosed(_) if self.told.remove(&id) => {
                let mut log = Log::default();
                log.event(item.time, (*event).clone());
                self.write(Some(id), &log, out);
            }
            Event::SessionClosed(_) => _ = self.beginnings.remove(&id),
            Event::SessionOpened { .. } | Event::Head(_) | Event::Open(_) => {
                let log = self.beginnings.entry(id).or_default();
                log.event(item.time, (*event).clone());
                if self.told.contains(&id) {
                    let log = mem::take(log);
                    self.beginnings.remove(&id);
                    self.write(Some(id), &log, out);
                }
            }
            _ => {}
        }
    }

    fn lost(&mut self, records: u64, out: &mut Vec<u8>) {
        let mut log = Log::default();
        let words = format!("{records} records are not in this file: they had left memory before it was written");
        log.proxy(self.last, ProxyEvent::Note(Level::Warning, words));
        self.write(None, &log, out);
    }

    fn finish(&mut self, _: &Totals, _: &BTreeMap<FindingKind, u64>, out: &mut dyn Write) -> io::Result<()> {
        let mut last = Vec::new();
        self.write(None, &Log::default(), &mut last);
        out.write_all(&last)?;
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        self.writer.take().map_or(Ok(()), |writer| out.write_all(&writer.finish()?))
    }
}

/// A frame with all that came of it.
fn add_frame(log: &mut Log, time: Time, frame: &FrameItem<'_>) {
    let record = *frame.record;
    if let Some(inflated) = &frame.inflated {
        log.event(
            time,
            Event::Inflated(InflatedEvent {
                frame: record.number,
                from: record.from,
                bytes: inflated.clone(),
                length: inflated.len() as u64,
                packed: frame.received,
            }),
        );
    }
    if let Some((by, bytes)) = &frame.sent {
        let (number, from, length) = (record.number, record.from, bytes.len() as u64);
        let sent = SentRecord { time, number, from, at: 0, kept: Span::default(), length, by: *by };
        log.sent(sent, bytes, usize::MAX);
    }
    let mut wire = frame.payload.to_vec();
    if let Some(key) = record.header.mask {
        mask::apply(key, 0, &mut wire);
    }
    let kept = log.keep(&wire);
    log.records.push(Record::Frame(FrameRecord { kept, received: frame.received, ..record }));
}
