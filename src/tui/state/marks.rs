//! What the user marks in the frame log: bookmarks, a range of rows, and where they were before a jump.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use crate::journal::RowId;

/// Bookmarks at most. Nobody finds anything among more.
pub(crate) const BOOKMARKS: usize = 1000;
/// Places to jump back to.
const JUMPS: usize = 100;

/// The marks.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Each with its place in the order in which they were set.
    bookmarks: BTreeMap<RowId, u64>,
    /// How many were ever set.
    set: u64,
    /// Where jumps began, oldest first.
    jumps: VecDeque<RowId>,
    /// Where the range of selected rows begins; it ends at the selected row.
    pub range: Option<RowId>,
}

/// Which way to the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// To newer rows.
    Forward,
    /// To older rows.
    Backward,
}

/// What became of a bookmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bookmarked {
    /// It is set, as one of so many.
    Set(usize),
    /// It is gone.
    Removed,
    /// There are too many others.
    Full,
}

impl Marks {
    /// Whether a row has a bookmark.
    #[must_use]
    pub(crate) fn has(&self, row: RowId) -> bool {
        self.bookmarks.contains_key(&row)
    }

    /// The row that was marked last, of those that are still marked.
    #[must_use]
    pub(crate) fn last(&self) -> Option<RowId> {
        self.bookmarks.iter().max_by_key(|(_, set)| **set).map(|(row, _)| *row)
    }

    /// Lets go of rows that have left memory: those in blocks before `first`.
    pub(crate) fn forget(&mut self, first: u64) {
        self.bookmarks.retain(|row| row.block >= first);
        self.jumps.retain(|row| row.block >= first);
        self.range = self.range.filter(|row| row.block >= first);
    }

    /// Ends a range. Says whether there was one.
    pub(crate) const fn end_range(&mut self) -> bool {
        self.range.take().is_some()
    }

    /// Remembers a row for a later jump back.
    pub(crate) fn remember(&mut self, row: RowId) {
        if self.jumps.back() == Some(&row) {
            return;
        }
        if self.jumps.len() == JUMPS {
            self.jumps.pop_front();
        }
        self.jumps.push_back(row);
    }

    /// The row where the last jump began, which is forgotten.
    pub(crate) fn pop_jump(&mut self) -> Option<RowId> {
        self.jumps.pop_back()
    }

    /// Marks a row, or takes its mark away.
    pub(crate) fn turn_bookmark(&mut self, row: RowId) -> Bookmarked {
        if self.bookmarks.remove(&row).is_some() {
            Bookmarked::Removed
        } else if self.bookmarks.len() == BOOKMARKS {
            Bookmarked::Full
        } else {
            self.set += 1;
            self.bookmarks.insert(row, self.set);
            Bookmarked::Set(self.bookmarks.len())
        }
    }

    /// The next bookmark from a row on that will do, and around the end.
    #[must_use]
    pub(crate) fn next_bookmark(&self, here: RowId, way: Way, will_do: impl Fn(RowId) -> bool) -> Option<RowId> {
        let bookmarks = |range: (Bound<RowId>, Bound<RowId>)| self.bookmarks.range(range).map(|(row, _)| *row);
        let (before, behind) = ((Bound::Unbounded, Bound::Excluded(here)), (Bound::Excluded(here), Bound::Unbounded));
        let (up_to, from) = ((Bound::Unbounded, Bound::Included(here)), (Bound::Included(here), Bound::Unbounded));
        let will_do = |row: &RowId| will_do(*row);
        match way {
            Way::Forward => bookmarks(behind).chain(bookmarks(up_to)).find(will_do),
            Way::Backward => bookmarks(before).rev().chain(bookmarks(from).rev()).find(will_do),
        }
    }
}
