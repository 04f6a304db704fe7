//! The bytes of a frame, or of what is none: header and payload, apart from the journal.
//!
//! Bytes are counted from the first of the header on, as on the wire, whatever is shown of them.

use crate::decode::{Decoded, Decoder, Format, Limits, Payload};
use crate::journal::{FrameRow, Said, SentBytes};
use crate::record::{FrameRecord, Relayed, ReleasedBy, ReleasedHow, Side, Time};
use crate::text;
use crate::wire::frame::FrameHeader;
use crate::wire::mask::{self, MaskKey};
use crate::wire::opcode::Opcode;

use super::{BytesShown, json};

/// Bytes that are looked at to see whether a payload reads as text.
const LOOKED_AT: usize = 64 * 1024;

/// Bytes to show, and what is known of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    pub(super) header: Option<FrameHeader>,
    head: Vec<u8>,
    payload: Vec<u8>,
    hint: Hint,
    /// Payload bytes that came, kept or not.
    pub(super) received: u64,
    sent: Option<SentBytes>,
    /// What became of it in the end, where it was held.
    relayed: Option<Relayed>,
    /// Since when it was held, and what ended that.
    released: Option<Release>,
    /// The rules that acted on it or made it, and what they did.
    ruled: Vec<(String, String)>,
    /// What is to be read where that is not the payload itself.
    message: Option<Message>,
    /// Whether that is what is shown.
    reads_message: bool,
    /// Who sent it, and what it says it is, where a message begins with it.
    begins: Option<(Side, Format)>,
    /// Whether the payload is a whole message.
    is_whole: bool,
}

/// That a frame was held, and what ended it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Release {
    pub since: Time,
    pub until: Time,
    pub how: ReleasedHow,
    pub by: ReleasedBy,
}

/// A message: what a compressed frame inflates to, or the payloads of several frames.
#[derive(Clone, Debug)]
pub(super) struct Message {
    bytes: Vec<u8>,
    hint: Hint,
    /// What the frames inflate to in all, where they are compressed.
    pub inflated: Option<u64>,
    /// How many frames it came in.
    pub frames: usize,
    /// Payload bytes that their headers promise.
    pub length: u64,
    is_whole: bool,
}

impl Message {
    fn new(said: Said, opcode: Opcode) -> Self {
        let hint = match opcode {
            Opcode::TEXT if said.is_whole => Hint::Text,
            Opcode::TEXT => Hint::Piece,
            Opcode::CONTINUATION => Hint::Unknown,
            _ => Hint::Binary,
        };
        let Said { bytes, is_whole, inflated, frames, length } = said;
        Self { bytes, hint, inflated, frames, length, is_whole }
    }
}

/// What a payload is likely to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Hint {
    /// A text, whole.
    Text,
    /// A piece of a text: a character may be cut at its end.
    Piece,
    /// Anything; text if it reads as such.
    Unknown,
    /// No text.
    #[default]
    Binary,
}

/// What a payload turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Json,
    Text,
    Bytes,
}

/// What a decoder makes of what a row says; `None` where it can't read it, or no message begins there.
pub(crate) fn read(decoder: Decoder, record: &FrameRecord, said: &Said, limits: &Limits) -> Option<Decoded> {
    let format = Format::of(record.header.opcode())?;
    let payload = Payload { format, bytes: &said.bytes, is_whole: said.is_whole };
    decoder.read(record.from, payload, limits).ok()
}

impl Content {
    /// Of a frame, and of what is read of it by itself or with the rest of its message.
    pub(super) fn of_frame(frame: FrameRow<'_>, said: Option<Said>) -> Self {
        let shape = frame.record.header;
        let is_whole = shape.fin() && frame.is_complete() && !frame.is_truncated();
        let hint = match shape.opcode() {
            _ if shape.rsv() != 0 => Hint::Binary,
            Opcode::TEXT if is_whole => Hint::Text,
            Opcode::TEXT => Hint::Piece,
            Opcode::PING | Opcode::PONG | Opcode::CONTINUATION => Hint::Unknown,
            _ => Hint::Binary,
        };
        let mut head = Vec::new();
        shape.write(&mut head);
        let mut payload = frame.wire.into_owned();
        if let Some(key) = shape.mask {
            mask::apply(key, 0, &mut payload);
        }
        let said = said.filter(|said| said.inflated.is_some() || said.frames > 1);
        Self {
            header: Some(shape),
            head,
            payload,
            hint,
            received: frame.received,
            relayed: frame.released.map(|_| frame.record.relayed),
            released: frame.released.map(|(until, released)| Release {
                since: frame.record.time,
                until,
                how: released.how,
                by: released.by,
            }),
            ruled: frame.ruled.iter().map(|ruled| (ruled.rule.clone(), ruled.what.clone())).collect(),
            sent: frame.sent,
            message: said.map(|said| Message::new(said, shape.opcode())),
            reads_message: false,
            begins: Format::of(shape.opcode()).map(|format| (frame.record.from, format)),
            is_whole,
        }
    }

    /// The message that is to be read, as far as it is known; `None` where none begins here.
    pub(super) fn said(&self) -> Option<(Side, Payload<'_>)> {
        let (from, format) = self.begins?;
        let (bytes, is_whole) = match &self.message {
            Some(message) => (&message.bytes, message.is_whole),
            None if self.header?.rsv1() => return None,
            None => (&self.payload, self.is_whole),
        };
        Some((from, Payload { format, bytes, is_whole }))
    }

