//! Socket.IO (protocol 3 to 5) in Engine.IO packets (protocol 3 and 4).
//!
//! `42/chat,7["say","hello"]`: an Engine.IO message, a Socket.IO event in the namespace /chat that asks for
//! acknowledgement 7. Attachments come as binary messages behind the packet that tells how many.

use super::document::Value;
use super::reading::Reading;
use super::{Fault, Format, Role};

/// Of Engine.IO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// Bytes are preceded by the packet's type.
    Three,
    /// Bytes stand alone.
    Four,
}

/// Engine.IO's types, by number.
const PACKETS: [&str; 7] = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
/// Socket.IO's types, by number.
const TYPES: [&str; 7] = ["connect", "disconnect", "event", "ack", "connect error", "binary event", "binary ack"];

pub(super) fn message(reading: &mut Reading<'_>, version: Version) -> Result<(), Fault> {
    if reading.payload.format == Format::Binary {
        return attachment(reading, version);
    }
    let text = reading.payload.bytes;
    let number = text.first().map_or(usize::MAX, |digit| usize::from(digit.wrapping_sub(b'0')));
    let Some(name) = PACKETS.get(number) else {
        return Err(Fault::new(0, "an Engine.IO packet begins with its type, a digit from 0 to 6"));
    };
    reading.tree.field("engine.io", Value::word(*name), 0..1);
    match *name {
        "message" => packet(reading),
        "open" => {
            let root = reading.json(Some("handshake"), 1)?;
            let sid = reading.document().says(root, "sid").unwrap_or_default().to_owned();
            reading.part(&format!("open {sid}"), Some("open"), Role::Other);
            Ok(())
        }
        _ => {
            let more = text.get(1..).unwrap_or_default();
            if !more.is_empty() {
                let value = Value::text(more, reading.limits());
                reading.tree.field("data", value, 1..text.len());
            }
            let role = if matches!(*name, "ping" | "pong") { Role::Heartbeat } else { Role::Other };
            let summary = format!("{name} {}", String::from_utf8_lossy(more));
            reading.part(summary.trim_end(), Some(name), role);
            Ok(())
        }
    }
}

fn attachment(reading: &mut Reading<'_>, version: Version) -> Result<(), Fault> {
    let bytes = reading.payload.bytes;
    let start = match (version, bytes.first()) {
        (Version::Four, _) => 0,
        (Version::Three, Some(4)) => {
            reading.tree.field("engine.io", Value::word("message"), 0..1);
            1
        }
        (Version::Three, _) => {
            return Err(Fault::new(0, "bytes on Engine.IO 3 begin with 04, the type of a message"));
        }
    };
    let attachment = bytes.get(start..).unwrap_or_default();
    let summary = format!("attachment, {}", Value::bytes(attachment));
    reading.tree.bytes(Some(b"attachment"), attachment, start..bytes.len());
    reading.part(&summary, Some("attachment"), Role::Other);
    Ok(())
}

/// What stands in front of a packet's data.
struct Head {
    kind: &'static str,
    namespace: String,
    id: Option<String>,
}

/// A Socket.IO packet, behind the type of Engine.IO's.
fn packet(reading: &mut Reading<'_>) -> Result<(), Fault> {
    let (head, at) = head(reading)?;
    let has_data = at < reading.payload.bytes.len();
    let root = if has_data { reading.json(Some("data"), at)? } else { None };
    let place = if head.namespace == "/" { String::new() } else { format!(" {}", head.namespace) };
    let id = head.id.as_deref().map(|id| format!("{} {id}", head.namespace));
    match head.kind {
        "event" | "binary event" => {
            let name = reading.document().item(root, 0);
            let Some(name) = reading.document().value(name).and_then(Value::as_str).map(str::to_owned) else {
                return Err(Fault::new(at, "the data of an event is a list that begins with its name"));
            };
            let arguments = arguments(reading, root, 1);
            let place = place.trim_start();
            let gap = if place.is_empty() { "" } else { " " };
            reading.part(
                format!("{place}{gap}{name} {arguments}").trim_end(),
                Some(&name),
                id.map_or(Role::Other, Role::Request),
            );
        }
        "ack" | "binary ack" => {
            let arguments = arguments(reading, root, 0);
            let summary = format!("ack {}{place} {arguments}", head.id.as_deref().unwrap_or_default());
            reading.part(summary.trim_end(), Some("ack"), id.map_or(Role::Other, Role::Reply));
        }
        "connect error" => {
            let said = reading.document().says(root, "message").map_or_else(|| reading.compact(root), str::to_owned);
            reading.part(format!("connect error{place}: {said}").trim_end(), Some("connect error"), Role::Error);
        }
        kind => {
            let data = reading.compact(root);
            reading.part(format!("{kind}{place} {data}").trim_end(), Some(kind), Role::Other);
        }
    }
    Ok(())
}

/// The type, the number of attachments, the namespace and the id; and where the data begins.
fn head(reading: &mut Reading<'_>) -> Result<(Head, usize), Fault> {
    let text = reading.payload.bytes;
    let number = text.get(1).map_or(usize::MAX, |digit| usize::from(digit.wrapping_sub(b'0')));
    let Some(kind) = TYPES.get(number) else {
        return Err(Fault::new(1, "a Socket.IO packet begins with its type, a digit from 0 to 6"));
    };
    reading.tree.field("socket.io", Value::word(*kind), 1..2);
    let mut at = 2;
    if kind.starts_with("binary") {
        let count = digits(text, at);
        if text.get(at + count.len()) != Some(&b'-') {
            return Err(Fault::new(at, "a binary packet tells the number of its attachments, and a hyphen follows"));
        }
        reading.attachments = count.parse().unwrap_or(u32::MAX);
        reading.tree.field("attachments", Value::number(count), at..at + count.len());
        at += count.len() + 1;
    }
    let mut namespace = "/".to_owned();
    if text.get(at) == Some(&b'/') {
        let rest = text.get(at..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == b',').unwrap_or(rest.len());
        let value = Value::text(rest.get(..length).unwrap_or_default(), reading.limits());
        value.as_str().unwrap_or_default().clone_into(&mut namespace);
        reading.tree.field("namespace", value, at..at + length);
        at = (at + length + 1).min(text.len());
    }
    let id = digits(text, at);
    let range = at..at + id.len();
    at = range.end;
    let id = (!id.is_empty()).then(|| id.to_owned());
    if let Some(id) = &id {
        reading.tree.field("ack id", Value::number(id), range);
    }
    Ok((Head { kind, namespace, id }, at))
}

/// The digits at a place, no more than a number of 64 bits has.
fn digits(text: &[u8], at: usize) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    let count = rest.iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
    rest.get(..count).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default()
}

/// The items of a list from one on, on a line.
fn arguments(reading: &Reading<'_>, list: Option<usize>, from: usize) -> String {
    let Some(list) = list else { return String::new() };
    let items = reading.document().children(Some(list)).skip(from).take(8);
    items.map(|item| reading.compact(Some(item))).collect::<Vec<_>>().join(", ")
}
