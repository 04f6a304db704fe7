//! A line a frame or event, for people and for grep. All bytes of peers are escaped.
//!
//! The columns: time of day, session, direction, number of the frame, what it is, and then, for a frame: what became of it
//! (where it was not sent on as it came) or who made it (where that was not the peer), FIN, RSV, MASK, length, and the
//! start of its payload.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::diagnose::{self, render};
use crate::json::item::{self, Frame, Item, Totals, What};
use crate::record::finding::{Finding, FindingKind, Level};
use crate::record::{
    ClosedEvent, ClosedHow, Event, FrameNumber, HeadEvent, Origin, PerSide, ProxyEvent, RawRecord, Relayed, Side,
    Stall, Time, Verdict,
};
use crate::text;
use crate::wire::close::{CloseBody, Code};
use crate::wire::frame::FrameHeader;
use crate::wire::head::Head;
use crate::wire::opcode::Opcode;

/// Bytes of text that a line shows.
const PREVIEW: usize = 160;

/// Bytes of other payloads that a line shows, in hex.
const HEX_PREVIEW: usize = 32;

/// The first columns of a line.
struct Start {
    direction: Option<Side>,
    frame: Option<FrameNumber>,
    kind: Cow<'static, str>,
}

/// Adds the line for an item; `zone` is where its time of day is told.
pub fn write(zone: &TimeZone, item: &Item<'_>, out: &mut Vec<u8>) {
    let (start, rest) = match &item.what {
        What::Frame(frame) => frame_line(frame),
        What::Raw(raw, kept) => raw_line(raw, kept),
        What::Event(event) => event_line(event),
        What::Proxy(event) => proxy_line(event),
    };
    let session = item.session.map_or(String::new(), |session| session.0.to_string());
    // The arrow's place tells the direction as well as its head does.
    let direction = match start.direction {
        Some(Side::Client) => "→ ",
        Some(Side::Server) => " ←",
        None => "  ",
    };
    let frame = start.frame.map_or(String::new(), |frame| frame.to_string());
    let line =
        format!("{} {session:>4} {direction} {frame:>5} {:<12} {rest}", time_of_day(zone, item.time), start.kind);
    put(line.trim_end(), out);
}

/// Adds the line that says how many records are missing.
pub fn lost(records: u64, out: &mut Vec<u8>) {
    put(format_args!("lost: {records} records left the memory before they could be printed here"), out);
}

/// Adds the last lines: the counts, and then each kind of finding, the worst first.
pub fn summary(totals: &Totals, findings: &BTreeMap<FindingKind, u64>, out: &mut Vec<u8>) {
    let (sessions, frames) = (counted(totals.sessions, "session"), counted(totals.frames, "frame"));
    put(format_args!("{sessions}, {frames}, {}", counted(findings.values().sum(), "finding")), out);
    let mut kinds: Vec<_> = findings.iter().map(|(kind, count)| (diagnose::words(*kind), kind, count)).collect();
    kinds.sort_by_key(|(words, ..)| Reverse(words.level));
    for (words, kind, count) in kinds {
        put(format_args!("{count:>6} {:<7} {}: {}", words.level.name(), kind.id(), words.title), out);
    }
}

fn put(line: impl fmt::Display, out: &mut Vec<u8>) {
    // A `Vec` takes all that is written.
    let _ = writeln!(out, "{line}");
}

fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

fn time_of_day(zone: &TimeZone, time: Time) -> String {
    let time = i64::try_from(time.0).ok().and_then(|micros| Timestamp::from_microsecond(micros).ok());
    format!("{:.6}", time.unwrap_or(Timestamp::MAX).to_zoned(zone.clone()).time())
}

