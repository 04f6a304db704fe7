//! The one clock: wall time at the start, and the monotonic clock from there, so that time never runs backwards.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::record::Time;

/// The longest that a timer runs.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

static START: LazyLock<(u64, Instant)> = LazyLock::new(|| {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // A clock that a test has stopped says little of when the program began.
    (u64::try_from(wall.as_micros()).unwrap_or(u64::MAX), Instant::from_std(std::time::Instant::now()))
});

/// The time now, in microseconds since 1970.
#[must_use]
pub fn now() -> Time {
    let (wall, instant) = *START;
    Time(wall.saturating_add(u64::try_from(instant.elapsed().as_micros()).unwrap_or(u64::MAX)))
}

/// The moment when so much time will have passed, for timers.
pub(super) fn after(time: Duration) -> Instant {
    Instant::now() + time
}

/// That moment, for timers. One that is years away comes within the year.
pub(super) fn at(time: Time) -> Instant {
    after(time.since(now()).min(FAR))
}
