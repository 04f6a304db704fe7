//! Messages that are stopped on their way, for the user to let go, edit or drop.
//!
//! What is held is a queue of frames in the order in which they came, bit for bit. A message that the condition asks for
//! stands until somebody decides; what comes behind it waits, so that the order stays. Pings and pongs pass by, unless the
//! condition names them; a close frame does not, since nothing may follow one (RFC 6455 5.5.1).
//!
//! ```text
//!   reader --> [ frame | frame | frame ] --> repair, bridge --> the other side
//!                 ^ its message asks: all behind it wait
//! ```
//!
//! A condition that needs no payload decides on a header, and frames that it does not ask for pass on as they come. One
//! that does has the message gathered until it is whole, or until the limit is met: then what has come decides.
//!
//! The queue takes no more memory than its limits say. At a limit the lane is not read, and TCP slows its sender down.
#![deny(clippy::indexing_slicing)]

mod condition;
mod head;
mod hooks;
mod judged;
mod queue;
mod scene;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::decode::{Decoder, Format, Guesser, Payload, Preference};
use crate::query::{Query, Sight};
use crate::record::{FrameNumber, ReleasedBy, RunRecord, Time};
use crate::subject::Said;
use crate::wire::frame::FrameHeader;
use crate::wire::mask;
use crate::wire::message::{MessageState, Role};
use crate::wire::opcode::Opcode;
use crate::wire::packer::Packer;

use super::injection::{Injection, Refusal, Token};
use super::limits::{Controls, Limits};
use super::rules::Judge;
pub(super) use judged::Ruled;

pub use condition::{Condition, Conditions, HoldCell, Leaning, Unanswerable};
pub(super) use head::{Goes, HeldHead};
pub use head::{HeadDecision, HeldRequest, Request, changes};
pub use hooks::{HookList, HookOutcome, HookQuestion};
pub(super) use queue::{Due, Inflated, Leaves, Untold};
use queue::{Message, Queue, State};
pub(super) use scene::Scene;

/// No hold asks for the time of day, so it is told nowhere.
pub(in crate::relay) static NOWHERE: TimeZone = TimeZone::UTC;

/// What becomes of a message that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes on as it came.
    Release,
    /// This goes out in its place.
    Edit(Injection),
    /// Nothing does.
    Drop,
}

/// What becomes of a part that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Took {
    /// It passes.
    Passes,
    /// It is held.
    Holds,
    /// Its message was dropped while it was under way.
    Drops,
}

/// The data message that is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Open {
    #[default]
    None,
    /// Its next frame goes the way of that message, as long as there is something in front of it.
    Joins(u64),
    /// What is to come of it is dropped.
    Drops,
}

/// What is held of what one side sends.
#[derive(Debug)]
pub(super) struct Hold {
    scene: Scene,
    condition: Option<Arc<Condition>>,
    /// The programs that are asked before it is, and what they are to be asked.
    hooks: HookList,
    questions: Vec<HookQuestion>,
    /// The hook that the message is for of which was just decided.
    next_hook: Option<usize>,
    /// After so many microseconds a message goes on that a program has not decided of.
    hook_time: u64,
    /// What pings and pongs do that are not asked for.
    controls: Controls,
    /// Whether it was told that it is full, since it was last empty.
    told_full: bool,
    /// The rules, which are asked before the condition is.
    judge: Option<Box<Judge>>,
    /// What they did to messages, until it is told.
    ruled: Vec<Ruled>,
    /// Whether what `Open::Drops` drops is dropped by a rule.
    drops_by_rule: bool,
    /// Frames that may wait for the user.
    most_frames: usize,
    /// After so many microseconds what is held goes on by itself.
    patience: u64,
    /// When something last came, or was looked at.
    last: Time,
    queue: Queue,
    /// Compresses anew what would go out inflated.
    packer: Option<Packer>,
    /// Whether that is done to the message that goes out.
    packs: bool,
    /// Finds out who reads the messages, where the condition asks for what they say.
    guesser: Option<Guesser>,
    open: Open,
    /// Whether the message under way is compressed.
    is_packed: bool,
    /// What becomes of the frame under way; `None` between frames.
    way: Option<Took>,
    /// Whether the frame that came last was held.
    holds_newest: bool,
}

