//! One session's task: dial, then drive.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, sleep_until};

use crate::diagnose::handshake;
use crate::record::finding::{Finding, FindingKind};
use crate::record::{ClosedBy, ClosedEvent, ClosedHow, Ending, Event, Log, PerSide, SessionId, Side, Verdict};
use crate::relay::bridge::Bridging;
use crate::relay::hold::{HeldRequest, Request};
use crate::relay::session::{Act, Output, Session, SessionConfig};
use crate::wire::head::Head;

use super::attendant::Attendant;
use super::clock;
use super::connection::Connection;
use super::dial::{self, Dialer};
use super::driver::{self, Setup};
use super::handle::Commands;
use super::listener::Shared;
use super::response;
use super::route::Route;
use super::search;
use super::unreachable;

/// Time for the upstream behind a client's FIN: it may be one that has said all it will and waits for the response.
const GRACE: Duration = Duration::from_secs(3);

/// A client that asked for a WebSocket.
pub(super) struct Visitor<C> {
    pub connection: C,
    pub address: SocketAddr,
    pub route: Arc<Route>,
    /// The whole head.
    pub head: Vec<u8>,
    /// What came behind it.
    pub early: Vec<u8>,
}

/// Why there is no upstream, and what tells the client.
struct Failure {
    status: u16,
    reason: String,
    finding: Option<Finding>,
}

/// Why a session has no upstream.
enum NoUpstream {
    /// It can't be connected to.
    Failed(Failure),
    /// The client has left.
    Left(Ending),
}

/// Runs a session to its end.
///
/// Its future is the memory of a session that is quiet, so what takes room and is soon over, or rare, is boxed.
pub(super) async fn run<C: Connection>(shared: &Arc<Shared>, visitor: Visitor<C>) {
    let id = shared.next_session();
    let (mut commands, registration) = shared.handle.register(id);
    let Visitor { connection: client, address, route, head, early } = visitor;
    let bytes = head.len() + early.len();
    let mut out = Output::default();
    let target = Head::new(&head).target().to_vec();
    out.log.event(clock::now(), Event::SessionOpened { client: address, path: target.clone() });
    let held =
        match HeldRequest::hold(shared.handle.hold_cell().of(id), &shared.limits, clock::now(), head, &mut out.log) {
            Ok(held) => Box::pin(wait_for_user(shared, id, held, &mut commands, &client, &mut out.log)).await,
            Err(head) => Ok((head, None)),
        };
    let (head, came) = match held {
        Ok(heads) => heads,
        Err(undone) => return Box::pin(undo(shared, id, client, bytes, undone, out.log)).await,
    };
    let mut bridging = route.bridging;
    if search::is_wanted(shared, &route, &head) {
        // It takes a while, and has rows of its own.
        shared.journal.push(Some(id), std::mem::take(&mut out.log));
        bridging = Box::pin(search(shared, &route, id, &head)).await;
    }
    let mut session = begin(shared, &route, id, bridging, (&head, came.as_deref()), &mut out);
    drop((head, came));
    if let Some((status, reason)) = refusal(&out, &route) {
        Box::pin(turn_away(shared, id, client, (status, reason), (session, out))).await;
        return drop(registration);
    }
    match Box::pin(dial_for(shared, &route.dialer, &client)).await {
        Ok(server) => {
            let attendant = Attendant::new(id, Arc::clone(&route), Arc::clone(&shared.journal), &target);
            let setup = Setup {
                id,
                client,
                server,
                session,
                out,
                early,
                journal: Arc::clone(&shared.journal),
                commands,
                shutdown: shared.handle.shutdown(),
                upstream: Arc::clone(&route.upstream),
                attendant: Some(attendant),
                asker: shared.handle.asker(),
            };
            driver::drive(setup).await;
        }
        Err(NoUpstream::Failed(failure)) => Box::pin(refuse(shared, id, client, bytes, failure)).await,
        Err(NoUpstream::Left(how)) => leave(shared, id, &mut session, how, out),
    }
    drop(registration);
}

/// The head that goes on, and the one that came where that is another.
type Heads = (Vec<u8>, Option<Vec<u8>>);

/// Why a request that was held does not go on.
enum Undone {
    Dropped,
    Quit,
    Left,
}

/// Waits until it is decided what becomes of a request that is held.
async fn wait_for_user(
    shared: &Shared,
    id: SessionId,
    mut held: HeldRequest,
    commands: &mut Commands,
    client: &impl Connection,
    log: &mut Log,
) -> Result<Heads, Undone> {
    let mut shutdown = shared.handle.shutdown();
    let mut left = pin!(left(client));
    loop {
        if let Some(request) = held.outcome() {
            return match request {
                Request::Goes { head, came } => Ok((head, came)),
                Request::Dropped => Err(Undone::Dropped),
            };
        }
        shared.journal.push(Some(id), std::mem::take(log));
        let deadline = held.deadline().unwrap_or_else(clock::now);
        tokio::select! {
            Some(command) = commands.recv() => {
                let (command, mut reply) = *command;
                reply(held.command(clock::now(), command, log));
            }
            () = sleep_until(clock::at(deadline)) => held.tick(clock::now(), log),
            how = &mut left => {
                held.left(clock::now(), how, log);
                return Err(Undone::Left);
            }
            _ = shutdown.wait_for(|quit| *quit) => {
                held.quit(clock::now(), log);
                return Err(Undone::Quit);
            }
        }
    }
}

