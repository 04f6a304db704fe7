//! One direction of a session: what a side sends is read, goes its way through the passage, and is written down.
//!
//! ```text
//!            Reader                 Passage                 out
//!   bytes ----------> frames ----------------------> bytes for the other side
//!                       |   as they came, or staged    ^
//!                       v                              | Writer
//!                   Watch, Ledger                      frames of the user's and of wsproxy's own
//!              findings, records of what came
//! ```

mod frames;
mod held;
mod hixie;
mod ledger;
mod reader;
mod ruled;
mod second;
mod staged;
mod writer;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;

use crate::diagnose::application::End;
use crate::diagnose::own::Own;
use crate::record::finding::Finding;
use crate::record::{Ending, FrameNumber, Log, Origin, PerSide, Policy, Side, Stall, StallKind, Time};
use crate::wire::close::Code;
use crate::wire::dialect::{Dialect, Framing};
use crate::wire::inflate::Deflate;

use super::application::Application;
use super::hold::{HoldCell, Inflated};
use super::injection::{Injection, Refusal, Reply, Token, Wait};
use super::judgement::Judgement;
use super::limits::Limits;
use super::passage::Passage;
use super::rules::{Post, RuleCell};
use super::session::Output;
use super::stall::Debt;
use super::watch::{Bytes, Earlier, Keys, Watch};
use hixie::Hixie;
use ledger::Ledger;
use reader::Reader;
use second::Second;
use writer::Writer;

/// What a lane needs of its session for one call.
pub(super) struct Context<'a> {
    pub now: Time,
    pub policy: Policy,
    /// The number of the next frame.
    pub next: &'a mut FrameNumber,
    pub random: &'a mut StdRng,
    pub limits: &'a Limits,
    pub judgement: &'a mut Judgement,
    /// The oldest ping of each side that is not answered.
    pub pings: &'a mut PerSide<Option<Debt>>,
    /// Keys of the client's last frames.
    pub keys: &'a mut Keys,
    /// Which sides a bridge has told that nothing follows.
    pub told: &'a mut PerSide<bool>,
    /// What the application says; none where no handshake was seen.
    pub application: &'a mut Option<Box<Application>>,
    /// Raw bytes of the user's that broke the stream which a side gets.
    pub own: &'a mut PerSide<Option<Own>>,
    /// What is held.
    pub hold: &'a HoldCell,
    /// What rules act.
    pub rules: &'a RuleCell,
    /// When the session began.
    pub began: Time,
    /// The request's target.
    pub path: &'a Arc<[u8]>,
    /// The subprotocol that was agreed on.
    pub subprotocol: &'a Option<Arc<[u8]>>,
}

/// A close frame that passed.
#[derive(Clone, Debug)]
pub(super) struct CloseSeen {
    pub origin: Origin,
    pub code: Option<Code>,
    pub reason: Vec<u8>,
    pub time: Time,
}

/// What waits for its place in a lane.
#[derive(Debug)]
enum Queued {
    /// The user's.
    ByUser(Token, Injection),
    /// A rule's.
    ByRule(Post),
}

impl Queued {
    const fn injection(&self) -> &Injection {
        match self {
            Self::ByUser(_, injection) | Self::ByRule(Post { injection, .. }) => injection,
        }
    }
}

/// One direction.
#[derive(Debug)]
pub(super) struct Lane {
    pub from: Side,
    /// How the side's bytes have ended.
    pub ended: Option<Ending>,
    /// Bytes that were read.
    pub bytes: u64,
    /// The first close frame in this direction.
    pub close: Option<CloseSeen>,
    /// What its frames go through.
    pub passage: Passage,
    reader: Reader,
    ledger: Ledger,
    watch: Watch,
    writer: Writer,
    /// When frames first came.
    first_read: Option<Time>,
    /// When bytes last came.
    last_read: Time,
    waiting: VecDeque<Queued>,
    /// What rules put in behind the message that left last.
    behind: Vec<Post>,
    /// A second response, while there is more to say of it than has come.
    second: Option<Box<Second>>,
    /// What is held, as of that change of it, and the rules as of that of them.
    hold_versions: (u64, u64),
    /// The rest of a read, which comes when there is room for it in the hold.
    backlog: Vec<u8>,
    /// What the compressed frame that ended last added to its message, while messages are held.
    inflated: Option<Inflated>,
    /// Replies to what was decided of messages that were held, until they are given out.
    replies: Vec<(Token, Reply)>,
}

