//! What a query is asked of: a frame, a message in several frames, or anything else that has a row or a line of its own.
//! The screen and the lines ask the same.

use std::cell::OnceCell;

use jiff::tz::TimeZone;

use crate::decode::{Decoded, Decoder, Format, Limits, Payload, Role};
use crate::query::{Property, Reading, Subject};
use crate::record::finding::{Finding, FindingKind, Level};
use crate::record::{
    By, Event, FrameNumber, FrameRecord, Origin, ProxyEvent, RawRecord, Relayed, ReleasedEvent, ReleasedHow, SessionId,
    Side, Time,
};
use crate::text;
use crate::wire::close::{CloseBody, Code};
use crate::wire::opcode::Opcode;

/// What all rows of a session have alike.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// The session; `None` for what belongs to none.
    pub session: Option<SessionId>,
    /// The target of its request.
    pub path: &'a [u8],
    /// Who reads its messages.
    pub decoder: Option<Decoder>,
    /// Where the time of day is told.
    pub zone: &'a TimeZone,
    /// The note of the row's mark, where it has one.
    pub mark: Option<&'a str>,
}

/// What a request and its reply have alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Which of the two it is, and the id.
    pub role: Role,
    /// Whether it is a ping's or a pong's.
    pub is_ping: bool,
}

impl Tag {
    /// A ping's or a pong's, by what it carries; `None` where the opcode is another's.
    #[must_use]
    pub fn of_ping(opcode: Opcode, payload: &[u8]) -> Option<Self> {
        let id = || text::escape(payload);
        let role = match opcode {
            Opcode::PING => Role::Request(id()),
            Opcode::PONG => Role::Reply(id()),
            _ => return None,
        };
        Some(Self { role, is_ping: true })
    }

    /// Those of the parts of a message.
    pub fn all_of(decoded: &Decoded) -> impl Iterator<Item = Self> + '_ {
        decoded.parts.iter().map(|part| Self { role: part.role.clone(), is_ping: false })
    }

    /// What the two have alike.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match &self.role {
            Role::Request(id) | Role::Reply(id) | Role::Refusal(id) | Role::Tagged(id) => Some(id),
            Role::Heartbeat | Role::Error | Role::Other => None,
        }
    }

    /// Whether a message of the other side with another tag belongs to this one, the later of them being a reply.
    #[must_use]
    pub fn fits(&self, other: &Self) -> bool {
        let is_pair = match &self.role {
            Role::Request(_) => matches!(other.role, Role::Reply(_) | Role::Refusal(_)),
            Role::Reply(_) | Role::Refusal(_) => matches!(other.role, Role::Request(_)),
            Role::Tagged(_) => matches!(other.role, Role::Tagged(_)),
            Role::Heartbeat | Role::Error | Role::Other => false,
        };
        is_pair && self.is_ping == other.is_ping && self.id() == other.id()
    }
}

/// A frame, or a message in several of them.
pub struct Said<'a> {
    /// Its session's.
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
    /// Whether it is in several frames, or a part of that.
    pub is_fragment: bool,
    /// Whether it says only that its sender is there.
    pub is_heartbeat: bool,
    /// Whether it asks for a reply, and there is none.
    pub is_unreplied: bool,
    read: OnceCell<Option<Read>>,
}

/// What the decoder made of it, and whether that is more than its bytes say.
struct Read {
    reading: Reading,
    tags: Vec<Tag>,
    tells_more: bool,
    is_heartbeat: bool,
}

impl Read {
    fn new(decoder: Decoder, decoded: &Decoded) -> Self {
        let is = |test: fn(&Role) -> bool| decoded.parts.iter().any(|part| test(&part.role));
        let reading = Reading {
            summary: decoded.summary(),
            events: decoded.parts.iter().filter_map(|part| part.event.clone()).collect(),
            is_request: is(|role| matches!(role, Role::Request(_))),
            is_reply: is(|role| matches!(role, Role::Reply(_) | Role::Refusal(_))),
        };
        let (tells_more, is_heartbeat) = (decoder.tells_more(decoded), decoded.is_heartbeat());
        Self { reading, tags: Tag::all_of(decoded).collect(), tells_more, is_heartbeat }
    }
}

impl<'a> Said<'a> {
    /// A frame by itself.
    #[must_use]
    pub fn frame(setting: Setting<'a>, record: &'a FrameRecord, payload: &'a [u8], inflated: Option<&'a [u8]>) -> Self {
        let is_fragment = is_fragment(record);
        let length = record.header.length;
        let is_whole = !is_fragment && payload.len() as u64 == length;
        Self {
            setting,
            record,
            length,
            payload,
            inflated,
            is_whole,
            is_fragment,
            is_heartbeat: false,
            is_unreplied: false,
            read: OnceCell::new(),
        }
    }

