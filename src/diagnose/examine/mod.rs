//! The examiner of one lane's frames: it checks each against RFC 6455 and RFC 7692, and says what it found.
//!
//! It is fed what the decoder cuts, keeps no payload but that of control frames, and judges for no browser: what Chrome
//! makes of the same frames is `chrome::frames`. A usual frame costs a few comparisons, and a text's UTF-8 a look at each
//! byte.

mod close;
mod content;
mod header;

use crate::record::Side;
use crate::record::finding::FindingKind;
use crate::wire::frame::{FrameHeader, LengthForm};
use crate::wire::inflate::Deflate;
use crate::wire::mask::{self, MaskKey};
use crate::wire::opcode::Opcode;
use crate::wire::utf8;

use super::chrome::Content;
use content::{Bounds, Message};

/// Bytes that are unmasked at a time.
const SCRATCH: usize = 4096;

/// One thing found, in the frame that is being examined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: FindingKind,
    /// Offset of the first guilty byte, from the first byte of the frame's header.
    pub at: u64,
    /// Count of guilty bytes.
    pub length: u64,
    /// What is special about this one.
    pub detail: String,
    /// The cause and what to change, where the bytes say it better than the catalogue can.
    pub cause: Option<(String, String)>,
}

impl Found {
    fn new(kind: FindingKind, at: u64, length: u64, detail: impl Into<String>) -> Self {
        Self { kind, at, length, detail: detail.into(), cause: None }
    }
}

/// Usual frames that stand one right behind the other.
#[derive(Clone, Copy, Debug)]
pub struct Usual {
    /// Bytes that they take, headers included.
    pub length: usize,
    /// How many there are.
    pub count: u32,
    /// Their payload bytes.
    pub payload: u32,
    /// Where the last of them begins.
    pub last: usize,
    /// The last one's opcode.
    pub opcode: Opcode,
}

/// The examiner of one lane.
#[derive(Debug)]
pub struct Examiner {
    from: Side,
    deflate: Option<Deflate>,
    /// What was found and not yet taken.
    pub found: Vec<Found>,
    /// What the frame's payload inflated to, as far as it is kept.
    pub inflated: Vec<u8>,
    /// What it inflated to so far, kept or not, in bytes.
    pub inflated_length: u64,
    message: Option<Message>,
    content: content::Inflating,
    /// The payload of a control frame under way, unmasked.
    body: Vec<u8>,
    /// The last frame's key.
    key: Option<MaskKey>,
    /// A weak key was told of, which is enough once.
    weak_is_told: bool,
    /// A close frame has passed.
    closed: bool,
    /// The other side's close frame came before, so that a code is but repeated here.
    pub is_reply: bool,
    /// The framing was lost: what follows is no more than noise, until a usual frame comes.
    astray: bool,
    /// The frame under way is no frame, as far as its header tells.
    noise: bool,
    /// Room to unmask in, from the first payload on that needs it.
    scratch: Vec<u8>,
    /// A mask that is there or not against the rule need not be told any more.
    pub tolerates_mask: bool,
    /// Frames whose mask was tolerated.
    pub tolerated: u64,
}

impl Examiner {
    /// For a lane whose frames begin. `kept` bounds what is kept of a frame's inflated payload, `inflated` how much one
    /// message may inflate to.
    #[must_use]
    pub fn new(from: Side, deflate: Option<Deflate>, kept: usize, inflated: u64) -> Self {
        Self {
            from,
            deflate,
            found: Vec::new(),
            inflated: Vec::new(),
            inflated_length: 0,
            message: None,
            content: content::Inflating::new(Bounds { kept, inflated }),
            body: Vec::new(),
            key: None,
            weak_is_told: false,
            closed: false,
            is_reply: false,
            astray: false,
            noise: false,
            scratch: Vec::new(),
            tolerates_mask: false,
            tolerated: 0,
        }
    }

    /// From here on so many bytes are kept of what a frame inflates to.
    pub const fn keep_inflated(&mut self, bytes: usize) {
        self.content.keep(bytes);
    }

    /// Whether compressed messages can be read: no earlier one was broken, or too long.
    #[must_use]
    pub const fn inflates(&self) -> bool {
        !self.content.has_ended()
    }

