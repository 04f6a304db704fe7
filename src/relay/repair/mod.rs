//! Mends the frames of one lane. The lane decodes and records what came; this writes what goes out instead.
//!
//! It holds no more than a control frame's payload and an unfinished character: a data frame of any length passes
//! through. Correct frames come out bit for bit.

mod close;
pub(super) mod head;
mod stray;
mod text;

use crate::record::Side;
use crate::wire::close::Code;
use crate::wire::frame::{self, FIN, FrameHeader, LengthForm, OPCODE, RSV1};
use crate::wire::mask::{self, MaskKey};
use crate::wire::opcode::Opcode;

use text::Text;

pub(super) use stray::Stray;

/// Payload of a control frame (RFC 6455 5.5).
const MAX_CONTROL: usize = 125;
const INVALID_TEXT: &str = "invalid UTF-8 replaced";

/// What became of a frame.
#[derive(Debug, Default)]
pub(super) struct Mend {
    /// What was done to it, in a few words each.
    pub done: Vec<&'static str>,
    /// Whether it does not go out at all.
    pub dropped: bool,
}

/// A frame under way.
#[derive(Debug)]
struct Frame {
    came: FrameHeader,
    /// The key it goes out with.
    key: Option<MaskKey>,
    /// Payload bytes that came.
    came_bytes: u64,
    /// Payload bytes that went out.
    sent: u64,
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
    Drop,
}

/// What goes out of one lane.
#[derive(Debug)]
pub(super) struct Mender {
    from: Side,
    deflate: bool,
    /// Whether a message is under way, and if so, whether it is text.
    message: Option<bool>,
    text: Text,
    frame: Option<Frame>,
    closed: bool,
    /// What comes is not mended: the first fault ends it.
    strict: bool,
    /// Where in `out` the frame under way begins.
    start: usize,
    fault: Option<Code>,
    mend: Mend,
    /// The bytes that go out, until they are taken.
    pub out: Vec<u8>,
}

impl Mender {
    /// Begins at a border between frames, perhaps within a message.
    pub fn new(from: Side, deflate: bool, unfinished: Option<Opcode>, closed: bool, strict: bool) -> Self {
        // Of a message that began before, it is not known where its characters end: it passes as binary does.
        let message = unfinished.map(|_| false);
        Self {
            from,
            deflate,
            message,
            text: Text::default(),
            frame: None,
            closed,
            strict,
            start: 0,
            fault: None,
            mend: Mend::default(),
            out: Vec::new(),
        }
    }

    /// Bytes at a border between two frames that are no frame's.
    pub fn stray(&self, rest: &[u8]) -> Option<Stray> {
        if self.from == Side::Server && !self.closed && !self.strict {
            stray::at_border(rest, self.message.is_some())
        } else {
            None
        }
    }

    /// What was done to the frame since the last call.
    pub fn take(&mut self) -> Mend {
        let mut mend = std::mem::take(&mut self.mend);
        if self.strict && self.fault.is_none() && !mend.done.is_empty() {
            self.fail(if mend.done.contains(&INVALID_TEXT) { Code::INVALID_DATA } else { Code::PROTOCOL_ERROR });
            mend.dropped = true;
        }
        mend
    }

    /// The code with which the session is to be failed.
    pub const fn fault(&self) -> Option<Code> {
        self.fault
    }

    pub const fn is_strict(&self) -> bool {
        self.strict
    }

    /// The frame under way does not go out, nor does anything behind it.
    fn fail(&mut self, code: Code) {
        self.out.truncate(self.start);
        self.fault = Some(code);
        self.closed = true;
        if let Some(frame) = &mut self.frame {
            frame.how = How::Drop;
        }
    }

    /// Whether the lane could go on without a mender.
    pub const fn is_idle(&self) -> bool {
        self.frame.is_none() && self.message.is_none() && !self.closed
    }

    /// A frame begins. `key` is fresh; `following` is what is there of its payload and behind it.
    pub fn header(&mut self, came: &FrameHeader, following: &[u8], fresh: MaskKey) {
        self.start = self.out.len();
        let key = (self.from == Side::Client).then(|| came.mask.unwrap_or(fresh));
        let how = if self.closed {
            self.drop_frame("it came after the close frame")
        } else if came.opcode().name().is_none() {
            self.drop_frame("its opcode is reserved")
        } else {
            self.note_form(came);
            if came.opcode().is_control() { self.control(came) } else { self.data(came, key, following) }
        };
        self.frame = Some(Frame { came: *came, key, came_bytes: 0, sent: 0, how });
    }

    fn drop_frame(&mut self, why: &'static str) -> How {
        self.mend = Mend { done: vec![why], dropped: true };
        How::Drop
    }

    fn note_form(&mut self, came: &FrameHeader) {
        match (self.from, came.mask) {
            (Side::Server, Some(_)) => self.mend.done.push("mask taken off"),
            (Side::Client, None) => self.mend.done.push("masked"),
            _ => {}
        }
        if came.form != LengthForm::shortest(came.length) {
            self.mend.done.push("length written in the shortest form");
        }
    }

    fn control(&mut self, came: &FrameHeader) -> How {
        if came.rsv() != 0 {
            self.mend.done.push("reserved bits cleared");
        }
        if !came.fin() {
            self.mend.done.push("FIN set");
        }
        if came.length > MAX_CONTROL as u64 {
            self.mend.done.push("payload cut to 125 bytes");
        }
        How::Hold(Vec::new())
    }

