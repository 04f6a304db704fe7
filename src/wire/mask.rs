//! Masking (RFC 6455 5.3): XOR with a key of four bytes.

/// The 32 bits with which a masked payload is XORed, in the order they stand on the wire.
pub type MaskKey = [u8; 4];

/// XORs `payload` in place, `offset` bytes into the frame's payload. Masks and unmasks alike.
pub fn apply(key: MaskKey, offset: u64, payload: &mut [u8]) {
    // The key turned so that it starts at this piece of the payload; eight bytes at a time from there.
    let mut turned = key;
    turned.rotate_left((offset % 4) as usize);
    let word = u64::from(u32::from_ne_bytes(turned));
    let word = word << 32 | word;
    let (words, rest) = payload.as_chunks_mut::<8>();
    for chunk in words {
        *chunk = (u64::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(turned.iter().cycle()) {
        *byte ^= key;
    }
}

/// Bytes that are looked at before a text that is not ASCII ends the look.
const STRIDE: usize = 1024;

/// Whether a masked payload, from its first byte on, is ASCII. It is not unmasked: an XOR with the key's high bits is
/// enough, many bytes at a time.
#[inline]
#[must_use]
pub fn is_masked_ascii(key: MaskKey, offset: u64, payload: &[u8]) -> bool {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let turn = (offset % 4) as u32;
    let word = u32::from_le_bytes(key).rotate_right(8 * turn);
    let word = (u64::from(word) << 32 | u64::from(word)) & HIGH;
    for stride in payload.chunks(STRIDE) {
        let (words, rest) = stride.as_chunks::<8>();
        let mut seen = 0;
        for bytes in words {
            seen |= u64::from_le_bytes(*bytes) ^ word;
        }
        let mut last = word.to_le_bytes();
        for (slot, byte) in last.iter_mut().zip(rest) {
            *slot ^= byte;
        }
        // The bytes of `last` that no payload byte stands for are the key's own, and say nothing.
        let mask = if rest.is_empty() { 0 } else { HIGH >> (8 * (8 - rest.len())) };
        if (seen & HIGH) | (u64::from_le_bytes(last) & mask) != 0 {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_rfc_s_masked_hello_becomes_hello() {
        let mut payload = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
        apply([0x37, 0xfa, 0x21, 0x3d], 0, &mut payload);
        assert_eq!(&payload, b"Hello");
    }

    proptest! {
        #[test]
        fn any_split_equals_the_definition(
            key: [u8; 4],
            payload in proptest::collection::vec(any::<u8>(), 0..100),
            split in 0usize..100,
        ) {
            let expected: Vec<u8> = payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect();
            let split = split.min(payload.len());
            let mut actual = payload.clone();
            let (left, right) = actual.split_at_mut(split);
            apply(key, 0, left);
            apply(key, split as u64, right);
            prop_assert_eq!(actual, expected);
        }

        #[test]
        fn masked_ascii_is_known_without_unmasking(
            key: [u8; 4],
            mut text in proptest::collection::vec(0u8..0x80, 0..70),
            high in proptest::option::of(0usize..70),
            offset in 0u64..9,
        ) {
            if let Some(byte) = high.and_then(|at| text.get_mut(at)) {
                *byte |= 0x80;
            }
            let is_ascii = text.is_ascii();
            apply(key, offset, &mut text);
            prop_assert_eq!(is_masked_ascii(key, offset, &text), is_ascii);
        }
    }
}
