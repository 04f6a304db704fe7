//! All that the screen remembers. What was seen is not here: it stays in the journal's `View`.

use std::net::SocketAddr;

use jiff::tz::TimeZone;

use crate::journal::{Fold, Lens, Row, RowId, Scope, SessionSummary, View};
use crate::record::finding::Level;
use crate::record::{Policy, SessionId, Time};

use crate::tui::clock::TimeDisplay;
use crate::tui::keymap::Place;
use crate::tui::pages::{BodyShown, BytesShown, Proof};
use crate::tui::search::{Prompt, Search};
use crate::tui::state::answer::{Answer, Repeating};
use crate::tui::state::arrangement::{Arrangement, Divider};
use crate::tui::state::command::{CommandLine, Past};
use crate::tui::state::composer::Composer;
use crate::tui::state::cursor::{Cursor, Scroll};
use crate::tui::state::drawn::Drawn;
use crate::tui::state::history::History;
use crate::tui::state::lines::Lines;
use crate::tui::state::marks::Marks;
use crate::tui::state::overview::Overview;
use crate::tui::state::pane::Pane;
use crate::tui::state::why::Why;
use crate::tui::theme::{self, Surroundings, Theme};

/// What the screen says about the proxy itself.
#[derive(Clone, Debug)]
pub struct Info {
    /// Addresses that it listens on.
    pub addresses: Vec<SocketAddr>,
    /// The upstream, as a URL.
    pub upstream: String,
    /// Whether the upstream is the built-in playground.
    pub playground: bool,
}

impl Info {
    /// The listening addresses in few columns: `localhost:9000` where they are loopback.
    #[must_use]
    pub fn listening(&self) -> String {
        let Some(first) = self.addresses.first() else { return "nowhere".into() };
        if self.addresses.iter().all(|address| address.ip().is_loopback() && address.port() == first.port()) {
            return format!("localhost:{}", first.port());
        }
        self.addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(" ")
    }

    /// Host and port under which a browser on this machine reaches the proxy.
    #[must_use]
    pub fn reachable(&self) -> String {
        match self.addresses.first() {
            Some(address) if !address.ip().is_loopback() && !address.ip().is_unspecified() => address.to_string(),
            Some(address) => format!("localhost:{}", address.port()),
            None => "localhost".into(),
        }
    }
}

/// The pages of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    /// Sessions, frame log and detail.
    #[default]
    Frames,
    /// The sessions as a table.
    Sessions,
    /// A session's heads.
    Handshake,
    /// What went wrong.
    Diagnosis,
    /// wsproxy's own events.
    Log,
}

impl Tab {
    /// In the order of their keys.
    pub(crate) const ALL: [Self; 5] = [Self::Frames, Self::Sessions, Self::Handshake, Self::Diagnosis, Self::Log];

    /// Its name on the screen.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Frames => "Frames",
            Self::Sessions => "Sessions",
            Self::Handshake => "Handshake",
            Self::Diagnosis => "Diagnosis",
            Self::Log => "Log",
        }
    }
}

/// What lies over the panes.
#[derive(Debug)]
pub(crate) enum Overlay {
    /// The keys of the place it was asked for in.
    Help(Place, Scroll),
    /// Why something fails.
    Why(Why),
    /// Something to send.
    Composer(Box<Composer>),
    /// Something to confirm.
    Question(Question),
    /// Something to search for.
    Search(Box<Prompt>),
    /// In which form to copy.
    Copy,
    /// A command by its name.
    Command(Box<CommandLine>),
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Quit although sessions are open.
    Quit,
    /// Close a session.
    Close(SessionId),
}

/// A line that is shown for a while.
#[derive(Clone, Debug)]
pub(crate) struct Toast {
    /// How much it matters.
    pub level: Level,
    /// What it says.
    pub text: String,
    /// Since when.
    pub time: Time,
}