    /// The usual frames that `input` begins with, no more than `most` of them and none longer than `kept`. `note` is told
    /// each mask key.
    #[inline]
    pub fn usual(&mut self, input: &[u8], most: u32, kept: usize, mut note: impl FnMut(MaskKey)) -> Usual {
        let mut usual = Usual { length: 0, count: 0, payload: 0, last: 0, opcode: Opcode::TEXT };
        while usual.count < most {
            let rest = input.get(usual.length..).unwrap_or_default();
            let Some((header, used)) = FrameHeader::parse(rest) else { break };
            if header.length > kept as u64 {
                break;
            }
            let end = used + header.length as usize;
            let Some(payload) = rest.get(used..end) else { break };
            if !self.is_usual(&header, payload) {
                break;
            }
            if let Some(key) = header.mask {
                note(key);
            }
            usual.last = usual.length;
            usual.opcode = header.opcode();
            usual.length += end;
            usual.payload += header.length as u32;
            usual.count += 1;
        }
        usual
    }

    /// Whether that whole frame is right in each respect and a message of its own, so that nothing has to be said or
    /// remembered of it.
    #[inline]
    pub fn is_usual(&mut self, header: &FrameHeader, payload: &[u8]) -> bool {
        let is_text = match header.first {
            0x81 => true,
            0x82 => false,
            _ => return false,
        };
        if self.message.is_some() || self.closed || self.astray || header.form != LengthForm::shortest(header.length) {
            return false;
        }
        // Only a frame that is usual is remembered: any other is examined next, as if it had not been looked at.
        match (self.from, header.mask) {
            (Side::Server, None) => !is_text || utf8::is_utf8(payload),
            (Side::Client, Some(key)) => {
                let is_weak = !self.weak_is_told && (key == [0; 4] || self.key == Some(key));
                let is_usual = !is_weak && (!is_text || self.is_masked_text(key, payload));
                if is_usual {
                    self.key = Some(key);
                }
                is_usual
            }
            // A peer that masks against the rule does so in each frame. Once that has been told often enough, its frames
            // are as usual as others, and only counted.
            (Side::Server, Some(key)) if self.tolerates_mask => {
                let is_usual = !is_text || self.is_masked_text(key, payload);
                self.tolerated += u64::from(is_usual);
                is_usual
            }
            (Side::Client, None) if self.tolerates_mask => {
                let is_usual = !is_text || utf8::is_utf8(payload);
                self.tolerated += u64::from(is_usual);
                is_usual
            }
            _ => false,
        }
    }

    fn is_masked_text(&mut self, key: MaskKey, payload: &[u8]) -> bool {
        mask::is_masked_ascii(key, 0, payload) || self.is_unmasked_text(key, payload)
    }

    /// The same for text that is not ASCII.
    #[cold]
    fn is_unmasked_text(&mut self, key: MaskKey, payload: &[u8]) -> bool {
        self.scratch.resize(SCRATCH, 0);
        if let Some(scratch) = self.scratch.get_mut(..payload.len()) {
            scratch.copy_from_slice(payload);
            mask::apply(key, 0, scratch);
            return utf8::is_utf8(scratch);
        }
        let mut text = utf8::Utf8::default();
        let mut offset = 0;
        for piece in payload.chunks(SCRATCH) {
            let scratch = &mut self.scratch[..piece.len()];
            scratch.copy_from_slice(piece);
            mask::apply(key, offset, scratch);
            offset += piece.len() as u64;
            if text.feed(scratch).is_err() {
                return false;
            }
        }
        text.unfinished().is_empty()
    }

    /// The header of a frame has come. At least one `payload` follows.
    pub fn header(&mut self, header: &FrameHeader) {
        self.inflated.clear();
        self.inflated_length = 0;
        self.body.clear();
        self.noise = false;
        let before = self.found.len();
        self.check_header(header);
        if !header.opcode().is_control() {
            self.begin_data(header);
        }
        self.settle(before, Some(header));
        self.weak_is_told |= self.found[before..].iter().any(|found| found.kind == FindingKind::FrameMaskWeak);
        self.key = header.mask;
    }

