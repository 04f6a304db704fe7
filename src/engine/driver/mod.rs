//! Drives one session: four I/O directions, the commands, the clock, in one task and without a wait between them.
//!
//! It knows no rule of the protocol. After each call to the session it does what came out of it, in `obey`; then it asks
//! whom to read and when to come back.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Sleep, sleep};

use crate::control::Replier;
use crate::journal::Journal;
use crate::record::{ClosedBy, Ending, Event, PerSide, SessionId, Side, Time};
use crate::relay::injection::{Reply, Token};
use crate::relay::session::{Act, Learned, Output, Reason, Sent, Session, SessionCommand};
use crate::wire::close::Code;

use super::attendant::{Attendant, Inquiry};
use super::clock;
use super::connection::Connection;
use super::handle::{Asker, Commands};
use super::intake;
use super::pipe::Pipe;
use super::response;
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

/// Time between the word to quit and the close frames. What peers sent before that word, their sockets have taken from them;
/// the runtime may not have looked at wsproxy's own yet.
const LAST_READS: Duration = Duration::from_millis(20);

/// What the session's task was given.
pub(super) struct Setup<C, S> {
    pub id: SessionId,
    pub client: C,
    pub server: S,
    pub session: Box<Session>,
    /// What the session gave for the upstream at its beginning.
    pub out: Output,
    /// What the client sent behind its head.
    pub early: Vec<u8>,
    pub journal: Arc<Journal>,
    pub commands: Commands,
    pub shutdown: watch::Receiver<bool>,
    /// The upstream's URL, for sentences.
    pub upstream: Arc<str>,
    /// Who looks after it; `None` where nobody does.
    pub attendant: Option<Attendant>,
    /// Whom to ask about messages.
    pub asker: Arc<OnceLock<Asker>>,
}

pub(super) struct Driver<C, S> {
    id: SessionId,
    client: C,
    server: S,
    session: Box<Session>,
    pipes: PerSide<Pipe>,
    out: Output,
    journal: Arc<Journal>,
    commands: Option<Commands>,
    repliers: HashMap<Token, Replier>,
    next_token: u64,
    /// Runs while there is a block that is not handed over. There is none before one waits.
    block_age: Option<Pin<Box<Sleep>>>,
    block_waits: bool,
    /// The session's deadline, and what runs until then.
    timer: Option<(Time, Pin<Box<Sleep>>)>,
    /// Whether each frame for the upstream has to be a write of its own.
    paced: bool,
    upstream: Arc<str>,
    attendant: Option<Attendant>,
    asker: Arc<OnceLock<Asker>>,
    /// The upstream is asked why it has failed.
    inquiry: Option<Inquiry>,
}

/// Relays until both sides are gone.
///
/// No `async fn`, so that what it is given is gone once the driver is built: a future keeps its arguments for life.
pub(super) fn drive<C: Connection, S: Connection>(setup: Setup<C, S>) -> impl Future<Output = ()> {
    let shutdown = setup.shutdown.clone();
    run(Box::new(Driver::new(setup)), shutdown)
}

async fn run<C: Connection, S: Connection>(mut driver: Box<Driver<C, S>>, mut shutdown: watch::Receiver<bool>) {
    let mut quit = std::pin::pin!(async move {
        // An error means that nobody can ask any more.
        if shutdown.wait_for(|quit| *quit).await.is_err() {
            std::future::pending::<()>().await;
        }
    });
    let mut quitting = Quitting::No;
    poll_fn(|cx| {
        if matches!(quitting, Quitting::No) && quit.as_mut().poll(cx).is_ready() {
            quitting = Quitting::After(Box::pin(sleep(LAST_READS)));
        }
        if let Quitting::After(timer) = &mut quitting
            && timer.as_mut().poll(cx).is_ready()
        {
            quitting = Quitting::Yes;
            driver.command(None, SessionCommand::close(ClosedBy::Proxy, Code::GOING_AWAY));
        }
        driver.poll(cx)
    })
    .await;
    match driver.inquiry.take().filter(|_| matches!(quitting, Quitting::No) && driver.session.holds()) {
        None => driver.finish(),
        Some(inquiry) => {
            let mut tail = driver.into_tail();
            let learned = tokio::select! {
                learned = inquiry => learned,
                () = &mut quit => Learned::Nothing,
            };
            tail.finish(learned);
        }
    }
}