impl Hold {
    /// Put in at a place in the stream: within a frame or not, within a message or not. What is under way passes.
    pub(super) fn new(scene: Scene, limits: &Limits, message: MessageState, is_within_frame: bool) -> Self {
        Self {
            scene,
            condition: None,
            hooks: HookList::default(),
            questions: Vec::new(),
            next_hook: None,
            hook_time: u64::try_from(limits.hook_time.as_micros()).unwrap_or(u64::MAX),
            controls: limits.hold_control,
            told_full: false,
            judge: None,
            ruled: Vec::new(),
            drops_by_rule: false,
            most_frames: limits.hold_frames,
            patience: u64::try_from(limits.hold_time.as_micros()).unwrap_or(u64::MAX),
            last: Time(0),
            queue: Queue::new(limits, message),
            packer: None,
            packs: false,
            guesser: None,
            open: Open::None,
            is_packed: false,
            way: is_within_frame.then_some(Took::Passes),
            holds_newest: false,
        }
    }

    /// From here on this is held. What is held already stays so.
    pub(super) fn set(&mut self, condition: Option<Arc<Condition>>) {
        self.condition = condition;
        self.choose_guesser();
        self.bound();
    }

    /// Messages are read where somebody asks for what they say.
    fn choose_guesser(&mut self) {
        let mut conditions = self.condition.iter().chain(self.hooks.iter());
        if !conditions.any(|condition| condition.query().is_some_and(Query::asks_for_reading)) {
            self.guesser = None;
        } else if self.guesser.is_none() {
            let mut guesser = Guesser::new(&Preference::default());
            guesser.path(&self.scene.path);
            self.scene.subprotocol.iter().for_each(|name| guesser.subprotocol(name));
            self.guesser = Some(guesser);
        }
    }

    /// Who reads the messages; the outer is `None` while each message may still tell.
    fn decoder(&self) -> Option<Option<Decoder>> {
        self.guesser.as_ref().map_or(Some(None), Guesser::settled)
    }

    /// The query by which messages are held, as it was typed; nothing where all are, or none is any more.
    pub(super) fn query(&self) -> &str {
        self.condition.as_ref().map_or("", |condition| condition.text())
    }

    /// Whether the frame that came last was held.
    pub(super) const fn holds_newest(&self) -> bool {
        self.holds_newest
    }

    /// Nothing that is held can go on: it is dropped, and so is what comes of the message under way.
    pub(super) fn fail(&mut self) {
        self.condition = None;
        self.hooks = HookList::default();
        self.set_rules(None);
        self.open = Open::Drops;
        if self.way == Some(Took::Holds) {
            self.way = Some(Took::Drops);
        }
        self.queue.drop_all(ReleasedBy::Quit);
    }

    /// Whether it could be taken out, and nothing would be missed.
    pub(super) fn is_idle(&self) -> bool {
        let asks_nothing = self.condition.is_none() && self.judge.is_none() && self.hooks.is_empty();
        asks_nothing && self.queue.is_empty() && !self.queue.is_plain && self.open != Open::Drops
    }

    /// A frame that came compressed and would go out inflated is compressed anew, where that is wanted: from the next message
    /// on. `came` is its header.
    pub(super) fn pack(
        &mut self,
        leaning: Leaning,
        came: &FrameHeader,
        header: FrameHeader,
        payload: Vec<u8>,
    ) -> (FrameHeader, Vec<u8>) {
        if came.opcode() != Opcode::CONTINUATION {
            self.packs = leaning == Leaning::Anew;
        }
        if !self.packs {
            // What it would be compressed against has not gone out.
            self.packer = None;
            return (header, payload);
        }
        let window = self.scene.window();
        let payload = self.packer.get_or_insert_with(|| Packer::new(window)).frame(&payload, came.fin());
        (FrameHeader { first: came.first, ..FrameHeader::new(came.opcode(), payload.len() as u64, came.mask) }, payload)
    }

    /// Whether nothing is held.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether it holds all that it may, so that its side is not to be read.
    pub(super) fn is_full(&self) -> bool {
        self.queue.is_full()
    }

    /// Whether it has become full, which is told once until it is empty.
    pub(super) fn has_filled(&mut self) -> bool {
        let is_new = self.is_full() && !self.told_full;
        self.told_full = !self.is_empty() && (self.told_full || is_new);
        is_new
    }

    /// How many bytes it has room for.
    pub(super) fn room(&self) -> usize {
        self.queue.room()
    }

    /// Whether what has gone out ends between two frames.
    pub(super) fn is_between_frames(&self) -> bool {
        self.way != Some(Took::Passes) && !self.queue.is_within_frame()
    }

