//! What a session writes while it relays, in a buffer that its owner hands on whole.
//!
//! The bytes of a log are the session's reads themselves: its owner reads from the sockets into `Log::read`, lends that
//! store out while the session looks at it, and records point into it. So what came is copied nowhere, and a run of usual
//! frames is one record.
//!
//! ```text
//!   read   [ client's read: 81 85 .. | 81 8a .. | 81 83 .. ][ server's read: 81 05 .. | 82 7e .. ]
//!            ^------------- run of 3 ------------^            ^--------- run of 2 ---------^
//!   own    [ payload of an injected frame ][ what an early read held ]
//! ```

use std::ops::Range;

use bytes::BytesMut;

use super::finding::FindingKind;
use super::{
    Event, FrameRecord, MoreRecord, Origin, ProxyEvent, RawRecord, RunRecord, SentRecord, Side, Span, Store, Time,
};

/// One entry of a log.
#[derive(Clone, Debug)]
pub enum Record {
    /// Usual frames, one or many.
    Run(RunRecord),
    /// A frame begins.
    Frame(FrameRecord),
    /// A frame goes on.
    More(MoreRecord),
    /// What left in place of a frame. It comes before the frame's last record.
    Sent(SentRecord),
    /// Bytes that are no frames.
    Raw(RawRecord),
    /// Anything else of a session: rare enough to be boxed.
    Event(Time, Box<Event>),
    /// What belongs to no session.
    Proxy(Time, Box<ProxyEvent>),
}

impl Record {
    /// When it was seen.
    #[must_use]
    pub const fn time(&self) -> Time {
        match self {
            Self::Run(run) => run.time,
            Self::Frame(frame) => frame.time,
            Self::More(more) => more.time,
            Self::Sent(sent) => sent.time,
            Self::Raw(raw) => raw.time,
            Self::Event(time, _) | Self::Proxy(time, _) => *time,
        }
    }

    /// How many things it stands for: more than one only where it is a run.
    #[must_use]
    pub const fn count(&self) -> u32 {
        match self {
            Self::Run(run) => run.count,
            _ => 1,
        }
    }
}

/// One thing seen: a record, or one frame of a run.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// A frame begins.
    Frame(FrameRecord),
    /// A frame goes on.
    More(MoreRecord),
    /// What left in place of a frame. It comes before the frame's last record.
    Sent(SentRecord),
    /// Bytes that are no frames.
    Raw(RawRecord),
    /// Anything else of a session.
    Event(Time, &'a Event),
    /// What belongs to no session.
    Proxy(Time, &'a ProxyEvent),
}

impl Seen<'_> {
    /// When it was seen.
    #[must_use]
    pub const fn time(&self) -> Time {
        match self {
            Self::Frame(frame) => frame.time,
            Self::More(more) => more.time,
            Self::Sent(sent) => sent.time,
            Self::Raw(raw) => raw.time,
            Self::Event(time, _) | Self::Proxy(time, _) => *time,
        }
    }
}

/// A place in `Log::records` behind which places and numbers of what was seen differ.
#[derive(Clone, Copy, Debug)]
struct Shift {
    /// The run's place in `records`.
    record: u32,
    /// How many frames all runs before it have but their first ones.
    before: u32,
    /// The frames of the run but its first.
    more: u32,
}

/// Records and the bytes they point into. Owned by the session's task until it hands it on.
#[derive(Debug, Default)]
pub struct Log {
    /// In the order in which things were seen.
    pub records: Vec<Record>,
    /// What was read, as far as it is kept: a memory of its own, or a part of one that other logs have parts of too.
    pub read: BytesMut,
    own: Vec<u8>,
    shifts: Vec<Shift>,
    /// Where `read` is in memory while it is lent, and whether a record points into what was lent.
    lent: Range<usize>,
    is_used: bool,
    /// Bytes of memory that events hold.
    events: usize,
    /// Findings among the records.
    findings: usize,
}

impl Log {
    /// What is known from elsewhere: records, all of which point into `own`.
    #[must_use]
    pub fn of_records(records: Vec<Record>, own: Vec<u8>) -> Self {
        let mut log = Self { own, ..Self::default() };
        for (place, record) in records.iter().enumerate() {
            match record {
                Record::Run(run) => log.shift(place as u32, run.count),
                Record::Event(_, event) => log.count_event(event.size(), event.finding().is_some()),
                Record::Proxy(_, event) => log.count_event(event.size(), event.finding().is_some()),
                Record::Frame(_) | Record::More(_) | Record::Sent(_) | Record::Raw(_) => {}
            }
        }
        log.records = records;
        log
    }

