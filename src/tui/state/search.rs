//! The search in the frame log, which highlights what matches and hides nothing: the pattern, the rows that match, and the
//! line in which it is typed.

use crate::journal::{JoinedMessage, RowId};
use crate::query::{Pattern, Syntax};
use crate::tui::fit;

use super::composer::Recall;
use super::found::Found;
use super::history::History;
use super::line::Line;
use super::marks::Way;

/// Fragments of a folded message that are looked up to see whether one matches.
const LOOKED_UP: usize = 256;

/// The line in which a pattern is typed.
#[derive(Debug)]
pub(crate) struct Prompt {
    /// The text.
    pub line: Line,
    /// How it is read.
    pub syntax: Syntax,
    /// What is wrong with it.
    pub error: Option<String>,
}

impl Prompt {
    /// What the text means; what is wrong with it stays with it.
    pub(crate) fn read(&mut self) -> Option<Pattern> {
        let (pattern, error) = match Pattern::parse(&self.line.text(), self.syntax) {
            Ok(pattern) => (pattern, None),
            Err(error) => (None, Some(error)),
        };
        self.error = error;
        pattern
    }

    /// Reads it as a regular expression, or as it stands.
    pub(crate) const fn turn_syntax(&mut self) {
        self.syntax = match self.syntax {
            Syntax::Plain => Syntax::Regex,
            Syntax::Regex => Syntax::Plain,
        };
    }

    /// Puts an earlier pattern, or a later one, in the place of the text.
    pub(crate) fn recall(&mut self, history: &History, direction: Recall) {
        if direction == Recall::Later && !self.line.is_recalled() {
            return self.line.set("");
        }
        self.line.recall(direction, |back| history.get(back));
    }

    /// An empty one.
    #[must_use]
    pub(crate) fn new(syntax: Syntax) -> Self {
        Self { line: Line::new(""), syntax, error: None }
    }
}

/// A jump that waits until it is known where to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// The row where it began.
    pub from: RowId,
    /// Which way it goes.
    pub way: Way,
    /// Whether the row where it began will do.
    pub here_too: bool,
}

/// What the screen knows of the search.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// What is highlighted; `None` where there is no search.
    pub pattern: Option<Pattern>,
    /// What was searched for last.
    pub last: Option<Pattern>,
    /// Patterns of before.
    pub history: History,
    /// Rows that match.
    pub found: Found,
    /// Where to go as soon as it is known.
    pub wanted: Option<Wanted>,
}

impl Search {
    /// What is searched for.
    #[must_use]
    pub(crate) const fn pattern(&self) -> Option<&Pattern> {
        self.pattern.as_ref()
    }

    /// Whether a row matches, or a fragment of the message that is folded into it.
    #[must_use]
    pub(crate) fn matches(&self, row: RowId, message: Option<&JoinedMessage>) -> bool {
        let rest = message.into_iter().flat_map(|message| message.rest.iter().take(LOOKED_UP));
        self.pattern.is_some() && std::iter::once(&row).chain(rest).any(|row| self.found.has(*row))
    }

    /// How many rows match, which of them is `here`, and how far it is.
    #[must_use]
    pub(crate) fn status(&self, here: Option<RowId>) -> Option<String> {
        self.pattern.as_ref()?;
        let count = self.found.len();
        let total = fit::number(count as u64);
        let place = here.and_then(|row| self.found.place(row));
        let more = if self.found.is_full() { "+" } else { "" };
        let plural = if count == 1 { "" } else { "es" };
        let matches = match place {
            Some(place) => format!("{} of {total}{more} match{plural}", fit::number(place as u64 + 1)),
            None if count == 0 && self.found.is_done() => "no match".to_owned(),
            None => format!("{total}{more} match{plural}"),
        };
        Some(match self.found.percent() {
            None => matches,
            Some(percent) => format!("{matches} · searching {percent} %"),
        })
    }

    /// Nothing is highlighted any more. Says whether anything was.
    pub(crate) fn clear(&mut self) -> bool {
        self.wanted = None;
        self.pattern.take().is_some()
    }
}
