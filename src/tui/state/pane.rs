//! The detail pane's own state: what it shows, where its cursor stands, what is folded and what is searched for.
//!
//! The cursor is a byte of the frame, so it stays where it is when the form changes: hex, text and header are in step.

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use crate::tui::fit;
use crate::tui::pages::content::Content;
use crate::tui::pages::document::Document;
use crate::tui::pages::json::Folds;
use crate::tui::pages::row::Node;
use crate::tui::pages::{BodyShown, HeaderShown};
use crate::tui::state::cursor::Scroll;
use crate::tui::state::find::{Find, Hit};
use crate::tui::state::layout::{text_width, under_title};
use crate::tui::state::lines::LinesKey;
use crate::tui::theme::Theme;

/// Rows from which a header is drawn bit by bit without being asked for, and where bytes are explained at the foot.
const TALL: u16 = 20;
const TALL_WITH_FOOT: u16 = 26;
/// Slices that are gone through at once to get back to where a text was scrolled to.
const SLICES: usize = 2;
/// Folded nodes that are opened at once to get to what was found in them.
const NESTED: usize = 64;

/// What the pane shows, and where.
#[derive(Debug, Default)]
pub(crate) struct Pane {
    /// What the document was made from.
    pub key: Option<LinesKey>,
    /// How far it is scrolled.
    pub scroll: Scroll,
    /// What is searched for.
    pub find: Find,
    document: Document,
    cursor: usize,
    /// The column that moving up and down keeps to.
    column: Option<usize>,
    reveal: Reveal,
    folds: Folds,
    /// How much of the header, where the user has chosen.
    header: Option<HeaderShown>,
}

/// What stands at the foot of the pane.
#[derive(Clone, Debug, Default)]
pub(crate) struct Foot {
    /// Whether what is searched for does.
    pub find: bool,
    /// What there is to say of the byte under the cursor.
    pub explained: Vec<String>,
    /// Rows for all of it.
    rows: usize,
}

impl Foot {
    /// Parts a pane, whose title is its first row, into the text and this.
    #[must_use]
    pub(crate) fn part(&self, area: Rect) -> (Rect, Rect) {
        let all = under_title(area);
        let height = (self.rows as u16).min(all.height / 2);
        let text = Rect { height: all.height - height, ..all };
        (text, Rect { y: text.bottom(), height, ..all })
    }
}

/// Whether the cursor has to be brought into view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reveal {
    #[default]
    No,
    /// The row that holds it.
    Row,
    /// The byte itself, even if it is in a folded node.
    Byte,
}

impl Pane {
    /// How much of a header is shown in a pane of so many rows, its title among them, over a payload in a form.
    #[must_use]
    pub(crate) fn header(&self, height: u16, body: BodyShown) -> HeaderShown {
        let tall = if matches!(body, BodyShown::Hex | BodyShown::Mask) { TALL_WITH_FOOT } else { TALL };
        self.header.unwrap_or(if height >= tall { HeaderShown::Full } else { HeaderShown::Compact })
    }

    /// Shows all of the header, or a line of it.
    pub(crate) fn turn_header(&mut self) {
        let shown = self.key.map_or(HeaderShown::Compact, |key| key.header);
        self.header = Some(match shown {
            HeaderShown::Full => HeaderShown::Compact,
            HeaderShown::Compact => HeaderShown::Full,
        });
        self.scroll.reset();
    }

