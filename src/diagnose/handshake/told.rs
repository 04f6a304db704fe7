//! How a finding in a head is told: its place, and a peer's value in a sentence.

use std::ops::Range;

use crate::record::finding::{Finding, FindingKind, Place};
use crate::text;

/// Bytes of a peer's value that a sentence shows.
const SHOWN: usize = 100;

/// A peer's value in a sentence.
pub(super) fn shown(value: &[u8]) -> String {
    if value.is_empty() { "nothing".to_owned() } else { text::preview(value, SHOWN) }
}

/// A finding at a place in a response.
pub(super) fn found(kind: FindingKind, response: &[u8], at: &Range<usize>) -> Finding {
    Finding::new(kind, Place::Head).bytes(response, at.start, at.len())
}
