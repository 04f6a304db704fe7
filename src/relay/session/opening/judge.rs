//! What is found in the handshake, and when it is told: on a whole response, on one that has no end, on none at all.

use crate::diagnose::inquiry::Question;
use crate::diagnose::{NoResponse, handshake, words};
use crate::record::finding::{Finding, FindingKind, Level, Place};
use crate::record::{Event, Log, Side, Time, Verdict};
use crate::relay::session::core::Core;
use crate::relay::session::pipe::Refusal;
use crate::relay::session::{Act, Output, agreed};
use crate::wire::head::{self, Head};

use super::{How, Opening};

/// Bytes after which Chrome no longer waits for `HTTP` to come.
pub(super) const ENOUGH_TO_TELL: usize = 8;

/// What a whole head of a response is held against.
#[derive(Clone, Copy, Debug)]
pub(in crate::relay::session) struct Judge<'a> {
    pub request: &'a [u8],
    /// What was told of the head before it ended.
    pub told: Option<FindingKind>,
    /// Whether the client got it repaired.
    pub is_repaired: bool,
    /// The head that came, where the user edited it.
    pub came: Option<&'a [u8]>,
}

impl Judge<'_> {
    /// Tells what is found, and what a browser makes of it. Gives the last finding in the head.
    pub(in crate::relay) fn head(
        self,
        core: &mut Core,
        now: Time,
        response: &[u8],
        body: &[u8],
        log: &mut Log,
    ) -> Option<Finding> {
        let mut judged = handshake::response(self.request, response, body);
        if let Some(came) = self.came {
            let before = handshake::response(self.request, came, body);
            let (kept, mended) = edited(judged.findings, before.findings);
            judged.findings = kept;
            for finding in mended {
                log.event(now, Event::Finding(Side::Server, finding));
            }
        }
        let mut last = None;
        // What was told of a head before it ended is not told again.
        for mut finding in judged.findings.into_iter().filter(|finding| Some(finding.kind) != self.told) {
            // What was found in a head that is repaired does the client no harm.
            if finding.kind == FindingKind::HttpStatus5xx {
                finding.detail.push_str(&handshake::when(core.clock.waited(now)));
            }
            finding.repaired |=
                self.is_repaired && finding.place == Place::Head && words(finding.kind).level > Level::Note;
            if finding.place == Place::Head {
                last = Some(finding.clone());
            }
            log.event(now, Event::Finding(Side::Server, finding));
        }
        // What the client got instead fails no browser.
        match judged.verdict.filter(|_| !self.is_repaired) {
            Some(verdict) => core.judgement.fail(now, verdict, log),
            None if core.judgement.is_awaited() => {
                let deflates = agreed(Head::of_response(response)).is_some();
                core.judgement.open(now, deflates, log);
            }
            None => {}
        }
        last
    }
}

/// Findings in a head that the user edited, and those in the head that came which the edit did away with.
pub(super) fn edited(mut after: Vec<Finding>, mut before: Vec<Finding>) -> (Vec<Finding>, Vec<Finding>) {
    for finding in &mut after {
        if before.iter().all(|other| other.kind != finding.kind) {
            let detail = format!("in the head as you edited it: {}", finding.detail);
            let edited =
                finding.clone().cause("you edited this head while it was held", "neither peer needs to change");
            *finding = Finding { detail, ..edited };
        }
    }
    before.retain(|finding| after.iter().all(|other| other.kind != finding.kind));
    before.iter_mut().for_each(|finding| finding.repaired = true);
    (after, before)
}

impl Opening {
    /// The first whole head decides whether Chrome opens the socket, interim responses included. What refuses the
    /// handshake waits for the first bytes of its body, unless there is none or `rest` has them.
    pub(super) fn judge_head(
        &mut self,
        core: &mut Core,
        now: Time,
        response: Vec<u8>,
        rest: &[u8],
        log: &mut Log,
    ) -> Option<Refusal> {
        let is_repaired = matches!(&self.how, How::Completed(completed) if completed.repaired.is_some());
        // The strict policy refuses it at once.
        let waits = rest.is_empty() && has_body(&response) && !self.is_strict();
        if waits {
            let request = self.request.clone();
            let came = self.came.take();
            return Some(Refusal { request, head: response, told: self.told, is_repaired, came });
        }
        // A server of a draft of 2010 answers with 101 as that draft says, and no browser speaks it today.
        if !self.dialect.facts().has_accept && Head::of_response(&response).status() == Some(101) {
            return None;
        }
        let came = self.came.take();
        let judge = Judge { request: &self.request, told: self.told, is_repaired, came: came.as_deref() };
        self.blamed = judge.head(core, now, &response, rest, log).or(self.blamed.take());
        None
    }

