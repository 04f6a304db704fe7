//! Temporary.

use ratatui::text::Line;

use super::theme::Theme;
use crate::journal::{Row, SessionSummary, View};
use crate::relay::observation::Record;
use crate::text;

/// Which bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BytesShown {
    /// As on the wire.
    Wire,
    /// Without the mask.
    Unmasked,
}

/// How the payload is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BodyShown {
    /// As it looks best.
    Auto,
    /// Hex.
    Hex,
    /// Text.
    Text,
    /// JSON.
    Json,
}

/// How.
#[derive(Clone, Copy, Debug)]
pub struct DetailOptions<'a> {
    /// Which bytes.
    pub bytes: BytesShown,
    /// How.
    pub body: BodyShown,
    /// Columns.
    pub width: u16,
    /// Styles.
    pub theme: &'a Theme,
}

/// A row in full.
#[must_use]
pub fn row(view: &View, row: Row<'_>, options: &DetailOptions<'_>) -> Vec<Line<'static>> {
    match row.record {
        Record::Frame(_) => {
            let frame = view.frame(row).map(|frame| frame.payload().into_owned()).unwrap_or_default();
            frame.chunks(16).map(|chunk| Line::styled(text::escape(chunk), options.theme.text)).collect()
        }
        Record::Raw(raw) => vec![Line::raw(text::preview(row.log.span(raw.kept), 1000))],
        other => vec![Line::raw(text::preview(format!("{other:?}").as_bytes(), 1000))],
    }
}

/// A session in full.
#[must_use]
pub fn session(summary: &SessionSummary, options: &DetailOptions<'_>) -> Vec<Line<'static>> {
    let head = summary.request.iter().chain(&summary.response).flat_map(|head| head.bytes.split(|byte| *byte == b'\n'));
    head.map(|line| Line::styled(text::escape(line), options.theme.text)).collect()
}
