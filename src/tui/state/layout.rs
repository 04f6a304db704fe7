//! Where the bars and the panes of a screen are.

use ratatui::layout::Rect;

use crate::tui::keymap::Place;

use super::arrangement::{DetailPlace, Divider};
use super::panes::{Panes, Tab};

/// Columns under which panes stand alone.
const NARROW: u16 = 64;
/// Columns of a page from which the detail stands at the right by itself, whether there is a list of sessions or not: it
/// must not move when a second session comes.
const WIDE: u16 = 144;

/// The lines around the panes. A low screen loses the less needed ones.
pub(crate) struct Bars {
    /// What is proxied.
    pub header: Rect,
    /// The names of the pages.
    pub tabs: Rect,
    /// What the panes have.
    pub body: Rect,
    /// The worst problem.
    pub problem: Rect,
    /// The keys.
    pub footer: Rect,
}

impl Bars {
    /// On a screen.
    #[must_use]
    pub(crate) fn of(area: Rect) -> Self {
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

/// How a page of rows is parted.
#[derive(Debug, Default)]
pub(crate) struct PaneAreas {
    /// The list of sessions.
    pub sessions: Option<Rect>,
    /// The frame log, or the log of wsproxy's own events.
    pub rows: Option<Rect>,
    /// The selected row in full.
    pub detail: Option<Rect>,
    /// What the mouse can drag.
    pub dividers: Vec<(Rect, Divider)>,
    /// Whether the detail is right of the rows.
    pub detail_is_right: bool,
}

impl PaneAreas {
    /// The panes of a page of rows, of which one may stand alone.
    #[must_use]
    pub(crate) fn of(state: &Panes, area: Rect) -> Self {
        let focus = state.place();
        let alone = state.arrangement.maximised || (area.width < NARROW && focus == Place::Sessions);
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
        // A list of one session takes room from what it says.
        let has_sessions = state.has_choice || focus == Place::Sessions;
        let is_beside = state.tab == Tab::Frames && area.width >= NARROW && has_sessions;
        let rest = if is_beside { panes.part_sessions(state, area) } else { area };
        panes.part_detail(state, area.width, rest);
        panes
    }

    fn part_sessions(&mut self, state: &Panes, area: Rect) -> Rect {
        let width = state.arrangement.sessions_width(area.width);
        self.sessions = Some(Rect { width, ..area });
        self.dividers.push((Rect { x: area.x + width, width: 1, ..area }, Divider::Sessions(area)));
        Rect { x: area.x + width + 1, width: area.width - width - 1, ..area }
    }

    fn part_detail(&mut self, state: &Panes, page: u16, area: Rect) {
        self.detail_is_right = match state.arrangement.detail {
            DetailPlace::Automatic => page >= WIDE,
            DetailPlace::Right => true,
            DetailPlace::Below => false,
        };
        if self.detail_is_right && area.width >= NARROW {
            let width = state.arrangement.detail_width(area.width);
            let left = area.width - width - 1;
            self.rows = Some(Rect { width: left, ..area });
            self.dividers.push((Rect { x: area.x + left, width: 1, ..area }, Divider::Right(area)));
            self.detail = Some(Rect { x: area.x + left + 1, width, ..area });
            return;
        }
        self.detail_is_right = false;
        let Some(height) = state.arrangement.detail_height(area.height) else {
            let pane = if state.place() == Place::Detail { &mut self.detail } else { &mut self.rows };
            *pane = Some(area);
            return;
        };
        self.rows = Some(Rect { height: area.height - height, ..area });
        let detail = Rect { y: area.bottom() - height, height, ..area };
        self.dividers.push((Rect { height: 1, ..detail }, Divider::Below(area)));
        self.detail = Some(detail);
    }
}

/// Columns of a text pane's lines: one is left free at the left.
#[must_use]
pub(crate) const fn text_width(area: Rect) -> u16 {
    area.width.saturating_sub(1)
}

/// What is under a pane's title.
#[must_use]
pub(crate) const fn under_title(area: Rect) -> Rect {
    let title = if area.height == 0 { 0 } else { 1 };
    Rect { y: area.y + title, height: area.height - title, ..area }
}
