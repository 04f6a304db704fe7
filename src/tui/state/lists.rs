//! The lists of rows: whose frames are shown, what of them is folded, and the place in them.

use std::ops::RangeInclusive;

use crate::journal::{Fold, Index, Lens, RowId, Scope};
use crate::query::{JsonPath, Query};
use crate::record::SessionId;

use super::cursor::{Anchor, Cursor};
use super::filter::{Filter, Rows};
use super::marks::{Bookmarked, Marks, Way};
use super::sessions::SessionList;

/// The frame log, wsproxy's own log and the list of sessions.
#[derive(Debug)]
pub(crate) struct Lists {
    /// Whose frames are shown.
    pub scope: Scope,
    /// What is folded in the frame log.
    pub fold: Fold,
    /// What of the frame log is shown.
    pub filter: Filter,
    /// The place in the frame log.
    pub frames: Cursor,
    /// The row that was selected before the scope changed.
    anchor: Option<RowId>,
    /// Values of messages that have columns of their own.
    pub columns: Vec<JsonPath>,
    /// What the user marked in the frame log.
    pub marks: Marks,
    /// The place in wsproxy's own log.
    pub own: Cursor,
    /// The list of sessions.
    pub sessions: SessionList,
}

/// The rows at the places in the lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    frames: Option<Anchor>,
    own: Option<Anchor>,
}

impl Default for Lists {
    fn default() -> Self {
        Self {
            scope: Scope::All,
            fold: Fold::default(),
            filter: Filter::default(),
            frames: Cursor::default(),
            anchor: None,
            columns: Vec::new(),
            marks: Marks::default(),
            own: Cursor::default(),
            sessions: SessionList::default(),
        }
    }
}

impl Lists {
    /// Which rows the frame log shows.
    #[must_use]
    pub(crate) const fn lens(&self) -> Lens {
        Lens { scope: self.scope, fold: self.fold }
    }

