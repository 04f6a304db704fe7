//! Lengths that were counted or written wrong: the right one is that at whose end the next frame begins.

use super::{Before, Named, Scene, is_written, start};
use crate::record::finding::FindingKind;
use crate::wire::frame::{FrameHeader, LengthForm};
use crate::wire::opcode::Opcode;

/// Lengths above this are not likely.
const SANE: u64 = 1 << 26;
/// Lengths above this are nobody's.
const ABSURD: u64 = 1 << 40;

/// The number of characters, or of UTF-16 units, was taken for the number of bytes: this frame's payload goes on behind
/// its end.
pub(super) fn characters(scene: &Scene<'_>) -> Option<Named> {
    if scene.rule != FindingKind::MsgUtf8IncompleteAtFin {
        return None;
    }
    let (header, used) = FrameHeader::parse(scene.bytes)?;
    let (count, left, what) = counted(scene, &header, scene.bytes.get(used..)?)?;
    let text = scene.bytes.get(used..used + count + left)?;
    Some(chars_not_bytes(used + count, left, count, what, text))
}

/// The same, seen from the bytes that were left over behind the frame.
pub(super) fn characters_left_over(scene: &Scene<'_>) -> Option<Named> {
    let Before::Frame(before) = scene.before else { return None };
    let (header, used) = FrameHeader::parse(before)?;
    let payload = before.get(used..)?;
    if header.opcode() != Opcode::TEXT || payload.len() as u64 != header.length || payload.len() > super::ENOUGH {
        return None;
    }
    let all = [payload, scene.bytes].concat();
    let (count, left, what) = counted(scene, &header, &all)?;
    Some(chars_not_bytes(0, left, count, what, all.get(..count + left)?))
}

fn chars_not_bytes(at: usize, left: usize, count: usize, what: &str, text: &[u8]) -> Named {
    let bytes = text.len();
    let detail = format!("the length is {count}; {} has {count} {what} and {bytes} bytes", start(text));
    Named::new(FindingKind::FrameLenCharsNotBytes, at, left, detail).astray()
}

/// How many bytes the header promises, how many more the text has that has so many characters, and what was counted.
fn counted(scene: &Scene<'_>, header: &FrameHeader, data: &[u8]) -> Option<(usize, usize, &'static str)> {
    let count = usize::try_from(header.length).ok().filter(|count| header.mask.is_none() && *count > 0)?;
    let valid = data.utf8_chunks().next()?.valid();
    let (mut characters, mut units) = (0, 0);
    for (at, character) in valid.char_indices() {
        characters += 1;
        units += character.len_utf16();
        let end = at + character.len_utf8();
        let what = if characters == count { "characters" } else { "UTF-16 units" };
        if (characters == count || units == count)
            && end > count
            && data.get(end..).is_some_and(|rest| scene.may_begin(rest))
        {
            return Some((count, end - count, what));
        }
    }
    None
}

/// A length above 125 in the byte that holds no more.
pub(super) fn one_byte(scene: &Scene<'_>) -> Option<Named> {
    let length = *scene.bytes.get(1).filter(|length| **length >= 126)?;
    let payload = scene.bytes.get(2..)?;
    if !scene.is_first(*scene.bytes.first()?) || scene.from == crate::record::Side::Client {
        return None;
    }
    let all = payload.get(..usize::from(length));
    let ends_well = all.is_some() && scene.may_begin_at(2 + usize::from(length));
    let seen = all.unwrap_or(payload);
    // A mask or a longer form leaves text that is none, by its key or its zeros.
    let is_text = scene.opcode() == Some(Opcode::TEXT) && seen.len() >= 8 && is_written(seen);
    if !(is_text && (ends_well || all.is_none())) && !(ends_well && scene.opcode() == Some(Opcode::BINARY)) {
        return None;
    }
    let read_as = match length {
        126 => "the mark of the 16-bit form".to_owned(),
        127 => "the mark of the 64-bit form".to_owned(),
        _ => format!("the mask bit and a length of {}", length & 0x7f),
    };
    let detail = format!("the second byte, {length:02x}, is the length {length}; it is read as {read_as}");
    Some(Named::new(FindingKind::FrameLen7bitOverflow, 1, 1, detail).astray())
}

/// Four bytes of length behind 127, where eight belong.
pub(super) fn four_bytes(scene: &Scene<'_>) -> Option<Named> {
    let length = u32::from_be_bytes(*scene.bytes.get(2..)?.first_chunk::<4>()?);
    let marked = scene.bytes.get(1).is_some_and(|second| second & 0x7f == 127);
    if !marked || !(126..=SANE).contains(&u64::from(length)) {
        return None;
    }
    let payload = scene.bytes.get(6..)?;
    let fits = match usize::try_from(length).ok().and_then(|length| payload.get(length..)) {
        Some(rest) => scene.may_begin(rest),
        None => scene.opcode() == Some(Opcode::BINARY) || (payload.len() >= 4 && is_written(payload)),
    };
    fits.then(|| {
        let detail = format!("the four bytes behind 7f are {length}; the next four are payload");
        Named::new(FindingKind::FrameLen64In4Bytes, 2, 4, detail).astray()
    })
}

/// A length whose bytes are swapped.
pub(super) fn little_endian(scene: &Scene<'_>) -> Option<Named> {
    let (header, used) = FrameHeader::parse(scene.bytes)?;
    let (length, bytes) = match header.form {
        LengthForm::Sixteen => (u64::from((header.length as u16).swap_bytes()), 2),
        LengthForm::SixtyFour => (header.length.swap_bytes(), 8),
        _ => return None,
    };
    let end = used.checked_add(usize::try_from(length).ok()?)?;
    let fits = match scene.bytes.get(end..) {
        Some(rest) => !rest.is_empty() && scene.may_begin(rest),
        // Of eight bytes, those that must be zero show the order by themselves.
        None => header.form == LengthForm::SixtyFour && header.length > ABSURD && (126..=SANE).contains(&length),
    };
    let is_sane = length == 0 || LengthForm::shortest(length) != LengthForm::Seven;
    (fits && is_sane && length != header.length && length > 0).then(|| {
        let detail =
            format!("read as it should be, the length is {}; with its bytes swapped it is {length}", header.length);
        Named::new(FindingKind::FrameLenLittleEndian, 2, bytes, detail).astray()
    })
}

/// 65535 in the 64-bit form: it is one off.
pub(super) fn nonminimal(scene: &Scene<'_>) -> Option<Named> {
    let (header, _) = FrameHeader::parse(scene.bytes)?;
    if scene.rule != FindingKind::FrameLen64Nonminimal || header.length != 0xffff {
        return None;
    }
    let detail = "65535 is the largest length that fits the 16-bit form";
    Some(
        Named::new(FindingKind::FrameLen64Nonminimal, 1, 9, detail)
            .cause("the comparison is one off: length < 65535", "if length <= 65535, write 126 and two bytes"),
    )
}