    /// Whether what has gone out ends within a message.
    pub(super) fn is_within_message(&self) -> bool {
        self.queue.is_within_message()
    }

    /// How many bytes from the start of `input`, where a frame begins, are whole frames that nobody asks for and that can pass
    /// as they are: messages of their own that are not compressed, the first of that number.
    pub(super) fn clear(&self, input: &[u8], number: FrameNumber, now: Time) -> usize {
        let is_quiet = self.queue.is_empty() && self.way.is_none() && !self.queue.is_within_message();
        if !is_quiet || self.open != Open::None {
            return 0;
        }
        // The first messages have to be seen one by one.
        let Some(decoder) = self.decoder() else { return 0 };
        let (mut end, mut plain) = (0, Vec::new());
        for index in 0..u64::from(RunRecord::MOST) {
            let rest = input.get(end..).unwrap_or_default();
            let Some((header, used)) = FrameHeader::parse(rest) else { break };
            let length = usize::try_from(header.length).ok().and_then(|length| used.checked_add(length));
            let Some((frame, length)) = length.and_then(|length| Some((rest.get(used..length)?, length))) else {
                break;
            };
            let is_plain =
                header.fin() && header.rsv() == 0 && matches!(header.opcode(), Opcode::TEXT | Opcode::BINARY);
            if !is_plain || self.asks_for(&header, frame, (number.after(index), now), decoder, &mut plain) {
                break;
            }
            end += length;
        }
        end
    }

    /// Whether a whole message in one frame is asked for. `plain` is memory for its payload without a mask.
    fn asks_for(
        &self,
        header: &FrameHeader,
        wire: &[u8],
        (number, now): (FrameNumber, Time),
        decoder: Option<Decoder>,
        plain: &mut Vec<u8>,
    ) -> bool {
        let (asks, others) = self.ask(header, number, now);
        if asks == Some(true) || others == Some(true) {
            return true;
        }
        if (asks, others) == (Some(false), Some(false)) {
            return false;
        }
        let payload = match header.mask {
            None => wire,
            Some(key) => {
                plain.clear();
                plain.extend_from_slice(wire);
                mask::apply(key, 0, plain);
                plain.as_slice()
            }
        };
        let record = self.scene.record(header, number, self.last);
        let said = Said::passing(self.scene.setting(decoder), &record, header.length, payload, None, true);
        let ask = |judge: &Judge| judge.asks(&said, Sight::WHOLE, now) != Some(false);
        self.matches_all(&said) || self.judge.as_deref().is_some_and(ask) || self.hook_for(0, &said).is_some()
    }

    /// A frame begins.
    pub(super) fn header(&mut self, header: &FrameHeader, number: FrameNumber, now: Time) -> Took {
        self.last = now;
        let took = if header.opcode().is_control() {
            self.control(header, number, now)
        } else {
            self.data(header, number, now)
        };
        self.way = Some(took);
        self.holds_newest = took == Took::Holds;
        took
    }

    fn control(&mut self, header: &FrameHeader, number: FrameNumber, now: Time) -> Took {
        let names = self.names_control();
        // Nothing may follow a close frame. Pings pass by what waits for the user, and not by what rules delay.
        let follows = header.opcode() == Opcode::CLOSE || self.controls == Controls::Wait;
        let waits = follows || (self.judge.is_some() && !self.may_ask());
        let (asks, others) = self.ask(header, number, now);
        let state = match asks {
            _ if others != Some(false) => State::Undecided,
            Some(true) if names => State::Asks,
            None if names => State::Undecided,
            _ if waits && !self.queue.is_empty() => State::Passes(ReleasedBy::Order),
            _ => return Took::Passes,
        };
        self.queue.begin(Message::new(header, now, state, false), header, number);
        Took::Holds
    }

    /// Whether the condition is for control frames too.
    fn names_control(&self) -> bool {
        self.condition.as_ref().is_some_and(|held| held.query().is_some_and(Query::names_control))
    }

    fn data(&mut self, header: &FrameHeader, number: FrameNumber, now: Time) -> Took {
        let is_within = self.open != Open::None || self.queue.is_within_message();
        let goes_on = Role::of(header, is_within) == Role::GoesOn;
        if !goes_on {
            if let Open::Joins(unfinished) = self.open {
                self.queue.finish(unfinished);
            }
            self.open = Open::None;
            self.is_packed = self.scene.deflate.is_some() && header.rsv1();
        }
        let took = if goes_on { self.goes_on(header, number, now) } else { self.begins(header, number, now) };
        if header.fin() {
            self.open = Open::None;
        }
        took
    }

