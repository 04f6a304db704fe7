//! The two peers of a session. Which one bytes are from is told by the socket they were read from, by nothing in them.

/// One of a session's two peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Who connected to wsproxy.
    Client,
    /// Whom wsproxy connected to.
    Server,
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// `client` or `server`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    /// 0 or 1, to index what exists for each side.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}
