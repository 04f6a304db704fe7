//! SignalR in JSON: records that each end in the byte 1e. The first of each side is the handshake.

use super::reading::Reading;
use super::{Fault, Role};

const END: u8 = 0x1e;

/// The types, by number; there is no 0.
const TYPES: [&str; 10] = [
    "",
    "invocation",
    "stream item",
    "completion",
    "stream invocation",
    "cancel invocation",
    "ping",
    "close",
    "ack",
    "sequence",
];

pub(super) fn message(reading: &mut Reading<'_>) -> Result<(), Fault> {
    let bytes = reading.payload.bytes;
    let mut at = 0;
    while at < bytes.len() && !reading.is_full() {
        let rest = bytes.get(at..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == END).map(|end| at + end);
        if end.is_none() && reading.payload.is_whole {
            return Err(Fault::end(bytes.len(), "a record of SignalR ends in the byte 1e"));
        }
        let end = end.unwrap_or(bytes.len());
        let root = reading.json_within(None, at..end)?;
        record(reading, root, at)?;
        at = end + 1;
    }
    if bytes.is_empty() { Err(Fault::end(0, "a message of SignalR has at least one record")) } else { Ok(()) }
}

fn record(reading: &mut Reading<'_>, root: Option<usize>, at: usize) -> Result<(), Fault> {
    let document = reading.document();
    let shown = |key| reading.compact(document.member(root, key));
    let error = document.id(root, "error").map(str::to_owned);
    let Some(number) = document.says(root, "type") else {
        return handshake(reading, root, at, error);
    };
    let name = number.parse::<usize>().ok().and_then(|number| TYPES.get(number)).filter(|name| !name.is_empty());
    let Some(name) = name else { return Err(Fault::new(at, "SignalR has no records of this type")) };
    let id = document.id(root, "invocationId").map(str::to_owned);
    let number = id.as_ref().map(|id| format!(" #{id}")).unwrap_or_default();
    let target = document.says(root, "target").unwrap_or(name).to_owned();
    let (summary, role) = match *name {
        "invocation" | "stream invocation" => {
            (format!("{target}{number} {}", shown("arguments")), id.map_or(Role::Other, Role::Request))
        }
        "stream item" => (format!("{name}{number} {}", shown("item")), id.map_or(Role::Other, Role::Reply)),
        "completion" => match error {
            Some(error) => (format!("error{number} {error}"), id.map_or(Role::Error, Role::Refusal)),
            None => (format!("result{number} {}", shown("result")), id.map_or(Role::Other, Role::Reply)),
        },
        "ping" => ((*name).to_owned(), Role::Heartbeat),
        "close" => {
            let role = if error.is_some() { Role::Error } else { Role::Other };
            (format!("{name} {}", error.unwrap_or_default()), role)
        }
        _ => (format!("{name}{number}"), Role::Other),
    };
    reading.part(summary.trim_end(), Some(&target), role);
    Ok(())
}

/// `{"protocol":"json","version":1}`, and its answer: `{}`, or an error.
fn handshake(reading: &mut Reading<'_>, root: Option<usize>, at: usize, error: Option<String>) -> Result<(), Fault> {
    let document = reading.document();
    let is_empty = document.value(root) == Some(&super::Value::Object) && document.item(root, 0).is_none();
    let summary = match (document.says(root, "protocol"), &error) {
        (Some(protocol), _) => format!("handshake {protocol}"),
        (None, Some(error)) => format!("handshake refused: {error}"),
        (None, None) if is_empty => "handshake accepted".to_owned(),
        (None, None) => return Err(Fault::new(at, "a record of SignalR has a type")),
    };
    let role = if error.is_some() { Role::Error } else { Role::Other };
    reading.part(&summary, Some("handshake"), role);
    Ok(())
}
