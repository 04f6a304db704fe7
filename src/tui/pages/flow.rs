//! Bytes laid out in rows, and an index of where the rows begin.
//!
//! The index is made in slices, so that the first rows are there at once and no key waits for the last, and it is
//! sparse: it remembers each `EVERY`th row, and the rows between are laid out anew when they are drawn.

use std::ops::Range;

use crate::tui::theme::Theme;

use super::json::Json;
use super::row::{Keep, Row};
use super::unit::Unit;

/// Rows from one that is remembered to the next.
const EVERY: usize = 32;
/// Bytes that are laid out in a slice.
const SLICE: usize = 64 * 1024;

/// Where a row begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Start {
    /// In the bytes.
    pub at: usize,
    /// Whether the row before was full.
    pub goes_on: bool,
    /// Of JSON: open brackets.
    pub depth: u32,
    /// Of JSON: what came last.
    pub previous: Previous,
    /// Of JSON: what the row begins in.
    pub within: Within,
}

/// The last token of JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Previous {
    #[default]
    Nothing,
    Open,
    Value,
    Separator,
}

/// A token of JSON that is not at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Within {
    #[default]
    Nothing,
    Key,
    Text,
    Word,
}

/// What comes after a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Another.
    Row(Start),
    /// Nothing.
    End,
    /// The end of the folded node that begins there has to be found first; the row is not whole.
    Unknown(usize),
}

/// How bytes are laid out.
#[derive(Clone, Debug)]
pub(super) enum Layout {
    /// As text.
    Text,
    /// As JSON.
    Json(Json),
}

impl Layout {
    fn fill(&self, bytes: &[u8], start: Start, row: &mut Row, theme: &Theme) -> Next {
        match self {
            Self::Text => text(bytes, start, row, theme),
            Self::Json(json) => json.fill(bytes, start, row, theme),
        }
    }
}

/// A row of text: up to a line feed, or as much as there is room for.
fn text(bytes: &[u8], start: Start, row: &mut Row, theme: &Theme) -> Next {
    let mut at = start.at;
    while let Some(unit) = Unit::at(bytes, at) {
        let end = at + unit.length;
        if !row.push(at..end, unit.width, unit.style(theme.text, theme), || unit.text().into_owned()) {
            return Next::Row(Start { at, goes_on: true, ..start });
        }
        if bytes.get(at) == Some(&b'\n') {
            at = end;
            break;
        }
        at = end;
    }
    if at < bytes.len() { Next::Row(Start { at, goes_on: false, ..start }) } else { Next::End }
}

/// Where rows begin, as far as is known.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    pub layout: Layout,
    width: usize,
    /// Each `EVERY`th row.
    starts: Vec<Start>,
    rows: usize,
    next: Option<Start>,
}

impl Flow {
    pub(super) fn new(layout: Layout, width: usize) -> Self {
        Self { layout, width, starts: Vec::new(), rows: 0, next: Some(Start::default()) }
    }

    /// Rows that are known.
    pub(super) const fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no more to be known.
    pub(super) const fn is_done(&self) -> bool {
        self.next.is_none()
    }

    /// Bytes that are laid out.
    pub(super) fn known(&self, bytes: &[u8]) -> usize {
        self.next.map_or(bytes.len(), |next| next.at)
    }

    /// Lays out another slice.
    pub(super) fn work(&mut self, bytes: &[u8], theme: &Theme) {
        let mut left = SLICE;
        while let Some(start) = self.next
            && left > 0
        {
            if let Layout::Json(json) = &mut self.layout
                && !json.search_end(bytes, &mut left)
            {
                return;
            }
            let mut row = Row::new(self.width, Keep::Nothing);
            let next = self.layout.fill(bytes, start, &mut row, theme);
            let end = match next {
                Next::Row(next) => next.at,
                Next::End => bytes.len(),
                Next::Unknown(open) => {
                    if let Layout::Json(json) = &mut self.layout {
                        json.begin_search(open);
                    }
                    continue;
                }
            };
            left = left.saturating_sub((end - start.at).clamp(8, SLICE / 2));
            if row.is_fresh() && next == Next::End {
                self.next = None;
                return;
            }
            if self.rows.is_multiple_of(EVERY) {
                self.starts.push(start);
            }
            self.rows += 1;
            self.next = if let Next::Row(next) = next { Some(next) } else { None };
        }
    }

