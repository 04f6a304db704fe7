//! What is found in the handshake, and when it is told: on a whole answer, on one that has no end, on none at all.

use crate::diagnose::{NoAnswer, handshake, words};
use crate::record::finding::{Finding, Level, Place};
use crate::record::{Ending, Event, Log, Policy, Side, Time, Verdict};
use crate::wire::head::{self, Head};

use super::opening::BAD_GATEWAY;
use super::{Output, Phase, Reason, Session};

/// Bytes after which Chrome no longer waits for `HTTP` to come.
const ENOUGH_TO_TELL: usize = 8;

impl Session {
    /// The first whole head decides whether Chrome opens the socket, interim answers included. What refuses the handshake
    /// is judged with the first bytes of its body, which often name the cause.
    pub(super) fn judge_answer(&mut self, now: Time, answer: Vec<u8>, rest: &[u8], log: &mut Log) {
        let awaits_body = rest.is_empty() && has_body(&answer);
        if awaits_body {
            self.refusal = Some(answer);
            return;
        }
        // A server of a draft of 2010 answers with 101 as that draft says, and no browser speaks it today.
        if !self.dialect.facts().has_accept && Head::of_response(&answer).status() == Some(101) {
            return;
        }
        self.judge_head(now, &answer, rest, log);
    }

    /// Judges a refusal that waited for its body, of which `body` is what came first.
    pub(super) fn judge_refusal(&mut self, now: Time, body: &[u8], log: &mut Log) {
        if let Some(answer) = self.refusal.take() {
            self.judge_head(now, &answer, body, log);
        }
    }

    fn judge_head(&mut self, now: Time, answer: &[u8], body: &[u8], log: &mut Log) {
        let judged = handshake::answer(&self.request, answer, body);
        // What was told of a head before it ended is not told again.
        let before = self.unfinished;
        for mut finding in judged.findings.into_iter().filter(|finding| Some(finding.kind) != before) {
            // What was found in a head that is mended does the client no harm.
            finding.repaired |=
                self.mended.is_some() && finding.place == Place::Head && words(finding.kind).level > Level::Note;
            self.tell(now, finding, log);
        }
        // What the client got instead fails no browser.
        match judged.verdict.filter(|_| self.mended.is_none()) {
            Some(verdict) => self.judgement.fail(now, verdict, log),
            None if self.judgement.is_awaited() => {
                let deflates = super::agreed(Head::of_response(answer)).is_some();
                self.judgement.open(now, deflates, log);
            }
            None => {}
        }
    }

    /// Looks at a head that has not ended: whether it is one at all, and whether it ever will end.
    pub(super) fn judge_unfinished(&mut self, now: Time, scanned: usize, log: &mut Log) {
        let Phase::Answer { head, .. } = &self.phase else { return };
        if self.unfinished.is_some() {
            return;
        }
        let is_other = head.raw.len() >= ENOUGH_TO_TELL && head::response_start(&head.raw).is_none();
        let fails = if is_other {
            Some(handshake::no_answer(NoAnswer::NotHttp, &self.request, &head.raw))
        } else {
            handshake::too_large(&head.raw)
        };
        let has_failed = fails.is_some();
        let Some(finding) = fails.or_else(|| handshake::unfinished(&head.raw, scanned)) else { return };
        self.unfinished = Some(finding.kind);
        let verdict = if has_failed { Verdict::because(&finding) } else { Verdict::waits(finding.kind) };
        self.tell(now, finding, log);
        if has_failed {
            self.judgement.fail(now, verdict, log);
        } else {
            self.judgement.wait(now, verdict, log);
        }
    }

    /// Writes down what was found in the server's response.
    fn tell(&mut self, now: Time, finding: Finding, log: &mut Log) {
        if self.opening == Policy::Strict && finding.place == Place::Head {
            self.blamed = Some(finding.clone());
        }
        log.event(now, Event::Finding(Side::Server, finding));
    }

    /// The connection to the upstream broke by more than an end of its bytes: `finding` says why. Where nothing came of a
    /// response, the client gets one with the `cause`, in words.
    pub fn broke(&mut self, now: Time, finding: Finding, cause: String, out: &mut Output) {
        if self.lanes.server.bytes > 0 || self.closing.is_some() {
            out.log.event(now, Event::Note(Level::Error, cause));
            return self.end(now, Side::Server, Ending::Reset, out);
        }
        self.fail(now, finding, out);
        self.respond(now, BAD_GATEWAY, Reason::Broken(cause), out);
    }

    /// Notes what was found out beside the bytes, and that it fails the page: no answer in time, no connection.
    pub(super) fn fail(&mut self, now: Time, finding: Finding, out: &mut Output) {
        self.unfinished = Some(finding.kind);
        let verdict = Verdict::because(&finding);
        out.log.event(now, Event::Finding(Side::Server, finding));
        self.judgement.fail(now, verdict, &mut out.log);
    }

    /// A client that left before it had an answer.
    pub(super) fn page_left(&mut self, now: Time, log: &mut Log) {
        if self.unfinished.is_none() {
            let finding = handshake::page_left();
            self.unfinished = Some(finding.kind);
            log.event(now, Event::Finding(Side::Client, finding));
        }
    }

    /// The server's bytes ended, and `raw` is all that came of its head.
    pub(super) fn judge_silence(&mut self, now: Time, end: NoAnswer, raw: &[u8], log: &mut Log) {
        let finding = handshake::no_answer(end, &self.request, raw);
        let mut verdict = Verdict::because(&finding);
        match self.unfinished {
            // What made the head one without an end was told before.
            Some(kind) => verdict.finding = Some(kind),
            None => self.tell(now, finding, log),
        }
        self.judgement.fail(now, verdict, log);
    }
}

/// Whether bytes follow a head that does not open a WebSocket (RFC 9112 6.3).
fn has_body(answer: &[u8]) -> bool {
    let head = Head::of_response(answer);
    let is_empty = head.value("content-length") == Some(b"0");
    !is_empty && !matches!(head.status(), None | Some(100..=199 | 204 | 304))
}