    fn begins(&mut self, header: &FrameHeader, number: FrameNumber, now: Time) -> Took {
        let (asks, others) = self.ask(header, number, now);
        let state = match asks {
            _ if others != Some(false) => State::Undecided,
            Some(true) => State::Asks,
            None => State::Undecided,
            Some(false) => State::Passes(ReleasedBy::Order),
        };
        if self.passes_by(&state) {
            self.queue.passes(header);
            return Took::Passes;
        }
        self.joins(header, number, now, state)
    }

    fn joins(&mut self, header: &FrameHeader, number: FrameNumber, now: Time, state: State) -> Took {
        let id = self.queue.begin(Message::new(header, now, state, self.is_packed), header, number);
        self.open = Open::Joins(id);
        Took::Holds
    }

    fn goes_on(&mut self, header: &FrameHeader, number: FrameNumber, now: Time) -> Took {
        match self.open {
            Open::Drops => return Took::Drops,
            Open::Joins(id) if self.queue.join(id, header, number) => return Took::Holds,
            Open::Joins(_) | Open::None => {}
        }
        // All of it that came before has gone out.
        let state = State::Passes(ReleasedBy::Order);
        if self.passes_by(&state) {
            self.queue.passes(header);
            return Took::Passes;
        }
        self.joins(header, number, now, state)
    }

    /// Whether a frame of a message in that state need not be held at all.
    fn passes_by(&self, state: &State) -> bool {
        matches!(state, State::Passes(_)) && self.queue.is_empty() && !(self.queue.is_plain && self.is_packed)
    }

    /// What the condition says of a message that begins; and what the rules and the hooks do, which are asked first.
    fn ask(&self, header: &FrameHeader, number: FrameNumber, now: Time) -> (Option<bool>, Option<bool>) {
        let record = self.scene.record(header, number, self.last);
        let said = Said::passing(self.scene.setting(None), &record, header.length, &[], None, false);
        let sight = sight(header);
        let asks = match &self.condition {
            None => Some(false),
            Some(condition) => condition.query().map_or(Some(true), |query| query.decide(&said, sight)),
        };
        let rules = self.judge.as_ref().map_or(Some(false), |judge| judge.asks(&said, sight, now));
        let others = match (rules, self.hooks_ask(&said, sight)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        };
        (asks, others)
    }

    /// Payload bytes came.
    pub(super) fn payload(&mut self, bytes: &[u8], last: bool) -> Took {
        let took = self.way.unwrap_or(Took::Passes);
        if last {
            self.way = None;
        }
        match took {
            Took::Holds => self.queue.payload(bytes, last),
            Took::Passes | Took::Drops => {}
        }
        took
    }

    /// The frame that came last is whole and held: its number, and what its payload added to its message where that is
    /// compressed and can be read.
    pub(super) fn ends(&mut self, number: FrameNumber, inflated: Option<Inflated>) {
        self.queue.ends(number, inflated);
    }

    /// A frame that is held was written down as such.
    pub(super) fn note_recorded(&mut self, number: FrameNumber) {
        self.queue.note_recorded(number);
    }

    /// The messages that are written down and known to be held, of which that was not told before.
    pub(super) fn take_untold(&mut self) -> Vec<Untold> {
        self.queue.take_untold()
    }

    /// What goes out next, if something does.
    pub(super) fn due(&mut self, now: Time) -> Option<Due> {
        if self.way == Some(Took::Passes) {
            return None;
        }
        while let Some(undecided) = self.queue.undecided(now) {
            let by = if self.queue.is_first(undecided) { ReleasedBy::Query } else { ReleasedBy::Order };
            let state = self.decide(undecided, by, now);
            if let State::Dropped(_) = state {
                self.drops_by_rule = true;
                self.drop_rest(undecided);
            }
            let hook = self.take_hook();
            self.queue.decide(undecided, state);
            hook.into_iter().for_each(|hook| self.ask_hook(undecided, hook, now));
        }
        let due = self.queue.due(self.scene.takes_over(), now)?;
        if let Due::Part { last: false, .. } = due
            && self.queue.is_empty()
        {
            // What is to come of the frame goes straight on.
            self.way = Some(Took::Passes);
        }
        Some(due)
    }

