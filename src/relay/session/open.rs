//! Frames pass.

use crate::diagnose::handshake;
use crate::record::{Event, Log, Side, Time};
use crate::relay::repair::head;
use crate::wire::dialect::{Dialect, Framing};

use super::Output;
use super::core::Core;
use super::draft::Proof;

/// The phase of a session whose handshake is over.
#[derive(Debug)]
pub(super) struct Open {
    /// What the upstream speaks.
    dialect: Dialect,
    /// Bytes behind a repaired head that may be lines of it, until that is clear.
    behind: Option<Vec<u8>>,
    /// What hixie-76 puts behind the heads, until it is judged.
    pub(super) proof: Option<Box<Proof>>,
}

impl Open {
    pub(super) const fn new(dialect: Dialect) -> Self {
        Self { dialect, behind: None, proof: None }
    }

    /// Behind a repaired head: these bytes may be lines of it.
    pub(super) fn waits_behind(&mut self, behind: Vec<u8>) {
        self.behind = Some(behind);
    }

    /// In a dialect with a proof behind the heads.
    pub(super) fn with_proof(mut self, proof: Option<Proof>) -> Self {
        self.proof = proof.map(Box::new);
        self
    }

    #[inline]
    pub(super) fn receive(&mut self, core: &mut Core, now: Time, from: Side, input: &[u8], out: &mut Output) {
        if from == Side::Server && self.behind.is_some() {
            self.read_behind(core, now, input, out);
        } else {
            core.pass(now, from, input, 0, out);
        }
    }

    /// Takes what comes behind a repaired head that lacks fields: lines of it that fell behind an early empty line are left
    /// out, whatever else it is passes.
    fn read_behind(&mut self, core: &mut Core, now: Time, input: &[u8], out: &mut Output) {
        let Some(mut held) = self.behind.take() else { return };
        held.extend_from_slice(input);
        let limit = core.config.limits.head;
        let rest = match head::behind(&held) {
            head::Behind::More if held.len() < limit => {
                self.behind = Some(held);
                Vec::new()
            }
            head::Behind::More => held,
            head::Behind::Lines(length) => held.split_off(length),
        };
        // The offsets of what the lane edits are those of `rest`, which holds bytes of earlier reads too.
        core.pass(now, Side::Server, &rest, 0, out);
        out.to.client.settle(&rest);
    }

    /// Compares the proof, once all of it is there or will never be.
    #[inline]
    pub(super) fn judge_proof(&mut self, core: &Core, now: Time, is_over: bool, log: &mut Log) {
        if let Some(proof) = &mut self.proof {
            proof.judge(&core.lanes, now, is_over, log);
        }
    }

    /// A side's bytes have ended, and no side has said before that it would close.
    pub(super) fn note_missing_close(&self, core: &Core, now: Time, from: Side, log: &mut Log) {
        let facts = self.dialect.facts();
        let is_first = core.lanes[from.other()].ended.is_none();
        if facts.framing == Framing::Hixie && facts.has_close && is_first && core.is_closed_by_nobody() {
            log.event(now, Event::Finding(from, handshake::no_close()));
        }
    }
}
