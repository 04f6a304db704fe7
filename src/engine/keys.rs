//! The handshake keys of the newest connections, to tell a client that has but one (RFC 6455 4.1, request 7).

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::wire::head::Head;

/// Keys that are remembered: a client with a constant one repeats it at once.
const REMEMBERED: usize = 256;
/// Longer values are no keys, and are not remembered.
const LONGEST: usize = 64;

/// The keys. Looked at once for each session.
#[derive(Debug, Default)]
pub(super) struct Keys {
    seen: Mutex<VecDeque<Vec<u8>>>,
}

impl Keys {
    /// Whether an earlier request had the key of this one, which is remembered.
    pub(super) fn has_seen(&self, request: &[u8]) -> bool {
        let Some(key) = Head::new(request).value("sec-websocket-key").filter(|key| key.len() <= LONGEST) else {
            return false;
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.iter().any(|other| other == key) {
            return true;
        }
        if seen.len() == REMEMBERED {
            seen.pop_front();
        }
        seen.push_back(key.to_vec());
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(key: &str) -> Vec<u8> {
        format!("GET / HTTP/1.1\r\nSec-WebSocket-Key: {key}\r\n\r\n").into_bytes()
    }

    #[test]
    fn a_key_is_seen_the_second_time_and_old_ones_are_forgotten() {
        let keys = Keys::default();
        assert!(!keys.has_seen(&request("one")));
        assert!(keys.has_seen(&request("one")));
        assert!(!keys.has_seen(b"GET / HTTP/1.1\r\n\r\n"));
        for number in 0..REMEMBERED {
            assert!(!keys.has_seen(&request(&number.to_string())));
        }
        assert!(!keys.has_seen(&request("one")));
    }
}
