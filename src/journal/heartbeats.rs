//! Heartbeats in the index: which rows they are folded into, and what is found out about them later than they come.

use std::sync::Arc;

use crate::record::{FrameRecord, Seen};

use super::beats::BlockBeats;
use super::fold::{Fold, Heartbeats};
use super::index::Index;
use super::row::{HeartbeatRun, RowId};

impl Index {
    /// The row that a row is folded into: of a further fragment the first one of its message, of a heartbeat the first one of
    /// those that stand together. Itself where it is not.
    #[must_use]
    pub fn head(&self, fold: Fold, id: RowId) -> RowId {
        let Some(looked) = self.blocks.look(id.block) else { return id };
        if let Some(head) = looked.details.head(id.record).filter(|_| fold.fragments) {
            return head;
        }
        if fold.heartbeats != Heartbeats::Folded || !looked.details.hidden.has(fold, id.record) {
            return id;
        }
        let order = looked.block.session.and_then(|session| self.order_of(session));
        let before = order.and_then(|order| Some((order, order.number(&self.blocks, fold, id).checked_sub(1)?)));
        before.and_then(|(order, number)| order.row(&self.blocks, fold, number)).unwrap_or(id)
    }

    /// Whether a row is a heartbeat: a ping or a pong, or a message of which somebody found it out.
    #[must_use]
    pub fn is_heartbeat(&self, id: RowId) -> bool {
        let Some(looked) = self.blocks.look(id.block) else { return false };
        let is_one = |frame: &FrameRecord| frame.is_heartbeat() || looked.details.knows(id.record);
        matches!(looked.block.log.seen(id.record), Some(Seen::Frame(frame)) if is_one(&frame))
    }

    /// The heartbeats that stand in a row, where they are folded; `None` for other rows.
    #[must_use]
    pub fn heartbeats(&self, fold: Fold, id: RowId) -> Option<HeartbeatRun> {
        if fold.heartbeats != Heartbeats::Folded || !self.is_heartbeat(id) {
            return None;
        }
        let session = self.blocks.get(id.block)?.session()?;
        let order = self.order_of(session)?;
        let shown = Fold { heartbeats: Heartbeats::Shown, ..fold };
        let next = order.row(&self.blocks, fold, order.number(&self.blocks, fold, id) + 1);
        let first = order.number(&self.blocks, shown, id);
        let end = next.map_or(order.range(shown).end, |next| order.number(&self.blocks, shown, next));
        Some(HeartbeatRun { session, first, count: end.saturating_sub(first) })
    }

    /// What is known of the heartbeats of a block, by its place in the journal.
    #[must_use]
    pub fn block_heartbeats(&self, sequence: u64) -> BlockBeats {
        BlockBeats(self.blocks.get(sequence).and_then(|entry| entry.details.clone()))
    }

    /// Takes in which messages of some blocks are heartbeats, by their numbers in ascending order. What was known of those
    /// blocks before is forgotten.
    pub fn mark_heartbeats(&mut self, marks: impl IntoIterator<Item = (u64, Vec<u32>)>) {
        let mut changed = Vec::new();
        for (sequence, known) in marks {
            if let Some(entry) = self.blocks.get_mut(sequence) {
                Arc::make_mut(entry.details.get_or_insert_default()).known = known;
                changed.push(sequence);
            }
        }
        self.hide_anew(changed);
    }

    /// Finds out anew what heartbeats hide in some blocks, and in those of their sessions behind them as far as that changes
    /// them.
    pub(super) fn hide_anew(&mut self, blocks: impl IntoIterator<Item = u64>) {
        for sequence in blocks {
            let mut next = Some(sequence);
            while let Some(sequence) = next.take() {
                let Some(entry) = self.blocks.get(sequence) else { break };
                let Some(session) = entry.session() else { break };
                let stretches: Vec<_> = entry.stretches(sequence).collect();
                let old: Vec<_> = stretches.iter().map(|stretch| entry.sums(stretch)).collect();
                let goes_on = self.blocks.hide(sequence);
                let Some(entry) = self.blocks.get(sequence) else { break };
                let after = entry.after;
                let new: Vec<_> = stretches.iter().map(|stretch| entry.sums(stretch)).collect();
                for ((stretch, old), new) in stretches.iter().zip(old).zip(new).filter(|((_, old), new)| old != new) {
                    self.all.change(stretch, old, new);
                    if let Some(rows) = self.rows_mut(session) {
                        rows.order.change(stretch, old, new);
                    }
                }
                let order = self.order_of(session).filter(|_| goes_on);
                let following = order.and_then(|order| order.blocks_from(sequence + 1).next());
                if let Some(entry) = following.and_then(|following| self.blocks.get_mut(following)) {
                    entry.before = after;
                    next = following;
                }
            }
        }
    }
}
