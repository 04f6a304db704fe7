//! What a peer can say in any dialect, and the bytes that say it.

use super::assembler::Message;
use super::dialect::{Dialect, Framing};
use super::frame;
use super::hixie;
use super::mask::MaskKey;
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
    pub const fn parts(&self) -> (Opcode, &Vec<u8>) {
        match self {
            Self::Text(payload) => (Opcode::TEXT, payload),
            Self::Binary(payload) => (Opcode::BINARY, payload),
            Self::Ping(payload) => (Opcode::PING, payload),
            Self::Pong(payload) => (Opcode::PONG, payload),
            Self::Close(payload) => (Opcode::CLOSE, payload),
        }
    }
}

/// Appends a message as a dialect has it, masked where `key` is one and the dialect masks. Gives whether it can be said in
/// that dialect; hixie has no ping and no pong, hixie-75 no close, and no text with a byte FF.
pub fn encode(dialect: Dialect, unit: &Unit, key: Option<MaskKey>, out: &mut Vec<u8>) -> bool {
    let (opcode, payload) = unit.parts();
    let facts = dialect.facts();
    match facts.framing {
        Framing::Rfc => frame::write(opcode, payload, key, out),
        Framing::Hixie if opcode != Opcode::CLOSE || facts.has_close => return hixie::write(opcode, payload, out),
        Framing::Hixie | Framing::Raw => return false,
    }
    true
}