/// Ends a session whose request does not go on. `bytes` came from the client.
async fn undo(shared: &Shared, id: SessionId, client: impl Connection, bytes: usize, undone: Undone, log: Log) {
    shared.journal.push(Some(id), log);
    let (status, reason) = match undone {
        Undone::Dropped => (502, "the request was held, and dropped by hand"),
        Undone::Quit => (503, "wsproxy is told to quit"),
        Undone::Left => return,
    };
    refuse(shared, id, client, bytes, Failure { status, reason: reason.to_owned(), finding: None }).await;
}

async fn search(shared: &Shared, route: &Route, id: SessionId, head: &[u8]) -> Option<Bridging> {
    let mut shutdown = shared.handle.shutdown();
    tokio::select! {
        bridging = search::search(shared, route, id, head) => bridging,
        _ = shutdown.wait_for(|quit| *quit) => None,
    }
}

/// Begins a session with its head; what it gives for the upstream is in `out`, and what was seen in the journal.
fn begin(
    shared: &Shared,
    route: &Route,
    id: SessionId,
    to: Option<Bridging>,
    (head, came): (&[u8], Option<&[u8]>),
    out: &mut Output,
) -> Box<Session> {
    let now = clock::now();
    let config = SessionConfig {
        rules: Arc::clone(&route.rules),
        limits: shared.limits.clone(),
        seed: rand::random(),
        policy: shared.handle.policy_cell(),
        hold: shared.handle.hold_cell().of(id),
        rule_cell: shared.handle.rule_cell().of(id),
    };
    let session = Box::new(Session::edited(config, to, now, head, came, out));
    let mut log = std::mem::take(&mut out.log);
    // The key that stands in the documents is told by itself.
    let is_told = log.findings().any(|kind| kind == FindingKind::ReqKeyReused);
    let seen = shared.keys.has_seen(head);
    if let Some(finding) = handshake::reused_key(head, seen && !is_told) {
        log.event(now, Event::Finding(Side::Client, finding));
    }
    shared.journal.push(Some(id), log);
    session
}

/// Where a rule refuses the handshake: with which status, and why.
fn refusal(out: &Output, route: &Route) -> Option<(u16, String)> {
    out.acts.iter().find_map(|act| match act {
        Act::Respond { status, reason } => Some((*status, response::sentence(reason, &route.upstream))),
        _ => None,
    })
}

/// Ends a session that a rule refuses: the client gets its response, and the upstream hears nothing of it.
async fn turn_away(
    shared: &Shared,
    id: SessionId,
    client: impl Connection,
    (status, reason): (u16, String),
    (mut session, mut out): (Box<Session>, Output),
) {
    out.log.event(clock::now(), Event::Answered { status, reason: reason.clone() });
    shared.journal.push(Some(id), std::mem::take(&mut out.log));
    response::send(client, status, &reason).await;
    session.finish(clock::now(), &mut out);
    shared.journal.push(Some(id), out.log);
}

/// Dials for as long as the client is there.
async fn dial_for<C: Connection>(shared: &Shared, dialer: &Dialer, client: &C) -> Result<dial::Stream, NoUpstream> {
    tokio::select! {
        dialled = dial(shared, dialer) => dialled.map_err(NoUpstream::Failed),
        how = left(client) => Err(NoUpstream::Left(how)),
    }
}

async fn dial(shared: &Shared, dialer: &Dialer) -> Result<dial::Stream, Failure> {
    let mut shutdown = shared.handle.shutdown();
    tokio::select! {
        dialled = dialer.dial() => dialled.map_err(|error| Failure {
            status: error.status(),
            reason: error.to_string(),
            finding: unreachable::finding(&error.cause),
        }),
        _ = shutdown.wait_for(|quit| *quit) => {
            Err(Failure { status: 503, reason: "wsproxy is told to quit".to_owned(), finding: None })
        }
    }
}

/// Waits until a client that sends nothing more has left: by a reset, or by a FIN behind which it waits no longer than for
/// `GRACE`. One that has sent more may yet be there, for all that can be seen.
async fn left(client: &impl Connection) -> Ending {
    let how = client.ended().await;
    if how == Ending::Fin {
        sleep(GRACE).await;
    }
    how
}

/// Ends a session whose client has left before there was an upstream.
fn leave(shared: &Shared, id: SessionId, session: &mut Session, how: Ending, mut out: Output) {
    let now = clock::now();
    session.gave_up(now, how, &mut out);
    session.finish(now, &mut out);
    shared.journal.push(Some(id), out.log);
}

/// Says why there is no upstream, and what a browser would have made of it.
fn tell(shared: &Shared, id: SessionId, finding: Finding) {
    let mut log = Log::default();
    let verdict = Verdict::because(&finding);
    log.event(clock::now(), Event::Finding(Side::Server, finding));
    log.event(clock::now(), Event::Verdict(verdict));
    shared.journal.push(Some(id), log);
}

/// Answers in the upstream's place. `bytes` came from the client.
async fn refuse(shared: &Shared, id: SessionId, client: impl Connection, bytes: usize, failure: Failure) {
    let Failure { status, reason, finding } = failure;
    if let Some(finding) = finding {
        tell(shared, id, finding);
    }
    tracing::warn!(session = id.0, status, reason, "answered in the upstream's place");
    let mut log = Log::default();
    log.event(clock::now(), Event::Answered { status, reason: reason.clone() });
    shared.journal.push(Some(id), log);
    response::send(client, status, &reason).await;
    let closed = ClosedEvent {
        by: ClosedBy::Proxy,
        how: ClosedHow::Answered,
        code: None,
        reason: Vec::new(),
        frames: PerSide::default(),
        bytes: PerSide::new(bytes as u64, 0),
    };
    let mut log = Log::default();
    log.event(clock::now(), Event::SessionClosed(closed));
    shared.journal.push(Some(id), log);
}
