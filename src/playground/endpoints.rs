//! The WebSocket endpoints, as tables: requests are dispatched by them, and the page's lists are built from them.
//!
//! Here are the right servers. Those that are old and those that are broken have tables of their own beside their code;
//! `find` knows them all.

use super::endpoint::{Endpoint, Gallery, Kind};
use super::{faults, old};

/// The right servers, in the order of the page's list.
pub(super) const ENDPOINTS: &[Endpoint] = &[
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
pub(super) const GALLERIES: &[Gallery] = &[
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
pub(super) fn find(path: &str) -> Option<&'static Endpoint> {
    all().find(|endpoint| endpoint.path == path)
}

/// Every endpoint there is.
pub(super) fn all() -> impl Iterator<Item = &'static Endpoint> {
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
