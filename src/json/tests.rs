//! docs/json.md against real output: each event with each of its fields, in both directions.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::decode::{Limits, Payload};
use crate::doctor::{Attempt, Check, Mark, Report, Spoken, Timing};
use crate::record::finding::{Level, Place as At};
use crate::record::{
    By, ClosedBy, ClosedEvent, ClosedHow, Ending, FrameNumber, FrameRecord, HeadEvent, HeadHeldEvent, HeldEvent,
    InflatedEvent, OpenEvent, Origin, Policy, ProxyEvent, Relayed, ReleasedBy, RuledEvent, Span, Stall, StallKind,
    Waits,
};
use crate::wire::accept::AcceptCheck;
use crate::wire::close::Code;
use crate::wire::dialect::Dialect;
use crate::wire::frame::FrameHeader;
use crate::wire::opcode::Opcode;

const NOW: Time = Time(1_767_323_045_678_901);

/// What each event has, by its name.
type Fields = BTreeMap<String, BTreeSet<String>>;

#[test]
fn the_document_has_each_event_with_each_of_its_fields_and_no_other() {
    let (printed, documented) = (printed(), documented(include_str!("../../docs/json.md")));
    let names = |fields: &Fields| fields.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&printed), names(&documented), "events: printed, and in docs/json.md");
    for (event, fields) in &printed {
        assert_eq!(fields, &documented[event], "fields of `{event}`: printed, and in docs/json.md");
    }
}

#[test]
fn the_samples_have_each_field_that_there_is() {
    let printed = printed();
    let declared = declared(include_str!("line.rs"));
    assert!(declared.len() > 15, "`enum Line` is not where it was: {declared:?}");
    for (event, fields) in declared {
        assert_eq!(fields, top(&printed[&event]), "fields of `{event}`: declared, and printed by the samples");
    }
}

/// Adds a value's keys: `at` and `at.offset`, and `checks[].name` for what is in a list. The keys of `findings` are ids,
/// and those of a map are no fields.
fn paths(prefix: &str, value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                if path != "findings" {
                    paths(&path, value, out);
                }
                out.insert(path);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| paths(&format!("{prefix}[]"), value, out)),
        _ => {}
    }
}

fn top(fields: &BTreeSet<String>) -> BTreeSet<String> {
    fields.iter().filter(|field| !field.contains(['.', '['])).cloned().collect()
}

/// The fields of all that is printed.
fn printed() -> Fields {
    let mut fields = Fields::new();
    for line in String::from_utf8(samples()).unwrap().lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        let of_event = fields.entry(value["event"].as_str().unwrap().to_owned()).or_default();
        let mut all = BTreeSet::new();
        paths("", &value, &mut all);
        assert!(all.remove("v") && all.remove("event"), "{line}");
        of_event.extend(all);
    }
    fields
}

/// The fields in the document's table: what is in backticks in the third column, but for what is in parentheses.
fn documented(document: &str) -> Fields {
    let rows = document.lines().filter(|line| line.starts_with("| `"));
    let rows = rows.map(|row| {
        let [_, event, _, fields, _] = row.split('|').collect::<Vec<_>>().try_into().unwrap();
        (event.trim().trim_matches('`').to_owned(), in_backticks(&outside_of_parentheses(fields)))
    });
    rows.collect()
}

fn outside_of_parentheses(text: &str) -> String {
    let mut depth = 0;
    text.chars()
        .filter(|character| {
            depth += i32::from(*character == '(') - i32::from(*character == ')');
            depth == 0
        })
        .collect()
}

fn in_backticks(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The events and fields of `enum Line`. A field that is seldom written is easily forgotten among the samples.
fn declared(source: &str) -> Fields {
    let (_, rest) = source.split_once("\npub(super) enum Line<'a> {\n").unwrap();
    let (body, _) = rest.split_once("\n}\n").unwrap();
    let mut fields = Fields::new();
    let mut event = String::new();
    for line in body.lines() {
        if let Some(name) = line.strip_suffix(" {") {
            event = snake_case(name.trim());
        } else if let Some((name, _)) = line.split_once(": ").filter(|_| !line.trim_start().starts_with(['#', '/'])) {
            fields.entry(event.clone()).or_default().insert(name.trim().to_owned());
        }
    }
    fields
}

fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(character.to_ascii_lowercase());
    }
    out
}

