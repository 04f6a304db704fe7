//! What stands behind a field: numbers with bounds, times of day, values of JSON.

use serde_json::Value;

use super::pattern::Pattern;

/// Numbers that fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// One of these.
    One(Vec<u64>),
    /// More than this.
    Above(u64),
    /// Less than this.
    Below(u64),
}

impl Bound {
    pub(super) fn holds(&self, number: u64) -> bool {
        match self {
            Self::One(numbers) => numbers.contains(&number),
            Self::Above(least) => number > *least,
            Self::Below(most) => number < *most,
        }
    }
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Is,
    Contains,
    Above,
    Below,
    AtLeast,
    AtMost,
}

impl Relation {
    /// The numbers that stand in it to one.
    pub(super) fn bound(self, number: u64) -> Bound {
        match self {
            Self::Is | Self::Contains => Bound::One(vec![number]),
            Self::Above => Bound::Above(number),
            Self::Below => Bound::Below(number),
            Self::AtLeast => number.checked_sub(1).map_or(Bound::Below(u64::MAX), Bound::Above),
            Self::AtMost => number.checked_add(1).map_or(Bound::Above(0), Bound::Below),
        }
    }
}

/// A number, with `k`, `M` or `G` behind it for thousands, millions and so on.
pub(super) fn number(text: &str) -> Option<u64> {
    let (digits, factor) = match text.char_indices().next_back()? {
        (end, 'k' | 'K') => (text.get(..end)?, 1000),
        (end, 'm' | 'M') => (text.get(..end)?, 1_000_000),
        (end, 'g' | 'G') => (text.get(..end)?, 1_000_000_000),
        _ => (text, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// `10:02`, `10:02:11` or `10:02:11.5` in microseconds since midnight.
pub(super) fn time_of_day(text: &str) -> Option<u64> {
    let mut parts = text.split(':');
    let (hours, minutes) = (parts.next()?.parse::<u64>().ok()?, parts.next()?.parse::<u64>().ok()?);
    let seconds = parts.next().unwrap_or("0");
    if parts.next().is_some() || hours > 23 || minutes > 59 {
        return None;
    }
    let (whole, part) = seconds.split_once('.').unwrap_or((seconds, ""));
    let whole = whole.parse::<u64>().ok().filter(|seconds| *seconds < 60)?;
    if part.len() > 6 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let micros: u64 = format!("{part:0<6}").parse().ok()?;
    Some(((hours * 60 + minutes) * 60 + whole) * 1_000_000 + micros)
}

/// A value of JSON, and what it has to be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct JsonTest {
    /// Members by name, items by number.
    pub path: Vec<String>,
    /// What it is compared with; `None` where it only has to be there.
    pub against: Option<(Relation, Against)>,
}

/// What a value of JSON is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Against {
    pub text: String,
    pub number: Option<f64>,
    /// For `~`.
    pub pattern: Option<Pattern>,
}

/// Bytes of a text up to which it is read as JSON.
const READ: usize = 1024 * 1024;

impl JsonTest {
    pub(super) fn holds(&self, text: &[u8]) -> bool {
        let looks_right = matches!(text.trim_ascii_start().first(), Some(b'{' | b'['));
        if !looks_right || text.len() > READ {
            return false;
        }
        let Ok(root) = serde_json::from_slice::<Value>(text) else { return false };
        let found = self.path.iter().try_fold(&root, |value, name| match value {
            Value::Array(items) => items.get(name.parse::<usize>().ok()?),
            value => value.get(name),
        });
        match (found, &self.against) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(value), Some((relation, against))) => against.fits(*relation, value),
        }
    }
}

impl Against {
    fn fits(&self, relation: Relation, value: &Value) -> bool {
        let text = match value {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        let compared = match (value.as_f64(), self.number) {
            (Some(value), Some(number)) => value.partial_cmp(&number),
            _ => Some(text.as_str().cmp(&self.text)),
        };
        match relation {
            Relation::Is => compared.is_some_and(|order| order.is_eq()),
            Relation::Contains => self.pattern.as_ref().is_some_and(|pattern| pattern.is_in(text.as_bytes())),
            Relation::Above => compared.is_some_and(|order| order.is_gt()),
            Relation::Below => compared.is_some_and(|order| order.is_lt()),
            Relation::AtLeast => compared.is_some_and(|order| order.is_ge()),
            Relation::AtMost => compared.is_some_and(|order| order.is_le()),
        }
    }
}
