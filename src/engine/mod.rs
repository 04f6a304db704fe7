//! Sockets: everything that connects, reads, writes, waits and spawns.

pub mod answer;
pub mod clock;
pub mod dial;
pub mod handle;
pub mod passthrough;
pub mod tls;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::relay::limits::Limits;

/// What the engine needs to know, checked.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Addresses to listen on. `::1` is left out where the machine has no IPv6.
    pub listen: Vec<SocketAddr>,
    /// Whom to connect to.
    pub upstream: Upstream,
    /// How to trust it.
    pub tls: TlsOptions,
    /// Leave Host, Origin and Location as they are.
    pub keep_host: bool,
    /// A value for every Origin field.
    pub origin: Option<String>,
    /// Bounds of memory and time.
    pub limits: Limits,
}

/// Whom sessions are relayed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Whether it is reached over TLS.
    pub secure: bool,
    /// A name or address; an IPv6 address without its brackets.
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
    /// Put in front of each request's path; empty or starting with `/`.
    pub path: String,
}

impl Upstream {
    /// Host and port as a Host field has them: no port where it is the scheme's own (RFC 9110 7.2).
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let default = if self.secure { 443 } else { 80 };
        if self.port == default { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(formatter, "{scheme}://{}{}", self.authority(), self.path)
    }
}

/// How an upstream's certificate is judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// Take any certificate.
    pub insecure: bool,
    /// PEM file with roots that are trusted besides the platform's.
    pub ca: Option<PathBuf>,
}
