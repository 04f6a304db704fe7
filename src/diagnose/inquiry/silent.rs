//! An upstream that has the request and says nothing.

use std::time::Duration;

use crate::record::SessionId;
use crate::record::finding::{Finding, FindingKind, Place};

use super::{Replies, Reply, is_node, is_vite};

/// What is known of an upstream that has been silent for so long. `open` are other sessions with it that have opened.
/// `None` where the replies say no more than that it is silent.
#[must_use]
pub fn silent(replies: &Replies, waited: Duration, open: &[SessionId]) -> Option<Finding> {
    let seconds = waited.as_secs();
    if let Some((status, head, body)) = replies.get.response() {
        let detail = format!("no byte came for {seconds} s, and a plain GET / beside it got {status} at once");
        let finding = Finding::new(FindingKind::HandshakeUnhandled, Place::Connection).detail(detail);
        return Some(if is_vite(body) {
            finding.cause(
                "most likely nobody handles this upgrade: Vite's dev server leaves alone what its server.proxy does not take \
                 with ws: true",
                "in vite.config: server: { proxy: { \"/ws\": { target: \"ws://localhost:9999\", ws: true } } }, or let the page \
                 connect to that server itself",
            )
        } else if is_node(head) {
            finding.cause(
                "most likely nobody handles this upgrade: the Node server's 'upgrade' listeners pass this path by (a dev \
                 server's proxy without ws: true, http-proxy-middleware before its first plain request, a WebSocketServer \
                 with noServer)",
                "http-proxy-middleware: server.on(\"upgrade\", proxy.upgrade); Vite and webpack: ws: true for the path; a \
                 listener of your own: handleUpgrade() for the path, socket.destroy() for all others",
            )
        } else {
            finding
        });
    }
    if replies.get != Reply::Silence {
        return None;
    }
    let detail = format!("no byte came for {seconds} s, and a plain GET / beside it got no response either");
    let finding = Finding::new(FindingKind::ServerHangs, Place::Connection).detail(detail);
    Some(match open {
        [] => finding,
        [one] => waits_for(finding, &format!("session {one} is")),
        [first, .., last] => waits_for(finding, &format!("{} sessions are ({first} to {last})", open.len())),
    })
}

fn waits_for(finding: Finding, who: &str) -> Finding {
    let cause = format!(
        "most likely all workers are taken: {who} open with this server, and a worker serves one connection at a time \
         (gunicorn's sync worker, a server without threads)"
    );
    finding.cause(
        cause,
        "give each WebSocket a thread or a task: gunicorn --threads 100, -k gevent, or -k uvicorn.workers.UvicornWorker for \
         ASGI; more --workers only raise the limit",
    )
}
