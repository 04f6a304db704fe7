//! A session as a whole: what it is, what was agreed on, the heads on both legs, its end.

use jiff::tz::TimeZone;

use crate::diagnose::words;
use crate::journal::{Compressed, SessionState, SessionSummary};
use crate::record::{Side, Time};
use crate::text;
use crate::tui::clock;
use crate::wire::head::Head;

use super::page::Page;
use super::{DetailOptions, Proof, event, finding, handshake, legs, proof, trouble};

pub(super) fn write(page: &mut Page<'_>, summary: &SessionSummary, options: &DetailOptions<'_>, proof: Proof) {
    page.title(&format!("session {} · {}", summary.id.0, state(summary)));
    facts(page, summary);
    times(page, summary, options.zone);
    if proof == Proof::Shown {
        proof::write(page, summary);
    }
    legs::write(page, summary, options.body);
    findings(page, summary);
    page.title(if summary.closed.is_some() { "end" } else { "so far" });
    match &summary.closed {
        Some((_, closed)) => {
            event::write_closed(page, closed);
            for side in [Side::Client, Side::Server] {
                if let Some(compressed) = compressed(summary.compressed[side]) {
                    page.fact(&format!("inflated, {}", side.name()), &compressed, page.theme.text);
                }
            }
        }
        None => traffic(page, summary),
    }
}

/// What compression makes of a side's frames.
fn compressed(compressed: Compressed) -> Option<String> {
    let Compressed { packed, inflated } = compressed;
    let (from, to) = (text::byte_count(packed), text::byte_count(inflated));
    let share = u128::from(packed) * 100 / u128::from(inflated.max(1));
    (packed > 0).then(|| format!("{from} of compressed payload hold {to} ({share} %)"))
}

fn state(summary: &SessionSummary) -> String {
    match (&summary.state, &summary.answered) {
        (SessionState::Refused(_), Some((status, _))) => format!("answered with {status} by wsproxy"),
        (SessionState::Opening, _) => "the answer is awaited".to_owned(),
        (SessionState::Open, _) => "open".to_owned(),
        (SessionState::Refused(Some(status)), _) => format!("refused with {status}"),
        (SessionState::Refused(None), _) => "the answer was no HTTP".to_owned(),
        (SessionState::Closed, _) => "closed".to_owned(),
    }
}

fn facts(page: &mut Page<'_>, summary: &SessionSummary) {
    let theme = page.theme;
    if let Some(client) = summary.client {
        page.fact("client", &client.to_string(), theme.text);
    }
    page.fact_bytes("target", &summary.path, theme.text);
    let request = summary.request.as_ref().map(|head| Head::new(&head.bytes));
    if let Some(open) = &summary.open {
        handshake::write_open(page, open, request);
    } else if let Some(head) = &summary.request {
        page.fact("dialect", head.dialect.facts().name, theme.text);
    }
    if let Some((_, reason)) = &summary.answered {
        page.fact_bytes("because", reason.as_bytes(), theme.warning);
    }
}

/// When it began, how soon it was answered, how long it lasted.
fn times(page: &mut Page<'_>, summary: &SessionSummary, zone: &TimeZone) {
    let theme = page.theme;
    page.fact("opened", &clock::stamp(summary.opened, zone), theme.text);
    let after = |time: &Time| format!("after {}", clock::delta(summary.opened, *time).trim_start_matches('+'));
    if let Some(responded) = &summary.responded {
        page.fact("response", &after(responded), theme.text);
    }
    if let Some((closed, _)) = &summary.closed {
        page.fact("closed", &format!("{} · {}", clock::stamp(*closed, zone), after(closed)), theme.text);
    }
}

fn traffic(page: &mut Page<'_>, summary: &SessionSummary) {
    let theme = page.theme;
    for side in [Side::Client, Side::Server] {
        let (frames, payload) = (summary.frames[side], text::byte_count(summary.payload[side]));
        let count = if frames == 1 { "1 frame".to_owned() } else { format!("{frames} frames") };
        page.fact(&format!("from {}", side.name()), &format!("{count}, {payload} of payload"), theme.text);
        if let Some(compressed) = compressed(summary.compressed[side]) {
            page.fact("  inflated", &compressed, theme.text);
        }
        if let Some(how) = summary.ended[side] {
            page.fact("  ended", event::ending(how), theme.text);
        }
    }
}

fn findings(page: &mut Page<'_>, summary: &SessionSummary) {
    if summary.findings.is_empty() {
        return;
    }
    page.title("findings");
    for (_, from, found) in &summary.findings {
        let entry = words(found.kind);
        page.set_indent(2);
        page.words(&format!("{}[{}]:", entry.level.name(), found.kind.id()), finding::level(page.theme, entry.level));
        page.words(&format!(" {} (from the {})", entry.title, from.name()), page.theme.text);
        page.end_row();
    }
    if let Some(words) = trouble::earlier_findings([summary]) {
        page.row(&words, page.theme.dim);
    }
}
