//! Joins the frames of one peer into messages, within a limit (RFC 6455 5.4), inflated where they were compressed
//! (RFC 7692). Whose frames they are and in which dialect they came does not matter: their headers say it.

use super::frame::{FIN, FrameHeader, RSV1, RSV2, RSV3};
use super::inflate::{Inflater, Stop};
use super::mask::{self, MaskKey};
use super::message::Role;
use super::opcode::Opcode;

/// The reserved bits.
const RSV: u8 = RSV1 | RSV2 | RSV3;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Each frame by itself, a fragment too.
    Frame,
    /// A message of one frame or of many, and each control frame between them.
    Message,
}

/// What becomes of frames that break the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// They are trouble.
    Strict,
    /// They are taken for what they most likely are, and what goes beyond the limit is left out.
    Lenient,
}

/// A frame or a message that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// FIN, RSV and opcode as its first frame has them; of a message, FIN is set.
    pub first: u8,
    /// All of its payload, unmasked, and inflated where that could be; nothing where it could not.
    pub payload: Vec<u8>,
    /// Whether it was compressed.
    pub packing: Packing,
}

/// How a payload was packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not at all, or nobody is to look.
    Plain,
    /// It was compressed, and is not any more.
    Inflated,
    /// It was compressed, and can't be inflated.
    Unreadable,
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
    /// A reserved opcode, or a reserved bit.
    #[error("a frame has no meaning in this dialect")]
    Reserved,
    /// A continuation of nothing.
    #[error("a frame continues a message, and there is none")]
    NoMessage,
    /// A message within a message.
    #[error("a message begins within another")]
    WithinMessage,
}

/// Joins what comes in pieces.
#[derive(Debug)]
pub struct Assembler {
    extent: Extent,
    manner: Manner,
    limit: usize,
    /// What inflates messages, from the handshake on; none where no compression was agreed to, and once it could not go
    /// on, since what follows leans on what came before.
    inflater: Option<Box<Inflater>>,
    frame: Option<Frame>,
    /// The first byte of the message under way and its fragments so far.
    message: Option<(u8, Vec<u8>)>,
}

/// The frame under way.
#[derive(Debug)]
struct Frame {
    first: u8,
    mask: Option<MaskKey>,
    role: Role,
    /// Its payload so far, unmasked.
    payload: Vec<u8>,
    /// Payload bytes that came, kept or not.
    came: u64,
}

impl Assembler {
    /// For frames or messages of no more than `limit` bytes, of a peer that keeps to the rules: all else is trouble.
    #[must_use]
    pub const fn new(extent: Extent, limit: usize) -> Self {
        Self { extent, manner: Manner::Strict, limit, inflater: None, frame: None, message: None }
    }

    /// For messages of a peer that may break the rules. A continuation of nothing is a message, one that begins within
    /// another goes on with it, and of what is longer than `limit` the rest is left out.
    #[must_use]
    pub fn lenient(limit: usize) -> Self {
        Self { manner: Manner::Lenient, ..Self::new(Extent::Message, limit) }
    }

    /// From here on messages may be compressed.
    pub fn inflate(&mut self) {
        self.inflater = Some(Box::default());
    }

    /// A frame begins. What it promises counts at once, so that nobody waits for a message that is too long.
    ///
    /// # Errors
    /// The frame is out of place, has no meaning, or is `TooLong`.
    pub fn header(&mut self, header: &FrameHeader) -> Result<(), Trouble> {
        let role = Role::of(header, self.message.is_some());
        if self.manner == Manner::Strict {
            if self.extent == Extent::Message {
                self.check(header, role)?;
            }
            if header.length > self.room(role) as u64 {
                return Err(Trouble::TooLong);
            }
        }
        self.frame = Some(Frame { first: header.first, mask: header.mask, role, payload: Vec::new(), came: 0 });
        Ok(())
    }

    /// The next bytes of its payload, unmasked. Gives what they complete.
    ///
    /// # Errors
    /// `TooLong` for a frame whose header does not tell how long it is, or for what a message inflates to.
    pub fn payload(&mut self, piece: &[u8], last: bool) -> Result<Option<Message>, Trouble> {
        self.take(piece, last, None)
    }

    /// As `payload`, with the bytes as they stand on the wire.
    ///
    /// # Errors
    /// As of `payload`.
    pub fn wire_payload(&mut self, piece: &[u8], last: bool) -> Result<Option<Message>, Trouble> {
        let mask = self.frame.as_ref().and_then(|frame| frame.mask);
        self.take(piece, last, mask)
    }

    /// Lets go of all that is held.
    pub fn clear(&mut self) {
        (self.frame, self.message) = (None, None);
    }

