//! One session from the client's head to the end of both lanes.

mod bridged;
mod draft;
mod judge;
mod opening;
mod output;
mod time;

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::diagnose::{NoAnswer, handshake};
use crate::record::finding::{Finding, FindingKind};
use crate::wire::accept::AcceptCheck;
use crate::wire::close::Code;
use crate::wire::dialect::{Dialect, Framing};
use crate::wire::head::{self, Head};
use crate::wire::inflate::Deflate;

use super::bridge::Bridging;
use super::edits::Edit;
use super::injection::{Injection, Refusal, Reply, Token};
use super::judgement::Judgement;
use super::lane::{Context, Lane};
use super::limits::Limits;
use super::policy::PolicyCell;
use super::repair;
use super::response::{Progress, ResponseHead};
use super::stall::Stalls;
use super::translate::{AddressRules, Translator};
use super::watch::Keys;
use crate::record::{
    ClosedBy, ClosedEvent, ClosedHow, Ending, Event, HeadEvent, Log, OpenEvent, Origin, PerSide, Policy, Side, Time,
};
pub use output::{Act, Output, Reason, Sent};

/// What the user wants of a session.
#[derive(Debug)]
pub enum Command {
    /// Puts something into the lane towards a side; replies with the token.
    Inject {
        /// The caller's own number, given back with each reply.
        token: Token,
        /// Who gets it.
        to: Side,
        /// What it is.
        injection: Injection,
    },
    /// Ends the session from within: close frames where they fit, then a little time for the replies.
    Close {
        /// Who wants it.
        by: ClosedBy,
        /// The close code (RFC 6455 7.4.1).
        code: Code,
    },
}

/// What a session needs to know at its start.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Address translation.
    pub rules: Arc<AddressRules>,
    /// Bounds.
    pub limits: Limits,
    /// For mask keys; unpredictable in use, fixed in tests (RFC 6455 5.3).
    pub seed: [u8; 32],
    /// What is done about faults.
    pub policy: PolicyCell,
}

#[derive(Debug)]
enum Phase {
    /// The server's answer is awaited or under way.
    Answer { head: ResponseHead, early: Vec<u8> },
    /// 101 came, or another answer that ends the handshake.
    Answered,
}

/// The first thing that began the end.
#[derive(Debug)]
struct First {
    by: ClosedBy,
    how: ClosedHow,
    code: Option<Code>,
    reason: Vec<u8>,
}

/// The state of one session.
///
/// It begins with `begin`; the caller says when the upstream is `connected`. Then come, in whatever order things happen,
/// `receive` and `end` for each side, `command`, and `tick`. After each of them the caller
///
/// 1. takes what `Output` holds: `to`, then `acts`, `replies` and, when it likes, `log`;
/// 2. asks `is_reading` before it reads from a side;
/// 3. asks for the `deadline`, and calls `tick` at that time, where nothing else comes before. What the peers do not
///    take is told by `blocked` before.
///
/// `finish` is the last call.
#[derive(Debug)]
pub struct Session {
    config: SessionConfig,
    random: StdRng,
    translator: Translator,
    dialect: Dialect,
    key: Option<Vec<u8>>,
    /// The request, which the answer is held against.
    request: Vec<u8>,
    /// The head of a refusal, until the first bytes of its body are there.
    refusal: Option<Vec<u8>>,
    /// What was found in an answer that has not ended.
    unfinished: Option<FindingKind>,
    judgement: Judgement,
    /// Where the sides speak different dialects; `dialect` is then the upstream's.
    bridge: Option<Box<bridged::Bridge>>,
    /// How the answer is dealt with; fixed from the start, for a half of it may have passed.
    opening: Policy,
    /// The key that the client sent, where the upstream got another.
    client_key: Option<Vec<u8>>,
    /// The answer that the client got in place of the one that came.
    mended: Option<Vec<u8>>,
    /// Bytes behind a mended head that may be lines of it, until that is clear.
    behind: Option<Vec<u8>>,
    /// The close code for what fails a page although each frame by itself is right.
    failed: Option<Code>,
    /// The last finding in the response's head.
    blamed: Option<Finding>,
    proof: draft::Proof,
    phase: Phase,
    open: bool,
    lanes: PerSide<Lane>,
    frames: u64,
    first: Option<First>,
    /// Since when wsproxy ends the session by itself.
    closing: Option<Closing>,
    /// Sides whose bytes are of no interest any more.
    cut: PerSide<bool>,
    clock: time::Clock,
    pings: PerSide<Option<(Time, u64)>>,
    keys: Keys,
    /// Which sides a bridge has told that nothing follows.
    told: PerSide<bool>,
    stalls: Stalls,
}

