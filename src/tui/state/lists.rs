//! The lists of rows: whose frames are shown, what of them is folded, and the place in them.

use std::ops::RangeInclusive;

use crate::journal::{Fold, Lens, RowId, Scope, View};
use crate::record::SessionId;

use super::cursor::Cursor;
use super::marks::{Bookmarked, Marks, Way};

/// The frame log, wsproxy's own log and the list of sessions.
#[derive(Debug)]
pub(crate) struct Lists {
    /// Whose frames are shown.
    pub scope: Scope,
    /// What is folded in the frame log.
    pub fold: Fold,
    /// The place in the frame log.
    pub frames: Cursor,
    /// The row that was selected before the scope changed.
    anchor: Option<RowId>,
    /// What the user marked in the frame log.
    pub marks: Marks,
    /// The place in wsproxy's own log.
    pub own: Cursor,
    /// The first visible session.
    pub sessions_top: usize,
}

impl Default for Lists {
    fn default() -> Self {
        Self {
            scope: Scope::All,
            fold: Fold::default(),
            frames: Cursor::default(),
            anchor: None,
            marks: Marks::default(),
            own: Cursor::default(),
            sessions_top: 0,
        }
    }
}

impl Lists {
    /// Which rows the frame log shows.
    #[must_use]
    pub(crate) const fn lens(&self) -> Lens {
        Lens { scope: self.scope, fold: self.fold }
    }

    /// The session whose frames are shown, where they are those of one.
    #[must_use]
    pub(crate) const fn session(&self) -> Option<SessionId> {
        match self.scope {
            Scope::Session(id) => Some(id),
            _ => None,
        }
    }

    /// The place of the chosen session among all, where 0 stands for all of them.
    #[must_use]
    pub(crate) fn session_index(&self, view: &View) -> usize {
        let index = self.session().and_then(|id| view.sessions().position(|summary| summary.id == id));
        index.map_or(0, |index| index + 1)
    }

    /// The row that is selected in the frame log.
    #[must_use]
    pub(crate) fn here(&self, view: &View) -> Option<RowId> {
        let row = self.frames.selected(&view.range(self.lens()))?;
        view.row(self.lens(), row).map(|row| row.id)
    }

    /// Selects a row of the frame log. Says whether it is there to be selected.
    pub(crate) fn go_to(&mut self, view: &View, row: RowId) -> bool {
        let lens = self.lens();
        let Some(number) = view.number(lens, row) else { return false };
        self.frames.select(&view.range(lens), number);
        true
    }

    /// Selects a row, which is no place to come back to where other rows are shown.
    pub(crate) fn settle_on(&mut self, view: &View, row: RowId) {
        if self.go_to(view, row) {
            self.anchor = None;
        }
    }

    /// Forgets what was selected before other rows were shown.
    pub(crate) const fn forget_anchor(&mut self) {
        self.anchor = None;
    }

    /// Shows the frames of others. What is selected stays selected where it is among the rows that are then shown.
    pub(crate) fn choose(&mut self, view: &View, scope: Scope) {
        if scope == self.scope {
            return;
        }
        if !self.frames.is_following() {
            self.anchor = self.here(view);
        }
        self.scope = scope;
        if !self.anchor.is_some_and(|row| self.go_to(view, row)) {
            self.frames.follow();
        }
    }

    /// Folds otherwise. What is selected stays selected, or the message that it belongs to.
    pub(crate) fn refold(&mut self, view: &View, fold: Fold) {
        let old = self.lens();
        self.fold = fold;
        let new = self.lens();
        self.frames.renumber(&view.range(new), |row| view.number(new, view.row(old, row)?.id));
    }

    /// Remembers the place for a later jump back.
    pub(crate) fn remember(&mut self, view: &View) {
        if let Some(row) = self.here(view) {
            self.marks.remember(row);
        }
    }

    /// Back to where the last jump began. Says whether there was such a place.
    pub(crate) fn jump_back(&mut self, view: &View) -> bool {
        let here = self.here(view);
        while let Some(row) = self.marks.pop_jump() {
            if Some(row) != here && self.go_to(view, row) {
                return true;
            }
        }
        false
    }

    /// Marks the selected row, or takes its mark away.
    pub(crate) fn turn_bookmark(&mut self, view: &View) -> Option<Bookmarked> {
        self.here(view).map(|row| self.marks.turn_bookmark(row))
    }

    /// On to the next bookmark of those that are among the rows shown, and around the end. Says whether there is one.
    pub(crate) fn go_to_bookmark(&mut self, view: &View, way: Way) -> bool {
        let lens = self.lens();
        let is_shown = |row| view.number(lens, row).is_some();
        let Some(row) = self.here(view).and_then(|here| self.marks.next_bookmark(here, way, is_shown)) else {
            return false;
        };
        self.remember(view);
        self.go_to(view, row)
    }

    /// Begins a range at the selected row, or ends it.
    pub(crate) fn turn_range(&mut self, view: &View) {
        if self.marks.end_range() {
            return;
        }
        let Some(row) = self.here(view) else { return };
        // The range shall not grow by itself.
        self.go_to(view, row);
        self.marks.range = Some(row);
    }

    /// The rows of the range, by number.
    #[must_use]
    pub(crate) fn range(&self, view: &View) -> Option<RangeInclusive<u64>> {
        let rows = view.range(self.lens());
        let start = view.number(self.lens(), self.marks.range?)?;
        let selected = self.frames.selected(&rows)?;
        let start = start.min(rows.end.saturating_sub(1));
        Some(start.min(selected)..=start.max(selected))
    }
}
