//! One connection from the request to the end: what is said when, and for how long a response is awaited.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::diagnose::handshake;
use crate::diagnose::inquiry::{self, Question, Replies};
use crate::record::{Ending, Log, PerSide, Side, Time};
use crate::relay::limits::Limits;
use crate::relay::session::{Learned, Output, Session, SessionConfig};
use crate::relay::translate::AddressRules;
use crate::wire::assembler::Message;
use crate::wire::challenge::Challenge;
use crate::wire::close::Code;
use crate::wire::deflate;
use crate::wire::dialect::Dialect;
use crate::wire::frame::{FIN, RSV1};
use crate::wire::opcode::Opcode;
use crate::wire::request::Request;
use crate::wire::units::WireFrame;

use super::inbox::Inbox;
use super::story::{Closed, Foreign, Fragments, Likeness, Ping, Story};

/// Time for what follows a response that failed: a body that says why, or the bytes that tell the cause.
const AFTERMATH: Duration = Duration::from_secs(1);
/// Payload bytes that are kept of one frame.
const KEPT: usize = 1024 * 1024;
/// The ping's payload.
const PING: &[u8] = b"wsproxy doctor";

/// What to ask, say and wait for.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What to ask for.
    pub request: Request,
    /// Texts to send, in order.
    pub send: Vec<String>,
    /// Texts of which each must stand in a message.
    pub expect: Vec<String>,
    /// How long to listen.
    pub listen: Duration,
    /// How long to wait for each response.
    pub patience: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Waits for the response to the request.
    Response,
    /// Chrome is gone; what follows may say why.
    Aftermath,
    /// Listens.
    Listen,
    /// Waits for a pong, and for what was sent in fragments.
    Ping,
    /// Waits for the reply to the close frame.
    Close,
    /// Waits for the server to close the connection.
    Fin,
    /// The server failed; it is asked why.
    Ask(Question),
    Over,
}

/// A visit under way.
pub struct Visit {
    plan: Plan,
    session: Session,
    random: StdRng,
    inbox: Inbox,
    story: Story,
    step: Step,
    deadline: Time,
    out: Output,
    /// What was seen and not yet handed on.
    seen: Log,
}

impl Visit {
    /// Begins. The request is added to `send`. `seed` should be random: mask keys and challenge come from it.
    #[must_use]
    pub fn new(plan: Plan, seed: [u8; 32], now: Time, send: &mut Vec<u8>) -> Self {
        let mut random = StdRng::from_seed(seed);
        let challenge = Challenge::new(Dialect::Rfc6455, &mut || random.random());
        let head = plan.request.head(Dialect::Rfc6455, &challenge);
        let mut out = Output::default();
        let session = Session::begin(session_config(&plan, seed), now, &head, &mut out);
        send.extend_from_slice(&head);
        let mut visit = Self {
            session,
            random,
            inbox: Inbox::default(),
            story: Story::default(),
            step: Step::Response,
            deadline: later(now, plan.patience),
            out,
            seen: Log::default(),
            plan,
        };
        visit.story.talk.met = vec![false; visit.plan.expect.len()];
        visit.hand_on();
        visit
    }

