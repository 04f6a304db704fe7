//! wsproxy ends the session: it has sent close frames, and waits a little for the peers' own.

use crate::record::Time;

use super::Output;
use super::core::Core;

/// The last phase of a session that its peers did not end.
#[derive(Debug)]
pub(super) struct Closing {
    pub since: Time,
    /// Whether both sides were told that the bytes end.
    is_over: bool,
    /// Whether the time for it has passed.
    pub has_had_its_time: bool,
}

impl Closing {
    /// Close frames are on their way.
    pub(super) const fn begin(now: Time) -> Self {
        Self { since: now, is_over: false, has_had_its_time: false }
    }

    /// Both sides were told of the end.
    pub(super) const fn over(now: Time) -> Self {
        Self { since: now, is_over: true, has_had_its_time: false }
    }

    /// Where the closing handshake is done, both sides end.
    pub(super) fn settle(&mut self, core: &mut Core, out: &mut Output) {
        if !self.is_over && core.lanes.iter().all(|lane| lane.is_finished() || lane.close.is_some()) {
            self.is_over = true;
            core.end_both(out);
        }
    }
}
