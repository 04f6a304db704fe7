//! What is checked in the body of a close frame (RFC 6455 5.5.1, 7.4).

use crate::record::Side;
use crate::record::finding::FindingKind;
use crate::text;
use crate::wire::close::{CloseBody, Code};
use crate::wire::frame::FrameHeader;

use super::{Examiner, Found};
use crate::diagnose::end;

/// A close frame of the server's that says why it closes, in a code or a reason.
fn closed(at: u64, code: Code, reason: &[u8]) -> Found {
    let (kind, length) = (end::closed(code), 2 + reason.len() as u64);
    let detail = format!("code {code}, {}: {}", code.name(), code.meaning());
    Found { cause: end::why_closed(code, reason), ..Found::new(kind, at, length, detail) }
}

impl Examiner {
    /// `self.body` is the whole body.
    pub(super) fn check_close(&mut self, header: &FrameHeader) {
        let at = header.wire_length() as u64;
        let found = match CloseBody::parse(&self.body) {
            CloseBody::Empty => None,
            CloseBody::Short(_) => Some(Found::new(FindingKind::Close1byte, at, 1, "")),
            CloseBody::Code { reason, .. } if header.length <= 125 && std::str::from_utf8(reason).is_err() => {
                let detail = format!("the reason is {}", text::preview(reason, 100));
                Some(Found::new(FindingKind::CloseReasonUtf8, at + 2, reason.len() as u64, detail))
            }
            CloseBody::Code { code, reason } => self.check_code(at, code, reason),
        };
        self.found.extend(found);
    }

    fn check_code(&self, at: u64, code: Code, reason: &[u8]) -> Option<Found> {
        let swapped = code.value().swap_bytes();
        let [high, low] = code.to_be_bytes();
        let name = code.name();
        let (kind, detail) = match code {
            Code::NO_STATUS | Code::ABNORMAL | Code::TLS => {
                (FindingKind::CloseCodeReserved, format!("code {code}, {name}"))
            }
            // Nobody registered a code there, so the other order of its bytes is the one that was meant.
            _ if !code.is_sendable() && (1000..=1014).contains(&swapped) => {
                (FindingKind::CloseCodeLittleEndian, format!("code {code}; with its bytes swapped it is {swapped}"))
            }
            _ if !code.is_sendable() && high.is_ascii_digit() && low.is_ascii_digit() => {
                let body = text::preview(&[&[high, low], reason].concat(), 40);
                (FindingKind::CloseCodeAscii, format!("code {code}; as text, the body is {body}"))
            }
            _ if !code.is_sendable() => (FindingKind::CloseCodeRange, format!("code {code}, {name}")),
            _ if self.is_reply => return None,
            Code::PROTOCOL_ERROR | Code::INVALID_DATA | Code::TOO_BIG if self.from == Side::Client => {
                let reason = text::preview(reason, 125);
                (FindingKind::CloseFromBrowser1002, format!("code {code}, {name}: {reason}"))
            }
            Code::GOING_AWAY if self.from == Side::Client => (FindingKind::CloseBrowser1001, String::new()),
            _ if self.from == Side::Server && end::tells_why(code) => return Some(closed(at, code, reason)),
            _ => return None,
        };
        Some(Found::new(kind, at, 2, detail))
    }
}