    /// The rows of the frame log.
    #[must_use]
    pub(crate) fn rows<'v>(&self, view: &'v Index) -> Rows<'v, '_> {
        Rows::new(view, self.lens(), Some(&self.filter))
    }

    /// The row at which a filter begins: that which is to stay selected. `None` for who follows.
    #[must_use]
    pub(crate) fn origin(&self, view: &Index) -> Option<RowId> {
        self.here(view).or(self.filter.anchor).filter(|_| !self.frames.is_following())
    }

    /// Shows only what is asked for, or all. A row is selected, or what comes next behind it.
    pub(crate) fn ask(&mut self, view: &Index, query: Option<Query>, origin: Option<RowId>) {
        if self.filter.query().map(Query::text) == query.as_ref().map(Query::text) {
            return;
        }
        self.filter.set(query);
        self.anchor_filter(view, origin);
    }

    /// Selects the row that is to be selected, as far as it is known where it is.
    pub(crate) fn arrive(&mut self, view: &Index) {
        let Some(row) = self.filter.anchor else { return };
        let rows = self.rows(view);
        let (range, number) = (rows.range(), rows.near(row));
        if let Some(number) = number {
            self.frames.select(&range, number);
        }
        if !rows_are_known(&self.filter, row) {
            return;
        }
        self.filter.anchor = None;
    }

    /// The rows of a filter come one by one: what is to be selected is selected when it is among them.
    fn anchor_filter(&mut self, view: &Index, row: Option<RowId>) {
        self.filter.anchor = row;
        self.arrive(view);
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
    pub(crate) fn session_index(&self, view: &Index) -> usize {
        let index = self.session().and_then(|id| self.sessions.place(view, id));
        index.map_or(0, |index| index + 1)
    }

    /// The rows at the places in the lists, before rows come or go.
    #[must_use]
    pub(crate) fn hold(&self, view: &Index) -> Held {
        let rows = self.rows(view);
        let own = |number: u64| view.row_id(Scope::Own, number);
        let frames = self.frames.hold(&rows.range(), |number| rows.id(number));
        Held { frames, own: self.own.hold(&view.range(Scope::Own), own) }
    }

    /// Takes the places back to those rows: what comes among the rows before them, or leaves, does not move them.
    pub(crate) fn restore(&mut self, view: &Index, held: Held) {
        let rows = Rows::new(view, self.lens(), Some(&self.filter));
        self.frames.restore(held.frames, |row| rows.number_from(row));
        self.own.restore(held.own, |row| view.number_from(Scope::Own, row));
    }

    /// The row that is selected in the frame log.
    #[must_use]
    pub(crate) fn here(&self, view: &Index) -> Option<RowId> {
        let rows = self.rows(view);
        let row = self.frames.selected(&rows.range())?;
        rows.id(row)
    }

    /// Selects a row of the frame log. Says whether it is there to be selected.
    pub(crate) fn go_to(&mut self, view: &Index, row: RowId) -> bool {
        let rows = self.rows(view);
        let (range, number) = (rows.range(), rows.number(row));
        let Some(number) = number else { return false };
        self.filter.anchor = None;
        self.frames.select(&range, number);
        true
    }

    /// Selects a row, which is no place to come back to where other rows are shown.
    pub(crate) fn settle_on(&mut self, view: &Index, row: RowId) {
        if self.go_to(view, row) {
            self.anchor = None;
        }
    }

    /// Forgets what was selected before other rows were shown.
    pub(crate) const fn forget_anchor(&mut self) {
        self.anchor = None;
    }

    /// Shows the frames of others. What is selected stays selected where it is among the rows that are then shown.
    pub(crate) fn choose(&mut self, view: &Index, scope: Scope) {
        if scope == self.scope {
            return;
        }
        if !self.frames.is_following() {
            self.anchor = self.here(view);
        }
        self.scope = scope;
        if self.filter.query().is_some() {
            self.filter.found.reset();
            let anchor = self.anchor.filter(|_| !self.frames.is_following());
            return self.anchor_filter(view, anchor);
        }
        if !self.anchor.is_some_and(|row| self.go_to(view, row)) {
            self.frames.follow();
        }
    }

    /// Folds otherwise. What is selected stays selected, or the message that it belongs to.
    pub(crate) fn refold(&mut self, view: &Index, fold: Fold) {
        let old = self.lens();
        let here = self.here(view).filter(|_| !self.frames.is_following());
        self.fold = fold;
        let new = self.lens();
        if self.filter.query().is_some() {
            self.filter.found.reset();
            return self.anchor_filter(view, here);
        }
        self.frames.renumber(&view.range(new), |row| view.number(new, view.row(old, row)?.id));
    }

    /// Remembers the place for a later jump back.
    pub(crate) fn remember(&mut self, view: &Index) {
        if let Some(row) = self.here(view) {
            self.marks.remember(row);
        }
    }

    /// Back to where the last jump began. Says whether there was such a place.
    pub(crate) fn jump_back(&mut self, view: &Index) -> bool {
        let here = self.here(view);
        while let Some(row) = self.marks.pop_jump() {
            if Some(row) != here && self.go_to(view, row) {
                return true;
            }
        }
        false
    }

    /// Marks a row. Where the filter asks for marks, what is selected stays selected.
    pub(crate) fn mark(&mut self, view: &Index, row: RowId, note: &str) -> Bookmarked {
        let origin = self.origin(view);
        let bookmarked = self.marks.set(row, note);
        self.ask_again(view, origin);
        bookmarked
    }

    /// Takes the mark of a row away. Says whether there was one.
    pub(crate) fn unmark(&mut self, view: &Index, row: RowId) -> bool {
        let origin = self.origin(view);
        let is_gone = self.marks.remove(row);
        self.ask_again(view, origin);
        is_gone
    }

    /// The marks are others: a filter that asks for them goes through all rows once more.
    fn ask_again(&mut self, view: &Index, origin: Option<RowId>) {
        if self.filter.query().is_some_and(Query::asks_for_marks) {
            self.filter.found.reset();
            self.anchor_filter(view, origin);
        }
    }

    /// So many bookmarks on, of those that are among the rows shown, and around the end. Says whether there is one.
    pub(crate) fn go_to_bookmark(&mut self, view: &Index, way: Way, steps: u64) -> bool {
        let rows = self.rows(view);
        let is_shown = |row| rows.number(row).is_some();
        let here = self.here(view);
        let row = (0..steps).try_fold(here, |row, _| Some(self.marks.next_bookmark(row?, way, is_shown))).flatten();
        let Some(row) = row.filter(|_| steps > 0) else { return false };
        self.remember(view);
        self.go_to(view, row)
    }

    /// Begins a range at the selected row, or ends it.
    pub(crate) fn turn_range(&mut self, view: &Index) {
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
    pub(crate) fn range(&self, view: &Index) -> Option<RangeInclusive<u64>> {
        let shown = self.rows(view);
        let (rows, start) = (shown.range(), shown.near(self.marks.range?)?);
        let selected = self.frames.selected(&rows)?;
        let start = start.min(rows.end.saturating_sub(1));
        Some(start.min(selected)..=start.max(selected))
    }
}

/// Whether it is known which rows up to one a filter lets through.
fn rows_are_known(filter: &Filter, row: RowId) -> bool {
    filter.query().is_none() || filter.found.has_passed(row)
}
