//! Stand-in.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::engine::handle::Handle;
use crate::journal::Journal;

/// Ends the screen.
pub struct Remote(SyncSender<()>);
/// The screen's end.
pub struct Inbox(Receiver<()>);

/// The two ends.
#[must_use]
pub fn channel() -> (Remote, Inbox) {
    let (sender, receiver) = sync_channel(1);
    (Remote(sender), Inbox(receiver))
}

impl Remote {
    /// Ends the screen.
    pub fn quit(&self) {
        let _ = self.0.try_send(());
    }
}

/// What the screen says about the proxy itself.
#[derive(Clone, Debug)]
pub struct Info {
    /// Addresses that it listens on.
    pub addresses: Vec<SocketAddr>,
    /// The upstream, as a URL.
    pub upstream: String,
    /// Whether the upstream is the built-in playground.
    pub playground: bool,
}

/// Runs.
///
/// # Errors
/// Never.
pub fn run(inbox: Inbox, _journal: Arc<Journal>, _handle: Handle, _info: Info) -> io::Result<()> {
    let _ = inbox.0.recv();
    Ok(())
}