/// A line, or some, of each kind.
fn samples() -> Vec<u8> {
    let mut out = Vec::new();
    let mut print = |what: What<'_>| write(&Item { session: Some(SessionId(7)), time: NOW, what }, &mut out);
    let mut happened = Some(first());
    while let Some(event) = happened {
        print(What::Event(&event));
        happened = next(&event);
    }
    let mut happened = Some(first_of_proxy());
    while let Some(event) = happened {
        print(What::Proxy(&event));
        happened = next_of_proxy(&event);
    }
    let sent = [(By::Repair, &b"\x81\x01H"[..]), (By::Bridge, b"\x80\x00\x81\x01H")];
    for ((first, inflated), sent) in [(0x81, None), (0xc1, Some(b"Hello".to_vec()))].into_iter().zip(sent) {
        let sent = Some((sent.0, Cow::Borrowed(sent.1)));
        let header = FrameHeader { first, ..FrameHeader::new(Opcode::TEXT, 5, Some([1, 2, 3, 4])) };
        let record = frame(header);
        let payload = Cow::Borrowed(&b"Hello"[..]);
        let json = Payload::text(br#"{"id":1}"#);
        let decoded = Decoder::Json.read(Side::Client, json, &Limits::ROW).unwrap();
        let decoded = Some((Decoder::Json, decoded));
        print(What::Frame(FrameItem { record: &record, received: 5, payload, inflated, sent, decoded }));
    }
    let frames = vec![FrameNumber::FIRST];
    for bytes in [b"\x81\x01H".to_vec(), vec![0x82, 1, 0xff]] {
        let (from, how, by) = (Side::Client, ReleasedHow::Edited, ReleasedBy::User);
        let released = ReleasedEvent { frames: frames.clone(), from, how, by };
        print(What::Released(&released, Some((By::User, bytes))));
    }
    let kept = Span::default();
    print(What::Raw(&RawRecord { time: NOW, from: Side::Server, kept, length: 9, origin: Origin::Peer }, b"no frame"));
    lost(3, &mut out);
    summary(&Totals::default(), &BTreeMap::from([(FindingKind::HttpExtraCrlf, 1)]), &mut out);
    doctor::write(&report(), &mut out);
    explanation::finding(FindingKind::HttpExtraCrlf, &mut out);
    out
}

fn frame(header: FrameHeader) -> FrameRecord {
    let (from, origin, relayed) = (Side::Client, Origin::Peer, Relayed::AsIs);
    FrameRecord {
        time: NOW,
        number: FrameNumber::FIRST,
        header,
        kept: Span::default(),
        received: header.length,
        from,
        origin,
        relayed,
    }
}

fn first() -> Event {
    Event::SessionOpened { client: SocketAddr::from((Ipv4Addr::LOCALHOST, 50_000)), path: b"/\xff?token=x".to_vec() }
}

/// The sample behind another, each with all that it can have. A kind of event without one does not compile.
fn next(event: &Event) -> Option<Event> {
    Some(match event {
        Event::SessionOpened { .. } => Event::Head(HeadEvent {
            from: Side::Server,
            bytes: b"HTTP/1.1 101 x\r\nSet-Cookie: a=b\r\n\r\n".to_vec(),
            forwarded: b"HTTP/1.1 101 x\r\n\r\n".to_vec(),
            changes: Vec::new(),
            is_edited: true,
            dialect: Dialect::Rfc6455,
            status: Some(101),
            complete: true,
        }),
        Event::Head(_) => Event::Open(OpenEvent {
            dialect_client: Dialect::Rfc6455,
            dialect_server: Dialect::Rfc6455,
            subprotocol: Some(b"chat\xff".to_vec()),
            extensions: Some(b"x-\xff".to_vec()),
            accept: AcceptCheck::NoKey,
        }),
        Event::Open(_) => Event::Finding(Side::Server, Finding::new(FindingKind::HttpExtraCrlf, At::Head)),
        Event::Finding(..) => Event::Inflated(InflatedEvent {
            frame: FrameNumber::FIRST,
            from: Side::Client,
            bytes: b"Hello".to_vec(),
            length: 5,
            packed: 7,
        }),
        Event::Inflated(_) => Event::Held(HeldEvent {
            held: 1,
            frame: FrameNumber::FIRST,
            from: Side::Client,
            length: 5,
            waits: Waits::User,
            query: "op:text".into(),
        }),
        Event::Held(_) => Event::Released(ReleasedEvent {
            frames: vec![FrameNumber::FIRST, FrameNumber::new(3)],
            from: Side::Client,
            how: ReleasedHow::Edited,
            by: ReleasedBy::User,
        }),
        Event::Released(_) => Event::HeadHeld(HeadHeldEvent {
            from: Side::Server,
            bytes: b"HTTP/1.1 101 x\r\n\r\n".to_vec(),
            query: "is:head".into(),
        }),
        Event::HeadHeld(_) => Event::HeadReleased { from: Side::Server, how: ReleasedHow::AsIs, by: ReleasedBy::Limit },
        Event::HeadReleased { .. } => Event::Ruled(RuledEvent {
            frame: Some(FrameNumber::FIRST),
            from: Side::Client,
            rule: "slow".into(),
            what: "delayed by 200 ms".into(),
        }),
        Event::Ruled(_) => Event::Verdict(Verdict { differs: true, ..Verdict::fails("x", None) }),
        Event::Verdict(_) => Event::Stall {
            stall: Stall {
                kind: StallKind::ShortFrame,
                lane: Side::Server,
                since: NOW,
                frame: Some(FrameNumber::FIRST),
                header: None,
                progress: Some((3, 4)),
            },
            over: false,
        },
        Event::Stall { .. } => Event::Answered { status: 502, reason: "nobody listens".into() },
        Event::Answered { .. } => Event::Ended { from: Side::Client, how: Ending::Fin },
        Event::Ended { .. } => Event::SessionClosed(ClosedEvent {
            by: ClosedBy::User,
            how: ClosedHow::CloseFrame,
            code: Some(Code::NORMAL),
            reason: b"bye\xff".to_vec(),
            frames: PerSide::new(1, 2),
            bytes: PerSide::new(3, 4),
        }),
        Event::SessionClosed(_) => Event::Note(Level::Note, "hello".into()),
        Event::Note(..) => return None,
    })
}

fn first_of_proxy() -> ProxyEvent {
    let addresses = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 9000))];
    ProxyEvent::Listening { addresses, upstream: "ws://localhost:9999".into(), policy: Policy::Faithful }
}

