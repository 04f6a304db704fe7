//! A lane on which messages are held: the hold is put in and taken out, and what it lets go goes out in its turn.

use std::sync::Arc;

use crate::diagnose::own::Own;
use crate::record::finding::Level;
use crate::record::{
    By, Event, FrameNumber, HeldEvent, Log, Origin, Relayed, ReleasedBy, ReleasedEvent, ReleasedHow, Side, Waits,
};
use crate::relay::hold::{self, Decision, Due, Hold, HookList, HookOutcome, Inflated, Leaning, Leaves, Untold};
use crate::relay::injection::{self, Injection, Refusal, Reply, Token, Wait};
use crate::relay::passage::{Part, Passage};
use crate::relay::session::{Act, Output};
use crate::wire::close::Code;
use crate::wire::frame::FrameHeader;
use crate::wire::mask;
use crate::wire::opcode::Opcode;
use crate::wire::units::NoFrame;

use super::reader::Reader;
use super::staged::note;
use super::{Context, Lane};

const DISTURBED: &str =
    "compressed messages lean on those before them, and the receiver did not get this one: from here on they go out";
const BROKEN: &str = "a message can't be inflated, and compressed the receiver could not read it behind one that was \
    edited or dropped: the session ends";

/// What of a message has left the hold, while more of it may follow at once.
struct Leaving {
    by: ReleasedBy,
    frames: Vec<FrameNumber>,
}

impl Lane {
    /// Puts in, changes or takes out the hold, where the user wants it otherwise and the stream allows it.
    #[inline]
    pub(super) fn choose_hold(&mut self, context: &mut Context<'_>) {
        if self.hold_versions != (context.hold.version(), context.rules.version())
            || self.passage.hold().is_some_and(Hold::is_idle)
        {
            self.change_hold(context);
        }
    }

    fn change_hold(&mut self, context: &mut Context<'_>) {
        let versions = (context.hold.version(), context.rules.version());
        let was = self.hold_versions;
        // Where nothing can be held any more, it is as if nothing were to be.
        let is_over = self.ended.is_some() || matches!(self.reader, Reader::Raw);
        let condition = context.hold.of_side(self.from).filter(|_| !is_over);
        let hooks = if is_over { HookList::default() } else { context.hold.hooks() };
        let judge = if is_over { None } else { self.new_judge(context) };
        match self.passage.hold_mut() {
            Some(hold) => {
                hold.set_rules(judge);
                hold.set(condition);
                hold.set_hooks(hooks);
                if !hold.may_ask() && was != versions {
                    hold.release_all(ReleasedBy::User);
                }
                if hold.is_idle() && self.backlog.is_empty() && self.reader.is_between_frames() {
                    self.passage.remove_hold();
                    self.watch.keep_inflated(context.limits.kept_inflated);
                }
            }
            None if condition.is_none() && hooks.is_empty() && judge.is_none() => {}
            None => {
                let Some(mut hold) = self.new_hold(context) else { return };
                hold.set_rules(judge);
                hold.set(condition);
                hold.set_hooks(hooks);
                self.put_hold(hold);
                self.watch.keep_inflated(context.limits.hold_bytes.max(context.limits.kept_inflated));
            }
        }
        self.hold_versions = versions;
    }

    /// A hold for this place in the stream, if it is one where a hold can begin.
    fn new_hold(&mut self, context: &Context<'_>) -> Option<Box<Hold>> {
        let is_within_frame = !self.reader.is_between_frames();
        let message = match &self.reader {
            Reader::Frames(frames) if self.reader.unfinished_header().is_empty() => frames.message,
            Reader::Hixie(_) if !is_within_frame => Default::default(),
            Reader::Frames(_) | Reader::Hixie(_) | Reader::Handshake | Reader::Raw => return None,
        };
        let scene = hold::Scene {
            from: self.from,
            session: context.hold.session(),
            path: Arc::clone(context.path),
            subprotocol: context.subprotocol.clone(),
            deflate: self.watch.deflate(),
        };
        Some(Box::new(Hold::new(scene, context.limits, message, is_within_frame)))
    }

    fn put_hold(&mut self, hold: Box<Hold>) {
        let goes_through = matches!(self.passage, Passage::Through);
        self.passage.put_hold(hold);
        if let (true, Some(chain), Some(current)) = (goes_through, self.passage.chain(), self.ledger.current()) {
            chain.outlet.resume(current.header, current.received);
        }
    }