    /// Whether nothing was seen.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Bytes of memory in use.
    #[inline]
    #[must_use]
    pub fn size(&self) -> usize {
        self.records.len() * size_of::<Record>() + self.read.len() + self.own.len() + self.events
    }

    /// Bytes of memory that were asked for, in use or not.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.records.capacity() * size_of::<Record>()
            + self.shifts.capacity() * size_of::<Shift>()
            + self.read.capacity()
            + self.own.capacity()
            + self.events
    }

    /// Takes `read` out to be looked at. Until `take_back`, what is kept of those bytes is pointed at and not copied: a
    /// slice is known to be a piece of them by its address.
    pub fn lend(&mut self) -> BytesMut {
        let read = std::mem::take(&mut self.read);
        let start = read.as_ptr().addr();
        self.lent = start..start + read.len();
        self.is_used = false;
        read
    }

    /// Gets back what was lent. Says whether a record points into it; where none does, the bytes of the last read are
    /// nobody's.
    pub fn take_back(&mut self, read: BytesMut) -> bool {
        self.read = read;
        self.lent = 0..0;
        std::mem::take(&mut self.is_used)
    }

    /// Adds what was seen afterwards.
    pub fn append(&mut self, later: Self) {
        let (read, own) = (self.read.len() as u32, self.own.len() as u32);
        let moved = |span: &mut Span| {
            span.at += match span.store {
                Store::Read => read,
                Store::Own => own,
            };
        };
        let (place, before) = (self.records.len() as u32, self.shifted());
        self.shifts.extend(later.shifts.iter().map(|shift| Shift {
            record: shift.record + place,
            before: shift.before + before,
            more: shift.more,
        }));
        self.read.extend_from_slice(&later.read);
        self.own.extend_from_slice(&later.own);
        self.events += later.events;
        self.findings += later.findings;
        self.records.extend(later.records.into_iter().map(|mut record| {
            match &mut record {
                Record::Run(run) => moved(&mut run.span),
                Record::Frame(frame) => moved(&mut frame.kept),
                Record::More(more) => moved(&mut more.kept),
                Record::Sent(sent) => moved(&mut sent.kept),
                Record::Raw(raw) => moved(&mut raw.kept),
                Record::Event(..) | Record::Proxy(..) => {}
            }
            record
        }));
    }

    /// The bytes of a span; empty where it does not fit.
    #[must_use]
    pub fn span(&self, span: Span) -> &[u8] {
        let store = match span.store {
            Store::Read => self.read.as_ref(),
            Store::Own => self.own.as_slice(),
        };
        let at = span.at as usize;
        store.get(at..at + span.length as usize).unwrap_or_default()
    }

    /// How many things were seen: each frame of a run counts.
    #[must_use]
    pub fn count(&self) -> usize {
        self.records.len() + self.shifted() as usize
    }

    /// The thing of that number, from 0. Costs a search in the runs, and a look at no more than a run's frames.
    #[must_use]
    pub fn seen(&self, number: u32) -> Option<Seen<'_>> {
        let (place, within) = self.place(number);
        self.of_record(self.records.get(place as usize)?, within as usize)
    }

    /// When the thing of that number was seen.
    #[must_use]
    pub fn time(&self, number: u32) -> Option<Time> {
        self.records.get(self.place(number).0 as usize).map(Record::time)
    }

    /// The number of the first thing that the record at a place in `records` stands for; at their end, the next one's.
    #[must_use]
    pub fn number_at(&self, place: usize) -> u32 {
        let before = self.shifts.partition_point(|shift| (shift.record as usize) < place);
        let shifted = before.checked_sub(1).and_then(|last| self.shifts.get(last));
        place as u32 + shifted.map_or(0, |shift| shift.before + shift.more)
    }

    /// The record that stands for the thing of a number, and which of those that it stands for that is.
    fn place(&self, number: u32) -> (u32, u32) {
        let after = self.shifts.partition_point(|shift| shift.record + shift.before <= number);
        let Some(shift) = after.checked_sub(1).and_then(|last| self.shifts.get(last)) else { return (number, 0) };
        let within = number - shift.record - shift.before;
        if within <= shift.more { (shift.record, within) } else { (shift.record + within - shift.more, 0) }
    }

    /// All that was seen, frame by frame, in order.
    pub fn all(&self) -> impl Iterator<Item = Seen<'_>> {
        (0..self.records.len()).flat_map(|place| self.at(place))
    }

    /// What the record at a place in `records` stands for, in order.
    pub fn at(&self, place: usize) -> impl Iterator<Item = Seen<'_>> {
        self.records.get(place).into_iter().flat_map(|record| {
            let run = match record {
                Record::Run(run) => Some(run.frames(self.span(run.span)).map(Seen::Frame)),
                _ => None,
            };
            let other = if run.is_some() { None } else { self.of_record(record, 0) };
            run.into_iter().flatten().chain(other)
        })
    }

    /// All records, each with the number of the first thing that it stands for.
    pub fn numbered(&self) -> impl Iterator<Item = (u32, &Record)> {
        let mut number = 0;
        self.records.iter().map(move |record| {
            let first = number;
            number += record.count();
            (first, record)
        })
    }

    fn of_record<'a>(&'a self, record: &'a Record, within: usize) -> Option<Seen<'a>> {
        Some(match record {
            Record::Run(run) => Seen::Frame(run.frames(self.span(run.span)).nth(within)?),
            Record::Frame(frame) => Seen::Frame(*frame),
            Record::More(more) => Seen::More(*more),
            Record::Sent(sent) => Seen::Sent(*sent),
            Record::Raw(raw) => Seen::Raw(*raw),
            Record::Event(time, event) => Seen::Event(*time, event),
            Record::Proxy(time, event) => Seen::Proxy(*time, event),
        })
    }

    /// How many frames runs have but their first ones.
    fn shifted(&self) -> u32 {
        self.shifts.last().map_or(0, |last| last.before + last.more)
    }

    /// The kinds of the findings among the records. Costs nothing where there are none.
    pub fn findings(&self) -> impl Iterator<Item = FindingKind> {
        let records = if self.findings == 0 { &[] } else { self.records.as_slice() };
        let findings = records.iter().filter_map(|record| match record {
            Record::Event(_, event) => event.finding(),
            Record::Proxy(_, event) => event.finding(),
            _ => None,
        });
        findings.map(|finding| finding.kind)
    }

    /// Adds an event of the session.
    pub fn event(&mut self, time: Time, event: Event) {
        self.count_event(event.size(), event.finding().is_some());
        self.records.push(Record::Event(time, Box::new(event)));
    }

    /// Adds what belongs to no session.
    pub fn proxy(&mut self, time: Time, event: ProxyEvent) {
        self.count_event(event.size(), event.finding().is_some());
        self.records.push(Record::Proxy(time, Box::new(event)));
    }

    fn count_event(&mut self, size: usize, is_finding: bool) {
        self.events += size;
        self.findings += usize::from(is_finding);
    }

    /// Keeps bytes: where they are a piece of the read that is lent, by pointing at them, else by a copy.
    #[inline]
    pub fn keep(&mut self, bytes: &[u8]) -> Span {
        let length = bytes.len() as u32;
        let start = bytes.as_ptr().addr();
        if start >= self.lent.start && start + bytes.len() <= self.lent.end && !bytes.is_empty() {
            self.is_used = true;
            return Span { store: Store::Read, at: (start - self.lent.start) as u32, length };
        }
        let at = self.own.len() as u32;
        self.own.extend_from_slice(bytes);
        Span { store: Store::Own, at, length }
    }

    /// Adds usual frames, whose bytes are `bytes`. `run.span` is set here.
    #[inline]
    pub fn run(&mut self, mut run: RunRecord, bytes: &[u8]) {
        run.span = self.keep(bytes);
        self.shift(self.records.len() as u32, run.count);
        self.records.push(Record::Run(run));
    }

    /// Notes that the record at a place, behind which there is none yet, stands for so many frames.
    #[inline]
    fn shift(&mut self, record: u32, count: u32) {
        if count > 1 {
            self.shifts.push(Shift { record, before: self.shifted(), more: count - 1 });
        }
    }

    /// Adds more of a frame: to the record that it already has here where its bytes are the last, else as a new one.
    pub fn more(&mut self, mut more: MoreRecord, bytes: &[u8]) {
        more.kept = self.keep(bytes);
        let joined = match self.records.last_mut() {
            Some(Record::Frame(frame)) if frame.number == more.number => {
                let joined = joins(&mut frame.kept, more.kept);
                if joined {
                    frame.received = more.received;
                }
                joined
            }
            Some(Record::More(last)) if last.number == more.number => {
                let joined = joins(&mut last.kept, more.kept);
                if joined {
                    (last.time, last.received) = (more.time, more.received);
                    last.added += more.added;
                }
                joined
            }
            _ => false,
        };
        if !joined {
            self.records.push(Record::More(more));
        }
    }

    /// Adds what left in place of a frame, of which no more than `limit` bytes are kept. `sent.kept` is set here.
    pub fn sent(&mut self, mut sent: SentRecord, bytes: &[u8], limit: usize) {
        sent.kept = self.keep(bytes.get(..limit).unwrap_or(bytes));
        self.records.push(Record::Sent(sent));
    }

    /// Adds raw bytes, of which no more than `limit` are kept in one record.
    pub fn raw(&mut self, time: Time, from: Side, origin: Origin, bytes: &[u8], limit: usize) {
        let length = bytes.len() as u64;
        let held = match self.records.last() {
            Some(Record::Raw(last)) if (last.from, last.origin) == (from, origin) => last.kept.length as usize,
            _ => 0,
        };
        // What is full only counts; what would go beyond the limit is cut there.
        let room = limit.saturating_sub(held);
        let kept = self.keep(bytes.get(..room).unwrap_or(bytes));
        if let Some(Record::Raw(last)) = self.records.last_mut()
            && (last.from, last.origin) == (from, origin)
            && joins(&mut last.kept, kept)
        {
            last.length += length;
            return;
        }
        self.records.push(Record::Raw(RawRecord { time, from, kept, length, origin }));
    }
}

