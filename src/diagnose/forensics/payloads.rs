//! Texts that are no UTF-8: what they are instead.

use super::{Named, Scene, is_written, start};
use crate::record::finding::FindingKind;
use crate::wire::frame::{FrameHeader, LengthForm};
use crate::wire::mask;

/// A whole frame inside of a frame.
pub(super) fn double_framed(scene: &Scene<'_>) -> Option<Named> {
    let (header, payload) = scene.frame()?;
    let (inner, used) = FrameHeader::parse(&payload)?;
    let whole = (used as u64).checked_add(inner.length)?;
    if !scene.is_first(inner.first) || whole != header.length {
        return None;
    }
    let mut text = payload.get(used..)?.to_vec();
    if let Some(key) = inner.mask {
        mask::apply(key, 0, &mut text);
    }
    let opcode = inner.opcode();
    let detail = format!("the payload is itself a {opcode} frame of {} bytes: {}", inner.length, start(&text));
    Some(Named::new(FindingKind::FrameDoubleFramed, header.wire_length(), used, detail))
}

/// UTF-16, by its mark or its zeros.
pub(super) fn utf16(scene: &Scene<'_>) -> Option<Named> {
    let (header, payload) = scene.frame()?;
    let (marked, order): (usize, fn([u8; 2]) -> u16) = match payload.as_slice() {
        [0xff, 0xfe, ..] => (2, u16::from_le_bytes),
        [0xfe, 0xff, ..] => (2, u16::from_be_bytes),
        _ => (0, zeros(&payload)?),
    };
    let pairs = payload.get(marked..)?.as_chunks::<2>().0;
    let text: String = char::decode_utf16(pairs.iter().map(|pair| order(*pair))).collect::<Result<_, _>>().ok()?;
    if !is_written(text.as_bytes()) {
        return None;
    }
    let name = if order([0, 1]) == 1 { "big-endian" } else { "little-endian" };
    let detail = format!("as {name} UTF-16 it is {}", start(text.as_bytes()));
    Some(Named::new(FindingKind::MsgUtf16, header.wire_length(), payload.len(), detail))
}

fn zeros(payload: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    let pairs = payload.as_chunks::<2>().0;
    let count = |index: usize| pairs.iter().filter(|pair| pair.get(index) == Some(&0)).count();
    let (high, low) = (count(0), count(1));
    if pairs.len() < 2 || !payload.len().is_multiple_of(2) {
        None
    } else if low * 3 >= pairs.len() * 2 && high == 0 {
        Some(u16::from_le_bytes)
    } else if high * 3 >= pairs.len() * 2 && low == 0 {
        Some(u16::from_be_bytes)
    } else {
        None
    }
}

/// The zero as c0 80, or a character as two surrogates: what Java writes.
pub(super) fn java_or_surrogates(scene: &Scene<'_>) -> Option<Named> {
    let (header, payload) = scene.frame()?;
    let at = std::str::from_utf8(&payload).err()?.valid_up_to();
    let (length, detail) = match payload.get(at..)? {
        [0xc0, 0x80, ..] => (2, "c0 80 is how Java's modified UTF-8 writes the zero".to_owned()),
        [0xed, a @ 0xa0..=0xaf, b @ 0x80..=0xbf, 0xed, c @ 0xb0..=0xbf, d @ 0x80..=0xbf, ..] => {
            let unit = |high: u8, low: u8| 0xd000 | u16::from(high & 0x3f) << 6 | u16::from(low & 0x3f);
            let character = char::decode_utf16([unit(*a, *b), unit(*c, *d)]).next()?.ok()?;
            let shown = start(character.to_string().as_bytes());
            (6, format!("two surrogates of three bytes each stand for {shown}, which has four bytes in UTF-8"))
        }
        [0xed, 0xa0..=0xbf, 0x80..=0xbf, ..] => (3, "half of a surrogate pair, written as a character".to_owned()),
        _ => return None,
    };
    Some(Named::new(FindingKind::MsgOverlongOrNonchar, header.wire_length() + at, length, detail).cause(
        "the text was written as modified UTF-8 or CESU-8: Java's writeUTF(), JNI's GetStringUTFChars(), MySQL's utf8, or \
            a string that was cut between two surrogates",
        "encode with getBytes(StandardCharsets.UTF_8), and cut strings between characters only",
    ))
}

