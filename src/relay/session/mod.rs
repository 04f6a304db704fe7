//! One session from the client's head to the end of both lanes.
//!
//! ```text
//!            Opening ------------> Open ---------.
//!    (faithful, completed,           |            \
//!     or bridged)   \                |             v
//!                    `-----> Pipe    |        Closing
//!                              `-----+-----------^
//! ```
//!
//! A session is in one phase at a time, and each phase owns what only it needs. What all of them need is in `Core`: the
//! lanes, the verdict, the clock. A phase's calls give the phase that follows, if one does.
#![deny(clippy::indexing_slicing)]

mod closing;
mod command;
mod core;
mod draft;
mod open;
mod opening;
mod output;
mod pipe;
mod ruled;
mod time;

use std::sync::Arc;

use crate::diagnose::inquiry::Why;
use crate::record::finding::{Finding, Level};
use crate::record::{ClosedBy, ClosedEvent, ClosedHow, Ending, Event, FrameNumber, PerSide, ReleasedBy, Side, Time};
use crate::wire::close::Code;
use crate::wire::dialect::{Dialect, Framing};
use crate::wire::head::Head;
use crate::wire::inflate::Deflate;

use super::bridge::Bridging;
use super::hold::{Decision, HeadDecision, HoldCell, HookOutcome};
use super::injection::{Injection, Refusal, Reply, Token};
use super::lane::{Context, Lane};
use super::limits::Limits;
use super::policy::PolicyCell;
use super::rules::RuleCell;
use super::translate::AddressRules;
use closing::Closing;
pub use command::SessionCommand;
use core::{Core, First};
use open::Open;
use opening::Opening;
pub use output::{Act, Output, Reason, Sent};
use pipe::Pipe;

/// Bad Gateway (RFC 9110 15.6.3).
const BAD_GATEWAY: u16 = 502;

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
    /// What is held, as this session sees it.
    pub hold: HoldCell,
    /// The rules, as this session sees them.
    pub rule_cell: RuleCell,
}

impl SessionConfig {
    /// With the usual limits, faithful, nothing held, and a seed of zeros: the same input gives the same output, keys of
    /// masks among it. For sessions that go to nobody.
    #[must_use]
    pub fn new(rules: AddressRules) -> Self {
        Self {
            rules: Arc::new(rules),
            limits: Limits::default(),
            seed: [0; 32],
            policy: PolicyCell::default(),
            hold: HoldCell::default(),
            rule_cell: RuleCell::default(),
        }
    }
}

/// What was agreed to by handshakes that a session does not see.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What each side speaks. Both have the same framing.
    pub dialects: PerSide<Dialect>,
    /// The compression, where there is one (RFC 7692).
    pub deflate: Option<Deflate>,
}

/// What came of an `Act::Inquire`.
#[derive(Debug)]
pub enum Learned {
    /// No more than was known.
    Nothing,
    /// The cause of what is held back, and what to change.
    Why(Why),
    /// Something to be told by itself.
    Finding(Box<Finding>),
}

#[derive(Debug)]
enum Phase {
    /// The upstream's response is awaited or under way.
    Opening(Box<Opening>),
    /// The response was 101: frames pass.
    Open(Open),
    /// The response was another, or none: whatever comes passes as bytes.
    Pipe(Pipe),
    /// wsproxy ends the session. Nothing passes any more.
    Closing(Closing),
}

/// The state of one session.
///
/// It begins with `begin`, or with `open` where there are no heads to see; the caller says when the upstream is
/// `connected`. Then come, in whatever order things happen, `receive` and `end` for each side, `command`, and `tick`. After
/// each of them the caller
///
/// 1. takes what `Output` holds: `to`, then `acts`, `replies` and, when it likes, `log`;
/// 2. asks `is_reading` before it reads from a side;
/// 3. asks for the `deadline`, and calls `tick` at that time, where nothing else comes before. What the peers do not
///    take is told by `blocked` before.
///
/// `finish` is the last call.
#[derive(Debug)]
pub struct Session {
    core: Core,
    phase: Phase,
}

