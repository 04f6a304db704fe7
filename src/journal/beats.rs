//! The heartbeats of a block: which of its records are some, and what that hides.

use std::sync::Arc;

use crate::record::{FrameRecord, Record};

use super::block::Block;
use super::details::{Details, LastIsBeat};
use super::fold::{FOLDS, Fold, Heartbeats, Hidden};

/// Finds out what of a block has no row, and whether the last row is a heartbeat. What is known of its messages says which
/// are some.
pub(super) fn hide(block: &Block, details: &Details, before: LastIsBeat) -> (Hidden, LastIsBeat) {
    let mut hiding = Hiding { hidden: Default::default(), after: before };
    for (number, record) in block.log.numbered() {
        match record {
            Record::More(_) | Record::Sent(_) => hiding.hide(number, |_| true),
            Record::Event(_, event) if !event.is_row() => hiding.hide(number, |_| true),
            Record::Frame(_) if details.head(number).is_some() => {
                hiding.hide(number, |fold| fold.fragments);
                hiding.after[0] = false;
            }
            Record::Frame(frame) if frame.is_heartbeat() || details.knows(number) => hiding.beat(number),
            Record::Run(run) => hiding.run(&details.known, number, run.count),
            _ => hiding.after = [false; 2],
        }
    }
    (Hidden::new(hiding.hidden), hiding.after)
}

struct Hiding {
    hidden: [Vec<u32>; FOLDS],
    after: LastIsBeat,
}

impl Hiding {
    fn hide(&mut self, record: u32, is_hidden: impl Fn(Fold) -> bool) {
        for fold in Fold::ALL.into_iter().filter(|fold| is_hidden(*fold)) {
            self.hidden[fold.index()].push(record);
        }
    }

    fn beat(&mut self, record: u32) {
        let after = self.after;
        self.hide(record, |fold| match fold.heartbeats {
            Heartbeats::Shown => false,
            Heartbeats::Folded => after[usize::from(fold.fragments)],
            Heartbeats::Hidden => true,
        });
        self.after = [true; 2];
    }

    /// The frames of a run, of which some may be heartbeats.
    fn run(&mut self, known: &[u32], first: u32, count: u32) {
        let (start, end) = (known.partition_point(|known| *known < first), first + count);
        let mut next = first;
        for known in known.iter().skip(start).copied().take_while(|known| *known < end) {
            if known > next {
                self.after = [false; 2];
            }
            self.beat(known);
            next = known + 1;
        }
        if next < end {
            self.after = [false; 2];
        }
    }
}

/// What is known of the heartbeats of a block, for who reads it elsewhere.
#[derive(Clone, Debug, Default)]
pub struct BlockBeats(pub(super) Option<Arc<Details>>);

impl BlockBeats {
    fn details(&self) -> &Details {
        self.0.as_deref().unwrap_or(Details::NONE)
    }

    /// Whether a frame of the block is a heartbeat, by its number in the block.
    #[must_use]
    pub fn is_heartbeat(&self, number: u32, frame: &FrameRecord) -> bool {
        frame.is_heartbeat() || self.details().knows(number)
    }

    /// The messages in it that are known to be heartbeats, by number.
    #[must_use]
    pub fn known(&self) -> &[u32] {
        &self.details().known
    }

    /// Whether it has no row of its own, by its number in the block.
    #[must_use]
    pub fn is_folded(&self, fold: Fold, number: u32) -> bool {
        self.details().hidden.has(fold, number)
    }
}
