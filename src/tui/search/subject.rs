//! What a query is asked of: a frame, a message in several frames, or anything else that has a row.

use std::cell::OnceCell;

use jiff::tz::TimeZone;

use crate::decode::{Decoder, Format, Limits, Payload, Role};
use crate::diagnose;
use crate::query::{Property, Reading, Subject};
use crate::record::finding::{Finding, Level};
use crate::record::{FrameNumber, FrameRecord, Origin, Relayed, SessionId, Side, Time};
use crate::tui::clock;
use crate::wire::close::{CloseBody, Code};
use crate::wire::opcode::Opcode;

/// What all rows of a block have alike.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    pub session: Option<SessionId>,
    pub path: &'a [u8],
    pub decoder: Option<Decoder>,
    pub zone: &'a TimeZone,
}

/// A frame, or a message in several of them.
pub(super) struct Said<'a> {
    pub setting: Setting<'a>,
    /// The first frame.
    pub record: &'a FrameRecord,
    /// Payload bytes of all frames, as their headers have them.
    pub length: u64,
    /// The payload without its mask, as far as it came; of several frames joined.
    pub payload: &'a [u8],
    /// What it inflates to.
    pub inflated: Option<&'a [u8]>,
    /// Whether it is a message, and all of it.
    pub is_whole: bool,
    pub is_fragment: bool,
    read: OnceCell<Option<Read>>,
}

/// What the decoder made of it, and whether that is more than its bytes say.
struct Read {
    reading: Reading,
    tells_more: bool,
}

impl<'a> Said<'a> {
    /// A frame by itself.
    pub(super) fn frame(
        setting: Setting<'a>,
        record: &'a FrameRecord,
        payload: &'a [u8],
        inflated: Option<&'a [u8]>,
    ) -> Self {
        let is_fragment = is_fragment(record);
        let length = record.header.length;
        let is_whole = !is_fragment && payload.len() as u64 == length;
        Self { setting, record, length, payload, inflated, is_whole, is_fragment, read: OnceCell::new() }
    }

    /// A message in several frames, the first of which is `record`.
    pub(super) fn message(
        setting: Setting<'a>,
        record: &'a FrameRecord,
        length: u64,
        text: &'a [u8],
        is_whole: bool,
    ) -> Self {
        Self {
            setting,
            record,
            length,
            payload: text,
            inflated: None,
            is_whole,
            is_fragment: true,
            read: OnceCell::new(),
        }
    }

    fn read(&self) -> Option<&Read> {
        let read = || {
            let decoder = self.setting.decoder?;
            let format = Format::of(self.record.header.opcode())?;
            let is_packed = self.inflated.is_none() && self.record.header.rsv1() && !self.is_fragment;
            let bytes = self.inflated.unwrap_or(self.payload);
            let payload = Payload { format, bytes, is_whole: self.is_whole };
            let decoded = decoder.read(self.record.from, payload, &Limits::ROW).ok().filter(|_| !is_packed)?;
            let is = |test: fn(&Role) -> bool| decoded.parts.iter().any(|part| test(&part.role));
            let reading = Reading {
                summary: decoded.summary(),
                events: decoded.parts.iter().filter_map(|part| part.event.clone()).collect(),
                is_heartbeat: decoded.is_heartbeat(),
                is_request: is(|role| matches!(role, Role::Request(_))),
                is_reply: is(|role| matches!(role, Role::Reply(_) | Role::Refusal(_))),
            };
            Some(Read { reading, tells_more: decoder.tells_more(&decoded) })
        };
        self.read.get_or_init(read).as_ref()
    }

    fn close(&self) -> Option<Code> {
        let is_close = self.record.header.opcode() == Opcode::CLOSE;
        CloseBody::parse(self.payload).code().map(|(code, _)| code).filter(|_| is_close)
    }
}

/// Whether a frame is a part of a message in several frames.
pub(super) fn is_fragment(record: &FrameRecord) -> bool {
    let opcode = record.header.opcode();
    !opcode.is_control() && (!record.header.fin() || opcode == Opcode::CONTINUATION)
}

