//! A connection as a program with recv() sees it: some servers that make mistakes depend on what a single recv() gives.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a peer may take to hang up after the server did.
const LINGER: Duration = Duration::from_secs(10);

/// How a server's part in a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It closes the connection, or the peer did.
    HangUp,
    /// It never looks at the connection again, which stays open.
    Silence,
}

/// A connection as a program with recv() and send() sees it.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
}

impl Wire {
    /// Takes the connection from its first byte on.
    pub(super) const fn new(stream: TcpStream) -> Self {
        Self { stream }
    }

    /// What one recv() of at most `size` bytes gives. May be dropped while it waits.
    ///
    /// # Errors
    ///
    /// `HangUp` when the peer has ended.
    pub(super) async fn receive(&mut self, size: usize) -> Result<Vec<u8>, End> {
        let mut bytes = vec![0; size];
        match self.stream.read(&mut bytes).await {
            Ok(count) if count > 0 => {
                bytes.truncate(count);
                Ok(bytes)
            }
            _ => Err(End::HangUp),
        }
    }

    /// Sends all of `bytes` in one write, as far as the system takes them.
    ///
    /// # Errors
    ///
    /// `HangUp` when the peer is gone.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), End> {
        self.stream.write_all(bytes).await.map_err(|_| End::HangUp)
    }

    /// Does what the end says.
    pub(super) async fn end(mut self, end: End) {
        if end == End::Silence {
            while self.receive(1024).await.is_ok() {}
        }
    }

    /// Ends its own direction and waits for the peer to do the same, so that what was sent arrives whatever the peer
    /// still sends.
    pub(super) async fn finish(mut self) {
        // A peer that is gone needs no goodbye.
        let _ = self.stream.shutdown().await;
        let _ = timeout(LINGER, self.end(End::Silence)).await;
    }
}
