//! Close frames: the codes, their names and meanings (RFC 6455 7.4, the registry of 11.7), and the body.

use std::fmt;

/// What a close frame's payload holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseBody<'a> {
    /// Nothing: the receiver reports 1005.
    Empty,
    /// A single byte, which can be no code (RFC 6455 5.5.1).
    Short(u8),
    /// A code and the reason's bytes, UTF-8 or not.
    Code {
        /// The first two bytes, whatever they are.
        code: Code,
        /// All bytes after them.
        reason: &'a [u8],
    },
}

impl<'a> CloseBody<'a> {
    /// Splits an unmasked payload.
    #[must_use]
    pub const fn parse(payload: &'a [u8]) -> Self {
        match payload {
            [] => Self::Empty,
            [only] => Self::Short(*only),
            [high, low, reason @ ..] => Self::Code { code: Code(u16::from_be_bytes([*high, *low])), reason },
        }
    }

    /// The code and the reason, where there is a code.
    #[must_use]
    pub const fn code(&self) -> Option<(Code, &'a [u8])> {
        match *self {
            Self::Code { code, reason } => Some((code, reason)),
            _ => None,
        }
    }
}

/// A close code (RFC 6455 7.4): any number that two bytes can hold, whether a document gives it a meaning or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

impl Code {
    /// The purpose was fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// A server goes down, or the page was left.
    pub const GOING_AWAY: Self = Self(1001);
    /// The peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// A close frame without a code; never sent.
    pub const NO_STATUS: Self = Self(1005);
    /// An end without a close frame; never sent.
    pub const ABNORMAL: Self = Self(1006);
    /// Data that does not fit the message's type.
    pub const INVALID_DATA: Self = Self(1007);
    /// The peer's policy forbids the message.
    pub const POLICY: Self = Self(1008);
    /// A message of more than the peer can process.
    pub const TOO_BIG: Self = Self(1009);
    /// The server met an unexpected condition.
    pub const INTERNAL: Self = Self(1011);
    /// The service is overloaded.
    pub const TRY_AGAIN: Self = Self(1013);
    /// A failed TLS handshake; never sent.
    pub const TLS: Self = Self(1015);

    /// Takes any number.
    #[must_use]
    pub const fn new(value: u16) -> Self {
        Self(value)
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0
    }

    /// The first two bytes of a close frame's payload.
    #[must_use]
    pub const fn to_be_bytes(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }

    /// A short name, as the registry and the browsers' documentation have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts().0
    }

    /// What it says, in a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        self.facts().1
    }

    /// Whether it may stand in a close frame (RFC 6455 7.4.1, 7.4.2).
    #[must_use]
    pub const fn is_sendable(self) -> bool {
        self.facts().2
    }

    const fn facts(self) -> (&'static str, &'static str, bool) {
        match self.0 {
            1000 => ("normal closure", "the purpose was fulfilled", true),
            1001 => ("going away", "a server goes down, or the page was left", true),
            1002 => ("protocol error", "the peer broke the protocol", true),
            1003 => ("unsupported data", "a kind of data that the peer can't accept", true),
            1004 => ("reserved", "has no meaning yet", false),
            1005 => ("no status received", "stands for a close frame without a code, never sent", false),
            1006 => ("abnormal closure", "stands for an end without a close frame, never sent", false),
            1007 => ("invalid payload", "data that does not fit the message's type, as broken UTF-8", true),
            1008 => ("policy violation", "the peer's policy forbids the message", true),
            1009 => ("message too big", "more than the peer can process", true),
            1010 => ("mandatory extension", "the server did not agree to an extension", true),
            1011 => ("internal error", "the server met an unexpected condition", true),
            1012 => ("service restart", "the service is restarted, come back", true),
            1013 => ("try again later", "the service is overloaded", true),
            1014 => ("bad gateway", "a gateway got a bad response from its upstream", true),
            1015 => ("TLS handshake", "stands for a failed TLS handshake, never sent", false),
            0..=999 => ("unused", "below the range of codes", false),
            1016..=2999 => ("unassigned", "reserved for the protocol", false),
            3000..=3999 => ("registered", "for libraries and frameworks, by registration", true),
            4000..=4999 => ("private use", "for the application", true),
            5000.. => ("out of range", "above the range of codes", false),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_each_length_are_told_apart() {
        assert_eq!(CloseBody::parse(&[]), CloseBody::Empty);
        assert_eq!(CloseBody::parse(&[3]), CloseBody::Short(3));
        assert_eq!(CloseBody::parse(b"\x03\xe8bye").code(), Some((Code::NORMAL, b"bye".as_slice())));
    }

    #[test]
    fn codes_that_stand_for_an_absence_are_not_sendable() {
        for absent in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
            assert!(!Code::new(absent).is_sendable(), "{absent}");
        }
        for sendable in [1000, 1001, 1014, 3000, 4999] {
            assert!(Code::new(sendable).is_sendable(), "{sendable}");
        }
    }
}
