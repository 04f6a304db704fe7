//! What happened at a visit, as far as the report needs it: bounded, whatever the server sends.

use std::time::Duration;

use crate::record::finding::{Finding, Layer, Level};
use crate::record::{
    Ending, Event, FrameRecord, HeadEvent, Log, OpenEvent, Outcome, Seen, Side, Stall, StallKind, Time, Verdict,
};
use crate::text;
use crate::wire::assembler::{Message, Packing};
use crate::wire::close::{CloseBody, Code};
use crate::wire::mask;
use crate::wire::opcode::Opcode;

/// The extension that Chrome offers (RFC 7692).
const PMD: &[u8] = b"permessage-deflate";
/// Frames that are told one by one.
const FRAMES: usize = 24;
/// Findings that are told one by one.
const FINDINGS: usize = 50;
/// Bytes of a payload that are shown.
const PREVIEW: usize = 60;

/// How the connection came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// The server's address.
    pub address: String,
    /// Time until TCP stood.
    pub tcp: Duration,
    /// Version of TLS, and the time that it took on top.
    pub tls: Option<(String, Duration)>,
}

/// What happened.
#[derive(Debug, Default)]
pub struct Story {
    /// The request.
    pub asked: Option<(Time, HeadEvent)>,
    /// The responses, interim ones included.
    pub responses: Vec<(Time, HeadEvent)>,
    /// What was agreed to.
    pub open: Option<OpenEvent>,
    /// The first bytes of what came in place of frames.
    pub body: Vec<u8>,
    /// One line for each of the first frames: who sent it, and what it is.
    pub frames: Vec<(Side, String)>,
    /// Frames beyond those.
    pub more_frames: u64,
    /// Deviations.
    pub findings: Vec<(Side, Finding)>,
    /// Findings beyond those.
    pub more_findings: u64,
    /// What Chrome made of it.
    pub verdict: Option<Verdict>,
    /// What the server began and did not end.
    pub stalls: Vec<Stall>,
    /// How the server's bytes ended, and when.
    pub ended: Option<(Time, Ending)>,
    /// Why the connection broke, where the system says so.
    pub fault: Option<String>,
    /// What of the plan was done.
    pub talk: Talk,
    /// How a page from elsewhere fares, where that was tried.
    pub foreign: Option<Foreign>,
    /// What the server says beside a handshake that came to nothing, where it was asked.
    pub beside: Beside,
}

/// What a server that opens no socket says to other questions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// The response to a plain GET of the same path: its status, and whether it is the one that the handshake got.
    pub get: Option<(u16, Likeness)>,
    /// Whether a Socket.IO server answers at its own path.
    pub is_socket_io: bool,
    /// Whether the server answers a TLS hello, where it was reached without.
    pub speaks_tls: bool,
}

/// How the response to a plain GET is to that to the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// Status and page are the same.
    Same,
    /// They differ.
    Other,
    /// The handshake got none.
    Alone,
}

/// A request that was made with another origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// The origin.
    pub origin: &'static str,
    /// The response's status.
    pub status: u16,
}

/// What was said, and what came of it.
#[derive(Debug, Default)]
pub struct Talk {
    /// When the socket opened for the page.
    pub opened: Option<Time>,
    /// The first message: when, and what.
    pub first: Option<(Time, String)>,
    /// Messages that came.
    pub messages: u64,
    /// How many of them were compressed.
    pub compressed: u64,
    /// How many of those could not be inflated.
    pub unreadable: u64,
    /// Which of the expected texts came, by their place in the plan.
    pub met: Vec<bool>,
    /// Whether a text came back as it was sent.
    pub echoes: bool,
    /// Whether texts went out compressed.
    pub sent_compressed: bool,
    /// A text that was sent in fragments.
    pub fragments: Option<Fragments>,
    /// The ping.
    pub ping: Option<Ping>,
    /// When the close frame was sent.
    pub close_sent: Option<Time>,
    /// The server's close frame.
    pub close_came: Option<Closed>,
    /// Time ran out while the response to the handshake was awaited.
    pub no_response: bool,
}

/// A close frame that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// When.
    pub time: Time,
    /// Its code; `None` where it has none.
    pub code: Option<Code>,
    /// What it holds, in words.
    pub words: String,
}

impl Closed {
    /// A close frame with that payload.
    pub(super) fn new(time: Time, payload: &[u8]) -> Self {
        let code = CloseBody::parse(payload).code().map(|(code, _)| code);
        Self { time, code, words: shown(Opcode::CLOSE, payload) }
    }
}

/// A message that was sent in fragments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fragments {
    /// Whether it came back whole.
    pub echoed: bool,
}

/// A ping that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ping {
    /// When.
    pub sent: Time,
    /// When its pong came.
    pub pong: Option<Time>,
    /// Whether a pong with other bytes came.
    pub other: bool,
}

