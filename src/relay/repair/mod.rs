//! The stage that repairs the frames of one lane, or under the strict policy fails the session at the first that is wrong.
//!
//! It holds no more than a control frame's payload, a short text and an unfinished character: a data frame of any length
//! passes through. Correct frames come out bit for bit.
//!
//! A wrong byte of a text becomes U+FFFD, as browsers would show it, where the text is one frame of `MAX_TEXT` bytes at
//! most. That makes it longer, so the frame has to be whole before its header goes out. A longer frame does not wait, nor
//! does a fragment: there `?` stands in place of each wrong byte. Which of the two it is depends on the frames alone and
//! not on how TCP has cut them.
#![deny(clippy::indexing_slicing)]

mod close;
pub(super) mod head;
mod stray;
mod text;

use std::borrow::Cow;

use crate::record::{By, Ending, Policy, Side};
use crate::wire::close::Code;
use crate::wire::frame::{FIN, FrameHeader, LengthForm, OPCODE, RSV1};
use crate::wire::mask::{self, MaskKey};
use crate::wire::message::Role;
use crate::wire::opcode::Opcode;

use super::passage::{Next, Part, Place, Stage};
use text::{Ends, Text};

pub(super) use stray::Stray;

/// Payload of a control frame (RFC 6455 5.5).
const MAX_CONTROL: usize = 125;
/// Payload of a text frame that is held until it is whole: most texts, and little enough for each of thousands of lanes.
const MAX_TEXT: u64 = 16 * 1024;
const CUT_SHORT: &str = "the last frame was cut short: that can't be repaired";
const INVALID_TEXT: &str = "invalid UTF-8 replaced";

/// A frame under way.
#[derive(Debug)]
struct Frame {
    came: FrameHeader,
    /// The key it goes out with.
    key: Option<MaskKey>,
    how: How,
}

/// What happens to a frame's payload.
#[derive(Debug)]
enum How {
    Pass,
    /// It is text: no byte passes that makes it none.
    Clean {
        fin: bool,
    },
    /// A control frame: held until it can be made good.
    Hold(Vec<u8>),
    /// A whole text: held until it is known to be one. With it the first byte of its header.
    Text {
        held: Vec<u8>,
        first: u8,
    },
    Drop,
}

/// How a lane stands where the stage begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    /// Whether compression was agreed to.
    pub deflate: bool,
    /// Whether a message is under way.
    pub is_within_message: bool,
    /// Whether a close frame has passed.
    pub closed: bool,
}

/// The stage.
#[derive(Debug)]
pub(super) struct Repair {
    from: Side,
    deflate: bool,
    /// Whether a message is under way, and if so, whether it is text.
    message: Option<bool>,
    text: Text,
    frame: Option<Frame>,
    /// The receiver was told, or has heard, that nothing follows.
    closed: bool,
    /// What comes is not repaired: the first fault ends the session.
    strict: bool,
}

impl Stage for Repair {
    fn place(&self) -> Place {
        if self.strict { Place::Strict } else { Place::Repair }
    }

    fn part(&mut self, part: Part<'_>, next: &mut Next<'_, '_>) {
        match part {
            Part::Header { header, following } => self.header(header, following, next),
            Part::Payload { bytes, last } => self.payload(bytes, last, next),
        }
        if self.strict && !self.closed && !next.done().is_empty() {
            let code = if next.done().contains(&INVALID_TEXT) { Code::INVALID_DATA } else { Code::PROTOCOL_ERROR };
            self.fail(code, next);
        }
    }

