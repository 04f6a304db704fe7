//! A frame's header drawn bit by bit, as RFC 6455 5.2 has it.

use ratatui::style::Style;

use crate::record::Side;
use crate::text;
use crate::wire::frame::{FIN, FrameHeader, LengthForm, MASK, OPCODE, RSV1, RSV2, RSV3};

use super::content::Message;
use super::hixie;
use super::page::Page;

/// From this width on the first two bytes stand side by side.
const WIDE: usize = 72;
/// Where the second of them begins then.
const SECOND: usize = 40;
/// Where the meaning of bits begins, from the left of their byte.
const MEANING: usize = 23;

pub(super) fn write(page: &mut Page<'_>, header: &FrameHeader, from: Side, message: Option<&Message>) {
    let mut raw = Vec::new();
    header.write(&mut raw);
    if header.is_hixie() {
        return hixie::write(page, header);
    }
    let [first, second, rest @ ..] = raw.as_slice() else { return };
    page.title(&format!("header, {}", super::bytes(raw.len() as u64)));
    two_bytes(page, &first_byte(header, *first), &second_byte(header, *second));
    let key = header.mask.map_or(0, |key| key.len());
    let (length, key) = rest.split_at(rest.len() - key);
    if !length.is_empty() {
        further(page, length, &format!("length {}", header.length));
    }
    if !key.is_empty() {
        further(page, key, "mask key");
    }
    for (remark, style) in remarks(page, header, from, message) {
        page.set_indent(2);
        page.row(&remark, style);
    }
}

/// The same in a line: `81 85 37fa213d · FIN text MASK len 5 (7 bit)`.
pub(super) fn summary(page: &mut Page<'_>, header: &FrameHeader, from: Side, message: Option<&Message>) {
    if header.is_hixie() {
        return hixie::summary(page, header);
    }
    let mut raw = Vec::new();
    header.write(&mut raw);
    let (head, rest) = raw.split_at(raw.len().min(2));
    let (length, key) = rest.split_at(rest.len() - header.mask.map_or(0, |key| key.len()));
    let pairs: Vec<String> = head.iter().map(|byte| format!("{byte:02x}")).collect();
    let further = [length, key].into_iter().filter(|part| !part.is_empty());
    let parts: Vec<String> = pairs.into_iter().chain(further.map(hex::encode)).collect();
    page.set_indent(2);
    page.words(&parts.join(" "), page.theme.key);
    page.words(" ·", page.theme.dim);
    let mut flags = String::new();
    for (is_set, name) in [(header.fin(), " FIN"), (header.rsv1(), " RSV1"), (header.rsv() & 2 != 0, " RSV2")] {
        flags.push_str(if is_set { name } else { "" });
    }
    flags.push_str(if header.rsv() & 1 != 0 { " RSV3" } else { "" });
    page.words(&flags, page.theme.text);
    page.words(&format!(" {}", header.opcode()), page.theme.bold);
    let mask = if header.mask.is_some() { " MASK" } else { "" };
    page.words(&format!("{mask} len {} ({} bit)", header.length, header.form.bits()), page.theme.text);
    page.end_row();
    for (remark, style) in remarks(page, header, from, message) {
        page.row(&remark, style);
    }
}

/// Some bits of a byte.
struct Bits {
    mask: u8,
    name: &'static str,
    value: String,
    is_odd: bool,
}

impl Bits {
    fn new(mask: u8, name: &'static str, value: impl Into<String>) -> Self {
        Self { mask, name, value: value.into(), is_odd: false }
    }
}

/// A byte and all of its bits.
struct Byte {
    byte: u8,
    bits: Vec<Bits>,
}

fn first_byte(header: &FrameHeader, byte: u8) -> Byte {
    let mut bits = vec![Bits::new(FIN, "FIN", if header.fin() { "1 final" } else { "0 more follows" })];
    for (mask, name) in [(RSV1, "RSV1"), (RSV2, "RSV2"), (RSV3, "RSV3")] {
        let is_odd = byte & mask != 0;
        bits.push(Bits { is_odd, ..Bits::new(mask, name, if is_odd { "1 set" } else { "0" }) });
    }
    let opcode = header.opcode();
    let value = format!("{:x} {}", opcode.value(), opcode.name().unwrap_or("reserved"));
    bits.push(Bits { is_odd: opcode.name().is_none(), ..Bits::new(OPCODE, "opcode", value) });
    Byte { byte, bits }
}

