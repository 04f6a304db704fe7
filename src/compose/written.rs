//! What one would have to type for a message that is there already, so that it can be changed.

use std::fmt::Write as _;
use std::str;

use crate::text;
use crate::wire::close::CloseBody;
use crate::wire::opcode::Opcode;

use super::FRAGMENTS;

/// Bytes of a message that is still written out: more is no text that anybody edits by hand, and the composer reads all of
/// it with each key.
const LONGEST: usize = 256 * 1024;

/// The line that asks for a message in so many frames; `None` where there is none: it is too long, or no line can ask for
/// it.
#[must_use]
pub fn written(opcode: Opcode, payload: &[u8], frames: usize) -> Option<String> {
    if payload.len() > LONGEST {
        return None;
    }
    let message = match opcode {
        Opcode::TEXT => text_message(payload),
        Opcode::BINARY => with_argument("/bin", &text::pairs(payload)),
        Opcode::PING => with_argument("/ping", plain(payload)?),
        Opcode::PONG => with_argument("/pong", plain(payload)?),
        Opcode::CLOSE => match CloseBody::parse(payload) {
            CloseBody::Empty => "/close".to_owned(),
            CloseBody::Short(_) => return None,
            CloseBody::Code { code, reason: [] } => format!("/close {code}"),
            CloseBody::Code { code, reason } => format!("/close {code} {}", plain(reason)?),
        },
        _ => return None,
    };
    let frames = frames.min(FRAGMENTS as usize);
    Some(if frames > 1 && !opcode.is_control() { format!("/frag {frames} {message}") } else { message })
}

fn with_argument(command: &str, argument: &str) -> String {
    format!("{command} {argument}").trim_end_matches(' ').to_owned()
}

/// Text that can stand in a line as it is.
fn plain(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok().filter(|text| text.chars().all(text::is_plain))
}

fn text_message(payload: &[u8]) -> String {
    let is_plain = |text: &&str| text.chars().all(|character| character == '\n' || text::is_plain(character));
    match str::from_utf8(payload).ok().filter(is_plain) {
        Some("") => "/text".to_owned(),
        Some(text) if text.starts_with('/') => format!("/{text}"),
        Some(text) => text.to_owned(),
        None => format!("/esc {}", escaped(payload)),
    }
}

/// With escapes for all that can't be seen.
pub(super) fn escaped(payload: &[u8]) -> String {
    let mut out = String::new();
    for chunk in payload.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => out.push_str("\\\\"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                character if character == '\n' || text::is_plain(character) => out.push(character),
                // A `String` takes all that is written.
                character => _ = write!(out, "\\u{{{:x}}}", u32::from(character)),
            }
        }
        for byte in chunk.invalid() {
            _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::compose::parse;
    use crate::relay::injection::Injection;

    #[test]
    fn a_message_is_written_as_one_would_type_it() {
        for (opcode, payload, frames, line) in [
            (Opcode::TEXT, &b"hello"[..], 1, "hello"),
            (Opcode::TEXT, b"/hello", 1, "//hello"),
            (Opcode::TEXT, b"", 1, "/text"),
            (Opcode::TEXT, b"a\nb", 1, "a\nb"),
            (Opcode::TEXT, b"a\x1b[2J\\\xff", 1, r"/esc a\u{1b}[2J\\\xff"),
            (Opcode::TEXT, b"hello", 3, "/frag 3 hello"),
            (Opcode::BINARY, b"\x01\xff", 1, "/bin 01 ff"),
            (Opcode::BINARY, b"", 1, "/bin"),
            (Opcode::PING, b"p", 1, "/ping p"),
            (Opcode::CLOSE, b"\x03\xe8bye", 1, "/close 1000 bye"),
            (Opcode::CLOSE, b"", 1, "/close"),
        ] {
            assert_eq!(written(opcode, payload, frames).as_deref(), Some(line));
        }
        assert_eq!(written(Opcode::PONG, b"\xff", 1), None);
        assert_eq!(written(Opcode::new(3), b"", 1), None);
        assert_eq!(written(Opcode::TEXT, &vec![b'a'; LONGEST + 1], 1), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same_message(
            payload in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..40),
                any::<String>().prop_map(String::into_bytes),
            ],
            is_text: bool,
            frames in 1_usize..5,
        ) {
            let opcode = if is_text { Opcode::TEXT } else { Opcode::BINARY };
            let order = parse(&written(opcode, &payload, frames).unwrap()).unwrap();
            let expected = match frames {
                1 => Injection::whole(opcode, payload),
                count => Injection::fragmented(opcode, &payload, count),
            };
            prop_assert_eq!(order.injection, expected);
        }
    }
}
