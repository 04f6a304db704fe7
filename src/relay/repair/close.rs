//! A close frame's body that may be sent (RFC 6455 5.5.1, 7.4).

use crate::wire::close::{CloseBody, Code};

/// Bytes of a reason.
const MAX_REASON: usize = 123;

/// `body` with a code that may be sent and a reason that is UTF-8, and what was done to it.
pub(super) fn made_good(body: &[u8]) -> (Vec<u8>, Option<&'static str>) {
    let Some((came, reason)) = CloseBody::parse(body).code() else {
        return (Vec::new(), (!body.is_empty()).then_some("half a close code left out"));
    };
    let (code, reason) = match code_for(came, body) {
        Some((code, skipped)) => (code, reason.get(skipped..).unwrap_or_default()),
        None => return (Vec::new(), Some("close code 1005, which means none, left out")),
    };
    let text = String::from_utf8_lossy(reason);
    let mut end = text.len().min(MAX_REASON);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let made = [&code.to_be_bytes(), text.as_bytes().get(..end).unwrap_or_default()].concat();
    let done = if code != came {
        Some("close code made good")
    } else if made != body {
        Some("close reason made good")
    } else {
        None
    };
    (made, done)
}

/// The code to send, and how many bytes of the reason belonged to the code.
fn code_for(came: Code, body: &[u8]) -> Option<(Code, usize)> {
    if came.is_sendable() {
        return Some((came, 0));
    }
    let swapped = Code::new(came.value().swap_bytes());
    let digits = body.get(..4).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok()).map(Code::new);
    match came {
        Code::NO_STATUS => None,
        Code::ABNORMAL | Code::TLS => Some((Code::INTERNAL, 0)),
        _ if swapped.is_sendable() && swapped <= Code::TLS => Some((swapped, 0)),
        _ => match digits.filter(|code| code.is_sendable()) {
            Some(code) => Some((code, 2)),
            None if came < Code::NORMAL => Some((Code::INTERNAL, 0)),
            None => Some((Code::POLICY, 0)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bad_body_becomes_one_that_may_be_sent() {
        for (body, made) in [
            (b"".as_slice(), b"".as_slice()),
            (b"\x03", b""),
            (b"\x03\xe8bye", b"\x03\xe8bye"),
            (b"\x03\xed", b""),
            (b"\x03\xee", b"\x03\xf3"),
            (b"\xe8\x03", b"\x03\xe8"),
            (b"1000 bye", b"\x03\xe8 bye"),
            (b"\x00\x01", b"\x03\xf3"),
            (b"\x03\xe8\xff", b"\x03\xe8\xef\xbf\xbd"),
        ] {
            assert_eq!(made_good(body).0, made, "{body:x?}");
            assert_eq!(made_good(made), (made.to_vec(), None), "{body:x?}");
        }
        let long = [b"\x03\xe8".as_slice(), "é".repeat(62).as_bytes()].concat();
        assert_eq!(made_good(&long).0.len(), 124);
    }
}
