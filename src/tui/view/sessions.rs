//! The sessions: as a narrow list beside the frames, and as a table with a page of its own.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::journal::{Index, SessionState, SessionSummary};
use crate::record::{ClosedHow, PerSide, Side};
use crate::text;
use crate::tui::clock::{self, Digits};
use crate::tui::fit;
use crate::tui::keymap::{Action, Place, key_of};
use crate::tui::pages::words::{self, level_glyph, level_style};
use crate::tui::state::model::Model;
use crate::tui::state::sessions;
use crate::tui::theme::Theme;
use crate::wire::opcode::Opcode;

use super::row::MATCH;
use super::{Focus, frame_log, search, title};

/// Draws the narrow list. Gives where its rows are, and the first of them.
pub(super) fn list(model: &Model, view: &Index, area: Rect, buffer: &mut Buffer) -> (Rect, usize) {
    let focus = Focus::of(model, Place::Sessions);
    let inner = title(area, buffer, &model.look.theme, focus, "Sessions", &[]);
    rows(model, view, inner, focus, buffer, list_line)
}

/// Draws the table. Gives where its rows are, and the first of them.
pub(super) fn table(model: &Model, view: &Index, area: Rect, buffer: &mut Buffer) -> (Rect, usize) {
    let forgotten = match view.forgotten() {
        0 => None,
        count => Some(format!("{} older left memory", fit::number(count))),
    };
    let list = &model.lists.sessions;
    let found = list.matching(view).map(search::sessions_found);
    let sorted = format!("by {} ({})", list.sort.name(), key_of(Action::SortSessions));
    let right = [forgotten, found, Some(sorted.clone())].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let mut inner = title(area, buffer, &model.look.theme, Focus::Here, "Sessions", &[right, sorted]);
    if inner.height > 2 {
        let heading =
            format!("  {}", table_row(inner.width, &COLUMNS.each_ref().map(|column| column.heading.to_owned())));
        buffer.set_stringn(inner.x, inner.y, heading, usize::from(inner.width), model.look.theme.dim);
        inner = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
    }
    let chosen = model.lists.session().and_then(|id| view.session(id)).filter(|_| inner.height > 2 * CHOSEN);
    let below = if chosen.is_some() { CHOSEN } else { 0 };
    let table = Rect { height: inner.height - below, ..inner };
    let drawn = rows(model, view, table, Focus::Here, buffer, table_line);
    if let Some(summary) = chosen {
        self::chosen(model, summary, Rect { y: table.bottom(), height: below, ..inner }, buffer);
    }
    drawn
}

/// Rows for the chosen session under the table, the title among them.
const CHOSEN: u16 = 6;

/// All of what the table has no room for.
fn chosen(model: &Model, summary: &SessionSummary, area: Rect, buffer: &mut Buffer) {
    let name = format!("Session {} {}", summary.id.0, text::preview(&summary.path, 300));
    let inner = title(area, buffer, &model.look.theme, Focus::Elsewhere, &name, &[]);
    let [_, _, client, _, dialect, _, _, _, bytes_client, bytes_server, rate, pace, sizes, _, last, _] =
        cells(model, summary, "");
    let opened = clock::clock(summary.opened, &model.look.zone, Digits::Milliseconds);
    let PerSide { client: frames_client, server: frames_server } = summary.frames.map(fit::number);
    let last = match summary.last_frame {
        None => "no frame yet".to_owned(),
        Some(_) => format!("last frame: {last}"),
    };
    let end = match (&summary.closed, &summary.answered) {
        (_, Some((status, reason))) => format!("✗ wsproxy answered {status}: {}", text::escape(reason.as_bytes())),
        (Some((_, closed)), None) => words::closed_words(closed),
        (None, None) => String::new(),
    };
    let trip =
        |side: Side| summary.round_trip(side).map(|trip| format!("{} {}", side.other().name(), round_trip(trip)));
    let trips: Vec<String> = [trip(Side::Client), trip(Side::Server)].into_iter().flatten().collect();
    let pongs = if trips.is_empty() { String::new() } else { format!("pong: {} · ", trips.join(", ")) };
    let rate = if rate.is_empty() { "0/s" } else { &rate };
    let lines = [
        format!("{client} · opened {opened} · {dialect}"),
        format!("→ {frames_client} frames, {bytes_client}   ← {frames_server} frames, {bytes_server}"),
        format!("{pongs}rate [{pace}] {rate} · sizes [{sizes}]"),
        last,
        end,
    ];
    for (y, line) in (inner.top()..inner.bottom()).zip(&lines) {
        let room = usize::from(inner.width.saturating_sub(1));
        buffer.set_stringn(inner.x + 1.min(inner.width), y, fit::cut(line, room), room, model.look.theme.text);
    }
}

