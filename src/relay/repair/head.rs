//! Repairs heads: a request that a server may refuse, an answer that a browser does, and answers whose end no browser finds.
//!
//! What is right stays as it came; what wsproxy writes itself has CRLF line ends and each field once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::diagnose::chrome::{self, Handshake};
use crate::diagnose::handshake;
use crate::record::Change;
use crate::wire::accept;
use crate::wire::head::{self, Head};

/// Fields of an answer that wsproxy writes itself, or that a 101 can't have (RFC 9110 6.4.1).
const OWN: [&str; 7] = [
    "upgrade",
    "connection",
    "sec-websocket-accept",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
    "content-length",
    "transfer-encoding",
];

/// Where a head ends for one who takes its line ends as they were meant: CR CR LF, LF CR, CR alone, the letters `\r\n`, or
/// a byte at the start of a line that no field begins with, which is the first of a frame. `None` while that can't be
/// told, and for what is no answer of 101.
#[must_use]
pub(in crate::relay) fn meant_end(raw: &[u8]) -> Option<usize> {
    let start = head::response_start(raw)?;
    let mut at = start;
    let mut is_first = true;
    while at < raw.len() {
        let length = line_end(raw.get(at..)?)?;
        if length == 0 {
            at += 1;
            continue;
        }
        if is_first && !raw.get(start..at)?.windows(3).any(|word| word == b"101") {
            return None;
        }
        is_first = false;
        at += length;
        match raw.get(at..) {
            None | Some([]) => return None,
            Some([byte, ..]) if !byte.is_ascii_graphic() && !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') => {
                return Some(at);
            }
            Some(rest) => match line_end(rest)? {
                0 => {}
                second => return Some(at + second),
            },
        }
    }
    None
}

/// The length of the line end that `bytes` begin with; 0 where it is none, `None` while more may come.
fn line_end(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'\r', b'\r', b'\n', ..] => Some(3),
        [b'\r', b'\n', ..] | [b'\n', b'\r', _, ..] => Some(2),
        [b'\n', b'\r'] | [b'\r'] | [b'\r', b'\r'] => None,
        [b'\n' | b'\r', ..] => Some(1),
        [b'\\', b'r', b'\\', b'n', ..] => Some(4),
        [b'\\', b'n', ..] => Some(2),
        _ => Some(0),
    }
}

/// A head without its end that can be taken as whole once no more of it comes: its lines so far, ended.
#[must_use]
pub(in crate::relay) fn is_all_but_ended(raw: &[u8]) -> bool {
    let is_101 = Head::of_response(raw).status() == Some(101);
    is_101 && matches!(raw.last(), Some(b'\n' | b'\r'))
}

/// What stands behind a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::relay) enum Behind {
    /// It may become lines of the head.
    More,
    /// So many bytes are; 0 where it begins with something else.
    Lines(usize),
}

/// Looks at bytes behind a head that lacks fields.
#[must_use]
pub(in crate::relay) fn behind(held: &[u8]) -> Behind {
    if matches!(held, [b'\r' | b'\n', ..]) {
        return Behind::Lines(0);
    }
    let length = fallen_behind(held);
    let (fallen, rest) = held.split_at_checked(length).unwrap_or((held, &[]));
    if fallen.ends_with(b"\n\r\n") || fallen.ends_with(b"\n\n") {
        return Behind::Lines(length);
    }
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    let may_be = if name.len() < line.len() { is_token(name) } else { name.iter().all(u8::is_ascii_graphic) };
    if may_be || line == b"\r" { Behind::More } else { Behind::Lines(length) }
}

/// Whether a head of 101 ended too early, so that more of it may follow: it lacks what each has to hold (RFC 6455 4.2.2),
/// or its last line has a line feed too many.
#[must_use]
pub(in crate::relay) fn ends_early(raw: &[u8]) -> bool {
    let head = Head::of_response(raw);
    let lacks = ["upgrade", "connection"].iter().any(|name| head.field(name).is_none());
    lacks || handshake::ends_in_stray_newline(raw)
}

