//! What Chrome makes of the server's frames, by its own rules in its own order.
//!
//! It judges a read at a time. First its parser goes over all bytes of the read; then it looks at control frames and at
//! the length of their payload; then compressed messages are inflated; only then are frames handled one after the other.
//! So a fault of an earlier step hides a fault of a later one anywhere in the same read, and takes the read's good frames
//! with it. One read of wsproxy's is taken for one of Chrome's.

use crate::record::finding::FindingKind;
use crate::record::{FrameNumber, Verdict};
use crate::wire::close::{CloseBody, Code};
use crate::wire::frame::{FrameHeader, LengthForm, RSV1};
use crate::wire::opcode::Opcode;

/// Inflated bytes that Chrome hands on at a time while a message is under way.
const INFLATED_CHUNK: u64 = 4096;

/// What the examiner learnt of a piece of payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Offset in the message (inflated, where it was compressed) of the first bytes that are no UTF-8; text only.
    pub invalid: Option<u64>,
    /// The message ends inside of a character; text only.
    pub incomplete: bool,
    /// What can't be inflated.
    pub broken: bool,
    /// Bytes of the message so far, inflated.
    pub inflated: u64,
}

/// Where the closing handshake is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Connected,
    /// The page closed it: data is ignored.
    Closing,
    /// Both close frames have passed; this is what the page is told.
    Closed(Code),
    /// Failed, or the page has gone. Nothing more is judged.
    Over,
}

/// What the step that inflates is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Nothing,
    Plain,
    /// The opcode of what is handed on next.
    Compressed(Opcode),
}

#[derive(Clone, Debug)]
struct Fault {
    /// `None` where Chrome says nothing and just drops the connection.
    words: Option<String>,
    kind: FindingKind,
    frame: FrameNumber,
    undelivered: FrameNumber,
}

/// Chrome's side of a session that has opened.
#[derive(Debug)]
pub struct Frames {
    deflate: bool,
    state: State,
    reading: Reading,
    /// Whether the next data frame has to be a continuation.
    expecting: bool,
    /// The first frame of the message under way.
    message: Option<FrameNumber>,
    /// The first frame whose content this read can cost.
    at_stake: FrameNumber,
    /// A data frame that was ignored, since the page had closed.
    ignored: Option<FrameNumber>,
    /// The first fault of each step in this read: parser, control frames, inflating, handling.
    faults: [Option<Fault>; 4],
}

const PARSER: usize = 0;
const CONTROL: usize = 1;
const INFLATING: usize = 2;
const HANDLING: usize = 3;

const INVALID_HEADER: &str = "Invalid frame header";

impl Frames {
    /// For a socket that has just opened.
    #[must_use]
    pub const fn new(deflate: bool) -> Self {
        Self {
            deflate,
            state: State::Connected,
            reading: Reading::Nothing,
            expecting: false,
            message: None,
            at_stake: FrameNumber::FIRST,
            ignored: None,
            faults: [const { None }; 4],
        }
    }

