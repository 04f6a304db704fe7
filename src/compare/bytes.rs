//! Bytes, by the places that belong together.

use super::align::{Stretch, stretches_of};
use super::limits::Limits;

/// Bytes that have to be alike between changes to be taken for the same.
const ALIKE: usize = 4;

/// A place of both sides: the byte of each, or none where the other has more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The first side's.
    pub left: Option<u8>,
    /// The second side's.
    pub right: Option<u8>,
}

impl Cell {
    /// Whether the sides differ in it.
    #[must_use]
    pub fn differs(self) -> bool {
        self.left != self.right
    }
}

/// The places of two payloads, as far as the limits go. Those of one length are compared place by place, as fields that
/// stand at fixed places are.
#[must_use]
pub fn bytes(left: &[u8], right: &[u8], limits: &Limits) -> Vec<Cell> {
    let is_one_length = left.len() == right.len();
    let (left, right) = (left.get(..limits.bytes).unwrap_or(left), right.get(..limits.bytes).unwrap_or(right));
    let start = left.iter().zip(right).take_while(|(one, other)| one == other).count();
    let (one, other) = (left.get(start..).unwrap_or_default(), right.get(start..).unwrap_or_default());
    let alike = one.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other).count();
    let end = if is_one_length { 0 } else { alike };
    let (one, one_end) = one.split_at(one.len() - end);
    let (other, other_end) = other.split_at(other.len() - end);
    let mut out = Vec::with_capacity(left.len().max(right.len()));
    let same = left.get(..start).unwrap_or_default();
    pair(same, same, &mut out);
    if is_one_length || one.len().max(other.len()) > limits.aligned {
        pair(one, other, &mut out);
    } else {
        for stretch in stretches_of(one, other, ALIKE) {
            let (Stretch::Same(first, second) | Stretch::Changed(first, second)) = stretch;
            pair(one.get(first).unwrap_or_default(), other.get(second).unwrap_or_default(), &mut out);
        }
    }
    pair(one_end, other_end, &mut out);
    out
}

/// Puts bytes beside each other, as far as there are some.
fn pair(left: &[u8], right: &[u8], out: &mut Vec<Cell>) {
    let cell = |at: usize| Cell { left: left.get(at).copied(), right: right.get(at).copied() };
    out.extend((0..left.len().max(right.len())).map(cell));
}
