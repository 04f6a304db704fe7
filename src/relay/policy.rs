//! What wsproxy does about faults: pass them on, mend them, or fail the session. One cell holds it for all sessions, so
//! that a key press works at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// What becomes of bytes that break a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// They are relayed as they came.
    #[default]
    Faithful,
    /// They are mended where that can be done.
    Repair,
    /// They fail the session towards both sides.
    Strict,
}

impl Policy {
    /// All, in the order in which the key goes through them.
    pub const ALL: [Self; 3] = [Self::Faithful, Self::Repair, Self::Strict];

    /// The word for it, as in `--policy`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Faithful => "faithful",
            Self::Repair => "repair",
            Self::Strict => "strict",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.name() == name)
    }

    /// The one after this, round and round.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Faithful => Self::Repair,
            Self::Repair => Self::Strict,
            Self::Strict => Self::Faithful,
        }
    }

    /// What it does, in a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Faithful => "every byte is relayed as it came",
            Self::Repair => "handshakes and frames are mended where they can be",
            Self::Strict => "what a browser refuses is refused, and ends the session",
        }
    }
}

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
