//! What is said between a client of one dialect and an upstream of another.
//!
//! Each side has its own handshake with wsproxy, and its own frames. What a side says is read as whole messages and
//! written anew in the other side's way; what the other side has no word for is answered, made up or left out.

mod heads;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::record::finding::Level;
use crate::wire::close::{CloseBody, Code};
use crate::wire::dialect::{Dialect, Framing};
use crate::wire::mask::MaskKey;
use crate::wire::units::{self, Decoder, Trouble, Unit};

use crate::record::{PerSide, Side};

/// What becomes of a binary message towards a peer of 2010, whose browsers knew text only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Binary {
    /// It is sent as text, in base64.
    #[default]
    Base64,
    /// It is left out.
    Drop,
}

/// What to bridge to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bridging {
    /// The upstream's dialect.
    pub dialect: Dialect,
    /// What becomes of binary messages.
    pub binary: Binary,
}

/// What one message comes to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// For the other side.
    pub forward: Vec<u8>,
    /// For the side that said it.
    pub back: Vec<u8>,
    /// Whether it is the last that the side says.
    pub ends: bool,
    /// What is lost or made up.
    pub notes: Vec<(Level, &'static str)>,
    /// What became of a binary message that the other side has no frame for.
    pub binary: Option<&'static str>,
}

/// The messages of both sides.
#[derive(Debug)]
pub(super) struct Words {
    dialects: PerSide<Dialect>,
    binary: Binary,
    decoders: PerSide<Decoder>,
    /// Whether a side was told that the session is over.
    closed: PerSide<bool>,
    told: Vec<&'static str>,
}

impl Words {
    pub fn new(client: Dialect, to: Bridging, limit: usize) -> Self {
        let dialects = PerSide::new(client, to.dialect);
        Self {
            dialects,
            binary: to.binary,
            decoders: dialects.map(|dialect| Decoder::new(dialect, limit)),
            closed: PerSide::default(),
            told: Vec::new(),
        }
    }

    pub fn dialect(&self, side: Side) -> Dialect {
        self.dialects[side]
    }

    pub fn is_closed(&self, side: Side) -> bool {
        self.closed[side]
    }

    /// Takes bytes of a side's frames. `key` draws mask keys.
    pub fn receive(&mut self, from: Side, input: &[u8], key: &mut impl FnMut() -> MaskKey) -> Said {
        let (mut units, mut said) = (Vec::new(), Said::default());
        let trouble = self.decoders[from].feed(input, &mut units).err();
        for unit in units {
            if said.ends || self.is_closed(from.other()) {
                break;
            }
            self.say(from, unit, key, &mut said);
        }
        if let Some(trouble) = trouble
            && !self.is_closed(from.other())
        {
            self.give_up(from, trouble, key, &mut said);
        }
        said
    }

    /// A side has ended. A peer that knows a closing handshake is told so where the other has none.
    pub fn end(&mut self, from: Side, key: &mut impl FnMut() -> MaskKey) -> Said {
        let mut said = Said::default();
        if !self.dialect(from).facts().has_close && !self.is_closed(from.other()) {
            self.close(from.other(), &Code::NORMAL.to_be_bytes(), key, &mut said.forward);
            self.note(Level::Note, "the end of the bytes became a close frame with the code 1000", &mut said);
        }
        said
    }

    fn say(&mut self, from: Side, unit: Unit, key: &mut impl FnMut() -> MaskKey, said: &mut Said) {
        let to = from.other();
        let is_hixie = self.dialect(to).facts().framing == Framing::Hixie;
        match unit {
            Unit::Text(bytes) => {
                let text = self.text(bytes, said);
                self.write(to, &Unit::Text(text), key, &mut said.forward);
            }
            Unit::Binary(bytes) if !is_hixie => self.write(to, &Unit::Binary(bytes), key, &mut said.forward),
            Unit::Binary(bytes) if self.binary == Binary::Base64 => {
                said.binary = Some("became text in base64");
                self.write(to, &Unit::Text(STANDARD.encode(bytes).into_bytes()), key, &mut said.forward);
            }
            Unit::Binary(_) => {
                said.binary = Some("was left out");
            }
            Unit::Ping(bytes) if is_hixie => self.write(from, &Unit::Pong(bytes), key, &mut said.back),
            Unit::Pong(_) if is_hixie => {}
            Unit::Ping(_) | Unit::Pong(_) => self.write(to, &unit, key, &mut said.forward),
            Unit::Close(body) => self.pass_close(from, &body, key, said),
        }
    }

    fn pass_close(&mut self, from: Side, body: &[u8], key: &mut impl FnMut() -> MaskKey, said: &mut Said) {
        let to = from.other();
        let made_up = Code::NORMAL.to_be_bytes();
        let has_code = self.dialect(from).facts().framing == Framing::Rfc;
        if !has_code {
            self.note(Level::Note, "the closing handshake has no code: 1000 was made up", said);
        } else if self.dialect(to).facts().framing == Framing::Hixie && CloseBody::parse(body).code().is_some() {
            self.note(Level::Note, "the close code and its reason were left out: the other side has none", said);
        }
        let body = if has_code { body } else { &made_up[..] };
        self.close(to, body, key, &mut said.forward);
        if self.dialect(to).facts().framing == Framing::Hixie {
            // Hixie-75 has no answer, and few servers of 2010 gave one, so it is given here; the end of the bytes says
            // the rest.
            self.close(from, body, key, &mut said.back);
            said.ends = true;
        }
    }

    /// What came makes no sense, or is too long.
    fn give_up(&mut self, from: Side, trouble: Trouble, key: &mut impl FnMut() -> MaskKey, said: &mut Said) {
        let (code, words) = match trouble {
            Trouble::TooLong => {
                (Code::TOO_BIG, "a message is longer than what is kept of one (--kept): the bridge ends")
            }
            Trouble::Lost => (Code::PROTOCOL_ERROR, "the frames can't be told apart any more: the bridge ends"),
            Trouble::Meaningless => (Code::PROTOCOL_ERROR, "a frame has no meaning in its dialect: the bridge ends"),
        };
        self.note(Level::Error, words, said);
        self.close(from.other(), &code.to_be_bytes(), key, &mut said.forward);
        self.close(from, &code.to_be_bytes(), key, &mut said.back);
        said.ends = true;
    }

    fn text(&mut self, bytes: Vec<u8>, said: &mut Said) -> Vec<u8> {
        String::from_utf8(bytes).map_or_else(
            |error| {
                self.note(Level::Warning, "bytes of a text that are not UTF-8 were replaced by U+FFFD", said);
                String::from_utf8_lossy(error.as_bytes()).into_owned().into_bytes()
            },
            String::into_bytes,
        )
    }

    fn close(&mut self, to: Side, body: &[u8], key: &mut impl FnMut() -> MaskKey, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.closed[to], true) && self.dialect(to).facts().has_close {
            self.write(to, &Unit::Close(body.to_vec()), key, out);
        }
    }

    fn write(&self, to: Side, unit: &Unit, key: &mut impl FnMut() -> MaskKey, out: &mut Vec<u8>) {
        // A client masks, a server does not (RFC 6455 5.1).
        let key = (to == Side::Server).then(key);
        units::encode(self.dialect(to), unit, key, out);
    }

    /// Says a thing once.
    fn note(&mut self, level: Level, words: &'static str, said: &mut Said) {
        if !self.told.contains(&words) {
            self.told.push(words);
            said.notes.push((level, words));
        }
    }
}

pub(super) use heads::Heads;

#[cfg(test)]
mod tests;
