//! The search in the frame log, which highlights what matches and hides nothing: the query, and the rows that match.

use crate::journal::{JoinedMessage, RowId};
use crate::query::Query;
use crate::tui::fit;

use super::found::Found;
use super::history::History;
use super::marks::Way;

/// Fragments of a folded message that are looked up to see whether one matches.
const LOOKED_UP: usize = 256;

/// A jump that waits until it is known where to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// The row where it began.
    pub from: RowId,
    /// Which way it goes.
    pub way: Way,
    /// Whether the row where it began will do.
    pub here_too: bool,
    /// How many matches further.
    pub steps: u64,
}

/// What the screen knows of the search.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// What is highlighted; `None` where there is no search.
    pub query: Option<Query>,
    /// What was searched for last.
    pub last: Option<Query>,
    /// What was searched for before.
    pub history: History,
    /// Rows that match.
    pub found: Found,
    /// Where to go as soon as it is known.
    pub wanted: Option<Wanted>,
}

impl Search {
    /// What is searched for.
    #[must_use]
    pub(crate) const fn query(&self) -> Option<&Query> {
        self.query.as_ref()
    }

    /// Whether a row matches, or a fragment of the message that is folded into it.
    #[must_use]
    pub(crate) fn matches(&self, row: RowId, message: Option<&JoinedMessage>) -> bool {
        let rest = message.into_iter().flat_map(|message| message.rest.iter().take(LOOKED_UP));
        self.query.is_some() && std::iter::once(&row).chain(rest).any(|row| self.found.has(*row))
    }

    /// How many rows match, which of them is `here`, and how far it is.
    #[must_use]
    pub(crate) fn status(&self, here: Option<RowId>) -> Option<String> {
        self.query.as_ref()?;
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
        self.query.take().is_some()
    }
}
