//! A session between two dialects: both handshakes are wsproxy's own, and what passes is written anew.

use rand::{Rng as _, RngExt as _};

use crate::diagnose::handshake;
use crate::record::finding::{Finding, FindingKind, Level, Place};
use crate::record::{Change, Event, Log, PerSide, Relayed, Side, Time};
use crate::relay::bridge::{Bridging, Heads, Said, Words};
use crate::relay::injection::{Injection, Refusal, Reply, Token};
use crate::relay::lane::Lane;
use crate::relay::response::Progress;
use crate::wire::challenge;
use crate::wire::close::Code;
use crate::wire::dialect::{Dialect, Framing};
use crate::wire::head::Head;

use super::{Act, Mode, Output, Phase, Sent, Session, SessionConfig};

/// Bytes for both sides, by the receiver.
type Bytes = PerSide<Vec<u8>>;

/// What a bridged session has besides.
#[derive(Debug)]
pub(super) struct Bridge {
    pub(super) heads: Heads,
    words: Words,
    /// Bytes of the upstream's that belong to its head.
    proof: usize,
    /// The upstream's bytes that wait for the end of the client's request.
    held: Vec<u8>,
    /// What wsproxy and the user say to each side, by the side that seems to say it.
    own: PerSide<Lane>,
}

impl Bridge {
    pub(super) fn client(&self) -> Dialect {
        self.words.dialect(Side::Client)
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
        config: &SessionConfig,
        to: Bridging,
        raw: &[u8],
        translated: &[u8],
        random: &mut rand::rngs::StdRng,
    ) -> (Bridge, Vec<u8>) {
        let client = Dialect::of_request(Head::new(raw));
        let (heads, request) = Heads::new(raw, translated, to.dialect, &mut || random.random());
        let words = Words::new(client, to, config.limits.kept);
        let own = PerSide::from_fn(Lane::new);
        (Bridge { heads, words, proof: 0, held: Vec::new(), own }, request)
    }

    /// The start line of a head of wsproxy's own, as a change of the one that came.
    pub(super) fn whole_head(from: &[u8], to: &[u8]) -> Vec<Change> {
        let line = |head: &[u8]| head.split(|byte| *byte == b'\r').next().unwrap_or_default().to_vec();
        vec![Change { field: "the whole head".into(), from: line(from), to: line(to) }]
    }

    pub(super) fn receive_bridged(&mut self, now: Time, from: Side, input: &[u8], out: &mut Output) {
        let mut sent = Bytes::default();
        match (&self.phase, from) {
            (Phase::Answer { .. }, Side::Server) => self.bridged_answer(now, input, &mut sent, out),
            (Phase::Answer { .. }, Side::Client) => self.bridged_early(now, input, &mut sent, out),
            _ => self.carry(now, from, input, &mut sent, out),
        }
        if self.closing.is_none() {
            out.to[from].append(&sent[from]);
            out.to[from.other()] = Sent::Instead(std::mem::take(&mut sent[from.other()]));
        }
    }

