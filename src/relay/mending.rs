//! A lane under the policy that mends: what its mender does to each frame goes out and is told.

use rand::Rng as _;

use crate::record::finding::{Finding, Level, Place};
use crate::record::{Ending, Event, Log, Policy, Relayed, Side, Time};
use crate::wire::close::Code;
use crate::wire::frame::FrameHeader;

use super::edits::Edit;
use super::lane::{Context, Lane, Mode};
use super::repair::Mender;
use super::session::Output;

impl Lane {
    /// Begins or ends mending, where the stream allows it.
    pub(super) fn choose_mender(&mut self, policy: Policy) {
        let strict = policy == Policy::Strict;
        let wanted = policy != Policy::Faithful && self.relayed == Relayed::AsIs;
        let fits = self.mender.as_ref().map_or(!wanted, |mender| wanted && mender.is_strict() == strict);
        if fits || !self.is_between_frames() {
            return;
        }
        if self.mender.as_ref().is_some_and(|mender| !mender.is_idle()) {
            return;
        }
        if wanted {
            let mender = Mender::new(self.from, self.deflate, self.unfinished_message(), self.close.is_some(), strict);
            self.mender = Some(Box::new(mender));
        } else {
            self.mender = None;
        }
    }

    /// What the mender wrote takes the place of what was read.
    pub(super) fn put_mended(&mut self, input: &[u8], base: usize, out: &mut Output) {
        let Some(mender) = &mut self.mender else { return };
        let insert = std::mem::take(&mut mender.out);
        if insert != input {
            out.to[self.from.other()].edit(Edit { at: base, remove: input.len(), insert });
        }
    }

    /// How many bytes at this place are no frame's. They are dropped, and told.
    pub(super) fn skip_stray(&mut self, context: &mut Context<'_>, rest: &[u8], log: &mut Log) -> usize {
        let Some(mender) = &self.mender else { return 0 };
        if !self.is_between_frames() {
            return 0;
        }
        let mut at = 0;
        while let Some(stray) = mender.stray(rest.get(at..).unwrap_or_default()) {
            let kind = stray.kind(self.frames == 0, rest.get(at).copied().unwrap_or_default());
            let mut finding = Finding::new(kind, Place::Stream).bytes(&rest[at..], 0, stray.length);
            finding.repaired = true;
            log.event(context.now, Event::Finding(self.from, finding.detail("dropped by wsproxy")));
            at += stray.length;
        }
        at
    }

    #[inline]
    pub(super) fn mend_whole(
        &mut self,
        context: &mut Context<'_>,
        header: &FrameHeader,
        following: &[u8],
        log: &mut Log,
    ) -> Relayed {
        if self.mender.is_none() {
            return self.relayed;
        }
        let number = *context.frames + 1;
        let first = self.mend_header(context, header, following, number, log);
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        let second = self.mend_payload(context.now, number, following.get(..length).unwrap_or(following), true, log);
        if second == Relayed::AsIs { first } else { second }
    }

    pub(super) fn mend_header(
        &mut self,
        context: &mut Context<'_>,
        header: &FrameHeader,
        following: &[u8],
        number: u64,
        log: &mut Log,
    ) -> Relayed {
        let Some(mender) = &mut self.mender else { return self.relayed };
        mender.header(header, following, context.random.next_u32().to_be_bytes());
        self.tell_mend(context.now, number, log)
    }

    pub(super) fn mend_payload(
        &mut self,
        now: Time,
        number: u64,
        payload: &[u8],
        last: bool,
        log: &mut Log,
    ) -> Relayed {
        let Some(mender) = &mut self.mender else { return self.relayed };
        mender.payload(payload, last);
        self.tell_mend(now, number, log)
    }

    fn tell_mend(&mut self, now: Time, number: u64, log: &mut Log) -> Relayed {
        let Some(mender) = &mut self.mender else { return self.relayed };
        let mend = mender.take();
        if mend.done.is_empty() {
            return self.relayed;
        }
        let what = mend.done.join(", ");
        if mender.fault().is_none() {
            self.watch.note_mended(number);
        }
        let how = if mender.fault().is_some() {
            "refused"
        } else if mend.dropped {
            "dropped"
        } else {
            "mended"
        };
        self.tell(now, format!("frame {number} of the {} {how}: {what}", self.from.name()), log);
        if mend.dropped { Relayed::Dropped } else { Relayed::Changed }
    }

    /// The code with which the strict policy fails the session.
    pub(super) fn fault(&self) -> Option<Code> {
        self.mender.as_ref().and_then(|mender| mender.fault())
    }

    fn tell(&self, now: Time, text: String, log: &mut Log) {
        log.event(now, Event::Note(Level::Note, text));
    }

    /// The framing is lost: the receiver is told so, and gets nothing more.
    pub(super) fn mend_lost(&mut self, context: &mut Context<'_>, log: &mut Log) {
        let Some(mender) = &mut self.mender else { return };
        mender.lose(context.random.next_u32().to_be_bytes());
        self.tell(context.now, format!("the {}'s frames can't be told apart any more: closed", self.from.name()), log);
    }

    /// The lane has ended: what it still owed goes out.
    pub(super) fn finish_mended(&mut self, context: &mut Context<'_>, how: Ending, out: &mut Output) {
        if self.mode != Mode::Frames {
            return;
        }
        self.choose_mender(context.policy);
        let in_header = self.is_in_header();
        let Some(mender) = &mut self.mender else { return };
        let code = if how == Ending::Fin { Code::NORMAL } else { Code::INTERNAL };
        let Some(what) = mender.end(code, context.random.next_u32().to_be_bytes(), in_header) else { return };
        out.to[self.from.other()].append(&std::mem::take(&mut mender.out));
        let who = if self.from == Side::Client { "client" } else { "server" };
        self.tell(context.now, format!("the {who} ended without a close frame: {what}"), &mut out.log);
    }
}
