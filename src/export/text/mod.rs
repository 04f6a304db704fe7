//! A line a frame or event, for people and for grep. All bytes of peers are escaped.
//!
//! The columns: time of day, session, direction, number of the frame, what it is, and then, for a frame: what became of it
//! (where it was not sent on as it came) or who made it (where that was not the peer), FIN, RSV, MASK, length, and the
//! start of its payload.

mod day;
mod frame_line;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

use jiff::tz::TimeZone;

use crate::diagnose::{self, render};
use crate::json::item::{self, Item, Totals, What};
use crate::record::finding::{Finding, FindingKind, Level};
use crate::record::{
    By, ClosedEvent, ClosedHow, Event, FrameNumber, HeadEvent, HeldEvent, PerSide, ProxyEvent, RawRecord,
    ReleasedEvent, ReleasedHow, RuledEvent, Side, Stall, Verdict, Waits,
};
use crate::text;
use crate::wire::frame::FrameHeader;
use crate::wire::head::Head;
use crate::wire::secret;

use super::form::Form;
use day::Day;
use frame_line::{PREVIEW, code_and_reason};

/// Bytes that are shown of what left in place of a message.
const SENT: usize = 32;

/// The first columns of a line.
struct Start {
    direction: Option<Side>,
    frame: Option<FrameNumber>,
    kind: Cow<'static, str>,
}

/// The lines.
pub(super) struct Lines {
    day: Day,
}

impl Lines {
    /// `zone` is where the time of day is told.
    pub(super) const fn new(zone: TimeZone) -> Self {
        Self { day: Day::new(zone) }
    }
}

impl Form for Lines {
    fn wanted(&self, header: &FrameHeader) -> usize {
        frame_line::looked_at(header)
    }

    /// That a browser is content goes without saying.
    fn tells(&self, item: &Item<'_>) -> bool {
        !matches!(item.what, What::Event(event @ Event::Verdict(_)) if !event.is_row())
    }

    fn item(&mut self, item: &Item<'_>, out: &mut Vec<u8>) {
        write(&mut self.day, item, out);
    }

    fn lost(&mut self, records: u64, out: &mut Vec<u8>) {
        put(format_args!("lost: {records} records left the memory before they could be printed here"), out);
    }

    fn finish(
        &mut self,
        totals: &Totals,
        findings: &BTreeMap<FindingKind, u64>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        summary(totals, findings, out)
    }
}

/// Adds the line for an item; `day` tells its time.
fn write(day: &mut Day, item: &Item<'_>, out: &mut Vec<u8>) {
    day.write(item.time, out);
    out.push(b' ');
    match item.session {
        Some(session) => frame_line::number(session.0, 4, out),
        None => out.extend_from_slice(b"    "),
    }
    out.push(b' ');
    if let What::Frame(frame) = &item.what {
        frame_line::write(frame, out);
        out.push(b'\n');
    }
    let Some((start, rest)) = parts(&item.what) else { return };
    let direction = frame_line::direction(start.direction);
    let frame = start.frame.map_or(String::new(), |frame| frame.to_string());
    put(format!("{direction} {frame:>5} {:<12} {rest}", start.kind).trim_end(), out);
}

/// What the line of an event says, without its time and numbers; nothing for a frame.
pub(super) fn words(what: &What<'_>) -> String {
    parts(what).map_or(String::new(), |(start, rest)| format!("{} {rest}", start.kind))
}

/// Whose bytes the line of an event is about, and which frame.
pub(super) fn start(what: &What<'_>) -> (Option<Side>, Option<FrameNumber>) {
    parts(what).map_or((None, None), |(start, _)| (start.direction, start.frame))
}

/// The line of what is no frame.
fn parts(what: &What<'_>) -> Option<(Start, String)> {
    Some(match what {
        What::Frame(_) => return None,
        What::Raw(raw, kept) => raw_line(raw, kept),
        What::Event(event) => event_line(event),
        What::Released(released, sent) => released_line(released, sent.as_ref()),
        What::Proxy(event) => proxy_line(event),
    })
}

/// The last lines: the counts, and then each kind of finding, the worst first.
fn summary(totals: &Totals, findings: &BTreeMap<FindingKind, u64>, out: &mut dyn Write) -> io::Result<()> {
    if let Some(counts) = counts(totals.sessions, totals.frames, findings) {
        writeln!(out, "{counts}")?;
    }
    if totals.hidden > 0 {
        writeln!(out, "{} hidden by --filter", counted(totals.hidden, "line"))?;
    }
    for (kind, count) in worst_first(findings) {
        let words = diagnose::words(kind);
        writeln!(out, "{count:>6} {:<7} {}: {}", words.level.name(), kind.id(), words.title)?;
    }
    Ok(())
}

