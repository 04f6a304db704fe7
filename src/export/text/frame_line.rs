//! The line of a frame. There may be millions of them a second, so it is put together without any formatting machinery
//! and without an allocation, where its payload is plain.

use std::str;

use crate::json::FrameItem;
use crate::record::{Origin, Relayed, Side};
use crate::text;
use crate::wire::close::{CloseBody, Code};
use crate::wire::frame::FrameHeader;
use crate::wire::opcode::Opcode;

/// Bytes of text that a line shows.
pub(super) const PREVIEW: usize = 160;

/// Bytes of other payloads that a line shows, in hex.
const HEX_PREVIEW: usize = 32;

/// Bytes of such a frame's payload that its line is made of: what is shown, and enough to see whether a character is cut
/// there. Opcodes with no word on what they carry are looked at whole.
pub(super) const fn looked_at(header: &FrameHeader) -> usize {
    match header.opcode() {
        Opcode::TEXT | Opcode::BINARY => PREVIEW + 4,
        _ => usize::MAX,
    }
}

/// Adds the columns behind the session's.
pub(super) fn write(frame: &FrameItem<'_>, out: &mut Vec<u8>) {
    let record = frame.record;
    let header = &record.header;
    out.extend_from_slice(direction(Some(record.from)).as_bytes());
    out.push(b' ');
    number(record.number.value(), 5, out);
    out.push(b' ');
    match header.opcode().name() {
        Some(name) => padded(name, 12, out),
        None => padded(&header.opcode().to_string(), 12, out),
    }
    out.push(b' ');
    let by = match (record.relayed, record.origin) {
        (Relayed::Dropped(_), _) => "dropped",
        (Relayed::Held, _) => "held",
        (Relayed::Delayed, _) => "delayed",
        (Relayed::Changed(_), _) => "changed",
        (Relayed::AsIs, Origin::Peer) => "",
        (Relayed::AsIs, other) => other.name(),
    };
    padded(by, 8, out);
    out.extend_from_slice(if header.fin() && !header.is_hixie() { b" FIN " } else { b" --- " });
    for (bit, digit) in [(4, b'1'), (2, b'2'), (1, b'3')] {
        out.push(if header.rsv() & bit != 0 { digit } else { b'-' });
    }
    out.extend_from_slice(if header.mask.is_some() { b" MASK " } else { b" ---- " });
    if frame.received < header.length {
        let length = format!("{}/{}", frame.received, header.length);
        out.extend_from_slice(format!("{length:>7}").as_bytes());
    } else {
        number(header.length, 7, out);
    }
    out.extend_from_slice(b"  ");
    preview(frame, out);
    while out.last() == Some(&b' ') {
        out.pop();
    }
}

/// The arrow's place tells the direction as well as its head does.
pub(super) const fn direction(from: Option<Side>) -> &'static str {
    match from {
        Some(Side::Client) => "→ ",
        Some(Side::Server) => " ←",
        None => "  ",
    }
}

/// Adds a number, behind as many blanks as make it so wide.
pub(super) fn number(value: u64, width: usize, out: &mut Vec<u8>) {
    // The largest number has twenty digits.
    let (mut digits, mut at, mut rest) = ([b' '; 20], 20, value);
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(at.min(20 - width)..).unwrap_or_default());
}

fn padded(word: &str, width: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(word.as_bytes());
    out.resize(out.len() + width.saturating_sub(word.len()), b' ');
}

fn preview(frame: &FrameItem<'_>, out: &mut Vec<u8>) {
    let header = &frame.record.header;
    let payload = &*frame.payload;
    if let Some((_, decoded)) = &frame.decoded {
        out.extend_from_slice(decoded.summary().as_bytes());
        return;
    }
    match header.opcode() {
        // What an extension has changed reads as nothing.
        _ if header.rsv() != 0 => hex_preview(payload, out),
        Opcode::CLOSE => out.extend_from_slice(close_preview(payload).trim_end().as_bytes()),
        Opcode::TEXT => text_preview(payload, out),
        Opcode::BINARY => hex_preview(payload, out),
        _ if str::from_utf8(payload).is_ok() => text_preview(payload, out),
        _ => hex_preview(payload, out),
    }
}

fn text_preview(payload: &[u8], out: &mut Vec<u8>) {
    let start = payload.get(..PREVIEW).unwrap_or(payload);
    // Looked at without a way out in the middle, so that many bytes are looked at at a time.
    if !start.iter().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~')) {
        out.extend_from_slice(text::preview(payload, PREVIEW).trim_end().as_bytes());
        return;
    }
    out.extend_from_slice(start);
    if start.len() < payload.len() {
        out.extend_from_slice("…".as_bytes());
    }
}

fn close_preview(payload: &[u8]) -> String {
    match CloseBody::parse(payload) {
        CloseBody::Empty => "no code".to_owned(),
        CloseBody::Short(byte) => format!("{byte:02x} (half a code)"),
        CloseBody::Code { code, reason } => code_and_reason(code, reason),
    }
}

/// A close code with its name, and the reason that stands with it.
pub(super) fn code_and_reason(code: Code, reason: &[u8]) -> String {
    let name = code.name();
    match reason {
        [] => format!("{code} {name}"),
        reason => format!("{code} {name}: {}", text::preview(reason, PREVIEW)),
    }
}

fn hex_preview(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let shown = bytes.get(..HEX_PREVIEW).unwrap_or(bytes);
    let mut hex = [b' '; 3 * HEX_PREVIEW];
    for (place, byte) in hex.as_chunks_mut::<3>().0.iter_mut().zip(shown) {
        place[0] = DIGITS[usize::from(byte >> 4)];
        place[1] = DIGITS[usize::from(byte & 15)];
    }
    out.extend_from_slice(hex.get(..(3 * shown.len()).saturating_sub(1)).unwrap_or_default());
    if shown.len() < bytes.len() {
        out.extend_from_slice("…".as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn bytes_in_hex_end_where_the_line_has_no_more_room() {
        assert_eq!(written(|out| hex_preview(&[], out)), "");
        assert_eq!(written(|out| hex_preview(&[0, 0xfe], out)), "00 fe");
        assert_eq!(written(|out| hex_preview(&[1; 33], out)), format!("{}…", ["01"; 32].join(" ")));
    }

    proptest! {
        #[test]
        fn a_number_is_as_the_standard_library_writes_it(value: u64, width in 0usize..20) {
            prop_assert_eq!(written(|out| number(value, width, out)), format!("{value:>width$}"));
        }

        #[test]
        fn plain_text_is_shown_as_any_other(text in "[ -~é]{0,200}") {
            let expected = text::preview(text.as_bytes(), PREVIEW);
            let actual = written(|out| text_preview(text.as_bytes(), out));
            prop_assert_eq!(actual.trim_end(), expected.trim_end());
        }
    }
}