impl Story {
    /// Takes in what was seen.
    pub fn read(&mut self, log: &Log) {
        for record in log.all() {
            match record {
                Seen::Frame(frame) => self.frame(&frame, log),
                Seen::Raw(raw) if raw.from == Side::Server && self.body.len() < 1024 => {
                    self.body.extend(log.span(raw.kept).iter().take(1024));
                }
                Seen::Event(time, event) => self.event(time, event),
                Seen::Raw(_) | Seen::More(_) | Seen::Sent(_) | Seen::Proxy(..) => {}
            }
        }
    }

    /// Notes a message that came whole.
    pub fn message(&mut self, now: Time, message: &Message) {
        let talk = &mut self.talk;
        talk.messages += 1;
        talk.compressed += u64::from(message.packing != Packing::Plain);
        talk.unreadable += u64::from(message.packing == Packing::Unreadable);
        talk.first.get_or_insert_with(|| (now, shown(message.opcode(), &message.payload)));
    }

    /// Whether Chrome has failed the page.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.verdict.as_ref().is_some_and(|verdict| verdict.outcome == Outcome::Fails)
    }

    /// Whether Chrome has refused the response, so that the socket never opens. All its words for that begin alike, and
    /// none of those on frames do.
    #[must_use]
    pub fn refused(&self) -> bool {
        let words = self.verdict.as_ref().and_then(|verdict| verdict.error_text.as_deref()).unwrap_or_default();
        self.failed() && words.starts_with("Error during WebSocket handshake")
    }

    /// Whether messages may be compressed.
    #[must_use]
    pub fn compresses(&self) -> bool {
        let extensions = self.open.as_ref().and_then(|open| open.extensions.as_deref()).unwrap_or_default();
        extensions.windows(PMD.len()).any(|word| word == PMD)
    }

    /// How many findings of a level there are.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|(_, finding)| crate::diagnose::words(finding.kind).level == level).count()
    }

    fn frame(&mut self, frame: &FrameRecord, log: &Log) {
        if self.frames.len() >= FRAMES {
            self.more_frames += 1;
            return;
        }
        let header = &frame.header;
        let mut payload = log.span(frame.kept).to_vec();
        payload.truncate(PREVIEW * 4);
        if let Some(key) = header.mask {
            mask::apply(key, 0, &mut payload);
        }
        let fin = if header.fin() { "" } else { ", not final" };
        let rsv = match header.rsv() {
            0 => String::new(),
            4 if self.compresses() => ", compressed".to_owned(),
            rsv => format!(", RSV {rsv:03b}"),
        };
        let preview = if header.rsv() == 0 { shown(header.opcode(), &payload) } else { header.opcode().to_string() };
        self.frames.push((frame.from, format!("{preview}{fin}{rsv}, {}", text::byte_count(header.length))));
    }

    fn event(&mut self, time: Time, event: &Event) {
        match event {
            Event::Head(head) if head.from == Side::Client => self.asked = Some((time, head.clone())),
            // Interim responses may go on for ever.
            Event::Head(head) if self.responses.len() < 4 => self.responses.push((time, head.clone())),
            Event::Open(open) => self.open = Some(open.clone()),
            // What the doctor says is of no protocol, and proves nothing.
            Event::Finding(Side::Client, finding) if finding.kind.layer() == Layer::Application => {}
            Event::Finding(..) if self.findings.len() >= FINDINGS => self.more_findings += 1,
            Event::Finding(from, finding) => self.findings.push((*from, finding.clone())),
            // What the page got first stays what it got.
            Event::Verdict(verdict) if !self.failed() => self.verdict = Some(verdict.clone()),
            Event::Stall { stall, over: false } if stall.lane == Side::Server => match stall.kind {
                StallKind::UnfinishedHead | StallKind::UnfinishedMessage | StallKind::ShortFrame => {
                    self.stalls.push(*stall);
                }
                // There is a check for each of the others.
                _ => {}
            },
            // Once the doctor has closed, nothing ends any more but the session.
            Event::Stall { stall, over: true } if self.talk.close_sent.is_none() => {
                self.stalls.retain(|told| told != stall);
            }
            Event::Ended { from: Side::Server, how } => self.ended = Some((time, *how)),
            _ => {}
        }
    }
}

/// What a frame or message holds, in a few words.
pub(super) fn shown(opcode: Opcode, payload: &[u8]) -> String {
    match opcode {
        Opcode::CLOSE => match CloseBody::parse(payload) {
            CloseBody::Code { code, reason: [] } => format!("close {code}"),
            CloseBody::Code { code, reason } => format!("close {code} \"{}\"", text::preview(reason, PREVIEW)),
            CloseBody::Empty => "close without a code".to_owned(),
            CloseBody::Short(_) => "close of one byte".to_owned(),
        },
        // Of what a continuation goes on with, its frame does not tell.
        _ if payload.is_empty() || opcode == Opcode::CONTINUATION => opcode.to_string(),
        Opcode::TEXT | Opcode::PING | Opcode::PONG => {
            format!("{opcode} \"{}\"", text::preview(payload, PREVIEW))
        }
        _ => format!("{opcode} {}", hex::encode(payload.get(..16).unwrap_or(payload))),
    }
}
