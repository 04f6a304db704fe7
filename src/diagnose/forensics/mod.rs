//! Names the bug behind a broken rule, where the bytes give it away.
//!
//! A line end behind the head, for instance, is read as a control frame with FIN 0; to be told so helps nobody. Each
//! recogniser looks at the bytes from the frame at fault on, and gives a name only where they prove it. All is pure, runs
//! on faults only, and looks at a few KiB at most.

mod lengths;
mod masks;
mod payloads;
mod stray;
mod strings;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::handshake::leaves_cr_behind;
use crate::record::Side;
use crate::record::finding::FindingKind;
use crate::wire::frame::{FrameHeader, MASK, RSV1};
use crate::wire::head::Head;
use crate::wire::mask::{self, MaskKey};
use crate::wire::opcode::Opcode;

/// Bytes from the frame at fault on that are of use here.
pub const ENOUGH: usize = 2048;

/// What stands in front of the frame at fault.
#[derive(Clone, Copy, Debug)]
pub enum Before<'a> {
    /// The head, whose bytes these are.
    Head(&'a [u8]),
    /// A frame: its header and payload as they came, as far as they are at hand.
    Frame(&'a [u8]),
}

/// A broken rule, and the bytes around it.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Whose bytes they are.
    pub from: Side,
    /// The rule that was broken.
    pub rule: FindingKind,
    /// From the first byte of the frame's header on, as far as they were read.
    pub bytes: &'a [u8],
    /// What stands in front of them.
    pub before: Before<'a>,
    /// Keys of the client's last frames.
    pub keys: [MaskKey; 8],
    /// Whether permessage-deflate was agreed on.
    pub deflate: bool,
}

/// What the bytes give away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// What it is.
    pub kind: FindingKind,
    /// Offset of the first guilty byte in `Scene::bytes`.
    pub at: usize,
    /// Count of guilty bytes.
    pub length: usize,
    /// The evidence.
    pub detail: String,
    /// The bug and what to change, where the catalogue's words are less to the point.
    pub cause: Option<(Cow<'static, str>, Cow<'static, str>)>,
    /// Whether the place is the head: what is guilty stands right behind it.
    pub in_head: bool,
    /// Whether what follows is read at the wrong place, so that no more can be said of it.
    pub astray: bool,
}

impl Named {
    fn new(kind: FindingKind, at: usize, length: usize, detail: impl Into<String>) -> Self {
        Self { kind, at, length, detail: detail.into(), cause: None, in_head: false, astray: false }
    }

    fn cause(mut self, cause: impl Into<Cow<'static, str>>, fix: impl Into<Cow<'static, str>>) -> Self {
        self.cause = Some((cause.into(), fix.into()));
        self
    }

    const fn astray(mut self) -> Self {
        self.astray = true;
        self
    }
}

/// What was found before.
#[derive(Clone, Copy, Debug)]
pub struct Past {
    /// Whether a browser does not take the head.
    pub failed: bool,
    /// Whether this side's framing was wrong before.
    pub erred: bool,
}

/// The finding that was told of these bytes already, so that to tell more would be to tell of it twice.
#[must_use]
pub fn told(scene: &Scene<'_>, past: Past) -> Option<FindingKind> {
    let named = name(scene).map(|named| named.kind);
    let Before::Head(head) = scene.before else {
        // What a wrong length left over is text, too.
        return named.filter(|kind| past.erred && *kind == FindingKind::FrameNotAFrame);
    };
    if scene.bytes.starts_with(b"\r") && leaves_cr_behind(head) {
        return Some(FindingKind::HttpLfcr);
    }
    if named == Some(FindingKind::Http101WithBody) && Head::of_response(head).field("transfer-encoding").is_some() {
        return named;
    }
    // Behind a head that is wrong, what is no frame is most likely more of it, or of another protocol.
    let is_noise = matches!(named, None | Some(FindingKind::FrameNotAFrame | FindingKind::FrameHixieFraming));
    (past.failed && is_noise && is_of_header(scene.rule)).then_some(scene.rule)
}