    /// What is held has changed: does at once what follows from that.
    pub(in crate::relay) fn rehold(&mut self, context: &mut Context<'_>, out: &mut Output) {
        self.choose_hold(context);
        self.go_on(context, out);
    }

    /// Decides what becomes of the message that a frame belongs to; `None` where it is not held here.
    pub(in crate::relay) fn decide(
        &mut self,
        context: &mut Context<'_>,
        frame: Option<FrameNumber>,
        decision: Decision,
        token: Token,
        out: &mut Output,
    ) -> Result<(), Refusal> {
        if let Decision::Edit(injection) = &decision
            && let Some(refusal) = self.writer.refusal(injection)
        {
            return Err(refusal);
        }
        let hold = self.passage.hold_mut().ok_or(Refusal::NotHeld)?;
        let earlier = hold.decided(frame, decision, Some(token))?;
        out.replies.extend(earlier.map(|earlier| (earlier, Reply::Released)));
        self.go_on(context, out);
        if !out.replies.iter().any(|(told, _)| *told == token) {
            out.replies.push((token, Reply::Waiting(Wait::Held)));
        }
        Ok(())
    }

    /// What came of a question about a message that waits for a hook.
    pub(in crate::relay) fn hooked(
        &mut self,
        context: &mut Context<'_>,
        (frame, hook): (FrameNumber, usize),
        outcome: HookOutcome,
        out: &mut Output,
    ) -> Result<(), Refusal> {
        let outcome = match outcome {
            HookOutcome::Decided(Decision::Edit(injection)) if let Some(refusal) = self.writer.refusal(&injection) => {
                let text = format!("frame {frame} of the {} passes, for {refusal}", self.from.name());
                out.log.event(context.now, Event::Note(Level::Warning, text));
                HookOutcome::None
            }
            outcome => outcome,
        };
        let hold = self.passage.hold_mut().ok_or(Refusal::NotHeld)?;
        hold.hooked(frame, hook, outcome, context.now)?;
        self.go_on(context, out);
        Ok(())
    }

    /// Gives out what programs are to be asked.
    #[inline]
    pub(super) fn ask_hooks(&mut self, out: &mut Output) {
        if let Some(hold) = self.passage.hold_mut() {
            out.acts.extend(hold.take_questions().into_iter().map(|question| Act::Ask(Box::new(question))));
        }
    }

    /// All that is held goes on. Gives how many messages waited for that.
    pub(in crate::relay) fn release_all(&mut self, context: &mut Context<'_>, out: &mut Output) -> usize {
        let count = self.passage.hold_mut().map_or(0, |hold| hold.release_all(ReleasedBy::User));
        self.go_on(context, out);
        count
    }

    /// The side has ended: all that is held goes on in front of its end.
    pub(super) fn release_at_end(&mut self, context: &mut Context<'_>, out: &mut Output) {
        let name = self.from.name();
        self.release_finally(context, ReleasedBy::End, format!("the {name} ended, so what was held went on"), out);
        if let (Some(chain), carried) = (self.passage.chain(), self.reader.unfinished_header())
            && chain.only_holds()
        {
            out.to[self.from.other()].append(carried);
        }
    }

    /// wsproxy ends the session: all that is held goes on in front of its close frames.
    pub(super) fn release_to_quit(&mut self, context: &mut Context<'_>, out: &mut Output) {
        if let Some(hold) = self.passage.hold_mut() {
            hold.drop_unfinished(ReleasedBy::Quit);
        }
        let name = self.from.name();
        let text = format!("wsproxy ends the session, so what was held of the {name} went on");
        self.release_finally(context, ReleasedBy::Quit, text, out);
    }

    fn release_finally(&mut self, context: &mut Context<'_>, by: ReleasedBy, text: String, out: &mut Output) {
        let Some(hold) = self.passage.hold_mut() else { return };
        hold.set(None);
        hold.set_hooks(HookList::default());
        hold.set_rules(None);
        let count = hold.release_all(by);
        if count > 0 {
            note(context.now, format!("{text}: {}", messages(count)), &mut out.log);
        }
        self.go_on(context, out);
    }

    /// No frames follow: all that is held goes on, and behind it those bytes, where nothing but the hold is in the way.
    pub(super) fn release_for_raw(&mut self, context: &mut Context<'_>, rest: [&[u8]; 2], log: &mut Log) {
        let Some(hold) = self.passage.hold_mut() else { return };
        hold.set(None);
        hold.set_hooks(HookList::default());
        hold.set_rules(None);
        hold.release_all(ReleasedBy::End);
        self.flush(context, None, log);
        if let Some(chain) = self.passage.chain()
            && chain.only_holds()
        {
            rest.iter().for_each(|bytes| chain.outlet.bytes.extend_from_slice(bytes));
        }
    }

