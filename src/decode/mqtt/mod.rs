//! MQTT 3.1, 3.1.1 and 5, in binary messages.
//!
//! The version is in CONNECT alone. Messages need not end where packets do: several may stand in one, and a packet may
//! go on in the next, which is read by itself and then is but a piece.

mod body;
mod codes;
mod head;

use super::cursor::Cursor;
use super::document::Value;
use super::reading::Reading;
use super::{Fault, Format, Role};

use body::{Body, Said};
use head::{Head, Kind};

/// As far as packets differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// 3.1 and 3.1.1.
    Three,
    /// 5.
    Five,
}

pub(super) fn message(reading: &mut Reading<'_>, version: Version) -> Result<(), Fault> {
    let bytes = reading.payload.bytes;
    if reading.payload.format == Format::Text {
        return Err(Fault::new(0, "MQTT comes in binary messages, and this one is text"));
    }
    if bytes.is_empty() {
        return Err(Fault::end(0, "there is nothing in it"));
    }
    if !begins_with_packet(bytes, version) {
        let value = Value::bytes(bytes);
        let summary = format!("piece of a packet, {value}");
        reading.tree.field("piece of a packet", value, 0..bytes.len());
        reading.part(&summary, None, Role::Other);
        return Ok(());
    }
    let mut at = 0;
    while at < bytes.len() && !reading.is_full() {
        at = packet(reading, at, version)?;
    }
    Ok(())
}

/// The version in a CONNECT that begins there (MQTT 3.1.1, 3.1.2).
pub(super) fn connects(bytes: &[u8]) -> Option<Version> {
    let mut cursor = Cursor::new(bytes);
    let head = Head::read(&mut cursor, Version::Three).ok().filter(|head| head.kind == Kind::Connect)?;
    let level = match cursor.rest() {
        [0, 4, b'M', b'Q', b'T', b'T', level, ..] | [0, 6, b'M', b'Q', b'I', b's', b'd', b'p', level, ..] => *level,
        _ => return None,
    };
    match level {
        3 | 4 => Some(Version::Three),
        5 => Some(Version::Five),
        _ => None,
    }
    .filter(|_| head.end > cursor.at())
}

/// What a CONNECT says of the connection (MQTT 3.1.1, 3.1.2; MQTT 5, 3.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connect {
    /// 3 for MQTT 3.1, 4 for 3.1.1, 5 for 5.
    pub level: u8,
    /// Seconds within which the client sends something; 0 for no limit.
    pub keep_alive: u16,
}

/// The CONNECT that a message begins with.
#[must_use]
pub fn connect(bytes: &[u8]) -> Option<Connect> {
    connects(bytes)?;
    let mut cursor = Cursor::new(bytes);
    Head::read(&mut cursor, Version::Three).ok()?;
    let [_, length, ..] = *cursor.rest() else { return None };
    let (level, alive) = (2 + usize::from(length), 4 + usize::from(length));
    let alive = cursor.rest().get(alive..alive + 2)?;
    let level = *cursor.rest().get(level)?;
    Some(Connect { level, keep_alive: u16::from_be_bytes(alive.try_into().ok()?) })
}

/// The code of a packet of the server's that says no, and its name: of a CONNACK, a SUBACK or a DISCONNECT that a message
/// begins with. A server that knows no MQTT 5 answers its CONNECT in the terms of 3.1.1.
#[must_use]
pub fn refusal(bytes: &[u8], version: u8) -> Option<(u8, String)> {
    let mut cursor = Cursor::new(bytes);
    let head = Head::read(&mut cursor, Version::Five).ok()?;
    let body = cursor.rest();
    let is_five = version >= 5;
    let code = match head.kind {
        Kind::ConnAck => *body.get(1)?,
        Kind::Disconnect if is_five => *body.first()?,
        // Behind the packet's id, and its properties in MQTT 5, of which servers send none.
        Kind::SubAck => *body.get(if is_five { 3 } else { 2 })?,
        _ => return None,
    };
    let version = if is_five && code >= codes::REFUSAL { Version::Five } else { Version::Three };
    let (name, is_refused) = codes::reason(version, head.kind, code);
    (is_refused && code != 0).then_some((code, name))
}

/// Whether heads of packets stand one behind the other from the start on, as far as the message goes.
fn begins_with_packet(bytes: &[u8], version: Version) -> bool {
    let mut cursor = Cursor::new(bytes);
    while cursor.left() > 0 {
        let is_first = cursor.at() == 0;
        match Head::read(&mut cursor, version) {
            Ok(head) => {
                let body = head.end.saturating_sub(cursor.at()).min(cursor.left());
                let _ = cursor.take(body as u64, "a packet");
            }
            // The head itself goes on in the next message.
            Err(fault) => return fault.is_end && !is_first,
        }
    }
    true
}

/// Reads a packet, and gives where it ends.
fn packet(reading: &mut Reading<'_>, start: usize, version: Version) -> Result<usize, Fault> {
    let payload = reading.payload;
    let mut cursor = Cursor::within(payload.bytes, start..payload.bytes.len());
    let head = match Head::read(&mut cursor, version) {
        Err(fault) if fault.is_end => {
            let value = Value::bytes(payload.bytes.get(start..).unwrap_or_default());
            reading.tree.field("start of a packet", value, start..payload.bytes.len());
            reading.part("start of a packet", None, Role::Other);
            return Ok(payload.bytes.len());
        }
        head => head?,
    };
    let depth = reading.tree.depth();
    reading.tree.open(Some(b"packet"), Value::Object, Some(start));
    reading.tree.field("type", Value::word(head.name), start..start + 1);
    let end = head.end.min(payload.bytes.len());
    let mut body = Body::new(reading, cursor.at()..end, version);
    let result = body.read(head);
    let said = body.said;
    reading.tree.close_to(depth, end);
    let goes_on = head.end > payload.bytes.len();
    match result {
        Err(fault) if !(fault.is_end && goes_on) => return Err(fault),
        _ => {}
    }
    if goes_on {
        reading.tree.cut();
    }
    let more = if goes_on && payload.is_whole { "(goes on in the next message)" } else { "" };
    let words = [head.name.to_owned(), said.words(), more.to_owned()];
    let words = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    reading.part(&words, Some(head.name), role(head.kind, said));
    Ok(end)
}

fn role(kind: Kind, said: Said) -> Role {
    let id = match kind {
        Kind::Connect | Kind::ConnAck => Some("connect".to_owned()),
        _ => said.id.map(|id| id.to_string()),
    };
    match (kind, id) {
        (Kind::PingReq | Kind::PingResp, _) => Role::Heartbeat,
        (Kind::Disconnect, _) if said.is_refused => Role::Error,
        (Kind::Connect | Kind::Publish | Kind::PubRel | Kind::Subscribe | Kind::Unsubscribe, Some(id)) => {
            Role::Request(id)
        }
        (Kind::ConnAck | Kind::PubAck | Kind::PubRec | Kind::PubComp | Kind::SubAck | Kind::UnsubAck, Some(id)) => {
            if said.is_refused {
                Role::Refusal(id)
            } else {
                Role::Reply(id)
            }
        }
        _ => Role::Other,
    }
}
