//! The lines of a text pane, kept for as long as they would come out the same.

use ratatui::text::Line;

use crate::journal::{RowId, Scope};
use crate::relay::observation::SessionId;

use super::cursor::Scroll;
use super::detail::{self, BodyShown, BytesShown, Proof};

/// What the lines of a text pane were made from, and the lines. Made anew only when that changes.
#[derive(Debug, Default)]
pub struct Lines {
    /// What they were made from.
    pub key: Option<LinesKey>,
    /// The lines.
    pub text: Text,
    /// How far they are scrolled.
    pub scroll: Scroll,
}

/// The lines of a text pane.
#[derive(Debug)]
pub enum Text {
    /// All of them.
    Short(Vec<Line<'static>>),
    /// Made as they are asked for.
    Long(detail::Lines<'static>),
}

impl Default for Text {
    fn default() -> Self {
        Self::Short(Vec::new())
    }
}

impl Text {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Short(lines) => lines.len(),
            Self::Long(lines) => lines.len(),
        }
    }

    /// Those that are visible.
    #[must_use]
    pub fn window(&self, from: usize, count: usize) -> Vec<Line<'static>> {
        match self {
            Self::Short(lines) => lines.iter().skip(from).take(count).cloned().collect(),
            Self::Long(lines) => lines.window(from, count),
        }
    }
}

/// What decides how a text pane looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinesKey {
    /// Which row or session.
    pub subject: Subject,
    /// What is there of it: changes when more comes.
    pub extent: u64,
    /// Which bytes.
    pub bytes: BytesShown,
    /// In which form.
    pub body: BodyShown,
    /// In how many columns.
    pub width: u16,
}

/// What a text pane shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A row.
    Row(RowId),
    /// A session's handshake and end.
    Session(SessionId, Proof),
    /// The problems of a scope.
    Problems(Scope),
}
