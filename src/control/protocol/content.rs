//! What goes out: the fields that say it, and the frames that they make.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use serde_json::Value;

use crate::compose;
use crate::relay::injection::{Injection, fragment_first};
use crate::text;
use crate::wire::frame::FIN;
use crate::wire::opcode::Opcode;

use super::Fields;
use super::table::Field;

/// What goes out, as it was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    what: What,
    opcode: Option<Opcode>,
    fin: bool,
    rsv: u8,
    fragments: Option<usize>,
}

/// Its bytes.
#[derive(Clone, Debug, PartialEq)]
enum What {
    /// A payload, and the opcode that goes with the way in which it was written.
    Payload(Vec<u8>, Opcode),
    /// All of it, as the composer reads a line.
    Line(Injection),
    /// Bytes as they are.
    Raw(Vec<u8>),
}

/// A message as it came, in whose place something else goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Came {
    /// Its opcode.
    pub opcode: Opcode,
    /// The frames that it came in.
    pub frames: usize,
}

impl Content {
    /// The frames that it asks for. In place of a message it has that one's opcode and fragments, where nothing else is
    /// asked for.
    ///
    /// # Errors
    /// Why that can't be, in words.
    pub fn injection(&self, came: Option<Came>) -> Result<Injection, &'static str> {
        let (payload, written) = match &self.what {
            What::Raw(bytes) => return Ok(Injection::Raw(bytes.clone())),
            What::Line(Injection::Frame { first, payload }) if *first == FIN | Opcode::TEXT.value() => {
                // A line of text is the message's text, whatever kind of message it was.
                (payload, Opcode::TEXT)
            }
            What::Line(injection) => return Ok(injection.clone()),
            What::Payload(payload, opcode) => (payload, *opcode),
        };
        let opcode = self.opcode.or(came.map(|came| came.opcode)).unwrap_or(written);
        let came_in = came.map_or(1, |came| came.frames).max(1);
        let count = self.fragments.unwrap_or(if opcode.is_control() || !self.fin { 1 } else { came_in });
        let first = self.rsv << 4 | opcode.value();
        if count > 1 && opcode.is_control() {
            return Err("a control frame can't be cut into fragments");
        }
        if count > 1 && !self.fin {
            return Err("a message in fragments ends with the last one: leave fin out, or fragments");
        }
        if count > 1 {
            return Ok(match Injection::fragmented(opcode, payload, count) {
                Injection::Fragments { payloads, .. } => Injection::Fragments { first, payloads },
                other => other,
            });
        }
        let first = if self.fin { fragment_first(first, 0, 1) } else { first };
        Ok(Injection::Frame { first, payload: payload.clone() })
    }
}

impl Content {
    /// The head that it asks for: lines of text end as HTTP has it, with both of CR and LF.
    ///
    /// # Errors
    /// Why that can't be, in words.
    pub fn head(&self) -> Result<Vec<u8>, &'static str> {
        match &self.what {
            What::Payload(bytes, Opcode::BINARY) | What::Raw(bytes) => Ok(bytes.clone()),
            What::Payload(text, _) => Ok(with_returns(text)),
            What::Line(_) => Err("a head is given as text or payload, empty line included"),
        }
    }
}

/// Lines that end with both of CR and LF.
fn with_returns(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 16);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match line {
            [all @ .., b'\n'] if !all.ends_with(b"\r") => {
                out.extend_from_slice(all);
                out.extend_from_slice(b"\r\n");
            }
            line => out.extend_from_slice(line),
        }
    }
    out
}

impl Fields {
    /// What goes out; `None` where no field says it.
    pub(super) fn content(&self) -> Result<Option<Content>, String> {
        let Some(what) = self.what()? else { return Ok(None) };
        let opcode = self.opcode()?;
        let (fin, rsv) = (self.flag(Field::Fin)?, self.number(Field::Rsv, 0..=7)?);
        let fragments = self.number(Field::Fragments, 1..=1000)?;
        if !matches!(what, What::Payload(..))
            && (opcode.is_some() || fin.is_some() || rsv.is_some() || fragments.is_some())
        {
            return Err(self.error(
                "opcode, fin, rsv and fragments go with text or payload: a line and raw bytes say all by themselves",
            ));
        }
        let rsv = rsv.and_then(|rsv| u8::try_from(rsv).ok()).unwrap_or_default();
        let fragments = fragments.and_then(|count| usize::try_from(count).ok());
        Ok(Some(Content { what, opcode, fin: fin.unwrap_or(true), rsv, fragments }))
    }

    fn what(&self) -> Result<Option<What>, String> {
        let given = [Field::Line, Field::Text, Field::Payload, Field::Raw]
            .into_iter()
            .filter(|field| self.value(*field).is_some());
        let given: Vec<_> = given.collect();
        let field = match given.as_slice() {
            [] if self.value(Field::Opcode).is_some() => return Ok(Some(What::Payload(Vec::new(), Opcode::TEXT))),
            [] => return Ok(None),
            [field] => *field,
            _ => return Err(self.error("one of line, text, payload and raw says what goes out, not several")),
        };
        let text = self.text(field)?.unwrap_or_default();
        Ok(Some(match field {
            Field::Text => What::Payload(text.into_bytes(), Opcode::TEXT),
            Field::Payload => {
                let bytes =
                    STANDARD.decode(&text).map_err(|error| self.wrong(field, format!("not base64: {error}")))?;
                What::Payload(bytes, Opcode::BINARY)
            }
            Field::Raw => {
                let digits: String = text.chars().filter(|character| !character.is_whitespace()).collect();
                let bytes = hex::decode(&digits).map_err(|error| self.wrong(field, format!("not hex: {error}")))?;
                if bytes.is_empty() {
                    return Err(self.wrong(field, "write bytes, as in 81 02 68 69"));
                }
                What::Raw(bytes)
            }
            _ => {
                let order = compose::parse(&text)
                    .map_err(|error| self.wrong(field, format!("{} (at character {})", error.message, error.at + 1)))?;
                if order.repeat.is_some() {
                    return Err(self.wrong(field, "/repeat is the composer's alone: send the command again and again"));
                }
                What::Line(order.injection)
            }
        }))
    }

    fn opcode(&self) -> Result<Option<Opcode>, String> {
        let named = |name: &str| {
            let digits = name.strip_prefix("0x").and_then(|digits| u8::from_str_radix(digits, 16).ok());
            let number = digits.or_else(|| name.parse().ok()).filter(|number| *number < 16).map(Opcode::new);
            number.or_else(|| (0..16).map(Opcode::new).find(|opcode| opcode.name() == Some(name)))
        };
        let opcode = match self.value(Field::Opcode) {
            None => return Ok(None),
            Some(Value::String(name)) => named(name),
            Some(value) => value
                .as_u64()
                .and_then(|number| u8::try_from(number).ok())
                .filter(|number| *number < 16)
                .map(Opcode::new),
        };
        let shown = || {
            self.value(Field::Opcode).map(|value| text::preview(value.to_string().as_bytes(), 30)).unwrap_or_default()
        };
        opcode.map(Some).ok_or_else(|| {
            self.wrong(
                Field::Opcode,
                format!(
                    "{} is none: write text, binary, close, ping, pong, continuation, or a number from 0 to 15",
                    shown()
                ),
            )
        })
    }
}