/// wsproxy ends the session.
#[derive(Debug)]
struct Closing {
    since: Time,
    /// Whether both sides were told that the bytes end.
    is_over: bool,
    /// Whether the time for it has passed.
    has_had_its_time: bool,
}

impl Session {
    /// Begins with the client's whole head. What goes to the server is the head for the upstream.
    #[must_use]
    pub fn begin(config: SessionConfig, now: Time, request: &[u8], out: &mut Output) -> Self {
        Self::begin_to(config, None, now, request, out)
    }

    fn begin_to(mut config: SessionConfig, to: Option<Bridging>, now: Time, raw: &[u8], out: &mut Output) -> Self {
        let log = &mut out.log;
        if to.is_some() {
            // A bridge writes everything anew, so there is nothing to mend.
            config.policy = PolicyCell::default();
        }
        let head = Head::new(raw);
        let dialect = Dialect::of_request(head);
        let translator = config.rules.for_request(head);
        let (mut forwarded, mut changes) = translator.request(raw);
        let opening = config.policy.get();
        let mut random = StdRng::from_seed(config.seed);
        let (mut request, mut client_key) = (raw.to_vec(), None);
        if opening == Policy::Repair && dialect == Dialect::Rfc6455 {
            let nonce = random.random();
            if let Some(mended) = repair::head::request(&forwarded, nonce, &mut changes) {
                let (own, key) = (Head::new(&mended).value("sec-websocket-key"), head.value("sec-websocket-key"));
                client_key = key.filter(|key| own != Some(*key)).map(<[u8]>::to_vec);
                request.clone_from(&mended);
                forwarded = mended;
            }
        }
        let bridge = to.map(|to| {
            let (bridge, own) = Self::build_bridge(to, raw, &forwarded, &mut random);
            request.clone_from(&own);
            forwarded = [&own, bridge.heads.own_key3()].concat();
            changes = Self::whole_head(raw, &own);
            Box::new(bridge)
        });
        let event = HeadEvent {
            from: Side::Client,
            bytes: raw.to_vec(),
            forwarded: forwarded.clone(),
            changes,
            dialect,
            status: None,
            complete: true,
        };
        log.event(now, Event::Head(event));
        for finding in handshake::request(raw) {
            log.event(now, Event::Finding(Side::Client, finding));
        }
        if translator.foreign().is_some()
            && let Some(finding) = handshake::foreign_host(raw)
        {
            log.event(now, Event::Finding(Side::Client, finding));
        }
        if dialect.facts().has_keys
            && let Some(finding) = handshake::keys(raw)
        {
            log.event(now, Event::Finding(Side::Client, finding));
        }
        let mut session = Self {
            random,
            translator,
            dialect: to.map_or(dialect, |to| to.dialect),
            bridge,
            key: Head::new(&request).value("sec-websocket-key").map(<[u8]>::to_vec),
            request,
            opening,
            client_key,
            mended: None,
            behind: None,
            failed: None,
            blamed: None,
            refusal: None,
            unfinished: None,
            // Today's browsers speak nothing else, so there is nothing to say of drafts.
            judgement: if dialect == Dialect::Rfc6455 { Judgement::awaits_answer(now, log) } else { Judgement::none() },
            proof: draft::Proof::default(),
            phase: Phase::Answer { head: ResponseHead::default(), early: Vec::new() },
            open: false,
            lanes: PerSide::from_fn(Lane::new),
            frames: 0,
            first: None,
            closing: None,
            cut: PerSide::default(),
            clock: time::Clock::new(now),
            pings: PerSide::default(),
            keys: Keys::default(),
            told: PerSide::default(),
            stalls: Stalls::default(),
            config,
        };
        session.lanes[Side::Client].bytes = raw.len() as u64;
        session.settle(now, out);
        out.to.server = Sent::Instead(forwarded);
        session
    }

