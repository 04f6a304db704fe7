//! A comparison in rows: beside each other where the width allows, else what differs one under the other.

use std::fmt::Write as _;

use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use crate::compare::{self, Cell, Kind, Piece};
use crate::text;
use crate::tui::fit;
use crate::tui::pages::MAX_ROWS;
use crate::tui::pages::legs::{BETWEEN, WIDE, beside};
use crate::tui::pages::page::Page;
use crate::tui::theme::Theme;

use super::{CompareOptions, Equal};

/// Lines that are the same and are shown around what differs.
const CONTEXT: usize = 2;
/// Columns that a level is further right.
const LEVEL: usize = 2;
/// Rows that one line takes at most.
const TALLEST: usize = 400;

/// Which side.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

impl Side {
    const fn sign(self) -> &'static str {
        match self {
            Self::Left => "- ",
            Self::Right => "+ ",
        }
    }

    const fn style(self, theme: &Theme) -> Style {
        match self {
            Self::Left => theme.error,
            Self::Right => theme.good,
        }
    }
}

/// Rows under way.
pub(super) struct Drawing<'t> {
    theme: &'t Theme,
    equal: Equal,
    /// Columns of the page, and of each side where they stand beside each other.
    width: usize,
    columns: Option<usize>,
    rows: Vec<Line<'static>>,
    differences: Vec<usize>,
}

impl<'t> Drawing<'t> {
    pub(super) fn new(theme: &'t Theme, options: CompareOptions) -> Self {
        let width = usize::from(options.width);
        let columns = (width >= WIDE).then(|| width.saturating_sub(BETWEEN.chars().count()) / 2);
        Self { theme, equal: options.equal, width, columns, rows: Vec::new(), differences: Vec::new() }
    }

    /// What stands on which side.
    pub(super) fn titles(&mut self, titles: [&str; 2]) {
        let sides = [(Side::Left, titles[0]), (Side::Right, titles[1])];
        let rows = sides.map(|(side, title)| {
            let mut page = self.page();
            page.text(side.sign(), side.style(self.theme));
            page.set_indent(2);
            page.words(title, self.theme.title);
            page.finish()
        });
        self.put(rows);
        self.blank();
    }

    /// Something that has to be said.
    pub(super) fn note(&mut self, words: &str) {
        for line in fit::wrap(words, self.width) {
            self.rows.push(Line::styled(line, self.theme.note));
        }
        self.blank();
    }

    /// Lines of both sides.
    pub(super) fn lines(&mut self, lines: &[compare::Line]) {
        let is = |at: usize, kind: Kind| lines.get(at).is_some_and(|line| line.kind == kind);
        let changed: Vec<bool> = lines.iter().map(|line| matches!(line.kind, Kind::Changed | Kind::More)).collect();
        self.through(
            &changed,
            |at| is(at, Kind::Around),
            |at| is(at, Kind::Changed),
            |drawing, at| {
                if let Some(line) = lines.get(at) {
                    drawing.line(line);
                }
            },
        );
    }

    /// Places of both sides, as rows of hex.
    pub(super) fn cells(&mut self, cells: &[Cell]) {
        let columns = self.columns.unwrap_or(self.width);
        let fits = |per_row: &usize| 2 + 7 + 3 * per_row + 1 + per_row <= columns;
        let per_row = [16, 8, 4].into_iter().find(fits).unwrap_or(2);
        let rows: Vec<&[Cell]> = cells.chunks(per_row).collect();
        let changed: Vec<bool> = rows.iter().map(|row| row.iter().any(|cell| cell.differs())).collect();
        // Where each row begins on each side.
        let mut starts = Vec::with_capacity(rows.len());
        let mut at = [0, 0];
        for row in &rows {
            starts.push(at);
            at[0] += row.iter().filter(|cell| cell.left.is_some()).count();
            at[1] += row.iter().filter(|cell| cell.right.is_some()).count();
        }
        let begins = |at: usize| {
            let is_changed = |at: Option<usize>| at.and_then(|at| changed.get(at)) == Some(&true);
            is_changed(Some(at)) && !is_changed(at.checked_sub(1))
        };
        self.through(
            &changed,
            |_| false,
            begins,
            |drawing, at| {
                if let (Some(row), Some(start)) = (rows.get(at), starts.get(at)) {
                    drawing.hex(row, *start, per_row);
                }
            },
        );
    }

    /// The rows, and where differences begin among them.
    pub(super) fn finish(mut self) -> (Vec<Line<'static>>, Vec<usize>) {
        if self.rows.len() >= MAX_ROWS {
            self.rows.truncate(MAX_ROWS);
            self.rows.push(Line::styled("… more is not shown", self.theme.warning));
            self.differences.retain(|row| *row < MAX_ROWS);
        }
        (self.rows, self.differences)
    }

