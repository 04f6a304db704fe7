//! The line in which a filter is typed, or what is searched for.

use crate::journal::RowId;
use crate::query::{self, Completion, Error, Known, Query};

use super::line::{Line, common};

/// The line.
#[derive(Debug)]
pub(crate) struct QueryLine {
    /// The text.
    pub line: Line,
    /// What is wrong with it.
    pub error: Option<Error>,
    /// Values that may be completed.
    pub known: Known,
    /// The row that was selected when it was opened.
    pub origin: Option<RowId>,
}

impl QueryLine {
    /// One with a text in it.
    #[must_use]
    pub(crate) fn new(text: &str, known: Known, origin: Option<RowId>) -> Self {
        Self { line: Line::new(text), error: None, known, origin }
    }

    /// What the text asks for; what is wrong with it stays with it.
    ///
    /// # Errors
    /// Where it asks for nothing yet because something is wrong.
    pub(crate) fn read(&mut self) -> Result<Option<Query>, ()> {
        let read = Query::parse(&self.line.text());
        self.error = read.as_ref().err().cloned();
        read.map_err(|_| ())
    }

    /// How the text may go on, at its end.
    #[must_use]
    pub(crate) fn completions(&self) -> Vec<Completion> {
        query::complete(&self.line.text(), &self.known).1
    }

    /// Completes the text as far as it is certain.
    pub(crate) fn complete(&mut self) {
        let text = self.line.text();
        let (start, all) = query::complete(&text, &self.known);
        let common = common(all.iter().map(|completion| completion.text.as_str()));
        let (before, word) = text.split_at(start);
        if common.len() > word.len() {
            let end = if all.len() == 1 && !common.ends_with([':', '>', ' ']) { " " } else { "" };
            self.line.set(&format!("{before}{common}{end}"));
        }
    }
}