    /// A message in several frames, the first of which is `record`.
    #[must_use]
    pub fn message(setting: Setting<'a>, record: &'a FrameRecord, length: u64, text: &'a [u8], is_whole: bool) -> Self {
        Self {
            setting,
            record,
            length,
            payload: text,
            inflated: None,
            is_whole,
            is_fragment: true,
            is_heartbeat: false,
            is_unreplied: false,
            read: OnceCell::new(),
        }
    }

    /// A message that is on its way, as far as it has come: `record` is its first frame, `length` the payload bytes of all of
    /// them so far. It is a heartbeat where it reads as one.
    #[must_use]
    pub fn passing(
        setting: Setting<'a>,
        record: &'a FrameRecord,
        length: u64,
        payload: &'a [u8],
        inflated: Option<&'a [u8]>,
        is_whole: bool,
    ) -> Self {
        let said = Self { length, is_whole, ..Self::frame(setting, record, payload, inflated) };
        let is_ping = matches!(record.header.opcode(), Opcode::PING | Opcode::PONG);
        let is_heartbeat = is_ping || said.read().is_some_and(|read| read.is_heartbeat);
        said.with_heartbeat(is_heartbeat)
    }

    /// The same, of which it is known whether it is a heartbeat.
    #[must_use]
    pub fn with_heartbeat(self, is_heartbeat: bool) -> Self {
        Self { is_heartbeat, ..self }
    }

    /// The same where it is known already what a decoder makes of it.
    #[must_use]
    pub fn read_as(self, decoded: Option<&(Decoder, Decoded)>) -> Self {
        Self { read: decoded.map(|(decoder, decoded)| Read::new(*decoder, decoded)).into(), ..self }
    }

    fn read(&self) -> Option<&Read> {
        let read = || {
            let decoder = self.setting.decoder?;
            let format = Format::of(self.record.header.opcode())?;
            let is_packed = self.inflated.is_none() && self.record.header.rsv1() && !self.is_fragment;
            let bytes = self.inflated.unwrap_or(self.payload);
            let payload = Payload { format, bytes, is_whole: self.is_whole };
            let decoded = decoder.read(self.record.from, payload, &Limits::ROW).ok().filter(|_| !is_packed)?;
            Some(Read::new(decoder, &decoded))
        };
        self.read.get_or_init(read).as_ref()
    }

    /// What it asks or replies.
    #[must_use]
    pub fn tags(&self) -> Vec<Tag> {
        let ping = Tag::of_ping(self.record.header.opcode(), self.payload);
        ping.map(|ping| vec![ping]).or_else(|| self.read().map(|read| read.tags.clone())).unwrap_or_default()
    }

    fn close(&self) -> Option<Code> {
        let is_close = self.record.header.opcode() == Opcode::CLOSE;
        CloseBody::parse(self.payload).code().map(|(code, _)| code).filter(|_| is_close)
    }
}

/// Microseconds since midnight.
fn time_of_day(time: Time, zone: &TimeZone) -> u64 {
    let local = time.local(zone).time();
    let [hour, minute, second] =
        [local.hour(), local.minute(), local.second()].map(|part| u64::from(part.unsigned_abs()));
    ((hour * 60 + minute) * 60 + second) * 1_000_000 + u64::from(local.subsec_nanosecond().unsigned_abs()) / 1000
}

/// Whether a frame is a part of a message in several frames.
#[must_use]
pub fn is_fragment(record: &FrameRecord) -> bool {
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
        Some(time_of_day(self.record.time, self.setting.zone))
    }

    fn mark(&self) -> Option<&str> {
        self.setting.mark
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
            Property::Held => self.record.relayed == Relayed::Held,
            Property::Edited => self.record.relayed == Relayed::Changed(By::User),
            Property::Repaired => self.record.relayed == Relayed::Changed(By::Repair),
            Property::Ruled => {
                let by = self.record.relayed.by();
                by == Some(By::Rule) || self.record.origin == Origin::Rule || self.record.relayed == Relayed::Delayed
            }
            Property::Changed => matches!(self.record.relayed, Relayed::Changed(_)),
            Property::Dropped => matches!(self.record.relayed, Relayed::Dropped(_)),
            Property::Heartbeat => self.is_heartbeat,
            Property::Request => opcode == Opcode::PING,
            Property::Reply => opcode == Opcode::PONG,
            Property::Unreplied => self.is_unreplied,
            Property::Raw | Property::Event | Property::Head => false,
        }
    }
}

/// What a release says of what was held.
const fn became(how: ReleasedHow) -> Relayed {
    match how {
        ReleasedHow::AsIs => Relayed::AsIs,
        ReleasedHow::Edited => Relayed::Changed(By::User),
        ReleasedHow::Dropped => Relayed::Dropped(By::User),
    }
}

/// Tells how bad a finding of a kind is; the words are in a room above.
pub type LevelOf = fn(FindingKind) -> Level;

fn told(finding: &Finding, level: LevelOf) -> (Level, &'static str) {
    (level(finding.kind), finding.kind.id())
}

