//! Times for people.

use jiff::tz::TimeZone;

use crate::record::Time;

/// What the time column of the frame log shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TimeDisplay {
    /// The time of day.
    #[default]
    Clock,
    /// Since the session began.
    Relative,
    /// Since the row before.
    Delta,
}

impl TimeDisplay {
    /// The next one.
    #[must_use]
    pub(crate) const fn next(self) -> Self {
        match self {
            Self::Clock => Self::Relative,
            Self::Relative => Self::Delta,
            Self::Delta => Self::Clock,
        }
    }

    /// What it says about itself.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Clock => "time of day",
            Self::Relative => "since the session began",
            Self::Delta => "since the row before",
        }
    }
}

/// Digits after the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digits {
    /// None.
    Seconds,
    /// Three.
    Milliseconds,
    /// Six.
    Microseconds,
}

/// `12:34:56.789012`.
#[must_use]
pub(crate) fn clock(time: Time, zone: &TimeZone, digits: Digits) -> String {
    let local = time.local(zone);
    let (hour, minute, second) = (local.hour(), local.minute(), local.second());
    let micros = local.subsec_nanosecond() / 1000;
    match digits {
        Digits::Seconds => format!("{hour:02}:{minute:02}:{second:02}"),
        Digits::Milliseconds => format!("{hour:02}:{minute:02}:{second:02}.{:03}", micros / 1000),
        Digits::Microseconds => format!("{hour:02}:{minute:02}:{second:02}.{micros:06}"),
    }
}

/// `2026-01-01 12:34:56.789012`.
#[must_use]
pub(crate) fn stamp(time: Time, zone: &TimeZone) -> String {
    format!("{} {}", time.local(zone).date(), clock(time, zone, Digits::Microseconds))
}

/// Time between two rows in at most eight columns: `+12µs`, `+3.4ms`, `+5.67s`, `+1m05s`, `+2h03m`, `+4d01h`.
#[must_use]
pub(crate) fn delta(from: Time, to: Time) -> String {
    let micros = to.0.saturating_sub(from.0);
    let seconds = micros / 1_000_000;
    match micros {
        0..1_000 => format!("+{micros}µs"),
        1_000..1_000_000 => format!("+{}.{}ms", micros / 1000, micros % 1000 / 100),
        1_000_000..60_000_000 => format!("+{seconds}.{:02}s", micros % 1_000_000 / 10_000),
        60_000_000..3_600_000_000 => format!("+{}m{:02}s", seconds / 60, seconds % 60),
        3_600_000_000..86_400_000_000 => format!("+{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("+{}d{:02}h", (seconds / 86400).min(999), seconds % 86400 / 3600),
    }
}

/// Time since a start, to the millisecond: `3.250`, `1:02.003`, `1:00:00.000`.
#[must_use]
pub(crate) fn since(start: Time, time: Time) -> String {
    let micros = time.0.saturating_sub(start.0);
    let (millis, seconds) = (micros / 1000 % 1000, micros / 1_000_000);
    match seconds {
        0..60 => format!("{seconds}.{millis:03}"),
        60..3600 => format!("{}:{:02}.{millis:03}", seconds / 60, seconds % 60),
        _ => format!("{}:{:02}:{:02}.{millis:03}", seconds / 3600, seconds % 3600 / 60, seconds % 60),
    }
}

/// A round stretch of time, in microseconds: `5 ms`, `10 s`, `30 min`, `6 h`, `1 d`.
#[must_use]
pub(crate) fn span(micros: u64) -> String {
    match micros {
        0..1_000_000 => format!("{} ms", micros / 1_000),
        1_000_000..60_000_000 => format!("{} s", micros / 1_000_000),
        60_000_000..3_600_000_000 => format!("{} min", micros / 60_000_000),
        3_600_000_000..86_400_000_000 => format!("{} h", micros / 3_600_000_000),
        _ => format!("{} d", micros / 86_400_000_000),
    }
}

/// An age in words: `now`, `12 s`, `3 min`, `2 h`, `4 d`.
#[must_use]
pub(crate) fn age(then: Time, now: Time) -> String {
    let seconds = now.since(then).as_secs();
    match seconds {
        0 => "now".into(),
        1..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86400),
    }
}

/// How long something lasted: `20 ms`, then as an age.
#[must_use]
pub(crate) fn lasted(start: Time, end: Time) -> String {
    match end.0.saturating_sub(start.0) {
        micros @ 0..1_000_000 => format!("{} ms", micros / 1000),
        _ => age(start, end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_their_columns() {
        let time = Time(1_767_269_096_789_012);
        assert_eq!(clock(time, &TimeZone::UTC, Digits::Microseconds), "12:04:56.789012");
        assert_eq!(stamp(time, &TimeZone::UTC), "2026-01-01 12:04:56.789012");
        assert_eq!(clock(Time(u64::MAX), &TimeZone::UTC, Digits::Seconds), "00:00:00");
        for (micros, text) in [
            (0, "+0µs"),
            (999, "+999µs"),
            (1_250, "+1.2ms"),
            (999_999, "+999.9ms"),
            (59_990_000, "+59.99s"),
            (65_000_000, "+1m05s"),
            (7_380_000_000, "+2h03m"),
            (u64::MAX, "+999d08h"),
        ] {
            assert_eq!(delta(Time(0), Time(micros)), text);
            assert!(text.chars().count() <= 8);
        }
        assert_eq!(since(Time(0), Time(62_003_000)), "1:02.003");
        assert_eq!(age(Time(0), Time(125_000_000)), "2 min");
    }
}
