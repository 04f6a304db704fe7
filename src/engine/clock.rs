//! The one clock: wall time at the start, and the monotonic clock from there, so that time never runs backwards.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::record::Time;

static START: LazyLock<(u64, Instant)> = LazyLock::new(|| {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (u64::try_from(wall.as_micros()).unwrap_or(u64::MAX), Instant::now())
});

/// The time now, in microseconds since 1970.
#[must_use]
pub fn now() -> Time {
    let (wall, instant) = *START;
    Time(wall.saturating_add(u64::try_from(instant.elapsed().as_micros()).unwrap_or(u64::MAX)))
}

/// The moment when so much time will have passed, for timers.
pub(super) fn after(time: Duration) -> tokio::time::Instant {
    tokio::time::Instant::now() + time
}
