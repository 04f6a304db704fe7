//! The detail pane: all that is known of one row, or of a session, as rows of text.
//!
//! Pure: what it is given decides what it gives. Rows are as wide as the pane at most and hold no control character.
//! Cost is bounded: text and JSON end after `MAX_ROWS`, and of a hex view only the rows that are asked for are made.

mod body;
mod event;
mod finding;
mod frame;
mod handshake;
mod header;
mod hex;
mod json;
mod legs;
mod page;
mod proof;
mod session;

#[cfg(test)]
mod tests;

use ratatui::text::Line;

use crate::journal::{Row, SessionSummary, View};
use crate::relay::observation::{Record, Side};

use super::theme::Theme;
use hex::Hex;
use page::Page;

/// Rows of text or JSON at most: some hundred screens. A hex view has no such end.
pub const MAX_ROWS: usize = 5000;

/// Which bytes a hex view shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BytesShown {
    /// As on the wire: the header, and the payload as masked as it was.
    #[default]
    Wire,
    /// The payload without its mask.
    Unmasked,
}

/// How a payload is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyShown {
    /// As JSON or text where it is that, else as hex.
    #[default]
    Auto,
    /// As hex.
    Hex,
    /// As text, whatever it is.
    Text,
    /// Laid out as JSON, whatever it is.
    Json,
}

/// How to show something.
#[derive(Clone, Copy, Debug)]
pub struct DetailOptions<'a> {
    /// Which bytes a hex view shows.
    pub bytes: BytesShown,
    /// How a payload is shown.
    pub body: BodyShown,
    /// Columns of the pane.
    pub width: u16,
    /// How things look.
    pub theme: &'a Theme,
}

/// The rows of a detail, made as they are asked for.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    top: Vec<Line<'static>>,
    hex: Option<Hex<'a>>,
}

impl Lines<'_> {
    /// Count of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.top.len() + self.hex.as_ref().map_or(0, Hex::len)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// At most `count` rows, the first of them `from`.
    #[must_use]
    pub fn window(&self, from: usize, count: usize) -> Vec<Line<'static>> {
        let end = from.saturating_add(count).min(self.len());
        (from..end).filter_map(|row| self.line(row)).collect()
    }

    /// The same, apart from the journal, so that it can be kept while that goes on. Copies a hex view's bytes.
    #[must_use]
    pub fn into_owned(self) -> Lines<'static> {
        Lines { top: self.top, hex: self.hex.map(Hex::into_owned) }
    }

    fn line(&self, row: usize) -> Option<Line<'static>> {
        match row.checked_sub(self.top.len()) {
            None => self.top.get(row).cloned(),
            Some(row) => self.hex.as_ref().map(|hex| hex.row(row)),
        }
    }
}

/// All about a row, made as it is asked for.
#[must_use]
pub fn row_lines<'a>(view: &'a View, row: Row<'a>, options: &DetailOptions<'_>) -> Lines<'a> {
    let mut page = Page::new(options.theme, options.width, MAX_ROWS);
    let hex = match row.record {
        Record::Frame(_) => view.frame(row).and_then(|frame| frame::write(&mut page, frame, options)),
        Record::Raw(raw) => {
            let summary = row.session.and_then(|id| view.session(id));
            frame::write_raw(&mut page, raw, row.log, summary, options)
        }
        Record::Event(_, event) => {
            event::write(&mut page, event, row.session);
            None
        }
        // Part of the row of its frame.
        Record::More(_) => None,
    };
    Lines { top: page.finish(), hex }
}

/// All about a row; of a long one the first `MAX_ROWS` rows.
#[must_use]
pub fn row(view: &View, row: Row<'_>, options: &DetailOptions<'_>) -> Vec<Line<'static>> {
    let lines = row_lines(view, row, options);
    let mut out = lines.window(0, MAX_ROWS);
    if lines.len() > out.len() {
        let mut page = Page::new(options.theme, options.width, 2);
        page.row(&format!("… {} more rows", lines.len() - out.len()), options.theme.warning);
        out.extend(page.finish());
    }
    out
}

/// Whether a session's page tells how the accept value comes about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proof {
    /// Only whether it is right.
    #[default]
    Hidden,
    /// Step by step.
    Shown,
}

/// All about a session.
#[must_use]
pub fn session(summary: &SessionSummary, options: &DetailOptions<'_>, proof: Proof) -> Vec<Line<'static>> {
    let mut page = Page::new(options.theme, options.width, MAX_ROWS);
    session::write(&mut page, summary, options.body, proof);
    page.finish()
}

/// A direction in words.
const fn way(from: Side) -> &'static str {
    match from {
        Side::Client => "client → server",
        Side::Server => "server → client",
    }
}

/// A count with its word.
fn bytes(count: u64) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}