    /// A piece of the frame's payload, as it stood on the wire, from `offset` of it on.
    pub fn payload(&mut self, header: &FrameHeader, offset: u64, piece: &[u8], last: bool) -> Content {
        let before = self.found.len();
        let mut content = Content::default();
        match header.mask {
            None => content = self.plain(header, offset, piece, last),
            Some(_) if piece.is_empty() => content = self.plain(header, offset, piece, last),
            Some(key) if self.passes_unread(header, key, offset, piece, last) => {}
            Some(key) => {
                let mut scratch = std::mem::take(&mut self.scratch);
                scratch.resize(SCRATCH, 0);
                let mut at = 0;
                for masked in piece.chunks(SCRATCH) {
                    let plain = &mut scratch[..masked.len()];
                    plain.copy_from_slice(masked);
                    mask::apply(key, offset + at as u64, plain);
                    at += masked.len();
                    content = self.plain(header, offset + (at - masked.len()) as u64, plain, last && at == piece.len());
                }
                self.scratch = scratch;
            }
        }
        self.settle(before, None);
        content
    }

    fn plain(&mut self, header: &FrameHeader, offset: u64, piece: &[u8], last: bool) -> Content {
        let opcode = header.opcode();
        if opcode.is_control() {
            // A control frame holds at most 125 bytes (RFC 6455 5.5); more tells nothing.
            let room = 125usize.saturating_sub(self.body.len());
            self.body.extend_from_slice(piece.get(..room).unwrap_or(piece));
            if last && opcode == Opcode::CLOSE {
                self.check_close(header);
                self.closed = true;
            }
            return Content::default();
        }
        self.data(header, offset, piece, last)
    }

    /// The unmasked payload of the control frame that has just ended.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The frame under way is none, and what follows is known to be read at the wrong place.
    pub const fn lose(&mut self) {
        self.astray = true;
        self.noise = true;
    }

    /// Whether what is read as the frame under way is most likely none, so that nothing it says counts.
    #[must_use]
    pub const fn is_noise(&self) -> bool {
        self.noise
    }

    /// The lane's bytes have ended. `unfinished` is a frame that they end in, with its payload so far, or else the start
    /// of a header.
    pub fn end(&mut self, unfinished: Option<(&FrameHeader, u64)>, carried: usize) {
        if self.astray {
            return;
        }
        if let Some((header, received)) = unfinished {
            let detail = format!("{received} of {} payload bytes came", header.length);
            let end = header.wire_length() as u64 + received;
            self.found.push(Found::new(FindingKind::FrameTruncated, end, 0, detail));
        } else if carried > 0 {
            let detail = format!("the connection ended after {carried} bytes of a frame's header");
            self.found.push(Found::new(FindingKind::FrameTruncated, 0, carried as u64, detail));
        } else if self.message.is_some() && !self.closed {
            let detail = "the connection ended before the final fragment came";
            self.found.push(Found::new(FindingKind::FrameMissingFin, 0, 0, detail));
        }
    }

    /// Drops what was found while the framing is lost, and notes where it gets lost. A usual header ends that, and so does
    /// the header of a whole message that is wrong in its mask only: noise hardly ever looks like one.
    fn settle(&mut self, before: usize, header: Option<&FrameHeader>) {
        if self.found.len() == before {
            if let Some(header) = header
                && !header.opcode().is_control()
                && header.opcode().name().is_some()
                && header.rsv() == 0
            {
                self.astray = false;
            }
            return;
        }
        let is_of_mask =
            |found: &Found| matches!(found.kind, FindingKind::FrameServerMasked | FindingKind::FrameClientUnmasked);
        let is_message = header.is_some_and(|header| matches!(header.first, 0x81 | 0x82));
        if self.astray && !(is_message && self.found[before..].iter().all(is_of_mask)) {
            self.found.truncate(before);
            self.noise |= header.is_some();
            return;
        }
        self.astray = self.found[before..].iter().any(|found| loses_framing(found.kind));
    }
}

/// Whether such a frame is most likely none at all, so that those behind it are none either.
const fn loses_framing(kind: FindingKind) -> bool {
    matches!(
        kind,
        FindingKind::FrameRsv
            | FindingKind::FrameOpcodeReservedData
            | FindingKind::FrameOpcodeReservedControl
            | FindingKind::FrameControlLong
            | FindingKind::FrameControlFragmented
            | FindingKind::FrameLenHuge
            | FindingKind::FrameLen64Msb
    )
}