/// Whether wsproxy is told to quit.
enum Quitting {
    No,
    /// Yes, and the session goes on until then.
    After(Pin<Box<Sleep>>),
    Yes,
}

/// A session whose connections are gone, and whose upstream is still asked why it has failed.
struct Tail {
    id: SessionId,
    session: Box<Session>,
    out: Output,
    journal: Arc<Journal>,
    /// Until here the session is one of those that live.
    _attendant: Option<Attendant>,
}

impl Tail {
    fn finish(&mut self, learned: Learned) {
        self.session.learn(clock::now(), learned, &mut self.out);
        self.session.finish(clock::now(), &mut self.out);
        self.journal.push(Some(self.id), std::mem::take(&mut self.out.log));
    }
}

impl<C: Connection, S: Connection> Driver<C, S> {
    fn new(setup: Setup<C, S>) -> Self {
        let mut driver = Self {
            id: setup.id,
            client: setup.client,
            server: setup.server,
            session: setup.session,
            pipes: PerSide::new(Pipe::new(), Pipe::new()),
            out: setup.out,
            journal: setup.journal,
            commands: Some(setup.commands),
            repliers: HashMap::new(),
            next_token: 0,
            block_age: None,
            block_waits: false,
            timer: None,
            paced: false,
            upstream: setup.upstream,
            attendant: setup.attendant,
            asker: setup.asker,
            inquiry: None,
        };
        driver.obey();
        // The head and what came behind it in the same read go out in one write (the 8 bytes of a Hixie-76 challenge).
        driver.session.connected(clock::now());
        if !setup.early.is_empty() {
            driver.session.receive(clock::now(), Side::Client, &setup.early, &mut driver.out);
            driver.out.to.server.take(&setup.early, &mut driver.pipes[Side::Client].extra);
            driver.obey();
        }
        driver
    }

