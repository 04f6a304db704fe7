//! A response head as Chrome's HTTP parser reads it: lenient where most parsers are strict, and now and then the reverse.

use crate::wire::head::{Head, response_start};

/// Status and fields of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// 200 where there is no number behind the first space of the status line.
    pub status: u16,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Answer {
    /// Reads a whole head. `None` where Chrome sees no HTTP (`net::ERR_INVALID_HTTP_RESPONSE`).
    pub fn read(head: &[u8]) -> Option<Self> {
        if head.contains(&0) {
            return None;
        }
        let start = response_start(head)?;
        // Either of CR and LF ends a line here, though only LF finds the end of the head.
        let mut lines = head[start..].split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| !line.is_empty());
        let status = Head::new(lines.next()?).status().unwrap_or(200);
        let mut fields: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for line in lines {
            match line.iter().position(|byte| *byte == b':') {
                // A line that begins with a blank goes on with the value before; in front of all others it is skipped.
                _ if is_blank(line[0]) => {
                    if let Some((_, value)) = fields.last_mut() {
                        value.push(b' ');
                        value.extend_from_slice(trim(line));
                    }
                }
                Some(colon) if !trim(&line[..colon]).is_empty() => {
                    fields.push((trim(&line[..colon]).to_vec(), trim(&line[colon + 1..]).to_vec()));
                }
                _ => {}
            }
        }
        Some(Self { status, fields })
    }

    /// The values of all fields of that name, each whole.
    pub fn lines(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let of_name = move |field: &&(Vec<u8>, Vec<u8>)| field.0.eq_ignore_ascii_case(name.as_bytes());
        self.fields.iter().filter(of_name).map(|(_, value)| value.as_slice())
    }

    /// The values of all fields of that name, each line cut at its commas.
    pub fn values(&self, name: &str) -> Vec<&[u8]> {
        self.lines(name).flat_map(split_at_commas).collect()
    }
}

/// Cuts at commas outside of quotes.
pub(super) fn split_at_commas(value: &[u8]) -> Vec<&[u8]> {
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
            assert_eq!(Answer::read(head.as_bytes()).unwrap().status, expected, "{line}");
        }
    }

    #[test]
    fn up_to_four_junk_bytes_are_skipped() {
        assert!(Answer::read(b"\n\n\n\nhttp/1.1 101\n\n").is_some());
        assert!(Answer::read(b"\n\n\n\n\nHTTP/1.1 101\n\n").is_none());
        assert!(Answer::read(b"HTTP/1.1 101\nX: \0\n\n").is_none());
    }

    #[test]
    fn folded_lines_join_and_odd_lines_are_skipped() {
        let answer =
            Answer::read(b"HTTP/1.1 101 x\r\n Upgrade: lost\r\nA : 1\r\n 2\r\nnothing\r\na: 3, \"4,5\"\r\n\r\n");
        let answer = answer.unwrap();
        assert_eq!(answer.values("a"), [&b"1 2"[..], b"3", b"\"4,5\""]);
        assert!(answer.values("upgrade").is_empty());
    }
}
