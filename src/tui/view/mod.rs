//! Draws the screen. Only what is visible is formatted.

mod bars;
mod command;
mod composer;
mod frame_log;
mod input;
mod joined;
mod overlay;
pub(super) mod row;
mod search;
mod sessions;
mod text_pane;
mod welcome;
mod why;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::journal::View;

use super::fit;
use super::keymap::Place;
use super::state::arrangement::{DetailPlace, Divider};
use super::state::model::{Areas, Model, Overlay, Tab};
use super::theme::Theme;

/// Columns under which panes stand alone.
const NARROW: u16 = 64;
/// Columns from which the detail stands at the right by itself.
const WIDE: u16 = 150;

/// Draws everything, and takes down where it was drawn.
pub fn view(model: &mut Model, view: &View, frame: &mut Frame<'_>) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    model.areas = Areas::default();
    if area.is_empty() {
        return;
    }
    let bars = Bars::of(area);
    bars::header(model, bars.header, buffer);
    bars::tabs(model, bars.tabs, buffer);
    body(model, view, bars.body, buffer);
    bars::problem(model, bars.problem, buffer);
    bars::footer(model, view, bars.footer, buffer);
    match model.overlay {
        Some(Overlay::Help(..)) => overlay::help(model, bars.body, buffer),
        Some(Overlay::Why(_)) => why::why(model, view, bars.body, buffer),
        Some(Overlay::Question(_)) => overlay::question(model, bars.body, buffer),
        Some(Overlay::Search(_)) => search::prompt(model, view, bars.footer, buffer),
        Some(Overlay::Composer(_)) => composer::composer(model, view, bars.body, buffer),
        Some(Overlay::Command(_)) => command::command(model, area, buffer),
        Some(Overlay::Copy) | None => {}
    }
}

/// The lines around the panes. A low screen loses the less needed ones.
struct Bars {
    header: Rect,
    tabs: Rect,
    body: Rect,
    problem: Rect,
    footer: Rect,
}

impl Bars {
    fn of(area: Rect) -> Self {
        let [header, tabs, problem, footer] = match area.height {
            0..4 => [0, 0, 0, 0],
            4..6 => [0, 0, 0, 1],
            6..8 => [0, 1, 0, 1],
            _ => [1, 1, 1, 1],
        };
        let mut y = area.y;
        let mut take = |height: u16| {
            let taken = Rect { y, height, ..area };
            y += height;
            taken
        };
        let (header, tabs) = (take(header), take(tabs));
        let body = take(area.bottom().saturating_sub(header.height + tabs.height + problem + footer + area.y));
        Self { header, tabs, body, problem: take(problem), footer: take(footer) }
    }
}

fn body(model: &mut Model, view: &View, area: Rect, buffer: &mut Buffer) {
    match model.tab {
        Tab::Frames => frames_page(model, view, area, buffer),
        Tab::Log => {
            let panes = Panes { sessions: None, ..Panes::of(model, area) };
            draw_panes(model, view, panes, buffer);
        }
        Tab::Sessions => sessions::table(model, view, area, buffer),
        Tab::Handshake => text_pane::handshake(model, view, area, buffer),
        Tab::Diagnosis => text_pane::diagnosis(model, view, area, buffer),
    }
}

fn frames_page(model: &mut Model, view: &View, area: Rect, buffer: &mut Buffer) {
    let panes = Panes::of(model, area);
    draw_panes(model, view, panes, buffer);
}

fn draw_panes(model: &mut Model, view: &View, panes: Panes, buffer: &mut Buffer) {
    model.areas.detail_is_right = panes.detail_is_right;
    if let Some(area) = panes.sessions {
        sessions::list(model, view, area, buffer);
    }
    if let Some(area) = panes.rows {
        frame_log::frame_log(model, view, area, buffer);
    }
    if let Some(area) = panes.detail {
        text_pane::detail(model, view, area, buffer);
    }
    // A detail below has its title for a divider.
    for (area, _) in panes.dividers.iter().filter(|(area, _)| area.height > 1) {
        divide(*area, buffer, &model.theme);
    }
    model.areas.dividers = panes.dividers;
}

/// How a page of rows is parted.
#[derive(Default)]
struct Panes {
    sessions: Option<Rect>,
    rows: Option<Rect>,
    detail: Option<Rect>,
    dividers: Vec<(Rect, Divider)>,
    detail_is_right: bool,
}

impl Panes {
    fn of(model: &Model, area: Rect) -> Self {
        let focus = model.place_on(model.tab);
        let alone = model.arrangement.maximised || (area.width < NARROW && focus == Place::Sessions);
        if alone {
            let mut panes = Self::default();
            let pane = match focus {
                Place::Sessions => &mut panes.sessions,
                Place::Detail => &mut panes.detail,
                _ => &mut panes.rows,
            };
            *pane = Some(area);
            return panes;
        }
        let mut panes = Self::default();
        let rest =
            if model.tab == Tab::Frames && area.width >= NARROW { panes.part_sessions(model, area) } else { area };
        panes.part_detail(model, focus, rest);
        panes
    }

    fn part_sessions(&mut self, model: &Model, area: Rect) -> Rect {
        let width = model.arrangement.sessions_width(area.width);
        self.sessions = Some(Rect { width, ..area });
        self.dividers.push((Rect { x: area.x + width, width: 1, ..area }, Divider::Sessions(area)));
        Rect { x: area.x + width + 1, width: area.width - width - 1, ..area }
    }

    fn part_detail(&mut self, model: &Model, focus: Place, area: Rect) {
        self.detail_is_right = match model.arrangement.detail {
            DetailPlace::Automatic => area.width >= WIDE - 30,
            DetailPlace::Right => true,
            DetailPlace::Below => false,
        };
        if self.detail_is_right && area.width >= NARROW {
            let width = model.arrangement.detail_width(area.width);
            let left = area.width - width - 1;
            self.rows = Some(Rect { width: left, ..area });
            self.dividers.push((Rect { x: area.x + left, width: 1, ..area }, Divider::Right(area)));
            self.detail = Some(Rect { x: area.x + left + 1, width, ..area });
            return;
        }
        self.detail_is_right = false;
        let Some(height) = model.arrangement.detail_height(area.height) else {
            let pane = if focus == Place::Detail { &mut self.detail } else { &mut self.rows };
            *pane = Some(area);
            return;
        };
        self.rows = Some(Rect { height: area.height - height, ..area });
        let detail = Rect { y: area.bottom() - height, height, ..area };
        self.dividers.push((Rect { height: 1, ..detail }, Divider::Below(area)));
        self.detail = Some(detail);
    }
}

/// Whether a pane has the focus.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Focus {
    Here,
    Elsewhere,
}

impl Focus {
    fn of(model: &Model, place: Place) -> Self {
        if model.place_on(model.tab) == place { Self::Here } else { Self::Elsewhere }
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
