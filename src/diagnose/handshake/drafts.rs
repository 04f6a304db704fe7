//! What is wrong with a handshake of hixie-75 or hixie-76, as the browsers of 2010 saw it.

use crate::record::finding::{Finding, FindingKind, Place};
use crate::wire::challenge;
use crate::wire::dialect::Dialect;
use crate::wire::head::Head;

use super::told::shown;

/// How a response of hixie-75 begins, compared byte by byte.
const STATUS_LINE: &[u8] = b"HTTP/1.1 101 Web Socket Protocol Handshake\r\n";
const LINES: &[u8] = b"Upgrade: WebSocket\r\nConnection: Upgrade\r\n";

/// The keys of a hixie-76 request, where no number can be had of one.
#[must_use]
pub fn keys(request: &[u8]) -> Option<Finding> {
    let head = Head::new(request);
    ["sec-websocket-key1", "sec-websocket-key2"].into_iter().find_map(|name| {
        let Some(field) = head.field(name) else {
            let at = request.len().saturating_sub(2);
            let finding = Finding::new(FindingKind::Hixie76KeysInvalid, Place::Head).bytes(request, at, 0);
            return Some(finding.detail(format!("there is no {name} field")));
        };
        let spaces = field.value.iter().filter(|byte| **byte == b' ').count();
        let detail = match (challenge::number(field.value), spaces) {
            (Some(_), _) => return None,
            (None, 0) => format!("no blank in {}", shown(field.value)),
            (None, _) => format!("the digits of {} are no multiple of its {spaces} blanks", shown(field.value)),
        };
        let finding = Finding::new(FindingKind::Hixie76KeysInvalid, Place::Head);
        Some(finding.bytes(request, field.value_at, field.value.len()).detail(detail))
    })
}

/// A 101 response, as it came (`response`) and as the client gets it (`forwarded`), held against the client's request.
#[must_use]
pub fn hixie_response(dialect: Dialect, request: &[u8], response: &[u8], forwarded: &[u8]) -> Vec<Finding> {
    let seen = Seen { request: Head::new(request), response, forwarded: Head::of_response(forwarded) };
    if dialect.facts().has_keys {
        return seen.fields(FindingKind::Hixie76Headers, "sec-websocket-origin", "sec-websocket-location");
    }
    let kind = FindingKind::Hixie75OriginLocation;
    [seen.beginning()]
        .into_iter()
        .flatten()
        .chain(seen.fields(kind, "websocket-origin", "websocket-location"))
        .collect()
}

/// The bytes behind a hixie-76 response, where they are not those that the request asks for. `key3` and `proof` are what
/// came of them; nothing can be said while the request's are not there.
#[must_use]
pub fn proof(request: &[u8], key3: &[u8], proof: &[u8]) -> Option<Finding> {
    let head = Head::new(request);
    let (key1, key2) = (head.value("sec-websocket-key1")?, head.value("sec-websocket-key2")?);
    let expected = challenge::response(key1, key2, key3.try_into().ok()?)?;
    (proof != expected).then(|| {
        let came = if proof.is_empty() { "nothing".to_owned() } else { hex::encode(proof) };
        Finding::new(FindingKind::Hixie76Challenge, Place::Stream)
            .bytes(proof, 0, proof.len())
            .detail(format!("expected {}, the server sent {came}", hex::encode(expected)))
    })
}

/// The eight bytes behind a hixie-76 request have not come for too long, or never will.
#[must_use]
pub fn key3_withheld(came: usize) -> Finding {
    Finding::new(FindingKind::Hixie76Key3Withheld, Place::Stream).detail(format!("{came} of 8 bytes came"))
}

/// A hixie-76 connection has ended without FF 00 from either side.
#[must_use]
pub const fn no_close() -> Finding {
    Finding::new(FindingKind::Hixie76NoClose, Place::Connection)
}

struct Seen<'a> {
    request: Head<'a>,
    response: &'a [u8],
    forwarded: Head<'a>,
}

