//! A page of rows of a fixed width, filled from left to right: text flows on into the next row where one is full.
//!
//! All text of a peer's goes through here: what is hidden or would move a cursor is shown escaped, and no row is wider
//! than the page. A page has a limit of rows; what comes after that is left out, and the last row says so.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use crate::tui::theme::Theme;

use super::unit::Unit;

/// Columns that the names of a page's facts take.
const LABEL: usize = 12;

pub(super) struct Page<'t> {
    pub theme: &'t Theme,
    width: usize,
    limit: usize,
    rows: Vec<Line<'static>>,
    spans: Vec<Span<'static>>,
    column: usize,
    /// Where the row under way begins: 0, or the indent of one that goes on.
    start: usize,
    indent: usize,
    /// Whether something was left out for want of rows.
    full: bool,
}

impl<'t> Page<'t> {
    pub(super) fn new(theme: &'t Theme, width: u16, limit: usize) -> Self {
        Self {
            theme,
            width: usize::from(width.max(1)),
            limit,
            rows: Vec::new(),
            spans: Vec::new(),
            column: 0,
            start: 0,
            indent: 0,
            full: false,
        }
    }

    pub(super) const fn width(&self) -> usize {
        self.width
    }

    /// Columns at which a row goes on that was too long.
    pub(super) fn set_indent(&mut self, columns: usize) {
        // Half of the width is left for text, and a narrow page has none to spare.
        self.indent = if self.width < 8 { 0 } else { columns.min(self.width / 2) };
    }

    /// Adds text, which breaks anywhere.
    pub(super) fn text(&mut self, text: &str, style: Style) {
        self.bytes(text.as_bytes(), style);
    }

    /// Adds bytes that ought to be UTF-8; those that are not are shown as `\xff`.
    pub(super) fn bytes(&mut self, bytes: &[u8], style: Style) {
        let mut at = 0;
        while let Some(unit) = Unit::at(bytes, at).filter(|_| !self.full) {
            let (text, style) = (unit.text(), unit.style(style, self.theme));
            if unit.is_plain() {
                self.put(&text, unit.width, style);
            } else {
                text.chars().for_each(|character| self.put(character.encode_utf8(&mut [0; 4]), 1, style));
            }
            at += unit.length;
        }
    }

    /// Adds prose, which breaks between words.
    pub(super) fn words(&mut self, prose: &str, style: Style) {
        for (index, word) in prose.split(' ').enumerate() {
            let gap = usize::from(index > 0);
            if self.column > self.start && self.column + gap + word.width() > self.width {
                self.wrap();
            } else if gap > 0 {
                self.put(" ", 1, style);
            }
            self.text(word, style);
        }
    }

    /// Ends the row, empty or not. The next one begins at the left.
    pub(super) fn end_row(&mut self) {
        self.full |= self.rows.len() >= self.limit;
        if self.full {
            return;
        }
        let spans = std::mem::take(&mut self.spans);
        self.rows.push(Line::from(spans));
        self.column = 0;
        self.start = 0;
    }

    /// Adds rows that are made already, no wider than the page.
    pub(super) fn rows(&mut self, rows: Vec<Line<'static>>) {
        for row in rows {
            self.full |= self.rows.len() >= self.limit;
            if self.full {
                return;
            }
            self.rows.push(row);
        }
    }

    /// A row of prose.
    pub(super) fn row(&mut self, prose: &str, style: Style) {
        self.words(prose, style);
        self.end_row();
    }

    /// An empty row.
    pub(super) fn blank(&mut self) {
        self.end_row();
    }

    /// A heading, with an empty row in front of it if it is not the first.
    pub(super) fn title(&mut self, title: &str) {
        if !self.rows.is_empty() {
            self.blank();
        }
        self.set_indent(0);
        self.row(title, self.theme.title);
    }

    /// Goes on at a column further right, if the row is not there yet.
    pub(super) fn pad_to(&mut self, column: usize) {
        let gap = column.saturating_sub(self.column);
        self.text(&" ".repeat(gap), self.theme.text);
    }

    /// The name of a fact; what follows in the row is its value.
    pub(super) fn label(&mut self, name: &str) {
        self.set_indent(LABEL);
        self.text(name, self.theme.dim);
        self.pad_to(LABEL);
    }

