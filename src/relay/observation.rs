//! What was seen: the records that a session writes while it relays, in a buffer that its owner hands on whole.
//!
//! A frame takes one record and its payload's bytes, copied once, as they stood on the wire. A frame that comes in more
//! than one piece takes a further record for each hand-over, not for each piece.

use std::net::SocketAddr;

use crate::diagnose::{Outcome, Verdict};
use crate::wire::accept::AcceptCheck;
use crate::wire::dialect::Dialect;
use crate::wire::finding::{Finding, FindingKind, Level};
use crate::wire::frame::FrameHeader;
pub use crate::wire::side::Side;

use super::policy::Policy;
use super::stall::Stall;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

/// The number of a session, from 1, in the order in which clients connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// Who made a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The peer.
    Peer,
    /// The user.
    Injected,
    /// wsproxy, to end a session properly.
    Proxy,
}

impl Origin {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Injected => "injected",
            Self::Proxy => "proxy",
        }
    }
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relayed {
    /// Sent on bit for bit.
    AsIs,
    /// Sent on mended.
    Changed,
    /// Not sent on: wsproxy was ending the session, or it could not be mended.
    Dropped,
}

impl Relayed {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AsIs => "as-is",
            Self::Changed => "changed",
            Self::Dropped => "dropped",
        }
    }
}

/// A piece of `Observations::bytes`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte.
    pub at: u32,
    /// Count of bytes.
    pub length: u32,
}

/// A frame whose header came, whole or in part.
#[derive(Clone, Copy, Debug)]
pub struct FrameRecord {
    /// When its header was read.
    pub time: Time,
    /// Its number in the session, from 1, both lanes counted together.
    pub number: u64,
    /// As on the wire.
    pub header: FrameHeader,
    /// Payload as on the wire (masked where the header has a key), from its first byte, up to `Limits::kept`.
    pub kept: Span,
    /// Payload bytes that had come when this record was written.
    pub received: u64,
    /// The lane: the side from which, or in whose place, it was sent.
    pub from: Side,
    /// Who made it.
    pub origin: Origin,
    /// What became of it.
    pub relayed: Relayed,
}

/// More of a frame that an earlier record began.
#[derive(Clone, Copy, Debug)]
pub struct MoreRecord {
    /// When the last of it was read.
    pub time: Time,
    /// The frame's number.
    pub number: u64,
    /// The frame's lane.
    pub from: Side,
    /// Further payload, right behind what was kept before.
    pub kept: Span,
    /// Payload bytes that this record adds, kept or not.
    pub added: u64,
    /// Payload bytes that have come in all.
    pub received: u64,
}

/// Bytes that are no frames: a refused handshake's body, a lane that lost its framing, a dialect that is not decoded.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord {
    /// When the first of them was read.
    pub time: Time,
    /// Where they came from.
    pub from: Side,
    /// The start of them.
    pub kept: Span,
    /// How many there were.
    pub length: u64,
    /// Who made them.
    pub origin: Origin,
}

/// One thing seen.
#[derive(Clone, Debug)]
pub enum Record {
    /// A frame begins.
    Frame(FrameRecord),
    /// A frame goes on.
    More(MoreRecord),
    /// Bytes that are no frames.
    Raw(RawRecord),
    /// Anything that is rare enough to be boxed.
    Event(Time, Box<Event>),
}

/// The rarer things.
#[derive(Clone, Debug)]
pub enum Event {
    /// wsproxy listens.
    Listening {
        /// Each address that is bound.
        addresses: Vec<SocketAddr>,
        /// The upstream, as a URL.
        upstream: String,
        /// What is done about faults at the start.
        policy: Policy,
    },
    /// The upstream was tried without a client.
    Upstream {
        /// Why it can't be reached, in a sentence for people; `None` where it answers.
        trouble: Option<String>,
    },
    /// A client asked for a WebSocket.
    SessionOpened {
        /// The client's address.
        client: SocketAddr,
        /// The request's target, as it came.
        path: Vec<u8>,
    },
    /// A head has come (or all of it that ever will).
    Head(HeadEvent),
    /// The answer was 101: frames follow.
    Open(OpenEvent),
    /// A deviation, or something worth knowing.
    Finding(Side, Finding),
    /// What a compressed frame's payload inflated to. It comes before the frame's last record.
    Inflated(InflatedEvent),
    /// What Chrome makes of the server's bytes, as soon as they decide it.
    Verdict(Verdict),
    /// A peer owes something for a while, or (`over`) does no longer.
    Stall {
        /// What, since when.
        stall: Stall,
        /// Whether it has ended.
        over: bool,
    },
    /// wsproxy itself answered the client, because there was nobody else to.
    Answered {
        /// The status it sent: 400, 408, 431, 502, 503 or 504.
        status: u16,
        /// Why, in a sentence for people.
        reason: String,
    },
    /// One side's bytes ended.
    Ended {
        /// Which side.
        from: Side,
        /// How.
        how: Ending,
    },
    /// Both sides are gone.
    SessionClosed(ClosedEvent),
    /// A plain HTTP exchange that was passed through.
    Http {
        /// The request's method.
        method: String,
        /// Its target.
        path: String,
        /// The answer's status.
        status: u16,
    },
    /// A message of wsproxy's own for its log.
    Note(Level, String),
}