    /// Forgets the rows from one on: what they show is to be laid out otherwise.
    pub(super) fn forget_from(&mut self, bytes: &[u8], row: usize, theme: &Theme) {
        if let Some(start) = self.start(bytes, row, theme) {
            self.rows = row;
            self.starts.truncate(row.div_ceil(EVERY));
            self.next = Some(start);
        }
    }

    fn start(&self, bytes: &[u8], row: usize, theme: &Theme) -> Option<Start> {
        if row >= self.rows {
            return None;
        }
        let mut start = *self.starts.get(row / EVERY)?;
        for _ in 0..row % EVERY {
            match self.layout.fill(bytes, start, &mut Row::new(self.width, Keep::Nothing), theme) {
                Next::Row(next) => start = next,
                Next::End | Next::Unknown(_) => return None,
            }
        }
        Some(start)
    }

    /// Some of the rows that are known.
    pub(super) fn window(&self, bytes: &[u8], rows: Range<usize>, theme: &Theme) -> Vec<Row> {
        let mut out = Vec::new();
        let mut next = self.start(bytes, rows.start, theme);
        while let Some(start) = next
            && out.len() < rows.end.min(self.rows).saturating_sub(rows.start)
        {
            let mut row = Row::new(self.width, Keep::Text);
            next = match self.layout.fill(bytes, start, &mut row, theme) {
                Next::Row(next) => Some(next),
                Next::End | Next::Unknown(_) => None,
            };
            out.push(row);
        }
        out
    }

    /// The row that shows a byte, if it is known: the last that begins at it or before.
    pub(super) fn row_of(&self, bytes: &[u8], byte: usize, theme: &Theme) -> Option<usize> {
        if byte >= self.known(bytes) && !self.is_done() {
            return None;
        }
        let mark = self.starts.partition_point(|start| start.at <= byte).checked_sub(1)?;
        let mut row = mark * EVERY;
        let mut start = *self.starts.get(mark)?;
        while row + 1 < self.rows {
            match self.layout.fill(bytes, start, &mut Row::new(self.width, Keep::Nothing), theme) {
                Next::Row(next) if next.at <= byte => start = next,
                _ => break,
            }
            row += 1;
        }
        Some(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flow(bytes: &[u8], width: usize) -> Flow {
        let mut flow = Flow::new(Layout::Text, width);
        while !flow.is_done() {
            flow.work(bytes, &Theme::default());
        }
        flow
    }

    fn rows(bytes: &[u8], width: usize) -> Vec<String> {
        let theme = Theme::default();
        let rows = flow(bytes, width).window(bytes, 0..usize::MAX, &theme);
        rows.into_iter().map(|row| row.line(|_, style| style).to_string()).collect()
    }

    #[test]
    fn lines_end_at_line_feeds_and_wrap() {
        assert_eq!(rows(b"one\ntwo three\n\nfour", 6), ["one\\n", "two th", "ree\\n", "\\n", "four"]);
        assert_eq!(rows("日本語".as_bytes(), 5), ["日本", "語"]);
        assert_eq!(rows("日".as_bytes(), 1), ["…"]);
        assert!(rows(b"", 5).is_empty());
    }

    #[test]
    fn what_is_large_is_laid_out_in_slices() {
        let bytes = b"0123456789abcde\n".repeat(100_000);
        let mut flow = Flow::new(Layout::Text, 40);
        flow.work(&bytes, &Theme::default());
        assert!(!flow.is_done() && (100..20_000).contains(&flow.len()));
        assert_eq!(flow.row_of(&bytes, 16 * 50, &Theme::default()), Some(50));
        assert_eq!(flow.row_of(&bytes, 16 * 90_000, &Theme::default()), None);
        while !flow.is_done() {
            flow.work(&bytes, &Theme::default());
        }
        assert_eq!((flow.len(), flow.row_of(&bytes, 16 * 90_000, &Theme::default())), (100_000, Some(90_000)));
    }

    proptest! {
        #[test]
        fn each_byte_is_in_the_row_that_is_said_to_show_it(
            bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'a')], 0..300),
            width in 1usize..30,
        ) {
            let theme = Theme::default();
            let flow = flow(&bytes, width);
            for byte in 0..bytes.len() {
                let row = flow.row_of(&bytes, byte, &theme).unwrap();
                let row = flow.window(&bytes, row..row + 1, &theme).remove(0);
                prop_assert!(row.around(byte).is_some());
            }
        }
    }
}
