//! JSON Lines: the contract for scripts.

pub mod doctor;
pub mod explanation;
pub mod item;
mod line;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

use crate::decode::{Decoded, Decoder, Role};
use crate::diagnose;
use crate::record::finding::{Finding, FindingKind};
use crate::record::{
    By, ClosedEvent, Event, FrameNumber, OpenEvent, PerSide, ProxyEvent, RawRecord, ReleasedBy, ReleasedEvent,
    ReleasedHow, SessionId, Side, Time, Verdict,
};
use crate::text;
use crate::wire::close::Code;
use crate::wire::frame::FrameHeader;
use crate::wire::mask;
use crate::wire::opcode::Opcode;
use crate::wire::secret;

use line::{Line, Place, Sent, Sides, Versioned};

pub use item::{FrameItem, Item, Totals, What};

/// Raised when a field changes its meaning.
const VERSION: u8 = 1;

/// Adds the line, or lines, for an item.
pub fn write(item: &Item<'_>, out: &mut Vec<u8>) {
    let session = item.session.map(|SessionId(number)| number);
    let time = rfc3339(item.time);
    let line = match &item.what {
        What::Frame(frame) => frame_line(session, time, frame),
        What::Raw(raw, kept) => raw_line(session, time, raw, kept),
        What::Event(event) => match event_line(session, time, event) {
            Some(line) => line,
            None => return,
        },
        What::Released(released, sent) => released_line(session, time, released, sent.as_ref()),
        What::Proxy(event) => return write_proxy(time, event, out),
    };
    put_line(line, out);
}

/// Adds an object as a line.
pub fn object(object: &Value, out: &mut Vec<u8>) {
    put(object, out);
}

/// The name of the event that a line tells of.
#[must_use]
pub const fn event_name(what: &What<'_>) -> &'static str {
    match what {
        What::Frame(_) => "frame",
        What::Raw(..) => "raw",
        What::Released(..) => "released",
        What::Event(event) => match event {
            Event::SessionOpened { .. } => "session_opened",
            Event::Head(_) => "head",
            Event::Open(_) => "open",
            Event::Finding(..) => "finding",
            Event::Inflated(_) => "inflated",
            Event::Held(_) => "held",
            Event::Released(_) => "released",
            Event::HeadHeld(_) => "head_held",
            Event::HeadReleased { .. } => "head_released",
            Event::Ruled(_) => "ruled",
            Event::Verdict(_) => "verdict",
            Event::Stall { .. } => "stall",
            Event::Answered { .. } => "answered",
            Event::Ended { .. } => "ended",
            Event::SessionClosed(_) => "session_closed",
            Event::Note(..) => "note",
        },
        What::Proxy(event) => match event {
            ProxyEvent::Listening { .. } => "listening",
            ProxyEvent::Upstream { .. } => "upstream",
            ProxyEvent::Finding(..) => "finding",
            ProxyEvent::Answered { .. } => "answered",
            ProxyEvent::Http { .. } => "http",
            ProxyEvent::Note(..) => "note",
        },
    }
}

/// Adds the line that says how many records are missing.
pub fn lost(records: u64, out: &mut Vec<u8>) {
    put_line(Line::Lost { records }, out);
}

/// Adds the last line of a run: counts, and those of findings by id.
pub fn summary(totals: &Totals, findings: &BTreeMap<FindingKind, u64>, out: &mut Vec<u8>) {
    let &Totals { sessions, frames, bytes, lost, hidden } = totals;
    let findings = findings.iter().map(|(kind, count)| (kind.id(), *count)).collect();
    put_line(Line::Summary { sessions, frames, bytes, findings, lost, hidden }, out);
}

fn frame_line<'a>(session: Option<u64>, time: String, frame: &'a FrameItem<'_>) -> Line<'a> {
    let header = &frame.record.header;
    let text = frame.text();
    Line::Frame {
        session,
        frame: frame.record.number.value(),
        time,
        from: frame.record.from.name(),
        opcode: header.opcode().to_string(),
        fin: header.fin(),
        rsv: header.rsv(),
        masked: header.mask.is_some(),
        mask_key: header.mask.map(hex::encode),
        length: header.length,
        length_form: header.form.bits(),
        text,
        payload: text.is_none().then(|| STANDARD.encode(&frame.payload)),
        inflated: frame.inflated.as_deref().map(|inflated| {
            // Only a text's first fragment tells that it is one, and a fragment may end inside of a character.
            std::str::from_utf8(inflated).map_or_else(|_| STANDARD.encode(inflated).into(), Cow::Borrowed)
        }),
        decoded: frame.decoded.as_ref().map(|(decoder, decoded)| self::decoded(*decoder, decoded)),
        truncated: frame.is_truncated(),
        origin: frame.record.origin.name(),
        relayed: frame.record.relayed.name(),
        sent: frame.sent.as_ref().map(|(by, bytes)| sent(*by, bytes)),
    }
}

fn decoded(decoder: Decoder, decoded: &Decoded) -> line::Decoded<'_> {
    let main = decoded.main();
    let (role, id) = match main.map(|part| &part.role) {
        Some(Role::Request(id)) => (Some("request"), Some(id.as_str())),
        Some(Role::Reply(id)) => (Some("reply"), Some(id.as_str())),
        Some(Role::Refusal(id)) => (Some("refusal"), Some(id.as_str())),
        Some(Role::Tagged(id)) => (None, Some(id.as_str())),
        Some(Role::Heartbeat) => (Some("heartbeat"), None),
        Some(Role::Error) => (Some("error"), None),
        Some(Role::Other) | None => (None, None),
    };
    let event = main.and_then(|part| part.event.as_deref());
    line::Decoded { by: decoder.name(), event, summary: decoded.summary(), role, id }
}

