//! What is seen, for a client that has asked for it. What it is too slow for leaves the journal, and is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::control::Lines;
use crate::journal::{Block, Subscription};
use crate::query::Query;

use super::Shared;

/// A subscription of a client's.
pub(super) struct Events {
    subscription: Subscription,
    lines: Box<dyn Lines>,
    bell: Arc<Bell>,
    /// The block under way, and its next record.
    block: Option<(Arc<Block>, usize)>,
    /// Records that are told as lost.
    missed: u64,
    /// Whether there may be more for which no bell rings.
    is_behind: bool,
}

/// Rings when there is something new.
#[derive(Default)]
struct Bell {
    rung: AtomicBool,
    notify: Notify,
}

impl Events {
    /// What a query asks for from now on, or of what is remembered too.
    pub(super) fn new(shared: &Shared, query: Option<Query>, past: bool) -> Self {
        let bell = Arc::<Bell>::default();
        let ringer = Arc::clone(&bell);
        let mut subscription = shared.journal.subscribe(move || {
            ringer.rung.store(true, Ordering::Release);
            ringer.notify.notify_one();
        });
        let mut lines = (shared.lines)(query);
        if !past {
            // What was seen before is passed over; of sessions it has to be known what they are.
            subscription.read(&mut Vec::new());
            shared.view.introduce(lines.as_mut());
        }
        let missed = subscription.missed();
        Self { subscription, lines, bell, block: None, missed, is_behind: past }
    }

    /// Whether there may be something new.
    pub(super) fn is_due(&self) -> bool {
        self.is_behind || self.bell.rung.load(Ordering::Acquire)
    }

    /// Waits until there may be. Without a subscription, for ever.
    pub(super) async fn more(events: Option<&mut Self>) {
        match events {
            Some(events) => {
                while !events.is_due() {
                    events.bell.notify.notified().await;
                }
            }
            None => std::future::pending().await,
        }
    }

    /// Adds the lines for what is new: about as many bytes as `most`, at least one record's.
    pub(super) fn make(&mut self, out: &mut Vec<u8>, most: usize) {
        self.bell.rung.store(false, Ordering::Release);
        while out.len() < most {
            let Some((block, place)) = &mut self.block else {
                let mut blocks = Vec::new();
                self.subscription.read_some(&mut blocks, 1);
                let missed = self.subscription.missed();
                if missed > self.missed {
                    self.lines.lose(missed - self.missed, out);
                    self.missed = missed;
                }
                self.block = blocks.pop().map(|block| (block, 0));
                self.is_behind = self.block.is_some();
                if self.is_behind {
                    continue;
                }
                return;
            };
            self.lines.add(block.session, &block.log, *place, out);
            *place += 1;
            if *place >= block.log.records.len() {
                self.block = None;
            }
        }
    }
}