    /// What the client sends before it has an answer: the end of its request, then what has to wait.
    fn bridged_early(&mut self, now: Time, input: &[u8], sent: &mut Bytes, out: &mut Output) {
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
            self.bridged_answer(now, &held, sent, out);
        }
    }

    fn bridged_answer(&mut self, now: Time, input: &[u8], sent: &mut Bytes, out: &mut Output) {
        self.clock.last_answer = now;
        let Some(bridge) = &mut self.bridge else { return };
        if bridge.heads.missing_key3() > 0 && bridge.held.len() < self.config.limits.head {
            return bridge.held.extend_from_slice(input);
        }
        let mut rest = input;
        while let Phase::Answer { head, .. } = &mut self.phase {
            let limit = self.config.limits.head;
            let progress = head.feed(rest, &self.translator, limit);
            let taken = match progress {
                Progress::More => return,
                Progress::Complete(taken) => taken,
                Progress::TooLong => rest.len(),
            };
            rest = rest.get(taken..).unwrap_or_default();
            let (raw, mut forwarded) = (head.raw.clone(), head.forwarded.clone());
            let status = Head::of_response(&raw).status();
            let is_whole = matches!(progress, Progress::Complete(_));
            if is_whole && matches!(status, Some(100 | 102..=199)) {
                self.conclude(now, true, rest, out);
                continue;
            }
            let answer = self.bridge.as_ref().and_then(|bridge| bridge.heads.answer(Head::of_response(&forwarded)));
            match answer.filter(|_| is_whole && status == Some(101)) {
                Some((answer, made_up)) => {
                    if let Phase::Answer { head, .. } = &mut self.phase {
                        head.forwarded.clone_from(&answer);
                        head.changes = Self::whole_head(&raw, &answer);
                    }
                    sent[Side::Client].extend_from_slice(&answer);
                    self.open_bridge(now, &raw, made_up, sent, out);
                }
                None => {
                    // A refusal is the upstream's own, and no frames follow.
                    sent[Side::Client].append(&mut forwarded);
                    self.bridge = None;
                    self.conclude(now, false, rest, out);
                }
            }
        }
        if self.bridge.is_some() {
            self.carry(now, Side::Server, rest, sent, out);
        } else {
            self.pass(now, Side::Server, rest, 0, out);
            sent[Side::Client].extend_from_slice(rest);
        }
    }

    fn open_bridge(&mut self, now: Time, raw: &[u8], note: Option<&str>, sent: &mut Bytes, out: &mut Output) {
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
        let facts = self.dialect.facts();
        if facts.framing == Framing::Hixie {
            out.acts.push(Act::Pace(Side::Server));
        }
        if facts.framing == Framing::Hixie {
            for finding in handshake::hixie_answer(self.dialect, &self.request, raw, raw) {
                out.log.event(now, Event::Finding(Side::Server, finding));
            }
        } else {
            self.judge_answer(now, raw.to_vec(), &[], &mut out.log);
        }
        if self.judgement.is_awaited() {
            self.judgement.open(now, false, &mut out.log);
        }
        let Some(bridge) = &mut self.bridge else { return };
        bridge.proof = if facts.has_keys { challenge::ANSWER } else { 0 };
        let proofs = PerSide::new(0, bridge.proof);
        for side in [Side::Client, Side::Server] {
            let dialect = bridge.words.dialect(side);
            let lane = &mut self.lanes[side];
            lane.relayed = Relayed::Changed;
            begin_lane(lane, dialect, proofs[side], &self.config);
            // What goes to a side has that side's form.
            begin_lane(&mut bridge.own[side.other()], dialect, 0, &self.config);
        }
        if !early.is_empty() {
            self.carry(now, Side::Client, &early, sent, out);
        }
    }

    /// Follows what a side says, and says it to the other.
    fn carry(&mut self, now: Time, from: Side, input: &[u8], sent: &mut Bytes, out: &mut Output) {
        self.pass(now, from, input, 0, out);
        self.note_close_frame(from);
        let Some(bridge) = self.bridge.as_mut().filter(|_| self.closing.is_none()) else { return };
        let mut words = input;
        if from == Side::Server {
            let (proof, rest) = input.split_at(bridge.proof.min(input.len()));
            bridge.proof -= proof.len();
            words = rest;
        }
        let random = &mut self.random;
        let said = bridge.words.receive(from, words, &mut || random.next_u32().to_be_bytes());
        if said.ends {
            self.cut[from] = true;
            out.acts.push(Act::HalfClose(from.other()));
        }
        tell(now, from, &said, &mut out.log);
        sent[from.other()].extend(said.forward);
        sent[from].extend(said.back);
    }

    /// A side has ended: says what the other is told first.
    pub(super) fn end_bridged(&mut self, now: Time, from: Side, out: &mut Output) {
        let Some(bridge) = self.bridge.as_mut().filter(|_| self.open && self.closing.is_none()) else { return };
        let random = &mut self.random;
        let said = bridge.words.end(from, &mut || random.next_u32().to_be_bytes());
        tell(now, from, &said, &mut out.log);
        out.to[from.other()].append(&said.forward);
    }

    /// Takes an injection in the form of the side that gets it.
    pub(super) fn inject_bridged(&mut self, now: Time, to: Side, token: Token, injection: Injection, out: &mut Output) {
        let Some(mut bridge) = self.bridge.take() else { return };
        if bridge.words.is_closed(to) && !injection.is_raw() {
            out.replies.push((token, Reply::Refused(Refusal::AfterClose)));
        } else {
            let (_, mut context) = self.lane(now, to.other());
            bridge.own[to.other()].inject(&mut context, token, injection, out);
        }
        self.bridge = Some(bridge);
    }

    /// Sends close frames in wsproxy's own name, to each side in its form.
    pub(super) fn close_bridged(&mut self, now: Time, code: Code, out: &mut Output) {
        let Some(mut bridge) = self.bridge.take() else { return };
        for to in [Side::Client, Side::Server] {
            if !bridge.words.is_closed(to) {
                let (_, mut context) = self.lane(now, to.other());
                let lane = &mut bridge.own[to.other()];
                lane.close(&mut context, code.to_be_bytes().to_vec(), out);
            }
        }
        self.bridge = Some(bridge);
    }
}

fn begin_lane(lane: &mut Lane, dialect: Dialect, proof: usize, config: &SessionConfig) {
    let facts = dialect.facts();
    match facts.framing {
        Framing::Rfc => {
            lane.mode = Mode::Frames;
            lane.examine(None, &config.limits);
        }
        Framing::Hixie => {
            lane.mode = Mode::Hixie;
            lane.expect_hixie(proof, facts.has_close, &config.limits);
        }
        Framing::Raw => lane.mode = Mode::Raw,
    }
}

fn tell(now: Time, from: Side, said: &Said, log: &mut Log) {
    if let Some(what) = said.binary {
        let mut finding = Finding::new(FindingKind::HixieBinary, Place::Stream);
        finding.repaired = true;
        let detail = format!("a message of the {}'s {what}: the other side has text only", from.name());
        log.event(now, Event::Finding(from, finding.detail(detail)));
    }
    for (level, words) in &said.notes {
        log.event(now, Event::Note(*level, (*words).to_owned()));
    }
}
