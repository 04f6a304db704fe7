//! The sessions among which the user chooses: their order, and what is searched for among them.

use std::cmp::Reverse;

use crate::journal::{Index, SessionSummary};
use crate::query::Pattern;
use crate::record::finding::Level;
use crate::record::{SessionId, Time};
use crate::text;
use crate::tui::pages::trouble::troubles;

/// Sessions that something can be sent to, in their order.
#[must_use]
pub(crate) fn live_sessions(view: &Index) -> Vec<SessionId> {
    view.sessions().filter(|summary| summary.is_live()).map(|summary| summary.id).collect()
}

/// By what sessions are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// As they came.
    #[default]
    Number,
    /// Those with the most frames a second first.
    Rate,
    /// Those with the most bytes of payload first.
    Bytes,
    /// The newest first.
    Age,
    /// Those with the worst problem first.
    Problem,
}

impl Sort {
    /// The next one.
    #[must_use]
    pub(crate) const fn next(self) -> Self {
        match self {
            Self::Number => Self::Rate,
            Self::Rate => Self::Bytes,
            Self::Bytes => Self::Age,
            Self::Age => Self::Problem,
            Self::Problem => Self::Number,
        }
    }

    /// What it goes by.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Rate => "rate",
            Self::Bytes => "bytes",
            Self::Age => "age",
            Self::Problem => "problem",
        }
    }

    /// The smaller it is, the further up a session stands.
    fn rank(self, summary: &SessionSummary, now: Time) -> Reverse<u64> {
        Reverse(match self {
            Self::Number => 0,
            Self::Rate => summary.rate(now),
            Self::Bytes => summary.payload.sum(),
            Self::Age => summary.opened.0,
            Self::Problem => worst(summary).map_or(0, |level| level as u64 + 1),
        })
    }
}

/// The worst that is wrong with a session.
#[must_use]
pub(crate) fn worst(summary: &SessionSummary) -> Option<Level> {
    troubles(summary).map(|(_, trouble)| trouble.level()).max().filter(|level| *level > Level::Note)
}

/// Sessions from which on they are sorted anew once a second, whatever changes meanwhile.
const MANY: usize = 2_000;

/// The list of sessions.
#[derive(Debug, Default)]
pub(crate) struct SessionList {
    /// By what they are sorted.
    pub sort: Sort,
    /// What is searched for among them.
    pub pattern: Option<Pattern>,
    /// The first that is to be seen.
    pub top: usize,
    /// Their order, where that is not as they came.
    order: Option<Vec<SessionId>>,
    /// What decided it.
    made: Option<(Sort, u64, u64)>,
}

impl SessionList {
    /// Sorts them, where they stood otherwise.
    pub(crate) fn arrange(&mut self, view: &Index, now: Time) {
        if self.sort == Sort::Number {
            (self.order, self.made) = (None, None);
            return;
        }
        let changes = if view.sessions().len() > MANY { 0 } else { view.changes() };
        let made = Some((self.sort, changes, now.0 / 1_000_000));
        if self.made == made {
            return;
        }
        self.made = made;
        let mut ranked: Vec<_> = view.sessions().map(|summary| (self.sort.rank(summary, now), summary.id)).collect();
        ranked.sort_unstable();
        self.order = Some(ranked.into_iter().map(|(_, id)| id).collect());
    }

    /// The place of a session.
    #[must_use]
    pub(crate) fn place(&self, view: &Index, id: SessionId) -> Option<usize> {
        match &self.order {
            Some(order) => order.iter().position(|other| *other == id),
            None => view.sessions().position(|summary| summary.id == id),
        }
    }

    /// The session at a place.
    #[must_use]
    pub(crate) fn at<'v>(&self, view: &'v Index, place: usize) -> Option<&'v SessionSummary> {
        match &self.order {
            Some(order) => view.session(*order.get(place)?),
            None => view.sessions().nth(place),
        }
    }

    /// Those from a place on, as far as they are still there.
    pub(crate) fn from<'v>(&'v self, view: &'v Index, place: usize) -> impl Iterator<Item = &'v SessionSummary> {
        let sorted = self.order.iter().flat_map(move |order| order.iter().skip(place));
        let plain = self.order.is_none().then(|| view.sessions().skip(place));
        sorted.filter_map(|id| view.session(*id)).chain(plain.into_iter().flatten())
    }

    /// Whether a session is what is searched for.
    #[must_use]
    pub(crate) fn matches(&self, summary: &SessionSummary) -> bool {
        self.pattern.as_ref().is_some_and(|pattern| pattern.is_in(words(summary).as_bytes()))
    }

    /// How many are what is searched for; `None` where nothing is.
    #[must_use]
    pub(crate) fn matching(&self, view: &Index) -> Option<usize> {
        self.pattern.as_ref()?;
        Some(view.sessions().filter(|summary| self.matches(summary)).count())
    }
}

/// What a session is found by: number, target, client, subprotocol, how it ended.
fn words(summary: &SessionSummary) -> String {
    let client = summary.client.map(|client| client.to_string()).unwrap_or_default();
    let subprotocol = summary.open.as_ref().and_then(|open| open.subprotocol.as_deref()).unwrap_or_default();
    let answered = summary.answered.as_ref().map_or("", |(_, why)| why);
    let reason = summary.closed.as_ref().map_or(&[][..], |(_, closed)| &closed.reason);
    let [path, subprotocol, reason] = [&summary.path, subprotocol, reason].map(text::escape);
    format!("{} {path} {client} {subprotocol} {answered} {reason}", summary.id.0)
}
