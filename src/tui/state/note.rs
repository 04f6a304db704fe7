//! The line in which the note of a mark is typed.

use crate::journal::RowId;

use super::line::Line;

/// The line, and the row that is to be marked.
#[derive(Debug)]
pub(crate) struct NoteLine {
    /// The row.
    pub row: RowId,
    /// The note.
    pub line: Line,
}
