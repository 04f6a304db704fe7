//! What one side sends on its way to the other: as it came, or through stages.
//!
//! The lane's reader cuts what came into parts. `Through`, nothing else runs, and the bytes of the read go out as they are.
//! With stages, each part goes from one to the next, and what the last one lets out is written anew:
//!
//! ```text
//!             part        part                part                        bytes
//!   reader ---------> hold ----> a stage ---------> a stage ... ---------> outlet ---> the other side
//!                       |           |                  |                      |
//!                       +-----------+------ did, dropped: what became of the frame, told to the lane
//! ```
//!
//! What is held comes out of the hold when the lane lets it, frame by frame, as if it came only then.
//!
//! A stage gets no more of a frame than has come, so that a frame of any length passes; one that needs a whole frame or
//! message holds it in a `Whole`, within a limit.

mod outlet;
#[cfg(test)]
mod tests;
mod whole;

use std::fmt;

use rand::Rng as _;
use rand::rngs::StdRng;

use crate::record::{By, Ending, Event, FrameNumber, Log, PerSide, Relayed, Side, Time};
use crate::wire::close::Code;
use crate::wire::dialect::Dialect;
use crate::wire::frame::FrameHeader;
use crate::wire::mask::MaskKey;
use crate::wire::opcode::Opcode;
use crate::wire::units::{self, Unit};

use super::hold::{Hold, Took};
use super::repair::Stray;

pub(super) use outlet::{Outlet, Work};
pub(super) use whole::Whole;

/// A part of what a side sends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'a> {
    /// A frame begins. At least one `Payload` follows.
    Header {
        /// As it came.
        header: &'a FrameHeader,
        /// What is at hand of its payload and behind it, as on the wire.
        following: &'a [u8],
    },
    /// The next bytes of the frame's payload, unmasked.
    Payload {
        /// The bytes.
        bytes: &'a [u8],
        /// Whether the frame ends here.
        last: bool,
    },
}

/// Where a stage stands: they are in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// What tests put in, where rules will stand.
    #[cfg(test)]
    First,
    /// Repairs what came.
    Repair,
    /// Fails the session at the first fault; in the place of `Repair`.
    Strict,
    /// Says it in another dialect.
    Bridge,
}

/// A station on the way of what one side sends. It lets out what it likes by `next`, now or later.
pub(super) trait Stage: fmt::Debug + Send {
    /// Where it stands.
    fn place(&self) -> Place;

    /// Takes the next part.
    fn part(&mut self, part: Part<'_>, next: &mut Next<'_, '_>);

    /// The side has ended; `in_header` where a header is cut short. Gives what it did, in words.
    fn end(&mut self, _how: Ending, _in_header: bool, _next: &mut Next<'_, '_>) -> Option<&'static str> {
        None
    }

    /// The frames can't be told apart from here on, and no part follows. Gives what it did, in words.
    fn lose(&mut self, _next: &mut Next<'_, '_>) -> Option<&'static str> {
        None
    }

    /// Bytes at a border between two frames that are no frame's and are to be left out.
    fn stray(&self, _rest: &[u8]) -> Option<Stray> {
        None
    }

    /// Whether it could leave now and nothing would be missed.
    fn is_idle(&self) -> bool {
        true
    }

    /// Does what is due.
    fn tick(&mut self, _next: &mut Next<'_, '_>) {}

    /// When `tick` is due.
    fn deadline(&self) -> Option<Time> {
        None
    }

    /// Whether it can hold no more, so that its side is not to be read.
    fn is_full(&self) -> bool {
        false
    }
}

/// What the stages of a call share.
pub(super) struct Tools<'t> {
    /// The time of the call.
    pub now: Time,
    /// The side that sends.
    pub from: Side,
    /// Draws mask keys.
    pub random: &'t mut StdRng,
    /// Which sides a bridge has told that nothing follows.
    pub told: &'t mut PerSide<bool>,
    /// What was seen.
    pub log: &'t mut Log,
}