/// What left in place of a frame: where it is one frame, that frame's header and payload, else all bytes.
fn sent(by: By, bytes: &[u8]) -> Sent {
    let whole = FrameHeader::parse(bytes).filter(|(header, used)| header.length == (bytes.len() - used) as u64);
    let (mut payload, head) = match &whole {
        Some((_, used)) => (bytes[*used..].to_vec(), Some(&bytes[..*used])),
        None => (bytes.to_vec(), None),
    };
    let header = whole.map(|(header, _)| header);
    if let Some(key) = header.and_then(|header| header.mask) {
        mask::apply(key, 0, &mut payload);
    }
    let is_text = header.is_some_and(|header| header.opcode() == Opcode::TEXT && header.rsv() == 0);
    let text = String::from_utf8(payload).map_err(|error| error.into_bytes());
    let (text, payload) = match text {
        Ok(text) if is_text => (Some(text), None),
        Ok(text) => (None, Some(STANDARD.encode(text))),
        Err(bytes) => (None, Some(STANDARD.encode(bytes))),
    };
    Sent { header: head.map(hex::encode), text, payload, by: by.name() }
}

fn raw_line<'a>(session: Option<u64>, time: String, raw: &RawRecord, kept: &[u8]) -> Line<'a> {
    Line::Raw {
        session,
        time,
        from: raw.from.name(),
        length: raw.length,
        payload: STANDARD.encode(kept),
        truncated: (kept.len() as u64) < raw.length,
        origin: raw.origin.name(),
    }
}

fn verdict_line(session: Option<u64>, time: String, verdict: &Verdict) -> Line<'_> {
    Line::Verdict {
        session,
        time,
        browser: "chrome",
        outcome: verdict.outcome.name(),
        error_text: verdict.error_text.as_deref(),
        close_code: verdict.close_code.map(Code::value),
        was_clean: verdict.was_clean,
        finding: verdict.finding.map(FindingKind::id),
        frame: verdict.frame.map(FrameNumber::value),
        undelivered: verdict.undelivered.map(FrameNumber::value),
        basis: verdict.basis.name(),
        differs: verdict.differs,
    }
}