    /// Takes bytes that were read from one side. They go to the other side as they are, but for what `out.to` says.
    pub fn receive(&mut self, now: Time, from: Side, input: &[u8], out: &mut Output) {
        self.lanes[from].bytes += input.len() as u64;
        if self.bridge.is_some() && matches!(self.phase, Phase::Answer { .. }) {
            self.receive_bridged(now, from, input, out);
            self.judge_proof(now, false, &mut out.log);
        } else {
            self.receive_straight(now, from, input, out);
        }
        if self.closing.is_some() {
            out.to[from.other()].withhold();
        }
        self.note_close_frame(from);
        if let Some(code) = self.fault() {
            self.close(now, ClosedBy::Proxy, code, out);
        }
        self.settle(now, out);
    }

    #[inline]
    fn receive_straight(&mut self, now: Time, from: Side, input: &[u8], out: &mut Output) {
        let holds = self.holds_answer();
        match (&mut self.phase, from) {
            (Phase::Answer { .. }, Side::Server) if holds => self.hold_answer(now, input, out),
            (Phase::Answer { .. }, Side::Server) => self.answer(now, input, out),
            (Phase::Answer { early, .. }, Side::Client) if !self.lanes.client.is_read() => {
                if let (true, Some(finding)) = (early.is_empty(), handshake::early_data(&self.request, input)) {
                    out.log.event(now, Event::Finding(Side::Client, finding));
                }
                early.extend_from_slice(input);
                if early.len() > self.config.limits.early {
                    self.read_early(now, true, out);
                }
            }
            (Phase::Answered, Side::Server) if self.behind.is_some() => self.read_behind(now, input, out),
            _ => {
                if from == Side::Server && self.refusal.is_some() {
                    self.judge_refusal(now, input, &mut out.log);
                }
                self.pass(now, from, input, 0, out);
            }
        }
        self.judge_proof(now, false, &mut out.log);
        self.fail_strictly(from, out);
    }

    /// Takes a command.
    pub fn command(&mut self, now: Time, command: Command, out: &mut Output) {
        match command {
            Command::Inject { token, to, injection } => self.inject(now, to, token, injection, out),
            Command::Close { by, code } => self.close(now, by, code, out),
        }
        self.settle(now, out);
    }

    fn inject(&mut self, now: Time, to: Side, token: Token, injection: Injection, out: &mut Output) {
        if self.closing.is_some() {
            out.replies.push((token, Reply::Refused(Refusal::Ended)));
            return;
        }
        let (lane, mut context) = self.lane(now, to.other());
        lane.inject(&mut context, token, injection, out);
        self.note_close_frame(to.other());
    }

    /// Takes the end of a side's bytes. What was held of that side's goes on first. A connection that breaks after its
    /// bytes had ended is told as a reset, too.
    pub fn end(&mut self, now: Time, from: Side, how: Ending, out: &mut Output) {
        if self.lanes[from].ended.is_none() {
            self.end_lane(now, from, how, out);
        } else if how == Ending::Fin {
            return;
        }
        out.acts.push(match how {
            Ending::Fin => Act::HalfClose(from.other()),
            Ending::Reset => Act::Reset(from.other()),
        });
        self.settle(now, out);
    }

    fn end_lane(&mut self, now: Time, from: Side, how: Ending, out: &mut Output) {
        self.judge_refusal(now, &[], &mut out.log);
        match (&self.phase, from) {
            (Phase::Answer { .. }, Side::Server) => self.end_of_unfinished_answer(now, how, out),
            (Phase::Answer { .. }, Side::Client) if how == Ending::Reset && self.closing.is_none() => {
                self.page_left(now, &mut out.log)
            }
            _ => {}
        }
        self.judge_proof(now, from == Side::Server, &mut out.log);
        self.tell_missing_key3(now, out);
        let how_closed = match how {
            Ending::Fin => ClosedHow::Fin,
            Ending::Reset => ClosedHow::Reset,
        };
        self.note_first(ClosedBy::Peer(from), how_closed, None, Vec::new());
        let (lane, mut context) = self.lane(now, from);
        lane.end(&mut context, how, out);
        if how == Ending::Fin {
            self.note_missing_close(now, from, &mut out.log);
        }
        out.log.event(now, Event::Ended { from, how });
    }

