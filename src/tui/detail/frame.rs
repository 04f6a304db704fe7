//! A frame: what it is, its header, what a close says, its payload. And raw bytes, which are no frame.

use std::borrow::Cow;

use crate::journal::{Frame, SessionSummary};
use crate::relay::observation::{Observations, Origin, RawRecord, Relayed};
use crate::wire::close::{self, CloseBody};
use crate::wire::dialect::Framing;
use crate::wire::opcode::Opcode;

use super::body::{self, Body};
use super::hex::Hex;
use super::page::Page;
use super::{DetailOptions, header, way};

pub(super) fn write<'a>(page: &mut Page<'_>, frame: Frame<'a>, options: &DetailOptions<'_>) -> Option<Hex<'a>> {
    let record = *frame.record;
    page.title(&format!("frame {} · {} · {}", record.number, way(record.from), record.header.opcode()));
    arrived(page, &frame);
    origin(page, record.origin);
    if record.relayed == Relayed::Dropped {
        page.row("not sent on: wsproxy was ending the session", page.theme.warning);
    }
    header::write(page, &record.header, record.from);
    if record.header.opcode() == Opcode::CLOSE && record.header.rsv() == 0 {
        closing(page, &frame);
    }
    body::write(page, Body::of_frame(frame), options)
}

/// Raw bytes of a session: what they are, as far as its handshake tells.
pub(super) fn write_raw<'a>(
    page: &mut Page<'_>,
    raw: &RawRecord,
    log: &'a Observations,
    summary: Option<&SessionSummary>,
    options: &DetailOptions<'_>,
) -> Option<Hex<'a>> {
    page.title(&format!("raw bytes · {}", way(raw.from)));
    let kept = log.span(raw.kept);
    page.row(&super::bytes(raw.length), page.theme.text);
    if raw.length > kept.len() as u64 {
        page.row(&format!("the first {} are kept", kept.len()), page.theme.warning);
    }
    origin(page, raw.origin);
    page.row(&what(raw, summary), page.theme.note);
    body::write(page, Body::raw(Cow::Borrowed(kept)), options)
}

fn arrived(page: &mut Page<'_>, frame: &Frame<'_>) {
    let length = frame.record.header.length;
    if frame.is_complete() {
        page.row(&super::bytes(length), page.theme.text);
    } else {
        page.row(&format!("{} of {} have come", frame.received, super::bytes(length)), page.theme.warning);
    }
    if frame.is_truncated() {
        page.row(&format!("the first {} are kept", super::bytes(frame.wire.len() as u64)), page.theme.warning);
    }
}

fn origin(page: &mut Page<'_>, origin: Origin) {
    match origin {
        Origin::Peer => {}
        Origin::Injected => page.row("injected by you", page.theme.injected),
        Origin::Proxy => page.row("sent by wsproxy itself, to end the session properly", page.theme.injected),
    }
}

fn closing(page: &mut Page<'_>, frame: &Frame<'_>) {
    page.title("close");
    match CloseBody::parse(&frame.payload()) {
        CloseBody::Empty if !frame.is_complete() => page.row("the code has not come yet", page.theme.dim),
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
pub(super) fn code_facts(page: &mut Page<'_>, code: u16) {
    let known = close::code(code);
    page.fact("code", &format!("{code} {}", known.name), page.theme.bold);
    page.fact("meaning", known.meaning, page.theme.text);
    if !known.sendable {
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
        (Some(open), _) if open.dialect_client.facts().framing == Framing::Raw => {
            format!("{} is not decoded: relayed and shown as it came", open.dialect_client.facts().name)
        }
        (Some(_), _) => "bytes that are no frames: this lane lost its framing, and is relayed as it comes".to_owned(),
        (None, Some(_)) => "no frames: the handshake's answer was not 101; this is what follows its head".to_owned(),
        (None, None) => "no frames: there was no handshake".to_owned(),
    }
}
