//! What the user marks in the frame log: bookmarks, a range of rows, and where they were before a jump.

use std::collections::{BTreeSet, VecDeque};
use std::ops::{Bound, RangeInclusive};

use crate::journal::{RowId, View};
use crate::record::finding::Level;

use crate::tui::state::model::Model;

/// Bookmarks at most. Nobody finds anything among more.
const BOOKMARKS: usize = 1000;
/// Places to jump back to.
const JUMPS: usize = 100;

/// The marks.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    bookmarks: BTreeSet<RowId>,
    /// Where jumps began, oldest first.
    jumps: VecDeque<RowId>,
    /// Where the range of selected rows begins; it ends at the selected row.
    range: Option<RowId>,
}

impl Marks {
    /// Whether a row has a bookmark.
    #[must_use]
    pub(crate) fn has(&self, row: RowId) -> bool {
        self.bookmarks.contains(&row)
    }

    /// Lets go of rows that have left memory.
    pub(crate) fn forget(&mut self, first: RowId) {
        self.bookmarks = self.bookmarks.split_off(&first);
        self.jumps.retain(|row| *row >= first);
        self.range = self.range.filter(|row| *row >= first);
    }

    /// Ends a range. Says whether there was one.
    pub(crate) const fn end_range(&mut self) -> bool {
        self.range.take().is_some()
    }
}

/// Which way to the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// To newer rows.
    Forward,
    /// To older rows.
    Backward,
}

/// The row that is selected in the frame log.
#[must_use]
pub(crate) fn here(model: &Model, view: &View) -> Option<RowId> {
    let row = model.frames.selected(&view.range(model.lens()))?;
    view.row(model.lens(), row).map(|row| row.id)
}

/// Selects a row of the frame log. Says whether it is there to be selected.
pub(crate) fn go_to(model: &mut Model, view: &View, row: RowId) -> bool {
    let lens = model.lens();
    let Some(number) = view.number(lens, row) else { return false };
    model.frames.select(&view.range(lens), number);
    true
}

/// Remembers the place for a later jump back.
pub(crate) fn remember(model: &mut Model, view: &View) {
    let Some(row) = here(model, view).filter(|row| model.marks.jumps.back() != Some(row)) else { return };
    let jumps = &mut model.marks.jumps;
    if jumps.len() == JUMPS {
        jumps.pop_front();
    }
    jumps.push_back(row);
}

/// Back to where the last jump began.
pub(crate) fn jump_back(model: &mut Model, view: &View) {
    let here = here(model, view);
    while let Some(row) = model.marks.jumps.pop_back() {
        if Some(row) != here && go_to(model, view, row) {
            return;
        }
    }
    model.toast(Level::Note, "there is no earlier place to go back to");
}

/// Marks the selected row, or takes its mark away.
pub(crate) fn toggle_bookmark(model: &mut Model, view: &View) {
    let Some(row) = here(model, view) else { return };
    let bookmarks = &mut model.marks.bookmarks;
    if bookmarks.remove(&row) {
        model.toast(Level::Note, "bookmark removed");
    } else if bookmarks.len() == BOOKMARKS {
        model.toast(Level::Warning, format!("there are {BOOKMARKS} bookmarks already: remove one first"));
    } else {
        bookmarks.insert(row);
        let count = bookmarks.len();
        let plural = if count == 1 { "" } else { "s" };
        model.toast(Level::Note, format!("{count} bookmark{plural}"));
    }
}

/// On to the next bookmark of those that are among the rows shown, and around the end.
pub(crate) fn to_bookmark(model: &mut Model, view: &View, way: Way) {
    let Some(here) = here(model, view) else { return };
    let (bookmarks, lens) = (&model.marks.bookmarks, model.lens());
    let behind = bookmarks.range((Bound::Excluded(here), Bound::Unbounded));
    let before = bookmarks.range(..=here);
    let is_shown = |row: &&RowId| view.number(lens, **row).is_some();
    let found = match way {
        Way::Forward => behind.chain(before).find(is_shown),
        Way::Backward => bookmarks.range(..here).rev().chain(bookmarks.range(here..).rev()).find(is_shown),
    };
    let Some(row) = found.copied() else {
        model.toast(Level::Note, "there is no bookmark among these rows: M sets one");
        return;
    };
    remember(model, view);
    go_to(model, view, row);
}

/// Begins a range at the selected row, or ends it.
pub(crate) fn toggle_range(model: &mut Model, view: &View) {
    if model.marks.end_range() {
        return;
    }
    let Some(row) = here(model, view) else { return };
    // The range shall not grow by itself.
    go_to(model, view, row);
    model.marks.range = Some(row);
}

/// The rows of the range, by number.
#[must_use]
pub(crate) fn range(model: &Model, view: &View) -> Option<RangeInclusive<u64>> {
    let rows = view.range(model.lens());
    let start = view.number(model.lens(), model.marks.range?)?;
    let selected = model.frames.selected(&rows)?;
    let start = start.min(rows.end.saturating_sub(1));
    Some(start.min(selected)..=start.max(selected))
}