    /// Ends the session from within: a close frame to each side where one can stand. From here on nothing that comes is
    /// passed on.
    fn close(&mut self, now: Time, by: ClosedBy, code: Code, out: &mut Output) {
        if self.closing.is_some() {
            return;
        }
        for to in [Side::Client, Side::Server] {
            let (lane, mut context) = self.lane(now, to.other());
            lane.close(&mut context, code, out);
        }
        let how = if self.open { ClosedHow::CloseFrame } else { ClosedHow::Fin };
        self.note_first(by, how, self.open.then_some(code), Vec::new());
        self.closing = Some(Closing { since: now, is_over: false, has_had_its_time: false });
    }

    /// The client gets a response of wsproxy's own, and both sides the end of the bytes.
    fn respond(&mut self, now: Time, status: u16, reason: Reason, out: &mut Output) {
        self.closing = Some(Closing { since: now, is_over: true, has_had_its_time: false });
        out.acts.push(Act::Respond { status, reason });
        self.end_both(out);
    }

    fn end_both(&mut self, out: &mut Output) {
        self.cut = PerSide::new(true, true);
        out.acts.extend([Act::HalfClose(Side::Client), Act::HalfClose(Side::Server)]);
    }

    /// The close code with which the strict policy ends the session, once what came before the fault is passed on.
    fn fault(&self) -> Option<Code> {
        if self.closing.is_some() {
            None
        } else {
            self.lanes.iter().find_map(|lane| lane.passage.fault()).or(self.failed)
        }
    }

    /// Whether more is to be read from a side: its bytes have not ended, and there is use for them.
    #[inline]
    #[must_use]
    pub fn is_reading(&self, from: Side) -> bool {
        self.lanes[from].ended.is_none() && !self.cut[from] && !self.lanes[from].passage.is_full()
    }

    /// Whether the server's answer was 101.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Whether the server's head has come.
    #[must_use]
    pub const fn is_answered(&self) -> bool {
        matches!(self.phase, Phase::Answered)
    }

    /// Notes that a limit of time ended the session.
    pub fn time_out(&mut self) {
        self.note_first(ClosedBy::Proxy, ClosedHow::Timeout, None, Vec::new());
    }

    /// Writes the last record. Call it once, when both connections are gone.
    pub fn finish(&mut self, now: Time, out: &mut Output) {
        self.judge_refusal(now, &[], &mut out.log);
        for (lane, finding) in self.stalls.findings(now) {
            self.lanes[lane].add_finding(finding);
        }
        self.stalls.update(now, u64::MAX, &[], &mut out.log);
        for lane in self.lanes.iter_mut() {
            lane.refuse_waiting(Refusal::NeverCame, out);
            lane.report_rest(now, &mut out.log);
        }
        let first = self.first.take().unwrap_or(First {
            by: ClosedBy::Proxy,
            how: ClosedHow::Fin,
            code: None,
            reason: Vec::new(),
        });
        let closed = ClosedEvent {
            by: first.by,
            how: first.how,
            code: first.code,
            reason: first.reason,
            frames: self.lanes.as_ref().map(Lane::frames),
            bytes: self.lanes.as_ref().map(|lane| lane.bytes),
        };
        out.log.event(now, Event::SessionClosed(closed));
    }

    fn lane(&mut self, now: Time, from: Side) -> (&mut Lane, Context<'_>) {
        let context = Context {
            judgement: &mut self.judgement,
            pings: &mut self.pings,
            keys: &mut self.keys,
            told: &mut self.told,
            now,
            policy: if self.closing.is_some() { Policy::Faithful } else { self.config.policy.get() },
            frames: &mut self.frames,
            random: &mut self.random,
            limits: &self.config.limits,
        };
        (&mut self.lanes[from], context)
    }

    #[inline]
    fn pass(&mut self, now: Time, from: Side, input: &[u8], base: usize, out: &mut Output) {
        let (lane, mut context) = self.lane(now, from);
        lane.receive(&mut context, input, base, out);
        self.pass_back(now, from, out);
    }

