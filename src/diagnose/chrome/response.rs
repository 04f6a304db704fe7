//! A response head as Chrome's HTTP parser reads it: lenient where most parsers are strict, and now and then the reverse.

use std::ops::Range;

use crate::wire::head::{Head, response_start};

/// Status and fields of a response.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::diagnose) struct Response {
    /// 200 where there is no number behind the first space of the status line.
    pub status: u16,
    /// Where the status line stands.
    pub status_line: Range<usize>,
    fields: Vec<Field>,
}

/// One field as Chrome keeps it, and where its value stood.
#[derive(Debug, PartialEq, Eq)]
struct Field {
    name: Vec<u8>,
    value: Vec<u8>,
    at: Range<usize>,
}

/// What Chrome sees no HTTP in (`net::ERR_INVALID_HTTP_RESPONSE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::diagnose) enum NotHttp {
    /// A NUL, at that offset.
    Null(usize),
    /// There is no `HTTP` within the first bytes.
    NoStatusLine,
}

impl Response {
    /// Reads a whole head.
    pub(crate) fn read(head: &[u8]) -> Result<Self, NotHttp> {
        if let Some(at) = head.iter().position(|byte| *byte == 0) {
            return Err(NotHttp::Null(at));
        }
        let start = response_start(head).ok_or(NotHttp::NoStatusLine)?;
        let mut lines = lines(head, start);
        let status_line = lines.next().ok_or(NotHttp::NoStatusLine)?;
        let status = Head::new(&head[status_line.clone()]).status().unwrap_or(200);
        let mut fields: Vec<Field> = Vec::new();
        for at in lines {
            let line = &head[at.clone()];
            match line.iter().position(|byte| *byte == b':') {
                // A line that begins with a blank goes on with the value before; in front of all others it is skipped.
                _ if is_blank(line[0]) => {
                    if let Some(field) = fields.last_mut() {
                        field.value.push(b' ');
                        field.value.extend_from_slice(trim(line));
                        field.at.end = at.end;
                    }
                }
                Some(colon) if !trim(&line[..colon]).is_empty() => {
                    let value = trim(&line[colon + 1..]);
                    let blanks = line[colon + 1..].iter().take_while(|byte| is_blank(**byte)).count();
                    let value_at = if value.is_empty() { at.start + colon + 1 } else { at.start + colon + 1 + blanks };
                    fields.push(Field {
                        name: trim(&line[..colon]).to_vec(),
                        value: value.to_vec(),
                        at: value_at..value_at + value.len(),
                    });
                }
                _ => {}
            }
        }
        Ok(Self { status, status_line, fields })
    }

    /// The values of all fields of that name, each whole, and where they stand.
    pub(crate) fn lines(&self, name: &str) -> impl Iterator<Item = (&[u8], Range<usize>)> {
        let of_name = move |field: &&Field| field.name.eq_ignore_ascii_case(name.as_bytes());
        self.fields.iter().filter(of_name).map(|field| (field.value.as_slice(), field.at.clone()))
    }

    /// The values of all fields of that name, each line cut at its commas, and where they stand. A value on several
    /// lines stands on all of them.
    pub(crate) fn values(&self, name: &str) -> Vec<(&[u8], Range<usize>)> {
        let values = self.lines(name).flat_map(|(line, at)| {
            let whole = line.len() == at.len();
            split_at_commas(line).into_iter().map(move |value| {
                let from = at.start + offset_in(line, value);
                (value, if whole { from..from + value.len() } else { at.clone() })
            })
        });
        values.collect()
    }
}

/// The lines that are not empty, without their ends. Either of CR and LF ends a line here, though only LF finds the end of
/// the head.
fn lines(head: &[u8], start: usize) -> impl Iterator<Item = Range<usize>> {
    let mut at = start;
    let pieces = head[start..].split(|byte| matches!(byte, b'\r' | b'\n')).map(move |line| {
        let from = at;
        at += line.len() + 1;
        from..from + line.len()
    });
    pieces.filter(|line| !line.is_empty())
}

/// Where a part that was cut out of `whole` begins in it.
pub(super) fn offset_in(whole: &[u8], part: &[u8]) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize).min(whole.len())
}

/// Cuts at commas outside of quotes.
pub(in crate::diagnose) fn split_at_commas(value: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let (mut from, mut quoted, mut escaped) = (0, false, false);
    for (at, byte) in value.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                parts.push(trim(&value[from..at]));
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(trim(&value[from..]));
    parts
}

pub(super) fn trim(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().take_while(|byte| is_blank(**byte)).count();
    let end = bytes[start..].iter().rev().take_while(|byte| is_blank(**byte)).count();
    &bytes[start..bytes.len() - end]
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_what_chrome_makes_of_the_line() {
        for (line, expected) in [
            ("HTTP/1.1 101 Switching", 101),
            ("HTTP/1.1  0101", 101),
            ("HTTP 101Switching", 101),
            ("HTTP/1.1 1010 x", 1010),
            ("HTTP/1.1\t101 x", 200),
            ("HTTP/1.1 -101", 200),
            ("HTTP/1.1", 200),
        ] {
            let head = format!("{line}\r\n\r\n");
            let expected = if line.contains('\t') { 200 } else { expected };
            assert_eq!(Response::read(head.as_bytes()).unwrap().status, expected, "{line}");
        }
    }

    #[test]
    fn up_to_four_junk_bytes_are_skipped() {
        assert!(Response::read(b"\n\n\n\nhttp/1.1 101\n\n").is_ok());
        assert_eq!(Response::read(b"\n\n\n\n\nHTTP/1.1 101\n\n"), Err(NotHttp::NoStatusLine));
        assert_eq!(Response::read(b"HTTP/1.1 101\nX: \0\n\n"), Err(NotHttp::Null(16)));
    }

    #[test]
    fn folded_lines_join_and_odd_lines_are_skipped() {
        let raw = b"HTTP/1.1 101 x\r\n Upgrade: lost\r\nA : 1\r\n 2\r\nnothing\r\na: 3, \"4,5\"\r\n\r\n";
        let response = Response::read(raw).unwrap();
        let values: Vec<_> = response.values("a").into_iter().map(|(value, at)| (value, &raw[at])).collect();
        assert_eq!(values, [(&b"1 2"[..], &b"1\r\n 2"[..]), (b"3", b"3"), (b"\"4,5\"", b"\"4,5\"")]);
        assert!(response.values("upgrade").is_empty());
    }
}
