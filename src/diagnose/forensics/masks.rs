//! Masks where they do not belong.

use super::{Named, Scene, is_written, start};
use crate::record::Side;
use crate::record::finding::FindingKind;
use crate::wire::frame::{FrameHeader, LengthForm};
use crate::wire::mask;
use crate::wire::opcode::Opcode;

/// The whole frame, its header too, was masked behind the key, as old drafts had it.
pub(super) fn lump(scene: &Scene<'_>) -> Option<Named> {
    let (key, masked) = scene.bytes.split_first_chunk::<4>()?;
    let mut plain = masked.to_vec();
    mask::apply(*key, 0, &mut plain);
    let (header, used) = FrameHeader::parse(&plain)?;
    let payload = plain.get(used..)?;
    let length = usize::try_from(header.length).ok()?;
    let is_right = scene.is_first(header.first)
        && *key != [0; 4]
        && header.mask.is_none()
        && header.form == LengthForm::shortest(header.length);
    let seen = payload.get(..length).unwrap_or(payload);
    let is_text = header.opcode() == Opcode::TEXT && seen.len() >= 2 && is_written(seen);
    // Without text as the proof, the length has to be exact.
    if !is_right || !(is_text || payload.len() == length) {
        return None;
    }
    let detail = format!("unmasked with {}, its first four bytes, it is a frame: {}", hex::encode(key), start(seen));
    Some(Named::new(FindingKind::FrameMaskedLump, 0, 4 + used, detail).astray())
}

/// The bit says that there is a key, and none is there: what stands in its place is the start of a text.
pub(super) fn no_key(scene: &Scene<'_>) -> Option<Named> {
    let (header, _) = FrameHeader::parse(scene.bytes)?;
    header.mask.filter(|_| header.opcode() == Opcode::TEXT)?;
    let begin = header.wire_length() - 4;
    let end = begin.checked_add(usize::try_from(header.length).ok()?)?;
    let (text, rest) = (scene.bytes.get(begin..end)?, scene.bytes.get(end..)?);
    // Four letters can be a key; more than that are hardly chance.
    if text.len() < 5 || !is_written(text) || !(rest.is_empty() || scene.may_begin(rest)) {
        return None;
    }
    let detail = format!("behind the length stands {}, not a key and what it masks", start(text));
    Some(Named::new(FindingKind::FrameServerMasked, 1, 1, detail).astray().cause(
        "the top bit of the second byte was set, as for a client's frame, but no key was written and nothing masked",
        "write the length without 0x80: a server's frames have no mask",
    ))
}

/// The server masks with a key of the client's: it sends the client's frame back as it came.
pub(super) fn same_key(scene: &Scene<'_>) -> Option<Named> {
    let (header, payload) = scene.frame()?;
    let key = header.mask.filter(|key| scene.from == Side::Server && *key != [0; 4] && scene.keys.contains(key))?;
    let detail = format!("the key {} is that of a frame of the client's: {}", hex::encode(key), start(&payload));
    Some(Named::new(FindingKind::FrameServerMasked, 1, header.wire_length() - 1, detail).cause(
        "the bytes that were read from the client are sent back as they came, header and all",
        "read the frame, unmask its payload, and send that in a new frame without a mask",
    ))
}

/// Bytes of a payload from which on a key that makes it text does so by no accident.
const PROOF: usize = 8;

/// The payload is text once more when unmasked with a key of the client's.
pub(super) fn not_unmasked(scene: &Scene<'_>) -> Option<Named> {
    unmasked(scene, |plain| plain.len() >= PROOF && is_written(plain))
}

/// The same for short payloads, of which only words are taken.
pub(super) fn not_unmasked_word(scene: &Scene<'_>) -> Option<Named> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b" .,:!?-_{}[]\"".contains(byte);
    unmasked(scene, |plain| plain.len() >= 4 && plain.iter().all(is_word))
}

fn unmasked(scene: &Scene<'_>, is_text: impl Fn(&[u8]) -> bool) -> Option<Named> {
    let (header, payload) = scene.frame()?;
    if scene.from != Side::Server || header.mask.is_some() {
        return None;
    }
    scene.keys.iter().filter(|key| **key != [0; 4]).find_map(|key| {
        let mut plain = payload.clone();
        mask::apply(*key, 0, &mut plain);
        is_text(&plain).then(|| {
            let (key, length) = (hex::encode(key), payload.len());
            let detail = format!("unmasked with {key}, the key of a frame of the client's, it is {}", start(&plain));
            Named::new(FindingKind::FrameEchoNotUnmasked, header.wire_length(), length, detail)
        })
    })
}
