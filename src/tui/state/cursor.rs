//! A place in a list of rows that grows at its end and shrinks at its start.
//!
//! A place is the number of a row. Where rows come among others, whoever knows which rows they are holds on to those at the
//! place, and gives it their new numbers.

use std::ops::Range;

use crate::journal::RowId;

/// Selection, scroll and following.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    /// The selected row's number.
    selected: u64,
    /// The number of the row at the top of the pane.
    top: u64,
    /// Whether the selection goes along with the newest row.
    following: bool,
    /// The end of the rows when following ended: what lies behind it is new.
    seen: u64,
}

/// The rows at a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchor {
    selected: RowId,
    top: RowId,
}

impl Default for Cursor {
    fn default() -> Self {
        Self { selected: 0, top: 0, following: true, seen: 0 }
    }
}

impl Cursor {
    /// The selected row, where there are rows.
    #[must_use]
    pub(crate) fn selected(&self, rows: &Range<u64>) -> Option<u64> {
        let last = rows.end.checked_sub(1).filter(|_| !rows.is_empty())?;
        Some(if self.following { last } else { self.selected.clamp(rows.start, last) })
    }

    /// The first visible row.
    #[must_use]
    pub(crate) const fn top(&self) -> u64 {
        self.top
    }

    /// Whether it follows.
    #[must_use]
    pub(crate) const fn is_following(&self) -> bool {
        self.following
    }

    /// Rows that came since following ended.
    #[must_use]
    pub(crate) const fn unseen(&self, rows: &Range<u64>) -> u64 {
        if self.following { 0 } else { rows.end.saturating_sub(self.seen) }
    }

    /// Follows the newest row.
    pub(crate) const fn follow(&mut self) {
        self.following = true;
    }

    /// Selects a row and ends following.
    pub(crate) fn select(&mut self, rows: &Range<u64>, row: u64) {
        let Some(last) = rows.end.checked_sub(1) else { return };
        if self.following {
            self.following = false;
            self.seen = rows.end;
        }
        self.selected = row.clamp(rows.start.min(last), last);
    }

    /// Moves by so many rows. Moving down from the newest row goes on following.
    pub(crate) fn step(&mut self, rows: &Range<u64>, by: i64) {
        let Some(selected) = self.selected(rows) else { return };
        if by > 0 && self.following {
            return;
        }
        self.select(rows, selected.saturating_add_signed(by));
    }

    /// Takes over other numbers for the same rows: `number` gives that of a row's old one. What is gone goes to the end.
    pub(crate) fn renumber(&mut self, rows: &Range<u64>, number: impl Fn(u64) -> Option<u64>) {
        for place in [&mut self.selected, &mut self.top, &mut self.seen] {
            *place = number(*place).unwrap_or(rows.end);
        }
    }

    /// The rows at the place; `None` where it goes along with the newest row, or there are none.
    pub(crate) fn hold(&self, rows: &Range<u64>, row: impl Fn(u64) -> Option<RowId>) -> Option<Anchor> {
        let selected = self.selected(rows).filter(|_| !self.following)?;
        let selected = row(selected)?;
        Some(Anchor { selected, top: row(self.top).unwrap_or(selected) })
    }

    /// Goes back to those rows by the numbers that they have now.
    pub(crate) fn restore(&mut self, anchor: Option<Anchor>, number: impl Fn(RowId) -> u64) {
        if let Some(Anchor { selected, top }) = anchor.filter(|_| !self.following) {
            (self.selected, self.top) = (number(selected), number(top));
        }
    }

    /// Scrolls so that the selection is on a pane of `height` rows, and no room is wasted.
    pub(crate) fn settle(&mut self, rows: &Range<u64>, height: u16) {
        let Some(selected) = self.selected(rows) else {
            self.top = rows.start;
            return;
        };
        self.selected = selected;
        let height = u64::from(height.max(1));
        let highest = rows.end.saturating_sub(height).max(rows.start);
        let top = self.top.clamp(selected.saturating_sub(height - 1), selected);
        self.top = top.clamp(rows.start, highest);
    }
}

/// A place in a text: its first visible line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scroll {
    top: usize,
    /// Lines of the text and rows of the pane, as last drawn.
    size: (usize, usize),
}

impl Scroll {
    /// The first visible line.
    #[must_use]
    pub(crate) const fn top(&self) -> usize {
        self.top
    }

    /// Moves by so many lines.
    pub(crate) fn step(&mut self, by: i64) {
        let (lines, height) = self.size;
        let by = isize::try_from(by).unwrap_or(if by < 0 { isize::MIN } else { isize::MAX });
        self.top = self.top.saturating_add_signed(by).min(lines.saturating_sub(height));
    }

    /// Goes back to the start: it is another text.
    pub(crate) const fn reset(&mut self) {
        self.top = 0;
    }

    /// The line behind the last visible one.
    #[must_use]
    pub(crate) const fn end(&self) -> usize {
        self.top.saturating_add(self.size.1)
    }

    /// Moves no further than it takes to make a line visible.
    pub(crate) const fn show(&mut self, line: usize) {
        if line < self.top {
            self.top = line;
        } else if line >= self.end() {
            self.top = (line + 1).saturating_sub(self.size.1);
        }
    }

    /// Takes in how much there is to show and where.
    pub(crate) fn settle(&mut self, lines: usize, height: u16) {
        self.size = (lines, usize::from(height));
        self.top = self.top.min(lines.saturating_sub(usize::from(height)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn new_rows_do_not_move_a_selection() {
        let mut cursor = Cursor::default();
        cursor.settle(&(0..10), 4);
        assert_eq!((cursor.selected(&(0..10)), cursor.top()), (Some(9), 6));
        cursor.step(&(0..10), -1);
        cursor.settle(&(0..500), 4);
        assert_eq!((cursor.selected(&(0..500)), cursor.top(), cursor.unseen(&(0..500))), (Some(8), 6, 490));
        cursor.follow();
        cursor.settle(&(0..500), 4);
        assert_eq!((cursor.selected(&(0..500)), cursor.top(), cursor.unseen(&(0..500))), (Some(499), 496, 0));
    }

    #[test]
    fn a_row_that_left_gives_the_selection_to_the_oldest() {
        let mut cursor = Cursor::default();
        cursor.select(&(0..10), 3);
        cursor.settle(&(5..10), 4);
        assert_eq!((cursor.selected(&(5..10)), cursor.top()), (Some(5), 5));
    }

    #[test]
    fn moving_down_at_the_end_goes_on_following() {
        let mut cursor = Cursor::default();
        cursor.step(&(0..10), 1);
        assert!(cursor.is_following());
        cursor.step(&(0..10), -3);
        cursor.step(&(0..10), 9);
        assert_eq!((cursor.is_following(), cursor.selected(&(0..10))), (false, Some(9)));
    }

    proptest! {
        #[test]
        fn the_selection_is_always_on_the_pane(
            steps in proptest::collection::vec((-50i64..50, 0u64..30, 0u64..20, 0u16..12), 1..40),
        ) {
            let mut cursor = Cursor::default();
            let mut rows = 0..0;
            for (by, grow, evict, height) in steps {
                rows.end += grow;
                rows.start = (rows.start + evict).min(rows.end);
                cursor.step(&rows, by);
                cursor.settle(&rows, height);
                if let Some(selected) = cursor.selected(&rows) {
                    prop_assert!(rows.contains(&selected));
                    prop_assert!((cursor.top()..cursor.top() + u64::from(height.max(1))).contains(&selected));
                    prop_assert!(rows.contains(&cursor.top()));
                }
            }
        }
    }
}
