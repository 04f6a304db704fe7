//! What the screen says about the proxy itself.

use std::net::SocketAddr;

use crate::control::Recorded;
use crate::journal::ArchiveStatus;
use crate::record::Policy;

/// The proxy.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// What is proxied.
    pub info: Info,
    /// What is done about faults.
    pub policy: Policy,
    /// What is written to disk of what is seen.
    pub recorded: Option<Recorded>,
    /// The capture that is shown in place of a proxy's traffic.
    pub capture: Option<ArchiveStatus>,
}

impl Proxy {
    /// What there is to say to who wants to change or send something, where that can't be.
    #[must_use]
    pub(crate) const fn refusal(&self) -> Option<&'static str> {
        match self.capture {
            Some(_) => Some("this is a capture: there is no live session to send to, and nothing in it can be changed"),
            None => None,
        }
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
    /// How much is held at most, in words.
    pub hold_limits: String,
}

impl Info {
    /// The listening addresses in few columns: `localhost:9000` where they are loopback.
    #[must_use]
    pub fn listening(&self) -> String {
        let Some(first) = self.addresses.first() else { return "nowhere".into() };
        if self.addresses.iter().all(|address| address.ip().is_loopback() && address.port() == first.port()) {
            return format!("localhost:{}", first.port());
        }
        self.addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(" ")
    }

    /// Host and port under which a browser on this machine reaches the proxy.
    #[must_use]
    pub fn reachable(&self) -> String {
        match self.addresses.first() {
            Some(address) if !address.ip().is_loopback() && !address.ip().is_unspecified() => address.to_string(),
            Some(address) => format!("localhost:{}", address.port()),
            None => "localhost".into(),
        }
    }
}
