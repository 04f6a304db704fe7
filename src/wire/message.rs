//! Where in a message a lane is (RFC 6455 5.4): what decides whether a data frame may go in between.

use super::frame::FrameHeader;
use super::opcode::Opcode;

/// The message that is under way on one lane.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessageState {
    open: Option<Opcode>,
}

impl MessageState {
    /// Takes the next frame's header into account. A frame out of place (a continuation of nothing, a new message
    /// within one) is taken as a lenient receiver would.
    #[inline]
    pub const fn frame(&mut self, header: &FrameHeader) {
        let opcode = header.opcode();
        if opcode.is_control() {
            return;
        }
        if header.fin() {
            self.open = None;
        } else if opcode.value() != Opcode::CONTINUATION.value() || self.open.is_none() {
            self.open = Some(opcode);
        }
    }

    /// The opcode of the message whose last fragment has not come.
    #[must_use]
    pub const fn unfinished(&self) -> Option<Opcode> {
        self.open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(frames: &[u8]) -> Option<Opcode> {
        let mut state = MessageState::default();
        for first in frames {
            state.frame(&FrameHeader { first: *first, ..FrameHeader::new(Opcode::TEXT, 0, None) });
        }
        state.unfinished()
    }

    #[test]
    fn a_message_is_unfinished_until_its_final_fragment() {
        assert_eq!(after(&[0x01]), Some(Opcode::TEXT));
        assert_eq!(after(&[0x02, 0x00, 0x89]), Some(Opcode::BINARY));
        assert_eq!(after(&[0x01, 0x00, 0x80]), None);
        assert_eq!(after(&[0x81]), None);
    }
}
