//! Frame opcodes (RFC 6455 5.2).

use std::fmt;

/// The low four bits of a frame's first byte, whether a document gives them a meaning or not.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Opcode(u8);

impl Opcode {
    /// A further fragment of a message that is under way.
    pub const CONTINUATION: Self = Self(0x0);
    /// A text message, or its first fragment.
    pub const TEXT: Self = Self(0x1);
    /// A binary message, or its first fragment.
    pub const BINARY: Self = Self(0x2);
    /// The closing handshake.
    pub const CLOSE: Self = Self(0x8);
    /// A ping.
    pub const PING: Self = Self(0x9);
    /// The reply to a ping, or a heartbeat of its own.
    pub const PONG: Self = Self(0xa);

    /// Takes the low four bits of `value`.
    #[must_use]
    pub const fn new(value: u8) -> Self {
        Self(value & 0x0f)
    }

    /// 0 to 15.
    #[must_use]
    pub const fn value(self) -> u8 {
        self.0
    }

    /// Opcodes with the top bit set are control frames, the reserved ones too (RFC 6455 5.5).
    #[must_use]
    pub const fn is_control(self) -> bool {
        self.0 & 0x8 != 0
    }

    /// The name the RFC gives it; `None` for the ten reserved ones.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self.0 {
            0x0 => Some("continuation"),
            0x1 => Some("text"),
            0x2 => Some("binary"),
            0x8 => Some("close"),
            0x9 => Some("ping"),
            0xa => Some("pong"),
            _ => None,
        }
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => formatter.pad(name),
            None => formatter.pad(&format!("0x{:x}", self.0)),
        }
    }
}

impl fmt::Debug for Opcode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