/// An event, or bytes that are no frames.
pub struct Other<'a> {
    /// Its session's.
    pub setting: Setting<'a>,
    /// When it was seen.
    pub time: Time,
    /// Who sent it, if anybody did.
    pub from: Option<Side>,
    /// The words that its row shows.
    pub words: &'a str,
    /// Its bytes: a head, or what is no frame.
    pub bytes: &'a [u8],
    /// The code that a session ended with.
    pub close: Option<Code>,
    /// The level and the id of what it tells of.
    pub finding: Option<(Level, &'static str)>,
    /// What it is: `Raw` or `Event`.
    pub property: Property,
    /// Whose it is.
    pub origin: Origin,
    /// Whether it is a head.
    pub is_head: bool,
    /// What became of what it tells of, or of the fault.
    pub relayed: Relayed,
    /// Whether it is what a rule did.
    pub is_ruled: bool,
}

impl<'a> Other<'a> {
    /// One of the rarer things of a session; `words` is what its row shows, and `level` tells that of a finding.
    #[must_use]
    pub fn event(setting: Setting<'a>, time: Time, event: &'a Event, words: &'a str, level: LevelOf) -> Self {
        let plain = Self::plain(setting, time, words);
        match event {
            Event::Head(head) => {
                let relayed = if head.is_edited { Relayed::Changed(By::User) } else { Relayed::AsIs };
                Self { from: Some(head.from), bytes: &head.bytes, is_head: true, relayed, ..plain }
            }
            Event::HeadHeld(head) => {
                let relayed = Relayed::Held;
                Self { from: Some(head.from), bytes: &head.bytes, is_head: true, relayed, ..plain }
            }
            Event::HeadReleased { from, how, .. } => Self { from: Some(*from), relayed: became(*how), ..plain },
            Event::Held(held) => Self { from: Some(held.from), relayed: Relayed::Held, ..plain },
            Event::Finding(from, finding) => {
                let relayed = if finding.repaired { Relayed::Changed(By::Repair) } else { Relayed::AsIs };
                Self { from: Some(*from), finding: Some(told(finding, level)), relayed, ..plain }
            }
            Event::Ended { from, .. } => Self { from: Some(*from), ..plain },
            Event::SessionClosed(closed) => Self { close: closed.code, ..plain },
            Event::Released(released) => Self::released(setting, time, released, words),
            Event::Ruled(ruled) => Self { from: Some(ruled.from), is_ruled: true, ..plain },
            _ => plain,
        }
    }

    /// A head by its bytes.
    #[must_use]
    pub fn head(setting: Setting<'a>, time: Time, from: Side, bytes: &'a [u8]) -> Self {
        Self { from: Some(from), bytes, is_head: true, ..Self::plain(setting, time, "") }
    }

    /// A message that is not held any more.
    #[must_use]
    pub fn released(setting: Setting<'a>, time: Time, released: &ReleasedEvent, words: &'a str) -> Self {
        let relayed = became(released.how);
        Self { from: Some(released.from), relayed, ..Self::plain(setting, time, words) }
    }

    /// What belongs to no session.
    #[must_use]
    pub fn proxy(setting: Setting<'a>, time: Time, event: &'a ProxyEvent, words: &'a str, level: LevelOf) -> Self {
        let finding = if let ProxyEvent::Finding(_, finding) = event { Some(told(finding, level)) } else { None };
        Self { finding, ..Self::plain(setting, time, words) }
    }

    /// Bytes that are no frames, as far as they were kept.
    #[must_use]
    pub fn raw(setting: Setting<'a>, raw: &RawRecord, bytes: &'a [u8]) -> Self {
        let plain = Self::plain(setting, raw.time, "");
        Self { from: Some(raw.from), bytes, property: Property::Raw, origin: raw.origin, ..plain }
    }

    const fn plain(setting: Setting<'a>, time: Time, words: &'a str) -> Self {
        let (property, origin) = (Property::Event, Origin::Peer);
        Self {
            setting,
            time,
            from: None,
            words,
            bytes: &[],
            close: None,
            finding: None,
            property,
            origin,
            is_head: false,
            relayed: Relayed::AsIs,
            is_ruled: false,
        }
    }
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
        self.finding
    }

    fn reading(&self) -> Option<Reading> {
        None
    }

    fn time_of_day(&self) -> Option<u64> {
        Some(time_of_day(self.time, self.setting.zone))
    }

    fn mark(&self) -> Option<&str> {
        self.setting.mark
    }

    fn is(&self, property: Property) -> bool {
        match property {
            Property::Injected => self.origin == Origin::Injected,
            Property::Head => self.is_head,
            Property::Held => self.relayed == Relayed::Held,
            Property::Edited => self.relayed == Relayed::Changed(By::User),
            Property::Repaired => self.relayed == Relayed::Changed(By::Repair),
            Property::Dropped => matches!(self.relayed, Relayed::Dropped(_)),
            Property::Ruled => self.is_ruled,
            _ => property == self.property,
        }
    }
}
