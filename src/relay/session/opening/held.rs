//! The server's response under the policies that do not take it as it comes: it is held until it is whole, and then
//! repaired or refused.

use crate::record::{Change, Policy, Side, Time};
use crate::relay::edits::Edit;
use crate::relay::repair::head;
use crate::relay::response::Progress;
use crate::relay::session::core::Core;
use crate::relay::session::{BAD_GATEWAY, Output, Phase, Reason};
use crate::wire::accept;
use crate::wire::head::Head;

use super::{How, Opening};

/// A head that lacks but its empty line is ended after so long, in microseconds.
const PATIENCE: u64 = 1_000_000;

/// A handshake that is completed by wsproxy.
#[derive(Debug)]
pub(super) struct Completed {
    /// Repair or strict.
    policy: Policy,
    /// The key that the client sent, where the upstream got another.
    client_key: Option<Vec<u8>>,
    /// The response that the client got in place of the one that came.
    pub repaired: Option<Vec<u8>>,
}

impl Completed {
    pub(super) const fn new(policy: Policy, client_key: Option<Vec<u8>>) -> Self {
        Self { policy, client_key, repaired: None }
    }
}

/// What becomes of a held head that is whole.
struct Released {
    next: Option<Phase>,
    /// Where in the input what follows it begins.
    at: usize,
}

impl Opening {
    fn policy(&self) -> Policy {
        match &self.how {
            How::Completed(completed) => completed.policy,
            How::Faithful | How::Bridged(_) => Policy::Faithful,
        }
    }

    pub(super) fn is_strict(&self) -> bool {
        self.policy() == Policy::Strict
    }

    /// Takes bytes of the response. None of them go out before it is whole.
    ///
    /// ```text
    ///   read    [ HTTP/1.1 101 .. \r\n\r\n | 81 05 .. ]
    ///             ^ at, taken             ^ at: what was held, or what it was repaired to, goes in here
    ///   edits   remove the head as it came, insert what goes out for it
    /// ```
    pub(super) fn hold_response(
        &mut self,
        core: &mut Core,
        now: Time,
        input: &[u8],
        out: &mut Output,
    ) -> Option<Phase> {
        let limit = core.config.limits.head;
        let (mut at, mut next) = (0, None);
        while next.is_none() {
            let scanned = self.response.raw.len();
            let progress = self.response.feed(input.get(at..).unwrap_or_default(), &self.translator, limit);
            let taken = progress.taken(input.len() - at);
            out.to.client.edit(Edit { at, remove: taken, insert: Vec::new() });
            at += taken;
            match progress {
                Progress::Complete(_) => Released { next, at } = self.release(core, now, input, at, out),
                Progress::TooLong => {
                    self.judge_unfinished(core, now, scanned, &mut out.log);
                    next = match self.policy() {
                        Policy::Strict => Some(self.refuse_endless(core, now, out)),
                        Policy::Repair | Policy::Faithful => self.give_up_repair(core, now, at, out),
                    };
                }
                Progress::More => {
                    self.judge_unfinished(core, now, scanned, &mut out.log);
                    if let Some(excess) = self.meant_end() {
                        // What is no part of the head is read again, as what follows it.
                        at -= excess.min(at);
                        out.to.client.take_back(at);
                        Released { next, at } = self.release(core, now, input, at, out);
                    } else if self.policy() == Policy::Repair && core.judgement.failure().is_some() {
                        // It is no response, so there is nothing to repair and nothing to wait for.
                        next = self.give_up_repair(core, now, at, out);
                    } else {
                        return self.refuse_if_failed(core, now, out);
                    }
                }
            }
        }
        core.pass(now, Side::Server, input.get(at..).unwrap_or_default(), at, out);
        next
    }

    fn give_up_repair(&mut self, core: &mut Core, now: Time, at: usize, out: &mut Output) -> Option<Phase> {
        self.let_go(at, out);
        self.conclude(core, now, false, &[], out)
    }

    /// Where the held head ends as it was meant, although no browser finds an end: how many bytes are behind it.
    fn meant_end(&mut self) -> Option<usize> {
        if self.policy() != Policy::Repair {
            return None;
        }
        let raw = &mut self.response.raw;
        let end = head::meant_end(raw)?;
        let excess = raw.len() - end;
        raw.truncate(end);
        Some(excess)
    }

    /// The held head is whole and ends at `at` of the input. Sends it on, repaired where it has to be.
    fn release(&mut self, core: &mut Core, now: Time, input: &[u8], at: usize, out: &mut Output) -> Released {
        self.response.flush();
        let rest = input.get(at..).unwrap_or_default();
        if self.is_strict() {
            self.release_strictly(core, now, rest, at, out)
        } else {
            self.repair(core, now, rest, at, out)
        }
    }

