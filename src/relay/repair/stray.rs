//! Bytes between two frames that are no frame's: a line break of a print that adds one, a NUL, a byte order mark.

use crate::record::finding::FindingKind;
use crate::wire::opcode::Opcode;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::relay) struct Stray {
    /// Count of bytes.
    pub length: usize,
    /// Whether it is the mistake of a line break.
    pub is_line_break: bool,
}

impl Stray {
    /// Its finding, right behind the head or behind a frame.
    pub(in crate::relay) const fn kind(self, behind_head: bool, first: u8) -> FindingKind {
        match (self.is_line_break, behind_head) {
            (false, _) => FindingKind::FrameStrayNul,
            (true, false) => FindingKind::FrameTrailingNewline,
            (true, true) if first == b'\n' => FindingKind::HttpExtraLf,
            (true, true) => FindingKind::HttpExtraCrlf,
        }
    }
}

/// The stray bytes that `rest` begins with, if what is behind them may be a frame.
pub(super) fn at_border(rest: &[u8], within_message: bool) -> Option<Stray> {
    let found = |length| Stray { length, is_line_break: true };
    let stray = match rest {
        [b'\r', b'\n', ..] => found(2),
        [b'\r' | b'\n', ..] => found(1),
        [0, ..] if !within_message => Stray { is_line_break: false, ..found(1) },
        _ if rest.starts_with(BYTE_ORDER_MARK) => Stray { is_line_break: false, ..found(BYTE_ORDER_MARK.len()) },
        _ => return None,
    };
    is_plausible(rest.get(stray.length..)?, within_message).then_some(stray)
}

/// Whether a frame may begin there, perhaps behind more of the same.
fn is_plausible(rest: &[u8], within_message: bool) -> bool {
    match rest {
        [] => true,
        [b'\r' | b'\n' | 0 | 0xef, ..] => at_border(rest, within_message).is_some(),
        [first, ..] => first & 0x30 == 0 && Opcode::new(*first).name().is_some(),
    }
}
