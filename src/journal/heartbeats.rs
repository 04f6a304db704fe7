//! Heartbeats in the index: which rows they are folded into, and what is found out about them later than they come.

use std::collections::HashMap;
use std::ops::Range;

use crate::record::{FrameRecord, Seen, SessionId};

use super::beats::BlockBeats;
use super::fold::{Fold, Heartbeats};
use super::index::Index;
use super::row::{HeartbeatRun, RowId};

impl Index {
    /// The row that a row is folded into: of a further fragment the first one of its message, of a heartbeat the first one of
    /// those that stand together. Itself where it is not.
    #[must_use]
    pub fn head(&self, fold: Fold, id: RowId) -> RowId {
        let Some(indexed) = self.blocks.get(id.block) else { return id };
        if let Some(head) = indexed.messages.head(id.record).filter(|_| fold.fragments) {
            return head;
        }
        if fold.heartbeats != Heartbeats::Folded || !indexed.hidden.has(fold, id.record) {
            return id;
        }
        let order = indexed.block.session.and_then(|session| self.by_session.get(&session));
        let before = order.and_then(|order| Some((order, order.number(&self.blocks, fold, id).checked_sub(1)?)));
        before.and_then(|(order, number)| order.row(&self.blocks, fold, number)).unwrap_or(id)
    }

    /// Whether a row is a heartbeat: a ping or a pong, or a message of which somebody found it out.
    #[must_use]
    pub fn is_heartbeat(&self, id: RowId) -> bool {
        let Some(indexed) = self.blocks.get(id.block) else { return false };
        let is_one = |frame: &FrameRecord| frame.is_heartbeat() || indexed.beats.has(id.record);
        matches!(indexed.block.log.seen(id.record), Some(Seen::Frame(frame)) if is_one(&frame))
    }

    /// The heartbeats that stand in a row, where they are folded; `None` for other rows.
    #[must_use]
    pub fn heartbeats(&self, fold: Fold, id: RowId) -> Option<HeartbeatRun> {
        if fold.heartbeats != Heartbeats::Folded || !self.is_heartbeat(id) {
            return None;
        }
        let session = self.blocks.get(id.block)?.block.session?;
        let order = self.by_session.get(&session)?;
        let shown = Fold { heartbeats: Heartbeats::Shown, ..fold };
        let next = order.row(&self.blocks, fold, order.number(&self.blocks, fold, id) + 1);
        let first = order.number(&self.blocks, shown, id);
        let end = next.map_or(order.range(shown).end, |next| order.number(&self.blocks, shown, next));
        Some(HeartbeatRun { session, first, count: end.saturating_sub(first) })
    }

    /// What is known of the heartbeats of a block, by its place in the journal.
    #[must_use]
    pub fn block_heartbeats(&self, sequence: u64) -> BlockBeats {
        let indexed = self.blocks.get(sequence);
        indexed.map_or_else(BlockBeats::default, |indexed| BlockBeats {
            beats: indexed.beats.clone(),
            hidden: indexed.hidden.clone(),
        })
    }

    /// Takes in which messages of some blocks are heartbeats, by their numbers in ascending order. What was known of those
    /// blocks before is forgotten.
    pub fn mark_heartbeats(&mut self, marks: impl IntoIterator<Item = (u64, Vec<u32>)>) {
        let mut changed = Vec::new();
        for (sequence, known) in marks {
            if let Some(indexed) = self.blocks.get_mut(sequence) {
                indexed.beats.known = known.into();
                changed.push(sequence);
            }
        }
        self.hide_anew(changed);
    }

    /// Finds out anew what heartbeats hide in some blocks, and in those of their sessions behind them as far as that changes
    /// them.
    pub(super) fn hide_anew(&mut self, blocks: impl IntoIterator<Item = u64>) {
        let mut spans: HashMap<SessionId, Range<RowId>> = HashMap::new();
        let mut all: Option<Range<RowId>> = None;
        for sequence in blocks {
            let mut next = Some(sequence);
            while let Some(sequence) = next.take() {
                let Some(indexed) = self.blocks.get_mut(sequence) else { break };
                let Some(session) = indexed.block.session else { break };
                let (goes_on, after, span) = (indexed.hide(), indexed.beats.after, indexed.span());
                all = Some(all.map_or_else(|| span.clone(), |all| joined(&all, &span)));
                spans.entry(session).and_modify(|other| *other = joined(other, &span)).or_insert(span);
                let order = self.by_session.get(&session).filter(|_| goes_on);
                let following = order.and_then(|order| order.blocks_from(sequence + 1).next());
                if let Some(indexed) = following.and_then(|following| self.blocks.get_mut(following)) {
                    indexed.beats.before = after;
                    next = following;
                }
            }
        }
        if let Some(span) = all {
            self.all.recount(&self.blocks, &span);
        }
        for (session, span) in spans {
            if let Some(order) = self.by_session.get_mut(&session) {
                order.recount(&self.blocks, &span);
            }
        }
    }
}

/// From the beginning of the earlier to the end of the later.
fn joined(one: &Range<RowId>, other: &Range<RowId>) -> Range<RowId> {
    one.start.min(other.start)..one.end.max(other.end)
}
