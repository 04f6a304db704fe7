//! The server's side of the opening handshake (RFC 6455 4.2). Extensions are declined by not naming them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::{Method, StatusCode, Version};

use super::response::{PlainResponse, text, with};
use crate::wire::accept;

/// Bytes of a key after base64 (RFC 6455 4.1).
const KEY_LENGTH: usize = 16;

/// A request that is answered with 101.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    accept: HeaderValue,
    protocol: Option<HeaderValue>,
}

/// A request that is not, and what to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// 426: the right request would be a WebSocket of version 13.
    Upgrade(&'static str),
    /// 400: it is a WebSocket request, with a mistake.
    Mistake(&'static str),
}

/// Checks a request that went to a WebSocket endpoint.
///
/// # Errors
///
/// The first thing that is missing or wrong.
pub(super) fn check(method: &Method, version: Version, headers: &HeaderMap) -> Result<Accepted, Refusal> {
    if !lists(headers, UPGRADE, "websocket") {
        return Err(Refusal::Upgrade("this address speaks WebSocket only: send Upgrade: websocket\n"));
    }
    if *method != Method::GET || version < Version::HTTP_11 {
        return Err(Refusal::Mistake("a WebSocket request is a GET of HTTP/1.1\n"));
    }
    if !lists(headers, CONNECTION, "upgrade") {
        return Err(Refusal::Mistake("the Connection header does not list Upgrade\n"));
    }
    if only(headers, SEC_WEBSOCKET_VERSION).map(HeaderValue::as_bytes) != Some(b"13") {
        return Err(Refusal::Upgrade("this server speaks WebSocket version 13: send Sec-WebSocket-Version: 13\n"));
    }
    let key = only(headers, SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).filter(|key| is_key(key));
    let Some(key) = key else {
        return Err(Refusal::Mistake("send one Sec-WebSocket-Key of 16 bytes in base64\n"));
    };
    let Ok(accept) = HeaderValue::from_str(&accept::value_for(key)) else {
        return Err(Refusal::Mistake("the Sec-WebSocket-Key has no accept value\n"));
    };
    Ok(Accepted { accept, protocol: first_protocol(headers)? })
}

impl Accepted {
    /// The 101.
    pub(super) fn response(self) -> PlainResponse {
        let mut response = PlainResponse::default();
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let response = with(response, CONNECTION, HeaderValue::from_static("Upgrade"));
        let response = with(response, UPGRADE, HeaderValue::from_static("websocket"));
        let response = with(response, SEC_WEBSOCKET_ACCEPT, self.accept);
        match self.protocol {
            Some(protocol) => with(response, SEC_WEBSOCKET_PROTOCOL, protocol),
            None => response,
        }
    }
}

impl Refusal {
    /// The 426 or 400.
    pub(super) fn response(self) -> PlainResponse {
        match self {
            Self::Mistake(sentence) => text(StatusCode::BAD_REQUEST, sentence),
            Self::Upgrade(sentence) => {
                let response = text(StatusCode::UPGRADE_REQUIRED, sentence);
                // RFC 9110 15.5.22: a 426 names what to upgrade to.
                let response = with(response, CONNECTION, HeaderValue::from_static("Upgrade"));
                let response = with(response, UPGRADE, HeaderValue::from_static("websocket"));
                with(response, SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))
            }
        }
    }
}

/// The header's value, where it is there exactly once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// The members of a comma-separated header, over all its lines.
fn members(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(name).into_iter();
    let members = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    members.map(<[u8]>::trim_ascii).filter(|member| !member.is_empty())
}

fn lists(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    members(headers, name).any(|member| member.eq_ignore_ascii_case(word.as_bytes()))
}

fn is_key(key: &[u8]) -> bool {
    STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == KEY_LENGTH)
}

/// The first subprotocol offered: the playground speaks them all, since it never looks into a message for one.
fn first_protocol(headers: &HeaderMap) -> Result<Option<HeaderValue>, Refusal> {
    let mistake = Refusal::Mistake("a name in Sec-WebSocket-Protocol is no token\n");
    let mut offered = members(headers, SEC_WEBSOCKET_PROTOCOL).peekable();
    let first = offered.peek().copied();
    if !offered.all(is_token) {
        return Err(mistake);
    }
    first.map(|name| HeaderValue::from_bytes(name).map_err(|_| mistake)).transpose()
}

/// RFC 9110 5.6.2.
fn is_token(name: &[u8]) -> bool {
    name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 4] = [
        ("upgrade", "WebSocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn checked(lines: &[(&'static str, &'static str)]) -> Result<Accepted, Refusal> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        check(&Method::GET, Version::HTTP_11, &headers)
    }

    /// `GOOD` with one line's value changed, or the line gone.
    fn without(name: &str, instead: Option<&'static str>) -> Result<Accepted, Refusal> {
        let lines = GOOD.iter().filter_map(|(line, value)| match *line == name {
            true => instead.map(|value| (*line, value)),
            false => Some((*line, *value)),
        });
        checked(&lines.collect::<Vec<_>>())
    }

    #[test]
    fn a_right_request_gets_its_accept_value_and_no_protocol() {
        let accepted = checked(&GOOD).unwrap();
        assert_eq!(accepted.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(accepted.protocol, None);
    }

    #[test]
    fn no_upgrade_and_other_versions_are_answered_with_426() {
        for refused in [
            without("upgrade", None),
            without("upgrade", Some("h2c")),
            without("sec-websocket-version", None),
            without("sec-websocket-version", Some("8")),
        ] {
            assert!(matches!(refused, Err(Refusal::Upgrade(_))), "{refused:?}");
        }
    }

    #[test]
    fn other_mistakes_are_answered_with_400() {
        for refused in [
            without("connection", Some("keep-alive")),
            without("sec-websocket-key", None),
            without("sec-websocket-key", Some("")),
            without("sec-websocket-key", Some("c2hvcnQ=")),
            without("sec-websocket-key", Some("not base64 at all!!")),
            checked(&[GOOD.as_slice(), &[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")]].concat()),
            checked(&[GOOD.as_slice(), &[("sec-websocket-protocol", "a b")]].concat()),
        ] {
            assert!(matches!(refused, Err(Refusal::Mistake(_))), "{refused:?}");
        }
    }

    #[test]
    fn the_first_subprotocol_offered_is_chosen() {
        let offers = [("sec-websocket-protocol", " , chat.v2, chat"), ("sec-websocket-protocol", "x")];
        let accepted = checked(&[GOOD.as_slice(), &offers].concat()).unwrap();
        assert_eq!(accepted.protocol.unwrap(), "chat.v2");
    }
}
