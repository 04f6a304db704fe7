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
mod guests;
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

use hyper::StatusCode;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use broadcast::Room;
use endpoint::{Endpoint, Kind};
use guests::Guests;
use http::{Site, Talk, Upgrade};
use raw::Wire;
use socket::Socket;

/// Connections at one time; further ones get a 503. Chromium opens at most 255 WebSockets in all.
const MAX_CONNECTIONS: usize = 256;

/// Connections that are being sent away; further ones wait in the listener's backlog.
const MAX_SENT_AWAY: usize = 32;

/// For how long a connection to a server with a mistake may stay, or one on which a page sends nothing.
const LONGEST: Duration = Duration::from_secs(3600);

/// Time for a connection that is sent away.
const PATIENCE: Duration = Duration::from_secs(5);

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
    let guests = Guests::default();
    // The connections live in this set, so they end when this task is aborted.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS + MAX_SENT_AWAY => match accepted {
                Ok((stream, _)) if connections.len() < MAX_CONNECTIONS => {
                    connections.spawn(connection(stream, Arc::clone(&room), guests.clone(), crowd.clone()));
                }
                Ok((stream, _)) => {
                    connections.spawn(send_away(stream));
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
async fn connection(stream: TcpStream, room: Arc<Room>, guests: Guests, crowd: old::Crowd) {
    // Without it frames would be held back; a socket that refuses is only slower.
    let _ = stream.set_nodelay(true);
    match dispatch::asked_for(&stream).await {
        Some(Endpoint { kind: Kind::Old(server), .. }) => {
            let _ = timeout(LONGEST, old::serve(Wire::new(stream), *server, crowd)).await;
        }
        Some(Endpoint { kind: Kind::Script(script), .. }) => {
            let _ = timeout(LONGEST, script::serve(Wire::new(stream), script)).await;
        }
        _ => web(stream, room, guests).await,
    }
}

/// Says that there is no place.
async fn send_away(stream: TcpStream) {
    let service = service_fn(|_| async {
        let words = "the playground has 256 connections, which is all that it takes: close some\n";
        Ok::<_, std::convert::Infallible>(response::text(StatusCode::SERVICE_UNAVAILABLE, words))
    });
    let served = http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service);
    let _ = timeout(PATIENCE, served).await;
}

/// Serves HTTP, then the WebSocket endpoint if the last request asked for one.
async fn web(stream: TcpStream, room: Arc<Room>, guests: Guests) {
    let site = Site::new(room, guests);
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
    let Upgrade { talk, guest: _guest, .. } = upgrade;
    match talk {
        Talk::Echo => echo::serve(Socket::new(upgraded, echo::MAX_MESSAGE)).await,
        Talk::Broadcast(membership) => {
            broadcast::serve(Socket::new(upgraded, broadcast::MAX_MESSAGE), membership).await
        }
    }
}