impl Seen<'_> {
    fn beginning(&self) -> Option<Finding> {
        let Some(rest) = self.response.strip_prefix(STATUS_LINE) else {
            let end = self.response.iter().position(|byte| *byte == b'\n').unwrap_or(self.response.len());
            let line = self.response.get(..end).unwrap_or_default().trim_ascii_end();
            let code = Head::of_response(self.response).status().unwrap_or_default();
            return Some(
                Finding::new(FindingKind::Hixie75StatusLine, Place::Head)
                    .bytes(self.response, 0, line.len())
                    .detail(format!("the first line is {}", shown(line)))
                    .chrome(format!("Unexpected response code:{code}")),
            );
        };
        (!rest.starts_with(LINES)).then(|| {
            let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
            Finding::new(FindingKind::Hixie75HeaderOrder, Place::Head)
                .bytes(self.response, STATUS_LINE.len(), line.len())
                .detail(format!("behind the first line stands {}", shown(line)))
        })
    }

    fn fields(&self, kind: FindingKind, origin: &str, location: &str) -> Vec<Finding> {
        let expected_location = self.request.value("host").map(|host| {
            let host = host.strip_suffix(b":80").unwrap_or(host);
            [b"ws://", host, self.request.target()].concat()
        });
        let origin = self.field(kind, origin, self.request.value("origin").map(<[u8]>::to_vec));
        // One cause often breaks both; the first is told.
        origin.or_else(|| self.field(kind, location, expected_location)).into_iter().collect()
    }

    fn field(&self, kind: FindingKind, name: &str, expected: Option<Vec<u8>>) -> Option<Finding> {
        let finding = Finding::new(kind, Place::Head);
        let Some(value) = self.forwarded.value(name) else {
            let at = self.response.len().saturating_sub(2);
            return Some(finding.bytes(self.response, at, 0).detail(format!("there is no {name} field")));
        };
        let expected = expected?;
        let is_same = is_same_address(value, &expected);
        let field = Head::of_response(self.response).field(name).filter(|_| !is_same)?;
        let detail = format!("{name} is {} where the client expects {}", shown(value), shown(&expected));
        Some(finding.bytes(self.response, field.value_at, field.value.len()).detail(detail))
    }
}

/// Host names are the same in any case; a port of 80 and none are the same, and so are no path and `/`.
fn is_same_address(one: &[u8], two: &[u8]) -> bool {
    let normal = |url: &[u8]| {
        let start = url.windows(3).position(|window| window == b"://").map_or(0, |at| at + 3);
        let length = url.iter().skip(start).position(|byte| *byte == b'/').unwrap_or(url.len() - start);
        let (base, path) = url.split_at(start + length);
        let base = base.to_ascii_lowercase();
        let base = base.strip_suffix(b":80").unwrap_or(&base).to_vec();
        [base.as_slice(), if path.is_empty() { b"/" } else { path }].concat()
    };
    normal(one) == normal(two)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &[u8] = b"GET /demo HTTP/1.1\r\nHost: Example.com:80\r\nOrigin: http://example.com\r\n\
        Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nSec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n\r\n";

    #[test]
    fn the_draft_s_own_answer_is_right_and_a_changed_one_is_not() {
        assert_eq!(keys(REQUEST), None);
        assert_eq!(proof(REQUEST, b"^n:ds[4U", b"8jKS'y:G*Co,Wxa-"), None);
        let wrong = proof(REQUEST, b"^n:ds[4U", b"8jKS'y:G").unwrap();
        assert_eq!(wrong.detail, "expected 386a4b5327793a472a436f2c5778612d, the server sent 386a4b5327793a47");
    }

    #[test]
    fn a_location_is_compared_as_addresses_are() {
        let response = |location: &str| {
            format!(
                "HTTP/1.1 101 x\r\nSec-Websocket-Origin: http://example.com\r\nSec-Websocket-Location: {location}\r\n\r\n"
            )
        };
        let found = |location: &str| {
            let response = response(location);
            hixie_response(Dialect::Hixie76, REQUEST, response.as_bytes(), response.as_bytes()).len()
        };
        assert_eq!(found("ws://example.com/demo"), 0);
        assert_eq!(found("ws://example.com:80/demo"), 0);
        assert_eq!(found("wss://example.com/demo"), 1);
        assert_eq!(found("ws://example.com/"), 1);
    }
}
