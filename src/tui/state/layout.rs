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

/// How the pane of a frame log is parted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LogAreas {
    /// The timeline: a line for each direction and, where there is room, one that says what is to be seen of it.
    pub timeline: Rect,
    /// What stands in the columns.
    pub heading: Rect,
    /// The rows.
    pub rows: Rect,
    /// Where among all rows these are; of no width where all are to be seen.
    pub scrollbar: Rect,
}

/// Rows of a pane from which on it has a timeline, and one with a ruler.
const TIMELINE: u16 = 11;
const RULER: u16 = 18;
/// Columns beside the bars of a timeline: what they are at the left, in words from a width on, and how much a column is at
/// the right.
const LABELS: (u16, u16) = (3, 8);
const LABELS_IN_WORDS: (u16, u16) = (9, 8);
const WORDS: u16 = 90;

impl LogAreas {
    /// Of a pane under its title, of whose rows there are so many.
    #[must_use]
    pub(crate) fn of(pane: Rect, page: Tab, has_timeline: bool, count: u64) -> Self {
        let inner = under_title(pane);
        let lines = match pane.height {
            ..TIMELINE => 0,
            TIMELINE..RULER => 2,
            RULER.. => 3,
        };
        let height = if has_timeline && page == Tab::Frames { lines } else { 0 };
        let timeline = Rect { height, ..inner };
        let has_heading = page == Tab::Frames && inner.height > 2;
        let heading = Rect { y: timeline.bottom(), height: has_heading.into(), ..inner };
        let rows = Rect { y: heading.bottom(), height: inner.height - height - heading.height, ..inner };
        let needs_bar = count > u64::from(rows.height) && rows.width > LEAST_ROW;
        let width = rows.width - u16::from(needs_bar);
        let scrollbar = Rect { x: rows.x + width, width: rows.width - width, ..rows };
        Self { timeline, heading, rows: Rect { width, ..rows }, scrollbar }
    }

    /// Where the bars of the timeline are.
    #[must_use]
    pub(crate) const fn bars(&self) -> Rect {
        let (left, right) = if self.timeline.width >= WORDS { LABELS_IN_WORDS } else { LABELS };
        let Rect { x, y, width, height } = self.timeline;
        Rect { x: x + left, y, width: width.saturating_sub(left + right), height: if height > 2 { 2 } else { height } }
    }
}

/// Columns that a row has at least beside a scrollbar.
const LEAST_ROW: u16 = 20;

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
