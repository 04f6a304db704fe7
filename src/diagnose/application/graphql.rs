//! GraphQL over WebSocket, by its two protocols.
//!
//! Read in graphql-ws 6.4 (graphql-transport-ws; `parseMessage` takes no other types and closes with 4400) and in
//! subscriptions-transport-ws 0.11 (graphql-ws; `Invalid message type!`, and 1011 behind a connection_error).

use crate::decode::Decoder;
use crate::record::finding::{Finding, FindingKind};
use crate::record::{Greeting, Side, StallKind};

use super::{Message, Opening, Owed, Rules, holds, quoted};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// `graphql-ws`, of subscriptions-transport-ws.
    Old,
    /// `graphql-transport-ws`, of graphql-ws.
    New,
}

#[derive(Debug)]
pub(super) struct GraphQl {
    version: Option<Version>,
    greeting: Option<Owed>,
}

impl GraphQl {
    pub(super) fn new(opening: &Opening) -> Self {
        let version = match opening.agreed.as_deref() {
            Some("graphql-ws") => Some(Version::Old),
            Some("graphql-transport-ws") => Some(Version::New),
            _ => None,
        };
        Self { version, greeting: None }
    }
}

impl Rules for GraphQl {
    fn message(&mut self, message: &Message<'_>) -> Vec<Finding> {
        let Some(kind) = message.read(Decoder::Json).and_then(|decoded| {
            let root = decoded.document.children(None).next();
            let payload = decoded.document.member(root, "payload");
            let kind = decoded.document.says(root, "type")?.to_owned();
            let document = &decoded.document;
            let errors = document.item(payload, 0).filter(|_| document.says(payload, "message").is_none());
            let said = document.says(payload, "message").or_else(|| document.says(errors, "message"));
            Some((kind, said.map_or_else(|| document.compact(payload, super::QUOTED), str::to_owned)))
        }) else {
            return Vec::new();
        };
        let (kind, said) = kind;
        if self.greeting.is_some_and(|greeting| greeting.by == message.from) {
            self.greeting = None;
        }
        if let Some(version) = self.version
            && let Some(other) = of_other(version, message.from, &kind)
        {
            return vec![mixed(message, version, &kind, other)];
        }
        match (message.from, kind.as_str()) {
            (Side::Client, "connection_init") => {
                self.greeting = Some(Owed::for_message(StallKind::Greeting(Greeting::GraphQl), message));
                Vec::new()
            }
            (Side::Server, "connection_error") => vec![refused(message, &said)],
            (Side::Server, "error") => vec![error(message, &said)],
            _ => Vec::new(),
        }
    }

    fn is_of_interest(&self, from: Side, start: &[u8]) -> bool {
        // Clients' later messages can be of the other protocol only where the first ones were.
        from == Side::Server && (holds(start, b"\"connection_error\"") || holds(start, b"\"error\""))
    }

    fn owed(&self) -> Option<Owed> {
        self.greeting
    }

    fn missed(&mut self, _from: Side) {
        self.greeting = None;
    }
}

/// Whether only the other protocol has such a message, and which it is.
fn of_other(version: Version, from: Side, kind: &str) -> Option<Version> {
    let of = match (from, kind) {
        (Side::Client, "start" | "stop" | "connection_terminate") => Version::Old,
        (Side::Server, "data" | "ka") => Version::Old,
        (Side::Client, "subscribe") | (Side::Server, "next") => Version::New,
        _ => return None,
    };
    (of != version).then_some(of)
}

fn mixed(message: &Message<'_>, version: Version, kind: &str, other: Version) -> Finding {
    let (name, agreed) = (subprotocol(other), subprotocol(version));
    let detail = format!("a message of type {kind}, which only {name} has, and {agreed} was agreed to");
    let finding = message.finding(FindingKind::GraphqlOldAndNew, message.bytes().len(), detail);
    let (cause, fix) = match (message.from, other) {
        (Side::Client, Version::Old) => (
            "the client speaks as subscriptions-transport-ws does, which is the older protocol, and this server is one of \
             graphql-ws's kind: it closes with 4400",
            "use createClient() of the package graphql-ws in the client (Apollo: GraphQLWsLink in place of WebSocketLink)",
        ),
        (Side::Client, Version::New) => (
            "the client speaks as graphql-ws does and asked for the older protocol's subprotocol, whose server knows no \
             subscribe: Invalid message type!",
            "let the client ask for graphql-transport-ws, and the server use graphql-ws's useServer() in place of \
             subscriptions-transport-ws (Apollo: subscriptions-transport-ws goes with WebSocketLink only)",
        ),
        (Side::Server, _) => (
            "the server agreed to one of GraphQL's two subprotocols and speaks the other",
            "let the server choose the subprotocol by what it speaks: graphql-transport-ws with graphql-ws, graphql-ws with \
             subscriptions-transport-ws",
        ),
    };
    finding.cause(cause, fix)
}

const fn subprotocol(version: Version) -> &'static str {
    match version {
        Version::Old => "graphql-ws (subscriptions-transport-ws)",
        Version::New => "graphql-transport-ws",
    }
}

fn refused(message: &Message<'_>, said: &str) -> Finding {
    let said = quoted(said);
    message.finding(FindingKind::GraphqlRefused, message.bytes().len(), said.clone()).cause(
        format!("the GraphQL server refuses the connection itself: {said}"),
        "look for that sentence in the server's onConnect: what throws there; credentials go into the client's \
         connectionParams",
    )
}

fn error(message: &Message<'_>, said: &str) -> Finding {
    let said = quoted(said);
    message.finding(FindingKind::GraphqlError, message.bytes().len(), said.clone()).cause(
        format!("the GraphQL server refuses the operation itself: {said}"),
        "correct the operation by that message; for a field that does not exist, compare it with the server's schema",
    )
}
