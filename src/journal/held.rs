//! The blocks that an index holds on to, with what it knows of each.

use std::ops::Range;
use std::sync::Arc;

use crate::capture;
use crate::record::{Record, SessionId, Time};

use super::archive::{Archive, BlockRef, RefAt, Stored};
use super::block::Block;
use super::cache::{Cache, Loaded};
use super::details::{Details, LastIsBeat};
use super::fold::{FOLDS, Fold};
use super::memory::Memory;
use super::pieces::Pieces;
use super::ranked::Sums;
use super::row::RowId;
use super::shelved::{self, Shelved};

/// Where a block is.
#[derive(Clone, Debug)]
enum At {
    Memory(Arc<Block>),
    File(Box<Shelved>),
}

/// A block, and what was found out about it when it came.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    at: At,
    /// `None` where there is nothing to be known, as of most. Of a block in a file, only what messages are heartbeats: the
    /// rest is found out when it is read. Copied only where a frozen view shares it.
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
        Self { at: At::Memory(block), details: details.kept(), earliest, shape, before, after }
    }

    /// One in a file, which says that it is in one stretch.
    fn of_file(stored: Arc<Stored>, previous: Option<u64>, before: LastIsBeat) -> Self {
        let sums = &stored.entry.sums;
        let bounds = Bounds { times: (sums.earliest, sums.latest), things: (0, sums.things), records: (0, u32::MAX) };
        let shape = if sums.things == 0 { Shape::Several(Box::default()) } else { Shape::One(bounds) };
        let earliest = if sums.things == 0 { Time(u64::MAX) } else { sums.earliest };
        let (rows, after) = shelved::rows_of(sums, before);
        let at = At::File(Box::new(Shelved { stored, previous, next: None, rows: Box::new([rows]) }));
        Self { at, details: None, earliest, shape, before, after }
    }

    /// Whose it is.
    pub(super) fn session(&self) -> Option<SessionId> {
        match &self.at {
            At::Memory(block) => block.session,
            At::File(shelved) => shelved.stored.entry.sums.session,
        }
    }

    /// The block, where it is in memory.
    pub(super) const fn in_memory(&self) -> Option<&Arc<Block>> {
        match &self.at {
            At::Memory(block) => Some(block),
            At::File(_) => None,
        }
    }

    /// What a file says of it, where it is in one.
    pub(super) fn in_file(&self) -> Option<&capture::Sums> {
        match &self.at {
            At::Memory(_) => None,
            At::File(shelved) => Some(&shelved.stored.entry.sums),
        }
    }

    /// What is known of it without reading it.
    pub(super) fn details(&self) -> &Details {
        self.details.as_deref().unwrap_or(Details::NONE)
    }

    /// When the last of it was seen.
    pub(super) fn latest(&self) -> Time {
        self.shape.all().iter().map(|bounds| bounds.times.1).max().unwrap_or_default()
    }

    /// All of it, in pieces whose times do not go back. `sequence` is its own.
    pub(super) fn stretches(&self, sequence: u64) -> impl Iterator<Item = Stretch> {
        self.shape.all().iter().map(move |bounds| bounds.stretch(sequence))
    }

    /// The place of the stretch that a thing is in.
    fn place(&self, record: u32) -> usize {
        match &self.shape {
            Shape::One(_) => 0,
            Shape::Several(all) => all.partition_point(|bounds| bounds.things.1 <= record),
        }
    }

    /// The stretch that a thing is in.
    fn stretch(&self, row: RowId) -> Option<Stretch> {
        Some(self.shape.all().get(self.place(row.record))?.stretch(row.block))
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
        match &self.at {
            At::Memory(_) => rows_between(self.details(), fold, stretch.start.record, stretch.end()),
            At::File(shelved) => {
                let rows = shelved.rows.get(self.place(stretch.start.record));
                rows.map_or(0, |rows| rows[fold.index()].into())
            }
        }
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
        let start = stretch.records.start as usize;
        let records = self.records(stretch);
        let from = log.number_at(start + records.partition_point(|record| record.time() < row.time));
        if stretch.start.block > row.block {
            return from;
        }
        let behind = log.number_at(start + records.partition_point(|record| record.time() <= row.time));
        if stretch.start.block < row.block { behind } else { row.record.clamp(from, behind) }
    }

    /// The place of the first record of a stretch that is not before a time.
    pub(super) fn records_from(&self, stretch: &Stretch, time: Time) -> u32 {
        stretch.records.start + self.records(stretch).partition_point(|record| record.time() < time) as u32
    }

    fn records(&self, stretch: &Stretch) -> &[Record] {
        let records = &self.block.log.records;
        let end = (stretch.records.end as usize).min(records.len());
        records.get(stretch.records.start as usize..end).unwrap_or_default()
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
#[derive(Default)]
pub(super) struct Held {
    entries: Pieces<Entry>,
    /// Sequence of the oldest.
    first: u64,
    /// Where those are from that are in files.
    archive: Option<Arc<dyn Archive>>,
    cache: Cache,
    memory: Arc<Memory>,
}

impl Clone for Held {
    fn clone(&self) -> Self {
        let (entries, archive) = (self.entries.clone(), self.archive.clone());
        Self { entries, first: self.first, archive, cache: Cache::default(), memory: Arc::default() }
    }
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
        match &entry.at {
            At::Memory(block) => Some(Looked { block, details: entry.details() }),
            At::File(shelved) => {
                let loaded = self.load(sequence, shelved)?;
                let (details, _) = self.details_of(shelved, entry.before, &entry.details().known, loaded);
                Some(Looked { block: &loaded.block, details })
            }
        }
    }

    /// A block's records alone.
    pub(super) fn block(&self, sequence: u64) -> Option<&Block> {
        match &self.get(sequence)?.at {
            At::Memory(block) => Some(block),
            At::File(shelved) => Some(&self.load(sequence, shelved)?.block),
        }
    }

    /// A block, where it is in a file.
    pub(super) fn shelved(&self, sequence: u64) -> Option<&Shelved> {
        match &self.get(sequence)?.at {
            At::Memory(_) => None,
            At::File(shelved) => Some(shelved),
        }
    }

    /// A block, for who reads it elsewhere.
    pub(super) fn block_ref(&self, sequence: u64) -> Option<BlockRef> {
        let entry = self.get(sequence)?;
        let at = match &entry.at {
            At::Memory(block) => RefAt::Memory(Arc::clone(block), entry.details.clone()),
            At::File(shelved) => RefAt::File {
                archive: Arc::clone(self.archive.as_ref()?),
                stored: Arc::clone(&shelved.stored),
                known: entry.details.clone(),
                before: entry.before,
            },
        };
        Some(BlockRef { sequence, session: entry.session(), at })
    }

    fn load(&self, sequence: u64, shelved: &Shelved) -> Option<&Loaded> {
        self.cache.get(sequence, || {
            let (stored, archive) = (&shelved.stored, self.archive.as_ref()?);
            let log = archive.load(stored)?;
            Some(Block::new(sequence, stored.entry.sums.session, log, Arc::clone(&self.memory)))
        })
    }

    /// Blocks that are in files come from there.
    pub(super) fn of_archive(archive: Arc<dyn Archive>) -> Self {
        Self { archive: Some(archive), ..Self::default() }
    }

    /// Adds a block that is in a file. `previous` is the one before it of its session.
    pub(super) fn push_stored(&mut self, stored: Arc<Stored>, previous: Option<u64>, before: LastIsBeat) -> u64 {
        let (sequence, is_ordered) = (self.end(), stored.entry.sums.is_ordered);
        if let Some(Entry { at: At::File(shelved), .. }) = previous.and_then(|previous| self.get_mut(previous)) {
            shelved.next = Some(sequence);
        }
        self.push(sequence, Entry::of_file(stored, previous, before));
        if !is_ordered {
            // The file does not say which stretches it has.
            if let Some(shape) = self.block(sequence).map(Shape::of)
                && let Some(entry) = self.get_mut(sequence)
            {
                entry.shape = shape;
            }
            self.hide(sequence);
        }
        sequence
    }

    /// Finds out anew what heartbeats hide. Says whether the last row became one, or is none any more.
    pub(super) fn hide(&mut self, sequence: u64) -> bool {
        self.cache.forget_details(sequence);
        let read = match self.get(sequence) {
            Some(entry @ Entry { at: At::File(shelved), .. }) => self.load(sequence, shelved).map(|loaded| {
                let (details, after) = self.details_of(shelved, entry.before, &entry.details().known, loaded);
                let rows = entry.shape.all().iter().map(|bounds| {
                    Fold::ALL.map(|fold| rows_between(details, fold, bounds.things.0, bounds.things.1) as u32)
                });
                (rows.collect(), *after)
            }),
            _ => None,
        };
        let Some(entry) = self.get_mut(sequence) else { return false };
        let after = match (&mut entry.at, read) {
            (At::Memory(block), _) => {
                let mut details = entry.details.take().map(Arc::unwrap_or_clone).unwrap_or_default();
                let after = details.hide(block, entry.before);
                entry.details = details.kept();
                after
            }
            (At::File(shelved), Some((rows, after))) => {
                shelved.rows = rows;
                after
            }
            // It can't be read, so nothing is known.
            (At::File(_), None) => entry.after,
        };
        std::mem::replace(&mut entry.after, after) != after
    }

    /// A look is over: what was read for it and is too much leaves memory.
    pub(super) fn trim(&mut self) {
        if self.archive.is_some() {
            self.cache.trim();
        }
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