    /// What was held for too long goes on.
    pub(super) fn tick_hold(&mut self, context: &Context<'_>, log: &mut Log) {
        let Some(hold) = self.passage.hold_mut() else { return };
        let count = hold.tick(context.now);
        if count > 0 {
            let limit = context.limits.hold_time.as_secs();
            let text = format!("held for {limit} s, which is the limit, and released: {}", messages(count));
            log.event(context.now, Event::Note(Level::Warning, text));
        }
    }

    /// Lets out what may go, and takes what there is room for now of what was read.
    pub(super) fn go_on(&mut self, context: &mut Context<'_>, out: &mut Output) {
        if self.passage.hold().is_some() {
            self.flush(context, None, &mut out.log);
            while !self.backlog.is_empty() && !self.passage.is_full() {
                let backlog = std::mem::take(&mut self.backlog);
                self.begin_read(context);
                self.follow(context, &backlog, 0, out);
                self.end_read(context, &mut out.log);
            }
            self.inject_waiting(context, 0, out);
            self.tell_held(context, &mut out.log);
        }
        if let Some(chain) = self.passage.chain() {
            out.to[self.from.other()].append(&chain.outlet.take());
        }
        out.replies.append(&mut self.replies);
        self.ask_hooks(out);
        self.choose_hold(context);
    }

