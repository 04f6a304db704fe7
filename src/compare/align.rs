//! Which items of two lists belong together.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// A stretch of two lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// The same items in both.
    Same(Range<usize>, Range<usize>),
    /// Other items in the place of some; one of the two may be empty.
    Changed(Range<usize>, Range<usize>),
}

/// The stretches of two lists, which cover both from their start to their end. The search for the best ones gives up where
/// it would take long, and takes good ones.
#[must_use]
pub fn stretches<T: Eq + std::hash::Hash>(left: &[T], right: &[T]) -> Vec<Stretch> {
    let stretch = |op: DiffOp| match op {
        DiffOp::Equal { old_index, new_index, len } => {
            Stretch::Same(old_index..old_index + len, new_index..new_index + len)
        }
        DiffOp::Delete { old_index, old_len, new_index } => {
            Stretch::Changed(old_index..old_index + old_len, new_index..new_index)
        }
        DiffOp::Insert { old_index, new_index, new_len } => {
            Stretch::Changed(old_index..old_index, new_index..new_index + new_len)
        }
        DiffOp::Replace { old_index, old_len, new_index, new_len } => {
            Stretch::Changed(old_index..old_index + old_len, new_index..new_index + new_len)
        }
    };
    capture_diff_slices(Algorithm::Myers, left, right).into_iter().map(stretch).collect()
}

/// The same, where items that are the same between changes are taken for changed ones too if there are fewer than `least`
/// of them: a few alike by chance tear apart what is better seen as one.
pub(super) fn stretches_of<T: Eq + std::hash::Hash>(left: &[T], right: &[T], least: usize) -> Vec<Stretch> {
    let mut out: Vec<Stretch> = Vec::new();
    let all = stretches(left, right);
    let count = all.len();
    for (index, stretch) in all.into_iter().enumerate() {
        let (one, other) = match stretch {
            Stretch::Same(one, other) if one.len() >= least || index == 0 || index + 1 == count => {
                out.push(Stretch::Same(one, other));
                continue;
            }
            Stretch::Same(one, other) | Stretch::Changed(one, other) => (one, other),
        };
        match out.last_mut() {
            Some(Stretch::Changed(before, before_other)) => {
                before.end = one.end;
                before_other.end = other.end;
            }
            _ => out.push(Stretch::Changed(one, other)),
        }
    }
    out
}
