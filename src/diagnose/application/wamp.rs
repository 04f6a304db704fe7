//! WAMP 2: ABORT and GOODBYE, which say why in a URI (WAMP, "Session Establishment" and "Session Closing"). Seen with
//! autobahn 22.11.

use crate::decode::{Decoder, Value};
use crate::record::finding::{Finding, FindingKind};
use crate::record::{Greeting, Side, StallKind};

use super::{Message, Opening, Owed, Rules, quoted};

#[derive(Debug)]
pub(super) struct Wamp {
    decoder: Decoder,
    greeting: Option<Owed>,
    leaves: bool,
}

impl Wamp {
    pub(super) fn new(opening: &Opening) -> Self {
        let decoder = match opening.agreed.as_deref() {
            Some("wamp.2.msgpack") => Decoder::WampMessagePack,
            Some("wamp.2.cbor") => Decoder::WampCbor,
            _ => Decoder::Wamp,
        };
        Self { decoder, greeting: None, leaves: false }
    }
}

impl Rules for Wamp {
    fn message(&mut self, message: &Message<'_>) -> Vec<Finding> {
        let Some(decoded) = message.read(self.decoder) else { return Vec::new() };
        let document = &decoded.document;
        let root = document.children(None).find(|node| document.value(Some(*node)) == Some(&Value::Array));
        let (details, uri) = (document.item(root, 1), document.item(root, 2));
        let uri = document.value(uri).and_then(Value::as_str).unwrap_or_default().to_owned();
        let said = document.says(details, "message").unwrap_or_default().to_owned();
        let event = decoded.main().and_then(|part| part.event.clone()).unwrap_or_default();
        match (message.from, event.as_str()) {
            (Side::Client, "HELLO") => {
                self.greeting = Some(Owed::for_message(StallKind::Greeting(Greeting::Wamp), message));
            }
            (Side::Client, "GOODBYE") => self.leaves = true,
            (Side::Server, _) => {
                self.greeting = None;
                return of_server(message, &event, &uri, &said, self.leaves).into_iter().collect();
            }
            _ => {}
        }
        Vec::new()
    }

    fn is_of_interest(&self, _from: Side, start: &[u8]) -> bool {
        // ABORT and GOODBYE are lists of three items: in JSON, MessagePack and CBOR.
        matches!(start, [b'[', b'3' | b'6', b',', ..] | [0x93 | 0x83, 3 | 6, ..])
    }

    fn owed(&self) -> Option<Owed> {
        self.greeting
    }

    fn missed(&mut self, _from: Side) {
        self.greeting = None;
    }
}

fn of_server(message: &Message<'_>, event: &str, uri: &str, said: &str, leaves: bool) -> Option<Finding> {
    let (uri, said) = (quoted(uri), quoted(said));
    let words = if said.is_empty() { uri.clone() } else { format!("{uri}, {said}") };
    let length = message.bytes().len();
    let cause = format!("the router says why itself: {words}");
    match event {
        "ABORT" => Some(message.finding(FindingKind::WampAborted, length, words).cause(cause, refused(&uri))),
        // The client's own GOODBYE is answered by one; a router that restarts says close_realm or system_shutdown.
        "GOODBYE" if !leaves && uri != "wamp.close.normal" => Some(
            message
                .finding(FindingKind::WampGoodbye, length, words)
                .cause(cause, "look that reason up in the router's log"),
        ),
        _ => None,
    }
}

/// What to do about the reasons that the protocol has.
fn refused(uri: &str) -> &'static str {
    match uri {
        "wamp.error.no_such_realm" => {
            "compare the realm of autobahn.Connection({realm}) with the router's (crossbar: realms in config.json)"
        }
        "wamp.error.no_such_role" | "wamp.error.not_authorized" => {
            "give that role its permissions in the router's realm (crossbar: roles in config.json)"
        }
        "wamp.error.authentication_failed" | "wamp.error.cannot_authenticate" | "wamp.error.no_auth_method" => {
            "compare authmethods, authid and onchallenge of autobahn.Connection with the router's auth (crossbar: auth of the \
             transport)"
        }
        _ => "look that reason up in the router's log",
    }
}
