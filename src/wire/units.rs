//! What a peer can say in any dialect, and the bytes that say it.

use super::assembler::Message;
use super::dialect::{Dialect, Framing};
use super::frame::{FIN, FrameHeader, OPCODE};
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

impl Unit {
    /// What a message says; `None` where its opcode is reserved.
    #[must_use]
    pub fn of(message: Message) -> Option<Self> {
        Some(match message.opcode() {
            Opcode::TEXT => Self::Text(message.payload),
            Opcode::BINARY => Self::Binary(message.payload),
            Opcode::PING => Self::Ping(message.payload),
            Opcode::PONG => Self::Pong(message.payload),
            Opcode::CLOSE => Self::Close(message.payload),
            _ => return None,
        })
    }

    /// Its opcode and what it carries.
    #[must_use]
    pub fn into_parts(self) -> (Opcode, Vec<u8>) {
        match self {
            Self::Text(payload) => (Opcode::TEXT, payload),
            Self::Binary(payload) => (Opcode::BINARY, payload),
            Self::Ping(payload) => (Opcode::PING, payload),
            Self::Pong(payload) => (Opcode::PONG, payload),
            Self::Close(payload) => (Opcode::CLOSE, payload),
        }
    }
}

/// Why a dialect has no frame for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoFrame {
    /// It has none of that kind: hixie has no ping, no pong and no fragment, hixie-75 no close.
    Kind,
    /// Text with a byte FF, which would end a hixie frame early.
    EndsEarly,
}

/// A frame as it stands on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireFrame {
    /// Its header.
    pub header: FrameHeader,
    /// Its payload, masked where the header has a key.
    pub payload: Vec<u8>,
}

impl WireFrame {
    /// A frame in a dialect. `first` is FIN, RSV and opcode; the length gets its shortest form, and the payload is masked
    /// where `key` is one and the dialect masks. Hixie has no room for what a close frame carries.
    ///
    /// # Errors
    /// The dialect has no such frame.
    pub fn new(dialect: Dialect, first: u8, mut payload: Vec<u8>, key: Option<MaskKey>) -> Result<Self, NoFrame> {
        check(dialect, first, &payload)?;
        let opcode = Opcode::new(first);
        if dialect.facts().framing == Framing::Hixie {
            if opcode == Opcode::CLOSE {
                payload.clear();
            }
            let header = hixie::header(opcode, payload.len() as u64).ok_or(NoFrame::Kind)?;
            return Ok(Self { header, payload });
        }
        let header = FrameHeader { first, ..FrameHeader::new(opcode, payload.len() as u64, key) };
        if let Some(key) = key {
            mask::apply(key, 0, &mut payload);
        }
        Ok(Self { header, payload })
    }

    /// Appends it.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.header.write(out);
        out.extend_from_slice(&self.payload);
        out.extend_from_slice(self.header.terminator());
    }
}

/// Whether a dialect has a frame for that payload, unmasked. `first` is FIN, RSV and opcode.
///
/// # Errors
/// It has none.
pub fn check(dialect: Dialect, first: u8, payload: &[u8]) -> Result<(), NoFrame> {
    let facts = dialect.facts();
    match (facts.framing, Opcode::new(first)) {
        (Framing::Rfc, _) => Ok(()),
        (Framing::Hixie, Opcode::TEXT) if payload.contains(&hixie::END) => Err(NoFrame::EndsEarly),
        (Framing::Hixie, Opcode::TEXT | Opcode::BINARY) if first & !OPCODE == FIN => Ok(()),
        (Framing::Hixie, Opcode::CLOSE) if first & !OPCODE == FIN && facts.has_close => Ok(()),
        (Framing::Hixie | Framing::Raw, _) => Err(NoFrame::Kind),
    }
}

/// Appends a message as a dialect has it. Gives whether it can be said in that dialect.
pub fn encode(dialect: Dialect, unit: Unit, key: Option<MaskKey>, out: &mut Vec<u8>) -> bool {
    let (opcode, payload) = unit.into_parts();
    WireFrame::new(dialect, FIN | opcode.value(), payload, key).is_ok_and(|frame| {
        frame.write(out);
        true
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(dialect: Dialect, unit: Unit) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        encode(dialect, unit, Some([1, 1, 1, 1]), &mut out).then_some(out)
    }

    #[test]
    fn each_dialect_says_it_in_its_own_frames() {
        let text = || Unit::Text(b"ab".to_vec());
        assert_eq!(encoded(Dialect::Rfc6455, text()).unwrap(), b"\x81\x82\x01\x01\x01\x01`c");
        assert_eq!(encoded(Dialect::Hixie76, text()).unwrap(), b"\0ab\xff");
        assert_eq!(encoded(Dialect::Hixie76, Unit::Close(b"\x03\xe8".to_vec())).unwrap(), hixie::CLOSE);
    }

    #[test]
    fn what_a_dialect_has_no_frame_for_is_told() {
        assert_eq!(encoded(Dialect::Hixie75, Unit::Close(Vec::new())), None);
        assert_eq!(encoded(Dialect::Hixie76, Unit::Ping(Vec::new())), None);
        assert_eq!(check(Dialect::Hixie76, 0x81, b"a\xff"), Err(NoFrame::EndsEarly));
        assert_eq!(check(Dialect::Hixie76, 0x82, b"a\xff"), Ok(()));
        for first in [0x01, 0x80, 0xc1] {
            assert_eq!(check(Dialect::Hixie76, first, b""), Err(NoFrame::Kind), "{first:02x}");
            assert_eq!(check(Dialect::Rfc6455, first, b""), Ok(()), "{first:02x}");
        }
    }
}