/// The length is too large: the next frame, header and all, is read as the end of this text.
pub(super) fn next_inside(scene: &Scene<'_>) -> Option<Named> {
    let (header, used) = FrameHeader::parse(scene.bytes)?;
    let rest = scene.bytes.get(used..)?;
    let at = std::str::from_utf8(rest).err()?.valid_up_to();
    let (next, next_used) = FrameHeader::parse(rest.get(at..)?)?;
    let next_end = (at + next_used).checked_add(usize::try_from(next.length).ok()?)?;
    let is_frame = scene.may_begin(rest.get(at..)?) && next.form == LengthForm::shortest(next.length);
    if header.mask.is_some() || next.mask.is_some() || !is_frame || at as u64 >= header.length {
        return None;
    }
    if !rest.get(next_end..).is_some_and(|rest| scene.may_begin(rest)) {
        return None;
    }
    let detail = format!("the length is {}, but a whole frame begins after {at} bytes of payload", header.length);
    Some(Named::new(FindingKind::MsgInvalidUtf8, used + at, next_used, detail).astray().cause(
        "the length is larger than the payload: it counts a zero or line end that is not sent, or the buffer's size",
        "take the length from the bytes that are written: len(data), Buffer.byteLength(text), the count that read() gave",
    ))
}

/// Formats whose first bytes are no text.
const MAGIC: [(&[u8], &str); 10] = [
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x1f\x8b\x08", "gzip data"),
    (b"\x78\x9c", "zlib data"),
    (b"\x78\xda", "zlib data"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"RIFF", "RIFF data (WebP, WAV)"),
    (b"\x1a\x45\xdf\xa3", "a WebM or Matroska stream"),
];

/// Data that is known by its first bytes.
pub(super) fn binary(scene: &Scene<'_>) -> Option<Named> {
    let (header, payload) = scene.frame()?;
    let (magic, what) = MAGIC.iter().find(|(magic, _)| payload.starts_with(magic))?;
    let detail = format!("the payload is {what}, by its first bytes {}", hex::encode(magic));
    if scene.deflate && matches!(magic, [0x78, ..] | [0x1f, 0x8b, ..]) {
        let named = Named::new(FindingKind::DeflateZlibHeader, header.wire_length(), magic.len(), detail);
        return Some(named.cause(
            "the message was compressed with a wrapper around the deflate data, and RSV1 was not set",
            "compress raw deflate (windowBits -15; flush with Z_SYNC_FLUSH, cut 00 00 ff ff) and set RSV1 on the first frame",
        ));
    }
    Some(Named::new(FindingKind::MsgInvalidUtf8, header.wire_length(), magic.len(), detail).cause(
        "binary data was sent as text: opcode 1 in place of 2, or send() of a string",
        "send it as binary: opcode 2; send(data, opcode=BINARY), socket.send(buffer), WriteMessage(BinaryMessage, data)",
    ))
}

/// What Windows-1252 has at 80 to 9f; zero where it has nothing.
const WINDOWS: [u16; 32] = [
    0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d,
    0, //
    0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e,
    0x0178,
];

/// One byte for each character.
pub(super) fn latin1(scene: &Scene<'_>) -> Option<Named> {
    let (header, payload) = scene.frame()?;
    let error = std::str::from_utf8(&payload).err()?;
    let at = error.valid_up_to();
    let guilty = *payload.get(at)?;
    let is_cut = scene.rule == FindingKind::MsgUtf8IncompleteAtFin && (guilty < 0xe0 || at + 1 != payload.len());
    // Where other characters are right, the encoding is not the fault; and fe and ff are hardly letters.
    if is_cut || guilty >= 0xfe || !payload.get(..at)?.is_ascii() {
        return None;
    }
    let text: String = payload.iter().map(|byte| windows(*byte)).collect::<Option<_>>()?;
    // A control character behind it is more likely the length of a frame that begins here.
    let behind = scene.bytes.get(header.wire_length() + at + 1);
    if scene.is_first(guilty) && behind.is_some_and(u8::is_ascii_control) {
        return None;
    }
    let ascii = payload.iter().filter(|byte| byte.is_ascii_alphanumeric() || **byte == b' ').count();
    if !is_written(text.as_bytes()) || ascii * 2 < payload.len() {
        return None;
    }
    let character = windows(guilty)?;
    let code = if (0x80..0xa0).contains(&guilty) { "Windows-1252" } else { "ISO 8859-1" };
    let detail =
        format!("{guilty:02x} at byte {at} is {character} in {code}; the text is then {}", start(text.as_bytes()));
    Some(Named::new(FindingKind::MsgLatin1, header.wire_length() + at, 1, detail))
}

fn windows(byte: u8) -> Option<char> {
    match byte {
        0x80..=0x9f => {
            let code = *WINDOWS.get(usize::from(byte - 0x80))?;
            char::from_u32(u32::from(code)).filter(|_| code != 0)
        }
        _ => Some(char::from(byte)),
    }
}
