//! Whether Chrome takes a response for a WebSocket, and what it says where it does not.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::record::finding::FindingKind;
use crate::wire::accept;
use crate::wire::head::Head;

use super::extensions;
use super::response::{NotHttp, Response, split_at_commas};

/// What Chrome makes of a whole response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// The page gets an open event.
    Opens,
    /// The page gets an error event and a close event with 1006.
    Fails(Fault),
}

/// The first thing that Chrome has against a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which rule it is that is broken.
    pub kind: FindingKind,
    /// What the console shows behind "WebSocket connection to '...' failed: ".
    pub words: String,
    /// The bytes that break it; empty, and where they should be, where something is missing.
    pub at: Range<usize>,
}

impl Fault {
    fn in_handshake(kind: FindingKind, words: impl std::fmt::Display, at: Range<usize>) -> Self {
        Self { kind, words: format!("Error during WebSocket handshake: {words}"), at }
    }
}

/// Judges the first whole head that came for a request. The order is Chrome's: status, Upgrade, Sec-WebSocket-Accept,
/// Connection, Sec-WebSocket-Protocol, Sec-WebSocket-Extensions.
#[must_use]
pub fn handshake(request: &[u8], response: &[u8]) -> Handshake {
    let request = Head::new(request);
    let fault = match Response::read(response) {
        Err(not_http) => not_http_fault(request, not_http, response),
        Ok(read) => match (Check { request, response: &read, end: end_of_fields(response) }).all() {
            Ok(()) => return Handshake::Opens,
            Err(fault) => fault,
        },
    };
    Handshake::Fails(fault)
}

fn not_http_fault(request: Head<'_>, not_http: NotHttp, response: &[u8]) -> Fault {
    match not_http {
        NotHttp::Null(at) => {
            Fault::in_handshake(FindingKind::HttpHeaderNull, "net::ERR_INVALID_HTTP_RESPONSE", at..at + 1)
        }
        NotHttp::NoStatusLine => no_http(request.value("host"), response),
    }
}

/// On first bytes that are no HTTP. On the port that belongs to the scheme they could be HTTP/0.9, which has no heads.
#[must_use]
pub fn no_http(host: Option<&[u8]>, bytes: &[u8]) -> Fault {
    let line = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    if let [0x88, 0..=125, ..] = bytes {
        let mut fault = Fault::in_handshake(FindingKind::CloseBeforeHandshake, "net::ERR_INVALID_HTTP_RESPONSE", 0..2);
        if !host.is_none_or(has_port) {
            fault.words = "Error during WebSocket handshake: Invalid status line".into();
        }
        return fault;
    }
    if host.is_none_or(has_port) {
        Fault::in_handshake(FindingKind::HttpNotHttpOddPort, "net::ERR_INVALID_HTTP_RESPONSE", 0..line)
    } else {
        Fault::in_handshake(FindingKind::HttpNotHttp, "Invalid status line", 0..line)
    }
}

/// Browsers name a port in Host only where it is not the scheme's own.
fn has_port(host: &[u8]) -> bool {
    let digits = host.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && host[..host.len() - digits].ends_with(b":")
}

/// Where a field that is missing should stand: at the empty line.
#[must_use]
pub(in crate::diagnose) fn end_of_fields(head: &[u8]) -> usize {
    let last = head.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n'));
    let after = last.map_or(0, |last| last + 1);
    head[after..].iter().position(|byte| *byte == b'\n').map_or(head.len(), |lf| after + lf + 1)
}

struct Check<'a> {
    request: Head<'a>,
    response: &'a Response,
    /// Where a missing field should stand.
    end: usize,
}

