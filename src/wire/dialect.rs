//! The versions of the protocol from 2009 on, as one table, and how a request shows which it speaks.

use super::head::Head;

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// RFC 6455, version 13.
    Rfc6455,
    /// draft-ietf-hybi-thewebsocketprotocol-08 to -12, version 8.
    Hybi08,
    /// draft-ietf-hybi-thewebsocketprotocol-07, version 7.
    Hybi07,
    /// draft-hixie-thewebsocketprotocol-76, which is hybi-00.
    Hixie76,
    /// draft-hixie-thewebsocketprotocol-75.
    Hixie75,
    /// Another version by its number: hybi-01 to -06, or one that no document has.
    Other(u8),
}

/// How the bytes after the heads are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Frames of RFC 6455 5.2.
    Rfc,
    /// Frames of hixie-75 and -76: `00 ... FF`, or a type and a length in base 128.
    Hixie,
    /// Not decoded: relayed and shown as raw bytes.
    Raw,
}

/// What is fixed for a dialect.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The name used everywhere.
    pub name: &'static str,
    /// How its frames look.
    pub framing: Framing,
    /// Whether the key is answered with an accept value of RFC 6455 4.2.2.
    pub has_accept: bool,
    /// Whether there are two keys and eight bytes behind the request's head, answered by sixteen behind the response's.
    pub has_keys: bool,
    /// Whether a close frame ends it.
    pub has_close: bool,
}

impl Dialect {
    /// The table.
    #[must_use]
    pub const fn facts(self) -> Facts {
        // What is named after the framing: an accept value, keys with eight bytes, a close frame.
        let (name, framing, has_accept, has_keys, has_close) = match self {
            Self::Rfc6455 => ("rfc6455", Framing::Rfc, true, false, true),
            Self::Hybi08 => ("hybi-08", Framing::Rfc, true, false, true),
            Self::Hybi07 => ("hybi-07", Framing::Rfc, true, false, true),
            Self::Hixie76 => ("hixie-76", Framing::Hixie, false, true, true),
            Self::Hixie75 => ("hixie-75", Framing::Hixie, false, false, false),
            Self::Other(4..=6) => ("hybi-04 to hybi-06", Framing::Raw, true, false, true),
            Self::Other(0..=3) => ("hybi-01 to hybi-03", Framing::Raw, false, true, true),
            Self::Other(_) => ("unknown version", Framing::Rfc, true, false, true),
        };
        Facts { name, framing, has_accept, has_keys, has_close }
    }

    /// What a request speaks: its version field, else its kind of challenge. A request with a key but a version that
    /// can't be read is taken as RFC 6455, since that is what a server that answers it will speak.
    #[must_use]
    pub fn of_request(head: Head<'_>) -> Self {
        let number = |name| head.value(name).and_then(|value| std::str::from_utf8(value).ok()?.parse::<u8>().ok());
        match number("sec-websocket-version").or_else(|| number("sec-websocket-draft")) {
            Some(13) => Self::Rfc6455,
            Some(8) => Self::Hybi08,
            Some(7) => Self::Hybi07,
            Some(0) => Self::Hixie76,
            Some(other) => Self::Other(other),
            None if head.field("sec-websocket-key1").is_some() => Self::Hixie76,
            None if head.field("sec-websocket-key").is_some() || head.field("sec-websocket-version").is_some() => {
                Self::Rfc6455
            }
            None => Self::Hixie75,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart_by_version_then_by_challenge() {
        for (fields, dialect) in [
            ("Sec-WebSocket-Version: 13", Dialect::Rfc6455),
            ("Sec-WebSocket-Version: 8", Dialect::Hybi08),
            ("Sec-WebSocket-Version: 7", Dialect::Hybi07),
            ("Sec-WebSocket-Version: 6", Dialect::Other(6)),
            ("Sec-WebSocket-Version: thirteen\r\nSec-WebSocket-Key: x", Dialect::Rfc6455),
            ("Sec-WebSocket-Key1: 1 2", Dialect::Hixie76),
            ("Sec-WebSocket-Key: x", Dialect::Rfc6455),
            ("Origin: x", Dialect::Hixie75),
        ] {
            let head = format!("GET / HTTP/1.1\r\nUpgrade: WebSocket\r\n{fields}\r\n\r\n");
            assert_eq!(Dialect::of_request(Head::new(head.as_bytes())), dialect, "{fields}");
        }
    }
}