    /// What of `input` there is room for in the hold.
    #[inline]
    pub(super) fn fitting<'a>(&self, input: &'a [u8]) -> &'a [u8] {
        self.passage.hold().map_or(input, |hold| input.get(..hold.room()).unwrap_or(input))
    }

    /// Whether the rest of a read has to wait: the hold is full. It is kept until there is room.
    pub(super) fn waits_for_room(&mut self, context: &mut Context<'_>, rest: &[u8], log: &mut Log) -> bool {
        if self.passage.hold().is_none_or(|hold| !hold.is_full()) {
            return false;
        }
        // The message that fills it may not be decided yet.
        self.flush(context, None, log);
        let is_full = self.passage.hold().is_some_and(Hold::is_full);
        if is_full {
            self.backlog = rest.to_vec();
        }
        is_full
    }

    /// Whether it is to be read: it has room for what comes, and nothing of an earlier read waits.
    pub(in crate::relay) fn has_room(&self) -> bool {
        self.backlog.is_empty() && !self.passage.is_full()
    }

    /// Notes what a compressed frame that is whole added to its message, where that may matter.
    pub(super) fn note_inflated(&mut self, is_whole: bool) {
        self.inflated = match self.passage.hold() {
            Some(hold) if is_whole && hold.holds_newest() => {
                self.watch.unpacked().map(|(bytes, is_all)| Inflated { bytes, is_all })
            }
            _ => None,
        };
    }

    /// A frame is whole, and so far `relayed`: where it is held, it is decided whether it stays so.
    #[inline]
    pub(super) fn settle(
        &mut self,
        context: &mut Context<'_>,
        number: FrameNumber,
        relayed: Relayed,
        log: &mut Log,
    ) -> Relayed {
        if !relayed.waits() {
            return relayed;
        }
        let inflated = self.inflated.take();
        if let Some(hold) = self.passage.hold_mut() {
            hold.ends(number, inflated);
        }
        self.flush(context, Some(number), log).unwrap_or(relayed)
    }

    /// A frame was written down, and what became of it.
    #[inline]
    pub(super) fn recorded(&mut self, context: &mut Context<'_>, number: FrameNumber, relayed: Relayed, log: &mut Log) {
        if self.passage.hold().is_none() {
            return;
        }
        if let (true, Some(hold)) = (relayed.waits(), self.passage.hold_mut()) {
            hold.note_recorded(number);
        }
        self.tell_ruled(context, log);
        // It may have passed by what is held, within which nothing else could go.
        self.flush(context, None, log);
        self.tell_held(context, log);
    }

    fn tell_held(&mut self, context: &Context<'_>, log: &mut Log) {
        self.tell_ruled(context, log);
        let Some(hold) = self.passage.hold_mut() else { return };
        let untold = hold.take_untold();
        // What only rules delay is told by them.
        let may_ask = hold.may_ask();
        for Untold { frame, length, waits } in untold.into_iter().filter(|it| it.waits != Waits::Order || may_ask) {
            let query = if waits == Waits::Hook { hold.hook_query(frame) } else { hold.query() }.to_owned();
            let held = context.hold.next_held();
            let held = HeldEvent { held, frame, from: self.from, length, waits, query };
            log.event(context.now, Event::Held(held));
        }
        if hold.has_filled() {
            let (limits, name) = (context.limits.of_hold(), self.from.name());
            let text = format!("no more is held of the {name} ({limits}): it is not read until some of it goes on");
            log.event(context.now, Event::Note(Level::Warning, text));
        }
    }

    /// Lets out what may go now. Gives what became of the frame under way, if it went and was not written down before.
    fn flush(&mut self, context: &mut Context<'_>, under_way: Option<FrameNumber>, log: &mut Log) -> Option<Relayed> {
        let (mut leaving, mut became) = (None::<Leaving>, None);
        loop {
            if !self.behind.is_empty() {
                // A frame of a rule's has the next number, which that under way has while it is not written down.
                if under_way.is_some() {
                    break;
                }
                self.tell_released(context, leaving.take(), log);
                self.write_behind(context, log);
            }
            let Some(due) = self.passage.hold_mut().and_then(|hold| hold.due(context.now)) else { break };
            match due {
                Due::Part { frame, header, payload, last, by, is_plain, token, after } => {
                    let (header, payload) = match (header, self.passage.hold_mut()) {
                        (Some(header), Some(hold)) if is_plain => {
                            let (header, payload) = hold.pack(context.hold.leaning(), &frame.header, header, payload);
                            (Some(header), payload)
                        }
                        (header, _) => (header, payload),
                    };
                    if leaving.as_ref().is_some_and(|leaving| leaving.by != by) {
                        self.tell_released(context, leaving.take(), log);
                    }
                    let relayed = match self.let_go(context, &frame, header, &payload, last, log) {
                        Relayed::AsIs if is_plain => Relayed::Changed(By::Hold),
                        relayed => relayed,
                    };
                    if under_way == Some(frame.number) && !frame.is_recorded {
                        became = Some(relayed);
                    } else {
                        self.record_sent(context, frame.number, relayed, log);
                        self.ledger.settles(frame.number, relayed);
                    }
                    if frame.is_recorded && header.is_some() {
                        leaving.get_or_insert_with(|| Leaving { by, frames: Vec::new() }).frames.push(frame.number);
                    }
                    self.replies.extend(token.map(|token| (token, Reply::Released)));
                    self.follows_by_rule(after);
                }
                Due::Instead { frames, injection, by, disturbs, token, after } => {
                    self.tell_released(context, leaving.take(), log);
                    let (how, reply) = self.replace(context, &frames, injection, by, log);
                    // A rule's work on the frame under way is written down with that.
                    if frames.iter().any(|frame| Some(frame.number) == under_way && !frame.is_recorded)
                        && by == ReleasedBy::Rule
                    {
                        became = Some(how);
                    }
                    // What follows is nothing, where a rule ends the session.
                    let ends = after.as_ref().is_some_and(|after| after.finish.is_some());
                    self.follows_by_rule(after);
                    if disturbs && !ends {
                        let (frame, from) = (frames.first().map(|frame| frame.number), self.from.name());
                        let frame = frame.map_or_else(String::new, |frame| format!("frame {frame} of the {from}: "));
                        let how = match context.hold.leaning() {
                            Leaning::Inflated => "inflated; :recompress compresses them anew",
                            Leaning::Anew => "compressed anew",
                        };
                        note(context.now, format!("{frame}{DISTURBED} {how}"), log);
                    }
                    self.replies.extend(token.map(|token| (token, reply)));
                }
                Due::Broken => {
                    log.event(context.now, Event::Note(Level::Error, BROKEN.to_owned()));
                    if let Some(chain) = self.passage.chain() {
                        chain.outlet.begin();
                        chain.outlet.fault = Some(Code::TOO_BIG);
                    }
                    self.passage.hold_mut().into_iter().for_each(Hold::fail);
                }
            }
        }
        self.tell_released(context, leaving, log);
        became
    }

    fn tell_released(&self, context: &Context<'_>, leaving: Option<Leaving>, log: &mut Log) {
        if let Some(Leaving { by, frames }) = leaving {
            let released = ReleasedEvent { frames, from: self.from, how: ReleasedHow::AsIs, by };
            log.event(context.now, Event::Released(released));
        }
    }

    /// A frame that was held goes on, or a part of one.
    fn let_go(
        &mut self,
        context: &mut Context<'_>,
        frame: &Leaves,
        header: Option<FrameHeader>,
        payload: &[u8],
        last: bool,
        log: &mut Log,
    ) -> Relayed {
        let from = self.from;
        let Some(chain) = self.passage.chain() else { return Relayed::AsIs };
        if let Some(header) = header {
            let mut following = payload.to_vec();
            if let Some(key) = header.mask {
                mask::apply(key, 0, &mut following);
            }
            chain.outlet.begin();
            chain.behind(Part::Header { header: &header, following: &following }, &mut context.tools(from, log));
        }
        chain.behind(Part::Payload { bytes: payload, last }, &mut context.tools(from, log));
        let work = chain.outlet.take_work();
        self.tell_work(context.now, frame.number, &work, log)
    }

    /// Something else goes out in place of a message, or nothing.
    fn replace(
        &mut self,
        context: &mut Context<'_>,
        frames: &[Leaves],
        injection: Option<Injection>,
        by: ReleasedBy,
        log: &mut Log,
    ) -> (Relayed, Reply) {
        let who = match by {
            ReleasedBy::User => By::User,
            ReleasedBy::Hook => By::Hook,
            ReleasedBy::Rule => By::Rule,
            _ => By::Ending,
        };
        let dropped = Relayed::Dropped(who);
        let Some(first) = frames.first().map(|frame| frame.number) else { return (dropped, Reply::Released) };
        let mut bytes = Vec::new();
        let (how, mut reply) = match injection {
            Some(injection) => match self.encode(context, injection, first, &mut bytes) {
                Ok(()) => (ReleasedHow::Edited, Reply::Released),
                Err(none) => (ReleasedHow::Dropped, Reply::Refused(none.into())),
            },
            None => (ReleasedHow::Dropped, Reply::Released),
        };
        if how == ReleasedHow::Edited {
            if who == By::Rule {
                self.note_broken(context, Some(first), &bytes);
            }
            self.ledger.sent_bytes(context, first, who, 0, &bytes, log);
        }
        match self.passage.chain() {
            Some(chain) => {
                chain.outlet.begin();
                chain.outlet.bytes.append(&mut bytes);
            }
            None => reply = Reply::Refused(Refusal::Ended),
        }
        // A message of which more is to come is dropped with all of it.
        frames.iter().for_each(|frame| self.ledger.settles(frame.number, dropped));
        // What was not written down as held, since a rule decided at once, is not released.
        let is_told = |frame: &&Leaves| by != ReleasedBy::Rule || frame.is_recorded;
        let frames: Vec<_> = frames.iter().filter(is_told).map(|frame| frame.number).collect();
        if !frames.is_empty() {
            log.event(context.now, Event::Released(ReleasedEvent { frames, from: self.from, how, by }));
        }
        (if how == ReleasedHow::Edited { Relayed::Changed(who) } else { dropped }, reply)
    }

    /// What the user sends in place of a message, as bytes.
    fn encode(
        &mut self,
        context: &mut Context<'_>,
        injection: Injection,
        number: FrameNumber,
        bytes: &mut Vec<u8>,
    ) -> Result<(), NoFrame> {
        match injection {
            Injection::Frame { first, payload } => {
                if Opcode::new(first) == Opcode::CLOSE {
                    self.note_close(context.now, Origin::Injected, &payload);
                }
                self.writer.encode(context, first, payload)?.write(bytes);
            }
            Injection::Fragments { first, payloads } => {
                let count = payloads.len();
                for (index, payload) in payloads.into_iter().enumerate() {
                    let first = injection::fragment_first(first, index, count);
                    self.writer.encode(context, first, payload)?.write(bytes);
                }
            }
            Injection::Raw(raw) => {
                bytes.extend_from_slice(&raw);
                self.note_broken(context, Some(number), &raw);
            }
        }
        Ok(())
    }

    /// Raw bytes of the user's may break the stream that the receiver gets.
    pub(super) fn note_broken(&mut self, context: &mut Context<'_>, frame: Option<FrameNumber>, raw: &[u8]) {
        let fails_page = self.from == Side::Server && context.judgement.failure().is_some();
        if let Some(kind) = self.watch.broken(raw).filter(|_| !fails_page) {
            context.own[self.from.other()] = Some(Own { frame, kind });
        }
    }
}

fn messages(count: usize) -> String {
    if count == 1 { "1 message".to_owned() } else { format!("{count} messages") }
}
