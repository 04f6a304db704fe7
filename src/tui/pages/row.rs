//! A row of a body: pieces of text, each of which knows the bytes that it shows.

use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Text that shows some bytes; one that shows none is decoration.
#[derive(Clone, Debug)]
struct Piece {
    source: Range<usize>,
    column: usize,
    width: usize,
    text: String,
    style: Style,
}

/// What may be folded or unfolded in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// What it is told apart by in `Folds`.
    pub id: usize,
    /// Where its opening bracket stands.
    pub open: usize,
    /// Brackets that are open in front of it.
    pub depth: u32,
    /// Whether it is folded.
    pub is_folded: bool,
}

/// Whether what goes into a row is needed, or only how far it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    Text,
    Nothing,
}

/// A row being filled from left to right, and when it is full.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pieces: Vec<Piece>,
    columns: usize,
    limit: usize,
    /// Where its text begins.
    indent: usize,
    keep: Keep,
    /// The last one that begins in it.
    pub node: Option<Node>,
}

impl Row {
    pub(crate) fn new(limit: usize, keep: Keep) -> Self {
        Self { pieces: Vec::new(), columns: 0, limit: limit.max(1), indent: 0, keep, node: None }
    }

    /// Whether nothing stands in it yet.
    pub(crate) const fn is_fresh(&self) -> bool {
        self.columns == self.indent
    }

    /// Begins some columns to the right. Half of the width is left for text, and a narrow row has none to spare.
    pub(crate) fn indent(&mut self, columns: usize) {
        let columns = if self.limit < 8 { 0 } else { columns.min(self.limit / 2) };
        self.indent = columns;
        self.decorate(&" ".repeat(columns), Style::new());
    }

    /// Adds text that shows no bytes, as far as there is room. It is ASCII, or a column a character.
    pub(crate) fn decorate(&mut self, text: &str, style: Style) {
        let room = self.limit - self.columns;
        let text: String = text.chars().take(room).collect();
        let width = text.chars().count();
        self.put(0..0, width, style, text);
    }

    /// Adds what shows some bytes and can't be broken. Says whether there was room; in a fresh row there always is.
    pub(crate) fn push(
        &mut self,
        source: Range<usize>,
        width: usize,
        style: Style,
        text: impl FnOnce() -> String,
    ) -> bool {
        if self.columns + width <= self.limit {
            let text = if self.keep == Keep::Text { text() } else { String::new() };
            self.put(source, width, style, text);
            return true;
        }
        if !self.is_fresh() {
            return false;
        }
        self.put(source, 1, style, "…".to_owned());
        true
    }

    fn put(&mut self, source: Range<usize>, width: usize, style: Style, text: String) {
        let column = self.columns;
        self.columns += width;
        if self.keep == Keep::Text {
            self.pieces.push(Piece { source, column, width, text, style });
        }
    }

    /// Counts bytes from elsewhere.
    pub(crate) fn shift(&mut self, by: usize) {
        for piece in self.pieces.iter_mut().filter(|piece| !piece.source.is_empty()) {
            piece.source.start += by;
            piece.source.end += by;
        }
        if let Some(node) = &mut self.node {
            node.open += by;
        }
    }

    /// The byte that is shown at a column, or nearest to it.
    pub(crate) fn byte_at(&self, column: usize) -> Option<usize> {
        let shown = self.pieces.iter().filter(|piece| !piece.source.is_empty());
        let distance = |piece: &Piece| match column {
            _ if column < piece.column => piece.column - column,
            _ => (column + 1).saturating_sub(piece.column + piece.width),
        };
        shown.min_by_key(|piece| distance(piece)).map(|piece| piece.source.start)
    }

    /// The first column at which a byte is shown.
    pub(crate) fn column_of(&self, byte: usize) -> Option<usize> {
        self.piece_of(byte).map(|piece| piece.column)
    }

    /// The bytes that are shown together with a byte.
    pub(crate) fn around(&self, byte: usize) -> Option<Range<usize>> {
        self.piece_of(byte).map(|piece| piece.source.clone())
    }

    fn piece_of(&self, byte: usize) -> Option<&Piece> {
        self.pieces.iter().find(|piece| piece.source.contains(&byte))
    }

    /// The row as it is drawn; `mark` says what becomes of the style in which some bytes are shown.
    pub(crate) fn line(self, mark: impl Fn(Range<usize>, Style) -> Style) -> Line<'static> {
        let mut spans: Vec<Span<'static>> = Vec::new();
        for piece in self.pieces {
            let style = if piece.source.is_empty() { piece.style } else { mark(piece.source, piece.style) };
            match spans.last_mut() {
                Some(span) if span.style == style => span.content.to_mut().push_str(&piece.text),
                _ => spans.push(Span::styled(piece.text, style)),
            }
        }
        Line::from(spans)
    }
}
