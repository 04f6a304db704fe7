//! Which dialect the upstream speaks, found out under the policy that repairs: it is asked in the client's own first, and in
//! others where its response shows that it is of another time. What worked is remembered.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use crate::control::Control as _;
use crate::doctor::Spoken;
use crate::doctor::dialects::{Cut, Question};
use crate::record::finding::Level;
use crate::record::{Event, Log, Policy, SessionId};
use crate::relay::bridge::Bridging;
use crate::relay::translate::AddressRules;
use crate::text;
use crate::wire::dialect::Dialect;
use crate::wire::head::Head;
use crate::wire::request::Request;

use super::clock;
use super::dial::Dialer;
use super::listener::Shared;
use super::route::Route;
use super::visit;

/// Time for a response to a try. Servers of 2010 that a request puts off stay silent for ever; others answer at once.
const PATIENCE: Duration = Duration::from_secs(2);
/// Paths whose dialect is remembered.
const REMEMBERED: usize = 256;
/// A path that is longer is not.
const LONGEST_PATH: usize = 1024;

/// What is known of the upstream, by path: one upstream may have servers of several times behind it.
#[derive(Debug, Default)]
pub(super) struct Known {
    by_path: Mutex<HashMap<Vec<u8>, Dialect>>,
}

impl Known {
    fn get(&self, path: &[u8]) -> Option<Dialect> {
        self.by_path.lock().unwrap_or_else(PoisonError::into_inner).get(path).copied()
    }

    fn set(&self, path: &[u8], dialect: Dialect) {
        if path.len() > LONGEST_PATH {
            return;
        }
        let mut known = self.by_path.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(path.to_vec(), dialect);
    }
}

/// What a response in one dialect says of the upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Hint {
    /// It is of that dialect, right or wrong: what is wrong can be repaired.
    Speaks,
    /// Try these instead.
    Try(Vec<Dialect>),
    /// Its response has nothing to do with the dialect.
    Refuses,
}

/// Whether the upstream's dialect is to be found out: the command line does not say it, and the policy is to repair.
pub(super) fn is_wanted(shared: &Shared, route: &Route, request: &[u8]) -> bool {
    let is_repaired = route.bridging.is_none() && shared.handle.policy() == Policy::Repair;
    is_repaired && !matches!(Dialect::of_request(Head::new(request)), Dialect::Other(_))
}

/// What to bridge a client to. `None` where its own dialect is the upstream's, and where nothing better is found.
pub(super) async fn search(shared: &Shared, route: &Route, id: SessionId, request: &[u8]) -> Option<Bridging> {
    let head = Head::new(request);
    let own = Dialect::of_request(head);
    let path = head.target().split(|byte| *byte == b'?').next().unwrap_or_default().to_vec();
    let found = match route.spoken.get(&path) {
        Some(dialect) => Some(dialect),
        None => look(shared, route, id, own, request).await,
    };
    let dialect = found?;
    route.spoken.set(&path, dialect);
    (dialect != own).then_some(Bridging { dialect, binary: route.binary })
}

async fn look(shared: &Shared, route: &Route, id: SessionId, own: Dialect, request: &[u8]) -> Option<Dialect> {
    let asked = question(&route.rules, request);
    let (mut next, mut tried) = (VecDeque::from([own]), Vec::new());
    while let Some(dialect) = next.pop_front() {
        tried.push(dialect);
        let (hint, why) = attempt(&route.dialer, dialect, &asked).await?;
        tell(shared, id, dialect, &hint, &why);
        match hint {
            Hint::Speaks => return Some(dialect),
            Hint::Refuses => return None,
            Hint::Try(others) => {
                let new = others.into_iter().filter(|other| !tried.contains(other));
                for other in new.collect::<Vec<_>>() {
                    if !next.contains(&other) {
                        next.push_back(other);
                    }
                }
            }
        }
    }
    None
}

/// The client's request in the terms that each dialect has.
fn question(rules: &Arc<AddressRules>, request: &[u8]) -> Request {
    let head = Head::new(request);
    let (translated, _) = rules.for_request(head).request(request);
    let head = Head::new(&translated);
    let words = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let origin = head.value("origin").or_else(|| head.value("sec-websocket-origin")).unwrap_or(b"null");
    Request {
        authority: head.value("host").map_or_else(|| rules.authority.clone(), words),
        target: words(head.target()),
        origin: words(origin),
        protocols: Vec::new(),
        fields: Vec::new(),
    }
}