    /// A fact that is told in prose.
    pub(super) fn fact(&mut self, name: &str, value: &str, style: Style) {
        self.label(name);
        self.row(value, style);
    }

    /// A fact whose value is a peer's bytes.
    pub(super) fn fact_bytes(&mut self, name: &str, value: &[u8], style: Style) {
        self.label(name);
        self.bytes(value, style);
        self.end_row();
    }

    /// The rows.
    pub(super) fn finish(mut self) -> Vec<Line<'static>> {
        if self.column > 0 {
            self.end_row();
        }
        if self.full {
            self.full = false;
            self.limit = usize::MAX;
            self.set_indent(2);
            self.row("… more is not shown", self.theme.warning);
        }
        self.rows
    }

    /// Adds what stands in `width` columns and can't be broken.
    fn put(&mut self, symbol: &str, width: usize, style: Style) {
        if self.column + width > self.width && self.column > self.start {
            self.wrap();
        }
        self.full |= self.rows.len() >= self.limit;
        if self.full {
            return;
        }
        // Two columns do not go into a page of one.
        let (symbol, width) = if self.column + width > self.width { ("…", 1) } else { (symbol, width) };
        match self.spans.last_mut() {
            Some(span) if span.style == style => span.content.to_mut().push_str(symbol),
            _ => self.spans.push(Span::styled(symbol.to_owned(), style)),
        }
        self.column += width;
    }

    fn wrap(&mut self) {
        self.end_row();
        self.start_at(self.indent);
    }

    fn start_at(&mut self, column: usize) {
        if column > 0 && !self.full {
            self.spans.push(Span::raw(" ".repeat(column)));
            self.column = column;
            self.start = column;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation as _;

    fn rows(width: u16, limit: usize, fill: impl FnOnce(&mut Page<'_>)) -> Vec<String> {
        let theme = Theme::default();
        let mut page = Page::new(&theme, width, limit);
        fill(&mut page);
        page.finish().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn prose_breaks_between_words_and_goes_on_indented() {
        let rows = rows(20, 10, |page| page.fact("protocol", "the usual one", Style::new()));
        assert_eq!(rows, ["protocol    the", "          usual one"]);
    }

    #[test]
    fn wide_letters_are_not_cut() {
        assert_eq!(rows(5, 10, |page| page.text("日本語", Style::new())), ["日本", "語"]);
        assert_eq!(rows(1, 10, |page| page.text("日", Style::new())), ["…"]);
    }

    #[test]
    fn what_is_hidden_is_shown() {
        let shown = rows(80, 10, |page| page.bytes("a\u{1b}[2J\u{301}b\u{202e}\n".as_bytes(), Style::new()));
        assert_eq!(shown, ["a\\u{1b}[2J\u{301}b\\u{202e}\\n"]);
        let heap = format!("e{}", "\u{301}".repeat(40));
        assert!(rows(400, 10, |page| page.text(&heap, Style::new()))[0].starts_with("e\\u{301}\\u{301}"));
        assert_eq!(rows(80, 10, |page| page.bytes(b"\xff\xc3", Style::new())), ["\\xff\\xc3"]);
    }

    #[test]
    fn a_full_page_says_so() {
        let rows = rows(30, 2, |page| page.text(&"a".repeat(100), Style::new()));
        assert_eq!((rows.len(), rows[2].as_str()), (3, "… more is not shown"));
    }

    proptest! {
        #[test]
        fn no_row_is_wider_than_the_page(
            bytes in proptest::collection::vec(any::<u8>(), 0..100),
            prose in "\\PC{0,60}",
            width in 1u16..60,
            indent in 0usize..30,
        ) {
            let rows = rows(width, 1000, |page| {
                page.set_indent(indent);
                page.bytes(&bytes, Style::new());
                page.end_row();
                page.row(&prose, Style::new());
                page.fact(&prose, &prose, Style::new());
            });
            for row in rows {
                prop_assert!(row.width() <= usize::from(width), "{row:?}");
                let drawn: usize = row.graphemes(true).map(|cluster| cluster.width()).sum();
                prop_assert!(drawn <= usize::from(width), "{row:?}");
                prop_assert!(row.chars().all(text::is_plain), "{row:?}");
            }
        }
    }
}
