//! The server's answer under the policies that do not take it as it comes: it is held until it is whole, and then mended
//! or refused.

use crate::record::{Change, Policy, Side, Time};
use crate::relay::edits::Edit;
use crate::relay::repair::head;
use crate::relay::response::Progress;
use crate::wire::accept;
use crate::wire::close::Code;
use crate::wire::dialect::Framing;
use crate::wire::head::Head;

use super::{Output, Phase, Reason, Session};

/// RFC 9110 15.6.3.
pub(super) const BAD_GATEWAY: u16 = 502;

impl Session {
    /// Whether the answer is held until it is whole: not in a draft of 2010, which has an opening of its own.
    pub(super) fn holds_answer(&self) -> bool {
        self.opening != Policy::Faithful && self.framing() == Framing::Rfc
    }

    /// Takes bytes of the answer. None of them go out before it is whole.
    pub(super) fn hold_answer(&mut self, now: Time, input: &[u8], out: &mut Output) {
        self.clock.last_answer = now;
        let mut at = 0;
        while let Phase::Answer { head, .. } = &mut self.phase {
            let scanned = head.raw.len();
            let limit = self.config.limits.head;
            let progress = head.feed(&input[at..], &self.translator, limit);
            let taken = match progress {
                Progress::Complete(taken) => taken,
                Progress::More | Progress::TooLong => input.len() - at,
            };
            out.to.client.edit(Edit { at, remove: taken, insert: Vec::new() });
            at += taken;
            match progress {
                Progress::Complete(_) => at = self.release_answer(now, input, at, out),
                Progress::TooLong => {
                    self.judge_unfinished(now, scanned, &mut out.log);
                    self.let_go(at, out);
                    self.conclude(now, false, &[], out);
                }
                Progress::More => {
                    self.judge_unfinished(now, scanned, &mut out.log);
                    match self.meant_end() {
                        Some(excess) => {
                            // What is no part of the head is read again, as what follows it.
                            at -= excess.min(at);
                            out.to.client.take_back(at);
                            at = self.release_answer(now, input, at, out);
                        }
                        None if self.opening == Policy::Repair && self.judgement.failure().is_some() => {
                            // It is no answer, so there is nothing to mend and nothing to wait for.
                            self.let_go(at, out);
                            self.conclude(now, false, &[], out);
                        }
                        None => {
                            self.refuse_unfinished(now, out);
                            return;
                        }
                    }
                }
            }
        }
        self.pass(now, Side::Server, &input[at..], at, out);
    }

    /// Where the held head ends as it was meant, although no browser finds an end: how many bytes are behind it.
    fn meant_end(&mut self) -> Option<usize> {
        let Phase::Answer { head, .. } = &mut self.phase else { return None };
        if self.opening != Policy::Repair {
            return None;
        }
        let end = head::meant_end(&head.raw)?;
        let excess = head.raw.len() - end;
        head.raw.truncate(end);
        Some(excess)
    }

    /// The held head is whole and ends at `at` of the input. Sends it on, mended where it has to be; gives where what
    /// follows it begins.
    fn release_answer(&mut self, now: Time, input: &[u8], at: usize, out: &mut Output) -> usize {
        let Phase::Answer { head: held, .. } = &mut self.phase else { return at };
        held.flush();
        let (raw, status) = (held.raw.clone(), Head::of_response(&held.raw).status());
        let is_final = !matches!(status, Some(100 | 102..=199));
        if self.opening == Policy::Strict {
            let forwarded = held.forwarded.clone();
            self.conclude(now, true, &input[at..], out);
            if is_final {
                self.refuse_if_failed(now, out);
            }
            if self.closing.is_some() {
                return input.len();
            }
            out.to.client.insert(at, forwarded);
            return at;
        }
        let rest = input.get(at..).unwrap_or_default();
        let behind = match status == Some(101) && head::ends_early(&raw) {
            true => head::behind(rest),
            false => head::Behind::Lines(0),
        };
        let (behind, waits) = match behind {
            head::Behind::Lines(length) => (length, false),
            head::Behind::More => (0, true),
        };
        let mended = head::answer(&self.request, &raw, &rest[..behind]);
        // A client whose key was replaced knows nothing of the one that the server answers.
        let mended = mended.or_else(|| (self.client_key.is_some() && status == Some(101)).then(|| raw.clone()));
        let Some(mended) = mended else {
            self.let_go(at, out);
            self.conclude(now, true, rest, out);
            return at;
        };
        let mended = self.for_client(&mended);
        if let Phase::Answer { head: held, .. } = &mut self.phase {
            held.forwarded.clone_from(&mended);
            let line = |head: &[u8]| Head::of_response(head).start_line().to_vec();
            held.changes = vec![Change { field: "the whole head".into(), from: line(&raw), to: line(&mended) }];
        }
        self.let_go(at, out);
        self.mended = Some(mended);
        self.conclude(now, true, &rest[behind..], out);
        let dropped = if waits { rest.len() } else { behind };
        if waits {
            self.behind = Some(rest.to_vec());
        }
        if dropped > 0 {
            out.to.client.edit(Edit { at, remove: dropped, insert: Vec::new() });
        }
        at + dropped
    }

