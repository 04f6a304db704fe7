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
    let cut = |side: &'_ [u8]| side.get(..limits.bytes).unwrap_or(side).to_vec();
    let (left, right) = (cut(left), cut(right));
    if is_one_length {
        return left
            .into_iter()
            .zip(right)
            .map(|(left, right)| Cell { left: Some(left), right: Some(right) })
            .collect();
    }
    let mut out = Vec::new();
    for stretch in stretches_of(&left, &right, ALIKE) {
        let (Stretch::Same(one, other) | Stretch::Changed(one, other)) = stretch;
        let place = |index: usize| Cell {
            left: one.clone().nth(index).and_then(|at| left.get(at)).copied(),
            right: other.clone().nth(index).and_then(|at| right.get(at)).copied(),
        };
        out.extend((0..one.len().max(other.len())).map(place));
    }
    out
}