/// What a run came to, in a line; `None` where it came to nothing. Problems are findings that are more than a note.
#[must_use]
pub fn counts(sessions: u64, frames: u64, findings: &BTreeMap<FindingKind, u64>) -> Option<String> {
    if sessions == 0 && findings.is_empty() {
        return None;
    }
    let mut kinds = worst_first(findings);
    kinds.retain(|(kind, _)| diagnose::words(*kind).level > Level::Note);
    let problems = kinds.iter().map(|(_, count)| count).sum();
    let explained = match kinds.as_slice() {
        [] => String::new(),
        [(only, 1)] => format!(" (wsproxy explain {} says more of it)", only.id()),
        [(only, _)] => format!(" (wsproxy explain {} says more of them)", only.id()),
        [(worst, _), ..] => format!(" (wsproxy explain {} says more of the worst)", worst.id()),
    };
    let (sessions, frames) = (counted(sessions, "session"), counted(frames, "frame"));
    Some(format!("{sessions}, {frames}, {}{explained}", counted(problems, "problem")))
}

fn worst_first(findings: &BTreeMap<FindingKind, u64>) -> Vec<(FindingKind, u64)> {
    let mut kinds: Vec<_> = findings.iter().map(|(kind, count)| (*kind, *count)).collect();
    kinds.sort_by_key(|(kind, _)| Reverse(diagnose::words(*kind).level));
    kinds
}

fn put(line: impl fmt::Display, out: &mut Vec<u8>) {
    // A `Vec` takes all that is written.
    let _ = writeln!(out, "{line}");
}

fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
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
fn undirected(kind: &'static str) -> Start {
    Start { direction: None, frame: None, kind: kind.into() }
}

/// What a rule did. Its name is the user's, and the rest wsproxy's own.
fn ruled_line(ruled: &RuledEvent) -> (Start, String) {
    let start = Start { direction: Some(ruled.from), frame: ruled.frame, kind: "rule".into() };
    (start, format!("{}: {}", text::escape(ruled.rule.as_bytes()), ruled.what))
}

fn event_line(event: &Event) -> (Start, String) {
    match event {
        Event::SessionOpened { client, path } => {
            (undirected("opened"), format!("by {client} for {}", text::preview(path, PREVIEW)))
        }
        Event::Head(head) => head_line(head),
        Event::Open(open) => {
            let mut rest = open.dialect_client.facts().name.to_owned();
            for (name, value) in [("subprotocol", &open.subprotocol), ("extensions", &open.extensions)] {
                if let Some(value) = value {
                    rest += &format!(", {name} {}", text::preview(value, PREVIEW));
                }
            }
            (undirected("open"), rest)
        }
        Event::Finding(from, finding) => finding_line(*from, finding),
        Event::Held(held) => held_line(held),
        Event::Released(released) => released_line(released, None),
        Event::HeadHeld(held) => {
            let line = text::preview(Head::new(&held.bytes).start_line(), PREVIEW);
            let query = text::preview(held.query.as_bytes(), PREVIEW);
            (Start { direction: Some(held.from), ..undirected("held") }, format!("the head {line}, as it is {query}"))
        }
        Event::HeadReleased { from, how, by } => {
            let start = Start { direction: Some(*from), ..undirected(kind_of_release(*how)) };
            (start, format!("the head, {}", by.words()))
        }
        Event::Ruled(ruled) => ruled_line(ruled),
        Event::Inflated(inflated) => {
            let start = Start { direction: Some(inflated.from), frame: Some(inflated.frame), ..undirected("inflated") };
            (start, text::preview(&inflated.bytes, PREVIEW))
        }
        Event::Verdict(verdict) => verdict_line(verdict),
        Event::Stall { stall, over } => stall_line(stall, *over),
        Event::Answered { status, reason } => answered_line(*status, reason),
        Event::Ended { from, how } => (
            Start { direction: Some(*from), ..undirected("ended") },
            format!("{} with {}", from.name(), item::ending(*how)),
        ),
        Event::SessionClosed(closed) => (undirected("closed"), closed_line(closed)),
        Event::Note(level, message) => note_line(*level, message),
    }
}

