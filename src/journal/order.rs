//! The rows of one scope in the order of their times, numbered through in each way of folding.
//!
//! A block has the rows of one session over some time, and may be handed over after later rows of others. So blocks overlap,
//! and nothing is kept for each row: each block has its place by the time at which it begins and the number of its first
//! row. What lies between that and the beginning of the next is merged when somebody looks, from the few blocks that reach
//! into it. A block that comes late changes the numbers of the rows behind its own, one that leaves those of the rows
//! among and before its own: who wants to stay at a row asks for its number again.
//!
//! ```text
//!   time     ─────────────────────────────────────────────▶
//!   block 4  [a    b      c   d]
//!   block 6     [e     f g      h      i]
//!   block 5                  [j    k]
//!   rows      0 1  2 3  4 5  6 7 8 9    10       before: block 4: 0, block 6: 1, block 5: 6
//! ```

use std::collections::VecDeque;
use std::ops::Range;

use crate::record::Time;

use super::fold::{FOLDS, Fold};
use super::held::{Held, Indexed, Stretch};
use super::row::RowId;

/// A stretch, and where its rows begin.
#[derive(Clone, Debug)]
struct Placed {
    stretch: Stretch,
    /// The last row of it and of all before it in the list, or what would stand right behind it.
    latest: RowId,
    /// Number of its first row, in each way of folding.
    before: [u64; FOLDS],
}

/// The rows of one scope.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    /// By the row with which each begins.
    list: VecDeque<Placed>,
    /// The blocks, as they were handed over.
    blocks: VecDeque<u64>,
    /// Rows that left memory, in each way of folding: those that are there have the numbers behind.
    gone: [u64; FOLDS],
    /// Number of the row after the last, in each way of folding.
    end: [u64; FOLDS],
}

/// What of a stretch lies between two rows.
struct Part<'a> {
    indexed: &'a Indexed,
    /// The records in which it lies.
    stretch: Stretch,
    from: u32,
    to: u32,
}

impl Part<'_> {
    fn rows(&self, fold: Fold) -> u64 {
        self.indexed.rows_between(fold, self.from, self.to)
    }

    /// Its row at a place among its own.
    fn row(&self, fold: Fold, place: u64) -> Option<RowId> {
        let before = self.indexed.hidden.row(fold, self.from);
        self.indexed.row(fold, before + usize::try_from(place).ok()?)
    }

    /// The number of its first thing that does not stand before a row.
    fn cut(&self, row: RowId) -> u32 {
        self.indexed.number_from(&self.stretch, row).clamp(self.from, self.to)
    }

    /// Keeps what stands before a row.
    fn keep_before(&mut self, row: RowId) {
        self.to = self.cut(row);
        self.stretch.records.end = self.indexed.records_from(&self.stretch, Time(row.time.0.saturating_add(1)));
    }

    /// Keeps what does not stand before a row.
    fn keep_from(&mut self, row: RowId) {
        self.from = self.cut(row);
        self.stretch.records.start = self.indexed.records_from(&self.stretch, row.time);
    }

    /// Its first row, where it has one.
    fn first(&self, fold: Fold) -> Option<RowId> {
        (self.rows(fold) > 0).then(|| self.row(fold, 0)).flatten()
    }
}

impl Order {
    /// Numbers of the rows that are there.
    pub(super) const fn range(&self, fold: Fold) -> Range<u64> {
        self.gone[fold.index()]..self.end[fold.index()]
    }

    /// The blocks from one on, as they were handed over.
    pub(super) fn blocks_from(&self, sequence: u64) -> impl Iterator<Item = u64> {
        let start = self.blocks.partition_point(|block| *block < sequence);
        self.blocks.range(start..).copied()
    }

    /// How many blocks there are from one on.
    pub(super) fn count_from(&self, sequence: u64) -> usize {
        self.blocks.len() - self.blocks.partition_point(|block| *block < sequence)
    }

    /// Takes in a block that was handed over after all others.
    pub(super) fn add(&mut self, held: &Held, indexed: &Indexed) {
        self.blocks.push_back(indexed.block.sequence);
        for stretch in indexed.stretches() {
            self.place(held, indexed, stretch);
        }
    }

    fn place(&mut self, held: &Held, indexed: &Indexed, stretch: Stretch) {
        let (start, end, rows) = (stretch.start, indexed.last(&stretch), indexed.rows(&stretch));
        let place = match self.list.back() {
            Some(last) if last.stretch.start > start => {
                self.list.partition_point(|placed| placed.stretch.start < start)
            }
            _ => self.list.len(),
        };
        let (before, latest) = match place.checked_sub(1) {
            None => (self.gone, end),
            Some(previous) => {
                let latest = self.list.get(previous).map_or(end, |placed| placed.latest.max(end));
                (self.rows_before(held, previous, start), latest)
            }
        };
        for later in self.list.range_mut(place..) {
            let moved = indexed.rows_before(&stretch, later.stretch.start);
            later.before = plus(later.before, moved);
            later.latest = later.latest.max(end);
        }
        self.list.insert(place, Placed { stretch, latest, before });
        self.end = plus(self.end, rows);
    }