    /// What a bridge says to the side itself, and the end of what it has to say.
    #[inline]
    fn pass_back(&mut self, now: Time, from: Side, out: &mut Output) {
        let Some(chain) = self.lanes[from].passage.chain() else { return };
        let (back, ends) = (std::mem::take(&mut chain.outlet.back), std::mem::take(&mut chain.outlet.ends));
        for unit in back {
            let (lane, mut context) = self.lane(now, from.other());
            lane.say(&mut context, &unit, out);
        }
        if ends {
            self.cut[from] = true;
            out.acts.push(Act::HalfClose(from.other()));
        }
    }

    fn answer(&mut self, now: Time, input: &[u8], out: &mut Output) {
        self.clock.last_answer = now;
        let mut at = 0;
        while let Phase::Answer { head, .. } = &mut self.phase {
            let (passed, scanned) = (head.forwarded.len(), head.raw.len());
            // The analysis must not end before a browser does.
            let limit = self.config.limits.head.max(handshake::CHROME_HEAD);
            let progress = head.feed(&input[at..], &self.translator, limit);
            let taken = match progress {
                Progress::Complete(taken) => taken,
                Progress::More | Progress::TooLong => input.len() - at,
            };
            let replacement = &head.forwarded[passed..];
            if replacement != &input[at..at + taken] {
                out.to.client.edit(Edit { at, remove: taken, insert: replacement.to_vec() });
            }
            at += taken;
            match progress {
                Progress::More => return self.judge_unfinished(now, scanned, &mut out.log),
                Progress::Complete(_) => self.conclude(now, true, &input[at..], out),
                Progress::TooLong => {
                    self.judge_unfinished(now, scanned, &mut out.log);
                    self.conclude(now, false, &[], out);
                }
            }
        }
        self.pass(now, Side::Server, &input[at..], at, out);
    }

    /// A head is whole (or as whole as it will be): says what it is and what follows it. `rest` is what came behind it.
    fn conclude(&mut self, now: Time, complete: bool, rest: &[u8], out: &mut Output) {
        let Phase::Answer { head, .. } = &mut self.phase else { return };
        let head = std::mem::take(head);
        let status = Head::of_response(&head.raw).status();
        let opens = complete && status == Some(101);
        self.log_answer(now, &head, status, complete, &mut out.log);
        if opens {
            self.log_open(now, &head.raw, &mut out.log);
            self.open = true;
        }
        if opens && self.framing() == Framing::Hixie {
            self.expect_hixie(now, &head.raw, &head.forwarded, &mut out.log);
        }
        let deflate = agreed(Head::of_response(self.mended.as_deref().unwrap_or(&head.raw)));
        let answer = if opens { head.raw.clone() } else { Vec::new() };
        if complete {
            self.judge_answer(now, head.raw, rest, &mut out.log);
        }
        match status {
            // An interim answer: another head follows (RFC 9110 15.2).
            Some(100 | 102..=199) if complete => {}
            _ if opens => {
                self.open_lanes();
                self.lanes.iter_mut().for_each(|lane| lane.examine(deflate, &self.config.limits));
                let failed = !self.judgement.is_live();
                self.lanes[Side::Server].follows(answer, failed);
                self.leave_handshake(now, true, out);
            }
            _ => self.leave_handshake(now, false, out),
        }
    }

    fn log_answer(&self, now: Time, head: &ResponseHead, status: Option<u16>, complete: bool, log: &mut Log) {
        let event = HeadEvent {
            from: Side::Server,
            bytes: head.raw.clone(),
            forwarded: head.forwarded.clone(),
            changes: head.changes.clone(),
            dialect: self.dialect,
            status,
            complete,
        };
        log.event(now, Event::Head(event));
    }

    fn log_open(&self, now: Time, raw: &[u8], log: &mut Log) {
        let head = Head::of_response(raw);
        let accept = if self.dialect.facts().has_accept {
            AcceptCheck::of(self.key.as_deref(), head.value("sec-websocket-accept"))
        } else {
            AcceptCheck::NoKey
        };
        let open = OpenEvent {
            dialect_client: self.bridge.as_ref().map_or(self.dialect, |bridge| bridge.client()),
            dialect_server: self.dialect,
            subprotocol: head.value("sec-websocket-protocol").map(<[u8]>::to_vec),
            extensions: joined(head, "sec-websocket-extensions"),
            accept,
        };
        log.event(now, Event::Open(open));
    }

