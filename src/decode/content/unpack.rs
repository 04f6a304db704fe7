//! Compressed bytes made long again, up to a limit.

use std::fmt;
use std::io::Read;

use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// How bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packer {
    /// RFC 1952.
    Gzip,
    /// RFC 1950.
    Zlib,
    /// RFC 8878.
    Zstd,
}

/// Bytes that zstd's window may take: all that a decoder has to support (RFC 8878 3.1.1.1.2). It is kept beside what is
/// made.
const WINDOW: u64 = 8 * 1024 * 1024;

/// Bytes that a block of zstd makes at most (RFC 8878 3.1.1.2.4), and blocks that are decoded whatever the limit: small
/// messages may consist of several.
const BLOCK: usize = 128 * 1024;
const BLOCKS: usize = 8;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unpacked {
    /// As far as it went.
    pub bytes: Vec<u8>,
    /// How it ended.
    pub end: End,
}

/// How unpacking ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With the packed bytes.
    Whole,
    /// At the limit.
    Limit,
    /// With bytes that can't be unpacked, or none where there should be some: why.
    Broken(String),
}

impl Packer {
    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zlib => "zlib",
            Self::Zstd => "zstd",
        }
    }

    /// Makes at most `limit` bytes of packed ones.
    pub(super) fn unpack(self, packed: &[u8], limit: usize) -> Unpacked {
        match self {
            Self::Gzip => read(MultiGzDecoder::new(packed), limit),
            Self::Zlib => read(ZlibDecoder::new(packed), limit),
            Self::Zstd => zstd(packed, limit),
        }
    }
}

/// `gzip data`.
impl fmt::Display for Packer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip data",
            Self::Zlib => "zlib data",
            Self::Zstd => "Zstandard data",
        })
    }
}

/// A frame, block by block: the decoder gives nothing out as long as its window is not full, but for the end.
fn zstd(mut packed: &[u8], limit: usize) -> Unpacked {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(WINDOW);
    let mut bytes = Vec::new();
    let most = BLOCKS.max(limit / BLOCK + 1);
    let mut decode = || -> Result<(), FrameDecoderError> {
        decoder.init(&mut packed)?;
        while !decoder.is_finished() && decoder.blocks_decoded() < most && bytes.len() <= limit {
            decoder.decode_blocks(&mut packed, BlockDecodingStrategy::UptoBlocks(1))?;
            bytes.extend(decoder.collect().unwrap_or_default());
        }
        Ok(())
    };
    let end = match decode() {
        Err(error) => End::Broken(error.to_string()),
        Ok(()) if !decoder.is_finished() || bytes.len() > limit => End::Limit,
        Ok(()) => End::Whole,
    };
    bytes.truncate(limit);
    Unpacked { bytes, end }
}

fn read(decoder: impl Read, limit: usize) -> Unpacked {
    let mut bytes = Vec::new();
    // One more tells whether there is more.
    let result = decoder.take(limit as u64 + 1).read_to_end(&mut bytes);
    let is_more = bytes.len() > limit;
    bytes.truncate(limit);
    let end = match result {
        _ if is_more => End::Limit,
        Err(error) => End::Broken(error.to_string()),
        Ok(_) => End::Whole,
    };
    Unpacked { bytes, end }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::read::{GzEncoder, ZlibEncoder};

    fn packed(packer: Packer, bytes: &[u8]) -> Vec<u8> {
        let mut packed = Vec::new();
        match packer {
            Packer::Gzip => drop(GzEncoder::new(bytes, Compression::best()).read_to_end(&mut packed).unwrap()),
            Packer::Zlib => drop(ZlibEncoder::new(bytes, Compression::best()).read_to_end(&mut packed).unwrap()),
            Packer::Zstd => ruzstd::encoding::compress(bytes, &mut packed, ruzstd::encoding::CompressionLevel::Fastest),
        }
        packed
    }

    #[test]
    fn what_was_packed_comes_back_and_no_more_than_is_wanted() {
        for packer in [Packer::Gzip, Packer::Zlib, Packer::Zstd] {
            let packed = packed(packer, &[b'a'; 1_000_000]);
            assert!(packed.len() < 10_000, "{packer}");
            for limit in [0, 1, 1000, 100_000] {
                let unpacked = packer.unpack(&packed, limit);
                assert_eq!((unpacked.bytes.len(), unpacked.end), (limit, End::Limit), "{packer}");
            }
            assert_eq!(packer.unpack(&packed, 1_000_000).end, End::Whole);
            let cut = packer.unpack(&packed[..packed.len() - 1], 1_000_000);
            assert!(matches!(cut.end, End::Broken(_)), "{packer} {cut:?}", cut = cut.end);
        }
    }

    #[test]
    fn a_bomb_of_zstd_ends_after_few_blocks_where_little_is_wanted() {
        // A window of 8 MiB, and blocks of one byte 128 KiB times.
        let bomb = [&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x68][..], &[0x02, 0x00, 0x10, 0x61].repeat(100_000)].concat();
        assert_eq!(Packer::Zstd.unpack(&bomb, 1000), Unpacked { bytes: Vec::new(), end: End::Limit });
        let unpacked = Packer::Zstd.unpack(&bomb, 16 << 20);
        assert!(unpacked.bytes.len() <= 16 << 20 && unpacked.end == End::Limit);
    }

    #[test]
    fn a_window_that_would_take_much_memory_is_refused() {
        // A window of 2 GiB, then a block of 128 KiB of one byte, and so on.
        let bomb = [&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8][..], &[0x02, 0x00, 0x10, 0x61].repeat(10_000)].concat();
        let unpacked = Packer::Zstd.unpack(&bomb, 1_000_000);
        assert!(unpacked.bytes.is_empty() && matches!(unpacked.end, End::Broken(_)));
    }
}