impl Check<'_> {
    fn all(&self) -> Result<(), Fault> {
        self.doubles()?;
        self.status()?;
        self.upgrade()?;
        self.accept()?;
        self.connection()?;
        self.protocol()?;
        self.extensions()
    }

    fn doubles(&self) -> Result<(), Fault> {
        for (name, error) in [
            ("content-length", "CONTENT_LENGTH"),
            ("content-disposition", "CONTENT_DISPOSITION"),
            ("location", "LOCATION"),
        ] {
            let lines: Vec<_> = self.response.lines(name).collect();
            let different = lines.iter().map(|(value, _)| value).collect::<BTreeSet<_>>().len() > 1;
            if let (true, Some((_, at))) = (different, lines.get(1)) {
                let words = format!("net::ERR_RESPONSE_HEADERS_MULTIPLE_{error}");
                return Err(Fault::in_handshake(FindingKind::HttpDupLocationLength, words, at.clone()));
            }
        }
        Ok(())
    }

    fn status(&self) -> Result<(), Fault> {
        let (status, at) = (self.response.status, self.response.status_line.clone());
        let (kind, words) = match status {
            101 => return Ok(()),
            401 => {
                (FindingKind::HttpStatus401, "HTTP Authentication failed; no valid credentials available".to_owned())
            }
            407 => (
                FindingKind::HttpStatus407,
                "Error in connection establishment: net::ERR_UNEXPECTED_PROXY_AUTH".to_owned(),
            ),
            _ => {
                let words = format!("Unexpected response code: {status}");
                return Err(Fault::in_handshake(status_kind(status), words, at));
            }
        };
        Err(Fault { kind, words, at })
    }

    fn missing(&self, kind: FindingKind, name: &str) -> Fault {
        Fault::in_handshake(kind, format_args!("'{name}' header is missing"), self.end..self.end)
    }

    /// The one value of a field; otherwise that it is missing, or there again.
    fn single(&self, name: &str, none: FindingKind, many: FindingKind) -> Result<(&[u8], Range<usize>), Fault> {
        match self.response.values(name).as_slice() {
            [] => Err(self.missing(none, name)),
            [value] => Ok(value.clone()),
            [_, (_, second), ..] => Err(more_than_once(many, name, second)),
        }
    }

    fn upgrade(&self) -> Result<(), Fault> {
        let (missing, many) = (FindingKind::RespUpgradeMissing, FindingKind::RespUpgradeMultiple);
        let (value, at) = self.single("Upgrade", missing, many)?;
        if value.eq_ignore_ascii_case(b"websocket") {
            return Ok(());
        }
        let words = format!("'Upgrade' header value is not 'WebSocket': {}", String::from_utf8_lossy(value));
        Err(Fault::in_handshake(FindingKind::RespUpgradeWrong, words, at))
    }

    fn accept(&self) -> Result<(), Fault> {
        let (missing, many) = (FindingKind::RespAcceptMissing, FindingKind::RespAcceptDuplicate);
        let (value, at) = self.single("Sec-WebSocket-Accept", missing, many)?;
        let expected = accept::value_for(self.request.value("sec-websocket-key").unwrap_or_default());
        if value == expected.as_bytes() {
            return Ok(());
        }
        let words = "Incorrect 'Sec-WebSocket-Accept' header value";
        Err(Fault::in_handshake(FindingKind::RespAcceptMismatch, words, at))
    }

    fn connection(&self) -> Result<(), Fault> {
        let values = self.response.values("connection");
        let (Some((_, first)), Some((_, last))) = (values.first(), values.last()) else {
            return Err(self.missing(FindingKind::RespConnectionMissing, "Connection"));
        };
        if values.iter().any(|(value, _)| value.eq_ignore_ascii_case(b"upgrade")) {
            return Ok(());
        }
        let words = "'Connection' header value must contain 'Upgrade'";
        Err(Fault::in_handshake(FindingKind::RespConnectionWrong, words, first.start..last.end))
    }

    fn protocol(&self) -> Result<(), Fault> {
        const NAME: &str = "Sec-WebSocket-Protocol";
        let requested: Vec<&[u8]> = self.request.values(NAME).flat_map(split_at_commas).collect();
        let values = self.response.values(NAME);
        let (value, at) = match values.as_slice() {
            [] if requested.is_empty() => return Ok(()),
            [] => {
                let words = format!("Sent non-empty '{NAME}' header but no response was received");
                let kind = FindingKind::RespProtocolMissing;
                return Err(Fault::in_handshake(kind, words, self.end..self.end));
            }
            [(value, _)] if requested.contains(value) => return Ok(()),
            [(value, at)] => (String::from_utf8_lossy(value), at.clone()),
            [_, (_, second), ..] => {
                let is_list = self.response.lines(NAME).count() == 1;
                let kind = if is_list { FindingKind::RespProtocolList } else { FindingKind::RespProtocolDuplicate };
                return Err(more_than_once(kind, NAME, second));
            }
        };
        let (kind, words) = if requested.is_empty() {
            let words = format!("Response must not include '{NAME}' header if not present in request: {value}");
            (FindingKind::RespProtocolUnrequested, words)
        } else {
            let words = format!("'{NAME}' header value '{value}' in response does not match any of sent values");
            (FindingKind::RespProtocolMismatch, words)
        };
        let kind = if value.is_empty() { FindingKind::RespProtocolEmpty } else { kind };
        Err(Fault::in_handshake(kind, words, at))
    }

    fn extensions(&self) -> Result<(), Fault> {
        const NAME: &str = "sec-websocket-extensions";
        let mut has_deflate = false;
        self.response.values(NAME).into_iter().try_for_each(|(value, at)| {
            extensions::check(value, &mut has_deflate).map_err(|(kind, words)| {
                let is_empty = self.response.lines(NAME).any(|(line, line_at)| line.is_empty() && line_at == at);
                let kind = if is_empty { FindingKind::ExtEmptyHeader } else { kind };
                Fault::in_handshake(kind, words, at)
            })
        })
    }
}

fn more_than_once(kind: FindingKind, name: &str, second: &Range<usize>) -> Fault {
    let words = format!("'{name}' header must not appear more than once in a response");
    Fault::in_handshake(kind, words, second.clone())
}

/// The kind that stands for a status that is neither 101, 401 nor 407.
const fn status_kind(status: u16) -> FindingKind {
    match status {
        100 | 102..=199 => FindingKind::Http100Or103First,
        200..=299 => FindingKind::HttpStatus200,
        300..=399 => FindingKind::HttpStatus3xx,
        403 => FindingKind::HttpStatus403,
        404 => FindingKind::HttpStatus404,
        426 => FindingKind::HttpStatus426,
        400..=499 => FindingKind::HttpStatus400,
        500..=599 => FindingKind::HttpStatus5xx,
        _ => FindingKind::HttpStatusUnparsable,
    }
}
