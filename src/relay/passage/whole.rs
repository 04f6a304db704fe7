//! A frame or a message that is held until it is whole, within the limit of one and within what all sessions may hold.

use crate::relay::limits::Budget;
use crate::wire::assembler::{Assembler, Extent, Message, Trouble};

use super::Part;

/// Holds what is not whole.
#[derive(Debug)]
pub(in crate::relay) struct Whole {
    assembler: Assembler,
    budget: Budget,
    /// Bytes of the budget that are taken.
    taken: usize,
}

impl Whole {
    /// For frames or messages of no more than `limit` bytes.
    pub(in crate::relay) fn new(extent: Extent, limit: usize, budget: &Budget) -> Self {
        Self { assembler: Assembler::new(extent, limit), budget: budget.clone(), taken: 0 }
    }

    /// Takes a part, and gives what it makes whole.
    ///
    /// # Errors
    ///
    /// Where it can't be held or has no meaning. Nothing is held then, and what follows has no meaning either.
    pub(in crate::relay) fn take(&mut self, part: Part<'_>) -> Result<Option<Message>, Trouble> {
        let taken = self.try_take(part);
        if taken.is_err() {
            self.assembler.clear();
        }
        self.give_back(self.assembler.held());
        taken
    }

    fn try_take(&mut self, part: Part<'_>) -> Result<Option<Message>, Trouble> {
        match part {
            Part::Header { header, .. } => self.assembler.header(header).map(|()| None),
            Part::Payload { bytes, last } => {
                if !self.budget.take(bytes.len()) {
                    return Err(Trouble::TooMany);
                }
                self.taken += bytes.len();
                self.assembler.payload(bytes, last)
            }
        }
    }

    /// Gives back all of the budget but what is still held.
    fn give_back(&mut self, held: usize) {
        self.budget.give(self.taken.saturating_sub(held));
        self.taken = self.taken.min(held);
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        self.give_back(0);
    }
}
