//! Drives one session: four I/O directions, the commands, the clock, in one task and without a wait between them.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Sleep;

use crate::diagnose::handshake;
use crate::journal::Journal;
use crate::record::finding::Level;
use crate::record::{ClosedBy, Ending, Event, PerSide, SessionId, Side};
use crate::relay::injection::{Reply, Token};
use crate::relay::session::{Output, Session};

use super::answer;
use super::clock;
use super::handle::{Command, Replier};
use super::intake;
use super::pipe::{Connection, Pipe, reset};
use super::tls::TlsFault;
use super::unreachable;

/// A block is handed over when it holds so much.
const BLOCK: usize = 256 * 1024;
/// A block below this is handed over whenever its session waits: for a few frames at a time (measured on a ping-pong)
/// that is cheaper than a timer.
const SMALL_BLOCK: usize = 1024;
/// All others are handed over after so long at the latest: soon enough for a screen that draws 30 times a second, and
/// seldom enough that a burst's blocks cost nothing beside its system calls.
const BLOCK_AGE: Duration = Duration::from_millis(5);
/// How often a session in which something is owed is looked at.
const STALL_CHECK: Duration = Duration::from_secs(1);
/// Close codes (RFC 6455 7.4.1).
const NORMAL_CLOSURE: u16 = 1000;
const GOING_AWAY: u16 = 1001;

/// What the session's task was given.
pub(super) struct Setup<C, S> {
    pub id: SessionId,
    pub client: C,
    pub server: S,
    pub session: Session,
    /// The head for the upstream.
    pub head: Vec<u8>,
    /// What the client sent behind its head.
    pub early: Vec<u8>,
    pub journal: Arc<Journal>,
    pub commands: mpsc::Receiver<Command>,
    pub shutdown: watch::Receiver<bool>,
    /// Its URL, for sentences.
    pub upstream: String,
    pub answer_time: Duration,
    pub closing_time: Duration,
}

pub(super) struct Driver<C, S> {
    id: SessionId,
    client: C,
    server: S,
    session: Session,
    pipes: PerSide<Pipe>,
    out: Output,
    journal: Arc<Journal>,
    commands: Option<mpsc::Receiver<Command>>,
    repliers: HashMap<Token, Replier>,
    next_token: u64,
    /// Runs while there is a block that is not handed over.
    block_age: Pin<Box<Sleep>>,
    block_waits: bool,
    /// Runs until the answer has come, and again when wsproxy ends the session.
    deadline: Option<Pin<Box<Sleep>>>,
    /// Runs while a peer owes something.
    stall_check: Pin<Box<Sleep>>,
    stall_check_runs: bool,
    upstream: String,
    answer_time: Duration,
    closing_time: Duration,
    closing: bool,
}

/// Relays until both sides are gone.
pub(super) async fn drive<C: Connection, S: Connection>(setup: Setup<C, S>) {
    let mut shutdown = setup.shutdown.clone();
    let mut driver = Driver::new(setup);
    let mut quit = std::pin::pin!(async move {
        // An error means that nobody can ask any more.
        if shutdown.wait_for(|quit| *quit).await.is_err() {
            std::future::pending::<()>().await;
        }
    });
    let mut quitting = false;
    poll_fn(|cx| {
        if !quitting && quit.as_mut().poll(cx).is_ready() {
            quitting = true;
            driver.close(ClosedBy::Proxy, GOING_AWAY);
        }
        driver.poll(cx)
    })
    .await;
    driver.finish();
}

impl<C: Connection, S: Connection> Driver<C, S> {
    fn new(setup: Setup<C, S>) -> Self {
        let mut driver = Self {
            id: setup.id,
            client: setup.client,
            server: setup.server,
            session: setup.session,
            pipes: PerSide::new(Pipe::new(), Pipe::new()),
            out: Output::default(),
            journal: setup.journal,
            commands: Some(setup.commands),
            repliers: HashMap::new(),
            next_token: 0,
            block_age: Box::pin(tokio::time::sleep(BLOCK_AGE)),
            block_waits: false,
            deadline: Some(Box::pin(tokio::time::sleep(setup.answer_time))),
            stall_check: Box::pin(tokio::time::sleep(STALL_CHECK)),
            stall_check_runs: false,
            upstream: setup.upstream,
            answer_time: setup.answer_time,
            closing_time: setup.closing_time,
            closing: false,
        };
        // The head and what came behind it in the same read go out in one write (the 8 bytes of a Hixie-76 challenge).
        driver.pipes[Side::Client].extra = setup.head;
        if !setup.early.is_empty() {
            driver.receive(Side::Client, &setup.early);
            driver.out.edits.apply(&setup.early, &mut driver.pipes[Side::Client].extra);
            driver.after_call();
        }
        driver
    }

