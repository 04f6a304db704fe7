//! Whether Chrome takes an answer for a WebSocket, and what it says where it does not.

use std::collections::BTreeSet;

use crate::wire::accept;
use crate::wire::head::Head;

use super::answer::{Answer, split_at_commas};
use super::extensions;

/// What Chrome makes of a whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// The page gets an open event.
    Opens,
    /// The page gets an error event and a close event with 1006; the console shows these words behind
    /// "WebSocket connection to '...' failed: ".
    Fails(String),
}

/// Judges the first whole head that came for a request. The order is Chrome's: status, Upgrade, Sec-WebSocket-Accept,
/// Connection, Sec-WebSocket-Protocol, Sec-WebSocket-Extensions.
#[must_use]
pub fn handshake(request: &[u8], answer: &[u8]) -> Handshake {
    let words = match Answer::read(answer) {
        None => in_handshake("net::ERR_INVALID_HTTP_RESPONSE"),
        Some(answer) => match check(Head::new(request), &answer) {
            Ok(()) => return Handshake::Opens,
            Err(words) => words,
        },
    };
    Handshake::Fails(words)
}

fn in_handshake(words: impl std::fmt::Display) -> String {
    format!("Error during WebSocket handshake: {words}")
}

fn check(request: Head<'_>, answer: &Answer) -> Result<(), String> {
    for (name, error) in
        [("content-length", "CONTENT_LENGTH"), ("content-disposition", "CONTENT_DISPOSITION"), ("location", "LOCATION")]
    {
        if answer.lines(name).collect::<BTreeSet<_>>().len() > 1 {
            return Err(in_handshake(format_args!("net::ERR_RESPONSE_HEADERS_MULTIPLE_{error}")));
        }
    }
    match answer.status {
        101 => {}
        401 => return Err("HTTP Authentication failed; no valid credentials available".to_owned()),
        407 => return Err("Error in connection establishment: net::ERR_UNEXPECTED_PROXY_AUTH".to_owned()),
        status => return Err(in_handshake(format_args!("Unexpected response code: {status}"))),
    }
    check_upgrade(answer)
        .and_then(|()| check_accept(request, answer))
        .and_then(|()| check_connection(answer))
        .and_then(|()| check_protocol(request, answer))
        .and_then(|()| check_extensions(answer))
        .map_err(in_handshake)
}

fn single<'a>(answer: &'a Answer, name: &str) -> Result<&'a [u8], String> {
    match *answer.values(name).as_slice() {
        [] => Err(format!("'{name}' header is missing")),
        [value] => Ok(value),
        _ => Err(more_than_once(name)),
    }
}

fn more_than_once(name: &str) -> String {
    format!("'{name}' header must not appear more than once in a response")
}

fn check_upgrade(answer: &Answer) -> Result<(), String> {
    let value = single(answer, "Upgrade")?;
    if value.eq_ignore_ascii_case(b"websocket") {
        Ok(())
    } else {
        Err(format!("'Upgrade' header value is not 'WebSocket': {}", String::from_utf8_lossy(value)))
    }
}

fn check_accept(request: Head<'_>, answer: &Answer) -> Result<(), String> {
    let value = single(answer, "Sec-WebSocket-Accept")?;
    let expected = accept::value_for(request.value("sec-websocket-key").unwrap_or_default());
    if value == expected.as_bytes() { Ok(()) } else { Err("Incorrect 'Sec-WebSocket-Accept' header value".to_owned()) }
}

fn check_connection(answer: &Answer) -> Result<(), String> {
    let values = answer.values("connection");
    if values.is_empty() {
        Err("'Connection' header is missing".to_owned())
    } else if values.iter().any(|value| value.eq_ignore_ascii_case(b"upgrade")) {
        Ok(())
    } else {
        Err("'Connection' header value must contain 'Upgrade'".to_owned())
    }
}

fn check_protocol(request: Head<'_>, answer: &Answer) -> Result<(), String> {
    const NAME: &str = "Sec-WebSocket-Protocol";
    let requested: Vec<&[u8]> = request.values(NAME).flat_map(split_at_commas).collect();
    let values = answer.values(NAME);
    let shown = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    match *values.as_slice() {
        [] if requested.is_empty() => Ok(()),
        [] => Err(format!("Sent non-empty '{NAME}' header but no response was received")),
        [value] if requested.is_empty() => {
            let value = shown(value);
            Err(format!("Response must not include '{NAME}' header if not present in request: {value}"))
        }
        [value] if requested.contains(&value) => Ok(()),
        [value] => {
            let value = shown(value);
            Err(format!("'{NAME}' header value '{value}' in response does not match any of sent values"))
        }
        _ => Err(more_than_once(NAME)),
    }
}

fn check_extensions(answer: &Answer) -> Result<(), String> {
    let mut has_deflate = false;
    answer
        .values("sec-websocket-extensions")
        .into_iter()
        .try_for_each(|value| extensions::check(value, &mut has_deflate))
}