    fn data(&mut self, came: &FrameHeader, key: Option<MaskKey>, following: &[u8]) -> How {
        let mut first = came.first;
        if self.message.is_some() && came.opcode() != Opcode::CONTINUATION {
            self.mend.done.push("the message before it finished");
            self.finish_message(key);
        } else if self.message.is_none() && came.opcode() == Opcode::CONTINUATION {
            let is_text = std::str::from_utf8(&at_hand(came, following))
                .map_or_else(|error| error.error_len().is_none() && !came.fin(), |_| true);
            self.mend.done.push(if is_text { "made a text message" } else { "made a binary message" });
            first |= if is_text { Opcode::TEXT } else { Opcode::BINARY }.value();
        }
        let starts = Opcode::new(first) != Opcode::CONTINUATION;
        let allowed = if starts && self.deflate { FIN | RSV1 | OPCODE } else { FIN | OPCODE };
        if first & !allowed != 0 {
            self.mend.done.push("reserved bits cleared");
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
        if is_text
            && starts
            && fin
            && let Some(text) = self.whole_text(came, following)
        {
            self.write_header(first, text.len() as u64, key);
            self.write_payload(&text, key, 0);
            return How::Drop;
        }
        self.write_header(first, came.length, key);
        if is_text { How::Clean { fin } } else { How::Pass }
    }

    /// A text message that is whole at hand and no UTF-8, made so.
    fn whole_text(&mut self, came: &FrameHeader, following: &[u8]) -> Option<Vec<u8>> {
        let payload = at_hand(came, following);
        if payload.len() as u64 != came.length || std::str::from_utf8(&payload).is_ok() {
            return None;
        }
        self.mend.done.push(INVALID_TEXT);
        Some(String::from_utf8_lossy(&payload).into_owned().into_bytes())
    }

    /// A piece of the frame's payload, as it came; `last` ends the frame.
    pub fn payload(&mut self, piece: &[u8], last: bool) {
        let Some(mut frame) = self.frame.take() else { return };
        let mut plain = piece.to_vec();
        if let Some(key) = frame.came.mask {
            mask::apply(key, frame.came_bytes, &mut plain);
        }
        frame.came_bytes += piece.len() as u64;
        match &mut frame.how {
            How::Drop => {}
            How::Pass => self.send(&mut frame.sent, frame.key, &plain),
            How::Clean { fin } => {
                let (clean, is_changed) = self.text.clean(&plain, last, last && *fin);
                if is_changed && !self.mend.done.contains(&INVALID_TEXT) {
                    self.mend.done.push(INVALID_TEXT);
                }
                self.send(&mut frame.sent, frame.key, &clean);
            }
            How::Hold(held) => {
                let room = MAX_CONTROL - held.len();
                held.extend_from_slice(plain.get(..room).unwrap_or(&plain));
                if last {
                    let held = std::mem::take(held);
                    self.write_control(frame.came.opcode(), held, frame.key);
                }
            }
        }
        if !last {
            self.frame = Some(frame);
        }
    }

    fn send(&mut self, sent: &mut u64, key: Option<MaskKey>, payload: &[u8]) {
        self.write_payload(payload, key, *sent);
        *sent += payload.len() as u64;
    }

    fn write_control(&mut self, opcode: Opcode, mut payload: Vec<u8>, key: Option<MaskKey>) {
        if opcode == Opcode::CLOSE {
            self.closed = true;
            let (body, done) = close::made_good(&payload);
            self.mend.done.extend(done);
            payload = body;
        }
        frame::write(opcode, &payload, key, &mut self.out);
    }

    /// The lane's bytes are over: what is owed goes out. Says what that was.
    pub fn end(&mut self, code: Code, fresh: MaskKey, in_header: bool) -> Option<&'static str> {
        if self.closed || self.strict {
            return None;
        }
        if in_header || self.frame.is_some() {
            return Some("the last frame was cut short: that can't be mended");
        }
        let key = (self.from == Side::Client).then_some(fresh);
        let finished = self.message.is_some();
        self.finish_message(key);
        frame::write(Opcode::CLOSE, &code.to_be_bytes(), key, &mut self.out);
        self.closed = true;
        Some(if finished { "the message finished and a close frame sent" } else { "a close frame sent" })
    }

    /// No sense can be made of what follows: the receiver is told.
    pub fn lose(&mut self, fresh: MaskKey) {
        if self.strict {
            self.start = self.out.len();
            return self.fail(Code::PROTOCOL_ERROR);
        }
        if !std::mem::replace(&mut self.closed, true) {
            let key = (self.from == Side::Client).then_some(fresh);
            frame::write(Opcode::CLOSE, &Code::PROTOCOL_ERROR.to_be_bytes(), key, &mut self.out);
        }
    }

    /// Ends the message under way. A character cut short by it stays so.
    fn finish_message(&mut self, key: Option<MaskKey>) {
        if self.message.take().is_some() {
            frame::write(Opcode::CONTINUATION, &[], key, &mut self.out);
        }
    }

    fn write_header(&mut self, first: u8, length: u64, key: Option<MaskKey>) {
        FrameHeader { first, ..FrameHeader::new(Opcode::new(first), length, key) }.write(&mut self.out);
    }

    fn write_payload(&mut self, payload: &[u8], key: Option<MaskKey>, offset: u64) {
        let start = self.out.len();
        self.out.extend_from_slice(payload);
        if let Some(key) = key {
            mask::apply(key, offset, &mut self.out[start..]);
        }
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