/// What a stage has in a call: the stages behind it, and what it can say of itself.
pub(super) struct Next<'a, 't> {
    stages: &'a mut [Box<dyn Stage>],
    outlet: &'a mut Outlet,
    pub tools: &'a mut Tools<'t>,
}

impl Next<'_, '_> {
    /// Lets a part out, to the next stage.
    pub(super) fn part(&mut self, part: Part<'_>) {
        match self.stages.split_first_mut() {
            Some((stage, stages)) => {
                stage.part(part, &mut Next { stages, outlet: self.outlet, tools: self.tools });
            }
            None => self.outlet.write(part),
        }
    }

    /// Lets out the header of a frame.
    pub(super) fn header(&mut self, header: &FrameHeader) {
        self.part(Part::Header { header, following: &[] });
    }

    /// Lets out bytes of the frame's payload.
    pub(super) fn payload(&mut self, bytes: &[u8], last: bool) {
        self.part(Part::Payload { bytes, last });
    }

    /// Lets out a whole frame, its length in the shortest form. `first` is FIN, RSV and opcode.
    pub(super) fn frame(&mut self, first: u8, payload: &[u8], key: Option<MaskKey>) {
        let header = FrameHeader { first, ..FrameHeader::new(Opcode::new(first), payload.len() as u64, key) };
        self.header(&header);
        self.payload(payload, true);
    }

    /// Lets out a whole message in a dialect. For the last stage: what stands behind it would not know that dialect.
    pub(super) fn unit(&mut self, dialect: Dialect, unit: Unit) {
        // A client masks, a server does not (RFC 6455 5.1).
        let key = (self.tools.from == Side::Client).then(|| self.fresh_key());
        units::encode(dialect, unit, key, &mut self.outlet.bytes);
    }

    /// Says something to the side that sends.
    pub(super) fn back(&mut self, unit: Unit) {
        self.outlet.back.push(unit);
    }

    /// Nothing more of what the side sends is of use: the other side gets the end of the bytes.
    pub(super) fn end(&mut self) {
        self.outlet.ends = true;
    }

    /// What goes out at the lane's end is what was held of the frame that it has cut short.
    pub(super) const fn is_of_frame(&mut self) {
        self.outlet.is_of_frame = true;
    }

    /// A key that nobody can predict (RFC 6455 5.3).
    pub(super) fn fresh_key(&mut self) -> MaskKey {
        self.tools.random.next_u32().to_be_bytes()
    }

    /// The frame under way does not go out as it came, and why.
    pub(super) fn did(&mut self, by: By, what: &'static str) {
        self.changes(by);
        self.outlet.work.done.push(what);
    }

    /// The frame under way does not go out as it came, which needs no words.
    pub(super) fn changes(&mut self, by: By) {
        self.outlet.work.by = Some(by);
    }

    /// The frame under way does not go out at all, and why, where that needs words.
    pub(super) fn drops(&mut self, by: By, why: Option<&'static str>) {
        self.changes(by);
        self.outlet.work.done.extend(why);
        self.outlet.work.is_dropped = true;
    }

    /// Nothing of the frame under way goes out that has not gone, and the session is to be failed with that close code
    /// (RFC 6455 7.1.7).
    pub(super) fn fail(&mut self, code: Code) {
        self.outlet.fail(code);
    }

    /// What was done to the part under way.
    pub(super) fn done(&self) -> &[&'static str] {
        &self.outlet.work.done
    }

    /// Adds to the log.
    pub(super) fn tell(&mut self, event: Event) {
        self.tools.log.event(self.tools.now, event);
    }
}

/// Stages and what comes out of them.
#[derive(Debug, Default)]
pub(super) struct Chain {
    /// What stands in front of all stages.
    pub hold: Option<Box<Hold>>,
    stages: Vec<Box<dyn Stage>>,
    pub outlet: Outlet,
}

impl Chain {
    /// The stage at a place.
    pub(super) fn stage(&self, place: Place) -> Option<&dyn Stage> {
        self.stages.iter().find(|stage| stage.place() == place).map(AsRef::as_ref)
    }

