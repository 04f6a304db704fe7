//! What is checked in a message's payload: its compression (RFC 7692) and its UTF-8 (RFC 6455 8.1).

use crate::diagnose::chrome::Content;
use crate::record::finding::FindingKind;
use crate::wire::frame::FrameHeader;
use crate::wire::inflate::{self, Inflater, Stop, TAIL};
use crate::wire::mask::{self, MaskKey};
use crate::wire::opcode::Opcode;
use crate::wire::utf8::{Invalid, Utf8};

use super::{Examiner, Found};

/// Bytes of a message, in fragments, that each browser takes: Firefox takes no more.
const LARGEST: u64 = 0x7fff_ffff;

/// Limits of inflating.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Inflated bytes that are kept of one frame.
    pub kept: usize,
    /// Inflated bytes of one message after which inflating ends for good.
    pub inflated: u64,
}

/// A message under way.
#[derive(Debug)]
pub(super) struct Message {
    is_text: bool,
    is_compressed: bool,
    utf8: Utf8,
    /// Payload bytes that its frames have promised, as they stand on the wire.
    promised: u64,
    /// Text bytes before the present frame.
    before: u64,
    /// Compressed bytes so far, of which the last four are looked at in the end.
    last: [u8; 4],
    compressed: u64,
    inflated: u64,
    invalid: Option<u64>,
}

/// The inflating of a lane.
#[derive(Debug)]
pub(super) struct Inflating {
    inflater: Option<Box<Inflater>>,
    bounds: Bounds,
    /// Compressed messages that have ended well.
    messages: u64,
    /// It can't go on: the state of the window is not known any more.
    has_ended: bool,
}

impl Inflating {
    pub(super) const fn new(bounds: Bounds) -> Self {
        Self { inflater: None, bounds, messages: 0, has_ended: false }
    }

    pub(super) const fn keep(&mut self, bytes: usize) {
        self.bounds.kept = bytes;
    }

    pub(super) const fn has_ended(&self) -> bool {
        self.has_ended
    }
}

impl Examiner {
    /// A data frame begins.
    pub(super) fn begin_data(&mut self, header: &FrameHeader) {
        let opcode = header.opcode();
        if opcode != Opcode::CONTINUATION || self.message.is_none() {
            self.message = Some(Message {
                is_text: opcode == Opcode::TEXT && (header.rsv() == 0 || self.deflate.is_some()),
                is_compressed: self.deflate.is_some() && header.rsv1(),
                utf8: Utf8::default(),
                promised: header.length,
                before: 0,
                last: [0; 4],
                compressed: 0,
                inflated: 0,
                invalid: None,
            });
        } else if let Some(message) = &mut self.message {
            message.before = message.utf8.taken();
            let before = message.promised;
            message.promised = before.saturating_add(header.length);
            if before <= LARGEST && message.promised > LARGEST {
                let detail = format!("with this fragment it has {} bytes, {LARGEST} are the most", message.promised);
                self.found.push(Found::new(FindingKind::MsgTooBig, 1, header.wire_length() as u64 - 1, detail));
            }
            if message.is_text && !message.is_compressed && !message.utf8.unfinished().is_empty() && header.length > 0 {
                let at = header.wire_length() as u64;
                let detail = "the fragment begins inside of a character";
                self.found.push(Found::new(FindingKind::MsgUtf8Split, at, 1, detail));
            }
        }
    }

    /// Whether a masked piece within a frame can be told to be right without unmasking it: binary data, and ASCII text.
    pub(super) fn passes_unread(
        &mut self,
        header: &FrameHeader,
        key: MaskKey,
        offset: u64,
        piece: &[u8],
        last: bool,
    ) -> bool {
        let Some(message) = &mut self.message else { return false };
        if header.opcode().is_control() || message.is_compressed || message.invalid.is_some() || last {
            return false;
        }
        !message.is_text || (mask::is_masked_ascii(key, offset, piece) && message.utf8.feed_ascii(piece.len()))
    }

    /// A piece of a data frame's payload, unmasked.
    pub(super) fn data(&mut self, header: &FrameHeader, offset: u64, piece: &[u8], last: bool) -> Content {
        let Some(mut message) = self.message.take() else { return Content::default() };
        let ends = last && header.fin();
        let mut content = Content::default();
        if message.is_compressed {
            content.broken = self.inflate(header, offset, &mut message, piece, ends);
            content.inflated = message.inflated;
        } else if message.is_text
            && message.invalid.is_none()
            && let Err(invalid) = message.utf8.feed(piece)
        {
            self.invalid(header, &mut message, invalid, offset, piece);
        }
        content.invalid = message.invalid;
        // What could not be inflated says nothing about the text.
        let is_known = message.invalid.is_none() && !(message.is_compressed && self.content.has_ended);
        if ends && message.is_text && is_known && !message.utf8.unfinished().is_empty() {
            content.incomplete = true;
            let (bytes, length) = (hex::encode(message.utf8.unfinished()), message.utf8.unfinished().len() as u64);
            let end = header.wire_length() as u64 + header.length;
            let detail = format!("the text ends with {bytes}, the start of a longer character");
            self.found.push(Found::new(
                FindingKind::MsgUtf8IncompleteAtFin,
                end.saturating_sub(length),
                length,
                detail,
            ));
        }
        if !ends {
            self.message = Some(message);
        }
        content
    }

