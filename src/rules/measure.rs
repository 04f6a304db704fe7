//! Times, rates, chances and counts as they are written.

use crate::relay::rules::{Chance, Jitter};

use super::RuleError;
use super::words::Word;

/// The longest that a message is delayed, in microseconds: what waits takes memory, and a peer that waits longer has left.
const LONGEST: u64 = 600_000_000;

/// A time that may vary: `200ms`, `200ms±50ms`, `200ms±50` or `200ms+-50ms`.
pub(super) fn jitter(word: Word<'_>) -> Result<Jitter, RuleError> {
    let (time, spread) = match word.text.split_once('±').or_else(|| word.text.split_once("+-")) {
        Some((time, spread)) => (time, Some(spread)),
        None => (word.text, None),
    };
    let wrong = || word.error("write a time with its unit, up to 10m: 200ms, 2s, or 200ms±50ms");
    let (number, unit) = parts(time).ok_or_else(wrong)?;
    let time = micros(number, unit).ok_or_else(wrong)?;
    let spread = match spread {
        None => 0,
        Some(spread) => {
            let bare = spread.parse::<f64>().ok().and_then(|number| micros(number, unit));
            let own = || parts(spread).and_then(|(number, unit)| micros(number, unit));
            bare.or_else(own).ok_or_else(wrong)?
        }
    };
    if time.saturating_add(spread) > LONGEST {
        return Err(wrong());
    }
    Ok(Jitter { time, spread })
}

/// A time, in microseconds.
pub(super) fn time(word: Word<'_>) -> Result<u64, RuleError> {
    let time = parts(word.text).and_then(|(number, unit)| micros(number, unit));
    time.ok_or_else(|| word.error("write a time with its unit: 500ms, 10s or 5m"))
}

fn parts(text: &str) -> Option<(f64, &str)> {
    let digits = text.trim_end_matches(|character: char| character.is_alphabetic());
    Some((plain(digits)?, text.get(digits.len()..)?))
}

/// A number without a sign or an exponent.
fn plain(digits: &str) -> Option<f64> {
    let is_plain = digits.chars().all(|character| character.is_ascii_digit() || character == '.');
    digits.parse::<f64>().ok().filter(|_| is_plain)
}

fn micros(number: f64, unit: &str) -> Option<u64> {
    let factor = match unit {
        "us" | "µs" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        "m" | "min" => 6e7,
        "h" => 3.6e9,
        _ => return None,
    };
    // A year is more than anybody waits for, and far from what a number holds.
    Some(number * factor).filter(|micros| (0.0..3e13).contains(micros)).map(|micros| micros as u64)
}

/// A chance: `5%` or `0.1%`. `None` where it is no such thing.
pub(super) fn chance(word: Word<'_>) -> Option<Result<Chance, RuleError>> {
    let digits = word.text.strip_suffix('%')?;
    let share = plain(digits).map(|percent| percent * f64::from(Chance::ALL) / 100.0);
    let share = share.filter(|share| (1.0..=f64::from(Chance::ALL)).contains(share));
    let wrong = || word.error("write how often, from 0.0001% to 100%: 5%");
    Some(share.map(|share| Chance(share as u32)).ok_or_else(wrong))
}

/// Bytes a second: `10k/s`, `500/s`, `2M`.
pub(super) fn rate(word: Word<'_>) -> Result<u64, RuleError> {
    let text = word.text.strip_suffix("/s").unwrap_or(word.text);
    let (digits, factor) = match text.char_indices().next_back() {
        Some((end, 'k' | 'K')) => (text.get(..end), 1e3),
        Some((end, 'm' | 'M')) => (text.get(..end), 1e6),
        Some((end, 'g' | 'G')) => (text.get(..end), 1e9),
        _ => (Some(text), 1.0),
    };
    let rate = digits.and_then(plain).map(|number| number * factor).filter(|rate| (1.0..=1e12).contains(rate));
    rate.map(|rate| rate as u64).ok_or_else(|| word.error("write how many bytes a second: 10k/s, 1M/s or 500/s"))
}

/// A whole number in bounds.
pub(super) fn number(word: Word<'_>, (least, most): (u64, u64), usage: &str) -> Result<u64, RuleError> {
    let number = word.text.parse::<u64>().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| word.error(format!("write a number from {least} to {most}: {usage}")))
}