    fn release_strictly(&mut self, core: &mut Core, now: Time, rest: &[u8], at: usize, out: &mut Output) -> Released {
        let forwarded = self.response.forwarded.clone();
        let next = self.conclude(core, now, true, rest, out);
        // An interim response decides nothing yet.
        if next.is_some()
            && let Some(refused) = self.refuse_if_failed(core, now, out)
        {
            return Released { next: Some(refused), at: at + rest.len() };
        }
        out.to.client.insert(at, forwarded);
        Released { next, at }
    }

    fn repair(&mut self, core: &mut Core, now: Time, rest: &[u8], at: usize, out: &mut Output) -> Released {
        let raw = self.response.raw.clone();
        let status = Head::of_response(&raw).status();
        // Lines of the head that fell behind an early empty line belong to it.
        let behind = match status == Some(101) && head::ends_early(&raw) {
            true => head::behind(rest),
            false => head::Behind::Lines(0),
        };
        let (lines, waits) = match behind {
            head::Behind::Lines(length) => (length, false),
            head::Behind::More => (0, true),
        };
        let repaired = head::answer(&self.request, &raw, rest.get(..lines).unwrap_or(rest));
        // A client whose key was replaced knows nothing of the one that the server answers.
        let has_other_key = matches!(&self.how, How::Completed(completed) if completed.client_key.is_some());
        let repaired = repaired.or_else(|| (has_other_key && status == Some(101)).then(|| raw.clone()));
        let Some(repaired) = repaired else {
            self.let_go(at, out);
            return Released { next: self.conclude(core, now, true, rest, out), at };
        };
        let repaired = self.for_client(&repaired);
        let line = |head: &[u8]| Head::of_response(head).start_line().to_vec();
        self.response.changes = vec![Change { field: "the whole head".into(), from: line(&raw), to: line(&repaired) }];
        self.response.forwarded.clone_from(&repaired);
        self.let_go(at, out);
        if let How::Completed(completed) = &mut self.how {
            completed.repaired = Some(repaired);
        }
        let mut next = self.conclude(core, now, true, rest.get(lines..).unwrap_or_default(), out);
        let dropped = if waits { rest.len() } else { lines };
        if let (true, Some(Phase::Open(open))) = (waits, &mut next) {
            open.waits_behind(rest.to_vec());
        }
        if dropped > 0 {
            out.to.client.edit(Edit { at, remove: dropped, insert: Vec::new() });
        }
        Released { next, at: at + dropped }
    }

    /// Sends on what is held, behind what of the input was taken.
    fn let_go(&self, at: usize, out: &mut Output) {
        out.to.client.insert(at, self.response.forwarded.clone());
    }

    /// A repaired head with the proxy's addresses, and the accept value of the client's own key where another was sent.
    fn for_client(&self, repaired: &[u8]) -> Vec<u8> {
        let key = match &self.how {
            How::Completed(completed) => completed.client_key.as_deref().map(accept::value_for),
            How::Faithful | How::Bridged(_) => None,
        };
        let mut out = Vec::with_capacity(repaired.len() + 64);
        for (index, line) in repaired.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let mut parts = line.splitn(2, |byte| *byte == b':');
            let parts = parts.next().zip(parts.next()).filter(|_| index > 0);
            let value = parts.and_then(|(name, value)| {
                let value = value.trim_ascii();
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

    /// Under the strict policy, what fails a browser is refused: bad responses, bytes that are none, and silence.
    pub(super) fn refuse_if_failed(&mut self, core: &mut Core, now: Time, out: &mut Output) -> Option<Phase> {
        if !self.is_strict() {
            return None;
        }
        let words = core.judgement.failure()?.to_owned();
        let reason = Reason::Refused { words, finding: self.blamed.take().map(Box::new) };
        Some(Phase::Closing(core.respond(now, BAD_GATEWAY, reason, out)))
    }

    /// Under the strict policy no head is passed on that goes on and on: a browser would wait for its end for ever.
    fn refuse_endless(&mut self, core: &mut Core, now: Time, out: &mut Output) -> Phase {
        if let Some(refused) = self.refuse_if_failed(core, now, out) {
            return refused;
        }
        let limit = core.config.limits.head;
        let words = format!("the server's response head is longer than {limit} bytes; --max-head allows more");
        Phase::Closing(core.respond(now, BAD_GATEWAY, Reason::Broken(words), out))
    }

    /// A head that lacks but its empty line, of which no more comes, is ended.
    pub(in crate::relay) fn complete_stalled(&mut self, core: &mut Core, now: Time, out: &mut Output) -> Option<Phase> {
        let is_late = now.0.saturating_sub(core.clock.last_response.0) >= PATIENCE;
        if self.policy() != Policy::Repair || !is_late || !head::is_all_but_ended(&self.response.raw) {
            return None;
        }
        self.release(core, now, &[], 0, out).next
    }
}
