//! The blocks that an index holds on to, with what it knows of each.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use crate::record::{Record, Time};

use super::block::Block;
use super::fold::{FOLDS, Fold, Hidden, Messages};
use super::row::RowId;

/// A block, and what was found out about it when it came.
#[derive(Clone, Debug)]
pub(super) struct Indexed {
    pub block: Arc<Block>,
    pub hidden: Hidden,
    pub messages: Messages,
    /// The earliest time of it and of all that were handed over after it.
    pub earliest: Time,
}

/// Records of a block whose times do not go back: mostly all of them.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    /// The first thing in it.
    pub start: RowId,
    /// Places in the block's records.
    pub records: Range<u32>,
}

impl Indexed {
    pub(super) fn new(block: Arc<Block>, hidden: Hidden, messages: Messages) -> Self {
        let earliest = block.log.records.iter().map(Record::time).min().unwrap_or(Time(u64::MAX));
        Self { block, hidden, messages, earliest }
    }

    /// When the last of it was seen.
    pub(super) fn latest(&self) -> Time {
        self.block.log.records.iter().map(Record::time).max().unwrap_or_default()
    }

    /// All of it, in pieces whose times do not go back.
    pub(super) fn stretches(&self) -> Vec<Stretch> {
        let (log, mut place) = (&self.block.log, 0);
        let mut stretches = Vec::new();
        for records in log.records.chunk_by(|record, next| record.time() <= next.time()) {
            let time = records.first().map(Record::time).unwrap_or_default();
            let start = RowId { time, block: self.block.sequence, record: log.number_at(place) };
            let end = place + records.len();
            stretches.push(Stretch { start, records: place as u32..end as u32 });
            place = end;
        }
        stretches
    }

    /// When the last of a stretch was seen.
    pub(super) fn end(&self, stretch: &Stretch) -> Time {
        let last = (stretch.records.end as usize).checked_sub(1).and_then(|last| self.block.log.records.get(last));
        last.map_or(stretch.start.time, Record::time)
    }

    /// The number of the first thing of a stretch that does not stand before a row.
    pub(super) fn number_from(&self, stretch: &Stretch, row: RowId) -> u32 {
        let log = &self.block.log;
        let (start, end) = (stretch.records.start as usize, stretch.records.end as usize);
        let records = log.records.get(start..end).unwrap_or_default();
        let from = log.number_at(start + records.partition_point(|record| record.time() < row.time));
        if self.block.sequence > row.block {
            return from;
        }
        let behind = log.number_at(start + records.partition_point(|record| record.time() <= row.time));
        if self.block.sequence < row.block { behind } else { row.record.clamp(from, behind) }
    }

    /// The number behind the last thing of a stretch.
    pub(super) fn number_behind(&self, stretch: &Stretch) -> u32 {
        self.block.log.number_at(stretch.records.end as usize)
    }

    /// How many rows stand between two things of it, in a way of folding.
    pub(super) fn rows_between(&self, fold: Fold, from: u32, to: u32) -> u64 {
        (self.hidden.row(fold, to) - self.hidden.row(fold, from)) as u64
    }

    /// How many rows of a stretch stand before one, in each way of folding.
    pub(super) fn rows_before(&self, stretch: &Stretch, row: RowId) -> [u64; FOLDS] {
        self.rows_up_to(stretch, self.number_from(stretch, row))
    }

    /// How many rows a stretch has, in each way of folding.
    pub(super) fn rows(&self, stretch: &Stretch) -> [u64; FOLDS] {
        self.rows_up_to(stretch, self.number_behind(stretch))
    }

    fn rows_up_to(&self, stretch: &Stretch, number: u32) -> [u64; FOLDS] {
        Fold::ALL.map(|fold| self.rows_between(fold, stretch.start.record, number))
    }

    /// The row at a place among those of the block, in a way of folding.
    pub(super) fn row(&self, fold: Fold, place: usize) -> Option<RowId> {
        let record = u32::try_from(self.hidden.record(fold, place)).ok()?;
        Some(RowId { time: self.block.log.time(record)?, block: self.block.sequence, record })
    }
}

/// All of them, as they were handed over.
#[derive(Clone, Debug, Default)]
pub(super) struct Held(VecDeque<Indexed>);

impl Held {
    pub(super) fn get(&self, sequence: u64) -> Option<&Indexed> {
        self.0.get(self.place(sequence)?)
    }

    pub(super) fn get_mut(&mut self, sequence: u64) -> Option<&mut Indexed> {
        let place = self.place(sequence)?;
        self.0.get_mut(place)
    }

    fn place(&self, sequence: u64) -> Option<usize> {
        usize::try_from(sequence.checked_sub(self.0.front()?.block.sequence)?).ok()
    }

    /// Sequence of the oldest, or of the next one.
    pub(super) fn first(&self) -> u64 {
        self.0.front().map_or(0, |indexed| indexed.block.sequence)
    }

    /// Sequence of the next one.
    pub(super) fn end(&self) -> u64 {
        self.0.back().map_or(0, |indexed| indexed.block.sequence + 1)
    }

    pub(super) fn push(&mut self, indexed: Indexed) {
        let earliest = indexed.earliest;
        // Only what overlaps in time is later than what comes after it.
        for before in self.0.iter_mut().rev().take_while(|before| before.earliest > earliest) {
            before.earliest = earliest;
        }
        self.0.push_back(indexed);
    }

    /// Takes the oldest out, if it is older than `first`.
    pub(super) fn pop_before(&mut self, first: u64) -> Option<Indexed> {
        self.0.pop_front_if(|indexed| indexed.block.sequence < first)
    }
}