impl Event {
    /// Whether it is worth a row of its own in a log: that Chrome waits or is content is told elsewhere, and what a
    /// frame inflates to belongs to the frame's row.
    #[must_use]
    pub fn is_row(&self) -> bool {
        match self {
            Self::Verdict(verdict) => verdict.outcome == Outcome::Fails,
            Self::Inflated(_) => false,
            _ => true,
        }
    }

    /// Bytes of memory that it takes, what a peer made long included.
    fn size(&self) -> usize {
        let held = match self {
            Self::Listening { upstream, .. } => upstream.len(),
            Self::SessionOpened { path, .. } => path.len(),
            Self::Head(head) => {
                let changes: usize = head.changes.iter().map(|change| change.from.len() + change.to.len()).sum();
                head.bytes.len() + head.forwarded.len() + changes
            }
            Self::Open(open) => [&open.subprotocol, &open.extensions].into_iter().flatten().map(Vec::len).sum(),
            Self::Finding(_, finding) => finding.window.len() + finding.detail.len(),
            Self::Verdict(verdict) => verdict.error_text.as_ref().map_or(0, |words| words.len()),
            Self::Inflated(inflated) => inflated.bytes.len(),
            Self::Answered { reason, .. } => reason.len(),
            Self::SessionClosed(closed) => closed.reason.len(),
            Self::Http { method, path, .. } => method.len() + path.len(),
            Self::Upstream { trouble } => trouble.as_ref().map_or(0, String::len),
            Self::Note(_, text) => text.len(),
            Self::Ended { .. } | Self::Stall { .. } => 0,
        };
        size_of::<Self>() + held
    }
}

/// The inflated payload of a compressed frame.
#[derive(Clone, Debug)]
pub struct InflatedEvent {
    /// The frame's number.
    pub frame: u64,
    /// The frame's lane.
    pub from: Side,
    /// What this frame added to the message, up to `Limits::kept_inflated`.
    pub bytes: Vec<u8>,
}

/// A head and what was made of it.
#[derive(Clone, Debug)]
pub struct HeadEvent {
    /// Who sent it.
    pub from: Side,
    /// As received.
    pub bytes: Vec<u8>,
    /// As sent on; equal to `bytes` where `changes` is empty.
    pub forwarded: Vec<u8>,
    /// What the address translation rewrote.
    pub changes: Vec<Change>,
    /// What the request speaks; an answer is given its request's.
    pub dialect: Dialect,
    /// An answer's status, where it has one.
    pub status: Option<u16>,
    /// Whether the empty line at its end came.
    pub complete: bool,
}

/// One value that the address translation rewrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The field's name as the peer wrote it, or `request target`.
    pub field: String,
    /// The value as it came.
    pub from: Vec<u8>,
    /// The value as it was sent on.
    pub to: Vec<u8>,
}

/// A session that switched to frames.
#[derive(Clone, Debug)]
pub struct OpenEvent {
    /// What the client speaks.
    pub dialect_client: Dialect,
    /// What the server speaks.
    pub dialect_server: Dialect,
    /// The answer's Sec-WebSocket-Protocol.
    pub subprotocol: Option<Vec<u8>>,
    /// The answer's Sec-WebSocket-Extensions, lines joined by a comma.
    pub extensions: Option<Vec<u8>>,
    /// How the accept value stands to the key.
    pub accept: AcceptCheck,
}

/// How a side's bytes ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The side said that it will send no more.
    Fin,
    /// The connection was torn down.
    Reset,
}

/// The end of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedEvent {
    /// Who began the end.
    pub by: ClosedBy,
    /// In which way.
    pub how: ClosedHow,
    /// The first close frame's code.
    pub code: Option<u16>,
    /// The first close frame's reason, as it came.
    pub reason: Vec<u8>,
    /// Frames from the client and from the server, injected ones included.
    pub frames: [u64; 2],
    /// Bytes read from the client and from the server, heads included.
    pub bytes: [u64; 2],
}

/// Who ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedBy {
    /// A peer.
    Peer(Side),
    /// The person at the keyboard.
    User,
    /// wsproxy: it was told to quit, or a limit was met.
    Proxy,
}

impl ClosedBy {
    /// `client`, `server`, `user` or `proxy`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Peer(side) => side.name(),
            Self::User => "user",
            Self::Proxy => "proxy",
        }
    }
}

/// The way a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedHow {
    /// A close frame came first.
    CloseFrame,
    /// The end of a side's bytes came first.
    Fin,
    /// A reset came first.
    Reset,
    /// Nothing came in time.
    Timeout,
    /// wsproxy answered by itself: there was never a session with the upstream.
    Answered,
}

