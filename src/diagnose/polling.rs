//! Plain HTTP that comes before a WebSocket: Socket.IO's polling, SignalR's negotiation, SockJS's info. Where it fails, the
//! socket is never tried. Pure: each exchange goes in, and what it tells comes out.

use std::collections::VecDeque;
use std::time::Duration;

use crate::record::Time;
use crate::record::finding::{Finding, FindingKind, Place};
use crate::text;

/// A session of Socket.IO's that was begun so long ago is known to the process that it reaches, unless that has changed.
const YOUNG: Duration = Duration::from_secs(5);
/// Refusals within so long belong together.
const TOGETHER: Duration = Duration::from_secs(10);
/// Refusals that tell of several processes: one alone may have another reason.
const ENOUGH: usize = 2;
/// The same is not told again for so long.
const AGAIN: Duration = Duration::from_secs(60);
/// Bytes of a target or an origin that are shown.
const SHOWN: usize = 80;

/// A request that passed through, and what became of it.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The method.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// The page's origin, where the request has one.
    pub origin: Option<&'a [u8]>,
    /// The name that the client called by.
    pub host: Option<&'a [u8]>,
    /// The response's status.
    pub status: u16,
    /// Access-Control-Allow-Origin of the response.
    pub allowed: Option<&'a [u8]>,
}

impl Exchange<'_> {
    fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    fn query(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    fn polls(&self) -> bool {
        self.query("transport") == Some("polling") && self.query("EIO").is_some()
    }

    /// Whether a WebSocket is to follow it.
    fn leads_to_a_socket(&self) -> bool {
        let is_sockjs = self.path().ends_with("/info") && self.query("t").is_some();
        let is_signalr = self.path().ends_with("/negotiate") && self.query("negotiateVersion").is_some();
        self.polls() || is_sockjs || is_signalr
    }

    /// Whether the page has another origin than the server that it asks.
    fn is_from_elsewhere(&self) -> bool {
        let (Some(origin), Some(host)) = (self.origin, self.host) else { return false };
        let place = [b"http://".as_slice(), b"https://"].iter().find_map(|scheme| origin.strip_prefix(*scheme));
        place.is_none_or(|place| !place.eq_ignore_ascii_case(host))
    }

    fn may_be_read(&self) -> bool {
        self.allowed.is_some_and(|allowed| allowed == b"*" || Some(allowed) == self.origin)
    }
}

/// The memory of such exchanges.
#[derive(Debug, Default)]
pub struct Polling {
    /// When a session was last begun.
    begun: Option<Time>,
    /// When requests of young sessions were refused.
    refused: VecDeque<Time>,
    told: Vec<(FindingKind, Time)>,
}

impl Polling {
    /// An exchange is over.
    pub fn exchange(&mut self, now: Time, exchange: &Exchange<'_>) -> Option<Finding> {
        if !exchange.leads_to_a_socket() {
            return None;
        }
        let finding = self.not_sticky(now, exchange).or_else(|| no_cors(exchange))?;
        self.told.retain(|(_, time)| now.since(*time) < AGAIN);
        if self.told.iter().any(|(kind, _)| *kind == finding.kind) {
            return None;
        }
        self.told.push((finding.kind, now));
        Some(finding)
    }

    fn not_sticky(&mut self, now: Time, exchange: &Exchange<'_>) -> Option<Finding> {
        if !exchange.polls() {
            return None;
        }
        let Some(id) = exchange.query("sid") else {
            if exchange.status == 200 {
                self.begun = Some(now);
            }
            return None;
        };
        let is_young = self.begun.is_some_and(|begun| now.since(begun) <= YOUNG);
        if exchange.status != 400 || !is_young {
            return None;
        }
        self.refused.retain(|time| now.since(*time) <= TOGETHER);
        if self.refused.len() < ENOUGH {
            self.refused.push_back(now);
        }
        (self.refused.len() >= ENOUGH).then(|| {
            let detail = format!(
                "{} for the session {} got 400, {} ms after one was begun",
                exchange.method,
                text::preview(id.as_bytes(), SHOWN),
                now.since(self.begun.unwrap_or_default()).as_millis()
            );
            Finding::new(FindingKind::PollingNotSticky, Place::Connection).detail(detail)
        })
    }
}

