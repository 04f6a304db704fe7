//! Where in a message a lane is (RFC 6455 5.4): what a frame is to it, and whether a data frame may go in between.

use super::frame::FrameHeader;
use super::opcode::Opcode;

/// What a frame is to the messages of its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A control frame: it may stand anywhere, and is a message by itself.
    Control,
    /// The first frame of a message, or all of it.
    Begins,
    /// The next frame of the message under way.
    GoesOn,
    /// It begins a message though another is under way.
    BeginsWithin,
    /// It goes on a message though none is under way.
    GoesOnNothing,
}

impl Role {
    /// Of a frame that comes while a message is under way, or is not.
    #[inline]
    #[must_use]
    pub const fn of(header: &FrameHeader, is_within_message: bool) -> Self {
        let opcode = header.opcode();
        match (opcode.value() == Opcode::CONTINUATION.value(), is_within_message) {
            _ if opcode.is_control() => Self::Control,
            (false, false) => Self::Begins,
            (true, true) => Self::GoesOn,
            (false, true) => Self::BeginsWithin,
            (true, false) => Self::GoesOnNothing,
        }
    }
}

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
        match Role::of(header, self.open.is_some()) {
            Role::Control => {}
            _ if header.fin() => self.open = None,
            Role::GoesOn => {}
            Role::Begins | Role::BeginsWithin | Role::GoesOnNothing => self.open = Some(header.opcode()),
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