fn proxy_line(event: &ProxyEvent) -> (Start, String) {
    match event {
        ProxyEvent::Listening { addresses, upstream, .. } => {
            let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
            (undirected("listening"), format!("on {}, upstream {upstream}", addresses.join(" and ")))
        }
        ProxyEvent::Upstream { trouble } => {
            (undirected("upstream"), text::escape(upstream(trouble.as_deref()).as_bytes()))
        }
        ProxyEvent::Finding(from, finding) => finding_line(*from, finding),
        ProxyEvent::Answered { status, reason } => answered_line(*status, reason),
        ProxyEvent::Http { method, path, status } => {
            let [method, path] = [method, path].map(|text| text::preview(text.as_bytes(), PREVIEW));
            (undirected("http"), format!("{status} {method} {path}"))
        }
        ProxyEvent::Note(level, message) => note_line(*level, message),
    }
}

fn answered_line(status: u16, reason: &str) -> (Start, String) {
    (undirected("answered"), format!("{status} by wsproxy: {}", text::preview(reason.as_bytes(), PREVIEW)))
}

fn note_line(level: Level, message: &str) -> (Start, String) {
    (undirected(level.name()), text::escape(message.as_bytes()))
}

fn stall_line(stall: &Stall, over: bool) -> (Start, String) {
    let start = Start { direction: Some(stall.lane), frame: stall.frame, kind: "stall".into() };
    let end = if over { "over: " } else { "" };
    (start, format!("{end}{} ({})", stall.text(), stall.kind.finding().id()))
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
        Side::Server => "response",
    };
    let mut rest = text::preview(Head::new(&head.bytes).start_line(), PREVIEW);
    if !head.complete {
        rest += " (the head has no end)";
    }
    let changed: Vec<_> = head.changes.iter().map(|change| text::preview(change.field.as_bytes(), PREVIEW)).collect();
    if !changed.is_empty() {
        let how = if head.is_edited { "edited by you" } else { "changed" };
        rest += &format!(" ({how}: {})", changed.join(", "));
    }
    let secrets = secret::names_in_head(&head.bytes);
    if !secrets.is_empty() {
        rest += &format!(" (secrets: {})", text::preview(secrets.join(", ").as_bytes(), PREVIEW));
    }
    (Start { direction: Some(head.from), frame: None, kind: kind.into() }, rest)
}

fn finding_line(from: Side, finding: &Finding) -> (Start, String) {
    let words = diagnose::words(finding.kind);
    let start = Start { direction: Some(from), frame: finding.frame(), kind: words.level.name().into() };
    let detail = text::escape(finding.detail.as_bytes());
    // The cause where the bytes name one: the usual one is in `wsproxy explain`.
    let cause =
        finding.cause.as_ref().map_or_else(String::new, |cause| format!("; cause: {}", text::escape(cause.as_bytes())));
    (
        start,
        format!(
            "{}: {} ({detail}){cause}; help: {}",
            finding.kind.id(),
            render::sentence(finding),
            finding.fix.as_deref().unwrap_or(words.fix)
        ),
    )
}

fn held_line(held: &HeldEvent) -> (Start, String) {
    let start = Start { direction: Some(held.from), frame: Some(held.frame), kind: "held".into() };
    let why = match (held.waits, held.query.as_str()) {
        (Waits::Order, _) => ", behind what is held in front of it".to_owned(),
        (Waits::Hook, _) => ", for a hook to decide".to_owned(),
        (Waits::User, "") => String::new(),
        (Waits::User, query) => format!(", as it is {}", text::preview(query.as_bytes(), PREVIEW)),
    };
    (start, format!("{}{why}", text::byte_count(held.length)))
}

fn released_line(released: &ReleasedEvent, sent: Option<&(By, Vec<u8>)>) -> (Start, String) {
    let kind = kind_of_release(released.how).into();
    let start = Start { direction: Some(released.from), frame: released.frames.first().copied(), kind };
    let sent = sent.map_or_else(String::new, |(_, bytes)| {
        let shown = bytes.get(..SENT).unwrap_or(bytes);
        let more = if shown.len() < bytes.len() { "…" } else { "" };
        format!(", {} left: {}{more}", text::byte_count(bytes.len() as u64), text::pairs(shown))
    });
    (start, format!("{}{sent}", released.by.words()))
}

const fn kind_of_release(how: ReleasedHow) -> &'static str {
    match how {
        ReleasedHow::AsIs => "released",
        ReleasedHow::Edited => "edited",
        ReleasedHow::Dropped => "dropped",
    }
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
