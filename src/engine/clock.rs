//! The only clock: wall time that never goes back.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::relay::observation::Time;

/// The time of day: read once, and carried on by the monotonic clock, so that two readings are never in wrong order.
#[must_use]
pub fn now() -> Time {
    static START: OnceLock<(u64, Instant)> = OnceLock::new();
    let (wall, start) = START.get_or_init(|| {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (u64::try_from(wall.as_micros()).unwrap_or(u64::MAX), Instant::now())
    });
    Time(wall.saturating_add(u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX)))
}
