//! Events and levels in a line: what happened, in plain words, safe to show.

use ratatui::style::Style;

use crate::diagnose::{self, render};
use crate::journal::Row;
use crate::record::finding::{Finding, Level};
use crate::record::{ClosedEvent, ClosedHow, Event, HeadEvent, OpenEvent, ProxyEvent, Seen, Side};
use crate::text;
use crate::tui::clock::{self, Digits};
use crate::tui::theme::Theme;
use crate::wire::head::Head;

use super::Terms;
use super::trouble;

/// A glyph for a level, so that colour is not needed.
#[must_use]
pub(crate) const fn level_glyph(level: Level) -> &'static str {
    match level {
        Level::Note => "·",
        Level::Warning => "!",
        Level::Error => "✗",
    }
}

/// A level's style.
#[must_use]
pub(crate) const fn level_style(level: Level, theme: &Theme) -> Style {
    match level {
        Level::Note => theme.note,
        Level::Warning => theme.warning,
        Level::Error => theme.error,
    }
}

/// What a row is: its number, direction, kind and time.
#[must_use]
pub(crate) fn row(terms: &Terms<'_>, row: Row<'_>) -> String {
    let session = row.session.map(|session| session.0.to_string()).unwrap_or_default();
    let what = match row.record {
        Seen::Frame(frame) => {
            format!("{session}:{} {} {}", frame.number, frame.header.opcode(), text::byte_count(frame.header.length))
        }
        Seen::Raw(raw) => format!("session {session}, {} of raw bytes", text::byte_count(raw.length)),
        _ if session.is_empty() => "an event".to_owned(),
        _ => format!("session {session}, an event"),
    };
    let arrow = match row.from() {
        Some(Side::Client) => " → server",
        Some(Side::Server) => " → client",
        None => "",
    };
    format!("{what}{arrow} {}", clock::clock(row.time, terms.zone, Digits::Milliseconds))
}

/// An event of a session in a line.
#[must_use]
pub(crate) fn event(event: &Event, theme: &Theme) -> (Style, String) {
    match event {
        Event::SessionOpened { client, path } => {
            (theme.bold, format!("session opened by {client} for {}", text::preview(path, 300)))
        }
        Event::Head(head) => (theme.dim, head_words(head)),
        Event::Open(open) => (theme.good, open_words(open)),
        Event::Finding(_, finding) => finding_words(finding, theme),
        Event::Inflated(inflated) => {
            (theme.dim, format!("frame {} inflates to {}", inflated.frame, text::preview(&inflated.bytes, 300)))
        }
        Event::Held(held) => (theme.warning, format!("frame {} is held", held.frame)),
        Event::Ruled(ruled) => {
            (theme.injected, format!("rule {}: {}", text::escape(ruled.rule.as_bytes()), ruled.what))
        }
        Event::Released(released) => (theme.dim, format!("{}, {}", released.how.name(), released.by.words())),
        Event::HeadHeld(held) => {
            (theme.warning, format!("held {}", text::preview(Head::new(&held.bytes).start_line(), 300)))
        }
        Event::HeadReleased { how, by, .. } => (theme.dim, format!("the head: {}, {}", how.name(), by.words())),
        Event::Verdict(verdict) => (theme.error, format!("✗ {}", trouble::verdict(verdict))),
        Event::Stall { stall, over: false } => (theme.warning, format!("◷ stall: {}", stall.text())),
        Event::Stall { stall, over: true } => (theme.dim, format!("◷ no longer: {}", stall.text())),
        Event::Answered { status, reason } => answered_words(*status, reason, theme),
        Event::Ended { from, how } => (theme.dim, format!("{} ended: {}", from.name(), trouble::ending(*how))),
        Event::SessionClosed(closed) => (theme.bold, closed_words(closed)),
        Event::Note(level, note) => note_words(*level, note, theme),
    }
}

/// What belongs to no session in a line.
#[must_use]
pub(crate) fn proxy_event(event: &ProxyEvent, theme: &Theme) -> (Style, String) {
    match event {
        ProxyEvent::Listening { addresses, upstream, .. } => {
            let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
            (theme.good, format!("listening on {}, upstream {upstream}", addresses.join(" and ")))
        }
        ProxyEvent::Upstream { trouble: None } => (theme.good, "the upstream answers".to_owned()),
        ProxyEvent::Upstream { trouble: Some(trouble) } => {
            (theme.error, format!("✗ {}", text::escape(trouble.as_bytes())))
        }
        ProxyEvent::Finding(_, finding) => finding_words(finding, theme),
        ProxyEvent::Answered { status, reason } => answered_words(*status, reason, theme),
        ProxyEvent::Http { method, path, status } => {
            let (method, path) = (text::preview(method.as_bytes(), 20), text::preview(path.as_bytes(), 300));
            (theme.dim, format!("http {method} {path} → {status}"))
        }
        ProxyEvent::Note(level, note) => note_words(*level, note, theme),
    }
}

fn finding_words(finding: &Finding, theme: &Theme) -> (Style, String) {
    let words = diagnose::words(finding.kind);
    let glyph = level_glyph(words.level);
    (level_style(words.level, theme), format!("{glyph} {}: {}", render::sentence(finding), finding.detail))
}

fn answered_words(status: u16, reason: &str, theme: &Theme) -> (Style, String) {
    (theme.error, format!("✗ wsproxy answered {status}: {}", text::escape(reason.as_bytes())))
}

fn note_words(level: Level, note: &str, theme: &Theme) -> (Style, String) {
    (level_style(level, theme), format!("{} {}", level_glyph(level), text::escape(note.as_bytes())))
}

fn head_words(head: &HeadEvent) -> String {
    let start = text::preview(Head::new(&head.bytes).start_line(), 300);
    let whole = if head.complete { "" } else { " (its end never came)" };
    let changes = match head.changes.len() {
        _ if head.is_edited => " · ~ edited by you".into(),
        0 => String::new(),
        1 => " · 1 field rewritten".into(),
        count => format!(" · {count} fields rewritten"),
    };
    format!("{start}{whole}{changes}")
}

fn open_words(open: &OpenEvent) -> String {
    let (client, server) = (open.dialect_client.facts().name, open.dialect_server.facts().name);
    let mut words = format!("● open: {server}");
    if client != server {
        words = format!("● open: {client} to the client, {server} to the server");
    }
    if let Some(subprotocol) = &open.subprotocol {
        words.push_str(&format!(", subprotocol {}", text::preview(subprotocol, 60)));
    }
    if let Some(extensions) = &open.extensions {
        words.push_str(&format!(", {}", text::preview(extensions, 120)));
    }
    words
}

/// The end of a session in a line.
#[must_use]
pub(crate) fn closed_words(closed: &ClosedEvent) -> String {
    let mut words = match closed.how {
        ClosedHow::Answered => "○ closed: there was never a connection to the upstream".to_owned(),
        how => format!("○ closed by {}: {}", closed.by.name(), how_words(how)),
    };
    if let Some(code) = closed.code {
        words.push_str(&format!(", {code} {}", code.name()));
    }
    if !closed.reason.is_empty() {
        words.push_str(&format!(": {}", text::preview(&closed.reason, 130)));
    }
    words
}

const fn how_words(how: ClosedHow) -> &'static str {
    match how {
        ClosedHow::CloseFrame => "close frame",
        ClosedHow::Fin => "FIN without a close frame",
        ClosedHow::Reset => "RST",
        ClosedHow::Timeout => "time-out",
        ClosedHow::Answered => "answered",
    }
}
