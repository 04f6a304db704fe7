//! A session between two dialects: both handshakes are wsproxy's own, and what passes is written anew.

use rand::RngExt as _;

use crate::diagnose::handshake;
use crate::record::finding::Level;
use crate::record::{Change, Event, PerSide, Side, Time};
use crate::relay::bridge::{self, Bridging, Heads};
use crate::relay::edits::Edit;
use crate::relay::response::Progress;
use crate::wire::dialect::{Dialect, Framing};
use crate::wire::head::Head;

use super::{Act, Output, Phase, Session, SessionConfig, draft};

/// What a bridged session has besides.
#[derive(Debug)]
pub(super) struct Bridge {
    pub(super) heads: Heads,
    /// What it is between.
    to: Bridging,
    client: Dialect,
    /// The upstream's bytes that wait for the end of the client's request.
    held: Vec<u8>,
}

impl Bridge {
    pub(super) fn client(&self) -> Dialect {
        self.client
    }
}

impl Session {
    /// As `begin`, with an upstream of a dialect that may be another than the client's.
    #[must_use]
    pub fn bridged(config: SessionConfig, to: Option<Bridging>, now: Time, raw: &[u8], out: &mut Output) -> Self {
        let client = Dialect::of_request(Head::new(raw));
        let to = to.filter(|to| to.dialect != client && client.facts().framing != Framing::Raw);
        Self::begin_to(config, to, now, raw, out)
    }

    /// Sets the bridge up: the request for the upstream.
    pub(super) fn build_bridge(
        to: Bridging,
        raw: &[u8],
        translated: &[u8],
        random: &mut rand::rngs::StdRng,
    ) -> (Bridge, Vec<u8>) {
        let client = Dialect::of_request(Head::new(raw));
        let (heads, request) = Heads::new(raw, translated, to.dialect, &mut || random.random());
        (Bridge { heads, to, client, held: Vec::new() }, request)
    }

    /// The start line of a head of wsproxy's own, as a change of the one that came.
    pub(super) fn whole_head(from: &[u8], to: &[u8]) -> Vec<Change> {
        let line = |head: &[u8]| head.split(|byte| *byte == b'\r').next().unwrap_or_default().to_vec();
        vec![Change { field: "the whole head".into(), from: line(from), to: line(to) }]
    }

    /// Takes bytes of a bridged session whose handshake is not over.
    pub(super) fn receive_bridged(&mut self, now: Time, from: Side, input: &[u8], out: &mut Output) {
        match from {
            Side::Server => self.bridged_answer(now, input, out),
            Side::Client => self.bridged_early(now, input, out),
        }
    }

    /// What the client sends before it has an answer: the end of its request, then what has to wait.
    fn bridged_early(&mut self, now: Time, input: &[u8], out: &mut Output) {
        out.to.server.withhold();
        let Some(bridge) = &mut self.bridge else { return };
        let (was, taken) = (bridge.heads.missing_key3(), bridge.heads.take_key3(input));
        let is_whole = was > 0 && was == taken;
        let held = if is_whole { std::mem::take(&mut bridge.held) } else { Vec::new() };
        if let Phase::Answer { early, .. } = &mut self.phase {
            let room = self.config.limits.early.saturating_sub(early.len());
            let rest = input.get(taken..).unwrap_or_default();
            early.extend_from_slice(rest.get(..room).unwrap_or(rest));
            if rest.len() > room {
                let words = "more came before the upstream's answer than can be kept: the rest was left out";
                out.log.event(now, Event::Note(Level::Error, words.into()));
            }
        }
        if !held.is_empty() {
            self.bridged_answer(now, &held, out);
            out.to.client.settle(&held);
        }
    }

