//! Messages that wait for a program of the user's: what it is asked, and what becomes of its reply.
//!
//! A hook is asked before the condition is, once a message is whole. What it passes goes to the next hook that asks for it, and
//! then the condition may. Nothing here waits for a program: a message whose time is over goes on, and is told as such.

use std::sync::Arc;

use crate::decode::Decoder;
use crate::query::{Query, Sight};
use crate::record::{FrameNumber, FrameRecord, Relayed, ReleasedBy, Time};
use crate::relay::injection::Refusal;
use crate::subject::Said;
use crate::wire::frame::{FIN, FrameHeader};

use super::queue::{Gathered, HookWait, State};
use super::{Condition, Decision, Hold};

/// A message that a program is to decide of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookQuestion {
    /// The hook's place among all of them, from 0.
    pub hook: usize,
    /// The message as one frame: the number and the opcode are its first one's, the length is that of all.
    pub record: FrameRecord,
    /// Its payload without a mask.
    pub payload: Vec<u8>,
    /// What that inflates to, where it is compressed.
    pub inflated: Option<Vec<u8>>,
    /// The frames that it came in.
    pub frames: usize,
}

/// What comes of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookOutcome {
    /// The program has decided.
    Decided(Decision),
    /// It will not.
    None,
}

/// The hooks that there are, and what they are asked about, in their order.
pub type HookList = Arc<[Arc<Condition>]>;

/// What a hook's query says of what is known so far.
fn asks(condition: &Condition, said: &Said<'_>, sight: Sight) -> Option<bool> {
    match condition.query() {
        // Pings and pongs pass by, unless the query names them.
        query if said.record.header.opcode().is_control() && !query.is_some_and(Query::names_control) => Some(false),
        None => Some(true),
        Some(query) => query.decide(said, sight),
    }
}

impl Hold {
    /// From here on these programs are asked.
    pub(in crate::relay) fn set_hooks(&mut self, hooks: HookList) {
        self.hooks = hooks;
        self.choose_guesser();
        self.bound();
    }

    /// Whether a hook asks for a message of which that is known; `None` where that does not tell.
    pub(super) fn hooks_ask(&self, said: &Said<'_>, sight: Sight) -> Option<bool> {
        let mut asked = self.hooks.iter().map(|condition| asks(condition, said, sight));
        asked
            .try_fold(false, |_, asks| match asks {
                Some(false) => Ok(false),
                other => Err(other),
            })
            .map_or_else(|first| first, Some)
    }

    /// The first hook from a place on that asks for a whole message.
    pub(super) fn hook_for(&self, from: usize, said: &Said<'_>) -> Option<usize> {
        let later = self.hooks.iter().enumerate().skip(from);
        later.filter(|(_, condition)| asks(condition, said, Sight::WHOLE) == Some(true)).map(|(place, _)| place).next()
    }

    /// Why a message passes that nobody decides of. One that a hook asks for, and that is too long to be given to it, is told.
    pub(super) fn past_hooks(&self, id: u64, by: ReleasedBy) -> ReleasedBy {
        if self.hooks.is_empty() || self.queue.is_whole(id) {
            return by;
        }
        let is_missed =
            self.queue.gathered(id).is_some_and(|Gathered { header, number, length, payload, inflated, .. }| {
                let record = self.scene.record(&header, number, self.last);
                let setting = self.scene.setting(self.decoder().flatten());
                let said = Said::passing(setting, &record, length, &payload, inflated.as_deref(), false);
                self.hooks_ask(&said, super::sight(&header)) != Some(false)
            });
        if is_missed { ReleasedBy::HookLate } else { by }
    }

    /// A message waits for a hook from now on.
    pub(super) fn ask_hook(&mut self, id: u64, hook: usize, now: Time) {
        let Some((question, until)) = self.question(id, hook, now) else { return };
        self.queue.wait_for_hook(id, Some(HookWait { hook, until }));
        self.questions.push(question);
    }

