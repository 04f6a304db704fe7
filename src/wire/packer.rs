//! Compresses messages as permessage-deflate has it (RFC 7692 7.2.1), each with the window of those before it.

use flate2::{Compress, Compression, FlushCompress};

use super::inflate::TAIL;

/// Bits of a window that zlib can't have; a larger one would reach further back than the receiver does.
const TOO_SMALL: u8 = 8;

/// A stream of compressed messages for one receiver.
#[derive(Debug)]
pub struct Packer {
    /// None where the receiver's window is too small: then nothing is made smaller.
    compress: Option<Compress>,
}

impl Packer {
    /// With the window that the receiver has, in bits: 8 to 15.
    #[must_use]
    pub fn new(window: u8) -> Self {
        let compress =
            (window > TOO_SMALL).then(|| Compress::new_with_window_bits(Compression::fast(), false, window.min(15)));
        Self { compress }
    }

    /// The payload of the next frame of a message, the last one or not.
    #[must_use]
    pub fn frame(&mut self, bytes: &[u8], last: bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len() / 2 + 64);
        match &mut self.compress {
            Some(compress) => flush(compress, bytes, &mut out),
            None => {
                out = super::deflate::message(bytes);
                out.extend(TAIL);
            }
        }
        if last {
            if out.ends_with(&TAIL) {
                out.truncate(out.len() - TAIL.len());
            }
            // Where there was nothing to flush, an empty block is begun that the receiver ends.
            if out.is_empty() {
                out.push(0);
            }
        }
        out
    }
}

/// Adds all that comes of some bytes.
fn flush(compress: &mut Compress, mut bytes: &[u8], out: &mut Vec<u8>) {
    loop {
        let before = compress.total_in();
        // An error says only that there was nothing to do.
        let _ = compress.compress_vec(bytes, out, FlushCompress::Sync);
        let taken = usize::try_from(compress.total_in() - before).unwrap_or(usize::MAX);
        bytes = bytes.get(taken..).unwrap_or_default();
        if bytes.is_empty() && out.len() < out.capacity() {
            return;
        }
        out.reserve(out.capacity());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_is_read_in_the_receivers_window(
            messages in proptest::collection::vec(
                proptest::collection::vec(
                    prop_oneof![
                        proptest::collection::vec(any::<u8>(), 0..300),
                        Just(b"the same words over and over".repeat(100)),
                        Just(Vec::new()),
                    ],
                    1..4,
                ),
                1..6,
            ),
            window in 8_u8..=15,
        ) {
            let mut packer = Packer::new(window);
            let mut inflater = flate2::Decompress::new_with_window_bits(false, window.max(9));
            for frames in messages {
                let count = frames.len();
                let mut packed = Vec::new();
                for (index, bytes) in frames.iter().enumerate() {
                    packed.extend(packer.frame(bytes, index + 1 == count));
                }
                packed.extend(TAIL);
                let mut out = Vec::with_capacity(frames.concat().len() + 100);
                inflater.decompress_vec(&packed, &mut out, flate2::FlushDecompress::Sync).unwrap();
                prop_assert_eq!(out, frames.concat());
            }
        }
    }
}
