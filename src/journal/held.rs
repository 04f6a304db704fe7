//! The blocks that an index holds on to, with what it knows of each.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use crate::record::{Record, Time};

use super::beats::Beats;
use super::block::Block;
use super::fold::{FOLDS, Fold, Hidden, Messages};
use super::row::RowId;

/// A block, and what was found out about it when it came.
#[derive(Clone, Debug)]
pub(super) struct Indexed {
    pub block: Arc<Block>,
    pub messages: Messages,
    pub beats: Beats,
    /// What that comes to.
    pub hidden: Hidden,
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
    /// A block, in whose session the last row before it was a heartbeat or not.
    pub(super) fn new(block: Arc<Block>, messages: Messages, before: [bool; 2]) -> Self {
        let earliest = block.log.records.iter().map(Record::time).min().unwrap_or(Time(u64::MAX));
        let mut beats = Beats { before, ..Beats::default() };
        let hidden = beats.hide(&block, &messages);
        Self { block, messages, beats, hidden, earliest }
    }

    /// Finds out anew what heartbeats hide. Says whether the last row became one, or is none any more.
    pub(super) fn hide(&mut self) -> bool {
        let after = self.beats.after;
        self.hidden = self.beats.hide(&self.block, &self.messages);
        self.beats.after != after
    }

    /// The rows at its beginning and at its end.
    pub(super) fn span(&self) -> Range<RowId> {
        let row = |time| RowId { time, block: self.block.sequence, record: 0 };
        let first = self.block.log.records.iter().map(Record::time).min().unwrap_or_default();
        row(first)..RowId { record: u32::MAX, ..row(self.latest()) }
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

    /// What is right behind the last row of a stretch.
    pub(super) fn last(&self, stretch: &Stretch) -> RowId {
        let last = (stretch.records.end as usize).checked_sub(1).and_then(|last| self.block.log.records.get(last));
        let time = last.map_or(stretch.start.time, Record::time);
        RowId { time, record: u32::MAX, ..stretch.start }
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

    /// The place of the first record of a stretch that is not before a time.
    pub(super) fn records_from(&self, stretch: &Stretch, time: Time) -> u32 {
        let (start, end) = (stretch.records.start, stretch.records.end);
        let records = self.block.log.records.get(start as usize..end as usize).unwrap_or_default();
        start + records.partition_point(|record| record.time() < time) as u32
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
