//! What is seen apart from any session.

use std::net::SocketAddr;

use super::finding::{Finding, Level};
use super::{Policy, Side};

/// What wsproxy tells of itself, and of clients that have no session.
#[derive(Clone, Debug)]
pub enum ProxyEvent {
    /// wsproxy listens.
    Listening {
        /// Each address that is bound.
        addresses: Vec<SocketAddr>,
        /// The upstream, as a URL.
        upstream: String,
        /// What is done about faults at the start.
        policy: Policy,
    },
    /// The upstream was tried without a client.
    Upstream {
        /// Why it can't be reached, in a sentence for people; `None` where it answers.
        trouble: Option<String>,
    },
    /// What was found apart from any session, or in several of them, and whose it is: a client's bytes that are no request,
    /// an upstream that treats session after session alike.
    Finding(Side, Finding),
    /// wsproxy itself answered a client that has no session.
    Answered {
        /// The status it sent: 400, 408, 431, 502, 503 or 504.
        status: u16,
        /// Why, in a sentence for people.
        reason: String,
    },
    /// A plain HTTP exchange that was passed through.
    Http {
        /// The request's method.
        method: String,
        /// Its target.
        path: String,
        /// The response's status.
        status: u16,
    },
    /// A message of wsproxy's own for its log.
    Note(Level, String),
}

impl ProxyEvent {
    /// The finding that it is.
    pub(crate) const fn finding(&self) -> Option<&Finding> {
        match self {
            Self::Finding(_, finding) => Some(finding),
            _ => None,
        }
    }

    /// Bytes of memory that it takes, what a peer made long included.
    pub(super) fn size(&self) -> usize {
        let held = match self {
            Self::Listening { upstream, .. } => upstream.len(),
            Self::Upstream { trouble } => trouble.as_ref().map_or(0, String::len),
            Self::Finding(_, finding) => finding.held(),
            Self::Answered { reason, .. } => reason.len(),
            Self::Http { method, path, .. } => method.len() + path.len(),
            Self::Note(_, text) => text.len(),
        };
        size_of::<Self>() + held
    }
}