/// Draws what is visible of all sessions, a line for all of them first.
fn rows(
    model: &Model,
    view: &Index,
    area: Rect,
    focus: Focus,
    buffer: &mut Buffer,
    line: impl Fn(&Model, Option<&SessionSummary>, u16) -> Line<'static>,
) -> (Rect, usize) {
    let (count, height) = (view.sessions().len() + 1, usize::from(area.height.max(1)));
    let selected = model.lists.session_index(view);
    let top = model.lists.sessions.top.clamp((selected + 1).saturating_sub(height), selected);
    let top = top.min(count.saturating_sub(height));
    let all = (top == 0).then_some(None);
    let sessions = all.into_iter().chain(model.lists.sessions.from(view, top.saturating_sub(1)).map(Some));
    for ((y, index), summary) in (area.top()..area.bottom()).zip(top..).zip(sessions) {
        buffer.set_line(area.x, y, &line(model, summary, area.width), area.width);
        if summary.is_some_and(|summary| model.lists.sessions.matches(summary)) {
            buffer.set_stringn(area.x, y, MATCH, 1, model.look.theme.warning);
        }
        if index == selected {
            frame_log::mark(Rect { y, height: 1, ..area }, buffer, model, focus);
        }
    }
    (area, top)
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
    let theme = &model.look.theme;
    let width = usize::from(width);
    let Some(summary) = summary else {
        return Line::styled(fit::left("   all sessions", width), theme.text);
    };
    let (glyph, style, _) = state(summary, theme);
    let frames = fit::short(summary.frames.sum());
    let number = summary.id.0.to_string();
    let trouble = mark(summary, theme);
    let room = width.saturating_sub(4 + frames.len() + trouble.width());
    let path = fit::middle(&text::preview(&summary.path, 400), room.saturating_sub(number.len() + 1));
    let text = if summary.is_live() { theme.text } else { theme.dim };
    Line::from(vec![
        Span::styled(format!(" {glyph} "), style),
        Span::styled(fit::left(&format!("{number} {path}"), room), text),
        trouble,
        Span::styled(format!(" {frames}"), theme.dim),
    ])
}

/// The worst that is wrong with a session that was opened; a refused one has its state for that.
fn mark(summary: &SessionSummary, theme: &Theme) -> Span<'static> {
    match sessions::worst(summary).filter(|_| summary.open.is_some()) {
        Some(level) => Span::styled(level_glyph(level), level_style(level, theme)),
        None => Span::raw(""),
    }
}

/// A column of the table.
struct Column {
    heading: &'static str,
    /// 0 for one that shares what is left.
    width: usize,
    align: Align,
    /// Columns with the highest go first on a narrow screen; those with 0 stay.
    goes: u8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Align {
    Left,
    Right,
}

const COUNT: usize = 16;
/// What there is for one session, in the order of the columns.
type Cells = [String; COUNT];

const fn column(heading: &'static str, width: usize, align: Align, goes: u8) -> Column {
    Column { heading, width, align, goes }
}

const COLUMNS: [Column; COUNT] = [
    column("#", 4, Align::Right, 0),
    column("path", 0, Align::Left, 0),
    column("client", 15, Align::Left, 13),
    column("state", 7, Align::Left, 0),
    column("dialect", 8, Align::Left, 12),
    column("age", 6, Align::Right, 4),
    column("→ frm", 5, Align::Right, 1),
    column("← frm", 5, Align::Right, 1),
    column("→ bytes", 7, Align::Right, 6),
    column("← bytes", 7, Align::Right, 6),
    column("rate", 7, Align::Right, 3),
    column("rate, 16 s", 16, Align::Left, 8),
    column("sizes, 16 s", 16, Align::Left, 11),
    column("pong", 7, Align::Right, 7),
    column("last frame", 14, Align::Left, 10),
    column("close", 0, Align::Left, 5),
];
/// The least that a column gets which shares what is left.
const LEAST: usize = 12;
/// The mark in front.
const MARK: usize = 2;

/// What stands in the place of each column; 0 for those that went.
fn widths(width: u16) -> [usize; COUNT] {
    let room = usize::from(width).saturating_sub(MARK);
    let mut widths = COLUMNS.each_ref().map(|column| if column.width == 0 { LEAST } else { column.width });
    let taken = |widths: &[usize; COUNT]| widths.iter().map(|width| if *width == 0 { 0 } else { width + 1 }).sum();
    let most = COLUMNS.iter().map(|column| column.goes).max().unwrap_or_default();
    for goes in (1..=most).rev() {
        if taken(&widths) <= room {
            break;
        }
        let going = COLUMNS.iter().zip(&mut widths).filter(|(column, _)| column.goes == goes);
        going.for_each(|(_, width)| *width = 0);
    }
    let shared: Vec<usize> = (0..COUNT).filter(|index| COLUMNS[*index].width == 0 && widths[*index] > 0).collect();
    let free: usize = room.saturating_sub(taken(&widths));
    // The close, with its reason, needs more than the path.
    let share = if shared.len() > 1 { free * 2 / 5 } else { free };
    for (index, extra) in shared.into_iter().zip([share, free - share]) {
        widths[index] += extra;
    }
    widths
}

fn table_row(width: u16, cells: &Cells) -> String {
    let mut out = String::new();
    for ((column, cell), width) in COLUMNS.iter().zip(cells).zip(widths(width)).filter(|(_, width)| *width > 0) {
        out.push(' ');
        out.push_str(&match column.align {
            Align::Left => fit::left(cell, width),
            Align::Right => fit::right(cell, width),
        });
    }
    fit::left(&out, usize::from(width).saturating_sub(MARK))
}

fn table_line(model: &Model, summary: Option<&SessionSummary>, width: u16) -> Line<'static> {
    let theme = &model.look.theme;
    let Some(summary) = summary else {
        return Line::styled(fit::left("        all sessions", usize::from(width)), theme.text);
    };
    let (glyph, style, word) = state(summary, theme);
    let text = if summary.is_live() { theme.text } else { theme.dim };
    let row = table_row(width, &cells(model, summary, word));
    Line::from(vec![Span::styled(format!(" {glyph}"), style), Span::styled(row, text)])
}