    fn add(&mut self, stage: Box<dyn Stage>) {
        let at = self.stages.partition_point(|other| other.place() <= stage.place());
        self.stages.insert(at, stage);
    }

    /// Takes a part of what came, of the frame of that number.
    pub(super) fn part(&mut self, part: Part<'_>, number: FrameNumber, tools: &mut Tools<'_>) {
        if self.is_over() {
            self.outlet.work.by = Some(By::Ending);
            self.outlet.work.is_dropped = true;
            return;
        }
        let took = match (&mut self.hold, part) {
            (None, _) => Took::Passes,
            (Some(hold), Part::Header { header, .. }) => hold.header(header, number, tools.now),
            (Some(hold), Part::Payload { bytes, last }) => hold.payload(bytes, last),
        };
        match took {
            Took::Passes => self.behind(part, tools),
            Took::Holds => self.outlet.work.waits = self.hold.as_ref().map(|hold| hold.waiting()),
            Took::Drops => {
                let by_rule = self.hold.as_ref().is_some_and(|hold| hold.drops_by_rule());
                self.outlet.work.by = Some(if by_rule { By::Rule } else { By::User });
                self.outlet.work.is_dropped = true;
            }
        }
    }

    /// Whether the session ends here, by a rule or since a message can't be read, so that nothing behind it passes.
    pub(super) fn is_over(&self) -> bool {
        self.outlet.finish.is_some() || (self.only_holds() && self.outlet.fault.is_some())
    }

    /// Whether nothing can change what passes but the hold.
    pub(super) fn only_holds(&self) -> bool {
        self.stages.is_empty()
    }

    /// Takes a part of what is not held, or not any more.
    pub(super) fn behind(&mut self, part: Part<'_>, tools: &mut Tools<'_>) {
        Next { stages: &mut self.stages, outlet: &mut self.outlet, tools }.part(part);
    }

    /// Lets each stage do something besides, and gives what they did in words. What it lets out goes to those behind it.
    fn each<T>(
        &mut self,
        tools: &mut Tools<'_>,
        mut act: impl FnMut(&mut dyn Stage, &mut Next<'_, '_>) -> Option<T>,
    ) -> Option<T> {
        let mut done = None;
        let mut stages = self.stages.as_mut_slice();
        while let Some((stage, behind)) = stages.split_first_mut() {
            let next = &mut Next { stages: behind, outlet: &mut self.outlet, tools };
            done = act(stage.as_mut(), next).or(done);
            stages = behind;
        }
        done
    }

