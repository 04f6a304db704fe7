//! A block: what a session has seen, in one piece.

use std::sync::Arc;

use crate::record::{Log, SessionId};

use super::memory::Memory;

/// What was handed over together, or shortly one after the other. Not changed once a reader has them.
#[derive(Debug)]
pub struct Block {
    /// Its place in the journal: 0, 1, 2 and so on, over all sessions.
    pub sequence: u64,
    /// The session that saw this; `None` for what belongs to none.
    pub session: Option<SessionId>,
    /// What was seen.
    pub log: Log,
    memory: Arc<Memory>,
}

impl Drop for Block {
    fn drop(&mut self) {
        self.memory.subtract(self.size());
        self.memory.recycle(std::mem::take(&mut self.log.read));
    }
}

/// Memory that each block takes besides: what the allocator adds to its three pieces, and its entries in the journal's
/// list and in a reader's index. It is most of what a block of one small frame takes (measured: 150 bytes).
const OVERHEAD: usize = 150;

impl Block {
    pub(super) fn new(sequence: u64, session: Option<SessionId>, log: Log, memory: Arc<Memory>) -> Self {
        let block = Self { sequence, session, log, memory };
        block.memory.add(block.size());
        block
    }

    /// Takes more in behind what is there.
    pub(super) fn append(&mut self, log: Log) {
        let before = self.size();
        self.log.append(log);
        self.memory.subtract(before);
        self.memory.add(self.size());
    }

    /// Memory that the block takes, near enough.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.log.capacity() + OVERHEAD
    }
}
