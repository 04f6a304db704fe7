//! All that the screen remembers. What was seen is not here: it stays in the journal's `Index`.

use jiff::tz::TimeZone;
use ratatui::layout::Rect;

use crate::control::Recorded;
use crate::control::rules::RuleList;
use crate::journal::{Fold, Index, Lens, Row, Scope, SessionSummary};
use crate::record::finding::Level;
use crate::record::{Policy, Time};
use crate::tui::keymap::Place;
use crate::tui::pages::Terms;
use crate::tui::theme::Theme;

use super::command_line::Past;
use super::count::Count;
use super::cursor::Cursor;
use super::decoders::Decoders;
use super::drawn::Drawn;
use super::filter::Rows;
use super::heartbeats::Beats;
use super::holding::Holding;
use super::layout::LogAreas;
use super::lists::Lists;
use super::look::Look;
use super::overlay::Overlay;
use super::overview::Overview;
use super::pairs::Pairs;
use super::pane::Pane;
use super::panes::{Panes, Tab};
use super::problems::Problems;
use super::proxy::{Info, Proxy};
use super::saved::Saved;
use super::search::Search;
use super::sending::Sending;
use super::texts::Texts;
use super::timeline::Timeline;
use super::toast::Toast;
use super::writing::Writing;

/// The state of the screen.
#[derive(Debug)]
pub struct Model {
    /// What is proxied, and how.
    pub(crate) proxy: Proxy,
    /// The time.
    pub(crate) now: Time,
    /// How things look.
    pub(crate) look: Look,
    /// The page, and the panes on it.
    pub(crate) panes: Panes,
    /// The lists of rows and of sessions.
    pub(crate) lists: Lists,
    /// The selected row in full.
    pub(crate) detail: Pane,
    /// In which form texts are shown, and those of the page that has only one pane.
    pub(crate) texts: Texts,
    /// The list of problems.
    pub(crate) problems: Problems,
    /// Who reads the messages of each session.
    pub(crate) decoders: Decoders,
    /// Which of the rows that are to be seen reply to which.
    pub(crate) pairs: Pairs,
    /// Which messages are heartbeats.
    pub(crate) beats: Beats,
    /// How many frames came when.
    pub(crate) timeline: Timeline,
    /// What is searched for, and what was found.
    pub(crate) search: Search,
    /// What was sent.
    pub(crate) sending: Sending,
    /// The file that is being written, or was last.
    pub(crate) writing: Option<Writing>,
    /// Frames that were seen when all was last written to a file.
    pub(crate) written: u64,
    /// What is held.
    pub(crate) holding: Holding,
    /// Queries that have a name.
    pub(crate) saved: Saved,
    /// The rules.
    pub(crate) rules: RuleList,
    /// Commands that were done.
    pub(crate) commands: Past,
    /// Numbers over all sessions.
    pub(crate) overview: Overview,
    /// Since when the display is frozen.
    pub(crate) frozen: Option<Time>,
    /// A count for the next motion.
    pub(crate) count: Count,
    /// What lies over the panes.
    pub(crate) overlay: Option<Overlay>,
    /// A line that is shown for a while.
    pub(crate) toast: Option<Toast>,
    /// Where things were drawn last.
    pub(crate) drawn: Drawn,
}

impl Model {
    /// The screen at its start.
    #[must_use]
    pub fn new(info: Info, theme: Theme, zone: TimeZone, now: Time) -> Self {
        Self {
            proxy: Proxy { info, policy: Policy::default(), recorded: None, capture: None },
            now,
            look: Look::new(theme, zone),
            panes: Panes::default(),
            lists: Lists::default(),
            detail: Pane::default(),
            texts: Texts::default(),
            problems: Problems::default(),
            decoders: Decoders::default(),
            pairs: Pairs::default(),
            beats: Beats::default(),
            timeline: Timeline::default(),
            search: Search::default(),
            sending: Sending::default(),
            writing: None,
            written: 0,
            holding: Holding::default(),
            saved: Saved::default(),
            rules: RuleList::default(),
            commands: Past::default(),
            overview: Overview::default(),
            frozen: None,
            count: Count::default(),
            overlay: None,
            toast: None,
            drawn: Drawn::default(),
        }
    }

    /// Frames that would be nowhere if the screen ended now: neither in a capture or an autosave, nor in a file.
    #[must_use]
    pub(crate) fn unsaved(&self) -> u64 {
        // What is shown of a capture is in it.
        let is_safe = self.proxy.capture.is_some() || self.proxy.recorded.as_ref().is_some_and(Recorded::is_safe);
        if is_safe { 0 } else { self.overview.frames.saturating_sub(self.written) }
    }

