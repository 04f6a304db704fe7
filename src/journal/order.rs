//! The rows of one scope in the order of their times, numbered through in each way of folding.
//!
//! A block has the rows of one session over some time, and may be handed over after later rows of others. So blocks overlap,
//! and nothing is kept for each row: each block is listed by its first row and by its last one, both with sums (`ranked`). What
//! stands before a row is all that ends before it, and a part of each block that reaches over it, of which there are few: those
//! alone are looked into. A block that comes late changes the numbers of the rows behind its own, one that leaves those of the
//! rows among and before its own: who wants to stay at a row asks for its number again.
//!
//! ```text
//!   time     ─────────────────────────────────────────────▶
//!   block 4  [a    b      c   d]
//!   block 6     [e     f g      h      i]
//!   block 5                  [j    k]
//!   rows      0 1  2 3  4 5  6 7 8 9    10       before j: nothing that ended, and of blocks 4 and 6 three rows each
//! ```

use std::ops::Range;

use crate::record::Time;

use super::fold::Fold;
use super::held::{Entry, Held, Looked, Stretch};
use super::pieces::Pieces;
use super::ranked::{Moves, Ranked, STRETCHES, Sums, minus, plus};
use super::row::RowId;

/// The rows of one scope.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    /// Each stretch by its first row.
    starts: Ranked,
    /// Each stretch by its last row.
    ends: Ranked,
    /// The blocks, as they were handed over.
    blocks: Pieces<u64>,
    /// What left memory: the rows that are there have the numbers behind.
    gone: Sums,
    /// What there is and was: the number of the row after the last.
    end: Sums,
}

/// What of a stretch lies between two rows.
struct Part<'a> {
    looked: Looked<'a>,
    /// The records in which it lies.
    stretch: Stretch,
    from: u32,
    to: u32,
}