impl Session {
    /// Begins with the client's whole head. What goes to the server is the head for the upstream.
    #[must_use]
    pub fn begin(config: SessionConfig, now: Time, request: &[u8], out: &mut Output) -> Self {
        Self::bridged(config, None, now, request, out)
    }

    /// As `begin`, with an upstream of a dialect that may be another than the client's.
    #[must_use]
    pub fn bridged(config: SessionConfig, to: Option<Bridging>, now: Time, request: &[u8], out: &mut Output) -> Self {
        Self::edited(config, to, now, request, None, out)
    }

    /// As `bridged`, with a head that the user made of the one that `came`.
    #[must_use]
    pub fn edited(
        config: SessionConfig,
        to: Option<Bridging>,
        now: Time,
        request: &[u8],
        came: Option<&[u8]>,
        out: &mut Output,
    ) -> Self {
        let client = Dialect::of_request(Head::new(request));
        let to = to.filter(|to| to.dialect != client && client.facts().framing != Framing::Raw);
        let mut core = Core::new(config, now);
        core.is_page = Head::new(request).field("origin").is_some();
        core.path = Head::new(request).target().into();
        let opening = Opening::begin(&mut core, to, now, request, came, out);
        let mut session = Self { core, phase: Phase::Opening(Box::new(opening)) };
        session.knock(now, request, out);
        session.settle(now, out);
        session
    }

    /// Begins where frames do, without heads: for frames that are played again, and for those of another transport.
    #[must_use]
    pub fn open(config: SessionConfig, now: Time, opened: &Opened) -> Self {
        let mut core = Core::new(config, now);
        core.open_lanes(opened.dialects, PerSide::default(), opened.deflate);
        Self { core, phase: Phase::Open(Open::new(opened.dialects.server)) }
    }

    /// Takes bytes that were read from one side. They go to the other side as they are, but for what `out.to` says.
    pub fn receive(&mut self, now: Time, from: Side, input: &[u8], out: &mut Output) {
        let core = &mut self.core;
        core.lanes[from].bytes += input.len() as u64;
        let next = match &mut self.phase {
            Phase::Opening(opening) => opening.receive(core, now, from, input, out),
            Phase::Open(open) => {
                open.receive(core, now, from, input, out);
                None
            }
            Phase::Pipe(pipe) => {
                pipe.receive(core, now, from, input, out);
                None
            }
            Phase::Closing(_) => {
                core.pass(now, from, input, 0, out);
                None
            }
        };
        self.go_on(next);
        if let Phase::Closing(_) = self.phase {
            // What came after the end of the session.
            out.to[from.other()].withhold();
        }
        self.note_read(now, from, out);
        self.settle(now, out);
    }

    /// Bytes of a side's were read, which may be the end of the handshake.
    fn note_read(&mut self, now: Time, from: Side, out: &mut Output) {
        if let Phase::Open(open) = &mut self.phase {
            open.judge_proof(&self.core, now, false, &mut out.log);
        }
        self.core.note_close_frame(from);
        self.fail_strictly(now, from, out);
    }

    /// A response that was held went on, which may have led to another phase.
    fn head_went_on(&mut self, now: Time, next: Option<Phase>, out: &mut Output) {
        if next.is_some() {
            self.go_on(next);
            self.note_read(now, Side::Server, out);
        }
    }

    /// Lets a response go on that is held. Says whether there was one.
    fn release_head(&mut self, now: Time, by: ReleasedBy, out: &mut Output) -> bool {
        let Phase::Opening(opening) = &mut self.phase else { return false };
        let was_held = opening.holds_head();
        let next = opening.open_gate(&mut self.core, now, by, out);
        self.head_went_on(now, next, out);
        was_held
    }

    /// Under the strict policy, ends the session once what came before the fault is passed on.
    #[inline]
    pub(super) fn fail_strictly(&mut self, now: Time, from: Side, out: &mut Output) {
        if let Phase::Closing(_) = self.phase {
            return;
        }
        let fault = self.core.lanes.iter().find_map(|lane| lane.passage.fault());
        let fault = fault.or_else(|| match &self.phase {
            Phase::Open(_) if from == Side::Server => self.core.fails_page(out),
            _ => None,
        });
        if let Some(code) = fault {
            self.close(now, ClosedBy::Proxy, code, "", out);
        }
        let finish = self.core.lanes.iter_mut().find_map(Lane::take_finish);
        if let Some(finish) = finish {
            self.finish_by_rule(now, finish, out);
        }
    }

