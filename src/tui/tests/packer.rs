//! A compressor, for peers that agreed on permessage-deflate.

use flate2::{Compress, Compression, FlushCompress};

use crate::wire::inflate::TAIL;

/// A peer's compressor, which keeps its window from message to message.
pub(super) struct Packer(Compress);

impl Packer {
    pub(super) fn new() -> Self {
        Self(Compress::new(Compression::best(), false))
    }

    pub(super) fn pack(&mut self, message: &[u8]) -> Vec<u8> {
        let mut packed = Vec::with_capacity(message.len() + 64);
        self.0.compress_vec(message, &mut packed, FlushCompress::Sync).unwrap();
        packed.truncate(packed.len() - TAIL.len());
        packed
    }
}
