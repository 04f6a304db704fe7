//! The sessions: as a narrow list beside the frames, and as a table with a page of its own.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::journal::{SessionState, SessionSummary, View};
use crate::relay::observation::Side;
use crate::text;
use crate::tui::actions::session_index;
use crate::tui::clock;
use crate::tui::fit;
use crate::tui::keymap::Place;
use crate::tui::model::Model;
use crate::tui::theme::Theme;

use super::{Focus, frame_log, title, words};

/// Draws the narrow list.
pub fn list(model: &mut Model, view: &View, area: Rect, buffer: &mut Buffer) {
    let focus = Focus::of(model, Place::Sessions);
    let inner = title(area, buffer, &model.theme, focus, "Sessions", &[]);
    rows(model, view, inner, focus, buffer, list_line);
}

/// Draws the table.
pub fn table(model: &mut Model, view: &View, area: Rect, buffer: &mut Buffer) {
    let forgotten = match view.forgotten() {
        0 => None,
        count => Some(format!("{} older left memory", fit::number(count))),
    };
    let mut inner = title(area, buffer, &model.theme, Focus::Here, "Sessions", forgotten.as_slice());
    if inner.height > 2 {
        let heading = format!("  {}", table_columns(inner.width, &HEADING));
        buffer.set_stringn(inner.x, inner.y, heading, usize::from(inner.width), model.theme.dim);
        inner = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
    }
    rows(model, view, inner, Focus::Here, buffer, table_line);
}

/// Draws what is visible of all sessions, a line for all of them first.
fn rows(
    model: &mut Model,
    view: &View,
    area: Rect,
    focus: Focus,
    buffer: &mut Buffer,
    line: impl Fn(&Model, Option<&SessionSummary>, u16) -> Line<'static>,
) {
    let (count, height) = (view.sessions().len() + 1, usize::from(area.height.max(1)));
    let selected = session_index(model, view);
    let top = model.sessions_top.clamp((selected + 1).saturating_sub(height), selected);
    model.sessions_top = top.min(count.saturating_sub(height));
    model.areas.sessions = area;
    let top = model.sessions_top;
    let all = (top == 0).then_some(None);
    let sessions = all.into_iter().chain(view.sessions().skip(top.saturating_sub(1)).map(Some));
    for ((y, index), summary) in (area.top()..area.bottom()).zip(top..).zip(sessions) {
        buffer.set_line(area.x, y, &line(model, summary, area.width), area.width);
        if index == selected {
            frame_log::mark(Rect { y, height: 1, ..area }, buffer, model, focus);
        }
    }
}

/// State as a glyph and a colour.
fn state(summary: &SessionSummary, theme: &Theme) -> (&'static str, Style, &'static str) {
    match &summary.state {
        SessionState::Opening => ("◌", theme.warning, "opening"),
        SessionState::Open => ("●", theme.good, "open"),
        SessionState::Refused(_) => ("✗", theme.error, "refused"),
        SessionState::Closed if summary.open.is_none() => ("✗", theme.error, "refused"),
        SessionState::Closed => ("○", theme.dim, "closed"),
    }
}

fn list_line(model: &Model, summary: Option<&SessionSummary>, width: u16) -> Line<'static> {
    let theme = &model.theme;
    let width = usize::from(width);
    let Some(summary) = summary else {
        return Line::styled(fit::left("   all sessions", width), theme.text);
    };
    let (glyph, style, _) = state(summary, theme);
    let frames = fit::short(summary.frames[0] + summary.frames[1]);
    let words = format!("{} {}", summary.id.0, text::preview(&summary.path, 120));
    let room = width.saturating_sub(4 + frames.len());
    let text = if summary.is_live() { theme.text } else { theme.dim };
    Line::from(vec![
        Span::styled(format!(" {glyph} "), style),
        Span::styled(fit::left(&words, room), text),
        Span::styled(format!(" {frames}"), theme.dim),
    ])
}

/// The cells of a table's row.
type Cells<'a> = [&'a str; 10];

const HEADING: Cells<'static> =
    ["#", "path", "state", "client", "lasted", "→ frames", "← frames", "→ bytes", "← bytes", "end"];
/// Widths of the cells; 0 for those that share what is left.
const WIDTHS: [usize; 10] = [5, 0, 8, 21, 6, 8, 8, 9, 9, 0];
const AT_LEFT: [usize; 4] = [1, 2, 3, 9];
const PATH: usize = 1;
const END: usize = 9;
/// What goes first on a narrow screen.
const GOES: [usize; 7] = [END, 3, 7, 8, 4, 5, 6];
/// The least that a path and an end get.
const LEAST: usize = 14;

/// A row of the table behind its mark, as many cells as fit.
fn table_columns(width: u16, cells: &Cells<'_>) -> String {
    let room = usize::from(width).saturating_sub(3);
    let mut shown = [true; 10];
    let taken = |shown: &[bool; 10]| -> usize {
        (0..10).filter(|cell| shown[*cell]).map(|cell| if cell == END { LEAST } else { WIDTHS[cell] } + 1).sum()
    };
    for gone in GOES {
        if taken(&shown) + LEAST <= room {
            break;
        }
        shown[gone] = false;
    }
    let free = room.saturating_sub(taken(&shown)) + if shown[END] { LEAST } else { 0 };
    let path = if shown[END] { free * 2 / 5 } else { free };
    let mut out = String::from(" ");
    for cell in (0..10).filter(|cell| shown[*cell]) {
        let columns = match cell {
            PATH => path,
            END => free - path,
            _ => WIDTHS[cell],
        };
        out.push_str(&if AT_LEFT.contains(&cell) {
            format!(" {}", fit::left(cells[cell], columns))
        } else {
            format!(" {}", fit::right(cells[cell], columns))
        });
    }
    out
}

fn table_line(model: &Model, summary: Option<&SessionSummary>, width: u16) -> Line<'static> {
    let theme = &model.theme;
    let Some(summary) = summary else {
        return Line::styled(fit::left("         all sessions", usize::from(width)), theme.text);
    };
    let (glyph, style, word) = state(summary, theme);
    let until = summary.closed.as_ref().map_or(model.now, |(time, _)| *time);
    let client = summary.client.map(|client| client.to_string()).unwrap_or_default();
    let (bytes, frames) = (summary.payload.map(text::byte_count), summary.frames.map(fit::short));
    let cells = [
        &summary.id.0.to_string(),
        &text::preview(&summary.path, 120),
        word,
        &client,
        &clock::lasted(summary.opened, until),
        &frames[Side::Client.index()],
        &frames[Side::Server.index()],
        &bytes[Side::Client.index()],
        &bytes[Side::Server.index()],
        &summary.closed.as_ref().map(|(_, closed)| words::closed_words(closed)).unwrap_or_default(),
    ];
    let text = if summary.is_live() { theme.text } else { theme.dim };
    Line::from(vec![Span::styled(format!(" {glyph}"), style), Span::styled(table_columns(width, &cells), text)])
}
