//! A payload: as JSON, as text or as hex.

use std::borrow::Cow;

use crate::journal::Frame;
use crate::text;
use crate::wire::mask::{self, MaskKey};
use crate::wire::opcode::Opcode;

use super::hex::Hex;
use super::page::Page;
use super::{BodyShown, BytesShown, DetailOptions, json};

/// Bytes that are looked at to see whether what need not be text reads as such.
const LOOKED_AT: usize = 4096;

/// Bytes to show, and what is known of them.
pub(super) struct Body<'a> {
    header: Vec<u8>,
    wire: Cow<'a, [u8]>,
    mask: Option<MaskKey>,
    hint: Hint,
}

/// What the bytes are likely to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hint {
    /// A text, whole.
    Text,
    /// A piece of a text: a character may be cut at its end.
    Piece,
    /// Anything; text if it reads as such.
    Unknown,
    /// No text.
    Binary,
}

/// What a payload turns out to be.
enum Reading<'a> {
    Json(&'a str),
    Text,
    Bytes,
}

impl<'a> Body<'a> {
    pub fn of_frame(frame: Frame<'a>) -> Self {
        let shape = &frame.record.header;
        let is_whole = shape.fin() && frame.is_complete() && !frame.is_truncated();
        let hint = match shape.opcode() {
            _ if shape.rsv() != 0 => Hint::Binary,
            Opcode::TEXT if is_whole => Hint::Text,
            Opcode::TEXT => Hint::Piece,
            Opcode::PING | Opcode::PONG | Opcode::CONTINUATION => Hint::Unknown,
            _ => Hint::Binary,
        };
        let mut header = Vec::new();
        shape.write(&mut header);
        Self { header, mask: shape.mask, hint, wire: frame.wire }
    }

    pub const fn raw(wire: Cow<'a, [u8]>) -> Self {
        Self { header: Vec::new(), wire, mask: None, hint: Hint::Binary }
    }

    fn payload(&self) -> Cow<'_, [u8]> {
        let Some(key) = self.mask else { return Cow::Borrowed(&self.wire) };
        let mut payload = self.wire.to_vec();
        mask::apply(key, 0, &mut payload);
        Cow::Owned(payload)
    }

    fn reading<'p>(&self, payload: &'p [u8]) -> Reading<'p> {
        let text = match self.hint {
            Hint::Binary => None,
            Hint::Text => str::from_utf8(payload).ok(),
            Hint::Piece => whole_characters(payload),
            Hint::Unknown => whole_characters(payload.get(..LOOKED_AT).unwrap_or(payload)).filter(|text| {
                text.chars().all(|character| text::is_plain(character) || matches!(character, '\t' | '\r' | '\n'))
            }),
        };
        match text {
            None => Reading::Bytes,
            Some(text) if self.hint == Hint::Text && json::is_structure(text) => Reading::Json(text),
            Some(_) => Reading::Text,
        }
    }
}

/// Text that may end within a character.
fn whole_characters(bytes: &[u8]) -> Option<&str> {
    match str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_some() => None,
        Err(error) => str::from_utf8(bytes.get(..error.valid_up_to())?).ok(),
    }
}

/// Puts text on the page, or gives the hex view that is to follow it.
pub(super) fn write<'a>(page: &mut Page<'_>, body: Body<'a>, options: &DetailOptions<'_>) -> Option<Hex<'a>> {
    if body.wire.is_empty() {
        page.blank();
        page.row("no payload", page.theme.dim);
        let has_header = options.bytes == BytesShown::Wire && !body.header.is_empty();
        return if options.body == BodyShown::Hex && has_header { Some(hex(page, body, options)) } else { None };
    }
    let payload = match (options.body, body.hint) {
        (BodyShown::Hex, _) | (BodyShown::Auto, Hint::Binary) => return Some(hex(page, body, options)),
        _ => body.payload(),
    };
    match options.body {
        BodyShown::Json => as_asked_json(page, &payload),
        BodyShown::Text => as_text(page, &payload),
        BodyShown::Hex | BodyShown::Auto => match body.reading(&payload) {
            Reading::Json(text) => as_json(page, text),
            Reading::Text => as_text(page, &payload),
            Reading::Bytes => {
                drop(payload);
                return Some(hex(page, body, options));
            }
        },
    }
    None
}

fn hex<'a>(page: &mut Page<'_>, body: Body<'a>, options: &DetailOptions<'_>) -> Hex<'a> {
    let Body { header, wire, mask, .. } = body;
    let (header, unmask) = match options.bytes {
        BytesShown::Wire => {
            page.title("bytes on the wire");
            if !header.is_empty() {
                page.row(&format!("the first {} are the header", header.len()), page.theme.key);
            }
            (header, None)
        }
        BytesShown::Unmasked => {
            page.title(if mask.is_some() { "payload, unmasked" } else { "payload" });
            (Vec::new(), mask)
        }
    };
    Hex::new(header, wire, unmask, options.theme, options.width)
}

fn as_text(page: &mut Page<'_>, payload: &[u8]) {
    page.title("payload as text");
    let mut used = 0;
    for line in payload.split_inclusive(|byte| *byte == b'\n') {
        page.set_indent(0);
        used += page.bytes(line, page.theme.text);
        page.end_row();
        if page.is_full() {
            break;
        }
    }
    set_rest(page, payload.len() - used);
}

fn as_json(page: &mut Page<'_>, json: &str) {
    page.title("payload as JSON");
    let used = json::write(page, json);
    set_rest(page, json.len() - used);
}

/// What may be no JSON, laid out as such because the user wants it so.
fn as_asked_json(page: &mut Page<'_>, payload: &[u8]) {
    let Ok(text) = str::from_utf8(payload) else {
        page.blank();
        page.row("this can't be laid out as JSON: it is not UTF-8", page.theme.warning);
        as_text(page, payload);
        return;
    };
    if let Some(fault) = json::fault(text) {
        page.blank();
        page.row(&format!("this is no JSON: {fault}"), page.theme.warning);
    }
    as_json(page, text);
}

fn set_rest(page: &mut Page<'_>, bytes: usize) {
    page.set_rest(format!("… {} more: the hex view has all", super::bytes(bytes as u64)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_may_be_cut_at_the_end_of_a_piece() {
        assert_eq!(whole_characters("aü".as_bytes()), Some("aü"));
        assert_eq!(whole_characters(b"a\xc3"), Some("a"));
        assert_eq!(whole_characters(b"a\xc3b"), None);
    }
}
