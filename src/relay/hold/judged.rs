//! The rules in front of the hold: they are asked first, and what they delay stands in the same queue.

use crate::record::{FrameNumber, Relayed, ReleasedBy, Time};
use crate::relay::rules::{Judge, Whole};
use crate::subject::Said;

use super::Hold;
use super::queue::{Gathered, State};

/// What a rule did to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::relay) struct Ruled {
    /// The message's first frame.
    pub frame: FrameNumber,
    /// The rule's name.
    pub rule: String,
    /// What it did, in words.
    pub what: String,
}

impl Hold {
    /// From here on these rules act. Where there are none any more, nothing waits for one.
    pub(in crate::relay) fn set_rules(&mut self, judge: Option<Box<Judge>>) {
        if judge.is_none() {
            self.queue.hurry_all();
        }
        self.judge = judge;
        self.bound();
    }

    /// The rules, to be changed.
    pub(in crate::relay) fn judge_mut(&mut self) -> Option<&mut Judge> {
        self.judge.as_deref_mut()
    }

    /// Only what waits for somebody is bounded in frames: what rules delay goes on by itself.
    pub(super) fn bound(&mut self) {
        self.queue.gathers = self.judge.is_some();
        self.queue.most_frames = if self.may_ask() { self.most_frames } else { usize::MAX };
    }

    /// Whether a message may wait for the user, or for a program of theirs.
    pub(in crate::relay) fn may_ask(&self) -> bool {
        self.condition.is_some() || !self.hooks.is_empty() || self.judge.as_ref().is_some_and(|judge| judge.holds())
    }

    /// What a frame is while it is here.
    pub(in crate::relay) fn waiting(&self) -> Relayed {
        if self.may_ask() { Relayed::Held } else { Relayed::Delayed }
    }

    /// Whether all that is here goes on by itself, in its time.
    pub(in crate::relay) fn only_delays(&self) -> bool {
        !self.queue.is_empty() && self.judge.is_some() && !self.may_ask()
    }

    /// Whether the message of which more comes was dropped by a rule.
    pub(in crate::relay) const fn drops_by_rule(&self) -> bool {
        self.drops_by_rule
    }

    /// What rules did to messages since this was asked before.
    pub(in crate::relay) fn take_ruled(&mut self) -> Vec<Ruled> {
        std::mem::take(&mut self.ruled)
    }

    /// What becomes of a message, by all that will be known of it: the rules act on it, then a hook may ask for it, or the
    /// condition.
    pub(super) fn decide(&mut self, id: u64, by: ReleasedBy, now: Time) -> State {
        let (is_whole, takes_over) = (self.queue.is_whole(id), self.scene.takes_over());
        let decoder = self.read(id);
        let mut judge = self.judge.take();
        let decided = self.queue.gathered(id).map(|gathered| {
            let Gathered { header, number, length, frames, is_readable, .. } = gathered;
            let record = self.scene.record(&header, number, self.last);
            let (payload, inflated) = (&gathered.payload, gathered.inflated.as_deref());
            let said = Said::passing(self.scene.setting(decoder), &record, length, payload, inflated, is_whole);
            let asks = (!header.opcode().is_control() || self.names_control()) && self.matches_all(&said);
            let hook = if is_whole { self.hook_for(0, &said) } else { None };
            let whole = Whole { said, frames, is_whole, is_readable, takes_over };
            let ruling = judge.as_mut().map(|judge| judge.rule(&whole, now)).unwrap_or_default();
            (number, asks, hook, ruling)
        });
        self.judge = judge;
        let Some((frame, asks, hook, mut ruling)) = decided else { return State::Passes(by) };
        let by = self.past_hooks(id, by);
        let told = std::mem::take(&mut ruling.told);
        let state = match State::of(&ruling, told.is_empty(), by) {
            State::Passes(_) if hook.is_some() => {
                self.next_hook = hook;
                State::Asks
            }
            State::Passes(_) if asks => State::Asks,
            state => state,
        };
        if told.is_empty() && !asks && hook.is_none() && self.may_ask() {
            self.queue.pass_by(id);
        }
        if !told.is_empty() {
            self.ruled.extend(told.into_iter().map(|(rule, what)| Ruled { frame, rule, what }));
            self.queue.rule(id, ruling);
        }
        state
    }
}