/// Asks in one dialect, on a connection of its own. `None` where there is none.
async fn attempt(dialer: &Dialer, dialect: Dialect, asked: &Request) -> Option<(Hint, String)> {
    let question = Question::new(dialect, asked, &mut rand::random);
    let mut stream = dialer.dial().await.ok()?;
    let mut bytes = Vec::new();
    let cut = match timeout(PATIENCE, visit::ask(&mut stream, &question, &mut bytes)).await {
        Ok(Ok(true)) => None,
        Ok(_) => Some(Cut::Closed),
        Err(_) => Some(Cut::Silent),
    };
    let judged = question.judge(&bytes, cut);
    let hint = if judged.spoken == Spoken::Yes { Hint::Speaks } else { hint(dialect, &bytes) };
    if hint == Hint::Speaks {
        let _ = timeout(PATIENCE, stream.write_all(&question.farewell(rand::random()))).await;
    }
    let _ = timeout(PATIENCE, stream.shutdown()).await;
    Some((hint, judged.why))
}

/// What a response that is not right in `dialect` shows of the server.
fn hint(dialect: Dialect, bytes: &[u8]) -> Hint {
    use Dialect::{Hixie75, Hixie76, Hybi07, Hybi08, Rfc6455};
    let response = Head::of_response(bytes);
    let has = |name: &str| response.field(name).is_some();
    let versions = response.value("sec-websocket-version").map(|value| String::from_utf8_lossy(value).into_owned());
    match response.status() {
        None if bytes.is_empty() => Hint::Try(vec![Hixie76, Hixie75, Hybi08, Rfc6455]),
        Some(101) if dialect.facts().has_accept && has("sec-websocket-accept") => Hint::Speaks,
        Some(101) if has("websocket-origin") || has("websocket-location") || has("sec-websocket-location") => {
            Hint::Try(vec![Hixie76, Hixie75])
        }
        Some(400 | 426) if versions.is_some() => {
            let is_named = |number: &str| {
                versions.as_deref().unwrap_or_default().split(',').any(|version| version.trim() == number)
            };
            let named = [("13", Rfc6455), ("8", Hybi08), ("7", Hybi07)];
            Hint::Try(named.into_iter().filter(|(number, _)| is_named(number)).map(|(_, dialect)| dialect).collect())
        }
        _ => Hint::Refuses,
    }
}

/// Each try is a row.
fn tell(shared: &Shared, id: SessionId, dialect: Dialect, hint: &Hint, why: &str) {
    let name = dialect.facts().name;
    let says = match hint {
        Hint::Speaks => "the upstream speaks it",
        Hint::Try(_) => "the upstream does not speak it",
        Hint::Refuses => "the upstream refuses it",
    };
    let mut log = Log::default();
    let words = format!("asked in {name}: {says} ({})", text::preview(why.as_bytes(), 160));
    log.event(clock::now(), Event::Note(Level::Note, words));
    shared.journal.push(Some(id), log);
}

#[cfg(test)]
mod tests {
    use super::*;
    use Dialect::{Hixie75, Hixie76, Hybi07, Rfc6455};

    #[test]
    fn answers_show_what_a_server_speaks() {
        let old = b"HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nWebSocket-Origin: x\r\n\r\n";
        assert_eq!(hint(Rfc6455, old), Hint::Try(vec![Hixie76, Hixie75]));
        let other = b"HTTP/1.1 400 Bad Request\r\nSec-WebSocket-Version: 7\r\n\r\n";
        assert_eq!(hint(Rfc6455, other), Hint::Try(vec![Hybi07]));
        let wrong = b"HTTP/1.1 101 x\r\nSec-WebSocket-Accept: wrong\r\n\r\n";
        assert_eq!(hint(Rfc6455, wrong), Hint::Speaks, "that can be repaired");
        assert_eq!(hint(Rfc6455, b"HTTP/1.1 404 Not Found\r\n\r\n"), Hint::Refuses);
        assert!(matches!(hint(Rfc6455, b""), Hint::Try(_)));
        assert_eq!(hint(Rfc6455, b"SSH-2.0\r\n"), Hint::Refuses);
    }

    #[test]
    fn no_more_paths_are_remembered_than_the_limit() {
        let known = Known::default();
        for number in 0..2 * REMEMBERED {
            known.set(number.to_string().as_bytes(), Hixie76);
        }
        known.set(&[b'a'; LONGEST_PATH + 1], Hixie75);
        assert!(known.by_path.lock().unwrap().len() <= REMEMBERED);
        assert_eq!(known.get((2 * REMEMBERED - 1).to_string().as_bytes()), Some(Hixie76));
    }
}
