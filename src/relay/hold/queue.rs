//! The frames that are held, in their order, and what was decided of the messages they are of.

mod gathered;
mod hooked;
mod ruled;

use std::collections::{BTreeMap, VecDeque};

use crate::record::{FrameNumber, ReleasedBy, Time, Waits};
use crate::relay::injection::{Injection, Token};
use crate::relay::limits::{Budget, Limits};
use crate::relay::rules::{After, Made, Ruling};
use crate::wire::frame::{FrameHeader, RSV1};
use crate::wire::message::MessageState;

pub(super) use gathered::Gathered;
pub(super) use hooked::HookWait;

/// What was decided of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It can't be told yet whether the condition asks for it.
    Undecided,
    /// The user decides.
    Asks,
    /// It goes on, in its turn.
    Passes(ReleasedBy),
    /// This goes out in its place, in its turn.
    Edited(Injection),
    /// The same, by the rules.
    Made(Made),
    /// Nothing goes out in its place.
    Dropped(ReleasedBy),
}

/// A message of which there are frames in the queue.
#[derive(Debug)]
pub(super) struct Message {
    /// Of its first frame.
    header: FrameHeader,
    pub since: Time,
    state: State,
    is_packed: bool,
    /// Whether all of its frames have come.
    is_whole: bool,
    has_begun: bool,
    first: FrameNumber,
    /// Its frames in the queue.
    frames: usize,
    /// Payload bytes, as the headers have it.
    length: u64,
    /// Whether a frame of it was written down as held.
    is_recorded: bool,
    token: Option<Token>,
    /// The hook that it waits for.
    hook: Option<HookWait>,
    /// Whether a hook has made what goes out in its place.
    is_hooks: bool,
    /// What the rules made of it.
    ruling: Option<Box<Ruling>>,
}

impl Message {
    pub(super) const fn new(header: &FrameHeader, since: Time, state: State, is_packed: bool) -> Self {
        Self {
            header: *header,
            since,
            state,
            is_packed,
            is_whole: false,
            has_begun: false,
            first: FrameNumber::FIRST,
            frames: 0,
            length: 0,
            is_recorded: false,
            token: None,
            hook: None,
            is_hooks: false,
            ruling: None,
        }
    }

    pub(super) const fn asks(&self) -> bool {
        matches!(self.state, State::Asks)
    }

    const fn waits(&self) -> bool {
        matches!(self.state, State::Undecided | State::Asks)
    }
}

/// What a compressed frame added to its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::relay) struct Inflated {
    pub bytes: Vec<u8>,
    /// Whether that is all of it.
    pub is_all: bool,
}

/// A frame in the queue.
#[derive(Clone, Debug)]
struct Frame {
    header: FrameHeader,
    number: FrameNumber,
    message: u64,
    /// Without a mask; what has gone out is not in it any more.
    payload: Vec<u8>,
    is_whole: bool,
    has_begun: bool,
    inflated: Option<Inflated>,
    /// Whether it was written down as held.
    is_recorded: bool,
}

impl Frame {
    fn size(&self) -> usize {
        size_of::<Self>() + self.payload.len() + self.inflated.as_ref().map_or(0, |inflated| inflated.bytes.len())
    }
}

/// A frame that leaves the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::relay) struct Leaves {
    pub number: FrameNumber,
    pub header: FrameHeader,
    /// Whether it was written down as held.
    pub is_recorded: bool,
}

/// What goes out next.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::relay) enum Due {
    /// A frame, or the next part of one.
    Part {
        frame: Leaves,
        /// Where the frame begins. It may be another than that which came: see `is_plain`.
        header: Option<FrameHeader>,
        /// Without a mask.
        payload: Vec<u8>,
        /// Whether the frame ends here.
        last: bool,
        by: ReleasedBy,
        /// Whether it came compressed, and is not any more.
        is_plain: bool,
        token: Option<Token>,
        /// What follows by the rules, where the message ends here.
        after: Option<Box<After>>,
    },
    /// Something else in place of a message, or nothing.
    Instead {
        frames: Vec<Leaves>,
        injection: Option<Injection>,
        by: ReleasedBy,
        /// Whether what comes behind it can't be read by the receiver any more as it is: it leans on this message.
        disturbs: bool,
        token: Option<Token>,
        /// What follows by the rules.
        after: Option<Box<After>>,
    },
    /// A message would have to be inflated, and can't be.
    Broken,
}

/// A message that is known to be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::relay) struct Untold {
    pub frame: FrameNumber,
    /// Payload bytes so far.
    pub length: u64,
    /// What it waits for.
    pub waits: Waits,
}