    /// Whether the display is frozen: the journal's index is to be left as it is.
    #[must_use]
    pub const fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// In how many microseconds the screen changes although nothing happens; `None` for never.
    #[must_use]
    pub fn next_change(&self) -> Option<u64> {
        let ages = [
            self.overview.problem.as_ref().map(|problem| problem.time),
            self.sending.answer.as_ref().filter(|answer| answer.is_waiting()).map(|answer| answer.since),
            self.sending.repeating.as_ref().filter(|repeating| repeating.is_waiting()).map(|repeating| repeating.since),
            self.holding.held().map(|held| held.oldest),
        ];
        let next_age = ages.into_iter().flatten().map(|then| {
            let age = self.now.0.saturating_sub(then.0);
            // Ages are shown in seconds, then in minutes.
            let step = if age < 60_000_000 { 1_000_000 } else { 60_000_000 };
            step - age % step
        });
        let toast = self.toast.as_ref().map(|toast| toast.end().saturating_sub(self.now.0).max(1));
        let rate = (self.overview.rate(self.now) > 0).then_some(1_000_000);
        let table = (self.panes.tab == Tab::Sessions && self.overview.live > 0).then_some(1_000_000);
        // A long text is gone through in slices, a draw each.
        let detail = (self.detail.is_busy() && self.drawn.detail.is_some_and(|area| !area.is_empty())).then_some(1);
        let pairs = (self.pairs.is_busy() && matches!(self.panes.tab, Tab::Frames)).then_some(1);
        let timeline = (self.timeline.is_busy() && matches!(self.panes.tab, Tab::Frames)).then_some(1);
        let beats = (self.beats.is_busy() && !self.is_frozen()).then_some(1);
        next_age.chain(detail).chain(timeline).chain(beats).chain(pairs).chain(toast).chain(rate).chain(table).min()
    }

    /// Takes in where things were drawn.
    pub(crate) fn take(&mut self, drawn: Drawn) {
        if let Some((_, cursor)) = drawn.rows {
            *self.list().0 = cursor;
        }
        if let Some((_, top)) = drawn.sessions {
            self.lists.sessions.top = top;
        }
        if let Some((_, scroll)) = drawn.page {
            match self.panes.tab {
                Tab::Diagnosis => self.problems.scroll = scroll,
                _ => self.texts.page.scroll = scroll,
            }
        }
        if let (Some(place), Some((_, scroll))) = (self.overlay.as_mut().and_then(Overlay::scroll), drawn.over) {
            *place = scroll;
        }
        self.drawn = drawn;
    }

    /// What words about times depend on.
    #[must_use]
    pub(crate) const fn terms(&self) -> Terms<'_> {
        Terms { theme: &self.look.theme, zone: &self.look.zone, now: self.now }
    }

    /// Where keys go.
    pub(crate) const fn place(&self) -> Place {
        match (&self.overlay, self.panes.tab) {
            (Some(overlay), _) => overlay.place(),
            (None, Tab::Frames | Tab::Log) if self.detail.find.is_typing() => Place::Find,
            (None, _) => self.panes.place(),
        }
    }

    /// Shows a line for a while.
    pub(crate) fn toast(&mut self, level: Level, text: impl Into<String>) {
        self.toast = Some(Toast { level, text: text.into(), time: self.now });
    }

    /// Takes away what has been shown for long enough.
    pub(crate) fn expire(&mut self) {
        if self.toast.as_ref().is_some_and(|toast| toast.end() <= self.now.0) {
            self.toast = None;
        }
    }

    /// The cursor of the list that is shown, and its rows.
    pub(crate) const fn list(&mut self) -> (&mut Cursor, Lens) {
        let lens = self.shown_list().1;
        match self.panes.tab {
            Tab::Log => (&mut self.lists.own, lens),
            _ => (&mut self.lists.frames, lens),
        }
    }

    /// The same to look at.
    pub(crate) const fn shown_list(&self) -> (&Cursor, Lens) {
        match self.panes.tab {
            Tab::Log => (&self.lists.own, Lens { scope: Scope::Own, fold: Fold::NONE }),
            _ => (&self.lists.frames, self.lists.lens()),
        }
    }

    /// The rows of the list that is shown.
    pub(crate) fn rows<'v>(&self, view: &'v Index) -> Rows<'v, '_> {
        match self.panes.tab {
            Tab::Log => Rows::new(view, self.shown_list().1, None),
            _ => self.lists.rows(view),
        }
    }

    /// The number of the selected row of the list that is shown.
    pub(crate) fn selected(&self, view: &Index) -> Option<u64> {
        self.shown_list().0.selected(&self.rows(view).range())
    }

    /// The row that is selected in the list that is shown.
    #[must_use]
    pub(crate) fn selected_row<'a>(&self, view: &'a Index) -> Option<Row<'a>> {
        self.rows(view).row(self.selected(view)?)
    }

    /// From when on the time of a row is counted: the beginning of its session, or wsproxy's own where it has none.
    #[must_use]
    pub(crate) fn beginning(&self, view: &Index, row: Row<'_>) -> Time {
        let opened = row.session.and_then(|id| view.session(id)).map(|summary| summary.opened);
        opened.or(self.overview.began).unwrap_or(row.time)
    }

    /// How the pane of the list that is shown is parted.
    #[must_use]
    pub(crate) fn log_areas(&self, view: &Index, pane: Rect) -> LogAreas {
        let rows = self.rows(view).range();
        let has_timeline = self.panes.arrangement.timeline && view.sessions().len() > 0;
        LogAreas::of(pane, self.panes.tab, has_timeline, rows.end.saturating_sub(rows.start))
    }

    /// The session that is meant: the chosen one, that of the selected row, or the only live one, else the newest.
    pub(crate) fn session<'a>(&self, view: &'a Index) -> Option<&'a SessionSummary> {
        if let Scope::Session(id) = self.lists.scope {
            return view.session(id);
        }
        if !self.lists.frames.is_following()
            && let Some(row) = self.lists.here(view).and_then(|row| view.row_by_id(row))
            && let Some(id) = row.session
        {
            return view.session(id);
        }
        view.sessions().rev().find(|summary| summary.is_live()).or_else(|| view.sessions().next_back())
    }
}
