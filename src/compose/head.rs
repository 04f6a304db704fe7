//! A head as a text that can be edited: a line of the text for each of the head's, without their ends.
//!
//! Lines end in CR LF, and an empty line closes the head (RFC 9112 2.1); both are added. Bytes that can't stand in a text are
//! escapes, as in `/esc`. A lone backslash at the very end means that nothing is added: so a head may end in any way.

use super::argument::Argument;
use super::written::escaped;
use super::{ComposeError, error};

/// Bytes of a head at most: what it may have by `Limits::head`.
const LONGEST: usize = 64 * 1024;

const END: &str = "\r\n\r\n";

/// What one would type for a head.
#[must_use]
pub fn written_head(head: &[u8]) -> String {
    let ends = head.strip_suffix(END.as_bytes()).filter(|body| !body.is_empty() && !body.ends_with(b"\r\n"));
    let body = ends.unwrap_or(head);
    let mut lines: Vec<String> = Vec::new();
    let mut rest = body;
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n");
        lines.push(escaped(rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()).replace('\n', "\\n"));
        match end {
            Some(end) => rest = rest.get(end + 2..).unwrap_or_default(),
            None => break,
        }
    }
    let mark = if ends.is_some() { "" } else { "\\" };
    lines.join("\n") + mark
}

/// The head that a text stands for.
///
/// # Errors
/// An escape is none, there is nothing, or too much.
pub fn head(text: &str) -> Result<Vec<u8>, ComposeError> {
    let backslashes = text.len() - text.trim_end_matches('\\').len();
    let is_bare = backslashes % 2 == 1;
    let body = if is_bare { text.get(..text.len() - 1).unwrap_or_default() } else { text.trim_end_matches('\n') };
    if body.is_empty() && !is_bare {
        return Err(error("a head begins with a line such as HTTP/1.1 101 Switching Protocols", 0));
    }
    let mut out = Vec::new();
    for (index, line) in Argument::all(text).lines(body.len()).enumerate() {
        if index > 0 {
            out.extend_from_slice(b"\r\n");
        }
        out.extend(line.escapes()?);
    }
    if !is_bare {
        out.extend_from_slice(END.as_bytes());
    }
    if out.len() > LONGEST {
        return Err(error(format!("a head holds at most {LONGEST} bytes here, and this has {}", out.len()), 0));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_head_is_its_lines() {
        let text = "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nX: \\xff\\\\";
        let bytes = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX: \xff\\\r\n\r\n";
        assert_eq!(head(text).unwrap(), bytes);
        assert_eq!(written_head(bytes), text);
        // What an editor leaves behind the last line is nothing.
        assert_eq!(head(&format!("{text}\n\n")).unwrap(), bytes);
    }

    #[test]
    fn a_head_may_end_as_no_head_should() {
        assert_eq!(written_head(b"HTTP/1.1 101 X\nA: b\n\n"), "HTTP/1.1 101 X\\nA: b\\n\\n\\");
        assert_eq!(head("HTTP/1.1 101 X\nA: b\\").unwrap(), b"HTTP/1.1 101 X\r\nA: b");
        assert_eq!(head("").unwrap_err().at, 0);
        assert_eq!(head("GET / HTTP/1.1\nX: \\q").unwrap_err().at, 18);
        assert!(head(&"x".repeat(LONGEST)).unwrap_err().message.contains("at most"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same_head(
            bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\r'), Just(b'\n'), Just(b'\\')], 0..60),
            ends: bool,
        ) {
            let bytes = if ends { [&bytes[..], END.as_bytes()].concat() } else { bytes };
            prop_assert_eq!(head(&written_head(&bytes)).unwrap(), bytes);
        }
    }
}
