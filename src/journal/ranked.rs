//! Rows in their order, each standing for a stretch of rows, and how many rows those before a place come to.
//!
//! It is kept in pieces that copies share (see `pieces`), each with the sums over all that is before it. So a sum is found by a
//! search and a look at one piece, and what changes in the middle changes one number for each piece behind it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::fold::FOLDS;
use super::pieces::PIECE;
use super::row::RowId;

/// How many rows there are in each way of folding, and, last, how many stretches.
pub(super) type Sums = [u64; FOLDS + 1];

/// The place of the stretches in `Sums`.
pub(super) const STRETCHES: usize = FOLDS;

/// Some stretches, and what stands before them.
#[derive(Clone, Debug)]
struct Piece {
    rows: Arc<VecDeque<RowId>>,
    /// All that is before it, what has left included.
    before: Sums,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranked {
    /// None is empty, and none has more than `PIECE`.
    pieces: VecDeque<Piece>,
}

/// From which end what changes in the middle is counted: the other one's numbers stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moves {
    /// What is before it gets other numbers.
    Before,
    /// What is behind it does.
    Behind,
}

impl Ranked {
    /// Adds a stretch. `end` is what all come to, that one excluded.
    pub(super) fn add(&mut self, row: RowId, rows: Sums, end: Sums, of: impl Fn(RowId) -> Sums) {
        let after = match self.pieces.back() {
            Some(last) if last.rows.back().is_some_and(|last| *last < row) => self.pieces.len(),
            _ => self.after(row),
        };
        let place = after.saturating_sub(1);
        for later in self.pieces.range_mut((place + 1).min(self.pieces.len())..) {
            later.before = plus(later.before, rows);
        }
        let is_last = place + 1 >= self.pieces.len();
        match self.pieces.get_mut(place) {
            Some(piece) if piece.rows.len() < PIECE => {
                let piece = Arc::make_mut(&mut piece.rows);
                piece.insert(piece.partition_point(|other| *other < row), row);
            }
            Some(piece) if is_last && piece.rows.back().is_some_and(|last| *last < row) => {
                self.pieces.push_back(Piece { rows: Arc::new(VecDeque::from([row])), before: end });
            }
            Some(piece) => {
                let rows = Arc::make_mut(&mut piece.rows);
                rows.insert(rows.partition_point(|other| *other < row), row);
                let behind = rows.split_off(PIECE / 2);
                let before = rows.iter().fold(piece.before, |sums, row| plus(sums, of(*row)));
                self.pieces.insert(place + 1, Piece { rows: Arc::new(behind), before });
            }
            // A session mostly has few.
            None => {
                let mut rows = VecDeque::with_capacity(1);
                rows.push_back(row);
                self.pieces.push_back(Piece { rows: Arc::new(rows), before: end });
            }
        }
    }

    /// Takes a stretch out. What it came to counts as having left: what is before it moves behind that.
    pub(super) fn remove(&mut self, row: RowId, rows: Sums) {
        let Some(place) = self.after(row).checked_sub(1) else { return };
        let Some(piece) = self.pieces.get_mut(place) else { return };
        let Ok(within) = piece.rows.binary_search(&row) else { return };
        let list = Arc::make_mut(&mut piece.rows);
        list.remove(within);
        if list.is_empty() {
            self.pieces.remove(place);
            self.shift(0..place, rows, Sums::default());
        } else {
            self.shift(0..place + 1, rows, Sums::default());
        }
    }

    /// A stretch comes to something else than before.
    pub(super) fn change(&mut self, row: RowId, old: Sums, new: Sums, moves: Moves) {
        let after = self.after(row);
        match moves {
            Moves::Before => self.shift(0..after, old, new),
            Moves::Behind => self.shift(after..self.pieces.len(), new, old),
        }
    }

    fn shift(&mut self, pieces: std::ops::Range<usize>, more: Sums, less: Sums) {
        for piece in self.pieces.range_mut(pieces) {
            piece.before = minus(plus(piece.before, more), less);
        }
    }

    /// Whether a row is nearer to the first of them than to the last.
    pub(super) fn is_early(&self, row: RowId) -> bool {
        self.after(row) <= self.pieces.len() / 2
    }

    /// What all that stand before a row come to, one of the sums; `end` is what all do.
    pub(super) fn before(&self, row: RowId, which: usize, end: u64, of: impl Fn(RowId) -> u64) -> u64 {
        let after = self.pieces.partition_point(|piece| piece.rows.front().is_some_and(|first| *first < row));
        let Some(piece) = after.checked_sub(1).and_then(|place| self.pieces.get(place)) else {
            return self.pieces.front().map_or(end, |first| first.before[which]);
        };
        let within = piece.rows.partition_point(|other| *other < row);
        if within == piece.rows.len() {
            return self.pieces.get(after).map_or(end, |next| next.before[which]);
        }
        if which == STRETCHES {
            return piece.before[which] + within as u64;
        }
        piece.before[which] + piece.rows.range(..within).map(|row| of(*row)).sum::<u64>()
    }

    /// The last stretch before which no more stand than so many, by its number among all; and what does stand before it.
    pub(super) fn find(&self, which: usize, most: u64, of: impl Fn(RowId) -> u64) -> Option<(u64, u64)> {
        let after = self.pieces.partition_point(|piece| piece.before[which] <= most);
        let piece = self.pieces.get(after.checked_sub(1)?)?;
        let (mut before, mut number) = (piece.before[which], piece.before[STRETCHES]);
        for row in piece.rows.iter().take(piece.rows.len() - 1) {
            let next = before + of(*row);
            if next > most {
                break;
            }
            before = next;
            number += 1;
        }
        Some((number, before))
    }

    /// The stretch of a number.
    pub(super) fn get(&self, number: u64) -> Option<RowId> {
        let (piece, within) = self.place(number)?;
        self.pieces.get(piece)?.rows.get(within).copied()
    }

    /// Those before a number, the last one first.
    pub(super) fn back_from(&self, number: u64) -> impl Iterator<Item = RowId> {
        let last = number.checked_sub(1).and_then(|last| self.place(last));
        let (piece, within) = last.map_or((0, 0), |(piece, within)| (piece + 1, within + 1));
        let pieces = self.pieces.range(..piece).rev().enumerate();
        pieces.flat_map(move |(index, piece)| {
            let end = if index == 0 { within } else { piece.rows.len() };
            piece.rows.range(..end.min(piece.rows.len())).rev().copied()
        })
    }

    fn place(&self, number: u64) -> Option<(usize, usize)> {
        let after = self.pieces.partition_point(|piece| piece.before[STRETCHES] <= number);
        let place = after.checked_sub(1)?;
        let within = usize::try_from(number - self.pieces.get(place)?.before[STRETCHES]).ok()?;
        Some((place, within)).filter(|_| self.pieces.get(place).is_some_and(|piece| within < piece.rows.len()))
    }

    /// How many pieces begin with a row or before it.
    fn after(&self, row: RowId) -> usize {
        self.pieces.partition_point(|piece| piece.rows.front().is_some_and(|first| *first <= row))
    }
}

/// Adds each.
pub(super) fn plus(one: Sums, other: Sums) -> Sums {
    std::array::from_fn(|index| one[index] + other[index])
}

/// Subtracts each.
pub(super) fn minus(one: Sums, other: Sums) -> Sums {
    std::array::from_fn(|index| one[index].saturating_sub(other[index]))
}
