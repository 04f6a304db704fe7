//! What the user marks in the frame log: bookmarks, a range of rows, and where they were before a jump.

use std::collections::{BTreeMap, VecDeque};
use std::ops::{Bound, Range};

use crate::journal::RowId;

/// Bookmarks at most. Nobody finds anything among more.
pub(crate) const BOOKMARKS: usize = 1000;
/// Characters of a note.
pub(crate) const NOTE: usize = 200;
/// Places to jump back to.
const JUMPS: usize = 100;

/// The marks.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    bookmarks: BTreeMap<RowId, Bookmark>,
    /// How often they changed.
    changes: u64,
    /// Where jumps began, oldest first.
    jumps: VecDeque<RowId>,
    /// Where the range of selected rows begins; it ends at the selected row.
    pub range: Option<RowId>,
}

/// A mark on a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bookmark {
    /// What the user wrote; often empty.
    pub note: String,
    /// When it was set, counted in changes of the marks.
    pub set: u64,
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
        self.bookmarks.iter().max_by_key(|(_, bookmark)| bookmark.set).map(|(row, _)| *row)
    }

    /// The mark of a row.
    #[must_use]
    pub(crate) fn bookmark(&self, row: RowId) -> Option<&Bookmark> {
        self.bookmarks.get(&row)
    }

    /// All marks, in the order of their rows.
    pub(crate) fn bookmarks(&self) -> impl ExactSizeIterator<Item = (RowId, &Bookmark)> {
        self.bookmarks.iter().map(|(row, bookmark)| (*row, bookmark))
    }

    /// How often the marks changed.
    #[must_use]
    pub(crate) const fn changes(&self) -> u64 {
        self.changes
    }

    /// Whether there is a bookmark at one of the rows from one up to another.
    #[must_use]
    pub(crate) fn has_between(&self, rows: &Range<RowId>) -> bool {
        self.bookmarks.range(rows.clone()).next().is_some()
    }

    /// Lets go of rows that have left memory: those in blocks before `first`.
    pub(crate) fn forget(&mut self, first: u64) {
        let count = self.bookmarks.len();
        self.bookmarks.retain(|row, _| row.block >= first);
        self.changes += u64::from(self.bookmarks.len() < count);
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

    /// Marks a row, with a note or with an empty one. What it had before is gone.
    pub(crate) fn set(&mut self, row: RowId, note: &str) -> Bookmarked {
        if self.bookmarks.len() >= BOOKMARKS && !self.has(row) {
            return Bookmarked::Full;
        }
        self.changes += 1;
        let note = note.trim().chars().take(NOTE).collect();
        self.bookmarks.insert(row, Bookmark { note, set: self.changes });
        Bookmarked::Set(self.bookmarks.len())
    }

    /// Takes the mark of a row away. Says whether there was one.
    pub(crate) fn remove(&mut self, row: RowId) -> bool {
        let is_there = self.bookmarks.remove(&row).is_some();
        self.changes += u64::from(is_there);
        is_there
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