/// The state of the screen.
#[derive(Debug)]
pub struct Model {
    /// What is proxied.
    pub(crate) info: Info,
    /// What things look like.
    pub(crate) theme: Theme,
    /// For times of day.
    pub(crate) zone: TimeZone,
    /// The time.
    pub(crate) now: Time,
    /// The page.
    pub(crate) tab: Tab,
    /// The pane that has the focus on the page of frames.
    pub(crate) pane: Place,
    /// Whose frames are shown.
    pub(crate) scope: Scope,
    /// The place in the frame log.
    pub(crate) frames: Cursor,
    /// The row that was selected before the scope changed.
    pub(crate) anchor: Option<RowId>,
    /// The place in wsproxy's own log.
    pub(crate) own: Cursor,
    /// The first visible session.
    pub(crate) sessions_top: usize,
    /// Which bytes of a payload are shown.
    pub(crate) bytes: BytesShown,
    /// In which form a payload is shown.
    pub(crate) body: BodyShown,
    /// The selected row in full.
    pub(crate) detail: Pane,
    /// The lines of the page that has only one pane.
    pub(crate) page: Lines,
    /// What the time column shows.
    pub(crate) times: TimeDisplay,
    /// What is done about faults.
    pub(crate) policy: Policy,
    /// The panes.
    pub(crate) arrangement: Arrangement,
    /// Since when the display is frozen.
    pub(crate) frozen: Option<Time>,
    /// What lies over the panes.
    pub(crate) overlay: Option<Overlay>,
    /// What was sent before.
    pub(crate) history: History,
    /// What became of the last injection.
    pub(crate) answer: Option<Answer>,
    /// Injections before it that still wait for their place.
    pub(crate) waiting: Vec<Answer>,
    /// What is sent again and again, or was last.
    pub(crate) repeating: Option<Repeating>,
    /// What was left in the composer.
    pub(crate) draft: String,
    /// The number of the next injection.
    pub(crate) next_token: u64,
    /// A line that is shown for a while.
    pub(crate) toast: Option<Toast>,
    /// Numbers over all sessions.
    pub(crate) overview: Overview,
    /// Where things were drawn last.
    pub(crate) drawn: Drawn,
    /// What is folded in the frame log.
    pub(crate) fold: Fold,
    /// What the user marked in the frame log.
    pub(crate) marks: Marks,
    /// What is searched for, and what was found.
    pub(crate) search: Search,
    /// Whether the handshake tells how the accept value comes about.
    pub(crate) proof: Proof,
    /// What the mouse has hold of.
    pub(crate) dragged: Option<Divider>,
    /// Commands that were done.
    pub(crate) commands: Past,
    /// The theme that was asked for.
    pub(crate) theme_choice: theme::Choice,
    /// What the terminal can show.
    pub(crate) surroundings: Surroundings,
}

/// How long a toast stays, in microseconds: errors take longer to read.
const TOAST: u64 = 4_000_000;
const TOAST_OF_TROUBLE: u64 = 10_000_000;

impl Model {
    /// The screen at its start.
    #[must_use]
    pub fn new(info: Info, theme: Theme, zone: TimeZone, now: Time) -> Self {
        Self {
            info,
            theme,
            zone,
            now,
            tab: Tab::default(),
            pane: Place::Frames,
            scope: Scope::All,
            frames: Cursor::default(),
            anchor: None,
            own: Cursor::default(),
            sessions_top: 0,
            bytes: BytesShown::Unmasked,
            body: BodyShown::Auto,
            detail: Pane::default(),
            page: Lines::default(),
            times: TimeDisplay::default(),
            policy: Policy::default(),
            arrangement: Arrangement::default(),
            frozen: None,
            overlay: None,
            history: History::default(),
            answer: None,
            waiting: Vec::new(),
            repeating: None,
            draft: String::new(),
            next_token: 0,
            toast: None,
            overview: Overview::default(),
            drawn: Drawn::default(),
            fold: Fold::default(),
            marks: Marks::default(),
            search: Search::default(),
            proof: Proof::default(),
            dragged: None,
            commands: Past::default(),
            theme_choice: theme::Choice::default(),
            surroundings: Surroundings::default(),
        }
    }

    /// Whether the display is frozen: the journal's view is to be left as it is.
    #[must_use]
    pub const fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// In how many microseconds the screen changes although nothing happens; `None` for never.
    #[must_use]
    pub fn next_change(&self) -> Option<u64> {
        let ages = [
            self.overview.problem.as_ref().map(|problem| problem.time),
            self.answer.as_ref().filter(|answer| answer.is_waiting()).map(|answer| answer.since),
            self.repeating.as_ref().filter(|repeating| repeating.is_waiting()).map(|repeating| repeating.since),
        ];
        let next_age = ages.into_iter().flatten().map(|then| {
            let age = self.now.0.saturating_sub(then.0);
            // Ages are shown in seconds, then in minutes.
            let step = if age < 60_000_000 { 1_000_000 } else { 60_000_000 };
            step - age % step
        });
        let toast = self.toast.as_ref().map(|toast| self.toast_end(toast).saturating_sub(self.now.0).max(1));
        let rate = (self.overview.rate(self.now) > 0).then_some(1_000_000);
        let table = (self.tab == Tab::Sessions && self.overview.live > 0).then_some(1_000_000);
        // A long text is gone through in slices, a draw each.
        let detail = (self.detail.is_busy() && self.drawn.detail.is_some_and(|area| !area.is_empty())).then_some(1);
        next_age.chain(detail).chain(toast).chain(rate).chain(table).min()
    }