/// As `next`, for what belongs to no session.
fn next_of_proxy(event: &ProxyEvent) -> Option<ProxyEvent> {
    Some(match event {
        ProxyEvent::Listening { .. } => ProxyEvent::Upstream { trouble: Some("nobody listens".into()) },
        ProxyEvent::Upstream { .. } => {
            ProxyEvent::Finding(Side::Client, Finding::new(FindingKind::HttpExtraCrlf, At::Head))
        }
        ProxyEvent::Finding(..) => ProxyEvent::Answered { status: 400, reason: "no request".into() },
        ProxyEvent::Answered { .. } => ProxyEvent::Http { method: "GET".into(), path: "/".into(), status: 200 },
        ProxyEvent::Http { .. } => ProxyEvent::Note(Level::Note, "hello".into()),
        ProxyEvent::Note(..) => return None,
    })
}

fn report() -> Report {
    let mut report = Report::of_no_connection("ws://localhost:9999/".into(), "connect", "x", "nobody; start it");
    let time = Some(Duration::from_micros(1));
    report.timing = Timing { connect: time, tls: time, response: time, first_message: time };
    report.checks = vec![Check { name: "connect", mark: Mark::Bad, words: "nobody".into(), fix: None }];
    report.attempts = vec![Attempt { dialect: Dialect::Hybi08, spoken: Spoken::No, why: "nobody".into() }];
    report
}
