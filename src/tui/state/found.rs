//! Rows that were found, in the order of their times, and how far the search for them is.

use std::collections::VecDeque;

use crate::journal::{Index, RowId};
use crate::record::Time;
use crate::tui::search::worker::Report;

use super::marks::Way;
use super::search::Wanted;

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Found {
    rows: VecDeque<RowId>,
    /// Rows in front of them that have left memory.
    gone: u64,
    progress: Progress,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    waiting: u64,
    searched: u64,
    /// All rows before this time were searched.
    until: Time,
    full: bool,
}

impl Found {
    /// Begins anew: other rows are shown, or something else is searched for.
    pub(crate) fn reset(&mut self) {
        self.rows.clear();
        self.gone = 0;
        self.progress = Progress { waiting: 1, ..Progress::default() };
    }

    /// Takes in what was found.
    pub(crate) fn take(&mut self, view: &Index, report: Report) {
        let Report { mut found, mut lost, waiting, searched, up_to, full } = report;
        let until = up_to.map_or(Time::default(), |block| view.earliest(block + 1));
        self.progress = Progress { waiting, searched, until, full };
        found.sort_unstable();
        self.add(found);
        if !lost.is_empty() {
            lost.sort_unstable();
            self.rows.retain(|row| lost.binary_search(row).is_err());
        }
    }

    /// Adds rows, which are in order.
    fn add(&mut self, found: Vec<RowId>) {
        let Some(first) = found.first() else { return };
        // What was found before and stands behind it: of sessions that reach into one another, and what came in pieces.
        let place = self.rows.partition_point(|row| row < first);
        let mut behind = self.rows.split_off(place).into_iter().peekable();
        for row in found {
            while let Some(before) = behind.next_if(|before| *before <= row) {
                self.rows.push_back(before);
            }
            if self.rows.back() != Some(&row) {
                self.rows.push_back(row);
            }
        }
        self.rows.extend(behind);
    }

    /// Lets go of rows that have left memory.
    pub(crate) fn forget(&mut self, view: &Index) {
        let (first, until) = (view.first(), view.gone_until());
        let place = self.rows.partition_point(|row| row.time <= until);
        let is_gone = |row: &RowId| row.block < first;
        if !self.rows.range(..place).any(is_gone) {
            return;
        }
        let before = self.rows.len();
        let behind = self.rows.split_off(place);
        self.rows.retain(|row| !is_gone(row));
        self.rows.extend(behind);
        self.gone += (before - self.rows.len()) as u64;
    }

    /// How many there are.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether a row is among them.
    #[must_use]
    pub(crate) fn has(&self, row: RowId) -> bool {
        self.place(row).is_some()
    }

    /// Whether any of the rows from one up to another is among them.
    #[must_use]
    pub(crate) fn has_between(&self, rows: &std::ops::Range<RowId>) -> bool {
        let place = self.rows.partition_point(|row| *row < rows.start);
        self.rows.get(place).is_some_and(|row| *row < rows.end)
    }

    /// A row's place among them.
    #[must_use]
    pub(crate) fn place(&self, row: RowId) -> Option<usize> {
        self.rows.binary_search(&row).ok()
    }

    /// Their numbers, which they keep when older ones leave memory.
    #[must_use]
    pub(crate) fn numbers(&self) -> std::ops::Range<u64> {
        self.gone..self.gone + self.rows.len() as u64
    }

    /// The row of a number.
    #[must_use]
    pub(crate) fn row(&self, number: u64) -> Option<RowId> {
        self.rows.get(usize::try_from(number.checked_sub(self.gone)?).ok()?).copied()
    }

    /// The number of a row, or of the next one behind it.
    #[must_use]
    pub(crate) fn number_from(&self, row: RowId) -> u64 {
        self.gone + self.rows.partition_point(|found| *found < row) as u64
    }

    /// Whether all up to a row was searched.
    #[must_use]
    pub(crate) fn has_passed(&self, row: RowId) -> bool {
        self.is_done() || row.time < self.progress.until
    }

    /// Whether all was searched.
    #[must_use]
    pub(crate) const fn is_done(&self) -> bool {
        self.progress.waiting == 0 || self.progress.full
    }

    /// Whether it ended because there were too many.
    #[must_use]
    pub(crate) const fn is_full(&self) -> bool {
        self.progress.full
    }

    /// How much was searched; `None` for all.
    #[must_use]
    pub(crate) fn percent(&self) -> Option<u64> {
        let Progress { waiting, searched, .. } = self.progress;
        let percent = searched.saturating_mul(100).checked_div(searched + waiting).unwrap_or_default();
        (!self.is_done()).then_some(percent)
    }

    /// Those on the way from a row, and from the other end.
    pub(crate) fn on_the_way(&self, Wanted { from, way, here_too, .. }: Wanted) -> impl Iterator<Item = RowId> {
        let before = self.rows.partition_point(|row| *row < from);
        let behind = self.rows.partition_point(|row| *row <= from);
        let (forward, backward) = match (way, here_too) {
            (Way::Forward, true) => (Some(before), None),
            (Way::Forward, false) => (Some(behind), None),
            (Way::Backward, true) => (None, Some(behind)),
            (Way::Backward, false) => (None, Some(before)),
        };
        let count = self.rows.len();
        let forward = forward.into_iter().flat_map(move |start| (start..count).chain(0..start));
        let backward = backward.into_iter().flat_map(move |start| (0..start).rev().chain((start..count).rev()));
        forward.chain(backward).filter_map(|place| self.rows.get(place).copied())
    }

    /// Whether a jump to a match can be told from what is known now.
    #[must_use]
    pub(crate) fn is_certain(&self, wanted: Wanted, to: RowId) -> bool {
        let is_here = wanted.here_too && to == wanted.from;
        let is_ahead = match wanted.way {
            Way::Forward => to > wanted.from && self.has_passed(to),
            Way::Backward => to < wanted.from && self.has_passed(wanted.from),
        };
        is_here || is_ahead || self.is_done()
    }
}