/// How many bytes of `rest` are lines of a head that fell behind an early empty line, their own empty line included; 0
/// where it begins with no field.
#[must_use]
pub(in crate::relay) fn fallen_behind(rest: &[u8]) -> usize {
    let mut at = 0;
    while let Some(length) = rest.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n')) {
        let line = rest.get(at..at + length).unwrap_or_default().trim_ascii_end();
        if line.is_empty() && at > 0 {
            return at + length + 1;
        }
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        if name.len() == line.len() || !is_token(name) {
            break;
        }
        at += length + 1;
    }
    at
}

/// The answer for a client, where a browser would refuse the one that came: `None` where it is right, or not to be repaired
/// because the server does not mean 101. `behind` are lines that fell behind it.
#[must_use]
pub(in crate::relay) fn answer(request: &[u8], came: &[u8], behind: &[u8]) -> Option<Vec<u8>> {
    let is_whole = head::response_end(came, 0) == Some(came.len());
    let is_right =
        is_whole && has_right_lines(came) && behind.is_empty() && chrome::handshake(request, came) == Handshake::Opens;
    if is_right || Head::of_response(came).status() != Some(101) {
        return None;
    }
    let lines = lines(came, behind);
    let fields: Vec<(&[u8], &[u8])> = lines.iter().filter_map(|line| split(line)).collect();
    let asked = Head::new(request);
    let mut out = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n".to_vec();
    if let Some(key) = asked.value("sec-websocket-key") {
        put(&mut out, b"Sec-WebSocket-Accept", accept::value_for(key).as_bytes());
    }
    if let Some(protocol) = protocol(asked, &fields) {
        put(&mut out, b"Sec-WebSocket-Protocol", protocol);
    }
    for (name, value) in &fields {
        if !OWN.iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes())) {
            put(&mut out, name, value);
        }
    }
    for (_, value) in fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case(b"sec-websocket-extensions")) {
        let mut with = out.clone();
        put(&mut with, b"Sec-WebSocket-Extensions", value);
        if chrome::handshake(request, &[&with[..], b"\r\n"].concat()) == Handshake::Opens {
            out = with;
        }
    }
    out.extend_from_slice(b"\r\n");
    Some(out)
}

/// Whether a head is written as a strict client wants it: Chrome takes more than that (RFC 9112 2.2, 4).
fn has_right_lines(head: &[u8]) -> bool {
    let ends_right = |line: &[u8]| line.strip_suffix(b"\r\n").is_some_and(|line| !line.contains(&b'\r'));
    let is_folded = |line: &[u8]| line.starts_with(b" ") || line.starts_with(b"\t");
    head.starts_with(b"HTTP/1.1 101 ")
        && head.split_inclusive(|byte| *byte == b'\n').all(|line| ends_right(line) && !is_folded(line))
}

/// The server's subprotocol where the client asked for it; else the first that the client asked for, without which a
/// browser fails.
fn protocol<'a>(asked: Head<'a>, fields: &[(&[u8], &'a [u8])]) -> Option<&'a [u8]> {
    let wanted: Vec<&[u8]> = asked
        .values("sec-websocket-protocol")
        .flat_map(|value| value.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.is_empty())
        .collect();
    let named = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(b"sec-websocket-protocol"));
    named.map(|(_, value)| *value).filter(|value| wanted.contains(value)).or_else(|| wanted.first().copied())
}

/// The lines of a head behind its first one, whatever ends them.
fn lines(came: &[u8], behind: &[u8]) -> Vec<Vec<u8>> {
    let start = head::response_start(came).unwrap_or(0);
    let mut all = came.get(start..).unwrap_or_default().to_vec();
    all.push(b'\n');
    all.extend_from_slice(behind);
    all.push(b'\n');
    let mut lines = vec![Vec::new()];
    let mut at = 0;
    while let Some(rest @ [byte, ..]) = all.get(at..) {
        match line_end(rest).unwrap_or(1) {
            0 => {
                if let Some(line) = lines.last_mut() {
                    line.push(*byte);
                }
                at += 1;
            }
            length => {
                lines.push(Vec::new());
                at += length;
            }
        }
    }
    lines.remove(0);
    lines
}

/// Name and value, where they can stand in a head: a token, and no control characters.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut parts = line.splitn(2, |byte| *byte == b':').map(<[u8]>::trim_ascii);
    let (name, value) = (parts.next()?, parts.next()?);
    (is_token(name) && !value.iter().any(u8::is_ascii_control)).then_some((name, value))
}

