//! SockJS: `o`, `h`, `a["..."]` and `c[code,"reason"]` from the server, `["..."]` from the client.
//!
//! What the texts say is read too: STOMP, DDP and JSON are what mostly goes through it.

use crate::record::Side;

use super::document::{Node, Value};
use super::json;
use super::limits::Limits;
use super::reading::Reading;
use super::{Decoder, Fault, Part, Payload, Role};

pub(super) fn message(reading: &mut Reading<'_>) -> Result<(), Fault> {
    let text = reading.expect_text("SockJS")?;
    if reading.from == Side::Client {
        let root = reading.json(None, 0)?;
        return texts(reading, root, 0);
    }
    let (name, may_follow) = match text.first() {
        Some(b'o') => ("open", false),
        Some(b'h') => ("heartbeat", false),
        Some(b'a') => ("array", true),
        Some(b'm') => ("message", true),
        Some(b'c') => ("close", true),
        _ => return Err(Fault::new(0, "a frame of SockJS begins with o, h, a, m or c")),
    };
    if text.len() > 1 && !may_follow {
        return Err(Fault::new(1, "nothing follows in a frame of SockJS of this kind"));
    }
    reading.tree.field("frame", Value::word(name), 0..1);
    let root = if may_follow { reading.json(Some("data"), 1)? } else { None };
    match name {
        "array" | "message" => return texts(reading, root, 1),
        "close" => {
            let said = reading
                .document()
                .children(root.or(Some(0)))
                .filter_map(|item| reading.document().value(Some(item)).and_then(Value::as_str));
            let summary = format!("close {}", said.collect::<Vec<_>>().join(" "));
            reading.part(summary.trim_end(), Some("close"), Role::Other);
        }
        "heartbeat" => reading.part(name, Some(name), Role::Heartbeat),
        _ => reading.part(name, Some(name), Role::Other),
    }
    Ok(())
}

/// The texts of a list, or the one text: each is a message.
fn texts(reading: &mut Reading<'_>, root: Option<usize>, at: usize) -> Result<(), Fault> {
    let document = reading.document();
    let items: Vec<usize> = match document.value(root) {
        Some(Value::Array) => document.children(root).take(reading.limits().parts.saturating_add(1)).collect(),
        Some(Value::Text(_)) => root.into_iter().collect(),
        _ => return Err(Fault::new(at, "the messages of SockJS are a list of texts")),
    };
    let mut parts = Vec::new();
    for item in items {
        match document.nodes().get(item) {
            Some(Node { value: Value::Text(_), span: Some(span), .. }) => {
                let raw = reading.payload.bytes.get(span.start + 1..span.end.saturating_sub(1)).unwrap_or_default();
                parts.extend(within(reading, &json::unescape(raw, reading.limits().bytes)));
            }
            _ => return Err(Fault::new(at, "a message of SockJS is a text")),
        }
    }
    for Part { summary, event, role } in parts {
        reading.part(&summary, event.as_deref(), role);
    }
    if reading.has_parts() {
        return Ok(());
    }
    reading.part("nothing", None, Role::Other);
    Ok(())
}

/// What one of the texts says.
fn within(reading: &Reading<'_>, text: &[u8]) -> Vec<Part> {
    let limits = Limits { layers: 0, ..*reading.limits() };
    let read = |decoder: Decoder| decoder.read(reading.from, Payload::text(text), &limits).ok();
    let is_stomp = text == b"\n" || text.ends_with(b"\0") || text.ends_with(b"\0\n");
    let decoded = match text.first() {
        Some(b'{') => read(Decoder::Ddp).or_else(|| read(Decoder::Json)),
        Some(b'[') => read(Decoder::Json),
        _ if is_stomp => read(Decoder::Stomp),
        _ => None,
    };
    let plain = || Part { summary: String::from_utf8_lossy(text).into_owned(), event: None, role: Role::Other };
    decoded.map_or_else(|| vec![plain()], |decoded| decoded.parts)
}