    /// Does all that can be done now; ready when the session is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let mut progress = self.poll_commands(cx);
            progress |= self.poll_lane(Side::Client, cx);
            progress |= self.poll_lane(Side::Server, cx);
            if self.is_over() {
                return Poll::Ready(());
            }
            progress |= self.poll_deadline(cx);
            progress |= self.poll_stalls(cx);
            if !progress {
                break;
            }
        }
        self.poll_block(cx);
        Poll::Pending
    }

    /// Before the task waits: hands a small block over at once, a larger one when it is old enough.
    fn poll_block(&mut self, cx: &mut Context<'_>) {
        if self.out.log.size() < SMALL_BLOCK {
            self.block_waits = false;
            self.hand_over();
            return;
        }
        if !self.block_waits {
            self.block_waits = true;
            self.block_age.as_mut().reset(clock::after(BLOCK_AGE));
        }
        if self.block_age.as_mut().poll(cx).is_ready() {
            self.hand_over();
            self.block_waits = false;
        }
    }

    /// While a peer owes something, asks once in a while whether it has taken too long.
    fn poll_stalls(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.stall_check_runs {
            if self.pipes.iter().all(Pipe::is_drained) && !self.session.is_owed() {
                return false;
            }
            self.stall_check_runs = true;
            self.stall_check.as_mut().reset(clock::after(STALL_CHECK));
        }
        if self.stall_check.as_mut().poll(cx).is_pending() {
            return false;
        }
        self.stall_check_runs = false;
        let now = clock::now();
        let blocked = self.pipes.as_mut().map(|pipe| pipe.blocked(now));
        let bytes = &mut self.pipes[Side::Server].extra;
        self.session.check_stalls(now, blocked, bytes, &mut self.out);
        self.after_call();
        true
    }

    fn is_over(&self) -> bool {
        let PerSide { client: first, server: second } = &self.pipes;
        // A reset tears the whole connection down, once what came before it is delivered.
        let reset = |pipe: &Pipe| pipe.ended == Some(Ending::Reset) && pipe.told;
        (first.is_done() && second.is_done()) || reset(first) || reset(second)
    }

    /// One write, one read and, at the end, one word to the receiver. Says whether anything moved.
    fn poll_lane(&mut self, from: Side, cx: &mut Context<'_>) -> bool {
        let (pipe, read) = (&mut self.pipes[from], &self.out.log.read);
        let mut progress = false;
        if !pipe.is_drained() {
            let written = match from {
                Side::Client if self.session.is_paced() => pipe.poll_write_frame(read, &mut self.server, cx),
                Side::Client => pipe.poll_write(read, &mut self.server, cx),
                Side::Server => pipe.poll_write(read, &mut self.client, cx),
            };
            match written {
                Poll::Ready(Ok(())) => progress = true,
                Poll::Ready(Err(_)) => {
                    self.lost(from.other());
                    return true;
                }
                Poll::Pending => return false,
            }
        }
        let pipe = &self.pipes[from];
        if !pipe.is_drained() {
            return progress;
        }
        match pipe.ended {
            None => self.read(from, cx) || progress,
            Some(how) if !pipe.told => self.pass_end(from, how, cx) || progress,
            Some(_) => progress,
        }
    }

    fn read(&mut self, from: Side, cx: &mut Context<'_>) -> bool {
        self.make_room(from);
        let (log, memory) = (&mut self.out.log, self.journal.memory());
        let read = match from {
            Side::Client => intake::poll_read(&mut self.client, log, memory, cx),
            Side::Server => intake::poll_read(&mut self.server, log, memory, cx),
        };
        match read {
            Poll::Pending => return false,
            Poll::Ready(Ok(0)) => self.ended(from, Ending::Fin),
            // A TLS peer that leaves without saying so has still ended its bytes.
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => self.ended(from, Ending::Fin),
            Poll::Ready(Err(error)) => self.broke(from, &error),
            Poll::Ready(Ok(length)) => {
                let at = self.out.log.read.len() - length;
                let read = self.out.log.lend();
                let input = read.get(at..).unwrap_or_default();
                self.receive(from, input);
                let pipe = &mut self.pipes[from];
                if self.out.edits.is_empty() {
                    pipe.pending = at..read.len();
                } else {
                    self.out.edits.apply(input, &mut pipe.extra);
                }
                let end = read.len();
                if !self.out.log.take_back(read) {
                    pipe.nobodys = at..end;
                }
                self.say_back(from);
                self.after_call();
                self.refuse();
                if let Some(code) = self.session.fault() {
                    self.close(ClosedBy::Proxy, code);
                }
            }
        }
        true
    }

    /// Before a read: the memory of a read that nobody wants is used again, and a full log is handed over.
    fn make_room(&mut self, from: Side) {
        let nobodys = std::mem::replace(&mut self.pipes[from].nobodys, 0..0);
        let read = &mut self.out.log.read;
        if !nobodys.is_empty() && nobodys.end == read.len() {
            read.truncate(nobodys.start);
        }
        if intake::is_full(&self.out.log) {
            self.hand_over();
        }
    }

    /// What a bridge says to the side that it has read from goes out behind what is on its way there.
    fn say_back(&mut self, from: Side) {
        self.pipes[from.other()].extra.append(&mut self.out.back);
        if std::mem::take(&mut self.out.ends) {
            self.pipes[from].ended.get_or_insert(Ending::Fin);
        }
    }

    /// Shows bytes to the session.
    fn receive(&mut self, from: Side, bytes: &[u8]) {
        let answered = self.session.is_answered();
        self.session.receive(clock::now(), from, bytes, &mut self.out);
        if !answered && self.session.is_answered() && !self.closing {
            self.deadline = None;
        }
    }

    fn ended(&mut self, from: Side, how: Ending) {
        let pipe = &mut self.pipes[from];
        pipe.ended = Some(how);
        self.session.end(clock::now(), from, how, &mut pipe.extra, &mut self.out);
        self.refuse();
        if self.session.is_answered() && !self.closing {
            self.deadline = None;
        }
        self.after_call();
        if how == Ending::Reset {
            self.pipes[from.other()].abandon();
        }
    }

    /// A side can't be written to any more: it is gone, even if it had only said that it would send no more.
    fn lost(&mut self, side: Side) {
        if self.pipes[side].ended.is_none() {
            self.ended(side, Ending::Reset);
        }
        let pipe = &mut self.pipes[side];
        pipe.ended = Some(Ending::Reset);
        pipe.told = false;
        self.pipes[side.other()].abandon();
    }

    /// Tells the receiver of a lane that its sender has ended, in the same way.
    fn pass_end(&mut self, from: Side, how: Ending, cx: &mut Context<'_>) -> bool {
        let done = match (how, from) {
            (Ending::Reset, Side::Client) => Poll::Ready(reset(&self.server)),
            (Ending::Reset, Side::Server) => Poll::Ready(reset(&self.client)),
            (Ending::Fin, Side::Client) => Pin::new(&mut self.server).poll_shutdown(cx),
            (Ending::Fin, Side::Server) => Pin::new(&mut self.client).poll_shutdown(cx),
        };
        // A receiver that can't be told is gone itself; its own lane says so.
        self.pipes[from].told = done.is_ready();
        done.is_ready()
    }

    fn poll_commands(&mut self, cx: &mut Context<'_>) -> bool {
        // Injected bytes queue in `extra`; one at a time keeps what a stalled peer can make us hold small.
        if self.pipes.iter().any(|pipe| pipe.extra.len() > BLOCK) {
            return false;
        }
        let Some(commands) = &mut self.commands else { return false };
        match commands.poll_recv(cx) {
            Poll::Ready(Some(Command::Inject { to, injection, reply })) => {
                let token = Token(self.next_token);
                self.next_token += 1;
                self.repliers.insert(token, reply);
                let bytes = &mut self.pipes[to.other()].extra;
                self.session.inject(clock::now(), to, token, injection, bytes, &mut self.out);
                self.after_call();
                true
            }
            Poll::Ready(Some(Command::Close)) => {
                self.close(ClosedBy::User, NORMAL_CLOSURE);
                true
            }
            Poll::Ready(None) => {
                self.commands = None;
                false
            }
            Poll::Pending => false,
        }
    }

    /// Ends the session from within: close frames where they fit, then a little time for the answers.
    fn close(&mut self, by: ClosedBy, code: u16) {
        if std::mem::replace(&mut self.closing, true) {
            return;
        }
        let mut bytes = PerSide::default();
        self.session.close(clock::now(), by, code, &mut bytes, &mut self.out);
        for to in [Side::Client, Side::Server] {
            self.pipes[to.other()].extra.append(&mut bytes[to]);
        }
        self.deadline = Some(Box::pin(tokio::time::sleep(self.closing_time)));
        self.after_call();
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> bool {
        if self.closing && self.session.is_closed() && self.pipes.iter().any(|pipe| pipe.ended.is_none()) {
            self.end_both();
            return true;
        }
        let Some(deadline) = &mut self.deadline else { return false };
        if deadline.as_mut().poll(cx).is_pending() {
            return false;
        }
        self.deadline = None;
        self.timed_out();
        true
    }

    /// Both sides get the end of the bytes, behind what is still to be written.
    fn end_both(&mut self) {
        for pipe in self.pipes.iter_mut() {
            pipe.ended.get_or_insert(Ending::Fin);
        }
    }

    fn timed_out(&mut self) {
        if self.closing {
            // The peers had their time.
            for pipe in self.pipes.iter_mut() {
                pipe.abandon();
            }
            return;
        }
        // A head that has begun is the browser's to wait for; where not a byte came, there is room for an answer.
        if !self.session.has_answer_begun() {
            self.session.time_out();
            self.session.fail(clock::now(), handshake::timed_out(self.answer_time), &mut self.out);
            let seconds = self.answer_time.as_secs_f32();
            let reason = format!(
                "{} took the request and did not answer within {seconds} s; look into its log, or raise --answer-timeout",
                self.upstream
            );
            self.answer(504, reason);
        }
    }

    /// Refuses the upstream's answer, where the policy does.
    fn refuse(&mut self) {
        if let Some(reason) = self.session.take_refusal() {
            self.answer(502, reason);
        }
    }

    /// Answers the client in the upstream's place, and ends both sides.
    fn answer(&mut self, status: u16, reason: String) {
        let client = &mut self.pipes[Side::Server];
        client.extra.extend_from_slice(&answer::answer(status, &reason));
        self.out.log.event(clock::now(), Event::Answered { status, reason });
        self.end_both();
    }

    /// A side's connection broke: by a reset, or by a fault of TLS, which a server that speaks TLS 1.3 may raise only
    /// after the handshake.
    fn broke(&mut self, from: Side, error: &io::Error) {
        let Some(fault) = TlsFault::inside(error) else { return self.ended(from, Ending::Reset) };
        let reason = format!("can't talk to {}: {fault}", self.upstream);
        if self.session.has_answer_begun() {
            self.out.log.event(clock::now(), Event::Note(Level::Error, reason));
            self.ended(from, Ending::Reset);
        } else {
            self.session.fail(clock::now(), unreachable::of_tls(&fault), &mut self.out);
            self.answer(502, reason);
        }
    }

    /// Passes replies on, and the block when it is full.
    fn after_call(&mut self) {
        for (token, reply) in self.out.replies.drain(..) {
            let waits = matches!(reply, Reply::Waiting(_));
            if let Some(replier) = self.repliers.get_mut(&token) {
                replier(reply);
            }
            if !waits {
                self.repliers.remove(&token);
            }
        }
        // A slab is handed over when it is full; here it counts what is beside it.
        let log = &self.out.log;
        let beside = if intake::has_slab(log) { log.size() - log.read.len() } else { log.size() };
        if beside >= BLOCK {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        let log = &mut self.out.log;
        if log.is_empty() && log.read.is_empty() && !intake::has_slab(log) {
            return;
        }
        for pipe in self.pipes.iter_mut() {
            pipe.keep_pending(&log.read);
        }
        let done = intake::renew(log, self.journal.memory());
        if !done.is_empty() {
            self.journal.push(Some(self.id), done);
        }
    }

    fn finish(&mut self) {
        self.session.finish(clock::now(), &mut self.out);
        self.after_call();
        self.hand_over();
    }
}