    /// Whether anything more can come of it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// Whether a whole text or binary frame, right in each respect, changes nothing here.
    #[inline]
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.state == State::Connected && !self.expecting && self.reading == Reading::Nothing
    }

    /// A read begins; the next frame to begin has the number `next`, and `current` has begun in an earlier read.
    pub fn begin_read(&mut self, next: FrameNumber, current: Option<FrameNumber>) {
        self.at_stake = self.message.or(current).unwrap_or(next);
    }

    /// The read is over: the verdict, where it holds a fault. `carried` is the start of a header whose rest has not come,
    /// and `next` would be its frame's number.
    pub fn end_read(&mut self, carried: &[u8], next: FrameNumber) -> Option<Verdict> {
        if self.state == State::Over {
            return None;
        }
        self.unfinished_header(carried, next);
        let fault = self.faults.iter_mut().find_map(Option::take)?;
        let code = match self.state {
            // Chrome drops the connection without words, and tells the page what the close frame told.
            State::Closed(code) if fault.words.is_none() => code,
            _ => Code::ABNORMAL,
        };
        self.state = State::Over;
        Some(Verdict::of_frame(fault.words, code, fault.kind, fault.frame, fault.undelivered))
    }

    /// The length of a masked header may be there before its key is.
    fn unfinished_header(&mut self, carried: &[u8], next: FrameNumber) {
        if carried.is_empty() {
            return;
        }
        if let Some((header, _)) = FrameHeader::parse(&[carried, &[0; 4]].concat())
            && carried.len() + 4 >= header.wire_length()
            && header.mask.is_some()
        {
            self.length(next, &header);
        }
    }

    /// The header of a frame has come.
    pub fn header(&mut self, number: FrameNumber, header: &FrameHeader) {
        if self.state == State::Over {
            return;
        }
        self.length(number, header);
        let opcode = header.opcode();
        if opcode.is_control() {
            if !header.fin() {
                self.whole_read(CONTROL, number, FindingKind::FrameControlFragmented);
            } else if header.length > 125 {
                self.whole_read(CONTROL, number, FindingKind::FrameControlLong);
            }
        } else if self.is_inflated(number, header) {
            // Nothing is handed on before some of it is inflated.
        } else {
            self.handle(number, header, opcode);
            if is_data(opcode) && self.state == State::Connected {
                self.order(number, opcode);
            }
        }
    }

    fn length(&mut self, number: FrameNumber, header: &FrameHeader) {
        let is_shortest = header.form == LengthForm::shortest(header.length);
        let kind = match header.form {
            LengthForm::Sixteen if !is_shortest => FindingKind::FrameLen16Nonminimal,
            LengthForm::SixtyFour if !is_shortest => FindingKind::FrameLen64Nonminimal,
            LengthForm::SixtyFour if header.length >> 63 != 0 => FindingKind::FrameLen64Msb,
            LengthForm::SixtyFour if header.length > 0x7fff_ffff => FindingKind::FrameLenHuge,
            _ => return,
        };
        self.whole_read(PARSER, number, kind);
    }

    /// The step that inflates: whether the frame's content comes out of it only later.
    fn is_inflated(&mut self, number: FrameNumber, header: &FrameHeader) -> bool {
        let opcode = header.opcode();
        if !self.deflate || !is_data(opcode) {
            return false;
        }
        let is_rsv1 = header.rsv1();
        match self.reading {
            Reading::Nothing if is_rsv1 => self.reading = Reading::Compressed(opcode),
            Reading::Nothing => self.reading = Reading::Plain,
            _ if is_rsv1 => self.whole_read(INFLATING, number, FindingKind::Rsv1OnContinuation),
            _ => {}
        }
        matches!(self.reading, Reading::Compressed(_))
    }

    /// A piece of payload has come. `body` is that of a control frame, unmasked, once it is whole.
    pub fn payload(&mut self, number: FrameNumber, header: &FrameHeader, content: Content, last: bool, body: &[u8]) {
        if self.state == State::Over {
            return;
        }
        let opcode = header.opcode();
        if opcode.is_control() {
            if last {
                self.control(number, header, body);
            }
        } else if is_data(opcode) {
            self.data(number, header, content, last);
        }
    }

    fn data(&mut self, number: FrameNumber, header: &FrameHeader, content: Content, last: bool) {
        let ends = last && header.fin();
        let mut invalid = content.invalid.is_some();
        if let Reading::Compressed(opcode) = self.reading {
            if content.broken {
                self.whole_read(INFLATING, number, FindingKind::DeflateBadData);
            }
            let handed_on = if ends { u64::MAX } else { content.inflated / INFLATED_CHUNK * INFLATED_CHUNK };
            if handed_on == 0 {
                return;
            }
            invalid = content.invalid.is_some_and(|at| at < handed_on);
            // RSV1 is taken off; the mask and the other bits are the present frame's.
            self.handle(number, &FrameHeader { first: header.first & !RSV1, ..*header }, opcode);
            if self.state == State::Connected && (opcode != Opcode::CONTINUATION || !self.expecting) {
                self.order(number, opcode);
            }
            self.reading = Reading::Compressed(Opcode::CONTINUATION);
        }
        if self.state == State::Connected && (invalid || (ends && content.incomplete)) {
            let kind = if invalid { FindingKind::MsgInvalidUtf8 } else { FindingKind::MsgUtf8IncompleteAtFin };
            self.fail(number, "Could not decode a text frame as UTF-8.", kind);
        }
        if ends {
            self.reading = Reading::Nothing;
            self.expecting = false;
            if self.faults[HANDLING].is_none() {
                self.message = None;
            }
        }
    }

    /// What is looked at in each frame: mask, reserved bits, whether anything may come at all, the opcode.
    fn handle(&mut self, number: FrameNumber, header: &FrameHeader, opcode: Opcode) {
        let rsv = header.rsv();
        if header.mask.is_some() {
            let words = "A server must not mask any frames that it sends to the client.";
            self.fail(number, words, FindingKind::FrameServerMasked);
        } else if rsv != 0 {
            let words = format!(
                "One or more reserved bits are on: reserved1 = {}, reserved2 = {}, reserved3 = {}",
                rsv >> 2,
                rsv >> 1 & 1,
                rsv & 1
            );
            self.fail(number, words, reserved_bits(rsv, opcode, self.deflate));
        } else if matches!(self.state, State::Closed(_)) {
            let frame = match opcode {
                _ if is_data(opcode) => "Data frame",
                Opcode::PING => "Ping",
                Opcode::PONG => "Pong",
                Opcode::CLOSE => "Close",
                _ => "Unknown frame type",
            };
            self.fail(number, format!("{frame} received after close"), FindingKind::CloseDataAfter);
        } else if opcode.name().is_none() {
            let kind = if opcode.is_control() {
                FindingKind::FrameOpcodeReservedControl
            } else {
                FindingKind::FrameOpcodeReservedData
            };
            self.fail(number, format!("Unrecognized frame opcode: {}", opcode.value()), kind);
        } else if self.state == State::Closing && is_data(opcode) {
            self.ignored.get_or_insert(number);
        }
    }

    /// Whether a data frame may stand here.
    fn order(&mut self, number: FrameNumber, opcode: Opcode) {
        let is_continuation = opcode == Opcode::CONTINUATION;
        if is_continuation && !self.expecting {
            let words = "Received unexpected continuation frame.";
            self.fail(number, words, FindingKind::FrameUnexpectedContinuation);
        } else if !is_continuation && self.expecting {
            let words = "Received start of new message but previous message is unfinished.";
            self.fail(number, words, FindingKind::FrameInterleaved);
        }
        self.expecting = true;
        self.message.get_or_insert(number);
    }

    fn control(&mut self, number: FrameNumber, header: &FrameHeader, body: &[u8]) {
        self.handle(number, header, header.opcode());
        if header.opcode() != Opcode::CLOSE || self.faults[HANDLING].is_some() {
            return;
        }
        let code = match CloseBody::parse(body) {
            CloseBody::Empty => Code::NO_STATUS,
            CloseBody::Short(_) => {
                let words = "Received a broken close frame with an invalid size of 1 byte.";
                return self.fail(number, words, FindingKind::Close1byte);
            }
            CloseBody::Code { code: Code::NO_STATUS | Code::ABNORMAL | Code::TLS, .. } => {
                let words = "Received a broken close frame containing a reserved status code.";
                return self.fail(number, words, FindingKind::CloseCodeReserved);
            }
            CloseBody::Code { reason, .. } if std::str::from_utf8(reason).is_err() => {
                let words = "Received a broken close frame containing invalid UTF-8.";
                return self.fail(number, words, FindingKind::CloseReasonUtf8);
            }
            CloseBody::Code { code, .. } => code,
        };
        if self.faults.iter().all(Option::is_none) {
            self.state = State::Closed(code);
        }
    }

    /// A close frame of the browser's has gone out. Gives `false` where it is but the reply to the server's.
    pub fn client_closes(&mut self) -> bool {
        if self.state == State::Connected {
            self.state = State::Closing;
        }
        !matches!(self.state, State::Closed(_))
    }

    /// The server's bytes ended, by a FIN or else by a reset. `unfinished` is a frame that they end in.
    pub fn server_ended(&mut self, by_fin: bool, unfinished: Option<FrameNumber>) -> Option<Verdict> {
        let undelivered = self.ignored.or(self.message).or(unfinished);
        match std::mem::replace(&mut self.state, State::Over) {
            State::Over => None,
            State::Closed(code) => Some(Verdict::of_close(code, by_fin)),
            State::Connected | State::Closing => Some(Verdict::of_silent_end(undelivered)),
        }
    }

    /// The browser's bytes ended before the server's: it waited long enough, or the page is gone.
    pub fn client_ended(&mut self) -> Option<Verdict> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Closed(code) => Some(Verdict::of_close(code, true)),
            _ => None,
        }
    }

    /// A fault that costs all of the read.
    fn whole_read(&mut self, step: usize, frame: FrameNumber, kind: FindingKind) {
        let words = (kind != FindingKind::FrameLenHuge).then(|| INVALID_HEADER.to_owned());
        let undelivered = self.at_stake;
        self.faults[step].get_or_insert(Fault { words, kind, frame, undelivered });
    }

    fn fail(&mut self, frame: FrameNumber, words: impl Into<String>, kind: FindingKind) {
        let undelivered = self.ignored.or(self.message).unwrap_or(frame);
        self.faults[HANDLING].get_or_insert_with(|| Fault { words: Some(words.into()), kind, frame, undelivered });
    }
}

fn is_data(opcode: Opcode) -> bool {
    opcode.value() <= Opcode::BINARY.value()
}

/// Which rule about reserved bits a frame breaks.
#[must_use]
pub fn reserved_bits(rsv: u8, opcode: Opcode, deflate: bool) -> FindingKind {
    match (rsv, deflate) {
        (4, false) => FindingKind::Rsv1NotNegotiated,
        (4, true) if opcode.is_control() => FindingKind::Rsv1OnControl,
        (4, true) if opcode == Opcode::CONTINUATION => FindingKind::Rsv1OnContinuation,
        _ => FindingKind::FrameRsv,
    }
}
