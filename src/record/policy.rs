//! What wsproxy does about faults: pass them on, repair them, or fail the session.

/// What becomes of bytes that break a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// They are relayed as they came.
    #[default]
    Faithful,
    /// They are repaired where that can be done.
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
            Self::Repair => "handshakes and frames are repaired where they can be",
            Self::Strict => "what a browser refuses is refused, and ends the session",
        }
    }
}
