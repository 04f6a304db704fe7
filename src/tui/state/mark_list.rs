//! The list of marks, while it lies over the panes.

use crate::journal::RowId;

use super::cursor::Scroll;
use super::marks::Marks;

/// Which mark is selected, and how far the list is scrolled.
#[derive(Debug, Default)]
pub(crate) struct MarkList {
    /// The row of the mark that is selected, or of one that was.
    selected: Option<RowId>,
    /// How far it is scrolled.
    pub scroll: Scroll,
}

impl MarkList {
    /// One with the mark of a row selected, or with the next behind it.
    #[must_use]
    pub(crate) fn at(row: Option<RowId>) -> Self {
        Self { selected: row, scroll: Scroll::default() }
    }

    /// The place of the selected mark among all; `None` where there are none.
    #[must_use]
    pub(crate) fn place(&self, marks: &Marks) -> Option<usize> {
        let before =
            self.selected.map_or(0, |selected| marks.bookmarks().take_while(|(row, _)| *row < selected).count());
        Some(before.min(marks.bookmarks().len().checked_sub(1)?))
    }

    /// The row of the selected mark.
    #[must_use]
    pub(crate) fn row(&self, marks: &Marks) -> Option<RowId> {
        marks.bookmarks().nth(self.place(marks)?).map(|(row, _)| row)
    }

    /// Moves by so many marks.
    pub(crate) fn step(&mut self, marks: &Marks, by: i64) {
        let Some(place) = self.place(marks) else { return };
        let by = isize::try_from(by).unwrap_or(if by < 0 { isize::MIN } else { isize::MAX });
        let place = place.saturating_add_signed(by).min(marks.bookmarks().len().saturating_sub(1));
        self.selected = marks.bookmarks().nth(place).map(|(row, _)| row);
        self.scroll.show(place);
    }
}