impl ClosedHow {
    /// The word for it, as the JSON contract has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CloseFrame => "close frame",
            Self::Fin => "FIN",
            Self::Reset => "RST",
            Self::Timeout => "timeout",
            Self::Answered => "answered",
        }
    }
}

/// Records and the bytes they point into. Owned by the session's task until it hands it on.
#[derive(Debug, Default)]
pub struct Observations {
    /// In the order in which things were seen.
    pub records: Vec<Record>,
    /// Payloads.
    pub bytes: Vec<u8>,
    /// Bytes of memory that events hold.
    events: usize,
    /// Findings among the records.
    findings: usize,
}

impl Observations {
    /// Room for about as much as `previous` held, so that a busy session does not grow its buffers step by step.
    #[must_use]
    pub fn sized_like(previous: &Self) -> Self {
        Self {
            records: Vec::with_capacity(previous.records.len()),
            bytes: Vec::with_capacity(previous.bytes.len()),
            events: 0,
            findings: 0,
        }
    }

    /// Whether nothing was seen.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Bytes of memory in use.
    #[inline]
    #[must_use]
    pub const fn size(&self) -> usize {
        self.records.len() * size_of::<Record>() + self.bytes.len() + self.events
    }

    /// Bytes of memory that were asked for, in use or not.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.records.capacity() * size_of::<Record>() + self.bytes.capacity() + self.events
    }

    /// Adds what was seen afterwards.
    pub fn append(&mut self, later: Self) {
        let shift = self.bytes.len() as u32;
        self.bytes.extend_from_slice(&later.bytes);
        self.events += later.events;
        self.findings += later.findings;
        self.records.extend(later.records.into_iter().map(|mut record| {
            match &mut record {
                Record::Frame(frame) => frame.kept.at += shift,
                Record::More(more) => more.kept.at += shift,
                Record::Raw(raw) => raw.kept.at += shift,
                Record::Event(..) => {}
            }
            record
        }));
    }

    /// The bytes of a span; empty where it does not fit.
    #[must_use]
    pub fn span(&self, span: Span) -> &[u8] {
        let at = span.at as usize;
        self.bytes.get(at..at + span.length as usize).unwrap_or_default()
    }

    /// The kinds of the findings among the records. Costs nothing where there are none.
    pub fn findings(&self) -> impl Iterator<Item = FindingKind> {
        let records = if self.findings == 0 { &[] } else { self.records.as_slice() };
        records.iter().filter_map(|record| match record {
            Record::Event(_, event) => match event.as_ref() {
                Event::Finding(_, finding) => Some(finding.kind),
                _ => None,
            },
            _ => None,
        })
    }

    /// Adds an event.
    pub fn event(&mut self, time: Time, event: Event) {
        self.events += event.size();
        self.findings += usize::from(matches!(event, Event::Finding(..)));
        self.records.push(Record::Event(time, Box::new(event)));
    }

    /// Copies payload in.
    #[inline]
    pub(super) fn keep(&mut self, bytes: &[u8]) -> Span {
        let at = self.bytes.len() as u32;
        self.bytes.extend_from_slice(bytes);
        Span { at, length: bytes.len() as u32 }
    }

    /// Adds more of a frame: to the record that it already has here where its bytes are the last, else as a new one.
    pub(super) fn more(&mut self, mut more: MoreRecord, bytes: &[u8]) {
        more.kept = self.keep(bytes);
        let span = match self.records.last_mut() {
            Some(Record::Frame(frame)) if frame.number == more.number => {
                frame.received = more.received;
                &mut frame.kept
            }
            Some(Record::More(last)) if last.number == more.number => {
                (last.time, last.received) = (more.time, more.received);
                last.added += more.added;
                &mut last.kept
            }
            _ => {
                self.records.push(Record::More(more));
                return;
            }
        };
        // Nothing was kept in between, since the last record is the frame's own.
        if span.length == 0 {
            span.at = more.kept.at;
        }
        span.length += more.kept.length;
    }

    /// Adds raw bytes, of which no more than `limit` are kept in one record.
    pub(super) fn raw(&mut self, time: Time, from: Side, origin: Origin, bytes: &[u8], limit: usize) {
        if let Some(Record::Raw(last)) = self.records.last()
            && (last.from, last.origin) == (from, origin)
        {
            let (span, room) = (last.kept, limit.saturating_sub(last.kept.length as usize));
            if (span.at + span.length) as usize == self.bytes.len() {
                let kept = self.keep(bytes.get(..room).unwrap_or(bytes));
                if let Some(Record::Raw(last)) = self.records.last_mut() {
                    last.kept.length += kept.length;
                    last.length += bytes.len() as u64;
                }
                return;
            }
        }
        let kept = self.keep(bytes.get(..limit).unwrap_or(bytes));
        self.records.push(Record::Raw(RawRecord { time, from, kept, length: bytes.len() as u64, origin }));
    }
}
