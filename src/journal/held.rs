//! The blocks that an index holds on to, with what it knows of each.

use std::ops::Range;
use std::sync::Arc;

use crate::record::{Record, SessionId, Time};

use super::block::Block;
use super::details::{Details, LastIsBeat};
use super::fold::{FOLDS, Fold};
use super::pieces::Pieces;
use super::ranked::Sums;
use super::row::RowId;

/// A block, and what was found out about it when it came.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub block: Arc<Block>,
    /// `None` where there is nothing to be known, as of most. Copied only where a frozen view shares it.
    pub details: Option<Arc<Details>>,
    /// The earliest time of it and of all that were handed over after it.
    pub earliest: Time,
    shape: Shape,
    /// Whether the last row of the session before it is a heartbeat.
    pub before: LastIsBeat,
    /// Whether the last row in it is, or the last before it where it has none.
    pub after: LastIsBeat,
}

/// Records of a block whose times do not go back: mostly all of them.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    /// The first thing in it.
    pub start: RowId,
    /// The last thing in it.
    pub last: RowId,
    /// Places in the block's records.
    pub records: Range<u32>,
}

impl Stretch {
    /// The number behind the last thing of it.
    pub(super) const fn end(&self) -> u32 {
        self.last.record + 1
    }
}

/// The stretches of a block.
#[derive(Clone, Debug)]
enum Shape {
    One(Bounds),
    Several(Box<[Bounds]>),
}

/// A stretch without the block's number.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    times: (Time, Time),
    /// Numbers of the first thing, and of what is behind the last.
    things: (u32, u32),
    /// Places in the block's records.
    records: (u32, u32),
}

impl Bounds {
    const fn stretch(&self, block: u64) -> Stretch {
        Stretch {
            start: RowId { time: self.times.0, block, record: self.things.0 },
            last: RowId { time: self.times.1, block, record: self.things.1.saturating_sub(1) },
            records: self.records.0..self.records.1,
        }
    }
}

impl Shape {
    fn of(block: &Block) -> Self {
        let (log, mut place) = (&block.log, 0);
        let mut all = Vec::new();
        for records in log.records.chunk_by(|record, next| record.time() <= next.time()) {
            let end = place + records.len();
            let time = |record: Option<&Record>| record.map(Record::time).unwrap_or_default();
            all.push(Bounds {
                times: (time(records.first()), time(records.last())),
                things: (log.number_at(place), log.number_at(end)),
                records: (place as u32, end as u32),
            });
            place = end;
        }
        match *all.as_slice() {
            [one] => Self::One(one),
            _ => Self::Several(all.into()),
        }
    }

    fn all(&self) -> &[Bounds] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(all) => all,
        }
    }
}

impl Entry {
    /// A block, in whose session the last row before it was a heartbeat or not.
    pub(super) fn new(block: Arc<Block>, mut details: Details, before: LastIsBeat) -> Self {
        let shape = Shape::of(&block);
        let earliest = shape.all().iter().map(|bounds| bounds.times.0).min().unwrap_or(Time(u64::MAX));
        let after = details.hide(&block, before);
        Self { block, details: details.kept(), earliest, shape, before, after }
    }

    /// Whose it is.
    pub(super) fn session(&self) -> Option<SessionId> {
        self.block.session
    }

    /// What is known of it.
    pub(super) fn details(&self) -> &Details {
        self.details.as_deref().unwrap_or(Details::NONE)
    }

    /// Finds out anew what heartbeats hide. Says whether the last row became one, or is none any more.
    pub(super) fn hide(&mut self) -> bool {
        let mut details = self.details.take().map(Arc::unwrap_or_clone).unwrap_or_default();
        let after = std::mem::replace(&mut self.after, details.hide(&self.block, self.before));
        self.details = details.kept();
        self.after != after
    }

    /// When the last of it was seen.
    pub(super) fn latest(&self) -> Time {
        self.shape.all().iter().map(|bounds| bounds.times.1).max().unwrap_or_default()
    }

    /// All of it, in pieces whose times do not go back. `sequence` is its own.
    pub(super) fn stretches(&self, sequence: u64) -> impl Iterator<Item = Stretch> {
        self.shape.all().iter().map(move |bounds| bounds.stretch(sequence))
    }

    /// The stretch that a thing is in.
    fn stretch(&self, row: RowId) -> Option<Stretch> {
        let bounds = match &self.shape {
            Shape::One(one) => one,
            Shape::Several(all) => all.get(all.partition_point(|bounds| bounds.things.1 <= row.record))?,
        };
        Some(bounds.stretch(row.block))
    }

    /// How many rows a stretch has, in each way of folding.
    pub(super) fn sums(&self, stretch: &Stretch) -> Sums {
        let mut sums = [1; FOLDS + 1];
        for fold in Fold::ALL {
            sums[fold.index()] = self.rows(stretch, fold);
        }
        sums
    }

