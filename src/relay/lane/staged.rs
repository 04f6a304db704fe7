//! A lane whose frames go through stages: they are put in and taken out, get the parts, and what they did is told.

use crate::record::finding::{Finding, Level, Place};
use crate::record::{By, Ending, Event, FrameNumber, Log, Policy, Relayed, Time};
use crate::relay::edits::Edit;
use crate::relay::passage::{self, Part, Passage, Stage, Tools, Work};
use crate::relay::repair::{Repair, Start};
use crate::relay::session::Output;
use crate::wire::frame::FrameHeader;
use crate::wire::mask;

use super::reader::Reader;
use super::{Context, Lane};

impl Lane {
    /// Puts in or takes out the stage that the policy wants, where the stream allows it.
    #[inline]
    pub(super) fn choose_stages(&mut self, policy: Policy) {
        if matches!(self.passage, Passage::Through) && policy == Policy::Faithful {
            return;
        }
        self.change_stages(policy);
    }

    fn change_stages(&mut self, policy: Policy) {
        let places = [passage::Place::Repair, passage::Place::Strict];
        let there = places.into_iter().find_map(|place| self.passage.stage(place));
        let wanted = match policy {
            Policy::Faithful => None,
            Policy::Repair => Some(passage::Place::Repair),
            Policy::Strict => Some(passage::Place::Strict),
        };
        let (there, is_idle) = (there.map(Stage::place), there.is_none_or(Stage::is_idle));
        let is_closed = matches!(self.passage, Passage::Closed) || self.passage.is_whole();
        // A stage begins with what comes next, so nothing may be on its way there.
        let holds = self.passage.hold().is_some_and(|hold| !hold.is_empty());
        if there == wanted || is_closed || holds || !is_idle || !self.reader.is_between_frames() {
            return;
        }
        if let Some(place) = there {
            self.passage.remove(place);
        }
        let start = Start {
            deflate: self.watch.deflates(),
            is_within_message: self.reader.is_within_message(),
            closed: self.close.is_some(),
        };
        if let Some(stage) = Repair::under(policy, self.from, start) {
            self.passage.add(Box::new(stage));
        }
    }

    /// What the stages let out takes the place of what was read.
    pub(super) fn let_out(&mut self, input: &[u8], base: usize, out: &mut Output) {
        let Some(chain) = self.passage.chain() else { return };
        let insert = chain.outlet.take();
        if insert != input {
            out.to[self.from.other()].edit(Edit { at: base, remove: input.len(), insert });
        }
    }

    /// How many bytes at this place are no frame's. They are dropped, and told.
    pub(super) fn skip_stray(&mut self, context: &mut Context<'_>, rest: &[u8], log: &mut Log) -> usize {
        if !self.reader.is_between_frames() {
            return 0;
        }
        let is_first = self.frames() == 0;
        let Some(chain) = self.passage.chain() else { return 0 };
        let mut at = 0;
        while let Some(stray) = chain.stray(rest.get(at..).unwrap_or_default()) {
            let kind = stray.kind(is_first, rest.get(at).copied().unwrap_or_default());
            let mut finding = Finding::new(kind, Place::Stream).bytes(&rest[at..], 0, stray.length);
            finding.repaired = true;
            log.event(context.now, Event::Finding(self.from, finding.detail("dropped by wsproxy")));
            at += stray.length;
        }
        at
    }

    /// A frame that came whole: what becomes of it.
    #[inline]
    pub(super) fn stage_whole(
        &mut self,
        context: &mut Context<'_>,
        header: &FrameHeader,
        following: &[u8],
        log: &mut Log,
    ) -> Relayed {
        if !matches!(self.passage, Passage::Chain(_)) {
            return self.passage.relayed();
        }
        let number = *context.next;
        let first = self.stage_header(context, header, following, number, log);
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        let payload = following.get(..length).unwrap_or(following);
        let second = self.stage_payload(context, header, 0, payload, true, number, log);
        if second == Relayed::AsIs { first } else { second }
    }

    /// A header came: what becomes of its frame, as far as that shows.
    pub(super) fn stage_header(
        &mut self,
        context: &mut Context<'_>,
        header: &FrameHeader,
        following: &[u8],
        number: FrameNumber,
        log: &mut Log,
    ) -> Relayed {
        let from = self.from;
        let Some(chain) = self.passage.chain() else { return self.passage.relayed() };
        chain.outlet.begin();
        chain.part(Part::Header { header, following }, number, &mut context.tools(from, log));
        let work = chain.outlet.take_work();
        self.tell_work(context.now, number, &work, log)
    }

