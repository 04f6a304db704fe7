//! The one place where the time is asked for.

use std::time::SystemTime;

use crate::relay::observation::Time;

/// Now.
#[must_use]
pub fn now() -> Time {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Time(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}
