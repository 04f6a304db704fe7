//! The worst problem of all sessions, for the bar that is always there.

use std::collections::{BTreeSet, HashMap};

use crate::journal::{Index, SessionSummary};
use crate::record::finding::Level;
use crate::record::{SessionId, Time};
use crate::tui::pages::trouble::{Trouble, troubles};

/// A problem, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// How much it matters.
    pub level: Level,
    /// Whose it is; `None` where it is the upstream's, or of several sessions.
    pub session: Option<SessionId>,
    /// When it was seen.
    pub time: Time,
    /// In plain words.
    pub text: String,
    /// Whether it lasts, so that its age is how long.
    pub lasts: bool,
}

/// The worse level before the other, then a live session's before a closed one's, then the newer.
type Rank = (Level, bool, Time);

/// Sessions that are no more and still have a rank, before these are looked for.
const GONE: usize = 100;

/// The worst of each session, in order. Only sessions that changed are looked at.
#[derive(Debug, Default)]
pub(crate) struct Worst {
    ranks: HashMap<SessionId, Rank>,
    order: BTreeSet<(Rank, SessionId)>,
    /// The view's count of changes at the last look.
    changes: u64,
}

impl Worst {
    /// Looks at what has changed.
    pub(crate) fn learn(&mut self, view: &Index) {
        for summary in view.changed_since(self.changes) {
            self.rank(summary);
        }
        self.changes = view.changes();
        if self.ranks.len() > 2 * view.sessions().len() + GONE {
            self.ranks.retain(|id, _| view.session(*id).is_some());
            self.order.retain(|(_, id)| self.ranks.contains_key(id));
        }
    }

    /// The worst of all.
    pub(crate) fn problem(&mut self, view: &Index) -> Option<Problem> {
        while let Some((rank, id)) = self.order.last().copied() {
            if let Some(summary) = view.session(id) {
                return worst(summary).map(|((level, _, time), trouble)| Problem {
                    level,
                    session: Some(id),
                    time,
                    text: trouble.headline(),
                    lasts: trouble.since().is_some(),
                });
            }
            self.order.remove(&(rank, id));
            self.ranks.remove(&id);
        }
        None
    }

    fn rank(&mut self, summary: &SessionSummary) {
        let new = worst(summary).map(|(rank, _)| rank);
        let old = match new {
            Some(rank) => self.ranks.insert(summary.id, rank),
            None => self.ranks.remove(&summary.id),
        };
        if old == new {
            return;
        }
        self.order.extend(new.map(|rank| (rank, summary.id)));
        if let Some(rank) = old {
            self.order.remove(&(rank, summary.id));
        }
    }
}

/// The worst of one session; the newest where there are more of them.
fn worst(summary: &SessionSummary) -> Option<(Rank, Trouble<'_>)> {
    let ranked = troubles(summary).map(|(time, trouble)| ((trouble.level(), summary.is_live(), time), trouble));
    ranked.filter(|((level, ..), _)| *level > Level::Note).max_by_key(|(rank, _)| *rank)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::journal::Journal;
    use crate::record::finding::{Finding, FindingKind, Place};
    use crate::record::{ClosedBy, ClosedEvent, ClosedHow, Event, FrameNumber, Log, PerSide, Side, Stall, StallKind};

    fn closed(by: ClosedBy, how: ClosedHow, reason: usize) -> Event {
        let (frames, bytes) = (PerSide::default(), PerSide::default());
        Event::SessionClosed(ClosedEvent { by, how, code: None, reason: vec![0; reason], frames, bytes })
    }

    fn push(journal: &Journal, session: u64, time: u64, event: Event) {
        let mut log = Log::default();
        log.event(Time(time), event);
        journal.push(Some(SessionId(session)), log);
    }

    fn event(kind: u8) -> Event {
        let stall = Stall {
            lane: Side::Server,
            kind: StallKind::NoResponse,
            since: Time(3),
            frame: None,
            header: None,
            progress: None,
        };
        match kind {
            0 => Event::Finding(Side::Server, Finding::new(FindingKind::FrameRsv, Place::Frame(FrameNumber::FIRST))),
            1 => Event::Finding(
                Side::Client,
                Finding::new(FindingKind::CloseBrowser1001, Place::Frame(FrameNumber::FIRST)),
            ),
            2 => Event::Answered { status: 502, reason: "no".into() },
            3 => Event::Stall { stall, over: false },
            4 => Event::Stall { stall, over: true },
            5 => closed(ClosedBy::Peer(Side::Server), ClosedHow::Reset, 0),
            _ => closed(ClosedBy::Proxy, ClosedHow::Fin, 0),
        }
    }

    proptest! {
        #[test]
        fn it_is_what_a_look_at_all_sessions_finds(
            events in proptest::collection::vec((1..6u64, 0..9u64, 0..7u8), 1..40),
        ) {
            let journal = Arc::new(Journal::new(1 << 20));
            let mut view = Index::new(journal.subscribe(|| ()));
            let mut known = Worst::default();
            for (session, time, kind) in events {
                push(&journal, session, time, event(kind));
                view.sync();
                known.learn(&view);
                let mut anew = Worst::default();
                view.sessions().for_each(|summary| anew.rank(summary));
                prop_assert_eq!(known.problem(&view), anew.problem(&view));
                prop_assert_eq!(view.live(), view.sessions().filter(|summary| summary.is_live()).count());
            }
        }
    }

    #[test]
    fn only_what_changed_is_looked_at() {
        let journal = Arc::new(Journal::new(1 << 20));
        let mut view = Index::new(journal.subscribe(|| ()));
        let mut known = Worst::default();
        (1..=1000).for_each(|session| push(&journal, session, 1, event(0)));
        view.sync();
        known.learn(&view);
        assert_eq!(view.changed_since(known.changes).count(), 0);
        push(&journal, 5, 2, event(0));
        push(&journal, 7, 3, event(3));
        push(&journal, 5, 4, event(0));
        view.sync();
        let changed: Vec<_> = view.changed_since(known.changes).map(|summary| summary.id.0).collect();
        assert_eq!(changed, [7, 5]);
    }

    #[test]
    fn sessions_that_left_memory_have_no_rank_for_long() {
        let journal = Arc::new(Journal::new(1 << 20));
        let mut view = Index::new(journal.subscribe(|| ()));
        let mut known = Worst::default();
        for session in 1..=500 {
            push(&journal, session, session, event(0));
            view.sync();
            push(&journal, session, session, closed(ClosedBy::Proxy, ClosedHow::Fin, 1 << 20));
            view.sync();
            known.learn(&view);
        }
        assert!(view.forgotten() > 400 && known.ranks.len() < 2 * GONE, "{} {}", view.forgotten(), known.ranks.len());
        assert_eq!(known.ranks.len(), known.order.len());
        assert_eq!(known.problem(&view).and_then(|problem| problem.session), Some(SessionId(500)));
        assert_eq!(view.changed_since(0).count(), view.sessions().len());
    }
}
