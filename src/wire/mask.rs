//! Masking (RFC 6455 5.3): XOR with a key of four bytes.

/// The 32 bits with which a masked payload is XORed, in the order they stand on the wire.
pub type MaskKey = [u8; 4];

/// XORs `payload` in place, `offset` bytes into the frame's payload. Masks and unmasks alike.
pub fn apply(key: MaskKey, offset: u64, payload: &mut [u8]) {
    // The key turned so that it starts at this piece of the payload; eight bytes at a time from there.
    let turn = (offset % 4) as usize;
    let turned = [key[turn], key[(turn + 1) % 4], key[(turn + 2) % 4], key[(turn + 3) % 4]];
    let word =
        u64::from_ne_bytes([turned[0], turned[1], turned[2], turned[3], turned[0], turned[1], turned[2], turned[3]]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for chunk in words {
        *chunk = (u64::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(turned.iter().cycle()) {
        *byte ^= key;
    }
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
    }
}