    fn bridged_answer(&mut self, now: Time, input: &[u8], out: &mut Output) {
        self.clock.last_answer = now;
        let Some(bridge) = &mut self.bridge else { return };
        if bridge.heads.missing_key3() > 0 && bridge.held.len() < self.config.limits.head {
            bridge.held.extend_from_slice(input);
            return out.to.client.withhold();
        }
        let mut at = 0;
        while let Phase::Answer { head, .. } = &mut self.phase {
            let rest = input.get(at..).unwrap_or_default();
            let progress = head.feed(rest, &self.translator, self.config.limits.head);
            let taken = match progress {
                Progress::Complete(taken) => taken,
                Progress::More | Progress::TooLong => rest.len(),
            };
            let (raw, forwarded) = (head.raw.clone(), head.forwarded.clone());
            let (behind, status) = (rest.get(taken..).unwrap_or_default(), Head::of_response(&raw).status());
            let is_whole = matches!(progress, Progress::Complete(_));
            let is_interim = is_whole && matches!(status, Some(100 | 102..=199));
            // Nothing of a head goes out before it is whole, and nothing ever of one that is not the last.
            let mut edit = Edit { at, remove: taken, insert: Vec::new() };
            at += taken;
            if progress == Progress::More {
                return out.to.client.edit(edit);
            }
            if is_interim {
                out.to.client.edit(edit);
                self.conclude(now, true, behind, out);
                continue;
            }
            let answer = self.bridge.as_ref().and_then(|bridge| bridge.heads.answer(Head::of_response(&forwarded)));
            match answer.filter(|_| is_whole && status == Some(101)) {
                Some((answer, made_up)) => {
                    if let Phase::Answer { head, .. } = &mut self.phase {
                        head.forwarded.clone_from(&answer);
                        head.changes = Self::whole_head(&raw, &answer);
                    }
                    edit.insert = answer;
                    out.to.client.edit(edit);
                    self.open_bridge(now, &raw, made_up, out);
                }
                None => {
                    // A refusal is the upstream's own, and no frames follow.
                    edit.insert = forwarded;
                    out.to.client.edit(edit);
                    self.bridge = None;
                    self.conclude(now, false, behind, out);
                }
            }
        }
        self.pass(now, Side::Server, input.get(at..).unwrap_or_default(), at, out);
    }

    fn open_bridge(&mut self, now: Time, raw: &[u8], note: Option<&str>, out: &mut Output) {
        let Phase::Answer { head, early } = &mut self.phase else { return };
        let (head, early) = (std::mem::take(head), std::mem::take(early));
        self.log_answer(now, &head, Some(101), true, &mut out.log);
        self.log_open(now, raw, &mut out.log);
        if let Some(words) = note {
            out.log.event(now, Event::Note(Level::Note, words.into()));
        }
        self.open = true;
        self.phase = Phase::Answered;
        self.clock.check_anew();
        if self.framing() == Framing::Hixie {
            out.acts.push(Act::Pace(Side::Server));
            for finding in handshake::hixie_answer(self.dialect, &self.request, raw, raw) {
                out.log.event(now, Event::Finding(Side::Server, finding));
            }
        } else {
            self.judge_answer(now, raw.to_vec(), &[], &mut out.log);
        }
        if self.judgement.is_awaited() {
            self.judgement.open(now, false, &mut out.log);
        }
        let Some(bridge) = &self.bridge else { return };
        let (client, to) = (bridge.client, bridge.to);
        let dialects = PerSide::new(client, to.dialect);
        // What the client's head ends with was taken with it.
        let proofs = PerSide { client: 0, ..draft::proofs(to.dialect) };
        for side in [Side::Client, Side::Server] {
            let (lane, limits) = (&mut self.lanes[side], &self.config.limits);
            lane.open(dialects[side], dialects[side.other()], proofs[side], limits);
            lane.examine(None, limits);
            lane.passage.add(Box::new(bridge::Bridge::new(side, client, to, limits)));
        }
        let before = std::mem::take(&mut out.to.server);
        self.pass(now, Side::Client, &early, 0, out);
        self.note_close_frame(Side::Client);
        let mut said = Vec::new();
        std::mem::replace(&mut out.to.server, before).take(&early, &mut said);
        out.to.server.append(&said);
    }
}
