//! Whole messages in any dialect: what a peer's bytes say, and the bytes that say it.

use super::decoder;
use super::dialect::{Dialect, Framing};
use super::frame;
use super::hixie;
use super::mask::{self, MaskKey};
use super::opcode::Opcode;

/// One thing that a peer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A whole text message, UTF-8 or not.
    Text(Vec<u8>),
    /// A whole binary message.
    Binary(Vec<u8>),
    /// A ping.
    Ping(Vec<u8>),
    /// A pong.
    Pong(Vec<u8>),
    /// The closing handshake: code and reason as they came; hixie-76 has none.
    Close(Vec<u8>),
}

/// Why a peer's bytes can't be followed any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Frames can't be told apart.
    #[error("the frames can't be told apart any more")]
    Lost,
    /// A message is longer than the limit.
    #[error("a message is longer than the limit")]
    TooLong,
    /// A frame that has no meaning: a reserved opcode, a continuation of nothing, a compressed message.
    #[error("a frame has no meaning in this dialect")]
    Meaningless,
}

/// Appends a message as a dialect has it, masked where `key` is one and the dialect masks. Gives whether it can be said in
/// that dialect; hixie has no ping and no pong, hixie-75 no close, and no text with a byte FF.
pub fn encode(dialect: Dialect, unit: &Unit, key: Option<MaskKey>, out: &mut Vec<u8>) -> bool {
    let (opcode, payload) = match unit {
        Unit::Text(payload) => (Opcode::TEXT, payload),
        Unit::Binary(payload) => (Opcode::BINARY, payload),
        Unit::Ping(payload) => (Opcode::PING, payload),
        Unit::Pong(payload) => (Opcode::PONG, payload),
        Unit::Close(payload) => (Opcode::CLOSE, payload),
    };
    let facts = dialect.facts();
    match facts.framing {
        Framing::Rfc => frame::write(opcode, payload, key, out),
        Framing::Hixie if opcode != Opcode::CLOSE || facts.has_close => return hixie::write(opcode, payload, out),
        Framing::Hixie | Framing::Raw => return false,
    }
    true
}

#[derive(Debug)]
enum Frames {
    Rfc(decoder::Decoder),
    Hixie(hixie::Decoder),
    None,
}

/// A frame under way.
#[derive(Debug)]
struct Current {
    opcode: Opcode,
    is_final: bool,
    mask: Option<MaskKey>,
    payload: Vec<u8>,
}

/// Joins a peer's bytes into messages.
#[derive(Debug)]
pub struct Decoder {
    frames: Frames,
    limit: usize,
    current: Option<Current>,
    /// The fragments of a message so far.
    message: Option<(Opcode, Vec<u8>)>,
    trouble: Option<Trouble>,
}

/// A part of either framing.
enum Part {
    Begin(Current, u64),
    Payload(usize, bool),
    Lost,
}

impl Decoder {
    /// For a dialect, and messages of no more bytes than `limit`.
    #[must_use]
    pub fn new(dialect: Dialect, limit: usize) -> Self {
        let frames = match dialect.facts().framing {
            Framing::Rfc => Frames::Rfc(decoder::Decoder::default()),
            Framing::Hixie => Frames::Hixie(hixie::Decoder::default()),
            Framing::Raw => Frames::None,
        };
        Self { frames, limit, current: None, message: None, trouble: None }
    }

    /// Takes what was read, and gives what it completes.
    ///
    /// # Errors
    ///
    /// From the first byte on that makes no sense; what came before it is in `out`.
    pub fn feed(&mut self, mut input: &[u8], out: &mut Vec<Unit>) -> Result<(), Trouble> {
        if let Some(trouble) = self.trouble {
            return Err(trouble);
        }
        while let Some((part, used)) = self.part(input) {
            if let Err(trouble) = self.take(part, input, out) {
                self.trouble = Some(trouble);
                return Err(trouble);
            }
            input = input.get(used..).unwrap_or_default();
        }
        Ok(())
    }

    fn part(&mut self, input: &[u8]) -> Option<(Part, usize)> {
        let begin = |opcode, is_final, mask, length| {
            Part::Begin(Current { opcode, is_final, mask, payload: Vec::new() }, length)
        };
        match &mut self.frames {
            Frames::Rfc(decoder) => decoder.next(input).map(|(part, used)| {
                let part = match part {
                    // A compressed message makes no sense to who has not agreed to it.
                    decoder::Part::Header(header) if header.rsv() != 0 => begin(Opcode::new(0xf), true, None, 0),
                    decoder::Part::Header(header) => begin(header.opcode(), header.fin(), header.mask, header.length),
                    decoder::Part::Payload { length, last } => Part::Payload(length, last),
                    decoder::Part::Lost(_) => Part::Lost,
                };
                (part, used)
            }),
            Frames::Hixie(decoder) => decoder.next(input).map(|(part, used)| {
                let part = match part {
                    hixie::Part::Begin(kind) => begin(hixie::delimited(kind, 0).opcode(), true, None, 0),
                    hixie::Part::Header(header) => begin(header.opcode(), true, None, header.length),
                    hixie::Part::Payload { length, last } => Part::Payload(length, last),
                    hixie::Part::Lost(_) => Part::Lost,
                };
                (part, used)
            }),
            Frames::None => (!input.is_empty()).then_some((Part::Lost, input.len())),
        }
    }