    /// Who reads a message, as far as it has come. To be asked once of each, in their order.
    fn read(&mut self, id: u64) -> Option<Decoder> {
        let guesser = self.guesser.as_mut()?;
        let is_whole = self.queue.is_whole(id);
        let whole = self.queue.gathered(id)?;
        let format = Format::of(whole.header.opcode())?;
        let bytes = whole.inflated.as_deref().unwrap_or(&whole.payload);
        guesser.message(self.scene.from, Payload { format, bytes, is_whole })
    }

    /// Whether the condition asks for a message of which all is known.
    fn matches_all(&self, said: &Said<'_>) -> bool {
        let Some(condition) = &self.condition else { return false };
        condition.query().is_none_or(|query| query.matches(said))
    }

    /// Decides what becomes of the message that a frame belongs to; the first that waits for it where there is no number.
    /// `token` is told when it leaves. Gives whom an earlier decision was to tell.
    ///
    /// # Errors
    /// Nothing is held under that number, or it can't be decided so.
    pub(super) fn decided(
        &mut self,
        frame: Option<FrameNumber>,
        decision: Decision,
        token: Option<Token>,
    ) -> Result<Option<Token>, Refusal> {
        let id = self.queue.message(frame).ok_or(Refusal::NotHeld)?;
        let is_whole = self.queue.is_whole(id);
        let state = match decision {
            Decision::Release => State::Passes(ReleasedBy::User),
            Decision::Edit(_) if !is_whole => return Err(Refusal::Unfinished),
            Decision::Edit(_) | Decision::Drop if self.queue.has_begun(id) => return Err(Refusal::HasBegun),
            Decision::Edit(injection) => State::Edited(injection),
            Decision::Drop => State::Dropped(ReleasedBy::User),
        };
        if let State::Dropped(_) = state {
            self.drops_by_rule = false;
            self.drop_rest(id);
        }
        self.queue.hurry(id);
        self.queue.decide(id, state);
        Ok(self.queue.note_token(id, token))
    }

    /// What is to come of a message that is dropped is dropped as well.
    fn drop_rest(&mut self, id: u64) {
        if self.open == Open::Joins(id) {
            self.open = Open::Drops;
        }
        if self.way == Some(Took::Holds) && self.queue.is_last(id) {
            self.way = Some(Took::Drops);
        }
    }

    /// The last message, if it is not whole and nothing of it has gone out, is dropped: nothing more is to come of it, and
    /// something else is to stand behind what came before.
    pub(super) fn drop_unfinished(&mut self, by: ReleasedBy) {
        let last = match self.open {
            Open::Joins(id) => Some(id),
            Open::None | Open::Drops => self.queue.unfinished(),
        };
        if let Some(id) = last.filter(|id| !self.queue.has_begun(*id)) {
            self.drop_rest(id);
            self.queue.decide(id, State::Dropped(by));
        }
    }

    /// All that is held goes on as it came. Gives how many messages waited for that. Of what the rules have yet to decide,
    /// they do; and the user does not let go what waits for a program.
    pub(super) fn release_all(&mut self, by: ReleasedBy) -> usize {
        let (is_ruled, are_asked) = (self.judge.is_some(), by == ReleasedBy::User && !self.hooks.is_empty());
        self.queue.release(by, |message| (!is_ruled || message.asks()) && (!are_asked || message.waits_for_user()))
    }

    /// What of it was held long ago goes on as it came. Gives how many messages did.
    pub(super) fn tick(&mut self, now: Time) -> usize {
        self.last = now;
        self.queue.retry();
        self.tick_hooks(now);
        if !self.may_ask() {
            return 0;
        }
        let patience = self.patience;
        self.queue.release(ReleasedBy::Limit, |message| now.since(message.since).as_micros() >= u128::from(patience))
    }

    /// When `tick` is due.
    pub(super) fn deadline(&self) -> Option<Time> {
        let later = |time: Time, by: u64| Time(time.0.saturating_add(by));
        let oldest = if self.may_ask() { self.queue.oldest() } else { None };
        let oldest = oldest.map(|since| later(since, self.patience)).into_iter().chain(self.queue.next_turn());
        let oldest = oldest.chain(self.queue.next_late());
        oldest.chain(self.queue.is_starved().then(|| later(self.last, RETRY))).min()
    }
}

/// What is known of a message whose first header has come.
fn sight(header: &FrameHeader) -> Sight {
    let length = header.opcode().is_control() || (header.fin() && header.opcode() != Opcode::CONTINUATION);
    Sight { payload: false, length }
}

/// Microseconds that a lane waits for what other lanes hold, before it looks again.
const RETRY: u64 = 100_000;
