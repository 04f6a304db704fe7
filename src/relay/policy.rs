//! What wsproxy does about faults: pass them on, repair them, or fail the session. One cell holds it for all sessions, so
//! that a key press works at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::record::Policy;

/// The policy in force, shared by all sessions.
#[derive(Clone, Debug, Default)]
pub struct PolicyCell(Arc<AtomicU8>);

impl PolicyCell {
    /// A cell that holds `policy`.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        let cell = Self::default();
        cell.set(policy);
        cell
    }

    /// The policy now.
    #[inline]
    #[must_use]
    pub fn get(&self) -> Policy {
        match self.0.load(Ordering::Relaxed) {
            1 => Policy::Repair,
            2 => Policy::Strict,
            _ => Policy::Faithful,
        }
    }

    /// From the next read on this one holds.
    pub fn set(&self, policy: Policy) {
        let value = match policy {
            Policy::Faithful => 0,
            Policy::Repair => 1,
            Policy::Strict => 2,
        };
        self.0.store(value, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_policy_has_its_name_and_the_key_goes_through_all() {
        let cell = PolicyCell::default();
        assert_eq!(cell.get(), Policy::Faithful);
        for policy in Policy::ALL {
            assert_eq!(Policy::named(policy.name()), Some(policy));
            cell.set(policy);
            assert_eq!(cell.clone().get(), policy);
        }
        assert_eq!(Policy::ALL.map(Policy::next), [Policy::Repair, Policy::Strict, Policy::Faithful]);
    }
}
