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

use super::{Focus, frame_log, row, title};

/// Draws the narrow list.
pub fn list(model: &mut Model, view: &View, area: Rect, buffer: &mut Buffer) {
    let focus = Focus::of(model, Place::Sessions);
    let inner = title(area, buffer, &model.theme, focus, "Sessions", "");
    rows(model, view, inner, focus, buffer, list_line);
}

/// Draws the table.
pub fn table(model: &mut Model, view: &View, area: Rect, buffer: &mut Buffer) {
    let forgotten = match view.forgotten() {
        0 => String::new(),
        count => format!("{} older left memory", fit::number(count)),
    };
    let mut inner = title(area, buffer, &model.theme, Focus::Here, "Sessions", &forgotten);
    if inner.height > 2 {
        let heading = table_columns(inner.width, &HEADING);
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
    let (count, height) = (view.sessions().len() + 1, usize::from(area.height));
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
type Cells<'a> = [&'a str; 9];

const HEADING: Cells<'static> = ["#", "path", "state", "client", "age", "→ frames", "← frames", "→ bytes", "← bytes"];
/// Widths of the cells; 0 for the one that takes what is left. Those at the end go first on a narrow screen.
const WIDTHS: [usize; 9] = [5, 0, 8, 21, 6, 8, 8, 9, 9];
const LEFT: [bool; 9] = [false, true, true, true, false, false, false, false, false];
/// The least that a path gets.
const PATH: usize = 14;

fn table_columns(width: u16, cells: &Cells<'_>) -> String {
    let room = usize::from(width).saturating_sub(3);
    let mut shown = [true; 9];
    // The client's address goes first, then bytes, then the age.
    for gone in [3, 7, 8, 4, 5, 6] {
        let taken: usize = (0..9).filter(|cell| shown[*cell]).map(|cell| WIDTHS[cell] + 1).sum();
        if taken + PATH <= room {
            break;
        }
        shown[gone] = false;
    }
    let taken: usize = (0..9).filter(|cell| shown[*cell]).map(|cell| WIDTHS[cell] + 1).sum();
    let mut out = String::from("  ");
    for cell in (0..9).filter(|cell| shown[*cell]) {
        let columns = if WIDTHS[cell] == 0 { room.saturating_sub(taken) } else { WIDTHS[cell] };
        out.push(' ');
        out.push_str(&if LEFT[cell] { fit::left(cells[cell], columns) } else { fit::right(cells[cell], columns) });
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
    let bytes = summary.payload.map(text::byte_count);
    let frames = summary.frames.map(fit::short);
    let [client_side, server_side] = [Side::Client.index(), Side::Server.index()];
    let end = summary.closed.as_ref().map(|(_, closed)| row::closed_words(closed));
    let path = match end {
        Some(end) => format!("{}   {end}", text::preview(&summary.path, 120)),
        None => text::preview(&summary.path, 120),
    };
    let cells = [
        &summary.id.0.to_string(),
        path.as_str(),
        word,
        &client,
        &clock::age(summary.opened, until),
        &frames[client_side],
        &frames[server_side],
        &bytes[client_side],
        &bytes[server_side],
    ];
    let mut words = table_columns(width, &cells);
    words.replace_range(..2, " ");
    let text = if summary.is_live() { theme.text } else { theme.dim };
    Line::from(vec![Span::styled(format!(" {glyph}"), style), Span::styled(words.split_off(1), text)])
}
