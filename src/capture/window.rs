//! A piece of a file, so that many small reads near one another are one.

use std::io::{self, Read, Seek, SeekFrom};

/// Bytes that are read ahead.
const AHEAD: u64 = 64 * 1024;

/// Reads at any place of a source that only grows.
pub(super) struct Window<R> {
    source: R,
    at: u64,
    bytes: Vec<u8>,
}

impl<R: Read + Seek> Window<R> {
    pub(super) const fn new(source: R) -> Self {
        Self { source, at: 0, bytes: Vec::new() }
    }

    pub(super) const fn source(&mut self) -> &mut R {
        &mut self.source
    }

    /// Bytes of the source now.
    pub(super) fn length(&mut self) -> io::Result<u64> {
        self.source.seek(SeekFrom::End(0))
    }

    /// So many bytes from a place on; `None` where there are fewer. Memory grows with what is there, not with what is asked
    /// for.
    pub(super) fn get(&mut self, at: u64, length: u64) -> io::Result<Option<&[u8]>> {
        let is_there = |at_window: u64, bytes: &[u8]| {
            at >= at_window && at.checked_add(length).is_some_and(|end| end <= at_window + bytes.len() as u64)
        };
        if !is_there(self.at, &self.bytes) {
            self.source.seek(SeekFrom::Start(at))?;
            (self.at, self.bytes) = (at, std::mem::take(&mut self.bytes));
            self.bytes.clear();
            self.source.by_ref().take(length.max(AHEAD)).read_to_end(&mut self.bytes)?;
        }
        let place = usize::try_from(at - self.at).unwrap_or(usize::MAX);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Ok(self.bytes.get(place..).and_then(|bytes| bytes.get(..length)))
    }

    pub(super) fn array<const N: usize>(&mut self, at: u64) -> io::Result<Option<[u8; N]>> {
        Ok(self.get(at, N as u64)?.and_then(|bytes| bytes.first_chunk().copied()))
    }
}
