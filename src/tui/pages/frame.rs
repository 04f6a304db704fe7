//! A frame: what it is, its header, what a close says, its payload. And raw bytes, which are no frame.

use ratatui::text::Line;

use crate::journal::SessionSummary;
use crate::record::{FrameRecord, Log, Origin, RawRecord};
use crate::wire::challenge;
use crate::wire::close::{CloseBody, Code};
use crate::wire::dialect::Framing;
use crate::wire::opcode::Opcode;

use super::content::Content;
use super::page::Page;
use super::{DetailOptions, HeaderShown, header, relayed, way};

/// Bytes of hixie-76's challenge behind the request's head, and of its answer.
const KEY3: u64 = 8;
const PROOF: u64 = challenge::RESPONSE as u64;

pub(super) fn write(
    page: &mut Page<'_>,
    record: &FrameRecord,
    content: &Content,
    when: &str,
    beside: Vec<Line<'static>>,
    options: &DetailOptions<'_>,
) {
    let is_complete = content.received >= record.header.length;
    let compact = options.header == HeaderShown::Compact;
    if compact {
        header::summary(page, &record.header, record.from, content.message());
        kept(page, record, content);
    } else {
        page.title(&format!("frame {} · {} · {}", record.number, way(record.from), record.header.opcode()));
        page.row(when, page.theme.dim);
        if is_complete {
            page.row(&super::bytes(record.header.length), page.theme.text);
        }
        kept(page, record, content);
    }
    origin(page, record.origin);
    relayed::rules(page, content.ruled());
    relayed::write(page, content.relayed(record.relayed), content.released(), content.sent(), beside);
    if let Some(pair) = options.pair {
        pair.write(page);
    }
    if !compact {
        header::write(page, &record.header, record.from, content.message());
    }
    if record.header.opcode() == Opcode::CLOSE && record.header.rsv() == 0 && !record.header.is_hixie() {
        if !compact {
            page.title("close");
        }
        closing(page, content.own(), is_complete);
    }
}

/// Raw bytes of a session: what they are, as far as its handshake tells.
pub(super) fn write_raw(
    page: &mut Page<'_>,
    raw: &RawRecord,
    log: &Log,
    summary: Option<&SessionSummary>,
    when: &str,
    options: &DetailOptions<'_>,
) -> Content {
    page.title(&format!("raw bytes · {}", way(raw.from)));
    let kept = log.span(raw.kept);
    if options.header == HeaderShown::Full {
        page.row(when, page.theme.dim);
        page.row(&super::bytes(raw.length), page.theme.text);
    }
    if raw.length > kept.len() as u64 {
        page.row(&format!("the first {} are kept", kept.len()), page.theme.warning);
    }
    origin(page, raw.origin);
    page.row(&what(raw, summary), page.theme.note);
    Content::raw(kept)
}

/// What is missing of a frame.
fn kept(page: &mut Page<'_>, record: &FrameRecord, content: &Content) {
    let (received, kept) = (content.received, content.own().len() as u64);
    if received < record.header.length {
        let length = super::bytes(record.header.length);
        page.row(&format!("{received} of {length} have come"), page.theme.warning);
    }
    if received > kept {
        page.row(&format!("the first {} are kept", super::bytes(kept)), page.theme.warning);
    }
}

fn origin(page: &mut Page<'_>, origin: Origin) {
    match origin {
        Origin::Peer => {}
        Origin::Injected => page.row("injected by you", page.theme.injected),
        Origin::Rule => page.row("sent by a rule of yours", page.theme.injected),
        Origin::Proxy => page.row("sent by wsproxy itself, to end the session properly", page.theme.injected),
    }
}

fn closing(page: &mut Page<'_>, payload: &[u8], is_complete: bool) {
    match CloseBody::parse(payload) {
        CloseBody::Empty if !is_complete => page.row("the code has not come yet", page.theme.dim),
        CloseBody::Empty => page.row("no code: the receiver reports 1005, no status received", page.theme.text),
        CloseBody::Short(byte) => {
            page.row(&format!("a single byte, {byte:02x}, which can be no code"), page.theme.warning);
        }
        CloseBody::Code { code, reason } => {
            code_facts(page, code);
            reason_fact(page, reason);
        }
    }
}

/// A close code by number, name and meaning.
pub(super) fn code_facts(page: &mut Page<'_>, code: Code) {
    page.fact("code", &format!("{code} {}", code.name()), page.theme.bold);
    page.fact("meaning", code.meaning(), page.theme.text);
    if !code.is_sendable() {
        page.fact("", "may not stand in a close frame (RFC 6455 7.4)", page.theme.warning);
    }
}

/// A close frame's reason.
pub(super) fn reason_fact(page: &mut Page<'_>, reason: &[u8]) {
    if reason.is_empty() {
        page.fact("reason", "none given", page.theme.dim);
    } else {
        page.fact_bytes("reason", reason, page.theme.text);
    }
}

fn what(raw: &RawRecord, summary: Option<&SessionSummary>) -> String {
    if raw.origin == Origin::Injected {
        return "more or less than one whole frame".to_owned();
    }
    let Some(summary) = summary else { return "bytes that are no frames".to_owned() };
    match (&summary.open, &summary.response) {
        (Some(open), _) if open.dialect_client.facts().has_keys && matches!(raw.length, KEY3 | PROOF) => {
            "the challenge of hixie-76 or its answer: they belong to the heads and are no frames".to_owned()
        }
        (Some(open), _) if open.dialect_client.facts().framing == Framing::Raw => {
            format!("{} is not decoded: relayed and shown as it came", open.dialect_client.facts().name)
        }
        (Some(_), _) => "bytes that are no frames: this lane lost its framing, and is relayed as it comes".to_owned(),
        (None, Some(_)) => "no frames: the handshake's answer was not 101; this is what follows its head".to_owned(),
        (None, None) => "no frames: there was no handshake".to_owned(),
    }
}
