//! All that is shown of a row: lines at the top, then the body, of which only the rows that are looked at are made.

use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::Line;

use crate::tui::theme::Theme;

use super::body::Body;
use super::content::Content;
use super::explain;
use super::json::Folds;
use super::row::Row;

/// The rows of a detail, made as they are asked for.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(super) top: Vec<Line<'static>>,
    pub(super) content: Content,
    pub(super) body: Body,
}

impl Default for Document {
    fn default() -> Self {
        Self { top: Vec::new(), content: Content::default(), body: Body::Nothing }
    }
}

impl Document {
    /// Count of rows that are known.
    #[must_use]
    pub(crate) const fn len(&self) -> usize {
        self.top.len() + self.body.len()
    }

    /// Whether all rows are known. A long text is gone through in slices, each by a call of `work`.
    #[must_use]
    pub(crate) const fn is_done(&self) -> bool {
        self.body.is_done()
    }

    /// Gets to know more rows.
    pub(crate) fn work(&mut self, theme: &Theme) {
        self.body.work(&self.content, theme);
    }

    /// The payload without its mask.
    #[must_use]
    pub(crate) fn payload(&self) -> &[u8] {
        self.content.payload()
    }

    /// Whether there is a message to be read in place of the frame's own payload.
    #[must_use]
    pub(crate) const fn has_message(&self) -> bool {
        self.content.message().is_some()
    }

    /// Bytes in front of the payload.
    #[must_use]
    pub(crate) const fn head(&self) -> usize {
        self.content.head()
    }

    /// The bytes that the body shows, counted from the start of the frame.
    #[must_use]
    pub(crate) fn bytes(&self) -> Range<usize> {
        self.body.bytes(&self.content)
    }

    /// At most `count` rows, the first of them `from`; `mark` says what becomes of the style of bytes.
    #[must_use]
    pub(crate) fn window(
        &self,
        from: usize,
        count: usize,
        theme: &Theme,
        mark: impl Fn(Range<usize>, Style) -> Style,
    ) -> Vec<Line<'static>> {
        let mut lines: Vec<_> = self.top.iter().skip(from).take(count).cloned().collect();
        let start = from.saturating_sub(self.top.len());
        let rows = start..start.saturating_add(count - lines.len());
        lines.extend(self.body.window(&self.content, rows, theme).into_iter().map(|row| row.line(&mark)));
        lines
    }

    /// What begins in each of the body's rows that `window` gives, and can be folded: row of the window, and whether it
    /// is folded.
    pub(crate) fn row(&self, row: usize, theme: &Theme) -> Option<Row> {
        let row = row.checked_sub(self.top.len())?;
        self.body.window(&self.content, row..row + 1, theme).pop()
    }

    /// The row that shows a byte, if it is known.
    #[must_use]
    pub(crate) fn row_of(&self, byte: usize, theme: &Theme) -> Option<usize> {
        Some(self.top.len() + self.body.row_of(&self.content, byte, theme)?)
    }

    /// The glyphs of nodes that can be folded or unfolded, for each row of a window.
    #[must_use]
    pub(crate) fn folds(&self, from: usize, count: usize, theme: &Theme) -> Vec<&'static str> {
        if !self.body.has_nodes() {
            return Vec::new();
        }
        let tops = self.top.len().saturating_sub(from).min(count);
        let start = from.saturating_sub(self.top.len());
        let rows = self.body.window(&self.content, start..start.saturating_add(count - tops), theme);
        let glyphs = rows.iter().map(|row| match row.node {
            None => " ",
            Some(node) if node.is_folded => "▸",
            Some(_) => "▾",
        });
        std::iter::repeat_n(" ", tops).chain(glyphs).collect()
    }

    /// Folds otherwise, from a row on.
    pub(crate) fn fold(&mut self, folds: &Folds, row: usize, theme: &Theme) {
        self.body.fold(&self.content, folds, row.saturating_sub(self.top.len()), theme);
        self.body.work(&self.content, theme);
    }

    /// What there is to say of a byte.
    #[must_use]
    pub(crate) fn explain(&self, byte: usize) -> Vec<String> {
        match self.body {
            Body::Hex(_) | Body::Unmasking(_) => explain::byte(&self.content, byte),
            Body::Nothing | Body::Flow(_) | Body::Tree(_) | Body::Picture(_) => Vec::new(),
        }
    }

    /// Rows above the body.
    #[must_use]
    pub(crate) const fn top_len(&self) -> usize {
        self.top.len()
    }

    /// Gives the content away, for another document of the same.
    pub(crate) fn take_content(&mut self) -> Content {
        std::mem::take(&mut self.content)
    }

    /// Whether the body is hex.
    #[must_use]
    pub(crate) const fn is_hex(&self) -> bool {
        matches!(self.body, Body::Hex(_))
    }

    /// Whether the body has nodes that can be folded.
    #[must_use]
    pub(crate) const fn has_nodes(&self) -> bool {
        self.body.has_nodes()
    }
}