fn cells(model: &Model, summary: &SessionSummary, state: &str) -> Cells {
    let until = summary.closed.as_ref().map_or(model.now, |(time, _)| *time);
    let request = summary.request.as_ref().map(|head| head.dialect);
    let dialect = summary.open.as_ref().map(|open| open.dialect_server).or(request);
    let PerSide { client: frames_client, server: frames_server } = summary.frames.map(fit::short);
    let PerSide { client: bytes_client, server: bytes_server } = summary.payload.map(text::byte_count);
    let lately = summary.lately(until);
    let pong = summary.round_trip(Side::Server).or(summary.round_trip(Side::Client));
    let rate = match summary.rate(model.now) {
        0 => String::new(),
        rate => format!("{}/s", fit::short(rate)),
    };
    [
        summary.id.0.to_string(),
        text::preview(&summary.path, 120),
        summary.client.map(|client| client.to_string()).unwrap_or_default(),
        state.to_owned(),
        dialect.map(|dialect| dialect.facts().name.to_owned()).unwrap_or_default(),
        clock::lasted(summary.opened, until),
        frames_client,
        frames_server,
        bytes_client,
        bytes_server,
        rate,
        fit::spark(lately.iter().map(|second| second.frames)),
        fit::spark(lately.iter().map(|second| second.payload / second.frames.max(1))),
        pong.map(round_trip).unwrap_or_default(),
        last_frame(summary, model),
        close(summary),
    ]
}

/// How long a pong took.
fn round_trip(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{} ms", micros / 1_000),
        _ => format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000),
    }
}

/// Direction and kind of the newest frame, and how long ago it came.
fn last_frame(summary: &SessionSummary, model: &Model) -> String {
    let Some((time, from, opcode)) = summary.last_frame else { return String::new() };
    let arrow = match from {
        Side::Client => "→",
        Side::Server => "←",
    };
    let name = if opcode == Opcode::CONTINUATION { "cont".to_owned() } else { opcode.to_string() };
    format!("{arrow} {name} {}", clock::age(time, model.now))
}

/// Code, who and how: what tells most comes first.
fn close(summary: &SessionSummary) -> String {
    let Some((_, closed)) = &summary.closed else { return String::new() };
    if let Some((status, _)) = summary.answered {
        return format!("wsproxy answered {status}");
    }
    let code = closed.code.map(|code| format!("{code} ")).unwrap_or_default();
    let how = match (closed.how, closed.code) {
        (ClosedHow::CloseFrame, Some(code)) => code.name(),
        (ClosedHow::CloseFrame, None) => "close frame without a code",
        (ClosedHow::Fin, _) => "FIN without a close frame",
        (ClosedHow::Reset, _) => "RST",
        (ClosedHow::Timeout, _) => "time-out",
        (ClosedHow::Answered, _) => "answered",
    };
    let reason = match closed.reason.as_slice() {
        [] => String::new(),
        reason => format!(": {}", text::preview(reason, 130)),
    };
    format!("{code}by {}, {how}{reason}", closed.by.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_row_is_as_wide_as_the_table(text in "\\PC{0,30}", width in 0u16..300) {
            let cells: Cells = std::array::from_fn(|_| text.clone());
            prop_assert_eq!(fit::width(&table_row(width, &cells)), usize::from(width).saturating_sub(MARK));
        }
    }

    #[test]
    fn what_matters_most_goes_last() {
        let shown = |width| -> Vec<&str> {
            let widths = widths(width);
            COLUMNS.iter().zip(widths).filter(|(_, width)| *width > 0).map(|(column, _)| column.heading).collect()
        };
        assert_eq!(shown(40), ["#", "path", "state", "→ frm", "← frm"]);
        assert_eq!(shown(80), ["#", "path", "state", "age", "→ frm", "← frm", "rate", "close"]);
        assert_eq!(shown(260).len(), COUNT);
    }
}
