//! Messages on which rules act: what they wait for, and in which order they go.

use crate::record::{ReleasedBy, Time};
use crate::relay::rules::{After, Made, Ruling};
use crate::wire::opcode::Opcode;

use super::{Frame, Message, Queue, State};

/// Microseconds for which a message is gathered for the rules: a peer that sends in fragments sends the next one sooner, and
/// one that takes minutes over a message, as a stream of words does, is only this late.
const GATHERING: u64 = 5_000_000;

impl Message {
    /// What goes out in its place by the rules, if something does.
    pub(super) fn made(&mut self) -> Option<Made> {
        self.ruling.as_mut()?.made.take()
    }

    /// What follows it by the rules.
    pub(super) fn after(&mut self) -> Option<Box<After>> {
        let after = std::mem::take(&mut self.ruling.as_mut()?.after);
        (after != After::default()).then(|| Box::new(after))
    }

    /// Until when it may not go on by the rules.
    pub(super) fn not_before(&self) -> Option<Time> {
        let ruling = self.ruling.as_ref()?;
        ruling.not_before.into_iter().chain(ruling.yields_until).max()
    }
}

impl Queue {
    /// The rules have decided of a message.
    pub(in crate::relay::hold) fn rule(&mut self, id: u64, ruling: Ruling) {
        if let Some(message) = self.messages.get_mut(&id) {
            message.ruling = Some(Box::new(ruling));
        }
    }

    /// What a message waits for by the rules, it does not wait for any more.
    pub(in crate::relay::hold) fn hurry(&mut self, id: u64) {
        if let Some(ruling) = self.messages.get_mut(&id).and_then(|message| message.ruling.as_mut()) {
            (ruling.not_before, ruling.yields_until) = (None, None);
        }
    }

    /// The same for all.
    pub(in crate::relay::hold) fn hurry_all(&mut self) {
        for ruling in self.messages.values_mut().filter_map(|message| message.ruling.as_mut()) {
            (ruling.not_before, ruling.yields_until) = (None, None);
        }
    }

    /// Whether the first message has been gathered for long enough.
    pub(super) fn has_gathered(&self, id: u64, now: Time) -> bool {
        self.gathers && self.messages.get(&id).is_some_and(|message| now.0 >= message.since.0.saturating_add(GATHERING))
    }

    /// When the first message goes on by itself, if it does.
    pub(in crate::relay::hold) fn next_turn(&self) -> Option<Time> {
        let message = self.messages.get(&self.frames.front()?.message)?;
        match message.state {
            State::Undecided if self.gathers => Some(Time(message.since.0.saturating_add(GATHERING))),
            State::Undecided | State::Asks => None,
            State::Passes(_) | State::Made(_) | State::Edited(_) | State::Dropped(_) => message.not_before(),
        }
    }

    /// A control frame that nobody asks for goes in front of what waits for the user. Nothing may follow a close frame.
    pub(in crate::relay::hold) fn pass_by(&mut self, id: u64) {
        let Some(at) = self.frames.iter().rposition(|frame| frame.message == id && frame.is_whole) else { return };
        let opcode = self.frames.get(at).map(|frame| frame.header.opcode());
        if !opcode.is_some_and(|opcode| opcode.is_control() && opcode != Opcode::CLOSE) {
            return;
        }
        let asks = |frame: &Frame| self.messages.get(&frame.message).is_some_and(Message::asks);
        let Some(first) = self.frames.iter().position(|frame| asks(frame) && !frame.has_begun) else { return };
        if first < at
            && let Some(frame) = self.frames.remove(at)
        {
            self.frames.insert(first, frame);
        }
    }

    /// Where the first message lets the next one go first, and that has come, it stands behind it.
    pub(super) fn yields(&mut self, takes_over: bool) {
        let Some((first, second)) = self.pair() else { return };
        let (mut waits, mut rest) = (Vec::new(), std::mem::take(&mut self.frames));
        rest.retain(|frame| {
            frame.message != first || {
                waits.push(frame.clone());
                false
            }
        });
        let behind = rest.iter().rposition(|frame| frame.message == second).map_or(0, |last| last + 1);
        let tail = rest.split_off(behind);
        rest.extend(waits);
        rest.extend(tail);
        self.frames = rest;
        let is_packed = [first, second].iter().any(|id| self.messages.get(id).is_some_and(|message| message.is_packed));
        // Each leans on what was sent before it.
        self.is_plain |= takes_over && is_packed;
        if let Some(ruling) = self.messages.get_mut(&first).and_then(|message| message.ruling.as_mut()) {
            ruling.yields_until = None;
        }
    }

    /// The first message and the one that goes in front of it.
    fn pair(&self) -> Option<(u64, u64)> {
        let first = self.frames.front()?.message;
        let message = self.messages.get(&first)?;
        let yields = message.ruling.as_ref().is_some_and(|ruling| ruling.yields_until.is_some());
        if !yields || message.has_begun || !self.is_whole(first) {
            return None;
        }
        let is_control = message.header.opcode().is_control();
        let may_pass = |opcode: Opcode| opcode != Opcode::CLOSE && (is_control || !opcode.is_control());
        let second =
            self.frames.iter().find(|frame| frame.message != first && may_pass(frame.header.opcode()))?.message;
        let next = self.messages.get(&second)?;
        let goes_on = matches!(next.state, State::Passes(_) | State::Made(_) | State::Edited(_));
        (goes_on && !next.has_begun && self.is_whole(second)).then_some((first, second))
    }
}

impl State {
    /// Why a message that rules delayed or changed is not held any more.
    pub(in crate::relay::hold) const fn of(ruling: &Ruling, is_nothing: bool, by: ReleasedBy) -> Self {
        match ruling {
            Ruling { is_dropped: true, .. } => Self::Dropped(ReleasedBy::Rule),
            Ruling { is_held: true, .. } => Self::Asks,
            _ if is_nothing => Self::Passes(by),
            _ => Self::Passes(ReleasedBy::Rule),
        }
    }
}
