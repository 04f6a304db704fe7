//! SignalR: records of JSON that each end in the byte 1e, or lists of MessagePack behind their length. The first message
//! of each side is the handshake, which is JSON in both.

use super::cursor::Cursor;
use super::document::Value;
use super::packed::Packing;
use super::reading::Reading;
use super::{Fault, Format, Role};

const END: u8 = 0x1e;

/// What records are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// JSON.
    Json,
    /// MessagePack.
    MessagePack,
}

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

/// A field of a record: its name in JSON, and where it stands in the lists of MessagePack, by type.
type Field = (&'static str, &'static [(usize, usize)]);
const TYPE: Field = ("type", &[]);
const ID: Field = ("invocationId", &[(1, 2), (2, 2), (3, 2), (4, 2), (5, 2)]);
const TARGET: Field = ("target", &[(1, 3), (4, 3)]);
const ARGUMENTS: Field = ("arguments", &[(1, 4), (4, 4)]);
const ITEM: Field = ("item", &[(2, 3)]);
const ERROR: Field = ("error", &[(3, 4), (7, 1)]);
const RESULT: Field = ("result", &[(3, 4)]);
/// What a completion has in MessagePack: 1 an error, 2 nothing, 3 a result.
const RESULT_KIND: usize = 3;

pub(super) fn message(reading: &mut Reading<'_>, protocol: Protocol) -> Result<(), Fault> {
    match (protocol, reading.payload.format, reading.payload.bytes) {
        (_, _, []) => Err(Fault::end(0, "a message of SignalR has at least one record")),
        (Protocol::Json, ..) | (_, Format::Text, _) => texts(reading),
        // The server's handshake may come as bytes, and no list begins so.
        (_, Format::Binary, [b'{', b'"' | b'}', ..]) => {
            let end = text(reading, 0)?;
            lists(reading, end)
        }
        (_, Format::Binary, _) => lists(reading, 0),
    }
}

fn texts(reading: &mut Reading<'_>) -> Result<(), Fault> {
    let mut at = 0;
    while at < reading.payload.bytes.len() && !reading.is_full() {
        at = text(reading, at)?;
    }
    Ok(())
}

/// A record of JSON; gives where the next one begins.
fn text(reading: &mut Reading<'_>, at: usize) -> Result<usize, Fault> {
    let bytes = reading.payload.bytes;
    let rest = bytes.get(at..).unwrap_or_default();
    let end = rest.iter().position(|byte| *byte == END).map(|end| at + end);
    if end.is_none() && reading.payload.is_whole {
        return Err(Fault::end(bytes.len(), "a record of SignalR ends in the byte 1e"));
    }
    let end = end.unwrap_or(bytes.len());
    let root = reading.json_within(None, at..end)?;
    let record = Record { reading, root, at, protocol: Protocol::Json, number: 0 };
    record.read()?;
    Ok(end + 1)
}

/// The records of MessagePack from a place on.
fn lists(reading: &mut Reading<'_>, from: usize) -> Result<(), Fault> {
    let bytes = reading.payload.bytes;
    let mut cursor = Cursor::within(bytes, from..bytes.len());
    while cursor.left() > 0 && !reading.is_full() {
        let length = cursor.variable(5, "the length of a record")?;
        let at = cursor.at();
        let end = usize::try_from(length).map_or(usize::MAX, |length| at.saturating_add(length));
        if end > bytes.len() && reading.payload.is_whole {
            let why = format!("a record takes {length} bytes and {} are left", cursor.left());
            return Err(Fault::end(bytes.len(), why));
        }
        let end = end.min(bytes.len());
        let root = reading.packed(Packing::MessagePack, None, at..end)?;
        Record { reading, root, at, protocol: Protocol::MessagePack, number: 0 }.read()?;
        cursor = Cursor::within(bytes, end..bytes.len());
    }
    Ok(())
}

/// A record whose tree is read.
struct Record<'r, 'a> {
    reading: &'r mut Reading<'a>,
    root: Option<usize>,
    at: usize,
    protocol: Protocol,
    /// Its type, once that is known.
    number: usize,
}