    /// Something between two rows has other rows than before. Where it can be, those behind keep their numbers, and it is
    /// those before that move: there are fewer of them where old blocks leave.
    pub(super) fn recount(&mut self, held: &Held, rows: &Range<RowId>) {
        let first = self.list.partition_point(|placed| placed.stretch.start < rows.start).saturating_sub(1);
        let behind = self.list.partition_point(|placed| placed.stretch.start <= rows.end);
        for place in first + 1..behind {
            let Some(start) = self.list.get(place).map(|placed| placed.stretch.start) else { break };
            let before = self.count_before(held, place - 1, start);
            if let Some(placed) = self.list.get_mut(place) {
                placed.before = before;
            }
        }
        let Some(last) = self.list.len().checked_sub(1) else { return };
        let (old, new) = match self.list.get(behind) {
            Some(next) => (next.before, self.count_before(held, behind.saturating_sub(1), next.stretch.start)),
            None => (self.end, self.count_before(held, last, RowId::LAST)),
        };
        let is_old = behind < self.list.len() - behind;
        let back: [u64; FOLDS] = std::array::from_fn(|fold| new[fold].saturating_sub(old[fold]));
        if is_old && self.gone.iter().zip(back).all(|(gone, back)| *gone >= back) {
            for placed in self.list.range_mut(..behind) {
                placed.before = minus(plus(placed.before, old), new);
            }
            self.gone = minus(plus(self.gone, old), new);
        } else {
            for placed in self.list.range_mut(behind..) {
                placed.before = minus(plus(placed.before, new), old);
            }
            self.end = minus(plus(self.end, new), old);
        }
    }

    /// The newest block.
    pub(super) fn newest(&self) -> Option<u64> {
        self.blocks.back().copied()
    }

    /// Lets go of a block: its rows are gone, and what is among them moves behind.
    pub(super) fn remove(&mut self, gone: &Indexed) {
        self.blocks.pop_front_if(|block| *block == gone.block.sequence);
        for stretch in gone.stretches() {
            let found = self.list.binary_search_by_key(&stretch.start, |placed| placed.stretch.start);
            let Some(place) = found.ok().filter(|place| self.list.remove(*place).is_some()) else { continue };
            let (end, rows) = (gone.last(&stretch), gone.rows(&stretch));
            for earlier in self.list.range_mut(..place) {
                earlier.before = plus(earlier.before, rows);
            }
            for later in self.list.range_mut(place..).take_while(|later| later.stretch.start <= end) {
                let behind = minus(rows, gone.rows_before(&stretch, later.stretch.start));
                later.before = plus(later.before, behind);
            }
            self.gone = plus(self.gone, rows);
        }
    }

    /// A row by its number.
    pub(super) fn row(&self, held: &Held, fold: Fold, number: u64) -> Option<RowId> {
        if !self.range(fold).contains(&number) {
            return None;
        }
        let after = self.list.partition_point(|placed| placed.before[fold.index()] <= number);
        let place = after.checked_sub(1)?;
        let here = self.list.get(place)?;
        let reaches = place.checked_sub(1).and_then(|before| self.list.get(before)).map(|before| before.latest);
        if reaches.is_none_or(|latest| latest < here.stretch.start) {
            // Nothing is among its rows, as in each session by itself: there is nothing to merge.
            let indexed = held.get(here.stretch.start.block)?;
            let before = indexed.hidden.row(fold, here.stretch.start.record);
            return indexed.row(fold, before + usize::try_from(number - here.before[fold.index()]).ok()?);
        }
        select(self.parts(held, fold, place), fold, number - here.before[fold.index()])
    }

    /// About where the row of a number is: none that is much nearer is found without a merge.
    pub(super) fn near(&self, fold: Fold, number: u64) -> Option<RowId> {
        let after = self.list.partition_point(|placed| placed.before[fold.index()] <= number);
        Some(self.list.get(after.checked_sub(1)?)?.stretch.start)
    }