impl Part<'_> {
    fn rows(&self, fold: Fold) -> u64 {
        self.looked.rows_between(fold, self.from, self.to)
    }

    /// Its row at a place among its own.
    fn row(&self, fold: Fold, place: u64) -> Option<RowId> {
        self.looked.row_from(fold, self.from, place)
    }

    /// The number of its first thing that does not stand before a row.
    fn cut(&self, row: RowId) -> u32 {
        self.looked.number_from(&self.stretch, row).clamp(self.from, self.to)
    }

    /// Keeps what stands before a row.
    fn keep_before(&mut self, row: RowId) {
        self.to = self.cut(row);
        self.stretch.records.end = self.looked.records_from(&self.stretch, Time(row.time.0.saturating_add(1)));
    }

    /// Keeps what does not stand before a row.
    fn keep_from(&mut self, row: RowId) {
        self.from = self.cut(row);
        self.stretch.records.start = self.looked.records_from(&self.stretch, row.time);
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
        self.blocks.from(self.blocks.partition_point(|block| *block < sequence)).copied()
    }

    /// How many blocks there are from one on.
    pub(super) fn count_from(&self, sequence: u64) -> usize {
        self.blocks.len() - self.blocks.partition_point(|block| *block < sequence)
    }

    /// The newest block.
    pub(super) fn newest(&self) -> Option<u64> {
        self.blocks.last().copied()
    }

    /// Takes in a block that was handed over after all others. `held` has it already.
    pub(super) fn add(&mut self, held: &Held, sequence: u64) {
        let Some(entry) = held.get(sequence) else { return };
        self.blocks.push(sequence);
        for stretch in entry.stretches(sequence) {
            let sums = entry.sums(&stretch);
            self.starts.add(stretch.start, sums, self.end, |row| held.sums(row));
            self.ends.add(stretch.last, sums, self.end, |row| held.sums(row));
            self.end = plus(self.end, sums);
        }
    }

    /// A stretch has other rows than before. Where it can be, those behind keep their numbers, and it is those before that
    /// move: there are fewer of them where old blocks leave.
    pub(super) fn change(&mut self, stretch: &Stretch, old: Sums, new: Sums) {
        let back = minus(new, old);
        let can_move = self.gone.iter().zip(back).all(|(gone, back)| *gone >= back);
        let moves = if can_move && self.starts.is_early(stretch.start) { Moves::Before } else { Moves::Behind };
        self.starts.change(stretch.start, old, new, moves);
        self.ends.change(stretch.last, old, new, moves);
        match moves {
            Moves::Before => self.gone = minus(plus(self.gone, old), new),
            Moves::Behind => self.end = minus(plus(self.end, new), old),
        }
    }

    /// Lets go of a block: its rows are gone, and what is among them moves behind.
    pub(super) fn remove(&mut self, sequence: u64, gone: &Entry) {
        self.blocks.pop_if(|block| *block == sequence);
        for stretch in gone.stretches(sequence) {
            let sums = gone.sums(&stretch);
            self.starts.remove(stretch.start, sums);
            self.ends.remove(stretch.last, sums);
            self.gone = plus(self.gone, sums);
        }
    }

    /// A row by its number.
    pub(super) fn row(&self, held: &Held, fold: Fold, number: u64) -> Option<RowId> {
        if !self.range(fold).contains(&number) {
            return None;
        }
        let (place, before) = self.starts.find(fold.index(), number, |row| held.rows(row, fold))?;
        let here = held.stretch(self.starts.get(place)?)?;
        let is_apart = self.starts.get(place + 1).is_none_or(|next| here.last < next);
        if is_apart && self.count_reaching(here.start) == 0 {
            // Nothing is among its rows, as in each session by itself: there is nothing to merge.
            return held.look(here.start.block)?.row_from(fold, here.start.record, number - before);
        }
        let place = self.place(held, fold, number, place);
        let before = self.number(held, fold, self.starts.get(place)?);
        select(self.parts(held, fold, place), fold, number.checked_sub(before)?)
    }

    /// The last stretch that begins with a row of that number or before it, which is this one or one of the next.
    fn place(&self, held: &Held, fold: Fold, number: u64, mut place: u64) -> u64 {
        let is_before = |place| {
            let row = self.starts.get(place);
            row.is_some_and(|row| self.number(held, fold, row) <= number)
        };
        let mut step = 1;
        while is_before(place + step) {
            place += step;
            step *= 2;
        }
        while step > 1 {
            step /= 2;
            if is_before(place + step) {
                place += step;
            }
        }
        place
    }

    /// About where the row of a number is: none that is much nearer is found without a merge.
    pub(super) fn near(&self, held: &Held, fold: Fold, number: u64) -> Option<RowId> {
        let (place, _) = self.starts.find(fold.index(), number, |row| held.rows(row, fold))?;
        self.starts.get(place)
    }

    /// The rows of some numbers, as far as they are there.
    pub(super) fn rows(&self, held: &Held, fold: Fold, numbers: Range<u64>) -> Vec<RowId> {
        let mut rows = Vec::new();
        let numbers = numbers.start.max(self.range(fold).start)..numbers.end.min(self.range(fold).end);
        let count = usize::try_from(numbers.end.saturating_sub(numbers.start)).unwrap_or_default();
        let Some(first) = self.row(held, fold, numbers.start) else { return rows };
        let behind = self.stretches_before(RowId { record: first.record.saturating_add(1), ..first });
        let mut place = behind.saturating_sub(1);
        while rows.len() < count && place < self.end[STRETCHES] {
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

    /// What stands between the beginning of the stretch of a number and that of the next.
    fn parts<'a>(&'a self, held: &'a Held, fold: Fold, place: u64) -> Vec<Part<'a>> {
        let Some(here) = self.starts.get(place).and_then(|start| held.stretch(start)) else { return Vec::new() };
        let (start, until) = (here.start, self.starts.get(place + 1));
        let parts = std::iter::once(here).chain(self.reaching(held, start)).filter_map(|stretch| {
            let looked = held.look(stretch.start.block)?;
            let (from, to) = (stretch.start.record, stretch.end());
            let mut part = Part { looked, stretch, from, to };
            part.keep_from(start);
            until.iter().for_each(|until| part.keep_before(*until));
            Some(part).filter(|part| part.rows(fold) > 0)
        });
        parts.collect()
    }

    /// The number that a row has, or, where it is hidden, that of the next one, which may be the end.
    pub(super) fn number(&self, held: &Held, fold: Fold, row: RowId) -> u64 {
        let ended = self.ends.before(row, fold.index(), self.end[fold.index()], |row| held.rows(row, fold));
        let reaching = self.reaching(held, row).filter_map(|stretch| {
            let looked = held.look(stretch.start.block)?;
            Some(looked.rows_between(fold, stretch.start.record, looked.number_from(&stretch, row)))
        });
        ended + reaching.sum::<u64>()
    }

    /// The stretches that begin before a row and do not end before it.
    fn reaching<'a>(&'a self, held: &'a Held, row: RowId) -> impl Iterator<Item = Stretch> + 'a {
        let count = usize::try_from(self.count_reaching(row)).unwrap_or_default();
        let started = if count == 0 { 0 } else { self.stretches_before(row) };
        let stretches = self.starts.back_from(started).filter_map(|start| held.stretch(start));
        stretches.filter(move |stretch| stretch.last >= row).take(count)
    }

    fn count_reaching(&self, row: RowId) -> u64 {
        let ended = self.ends.before(row, STRETCHES, self.end[STRETCHES], |_| 1);
        self.stretches_before(row).saturating_sub(ended)
    }

    /// How many stretches begin before a row.
    fn stretches_before(&self, row: RowId) -> u64 {
        self.starts.before(row, STRETCHES, self.end[STRETCHES], |_| 1)
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
        let below = |part: &Part<'_>| part.looked.rows_between(fold, part.from, part.cut(middle));
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
