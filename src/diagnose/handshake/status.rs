//! Answers that are no 101: the status, and the first lines of the body that explains it.

use crate::diagnose::chrome::Fault;
use crate::record::finding::{Finding, FindingKind};
use crate::text;
use crate::wire::head::Head;

use super::request;
use super::told::{found, shown};

/// Bytes of a body that a sentence shows.
const EXCERPT: usize = 200;

/// A refused request.
pub(super) fn refusal(request: &[u8], answer: &[u8], body: &[u8], fault: &Fault) -> Finding {
    let head = Head::of_response(answer);
    let line = head.start_line();
    if !has_three_digits(line) {
        return found(FindingKind::HttpStatusUnparsable, answer, &fault.at)
            .detail(format!("there is no status of three digits behind HTTP/1.1 and a blank: {}", shown(line)));
    }
    let excerpt = excerpt(head, body);
    let stripped = request::is_stripped(request) || (is_full_request(request) && misses_upgrade(&excerpt));
    let kind = if stripped { FindingKind::HttpUpgradeStripped } else { fault.kind };
    let finding = found(kind, answer, &fault.at).detail(detail(head, &excerpt));
    if stripped {
        return finding.cause(
            "a proxy in front of the server did not pass Upgrade and Connection on: the server says that it saw none",
            "make the proxy pass them on (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
             proxy_set_header Connection \"upgrade\")",
        );
    }
    match named(request, head, &excerpt) {
        Some((cause, fix)) => finding.cause(cause, fix),
        None => finding,
    }
}

/// Three digits from 100 to 599 behind the first blank, and no fourth.
fn has_three_digits(line: &[u8]) -> bool {
    let Some(blank) = line.iter().position(|byte| *byte == b' ') else { return false };
    let rest = line[blank..].trim_ascii_start();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits == 3 && matches!(rest[0], b'1'..=b'5')
}

fn is_full_request(request: &[u8]) -> bool {
    let head = Head::new(request);
    head.value("upgrade").is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"))
        && head.field("connection").is_some()
}

fn detail(head: Head<'_>, excerpt: &[u8]) -> String {
    let mut parts = vec![shown(head.start_line())];
    for name in ["Location", "WWW-Authenticate", "Proxy-Authenticate", "Sec-WebSocket-Version", "Allow", "Retry-After"]
    {
        if let Some(value) = head.value(name) {
            parts.push(format!("{name}: {}", shown(value)));
        }
    }
    if !excerpt.is_empty() {
        parts.push(format!("the body begins: {}", text::preview(excerpt, EXCERPT)));
    }
    parts.join("; ")
}

/// The first lines of a body, a chunk's size taken off.
fn excerpt(head: Head<'_>, body: &[u8]) -> Vec<u8> {
    let is_chunked = head.value("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case(b"chunked"));
    let body = match body.iter().position(|byte| *byte == b'\n') {
        Some(lf) if is_chunked => &body[lf + 1..],
        _ => body,
    };
    let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    lines.take(8).collect::<Vec<_>>().join(b" ".as_slice())
}

/// What servers say to a request without Upgrade, in lower case.
const NO_UPGRADE: [&str; 11] = [
    "upgrade required",
    "can \"upgrade\" only to \"websocket\"",
    "websocket upgrade expected",
    "websocket upgrade is expected",
    "no websocket upgrade hdr",
    "missing or invalid upgrade header",
    "invalid upgrade header",
    "missing connection header",
    "missing upgrade header",
    "'upgrade' token not found",
    "header did not include 'upgrade'",
];

fn misses_upgrade(excerpt: &[u8]) -> bool {
    says(excerpt, &NO_UPGRADE)
}

fn says(excerpt: &[u8], words: &[&str]) -> bool {
    let lower = String::from_utf8_lossy(excerpt).to_lowercase();
    words.iter().any(|word| lower.contains(word))
}

/// The bug that a refusal gives away.
fn named(request: &[u8], head: Head<'_>, excerpt: &[u8]) -> Option<(String, &'static str)> {
    let target = Head::new(request).target();
    let (cause, fix) = match head.status()? {
        300..=399 => return redirect(target, head.value("location")?),
        400 if says(excerpt, &["plain http request was sent to https port"]) => {
            ("the server speaks TLS on this port", "use wss:// in the upstream's URL")
        }
        400 if says(excerpt, &["session id unknown", "transport unknown"]) => (
            "Socket.IO does not know this session: its polling requests went to another process, or the address is not \
             Socket.IO's",
            "send all requests of a client to one process (sticky sessions), or use the websocket transport alone",
        ),
        404 if says(excerpt, &["cannot get "]) => (
            "Express has no route for this path: the WebSocket server is not attached to the HTTP server, or to another path",
            "give the HTTP server to the WebSocket library, and connect to the path that it serves",
        ),
        426 if lacks_version(head) => (
            "the server speaks other versions of the protocol only",
            "use a server library that speaks version 13 (RFC 6455)",
        ),
        403 if says(excerpt, &["origin", "csrf"]) => {
            ("the server does not take requests from this Origin", "add the page's origin to the server's list")
        }
        200 if is_html(head, excerpt) => (
            "a page came in place of the WebSocket: the path is served by a web server or a catch-all route",
            "connect to the WebSocket's own path, or pass that path on to its server",
        ),
        _ => return None,
    };
    Some((cause.to_owned(), fix))
}

fn lacks_version(head: Head<'_>) -> bool {
    let mut versions = head.values("sec-websocket-version").flat_map(|value| value.split(|byte| *byte == b','));
    head.field("sec-websocket-version").is_some() && !versions.any(|version| version.trim_ascii() == b"13")
}

fn is_html(head: Head<'_>, excerpt: &[u8]) -> bool {
    head.value("content-type").is_some_and(|value| value.to_ascii_lowercase().starts_with(b"text/html"))
        || says(excerpt, &["<!doctype html", "<html"])
}

fn redirect(target: &[u8], location: &[u8]) -> Option<(String, &'static str)> {
    let location = String::from_utf8_lossy(location);
    let path = location.split_once("://").map_or(&*location, |(_, rest)| &rest[rest.find('/').unwrap_or(rest.len())..]);
    let target = String::from_utf8_lossy(target);
    if path.strip_suffix('/') == Some(&*target) {
        let cause = "the path is served with a slash at its end only, and browsers follow no redirect here";
        return Some((cause.to_owned(), "put the slash at the end of the URL"));
    }
    if location.starts_with("https:") || location.starts_with("wss:") {
        let cause = "the server wants TLS, and browsers follow no redirect here";
        return Some((cause.to_owned(), "connect with wss://"));
    }
    says(location.as_bytes(), &["login", "signin", "sign_in", "auth"]).then(|| {
        let cause = "the server sends a client without a session to its login page";
        (cause.to_owned(), "log in first, and see that the page's cookie goes with the request")
    })
}