impl Lane {
    pub(super) fn new(from: Side) -> Self {
        Self {
            from,
            ended: None,
            bytes: 0,
            close: None,
            passage: Passage::Through,
            reader: Reader::Handshake,
            ledger: Ledger::new(from),
            watch: Watch::new(from),
            writer: Writer::new(from),
            first_read: None,
            last_read: Time(0),
            waiting: VecDeque::new(),
            behind: Vec::new(),
            second: None,
            hold_versions: (0, 0),
            backlog: Vec::new(),
            inflated: None,
            replies: Vec::new(),
        }
    }

    /// Frames of `came` follow, behind `proof` bytes that belong to the head; what goes out of wsproxy's own has the form
    /// of `goes`, which differs in a bridge only.
    pub(super) fn open(&mut self, came: Dialect, goes: Dialect, proof: usize, limits: &Limits) {
        self.writer.dialect = goes;
        self.reader = match came.facts().framing {
            Framing::Rfc => Reader::Frames(Box::default()),
            Framing::Hixie => {
                self.watch.tell(limits);
                Reader::Hixie(Box::new(Hixie::new(proof, came.facts().has_close)))
            }
            Framing::Raw => Reader::Raw,
        };
    }

    /// No frames follow: whatever comes is relayed and shown as bytes.
    pub(super) fn be_raw(&mut self) {
        self.reader = Reader::Raw;
    }

    /// Frames begin to be examined.
    pub(super) fn examine(&mut self, deflate: Option<Deflate>, limits: &Limits) {
        if let Reader::Frames(_) = self.reader {
            self.watch.open(deflate, limits);
        }
    }

    /// The head that the frames follow; `failed` where a browser does not take it.
    pub(super) fn follows(&mut self, head: Vec<u8>, failed: bool) {
        self.watch.follows(head, failed);
    }

    /// Whether the handshake is over for this side, so that its bytes are read.
    pub(super) const fn is_read(&self) -> bool {
        !matches!(self.reader, Reader::Handshake)
    }

    /// Frames that it has carried, wsproxy's own and the user's included.
    pub(super) const fn frames(&self) -> u64 {
        self.ledger.count
    }

    /// Follows `input`, whose first byte is at offset `base` of what was read.
    pub(super) fn receive(&mut self, context: &mut Context<'_>, input: &[u8], base: usize, out: &mut Output) {
        self.last_read = context.now;
        self.choose_hold(context);
        match &self.reader {
            Reader::Frames(_) if !self.backlog.is_empty() => {
                // It is not to be read now; what comes all the same has to wait as well.
                self.backlog.extend_from_slice(input);
                self.let_out(input, base, out);
            }
            Reader::Frames(_) => {
                self.first_read.get_or_insert(context.now);
                self.begin_read(context);
                self.choose_stages(context.policy);
                self.follow(context, input, base, out);
                self.let_out(input, base, out);
                self.end_read(context, &mut out.log);
                out.replies.append(&mut self.replies);
                self.ask_hooks(out);
            }
            Reader::Hixie(_) => {
                self.follow_hixie(context, input, base, out);
                self.let_out(input, base, out);
                out.replies.append(&mut self.replies);
                self.ask_hooks(out);
            }
            Reader::Handshake | Reader::Raw => {
                self.raw(context, input, &mut out.log);
                self.go_on_with_second(context.now, input, &mut out.log);
                self.let_out(input, base, out);
            }
        }
    }

    fn raw(&self, context: &Context<'_>, input: &[u8], log: &mut Log) {
        if !input.is_empty() {
            log.raw(context.now, self.from, Origin::Peer, input, context.limits.kept);
        }
    }

    /// What else was seen in the session, which may be the cause of an end.
    pub(super) fn learn(&mut self, context: &Context<'_>) {
        if let Some(application) = context.application.as_deref() {
            let largest = application.largest().filter(|_| self.from == Side::Server);
            self.watch.follows_from(Earlier { told: application.told(), now: context.now, largest });
        }
    }

    fn begin_read(&mut self, context: &mut Context<'_>) {
        self.watch.hears(context.own[self.from]);
        self.watch.begin_read();
        if self.from == Side::Server {
            context.judgement.begin_read(*context.next, self.ledger.current().map(|current| current.number));
        }
    }

    fn end_read(&mut self, context: &mut Context<'_>, log: &mut Log) {
        self.watch.report(context.now, log);
        if self.from == Side::Server {
            let carried = self.reader.unfinished_header();
            let found = |frame| self.watch.found(frame);
            context.judgement.end_read(context.now, carried, *context.next, found, log);
        }
    }

    /// Adds a finding that the session as a whole shows, unless the lane has told of it before.
    pub(super) fn add_finding(&mut self, finding: Finding) {
        if !self.watch.has_told(finding.kind) {
            self.watch.add(finding);
        }
    }

    /// Says what was found last, and what findings were left out.
    pub(super) fn report_rest(&mut self, now: Time, log: &mut Log) {
        self.tell_second(now, log);
        self.watch.report(now, log);
        self.watch.report_rest(now, log);
    }

