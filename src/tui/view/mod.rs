//! Draws the screen. Only what is visible is formatted.

mod bars;
mod command;
mod compare;
mod composer;
mod filter;
mod frame_log;
mod input;
mod marks;
mod overlay;
mod preview;
mod problems;
pub(super) mod row;
mod ruling;
mod scrollbar;
mod search;
mod sessions;
mod text_pane;
mod timeline;
mod welcome;
mod why;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::journal::Index;

use super::fit;
use super::keymap::Place;
use super::state::drawn::Drawn;
use super::state::layout::{Bars, PaneAreas};
use super::state::model::Model;
use super::state::overlay::Overlay;
use super::state::panes::Tab;
use super::theme::Theme;

/// Draws everything. Gives where it is.
#[must_use]
pub(crate) fn view(model: &Model, view: &Index, frame: &mut Frame<'_>) -> Drawn {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    if area.is_empty() {
        return Drawn::default();
    }
    let bars = Bars::of(area);
    bars::header(model, bars.header, buffer);
    let tabs = bars::tabs(model, bars.tabs, buffer);
    let mut drawn = body(model, view, bars.body, buffer);
    bars::problem(model, bars.problem, buffer);
    bars::footer(model, view, bars.footer, buffer);
    let over = match model.overlay {
        Some(Overlay::Help(_)) => overlay::help(model, bars.body, buffer),
        Some(Overlay::Why(_) | Overlay::Explain(..)) => why::why(model, view, bars.body, buffer),
        Some(Overlay::Compare(_)) => compare::compare(model, bars.body, buffer),
        Some(Overlay::Question(_)) => overlay::question(model, bars.body, buffer),
        Some(Overlay::Search(_)) => search::prompt(model, view, bars.footer, buffer),
        Some(Overlay::Composer(_)) => composer::composer(model, view, bars.body, buffer),
        Some(Overlay::Note(_)) => marks::note(model, bars.footer, buffer),
        Some(Overlay::Marks(_)) => marks::list(model, view, bars.body, buffer),
        Some(Overlay::Rules(_)) => ruling::list(model, bars.body, buffer),
        Some(Overlay::Rule(_)) => ruling::rule_line(model, area, buffer),
        Some(Overlay::Filter(_)) => filter::line(model, view, area, buffer),
        Some(Overlay::Hold(_)) => filter::hold_line(model, area, buffer),
        Some(Overlay::Command(_)) => command::command(model, area, buffer),
        Some(Overlay::ProblemSearch(_)) => problems::search(model, bars.footer, buffer),
        Some(Overlay::Copy) | None => None,
    };
    drawn.over = over;
    Drawn { tabs, problem: bars.problem, ..drawn }
}

fn body(model: &Model, view: &Index, area: Rect, buffer: &mut Buffer) -> Drawn {
    match model.panes.tab {
        Tab::Frames | Tab::Log => panes(model, view, PaneAreas::of(&model.panes, area), buffer),
        Tab::Sessions => Drawn { sessions: Some(sessions::table(model, view, area, buffer)), ..Drawn::default() },
        Tab::Handshake => Drawn { page: Some(text_pane::handshake(model, view, area, buffer)), ..Drawn::default() },
        Tab::Diagnosis => Drawn { page: Some(problems::page(model, view, area, buffer)), ..Drawn::default() },
    }
}

fn panes(model: &Model, view: &Index, panes: PaneAreas, buffer: &mut Buffer) -> Drawn {
    let log = panes.rows.and_then(|area| frame_log::frame_log(model, view, area, buffer)).unwrap_or_default();
    let drawn = Drawn {
        sessions: panes.sessions.map(|area| sessions::list(model, view, area, buffer)),
        detail: panes.detail.map(|area| text_pane::detail(model, view, area, buffer)),
        detail_is_right: panes.detail_is_right,
        ..log
    };
    // A detail below has its title for a divider.
    for (area, _) in panes.dividers.iter().filter(|(area, _)| area.height > 1) {
        divide(*area, buffer, &model.look.theme);
    }
    Drawn { dividers: panes.dividers, ..drawn }
}

/// Whether a pane has the focus.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Focus {
    Here,
    Elsewhere,
}

impl Focus {
    fn of(model: &Model, place: Place) -> Self {
        if model.panes.place() == place { Self::Here } else { Self::Elsewhere }
    }
}

/// A pane's title in a line above it: heavy where the focus is, so that it shows without colour too. Gives what is left
/// of the area. Of what may stand at the right, the first for which there is room does.
fn title(area: Rect, buffer: &mut Buffer, theme: &Theme, focus: Focus, left: &str, right: &[String]) -> Rect {
    if area.is_empty() {
        return area;
    }
    let (line, style, words) = match focus {
        Focus::Here => ("━", theme.border_focused, theme.title),
        Focus::Elsewhere => ("─", theme.border, theme.dim),
    };
    for x in area.left()..area.right() {
        buffer[(x, area.y)].set_symbol(line).set_style(style);
    }
    // What is at the right changes, so it is what has to be seen.
    let room = usize::from(area.width.saturating_sub(4));
    let right = right.iter().find(|right| fit::width(right) + 12 <= room).map_or("", String::as_str);
    let taken = if right.is_empty() { 0 } else { fit::width(right) + 4 };
    let left = fit::cut(left, room.saturating_sub(taken));
    if !left.is_empty() {
        buffer.set_stringn(area.x + 1, area.y, format!(" {left} "), room + 2, words);
    }
    if !right.is_empty() {
        let width = fit::width(right) + 2;
        let x = area.right().saturating_sub(width as u16 + 1);
        buffer.set_stringn(x, area.y, format!(" {right} "), width, words);
    }
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

fn divide(area: Rect, buffer: &mut Buffer, theme: &Theme) {
    for y in area.top()..area.bottom() {
        let symbol = if y == area.top() { "┬" } else { "│" };
        buffer[(area.x, y)].set_symbol(symbol).set_style(theme.border);
    }
}
