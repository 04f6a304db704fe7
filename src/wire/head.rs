//! Heads: the HTTP part of a handshake, kept as bytes.
//!
//! The splitting is our own and lenient, since a broken head is the very thing to look at: lines end at LF with or
//! without CR before it, and a line without a colon is a field without a name. `httparse` says what a strict parser
//! makes of the same bytes (`strict_error`).

use std::ops::Range;

/// How many line ends stand in front of the first line, in bytes: a peer may have left some behind the body before, and they
/// mean nothing (RFC 9112 2.2).
#[must_use]
pub fn start(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

/// Where the head ends: the offset after the first empty line behind its first line. `scanned` is how many bytes were
/// searched before, so that a head that comes in small pieces is not searched again each time.
#[must_use]
pub fn end(bytes: &[u8], scanned: usize) -> Option<usize> {
    // An empty line may straddle the border of what was searched: LF, CR, LF.
    let mut at = scanned.saturating_sub(3).max(start(bytes)).min(bytes.len());
    while let Some(offset) = bytes.get(at..)?.iter().position(|byte| *byte == b'\n') {
        let after = at + offset + 1;
        match bytes.get(after..)? {
            [b'\n', ..] => return Some(after + 1),
            [b'\r', b'\n', ..] => return Some(after + 2),
            _ => at = after,
        }
    }
    None
}

/// Junk bytes that Chrome skips in front of a response's `HTTP`.
const SLOP: usize = 4;

/// Where a response's status line starts: at `HTTP`, in either case, behind at most four other bytes. `None` where it is
/// not there (or not yet, as long as fewer than eight bytes came).
#[must_use]
pub fn response_start(bytes: &[u8]) -> Option<usize> {
    (0..=SLOP).find(|at| bytes.get(*at..at + 4).is_some_and(|word| word.eq_ignore_ascii_case(b"http")))
}

/// Where a response's head ends; as `end`, but that empty lines in front of the status line are junk and end nothing.
#[must_use]
pub fn response_end(bytes: &[u8], scanned: usize) -> Option<usize> {
    let start = response_start(bytes).unwrap_or(0);
    end(bytes.get(start..)?, scanned.saturating_sub(start)).map(|end| start + end)
}

/// One line of the head after the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Bytes before the first colon, as they came; empty where the line has no colon.
    pub name: &'a [u8],
    /// Bytes after it, with spaces and tabs around them taken off.
    pub value: &'a [u8],
    /// Offset of `value` in the head.
    pub value_at: usize,
}

impl<'a> Field<'a> {
    /// A line, with or without its line end, as a field.
    #[must_use]
    pub fn of_line(line: &'a [u8]) -> Self {
        let end = line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line)).len();
        field(line, 0..end)
    }

    /// Compares the name, upper and lower case alike (RFC 9110 5.1).
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// A whole head, looked at in place.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    raw: &'a [u8],
    /// Where the first line starts.
    start: usize,
}

impl<'a> Head<'a> {
    /// Takes the bytes of a head, the empty line included or not. Line ends in front belong to no line.
    #[must_use]
    pub fn new(raw: &'a [u8]) -> Self {
        Self { raw, start: start(raw) }
    }

    /// Takes the bytes of a response's head, in which the status line may have junk in front.
    #[must_use]
    pub fn of_response(raw: &'a [u8]) -> Self {
        Self { raw, start: response_start(raw).unwrap_or_else(|| start(raw)) }
    }

