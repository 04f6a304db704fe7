//! What blocks told of sessions as a whole that left memory before everybody had read them.
//!
//! A reader that was held up for long misses frames, and is told how many. That a session began or ended it must not
//! miss, or it would show a session as open for ever. A session that came and went unread is nothing to anyone, so what
//! is kept is bounded by the sessions that are open at a time.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::record::{Event, Record, SessionId, Time};

use super::block::Block;

/// Something that a session went through.
#[derive(Clone, Debug)]
pub struct Passage {
    /// The session.
    pub session: SessionId,
    /// When.
    pub time: Time,
    /// What.
    pub event: Event,
}

/// More than the sessions that can be open at a time go through while nobody reads.
const MOST: usize = 4 * 65_536;

/// The block that told of a passage, and how many passages were kept before it.
type Place = (u64, u64);

/// All of them. Each act takes time for the passages that it keeps, gives or lets go of, however many others there are:
/// while nobody reads, they become very many.
#[derive(Debug, Default)]
pub(super) struct Gone {
    /// Oldest first.
    passages: BTreeMap<Place, Passage>,
    /// Where those of each session are, oldest first.
    sessions: HashMap<SessionId, VecDeque<Place>>,
    kept: u64,
}

impl Gone {
    /// Keeps what a block tells of its session. Blocks from `unread` on have been read by nobody.
    pub(super) fn keep(&mut self, block: &Block, unread: u64) {
        let Some(session) = block.session else { return };
        for record in &block.log.records {
            let Record::Event(time, event) = record else { continue };
            if !is_passage(event) {
                continue;
            }
            if matches!(**event, Event::SessionClosed(_)) && self.is_unknown(session, unread) {
                self.forget_session(session);
                continue;
            }
            if self.passages.len() == MOST {
                self.forget_first();
            }
            let place = (block.sequence, self.kept);
            self.kept += 1;
            self.passages.insert(place, Passage { session, time: *time, event: (**event).clone() });
            self.sessions.entry(session).or_default().push_back(place);
        }
    }

    /// Adds what happened from a block on.
    pub(super) fn since(&self, next: u64, passages: &mut Vec<Passage>) {
        passages.extend(self.passages.range((next, 0)..).map(|(_, passage)| passage.clone()));
    }

    /// Lets go of what everybody knows.
    pub(super) fn forget_before(&mut self, next: u64) {
        while self.passages.first_key_value().is_some_and(|((sequence, _), _)| *sequence < next) {
            self.forget_first();
        }
    }

    /// Whether nobody has read that the session began, which is the first that there is of it.
    fn is_unknown(&self, session: SessionId, unread: u64) -> bool {
        let first = self.sessions.get(&session).and_then(VecDeque::front);
        let first = first.filter(|(sequence, _)| *sequence >= unread).and_then(|place| self.passages.get(place));
        first.is_some_and(|passage| matches!(passage.event, Event::SessionOpened { .. }))
    }

    fn forget_session(&mut self, session: SessionId) {
        for place in self.sessions.remove(&session).into_iter().flatten() {
            self.passages.remove(&place);
        }
    }

    fn forget_first(&mut self) {
        let Some((_, Passage { session, .. })) = self.passages.pop_first() else { return };
        if let Some(places) = self.sessions.get_mut(&session) {
            // It is the first of its session, too.
            places.pop_front();
            if places.is_empty() {
                self.sessions.remove(&session);
            }
        }
    }
}

/// What a session's line in a list is made of, heads and findings apart: those can be large.
const fn is_passage(event: &Event) -> bool {
    matches!(
        event,
        Event::SessionOpened { .. }
            | Event::Open(_)
            | Event::Held(_)
            | Event::Released(_)
            | Event::HeadReleased { .. }
            | Event::Verdict(_)
            | Event::Answered { .. }
            | Event::Ended { .. }
            | Event::SessionClosed(_)
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::journal::Memory;
    use crate::record::{ClosedBy, ClosedEvent, ClosedHow, Log, PerSide};

    fn block(sequence: u64, session: u64, event: Event) -> Block {
        let mut log = Log::default();
        log.event(Time(sequence), event);
        Block::new(sequence, Some(SessionId(session)), log, Arc::<Memory>::default())
    }

    fn opened() -> Event {
        Event::SessionOpened { client: ([127, 0, 0, 1], 50_000).into(), path: b"/".to_vec() }
    }

    fn closed() -> Event {
        Event::SessionClosed(ClosedEvent {
            by: ClosedBy::Proxy,
            how: ClosedHow::Fin,
            code: None,
            reason: Vec::new(),
            frames: PerSide::default(),
            bytes: PerSide::default(),
        })
    }

    fn told(gone: &Gone, next: u64) -> Vec<u64> {
        let mut passages = Vec::new();
        gone.since(next, &mut passages);
        passages.iter().map(|passage| passage.session.0).collect()
    }

    #[test]
    fn a_session_that_came_and_went_unread_is_forgotten_and_no_other() {
        let mut gone = Gone::default();
        gone.keep(&block(1, 1, opened()), 1);
        gone.keep(&block(2, 2, opened()), 1);
        gone.keep(&block(3, 1, closed()), 1);
        // Its beginning was read.
        gone.keep(&block(4, 3, closed()), 1);
        assert_eq!((told(&gone, 0), told(&gone, 3)), (vec![2, 3], vec![3]));
        gone.forget_before(3);
        assert_eq!(told(&gone, 0), [3]);
        assert_eq!(gone.sessions.len(), 1);
        gone.forget_before(u64::MAX);
        assert!(gone.passages.is_empty() && gone.sessions.is_empty());
    }

    #[test]
    fn no_more_is_kept_than_the_limit_and_each_end_takes_as_long_as_the_first() {
        // With a look at all that is kept at each end this takes minutes.
        let (mut gone, begun) = (Gone::default(), Instant::now());
        let most = MOST as u64;
        for session in 1..=most + 10 {
            gone.keep(&block(session, session, closed()), 0);
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
        assert_eq!((gone.passages.len(), gone.sessions.len()), (MOST, MOST));
        assert_eq!(told(&gone, 0).first(), Some(&11));
    }
}