    /// Shows another document, which may take over the content of the last if that is the same. The cursor stays where
    /// it is the same thing in another form.
    pub(crate) fn show(
        &mut self,
        key: Option<LinesKey>,
        theme: &Theme,
        make: impl FnOnce(Option<Content>, &Folds) -> Option<Document>,
    ) {
        let (before, was) = (std::mem::replace(&mut self.key, key), self.document.bytes());
        let is_same = before.map(|key| (key.subject, key.extent)) == key.map(|key| (key.subject, key.extent));
        let content = is_same.then(|| self.document.take_content());
        self.document = make(content, &self.folds).unwrap_or_default();
        if !is_same {
            self.find.restart();
        }
        let bytes = self.document.bytes();
        if before.map(|key| key.subject) != key.map(|key| key.subject) {
            self.scroll.reset();
            self.folds.others.clear();
            self.column = None;
            self.cursor = bytes.start;
            self.reveal = Reveal::No;
            return;
        }
        let moved = self.cursor != was.start;
        self.cursor = if moved { self.cursor.clamp(bytes.start, last(&bytes)) } else { bytes.start };
        self.column = None;
        if moved {
            self.reveal = Reveal::Row;
        }
        for _ in 0..SLICES {
            if self.document.is_done() || self.document.len() > self.scroll.end() {
                break;
            }
            self.document.work(theme);
        }
    }

    /// Whether there is more to do than could be done at once.
    #[must_use]
    pub(crate) const fn is_busy(&self) -> bool {
        !self.document.is_done() || self.find.is_searching()
    }

    /// Does a slice of it.
    pub(crate) fn work(&mut self, theme: &Theme) {
        self.document.work(theme);
        self.find.work(self.document.payload());
        if let Some(place) = self.find.take_wanted() {
            self.go_to(self.document.head() + place);
        }
    }

    /// Scrolls to the cursor if that was moved, in a pane of so many rows.
    pub(crate) fn settle(&mut self, height: u16, theme: &Theme) {
        self.scroll.settle(self.document.len(), height);
        for _ in 0..NESTED {
            let Some(row) = self.document.row_of(self.cursor, theme).filter(|_| self.reveal != Reveal::No) else {
                return;
            };
            if self.reveal == Reveal::Byte && self.unfold_around_cursor(row, theme) {
                continue;
            }
            self.reveal = Reveal::No;
            self.scroll.settle(self.document.len(), height);
            self.scroll.show(row);
        }
    }

    fn unfold_around_cursor(&mut self, row: usize, theme: &Theme) -> bool {
        let Some(shown) = self.document.row(row, theme) else { return false };
        let hidden = shown.around(self.cursor).is_some_and(|piece| piece.len() > 1 && piece.start < self.cursor);
        let Some(node) = shown.node.filter(|node| node.is_folded && hidden) else { return false };
        self.folds.flip(node.id);
        self.document.fold(&self.folds, row, theme);
        true
    }

    /// Count of rows that are known.
    #[must_use]
    pub(crate) const fn len(&self) -> usize {
        self.document.len()
    }

