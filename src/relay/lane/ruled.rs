//! A lane on which rules act: they are put in and taken out, and what follows from them is done and told.

use crate::record::{Event, Log, Origin, RuledEvent};
use crate::relay::hold::{Hold, Ruled};
use crate::relay::injection::Refusal;
use crate::relay::passage::Passage;
use crate::relay::rules::{After, Finish, Judge, Post};
use crate::relay::session::Output;

use super::staged::note;
use super::{Context, Lane, Queued};

impl Lane {
    /// The rules that may act on what comes, with what those that were there before remember.
    pub(super) fn new_judge(&mut self, context: &Context<'_>) -> Option<Box<Judge>> {
        let before = self.passage.hold_mut().and_then(Hold::judge_mut);
        Judge::of(context.rules, (self.from, context.path), (context.began, context.limits.hold_bytes), before)
    }

    /// Whether all that waits here goes on by itself, in its time.
    pub(in crate::relay) fn only_delays(&self) -> bool {
        self.passage.hold().is_some_and(Hold::only_delays)
    }

    /// A message that rules acted on has left, or was left out: what follows.
    pub(super) fn follows_by_rule(&mut self, after: Option<Box<After>>) {
        let Some(After { behind, back, finish }) = after.map(|after| *after) else { return };
        self.behind.extend(behind);
        let Some(chain) = self.passage.chain() else { return };
        chain.outlet.responses.extend(back);
        if finish.is_some() {
            chain.outlet.finish = finish;
            self.passage.hold_mut().into_iter().for_each(Hold::fail);
        }
    }

    /// Writes what rules put in behind a message.
    pub(super) fn write_behind(&mut self, context: &mut Context<'_>, log: &mut Log) {
        let mut bytes = Vec::new();
        for post in std::mem::take(&mut self.behind) {
            self.put(context, post, &mut bytes, log);
        }
        if let Some(chain) = self.passage.chain() {
            chain.outlet.begin();
            chain.outlet.bytes.append(&mut bytes);
        }
    }

    /// What a rule says to the side that this lane leads to.
    pub(in crate::relay) fn say_by_rule(&mut self, context: &mut Context<'_>, post: Post, out: &mut Output) {
        let mut bytes = Vec::new();
        self.put(context, post, &mut bytes, &mut out.log);
        out.to[self.from.other()].append(&bytes);
    }

    /// Writes a frame of a rule's where one can stand now; else it waits for its place.
    fn put(&mut self, context: &mut Context<'_>, post: Post, bytes: &mut Vec<u8>, log: &mut Log) {
        let refusal = match self.refusal(context, &post.injection) {
            None if self.wait(&post.injection).is_some() => {
                self.waiting.push_back(Queued::ByRule(post));
                return;
            }
            None => self.write_post(context, post.clone(), bytes, log).err(),
            refusal => refusal,
        };
        if let Some(refusal) = refusal {
            note(context.now, format!("rule {}: {} was not sent: {refusal}", post.rule, post.what), log);
        }
    }

    /// Writes a frame of a rule's at its place.
    pub(super) fn write_post(
        &mut self,
        context: &mut Context<'_>,
        post: Post,
        bytes: &mut Vec<u8>,
        log: &mut Log,
    ) -> Result<(), Refusal> {
        let Post { injection, rule, what } = post;
        let frame = self.write_own(context, injection, Origin::Rule, bytes, log)?;
        let ruled = RuledEvent { frame, from: self.from, rule, what };
        if frame.is_some() {
            log.event(context.now, Event::Ruled(ruled));
        }
        Ok(())
    }

    /// Tells what rules did to messages that are written down.
    pub(super) fn tell_ruled(&mut self, context: &Context<'_>, log: &mut Log) {
        let from = self.from;
        let Some(hold) = self.passage.hold_mut() else { return };
        for Ruled { frame, rule, what } in hold.take_ruled() {
            let ruled = RuledEvent { frame: Some(frame), from, rule, what };
            log.event(context.now, Event::Ruled(ruled));
        }
    }

    /// Nothing more passes.
    pub(in crate::relay) fn shut(&mut self, out: &mut Output) {
        self.refuse_waiting(Refusal::NeverCame, out);
        self.passage = Passage::Closed;
    }

    /// How a rule ends the session, once.
    #[inline]
    pub(in crate::relay) fn take_finish(&mut self) -> Option<Finish> {
        self.passage.chain().and_then(|chain| chain.outlet.finish.take())
    }
}