    /// Does all that can be done now; ready when the session is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let mut progress = self.poll_commands(cx);
            progress |= self.poll_lane(Side::Client, cx);
            progress |= self.poll_lane(Side::Server, cx);
            progress |= self.poll_inquiry(cx);
            if self.is_over() {
                return Poll::Ready(());
            }
            if !progress && !self.poll_deadline(cx) {
                break;
            }
        }
        self.poll_block(cx);
        Poll::Pending
    }

    /// Takes what the upstream said, where it was asked.
    fn poll_inquiry(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(Poll::Ready(learned)) = self.inquiry.as_mut().map(|inquiry| inquiry.as_mut().poll(cx)) else {
            return false;
        };
        self.inquiry = None;
        self.session.learn(clock::now(), learned, &mut self.out);
        self.obey();
        true
    }

    /// Before the task waits: hands a small block over at once, a larger one when it is old enough.
    fn poll_block(&mut self, cx: &mut Context<'_>) {
        if self.out.log.size() < SMALL_BLOCK {
            self.hand_over();
            return;
        }
        let age = self.block_age.get_or_insert_with(|| Box::pin(sleep(BLOCK_AGE)));
        if !self.block_waits {
            self.block_waits = true;
            age.as_mut().reset(clock::after(BLOCK_AGE));
        }
        if age.as_mut().poll(cx).is_ready() {
            self.hand_over();
        }
    }

    /// Does what is due by the session's clock.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> bool {
        self.note_blocked();
        let Some(deadline) = self.session.deadline() else {
            self.timer = None;
            return false;
        };
        let until = || Box::pin(tokio::time::sleep_until(clock::at(deadline)));
        let (due, timer) = self.timer.get_or_insert_with(|| (deadline, until()));
        if *due != deadline {
            *due = deadline;
            timer.as_mut().reset(clock::at(deadline));
        }
        if timer.as_mut().poll(cx).is_pending() {
            return false;
        }
        self.timer = None;
        self.session.tick(clock::now(), &mut self.out);
        self.obey();
        true
    }

    /// Tells the session which peer does not take what is meant for it.
    fn note_blocked(&mut self) {
        for from in [Side::Client, Side::Server] {
            let pipe = &mut self.pipes[from];
            if !pipe.is_drained() || self.session.is_blocked(from) {
                let now = clock::now();
                self.session.blocked(now, from, pipe.blocked(now));
            }
        }
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
                Side::Client if self.paced => pipe.poll_write_frame(read, &mut self.server, cx),
                Side::Client => pipe.poll_write(read, &mut self.server, cx),
                Side::Server => pipe.poll_write(read, &mut self.client, cx),
            };
            match written {
                Poll::Ready(Ok(())) => progress = true,
                Poll::Ready(Err(_)) => {
                    self.ended(from.other(), Ending::Reset);
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
            // A capture misses nothing: what it has no room for is not read.
            None if self.session.is_reading(from) && self.journal.poll_room(cx).is_ready() => {
                self.read(from, cx) || progress
            }
            None => progress,
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
                self.session.receive(clock::now(), from, input, &mut self.out);
                let pipe = &mut self.pipes[from];
                match &mut self.out.to[from.other()] {
                    Sent::AsIs => pipe.pending = at..read.len(),
                    sent => sent.take(input, &mut pipe.extra),
                }
                let end = read.len();
                if !self.out.log.take_back(read) {
                    pipe.nobodys = at..end;
                }
                self.obey();
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

    fn ended(&mut self, from: Side, how: Ending) {
        self.session.end(clock::now(), from, how, &mut self.out);
        self.obey();
    }

    /// Tells the receiver of a lane that its sender has ended, in the same way.
    fn pass_end(&mut self, from: Side, how: Ending, cx: &mut Context<'_>) -> bool {
        let done = match (how, from) {
            (Ending::Reset, Side::Client) => Poll::Ready(self.server.reset()),
            (Ending::Reset, Side::Server) => Poll::Ready(self.client.reset()),
            (Ending::Fin, Side::Client) => Pin::new(&mut self.server).poll_shutdown(cx),
            (Ending::Fin, Side::Server) => Pin::new(&mut self.client).poll_shutdown(cx),
        };
        // A receiver that can't be told is gone itself; its own lane says so.
        self.pipes[from].told = done.is_ready();
        done.is_ready()
    }

    fn poll_commands(&mut self, cx: &mut Context<'_>) -> bool {
        // Injected bytes queue in `extra`, maybe behind a read; one at a time keeps what a stalled peer can make us hold
        // small.
        if self.pipes.iter().any(|pipe| pipe.extra.len() > intake::READ + BLOCK) {
            return false;
        }
        let Some(commands) = &mut self.commands else { return false };
        match commands.poll_recv(cx) {
            Poll::Ready(Some(command)) => {
                let (command, reply) = *command;
                self.command(Some(reply), command);
                true
            }
            Poll::Ready(None) => {
                self.commands = None;
                false
            }
            Poll::Pending => false,
        }
    }

    /// Passes a command to the session, with the one that waits for what becomes of it.
    fn command(&mut self, replier: Option<Replier>, command: SessionCommand) {
        let token = Token(self.next_token);
        self.next_token += 1;
        if let Some(replier) = replier {
            self.repliers.insert(token, replier);
        }
        self.session.command(clock::now(), token, command, &mut self.out);
        self.obey();
    }

    /// A side's connection broke: by a reset, or by a fault of TLS, which a server that speaks TLS 1.3 may raise only
    /// after the handshake.
    fn broke(&mut self, from: Side, error: &io::Error) {
        let Some(fault) = TlsFault::inside(error).filter(|_| from == Side::Server) else {
            return self.ended(from, Ending::Reset);
        };
        let cause = format!("can't talk to {}: {fault}", self.upstream);
        self.session.broke(clock::now(), unreachable::of_tls(&fault), cause, &mut self.out);
        self.obey();
    }

    /// Does what the session wants after a call, but for what it made of the call's input.
    fn obey(&mut self) {
        for to in [Side::Client, Side::Server] {
            if !self.out.to[to].is_as_is() {
                self.out.to[to].take(&[], &mut self.pipes[to.other()].extra);
            }
        }
        if !self.out.acts.is_empty() {
            for act in std::mem::take(&mut self.out.acts) {
                self.act(act);
            }
        }
        self.pass_replies();
        // A slab is handed over when it is full; here it counts what is beside it.
        let log = &self.out.log;
        let beside = if intake::has_slab(log) { log.size() - log.read.len() } else { log.size() };
        if beside >= BLOCK {
            self.hand_over();
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Respond { status, reason } => self.respond(status, &reason),
            Act::HalfClose(to) => {
                self.pipes[to.other()].ended.get_or_insert(Ending::Fin);
            }
            Act::Reset(to) => {
                let pipe = &mut self.pipes[to.other()];
                (pipe.ended, pipe.told) = (Some(Ending::Reset), false);
                self.pipes[to].abandon();
            }
            Act::ResetBoth => {
                for pipe in self.pipes.iter_mut() {
                    pipe.abandon();
                    (pipe.ended, pipe.told) = (Some(Ending::Reset), false);
                }
            }
            Act::Ask(question) => {
                if let Some(ask) = self.asker.get() {
                    ask(self.id, *question);
                }
            }
            Act::Pace(Side::Server) => self.paced = true,
            // Browsers put frames together by themselves.
            Act::Pace(Side::Client) => {}
            Act::Abandon => self.pipes.iter_mut().for_each(Pipe::abandon),
            Act::Inquire(question) => {
                self.inquiry = self.attendant.as_ref().and_then(|attendant| attendant.inquire(question));
            }
            Act::Answered(status) => self.attendant.iter().for_each(|attendant| attendant.answered(status)),
            Act::Cut(from, silence) => self.attendant.iter().for_each(|attendant| attendant.cut(from, silence)),
        }
    }

    /// Answers the client in the upstream's place.
    fn respond(&mut self, status: u16, reason: &Reason) {
        let reason = response::sentence(reason, &self.upstream);
        self.pipes[Side::Server].extra.extend_from_slice(&response::whole(status, &reason));
        self.out.log.event(clock::now(), Event::Answered { status, reason });
    }

    fn pass_replies(&mut self) {
        for (token, reply) in self.out.replies.drain(..) {
            let waits = matches!(reply, Reply::Waiting(_));
            if let Some(replier) = self.repliers.get_mut(&token) {
                replier(reply);
            }
            if !waits {
                self.repliers.remove(&token);
            }
        }
    }

    fn hand_over(&mut self) {
        self.block_waits = false;
        let log = &mut self.out.log;
        if log.is_empty() && log.read.is_empty() && !intake::has_slab(log) {
            return;
        }
        // The last read, where it is nobody's, stays here, be it written or not.
        let last =
            self.pipes.iter().map(|pipe| &pipe.nobodys).find(|read| !read.is_empty() && read.end == log.read.len());
        let end = last.map_or(log.read.len(), |read| read.start);
        let (done, end) = intake::renew(log, end, self.journal.memory());
        for pipe in self.pipes.iter_mut() {
            pipe.keep_pending(&done.read, end);
        }
        if !done.is_empty() {
            self.journal.push(Some(self.id), done);
        }
    }

    /// Lets the connections go, so that the client has its end at once.
    fn into_tail(mut self) -> Tail {
        self.hand_over();
        let Self { id, session, out, journal, attendant, .. } = self;
        Tail { id, session, out, journal, _attendant: attendant }
    }

    fn finish(&mut self) {
        self.session.finish(clock::now(), &mut self.out);
        self.obey();
        self.hand_over();
    }
}

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