impl Record<'_, '_> {
    fn node(&self, field: Field) -> Option<usize> {
        let document = self.reading.document();
        match self.protocol {
            Protocol::Json => document.member(self.root, field.0),
            Protocol::MessagePack => {
                let place = field.1.iter().find(|(number, _)| *number == self.number);
                document.item(self.root, place.map_or(0, |(_, place)| *place))
            }
        }
    }

    fn said(&self, field: Field) -> Option<String> {
        let said = self.reading.document().value(self.node(field)).and_then(Value::as_str);
        said.filter(|said| *said != "null").map(str::to_owned)
    }

    fn shown(&self, field: Field) -> String {
        self.reading.compact(self.node(field))
    }

    /// What went wrong, as a completion or a close says.
    fn error(&self) -> Option<String> {
        let document = self.reading.document();
        let kind = document.value(document.item(self.root, RESULT_KIND)).and_then(Value::as_str);
        let is_result = self.protocol == Protocol::MessagePack && self.number == 3 && kind != Some("1");
        self.said(ERROR).filter(|_| !is_result)
    }

    fn read(mut self) -> Result<(), Fault> {
        let is_list = self.reading.document().value(self.root) == Some(&Value::Array);
        if self.protocol == Protocol::MessagePack && !is_list {
            return Err(Fault::new(self.at, "a record of SignalR in MessagePack is a list"));
        }
        let Some(number) = self.said(TYPE) else { return self.handshake() };
        self.number = number.parse().unwrap_or(0);
        let name = TYPES.get(self.number).filter(|name| !name.is_empty());
        let Some(name) = name else { return Err(Fault::new(self.at, "SignalR has no records of this type")) };
        let has_id = !matches!(*name, "ping" | "close" | "ack" | "sequence");
        let id = self.said(ID).filter(|_| has_id);
        let number = id.as_ref().map(|id| format!(" #{id}")).unwrap_or_default();
        let is_call = matches!(*name, "invocation" | "stream invocation");
        let target = self.said(TARGET).filter(|_| is_call).unwrap_or_else(|| (*name).to_owned());
        let (summary, role) = match (*name, self.error()) {
            ("invocation" | "stream invocation", _) => {
                let summary = format!("{target}{number} {}", self.shown(ARGUMENTS));
                (summary, id.map_or(Role::Other, Role::Request))
            }
            ("stream item", _) => (format!("{name}{number} {}", self.shown(ITEM)), id.map_or(Role::Other, Role::Reply)),
            ("completion", Some(error)) => (format!("error{number} {error}"), id.map_or(Role::Error, Role::Refusal)),
            ("completion", None) => {
                (format!("result{number} {}", self.shown(RESULT)), id.map_or(Role::Other, Role::Reply))
            }
            ("ping", _) => ((*name).to_owned(), Role::Heartbeat),
            ("close", Some(error)) => (format!("{name} {error}"), Role::Error),
            _ => (format!("{name}{number}"), Role::Other),
        };
        self.reading.part(summary.trim_end(), Some(&target), role);
        Ok(())
    }

    /// `{"protocol":"json","version":1}`, and its response: `{}`, or an error.
    fn handshake(self) -> Result<(), Fault> {
        let document = self.reading.document();
        let is_empty = document.value(self.root) == Some(&Value::Object) && document.item(self.root, 0).is_none();
        let error = self.error();
        let summary = match (document.says(self.root, "protocol"), &error) {
            (Some(protocol), _) => format!("handshake {protocol}"),
            (None, Some(error)) => format!("handshake refused: {error}"),
            (None, None) if is_empty => "handshake accepted".to_owned(),
            (None, None) => return Err(Fault::new(self.at, "a record of SignalR has a type")),
        };
        let role = if error.is_some() { Role::Error } else { Role::Other };
        self.reading.part(&summary, Some("handshake"), role);
        Ok(())
    }
}
