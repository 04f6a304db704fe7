//! The two peers of a session. Which one bytes are from is told by the socket they were read from, by nothing in them.

use std::ops::{Index, IndexMut};

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
}

/// One of something for each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerSide<T> {
    /// The client's.
    pub client: T,
    /// The server's.
    pub server: T,
}

impl<T> PerSide<T> {
    /// One for each, in the order of `Side`.
    pub const fn new(client: T, server: T) -> Self {
        Self { client, server }
    }

    /// What `make` makes of each side.
    pub fn from_fn(mut make: impl FnMut(Side) -> T) -> Self {
        Self { client: make(Side::Client), server: make(Side::Server) }
    }

    /// What `act` makes of each.
    pub fn map<U>(self, mut act: impl FnMut(T) -> U) -> PerSide<U> {
        PerSide { client: act(self.client), server: act(self.server) }
    }

    /// Each by reference.
    pub const fn as_ref(&self) -> PerSide<&T> {
        PerSide { client: &self.client, server: &self.server }
    }

    /// Each by reference.
    pub const fn as_mut(&mut self) -> PerSide<&mut T> {
        PerSide { client: &mut self.client, server: &mut self.server }
    }

    /// The client's, then the server's.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        [&self.client, &self.server].into_iter()
    }

    /// The client's, then the server's.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        [&mut self.client, &mut self.server].into_iter()
    }
}

impl PerSide<u64> {
    /// Both together.
    #[must_use]
    pub const fn sum(&self) -> u64 {
        self.client + self.server
    }
}

impl<T> Index<Side> for PerSide<T> {
    type Output = T;

    #[inline]
    fn index(&self, side: Side) -> &T {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }
}

impl<T> IndexMut<Side> for PerSide<T> {
    #[inline]
    fn index_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}