/// Names the bug, if the bytes prove one.
#[must_use]
pub fn name(scene: &Scene<'_>) -> Option<Named> {
    let scene = Scene { bytes: scene.bytes.get(..ENOUGH).unwrap_or(scene.bytes), ..*scene };
    let recognisers: &[fn(&Scene<'_>) -> Option<Named>] = match scene.rule {
        rule if is_of_header(rule) => &[
            stray::tls_record,
            stray::line_end,
            stray::fallen_line,
            stray::nul,
            stray::hixie,
            strings::header_as_text,
            lengths::characters_left_over,
            masks::lump,
            strings::chunk,
            strings::text,
            stray::old_opcodes,
            lengths::one_byte,
            lengths::four_bytes,
            lengths::little_endian,
            lengths::nonminimal,
            masks::no_key,
            masks::same_key,
            stray::without_fin,
        ],
        FindingKind::MsgInvalidUtf8 | FindingKind::MsgOverlongOrNonchar | FindingKind::MsgUtf8IncompleteAtFin => &[
            lengths::little_endian,
            lengths::one_byte,
            lengths::characters,
            payloads::double_framed,
            masks::not_unmasked,
            payloads::utf16,
            payloads::java_or_surrogates,
            payloads::binary,
            payloads::latin1,
            masks::not_unmasked_word,
            payloads::next_inside,
        ],
        _ => return None,
    };
    recognisers.iter().find_map(|recognise| recognise(&scene))
}

/// Whether it is a rule of headers and their order, which bytes that are no frame break, too.
const fn is_of_header(rule: FindingKind) -> bool {
    matches!(
        rule,
        FindingKind::FrameRsv
            | FindingKind::Rsv1NotNegotiated
            | FindingKind::Rsv1OnControl
            | FindingKind::Rsv1OnContinuation
            | FindingKind::FrameOpcodeReservedData
            | FindingKind::FrameOpcodeReservedControl
            | FindingKind::FrameControlLong
            | FindingKind::FrameControlFragmented
            | FindingKind::FrameUnexpectedContinuation
            | FindingKind::FrameServerMasked
            | FindingKind::FrameInterleaved
            | FindingKind::CloseReasonLong
            | FindingKind::FrameLen16Nonminimal
            | FindingKind::FrameLen64Nonminimal
            | FindingKind::FrameLenHuge
            | FindingKind::FrameLen64Msb
    )
}

impl Scene<'_> {
    /// The header, and its payload as far as it is here, unmasked.
    fn frame(&self) -> Option<(FrameHeader, Vec<u8>)> {
        let (header, used) = FrameHeader::parse(self.bytes)?;
        let rest = self.bytes.get(used..)?;
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        let mut payload = rest.get(..length).unwrap_or(rest).to_vec();
        if let Some(key) = header.mask {
            mask::apply(key, 0, &mut payload);
        }
        Some((header, payload))
    }

    /// Whether a frame of this side's may begin with these bytes. So it is taken where they have not come.
    fn may_begin(&self, bytes: &[u8]) -> bool {
        let Some(first) = bytes.first() else { return true };
        let Some(second) = bytes.get(1) else { return self.is_first(*first) };
        self.is_first(*first) && (second & MASK != 0) == (self.from == Side::Client)
    }

    /// Whether a frame that is a message or control frame of its own begins so.
    fn is_first(&self, first: u8) -> bool {
        let bare = if self.deflate { first & !RSV1 } else { first };
        matches!(bare, 0x81 | 0x82 | 0x88 | 0x89 | 0x8a)
    }

    /// Whether a frame begins at that offset, or the bytes end just there.
    fn may_begin_at(&self, at: usize) -> bool {
        self.bytes.get(at..).is_some_and(|rest| self.may_begin(rest))
    }

    fn is_behind_head(&self) -> bool {
        matches!(self.before, Before::Head(_))
    }

    /// The response's head, where it is what stands in front.
    fn head(&self) -> Option<&[u8]> {
        match self.before {
            Before::Head(head) if self.from == Side::Server => Some(head),
            _ => None,
        }
    }

    fn opcode(&self) -> Option<Opcode> {
        self.bytes.first().map(|first| Opcode::new(*first))
    }
}

/// Whether these are characters as a person writes them: printable, blanks, line ends. A character cut at the end is let
/// pass.
fn is_written(bytes: &[u8]) -> bool {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            let Some(Ok(text)) = bytes.get(..error.valid_up_to()).map(std::str::from_utf8) else { return false };
            text
        }
        Err(_) => return false,
    };
    !text.is_empty() && text.chars().all(|character| matches!(character, '\t' | '\n' | '\r') || !character.is_control())
}

/// The first bytes, escaped.
fn start(bytes: &[u8]) -> String {
    crate::text::preview(bytes, 40)
}