    /// Looks at a head that has not ended: whether it is one at all, and whether it ever will end.
    pub(super) fn judge_unfinished(&mut self, core: &mut Core, now: Time, scanned: usize, log: &mut Log) {
        if self.told.is_some() {
            return;
        }
        let raw = &self.response.raw;
        let is_other = raw.len() >= ENOUGH_TO_TELL && head::response_start(raw).is_none();
        let fails = if is_other {
            Some(handshake::no_response(NoResponse::NotHttp, &self.request, raw, core.clock.waited(now)))
        } else {
            handshake::too_large(raw)
        };
        let has_failed = fails.is_some();
        let Some(finding) = fails.or_else(|| handshake::unfinished(raw, scanned)) else { return };
        self.told = Some(finding.kind);
        let verdict = if has_failed { Verdict::because(&finding) } else { Verdict::waits(finding.kind) };
        self.tell(now, finding, log);
        if has_failed {
            core.judgement.fail(now, verdict, log);
        } else {
            core.judgement.wait(now, verdict, log);
        }
    }

    /// Writes down what was found in the server's response.
    fn tell(&mut self, now: Time, finding: Finding, log: &mut Log) {
        if finding.place == Place::Head {
            self.blamed = Some(finding.clone());
        }
        log.event(now, Event::Finding(Side::Server, finding));
    }

    /// Notes what was found out beside the bytes, and that it fails the page: no response in time, no connection.
    pub(in crate::relay) fn fail(&mut self, core: &mut Core, now: Time, finding: Finding, out: &mut Output) {
        self.told = Some(finding.kind);
        let verdict = Verdict::because(&finding);
        out.log.event(now, Event::Finding(Side::Server, finding));
        core.judgement.fail(now, verdict, &mut out.log);
    }

    /// A client that left before it had a response.
    pub(super) fn page_left(&mut self, core: &Core, now: Time, log: &mut Log) {
        self.tell_left(now, handshake::page_left(core.clock.waited(now)), log);
    }

    /// A client that left before there was an upstream.
    pub(in crate::relay) fn page_left_unconnected(&mut self, core: &Core, now: Time, log: &mut Log) {
        self.tell_left(now, handshake::page_left_unconnected(core.clock.waited(now)), log);
    }

    fn tell_left(&mut self, now: Time, finding: Finding, log: &mut Log) {
        if self.told.is_none() {
            self.told = Some(finding.kind);
            log.event(now, Event::Finding(Side::Client, finding));
        }
    }

    /// The server's bytes ended, and `raw` is all that came of its head.
    pub(super) fn judge_silence(&mut self, core: &mut Core, now: Time, end: NoResponse, raw: &[u8], out: &mut Output) {
        let finding = handshake::no_response(end, &self.request, raw, core.clock.waited(now));
        let mut verdict = Verdict::because(&finding);
        match self.told {
            // What made the head one without an end was told before.
            Some(kind) => verdict.finding = Some(kind),
            None if raw.is_empty() && finding.cause.is_none() => {
                out.acts.push(Act::Inquire(Question::Closed));
                core.held = Some(finding);
            }
            None => self.tell(now, finding, &mut out.log),
        }
        core.judgement.fail(now, verdict, &mut out.log);
    }

    /// Asks once why the upstream says nothing.
    pub(in crate::relay) fn inquire(&mut self, out: &mut Output) {
        if !std::mem::replace(&mut self.inquires, true) {
            out.acts.push(Act::Inquire(Question::Silent));
        }
    }

    /// Tells why the upstream says nothing, unless it has begun to.
    pub(in crate::relay) fn learn(&mut self, now: Time, finding: Finding, log: &mut Log) {
        if self.told.is_none() && self.response.raw.is_empty() {
            self.told = Some(finding.kind);
            self.tell(now, finding, log);
        }
    }
}

/// Whether bytes follow a head that does not open a WebSocket (RFC 9112 6.3).
fn has_body(response: &[u8]) -> bool {
    let head = Head::of_response(response);
    let is_empty = head.value("content-length") == Some(b"0");
    !is_empty && !matches!(head.status(), None | Some(100..=199 | 204 | 304))
}
