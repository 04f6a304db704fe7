//! The memory of blocks: how much of it is held, by the journal and by its readers, and the large pieces that sessions read
//! into, which go round instead of back to the allocator.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::BytesMut;

/// Bytes of a slab. A busy session reads into one until it is full; its blocks have the parts. Large enough for the
/// largest read, small enough that a thousand busy sessions take a gigabyte.
const SLAB: usize = 1024 * 1024;
/// Slabs that are kept for the next session that is busy: the blocks of some milliseconds at full speed. A full journal
/// gives back one for each that it takes.
const SPARE: usize = 4;

/// What all blocks of a journal share.
#[derive(Debug, Default)]
pub struct Memory {
    /// Bytes of all blocks that exist, those that left the journal and that a reader still holds included.
    held: AtomicUsize,
    spare: Mutex<Vec<BytesMut>>,
}

impl Memory {
    /// An empty slab, with room for at least half of `SLAB` bytes.
    #[must_use]
    pub fn slab(&self) -> BytesMut {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        spare.unwrap_or_else(|| BytesMut::with_capacity(SLAB))
    }

    /// Takes a slab back, or the part of one that nobody else has a part of any more. What is none goes to the allocator.
    pub fn recycle(&self, mut slab: BytesMut) {
        slab.clear();
        if slab.capacity() < SLAB / 2 && !slab.try_reclaim(SLAB) {
            return;
        }
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
    fn a_slab_goes_round_once_nobody_has_a_part_of_it_and_what_is_none_does_not() {
        let memory = Memory::default();
        let mut slab = memory.slab();
        let address = slab.as_ptr();
        slab.extend_from_slice(b"first second third");
        let (mut second, first) = (slab.split_off(6), slab);
        let third = second.split_off(7);
        drop(third);
        memory.recycle(first);
        assert_ne!(memory.slab().as_ptr(), address, "a part of it is in use");
        memory.recycle(BytesMut::from(&b"a few"[..]));
        memory.recycle(second);
        let again = memory.slab();
        assert_eq!((again.as_ptr(), again.len(), again.capacity()), (address, 0, SLAB));
    }
}