/// Makes one span of two where the second follows the first; says whether it did.
fn joins(first: &mut Span, second: Span) -> bool {
    if second.length == 0 {
        return true;
    }
    if first.length == 0 {
        *first = second;
        return true;
    }
    let follows = first.store == second.store && first.at + first.length == second.at;
    if follows {
        first.length += second.length;
    }
    follows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::FrameNumber;
    use crate::record::finding::Level;
    use crate::wire::frame;
    use crate::wire::opcode::Opcode;

    /// A run of frames whose payloads have these lengths, added as the next of a log.
    fn add(log: &mut Log, first: u64, lengths: &[usize], is_lent: bool) {
        let mut wire = Vec::new();
        lengths.iter().for_each(|length| frame::write(Opcode::TEXT, &vec![b'x'; *length], None, &mut wire));
        let run = RunRecord {
            time: Time(first),
            first: FrameNumber::new(first),
            span: Span::default(),
            count: lengths.len() as u32,
            payload: lengths.iter().sum::<usize>() as u32,
            from: Side::Server,
            last: Opcode::TEXT,
        };
        if !is_lent {
            return log.run(run, &wire);
        }
        let at = log.read.len();
        log.read.extend_from_slice(&wire);
        let read = log.lend();
        log.run(run, &read[at..]);
        assert!(log.take_back(read), "a record points into what was lent");
    }

    /// What identifies a thing: the number of a frame and its payload's length, or `None` for an event.
    fn key(log: &Log, seen: Seen<'_>) -> Option<(u64, usize)> {
        match seen {
            Seen::Frame(frame) => Some((frame.number.value(), log.span(frame.kept).len())),
            _ => None,
        }
    }

    #[test]
    fn what_is_lent_is_pointed_at_and_all_else_is_copied() {
        let mut log = Log::default();
        log.read.extend_from_slice(b"abcdef");
        let read = log.lend();
        let (inside, outside) = (log.keep(&read[3..5]), log.keep(b"de"));
        log.take_back(read);
        assert_eq!((inside.store, outside.store), (Store::Read, Store::Own));
        assert_eq!((log.span(inside), log.span(outside)), (&b"de"[..], &b"de"[..]));
        assert_eq!(log.keep(&[]).length, 0);
    }

    proptest! {
        #[test]
        fn each_frame_of_a_run_is_found_by_its_number(
            runs in proptest::collection::vec((proptest::collection::vec(0usize..200, 0..5), any::<bool>()), 0..12),
            cut in 0usize..12,
        ) {
            let (mut log, mut later, mut expected, mut number) = (Log::default(), Log::default(), Vec::new(), 1);
            for (index, (lengths, is_lent)) in runs.iter().enumerate() {
                let log = if index < cut { &mut log } else { &mut later };
                if lengths.is_empty() {
                    log.event(Time(number), Event::Note(Level::Note, String::new()));
                    expected.push(None);
                } else {
                    add(log, number, lengths, *is_lent);
                    expected.extend((number..).zip(lengths).map(|(number, length)| Some((number, *length))));
                    number += lengths.len() as u64;
                }
            }
            log.append(later);
            prop_assert_eq!(log.count(), expected.len());
            prop_assert_eq!(&log.all().map(|seen| key(&log, seen)).collect::<Vec<_>>(), &expected);
            let one_by_one = (0..=log.count() as u32).map_while(|number| log.seen(number));
            prop_assert_eq!(&one_by_one.map(|seen| key(&log, seen)).collect::<Vec<_>>(), &expected);
        }
    }
}
