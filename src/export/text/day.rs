//! Times of day, as the first column of a line has them.

use std::io::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::record::Time;

/// Writes times of day. Most lines belong to the second of the line before, so only a new second is asked for in the zone.
pub(super) struct Day {
    zone: TimeZone,
    /// The last second, and its `hh:mm:ss.`
    second: Option<u64>,
    text: Vec<u8>,
}

impl Day {
    /// `zone` is where the time of day is told.
    pub(super) const fn new(zone: TimeZone) -> Self {
        Self { zone, second: None, text: Vec::new() }
    }

    /// Adds a time of day, with its microseconds.
    pub(super) fn write(&mut self, time: Time, out: &mut Vec<u8>) {
        const MICROS: u64 = 1_000_000;
        let second = time.0 / MICROS;
        if self.second != Some(second) {
            self.second = Some(second);
            let told = i64::try_from(second).ok().and_then(|second| Timestamp::from_second(second).ok());
            let told = told.unwrap_or(Timestamp::MAX).to_zoned(self.zone.clone()).time();
            self.text.clear();
            // A `Vec` takes all that is written.
            let _ = write!(self.text, "{:02}:{:02}:{:02}.", told.hour(), told.minute(), told.second());
        }
        out.extend_from_slice(&self.text);
        let mut rest = time.0 % MICROS;
        let mut digits = [b'0'; 6];
        for digit in digits.iter_mut().rev() {
            *digit += (rest % 10) as u8;
            rest /= 10;
        }
        out.extend_from_slice(&digits);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(day: &mut Day, time: u64) -> String {
        let mut out = Vec::new();
        day.write(Time(time), &mut out);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn a_time_of_day_is_the_zone_s_whatever_was_told_before(times in proptest::collection::vec(0..1u64 << 52, 1..9)) {
            let zone = TimeZone::get("America/New_York").unwrap_or(TimeZone::UTC);
            let mut day = Day::new(zone.clone());
            for time in times {
                let expected = Timestamp::from_microsecond(time as i64).unwrap().to_zoned(zone.clone()).time();
                prop_assert_eq!(told(&mut day, time), format!("{expected:.6}"));
            }
        }
    }

    #[test]
    fn a_time_beyond_all_calendars_is_told_somehow() {
        assert_eq!(told(&mut Day::new(TimeZone::UTC), u64::MAX).len(), "00:00:00.000000".len());
    }
}
