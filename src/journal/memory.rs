//! The memory of blocks: how much of it is held, by the journal and by its readers, and the large pieces that sessions read
//! into, which go round instead of back to the allocator.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Bytes of a slab. A busy session reads into one and hands it over when it is full, or when it has had it for some
/// milliseconds: large enough for the largest read, small enough that a thousand busy sessions take a gigabyte. Slabs of
/// two sizes side by side were faster by a tenth for small messages and left 100 MiB more with the allocator.
pub const SLAB: usize = 1024 * 1024;
/// Slabs that are kept for the next session that is busy: the blocks of some milliseconds at full speed. A full journal
/// gives back one for each that it takes.
const SPARE: usize = 4;

/// What all blocks of a journal share.
#[derive(Debug, Default)]
pub struct Memory {
    /// Bytes of all blocks that exist, those that left the journal and that a reader still holds included.
    held: AtomicUsize,
    spare: Mutex<Vec<Vec<u8>>>,
}

impl Memory {
    /// An empty slab: a vector with room for `SLAB` bytes.
    #[must_use]
    pub fn slab(&self) -> Vec<u8> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        spare.unwrap_or_else(|| Vec::with_capacity(SLAB))
    }

    /// Takes a slab back. What is none goes to the allocator.
    pub fn recycle(&self, mut slab: Vec<u8>) {
        if slab.capacity() != SLAB {
            return;
        }
        slab.clear();
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < SPARE {
            spare.push(slab);
        }
    }

    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, bytes: usize) {
        self.held.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn subtract(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slab_goes_round_and_what_is_none_does_not() {
        let memory = Memory::default();
        let mut slab = memory.slab();
        slab.extend_from_slice(b"read");
        let address = slab.as_ptr();
        memory.recycle(slab);
        memory.recycle(vec![1, 2, 3]);
        let again = memory.slab();
        assert_eq!((again.as_ptr(), again.len(), again.capacity()), (address, 0, SLAB));
    }
}
