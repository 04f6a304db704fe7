//! A handshake: heads as they came with what was changed in them, and what was agreed on.

use std::ops::Range;

use crate::record::{Change, HeadEvent, HeadHeldEvent, OpenEvent, Side};
use crate::wire::accept::AcceptCheck;
use crate::wire::head::Head;
use crate::wire::inflate::Deflate;

use super::page::Page;

/// The change that is no field's.
const TARGET: &str = "request target";

/// The heading of a head, with its lines.
pub(super) fn write_head(page: &mut Page<'_>, head: &HeadEvent) {
    page.title(&format!("{}, {}", name(head.from), super::bytes(head.bytes.len() as u64)));
    if !head.complete {
        page.row("unfinished: the empty line at its end has not come", page.theme.warning);
    }
    if !head.changes.is_empty() {
        let who = if head.is_edited { "edited by you" } else { "changed by wsproxy" };
        page.row(&format!("~ {who}: as received → as sent on"), page.theme.injected);
    }
    let places = places(head);
    let mut at = 0;
    for line in head.bytes.split_inclusive(|byte| *byte == b'\n') {
        let end = at + line.len();
        let place = places.iter().find(|(range, _)| at <= range.start && range.end <= end);
        write_line(page, line, at, place);
        at = end;
    }
}

/// The heading of a head that was held when it came, with its lines.
pub(super) fn write_held(page: &mut Page<'_>, held: &HeadHeldEvent) {
    page.title(&format!("{}, {}: held when it came", name(held.from), super::bytes(held.bytes.len() as u64)));
    let mut at = 0;
    for line in held.bytes.split_inclusive(|byte| *byte == b'\n') {
        write_line(page, line, at, None);
        at += line.len();
    }
}

const fn name(from: Side) -> &'static str {
    match from {
        Side::Client => "request head",
        Side::Server => "response head",
    }
}

/// Where in the head each change was made.
fn places(head: &HeadEvent) -> Vec<(Range<usize>, &Change)> {
    let parsed = Head::new(&head.bytes);
    let mut fields = parsed.fields();
    let place = |change: &Change| {
        if change.field == TARGET {
            return parsed.target_range();
        }
        let is_it = |name: &[u8], value: &[u8]| value == change.from && String::from_utf8_lossy(name) == change.field;
        let field = fields.find(|field| is_it(field.name, field.value))?;
        Some(field.value_at..field.value_at + field.value.len())
    };
    let ranges: Vec<_> = head.changes.iter().map(place).collect();
    ranges.into_iter().zip(&head.changes).filter_map(|(range, change)| Some((range?, change))).collect()
}

/// A line that begins at `at` of the head.
fn write_line(page: &mut Page<'_>, line: &[u8], at: usize, place: Option<&(Range<usize>, &Change)>) {
    let content = line.strip_suffix(b"\n").unwrap_or(line);
    let has_cr = content.ends_with(b"\r");
    let content = content.strip_suffix(b"\r").unwrap_or(content);
    if content.is_empty() && has_cr && at > 0 {
        return;
    }
    let theme = page.theme;
    page.set_indent(4);
    page.text(if place.is_some() { "~ " } else { "  " }, theme.injected);
    let colon = content.iter().position(|byte| *byte == b':').filter(|_| at > 0);
    let (name, value) = content.split_at(colon.map_or(0, |colon| colon + 1));
    page.bytes(name, theme.key);
    let style = if at == 0 { theme.bold } else { theme.text };
    let value_at = at + name.len();
    match place {
        Some((range, change)) if value_at <= range.start => {
            let (before, rest) = value.split_at((range.start - value_at).min(value.len()));
            let (old, after) = rest.split_at(range.len().min(rest.len()));
            page.bytes(before, style);
            page.bytes(old, theme.dim);
            page.text(" → ", theme.injected);
            page.bytes(&change.to, theme.injected);
            page.bytes(after, style);
        }
        _ => page.bytes(value, style),
    }
    // Lines end in CR LF (RFC 9112 2.2); another end is shown.
    if !has_cr && line.ends_with(b"\n") {
        page.text("\\n", theme.warning);
    }
    page.end_row();
}

/// What was agreed on, and with what the server proved that it read the key. `offered` is the request's head.
pub(super) fn write_open(page: &mut Page<'_>, open: &OpenEvent, offered: Option<Head<'_>>) {
    let text = page.theme.text;
    let (client, server) = (open.dialect_client.facts().name, open.dialect_server.facts().name);
    if client == server {
        page.fact("dialect", client, text);
    } else {
        page.fact("dialect", &format!("{client} to the client, {server} to the server"), text);
    }
    taken(page, "protocol", open.subprotocol.as_deref(), offered, "sec-websocket-protocol");
    taken(page, "extensions", open.extensions.as_deref(), offered, "sec-websocket-extensions");
    if let Some(deflate) = open.extensions.as_deref().and_then(Deflate::agreed) {
        for (side, bits, is_forgotten) in [
            (Side::Client, deflate.client_max_window_bits, deflate.client_no_context_takeover),
            (Side::Server, deflate.server_max_window_bits, deflate.server_no_context_takeover),
        ] {
            page.fact(&format!("  {}", side.name()), &window(bits, is_forgotten), text);
        }
    }
    write_accept(page, &open.accept);
}

/// How a side compresses (RFC 7692 7.1): its window, and whether that is kept from message to message.
fn window(bits: Option<u8>, is_forgotten: bool) -> String {
    let size = match bits.unwrap_or(15) {
        bits @ 8..=15 => format!("window of {bits} bits ({} bytes)", 1 << bits),
        bits => format!("window of {bits} bits, which RFC 7692 does not have"),
    };
    let kept = if is_forgotten { "emptied after each message" } else { "kept between messages" };
    format!("{size}, {kept}")
}

fn taken(page: &mut Page<'_>, label: &str, value: Option<&[u8]>, offered: Option<Head<'_>>, field: &str) {
    let theme = page.theme;
    match value {
        Some(value) => page.fact_bytes(label, value, theme.text),
        None => page.fact(label, "none", theme.dim),
    }
    let Some(request) = offered else { return };
    let values: Vec<_> = request.values(field).collect();
    if !values.is_empty() {
        page.fact_bytes("  offered", &values.join(b", ".as_slice()), theme.dim);
    }
}

fn write_accept(page: &mut Page<'_>, accept: &AcceptCheck) {
    let theme = page.theme;
    match accept {
        AcceptCheck::Right { value } => {
            page.fact("accept", "right: it belongs to the request's key", theme.good);
            page.fact_bytes("  value", value.as_bytes(), theme.dim);
        }
        AcceptCheck::Missing { expected } => {
            page.fact("accept", "missing", theme.error);
            page.fact_bytes("  expected", expected.as_bytes(), theme.text);
        }
        AcceptCheck::Wrong { expected, actual } => {
            page.fact("accept", "wrong: it does not belong to the request's key", theme.error);
            page.fact_bytes("  expected", expected.as_bytes(), theme.text);
            page.fact_bytes("  came", actual, theme.error);
        }
        AcceptCheck::NoKey => page.fact("accept", "nothing to check: no key that asks for one", theme.dim),
    }
}
