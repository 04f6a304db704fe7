//! The WebSocket endpoints, as one table: requests are dispatched by it and the page's list is built from it.

/// What an endpoint does with its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sends each message back to its sender.
    Echo,
    /// Sends each message to everyone who is connected.
    Broadcast,
}

/// One path that speaks WebSocket.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The path of the request's target, without a query.
    pub path: &'static str,
    /// What it does, in one sentence for the page.
    pub sentence: &'static str,
    /// What it does, for the server.
    pub kind: Kind,
}

/// All endpoints, in the order of the page's list.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint { path: "/echo", sentence: "Sends each message back, and obeys the commands below.", kind: Kind::Echo },
    Endpoint {
        path: "/broadcast",
        sentence: "Sends each message to every page that is connected: open a second tab.",
        kind: Kind::Broadcast,
    },
];

/// The endpoint at `path`.
#[must_use]
pub fn find(path: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|endpoint| endpoint.path == path)
}
