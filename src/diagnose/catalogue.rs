//! The catalogue of findings: one entry for each kind.

use crate::wire::finding::{FindingKind, Level};

/// All that is said about a kind of finding.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// The name used on the command line, in JSON and in the documentation.
    pub id: &'static str,
    /// How much it matters.
    pub level: Level,
    /// One plain sentence: lower case, no final stop.
    pub title: &'static str,
    /// Where the rule stands.
    pub spec: &'static str,
    /// What Chrome does.
    pub chrome: &'static str,
    /// What Firefox does.
    pub firefox: &'static str,
    /// What Safari does.
    pub safari: &'static str,
    /// The usual cause.
    pub cause: &'static str,
    /// What to change.
    pub fix: &'static str,
}

/// The entry for a kind.
#[must_use]
pub const fn words(kind: FindingKind) -> Words {
    match kind {
        FindingKind::AcceptMissing => Words {
            id: "resp-accept-missing",
            level: Level::Error,
            title: "the 101 answer has no Sec-WebSocket-Accept field",
            spec: "RFC 6455 4.2.2 step 5.4",
            chrome: "fails: Error during WebSocket handshake: 'Sec-WebSocket-Accept' header is missing",
            firefox: "fails with close code 1006",
            safari: "fails: There was a bad response from the server",
            cause: "a server written for a draft of 2010, or a proxy in between that removed the field",
            fix: "answer with base64(sha1(key + \"258EAFA5-E914-47DA-95CA-C5AB0DC85B11\"))",
        },
        FindingKind::AcceptWrong => Words {
            id: "resp-accept-mismatch",
            level: Level::Error,
            title: "the accept value does not belong to the request's key",
            spec: "RFC 6455 4.2.2 step 5.4",
            chrome: "fails: Error during WebSocket handshake: Incorrect 'Sec-WebSocket-Accept' header value",
            firefox: "fails with close code 1006",
            safari: "fails: There was a bad response from the server",
            cause: "the key was decoded, trimmed or cut before hashing, the GUID has a typing error, or the hash was \
                    encoded as hex",
            fix: "hash the key's text as it came, with the GUID behind it, and encode the 20 raw bytes with base64",
        },
        FindingKind::LengthImpossible => Words {
            id: "frame-len64-msb",
            level: Level::Error,
            title: "a frame header promises 2^63 bytes or more, so nothing after it can be told apart",
            spec: "RFC 6455 5.2",
            chrome: "fails: Invalid frame header",
            firefox: "fails with close code 1006",
            safari: "fails: the operation couldn't be completed, protocol error",
            cause: "the bytes are no frames (text sent raw, or a lost byte earlier), or the length was written as a \
                    signed number",
            fix: "write lengths above 65535 as an unsigned 64-bit number in network byte order, its top bit zero",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_titles_are_lower_case_without_a_stop() {
        let kinds = [FindingKind::AcceptMissing, FindingKind::AcceptWrong, FindingKind::LengthImpossible];
        for kind in kinds {
            let entry = words(kind);
            assert_eq!(kinds.iter().filter(|other| words(**other).id == entry.id).count(), 1, "{}", entry.id);
            assert!(entry.title.starts_with(char::is_lowercase) && !entry.title.ends_with('.'), "{}", entry.title);
        }
    }
}
