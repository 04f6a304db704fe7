//! Who may use the endpoints of the playground, and how many at a time.
//!
//! Browsers let any page open a WebSocket to this machine, so pages from elsewhere are sent away (RFC 6455 10.2), and no one
//! page can take all places.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::wire::url::Url;

/// WebSockets of one origin at a time; those without an origin count as one. Fewer than there are places, so that some are
/// left for others.
const MOST_OF_ONE: usize = 192;

/// Bytes of an origin; longer ones are nobody's.
const LONGEST: usize = 512;

/// The origins that are there, and how many WebSockets each has.
#[derive(Clone, Debug, Default)]
pub(super) struct Guests(Arc<Mutex<BTreeMap<Vec<u8>, usize>>>);

/// One WebSocket's place, which is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Guest {
    guests: Guests,
    origin: Vec<u8>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Away {
    /// The page is another site's.
    Foreign,
    /// The origin has as many as it may have.
    Full,
}

impl Guests {
    /// Takes a place for a request with this origin; a program sends none.
    pub(super) fn admit(&self, origin: Option<&[u8]>) -> Result<Guest, Away> {
        if origin.is_some_and(|origin| !is_local(origin)) {
            return Err(Away::Foreign);
        }
        let origin = origin.unwrap_or_default().to_vec();
        let mut there = self.lock();
        let count = there.entry(origin.clone()).or_default();
        if *count >= MOST_OF_ONE {
            return Err(Away::Full);
        }
        *count += 1;
        Ok(Guest { guests: self.clone(), origin })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut there = self.guests.lock();
        if let Some(count) = there.get_mut(&self.origin) {
            *count -= 1;
            if *count == 0 {
                there.remove(&self.origin);
            }
        }
    }
}

/// Whether an origin is of this machine. `null` is not: a page of another site becomes it in a sandboxed frame.
fn is_local(origin: &[u8]) -> bool {
    let Some(url) = Some(origin).filter(|origin| origin.len() <= LONGEST).and_then(Url::split) else { return false };
    let Ok(authority) = std::str::from_utf8(url.authority) else { return false };
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let name = host.to_ascii_lowercase();
    address.map_or(name == "localhost" || name.ends_with(".localhost"), |address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_machine_and_programs_are_let_in() {
        let guests = Guests::default();
        for origin in ["http://localhost:9000", "https://app.localhost", "http://127.0.0.1:3000", "http://[::1]:9000"] {
            assert!(guests.admit(Some(origin.as_bytes())).is_ok(), "{origin}");
        }
        assert!(guests.admit(None).is_ok());
        for origin in ["https://evil.example", "null", "http://localhost.evil.example", "http://192.168.1.7", ""] {
            assert_eq!(guests.admit(Some(origin.as_bytes())).unwrap_err(), Away::Foreign, "{origin}");
        }
    }

    #[test]
    fn one_origin_can_t_take_all_places() {
        let guests = Guests::default();
        let mut there: Vec<_> = (0..MOST_OF_ONE).map(|_| guests.admit(None).unwrap()).collect();
        assert_eq!(guests.admit(None).unwrap_err(), Away::Full);
        assert!(guests.admit(Some(b"http://localhost:9000")).is_ok());
        there.pop();
        assert!(guests.admit(None).is_ok());
        drop(there);
        assert!(guests.lock().is_empty());
    }
}
