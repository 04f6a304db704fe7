//! Yjs as y-websocket sends it: steps of a synchronisation, updates, and who is there (y-protocols, lib0's encoding).
//!
//! Updates are shown as bytes: what they change only the whole document tells.

use super::cursor::Cursor;
use super::document::Value;
use super::reading::Reading;
use super::{Fault, Format, Role};

/// Bytes that a number of at most 53 bits takes.
const NUMBER: u32 = 8;
/// Entries of a list whose names stand in a summary.
const SHOWN: usize = 8;

/// What a message says.
struct Said {
    event: &'static str,
    more: String,
    role: Role,
}

pub(super) fn message(reading: &mut Reading<'_>) -> Result<(), Fault> {
    if reading.payload.format == Format::Text {
        return Err(Fault::new(0, "Yjs comes in binary messages, and this one is text"));
    }
    let mut body = Body { cursor: Cursor::new(reading.payload.bytes), reading };
    let Said { event, more, role } = body.read()?;
    reading.part(format!("{event} {more}").trim_end(), Some(event), role);
    Ok(())
}

/// Whether a message by itself is the first or the second step of a synchronisation.
pub(super) fn step(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [0, step @ (0 | 1), ..] => Some(*step),
        _ => None,
    }
}

/// A message that is being read.
struct Body<'r, 'a> {
    reading: &'r mut Reading<'a>,
    cursor: Cursor<'a>,
}

impl<'a> Body<'_, 'a> {
    fn read(&mut self) -> Result<Said, Fault> {
        let start = self.cursor.at();
        let kind = self.cursor.variable(NUMBER, "the type of a message")?;
        let name = match kind {
            0 => "sync",
            1 => "awareness",
            2 => "auth",
            3 => "query awareness",
            _ => return Err(Fault::new(start, format!("y-websocket has no messages of type {kind}"))),
        };
        self.reading.tree.field("type", Value::word(name), start..self.cursor.at());
        let said = match kind {
            0 => self.sync()?,
            1 => self.awareness()?,
            2 => self.auth()?,
            _ => Said { event: name, more: String::new(), role: Role::Other },
        };
        if self.cursor.left() > 0 {
            return Err(Fault::new(self.cursor.at(), "the message is over, and more follows"));
        }
        Ok(said)
    }

    fn sync(&mut self) -> Result<Said, Fault> {
        let start = self.cursor.at();
        let step = self.cursor.variable(NUMBER, "the step of a synchronisation")?;
        let id = "sync".to_owned();
        let (event, role) = match step {
            0 => ("sync step 1", Role::Request(id)),
            1 => ("sync step 2", Role::Reply(id)),
            2 => ("update", Role::Other),
            _ => return Err(Fault::new(start, format!("a synchronisation has no step {step}"))),
        };
        self.reading.tree.field("step", Value::word(event), start..self.cursor.at());
        let more = if step == 0 { self.state_vector()? } else { self.update()? };
        Ok(Said { event, more, role })
    }

    /// Bytes behind their length, read on their own.
    fn inner(&mut self, what: &str) -> Result<Cursor<'a>, Fault> {
        let length = self.cursor.variable(NUMBER, what)?;
        let at = self.cursor.at();
        Ok(Cursor::part(self.cursor.take(length, what)?, at))
    }

    /// How much of each client's work the sender has.
    fn state_vector(&mut self) -> Result<String, Fault> {
        let mut inner = self.inner("the state vector")?;
        let start = inner.at();
        let count = inner.variable(NUMBER, "the number of clients")?;
        let node = self.reading.tree.open(Some(b"state"), Value::Object, Some(start));
        for _ in 0..count {
            let at = inner.at();
            let client = inner.variable(NUMBER, "a client")?;
            let clock = inner.variable(NUMBER, "the clock of a client")?;
            self.reading.tree.add(Some(client.to_string().as_bytes()), Value::number(clock), Some(at..inner.at()));
        }
        self.reading.tree.close(inner.at());
        whole(&inner)?;
        Ok(self.reading.compact(node))
    }

    fn update(&mut self) -> Result<String, Fault> {
        let mut inner = self.inner("the update")?;
        let start = inner.at();
        let update = inner.take_rest();
        let value = Value::bytes(update);
        let more = crate::text::byte_count(update.len() as u64);
        self.reading.tree.add(Some(b"update"), value, Some(start..inner.at()));
        Ok(more)
    }

    /// Who is there, and what each says of itself; `null` of who is not any more.
    fn awareness(&mut self) -> Result<Said, Fault> {
        let mut inner = self.inner("the awareness")?;
        let count = inner.variable(NUMBER, "the number of clients")?;
        let mut shown = Vec::new();
        for _ in 0..count {
            let start = inner.at();
            let client = inner.variable(NUMBER, "a client")?;
            let key = client.to_string();
            let node = self.reading.tree.open(Some(key.as_bytes()), Value::Object, Some(start));
            let at = inner.at();
            let clock = inner.variable(NUMBER, "the clock of a client")?;
            self.reading.tree.field("clock", Value::number(clock), at..inner.at());
            let length = inner.variable(NUMBER, "the state of a client")?;
            let at = inner.at();
            inner.take(length, "the state of a client")?;
            let state = self.reading.json_within(Some("state"), at..inner.at())?;
            self.reading.tree.close(inner.at());
            if shown.len() < SHOWN && node.is_some() {
                shown.push(format!("{client} {}", self.reading.compact(state)));
            }
        }
        whole(&inner)?;
        Ok(Said { event: "awareness", more: shown.join(", "), role: Role::Other })
    }

    fn auth(&mut self) -> Result<Said, Fault> {
        let start = self.cursor.at();
        let kind = self.cursor.variable(NUMBER, "the kind of a refusal")?;
        if kind != 0 {
            return Err(Fault::new(start, "what is said of rights is that there are none"));
        }
        let mut inner = self.inner("the reason")?;
        let at = inner.at();
        let reason = inner.take_rest();
        self.reading.tree.field("reason", Value::text(reason, self.reading.limits()), at..inner.at());
        Ok(Said { event: "permission denied", more: String::from_utf8_lossy(reason).into_owned(), role: Role::Error })
    }
}

/// Lets nothing stand behind what was read.
fn whole(inner: &Cursor<'_>) -> Result<(), Fault> {
    if inner.left() == 0 { Ok(()) } else { Err(Fault::new(inner.at(), "it is over, and more follows")) }
}