    /// How the lanes are read once the answer is 101.
    const fn framing(&self) -> Framing {
        self.dialect.facts().framing
    }

    fn open_lanes(&mut self) {
        let proofs = draft::proofs(self.dialect);
        for side in [Side::Client, Side::Server] {
            // One that had too much to say early is open already.
            if !self.lanes[side].is_read() {
                self.lanes[side].open(self.dialect, self.dialect, proofs[side], &self.config.limits);
            }
        }
    }

    fn leave_handshake(&mut self, now: Time, opens: bool, out: &mut Output) {
        self.read_early(now, opens, out);
        self.phase = Phase::Answered;
        self.clock.check_anew();
        if !opens {
            self.lanes.server.be_raw();
        }
    }

    /// What the client sent early was passed on as it came; now it is known how to read it. Where there is too much to
    /// keep until the answer comes, it is read as if the answer were 101.
    fn read_early(&mut self, now: Time, opens: bool, out: &mut Output) {
        let Phase::Answer { early, .. } = &mut self.phase else { return };
        let early = std::mem::take(early);
        if !opens {
            self.lanes.client.be_raw();
        } else if !self.lanes.client.is_read() {
            let proof = draft::proofs(self.dialect).client;
            self.lanes.client.open(self.dialect, self.dialect, proof, &self.config.limits);
        }
        let (lane, mut context) = self.lane(now, Side::Client);
        // It went out as it came.
        context.policy = Policy::Faithful;
        lane.receive(&mut context, &early, 0, out);
        self.note_close_frame(Side::Client);
    }

    fn end_of_unfinished_answer(&mut self, now: Time, how: Ending, out: &mut Output) {
        let Phase::Answer { head, .. } = &mut self.phase else { return };
        // A bridge passes nothing on before it is whole.
        let passed = if self.bridge.is_some() { 0 } else { head.forwarded.len() };
        head.flush();
        let (raw, forwarded) = (head.raw.clone(), head.forwarded.clone());
        match (self.holds_answer(), self.opening) {
            (true, Policy::Strict) => {}
            (true, _) => out.to.client.append(&forwarded),
            (false, _) => out.to.client.append(forwarded.get(passed..).unwrap_or_default()),
        }
        if raw.is_empty() {
            self.leave_handshake(now, false, out);
        } else {
            self.conclude(now, false, &[], out);
        }
        if self.closing.is_some() {
            return;
        }
        // A client that has gone before saw nothing of this.
        if self.lanes[Side::Client].ended.is_some() {
            return self.page_left(now, &mut out.log);
        }
        let end = match how {
            Ending::Reset => NoAnswer::Reset,
            Ending::Fin if raw.is_empty() => NoAnswer::Nothing,
            Ending::Fin if head::response_start(&raw).is_none() => NoAnswer::NotHttp,
            Ending::Fin => NoAnswer::CutShort,
        };
        self.judge_silence(now, end, &raw, &mut out.log);
        self.refuse_silence(now, out);
    }

    fn note_close_frame(&mut self, from: Side) {
        if self.first.is_some() {
            return;
        }
        if let Some(close) = self.lanes[from].close.clone() {
            let by = match close.origin {
                Origin::Peer => ClosedBy::Peer(from),
                Origin::Injected => ClosedBy::User,
                Origin::Proxy => ClosedBy::Proxy,
            };
            self.note_first(by, ClosedHow::CloseFrame, close.code, close.reason);
        }
    }

    fn note_first(&mut self, by: ClosedBy, how: ClosedHow, code: Option<Code>, reason: Vec<u8>) {
        self.first.get_or_insert(First { by, how, code, reason });
    }
}

/// All values of a field joined by a comma, as HTTP reads several lines (RFC 9110 5.3).
fn joined(head: Head<'_>, name: &str) -> Option<Vec<u8>> {
    let values: Vec<_> = head.values(name).collect();
    (!values.is_empty()).then(|| values.join(b", ".as_slice()))
}

/// The compression that an answer agrees to.
fn agreed(answer: Head<'_>) -> Option<Deflate> {
    Deflate::agreed(&joined(answer, "sec-websocket-extensions")?)
}