    /// Takes what comes behind a mended head that lacks fields: lines of it that fell behind an early empty line are left
    /// out, whatever else it is passes.
    pub(super) fn read_behind(&mut self, now: Time, input: &[u8], out: &mut Output) {
        let Some(mut held) = self.behind.take() else { return };
        held.extend_from_slice(input);
        let limit = self.config.limits.head;
        let rest = match head::behind(&held) {
            head::Behind::More if held.len() < limit => {
                self.behind = Some(held);
                Vec::new()
            }
            head::Behind::More => held,
            head::Behind::Lines(length) => held.split_off(length),
        };
        // The offsets of what the lane edits are those of `rest`, which holds bytes of earlier reads too.
        self.pass(now, Side::Server, &rest, 0, out);
        out.to.client.settle(&rest);
    }

    /// Sends on what is held, behind what of the input was taken.
    fn let_go(&mut self, at: usize, out: &mut Output) {
        let Phase::Answer { head, .. } = &mut self.phase else { return };
        let held = head.forwarded.clone();
        out.to.client.insert(at, held);
    }

    /// A mended head with the proxy's addresses, and the accept value of the client's own key where another was sent.
    fn for_client(&self, mended: &[u8]) -> Vec<u8> {
        let key = self.client_key.as_deref().map(accept::value_for);
        let mut out = Vec::with_capacity(mended.len() + 64);
        for (index, line) in mended.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let colon = line.iter().position(|byte| *byte == b':').filter(|_| index > 0);
            let value = colon.and_then(|colon| {
                let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
                let is_accept = name.eq_ignore_ascii_case(b"sec-websocket-accept");
                let own = key.as_ref().filter(|_| is_accept).map(|key| key.clone().into_bytes());
                Some((name, own.or_else(|| self.translator.response_value(name, value))?))
            });
            match value {
                Some((name, value)) => out.extend([name, b": ", &value, b"\r\n"].concat()),
                None => out.extend_from_slice(line),
            }
        }
        out
    }

    /// Under the strict policy, what fails a browser is refused.
    fn refuse_if_failed(&mut self, now: Time, out: &mut Output) {
        self.judge_refusal(now, &[], &mut out.log);
        if let Some(words) = self.judgement.failure().filter(|_| self.closing.is_none()) {
            let reason = Reason::Refused { words: words.to_owned(), finding: self.blamed.take().map(Box::new) };
            self.respond(now, BAD_GATEWAY, reason, out);
        }
    }

    /// The same for bytes that are no answer.
    fn refuse_unfinished(&mut self, now: Time, out: &mut Output) {
        if self.opening == Policy::Strict {
            self.refuse_if_failed(now, out);
        }
    }

    /// Under the strict policy, an answer that never came is refused.
    pub(super) fn refuse_silence(&mut self, now: Time, out: &mut Output) {
        if self.holds_answer() && self.opening == Policy::Strict {
            self.refuse_if_failed(now, out);
        }
    }

    /// Under the strict policy, a read that fails the page is not passed on, though its frames may look right: what they
    /// hold can't be inflated, or a length is more than browsers take.
    #[inline]
    pub(super) fn fail_strictly(&mut self, from: Side, out: &mut Output) {
        let fails = from == Side::Server && self.open && self.failed.is_none() && self.judgement.failure().is_some();
        if fails && self.closing.is_none() && self.config.policy.get() == Policy::Strict && self.fault().is_none() {
            self.failed = Some(Code::PROTOCOL_ERROR);
            out.to.client.withhold();
        }
    }

    /// A head that lacks but its empty line, of which no more comes, is ended.
    pub(super) fn complete_stalled(&mut self, now: Time, out: &mut Output) {
        const PATIENCE: u64 = 1_000_000;
        let Phase::Answer { head, .. } = &mut self.phase else { return };
        let is_late = now.0.saturating_sub(self.clock.last_answer.0) >= PATIENCE;
        if self.opening != Policy::Repair || !is_late || !head::is_all_but_ended(&head.raw) {
            return;
        }
        self.release_answer(now, &[], 0, out);
    }
}