fn finding_line(session: Option<u64>, time: String, from: Side, finding: &Finding) -> Line<'_> {
    let words = diagnose::words(finding.kind);
    let [chrome, firefox, safari] = words.browsers(from);
    Line::Finding {
        session,
        frame: finding.frame().map(FrameNumber::value),
        time,
        from: from.name(),
        id: finding.kind.id(),
        level: words.level.name(),
        title: words.title,
        at: Place { offset: finding.at, length: finding.length },
        bytes: hex::encode(&finding.window),
        bytes_at: finding.window_at,
        detail: &finding.detail,
        spec: words.spec,
        chrome: finding.chrome.as_deref().unwrap_or(chrome),
        firefox,
        safari,
        cause: finding.cause.as_deref().unwrap_or(words.cause),
        fix: finding.fix.as_deref().unwrap_or(words.fix),
        repaired: finding.repaired,
    }
}

fn open_line(session: Option<u64>, time: String, open: &OpenEvent) -> Line<'_> {
    let (subprotocol, subprotocol_bytes) = open.subprotocol.as_deref().map(peer_text).unzip();
    let (extensions, extensions_bytes) = open.extensions.as_deref().map(peer_text).unzip();
    Line::Open {
        session,
        time,
        dialect_client: open.dialect_client.facts().name,
        dialect_server: open.dialect_server.facts().name,
        subprotocol,
        subprotocol_bytes: subprotocol_bytes.flatten(),
        extensions,
        extensions_bytes: extensions_bytes.flatten(),
    }
}

fn closed_line(session: Option<u64>, time: String, closed: &ClosedEvent) -> Line<'_> {
    let (reason, reason_bytes) = peer_text(&closed.reason);
    Line::SessionClosed {
        session,
        time,
        by: closed.by.name(),
        how: closed.how.name(),
        code: closed.code.map(Code::value),
        reason,
        reason_bytes,
        frames: sides(closed.frames),
        bytes: sides(closed.bytes),
    }
}

fn released_line<'a>(
    session: Option<u64>,
    time: String,
    released: &ReleasedEvent,
    sent: Option<&(By, Vec<u8>)>,
) -> Line<'a> {
    Line::Released {
        session,
        frame: released.frames.first().copied().map(FrameNumber::value),
        frames: released.frames.iter().copied().map(FrameNumber::value).collect(),
        time,
        from: released.from.name(),
        how: released.how.name(),
        by: released.by.name(),
        origin: (released.how == ReleasedHow::Edited).then_some(match released.by {
            ReleasedBy::Hook => "hook",
            _ => "edited",
        }),
        sent: sent.map(|(by, bytes)| self::sent(*by, bytes)),
    }
}

/// A peer's bytes as text; where they are not UTF-8, what they really are stands beside, in base64.
fn peer_text(bytes: &[u8]) -> (Cow<'_, str>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.into(), None),
        Err(_) => (String::from_utf8_lossy(bytes), Some(STANDARD.encode(bytes))),
    }
}