    fn rows(&self, stretch: &Stretch, fold: Fold) -> u64 {
        rows_between(self.details(), fold, stretch.start.record, stretch.end())
    }
}

/// How many rows stand between two things of a block, in a way of folding.
fn rows_between(details: &Details, fold: Fold, from: u32, to: u32) -> u64 {
    (details.hidden.row(fold, to) - details.hidden.row(fold, from)) as u64
}

/// A block that is looked into.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looked<'a> {
    pub block: &'a Block,
    pub details: &'a Details,
}

impl Looked<'_> {
    /// The number of the first thing of a stretch that does not stand before a row.
    pub(super) fn number_from(&self, stretch: &Stretch, row: RowId) -> u32 {
        let log = &self.block.log;
        let (start, end) = (stretch.records.start as usize, stretch.records.end as usize);
        let records = log.records.get(start..end).unwrap_or_default();
        let from = log.number_at(start + records.partition_point(|record| record.time() < row.time));
        if stretch.start.block > row.block {
            return from;
        }
        let behind = log.number_at(start + records.partition_point(|record| record.time() <= row.time));
        if stretch.start.block < row.block { behind } else { row.record.clamp(from, behind) }
    }

    /// The place of the first record of a stretch that is not before a time.
    pub(super) fn records_from(&self, stretch: &Stretch, time: Time) -> u32 {
        let (start, end) = (stretch.records.start, stretch.records.end);
        let records = self.block.log.records.get(start as usize..end as usize).unwrap_or_default();
        start + records.partition_point(|record| record.time() < time) as u32
    }

    /// How many rows stand between two things of it, in a way of folding.
    pub(super) fn rows_between(&self, fold: Fold, from: u32, to: u32) -> u64 {
        rows_between(self.details, fold, from, to)
    }

    /// The row at a place among those from a thing on, in a way of folding.
    pub(super) fn row_from(&self, fold: Fold, from: u32, place: u64) -> Option<RowId> {
        let hidden = &self.details.hidden;
        let record = hidden.record(fold, hidden.row(fold, from) + usize::try_from(place).ok()?);
        let record = u32::try_from(record).ok()?;
        Some(RowId { time: self.block.log.time(record)?, block: self.block.sequence, record })
    }
}

/// All of them, as they were handed over.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    entries: Pieces<Entry>,
    /// Sequence of the oldest.
    first: u64,
}

impl Held {
    pub(super) fn get(&self, sequence: u64) -> Option<&Entry> {
        self.entries.get(self.place(sequence)?)
    }

    pub(super) fn get_mut(&mut self, sequence: u64) -> Option<&mut Entry> {
        let place = self.place(sequence)?;
        self.entries.get_mut(place)
    }

    /// A block, to be looked into.
    pub(super) fn look(&self, sequence: u64) -> Option<Looked<'_>> {
        let entry = self.get(sequence)?;
        Some(Looked { block: &entry.block, details: entry.details() })
    }

    /// The stretch that a thing is in.
    pub(super) fn stretch(&self, row: RowId) -> Option<Stretch> {
        self.get(row.block)?.stretch(row)
    }

    /// What the stretch comes to that a thing is in.
    pub(super) fn sums(&self, row: RowId) -> Sums {
        let entry = self.get(row.block);
        entry.and_then(|entry| Some(entry.sums(&entry.stretch(row)?))).unwrap_or_default()
    }

    /// How many rows the stretch has that a thing is in.
    pub(super) fn rows(&self, row: RowId, fold: Fold) -> u64 {
        let entry = self.get(row.block);
        entry.and_then(|entry| Some(entry.rows(&entry.stretch(row)?, fold))).unwrap_or_default()
    }

    fn place(&self, sequence: u64) -> Option<usize> {
        usize::try_from(sequence.checked_sub(self.first)?).ok()
    }

    /// Sequence of the oldest, or of the next one.
    pub(super) const fn first(&self) -> u64 {
        self.first
    }

    /// Sequence of the next one.
    pub(super) const fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    pub(super) fn push(&mut self, sequence: u64, entry: Entry) {
        let earliest = entry.earliest;
        if self.entries.len() == 0 {
            self.first = sequence;
        }
        // Only what overlaps in time is later than what comes after it.
        for place in (0..self.entries.len()).rev() {
            if self.entries.get(place).is_none_or(|before| before.earliest <= earliest) {
                break;
            }
            if let Some(before) = self.entries.get_mut(place) {
                before.earliest = earliest;
            }
        }
        self.entries.push(entry);
    }

    /// Takes the oldest out, if it is older than `first`.
    pub(super) fn pop_before(&mut self, first: u64) -> Option<(u64, Entry)> {
        let sequence = self.first;
        let entry = self.entries.pop_if(|_| sequence < first)?;
        self.first += 1;
        Some((sequence, entry))
    }
}