    fn end(&mut self, how: Ending, in_header: bool, next: &mut Next<'_, '_>) -> Option<&'static str> {
        if self.closed || self.strict {
            return None;
        }
        let frame = self.frame.take();
        if let Some(Frame { came, key, how: How::Text { held, first } }) = frame {
            next.header(&FrameHeader { first, ..FrameHeader::new(Opcode::TEXT, came.length, key) });
            next.payload(&held, false);
            next.is_of_frame();
            return Some(CUT_SHORT);
        }
        if in_header || frame.is_some() {
            return Some(CUT_SHORT);
        }
        let code = if how == Ending::Fin { Code::NORMAL } else { Code::INTERNAL };
        let key = self.own_key(next);
        let finished = self.finish_message(key, next);
        next.frame(FIN | Opcode::CLOSE.value(), &code.to_be_bytes(), key);
        self.closed = true;
        Some(if finished { "the message finished and a close frame sent" } else { "a close frame sent" })
    }

    fn lose(&mut self, next: &mut Next<'_, '_>) -> Option<&'static str> {
        if self.strict {
            self.fail(Code::PROTOCOL_ERROR, next);
        } else if !std::mem::replace(&mut self.closed, true) {
            let key = self.own_key(next);
            next.frame(FIN | Opcode::CLOSE.value(), &Code::PROTOCOL_ERROR.to_be_bytes(), key);
        }
        Some("closed")
    }

    fn stray(&self, rest: &[u8]) -> Option<Stray> {
        if self.from == Side::Server && !self.closed && !self.strict {
            stray::at_border(rest, self.message.is_some())
        } else {
            None
        }
    }

    fn is_idle(&self) -> bool {
        self.frame.is_none() && self.message.is_none() && !self.closed
    }
}

impl Repair {
    /// The stage that a policy wants: none where what comes passes as it is. It begins at a border between frames, perhaps
    /// within a message.
    pub(super) fn under(policy: Policy, from: Side, start: Start) -> Option<Self> {
        if policy == Policy::Faithful {
            return None;
        }
        // Of a message that began before, it is not known where its characters end: it passes as binary does.
        let message = start.is_within_message.then_some(false);
        let strict = policy == Policy::Strict;
        let Start { deflate, closed, .. } = start;
        Some(Self { from, deflate, message, text: Text::default(), frame: None, closed, strict })
    }

    /// Under strict, what the frame was found to be ends the session; else it is told what is done to it.
    fn did(&self, what: &'static str, next: &mut Next<'_, '_>) {
        if self.strict { next.drops(By::Strict, Some(what)) } else { next.did(By::Repair, what) }
    }

    fn fail(&mut self, code: Code, next: &mut Next<'_, '_>) {
        next.fail(code);
        self.closed = true;
        if let Some(frame) = &mut self.frame {
            frame.how = How::Drop;
        }
    }

    fn own_key(&self, next: &mut Next<'_, '_>) -> Option<MaskKey> {
        (self.from == Side::Client).then(|| next.fresh_key())
    }

    /// A frame begins; `following` is what is there of its payload and behind it.
    fn header(&mut self, came: &FrameHeader, following: &[u8], next: &mut Next<'_, '_>) {
        let key = if self.from == Side::Client { came.mask.or_else(|| self.own_key(next)) } else { None };
        let how = if self.closed {
            self.drop_frame("it came after the close frame", next)
        } else if came.opcode().name().is_none() {
            self.drop_frame("its opcode is reserved", next)
        } else {
            self.note_form(came, next);
            if came.opcode().is_control() { self.control(came, next) } else { self.data(came, key, following, next) }
        };
        self.frame = Some(Frame { came: *came, key, how });
    }

    fn drop_frame(&self, why: &'static str, next: &mut Next<'_, '_>) -> How {
        next.drops(if self.strict { By::Strict } else { By::Repair }, Some(why));
        How::Drop
    }

    fn note_form(&self, came: &FrameHeader, next: &mut Next<'_, '_>) {
        match (self.from, came.mask) {
            (Side::Server, Some(_)) => self.did("mask taken off", next),
            (Side::Client, None) => self.did("masked", next),
            _ => {}
        }
        if came.form != LengthForm::shortest(came.length) {
            self.did("length written in the shortest form", next);
        }
    }

    fn control(&self, came: &FrameHeader, next: &mut Next<'_, '_>) -> How {
        if came.rsv() != 0 {
            self.did("reserved bits cleared", next);
        }
        if !came.fin() {
            self.did("FIN set", next);
        }
        if came.length > MAX_CONTROL as u64 {
            self.did("payload cut to 125 bytes", next);
        }
        How::Hold(Vec::new())
    }

