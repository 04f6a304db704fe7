//! What a session writes while it relays, in a buffer that its owner hands on whole.

use super::finding::FindingKind;
use super::{Event, FrameRecord, MoreRecord, Origin, RawRecord, Side, Span, Time};

/// One thing seen.
#[derive(Clone, Debug)]
pub enum Record {
    /// A frame begins.
    Frame(FrameRecord),
    /// A frame goes on.
    More(MoreRecord),
    /// Bytes that are no frames.
    Raw(RawRecord),
    /// Anything that is rare enough to be boxed.
    Event(Time, Box<Event>),
}

/// Records and the bytes they point into. Owned by the session's task until it hands it on.
#[derive(Debug, Default)]
pub struct Log {
    /// In the order in which things were seen.
    pub records: Vec<Record>,
    /// Payloads.
    pub bytes: Vec<u8>,
    /// Bytes of memory that events hold.
    events: usize,
    /// Findings among the records.
    findings: usize,
}

impl Log {
    /// Room for about as much as `previous` held, so that a busy session does not grow its buffers step by step.
    #[must_use]
    pub fn sized_like(previous: &Self) -> Self {
        Self {
            records: Vec::with_capacity(previous.records.len()),
            bytes: Vec::with_capacity(previous.bytes.len()),
            events: 0,
            findings: 0,
        }
    }

    /// Whether nothing was seen.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Bytes of memory in use.
    #[inline]
    #[must_use]
    pub const fn size(&self) -> usize {
        self.records.len() * size_of::<Record>() + self.bytes.len() + self.events
    }

    /// Bytes of memory that were asked for, in use or not.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.records.capacity() * size_of::<Record>() + self.bytes.capacity() + self.events
    }

    /// Adds what was seen afterwards.
    pub fn append(&mut self, later: Self) {
        let shift = self.bytes.len() as u32;
        self.bytes.extend_from_slice(&later.bytes);
        self.events += later.events;
        self.findings += later.findings;
        self.records.extend(later.records.into_iter().map(|mut record| {
            match &mut record {
                Record::Frame(frame) => frame.kept.at += shift,
                Record::More(more) => more.kept.at += shift,
                Record::Raw(raw) => raw.kept.at += shift,
                Record::Event(..) => {}
            }
            record
        }));
    }

    /// The bytes of a span; empty where it does not fit.
    #[must_use]
    pub fn span(&self, span: Span) -> &[u8] {
        let at = span.at as usize;
        self.bytes.get(at..at + span.length as usize).unwrap_or_default()
    }

    /// The kinds of the findings among the records. Costs nothing where there are none.
    pub fn findings(&self) -> impl Iterator<Item = FindingKind> {
        let records = if self.findings == 0 { &[] } else { self.records.as_slice() };
        records.iter().filter_map(|record| match record {
            Record::Event(_, event) => match event.as_ref() {
                Event::Finding(_, finding) => Some(finding.kind),
                _ => None,
            },
            _ => None,
        })
    }

    /// Adds an event.
    pub fn event(&mut self, time: Time, event: Event) {
        self.events += event.size();
        self.findings += usize::from(matches!(event, Event::Finding(..)));
        self.records.push(Record::Event(time, Box::new(event)));
    }

    /// Copies payload in.
    #[inline]
    pub fn keep(&mut self, bytes: &[u8]) -> Span {
        let at = self.bytes.len() as u32;
        self.bytes.extend_from_slice(bytes);
        Span { at, length: bytes.len() as u32 }
    }

    /// Adds more of a frame: to the record that it already has here where its bytes are the last, else as a new one.
    pub fn more(&mut self, mut more: MoreRecord, bytes: &[u8]) {
        more.kept = self.keep(bytes);
        let span = match self.records.last_mut() {
            Some(Record::Frame(frame)) if frame.number == more.number => {
                frame.received = more.received;
                &mut frame.kept
            }
            Some(Record::More(last)) if last.number == more.number => {
                (last.time, last.received) = (more.time, more.received);
                last.added += more.added;
                &mut last.kept
            }
            _ => {
                self.records.push(Record::More(more));
                return;
            }
        };
        // Nothing was kept in between, since the last record is the frame's own.
        if span.length == 0 {
            span.at = more.kept.at;
        }
        span.length += more.kept.length;
    }

    /// Adds raw bytes, of which no more than `limit` are kept in one record.
    pub fn raw(&mut self, time: Time, from: Side, origin: Origin, bytes: &[u8], limit: usize) {
        if let Some(Record::Raw(last)) = self.records.last()
            && (last.from, last.origin) == (from, origin)
        {
            let (span, room) = (last.kept, limit.saturating_sub(last.kept.length as usize));
            if (span.at + span.length) as usize == self.bytes.len() {
                let kept = self.keep(bytes.get(..room).unwrap_or(bytes));
                if let Some(Record::Raw(last)) = self.records.last_mut() {
                    last.kept.length += kept.length;
                    last.length += bytes.len() as u64;
                }
                return;
            }
        }
        let kept = self.keep(bytes.get(..limit).unwrap_or(bytes));
        self.records.push(Record::Raw(RawRecord { time, from, kept, length: bytes.len() as u64, origin }));
    }
}
