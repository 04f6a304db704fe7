//! `--control PATH`: a Unix socket on which scripts steer the proxy, line by line.
//!
//! ```text
//!   client --lines--> Client (a task each) --commands--> Control
//!          <-replies-        |   <-replies-
//!          <-events--        `-- View: an index over the journal, for what is listed
//! ```
//!
//! Nobody waits for a client. What one may make us hold is bounded: the length of a line, the commands that wait for their
//! reply, and one block's events. Events beyond that wait in the journal, which counts what such a reader misses; a client
//! that takes nothing at all is dropped, and that is said.

mod client;
mod events;
mod listing;
mod view;

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::os::unix::net as blocking;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::Mode;
use rustix::process::umask;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::control::{Control, LineMaker, protocol};
use crate::journal::Journal;
use crate::json;
use crate::record::finding::Level;
use crate::record::{Log, ProxyEvent};
use crate::text;

use super::clock;
use client::Client;
use view::View;

/// Clients at a time: more than anybody runs scripts. Each may hold a line and its reply.
const CLIENTS: usize = 32;

/// Time until clients are taken again where one could not be.
const PAUSE: Duration = Duration::from_millis(100);

/// Time for clients to take the last events.
const LAST_EVENTS: Duration = Duration::from_secs(1);

/// What its clients steer and see.
pub struct ControlWorld {
    /// The proxy.
    pub control: Arc<dyn Control>,
    /// What was seen.
    pub journal: Arc<Journal>,
    /// Makes lines of it.
    pub lines: LineMaker,
}

/// What all clients share.
struct Shared {
    control: Arc<dyn Control>,
    journal: Arc<Journal>,
    lines: LineMaker,
    view: View,
}

impl Shared {
    /// Tells what somebody has changed, for the screen and the log.
    fn note(&self, level: Level, text: String) {
        let mut log = Log::default();
        log.proxy(clock::now(), ProxyEvent::Note(level, text));
        self.journal.push(None, log);
    }
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Somebody answers there.
    #[error(
        "{} is in use, another program answers there: end that one, or name another path with --control",
        shown(path)
    )]
    Live {
        /// Where.
        path: PathBuf,
    },
    /// There is something else.
    #[error("{} is there already, and is no socket: name another path with --control", shown(path))]
    Other {
        /// Where.
        path: PathBuf,
    },
    /// It can't be made.
    #[error("can't make the control socket {}: {source}{}", shown(path), hint(source))]
    Bind {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

fn shown(path: &Path) -> String {
    text::escape(path.as_os_str().as_encoded_bytes())
}

/// What helps, where the system's words are not plain.
fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::InvalidInput => ", so name a shorter path: 107 bytes at most, as in /tmp/wsproxy.sock",
        io::ErrorKind::NotFound => ", so make its directory first",
        _ => "",
    }
}

/// The socket's place. Dropping it takes it away, if it is still this one.
pub struct ControlSocket {
    path: PathBuf,
    /// Device and inode.
    file: (u64, u64),
    ending: watch::Sender<bool>,
    room: Arc<Semaphore>,
}

impl ControlSocket {
    /// Makes the socket, for its owner alone (0600), and serves it. Call it within a tokio runtime.
    ///
    /// # Errors
    /// Somebody answers at that path, or there is something else, or the system refuses.
    pub fn serve(path: &Path, world: ControlWorld) -> Result<Self, ControlError> {
        let fail = |source| ControlError::Bind { path: path.to_owned(), source };
        let listener = bind(path)?;
        listener.set_nonblocking(true).map_err(fail)?;
        let listener = UnixListener::from_std(listener).map_err(fail)?;
        let metadata = fs::symlink_metadata(path).map_err(fail)?;
        let ControlWorld { control, journal, lines } = world;
        let view = View::new(&journal);
        let shared = Arc::new(Shared { control, journal, lines, view });
        tokio::spawn(view::keep(Arc::clone(&shared)));
        let (ending, room) = (watch::Sender::new(false), Arc::new(Semaphore::new(CLIENTS)));
        tokio::spawn(accept(listener, shared, Arc::clone(&room), ending.subscribe()));
        Ok(Self { path: path.to_owned(), file: (metadata.dev(), metadata.ino()), ending, room })
    }

    /// Lets each client have what was seen up to now, for as long as it takes some of it within a little time.
    pub async fn finish(&self) {
        self.ending.send_replace(true);
        let all = u32::try_from(CLIENTS).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(LAST_EVENTS, self.room.acquire_many(all)).await;
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        let is_own = fs::symlink_metadata(&self.path).is_ok_and(|file| (file.dev(), file.ino()) == self.file);
        if is_own {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Binds a socket that only its owner can connect to, from its first moment on. One that nobody answers at is replaced.
fn bind(path: &Path) -> Result<blocking::UnixListener, ControlError> {
    let owned = || path.to_owned();
    match fs::symlink_metadata(path) {
        Ok(file) if !file.file_type().is_socket() => return Err(ControlError::Other { path: owned() }),
        Ok(_) => match blocking::UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                fs::remove_file(path).map_err(|source| ControlError::Bind { path: owned(), source })?;
            }
            // One that can't be connected to for another reason is somebody's all the same.
            Ok(_) | Err(_) => return Err(ControlError::Live { path: owned() }),
        },
        Err(_) => {}
    }
    let before = umask(Mode::from_raw_mode(0o177));
    let listener = blocking::UnixListener::bind(path);
    umask(before);
    listener.map_err(|source| ControlError::Bind { path: owned(), source })
}

async fn accept(listener: UnixListener, shared: Arc<Shared>, room: Arc<Semaphore>, ending: watch::Receiver<bool>) {
    let mut number = 0_u64;
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a control client could not be taken");
                // Mostly there are no file descriptors left, and there will be again.
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        number += 1;
        match Arc::clone(&room).try_acquire_owned() {
            Ok(permit) => {
                let client = Client::new(stream, Arc::clone(&shared), ending.clone());
                tokio::spawn(serve(client, Arc::clone(&shared), number, permit));
            }
            Err(_) => turn_away(stream),
        }
    }
}

async fn serve(client: Client, shared: Arc<Shared>, number: u64, _permit: OwnedSemaphorePermit) {
    if let Some(why) = client.run().await {
        shared.note(Level::Warning, format!("control client {number} was dropped: {why}"));
        tracing::warn!(number, why, "a control client was dropped");
    }
}

/// Says that there is no room. Nothing waits for it: a fresh socket takes so little at once, or the client gets nothing.
fn turn_away(stream: UnixStream) {
    let why = format!("there are {CLIENTS} control clients already: end one of them");
    let mut out = Vec::new();
    json::object(&protocol::refused(None, &why), &mut out);
    let _ = stream.try_write(&out);
    tokio::spawn(async move {
        let mut stream = stream;
        let _ = stream.shutdown().await;
    });
}
