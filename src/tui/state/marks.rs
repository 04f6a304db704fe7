//! What the user marks in the frame log: bookmarks, a range of rows, and where they were before a jump.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Bound;

use crate::journal::RowId;

/// Bookmarks at most. Nobody finds anything among more.
pub(crate) const BOOKMARKS: usize = 1000;
/// Places to jump back to.
const JUMPS: usize = 100;

/// The marks.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    bookmarks: BTreeSet<RowId>,
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
        self.bookmarks.contains(&row)
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
        if self.bookmarks.remove(&row) {
            Bookmarked::Removed
        } else if self.bookmarks.len() == BOOKMARKS {
            Bookmarked::Full
        } else {
            self.bookmarks.insert(row);
            Bookmarked::Set(self.bookmarks.len())
        }
    }

    /// The next bookmark from a row on that will do, and around the end.
    #[must_use]
    pub(crate) fn next_bookmark(&self, here: RowId, way: Way, will_do: impl Fn(RowId) -> bool) -> Option<RowId> {
        let bookmarks = &self.bookmarks;
        let will_do = |row: &&RowId| will_do(**row);
        let behind = bookmarks.range((Bound::Excluded(here), Bound::Unbounded));
        let found = match way {
            Way::Forward => behind.chain(bookmarks.range(..=here)).find(will_do),
            Way::Backward => bookmarks.range(..here).rev().chain(bookmarks.range(here..).rev()).find(will_do),
        };
        found.copied()
    }
}