    fn invalid(&mut self, header: &FrameHeader, message: &mut Message, invalid: Invalid, offset: u64, piece: &[u8]) {
        message.invalid = Some(invalid.at);
        let bytes = &invalid.bytes[..invalid.length.min(4)];
        let kind = match bytes {
            [0xc0 | 0xc1 | 0xf5..=0xf7, ..]
            | [0xe0, 0x80..=0x9f, ..]
            | [0xed, 0xa0..=0xbf, ..]
            | [0xf0, 0x80..=0x8f, ..]
            | [0xf4, 0x90..=0xbf, ..] => FindingKind::MsgOverlongOrNonchar,
            _ => FindingKind::MsgInvalidUtf8,
        };
        let at = header.wire_length() as u64 + invalid.at.saturating_sub(message.before);
        let detail = format!("{} at byte {} of the text is no UTF-8", hex::encode(bytes), invalid.at);
        let looks_compressed = self.deflate.is_some()
            && offset == 0
            && header.rsv() == 0
            && inflate::whole(piece, 1 << 16)
                .is_some_and(|text| !text.is_empty() && std::str::from_utf8(&text).is_ok());
        self.found.push(if looks_compressed {
            let detail = "the payload inflates to text";
            Found::new(FindingKind::DeflateMissingRsv1, 0, 1, detail)
        } else {
            Found::new(kind, at, invalid.length as u64, detail)
        });
    }

    /// Inflates a piece; gives whether it can't be.
    fn inflate(&mut self, header: &FrameHeader, offset: u64, message: &mut Message, piece: &[u8], ends: bool) -> bool {
        if self.content.has_ended {
            return false;
        }
        let bounds = self.content.bounds;
        let mut inflater = self.content.inflater.take().unwrap_or_default();
        let mut invalid = None;
        let mut result = Ok(());
        for part in [Some(piece), ends.then_some(&TAIL[..])].into_iter().flatten() {
            if result.is_ok() && !part.is_empty() {
                result = inflater.feed(part, |bytes| {
                    message.inflated += bytes.len() as u64;
                    self.inflated_length += bytes.len() as u64;
                    let room = bounds.kept.saturating_sub(self.inflated.len());
                    self.inflated.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
                    if message.is_text && message.invalid.is_none() && invalid.is_none() {
                        invalid = message.utf8.feed(bytes).err();
                    }
                    message.inflated <= bounds.inflated
                });
            }
        }
        note_last(message, piece);
        if let Some(invalid) = invalid {
            message.invalid = Some(invalid.at);
            let detail = format!("byte {} of the inflated text is no UTF-8", invalid.at);
            let at = header.wire_length() as u64;
            self.found.push(Found::new(FindingKind::MsgInvalidUtf8, at, header.length, detail));
        }
        let at = header.wire_length() as u64 + offset;
        match result {
            Ok(()) => {
                if ends && message.last == TAIL && message.compressed > 4 {
                    let end = at + piece.len() as u64;
                    let detail = "the payload ends with 0000ffff";
                    self.found.push(Found::new(FindingKind::DeflateTailKept, end.saturating_sub(4), 4, detail));
                }
                self.content.messages += u64::from(ends);
                self.content.inflater = Some(inflater);
                false
            }
            Err(stop) => {
                self.content.has_ended = true;
                let kind = self.why_broken(stop, offset, piece, inflater.finals > 0);
                let detail = match stop {
                    _ if kind == FindingKind::DeflateNoSyncFlush => {
                        "an earlier message held a block that is marked as final".to_owned()
                    }
                    Stop::Unwanted => format!("the message inflates to more than {} bytes", bounds.inflated),
                    Stop::TooFarBack => "it points back to bytes that are not in the window".to_owned(),
                    Stop::Broken => format!("message {} of those that are compressed", self.content.messages + 1),
                };
                self.found.push(Found::new(kind, at, piece.len() as u64, detail));
                stop != Stop::Unwanted
            }
        }
    }

    fn why_broken(&self, stop: Stop, offset: u64, piece: &[u8], after_final: bool) -> FindingKind {
        let is_wrapped = matches!(piece, [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] | [0x1f, 0x8b, ..]);
        match stop {
            Stop::Unwanted => FindingKind::DeflateBomb,
            _ if offset == 0 && is_wrapped => FindingKind::DeflateZlibHeader,
            _ if after_final => FindingKind::DeflateNoSyncFlush,
            Stop::TooFarBack => FindingKind::DeflateContextMismatch,
            Stop::Broken => FindingKind::DeflateBadData,
        }
    }
}

fn note_last(message: &mut Message, piece: &[u8]) {
    message.compressed += piece.len() as u64;
    for byte in &piece[piece.len().saturating_sub(4)..] {
        message.last.rotate_left(1);
        message.last[3] = *byte;
    }
}