    /// Payload bytes came, from `offset` of the frame's on.
    #[expect(
        clippy::too_many_arguments,
        reason = "a piece of payload is nothing without its frame and its place in it"
    )]
    pub(super) fn stage_payload(
        &mut self,
        context: &mut Context<'_>,
        header: &FrameHeader,
        offset: u64,
        payload: &[u8],
        last: bool,
        number: FrameNumber,
        log: &mut Log,
    ) -> Relayed {
        let from = self.from;
        let Some(chain) = self.passage.chain() else { return self.passage.relayed() };
        let mut tools = context.tools(from, log);
        if let Some(key) = header.mask {
            let mut plain = payload.to_vec();
            mask::apply(key, offset, &mut plain);
            chain.part(Part::Payload { bytes: &plain, last }, number, &mut tools);
        } else {
            chain.part(Part::Payload { bytes: payload, last }, number, &mut tools);
        }
        let work = chain.outlet.take_work();
        self.tell_work(context.now, number, &work, log)
    }

    pub(super) fn tell_work(&mut self, now: Time, number: FrameNumber, work: &Work, log: &mut Log) -> Relayed {
        let relayed = work.relayed();
        if work.done.is_empty() {
            return relayed;
        }
        let how = match relayed {
            Relayed::Dropped(By::Strict) => "refused",
            Relayed::Dropped(_) => "dropped",
            Relayed::Changed(_) | Relayed::AsIs | Relayed::Held | Relayed::Delayed => "repaired",
        };
        if relayed.by() == Some(By::Repair) {
            self.watch.note_repaired(number);
        }
        let what = work.done.join(", ");
        note(now, format!("frame {number} of the {} {how}: {what}", self.from.name()), log);
        relayed
    }

    /// Writes down what left in place of a frame.
    pub(super) fn record_sent(&self, context: &Context<'_>, number: FrameNumber, relayed: Relayed, log: &mut Log) {
        if let Passage::Chain(chain) = &self.passage {
            self.ledger.sent(context, number, relayed, &chain.outlet, log);
        }
    }

    /// The framing is lost: the receiver is told so, and gets nothing more. Where nothing but a hold stands in the way, what
    /// it has passed on `rest` behind all frames.
    pub(super) fn lose_stages(&mut self, context: &mut Context<'_>, rest: [&[u8]; 2], log: &mut Log) {
        let from = self.from;
        self.release_for_raw(context, rest, log);
        let Some(chain) = self.passage.chain() else { return };
        chain.outlet.begin();
        let what = chain.lose(&mut context.tools(from, log));
        let own = chain.outlet.of_frame().1.to_vec();
        self.record_own(context, &own, log);
        if let Some(what) = what {
            note(context.now, format!("the {}'s frames can't be told apart any more: {what}", from.name()), log);
        }
    }

    /// The lane has ended: what its stages still owe goes out.
    pub(super) fn end_stages(&mut self, context: &mut Context<'_>, how: Ending, out: &mut Output) {
        if matches!(self.reader, Reader::Handshake | Reader::Raw) {
            return;
        }
        if let Reader::Frames(_) = self.reader {
            self.choose_stages(context.policy);
        }
        let (from, in_header) = (self.from, !self.reader.unfinished_header().is_empty());
        let Some(chain) = self.passage.chain() else { return };
        if chain.only_holds() {
            return;
        }
        let what = chain.end(how, in_header, &mut context.tools(from, &mut out.log));
        let cut = self.ledger.current().filter(|_| chain.outlet.is_of_frame);
        if let Some((number, relayed)) = cut.map(|frame| (frame.number, frame.relayed)) {
            self.ledger.sent(context, number, relayed, &chain.outlet, &mut out.log);
            let held = chain.outlet.take();
            out.to[from.other()].append(&held);
        } else {
            let own = chain.outlet.take();
            self.record_own(context, &own, &mut out.log);
            out.to[from.other()].append(&own);
        }
        if let Some(what) = what {
            note(context.now, format!("the {} ended without a close frame: {what}", from.name()), &mut out.log);
        }
    }

    /// When `tick` is due.
    pub(in crate::relay) fn deadline(&self) -> Option<Time> {
        self.passage.deadline().into_iter().chain(self.second_due()).min()
    }

    /// Does what is due, and lets stages do so.
    pub(in crate::relay) fn tick(&mut self, context: &mut Context<'_>, out: &mut Output) {
        let from = self.from;
        if self.second_due().is_some_and(|due| context.now >= due) {
            self.tell_second(context.now, &mut out.log);
        }
        self.tick_hold(context, &mut out.log);
        if let Some(chain) = self.passage.chain() {
            chain.tick(&mut context.tools(from, &mut out.log));
        }
        self.go_on(context, out);
    }
}

impl Context<'_> {
    pub(super) fn tools<'t>(&'t mut self, from: crate::record::Side, log: &'t mut Log) -> Tools<'t> {
        Tools { now: self.now, from, random: self.random, told: self.told, log }
    }
}

pub(super) fn note(now: Time, text: String, log: &mut Log) {
    log.event(now, Event::Note(Level::Note, text));
}
