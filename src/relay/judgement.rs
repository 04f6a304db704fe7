//! Chrome's verdict on a session: given once, as soon as the server's bytes decide it.

use crate::diagnose::Verdict;

use super::observation::{Event, Observations, Time};

/// How far the verdict has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// There is no whole answer yet.
    AwaitsAnswer,
    /// Chrome opened the socket; frames may still fail it.
    Opened,
    /// The page has failed, or there is no browser that speaks the dialect.
    Final,
}

impl Judgement {
    /// What Chrome fails for first is what the page gets; nothing later changes it.
    pub fn fail(&mut self, now: Time, verdict: Verdict, log: &mut Observations) {
        if *self != Self::Final {
            *self = Self::Final;
            log.event(now, Event::Verdict(verdict));
        }
    }

    /// Chrome waits, and says nothing; it may fail later.
    pub fn wait(self, now: Time, verdict: Verdict, log: &mut Observations) {
        if self == Self::AwaitsAnswer {
            log.event(now, Event::Verdict(verdict));
        }
    }
}
