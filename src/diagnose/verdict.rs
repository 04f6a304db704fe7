//! What a browser makes of a session.

use crate::wire::finding::FindingKind;

/// What the page gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The page gets an error event, or a close with 1006.
    Fails,
}

impl Outcome {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fails => "fails",
        }
    }
}

/// Chrome's verdict, as a finding decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What the page gets.
    pub outcome: Outcome,
    /// Chrome's words without the "WebSocket connection to '...' failed: " in front.
    pub error_text: Option<&'static str>,
    /// The close code that page script sees.
    pub close_code: Option<u16>,
}

/// What a finding in the server's bytes means for Chrome.
#[must_use]
pub const fn of_finding(kind: FindingKind) -> Verdict {
    let error_text = match kind {
        FindingKind::AcceptMissing => {
            Some("Error during WebSocket handshake: 'Sec-WebSocket-Accept' header is missing")
        }
        FindingKind::AcceptWrong => {
            Some("Error during WebSocket handshake: Incorrect 'Sec-WebSocket-Accept' header value")
        }
        FindingKind::LengthImpossible => Some("Invalid frame header"),
    };
    Verdict { outcome: Outcome::Fails, error_text, close_code: Some(1006) }
}