    /// Takes in where things were drawn.
    pub(crate) fn take(&mut self, drawn: Drawn) {
        if let Some((_, cursor)) = drawn.rows {
            *self.list().0 = cursor;
        }
        if let Some((_, top)) = drawn.sessions {
            self.sessions_top = top;
        }
        if let Some((_, scroll)) = drawn.page {
            self.page.scroll = scroll;
        }
        match (&mut self.overlay, drawn.over) {
            (Some(Overlay::Help(_, place)), Some((_, scroll))) => *place = scroll,
            (Some(Overlay::Why(why)), Some((_, scroll))) => why.scroll = scroll,
            _ => {}
        }
        self.drawn = drawn;
    }

    /// Where keys go.
    pub(crate) const fn place(&self) -> Place {
        match (&self.overlay, self.tab) {
            (Some(Overlay::Help(..)), _) => Place::Help,
            (Some(Overlay::Why(_)), _) => Place::Why,
            (Some(Overlay::Composer(_)), _) => Place::Composer,
            (Some(Overlay::Question(_)), _) => Place::Question,
            (Some(Overlay::Search(_)), _) => Place::Search,
            (Some(Overlay::Copy), _) => Place::Copy,
            (Some(Overlay::Command(_)), _) => Place::Command,
            (None, Tab::Frames | Tab::Log) if self.detail.find.is_typing() => Place::Find,
            (None, tab) => self.place_on(tab),
        }
    }

    /// Where keys go on a page by itself.
    pub(crate) const fn place_on(&self, tab: Tab) -> Place {
        match tab {
            Tab::Frames => self.pane,
            Tab::Sessions => Place::Sessions,
            Tab::Handshake => Place::Handshake,
            Tab::Diagnosis => Place::Diagnosis,
            Tab::Log if matches!(self.pane, Place::Detail) => Place::Detail,
            Tab::Log => Place::Log,
        }
    }

    /// Shows a line for a while.
    pub(crate) fn toast(&mut self, level: Level, text: impl Into<String>) {
        self.toast = Some(Toast { level, text: text.into(), time: self.now });
    }

    /// Takes away what has been shown for long enough.
    pub(crate) fn expire(&mut self) {
        if self.toast.as_ref().is_some_and(|toast| self.toast_end(toast) <= self.now.0) {
            self.toast = None;
        }
    }

    const fn toast_end(&self, toast: &Toast) -> u64 {
        toast.time.0.saturating_add(if matches!(toast.level, Level::Note) { TOAST } else { TOAST_OF_TROUBLE })
    }

    /// The cursor of the list that is shown, and its rows.
    pub(crate) const fn list(&mut self) -> (&mut Cursor, Lens) {
        let lens = self.shown_list().1;
        match self.tab {
            Tab::Log => (&mut self.own, lens),
            _ => (&mut self.frames, lens),
        }
    }

    /// The same to look at.
    pub(crate) const fn shown_list(&self) -> (&Cursor, Lens) {
        match self.tab {
            Tab::Log => (&self.own, Lens { scope: Scope::Own, fold: Fold::NONE }),
            _ => (&self.frames, self.lens()),
        }
    }

    /// Which rows the frame log shows.
    pub(crate) const fn lens(&self) -> Lens {
        Lens { scope: self.scope, fold: self.fold }
    }

    /// The scope of the list that is shown and the number of its selected row.
    pub(crate) fn selected(&self, view: &View) -> Option<(Lens, u64)> {
        let (cursor, scope) = self.shown_list();
        cursor.selected(&view.range(scope)).map(|row| (scope, row))
    }

    /// The row that is selected in the list that is shown.
    #[must_use]
    pub(crate) fn selected_row<'a>(&self, view: &'a View) -> Option<Row<'a>> {
        let (scope, number) = self.selected(view)?;
        view.row(scope, number)
    }

    /// The place of the chosen session among all, where 0 stands for all of them.
    #[must_use]
    pub(crate) fn session_index(&self, view: &View) -> usize {
        match self.scope {
            Scope::Session(id) => view.sessions().position(|summary| summary.id == id).map_or(0, |index| index + 1),
            _ => 0,
        }
    }

    /// The session whose frames are shown, where they are those of one.
    pub(crate) const fn scope_session(&self) -> Option<SessionId> {
        match self.scope {
            Scope::Session(id) => Some(id),
            _ => None,
        }
    }

    /// The session that is meant: the chosen one, that of the selected row, or the only live one, else the newest.
    pub(crate) fn session<'a>(&self, view: &'a View) -> Option<&'a SessionSummary> {
        if let Scope::Session(id) = self.scope {
            return view.session(id);
        }
        if !self.frames.is_following()
            && let Some(row) = self.frames.selected(&view.range(self.lens()))
            && let Some(id) = view.row(self.lens(), row).and_then(|row| row.session)
        {
            return view.session(id);
        }
        view.sessions().rev().find(|summary| summary.is_live()).or_else(|| view.sessions().next_back())
    }
}