    /// The first line without its line end.
    #[must_use]
    pub fn start_line(&self) -> &'a [u8] {
        self.lines().next().and_then(|range| self.raw.get(range)).unwrap_or_default()
    }

    /// The lines after the first, up to the empty one.
    pub fn fields(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        let raw = self.raw;
        self.lines().skip(1).map(move |range| field(raw, range))
    }

    /// The first field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Field<'a>> {
        self.fields().find(|field| field.is(name))
    }

    /// The value of the first field of that name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&'a [u8]> {
        self.field(name).map(|field| field.value)
    }

    /// All values of that name, in order.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.fields().filter(move |field| field.is(name)).map(|field| field.value)
    }

    /// The offsets of the second word of the first line: a request's target.
    #[must_use]
    pub fn target_range(&self) -> Option<Range<usize>> {
        let line = self.start_line();
        let from = line.iter().position(|byte| *byte == b' ')? + 1;
        let length = line.get(from..)?.iter().position(|byte| *byte == b' ').unwrap_or(line.len() - from);
        let from = self.start + from;
        Some(from..from + length)
    }

    /// A request's target; empty where the first line has none.
    #[must_use]
    pub fn target(&self) -> &'a [u8] {
        self.target_range().and_then(|range| self.raw.get(range)).unwrap_or_default()
    }

    /// A response's status: the number behind the first space of a line that begins with `HTTP`. As lenient as Chrome,
    /// which takes `HTTP/1.1 0101` and `HTTP/1.1 101Switching` for 101, since it decides what frames are shown to a page.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        let line = self.start_line();
        if !starts_with_ignoring_case(line, b"http") {
            return None;
        }
        let space = line.iter().position(|byte| *byte == b' ')?;
        let digits =
            line.get(space..)?.iter().skip_while(|byte| **byte == b' ').take_while(|byte| byte.is_ascii_digit());
        digits.fold(None, |number, digit| {
            Some(number.unwrap_or(0_u16).saturating_mul(10).saturating_add(u16::from(digit - b'0')))
        })
    }

    /// Whether the request has to do with WebSocket, however malformed: Upgrade names it, or any Sec-WebSocket field
    /// is there.
    #[must_use]
    pub fn smells_of_websocket(&self) -> bool {
        self.fields().any(|field| {
            let names_it = field.is("upgrade")
                && field.value.windows(b"websocket".len()).any(|word| word.eq_ignore_ascii_case(b"websocket"));
            names_it || starts_with_ignoring_case(field.name, b"sec-websocket")
        })
    }

    /// Whether the first line has the shape of an HTTP/1 request: a method, a target, a version.
    #[must_use]
    pub fn is_request(&self) -> bool {
        let mut words = self.start_line().split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let method = words.next().is_some_and(|word| word.iter().all(u8::is_ascii_graphic));
        method && words.next().is_some() && words.next_back().is_some_and(|word| word.starts_with(b"HTTP/1."))
    }

    /// What a strict HTTP parser has against a request's head, in its own words; `None` where it takes it.
    #[must_use]
    pub fn strict_error(&self) -> Option<String> {
        let mut fields = [httparse::EMPTY_HEADER; 256];
        httparse::Request::new(&mut fields).parse(self.raw).err().map(|error| error.to_string())
    }

    fn lines(&self) -> impl Iterator<Item = Range<usize>> + use<'a> {
        let (raw, first) = (self.raw, self.start);
        let mut at = first;
        std::iter::from_fn(move || {
            let rest = raw.get(at..).filter(|rest| !rest.is_empty())?;
            let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            let start = at;
            at += length + 1;
            let line = rest.get(..length)?;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            (!line.is_empty() || start == first).then_some(start..start + line.len())
        })
    }
}

fn field(raw: &[u8], range: Range<usize>) -> Field<'_> {
    let line = raw.get(range.clone()).unwrap_or_default();
    let mut parts = line.splitn(2, |byte| *byte == b':');
    let (name, mut value) = match (parts.next(), parts.next()) {
        (Some(name), Some(value)) => (name, value),
        _ => (&[][..], line),
    };
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    let value_at = range.start + line.len() - value.len();
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    Field { name, value, value_at }
}

