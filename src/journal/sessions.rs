//! The summaries of all sessions that one reader remembers: sums over them, and the order in which they changed, so that
//! who watches them all looks at those alone that are not as they were.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::record::{SessionId, Time};

use super::summary::SessionSummary;

/// Bytes that the summaries of closed sessions may take. Those of live ones are bounded by the number of sessions.
const CLOSED_SUMMARIES: usize = 32 * 1024 * 1024;

/// All of them, by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Sessions {
    /// Copied only where a frozen view shares it.
    all: BTreeMap<SessionId, Arc<SessionSummary>>,
    /// Closed sessions, oldest first, with the bytes that each took when it closed, and those of all.
    closed: VecDeque<(SessionId, usize)>,
    closed_size: usize,
    forgotten: u64,
    live: usize,
    frames: u64,
    /// Each session by the number of its last change.
    changed: BTreeMap<u64, SessionId>,
    changes: u64,
}

impl Sessions {
    pub(super) fn get(&self, id: SessionId) -> Option<&SessionSummary> {
        self.all.get(&id).map(|summary| &**summary)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &SessionSummary> + ExactSizeIterator {
        self.all.values().map(|summary| &**summary)
    }

    /// Those that can still change.
    pub(super) const fn live(&self) -> usize {
        self.live
    }

    /// Frames of all.
    pub(super) const fn frames(&self) -> u64 {
        self.frames
    }

    /// Those that left memory.
    pub(super) const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// How many changes there were.
    pub(super) const fn changes(&self) -> u64 {
        self.changes
    }

    /// Those that changed after so many changes.
    pub(super) fn changed_since(&self, changes: u64) -> impl Iterator<Item = &SessionSummary> {
        self.changed.range(changes + 1..).filter_map(|(_, id)| self.get(*id))
    }

    /// Something happened to a session, which may have begun or ended by it.
    pub(super) fn change(&mut self, id: SessionId, time: Time, act: impl FnOnce(&mut SessionSummary)) {
        self.changes += 1;
        let summary = self.all.entry(id).or_insert_with(|| {
            self.live += 1;
            Arc::new(SessionSummary::new(id, time))
        });
        let summary = Arc::make_mut(summary);
        self.changed.remove(&summary.changed);
        self.changed.insert(self.changes, id);
        summary.changed = self.changes;
        let (was_live, frames) = (summary.is_live(), summary.frames.sum());
        act(summary);
        self.frames += summary.frames.sum() - frames;
        if was_live && !summary.is_live() {
            let size = summary.size();
            self.live -= 1;
            self.closed.push_back((id, size));
            self.closed_size += size;
        }
    }

    /// Lets go of the oldest closed session, where all of them take too much.
    pub(super) fn forget(&mut self) -> Option<SessionId> {
        if self.closed_size <= CLOSED_SUMMARIES {
            return None;
        }
        let (oldest, size) = self.closed.pop_front()?;
        self.closed_size -= size;
        if let Some(summary) = self.all.remove(&oldest) {
            self.changed.remove(&summary.changed);
            self.frames -= summary.frames.sum();
            self.forgotten += 1;
        }
        Some(oldest)
    }
}
