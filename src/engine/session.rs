//! One session's task: dial, then drive.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;

use crate::diagnose::handshake;
use crate::record::finding::{Finding, FindingKind};
use crate::record::{ClosedBy, ClosedEvent, ClosedHow, Event, Log, PerSide, SessionId, Side, Verdict};
use crate::relay::session::{Output, Session, SessionConfig};
use crate::wire::head::Head;

use super::answer;
use super::clock;
use super::driver::{self, Setup};
use super::listener::Shared;
use super::search;
use super::unreachable;

/// A client that asked for a WebSocket.
pub(super) struct Visitor {
    pub socket: TcpStream,
    pub address: SocketAddr,
    /// The whole head.
    pub head: Vec<u8>,
    /// What came behind it.
    pub early: Vec<u8>,
}

/// Runs a session to its end.
pub(super) async fn run(shared: &Arc<Shared>, visitor: Visitor) {
    let id = shared.next_session();
    let (commands, registration) = shared.handle.register(id);
    let mut log = Log::default();
    let now = clock::now();
    let path = Head::new(&visitor.head).target().to_vec();
    log.event(now, Event::SessionOpened { client: visitor.address, path });
    shared.journal.push(Some(id), log);
    let mut shutdown = shared.handle.shutdown();
    let bridging = tokio::select! {
        bridging = search::search(shared, id, &visitor.head) => bridging,
        _ = shutdown.wait_for(|quit| *quit) => None,
    };
    let now = clock::now();
    let config = SessionConfig {
        rules: Arc::clone(&shared.rules),
        limits: shared.limits.clone(),
        seed: rand::random(),
        policy: shared.handle.policy_cell(),
    };
    let mut out = Output::default();
    let session = Session::bridged(config, bridging, now, &visitor.head, &mut out);
    let mut log = std::mem::take(&mut out.log);
    // The key that stands in the documents is told by itself.
    let is_told = log.findings().any(|kind| kind == FindingKind::ReqKeyReused);
    let seen = shared.keys.has_seen(&visitor.head);
    if let Some(finding) = handshake::reused_key(&visitor.head, seen && !is_told) {
        log.event(now, Event::Finding(Side::Client, finding));
    }
    shared.journal.push(Some(id), log);
    let mut shutdown = shared.handle.shutdown();
    let dialled = tokio::select! {
        dialled = shared.dialer.dial() => {
            dialled.map_err(|error| (error.status(), error.to_string(), Some(unreachable::finding(&error.cause))))
        }
        _ = shutdown.wait_for(|quit| *quit) => Err((503, "wsproxy is told to quit".to_owned(), None)),
    };
    match dialled {
        Ok(server) => {
            let setup = Setup {
                id,
                client: visitor.socket,
                server,
                session,
                out,
                early: visitor.early,
                journal: Arc::clone(&shared.journal),
                commands,
                shutdown: shared.handle.shutdown(),
                upstream: shared.dialer.upstream().to_string(),
            };
            driver::drive(setup).await;
        }
        Err((status, reason, finding)) => {
            if let Some(finding) = finding {
                tell(shared, id, finding);
            }
            refuse(shared, id, visitor, status, reason).await;
        }
    }
    drop(registration);
}

/// Says why there is no upstream, and what a browser would have made of it.
fn tell(shared: &Shared, id: SessionId, finding: Finding) {
    let mut log = Log::default();
    let verdict = Verdict::because(&finding);
    log.event(clock::now(), Event::Finding(Side::Server, finding));
    log.event(clock::now(), Event::Verdict(verdict));
    shared.journal.push(Some(id), log);
}

/// Answers in the upstream's place.
async fn refuse(shared: &Shared, id: SessionId, visitor: Visitor, status: u16, reason: String) {
    tracing::warn!(session = id.0, status, reason, "answered in the upstream's place");
    let mut log = Log::default();
    log.event(clock::now(), Event::Answered { status, reason: reason.clone() });
    shared.journal.push(Some(id), log);
    answer::send(visitor.socket, status, &reason).await;
    let closed = ClosedEvent {
        by: ClosedBy::Proxy,
        how: ClosedHow::Answered,
        code: None,
        reason: Vec::new(),
        frames: PerSide::default(),
        bytes: PerSide::new((visitor.head.len() + visitor.early.len()) as u64, 0),
    };
    let mut log = Log::default();
    log.event(clock::now(), Event::SessionClosed(closed));
    shared.journal.push(Some(id), log);
}