fn frame_line(frame: &Frame<'_>) -> (Start, String) {
    let record = frame.record;
    let header = &record.header;
    let by = match (record.relayed, record.origin) {
        (Relayed::Dropped(_), _) => "dropped",
        (Relayed::Changed(_), _) => "changed",
        (Relayed::AsIs, Origin::Peer) => "",
        (Relayed::AsIs, other) => other.name(),
    };
    let fin = if header.fin() && !header.is_hixie() { "FIN" } else { "---" };
    let mask = if header.mask.is_some() { "MASK" } else { "----" };
    let length = if frame.received < header.length {
        format!("{}/{}", frame.received, header.length)
    } else {
        header.length.to_string()
    };
    let rest = format!("{by:<8} {fin} {} {mask} {length:>7}  {}", rsv(header), preview(frame));
    (Start { direction: Some(record.from), frame: Some(record.number), kind: header.opcode().to_string().into() }, rest)
}

/// The reserved bits that are set, each in its place.
fn rsv(header: &FrameHeader) -> String {
    let bit = |bit: u8, digit: char| if header.rsv() & bit != 0 { digit } else { '-' };
    [bit(4, '1'), bit(2, '2'), bit(1, '3')].iter().collect()
}

fn preview(frame: &Frame<'_>) -> String {
    let header = &frame.record.header;
    let payload = &*frame.payload;
    match header.opcode() {
        // What an extension has changed reads as nothing.
        _ if header.rsv() != 0 => hex_preview(payload),
        Opcode::CLOSE => close_preview(payload),
        Opcode::TEXT => text::preview(payload, PREVIEW),
        Opcode::BINARY => hex_preview(payload),
        _ if std::str::from_utf8(payload).is_ok() => text::preview(payload, PREVIEW),
        _ => hex_preview(payload),
    }
}

fn close_preview(payload: &[u8]) -> String {
    match CloseBody::parse(payload) {
        CloseBody::Empty => "no code".to_owned(),
        CloseBody::Short(byte) => format!("{byte:02x} (half a code)"),
        CloseBody::Code { code, reason } => code_and_reason(code, reason),
    }
}

fn code_and_reason(code: Code, reason: &[u8]) -> String {
    let name = code.name();
    match reason {
        [] => format!("{code} {name}"),
        reason => format!("{code} {name}: {}", text::preview(reason, PREVIEW)),
    }
}

fn hex_preview(bytes: &[u8]) -> String {
    let shown = bytes.get(..HEX_PREVIEW).unwrap_or(bytes);
    let mut hex = shown.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    if shown.len() < bytes.len() {
        hex.push('…');
    }
    hex
}

fn raw_line(raw: &RawRecord, kept: &[u8]) -> (Start, String) {
    let start = Start { direction: Some(raw.from), frame: None, kind: "raw".into() };
    (start, format!("{}  {}", counted(raw.length, "byte"), text::preview(kept, PREVIEW)))
}

fn verdict_line(verdict: &Verdict) -> (Start, String) {
    let start = Start { direction: None, frame: verdict.frame, kind: "verdict".into() };
    let words =
        verdict.error_text.as_ref().map_or(String::new(), |words| text::escape(format!(": {words}").as_bytes()));
    let code = verdict.close_code.map_or(String::new(), |code| format!(" (the page sees close code {code})"));
    (start, format!("chrome {}{words}{code}", verdict.outcome.name()))
}

/// The start of a line about no direction and no frame.
fn start(kind: &'static str) -> Start {
    Start { direction: None, frame: None, kind: kind.into() }
}

fn event_line(event: &Event) -> (Start, String) {
    match event {
        Event::SessionOpened { client, path } => {
            (start("opened"), format!("by {client} for {}", text::preview(path, PREVIEW)))
        }
        Event::Head(head) => head_line(head),
        Event::Open(open) => {
            let mut rest = open.dialect_client.facts().name.to_owned();
            for (name, value) in [("subprotocol", &open.subprotocol), ("extensions", &open.extensions)] {
                if let Some(value) = value {
                    rest += &format!(", {name} {}", text::preview(value, PREVIEW));
                }
            }
            (start("open"), rest)
        }
        Event::Finding(from, finding) => finding_line(*from, finding),
        Event::Inflated(inflated) => {
            let start = Start { direction: Some(inflated.from), frame: Some(inflated.frame), ..start("inflated") };
            (start, text::preview(&inflated.bytes, PREVIEW))
        }
        Event::Verdict(verdict) => verdict_line(verdict),
        Event::Stall { stall, over } => stall_line(stall, *over),
        Event::Answered { status, reason } => answered_line(*status, reason),
        Event::Ended { from, how } => {
            (Start { direction: Some(*from), ..start("ended") }, format!("{} with {}", from.name(), item::ending(*how)))
        }
        Event::SessionClosed(closed) => (start("closed"), closed_line(closed)),
        Event::Note(level, message) => note_line(*level, message),
    }
}

