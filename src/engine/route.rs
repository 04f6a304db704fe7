//! Where a client's connection goes, and how.

use std::sync::{Arc, Mutex};

use crate::diagnose::polling::Polling;
use crate::diagnose::sessions::Sessions;
use crate::relay::bridge::{Binary, Bridging};
use crate::relay::own::{OwnAddress, Scheme};
use crate::relay::translate::AddressRules;

use super::EngineConfig;
use super::dial::Dialer;
use super::inquiry::Inquirer;
use super::search::Known;
use super::tls::TlsSetupError;

/// The way of one client's connection, chosen when its first head has come, and what is known of the upstream at its end.
/// Clients with the same upstream share one.
pub struct Route {
    /// Upstream and TLS.
    pub dialer: Dialer,
    /// How addresses are translated.
    pub rules: Arc<AddressRules>,
    /// The upstream's URL, for sentences.
    pub upstream: Arc<str>,
    /// The upstream's dialect, where it is not the client's.
    pub bridging: Option<Bridging>,
    /// What becomes of binary messages towards an upstream whose dialect is found out.
    pub binary: Binary,
    /// Which dialects the upstream speaks, as far as it was found out.
    pub(super) spoken: Known,
    /// Asks the upstream why it has failed; `None` where it is to be left alone.
    pub(super) inquirer: Option<Arc<Inquirer>>,
    /// What is remembered of the sessions with it.
    pub(super) sessions: Mutex<Sessions>,
    /// What is remembered of plain requests that lead to sessions.
    pub(super) polling: Mutex<Polling>,
}

impl Route {
    /// The way to the upstream that the command line names.
    ///
    /// # Errors
    /// TLS can't be set up as it asks.
    pub fn fixed(config: &EngineConfig) -> Result<Self, TlsSetupError> {
        let upstream = &config.upstream;
        let rules = AddressRules {
            authority: upstream.authority(),
            secure: upstream.secure,
            path: upstream.path.clone(),
            own: OwnAddress { names: config.names.clone(), scheme: Scheme::Http },
            keep_host: config.keep_host,
            origin: config.origin.clone(),
        };
        let dialer = Dialer::new(upstream.clone(), &config.tls, config.limits.dial_time)?;
        Ok(Self {
            inquirer: config.inquires.then(|| Arc::new(Inquirer::new(&dialer))),
            dialer,
            rules: Arc::new(rules),
            upstream: upstream.to_string().into(),
            bridging: config.bridging,
            binary: config.binary,
            spoken: Known::default(),
            sessions: Mutex::default(),
            polling: Mutex::default(),
        })
    }
}
