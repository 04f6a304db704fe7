//! A line that is shown for a while, in the place of the keys.

use crate::record::Time;
use crate::record::finding::Level;

/// How long it stays, in microseconds: errors take longer to read.
const TOAST: u64 = 4_000_000;
const TOAST_OF_TROUBLE: u64 = 10_000_000;

/// The line.
#[derive(Clone, Debug)]
pub(crate) struct Toast {
    /// How much it matters.
    pub level: Level,
    /// What it says.
    pub text: String,
    /// Since when.
    pub time: Time,
}

impl Toast {
    /// Microseconds at which it goes.
    #[must_use]
    pub(crate) const fn end(&self) -> u64 {
        self.time.0.saturating_add(if matches!(self.level, Level::Note) { TOAST } else { TOAST_OF_TROUBLE })
    }
}