    fn take(&mut self, part: Part, input: &[u8], out: &mut Vec<Unit>) -> Result<(), Trouble> {
        let held = self.message.as_ref().map_or(0, |(_, payload)| payload.len());
        match part {
            Part::Lost => return Err(Trouble::Lost),
            Part::Begin(current, length) => {
                if length > (self.limit.saturating_sub(held)) as u64 {
                    return Err(Trouble::TooLong);
                }
                self.current = Some(current);
            }
            Part::Payload(length, last) => {
                let Some(current) = &mut self.current else { return Err(Trouble::Lost) };
                if held + current.payload.len() + length > self.limit {
                    return Err(Trouble::TooLong);
                }
                current.payload.extend_from_slice(input.get(..length).unwrap_or(input));
                if last && let Some(current) = self.current.take() {
                    self.frame(current, out)?;
                }
            }
        }
        Ok(())
    }

    fn frame(&mut self, mut frame: Current, out: &mut Vec<Unit>) -> Result<(), Trouble> {
        if let Some(key) = frame.mask {
            mask::apply(key, 0, &mut frame.payload);
        }
        let (opcode, payload) = match (frame.opcode, self.message.take()) {
            (Opcode::CONTINUATION, Some((opcode, mut payload))) => {
                payload.append(&mut frame.payload);
                (opcode, payload)
            }
            (opcode, held) if opcode.is_control() => {
                self.message = held;
                (opcode, frame.payload)
            }
            (Opcode::TEXT | Opcode::BINARY, None) => (frame.opcode, frame.payload),
            _ => return Err(Trouble::Meaningless),
        };
        if !frame.is_final && !opcode.is_control() {
            self.message = Some((opcode, payload));
            return Ok(());
        }
        out.push(match opcode {
            Opcode::TEXT => Unit::Text(payload),
            Opcode::BINARY => Unit::Binary(payload),
            Opcode::PING => Unit::Ping(payload),
            Opcode::PONG => Unit::Pong(payload),
            Opcode::CLOSE => Unit::Close(payload),
            _ => return Err(Trouble::Meaningless),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Dialect; 5] = [Dialect::Rfc6455, Dialect::Hybi08, Dialect::Hybi07, Dialect::Hixie76, Dialect::Hixie75];

    fn decode(dialect: Dialect, bytes: &[u8], chunk: usize) -> (Vec<Unit>, Option<Trouble>) {
        let (mut decoder, mut out) = (Decoder::new(dialect, 1000), Vec::new());
        let trouble = bytes.chunks(chunk).find_map(|piece| decoder.feed(piece, &mut out).err());
        (out, trouble)
    }

    #[test]
    fn fragments_are_joined_around_a_ping() {
        let (units, trouble) = decode(Dialect::Rfc6455, b"\x01\x03Hel\x89\x01p\x80\x02lo\x88\x00", 1);
        let expected = [Unit::Ping(b"p".to_vec()), Unit::Text(b"Hello".to_vec()), Unit::Close(Vec::new())];
        assert_eq!((units.as_slice(), trouble), (&expected[..], None));
    }

    #[test]
    fn what_makes_no_sense_ends_it() {
        for (dialect, bytes, expected) in [
            (Dialect::Rfc6455, &b"\x80\x00"[..], Trouble::Meaningless),
            (Dialect::Rfc6455, b"\xc1\x00", Trouble::Meaningless),
            (Dialect::Rfc6455, b"\x81\x7e\x10\x00", Trouble::TooLong),
            (Dialect::Hixie76, &[0xff; 20], Trouble::Lost),
            (Dialect::Hixie75, &[0; 2000], Trouble::TooLong),
            (Dialect::Other(5), b"a", Trouble::Lost),
        ] {
            assert_eq!(decode(dialect, bytes, 1).1, Some(expected), "{bytes:02x?}");
        }
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out_in_each_dialect(
            messages in proptest::collection::vec((0_u8..5, proptest::collection::vec(0_u8..0xff, 0..200)), 0..9),
            index in 0_usize..5,
            is_masked in any::<bool>(),
            chunk in 1_usize..60,
        ) {
            let dialect = ALL[index];
            let (mut bytes, mut expected) = (Vec::new(), Vec::new());
            for (kind, payload) in messages {
                let unit = match kind {
                    0 => Unit::Text(payload),
                    1 => Unit::Binary(payload),
                    2 => Unit::Ping(payload),
                    3 => Unit::Pong(payload),
                    _ => Unit::Close(payload),
                };
                if encode(dialect, &unit, is_masked.then_some([1, 2, 3, 4]), &mut bytes) {
                    let is_bare = matches!(unit, Unit::Close(_)) && dialect.facts().framing == Framing::Hixie;
                    expected.push(if is_bare { Unit::Close(Vec::new()) } else { unit });
                }
            }
            prop_assert_eq!(decode(dialect, &bytes, chunk), (expected, None));
        }
    }
}