    /// The bytes of this lane have ended. What its stages still owe goes out.
    /// `silence` is how long no byte had come from each side, where frames passed.
    pub(super) fn end(
        &mut self,
        context: &mut Context<'_>,
        how: Ending,
        silence: Option<PerSide<Duration>>,
        out: &mut Output,
    ) {
        self.release_at_end(context, out);
        self.ended = Some(how);
        self.watch.hears(context.own[self.from]);
        self.learn(context);
        self.tell_second(context.now, &mut out.log);
        if let Reader::Hixie(_) = self.reader {
            self.end_hixie(context, &mut out.log);
        }
        let next = *context.next;
        let carried = self.reader.unfinished_header();
        let unfinished = self.ledger.current().map(|current| Bytes {
            number: current.number,
            header: &current.header,
            offset: current.received,
            following: &[],
            before: None,
            keys: Keys::default(),
        });
        let number = unfinished.map(|bytes| bytes.number).or((!carried.is_empty()).then_some(next));
        let is_sudden = context.judgement.is_live() && self.close.is_none();
        self.watch.end(unfinished, carried, next);
        if is_sudden && matches!(self.reader, Reader::Frames(_)) {
            let was_asked = context.judgement.has_closed(self.from.other());
            let end = silence.map(|silence| End { from: self.from, how: Some(how), time: context.now, silence });
            let cause = end.filter(|_| !was_asked).and_then(|end| context.application.as_ref()?.end(&end));
            let silence = silence.map(|silence| silence.client.min(silence.server));
            self.watch.sudden_end(how, was_asked, silence, cause);
        }
        let found = self.watch.newest();
        self.watch.report(context.now, &mut out.log);
        // A bridge has closing frames of its own for the page.
        if !self.repairs_for_page() && !self.passage.is_whole() {
            context.judgement.end(context.now, (self.from, how), number, found, &mut out.log);
        }
        self.end_stages(context, how, out);
        self.refuse_waiting(Refusal::NeverCame, out);
    }

    /// Whether frames of RFC framing came from this side.
    pub(super) const fn has_read_frames(&self) -> bool {
        self.first_read.is_some()
    }

    /// When the first frame came from this side, where it was not its close frame alone.
    pub(super) fn first_message(&self) -> Option<Time> {
        self.first_read.filter(|_| self.frames() > u64::from(self.close.is_some()))
    }

    /// When bytes last came from this side.
    pub(super) const fn last_read(&self) -> Time {
        self.last_read
    }

    /// What this side owes of its own frames.
    pub(super) fn debt(&self) -> Option<Stall> {
        // What it is not asked for, it does not owe.
        if self.ended.is_some() || !self.has_room() {
            return None;
        }
        let fragment = match &self.reader {
            Reader::Handshake | Reader::Raw => return None,
            Reader::Frames(frames) => frames.unfinished_message(),
            Reader::Hixie(hixie) if self.ledger.current().is_none() && hixie.is_unfinished() => {
                let (kind, lane, since) = (StallKind::ShortFrame, self.from, self.last_read);
                return Some(Stall { kind, lane, since, frame: None, header: None, progress: None });
            }
            Reader::Hixie(_) => None,
        };
        if let Some(current) = self.ledger.current().filter(|_| !self.watch.is_noise()) {
            let progress = Some((current.received, current.header.length));
            let debt = Debt { since: self.last_read, frame: current.number, header: current.header };
            return Some(Stall { progress, ..debt.stall(StallKind::ShortFrame, self.from) });
        }
        Some(fragment?.stall(StallKind::UnfinishedMessage, self.from))
    }

    /// Takes an injection. What goes at once goes behind all that was read before.
    pub(super) fn inject(&mut self, context: &mut Context<'_>, token: Token, injection: Injection, out: &mut Output) {
        let reply = match self.refusal(context, &injection) {
            Some(refusal) => Reply::Refused(refusal),
            None => match self.wait(&injection) {
                Some(wait) => {
                    self.waiting.push_back(Queued::ByUser(token, injection));
                    Reply::Waiting(wait)
                }
                None => {
                    let mut bytes = Vec::new();
                    let reply = self.write_injection(context, injection, &mut bytes, &mut out.log);
                    out.to[self.from.other()].append(&bytes);
                    reply
                }
            },
        };
        out.replies.push((token, reply));
    }

