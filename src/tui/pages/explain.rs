//! The bytes under the cursor, explained: a field of the header by its bits, a byte of the payload as numbers and as text.

use std::fmt::Write as _;

use crate::text;
use crate::wire::frame::{FrameHeader, LengthForm};

use super::content::Content;
use super::hixie;

/// What there is to say of a byte, the most important first; a row each.
pub(super) fn byte(content: &Content, at: usize) -> Vec<String> {
    let Some(byte) = content.byte(at) else { return Vec::new() };
    let bits = format!("{byte:02x} = {byte} = {:04b} {:04b}", byte >> 4, byte & 15);
    match (content.header, at.checked_sub(content.head())) {
        (Some(header), None) => vec![format!("byte {at} of the header · {bits}"), field(&header, at, content.head())],
        (_, place) => {
            let place = place.unwrap_or(at);
            let mut first = format!("byte {place}, 0x{place:x} · {bits}");
            if let Some(character) = character(content, place) {
                let _ = write!(first, " · {character}");
            }
            let mut rows = vec![first];
            if let (Some(wire), Some(key)) = (content.wire_byte(at), content.key_byte(at)) {
                rows.push(format!("wire {wire:02x} xor key {key:02x} = {byte:02x} (byte {} of the key)", place % 4));
            }
            rows.extend(numbers(content.payload().get(place..).unwrap_or_default()));
            rows
        }
    }
}

/// The field of a header that a byte belongs to, and what it says.
fn field(header: &FrameHeader, at: usize, length: usize) -> String {
    if header.is_hixie() {
        return hixie::field(header, at);
    }
    let key = length - header.mask.map_or(0, |key| key.len());
    match at {
        0 => {
            let fin = if header.fin() { "FIN 1, the last" } else { "FIN 0, more follow" };
            let rsv = header.rsv();
            let opcode = header.opcode();
            let name = opcode.name().unwrap_or("reserved");
            format!("{fin} · RSV {}{}{} · opcode {:x} {name}", rsv >> 2 & 1, rsv >> 1 & 1, rsv & 1, opcode.value())
        }
        1 => {
            let mask = if header.mask.is_some() { "MASK 1, masked" } else { "MASK 0, not masked" };
            let length = match header.form {
                LengthForm::Seven => format!("length {}, in 7 bits", header.length),
                LengthForm::Sixteen => "126: the length follows in 16 bits".to_owned(),
                _ => "127: the length follows in 64 bits".to_owned(),
            };
            format!("{mask} · {length}")
        }
        _ if at < key => format!("byte {} of {} of the length, {}", at - 1, key - 2, header.length),
        _ => {
            let turn = at - key;
            format!("byte {turn} of the mask key: for bytes {turn}, {}, {} … of the payload", turn + 4, turn + 8)
        }
    }
}

/// The character that a byte belongs to.
fn character(content: &Content, place: usize) -> Option<String> {
    let bytes = content.payload();
    let start =
        (place.saturating_sub(3)..=place).rev().find(|start| bytes.get(*start).is_some_and(|byte| byte >> 6 != 2))?;
    let window = bytes.get(start..).map(|rest| rest.get(..4).unwrap_or(rest))?;
    let character = window.utf8_chunks().next()?.valid().chars().next()?;
    if start + character.len_utf8() <= place {
        return None;
    }
    let shown = text::escape(character.encode_utf8(&mut [0; 4]).as_bytes());
    Some(if character.is_ascii() { format!("'{shown}'") } else { format!("'{shown}' U+{:04X}", u32::from(character)) })
}

/// The numbers that begin with a byte.
fn numbers(bytes: &[u8]) -> Vec<String> {
    let mut rows = Vec::new();
    if let Some(two) = bytes.first_chunk::<2>() {
        let mut row = format!("u16 {} be, {} le", u16::from_be_bytes(*two), u16::from_le_bytes(*two));
        if let Some(four) = bytes.first_chunk::<4>() {
            let _ = write!(row, " · u32 {} be, {} le", u32::from_be_bytes(*four), u32::from_le_bytes(*four));
        }
        rows.push(row);
    }
    if let Some(eight) = bytes.first_chunk::<8>() {
        rows.push(format!("u64 {} be, {} le", u64::from_be_bytes(*eight), u64::from_le_bytes(*eight)));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::opcode::Opcode;

    #[test]
    fn a_byte_is_explained_by_where_it_stands() {
        let header = FrameHeader {
            form: LengthForm::Sixteen,
            ..FrameHeader::new(Opcode::TEXT, 9, Some([0x37, 0xfa, 0x21, 0x3d]))
        };
        let content = Content::of_parts(header, "Hello \u{1b}ü".as_bytes());
        let all = |at| byte(&content, at).join("\n");
        assert_eq!(all(0), "byte 0 of the header · 81 = 129 = 1000 0001\nFIN 1, the last · RSV 000 · opcode 1 text");
        assert!(all(1).ends_with("MASK 1, masked · 126: the length follows in 16 bits"));
        assert!(all(3).ends_with("byte 2 of 2 of the length, 9"));
        assert!(all(5).ends_with("byte 1 of the mask key: for bytes 1, 5, 9 … of the payload"));
        assert_eq!(
            all(8),
            "byte 0, 0x0 · 48 = 72 = 0100 1000 · 'H'\nwire 7f xor key 37 = 48 (byte 0 of the key)\nu16 18533 be, 25928 le \
             · u32 1214606444 be, 1819043144 le\nu64 5216694956358826780 be, 2024676034113136968 le"
                .replace("5216694956358826780", &u64::from_be_bytes(*b"Hello \x1b\xc3").to_string())
                .replace("2024676034113136968", &u64::from_le_bytes(*b"Hello \x1b\xc3").to_string())
        );
        assert!(all(14).contains(r"'\u{1b}'") && all(16).contains("'ü' U+00FC") && byte(&content, 17).is_empty());
    }
}
