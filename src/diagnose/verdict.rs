//! What a browser makes of a response to the handshake, or of none.

use crate::record::Verdict;
use crate::record::finding::FindingKind;

use super::chrome::{self, Handshake};

/// On the first whole head that came for a request: `None` where Chrome opens the socket. `finding` is the cause, where
/// the bytes name a deeper one than the rule that Chrome saw broken.
#[must_use]
pub fn of_response(request: &[u8], response: &[u8], finding: Option<FindingKind>) -> Option<Verdict> {
    match chrome::handshake(request, response) {
        Handshake::Opens => None,
        Handshake::Fails(fault) => Some(Verdict::fails(fault.words, Some(finding.unwrap_or(fault.kind)))),
    }
}

/// On a response that is none, or a connection that ended before there was a whole head.
#[must_use]
pub fn of_no_response(end: NoResponse) -> Verdict {
    Verdict::fails(end.words(), Some(end.kind()))
}

/// Why there will be no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoResponse {
    /// The first bytes are no HTTP.
    NotHttp,
    /// A FIN, and not a byte before it.
    Nothing,
    /// A FIN in the middle of a head.
    CutShort,
    /// An RST.
    Reset,
}

impl NoResponse {
    /// Chrome's words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotHttp => "Error during WebSocket handshake: net::ERR_INVALID_HTTP_RESPONSE",
            Self::Nothing => "Connection closed before receiving a handshake response",
            Self::CutShort => "Error during WebSocket handshake: net::ERR_CONNECTION_CLOSED",
            Self::Reset => "Error during WebSocket handshake: net::ERR_CONNECTION_RESET",
        }
    }

    const fn kind(self) -> FindingKind {
        match self {
            Self::NotHttp => FindingKind::HttpNotHttpOddPort,
            Self::Nothing => FindingKind::TcpClosedBeforeResponse,
            Self::CutShort => FindingKind::HttpStatus101Truncated,
            Self::Reset => FindingKind::TcpResetInHandshake,
        }
    }
}
