//! Answers that are no 101: the status, and the first lines of the body that explains it.

use std::borrow::Cow;
use std::time::Duration;

use crate::diagnose::chrome::Fault;
use crate::record::finding::{Finding, FindingKind};
use crate::text;
use crate::wire::head::Head;

use super::request;
use super::said;
use super::server::Shape;
use super::told::{found, shown};

/// Bytes of a body that a sentence shows.
const EXCERPT: usize = 200;

/// A refused request.
pub(super) fn refusal(request: &[u8], response: &[u8], body: &[u8], fault: &Fault) -> Finding {
    let head = Head::of_response(response);
    let line = head.start_line();
    if !has_three_digits(line) {
        return found(FindingKind::HttpStatusUnparsable, response, &fault.at)
            .detail(format!("there is no status of three digits behind HTTP/1.1 and a blank: {}", shown(line)));
    }
    let body = said::body(head, body);
    let shape = Shape::new(head, &body);
    let stripped = request::is_stripped(request) || (is_full_request(request) && misses_upgrade(head, &body));
    let kind = if stripped { FindingKind::HttpUpgradeStripped } else { fault.kind };
    let finding = found(kind, response, &fault.at).detail(detail(head, &body));
    if stripped {
        return finding.cause(
            "a proxy in front of the server did not pass Upgrade and Connection on: the server says that it saw none",
            shape.passes_upgrade(),
        );
    }
    match why(request, head, &shape, &body) {
        Some((cause, fix)) => finding.cause(cause, fix),
        None => finding,
    }
}

/// How long a gateway took to say that it has no response: at once where it was refused, after a limit where nothing came.
#[must_use]
pub fn when(waited: Duration) -> String {
    match waited < Duration::from_millis(500) {
        true => "; it came at once".to_owned(),
        false => format!("; it came after {:.1} s", waited.as_secs_f64()),
    }
}

/// A cause, and what to change.
type Why = (Cow<'static, str>, Cow<'static, str>);

