//! Phoenix channels: version 1 is an object, 2 a list `[join_ref, ref, topic, event, payload]`, and bytes have a header.

use crate::record::Side;

use super::cursor::Cursor;
use super::document::{Document, Value};
use super::reading::Reading;
use super::{Fault, Format, Role};

/// What a message tells of itself, in each form.
#[derive(Default)]
struct Envelope {
    reference: Option<String>,
    topic: String,
    event: String,
    status: Option<String>,
    shown: String,
}

/// The fields of a message in JSON, in either version.
#[derive(Clone, Copy, Debug)]
pub struct PhoenixFields<'a> {
    /// What a reply to it repeats.
    pub reference: Option<&'a str>,
    /// The channel.
    pub topic: Option<&'a str>,
    /// What happened.
    pub event: Option<&'a str>,
    /// The node of what is said with it.
    pub payload: Option<usize>,
}

impl<'a> PhoenixFields<'a> {
    /// Those of a message that was read as JSON.
    #[must_use]
    pub fn of(document: &'a Document) -> Self {
        let root = document.children(None).next();
        let [reference, topic, event, payload] = match document.value(root) {
            Some(Value::Array) => [1, 2, 3, 4].map(|index| document.item(root, index)),
            _ => ["ref", "topic", "event", "payload"].map(|key| document.member(root, key)),
        };
        let text = |node| match document.value(node) {
            Some(Value::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        Self { reference: text(reference), topic: text(topic), event: text(event), payload }
    }
}

pub(super) fn message(reading: &mut Reading<'_>) -> Result<(), Fault> {
    let envelope = match reading.payload.format {
        Format::Text => json(reading)?,
        Format::Binary => binary(reading)?,
    };
    let Envelope { reference, topic, event, status, shown } = envelope;
    let is_reply = event == "phx_reply";
    let role = match (reference, reading.from) {
        _ if topic == "phoenix" && (event == "heartbeat" || is_reply) => Role::Heartbeat,
        (Some(reference), Side::Server) if is_reply && status.as_deref() == Some("ok") => Role::Reply(reference),
        (Some(reference), Side::Server) if is_reply => Role::Refusal(reference),
        (Some(reference), Side::Client) => Role::Request(reference),
        _ if event == "phx_error" => Role::Error,
        _ => Role::Other,
    };
    let status = status.map(|status| format!(" {status}")).unwrap_or_default();
    reading.part(&format!("{topic} {event}{status} {shown}"), Some(&event), role);
    Ok(())
}

fn json(reading: &mut Reading<'_>) -> Result<Envelope, Fault> {
    reading.json(None, 0)?;
    let document = reading.document();
    let PhoenixFields { reference, topic, event, payload } = PhoenixFields::of(document);
    let (Some(topic), Some(event)) = (topic.map(str::to_owned), event.map(str::to_owned)) else {
        return Err(Fault::new(0, "a message of a Phoenix channel has a topic and an event"));
    };
    let status = document.says(payload, "status").filter(|_| event == "phx_reply").map(str::to_owned);
    let response = document.member(payload, "response").filter(|_| status.is_some());
    let shown = reading.compact(response.or(payload));
    Ok(Envelope { reference: reference.map(str::to_owned), topic, event, status, shown })
}

fn binary(reading: &mut Reading<'_>) -> Result<Envelope, Fault> {
    let mut cursor = Cursor::new(reading.payload.bytes);
    let kind = cursor.u8("the kind of a message")?;
    let (name, fields): (_, &[&str]) = match (kind, reading.from) {
        (0, Side::Client) => ("push", &["join_ref", "ref", "topic", "event"]),
        (0, Side::Server) => ("push", &["join_ref", "topic", "event"]),
        (1, Side::Server) => ("reply", &["join_ref", "ref", "topic", "status"]),
        (2, Side::Server) => ("broadcast", &["topic", "event"]),
        _ => return Err(Fault::new(0, "a binary message of a Phoenix channel is a push, a reply or a broadcast")),
    };
    reading.tree.field("kind", Value::word(name), 0..1);
    let lengths = cursor.take(fields.len() as u64, "the lengths of the fields")?;
    let mut envelope = Envelope::default();
    for (field, length) in fields.iter().zip(lengths) {
        let start = cursor.at();
        let value = Value::text(cursor.take(u64::from(*length), field)?, reading.limits());
        let said = value.as_str().unwrap_or_default().to_owned();
        reading.tree.field(field, value, start..cursor.at());
        match *field {
            "ref" => envelope.reference = Some(said).filter(|reference| !reference.is_empty()),
            "topic" => envelope.topic = said,
            "event" => envelope.event = said,
            "status" => {
                envelope.event = "phx_reply".to_owned();
                envelope.status = Some(said);
            }
            _ => {}
        }
    }
    let start = cursor.at();
    let payload = cursor.take_rest();
    envelope.shown = Value::bytes(payload).to_string();
    reading.tree.bytes(Some(b"payload"), payload, start..cursor.at());
    Ok(envelope)
}
