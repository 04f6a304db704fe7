//! When, in which session, and which of its frames.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

impl Time {
    /// How long after `earlier` it is; nothing where it is not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// As calendars have it; `None` beyond all of theirs.
    #[must_use]
    pub fn timestamp(self) -> Option<Timestamp> {
        Timestamp::from_microsecond(i64::try_from(self.0).ok()?).ok()
    }

    /// The date and time of day in a zone; those of 1970 beyond all calendars.
    #[must_use]
    pub fn local(self, zone: &TimeZone) -> DateTime {
        zone.to_datetime(self.timestamp().unwrap_or_default())
    }
}

/// The number of a session, from 1, in the order in which clients connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

impl fmt::Display for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// A frame's number in its session, from 1, both lanes counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameNumber(u64);

impl FrameNumber {
    /// The number of a session's first frame.
    pub const FIRST: Self = Self(1);

    /// The one of that value.
    #[inline]
    #[must_use]
    pub const fn new(value: u64) -> Self {
        Self(value)
    }

    /// The number itself.
    #[inline]
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }

    /// That of the next frame.
    #[inline]
    #[must_use]
    pub const fn next(self) -> Self {
        self.after(1)
    }

    /// That of the frame so many frames later.
    #[inline]
    #[must_use]
    pub const fn after(self, count: u64) -> Self {
        Self(self.0 + count)
    }
}

impl Default for FrameNumber {
    fn default() -> Self {
        Self::FIRST
    }
}

impl fmt::Display for FrameNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}
