//! ActionCable of Ruby on Rails.
//!
//! Read in rails (actioncable/lib/action_cable/connection/base.rb, server/base.rb) and in @rails/actioncable 8.1, whose
//! disconnect reasons these are.

use crate::decode::Decoder;
use crate::record::Side;
use crate::record::finding::{Finding, FindingKind};

use super::{Message, Rules, holds, quoted};

#[derive(Debug)]
pub(super) struct ActionCable;

impl Rules for ActionCable {
    fn message(&mut self, message: &Message<'_>) -> Vec<Finding> {
        if message.from == Side::Client || !message.is_text() {
            return Vec::new();
        }
        let Some(decoded) = message.read(Decoder::Json) else { return Vec::new() };
        let document = &decoded.document;
        let root = document.children(None).next();
        let said = |key| document.says(root, key).unwrap_or_default();
        let found = match said("type") {
            "reject_subscription" => Some(rejected(message, said("identifier"))),
            "disconnect" => Some(disconnected(message, said("reason"))),
            _ => None,
        };
        found.into_iter().collect()
    }

    fn is_of_interest(&self, from: Side, start: &[u8]) -> bool {
        from == Side::Server && (holds(start, b"\"reject_subscription\"") || holds(start, b"\"disconnect\""))
    }
}

fn rejected(message: &Message<'_>, identifier: &str) -> Finding {
    let identifier = quoted(identifier);
    message.finding(FindingKind::ActioncableRejected, message.bytes().len(), identifier.clone()).cause(
        format!("the channel's subscribed method called reject for {identifier}"),
        "look at what calls reject in that channel's subscribed method: most often a lookup by params that finds nothing, or \
         a check of current_user",
    )
}

fn disconnected(message: &Message<'_>, reason: &str) -> Finding {
    let finding = message.finding(FindingKind::ActioncableDisconnected, message.bytes().len(), quoted(reason));
    match reason {
        "unauthorized" => finding.cause(
            "the server's ApplicationCable::Connection refused the client: reject_unauthorized_connection",
            "look at connect in app/channels/application_cable/connection.rb: the cookie or token that it looks for did not \
             come with the handshake, or names nobody",
        ),
        "server_restart" => finding.cause("the server restarts", "nothing needs to change; the client connects again"),
        "remote" => finding.cause(
            "the server's code ends this connection: ActionCable.server.remote_connections...disconnect",
            "look for remote_connections in the server's code",
        ),
        "" => finding,
        reason => finding.cause(
            format!("the server says why itself: {}", quoted(reason)),
            "look for that reason in the server's code and log",
        ),
    }
}
