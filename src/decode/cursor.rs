//! Bytes read from front to back, none twice and none that is not there.

use std::ops::Range;

use super::Fault;

/// A place in a payload. Offsets count from the payload's start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the bytes begin in the payload.
    base: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self::part(bytes, 0)
    }

    /// At the start of bytes that begin at a place of the payload.
    pub(super) const fn part(bytes: &'a [u8], base: usize) -> Self {
        Self { bytes, at: 0, base }
    }

    /// At the start of a range, up to its end.
    pub(super) fn within(bytes: &'a [u8], range: Range<usize>) -> Self {
        let bytes = bytes.get(..range.end).unwrap_or(bytes);
        Self { bytes, at: range.start.min(bytes.len()), base: 0 }
    }

    pub(super) const fn at(&self) -> usize {
        self.base + self.at
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The next bytes, `what` by name for the fault where fewer are left.
    pub(super) fn take(&mut self, length: u64, what: &str) -> Result<&'a [u8], Fault> {
        let taken = usize::try_from(length).ok().and_then(|length| self.rest().get(..length));
        let Some(taken) = taken else {
            let why = format!("{what} takes {length} bytes and {} are left", self.left());
            return Err(Fault::end(self.at(), why));
        };
        self.at += taken.len();
        Ok(taken)
    }

    /// All that is left.
    pub(super) fn take_rest(&mut self) -> &'a [u8] {
        let rest = self.rest();
        self.at = self.bytes.len();
        rest
    }

    pub(super) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], Fault> {
        let taken = self.take(N as u64, what)?;
        Ok(taken.first_chunk().copied().unwrap_or([0; N]))
    }

    /// A number of so many bytes, the first of them the greatest part.
    pub(super) fn unsigned(&mut self, size: u64, what: &str) -> Result<u64, Fault> {
        let bytes = self.take(size, what)?;
        Ok(bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// A number of seven bits in each of so many bytes at most, the lowest first and the last without the eighth bit.
    pub(super) fn variable(&mut self, at_most: u32, what: &str) -> Result<u64, Fault> {
        let start = self.at();
        let mut value = 0;
        for place in 0..at_most {
            let byte = self.u8(what)?;
            value |= u64::from(byte & 0x7f).checked_shl(7 * place).unwrap_or(0);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Fault::new(start, format!("{what} has at most {at_most} bytes")))
    }

    pub(super) fn u8(&mut self, what: &str) -> Result<u8, Fault> {
        self.array::<1>(what).map(|[byte]| byte)
    }
}