fn event_line(session: Option<u64>, time: String, event: &Event) -> Option<Line<'_>> {
    Some(match event {
        Event::Inflated(_) => return None,
        Event::Held(held) => Line::Held {
            held: held.held,
            session,
            frame: held.frame.value(),
            time,
            from: held.from.name(),
            length: held.length,
            waits: held.waits.name(),
            query: &held.query,
        },
        Event::Released(released) => released_line(session, time, released, None),
        Event::Ruled(ruled) => Line::Ruled {
            session,
            frame: ruled.frame.map(FrameNumber::value),
            time,
            from: ruled.from.name(),
            rule: &ruled.rule,
            what: &ruled.what,
        },
        Event::Verdict(verdict) => verdict_line(session, time, verdict),
        Event::SessionOpened { client, path } => {
            let secrets = secret::names_in_target(path);
            let (path, path_bytes) = peer_text(path);
            Line::SessionOpened { session, time, client: client.to_string(), path, path_bytes, secrets }
        }
        Event::Head(head) => Line::Head {
            session,
            time,
            from: head.from.name(),
            dialect: head.dialect.facts().name,
            status: head.status,
            bytes: STANDARD.encode(&head.bytes),
            changed: head.changes.iter().map(|change| change.field.as_str()).collect(),
            complete: head.complete,
            origin: head.is_edited.then_some("edited"),
            sent: head.is_edited.then(|| STANDARD.encode(&head.forwarded)),
            secrets: secret::names_in_head(&head.bytes),
        },
        Event::HeadHeld(held) => Line::HeadHeld {
            session,
            time,
            from: held.from.name(),
            bytes: STANDARD.encode(&held.bytes),
            query: &held.query,
        },
        Event::HeadReleased { from, how, by } => {
            Line::HeadReleased { session, time, from: from.name(), how: how.name(), by: by.name() }
        }
        Event::Open(open) => open_line(session, time, open),
        Event::Finding(from, finding) => finding_line(session, time, *from, finding),
        Event::Stall { stall, over } => Line::Stall {
            session,
            time,
            lane: stall.lane.name(),
            what: stall.kind.name(),
            finding: stall.kind.finding().id(),
            since: rfc3339(stall.since),
            frame: stall.frame.map(FrameNumber::value),
            over: *over,
            detail: stall.text(),
        },
        Event::Answered { status, reason } => Line::Answered { session, time, status: *status, reason },
        Event::Ended { from, how } => Line::Ended { session, time, from: from.name(), how: item::ending(*how) },
        Event::SessionClosed(closed) => closed_line(session, time, closed),
        Event::Note(level, message) => Line::Note { session, time, level: level.name(), message },
    })
}

/// Adds the line, or lines, for what belongs to no session.
fn write_proxy(time: String, event: &ProxyEvent, out: &mut Vec<u8>) {
    let session = None;
    let line = match event {
        ProxyEvent::Listening { addresses, upstream, policy } => {
            for address in addresses {
                put_line(Line::Listening { addr: address.to_string(), upstream, policy: policy.name() }, out);
            }
            return;
        }
        ProxyEvent::Upstream { trouble } => Line::Upstream { time, ok: trouble.is_none(), reason: trouble.as_deref() },
        ProxyEvent::Finding(from, finding) => finding_line(session, time, *from, finding),
        ProxyEvent::Answered { status, reason } => Line::Answered { session, time, status: *status, reason },
        ProxyEvent::Http { method, path, status } => Line::Http { time, method, path, status: *status },
        ProxyEvent::Note(level, message) => Line::Note { session, time, level: level.name(), message },
    };
    put_line(line, out);
}

const fn sides(PerSide { client, server }: PerSide<u64>) -> Sides {
    Sides { client, server }
}

/// A time as it stands in a line: RFC 3339 in UTC, with microseconds.
#[must_use]
pub fn rfc3339(time: Time) -> String {
    format!("{:.6}", time.timestamp().unwrap_or(Timestamp::MAX))
}

fn put_line(line: Line<'_>, out: &mut Vec<u8>) {
    put(&Versioned { v: VERSION, line }, out);
}

fn put(line: &impl Serialize, out: &mut Vec<u8>) {
    value(line, out);
    out.push(b'\n');
}

/// Adds a value in the JSON of a line: compact, and nothing in it can move a cursor or hide a character.
pub fn value(value: &impl Serialize, out: &mut Vec<u8>) {
    let mut serializer = Serializer::with_formatter(&mut *out, Plain);
    let written = value.serialize(&mut serializer);
    debug_assert!(written.is_ok(), "a `Vec` takes all that is written, and each key is a name");
}

/// Compact JSON in which nothing can move a cursor or hide a character, for those who read it on a terminal.
struct Plain;

impl Formatter for Plain {
    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut plain = 0;
        for (at, character) in fragment.char_indices().filter(|(_, character)| !text::is_plain(*character)) {
            writer.write_all(&fragment.as_bytes()[plain..at])?;
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            plain = at + character.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[plain..])
    }
}

#[cfg(test)]
mod tests;
