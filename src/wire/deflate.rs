//! The least of DEFLATE that a sender needs (RFC 1951, RFC 7692 7.2.1): each byte a literal of the fixed code. It makes
//! nothing much smaller, but what it writes is what a receiver has to be able to read, in whatever window.

/// `text` as the payload of a compressed message; RSV1 belongs to its first frame.
#[must_use]
pub fn message(text: &[u8]) -> Vec<u8> {
    let mut bits = Bits::default();
    // A block that is not the last (0), of the fixed code (01): read from the lowest bit.
    bits.push(0b010, 3);
    for byte in text {
        let (code, length) = match *byte {
            0..=143 => (0x30 + u32::from(*byte), 8),
            _ => (0x190 + u32::from(*byte) - 144, 9),
        };
        // Huffman codes stand with their highest bit first.
        bits.push(code.reverse_bits() >> (32 - length), length);
    }
    // The end of the block, then an empty stored block, whose four last bytes stay away.
    bits.push(0, 7);
    bits.push(0, 3);
    bits.finish()
}

/// Bits, lowest first.
#[derive(Default)]
struct Bits {
    out: Vec<u8>,
    waiting: u32,
    count: u32,
}

impl Bits {
    fn push(&mut self, bits: u32, length: u32) {
        self.waiting |= bits << self.count;
        self.count += length;
        while self.count >= 8 {
            self.out.push(self.waiting as u8);
            self.waiting >>= 8;
            self.count -= 8;
        }
    }

    fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.out.push(self.waiting as u8);
        }
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hello_is_compressed_as_the_rfc_shows() {
        assert_eq!(message(b"Hello"), [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    }
}