/// Why it was refused: a sentence that is known, the shape of a server that is known, or whatever the refusal says itself.
fn why(request: &[u8], head: Head<'_>, shape: &Shape<'_>, body: &str) -> Option<Why> {
    let request = Head::new(request);
    let from_server = || shape.why().map(|(cause, fix)| (cause.into(), fix.into()));
    let told = || {
        let sentence = said::sentence(head, body).filter(|_| head.status().is_some_and(|status| status >= 400))?;
        let fix = said::fix(request, &sentence);
        Some((format!("the server says why itself: {sentence}").into(), fix))
    };
    named(request, head, body).or_else(from_server).or_else(told).or_else(|| page(head, body))
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

fn detail(head: Head<'_>, body: &str) -> String {
    let mut parts = vec![shown(head.start_line())];
    for name in ["Location", "WWW-Authenticate", "Proxy-Authenticate", "Sec-WebSocket-Version", "Allow", "Retry-After"]
    {
        if let Some(value) = head.value(name) {
            parts.push(format!("{name}: {}", shown(value)));
        }
    }
    let lines: Vec<_> = body.lines().map(str::trim).filter(|line| !line.is_empty()).take(8).collect();
    if !lines.is_empty() {
        parts.push(format!("the body begins: {}", text::preview(lines.join(" ").as_bytes(), EXCERPT)));
    }
    parts.join("; ")
}

/// What servers say to a request without Upgrade, in lower case.
const NO_UPGRADE: [&str; 13] = [
    "upgrade required",
    "can \"upgrade\" only to \"websocket\"",
    "websocket upgrade expected",
    "websocket upgrade is expected",
    "no websocket upgrade hdr",
    "missing or invalid upgrade header",
    "invalid upgrade header",
    "missing connection header",
    "invalid connection header",
    "missing upgrade header",
    "'upgrade' token not found",
    "header did not include 'upgrade'",
    // websockets for Python up to 10, of HTTP/1.0: a browser's request is valid.
    "did not receive a valid http request",
];

/// Whether the server saw no upgrade, or HTTP/1.0, in which there is none: nginx speaks that upstream unless it is told
/// otherwise.
fn misses_upgrade(head: Head<'_>, body: &str) -> bool {
    says(body, &NO_UPGRADE) || (head.status() == Some(505) && says(body, &["http version: http/1.0"]))
}

fn says(text: &str, words: &[&str]) -> bool {
    let lower = text.to_lowercase();
    words.iter().any(|word| lower.contains(word))
}

/// The bug that a refusal gives away, whoever sent it.
fn named(request: Head<'_>, head: Head<'_>, body: &str) -> Option<Why> {
    let (cause, fix) = match head.status()? {
        300..=399 => return redirect(request.target(), head.value("location")?),
        400 if says(body, &["plain http request was sent to https port"]) => {
            ("the server speaks TLS on this port", "use wss:// in the upstream's URL")
        }
        400 if says(body, &["session id unknown"]) => (
            "Socket.IO does not know this session: its polling requests went to another process, or it was restarted",
            "send all requests of a client to one process (sticky sessions), or use the websocket transport alone",
        ),
        400 if says(body, &["transport unknown"]) => (
            "Socket.IO does not take the transport in the URL (its option transports), or the address is not Socket.IO's",
            "use ?EIO=4&transport=websocket, and have websocket in the server's transports",
        ),
        // Vite takes its own subprotocols only with the token that its page has (vite 5.4.12 and later, server/ws.ts).
        400 if says(body, &["bad request"]) && asks_vite(request) => (
            "most likely Vite refuses its own client: the token in the query is missing or of another run, or the page's Host or \
             Origin is not in server.allowedHosts",
            "load the page anew from this dev server; for other names set server.allowedHosts, for a proxy in front server.hmr",
        ),
        400 if says(body, &["request header or cookie too large"]) => (
            "nginx takes no header field that long: most likely a cookie or a token (large_client_header_buffers)",
            "large_client_header_buffers 4 32k; in the server block, or make the cookies smaller",
        ),
        426 if lacks_version(head) => (
            "the server speaks other versions of the protocol only",
            "use a server library that speaks version 13 (RFC 6455)",
        ),
        _ => return None,
    };
    Some((cause.into(), fix.into()))
}

fn asks_vite(request: Head<'_>) -> bool {
    request.value("sec-websocket-protocol").is_some_and(|names| names.starts_with(b"vite-"))
}

/// A page in place of a WebSocket.
fn page(head: Head<'_>, body: &str) -> Option<Why> {
    (head.status() == Some(200) && is_html(head, body)).then(|| {
        let cause = "a page came in place of the WebSocket: the path is served by a web server or a catch-all route";
        (cause.into(), "connect to the WebSocket's own path, or pass that path on to its server".into())
    })
}

fn lacks_version(head: Head<'_>) -> bool {
    let mut versions = head.values("sec-websocket-version").flat_map(|value| value.split(|byte| *byte == b','));
    head.field("sec-websocket-version").is_some() && !versions.any(|version| version.trim_ascii() == b"13")
}

fn is_html(head: Head<'_>, body: &str) -> bool {
    head.value("content-type").is_some_and(|value| value.to_ascii_lowercase().starts_with(b"text/html"))
        || says(body, &["<!doctype html", "<html"])
}

fn redirect(target: &[u8], location: &[u8]) -> Option<Why> {
    let location = String::from_utf8_lossy(location);
    let path = location.split_once("://").map_or(&*location, |(_, rest)| &rest[rest.find('/').unwrap_or(rest.len())..]);
    let target = String::from_utf8_lossy(target);
    if path.strip_suffix('/') == Some(&*target) {
        let cause = "the path is served with a slash at its end only, and browsers follow no redirect here";
        return Some((cause.into(), "put the slash at the end of the URL".into()));
    }
    if location.starts_with("https:") || location.starts_with("wss:") {
        let cause = "the server wants TLS, and browsers follow no redirect here";
        return Some((cause.into(), "connect with wss://".into()));
    }
    says(&location, &["login", "signin", "sign_in", "auth"]).then(|| {
        let cause = "the server sends a client without a session to its login page";
        (cause.into(), "log in first, and see that the page's cookie goes with the request".into())
    })
}