    /// Takes a command. Replies to it bear the `token`.
    pub fn command(&mut self, now: Time, token: Token, command: SessionCommand, out: &mut Output) {
        match command {
            SessionCommand::Inject { to, injection } => self.inject(now, to, token, injection, out),
            SessionCommand::Rehold => {
                if self.core.config.hold.of_side(Side::Server).is_none() {
                    self.release_head(now, ReleasedBy::User, out);
                }
                self.each_lane(now, out, |lane, context, out| lane.rehold(context, out));
                out.replies.push((token, Reply::Done));
            }
            SessionCommand::ReleaseAll => {
                let mut count = usize::from(self.release_head(now, ReleasedBy::User, out));
                self.each_lane(now, out, |lane, context, out| count += lane.release_all(context, out));
                out.replies.push((token, if count > 0 { Reply::Released } else { Reply::Refused(Refusal::NotHeld) }));
            }
            SessionCommand::DecideHead { from, decision } => {
                let reply = self.decide_head(now, from, decision, out);
                out.replies.push((token, reply));
            }
            SessionCommand::Decide { frame, decision } => self.decide(now, token, frame, decision, out),
            SessionCommand::Hooked { frame, hook, outcome } => self.hooked(now, token, (frame, hook), outcome, out),
            SessionCommand::Close { by, code, reason } => {
                self.close(now, by, code, &reason, out);
                out.replies.push((token, Reply::Done));
            }
            SessionCommand::Cut => {
                self.cut(now, out);
                out.replies.push((token, Reply::Done));
            }
        }
        self.end_late(now, out);
        self.settle(now, out);
    }

