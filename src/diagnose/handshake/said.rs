//! What a refusal says itself: the sentence in its body, and what to do about it.

use std::borrow::Cow;

use serde_json::Value;

use crate::text;
use crate::wire::head::{self, Head};

/// Bytes of a body that are looked at.
const LOOKED_AT: usize = 8 * 1024;
/// Bytes of the sentence that are shown.
const SHOWN: usize = 160;
/// Members of a JSON body that hold the reason, the likeliest first.
const MEMBERS: [&str; 6] = ["detail", "message", "reason", "error_description", "error", "title"];
/// Phrases that only repeat a status (RFC 9110 15.5 and 15.6), in lower case.
const STOCK: [&str; 14] = [
    "error",
    "bad request",
    "unauthorized",
    "authorization required",
    "forbidden",
    "not found",
    "method not allowed",
    "not acceptable",
    "upgrade required",
    "internal server error",
    "bad gateway",
    "service unavailable",
    "gateway timeout",
    "gateway time-out",
];

/// What a response says itself, whose head and body these are as far as they came: the sentence in its body that says
/// more than its status does.
#[must_use]
pub fn said(response: &[u8]) -> Option<String> {
    let (head, raw) = response.split_at_checked(head::end(response, 0)?)?;
    let head = Head::of_response(head);
    sentence(head, &body(head, raw))
}

/// A body with its framing and its markup taken off.
pub(super) fn body(head: Head<'_>, raw: &[u8]) -> String {
    let raw = raw.get(..LOOKED_AT).unwrap_or(raw);
    let is_chunked = head.value("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case(b"chunked"));
    let body = match raw.iter().position(|byte| *byte == b'\n') {
        Some(lf) if is_chunked => {
            let size = raw.get(..lf).and_then(chunk_size).unwrap_or(usize::MAX);
            let rest = raw.get(lf + 1..).unwrap_or_default();
            rest.get(..size).unwrap_or(rest)
        }
        _ => raw,
    };
    String::from_utf8_lossy(body).into_owned()
}

fn chunk_size(line: &[u8]) -> Option<usize> {
    let digits = line.split(|byte| !byte.is_ascii_hexdigit()).next()?;
    usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The sentence in a refusal's body that says more than the status does.
pub(super) fn sentence(head: Head<'_>, body: &str) -> Option<String> {
    let pieces = match body.trim_start().as_bytes().first()? {
        b'{' => members(body).unwrap_or_else(|| vec![body.trim().to_owned()]),
        b'<' => texts(body),
        _ => body.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect(),
    };
    let phrase = String::from_utf8_lossy(head.start_line()).to_lowercase();
    let sentence = pieces.into_iter().find(|piece| says_more(piece, &phrase))?;
    Some(text::preview(sentence.as_bytes(), SHOWN))
}

fn members(body: &str) -> Option<Vec<String>> {
    let value: Value = serde_json::from_str(body).ok()?;
    let member = |name: &&str| match value.get(name)? {
        Value::String(text) => Some(text.clone()),
        other => other.get("message").and_then(Value::as_str).map(str::to_owned),
    };
    let found: Vec<_> = MEMBERS.iter().filter_map(member).collect();
    (!found.is_empty()).then_some(found)
}

/// The texts between the tags of a page.
fn texts(page: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut hidden = false;
    for part in page.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or((part, ""));
        let name = tag.split(|character: char| character.is_whitespace()).next().unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "style" | "script" => hidden = true,
            "/style" | "/script" => hidden = false,
            _ => {}
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !hidden && !text.is_empty() {
            out.push(text);
        }
    }
    out
}

fn says_more(piece: &str, status_line: &str) -> bool {
    let lower = piece.to_lowercase();
    let words = lower.trim_matches(|character: char| character.is_ascii_digit() || " :.!-".contains(character));
    let is_word = words.chars().any(char::is_alphabetic);
    is_word && !STOCK.contains(&words) && !status_line.ends_with(words)
}

/// What a refusal's sentence is about decides what is to be done.
pub(super) fn fix(request: Head<'_>, sentence: &str) -> Cow<'static, str> {
    let lower = sentence.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if says(&["subprotocol", "protocol selected", "sec-websocket-protocol"]) {
        let offered = match request.value("sec-websocket-protocol") {
            Some(names) => format!("this request offers {}", text::preview(names, 60)),
            None => "this request offers none".to_owned(),
        };
        return format!("name the subprotocol that the server knows: new WebSocket(url, \"name\"); {offered}").into();
    }
    if says(&["certificate"]) {
        return "give the client a certificate that this server trusts, or let the path do without one (nginx: \
                ssl_verify_client optional)"
            .into();
    }
    if says(&["origin", "csrf", "cors"]) {
        let origin = request.value("origin").map_or("its origin".into(), |origin| text::preview(origin, 60));
        return format!("add the page's origin to the server's list: this request comes from {origin}").into();
    }
    let subject = [
        (
            &["token", "jwt", "credential", "unauthor", "authenti", "login", "log in", "cookie", "api key", "apikey"][..],
            "send what the server asks for where it looks for it (cookie, query or subprotocol: page script can't set \
             Authorization), and see that it is still valid",
        ),
        (
            &["invalid host", "allowed_hosts", "allowedhosts", "host header", "not allowed host"],
            "connect by a name that the server takes, or add this one to its list of hosts",
        ),
        (
            &["too many", "rate limit", "quota", "capacity", "overloaded"],
            "raise that limit, or open fewer sockets: close those that the page no longer uses",
        ),
    ];
    let known = subject.into_iter().find(|(words, _)| says(words)).map(|(_, fix)| fix);
    known.unwrap_or("look for that sentence in the server's code: the check beside it decides").into()
}
