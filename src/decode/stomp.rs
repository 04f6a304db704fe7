//! STOMP 1.0 to 1.2: a command, header lines, an empty line, a body, a zero. Line ends between frames are heartbeats.

use crate::text;

use super::document::Value;
use super::reading::Reading;
use super::{Fault, Role};

const COMMANDS: [&str; 16] = [
    "CONNECT",
    "STOMP",
    "CONNECTED",
    "SEND",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "ACK",
    "NACK",
    "BEGIN",
    "COMMIT",
    "ABORT",
    "DISCONNECT",
    "MESSAGE",
    "RECEIPT",
    "ERROR",
    "HEARTBEAT",
];

/// Bytes of a body in a summary.
const BODY_SHOWN: usize = 200;

pub(super) fn message(reading: &mut Reading<'_>) -> Result<(), Fault> {
    let bytes = reading.payload.bytes;
    let mut at = 0;
    while at < bytes.len() && !reading.is_full() {
        let blanks =
            bytes.get(at..).unwrap_or_default().iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if at + blanks == bytes.len() {
            if at == 0 {
                reading.tree.field("heartbeat", Value::text(bytes, reading.limits()), 0..bytes.len());
                reading.part("heartbeat", Some("heartbeat"), Role::Heartbeat);
            }
            return Ok(());
        }
        at = frame(reading, at + blanks)?;
    }
    if bytes.is_empty() { Err(Fault::end(0, "a STOMP frame has at least a line end")) } else { Ok(()) }
}

/// What a summary and a role need of the headers.
#[derive(Default)]
struct Headers {
    destination: String,
    id: String,
    receipt: Option<String>,
    receipt_id: Option<String>,
    message: String,
    version: String,
    length: Option<usize>,
}

/// Reads a frame, and gives where it ends.
fn frame(reading: &mut Reading<'_>, start: usize) -> Result<usize, Fault> {
    let bytes = reading.payload.bytes;
    let (line, mut at) = line(bytes, start)?;
    let command = COMMANDS.into_iter().find(|command| command.as_bytes() == line);
    let Some(command) = command else { return Err(Fault::new(start, "no STOMP command begins here")) };
    reading.tree.open(Some(b"frame"), Value::Object, Some(start));
    reading.tree.field("command", Value::word(command), start..start + line.len());
    let headers = headers(reading, &mut at)?;
    let rest = bytes.get(at..).unwrap_or_default();
    let length = headers.length.or_else(|| rest.iter().position(|byte| *byte == 0)).unwrap_or(rest.len());
    let Some(body) = rest.get(..length).filter(|_| rest.get(length) == Some(&0)) else {
        let missing = length >= rest.len();
        let why = "a zero belongs behind the body";
        return Err(if missing { Fault::end(bytes.len(), why) } else { Fault::new(at + length, why) });
    };
    if !body.is_empty() {
        reading.tree.text(Some(b"body"), body, at..at + length, Some(at));
    }
    let end = at + length + 1;
    reading.tree.close(end);
    let role = match (command, headers.receipt, headers.receipt_id) {
        ("RECEIPT", _, Some(id)) => Role::Reply(id),
        ("ERROR", _, Some(id)) => Role::Refusal(id),
        ("ERROR", ..) => Role::Error,
        (_, Some(id), _) => Role::Request(id),
        _ => Role::Other,
    };
    let words = [command, &headers.destination, &headers.id, &headers.version, &headers.message];
    let words = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    reading.part(format!("{words} {}", text::preview(body, BODY_SHOWN)).trim_end(), Some(command), role);
    Ok(end)
}

fn headers(reading: &mut Reading<'_>, at: &mut usize) -> Result<Headers, Fault> {
    let mut headers = Headers::default();
    reading.tree.open(Some(b"headers"), Value::Object, Some(*at));
    loop {
        let (line, next) = line(reading.payload.bytes, *at)?;
        let start = std::mem::replace(at, next);
        if line.is_empty() {
            reading.tree.close(start);
            return Ok(headers);
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return Err(Fault::new(start, "a colon belongs into a header line"));
        };
        let (name, value) = line.split_at(colon);
        let value = Value::text(value.get(1..).unwrap_or_default(), reading.limits());
        let said = value.as_str().unwrap_or_default().to_owned();
        reading.tree.add(Some(name), value, Some(start..start + line.len()));
        match name {
            b"destination" => headers.destination = said,
            b"id" | b"subscription" => headers.id = said,
            b"receipt" => headers.receipt = Some(said),
            b"receipt-id" => headers.receipt_id = Some(said),
            b"message" => headers.message = said,
            b"version" | b"accept-version" => headers.version = said,
            b"content-length" => headers.length = said.trim().parse().ok(),
            _ => {}
        }
    }
}

/// The line that begins there, and where the next one does.
fn line(bytes: &[u8], start: usize) -> Result<(&[u8], usize), Fault> {
    let rest = bytes.get(start..).unwrap_or_default();
    let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
        return Err(Fault::end(bytes.len(), "a line end belongs here"));
    };
    let line = rest.get(..end).unwrap_or_default();
    Ok((line.strip_suffix(b"\r").unwrap_or(line), start + end + 1))
}
