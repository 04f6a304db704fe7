//! Replies and events for people: a line each, and all bytes of peers escaped.

use std::io::{self, Write};

use serde_json::Value;

use crate::control::protocol::table::CommandHelp;
use crate::text;

/// Bytes of a text that a line shows.
const PREVIEW: usize = 160;

/// Writes a reply that is no refusal.
pub(super) fn reply(object: &Value, out: &mut dyn Write) -> io::Result<()> {
    if let Some(waiting) = object.get("waiting") {
        let what = match shown(waiting).as_str() {
            "held" => "what is held in front of it".to_owned(),
            other => format!("the end of an unfinished {other}"),
        };
        return writeln!(out, "waits for {what}");
    }
    let list = |name| object.get(name).and_then(Value::as_array);
    if let Some(list) = list("sessions") {
        return each(list, "no sessions", session, out);
    }
    if let Some(list) = list("frames") {
        return each(list, "no such frames", line_of, out);
    }
    if let Some(list) = list("held") {
        return each(list, "nothing is held", held, out);
    }
    if let Some(list) = list("holds") {
        let hold = |hold: &Value| format!("{:>4}  {}", field(hold, "hold"), or(&field(hold, "query"), "everything"));
        return each(list, "no hold is on", hold, out);
    }
    if let Some(list) = list("rules") {
        return each(list, "no rules", rule, out);
    }
    if let Some(list) = list("commands") {
        return list.iter().try_for_each(|command| help(command, list.len() == 1, out));
    }
    match (object.get("frame"), object.get("hold"), object.get("policy")) {
        (Some(frame), ..) => writeln!(out, "sent as frame {}", shown(frame)),
        (_, Some(hold), _) => writeln!(out, "hold {} is on", shown(hold)),
        (.., Some(policy)) => writeln!(out, "{}", shown(policy)),
        _ => writeln!(out, "done"),
    }
}

/// Writes an event.
pub(super) fn event(event: &Value, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", line_of(event))
}

fn each(list: &[Value], none: &str, line: impl Fn(&Value) -> String, out: &mut dyn Write) -> io::Result<()> {
    if list.is_empty() {
        return writeln!(out, "{none}");
    }
    list.iter().try_for_each(|item| writeln!(out, "{}", line(item).trim_end()))
}

/// A value as text, safe to show.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text::preview(text.as_bytes(), PREVIEW),
        other => text::preview(other.to_string().as_bytes(), PREVIEW),
    }
}

fn field(object: &Value, name: &str) -> String {
    object.get(name).map(shown).unwrap_or_default()
}

fn or(text: &str, other: &str) -> String {
    if text.is_empty() { other.to_owned() } else { text.to_owned() }
}

/// The time of day of an event, in UTC.
fn time(object: &Value) -> String {
    let time = object.get("time").and_then(Value::as_str).unwrap_or_default();
    text::escape(time.get(11..26).unwrap_or_default().as_bytes())
}

fn session(session: &Value) -> String {
    let count = |side| session.pointer(&format!("/frames/{side}")).map(shown).unwrap_or_default();
    let held = match field(session, "held").as_str() {
        "0" => String::new(),
        count => format!("  {count} held"),
    };
    format!(
        "{:>4}  {:<8} {:>6} → {:>6} ←  {}{held}",
        field(session, "session"),
        field(session, "state"),
        count("client"),
        count("server"),
        field(session, "path"),
    )
}

fn rule(rule: &Value) -> String {
    let state = if field(rule, "on") == "true" { "" } else { "  (off)" };
    let counts = format!("{} of {}", field(rule, "acted"), field(rule, "matched"));
    format!("{:<12} {} -> {}  {counts}{state}", field(rule, "name"), field(rule, "query"), field(rule, "act"))
}

/// What a frame or a message that is held says.
fn said(object: &Value) -> String {
    let text = ["inflated", "text"].into_iter().find_map(|name| object.get(name)).map(shown);
    text.unwrap_or_else(|| {
        let payload = field(object, "payload");
        if payload.is_empty() { payload } else { format!("base64 {payload}") }
    })
}

fn arrow(object: &Value) -> &'static str {
    match object.get("from").and_then(Value::as_str) {
        Some("client") => "→ ",
        Some("server") => " ←",
        _ => "  ",
    }
}

fn held(held: &Value) -> String {
    if let Some(from) = held.get("head") {
        let head = if shown(from) == "client" { "request" } else { "response" };
        return format!("      session {}: the {head}: {}", field(held, "session"), said(held));
    }
    format!(
        "{:>4}  {}:{} {} {:<6} {:>7}  {}{}",
        field(held, "held"),
        field(held, "session"),
        field(held, "frame"),
        arrow(held),
        field(held, "opcode"),
        field(held, "length"),
        said(held),
        if field(held, "waits") == "order" { "  (behind another one)" } else { "" },
    )
}

/// A line of an event: of a frame its bytes, of all else its own words.
fn line_of(event: &Value) -> String {
    let name = field(event, "event");
    let place = match (field(event, "session"), field(event, "frame")) {
        (session, frame) if !frame.is_empty() => format!("{session}:{frame}"),
        (session, _) => session,
    };
    let rest = match name.as_str() {
        "frame" => format!("{:<6} {:>7}  {}", field(event, "opcode"), field(event, "length"), said(event)),
        "finding" => format!("{}: {}", field(event, "level"), field(event, "title")),
        _ => details(event),
    };
    let name = if name == "frame" { marks(event) } else { name };
    format!("{} {place:>7} {} {name:<9} {rest}", time(event), arrow(event)).trim_end().to_owned()
}

/// What became of a frame, or who made it, where that is unusual.
fn marks(frame: &Value) -> String {
    match (field(frame, "relayed").as_str(), field(frame, "origin").as_str()) {
        ("as-is", "peer") => String::new(),
        ("as-is", origin) => origin.to_owned(),
        (relayed, _) => relayed.to_owned(),
    }
}

/// All else that an event has.
fn details(event: &Value) -> String {
    let told = ["v", "event", "time", "session", "frame", "from", "bytes"];
    let fields = event.as_object().into_iter().flatten();
    let fields = fields.filter(|(name, value)| !told.contains(&name.as_str()) && !value.is_null());
    let fields: Vec<_> =
        fields.map(|(name, value)| format!("{} {}", text::escape(name.as_bytes()), shown(value))).collect();
    fields.join(", ")
}

fn help(command: &Value, is_only: bool, out: &mut dyn Write) -> io::Result<()> {
    let name = field(command, "do");
    let usage = CommandHelp::named(&name).map_or(name, CommandHelp::usage);
    writeln!(out, "{usage}\n    {}", field(command, "about"))?;
    if !is_only {
        return Ok(());
    }
    for (name, about) in command.get("fields").and_then(Value::as_object).into_iter().flatten() {
        writeln!(out, "    {:<10} {}", text::escape(name.as_bytes()), shown(about))?;
    }
    writeln!(out, "    as a line: {}", field(command, "example"))
}