fn proxy_line(event: &ProxyEvent) -> (Start, String) {
    match event {
        ProxyEvent::Listening { addresses, upstream, .. } => {
            let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
            (start("listening"), format!("on {}, upstream {upstream}", addresses.join(" and ")))
        }
        ProxyEvent::Upstream { trouble } => (start("upstream"), text::escape(upstream(trouble.as_deref()).as_bytes())),
        ProxyEvent::Finding(finding) => finding_line(Side::Client, finding),
        ProxyEvent::Answered { status, reason } => answered_line(*status, reason),
        ProxyEvent::Http { method, path, status } => {
            let [method, path] = [method, path].map(|text| text::preview(text.as_bytes(), PREVIEW));
            (start("http"), format!("{status} {method} {path}"))
        }
        ProxyEvent::Note(level, message) => note_line(*level, message),
    }
}

fn answered_line(status: u16, reason: &str) -> (Start, String) {
    (start("answered"), format!("{status} by wsproxy: {}", text::preview(reason.as_bytes(), PREVIEW)))
}

fn note_line(level: Level, message: &str) -> (Start, String) {
    (start(level.name()), text::escape(message.as_bytes()))
}

fn stall_line(stall: &Stall, over: bool) -> (Start, String) {
    let start = Start { direction: Some(stall.lane), frame: stall.frame, kind: "stall".into() };
    let end = if over { "over: " } else { "" };
    (start, format!("{end}{}", stall.text()))
}

const fn upstream(trouble: Option<&str>) -> &str {
    match trouble {
        Some(trouble) => trouble,
        None => "it answers",
    }
}

fn head_line(head: &HeadEvent) -> (Start, String) {
    let kind = match head.from {
        Side::Client => "request",
        Side::Server => "answer",
    };
    let mut rest = text::preview(Head::new(&head.bytes).start_line(), PREVIEW);
    if !head.complete {
        rest += " (the head has no end)";
    }
    let changed: Vec<_> = head.changes.iter().map(|change| text::preview(change.field.as_bytes(), PREVIEW)).collect();
    if !changed.is_empty() {
        rest += &format!(" (changed: {})", changed.join(", "));
    }
    (Start { direction: Some(head.from), frame: None, kind: kind.into() }, rest)
}

fn finding_line(from: Side, finding: &Finding) -> (Start, String) {
    let words = diagnose::words(finding.kind);
    let start = Start { direction: Some(from), frame: finding.frame(), kind: words.level.name().into() };
    let detail = text::escape(finding.detail.as_bytes());
    (
        start,
        format!(
            "{}: {} ({detail}); help: {}",
            finding.kind.id(),
            render::sentence(finding),
            finding.fix.as_deref().unwrap_or(words.fix)
        ),
    )
}

fn closed_line(closed: &ClosedEvent) -> String {
    let how = match (closed.how, closed.code) {
        (ClosedHow::CloseFrame, Some(code)) => {
            format!("{}: {}", closed.how.name(), code_and_reason(code, &closed.reason))
        }
        (how, _) => how.name().to_owned(),
    };
    let PerSide { client, server } = PerSide::from_fn(|side| {
        format!("{} and {}", counted(closed.frames[side], "frame"), text::byte_count(closed.bytes[side]))
    });
    format!("by {}, {how}; {client} from the client, {server} from the server", closed.by.name())
}
