//! The built-in upstream: a correct RFC 6455 server with a web page, for trying wsproxy with nothing else at hand; and
//! servers that are old or broken, for seeing it diagnose and repair.
//!
//! It is a peer like any other: it knows nothing of the proxy before it, and reads and writes with the same codec.
//! Everything it does runs inside one task, so it ends with the handle. No peer's bytes decide how much memory is taken:
//! connections, messages and queues are all bounded.

mod broadcast;
mod command;
mod dispatch;
mod echo;
mod endpoint;
mod endpoints;
mod faults;
mod handshake;
mod http;
mod incoming;
mod old;
mod page;
mod raw;
mod response;
mod script;
mod socket;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use broadcast::Room;
use endpoint::{Endpoint, Kind};
use http::{Site, Talk, Upgrade};
use raw::Wire;
use socket::Socket;

/// Connections at one time; further ones wait in the listener's backlog. Chromium opens at most 255 WebSockets in all.
const MAX_CONNECTIONS: usize = 256;

/// How long to wait after the system refused a connection (mostly for want of file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A running playground. Dropping it ends the listener and each connection.
#[derive(Debug)]
pub struct Playground {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Playground {
    /// The loopback address and port that it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Playground {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Binds 127.0.0.1 on a free port and serves until the returned handle is dropped (or the runtime ends).
///
/// # Errors
///
/// When no port can be bound.
pub async fn start() -> io::Result<Playground> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let addr = listener.local_addr()?;
    Ok(Playground { addr, task: tokio::spawn(accept(listener)) })
}

async fn accept(listener: TcpListener) {
    let (room, crowd) = (Arc::new(Room::default()), old::Crowd::default());
    // The connections live in this set, so they end when this task is aborted.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&room), crowd.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "the playground could not accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Hands the connection to an endpoint that has it from the first byte on, or to HTTP.
async fn connection(stream: TcpStream, room: Arc<Room>, crowd: old::Crowd) {
    // Without it frames would be held back; a socket that refuses is only slower.
    let _ = stream.set_nodelay(true);
    match dispatch::asked_for(&stream).await {
        Some(Endpoint { kind: Kind::Old(server), .. }) => old::serve(Wire::new(stream), *server, crowd).await,
        Some(Endpoint { kind: Kind::Script(script), .. }) => script::serve(Wire::new(stream), script).await,
        _ => web(stream, room).await,
    }
}

/// Serves HTTP, then the WebSocket endpoint if the last request asked for one.
async fn web(stream: TcpStream, room: Arc<Room>) {
    let site = Site::new(room);
    let service = service_fn(|request| {
        let response = site.respond(request);
        async move { Ok::<_, std::convert::Infallible>(response) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection to the playground ended in HTTP");
        return;
    }
    if let Some(upgrade) = site.into_upgrade() {
        websocket(upgrade).await;
    }
}

async fn websocket(upgrade: Upgrade) {
    let Ok(upgraded) = upgrade.pending.await else { return };
    match upgrade.talk {
        Talk::Echo => echo::serve(Socket::new(upgraded, echo::MAX_MESSAGE)).await,
        Talk::Broadcast(membership) => {
            broadcast::serve(Socket::new(upgraded, broadcast::MAX_MESSAGE), membership).await
        }
    }
}