    /// Bytes that are held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.fragments() + self.frame.as_ref().map_or(0, |frame| frame.payload.len())
    }

    fn fragments(&self) -> usize {
        self.message.as_ref().map_or(0, |(_, payload)| payload.len())
    }

    /// Payload bytes that a frame may have.
    fn room(&self, role: Role) -> usize {
        if role == Role::Control { self.limit } else { self.limit.saturating_sub(self.fragments()) }
    }

    fn check(&self, header: &FrameHeader, role: Role) -> Result<(), Trouble> {
        let may_be_packed = role == Role::Begins && self.inflater.is_some();
        let allowed = if may_be_packed { RSV1 } else { 0 };
        match role {
            _ if header.first & RSV & !allowed != 0 || header.opcode().name().is_none() => Err(Trouble::Reserved),
            Role::GoesOnNothing => Err(Trouble::NoMessage),
            Role::BeginsWithin => Err(Trouble::WithinMessage),
            Role::Control | Role::Begins | Role::GoesOn => Ok(()),
        }
    }

    fn take(&mut self, piece: &[u8], last: bool, mask: Option<MaskKey>) -> Result<Option<Message>, Trouble> {
        let Some(mut frame) = self.frame.take() else { return Err(Trouble::Lost) };
        let room = self.room(frame.role).saturating_sub(frame.payload.len());
        let kept = match self.manner {
            Manner::Strict if piece.len() > room => return Err(Trouble::TooLong),
            Manner::Strict | Manner::Lenient => piece.get(..room).unwrap_or(piece),
        };
        let start = frame.payload.len();
        frame.payload.extend_from_slice(kept);
        if let (Some(key), Some(fresh)) = (mask, frame.payload.get_mut(start..)) {
            mask::apply(key, frame.came, fresh);
        }
        frame.came += piece.len() as u64;
        if last {
            return self.join(frame);
        }
        self.frame = Some(frame);
        Ok(None)
    }

    fn join(&mut self, frame: Frame) -> Result<Option<Message>, Trouble> {
        let Frame { first, mut payload, role, .. } = frame;
        if role == Role::Control || self.extent == Extent::Frame {
            return Ok(Some(Message { first, payload, packing: Packing::Plain }));
        }
        let (begun, payload) = match self.message.take() {
            Some((begun, mut fragments)) => {
                fragments.append(&mut payload);
                (begun, fragments)
            }
            None => (first, payload),
        };
        if first & FIN == 0 {
            self.message = Some((begun, payload));
            return Ok(None);
        }
        self.unpacked(begun | FIN, payload).map(Some)
    }

    fn unpacked(&mut self, first: u8, payload: Vec<u8>) -> Result<Message, Trouble> {
        if first & RSV1 == 0 {
            return Ok(Message { first, payload, packing: Packing::Plain });
        }
        let inflated = match self.inflater.take() {
            Some(mut inflater) => {
                let inflated = inflater.message(&payload, self.limit);
                self.inflater = inflated.is_ok().then_some(inflater);
                inflated
            }
            None => Err(Stop::Broken),
        };
        match inflated {
            Ok(payload) => Ok(Message { first, payload, packing: Packing::Inflated }),
            Err(Stop::Unwanted) if self.manner == Manner::Strict => Err(Trouble::TooLong),
            Err(_) => Ok(Message { first, payload: Vec::new(), packing: Packing::Unreadable }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::deflate;

    fn frame(assembler: &mut Assembler, first: u8, payload: &[u8]) -> Result<Option<Message>, Trouble> {
        assembler
            .header(&FrameHeader { first, ..FrameHeader::new(Opcode::TEXT, payload.len() as u64, None) })
            .and_then(|()| assembler.payload(payload, true))
    }

    fn whole(first: u8, payload: &[u8]) -> Result<Option<Message>, Trouble> {
        packed(first, payload, Packing::Plain)
    }

    fn packed(first: u8, payload: &[u8], packing: Packing) -> Result<Option<Message>, Trouble> {
        Ok(Some(Message { first, payload: payload.to_vec(), packing }))
    }

    fn inflating(mut assembler: Assembler) -> Assembler {
        assembler.inflate();
        assembler
    }

    #[test]
    fn fragments_are_joined_around_a_ping() {
        for mut assembler in [Assembler::new(Extent::Message, 1000), Assembler::lenient(1000)] {
            assert_eq!(frame(&mut assembler, 0x01, b"Hel"), Ok(None));
            assert_eq!(assembler.held(), 3);
            assert_eq!(frame(&mut assembler, 0x89, b"p"), whole(0x89, b"p"));
            assert_eq!(frame(&mut assembler, 0x80, b"lo"), whole(0x81, b"Hello"));
            assert_eq!(assembler.held(), 0);
        }
    }

    #[test]
    fn by_themselves_frames_come_out_as_they_are() {
        let mut assembler = Assembler::new(Extent::Frame, 1000);
        for first in [0x41, 0x00, 0x83, 0x89] {
            assert_eq!(frame(&mut assembler, first, b"a"), whole(first, b"a"));
        }
    }

    #[test]
    fn a_mask_is_taken_off_wherever_the_payload_is_cut() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let mut masked = b"Hello".to_vec();
        mask::apply(key, 0, &mut masked);
        for cut in 0..masked.len() {
            let mut assembler = Assembler::new(Extent::Message, 1000);
            assembler.header(&FrameHeader::new(Opcode::TEXT, 5, Some(key))).unwrap();
            assert_eq!(assembler.wire_payload(&masked[..cut], false), Ok(None));
            assert_eq!(assembler.wire_payload(&masked[cut..], true), whole(0x81, b"Hello"));
        }
    }

    #[test]
    fn what_has_no_meaning_or_is_too_long_is_told() {
        for (first, payload, trouble) in [
            (0x80, &b""[..], Trouble::NoMessage),
            (0xc1, b"", Trouble::Reserved),
            (0x83, b"", Trouble::Reserved),
            (0x8b, b"", Trouble::Reserved),
            (0x81, &[0; 1001], Trouble::TooLong),
        ] {
            assert_eq!(frame(&mut Assembler::new(Extent::Message, 1000), first, payload), Err(trouble), "{first:02x}");
        }
        let mut assembler = Assembler::new(Extent::Message, 10);
        assert_eq!(frame(&mut assembler, 0x01, b"sixsix"), Ok(None));
        assert_eq!(frame(&mut assembler, 0x89, b"sixsix"), whole(0x89, b"sixsix"), "it is no part of the message");
        assert_eq!(frame(&mut assembler, 0x81, b""), Err(Trouble::WithinMessage));
        assert_eq!(frame(&mut assembler, 0x80, b"sixsix"), Err(Trouble::TooLong));
    }

    #[test]
    fn a_lenient_one_takes_all_that_makes_some_sense() {
        let mut assembler = Assembler::lenient(10);
        assert_eq!(frame(&mut assembler, 0x80, b"a"), whole(0x80, b"a"));
        assert_eq!(frame(&mut assembler, 0x83, b"a"), whole(0x83, b"a"));
        assert_eq!(frame(&mut assembler, 0x01, b"sixsix"), Ok(None));
        assert_eq!(frame(&mut assembler, 0x82, b"sixsix"), whole(0x81, b"sixsixsixs"));
        assert_eq!(frame(&mut assembler, 0xc1, b"a"), packed(0xc1, b"", Packing::Unreadable), "nothing was agreed to");
    }

    #[test]
    fn the_rfc_s_second_hello_leans_on_the_first() {
        let mut assembler = inflating(Assembler::new(Extent::Message, 1000));
        let hello = packed(0xc1, b"Hello", Packing::Inflated);
        assert_eq!(frame(&mut assembler, 0xc1, &deflate::message(b"Hello")), hello);
        assert_eq!(frame(&mut assembler, 0x41, &[0xf2, 0x00]), Ok(None));
        assert_eq!(frame(&mut assembler, 0x80, &[0x11, 0x00, 0x00]), hello);
        assert_eq!(frame(&mut assembler, 0x81, b"Hello"), whole(0x81, b"Hello"));
        assert_eq!(frame(&mut assembler, 0xc9, b""), Err(Trouble::Reserved), "control frames are not compressed");
    }

    #[test]
    fn a_bomb_is_not_inflated_and_takes_what_follows_with_it() {
        let long = vec![b'x'; 100_000];
        let mut bomb = Vec::with_capacity(10_000);
        let mut compress = flate2::Compress::new(flate2::Compression::best(), false);
        compress.compress_vec(&long, &mut bomb, flate2::FlushCompress::Sync).unwrap();
        let mut strict = inflating(Assembler::new(Extent::Message, 10_000));
        assert_eq!(frame(&mut strict, 0xc1, &bomb), Err(Trouble::TooLong));
        let mut assembler = inflating(Assembler::lenient(10_000));
        for message in [&bomb, &deflate::message(b"Hello")] {
            assert_eq!(frame(&mut assembler, 0xc1, message), packed(0xc1, b"", Packing::Unreadable));
        }
        let inflated = frame(&mut inflating(Assembler::lenient(long.len())), 0xc1, &bomb);
        assert_eq!(inflated, packed(0xc1, &long, Packing::Inflated));
    }
}
