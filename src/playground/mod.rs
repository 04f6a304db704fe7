//! Stand-in.

use std::io;
use std::net::SocketAddr;

/// A running playground.
pub struct Playground(tokio::net::TcpListener);

impl Playground {
    /// Where.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.0.local_addr().unwrap_or_else(|_| SocketAddr::from(([127, 0, 0, 1], 1)))
    }
}

/// Starts.
///
/// # Errors
/// When no port can be bound.
pub async fn start() -> io::Result<Playground> {
    Ok(Playground(tokio::net::TcpListener::bind("127.0.0.1:0").await?))
}