    /// The side has ended.
    pub(super) fn end(&mut self, how: Ending, in_header: bool, tools: &mut Tools<'_>) -> Option<&'static str> {
        self.each(tools, |stage, next| stage.end(how, in_header, next))
    }

    /// The frames can't be told apart from here on.
    pub(super) fn lose(&mut self, tools: &mut Tools<'_>) -> Option<&'static str> {
        self.each(tools, |stage, next| stage.lose(next))
    }

    /// Does what is due.
    pub(super) fn tick(&mut self, tools: &mut Tools<'_>) {
        let now = tools.now;
        self.each(tools, |stage, next| {
            if stage.deadline().is_some_and(|due| due <= now) {
                stage.tick(next);
            }
            None::<()>
        });
    }

    /// Bytes at a border between two frames that are to be left out.
    pub(super) fn stray(&self, rest: &[u8]) -> Option<Stray> {
        self.stages.iter().find_map(|stage| stage.stray(rest))
    }
}

/// The way of what one side sends.
#[derive(Debug, Default)]
pub(super) enum Passage {
    /// As it came: nothing else runs.
    #[default]
    Through,
    /// Through stages.
    Chain(Box<Chain>),
    /// wsproxy ends the session, and nothing passes any more.
    Closed,
}

impl Passage {
    /// What becomes of a frame of which no stage says anything else.
    #[inline]
    pub(super) const fn relayed(&self) -> Relayed {
        match self {
            Self::Through | Self::Chain(_) => Relayed::AsIs,
            Self::Closed => Relayed::Dropped(By::Ending),
        }
    }

    /// Puts a stage in.
    pub(super) fn add(&mut self, stage: Box<dyn Stage>) {
        if let Self::Through = self {
            *self = Self::Chain(Box::default());
        }
        if let Self::Chain(chain) = self {
            chain.add(stage);
        }
    }

    /// Takes a stage out.
    pub(super) fn remove(&mut self, place: Place) {
        if let Self::Chain(chain) = self {
            chain.stages.retain(|stage| stage.place() != place);
            self.settle();
        }
    }

    /// Puts the hold in.
    pub(super) fn put_hold(&mut self, hold: Box<Hold>) {
        if let Self::Through = self {
            *self = Self::Chain(Box::default());
        }
        if let Self::Chain(chain) = self {
            chain.hold = Some(hold);
        }
    }

    /// Takes the hold out.
    pub(super) fn remove_hold(&mut self) {
        if let Self::Chain(chain) = self {
            chain.hold = None;
            self.settle();
        }
    }

    /// Where nothing is left to run, what comes passes as it is.
    fn settle(&mut self) {
        if let Self::Chain(chain) = self
            && chain.hold.is_none()
            && chain.stages.is_empty()
            && chain.outlet.is_empty()
        {
            *self = Self::Through;
        }
    }

    /// The hold, where there is one.
    #[inline]
    pub(super) fn hold(&self) -> Option<&Hold> {
        match self {
            Self::Chain(chain) => chain.hold.as_deref(),
            Self::Through | Self::Closed => None,
        }
    }

    /// How many bytes of whole frames, the first of that number, nobody on the way would change.
    pub(super) fn clear(&self, input: &[u8], number: FrameNumber, now: Time) -> usize {
        match self {
            Self::Chain(chain) if chain.only_holds() && !chain.is_over() => {
                chain.hold.as_ref().map_or(0, |hold| hold.clear(input, number, now))
            }
            Self::Through | Self::Chain(_) | Self::Closed => 0,
        }
    }

    /// The hold, to be changed.
    #[inline]
    pub(super) fn hold_mut(&mut self) -> Option<&mut Hold> {
        match self {
            Self::Chain(chain) => chain.hold.as_deref_mut(),
            Self::Through | Self::Closed => None,
        }
    }

    /// The stages, where there are any.
    #[inline]
    pub(super) fn chain(&mut self) -> Option<&mut Chain> {
        match self {
            Self::Chain(chain) => Some(chain),
            Self::Through | Self::Closed => None,
        }
    }

    /// The stage at a place.
    pub(super) fn stage(&self, place: Place) -> Option<&dyn Stage> {
        match self {
            Self::Chain(chain) => chain.stage(place),
            Self::Through | Self::Closed => None,
        }
    }

    /// Whether what goes out does so in whole messages only, so that between any two reads there is a place for more.
    pub(super) fn is_whole(&self) -> bool {
        self.stage(Place::Bridge).is_some()
    }

    /// The close code with which a stage fails the session.
    #[inline]
    pub(super) fn fault(&self) -> Option<Code> {
        match self {
            Self::Chain(chain) => chain.outlet.fault,
            Self::Through | Self::Closed => None,
        }
    }

    /// When `tick` is due.
    #[inline]
    pub(super) fn deadline(&self) -> Option<Time> {
        match self {
            Self::Chain(chain) => {
                let held = chain.hold.as_ref().and_then(|hold| hold.deadline());
                chain.stages.iter().filter_map(|stage| stage.deadline()).chain(held).min()
            }
            Self::Through | Self::Closed => None,
        }
    }

    /// Whether a close frame could stand where a stage failed the session.
    pub(super) fn is_at_border(&self) -> bool {
        match self {
            Self::Chain(chain) => chain.outlet.is_at_border(),
            Self::Through | Self::Closed => true,
        }
    }

    /// Whether a stage can hold no more.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        match self {
            Self::Chain(chain) => {
                chain.hold.as_ref().is_some_and(|hold| hold.is_full())
                    || chain.stages.iter().any(|stage| stage.is_full())
            }
            Self::Through | Self::Closed => false,
        }
    }
}