    /// Chooses which bytes are looked at from here on.
    pub(super) const fn choose(&mut self, bytes: BytesShown) {
        self.reads_message = matches!(bytes, BytesShown::Message) && self.message.is_some();
    }

    /// What is to be read in place of the payload, where there is any such thing.
    pub(super) const fn message(&self) -> Option<&Message> {
        self.message.as_ref()
    }

    /// The same if it was chosen.
    const fn chosen(&self) -> Option<&Message> {
        if self.reads_message { self.message.as_ref() } else { None }
    }

    /// What left in place of the frame.
    pub(super) const fn sent(&self) -> Option<&SentBytes> {
        self.sent.as_ref()
    }

    /// What became of the frame, which its first record says as far as it was known then.
    pub(super) fn relayed(&self, first: Relayed) -> Relayed {
        self.relayed.unwrap_or_else(|| self.sent().map_or(first, |sent| Relayed::Changed(sent.by)))
    }

    /// What ended that the frame was held, where it was.
    pub(super) const fn released(&self) -> Option<Release> {
        self.released
    }

    /// The rules that acted on it or made it, and what they did.
    pub(super) fn ruled(&self) -> &[(String, String)] {
        &self.ruled
    }

    pub(super) fn raw(bytes: &[u8]) -> Self {
        Self { payload: bytes.to_vec(), ..Self::default() }
    }

    /// A frame that no journal holds.
    #[cfg(test)]
    pub(super) fn of_parts(header: FrameHeader, payload: &[u8]) -> Self {
        let mut head = Vec::new();
        header.write(&mut head);
        let received = payload.len() as u64;
        Self {
            header: Some(header),
            head,
            payload: payload.to_vec(),
            hint: Hint::Binary,
            received,
            sent: None,
            relayed: None,
            released: None,
            ruled: Vec::new(),
            message: None,
            reads_message: false,
            begins: None,
            is_whole: false,
        }
    }

    /// The frame's own payload without its mask, as far as it was kept.
    pub(super) fn own(&self) -> &[u8] {
        &self.payload
    }

    /// The payload that was chosen, without masks.
    pub(super) fn payload(&self) -> &[u8] {
        self.chosen().map_or(&self.payload, |message| &message.bytes)
    }

    /// Bytes of the header: none in front of a message.
    pub(super) const fn head(&self) -> usize {
        if self.chosen().is_some() { 0 } else { self.head.len() }
    }

    /// Bytes of all.
    pub(super) fn len(&self) -> usize {
        self.head() + self.payload().len()
    }

    pub(super) fn key(&self) -> Option<MaskKey> {
        self.header.and_then(|header| header.mask).filter(|_| self.chosen().is_none())
    }

    /// A byte without its mask.
    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        match at.checked_sub(self.head()) {
            None => self.head.get(at).copied(),
            Some(at) => self.payload().get(at).copied(),
        }
    }

    /// The byte of the key that stands for a byte of the payload.
    pub(super) fn key_byte(&self, at: usize) -> Option<u8> {
        Some(self.key()?[at.checked_sub(self.head())? % 4])
    }

    /// A byte as on the wire.
    pub(super) fn wire_byte(&self, at: usize) -> Option<u8> {
        Some(self.byte(at)? ^ self.key_byte(at).unwrap_or_default())
    }

    /// What the payload turns out to be.
    pub(super) fn reading(&self) -> Reading {
        let (payload, hint) = (self.payload(), self.chosen().map_or(self.hint, |message| message.hint));
        let start = payload.get(..LOOKED_AT).unwrap_or(payload);
        let may_be_cut = hint != Hint::Text || start.len() < payload.len();
        let text = match str::from_utf8(start) {
            Ok(text) => Some(text),
            Err(error) if may_be_cut && error.error_len().is_none() => {
                start.get(..error.valid_up_to()).and_then(|start| str::from_utf8(start).ok())
            }
            Err(_) => None,
        };
        let readable =
            |text: &str| text.chars().all(|character| text::is_plain(character) || "\t\r\n".contains(character));
        match (hint, text) {
            (Hint::Binary, _) | (_, None) => Reading::Bytes,
            (Hint::Unknown, Some(text)) if !readable(text) => Reading::Bytes,
            (Hint::Text, Some(_)) if json::is_structure(payload) => Reading::Json,
            _ => Reading::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(hint: Hint, payload: &[u8]) -> Reading {
        Content { hint, payload: payload.to_vec(), ..Content::default() }.reading()
    }

    #[test]
    fn a_character_may_be_cut_at_the_end_of_a_piece() {
        assert_eq!(reading(Hint::Piece, b"a\xc3"), Reading::Text);
        assert_eq!(reading(Hint::Piece, b"a\xc3b"), Reading::Bytes);
        assert_eq!(reading(Hint::Text, b"a\xc3"), Reading::Bytes);
        assert_eq!(reading(Hint::Text, b"[1]"), Reading::Json);
        assert_eq!(reading(Hint::Unknown, b"a\x01"), Reading::Bytes);
    }
}
