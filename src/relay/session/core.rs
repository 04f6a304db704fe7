//! What a session has in each of its phases.

use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::diagnose::application::End;
use crate::diagnose::end;
use crate::diagnose::own::Own;
use crate::record::finding::Finding;
use crate::record::{ClosedBy, ClosedHow, Event, FrameNumber, Log, Origin, PerSide, Policy, Side, Stall, Time};
use crate::relay::application::Application;
use crate::relay::judgement::Judgement;
use crate::relay::lane::{Context, Lane};
use crate::relay::stall::{Debt, Stalls};
use crate::relay::watch::Keys;
use crate::wire::close::Code;
use crate::wire::dialect::Dialect;
use crate::wire::inflate::Deflate;

use super::closing::Closing;
use super::time::Clock;
use super::{Act, Output, Reason, SessionConfig};

/// The first thing that began the end.
#[derive(Debug)]
pub(super) struct First {
    pub by: ClosedBy,
    pub how: ClosedHow,
    pub code: Option<Code>,
    pub reason: Vec<u8>,
}

/// What frames of both lanes have to do with one another.
#[derive(Debug, Default)]
struct Traffic {
    /// The number of the next frame.
    next: FrameNumber,
    /// The oldest ping of each side that is not answered.
    pings: PerSide<Option<Debt>>,
    keys: Keys,
    /// Which sides a bridge has told that nothing follows.
    told: PerSide<bool>,
    /// What the application says, from the opening on.
    application: Option<Box<Application>>,
    /// Raw bytes of the user's that broke the stream which a side gets.
    own: PerSide<Option<Own>>,
}

/// What is there from the first byte to the last.
#[derive(Debug)]
pub(super) struct Core {
    pub config: SessionConfig,
    pub random: StdRng,
    pub judgement: Judgement,
    pub lanes: PerSide<Lane>,
    /// Sides whose bytes are of no interest any more.
    pub cut: PerSide<bool>,
    pub clock: Clock,
    pub stalls: Stalls,
    pub first: Option<First>,
    /// How long no byte had come from each side when the first close frame came.
    silence_at_close: PerSide<Duration>,
    /// Whether a page asked: only its requests have an Origin.
    pub is_page: bool,
    /// A finding whose cause the upstream is asked for.
    pub held: Option<Finding>,
    /// The request's target.
    pub path: Arc<[u8]>,
    /// The subprotocol that was agreed on.
    pub subprotocol: Option<Arc<[u8]>>,
    /// When the session began.
    began: Time,
    /// Sides whose bytes have ended behind what rules delay: the other side is told once that has gone.
    pub ending: PerSide<bool>,
    /// Until when rules keep the response to the handshake waiting.
    pub slow: Option<Time>,
    traffic: Traffic,
}

impl Core {
    pub(super) fn new(config: SessionConfig, now: Time) -> Self {
        Self {
            random: StdRng::from_seed(config.seed),
            judgement: Judgement::none(),
            lanes: PerSide::from_fn(Lane::new),
            cut: PerSide::default(),
            clock: Clock::new(now),
            stalls: Stalls::default(),
            first: None,
            silence_at_close: PerSide::default(),
            is_page: false,
            held: None,
            path: Arc::default(),
            subprotocol: None,
            began: now,
            ending: PerSide::default(),
            slow: None,
            traffic: Traffic::default(),
            config,
        }
    }

    /// Frames follow on both lanes, each in its side's dialect and behind so many bytes that belong to its head. A lane that
    /// had too much to say early is open already.
    pub(super) fn open_lanes(&mut self, dialects: PerSide<Dialect>, proofs: PerSide<usize>, deflate: Option<Deflate>) {
        for side in [Side::Client, Side::Server] {
            let (lane, limits) = (&mut self.lanes[side], &self.config.limits);
            if !lane.is_read() {
                lane.open(dialects[side], dialects[side.other()], proofs[side], limits);
            }
            lane.examine(deflate, limits);
        }
    }

    /// The socket opened with these two heads: what the application says is watched from here on.
    pub(super) fn watch_application(&mut self, now: Time, request: &[u8], response: &[u8]) {
        self.traffic.application = Some(Box::new(Application::new(now, request, response)));
    }

    /// What the application's protocol lets a side wait for.
    #[inline]
    pub(super) fn owed_by_application(&self) -> Option<Stall> {
        self.traffic.application.as_ref().and_then(|application| application.owed())
    }

    /// A lane, and what it needs for a call.
    pub(super) fn lane(&mut self, now: Time, from: Side) -> (&mut Lane, Context<'_>) {
        let context = Context {
            judgement: &mut self.judgement,
            pings: &mut self.traffic.pings,
            keys: &mut self.traffic.keys,
            told: &mut self.traffic.told,
            application: &mut self.traffic.application,
            own: &mut self.traffic.own,
            now,
            policy: self.config.policy.get(),
            next: &mut self.traffic.next,
            random: &mut self.random,
            limits: &self.config.limits,
            hold: &self.config.hold,
            rules: &self.config.rule_cell,
            began: self.began,
            path: &self.path,
            subprotocol: &self.subprotocol,
        };
        (&mut self.lanes[from], context)
    }