    fn data(&mut self, came: &FrameHeader, key: Option<MaskKey>, following: &[u8], next: &mut Next<'_, '_>) -> How {
        let mut first = came.first;
        let role = Role::of(came, self.message.is_some());
        if role == Role::BeginsWithin {
            self.did("the message before it finished", next);
            self.finish_message(key, next);
        } else if role == Role::GoesOnNothing {
            let is_text = std::str::from_utf8(&at_hand(came, following))
                .map_or_else(|error| error.error_len().is_none() && !came.fin(), |_| true);
            self.did(if is_text { "made a text message" } else { "made a binary message" }, next);
            first |= if is_text { Opcode::TEXT } else { Opcode::BINARY }.value();
        }
        let starts = Opcode::new(first) != Opcode::CONTINUATION;
        let allowed = if starts && self.deflate { FIN | RSV1 | OPCODE } else { FIN | OPCODE };
        if first & !allowed != 0 {
            self.did("reserved bits cleared", next);
        }
        first &= allowed;
        let fin = first & FIN != 0;
        let is_text = if starts {
            self.text = Text::default();
            Opcode::new(first) == Opcode::TEXT && first & RSV1 == 0
        } else {
            self.message.unwrap_or(false)
        };
        self.message = (!fin).then_some(is_text);
        if is_text && starts && fin && came.length <= MAX_TEXT && !self.strict {
            return How::Text { held: Vec::new(), first };
        }
        next.header(&FrameHeader { first, ..FrameHeader::new(Opcode::new(first), came.length, key) });
        if is_text { How::Clean { fin } } else { How::Pass }
    }

    /// A piece of the frame's payload, unmasked; `last` ends the frame.
    fn payload(&mut self, piece: &[u8], last: bool, next: &mut Next<'_, '_>) {
        let Some(mut frame) = self.frame.take() else { return };
        match &mut frame.how {
            How::Drop => {}
            How::Pass => next.payload(piece, last),
            How::Clean { fin } => {
                let ends = match (last, *fin) {
                    (false, _) => Ends::Nothing,
                    (true, false) => Ends::Fragment,
                    (true, true) => Ends::Message,
                };
                let (clean, is_changed) = self.text.clean(piece, ends);
                if is_changed && !next.done().contains(&INVALID_TEXT) {
                    self.did(INVALID_TEXT, next);
                }
                next.payload(&clean, last);
            }
            How::Text { held, first } => {
                held.extend_from_slice(piece);
                if last {
                    self.write_text(*first, held, frame.key, next);
                }
            }
            How::Hold(held) => {
                let room = MAX_CONTROL - held.len();
                held.extend_from_slice(piece.get(..room).unwrap_or(piece));
                if last {
                    let held = std::mem::take(held);
                    self.write_control(frame.came.opcode(), held, frame.key, next);
                }
            }
        }
        if !last {
            self.frame = Some(frame);
        }
    }

    /// Writes a whole text, with U+FFFD in place of each byte that is wrong.
    fn write_text(&self, first: u8, text: &[u8], key: Option<MaskKey>, next: &mut Next<'_, '_>) {
        let clean = String::from_utf8_lossy(text);
        if matches!(clean, Cow::Owned(_)) {
            self.did(INVALID_TEXT, next);
        }
        next.frame(first, clean.as_bytes(), key);
    }

    fn write_control(&mut self, opcode: Opcode, mut payload: Vec<u8>, key: Option<MaskKey>, next: &mut Next<'_, '_>) {
        let mut closes = false;
        if opcode == Opcode::CLOSE {
            closes = true;
            let (body, done) = close::made_good(&payload);
            if let Some(done) = done {
                self.did(done, next);
            }
            payload = body;
        }
        next.frame(FIN | opcode.value(), &payload, key);
        // Under strict, what was done to the close frame is a fault yet to be told.
        self.closed |= closes && (next.done().is_empty() || !self.strict);
    }

    /// Ends the message under way, if there is one. A character cut short by it stays so.
    fn finish_message(&mut self, key: Option<MaskKey>, next: &mut Next<'_, '_>) -> bool {
        let is_unfinished = self.message.take().is_some();
        if is_unfinished {
            next.frame(FIN | Opcode::CONTINUATION.value(), &[], key);
        }
        is_unfinished
    }
}

/// What has come of a frame's payload, unmasked.
fn at_hand(came: &FrameHeader, following: &[u8]) -> Vec<u8> {
    let length = usize::try_from(came.length).unwrap_or(usize::MAX);
    let mut payload = following.get(..length).unwrap_or(following).to_vec();
    if let Some(key) = came.mask {
        mask::apply(key, 0, &mut payload);
    }
    payload
}