    fn question(&self, id: u64, hook: usize, now: Time) -> Option<(HookQuestion, Time)> {
        let (time, frames) = self.queue.came(id)?;
        let Gathered { header, number, length, payload, inflated, .. } = self.queue.gathered(id)?;
        let opcode = header.opcode();
        let header = FrameHeader { first: header.first | FIN, ..FrameHeader::new(opcode, length, header.mask) };
        let record = FrameRecord { relayed: Relayed::Held, ..self.scene.record(&header, number, time) };
        let (payload, inflated) = (payload.into_owned(), inflated.map(|inflated| inflated.into_owned()));
        let until = Time(now.0.saturating_add(self.hook_time));
        Some((HookQuestion { hook, record, payload, inflated, frames }, until))
    }

    /// The hook for the message of which was just decided.
    pub(super) fn take_hook(&mut self) -> Option<usize> {
        self.next_hook.take()
    }

    /// What programs are to be asked since this was asked before.
    pub(in crate::relay) fn take_questions(&mut self) -> Vec<HookQuestion> {
        std::mem::take(&mut self.questions)
    }

    /// What came of a question.
    ///
    /// # Errors
    /// The message does not wait for that hook any more.
    pub(in crate::relay) fn hooked(
        &mut self,
        frame: FrameNumber,
        hook: usize,
        outcome: HookOutcome,
        now: Time,
    ) -> Result<(), Refusal> {
        let id = self.queue.message(Some(frame)).ok_or(Refusal::NotHeld)?;
        if self.queue.hook_of(id).is_none_or(|wait| wait.hook != hook) {
            return Err(Refusal::NotHeld);
        }
        let state = match outcome {
            HookOutcome::Decided(Decision::Release) => self.behind_hook(id, hook, ReleasedBy::Hook, now),
            HookOutcome::None => self.behind_hook(id, hook, ReleasedBy::HookLate, now),
            HookOutcome::Decided(Decision::Drop) => State::Dropped(ReleasedBy::Hook),
            HookOutcome::Decided(Decision::Edit(injection)) => {
                self.queue.note_hook(id);
                State::Edited(injection)
            }
        };
        self.queue.decide(id, state);
        Ok(())
    }

    /// The query of the hook that a message waits for, as it was typed.
    pub(in crate::relay) fn hook_query(&self, frame: FrameNumber) -> &str {
        let wait = self.queue.message(Some(frame)).and_then(|id| self.queue.hook_of(id));
        wait.and_then(|wait| self.hooks.get(wait.hook)).map_or("", |condition| condition.text())
    }

    /// The first hook from a place on that a whole message is for, and whether the condition asks for it.
    fn wanted(&self, from: usize, message: &Gathered<'_>, decoder: Option<Decoder>) -> (Option<usize>, bool) {
        let Gathered { header, number, length, payload, inflated, .. } = message;
        let record = self.scene.record(header, *number, self.last);
        let said = Said::passing(self.scene.setting(decoder), &record, *length, payload, inflated.as_deref(), true);
        let may_be_held = !header.opcode().is_control() || self.names_control();
        (self.hook_for(from, &said), may_be_held && self.matches_all(&said))
    }

    /// What a message waits for that a hook has let go.
    fn behind_hook(&mut self, id: u64, hook: usize, by: ReleasedBy, now: Time) -> State {
        let decoder = self.decoder().flatten();
        let behind = self.queue.gathered(id).map(|message| self.wanted(hook + 1, &message, decoder));
        match behind {
            Some((Some(next), _)) => {
                self.ask_hook(id, next, now);
                State::Asks
            }
            Some((None, true)) => {
                self.queue.wait_for_hook(id, None);
                State::Asks
            }
            Some((None, false)) | None => State::Passes(by),
        }
    }

    /// Lets go of what a program did not decide of in time.
    pub(super) fn tick_hooks(&mut self, now: Time) {
        for (id, wait) in self.queue.late(now) {
            let state = self.behind_hook(id, wait.hook, ReleasedBy::HookLate, now);
            self.queue.decide(id, state);
        }
    }
}