fn second_byte(header: &FrameHeader, byte: u8) -> Byte {
    let masked = if header.mask.is_some() { "1 masked" } else { "0 not masked" };
    let length = match header.form {
        LengthForm::Seven => format!("{}, 7-bit", byte & !MASK),
        LengthForm::Sixteen => "126: 16-bit".to_owned(),
        _ => "127: 64-bit".to_owned(),
    };
    Byte { byte, bits: vec![Bits::new(MASK, "MASK", masked), Bits::new(!MASK, "length", length)] }
}

fn two_bytes(page: &mut Page<'_>, first: &Byte, second: &Byte) {
    if page.width() < WIDE {
        for byte in [first, second] {
            write_byte(page, byte.byte);
            page.end_row();
            for bits in &byte.bits {
                write_bits(page, byte.byte, bits, 0);
                page.end_row();
            }
        }
        return;
    }
    write_byte(page, first.byte);
    page.pad_to(SECOND);
    write_byte(page, second.byte);
    page.end_row();
    for (index, bits) in first.bits.iter().enumerate() {
        write_bits(page, first.byte, bits, 0);
        if let Some(bits) = second.bits.get(index) {
            page.pad_to(SECOND);
            write_bits(page, second.byte, bits, SECOND);
        }
        page.end_row();
    }
}

/// A byte in hex and in bits.
fn write_byte(page: &mut Page<'_>, byte: u8) {
    let (bold, text) = (page.theme.bold, page.theme.text);
    page.set_indent(4);
    page.text(&format!("{byte:02x}"), bold);
    page.text(&format!("  {}", pattern(byte, 0xff)), text);
}

/// Some of its bits, their name and what they say, from column `left`.
fn write_bits(page: &mut Page<'_>, byte: u8, bits: &Bits, left: usize) {
    let (text, key, warning) = (page.theme.text, page.theme.key, page.theme.warning);
    page.set_indent(left + MEANING);
    page.text(&format!("    {}  ", pattern(byte, bits.mask)), text);
    page.text(bits.name, key);
    page.pad_to(left + MEANING);
    page.words(&bits.value, if bits.is_odd { warning } else { text });
}

/// Bytes behind the first two, and what they are.
pub(super) fn further(page: &mut Page<'_>, raw: &[u8], what: &str) {
    let (bold, plain) = (page.theme.bold, page.theme.text);
    page.set_indent(4);
    page.words(&text::pairs(raw), bold);
    page.words(&format!("  {what}"), plain);
    page.end_row();
}

/// A byte's bits, those out of `mask` as dots: `.000 0101`.
fn pattern(byte: u8, mask: u8) -> String {
    let bit = |index: u8| match (mask >> index & 1, byte >> index & 1) {
        (0, _) => '.',
        (_, 0) => '0',
        _ => '1',
    };
    let (high, low): (String, String) = ((4..8).rev().map(bit).collect(), (0..4).rev().map(bit).collect());
    format!("{high} {low}")
}

/// What the bits say together.
fn remarks(page: &Page<'_>, header: &FrameHeader, from: Side, message: Option<&Message>) -> Vec<(String, Style)> {
    let (note, warning) = (page.theme.note, page.theme.warning);
    let mut out = Vec::new();
    let shortest = LengthForm::shortest(header.length);
    if shortest != header.form {
        let text = format!(
            "needlessly long: {} would fit the {}-bit form, and RFC 6455 5.2 asks for the shortest",
            super::bytes(header.length),
            shortest.bits()
        );
        out.push((text, warning));
    }
    if let Some((message, inflated)) = message.and_then(|message| Some((message, message.inflated?))) {
        let frames = if message.frames > 1 { format!(" in {} frames", message.frames) } else { String::new() };
        let (packed, inflated) = (super::bytes(message.length), super::bytes(inflated));
        out.push((format!("compressed (RFC 7692): {packed}{frames} inflate to {inflated}"), note));
    } else if header.rsv1() {
        let text = "RSV1: compressed if permessage-deflate was agreed on; it is not known to inflate to anything";
        out.push((text.to_owned(), note));
    }
    if header.rsv() & 3 != 0 {
        let text = "RSV2 or RSV3 is set, which only an extension that was agreed may do (RFC 6455 5.2)";
        out.push((text.to_owned(), warning));
    }
    match (from, header.mask) {
        (Side::Client, None) => out.push(("not masked: a client must mask (RFC 6455 5.1)".to_owned(), warning)),
        (Side::Server, Some(_)) => out.push(("masked: a server must not mask (RFC 6455 5.1)".to_owned(), warning)),
        _ => {}
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_shows_the_bits_of_its_mask() {
        assert_eq!(pattern(0x85, 0xff), "1000 0101");
        assert_eq!(pattern(0x85, 0x7f), ".000 0101");
        assert_eq!(pattern(0x81, 0x40), ".0.. ....");
    }
}