impl Subject for Said<'_> {
    fn any_text(&self, is_it: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        let own = self.inflated.unwrap_or(self.payload);
        is_it(own)
            // A close frame is shown by the name of its code.
            || self.close().is_some_and(|code| is_it(format!("{code} {}", code.name()).as_bytes()))
            || self.read().is_some_and(|read| read.tells_more && is_it(read.reading.summary.as_bytes()))
    }

    fn any_bytes(&self, is_it: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        is_it(self.payload) || self.inflated.is_some_and(is_it)
    }

    fn from(&self) -> Option<Side> {
        Some(self.record.from)
    }

    fn session(&self) -> Option<SessionId> {
        self.setting.session
    }

    fn path(&self) -> Option<&[u8]> {
        Some(self.setting.path)
    }

    fn number(&self) -> Option<FrameNumber> {
        Some(self.record.number)
    }

    fn opcode(&self) -> Option<Opcode> {
        Some(self.record.header.opcode())
    }

    fn length(&self) -> Option<u64> {
        Some(self.length)
    }

    fn close_code(&self) -> Option<Code> {
        self.close()
    }

    fn finding(&self) -> Option<(Level, &'static str)> {
        None
    }

    fn reading(&self) -> Option<Reading> {
        self.read().map(|read| read.reading.clone())
    }

    fn time_of_day(&self) -> Option<u64> {
        Some(clock::time_of_day(self.record.time, self.setting.zone))
    }

    fn is(&self, property: Property) -> bool {
        let (header, opcode) = (&self.record.header, self.record.header.opcode());
        match property {
            Property::Frame => true,
            Property::Control => opcode.is_control(),
            Property::Fragment => self.is_fragment,
            Property::Compressed => self.inflated.is_some() || (header.rsv1() && !opcode.is_control()),
            Property::Injected => self.record.origin == Origin::Injected,
            Property::Own => self.record.origin == Origin::Proxy,
            Property::Changed => matches!(self.record.relayed, Relayed::Changed(_)),
            Property::Dropped => matches!(self.record.relayed, Relayed::Dropped(_)),
            Property::Heartbeat => matches!(opcode, Opcode::PING | Opcode::PONG),
            Property::Request => opcode == Opcode::PING,
            Property::Reply => opcode == Opcode::PONG,
            Property::Raw | Property::Event => false,
        }
    }
}

/// An event, or bytes that are no frames.
pub(super) struct Other<'a> {
    pub setting: Setting<'a>,
    pub time: Time,
    pub from: Option<Side>,
    /// The words that its row shows.
    pub words: &'a str,
    /// Its bytes: a head, or what is no frame.
    pub bytes: &'a [u8],
    pub close: Option<Code>,
    pub finding: Option<&'a Finding>,
    /// What it is: `Raw` or `Event`.
    pub property: Property,
    pub origin: Origin,
}

impl Subject for Other<'_> {
    fn any_text(&self, is_it: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        is_it(self.words.as_bytes()) || self.any_bytes(is_it)
    }

    fn any_bytes(&self, is_it: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        !self.bytes.is_empty() && is_it(self.bytes)
    }

    fn from(&self) -> Option<Side> {
        self.from
    }

    fn session(&self) -> Option<SessionId> {
        self.setting.session
    }

    fn path(&self) -> Option<&[u8]> {
        self.setting.session.map(|_| self.setting.path)
    }

    fn number(&self) -> Option<FrameNumber> {
        None
    }

    fn opcode(&self) -> Option<Opcode> {
        None
    }

    fn length(&self) -> Option<u64> {
        (self.property == Property::Raw).then_some(self.bytes.len() as u64)
    }

    fn close_code(&self) -> Option<Code> {
        self.close
    }

    fn finding(&self) -> Option<(Level, &'static str)> {
        self.finding.map(|finding| (diagnose::words(finding.kind).level, finding.kind.id()))
    }

    fn reading(&self) -> Option<Reading> {
        None
    }

    fn time_of_day(&self) -> Option<u64> {
        Some(clock::time_of_day(self.time, self.setting.zone))
    }

    fn is(&self, property: Property) -> bool {
        property == self.property || (property == Property::Injected && self.origin == Origin::Injected)
    }
}
