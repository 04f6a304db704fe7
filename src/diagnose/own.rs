//! Raw bytes that the user put into a session: whether they break its stream, and what is to be said where a peer then
//! fails for them.

use crate::record::finding::{FindingKind, Level};
use crate::record::{FrameNumber, Side};
use crate::wire::decoder::{Decoder, Part};

use super::examine::Examiner;
use super::words;

/// Raw bytes of the user's that broke a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own {
    /// The frame as which they are shown, where they are just one.
    pub frame: Option<FrameNumber>,
    /// The rule that they break.
    pub kind: FindingKind,
}

/// The rule that bytes break which stand between two frames of `from`'s, where `deflates` says whether these may be
/// compressed. `None` where they are frames as they should be, or but the first ones of a message.
#[must_use]
pub fn broken(from: Side, deflates: bool, raw: &[u8]) -> Option<FindingKind> {
    let mut examiner = Examiner::new(from, None, 0, 0);
    let mut decoder = Decoder::default();
    let mut under_way = None;
    let mut at = 0;
    while let Some((part, used)) = decoder.next(raw.get(at..).unwrap_or_default()) {
        let piece = raw.get(at..at + used).unwrap_or_default();
        match (part, under_way) {
            (Part::Header(header), _) => {
                examiner.header(&header);
                under_way = Some((header, 0));
            }
            (Part::Payload { length, last }, Some((header, received))) => {
                examiner.payload(&header, received, piece, last);
                under_way = (!last).then_some((header, received + length as u64));
            }
            (Part::Payload { .. }, None) => {}
            (Part::Lost(_), _) => return Some(FindingKind::FrameLen64Msb),
        }
        at += used;
    }
    let unfinished = under_way.as_ref().map(|(header, received)| (header, *received));
    examiner.end(unfinished, decoder.unfinished_header().len());
    let kinds = examiner.found.iter().map(|found| found.kind);
    let counts = |kind: &FindingKind| {
        let may_follow = matches!(kind, FindingKind::FrameMissingFin | FindingKind::FrameUnexpectedContinuation);
        let may_stand = deflates && *kind == FindingKind::Rsv1NotNegotiated;
        words(*kind).level == Level::Error && !may_follow && !may_stand
    };
    kinds.into_iter().find(counts)
}

impl Own {
    /// Whether a finding about their receiver may be no more than what came of them.
    #[must_use]
    pub const fn explains(kind: FindingKind) -> bool {
        matches!(
            kind,
            FindingKind::CloseFromBrowser1002
                | FindingKind::CloseCleanErrorCodes
                | FindingKind::CloseNoReply
                | FindingKind::TcpDropAfterOpen
                | FindingKind::TcpIdleTimeout
                | FindingKind::FrameNotAFrame
        )
    }

    /// The cause, and what to change.
    #[must_use]
    pub fn cause(self) -> (String, &'static str) {
        let what = match self.frame {
            Some(frame) => format!("frame {frame}, which you put in as raw bytes,"),
            None => "raw bytes that you put in".to_owned(),
        };
        let cause = format!("most likely {what} broke the stream ({}): {}", self.kind.id(), words(self.kind).title);
        (cause, "neither peer needs to change: put in whole frames, or let wsproxy write them (text, /bin, /frag)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_frames_and_parts_of_messages_break_nothing() {
        for raw in [b"\x81\x02hi".as_slice(), b"\x89\x00", b"\x01\x02hi", b"\x80\x02hi", b"\x81\x02hi\x82\x01x", b""] {
            assert_eq!(broken(Side::Server, false, raw), None, "{raw:x?}");
        }
        assert_eq!(broken(Side::Client, false, b"\x81\x82\x01\x02\x03\x04ij"), None);
        assert_eq!(broken(Side::Server, true, b"\xc1\x02hi"), None);
    }

    #[test]
    fn what_breaks_a_rule_is_named() {
        let broken = |raw| broken(Side::Server, false, raw);
        assert_eq!(broken(b"\x83\x00"), Some(FindingKind::FrameOpcodeReservedData));
        assert_eq!(broken(b"\x81\x05Hell"), Some(FindingKind::FrameTruncated));
        assert_eq!(broken(b"\x81"), Some(FindingKind::FrameTruncated));
        assert_eq!(broken(b"\xc1\x02hi"), Some(FindingKind::Rsv1NotNegotiated));
        assert_eq!(broken(b"\x81\x82\x01\x02\x03\x04ij"), Some(FindingKind::FrameServerMasked));
        assert_eq!(broken(b"\x81\x7f\xff\0\0\0\0\0\0\0"), Some(FindingKind::FrameLen64Msb));
    }
}
