//! What hixie-76 puts behind the heads: eight bytes of the client's, and sixteen of the server's that prove it read them.

use crate::diagnose::handshake;
use crate::record::finding::Finding;
use crate::record::{Event, Log, PerSide, Side, Time};
use crate::wire::challenge;
use crate::wire::dialect::{Dialect, Framing};

use super::{Output, Phase, Session};

/// Bytes behind a request's head.
const KEY3: usize = 8;

/// How many bytes behind its head each side's frames begin.
pub(super) const fn proofs(dialect: Dialect) -> PerSide<usize> {
    if dialect.facts().has_keys { PerSide::new(KEY3, challenge::ANSWER) } else { PerSide::new(0, 0) }
}

/// What was told of the proof.
#[derive(Debug, Default)]
pub(super) struct Proof {
    is_told: bool,
    is_withheld_told: bool,
}

impl Session {
    /// The answer is 101 and hixie frames follow.
    pub(super) fn expect_hixie(&mut self, now: Time, answer: &[u8], forwarded: &[u8], log: &mut Log) {
        for finding in handshake::hixie_answer(self.dialect, &self.request, answer, forwarded) {
            log.event(now, Event::Finding(Side::Server, finding));
        }
    }

    /// Compares the proof, once all of it is there or will never be.
    pub(super) fn judge_proof(&mut self, now: Time, is_over: bool, log: &mut Log) {
        let (mut key3, mut key3_length) = self.lanes.client.proof();
        let (proof, length) = self.lanes.server.proof();
        if let Some(bridge) = &self.bridge {
            (key3, key3_length) = (bridge.heads.own_key3(), bridge.heads.own_key3().len());
        }
        let is_whole = key3.len() == key3_length && proof.len() == length;
        if !self.open || length == 0 || self.proof.is_told || !(is_whole || is_over) {
            return;
        }
        self.proof.is_told = true;
        if let Some(finding) = handshake::proof(&self.request, key3, proof) {
            log.event(now, Event::Finding(Side::Server, finding));
        }
    }

    /// A side's bytes have ended, and no side has said before that it would close.
    pub(super) fn note_missing_close(&self, now: Time, from: Side, log: &mut Log) {
        let is_first = self.lanes[from.other()].ended.is_none();
        let is_abrupt = self.open && self.closing.is_none() && self.lanes.iter().all(|lane| lane.close.is_none());
        if self.framing() == Framing::Hixie && self.dialect.facts().has_close && is_first && is_abrupt {
            log.event(now, Event::Finding(from, handshake::no_close()));
        }
    }

    /// How many of the eight bytes behind the request came, where they are awaited.
    pub(super) fn missing_key3(&self) -> Option<usize> {
        if let Some(bridge) = &self.bridge {
            let missing = bridge.heads.missing_key3();
            return (missing > 0 && !self.proof.is_withheld_told).then_some(KEY3.saturating_sub(missing));
        }
        let early = match &self.phase {
            Phase::Answer { early, .. } => early.len(),
            Phase::Answered if self.open => self.lanes.client.proof().0.len(),
            Phase::Answered => return None,
        };
        (self.framing() == Framing::Hixie
            && self.dialect.facts().has_keys
            && early < KEY3
            && !self.proof.is_withheld_told)
            .then_some(early)
    }

    /// Tells once that they do not come.
    pub(super) fn tell_missing_key3(&mut self, now: Time, out: &mut Output) {
        if let Some(came) = self.missing_key3() {
            self.proof.is_withheld_told = true;
            let finding: Finding = handshake::key3_withheld(came);
            out.log.event(now, Event::Finding(Side::Client, finding));
        }
    }
}
