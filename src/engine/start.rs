//! Stand-in: binds and listens.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::journal::Journal;
use crate::relay::observation::{Event, Observations};

use super::clock;
use super::{EngineConfig, handle::Handle};

/// A running engine.
pub struct Running {
    addresses: Vec<SocketAddr>,
    _listeners: Vec<TcpListener>,
    handle: Handle,
}

/// Why it could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address.
    #[error("can't listen on {addr}: {source}")]
    Bind {
        /// Which.
        addr: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Certificates.
    #[error("{0}")]
    Tls(String),
}

/// Starts.
///
/// # Errors
/// As `StartError` says.
pub async fn start(config: EngineConfig, journal: Arc<Journal>, handle: Handle) -> Result<Running, StartError> {
    let (mut addresses, mut listeners) = (Vec::<SocketAddr>::new(), Vec::new());
    for mut addr in config.listen {
        if addr.port() == 0 {
            addr.set_port(addresses.first().map_or(0, SocketAddr::port));
        }
        match TcpListener::bind(addr).await {
            Ok(listener) => {
                addresses.extend(listener.local_addr());
                listeners.push(listener);
            }
            Err(source) if addr.is_ipv4() || source.kind() == io::ErrorKind::AddrInUse => {
                return Err(StartError::Bind { addr, source });
            }
            Err(_) => {}
        }
    }
    let mut log = Observations::default();
    log.event(clock::now(), Event::Listening { addresses: addresses.clone(), upstream: config.upstream.to_string() });
    journal.push(None, log);
    Ok(Running { addresses, _listeners: listeners, handle })
}

impl Running {
    /// Where.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Until the end.
    pub async fn finished(self) {
        let _ = self.handle.shutdown().wait_for(|down| *down).await;
    }
}