    /// The visible rows; with the cursor if the pane has the focus.
    #[must_use]
    pub(crate) fn window(&self, height: u16, has_focus: bool, theme: &Theme) -> Vec<Line<'static>> {
        let head = self.document.head();
        let mark = |source: Range<usize>, style: Style| {
            let is_here = has_focus && source.contains(&self.cursor);
            let payload = source.start.saturating_sub(head)..source.end.saturating_sub(head);
            match self.find.hit(&payload) {
                _ if source.end <= head && is_here => theme.selected,
                Hit::Match if source.start >= head && is_here => theme.match_.add_modifier(Modifier::UNDERLINED),
                Hit::Match if source.start >= head => theme.match_,
                _ if is_here => theme.selected,
                _ => style,
            }
        };
        self.document.window(self.scroll.top(), usize::from(height), theme, mark)
    }

    /// The glyphs of what can be folded, for the visible rows.
    #[must_use]
    pub(crate) fn fold_glyphs(&self, height: u16, theme: &Theme) -> Vec<&'static str> {
        self.document.folds(self.scroll.top(), usize::from(height), theme)
    }

    /// What stands at the foot of the pane in an area, whose first row is the title.
    #[must_use]
    pub(crate) fn foot(&self, area: Rect, has_focus: bool) -> Foot {
        if !has_focus && !self.find.is_typing() {
            return Foot::default();
        }
        let find = usize::from(self.find.is_on());
        // A low pane needs its rows for the bytes themselves.
        let rows = (usize::from(under_title(area).height) / 3).saturating_sub(find).min(4);
        let all = self.document.explain(self.cursor);
        let width = usize::from(text_width(area));
        let explained: Vec<_> = all.iter().flat_map(|row| fit::wrap(row, width)).take(rows).collect();
        // As many rows for each byte, so that moving from one to another moves nothing else.
        let rows = if explained.is_empty() { find } else { find + rows };
        Foot { find: find > 0, explained, rows }
    }

    /// Where the cursor stands, for people; empty where there is none.
    #[must_use]
    pub(crate) fn place(&self) -> String {
        let (head, bytes) = (self.document.head(), self.document.bytes());
        match self.cursor.checked_sub(head) {
            _ if bytes.is_empty() => String::new(),
            None => format!("header byte {}", self.cursor),
            Some(at) => format!("byte {at}"),
        }
    }

    /// How the search goes, for people.
    ///
    /// # Errors
    ///
    /// Where the pattern is no regular expression: why.
    pub(crate) fn find_state(&self) -> Result<String, String> {
        self.find.state(self.cursor.saturating_sub(self.document.head()), self.document.payload().len())
    }

    /// Begins a search at the cursor.
    pub(crate) fn begin_find(&mut self) {
        self.find.begin(self.cursor.saturating_sub(self.document.head()));
    }

    /// Ends the search, and goes back if it was being typed.
    pub(crate) fn cancel_find(&mut self) {
        if let Some(origin) = self.find.cancel() {
            self.go_to(self.document.head() + origin);
        }
    }

    /// Goes to the next place that was found, or to the one before.
    pub(crate) fn next_match(&mut self, forward: bool) {
        let from = self.cursor.saturating_sub(self.document.head());
        if let Some(place) = self.find.step(from, forward) {
            self.go_to(self.document.head() + place);
        }
    }

    fn go_to(&mut self, byte: usize) {
        let bytes = self.document.bytes();
        if !bytes.is_empty() {
            self.cursor = byte.clamp(bytes.start, last(&bytes));
            self.column = None;
            self.reveal = Reveal::Byte;
        }
    }

    /// Moves the cursor by so many rows, or the text where there is no cursor.
    pub(crate) fn step(&mut self, by: i64, theme: &Theme) {
        let bytes = self.document.bytes();
        let Some(row) = self.document.row_of(self.cursor, theme).filter(|_| !bytes.is_empty()) else {
            return self.scroll.step(by);
        };
        let first = self.document.len() - self.body_rows();
        // The lines above the body are to be seen too, on the way up and on the way down.
        let is_above = row == first && by < 0;
        if is_above || (by > 0 && by < i64::MAX && row >= self.scroll.end()) {
            return self.scroll.step(by);
        }
        if by == i64::MIN {
            self.cursor = bytes.start;
            self.column = None;
            return self.scroll.step(by);
        }
        if by == i64::MAX {
            self.cursor = last(&bytes);
            self.column = None;
            self.reveal = Reveal::Row;
            return;
        }
        self.step_rows(row, by, first, theme);
    }

    fn step_rows(&mut self, row: usize, by: i64, first: usize, theme: &Theme) {
        let here = self.document.row(row, theme);
        let column = self.column.or_else(|| here?.column_of(self.cursor)).unwrap_or_default();
        self.column = Some(column);
        let by = isize::try_from(by).unwrap_or(isize::MAX);
        let mut target = row.saturating_add_signed(by).clamp(first, self.document.len().saturating_sub(1));
        let before = self.cursor;
        // A row that shows no byte of its own, and one that shows the same byte, are passed over.
        while let Some(row) = self.document.row(target, theme) {
            let byte = row
                .byte_at(column)
                .filter(|byte| self.document.row_of(*byte, theme) != self.document.row_of(self.cursor, theme));
            if let Some(byte) = byte {
                self.cursor = byte;
                break;
            }
            match target.checked_add_signed(by.signum()) {
                Some(next) if next >= first && next < self.document.len() => target = next,
                _ => break,
            }
        }
        if self.cursor == before {
            // Rows that show no byte may still be there to be seen.
            return self.scroll.step(by as i64);
        }
        self.reveal = Reveal::Row;
    }

    const fn body_rows(&self) -> usize {
        self.document.len() - self.document.top_len()
    }

    /// Moves the cursor by so many of what stands as one: a byte, a letter.
    pub(crate) fn step_byte(&mut self, by: i64, theme: &Theme) {
        let bytes = self.document.bytes();
        if bytes.is_empty() {
            return;
        }
        let around = |byte: usize| {
            let row = self.document.row_of(byte, theme)?;
            self.document.row(row, theme)?.around(byte)
        };
        let target = match (around(self.cursor), by < 0) {
            (Some(here), false) => here.end,
            (Some(here), true) => here.start.saturating_sub(1),
            (None, _) => self.cursor.saturating_add_signed(by as isize),
        };
        let target = target.clamp(bytes.start, last(&bytes));
        self.cursor = around(target).map_or(target, |piece| piece.start.max(bytes.start));
        self.column = None;
        self.reveal = Reveal::Row;
    }

    /// Puts the cursor where the mouse was pressed, so many rows and columns into the text.
    pub(crate) fn point(&mut self, row: usize, column: usize, theme: &Theme) {
        let byte = self.document.row(self.scroll.top() + row, theme).and_then(|row| row.byte_at(column));
        if let Some(byte) = byte {
            self.cursor = byte;
            self.column = None;
        }
    }

    /// Whether what stands in the cursor's row can be folded or unfolded. All of a text is not folded: nothing would be
    /// left to see.
    #[must_use]
    pub(crate) fn can_fold(&self, theme: &Theme) -> bool {
        self.document.has_nodes() && self.node(theme).is_some_and(|(_, node)| node.depth > 0 || node.is_folded)
    }

    /// Whether the body is hex.
    #[must_use]
    pub(crate) const fn shows_hex(&self) -> bool {
        self.document.is_hex()
    }

    /// Whether there is a message to be read in place of the frame's own payload.
    #[must_use]
    pub(crate) const fn has_message(&self) -> bool {
        self.document.has_message()
    }

    /// Whether the body has nodes at all.
    #[must_use]
    pub(crate) const fn has_nodes(&self) -> bool {
        self.document.has_nodes()
    }

    fn node(&self, theme: &Theme) -> Option<(usize, Node)> {
        let row = self.document.row_of(self.cursor, theme)?;
        Some((row, self.document.row(row, theme)?.node?))
    }

    /// Folds the node in the cursor's row, or unfolds it.
    pub(crate) fn turn_fold(&mut self, theme: &Theme) {
        let Some((row, node)) = self.node(theme) else { return };
        self.cursor = node.open;
        self.folds.flip(node.id);
        self.document.fold(&self.folds, row, theme);
        self.reveal = Reveal::Row;
    }

    /// Folds all nodes one level further out, or unfolds them one further in.
    pub(crate) fn fold_all(&mut self, further: Further, theme: &Theme) {
        if !self.document.has_nodes() {
            return;
        }
        self.folds.others.clear();
        self.folds.from = match (further, self.folds.from) {
            (Further::Out, from) => Some(from.unwrap_or(2).saturating_sub(1)),
            (Further::In, None | Some(DEEPEST..)) => None,
            (Further::In, Some(from)) => Some(from + 1),
        };
        self.document.fold(&self.folds, 0, theme);
        self.reveal = Reveal::Row;
    }
}

/// The depth from which on one more makes no difference to a reader.
const DEEPEST: u32 = 5;

/// Which way nodes are folded or unfolded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Further {
    /// Fewer are open.
    Out,
    /// More are open.
    In,
}

const fn last(bytes: &Range<usize>) -> usize {
    if bytes.end > bytes.start { bytes.end - 1 } else { bytes.start }
}