    /// Does something on both lanes, which may let out what was held.
    fn each_lane(
        &mut self,
        now: Time,
        out: &mut Output,
        mut act: impl FnMut(&mut Lane, &mut Context<'_>, &mut Output),
    ) {
        for from in [Side::Client, Side::Server] {
            let (lane, mut context) = self.core.lane(now, from);
            act(lane, &mut context, out);
            self.let_out(now, from, out);
        }
    }

    /// What was held on a lane went out: it may be a close frame, or say something to its own side.
    fn let_out(&mut self, now: Time, from: Side, out: &mut Output) {
        self.core.pass_back(now, from, out);
        self.core.note_close_frame(from);
        self.fail_strictly(now, Side::Client, out);
    }

    fn decide_head(&mut self, now: Time, from: Side, decision: HeadDecision, out: &mut Output) -> Reply {
        let Phase::Opening(opening) = &mut self.phase else { return Reply::Refused(Refusal::NotHeld) };
        if from == Side::Client {
            // A request is held before there is a session for it.
            return Reply::Refused(Refusal::NotHeld);
        }
        match opening.decide_head(&mut self.core, now, decision, ReleasedBy::User, out) {
            Ok(next) => {
                self.head_went_on(now, next, out);
                Reply::Released
            }
            Err(refusal) => Reply::Refused(refusal),
        }
    }

    fn decide(&mut self, now: Time, token: Token, frame: FrameNumber, decision: Decision, out: &mut Output) {
        let mut refusal = Refusal::NotHeld;
        for from in [Side::Client, Side::Server] {
            let (lane, mut context) = self.core.lane(now, from);
            match lane.decide(&mut context, Some(frame), decision.clone(), token, out) {
                Ok(()) => return self.let_out(now, from, out),
                Err(Refusal::NotHeld) => {}
                Err(other) => refusal = other,
            }
        }
        out.replies.push((token, Reply::Refused(refusal)));
    }

    fn hooked(&mut self, now: Time, token: Token, of: (FrameNumber, usize), outcome: HookOutcome, out: &mut Output) {
        let mut done = Err(Refusal::NotHeld);
        for from in [Side::Client, Side::Server] {
            let (lane, mut context) = self.core.lane(now, from);
            done = done.or_else(|_| lane.hooked(&mut context, of, outcome.clone(), out));
            self.let_out(now, from, out);
        }
        out.replies.push((token, done.map_or_else(Reply::Refused, |()| Reply::Done)));
    }

    fn inject(&mut self, now: Time, to: Side, token: Token, injection: Injection, out: &mut Output) {
        if let Phase::Closing(_) = self.phase {
            out.replies.push((token, Reply::Refused(Refusal::Ended)));
            return;
        }
        let (lane, mut context) = self.core.lane(now, to.other());
        lane.inject(&mut context, token, injection, out);
        self.core.note_close_frame(to.other());
    }

    /// Takes the end of a side's bytes. What was held of that side's goes on first. A connection that breaks after its
    /// bytes had ended is told as a reset, too.
    pub fn end(&mut self, now: Time, from: Side, how: Ending, out: &mut Output) {
        if how == Ending::Fin && self.core.lanes[from].only_delays() {
            self.core.ending[from] = true;
            return;
        }
        if self.core.lanes[from].ended.is_none() {
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
        self.release_head(now, ReleasedBy::End, out);
        let core = &mut self.core;
        let next = match &mut self.phase {
            Phase::Opening(opening) => opening.end(core, now, from, how, out),
            Phase::Pipe(pipe) => {
                pipe.judge(core, now, &[], &mut out.log);
                None
            }
            Phase::Open(_) | Phase::Closing(_) => None,
        };
        self.go_on(next);
        let core = &mut self.core;
        if let Phase::Open(open) = &mut self.phase {
            open.judge_proof(core, now, from == Side::Server, &mut out.log);
        }
        self.tell_missing_key3(now, out);
        let core = &mut self.core;
        let how_closed = match how {
            Ending::Fin => ClosedHow::Fin,
            Ending::Reset => ClosedHow::Reset,
        };
        core.note_first(First { by: ClosedBy::Peer(from), how: how_closed, code: None, reason: Vec::new() });
        // A client that is no page may end as it likes, and so may whoever is left behind by the other.
        let is_left = core.lanes[from.other()].ended.is_some();
        let tells = matches!(self.phase, Phase::Open(_)) && !is_left && (from == Side::Server || core.is_page);
        let silence = tells.then(|| core.silence(now));
        if let Some(silence) = silence.filter(|_| core.is_closed_by_nobody()) {
            out.acts.push(Act::Cut(from, silence.client.min(silence.server)));
        }
        let (lane, mut context) = core.lane(now, from);
        lane.end(&mut context, how, silence, out);
        core.pass_back(now, from, out);
        if let (Ending::Fin, Phase::Open(open)) = (how, &self.phase) {
            open.note_missing_close(core, now, from, &mut out.log);
        }
        if from == Side::Server {
            core.tell_own_close(now, &mut out.log);
        }
        out.log.event(now, Event::Ended { from, how });
    }

    /// The client left while the upstream was still being connected to. `finish` follows.
    pub fn gave_up(&mut self, now: Time, how: Ending, out: &mut Output) {
        if let Phase::Opening(opening) = &mut self.phase {
            opening.page_left_unconnected(&self.core, now, &mut out.log);
        }
        self.end(now, Side::Client, how, out);
    }

    /// Takes what came of an `Act::Inquire`.
    pub fn learn(&mut self, now: Time, learned: Learned, out: &mut Output) {
        let held = self.core.held.take();
        let told = match (held, learned) {
            (Some(finding), Learned::Why((cause, fix))) => finding.cause(cause, fix),
            (Some(finding), _) => finding,
            (None, Learned::Finding(finding)) => {
                if let Phase::Opening(opening) = &mut self.phase {
                    opening.learn(now, *finding, &mut out.log);
                }
                return;
            }
            (None, Learned::Nothing | Learned::Why(_)) => return,
        };
        out.log.event(now, Event::Finding(Side::Server, told));
    }

    /// The connection to the upstream broke by more than an end of its bytes: `finding` says why. Where nothing came of a
    /// response, the client gets one with the `cause`, in words.
    pub fn broke(&mut self, now: Time, finding: Finding, cause: String, out: &mut Output) {
        let core = &mut self.core;
        match &mut self.phase {
            Phase::Opening(opening) if core.lanes.server.bytes == 0 => {
                opening.fail(core, now, finding, out);
                let closing = core.respond(now, BAD_GATEWAY, Reason::Broken(cause), out);
                self.go_on(Some(Phase::Closing(closing)));
            }
            _ => {
                out.log.event(now, Event::Note(Level::Error, cause));
                self.end(now, Side::Server, Ending::Reset, out);
            }
        }
    }

    /// Ends the session from within: a close frame to each side where one can stand. From here on nothing that comes is
    /// passed on.
    fn close(&mut self, now: Time, by: ClosedBy, code: Code, reason: &str, out: &mut Output) {
        if let Phase::Closing(_) = self.phase {
            return;
        }
        self.release_head(now, ReleasedBy::Quit, out);
        let (how, code_told) = match &self.phase {
            Phase::Closing(_) => return,
            Phase::Open(_) => (ClosedHow::CloseFrame, Some(code)),
            Phase::Opening(_) | Phase::Pipe(_) => (ClosedHow::Fin, None),
        };
        for to in [Side::Client, Side::Server] {
            let (lane, mut context) = self.core.lane(now, to.other());
            lane.close(&mut context, code, reason, out);
        }
        let reason = code_told.map_or(Vec::new(), |_| reason.as_bytes().to_vec());
        self.core.note_first(First { by, how, code: code_told, reason });
        self.phase = Phase::Closing(Closing::begin(now));
    }

    /// Ends the session for the user without a word to the peers.
    fn cut(&mut self, now: Time, out: &mut Output) {
        self.core.note_first(First { by: ClosedBy::User, how: ClosedHow::Reset, code: None, reason: Vec::new() });
        self.core.cut = PerSide::new(true, true);
        for lane in self.core.lanes.iter_mut() {
            lane.cut(out);
        }
        out.acts.push(Act::ResetBoth);
        self.phase = Phase::Closing(Closing::over(now));
    }

    /// Whether more is to be read from a side: its bytes have not ended, there is use for them, and room.
    #[inline]
    #[must_use]
    pub fn is_reading(&self, from: Side) -> bool {
        let lane = &self.core.lanes[from];
        let waits = self.core.ending[from] || (from == Side::Server && self.core.slow.is_some());
        lane.ended.is_none() && !self.core.cut[from] && !waits && lane.has_room() && !self.holds_head(from)
    }

    /// Whether a side's head is held.
    #[inline]
    fn holds_head(&self, from: Side) -> bool {
        matches!(&self.phase, Phase::Opening(opening) if from == Side::Server && opening.holds_head())
    }

    /// Whether frames pass: the server's response was 101, and wsproxy does not end the session.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open(_))
    }

    /// Whether not a byte of the server's has come.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.core.lanes.server.bytes == 0
    }

