//! The heartbeats of a block: which of its records are some, and what that hides.

use std::sync::Arc;

use crate::record::{FrameRecord, Record};

use super::block::Block;
use super::fold::{FOLDS, Fold, Heartbeats, Hidden, Messages};

/// What is known of the heartbeats of a block.
#[derive(Clone, Debug, Default)]
pub(super) struct Beats {
    /// Messages in it that are some, by number.
    pub known: Arc<[u32]>,
    /// Whether the last row of the session before it is one: with a row for each fragment, and for each message.
    pub before: [bool; 2],
    /// Whether the last row in it is one, or the last before it where there are none.
    pub after: [bool; 2],
}

impl Beats {
    /// Whether a record is known to be one.
    pub(super) fn has(&self, record: u32) -> bool {
        self.known.binary_search(&record).is_ok()
    }

    /// Finds out what has no row, and what the last row is.
    pub(super) fn hide(&mut self, block: &Block, messages: &Messages) -> Hidden {
        let mut hiding = Hiding { hidden: Default::default(), after: self.before };
        for (number, record) in block.log.numbered() {
            match record {
                Record::More(_) | Record::Sent(_) => hiding.hide(number, |_| true),
                Record::Event(_, event) if !event.is_row() => hiding.hide(number, |_| true),
                Record::Frame(_) if messages.head(number).is_some() => {
                    hiding.hide(number, |fold| fold.fragments);
                    hiding.after[0] = false;
                }
                Record::Frame(frame) if frame.is_heartbeat() || self.has(number) => hiding.beat(number),
                Record::Run(run) => self.run(&mut hiding, number, run.count),
                _ => hiding.after = [false; 2],
            }
        }
        self.after = hiding.after;
        Hidden::new(hiding.hidden)
    }

    /// The frames of a run, of which some may be heartbeats.
    fn run(&self, hiding: &mut Hiding, first: u32, count: u32) {
        let (start, end) = (self.known.partition_point(|known| *known < first), first + count);
        let mut next = first;
        for known in self.known.iter().skip(start).copied().take_while(|known| *known < end) {
            if known > next {
                hiding.after = [false; 2];
            }
            hiding.beat(known);
            next = known + 1;
        }
        if next < end {
            hiding.after = [false; 2];
        }
    }
}

struct Hiding {
    hidden: [Vec<u32>; FOLDS],
    after: [bool; 2],
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
}

/// What is known of the heartbeats of a block, for who reads it elsewhere.
#[derive(Clone, Debug, Default)]
pub struct BlockBeats {
    pub(super) beats: Beats,
    pub(super) hidden: Hidden,
}

impl BlockBeats {
    /// Whether a frame of the block is a heartbeat, by its number in the block.
    #[must_use]
    pub fn is_heartbeat(&self, number: u32, frame: &FrameRecord) -> bool {
        frame.is_heartbeat() || self.beats.has(number)
    }

    /// The messages in it that are known to be heartbeats, by number.
    #[must_use]
    pub fn known(&self) -> &[u32] {
        &self.beats.known
    }

    /// Whether it has no row of its own, by its number in the block.
    #[must_use]
    pub fn is_folded(&self, fold: Fold, number: u32) -> bool {
        self.hidden.has(fold, number)
    }
}