    fn refusal(&self, context: &Context<'_>, injection: &Injection) -> Option<Refusal> {
        let has_closed = self.close.is_some() || context.told[self.from.other()];
        match &self.reader {
            _ if self.ended.is_some() => Some(Refusal::Ended),
            Reader::Handshake => Some(Refusal::NotOpen),
            Reader::Raw if !injection.is_raw() => Some(Refusal::NotFrames),
            _ if has_closed && !injection.is_raw() => Some(Refusal::AfterClose),
            _ if let Some(refusal) = self.writer.refusal(injection) => Some(refusal),
            _ if self.waiting.len() >= context.limits.waiting => Some(Refusal::TooMany),
            _ => None,
        }
    }

    /// Whether a frame could go out now and be one.
    fn is_between_frames(&self) -> bool {
        self.passage.is_whole()
            || self.passage.hold().map_or_else(|| self.reader.is_between_frames(), |hold| hold.is_between_frames())
    }

    /// Whether what has gone out ends within a message.
    fn is_within_message(&self) -> bool {
        self.passage.hold().map_or_else(|| self.reader.is_within_message(), |hold| hold.is_within_message())
    }

    /// What stands in the way at the place where the lane is now.
    fn wait(&self, injection: &Injection) -> Option<Wait> {
        if matches!(self.reader, Reader::Raw) || self.passage.is_whole() {
            return None;
        }
        if !self.is_between_frames() {
            return Some(Wait::Frame);
        }
        (injection.needs_whole_message() && self.is_within_message()).then_some(Wait::Message)
    }

    /// Puts in, at `at` of the input, what has its place there. Those that wait for more keep their order.
    fn inject_waiting(&mut self, context: &mut Context<'_>, at: usize, out: &mut Output) {
        if !self.is_between_frames() {
            return;
        }
        let mut bytes = Vec::new();
        for _ in 0..self.waiting.len() {
            let Some(queued) = self.waiting.pop_front() else { break };
            if self.wait(queued.injection()).is_some() {
                self.waiting.push_back(queued);
                continue;
            }
            let refusal = self.refusal(context, queued.injection());
            match (queued, refusal) {
                (Queued::ByUser(token, _), Some(refusal)) => out.replies.push((token, Reply::Refused(refusal))),
                (Queued::ByUser(token, injection), None) => {
                    let reply = self.write_injection(context, injection, &mut bytes, &mut out.log);
                    out.replies.push((token, reply));
                }
                (Queued::ByRule(_), Some(_)) => {}
                (Queued::ByRule(post), None) => {
                    // What the dialect has no frame for was refused.
                    let _ = self.write_post(context, post, &mut bytes, &mut out.log);
                }
            }
        }
        if let Some(chain) = self.passage.chain() {
            chain.outlet.bytes.append(&mut bytes);
        } else if !bytes.is_empty() {
            out.to[self.from.other()].insert(at, bytes);
        }
    }

    /// Answers all that still wait: their place will not come.
    pub(super) fn refuse_waiting(&mut self, refusal: Refusal, out: &mut Output) {
        let tokens = self.waiting.drain(..).filter_map(|queued| match queued {
            Queued::ByUser(token, _) => Some((token, Reply::Refused(refusal))),
            Queued::ByRule(_) => None,
        });
        out.replies.extend(tokens);
    }

    /// Sends a close frame in wsproxy's own name, if the lane is at a place where one can stand. From here on nothing
    /// passes that the side sends.
    pub(super) fn close(&mut self, context: &mut Context<'_>, code: Code, reason: &str, out: &mut Output) {
        self.release_to_quit(context, out);
        let is_free = match self.passage.fault() {
            Some(_) => self.passage.is_at_border(),
            None => {
                let is_open = self.close.is_none() && !context.told[self.from.other()];
                self.is_read() && self.writer.has_close(&self.reader) && is_open && self.is_between_frames()
            }
        };
        if is_free && self.ended.is_none() {
            let mut bytes = Vec::new();
            self.write_close(context, code, reason, &mut bytes, &mut out.log);
            out.to[self.from.other()].append(&bytes);
        }
        self.refuse_waiting(Refusal::NeverCame, out);
        self.passage = Passage::Closed;
        // It is no answer to the peer's close frame, but none of the peer's will follow it.
        if self.close.as_ref().is_some_and(|close| close.origin == Origin::Proxy) {
            self.close = None;
        }
    }

    /// The session is cut: nothing passes any more, and what is held or waits is given up.
    pub(super) fn cut(&mut self, out: &mut Output) {
        self.refuse_waiting(Refusal::Ended, out);
        self.passage = Passage::Closed;
    }

    /// Whether no close frame can be expected from this side any more.
    pub(super) fn is_finished(&self) -> bool {
        self.ended.is_some() || !self.reader.has_close()
    }

    /// The bytes that belong to a hixie head, as far as they came, and how many they should be.
    pub(super) fn proof(&self) -> (&[u8], usize) {
        match &self.reader {
            Reader::Hixie(hixie) => hixie.proof(),
            _ => (&[], 0),
        }
    }
}