    /// Whether something is not told yet, for the upstream is asked why.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.core.held.is_some()
    }

    /// Whether the server's head has come.
    #[must_use]
    pub const fn is_answered(&self) -> bool {
        matches!(self.phase, Phase::Open(_) | Phase::Pipe(_))
    }

    /// Notes that a limit of time ended the session.
    pub fn time_out(&mut self) {
        let how = ClosedHow::Timeout;
        self.core.note_first(First { by: ClosedBy::Proxy, how, code: None, reason: Vec::new() });
    }

    /// Writes the last record. Call it once, when both connections are gone.
    pub fn finish(&mut self, now: Time, out: &mut Output) {
        if let Phase::Pipe(pipe) = &mut self.phase {
            pipe.judge(&mut self.core, now, &[], &mut out.log);
        }
        self.learn(now, Learned::Nothing, out);
        self.core.finish_stalls(now, &mut out.log);
        for lane in self.core.lanes.iter_mut() {
            lane.refuse_waiting(Refusal::NeverCame, out);
            lane.report_rest(now, &mut out.log);
        }
        let first = self.core.first.take().unwrap_or(First {
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
            frames: self.core.lanes.as_ref().map(Lane::frames),
            bytes: self.core.lanes.as_ref().map(|lane| lane.bytes),
        };
        out.log.event(now, Event::SessionClosed(closed));
    }

    #[inline]
    fn go_on(&mut self, next: Option<Phase>) {
        if let Some(next) = next {
            self.phase = next;
        }
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
