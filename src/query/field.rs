//! The fields that a query can ask for, and the properties behind `is:`. One table each: for reading, for completion and for
//! the documentation.

use super::subject::Subject;

/// A field of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `from:client`
    From,
    /// `op:text,binary`
    Opcode,
    /// `len>1000`
    Length,
    /// `hex:81 05`
    Hex,
    /// `session:3`
    Session,
    /// `path:/chat`
    Path,
    /// `close:1006`
    Close,
    /// `level:error`
    Level,
    /// `id:http-extra-crlf`
    Id,
    /// `is:injected`
    Is,
    /// `json:.user.id=42`
    Json,
    /// `event:message`
    Event,
    /// `time>10:02:11`
    Time,
    /// `after:12`
    After,
    /// `marked:todo`
    Marked,
}

/// A name, what comes behind it, and what it asks for in a line.
#[derive(Clone, Copy, Debug)]
pub struct About<T> {
    /// Which it is.
    pub what: T,
    /// What is typed.
    pub name: &'static str,
    /// An example.
    pub example: &'static str,
    /// What it asks for.
    pub help: &'static str,
}

const fn field(what: Field, name: &'static str, example: &'static str, help: &'static str) -> About<Field> {
    About { what, name, example, help }
}

/// The word for all rows with a mark, which is a field's name as well.
pub(super) const MARKED: &str = "marked";

/// All fields.
pub const FIELDS: [About<Field>; 15] = [
    field(Field::From, "from", "from:client", "who sent it: client or server"),
    field(Field::Opcode, "op", "op:text,binary", "opcodes by name or number; a message has that of its first frame"),
    field(Field::Length, "len", "len>1000", "payload bytes, with > < >= <= or :"),
    field(Field::Hex, "hex", "hex:81 05", "bytes of the payload, without its mask"),
    field(Field::Session, "session", "session:3", "the number of a session, also with > or <"),
    field(Field::Path, "path", "path:/chat", "a part of the request's target"),
    field(Field::Close, "close", "close:1001,1006", "codes of close frames and of ends"),
    field(Field::Level, "level", "level:warning", "findings of that level or worse: error, warning or note"),
    field(Field::Id, "id", "id:http-extra-crlf", "findings by a part of their id"),
    field(Field::Is, "is", "is:compressed", "frames of a kind"),
    field(
        Field::Json,
        "json",
        "json:.user.id=42",
        "a value of JSON, with = ~ > < or nothing, which asks whether it is there",
    ),
    field(Field::Event, "event", "event:message", "the name that the decoder gives a message; * stands for anything"),
    field(Field::Time, "time", "time>10:02:11", "the time of day, with > or <"),
    field(Field::After, "after", "after:12", "frames after that of a number, in each session"),
    field(Field::Marked, MARKED, "marked:todo", "rows that you marked with such a note; marked alone: all of them"),
];

/// What a row is, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    /// A frame, not an event.
    Frame,
    /// A ping, a pong or a close frame.
    Control,
    /// A part of a message in several frames.
    Fragment,
    /// Compressed by permessage-deflate.
    Compressed,
    /// Put in by hand.
    Injected,
    /// On its way still: the user decides.
    Held,
    /// Sent on as the user edited it.
    Edited,
    /// Sent on repaired, or a fault that was.
    Repaired,
    /// Sent on otherwise than it came.
    Changed,
    /// Not sent on.
    Dropped,
    /// A rule acted on it, or made it.
    Ruled,
    /// Made by wsproxy itself.
    Own,
    /// Bytes that are no frames.
    Raw,
    /// Something that wsproxy tells: heads, findings, ends.
    Event,
    /// A request or a response, with which a session begins.
    Head,
    /// It says only that its sender is there: pings, pongs, what the decoder knows as such, and what was learned.
    Heartbeat,
    /// It asks for a reply.
    Request,
    /// It is a reply.
    Reply,
    /// It asks for a reply, and there is none.
    Unreplied,
}

const fn property(what: Property, name: &'static str, help: &'static str) -> About<Property> {
    About { what, name, example: name, help }
}

/// All properties.
pub const PROPERTIES: [About<Property>; 19] = [
    property(Property::Frame, "frame", "frames, not events"),
    property(Property::Control, "control", "pings, pongs and close frames"),
    property(Property::Fragment, "fragment", "parts of a message in several frames"),
    property(Property::Compressed, "compressed", "compressed by permessage-deflate"),
    property(Property::Injected, "injected", "put in by you"),
    property(Property::Held, "held", "held: not sent on yet"),
    property(Property::Edited, "edited", "edited by you while it was held"),
    property(Property::Repaired, "repaired", "sent on repaired, and faults that were"),
    property(Property::Changed, "changed", "sent on otherwise than it came: edited, repaired, bridged"),
    property(Property::Dropped, "dropped", "not sent on"),
    property(Property::Ruled, "ruled", "changed, dropped, delayed or made by a rule"),
    property(Property::Own, "own", "made by wsproxy itself"),
    property(Property::Raw, "raw", "bytes that are no frames"),
    property(Property::Event, "event", "heads, findings, ends"),
    property(Property::Head, "head", "requests and responses, with which sessions begin"),
    property(Property::Heartbeat, "heartbeat", "pings, pongs and heartbeats of the application"),
    property(Property::Request, "request", "asks for a reply, as the decoder or a ping has it"),
    property(Property::Reply, "reply", "a reply, as the decoder or a pong has it"),
    property(Property::Unreplied, "unreplied", "requests and pings that have no reply so far"),
];

impl Property {
    pub(super) fn holds(self, subject: &impl Subject) -> bool {
        let is_read = |of: fn(&super::Reading) -> bool| subject.reading().as_ref().is_some_and(of);
        subject.is(self)
            || match self {
                Self::Request => is_read(|reading| reading.is_request),
                Self::Reply => is_read(|reading| reading.is_reply),
                _ => false,
            }
    }
}
