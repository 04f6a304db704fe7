//! The accept value (RFC 6455 4.2.2): the proof that the server read the client's key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// What a server puts behind the key before it takes the digest of both.
pub const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The SHA-1 of key and GUID.
#[must_use]
pub fn digest(key: &[u8]) -> [u8; 20] {
    Sha1::new().chain_update(key).chain_update(GUID).finalize().into()
}

/// The accept value for the value of a Sec-WebSocket-Key field, whatever that holds.
#[must_use]
pub fn value_for(key: &[u8]) -> String {
    STANDARD.encode(digest(key))
}

/// How the response's accept value stands to the request's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AcceptCheck {
    /// Equal to what the key asks for.
    Right {
        /// The value.
        value: String,
    },
    /// The response has none.
    Missing {
        /// What it should be.
        expected: String,
    },
    /// The response has another.
    Wrong {
        /// What it should be.
        expected: String,
        /// What came, white space around it taken off.
        actual: Vec<u8>,
    },
    /// The request had no key, so there is nothing to compare with.
    NoKey,
}

impl AcceptCheck {
    /// Compares the first `Sec-WebSocket-Accept` value of a response with the key of the request.
    #[must_use]
    pub fn of(key: Option<&[u8]>, accept: Option<&[u8]>) -> Self {
        let Some(key) = key else { return Self::NoKey };
        let expected = value_for(key);
        match accept {
            None => Self::Missing { expected },
            Some(actual) if actual == expected.as_bytes() => Self::Right { value: expected },
            Some(actual) => Self::Wrong { expected, actual: actual.to_vec() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rfc_s_key_gives_the_rfc_s_accept_value() {
        assert_eq!(value_for(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn missing_wrong_and_right_are_told_apart() {
        let key = b"dGhlIHNhbXBsZSBub25jZQ==".as_slice();
        assert!(matches!(AcceptCheck::of(Some(key), None), AcceptCheck::Missing { .. }));
        assert!(matches!(AcceptCheck::of(Some(key), Some(b"x")), AcceptCheck::Wrong { .. }));
        assert!(matches!(AcceptCheck::of(Some(key), Some(b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")), AcceptCheck::Right { .. }));
        assert_eq!(AcceptCheck::of(None, Some(b"x")), AcceptCheck::NoKey);
    }
}