    /// Goes through what is there, of which some is changed; folds what is the same and far from that.
    fn through(
        &mut self,
        changed: &[bool],
        is_around: impl Fn(usize) -> bool,
        begins: impl Fn(usize) -> bool,
        draw: impl Fn(&mut Self, usize),
    ) {
        let is_near = near(changed);
        let mut folded = 0;
        for at in 0..changed.len() {
            if self.rows.len() >= MAX_ROWS {
                return;
            }
            let is_shown = self.equal == Equal::Shown || is_near.get(at) == Some(&true) || is_around(at);
            if !is_shown {
                folded += 1;
                continue;
            }
            self.fold(&mut folded);
            if begins(at) {
                self.differences.push(self.rows.len());
            }
            draw(self, at);
        }
        self.fold(&mut folded);
    }

    fn fold(&mut self, folded: &mut usize) {
        match std::mem::take(folded) {
            0 => {}
            1 => self.rows.push(Line::styled("  … 1 line is the same", self.theme.dim)),
            count => {
                let words = format!("  … {} lines are the same", fit::number(count as u64));
                self.rows.push(Line::styled(words, self.theme.dim));
            }
        }
    }

    fn line(&mut self, line: &compare::Line) {
        let depth = usize::from(line.depth) * LEVEL;
        let side = |side: Side, pieces: &Option<Vec<Piece>>| {
            let Some(pieces) = pieces else { return Vec::new() };
            let is_changed = matches!(line.kind, Kind::Changed | Kind::More);
            let mut page = self.page();
            page.text(if is_changed { side.sign() } else { "  " }, side.style(self.theme));
            page.set_indent(2 + depth + LEVEL);
            page.text(&" ".repeat(depth), self.theme.text);
            for piece in pieces {
                let style = match (is_changed, piece.differs) {
                    (false, _) => self.theme.dim,
                    (true, false) => self.theme.text,
                    (true, true) => side.style(self.theme).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
                };
                page.bytes(&piece.bytes, style);
            }
            let mut rows = page.finish();
            if rows.is_empty() {
                rows.push(Line::default());
            }
            rows
        };
        let rows = [side(Side::Left, &line.left), side(Side::Right, &line.right)];
        self.put_as(rows, matches!(line.kind, Kind::Changed | Kind::More));
    }

    fn hex(&mut self, row: &[Cell], start: [usize; 2], per_row: usize) {
        let is_changed = row.iter().any(|cell| cell.differs());
        let side = |side: Side, start: usize, byte: fn(&Cell) -> Option<u8>| {
            let mut page = self.page();
            page.text(if is_changed { side.sign() } else { "  " }, side.style(self.theme));
            page.text(&format!("{start:04x}  "), self.theme.hex_offset);
            let marked = side.style(self.theme).add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
            let style = |cell: &Cell| if cell.differs() { marked } else { self.theme.text };
            for cell in row {
                let mut digits = String::new();
                match byte(cell) {
                    // A `String` takes all that is written.
                    Some(byte) => _ = write!(digits, "{byte:02x}"),
                    None => digits.push_str("  "),
                }
                page.text(&digits, if byte(cell).is_some() { style(cell) } else { self.theme.text });
                page.text(" ", self.theme.text);
            }
            page.text(&" ".repeat(3 * (per_row - row.len()) + 1), self.theme.text);
            for cell in row {
                match byte(cell) {
                    Some(byte) => page.text(text::ascii(byte).encode_utf8(&mut [0; 4]), style(cell)),
                    None => page.text(" ", self.theme.text),
                }
            }
            page.finish()
        };
        let rows = [side(Side::Left, start[0], |cell| cell.left), side(Side::Right, start[1], |cell| cell.right)];
        self.put_as(rows, is_changed);
    }

    fn page(&self) -> Page<'t> {
        Page::new(self.theme, self.columns.unwrap_or(self.width) as u16, TALLEST)
    }

    fn blank(&mut self) {
        self.rows.push(Line::default());
    }

    fn put(&mut self, rows: [Vec<Line<'static>>; 2]) {
        self.put_as(rows, true);
    }

    /// Adds rows of both sides. Under each other, what is the same is there once.
    fn put_as(&mut self, rows: [Vec<Line<'static>>; 2], is_changed: bool) {
        match (self.columns, rows) {
            (Some(columns), rows) => self.rows.extend(beside(rows, columns, self.theme)),
            (None, [left, _]) if !is_changed => self.rows.extend(left),
            (None, [left, right]) => self.rows.extend(left.into_iter().chain(right)),
        }
    }
}

/// What is changed or near to it. A single line is not folded: the words for it would take as much room.
fn near(changed: &[bool]) -> Vec<bool> {
    let mut near = vec![false; changed.len()];
    for (at, _) in changed.iter().enumerate().filter(|(_, is_changed)| **is_changed) {
        let around = at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(near.len());
        near.get_mut(around).into_iter().flatten().for_each(|near| *near = true);
    }
    for at in 0..near.len() {
        let is_near = |at: Option<usize>| at.and_then(|at| near.get(at)).copied().unwrap_or(true);
        if is_near(at.checked_sub(1))
            && is_near(Some(at + 1))
            && let Some(near) = near.get_mut(at)
        {
            *near = true;
        }
    }
    near
}
