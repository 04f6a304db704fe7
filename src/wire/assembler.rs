//! Joins the frames of one peer into messages, within a limit (RFC 6455 5.4).

use super::frame::{FIN, FrameHeader, RSV1, RSV2, RSV3};
use super::opcode::Opcode;

/// The reserved bits.
const RSV: u8 = RSV1 | RSV2 | RSV3;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Each frame by itself, a fragment too.
    Frame,
    /// A message of one frame or of many, and each control frame between them.
    Message,
}

/// A frame or a message that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// FIN, RSV and opcode as its first frame has them; of a message, FIN is set.
    pub first: u8,
    /// All of its payload, unmasked.
    pub payload: Vec<u8>,
}

impl Message {
    /// What it is.
    #[must_use]
    pub const fn opcode(&self) -> Opcode {
        Opcode::new(self.first)
    }
}

/// Why a peer's frames can't be joined any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Frames can't be told apart.
    #[error("the frames can't be told apart any more")]
    Lost,
    /// A message is longer than the limit.
    #[error("a message is longer than the limit")]
    TooLong,
    /// All messages under way together are longer than what is kept of them.
    #[error("the unfinished messages of all sessions are longer than the limit")]
    TooMany,
    /// A frame that has no meaning: a reserved opcode or bit, a continuation of nothing, a message within a message.
    #[error("a frame has no meaning in this dialect")]
    Meaningless,
}

/// Joins what comes in pieces.
#[derive(Debug)]
pub struct Assembler {
    scope: Scope,
    limit: usize,
    /// The frame under way and its payload so far.
    frame: Option<(u8, Vec<u8>)>,
    /// The first byte of the message under way and its fragments so far.
    message: Option<(u8, Vec<u8>)>,
}

impl Assembler {
    /// For frames or messages of no more than `limit` bytes.
    #[must_use]
    pub const fn new(scope: Scope, limit: usize) -> Self {
        Self { scope, limit, frame: None, message: None }
    }

    /// A frame begins. What it promises counts at once, so that nobody waits for a message that is too long.
    ///
    /// # Errors
    ///
    /// `Meaningless` for reserved bits in a message, `TooLong`.
    pub fn header(&mut self, header: &FrameHeader) -> Result<(), Trouble> {
        if self.scope == Scope::Message && header.first & RSV != 0 {
            return Err(Trouble::Meaningless);
        }
        if header.length > self.limit.saturating_sub(self.fragments()) as u64 {
            return Err(Trouble::TooLong);
        }
        self.frame = Some((header.first, Vec::new()));
        Ok(())
    }

    /// The next bytes of its payload, unmasked. Gives what they complete.
    ///
    /// # Errors
    ///
    /// `TooLong` for a frame whose header does not tell how long it is; `Meaningless`.
    pub fn payload(&mut self, piece: &[u8], last: bool) -> Result<Option<Message>, Trouble> {
        let room = self.limit.saturating_sub(self.held());
        let Some((first, payload)) = &mut self.frame else { return Err(Trouble::Lost) };
        if piece.len() > room {
            return Err(Trouble::TooLong);
        }
        payload.extend_from_slice(piece);
        let first = *first;
        match self.frame.take_if(|_| last) {
            Some((_, payload)) => self.join(first, payload),
            None => Ok(None),
        }
    }

    /// Lets go of all that is held.
    pub fn clear(&mut self) {
        (self.frame, self.message) = (None, None);
    }

    /// Bytes that are held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.fragments() + self.frame.as_ref().map_or(0, |(_, payload)| payload.len())
    }

    fn fragments(&self) -> usize {
        self.message.as_ref().map_or(0, |(_, payload)| payload.len())
    }

    fn join(&mut self, first: u8, mut payload: Vec<u8>) -> Result<Option<Message>, Trouble> {
        let opcode = Opcode::new(first);
        if opcode.is_control() || self.scope == Scope::Frame {
            return Ok(Some(Message { first, payload }));
        }
        let (begun, payload) = match (opcode, self.message.take()) {
            (Opcode::CONTINUATION, Some((begun, mut fragments))) => {
                fragments.append(&mut payload);
                (begun, fragments)
            }
            (Opcode::TEXT | Opcode::BINARY, None) => (first, payload),
            _ => return Err(Trouble::Meaningless),
        };
        if first & FIN == 0 {
            self.message = Some((begun, payload));
            return Ok(None);
        }
        Ok(Some(Message { first: begun | FIN, payload }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(assembler: &mut Assembler, first: u8, payload: &[u8]) -> Result<Option<Message>, Trouble> {
        assembler
            .header(&FrameHeader { first, ..FrameHeader::new(Opcode::TEXT, payload.len() as u64, None) })
            .and_then(|()| assembler.payload(payload, true))
    }

    #[test]
    fn fragments_are_joined_around_a_ping() {
        let mut assembler = Assembler::new(Scope::Message, 1000);
        assert_eq!(frame(&mut assembler, 0x01, b"Hel"), Ok(None));
        assert_eq!(assembler.held(), 3);
        let ping = Message { first: 0x89, payload: b"p".to_vec() };
        assert_eq!(frame(&mut assembler, 0x89, b"p"), Ok(Some(ping)));
        let hello = Message { first: 0x81, payload: b"Hello".to_vec() };
        assert_eq!(frame(&mut assembler, 0x80, b"lo"), Ok(Some(hello)));
        assert_eq!(assembler.held(), 0);
    }

    #[test]
    fn by_themselves_frames_come_out_as_they_are() {
        let mut assembler = Assembler::new(Scope::Frame, 1000);
        for first in [0x41, 0x00, 0x83, 0x89] {
            assert_eq!(frame(&mut assembler, first, b"a"), Ok(Some(Message { first, payload: b"a".to_vec() })));
        }
    }

    #[test]
    fn what_has_no_meaning_or_is_too_long_is_told() {
        for (first, payload, trouble) in [
            (0x80, &b""[..], Trouble::Meaningless),
            (0xc1, b"", Trouble::Meaningless),
            (0x83, b"", Trouble::Meaningless),
            (0x81, &[0; 1001], Trouble::TooLong),
        ] {
            assert_eq!(frame(&mut Assembler::new(Scope::Message, 1000), first, payload), Err(trouble), "{first:02x}");
        }
        let mut assembler = Assembler::new(Scope::Message, 10);
        assert_eq!(frame(&mut assembler, 0x01, b"sixsix"), Ok(None));
        assert_eq!(frame(&mut assembler, 0x80, b"sixsix"), Err(Trouble::TooLong));
    }
}