    /// The rows of some numbers, as far as they are there.
    pub(super) fn rows(&self, held: &Held, fold: Fold, numbers: Range<u64>) -> Vec<RowId> {
        let mut rows = Vec::new();
        let numbers = numbers.start.max(self.range(fold).start)..numbers.end.min(self.range(fold).end);
        let count = usize::try_from(numbers.end.saturating_sub(numbers.start)).unwrap_or_default();
        let Some(first) = self.row(held, fold, numbers.start) else { return rows };
        let mut place = self.list.partition_point(|placed| placed.stretch.start <= first).saturating_sub(1);
        while rows.len() < count && place < self.list.len() {
            let mut parts = self.parts(held, fold, place);
            parts.iter_mut().for_each(|part| part.keep_from(first));
            while rows.len() < count {
                let next =
                    parts.iter_mut().filter_map(|part| Some((part.first(fold)?, part))).min_by_key(|(row, _)| *row);
                let Some((row, part)) = next else { break };
                part.from = row.record + 1;
                rows.push(row);
            }
            place += 1;
        }
        rows
    }

    /// What stands between the beginning of the stretch at a place and that of the next.
    fn parts<'a>(&'a self, held: &'a Held, fold: Fold, place: usize) -> Vec<Part<'a>> {
        let Some(here) = self.list.get(place) else { return Vec::new() };
        let until = self.list.get(place + 1).map(|next| next.stretch.start);
        let parts = self.reaching(place).filter_map(|placed| {
            let (stretch, indexed) = (placed.stretch.clone(), held.get(placed.stretch.start.block)?);
            let (from, to) = (stretch.start.record, indexed.number_behind(&stretch));
            let mut part = Part { indexed, stretch, from, to };
            part.keep_from(here.stretch.start);
            until.iter().for_each(|until| part.keep_before(*until));
            Some(part).filter(|part| part.rows(fold) > 0)
        });
        parts.collect()
    }

    /// The number that a row has, or, where it is hidden, that of the next one, which may be the end.
    pub(super) fn number(&self, held: &Held, fold: Fold, row: RowId) -> u64 {
        let place = self.list.partition_point(|placed| placed.stretch.start <= row);
        place.checked_sub(1).map_or(self.gone, |previous| self.rows_before(held, previous, row))[fold.index()]
    }

    /// How many rows stand before one, which is not before the beginning of the stretch at a place.
    fn rows_before(&self, held: &Held, place: usize, row: RowId) -> [u64; FOLDS] {
        match self.list.get(place) {
            Some(here) if here.latest >= row || place + 1 < self.list.len() => self.count_before(held, place, row),
            _ => self.end,
        }
    }

    /// The same, whatever the number behind the last row is said to be.
    fn count_before(&self, held: &Held, place: usize, row: RowId) -> [u64; FOLDS] {
        let Some(here) = self.list.get(place) else { return self.gone };
        let start = here.stretch.start;
        self.reaching(place).fold(here.before, |rows, placed| {
            let Some(indexed) = held.get(placed.stretch.start.block) else { return rows };
            let stretch = &placed.stretch;
            let (from, to) = (indexed.number_from(stretch, start), indexed.number_from(stretch, row));
            plus(rows, Fold::ALL.map(|fold| indexed.rows_between(fold, from, to.max(from))))
        })
    }

    /// The stretches that may have rows behind the beginning of that at a place, itself included.
    fn reaching(&self, place: usize) -> impl Iterator<Item = &Placed> {
        let start = self.list.get(place).map_or(RowId::LAST, |placed| placed.stretch.start);
        self.list.range(..=place).rev().take_while(move |placed| placed.latest >= start)
    }
}

/// The row at a place among those of some parts, in the order of their times.
fn select(mut parts: Vec<Part<'_>>, fold: Fold, mut place: u64) -> Option<RowId> {
    loop {
        if let [part] = parts.as_slice() {
            return part.row(fold, place);
        }
        // The one in the middle of the largest part: with it, about half of the rows are decided.
        let largest = parts.iter().max_by_key(|part| part.rows(fold))?;
        let middle = largest.row(fold, largest.rows(fold) / 2)?;
        let below = |part: &Part<'_>| part.indexed.rows_between(fold, part.from, part.cut(middle));
        let below: u64 = parts.iter().map(below).sum();
        if below == place {
            return Some(middle);
        }
        if below > place {
            parts.iter_mut().for_each(|part| part.keep_before(middle));
        } else {
            let behind = RowId { record: middle.record + 1, ..middle };
            parts.iter_mut().for_each(|part| part.keep_from(behind));
            place -= below + 1;
        }
        parts.retain(|part| part.rows(fold) > 0);
    }
}

fn plus(one: [u64; FOLDS], other: [u64; FOLDS]) -> [u64; FOLDS] {
    std::array::from_fn(|index| one[index] + other[index])
}

fn minus(one: [u64; FOLDS], other: [u64; FOLDS]) -> [u64; FOLDS] {
    std::array::from_fn(|index| one[index].saturating_sub(other[index]))
}
