//! The text that is being written, laid out in rows: what can't be seen has a sign, and no character breaks a column.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui_textarea::TextArea;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::text;
use crate::tui::fit;
use crate::tui::theme::Theme;

/// Characters of one line that are laid out: the part of it that the cursor is in.
const PART: usize = 4096;

/// The rows around the cursor.
pub(super) struct Layout {
    rows: Vec<Vec<Cell>>,
    /// Row and cell of the cursor; the cell may be behind the last.
    cursor: (usize, usize),
}

struct Cell {
    symbol: String,
    width: usize,
    /// Characters from the start of the text.
    at: usize,
    hidden: bool,
}

impl Layout {
    /// Lays a text out in so many columns, as far as so many lines from the cursor.
    #[must_use]
    pub(super) fn new(input: &TextArea<'_>, columns: usize, lines: usize) -> Self {
        let (cursor_line, cursor_column) = (input.cursor().0, input.cursor().1);
        let mut layout = Self { rows: Vec::new(), cursor: (0, 0) };
        let mut at = 0;
        for (index, line) in input.lines().iter().enumerate() {
            let length = line.chars().count();
            if index.abs_diff(cursor_line) <= lines {
                let cursor = (index == cursor_line).then_some(cursor_column);
                layout.line(line, at, cursor, columns.max(2));
            }
            at += length + 1;
        }
        layout
    }

    /// How many rows there are.
    #[must_use]
    pub(super) const fn height(&self) -> usize {
        self.rows.len()
    }

    /// The row and column of a character, where there is only one row.
    #[must_use]
    pub(super) fn column_in_single_row(&self, at: usize) -> Option<usize> {
        let [row] = self.rows.as_slice() else { return None };
        Some(row.iter().take_while(|cell| cell.at < at).map(|cell| cell.width).sum())
    }

    fn line(&mut self, line: &str, at: usize, cursor: Option<usize>, columns: usize) {
        let skip = cursor.unwrap_or(0) / PART * PART;
        let part: String = line.chars().skip(skip).take(PART).collect();
        let mut row = Vec::new();
        let mut used = 0;
        let mut at = at + skip;
        let mut left = cursor.map(|cursor| cursor - skip);
        for grapheme in part.graphemes(true) {
            for cell in cells(grapheme, at) {
                if used + cell.width > columns {
                    self.rows.push(std::mem::take(&mut row));
                    used = 0;
                }
                used += cell.width;
                row.push(cell);
            }
            let length = grapheme.chars().count();
            if let Some(characters) = left {
                if characters < length {
                    self.cursor = (self.rows.len(), row.len().saturating_sub(1));
                    left = None;
                } else {
                    left = Some(characters - length);
                }
            }
            at += length;
        }
        if left.is_some() {
            // Behind the last character, where a full row has no room.
            if used == columns {
                self.rows.push(std::mem::take(&mut row));
            }
            self.cursor = (self.rows.len(), row.len());
        }
        self.rows.push(row);
    }

    /// Draws the rows that fit, the cursor's among them, with the character at `wrong` marked.
    pub(super) fn draw(&self, area: Rect, buffer: &mut Buffer, theme: &Theme, wrong: Option<usize>) {
        let height = usize::from(area.height);
        let top = (self.cursor.0 + 1).saturating_sub(height);
        for (y, (index, row)) in (area.top()..area.bottom()).zip(self.rows.iter().enumerate().skip(top)) {
            let mut x = area.x;
            for (place, cell) in row.iter().enumerate() {
                let mut style = if cell.hidden { theme.warning } else { theme.text };
                if wrong == Some(cell.at) {
                    style = style.patch(theme.error).add_modifier(Modifier::UNDERLINED);
                }
                if (index, place) == self.cursor {
                    style = style.add_modifier(Modifier::REVERSED);
                }
                let room = usize::from(area.right().saturating_sub(x));
                x = buffer.set_stringn(x, y, &cell.symbol, room, style).0;
            }
            if (index, row.len()) == self.cursor && x < area.right() {
                buffer.set_stringn(x, y, " ", 1, Style::new().add_modifier(Modifier::REVERSED));
            }
        }
    }
}

/// A grapheme's cells: one, or one a character where some of them can't be seen.
fn cells(grapheme: &str, at: usize) -> Vec<Cell> {
    if grapheme.chars().all(text::is_plain) && fit::width(grapheme) > 0 {
        return vec![Cell { symbol: grapheme.to_owned(), width: fit::width(grapheme), at, hidden: false }];
    }
    let cell = |(index, character): (usize, char)| {
        let hidden = !text::is_plain(character) || fit::width(character.encode_utf8(&mut [0; 4])) == 0;
        let shown = if hidden { sign(character) } else { character };
        let symbol = shown.to_string();
        Cell { width: fit::width(&symbol), symbol, at: at + index, hidden }
    };
    grapheme.chars().enumerate().map(cell).collect()
}

/// What stands for a character that can't be seen: controls have pictures of their own.
fn sign(character: char) -> char {
    match character {
        '\t' => '→',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + character as u32).unwrap_or('·'),
        '\u{7f}' => '␡',
        _ => '·',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui_textarea::CursorMove;

    fn rows(text: &str, columns: usize) -> (Vec<String>, (usize, usize)) {
        let mut input = TextArea::new(text.split('\n').map(str::to_owned).collect());
        input.move_cursor(CursorMove::Bottom);
        input.move_cursor(CursorMove::End);
        let layout = Layout::new(&input, columns, 10);
        let words = |row: &Vec<Cell>| row.iter().map(|cell| cell.symbol.as_str()).collect::<String>();
        (layout.rows.iter().map(words).collect(), layout.cursor)
    }

    #[test]
    fn long_lines_are_broken_and_the_cursor_has_room() {
        assert_eq!(rows("abcdef\ng", 4), (vec!["abcd".into(), "ef".into(), "g".into()], (2, 1)));
        assert_eq!(rows("abcd", 4), (vec!["abcd".into(), String::new()], (1, 0)));
        assert_eq!(rows("a日本", 4), (vec!["a日".into(), "本".into()], (1, 1)));
        assert_eq!(rows("", 4), (vec![String::new()], (0, 0)));
        let (long, cursor) = rows(&"x".repeat(10_000), 100);
        assert_eq!((long.len(), cursor), (19, (18, 8)), "only the part with the cursor");
    }

    #[test]
    fn what_can_t_be_seen_has_a_sign() {
        let shown = "\u{1b}[2J\t\u{7f}\u{202e}e\u{301}\u{200b}";
        assert_eq!(rows(shown, 40).0, ["␛[2J→␡·e\u{301}·"]);
    }
}