fn no_cors(exchange: &Exchange<'_>) -> Option<Finding> {
    // A preflight that is refused is one that gets no such field, whatever its status.
    let is_asked = exchange.status < 400 || exchange.method == "OPTIONS";
    if !is_asked || !exchange.is_from_elsewhere() || exchange.may_be_read() {
        return None;
    }
    let origin = text::preview(exchange.origin.unwrap_or_default(), SHOWN);
    let allowed = match exchange.allowed {
        Some(allowed) => format!("allows {} alone", text::preview(allowed, SHOWN)),
        None => "has no Access-Control-Allow-Origin".to_owned(),
    };
    let target = text::preview(exchange.path().as_bytes(), SHOWN);
    let detail = format!(
        "the response to {} {target} of a page from {origin} {allowed}: no WebSocket was tried",
        exchange.method
    );
    Some(Finding::new(FindingKind::PollingNoCors, Place::Connection).detail(detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLL: &str = "/socket.io/?EIO=4&transport=polling&t=a";

    fn asked(target: &'static str, status: u16) -> Exchange<'static> {
        Exchange { method: "GET", target, origin: None, host: Some(b"localhost:9000"), status, allowed: None }
    }

    fn of_page(target: &'static str, allowed: Option<&'static str>) -> Exchange<'static> {
        Exchange { origin: Some(b"http://localhost:3000"), allowed: allowed.map(str::as_bytes), ..asked(target, 200) }
    }

    #[test]
    fn a_session_that_is_refused_as_soon_as_it_was_begun_reached_another_process() {
        let mut polling = Polling::default();
        let refused = asked("/socket.io/?EIO=4&transport=polling&t=b&sid=abc", 400);
        assert_eq!(polling.exchange(Time(0), &asked(POLL, 200)), None);
        assert_eq!(polling.exchange(Time(40_000), &refused), None, "one alone");
        let found = polling.exchange(Time(42_000), &refused).unwrap();
        assert_eq!(found.kind, FindingKind::PollingNotSticky);
        assert_eq!(found.detail, "GET for the session abc got 400, 42 ms after one was begun");
        assert_eq!(polling.exchange(Time(43_000), &refused), None, "told already");
    }

    #[test]
    fn a_session_of_before_a_restart_is_none_of_these() {
        let mut polling = Polling::default();
        let refused = asked("/socket.io/?EIO=4&transport=polling&sid=abc", 400);
        polling.exchange(Time(0), &asked(POLL, 200));
        for second in 60..70 {
            assert_eq!(polling.exchange(Time(second * 1_000_000), &refused), None);
        }
    }

    #[test]
    fn a_page_from_elsewhere_needs_leave_to_read_what_comes_before_its_socket() {
        let found = |exchange: &Exchange<'_>| Polling::default().exchange(Time(0), exchange).map(|found| found.detail);
        let detail = "the response to GET /socket.io/ of a page from http://localhost:3000 has no \
            Access-Control-Allow-Origin: no WebSocket was tried";
        assert_eq!(found(&of_page(POLL, None)).as_deref(), Some(detail));
        assert!(found(&of_page(POLL, Some("http://a"))).unwrap().contains("allows http://a alone"));
        assert!(found(&of_page("/hub/negotiate?negotiateVersion=1", None)).is_some());
        assert!(found(&of_page("/sockjs/info?t=1", None)).is_some());
        for allowed in ["*", "http://localhost:3000"] {
            assert_eq!(found(&of_page(POLL, Some(allowed))), None);
        }
        assert_eq!(found(&of_page("/index.html", None)), None);
        assert_eq!(found(&Exchange { host: Some(b"LOCALHOST:3000"), ..of_page(POLL, None) }), None, "the same origin");
        assert_eq!(found(&asked(POLL, 200)), None, "no page");
    }
}