fn starts_with_ignoring_case(bytes: &[u8], prefix: &[u8]) -> bool {
    bytes.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost:  a.example \r\nno colon\r\nUPGRADE: WebSocket\r\n\r\nrest";

    #[test]
    fn the_end_is_after_the_first_empty_line() {
        assert_eq!(end(REQUEST, 0), Some(REQUEST.len() - 4));
        assert_eq!(end(b"GET / HTTP/1.1\nHost: x\n\nrest", 0), Some(24));
        assert_eq!(end(b"GET / HTTP/1.1\r\nHost: x\r\n\r", 0), None);
        assert_eq!(end(b"GET / HTTP/1.1\rHost: x\r\r", 0), None);
    }

    #[test]
    fn line_ends_in_front_belong_to_no_line() {
        let raw = b"\r\n\n\r\nGET /chat HTTP/1.1\r\nHost: x\r\n\r\nrest";
        assert_eq!(end(raw, 0), Some(raw.len() - 4));
        assert_eq!(end(b"\r\n\r\n", 0), None);
        let head = Head::new(&raw[..raw.len() - 4]);
        assert_eq!((head.start_line(), head.target()), (&b"GET /chat HTTP/1.1"[..], &b"/chat"[..]));
        assert_eq!(&raw[head.target_range().unwrap()], b"/chat");
        assert!(head.is_request() && head.value("host") == Some(b"x") && head.strict_error().is_none());
    }

    #[test]
    fn fields_keep_their_bytes_and_their_places() {
        let head = Head::new(REQUEST);
        assert_eq!(head.start_line(), b"GET /chat HTTP/1.1");
        assert_eq!(head.target(), b"/chat");
        let host = head.field("host").unwrap();
        assert_eq!((host.name, host.value, host.value_at), (b"Host".as_slice(), b"a.example".as_slice(), 27));
        let names: Vec<_> = head.fields().map(|field| field.name).collect();
        assert_eq!(names, [b"Host".as_slice(), b"", b"UPGRADE"]);
        assert!(head.smells_of_websocket() && head.is_request());
    }

    #[test]
    fn a_status_is_the_number_behind_the_first_space() {
        assert_eq!(Head::new(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").status(), Some(101));
        assert_eq!(Head::new(b"HTTP/1.1 404\r\n\r\n").status(), Some(404));
        assert_eq!(Head::new(b"HTTP/1.1 1010 x\r\n\r\n").status(), Some(1010));
        assert_eq!(Head::new(b"HTTP 0101x\r\n\r\n").status(), Some(101));
        assert_eq!(Head::new(b"HTTP/1.1\t101 x\r\n\r\n").status(), None);
        assert_eq!(Head::new(b"HTTP/1.1 99999999999 x\r\n\r\n").status(), Some(u16::MAX));
        assert_eq!(Head::new(b"hello").status(), None);
    }

    #[test]
    fn junk_in_front_of_a_status_line_is_skipped() {
        let raw = b"\n\n \nhttp/1.1 101 x\nA: b\n\nrest";
        assert_eq!(response_end(raw, 0), Some(raw.len() - 4));
        let head = Head::of_response(&raw[..raw.len() - 4]);
        assert_eq!((head.status(), head.value("a")), (Some(101), Some(&b"b"[..])));
        assert_eq!(head.field("a").map(|field| &raw[field.value_at..][..1]), Some(&b"b"[..]));
        assert_eq!(response_start(b"12345HTTP/1.1"), None);
    }

    #[test]
    fn plain_requests_do_not_smell_of_websocket() {
        assert!(!Head::new(b"GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n").smells_of_websocket());
        assert!(Head::new(b"GET / HTTP/1.1\r\nsec-websocket-key1: x\r\n\r\n").smells_of_websocket());
        assert!(!Head::new(b"\x16\x03\x01\x02").is_request());
    }

    proptest! {
        #[test]
        fn the_end_does_not_depend_on_how_the_bytes_came(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'a')], 0..40),
        ) {
            let whole = end(&bytes, 0);
            let mut found = None;
            for length in 0..=bytes.len() {
                if let Some(at) = end(&bytes[..length], length.saturating_sub(1)) {
                    found = Some(at);
                    break;
                }
            }
            prop_assert_eq!(whole, found);
        }

        #[test]
        fn any_bytes_can_be_looked_at(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let head = Head::new(&bytes);
            for field in head.fields() {
                prop_assert_eq!(&bytes[field.value_at..field.value_at + field.value.len()], field.value);
            }
            let _ = (head.start_line(), head.status(), head.target(), head.smells_of_websocket(), head.strict_error());
        }
    }
}
