//! What blocks told of sessions as a whole that left memory before everybody had read them.
//!
//! A reader that was held up for long misses frames, and is told how many. That a session began or ended it must not
//! miss, or it would show a session as open for ever. A session that came and went unread is nothing to anyone, so what
//! is kept is bounded by the sessions that are open at a time.

use std::collections::VecDeque;

use crate::record::{Event, Record, SessionId, Time};

use super::block::Block;

/// Something that a session went through.
#[derive(Clone, Debug)]
pub struct Passage {
    /// The block that told it.
    sequence: u64,
    /// The session.
    pub session: SessionId,
    /// When.
    pub time: Time,
    /// What.
    pub event: Event,
}

/// More than the sessions that can be open at a time go through while nobody reads.
const MOST: usize = 4 * 65_536;

/// All of them, oldest first.
#[derive(Debug, Default)]
pub(super) struct Gone {
    passages: VecDeque<Passage>,
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
                self.passages.retain(|passage| passage.session != session);
                continue;
            }
            if self.passages.len() == MOST {
                self.passages.pop_front();
            }
            self.passages.push_back(Passage {
                sequence: block.sequence,
                session,
                time: *time,
                event: (**event).clone(),
            });
        }
    }

    /// Adds what happened from a block on.
    pub(super) fn since(&self, next: u64, passages: &mut Vec<Passage>) {
        passages.extend(self.passages.iter().filter(|passage| passage.sequence >= next).cloned());
    }

    /// Lets go of what everybody knows.
    pub(super) fn forget_before(&mut self, next: u64) {
        while self.passages.front().is_some_and(|passage| passage.sequence < next) {
            self.passages.pop_front();
        }
    }

    /// Whether nobody has read that the session began.
    fn is_unknown(&self, session: SessionId, unread: u64) -> bool {
        self.passages.iter().any(|passage| {
            passage.session == session
                && passage.sequence >= unread
                && matches!(passage.event, Event::SessionOpened { .. })
        })
    }
}

/// What a session's line in a list is made of, heads and findings apart: those can be large.
const fn is_passage(event: &Event) -> bool {
    matches!(
        event,
        Event::SessionOpened { .. }
            | Event::Open(_)
            | Event::Verdict(_)
            | Event::Answered { .. }
            | Event::Ended { .. }
            | Event::SessionClosed(_)
    )
}