/// RFC 9110 5.6.2.
fn is_token(name: &[u8]) -> bool {
    let is_its = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !name.is_empty() && name.iter().all(is_its)
}

fn put(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    for piece in [name, b": ", value, b"\r\n"] {
        out.extend_from_slice(piece);
    }
}

/// The request for an upstream, where a server has reason to refuse the one that came: what was changed is added to
/// `changes`. `nonce` is the key where the client sent none that is one (RFC 6455 4.1, request 7).
#[must_use]
pub(in crate::relay) fn request(came: &[u8], nonce: [u8; 16], changes: &mut Vec<Change>) -> Option<Vec<u8>> {
    let head = Head::new(came);
    let mut out = came.to_vec();
    let before = changes.len();
    let mut note = |field: &str, from: &[u8], to: &[u8]| {
        changes.push(Change { field: field.to_owned(), from: from.to_vec(), to: to.to_vec() });
    };
    let line = head.start_line();
    if let Some(old) = line.strip_suffix(b"HTTP/1.0") {
        let at = old.len();
        out.splice(at..at + 8, *b"HTTP/1.1");
        note("version", b"HTTP/1.0", b"HTTP/1.1");
    }
    let mut added = Vec::new();
    let lists = |name: &str, token: &str| {
        let mut tokens = head.values(name).flat_map(|value| value.split(|byte| *byte == b','));
        tokens.any(|value| value.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    };
    for (name, value) in [("Upgrade", "websocket"), ("Connection", "Upgrade")] {
        if !lists(&name.to_ascii_lowercase(), value) {
            out = without(&out, name);
            put(&mut added, name.as_bytes(), value.as_bytes());
            note(name, head.value(&name.to_ascii_lowercase()).unwrap_or_default(), value.as_bytes());
        }
    }
    let key = head.value("sec-websocket-key").unwrap_or_default();
    if STANDARD.decode(key).map_or(true, |bytes| bytes.len() != 16) {
        let own = STANDARD.encode(nonce);
        out = without(&out, "Sec-WebSocket-Key");
        put(&mut added, b"Sec-WebSocket-Key", own.as_bytes());
        note("Sec-WebSocket-Key", key, own.as_bytes());
    }
    if head.value("sec-websocket-version").is_none() {
        put(&mut added, b"Sec-WebSocket-Version", b"13");
        note("Sec-WebSocket-Version", b"", b"13");
    }
    if changes.len() == before {
        return None;
    }
    let end = out.iter().position(|byte| *byte == b'\n').map_or(out.len(), |at| at + 1);
    out.splice(end..end, added);
    Some(out)
}

/// A head without the lines of that name.
fn without(head: &[u8], name: &str) -> Vec<u8> {
    let is_its = |line: &&[u8]| {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let own = parts.next().filter(|_| parts.next().is_some());
        !own.is_some_and(|own| own.eq_ignore_ascii_case(name.as_bytes()))
    };
    head.split_inclusive(|byte| *byte == b'\n').filter(is_its).collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Protocol: chat, soap\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

    fn opens(answer: &[u8]) -> bool {
        chrome::handshake(REQUEST, answer) == Handshake::Opens
    }

    #[test]
    fn an_answer_that_a_browser_takes_stays() {
        let right = b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: soap\r\n\
            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        assert_eq!(answer(REQUEST, right, b""), None);
        assert_eq!(answer(REQUEST, b"HTTP/1.1 404 Not Found\r\n\r\n", b""), None, "it does not mean 101");
    }

    #[test]
    fn a_broken_answer_becomes_one_that_a_browser_takes_and_keeps_the_rest() {
        for came in [
            &b"HTTP/1.1 101 x\r\n\r\n"[..],
            b"HTTP/1.1 101 x\r\nUpgrade: h2c\r\nUpgrade: websocket\r\nConnection: close\r\nSet-Cookie: a=b\r\n\r\n",
            b"HTTP/1.1 101 x\r\nSec-WebSocket-Accept: wrong\r\nSet-Cookie: a=b\r\nContent-Length: 5\r\n\r\n",
            b"HTTP/1.1 101 x\r\r\nUpgrade: websocket\r\r\nSet-Cookie: a=b\r\r\n\r\r\n",
            b"HTTP/1.1 101 x\\r\\nUpgrade: websocket\\r\\nSet-Cookie: a=b\\r\\n\\r\\n",
            b"HTTP/1.1 101 x\r\nSec-WebSocket-Protocol: other\r\nSec-WebSocket-Extensions: foo\r\nbad line\r\n\r\n",
        ] {
            let repaired = answer(REQUEST, came, b"").unwrap();
            assert!(opens(&repaired), "{}", repaired.escape_ascii());
            let has = |bytes: &[u8]| bytes.windows(15).any(|word| word == b"Set-Cookie: a=b");
            assert_eq!(has(&repaired), has(came));
        }
    }

    #[test]
    fn sound_extensions_and_subprotocols_stay() {
        let came =
            b"HTTP/1.1 101 x\r\nSec-WebSocket-Protocol: soap\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
        let repaired = answer(REQUEST, came, b"").unwrap();
        let head = Head::of_response(&repaired);
        assert_eq!(head.value("sec-websocket-protocol"), Some(&b"soap"[..]));
        assert_eq!(head.value("sec-websocket-extensions"), Some(&b"permessage-deflate"[..]));
    }

    #[test]
    fn lines_behind_an_early_empty_line_are_found_and_taken_back() {
        let came = b"HTTP/1.1 101 x\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n\r\n";
        let behind = b"Upgrade: websocket\r\nX-Own: 1\r\n\r\n";
        let rest = [&behind[..], b"\x81\x05Hello"].concat();
        assert_eq!(fallen_behind(&rest), behind.len());
        assert!(answer(REQUEST, came, behind).unwrap().windows(8).any(|word| word == b"X-Own: 1"));
        for rest in [&b"\r\n\x81\x05Hello"[..], b"\x81\x05Hello\n", b"", b"{\"a\": 1}\n"] {
            assert_eq!(fallen_behind(rest), 0, "{}", rest.escape_ascii());
        }
    }

    #[test]
    fn ends_are_found_as_they_were_meant() {
        for (raw, end) in [
            (&b"HTTP/1.1 101 x\r\r\na: b\r\r\n\r\r\n\x81"[..], Some(27)),
            (b"HTTP/1.1 101 x\\r\\na: b\\r\\n\\r\\n", Some(30)),
            (b"HTTP/1.1 101 x\ra: b\r\r\x81\x00", Some(21)),
            (b"HTTP/1.1 101 x\r\na: b\r\n\x81\x05Hello", Some(22)),
            (b"HTTP/1.1 101 x\r\na: b\r\n", None),
            (b"HTTP/1.1 101 x\r\na: b\r\n\r", None),
            (b"HTTP/1.1 200 x\r\na: b\r\r", None),
            (b"SSH-2.0\r\r\r\r", None),
        ] {
            assert_eq!(meant_end(raw), end, "{}", raw.escape_ascii());
        }
    }

    #[test]
    fn a_request_is_repaired_only_where_it_is_wrong() {
        let mut changes = Vec::new();
        assert_eq!(request(REQUEST, [7; 16], &mut changes), None);
        let came = b"GET / HTTP/1.0\r\nHost: x\r\nconnection: close\r\nSec-WebSocket-Key: short\r\n\r\n";
        let repaired = request(came, [7; 16], &mut changes).unwrap();
        let fields: Vec<_> = changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(fields, ["version", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"]);
        assert_eq!(request(&repaired, [8; 16], &mut Vec::new()), None, "{}", repaired.escape_ascii());
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(
            came in proptest::collection::vec(proptest::sample::select(b"HTTP/1.1 01\r\n\\rnabc:\x81\0, ".to_vec()), 0..200),
            behind: Vec<u8>,
        ) {
            let raw = [b"HTTP/1.1 101 ", &came[..]].concat();
            prop_assert!(meant_end(&raw).is_none_or(|end| end <= raw.len()));
            prop_assert!(fallen_behind(&behind) <= behind.len());
            if let Some(repaired) = answer(REQUEST, &raw, &behind) {
                prop_assert!(opens(&repaired), "{}", repaired.escape_ascii());
            }
            let _ = request(&raw, [0; 16], &mut Vec::new());
        }
    }
}