    /// Follows `input` on its lane. Its first byte is at offset `base` of what the call brought.
    #[inline]
    pub(super) fn pass(&mut self, now: Time, from: Side, input: &[u8], base: usize, out: &mut Output) {
        let (lane, mut context) = self.lane(now, from);
        lane.receive(&mut context, input, base, out);
        self.pass_back(now, from, out);
    }

    /// Follows what went out before as it came.
    pub(super) fn pass_late(&mut self, now: Time, from: Side, input: &[u8], out: &mut Output) {
        let (lane, mut context) = self.lane(now, from);
        context.policy = Policy::Faithful;
        lane.receive(&mut context, input, 0, out);
    }

    /// What a bridge says to the side itself, and the end of what it has to say.
    #[inline]
    pub(super) fn pass_back(&mut self, now: Time, from: Side, out: &mut Output) {
        let Some(chain) = self.lanes[from].passage.chain() else { return };
        let (back, ends) = (std::mem::take(&mut chain.outlet.back), std::mem::take(&mut chain.outlet.ends));
        let responses = std::mem::take(&mut chain.outlet.responses);
        for post in responses {
            let (lane, mut context) = self.lane(now, from.other());
            lane.say_by_rule(&mut context, post, out);
        }
        for unit in back {
            let (lane, mut context) = self.lane(now, from.other());
            lane.say(&mut context, unit, out);
        }
        if ends {
            self.cut[from] = true;
            out.acts.push(Act::HalfClose(from.other()));
        }
    }

    /// The oldest ping of a side that is not answered.
    pub(super) fn ping(&self, side: Side) -> Option<Debt> {
        self.traffic.pings[side]
    }

    /// The client gets a response of wsproxy's own, and both sides the end of the bytes.
    pub(super) fn respond(&mut self, now: Time, status: u16, reason: Reason, out: &mut Output) -> Closing {
        out.acts.push(Act::Respond { status, reason });
        self.end_both(out);
        Closing::over(now)
    }

    pub(super) fn end_both(&mut self, out: &mut Output) {
        self.cut = PerSide::new(true, true);
        out.acts.extend([Act::HalfClose(Side::Client), Act::HalfClose(Side::Server)]);
    }

    /// Under the strict policy, a read that fails the page is not passed on, though its frames may look right: what they
    /// hold can't be inflated, or a length is more than browsers take. Gives the close code.
    #[inline]
    pub(super) fn fails_page(&self, out: &mut Output) -> Option<Code> {
        if self.judgement.failure().is_none() || self.config.policy.get() != Policy::Strict {
            return None;
        }
        out.to.client.withhold();
        Some(Code::PROTOCOL_ERROR)
    }

    /// How long no byte has come from each side since the socket opened.
    pub(super) fn silence(&self, now: Time) -> PerSide<Duration> {
        self.lanes.as_ref().map(|lane| now.since(lane.last_read().max(self.clock.last_response)))
    }

    /// Whether a close frame has passed in no direction.
    pub(super) fn is_closed_by_nobody(&self) -> bool {
        self.lanes.iter().all(|lane| lane.close.is_none())
    }

    /// A close frame that passed may be what began the end.
    #[inline]
    pub(super) fn note_close_frame(&mut self, from: Side) {
        if self.first.is_some() {
            return;
        }
        if let Some(close) = self.lanes[from].close.clone() {
            self.silence_at_close = self.silence(close.time);
            let by = match close.origin {
                Origin::Peer => ClosedBy::Peer(from),
                Origin::Injected => ClosedBy::User,
                Origin::Proxy | Origin::Rule => ClosedBy::Proxy,
            };
            self.note_first(First { by, how: ClosedHow::CloseFrame, code: close.code, reason: close.reason });
        }
    }

    pub(super) fn note_first(&mut self, first: First) {
        self.first.get_or_insert(first);
    }

    /// Tells why a server closed of its own accord, where the application or the time of it says so: right after the socket
    /// opened, or after the first message.
    pub(super) fn tell_own_close(&mut self, now: Time, log: &mut Log) {
        let is_first = self
            .first
            .as_ref()
            .is_some_and(|first| first.by == ClosedBy::Peer(Side::Server) && first.how == ClosedHow::CloseFrame);
        let is_read = is_first && self.lanes.server.has_read_frames();
        let Some(close) = self.lanes.server.close.as_ref().filter(|_| is_read) else { return };
        if let Some(application) = &self.traffic.application {
            let end = End { from: Side::Server, how: None, time: close.time, silence: self.silence_at_close };
            if let Some(finding) = application.end(&end) {
                return log.event(now, Event::Finding(Side::Server, finding));
            }
        }
        // What the application said before tells more than that the end followed at once.
        if !self.is_page || self.traffic.application.as_ref().is_some_and(|application| application.told().is_some()) {
            return;
        }
        let messages = self.lanes.iter().filter_map(Lane::first_message);
        let (what, since) = match messages.max() {
            Some(time) => ("the first message", time),
            None => ("the socket opened", self.clock.last_response),
        };
        if let Some(finding) = end::at_once(close.code, &close.reason, what, close.time.since(since)) {
            log.event(now, Event::Finding(Side::Server, finding));
        }
    }

    /// What was told as a stall and is still owed never came.
    pub(super) fn finish_stalls(&mut self, now: Time, log: &mut Log) {
        for (lane, finding) in self.stalls.findings(now) {
            self.lanes[lane].add_finding(finding);
        }
        self.stalls.update(now, u64::MAX, &[], log);
    }
}