/// The queue of one lane.
#[derive(Debug)]
pub(super) struct Queue {
    frames: VecDeque<Frame>,
    messages: BTreeMap<u64, Message>,
    next: u64,
    /// Messages of which it is not known whether they are asked for, in their order.
    undecided: VecDeque<u64>,
    /// Those that may have to be told.
    untold: Vec<u64>,
    /// What has gone out.
    out: MessageState,
    /// Compressed messages go out inflated from here on: they lean on one that the receiver did not get.
    pub is_plain: bool,
    /// Whether what is undecided is so for the rules, too.
    pub gathers: bool,
    /// Frames that it may take; bytes are bounded in any case.
    pub most_frames: usize,
    most_bytes: usize,
    bytes: usize,
    budget: Budget,
    /// Bytes of the budget that are taken: fewer than `bytes` where it had no more.
    taken: usize,
}

impl Queue {
    pub(super) fn new(limits: &Limits, out: MessageState) -> Self {
        Self {
            frames: VecDeque::new(),
            messages: BTreeMap::new(),
            next: 0,
            undecided: VecDeque::new(),
            untold: Vec::new(),
            out,
            is_plain: false,
            gathers: false,
            most_frames: limits.hold_frames,
            most_bytes: limits.hold_bytes,
            bytes: 0,
            budget: limits.hold_all.clone(),
            taken: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Whether it may take no more.
    pub(super) fn is_full(&self) -> bool {
        !self.frames.is_empty()
            && (self.frames.len() >= self.most_frames || self.bytes >= self.most_bytes || self.is_starved())
    }

    /// How many bytes it may take.
    pub(super) const fn room(&self) -> usize {
        self.most_bytes.saturating_sub(self.bytes)
    }

    /// Whether other lanes hold so much that there is nothing left for this one.
    pub(super) const fn is_starved(&self) -> bool {
        self.taken < self.bytes
    }

    /// Looks whether other lanes have given back what this one lacks.
    pub(super) fn retry(&mut self) {
        let lacking = self.bytes.saturating_sub(self.taken);
        if lacking > 0 && self.budget.take(lacking) {
            self.taken = self.bytes;
        }
    }

    fn count(&mut self, before: usize, now: usize) {
        self.bytes = self.bytes.saturating_sub(before) + now;
        if self.bytes < self.taken {
            self.budget.give(self.taken - self.bytes);
            self.taken = self.bytes;
        } else {
            self.retry();
        }
    }

    /// Whether a frame has gone out in part.
    pub(super) fn is_within_frame(&self) -> bool {
        self.frames.front().is_some_and(|frame| frame.has_begun)
    }

    /// Whether a message has gone out in part.
    pub(super) const fn is_within_message(&self) -> bool {
        self.out.unfinished().is_some()
    }

    /// A frame passes by.
    pub(super) const fn passes(&mut self, header: &FrameHeader) {
        self.out.frame(header);
    }

    /// The first frame of a message, or of what is to come of one. Gives what the message is known by.
    pub(super) fn begin(&mut self, mut message: Message, header: &FrameHeader, number: FrameNumber) -> u64 {
        let id = self.next;
        self.next += 1;
        message.first = number;
        if message.state == State::Undecided {
            self.undecided.push_back(id);
        }
        self.messages.insert(id, message);
        self.untold.push(id);
        self.join(id, header, number);
        id
    }

    /// The next frame of a message. Says whether anything of the message is still here.
    pub(super) fn join(&mut self, id: u64, header: &FrameHeader, number: FrameNumber) -> bool {
        let Some(message) = self.messages.get_mut(&id) else { return false };
        message.frames += 1;
        message.length = message.length.saturating_add(header.length);
        message.is_whole = header.fin() || header.opcode().is_control();
        let frame = Frame {
            header: *header,
            number,
            message: id,
            payload: Vec::new(),
            is_whole: false,
            has_begun: false,
            inflated: None,
            is_recorded: false,
        };
        self.count(0, frame.size());
        self.frames.push_back(frame);
        true
    }

    /// No more frames of a message come.
    pub(super) fn finish(&mut self, id: u64) {
        if let Some(message) = self.messages.get_mut(&id) {
            message.is_whole = true;
        }
    }

    /// Payload of the newest frame.
    pub(super) fn payload(&mut self, bytes: &[u8], last: bool) {
        let Some(frame) = self.frames.back_mut() else { return };
        frame.payload.extend_from_slice(bytes);
        frame.is_whole = last;
        self.count(0, bytes.len());
    }

    /// The newest frame is whole. What it inflates to is kept as far as there is room.
    pub(super) fn ends(&mut self, number: FrameNumber, inflated: Option<Inflated>) {
        let room = self.room();
        let Some(frame) = self.frames.back_mut() else { return };
        let before = frame.size();
        frame.number = number;
        frame.inflated = inflated.map(|mut inflated| {
            inflated.is_all &= inflated.bytes.len() <= room;
            inflated.bytes.truncate(room);
            inflated
        });
        let (now, id) = (frame.size(), frame.message);
        self.count(before, now);
        if let Some(message) = self.messages.get_mut(&id).filter(|message| message.frames == 1 && !message.has_begun) {
            message.first = number;
            // Of a frame of hixie, only its end tells how long it is.
            if let Some(frame) = self.frames.back().filter(|frame| frame.header.is_hixie()) {
                message.length = frame.payload.len() as u64;
            }
        }
    }

    /// A frame that is in the queue was written down as held.
    pub(super) fn note_recorded(&mut self, number: FrameNumber) {
        let Some(frame) = self.frames.back_mut().filter(|frame| frame.number == number) else { return };
        frame.is_recorded = true;
        if let Some(message) = self.messages.get_mut(&frame.message) {
            message.is_recorded = true;
        }
    }

    /// The messages that are written down and known to be held, of which that was not said before.
    pub(super) fn take_untold(&mut self) -> Vec<Untold> {
        let mut told = Vec::new();
        let messages = &mut self.messages;
        self.untold.retain(|id| {
            let Some(message) = messages.get_mut(id) else { return false };
            if message.state == State::Undecided || !message.is_recorded {
                return true;
            }
            told.push(Untold {
                frame: message.first,
                length: message.length,
                waits: match (&message.state, message.hook) {
                    (State::Asks, Some(_)) => Waits::Hook,
                    (State::Asks, None) => Waits::User,
                    _ => Waits::Order,
                },
            });
            false
        });
        told
    }

    /// The next message of which it can be decided now whether it is asked for: it is whole, or it stands in front and no
    /// more of it can be taken.
    pub(super) fn undecided(&mut self, now: Time) -> Option<u64> {
        let id = *self.undecided.front()?;
        let is_ready = self.is_whole(id) || (self.is_first(id) && (self.is_full() || self.has_gathered(id, now)));
        is_ready.then(|| self.undecided.pop_front()).flatten()
    }

    /// The message that a frame is of; the first that waits where there is no number.
    pub(super) fn message(&self, frame: Option<FrameNumber>) -> Option<u64> {
        match frame {
            Some(number) => {
                let frame = self.frames.iter().find(|frame| frame.number == number)?;
                Some(frame.message)
            }
            None => self.messages.iter().find(|(_, message)| message.waits()).map(|(id, _)| *id),
        }
    }

    /// Whether all of a message is here.
    pub(super) fn is_whole(&self, id: u64) -> bool {
        let is_whole = self.messages.get(&id).is_some_and(|message| message.is_whole);
        // Its last frame may be the one under way.
        is_whole && self.frames.back().is_none_or(|last| last.message != id || last.is_whole)
    }

    /// Whether something of a message has gone out.
    pub(super) fn has_begun(&self, id: u64) -> bool {
        self.messages.get(&id).is_some_and(|message| message.has_begun)
    }

    /// Whether the oldest frame is of that message.
    pub(super) fn is_first(&self, id: u64) -> bool {
        self.frames.front().is_some_and(|frame| frame.message == id)
    }

    /// Whether the newest frame is of that message.
    pub(super) fn is_last(&self, id: u64) -> bool {
        self.frames.back().is_some_and(|frame| frame.message == id)
    }

    /// The message of the newest frame, while that frame is not whole.
    pub(super) fn unfinished(&self) -> Option<u64> {
        self.frames.back().filter(|frame| !frame.is_whole).map(|frame| frame.message)
    }

    pub(super) fn decide(&mut self, id: u64, state: State) {
        self.undecided.retain(|undecided| *undecided != id);
        if let Some(message) = self.messages.get_mut(&id) {
            message.state = state;
        }
    }

    /// Who is to be told when a message leaves. Gives who was to be told before.
    pub(super) fn note_token(&mut self, id: u64, token: Option<Token>) -> Option<Token> {
        let message = self.messages.get_mut(&id)?;
        std::mem::replace(&mut message.token, token)
    }

    /// Lets those go that wait and are such. Gives how many they are.
    pub(super) fn release(&mut self, by: ReleasedBy, is_such: impl Fn(&Message) -> bool) -> usize {
        let mut count = 0;
        for message in self.messages.values_mut().filter(|message| message.waits() && is_such(message)) {
            message.state = State::Passes(by);
            count += 1;
        }
        let messages = &self.messages;
        self.undecided.retain(|id| messages.get(id).is_some_and(|message| message.state == State::Undecided));
        count
    }

    /// All messages are dropped.
    pub(super) fn drop_all(&mut self, by: ReleasedBy) {
        self.undecided.clear();
        self.messages.values_mut().for_each(|message| message.state = State::Dropped(by));
    }

    /// Since when the message has waited that has done so for longest.
    pub(super) fn oldest(&self) -> Option<Time> {
        self.messages.values().find(|message| message.waits()).map(|message| message.since)
    }

    /// What goes out next, if something does.
    pub(super) fn due(&mut self, takes_over: bool, now: Time) -> Option<Due> {
        self.yields(takes_over);
        let front = self.frames.front()?;
        let (id, message) = (front.message, self.messages.get_mut(&front.message)?);
        if message.not_before().is_some_and(|time| time > now) {
            return None;
        }
        if let State::Passes(_) = message.state
            && let Some(made) = message.made()
        {
            message.state = State::Made(made);
        }
        let by = match message.state {
            State::Undecided | State::Asks => return None,
            State::Passes(by) => by,
            State::Made(_) | State::Edited(_) | State::Dropped(_) => return Some(self.instead(id, takes_over)),
        };
        if self.is_plain && message.is_packed { self.plain(by) } else { self.part(by) }
    }

    /// The first frame goes on as it came, or what is there of it.
    fn part(&mut self, by: ReleasedBy) -> Option<Due> {
        let is_only = self.frames.len() == 1;
        let front = self.frames.front_mut()?;
        if !front.is_whole && front.has_begun && front.payload.is_empty() {
            return None;
        }
        let before = front.size();
        let header = (!std::mem::replace(&mut front.has_begun, true)).then_some(front.header);
        let (payload, last) = (std::mem::take(&mut front.payload), front.is_whole);
        let (after, frame) = (front.size(), front.leaves());
        self.count(before, after);
        let token = self.begun(header.as_ref());
        let after = if last || is_only { self.pop() } else { None };
        Some(Due::Part { frame, header, payload, last, by, is_plain: false, token, after })
    }

    /// The first frame goes on inflated.
    fn plain(&mut self, by: ReleasedBy) -> Option<Due> {
        let front = self.frames.front_mut()?;
        if !front.is_whole {
            return None;
        }
        let Some(Inflated { bytes, is_all: true }) = front.inflated.take() else { return Some(Due::Broken) };
        self.count(bytes.len(), 0);
        let frame = self.frames.front()?.leaves();
        let token = self.begun(Some(&frame.header));
        let after = self.pop();
        let came = frame.header;
        let header =
            FrameHeader { first: came.first & !RSV1, ..FrameHeader::new(came.opcode(), bytes.len() as u64, came.mask) };
        let (header, payload) = (Some(header), bytes);
        Some(Due::Part { frame, header, payload, last: true, by, is_plain: true, token, after })
    }

    /// A frame begins to go out, or goes on.
    fn begun(&mut self, header: Option<&FrameHeader>) -> Option<Token> {
        if let Some(header) = header {
            self.out.frame(header);
        }
        let message = self.messages.get_mut(&self.frames.front()?.message)?;
        message.has_begun = true;
        message.token.take()
    }

    /// The first frame leaves. Gives what follows its message, where that ends.
    fn pop(&mut self) -> Option<Box<After>> {
        let frame = self.frames.pop_front()?;
        self.count(frame.size(), 0);
        let message = self.messages.get_mut(&frame.message)?;
        message.frames = message.frames.saturating_sub(1);
        if message.frames > 0 {
            return None;
        }
        self.messages.remove(&frame.message)?.after()
    }

    fn instead(&mut self, id: u64, takes_over: bool) -> Due {
        let (mut frames, mut size) = (Vec::new(), 0);
        self.frames.retain(|frame| {
            let goes = frame.message == id;
            if goes {
                frames.push(frame.leaves());
                size += frame.size();
            }
            !goes
        });
        self.count(size, 0);
        let mut message = self.messages.remove(&id);
        let after = message.as_mut().and_then(Message::after);
        let is_packed = message.as_ref().is_some_and(|message| message.is_packed);
        let token = message.as_ref().and_then(|message| message.token);
        let editor =
            if message.as_ref().is_some_and(|message| message.is_hooks) { ReleasedBy::Hook } else { ReleasedBy::User };
        let (injection, by, stays_packed) = match message.map(|message| message.state) {
            Some(State::Edited(injection)) => (Some(injection), editor, false),
            Some(State::Made(made)) => (Some(made.injection), ReleasedBy::Rule, made.is_packed),
            Some(State::Dropped(by)) => (None, by, false),
            _ => (None, ReleasedBy::User, false),
        };
        let disturbs = is_packed && takes_over && !self.is_plain && !stays_packed;
        self.is_plain |= disturbs;
        Due::Instead { frames, injection, by, disturbs, token, after }
    }
}

impl Frame {
    const fn leaves(&self) -> Leaves {
        Leaves { number: self.number, header: self.header, is_recorded: self.is_recorded }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.budget.give(self.taken);
    }
}
