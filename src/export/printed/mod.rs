//! What a printer makes of logs: golden lines, the contract for scripts and what people read.

mod json;
mod lines;
mod reading;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{Format, Printer};
use crate::decode::{Ask, Choice, Decoder, Payload, Preference, Program, Runner, Schema, Silence};
use crate::diagnose::{self, NoResponse};
use crate::query::Query;
use crate::record::finding::{Finding, FindingKind, Level, Place};
use crate::record::{
    By, Change, ClosedBy, ClosedEvent, ClosedHow, Ending, Event, FrameNumber, FrameRecord, HeadEvent, InflatedEvent,
    Log, MoreRecord, OpenEvent, Origin, PerSide, Policy, ProxyEvent, RawRecord, Record, Relayed, SessionId, Side, Span,
    Time, Verdict,
};
use crate::text;
use crate::wire::accept::AcceptCheck;
use crate::wire::close::Code;
use crate::wire::dialect::Dialect;
use crate::wire::frame::FrameHeader;
use crate::wire::mask;
use crate::wire::opcode::Opcode;

/// 2026-01-02T03:04:05.678901Z.
pub(crate) const NOW: Time = Time(1_767_323_045_678_901);

pub(crate) const KEY: [u8; 4] = [1, 2, 3, 4];

pub(crate) fn client() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 50_000))
}

pub(crate) fn event(event: Event) -> Log {
    let mut log = Log::default();
    log.event(NOW, event);
    log
}

pub(crate) fn proxy(event: ProxyEvent) -> Log {
    let mut log = Log::default();
    log.proxy(NOW, event);
    log
}

pub(crate) fn keep(log: &mut Log, bytes: &[u8]) -> Span {
    log.keep(bytes)
}

/// A frame of which the first `came` bytes are in the log.
pub(crate) fn frame(from: Side, number: u64, header: FrameHeader, payload: &[u8], came: usize) -> Log {
    let mut log = Log::default();
    let mut wire = payload.to_vec();
    mask::apply(header.mask.unwrap_or_default(), 0, &mut wire);
    let kept = keep(&mut log, &wire[..came]);
    let received = came as u64;
    let number = FrameNumber::new(number);
    let record =
        FrameRecord { time: NOW, number, header, kept, received, from, origin: Origin::Peer, relayed: Relayed::AsIs };
    log.records.push(Record::Frame(record));
    log
}

pub(crate) fn more(from: Side, number: u64, wire: &[u8], received: u64) -> Log {
    let mut log = Log::default();
    let kept = keep(&mut log, wire);
    let (number, added) = (FrameNumber::new(number), wire.len() as u64);
    log.records.push(Record::More(MoreRecord { time: NOW, number, from, kept, added, received }));
    log
}

pub(crate) fn whole(from: Side, opcode: Opcode, payload: &[u8]) -> Log {
    let key = (from == Side::Client).then_some(KEY);
    frame(from, 1, FrameHeader::new(opcode, payload.len() as u64, key), payload, payload.len())
}

pub(crate) fn print_into(printer: &mut Printer, session: Option<u64>, log: Log) -> String {
    let mut out = Vec::new();
    printer.log(session.map(SessionId), &log, &mut out);
    String::from_utf8(out).unwrap()
}

pub(crate) fn json(log: Log) -> String {
    print_into(&mut Printer::new(Format::JsonLines, TimeZone::UTC), Some(7), log)
}

pub(crate) fn line(log: Log) -> String {
    print_into(&mut Printer::new(Format::Text, TimeZone::UTC), Some(7), log)
}

pub(crate) fn head(from: Side, bytes: &[u8], status: Option<u16>) -> Event {
    let host = Change { field: "Host".into(), from: b"a".to_vec(), to: b"b".to_vec() };
    Event::Head(HeadEvent {
        from,
        bytes: bytes.to_vec(),
        forwarded: bytes.to_vec(),
        is_edited: false,
        changes: if from == Side::Client { vec![host] } else { Vec::new() },
        dialect: Dialect::Rfc6455,
        status,
        complete: true,
    })
}

pub(crate) fn open(subprotocol: Option<&[u8]>) -> Event {
    Event::Open(OpenEvent {
        dialect_client: Dialect::Rfc6455,
        dialect_server: Dialect::Rfc6455,
        subprotocol: subprotocol.map(<[u8]>::to_vec),
        extensions: None,
        accept: AcceptCheck::NoKey,
    })
}

pub(crate) fn finding(from: Side) -> Event {
    let finding = Finding {
        at: 97,
        length: 3,
        window: b": abc\r\n".to_vec(),
        window_at: 95,
        ..Finding::new(FindingKind::RespAcceptMismatch, Place::Head).detail("the key asks for x=, the server sent abc")
    };
    Event::Finding(from, finding)
}

pub(crate) fn closed(reason: &[u8]) -> Event {
    Event::SessionClosed(ClosedEvent {
        by: ClosedBy::Peer(Side::Server),
        how: ClosedHow::CloseFrame,
        code: Some(Code::NORMAL),
        reason: reason.to_vec(),
        frames: PerSide::new(1, 2),
        bytes: PerSide::new(300, 4000),
    })
}
