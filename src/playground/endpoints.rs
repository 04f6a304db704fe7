//! The WebSocket endpoints, as tables: requests are dispatched by them, and the page's lists are built from them.
//!
//! Here are the right servers. Those that are old and those that are broken have tables of their own beside their code;
//! `find` knows them all.

use super::script::Script;
use super::{faults, old};

/// What an endpoint does with its messages.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Sends each message back to its sender.
    Echo,
    /// Sends each message to everyone who is connected.
    Broadcast,
    /// Behaves like a server of the drafts' time.
    Old(old::Server),
    /// Answers and replies by a script.
    Script(Script),
}

/// One path that speaks WebSocket.
#[derive(Debug)]
pub struct Endpoint {
    /// The path of the request's target, without a query.
    pub path: &'static str,
    /// What it does, in one sentence for the page.
    pub sentence: &'static str,
    /// What the page's button sends: the first text when the socket opens, each further one when a message came.
    pub sends: &'static [&'static str],
    /// The subprotocol that the page's button asks for; empty where it asks for none.
    pub protocol: &'static str,
    /// What it does, for the server.
    pub kind: Kind,
}

/// Endpoints that the page offers with a button each.
#[derive(Debug)]
pub struct Gallery {
    /// The section's name in the page's address.
    pub id: &'static str,
    /// The section's title.
    pub title: &'static str,
    /// What they have in common.
    pub sentence: &'static str,
    /// They, in the order of the page's list.
    pub endpoints: &'static [Endpoint],
}

/// The right servers, in the order of the page's list.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/echo",
        sentence: "Sends each message back, and obeys the commands below.",
        sends: &[],
        protocol: "",
        kind: Kind::Echo,
    },
    Endpoint {
        path: "/broadcast",
        sentence: "Sends each message to every page that is connected: open a second tab.",
        sends: &[],
        protocol: "",
        kind: Kind::Broadcast,
    },
];

/// The others, in the order of the page's sections.
pub const GALLERIES: &[Gallery] = &[
    Gallery {
        id: "broken",
        title: "Broken servers",
        sentence: "Each makes one common mistake.",
        endpoints: faults::ENDPOINTS,
    },
    Gallery {
        id: "old",
        title: "Old servers",
        sentence: "Each is as it was written between 2010 and 2012, mistakes and all.",
        endpoints: old::ENDPOINTS,
    },
];

/// The endpoint at `path`.
#[must_use]
pub fn find(path: &str) -> Option<&'static Endpoint> {
    all().find(|endpoint| endpoint.path == path)
}

/// Every endpoint there is.
pub fn all() -> impl Iterator<Item = &'static Endpoint> {
    ENDPOINTS.iter().chain(GALLERIES.iter().flat_map(|gallery| gallery.endpoints))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_is_there_twice() {
        let mut paths: Vec<_> = all().map(|endpoint| endpoint.path).collect();
        paths.sort_unstable();
        let count = paths.len();
        paths.dedup();
        assert_eq!(paths.len(), count);
    }
}
