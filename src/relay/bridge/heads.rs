//! The two handshakes of a bridged session: a request of wsproxy's own for the upstream, an answer of its own for the
//! client.

use crate::wire::challenge::Challenge;
use crate::wire::dialect::{Dialect, Framing};
use crate::wire::head::Head;
use crate::wire::request::Request;
use crate::wire::response::ResponseHead;

/// Bytes behind a hixie-76 request.
const KEY3: usize = 8;

/// Request fields that belong to one handshake, or that the new request has by itself.
const OWN: [&[u8]; 7] = [b"host", b"upgrade", b"connection", b"origin", b"pragma", b"cache-control", b"content-length"];

/// What servers of 2010, which read a request of 255 bytes, are told besides: what they may need to let the client in.
const SHORT: [&[u8]; 2] = [b"cookie", b"authorization"];

/// ResponseHead fields that the new answer has by itself.
const OWN_ANSWER: [&[u8]; 4] = [b"upgrade", b"connection", b"content-length", b"transfer-encoding"];

/// What is kept of both handshakes.
#[derive(Debug)]
pub(in crate::relay) struct Heads {
    client: Dialect,
    /// The client's request, as it came.
    request: Vec<u8>,
    /// The bytes behind it, as far as they came.
    key3: Vec<u8>,
    /// The bytes behind the request that the upstream got.
    own_key3: Vec<u8>,
}

impl Heads {
    /// `raw` is the client's request, `translated` the same with the upstream's addresses. Gives the request for the
    /// upstream, without its eight bytes.
    pub(in crate::relay) fn new(
        raw: &[u8],
        translated: &[u8],
        to: Dialect,
        draw: &mut impl FnMut() -> u8,
    ) -> (Self, Vec<u8>) {
        let client = Dialect::of_request(Head::new(raw));
        let challenge = Challenge::new(to, draw);
        let mut head = request(Head::new(translated), to).head(to, &challenge);
        let own_key3 = match &challenge {
            Challenge::Keys { key3, .. } => {
                head.truncate(head.len().saturating_sub(key3.len()));
                key3.to_vec()
            }
            _ => Vec::new(),
        };
        if to == Dialect::Rfc6455 {
            head = without_browser(&head);
        }
        (Self { client, request: raw.to_vec(), key3: Vec::new(), own_key3 }, head)
    }

    /// The bytes behind the request that the upstream got.
    pub(in crate::relay) fn own_key3(&self) -> &[u8] {
        &self.own_key3
    }

    /// Takes what of `input` stands behind the client's request and belongs to it; gives how much that is.
    pub(in crate::relay) fn take_key3(&mut self, input: &[u8]) -> usize {
        let missing = self.missing_key3().min(input.len());
        self.key3.extend(input.iter().take(missing));
        missing
    }

    /// How many bytes behind the client's request are awaited.
    pub(in crate::relay) fn missing_key3(&self) -> usize {
        if self.client.facts().has_keys { KEY3 - self.key3.len() } else { 0 }
    }

    /// The client's answer in place of the upstream's, with what was made up. `None` where the client's request can't be
    /// answered.
    pub(in crate::relay) fn answer(&self, upstream: Head<'_>) -> Option<(Vec<u8>, Option<&'static str>)> {
        let (mut protocol, mut made_up) = (protocols(upstream).into_iter().next(), None);
        // A browser of today that asked for a subprotocol fails where none is named.
        if protocol.is_none() && self.client.facts().has_accept {
            protocol = protocols(Head::new(&self.request)).into_iter().next();
            made_up = protocol
                .is_some()
                .then_some("the upstream names no subprotocol: the first that was asked for is named");
        }
        let is_own = |name: &[u8]| is_websocket(name) || OWN_ANSWER.iter().any(|own| name.eq_ignore_ascii_case(own));
        let answer = ResponseHead { protocol, fields: lines(upstream, |name| !is_own(name)) };
        let head = answer.head(self.client, &self.request, self.key3.as_slice().try_into().ok())?;
        Some((head, made_up))
    }
}

fn request(head: Head<'_>, to: Dialect) -> Request {
    let origin = head.value("origin").or_else(|| head.value("sec-websocket-origin")).unwrap_or(b"null");
    let is_short = to.facts().framing == Framing::Hixie;
    let passes = |name: &[u8]| match is_short {
        true => SHORT.iter().any(|field| name.eq_ignore_ascii_case(field)),
        false => !is_websocket(name) && !OWN.iter().any(|own| name.eq_ignore_ascii_case(own)),
    };
    Request {
        authority: text(head.value("host").unwrap_or_default()),
        target: text(head.target()),
        origin: text(origin),
        protocols: protocols(head),
        fields: lines(head, passes),
    }
}

/// Leaves out of a request what it says of a browser and of compression; the client's own words are passed on.
fn without_browser(head: &[u8]) -> Vec<u8> {
    let (mut agents, mut out) = (0, Vec::with_capacity(head.len()));
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default().to_ascii_lowercase();
        let is_agent = name == b"user-agent";
        agents += usize::from(is_agent);
        let is_first = is_agent && agents == 1;
        let is_language = matches!(name.as_slice(), b"accept-encoding" | b"accept-language");
        if !is_first && !is_language && name != b"sec-websocket-extensions" {
            out.extend_from_slice(line);
        }
    }
    out
}

fn is_websocket(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with(b"sec-websocket-") || name.starts_with(b"websocket-")
}

/// The subprotocols that a head names, by either field.
fn protocols(head: Head<'_>) -> Vec<String> {
    let value = head.value("sec-websocket-protocol").or_else(|| head.value("websocket-protocol")).unwrap_or_default();
    let is_border = |character: char| character == ',' || character.is_ascii_whitespace();
    text(value).split(is_border).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn lines(head: Head<'_>, passes: impl Fn(&[u8]) -> bool) -> Vec<String> {
    let fields = head.fields().filter(|field| passes(field.name));
    fields.map(|field| format!("{}: {}", text(field.name), text(field.value))).collect()
}

/// A value without the control characters that would end a line.
fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).chars().filter(|character| !character.is_control()).collect()
}
