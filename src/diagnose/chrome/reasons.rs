//! What browsers write into the close frame with which they fail a connection: how it is told which rule fired.

use crate::record::finding::FindingKind;
use crate::wire::close::Code;

/// What a browser's close frame gives away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// How Chrome's words begin; `None` for a browser that has no words in its console.
    pub words: Option<&'static str>,
    /// The rule that fired, as far as it is told.
    pub finding: Option<FindingKind>,
}

/// Chrome's words, or how they begin, and the reason that goes with them.
const CHROME: [(&str, &str, Option<FindingKind>); 13] = [
    ("Invalid frame header", "WebSocket Protocol Error", None),
    ("A server must not mask any", "Masked frame from server", Some(FindingKind::FrameServerMasked)),
    ("One or more reserved bits are on", "Invalid reserved bit", Some(FindingKind::FrameRsv)),
    ("Unrecognized frame opcode", "Unknown opcode", Some(FindingKind::FrameOpcodeReservedData)),
    (
        "Received unexpected continuation frame.",
        "Unexpected continuation",
        Some(FindingKind::FrameUnexpectedContinuation),
    ),
    (
        "Received start of new message but previous message is unfinished.",
        "Previous data frame unfinished",
        Some(FindingKind::FrameInterleaved),
    ),
    ("Could not decode a text frame as UTF-8.", "Invalid UTF-8 in text frame", Some(FindingKind::MsgInvalidUtf8)),
    (
        "Received a broken close frame containing invalid UTF-8.",
        "Invalid UTF-8 in Close frame",
        Some(FindingKind::CloseReasonUtf8),
    ),
    ("Received a broken close frame", "", None),
    ("Data frame received after close", "", None),
    ("Ping received after close", "", None),
    ("Pong received after close", "", None),
    ("Close received after close", "", None),
];

/// The reason in the close frame that Chrome sends with these words, if it still may send one.
#[must_use]
pub fn reason_for(words: &str) -> Option<&'static str> {
    CHROME.iter().find(|(begin, ..)| words.starts_with(begin)).map(|(_, reason, _)| *reason)
}

/// What a browser's close frame says. Codes that a page can choose are none of these (1000, 3000 to 4999).
#[must_use]
pub fn reason(code: Code, reason: &[u8]) -> Option<Reason> {
    match (code, reason) {
        // Chrome after a close frame that it could not read, or Firefox after any fault.
        (Code::PROTOCOL_ERROR, b"") => Some(Reason { words: None, finding: None }),
        (Code::PROTOCOL_ERROR, _) => CHROME
            .iter()
            .find(|(_, known, _)| known.as_bytes() == reason)
            .map(|(words, _, finding)| Reason { words: Some(words), finding: *finding }),
        // Firefox, which gives no reason.
        (Code::INVALID_DATA, b"") => Some(Reason { words: None, finding: Some(FindingKind::MsgInvalidUtf8) }),
        (Code::TOO_BIG, b"") => Some(Reason { words: None, finding: Some(FindingKind::FrameLenHuge) }),
        (Code::INTERNAL, b"") => Some(Reason { words: None, finding: None }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_reasons_belong_together() {
        assert_eq!(reason_for("Invalid frame header"), Some("WebSocket Protocol Error"));
        assert_eq!(reason_for("Received a broken close frame with an invalid size of 1 byte."), Some(""));
        assert_eq!(
            reason_for("Received a broken close frame containing invalid UTF-8."),
            Some("Invalid UTF-8 in Close frame")
        );
        let masked = reason(Code::PROTOCOL_ERROR, b"Masked frame from server").unwrap();
        assert_eq!(masked.finding, Some(FindingKind::FrameServerMasked));
        assert_eq!(reason(Code::PROTOCOL_ERROR, b"no"), None);
        assert_eq!(reason(Code::NORMAL, b""), None);
    }
}
