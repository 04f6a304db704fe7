//! What can be asked for: something that tells of itself what a query wants to know.

use crate::record::finding::Level;
use crate::record::{FrameNumber, SessionId, Side};
use crate::wire::close::Code;
use crate::wire::opcode::Opcode;

use super::field::Property;

/// What a decoder read of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What it says, on a line.
    pub summary: String,
    /// The names of the messages in it.
    pub events: Vec<String>,
    /// Whether it asks for a reply.
    pub is_request: bool,
    /// Whether it is a reply.
    pub is_reply: bool,
}

/// Something that a query is asked of. What it does not have, it has no answer for, and no term that asks for it fits.
pub trait Subject {
    /// Whether any of its texts is the one that is looked for: the message as read, a head, the words that a row shows.
    fn any_text(&self, is_it: &mut dyn FnMut(&[u8]) -> bool) -> bool;

    /// The same for its bytes as they came, without a mask.
    fn any_bytes(&self, is_it: &mut dyn FnMut(&[u8]) -> bool) -> bool;

    /// Who sent it.
    fn from(&self) -> Option<Side>;

    /// The session that it belongs to.
    fn session(&self) -> Option<SessionId>;

    /// The target of that session's request.
    fn path(&self) -> Option<&[u8]>;

    /// The frame's number in its session.
    fn number(&self) -> Option<FrameNumber>;

    /// The frame's opcode; that of a message is its first frame's.
    fn opcode(&self) -> Option<Opcode>;

    /// Payload bytes, as the header has it.
    fn length(&self) -> Option<u64>;

    /// The code of a close frame, or of a session's end.
    fn close_code(&self) -> Option<Code>;

    /// The finding that it tells of.
    fn finding(&self) -> Option<(Level, &'static str)>;

    /// What a decoder read of it.
    fn reading(&self) -> Option<Reading>;

    /// Microseconds since midnight where the reader is.
    fn time_of_day(&self) -> Option<u64>;

    /// The note of the user's mark on it, which may be empty; `None` where it has no mark.
    fn mark(&self) -> Option<&str> {
        None
    }

    /// Whether it is of some kind.
    fn is(&self, property: Property) -> bool;
}
