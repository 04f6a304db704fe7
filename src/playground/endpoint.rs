//! What an endpoint is: a path, what stands there, and what the page says of it.

use super::script::Script;

/// What an endpoint does with its messages.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Sends each message back to its sender.
    Echo,
    /// Sends each message to everyone who is connected.
    Broadcast,
    /// Behaves like a server of the drafts' time.
    Old(OldServer),
    /// Answers and replies by a script.
    Script(Script),
}

/// One path that speaks WebSocket.
#[derive(Debug)]
pub(super) struct Endpoint {
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
pub(super) struct Gallery {
    /// The section's name in the page's address.
    pub id: &'static str,
    /// The section's title.
    pub title: &'static str,
    /// What they have in common.
    pub sentence: &'static str,
    /// They, in the order of the page's list.
    pub endpoints: &'static [Endpoint],
}

/// Which server of the drafts' time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OldServer {
    /// A select loop for Hixie-76, with Hixie-75 for who sends no keys.
    SelectLoop,
    /// A thread for each client, Hixie-75.
    Poke75,
    /// The same for Hixie-76.
    Poke76,
    /// RFC 6455 with a line feed behind the accept value, and one greeting.
    Newline,
    /// Version 8, each message back to its sender.
    Hybi08Echo,
    /// Version 8, each message to all.
    Hybi08Broadcast,
}
