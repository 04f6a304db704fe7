//! Where things were drawn, and how far each is scrolled: for the mouse, and for moving by pages.

use ratatui::layout::Rect;

use super::arrangement::Divider;
use super::cursor::{Cursor, Scroll};
use super::panes::Tab;
use super::timeline::Window;

/// What a draw has to say of itself. `None` stands for what was not to be seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drawn {
    /// The names of the tabs.
    pub(crate) tabs: Vec<(Rect, Tab)>,
    /// Rows of sessions, in the list or in the table, and the first that was visible.
    pub(crate) sessions: Option<(Rect, usize)>,
    /// Rows of the frame log, or of wsproxy's own, and its place with the top at which it was drawn.
    pub(crate) rows: Option<(Rect, Cursor)>,
    /// The bars of the timeline, and what is to be seen of it.
    pub(crate) timeline: Option<(Rect, Window)>,
    /// Where among all rows those are that are to be seen.
    pub(crate) scrollbar: Option<Rect>,
    /// Lines of the detail.
    pub(crate) detail: Option<Rect>,
    /// Lines of the page that has only one pane.
    pub(crate) page: Option<(Rect, Scroll)>,
    /// Lines of what lies over the panes, where it can be scrolled.
    pub(crate) over: Option<(Rect, Scroll)>,
    /// The bar with the worst problem.
    pub(crate) problem: Rect,
    /// Whether the detail is right of the frame log.
    pub(crate) detail_is_right: bool,
    /// What the mouse can drag.
    pub(crate) dividers: Vec<(Rect, Divider)>,
}

impl Drawn {
    /// What of `drawn` is at a place.
    #[must_use]
    pub(crate) fn is_in<T>(drawn: Option<&(Rect, T)>, at: ratatui::layout::Position) -> bool {
        drawn.is_some_and(|(area, _)| area.contains(at))
    }
}