    /// When `tick` is due; `None` when the visit is over.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        (self.step != Step::Over).then_some(self.deadline)
    }

    /// What happened up to now.
    #[must_use]
    pub const fn story(&self) -> &Story {
        &self.story
    }

    /// The plan.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether the socket opened, and nothing failed it.
    #[must_use]
    pub fn is_over_well(&self) -> bool {
        self.step == Step::Over && self.story.talk.opened.is_some() && !self.story.failed()
    }

    /// What the server is to be asked, since it failed; `learn` is to follow.
    #[must_use]
    pub const fn question(&self) -> Option<Question> {
        match self.step {
            Step::Ask(question) => Some(question),
            _ => None,
        }
    }

    /// Takes what the server said.
    pub fn learn(&mut self, now: Time, replies: &Replies) {
        let Step::Ask(question) = self.step else { return };
        self.story.beside.speaks_tls = replies.speaks_tls;
        let learned = match question {
            Question::Closed => inquiry::closed(replies).map_or(Learned::Nothing, Learned::Why),
            Question::Silent => {
                let found = inquiry::silent(replies, self.plan.patience, &[]);
                let found = found.unwrap_or_else(|| handshake::timed_out(self.plan.patience));
                Learned::Finding(Box::new(found))
            }
        };
        self.session.learn(now, learned, &mut self.out);
        self.over(now);
    }

    /// Notes what the server says beside the handshake.
    pub fn note_beside(&mut self, get: Option<(u16, Likeness)>, is_socket_io: bool) {
        (self.story.beside.get, self.story.beside.is_socket_io) = (get, is_socket_io);
    }

    /// Notes how a page from elsewhere fares.
    pub fn note_foreign(&mut self, foreign: Foreign) {
        self.story.foreign = Some(foreign);
    }

    /// Everything that was seen since the last call.
    pub fn take_seen(&mut self) -> Log {
        std::mem::take(&mut self.seen)
    }

    /// Takes bytes of the server's. What is to be sent is added to `send`.
    pub fn receive(&mut self, now: Time, bytes: &[u8], send: &mut Vec<u8>) {
        if self.step == Step::Over {
            return;
        }
        self.session.receive(now, Side::Server, bytes, &mut self.out);
        // Frames may have come with the response, so what was agreed to has to be known before they are read.
        let log = self.note();
        if self.step == Step::Response {
            self.answered(now, send);
        }
        for message in self.inbox.read(&log) {
            self.take(now, &message, send);
        }
        self.seen.append(log);
        self.advance(now, send);
        self.hand_on();
    }

    /// Takes the end of the server's bytes, and why, where it was no FIN.
    pub fn end(&mut self, now: Time, how: Ending, fault: Option<String>) {
        if self.step == Step::Over {
            return;
        }
        self.story.fault = fault;
        self.session.end(now, Side::Server, how, &mut self.out);
        match self.session.holds() {
            true => self.enter(Step::Ask(Question::Closed), now, self.plan.patience),
            false => self.over(now),
        }
    }

    /// The deadline has come.
    pub fn tick(&mut self, now: Time, send: &mut Vec<u8>) {
        self.session.tick(now, &mut self.out);
        match self.step {
            Step::Response => {
                self.story.talk.no_response = true;
                self.session.time_out();
                match self.session.is_untouched() {
                    true => self.enter(Step::Ask(Question::Silent), now, self.plan.patience),
                    false => self.over(now),
                }
            }
            Step::Listen => self.ping(now, send),
            Step::Ping => self.close(now, send),
            Step::Aftermath | Step::Close | Step::Fin | Step::Ask(_) => self.over(now),
            Step::Over => {}
        }
        self.hand_on();
    }

    fn answered(&mut self, now: Time, send: &mut Vec<u8>) {
        if self.session.is_open() && !self.story.refused() {
            self.story.talk.opened = Some(now);
            let extensions = self.story.open.as_ref().and_then(|open| open.extensions.as_deref());
            self.inbox.agreed(extensions.unwrap_or_default());
            self.enter(Step::Listen, now, self.plan.listen);
            if !self.story.failed() {
                self.talk(now, send);
            }
        } else if self.session.is_answered() || self.story.failed() {
            self.enter(Step::Aftermath, now, AFTERMATH);
        }
    }

    /// Says all that is to be said: each text whole, but the last of several in fragments.
    fn talk(&mut self, now: Time, send: &mut Vec<u8>) {
        let texts = self.plan.send.clone();
        for (index, text) in texts.iter().enumerate() {
            if index > 0 && index + 1 == texts.len() {
                self.say_in_fragments(now, text, send);
            } else {
                self.say(now, text, send);
            }
        }
    }

    fn take(&mut self, now: Time, message: &Message, send: &mut Vec<u8>) {
        match message.opcode() {
            Opcode::PING if self.story.talk.close_sent.is_none() => {
                self.frame(now, Opcode::PONG, &message.payload, send);
            }
            Opcode::PING => {}
            Opcode::PONG => {
                if let Some(ping) = &mut self.story.talk.ping {
                    if message.payload == PING {
                        ping.pong.get_or_insert(now);
                    } else {
                        ping.other = true;
                    }
                }
            }
            Opcode::CLOSE => self.server_closes(now, &message.payload, send),
            // The reserved ones.
            opcode if opcode.is_control() => {}
            _ => self.message(now, message),
        }
    }

    fn message(&mut self, now: Time, message: &Message) {
        self.story.message(now, message);
        let talk = &mut self.story.talk;
        for (met, text) in talk.met.iter_mut().zip(&self.plan.expect) {
            *met |= contains(&message.payload, text.as_bytes());
        }
        let mut sent = self.plan.send.iter().map(String::as_bytes);
        let is_last = sent.next_back() == Some(message.payload.as_slice());
        match &mut talk.fragments {
            Some(fragments) if is_last => fragments.echoed = true,
            _ => talk.echoes |= is_last || sent.any(|text| text == message.payload),
        }
    }

    fn server_closes(&mut self, now: Time, payload: &[u8], send: &mut Vec<u8>) {
        if self.story.talk.close_came.is_some() {
            return;
        }
        self.story.talk.close_came = Some(Closed::new(now, payload));
        if self.story.talk.close_sent.is_none() {
            // As Chrome does: the same code comes back, without the reason.
            self.frame(now, Opcode::CLOSE, payload.get(..2).unwrap_or_default(), send);
        }
        self.enter(Step::Fin, now, self.plan.patience);
    }

    /// Goes on where nothing is left to wait for.
    fn advance(&mut self, now: Time, send: &mut Vec<u8>) {
        let talk = &self.story.talk;
        match self.step {
            // Chrome is gone; what still comes may say more of the cause.
            Step::Listen | Step::Ping if self.story.failed() => self.enter(Step::Aftermath, now, AFTERMATH),
            Step::Listen if !talk.met.is_empty() && talk.met.iter().all(|met| *met) => self.ping(now, send),
            Step::Ping => {
                let answered = talk.ping.is_some_and(|ping| ping.pong.is_some());
                let back = talk.fragments.is_none_or(|fragments| fragments.echoed || !talk.echoes);
                if answered && back {
                    self.close(now, send);
                }
            }
            _ => {}
        }
    }

    fn ping(&mut self, now: Time, send: &mut Vec<u8>) {
        // A server that echoes takes a text again, so nothing is lost by sending it in another way.
        if let (None, true, Some(text)) =
            (self.story.talk.fragments, self.story.talk.echoes, self.plan.send.first().cloned())
        {
            self.say_in_fragments(now, &text, send);
        }
        self.frame(now, Opcode::PING, PING, send);
        self.story.talk.ping = Some(Ping { sent: now, pong: None, other: false });
        self.enter(Step::Ping, now, self.plan.patience);
    }

    fn close(&mut self, now: Time, send: &mut Vec<u8>) {
        self.frame(now, Opcode::CLOSE, &Code::NORMAL.to_be_bytes(), send);
        self.story.talk.close_sent = Some(now);
        self.enter(Step::Close, now, self.plan.patience);
    }

    fn over(&mut self, now: Time) {
        self.session.end(now, Side::Client, Ending::Fin, &mut self.out);
        self.session.finish(now, &mut self.out);
        self.step = Step::Over;
        self.hand_on();
    }

    fn enter(&mut self, step: Step, now: Time, time: Duration) {
        (self.step, self.deadline) = (step, later(now, time));
    }

    /// Takes what was seen since the last time, and tells the story of it.
    fn note(&mut self) -> Log {
        // The server has it already, and nobody stands behind the visitor.
        self.out.to = PerSide::default();
        self.out.acts.clear();
        let log = std::mem::take(&mut self.out.log);
        self.story.read(&log);
        log
    }

    /// Hands what was seen on to whoever takes it.
    fn hand_on(&mut self) {
        let log = self.note();
        self.seen.append(log);
    }

    /// As Chrome would: compressed where that was agreed to.
    fn say(&mut self, now: Time, text: &str, send: &mut Vec<u8>) {
        let payload = self.payload(text);
        self.write(now, self.first_byte(FIN), &payload, send);
    }

    fn say_in_fragments(&mut self, now: Time, text: &str, send: &mut Vec<u8>) {
        let payload = self.payload(text);
        let (start, rest) = payload.split_at(payload.len().div_ceil(2));
        self.write(now, self.first_byte(0), start, send);
        self.write(now, FIN | Opcode::CONTINUATION.value(), rest, send);
        self.story.talk.fragments = Some(Fragments::default());
    }

    fn payload(&mut self, text: &str) -> Vec<u8> {
        let compress = self.story.compresses();
        self.story.talk.sent_compressed |= compress;
        if compress { deflate::message(text.as_bytes()) } else { text.as_bytes().to_vec() }
    }

    /// Of a text, which is compressed where that was agreed to.
    fn first_byte(&self, fin: u8) -> u8 {
        fin | Opcode::TEXT.value() | if self.story.compresses() { RSV1 } else { 0 }
    }

    fn frame(&mut self, now: Time, opcode: Opcode, payload: &[u8], send: &mut Vec<u8>) {
        self.write(now, FIN | opcode.value(), payload, send);
    }

    fn write(&mut self, now: Time, first: u8, payload: &[u8], send: &mut Vec<u8>) {
        let mut bytes = Vec::new();
        // It speaks the dialect that has all frames.
        if let Ok(frame) = WireFrame::new(Dialect::Rfc6455, first, payload.to_vec(), Some(self.random.random())) {
            frame.write(&mut bytes);
        }
        self.send(now, &bytes, send);
    }

    fn send(&mut self, now: Time, bytes: &[u8], send: &mut Vec<u8>) {
        self.session.receive(now, Side::Client, bytes, &mut self.out);
        send.extend_from_slice(bytes);
    }
}

fn session_config(plan: &Plan, seed: [u8; 32]) -> SessionConfig {
    let rules = AddressRules {
        authority: plan.request.authority.clone(),
        secure: false,
        path: String::new(),
        own: Default::default(),
        keep_host: true,
        origin: None,
    };
    // The patience is the visit's own. What is owed for all the time that it was waited for is told.
    let stall_time = plan.patience.min(plan.listen) / 2;
    let limits = Limits { kept: KEPT, stall_time, response_time: Duration::MAX, ..Limits::default() };
    SessionConfig { limits, seed, ..SessionConfig::new(rules) }
}

fn later(now: Time, time: Duration) -> Time {
    Time(now.0.saturating_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX)))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}
