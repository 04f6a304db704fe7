//! GraphQL over WebSocket: graphql-transport-ws, and the older graphql-ws of subscriptions-transport-ws.
//!
//! The types of the two have little in common but their meaning, so one reader does for both.

use super::reading::Reading;
use super::{Fault, Role};

pub(super) fn message(reading: &mut Reading<'_>) -> Result<(), Fault> {
    reading.expect_text("GraphQL over WebSocket")?;
    let root = reading.json(None, 0)?;
    let Some(kind) = reading.document().says(root, "type").map(str::to_owned) else {
        return Err(Fault::new(0, "a message of GraphQL over WebSocket is an object with a type"));
    };
    let id = reading.document().id(root, "id").map(str::to_owned);
    let payload = reading.document().member(root, "payload");
    let number = id.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
    let with = |role: fn(String) -> Role| id.clone().map_or(Role::Other, role);
    let shown = reading.compact(payload);
    let (summary, role) = match kind.as_str() {
        "subscribe" | "start" => {
            let summary = format!("{kind}{number} {}", operation(reading, payload));
            (summary, with(Role::Request))
        }
        "next" | "data" => {
            let document = reading.document();
            let errors = document.member(payload, "errors").filter(|errors| document.item(Some(*errors), 0).is_some());
            let (data, role): (_, fn(String) -> Role) = match errors {
                Some(errors) => (format!("errors {}", reading.compact(Some(errors))), Role::Refusal),
                None => (reading.compact(document.member(payload, "data").or(payload)), Role::Reply),
            };
            (format!("{kind}{number} {data}"), with(role))
        }
        "error" | "connection_error" => (format!("{kind}{number} {shown}"), id.map_or(Role::Error, Role::Refusal)),
        // Sent by either side: the client ends its own request with it.
        "complete" | "stop" => {
            let role = if reading.from == crate::record::Side::Server { with(Role::Reply) } else { Role::Other };
            (format!("{kind}{number}"), role)
        }
        "ping" | "pong" | "ka" => (format!("{kind} {shown}"), Role::Heartbeat),
        "connection_init" | "connection_ack" | "connection_terminate" => (format!("{kind} {shown}"), Role::Other),
        _ => return Err(Fault::new(0, format!("GraphQL over WebSocket has no messages of type {kind}"))),
    };
    reading.part(summary.trim_end(), Some(&kind), role);
    Ok(())
}

/// What is asked for: the operation's kind and name, or else the start of the query.
fn operation(reading: &Reading<'_>, payload: Option<usize>) -> String {
    let document = reading.document();
    let query = document.says(payload, "query").unwrap_or_default();
    // What `text::escape` makes of the line ends of a query.
    let query = query.replace("\\n", " ").replace("\\r", " ").replace("\\t", " ");
    let mut words = query.split([' ', '(', '{', '@']).filter(|word| !word.is_empty());
    let kind = words.next().filter(|word| matches!(*word, "query" | "mutation" | "subscription"));
    let is_anonymous = kind.is_none_or(|kind| {
        query.trim_start().get(kind.len()..).unwrap_or_default().trim_start().starts_with(['{', '(', '@'])
    });
    let named = document.id(payload, "operationName").map(str::to_owned);
    let name = named.or_else(|| words.next().filter(|_| !is_anonymous).map(str::to_owned));
    match name.filter(|name| !name.is_empty()) {
        Some(name) => format!("{} {name}", kind.unwrap_or("operation")),
        None => query.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}
