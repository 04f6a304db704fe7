//! Golden lines: the contract for scripts, and what people read.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
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
const NOW: Time = Time(1_767_323_045_678_901);

const KEY: [u8; 4] = [1, 2, 3, 4];

fn client() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 50_000))
}

fn event(event: Event) -> Log {
    let mut log = Log::default();
    log.event(NOW, event);
    log
}

fn proxy(event: ProxyEvent) -> Log {
    let mut log = Log::default();
    log.proxy(NOW, event);
    log
}

fn keep(log: &mut Log, bytes: &[u8]) -> Span {
    log.keep(bytes)
}

/// A frame of which the first `came` bytes are in the log.
fn frame(from: Side, number: u64, header: FrameHeader, payload: &[u8], came: usize) -> Log {
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

fn more(from: Side, number: u64, wire: &[u8], received: u64) -> Log {
    let mut log = Log::default();
    let kept = keep(&mut log, wire);
    let (number, added) = (FrameNumber::new(number), wire.len() as u64);
    log.records.push(Record::More(MoreRecord { time: NOW, number, from, kept, added, received }));
    log
}

fn whole(from: Side, opcode: Opcode, payload: &[u8]) -> Log {
    let key = (from == Side::Client).then_some(KEY);
    frame(from, 1, FrameHeader::new(opcode, payload.len() as u64, key), payload, payload.len())
}

fn print_into(printer: &mut Printer, session: Option<u64>, log: Log) -> String {
    let mut out = Vec::new();
    printer.log(session.map(SessionId), &log, &mut out);
    String::from_utf8(out).unwrap()
}

fn json(log: Log) -> String {
    print_into(&mut Printer::new(Format::Json, TimeZone::UTC), Some(7), log)
}

fn line(log: Log) -> String {
    print_into(&mut Printer::new(Format::Text, TimeZone::UTC), Some(7), log)
}

fn head(from: Side, bytes: &[u8], status: Option<u16>) -> Event {
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

fn open(subprotocol: Option<&[u8]>) -> Event {
    Event::Open(OpenEvent {
        dialect_client: Dialect::Rfc6455,
        dialect_server: Dialect::Rfc6455,
        subprotocol: subprotocol.map(<[u8]>::to_vec),
        extensions: None,
        accept: AcceptCheck::NoKey,
    })
}

fn finding(from: Side) -> Event {
    let finding = Finding {
        at: 97,
        length: 3,
        window: b": abc\r\n".to_vec(),
        window_at: 95,
        ..Finding::new(FindingKind::RespAcceptMismatch, Place::Head).detail("the key asks for x=, the server sent abc")
    };
    Event::Finding(from, finding)
}

fn closed(reason: &[u8]) -> Event {
    Event::SessionClosed(ClosedEvent {
        by: ClosedBy::Peer(Side::Server),
        how: ClosedHow::CloseFrame,
        code: Some(Code::NORMAL),
        reason: reason.to_vec(),
        frames: PerSide::new(1, 2),
        bytes: PerSide::new(300, 4000),
    })
}

#[test]
fn json_listening_has_a_line_for_each_address() {
    let addresses = vec!["127.0.0.1:9000".parse().unwrap(), "[::1]:9000".parse().unwrap()];
    assert_eq!(
        json(proxy(ProxyEvent::Listening {
            addresses,
            upstream: "ws://localhost:9999".into(),
            policy: Default::default()
        })),
        concat!(
            r#"{"v":1,"event":"listening","addr":"127.0.0.1:9000","upstream":"ws://localhost:9999","policy":"faithful"}"#,
            "\n",
            r#"{"v":1,"event":"listening","addr":"[::1]:9000","upstream":"ws://localhost:9999","policy":"faithful"}"#,
            "\n"
        )
    );
}

#[test]
fn json_has_the_fields_of_the_contract_in_their_order() {
    let golden = [
        (
            Event::SessionOpened { client: client(), path: b"/echo".to_vec() },
            r#"{"v":1,"event":"session_opened","session":7,"time":"2026-01-02T03:04:05.678901Z","client":"127.0.0.1:50000","path":"/echo"}"#,
        ),
        (
            head(Side::Client, b"GET / HTTP/1.1\r\n\r\n", None),
            r#"{"v":1,"event":"head","session":7,"time":"2026-01-02T03:04:05.678901Z","from":"client","dialect":"rfc6455","status":null,"bytes":"R0VUIC8gSFRUUC8xLjENCg0K","changed":["Host"],"complete":true}"#,
        ),
        (
            head(Side::Server, b"HTTP/1.1 101 x\r\n\r\n", Some(101)),
            r#"{"v":1,"event":"head","session":7,"time":"2026-01-02T03:04:05.678901Z","from":"server","dialect":"rfc6455","status":101,"bytes":"SFRUUC8xLjEgMTAxIHgNCg0K","changed":[],"complete":true}"#,
        ),
        (
            open(Some(b"chat")),
            r#"{"v":1,"event":"open","session":7,"time":"2026-01-02T03:04:05.678901Z","dialect_client":"rfc6455","dialect_server":"rfc6455","subprotocol":"chat","extensions":null}"#,
        ),
        (
            Event::Answered { status: 502, reason: "refused".into() },
            r#"{"v":1,"event":"answered","session":7,"time":"2026-01-02T03:04:05.678901Z","status":502,"reason":"refused"}"#,
        ),
        (
            Event::Ended { from: Side::Server, how: Ending::Reset },
            r#"{"v":1,"event":"ended","session":7,"time":"2026-01-02T03:04:05.678901Z","from":"server","how":"RST"}"#,
        ),
        (
            closed(b"bye"),
            r#"{"v":1,"event":"session_closed","session":7,"time":"2026-01-02T03:04:05.678901Z","by":"server","how":"close frame","code":1000,"reason":"bye","frames":{"client":1,"server":2},"bytes":{"client":300,"server":4000}}"#,
        ),
        (
            Event::Note(Level::Warning, "wide".into()),
            r#"{"v":1,"event":"note","session":7,"time":"2026-01-02T03:04:05.678901Z","level":"warning","message":"wide"}"#,
        ),
    ];
    for (given, expected) in golden {
        assert_eq!(json(event(given)), format!("{expected}\n"));
    }
    let golden_of_proxy = [
        (
            ProxyEvent::Http { method: "GET".into(), path: "/".into(), status: 200 },
            r#"{"v":1,"event":"http","time":"2026-01-02T03:04:05.678901Z","method":"GET","path":"/","status":200}"#,
        ),
        (
            ProxyEvent::Upstream { trouble: None },
            r#"{"v":1,"event":"upstream","time":"2026-01-02T03:04:05.678901Z","ok":true,"reason":null}"#,
        ),
        (
            ProxyEvent::Answered { status: 503, reason: "full".into() },
            r#"{"v":1,"event":"answered","session":null,"time":"2026-01-02T03:04:05.678901Z","status":503,"reason":"full"}"#,
        ),
        (
            ProxyEvent::Note(Level::Warning, "wide".into()),
            r#"{"v":1,"event":"note","session":null,"time":"2026-01-02T03:04:05.678901Z","level":"warning","message":"wide"}"#,
        ),
    ];
    for (given, expected) in golden_of_proxy {
        assert_eq!(json(proxy(given)), format!("{expected}\n"));
    }
}

#[test]
fn json_has_the_bytes_of_what_is_not_utf_8_beside_it() {
    let path = Event::SessionOpened { client: client(), path: b"/\xff".to_vec() };
    let broken = [(path, "path", "/\u{fffd}", "L/8="), (closed(b"\xff"), "reason", "\u{fffd}", "/w==")];
    let broken = broken.into_iter().chain([(open(Some(b"\xff")), "subprotocol", "\u{fffd}", "/w==")]);
    for (given, field, text, bytes) in broken {
        let told: serde_json::Value = serde_json::from_str(&json(event(given))).unwrap();
        assert_eq!((&told[field], &told[format!("{field}_bytes")]), (&text.into(), &bytes.into()));
    }
}

#[test]
fn json_frames_have_text_or_a_payload() {
    assert_eq!(
        json(whole(Side::Client, Opcode::TEXT, b"Hello")),
        concat!(
            r#"{"v":1,"event":"frame","session":7,"frame":1,"time":"2026-01-02T03:04:05.678901Z","from":"client","opcode":"text","fin":true,"rsv":0,"masked":true,"mask_key":"01020304","length":5,"length_form":7,"text":"Hello","truncated":false,"origin":"peer","relayed":"as-is"}"#,
            "\n"
        )
    );
    assert_eq!(
        json(whole(Side::Server, Opcode::new(3), &[0; 3])),
        concat!(
            r#"{"v":1,"event":"frame","session":7,"frame":1,"time":"2026-01-02T03:04:05.678901Z","from":"server","opcode":"0x3","fin":true,"rsv":0,"masked":false,"mask_key":null,"length":3,"length_form":7,"payload":"AAAA","truncated":false,"origin":"peer","relayed":"as-is"}"#,
            "\n"
        )
    );
    // Neither broken UTF-8 nor what an extension made of a text is text.
    assert!(json(whole(Side::Server, Opcode::TEXT, b"\xff")).contains(r#""payload":"/w==""#));
    let compressed = FrameHeader { first: 0xc1, ..FrameHeader::new(Opcode::TEXT, 1, None) };
    assert!(json(frame(Side::Server, 1, compressed, b"a", 1)).contains(r#""rsv":4"#));
    assert!(json(frame(Side::Server, 1, compressed, b"a", 1)).contains(r#""payload":"YQ==""#));
}

#[test]
fn json_raw_bytes_say_how_many_there_were() {
    let mut log = Log::default();
    let kept = keep(&mut log, b"no frames");
    let raw = RawRecord { time: NOW, from: Side::Server, kept, length: 900, origin: Origin::Peer };
    log.records.push(Record::Raw(raw));
    assert_eq!(
        json(log),
        concat!(
            r#"{"v":1,"event":"raw","session":7,"time":"2026-01-02T03:04:05.678901Z","from":"server","length":900,"payload":"bm8gZnJhbWVz","truncated":true,"origin":"peer"}"#,
            "\n"
        )
    );
}

#[test]
fn json_a_finding_and_a_verdict() {
    let told = json(event(finding(Side::Server)));
    let told = told.trim_end();
    assert!(
        told.starts_with(
            r#"{"v":1,"event":"finding","session":7,"frame":null,"time":"2026-01-02T03:04:05.678901Z","from":"server","id":"resp-accept-mismatch","level":"error","title":"the accept value does not belong to the request's key","at":{"offset":97,"length":3},"bytes":"3a206162630d0a","bytes_at":95,"detail":"the key asks for x=, the server sent abc","spec":"#
        ),
        "{told}"
    );
    let told: serde_json::Value = serde_json::from_str(told).unwrap();
    let keys: Vec<_> = told.as_object().unwrap().keys().skip(12).map(String::as_str).collect();
    assert_eq!(keys, ["detail", "spec", "chrome", "firefox", "safari", "cause", "fix", "repaired"]);
    let verdict = diagnose::of_response(b"", b"HTTP/1.1 404 Not Found\r\n\r\n", None).unwrap();
    assert_eq!(
        json(event(Event::Verdict(Verdict { finding: Some(FindingKind::RespAcceptMismatch), ..verdict }))).trim_end(),
        r#"{"v":1,"event":"verdict","session":7,"time":"2026-01-02T03:04:05.678901Z","browser":"chrome","outcome":"fails","error_text":"Error during WebSocket handshake: Unexpected response code: 404","close_code":1006,"was_clean":false,"finding":"resp-accept-mismatch","frame":null,"undelivered":null,"basis":"predicted"}"#
    );
}

#[test]
fn lines_are_aligned_and_the_arrow_s_place_is_the_direction() {
    let golden = [
        (
            event(Event::SessionOpened { client: client(), path: b"/echo".to_vec() }),
            "03:04:05.678901    7          opened       by 127.0.0.1:50000 for /echo",
        ),
        (
            event(head(Side::Client, b"GET /echo HTTP/1.1\r\n\r\n", None)),
            "03:04:05.678901    7 →        request      GET /echo HTTP/1.1 (changed: Host)",
        ),
        (
            event(head(Side::Server, b"HTTP/1.1 101 Switching Protocols\r\n\r\n", Some(101))),
            "03:04:05.678901    7  ←       response     HTTP/1.1 101 Switching Protocols",
        ),
        (event(open(Some(b"chat"))), "03:04:05.678901    7          open         rfc6455, subprotocol chat"),
        (
            whole(Side::Client, Opcode::TEXT, b"Hello"),
            "03:04:05.678901    7 →      1 text                  FIN --- MASK       5  Hello",
        ),
        (
            whole(Side::Server, Opcode::BINARY, &[0, 0xff]),
            "03:04:05.678901    7  ←     1 binary                FIN --- ----       2  00 ff",
        ),
        (
            whole(Side::Server, Opcode::CLOSE, b"\x03\xe8bye"),
            "03:04:05.678901    7  ←     1 close                 FIN --- ----       5  1000 normal closure: bye",
        ),
        (
            whole(Side::Server, Opcode::PING, b""),
            "03:04:05.678901    7  ←     1 ping                  FIN --- ----       0",
        ),
        (
            event(Event::Answered { status: 502, reason: "nobody there".into() }),
            "03:04:05.678901    7          answered     502 by wsproxy: nobody there",
        ),
        (
            event(Event::Ended { from: Side::Client, how: Ending::Fin }),
            "03:04:05.678901    7 →        ended        client with FIN",
        ),
        (
            event(closed(b"bye")),
            "03:04:05.678901    7          closed       by server, close frame: 1000 normal closure: bye; 1 frame and \
             300 B from the client, 2 frames and 4.0 kB from the server",
        ),
        (
            proxy(ProxyEvent::Http { method: "GET".into(), path: "/".into(), status: 200 }),
            "03:04:05.678901    7          http         200 GET /",
        ),
        (proxy(ProxyEvent::Upstream { trouble: None }), "03:04:05.678901    7          upstream     it answers"),
        (event(Event::Note(Level::Warning, "wide".into())), "03:04:05.678901    7          warning      wide"),
        (
            event(finding(Side::Server)),
            "03:04:05.678901    7  ←       error        resp-accept-mismatch: the accept value does not belong to the \
             request's key (the key asks for x=, the server sent abc); help: hash the key's text as it came, with the \
             GUID behind it, and encode the 20 raw bytes with base64: base64.b64encode(hashlib.sha1(key + \
             GUID).digest()); base64_encode(sha1($key . $guid, true)); crypto.createHash(\"sha1\").update(key + \
             GUID).digest(\"base64\")",
        ),
        (
            event(Event::Verdict(diagnose::of_no_response(NoResponse::Nothing))),
            "03:04:05.678901    7          verdict      chrome fails: Connection closed before receiving a handshake \
             response (the page sees close code 1006)",
        ),
    ];
    for (log, expected) in golden {
        assert_eq!(line(log), format!("{expected}\n"));
    }
}

#[test]
fn lines_say_what_became_of_a_frame() {
    for (became, word) in [(Relayed::Changed(By::Repair), "changed"), (Relayed::Dropped(By::Repair), "dropped")] {
        let mut log = whole(Side::Client, Opcode::TEXT, b"Hello");
        let Some(Record::Frame(frame)) = log.records.first_mut() else { panic!("it is a frame") };
        frame.relayed = became;
        let expected = format!("03:04:05.678901    7 →      1 text         {word}  FIN --- MASK       5  Hello\n");
        assert_eq!(line(log), expected);
    }
}

#[test]
fn a_frame_in_pieces_is_printed_once_when_it_is_whole() {
    let mut printer = Printer::new(Format::Json, TimeZone::UTC);
    let header = FrameHeader::new(Opcode::TEXT, 10, Some(KEY));
    let mut wire = b"0123456789".to_vec();
    mask::apply(KEY, 0, &mut wire);
    assert_eq!(print_into(&mut printer, Some(1), frame(Side::Client, 1, header, b"0123456789", 3)), "");
    assert_eq!(print_into(&mut printer, Some(1), more(Side::Client, 1, &wire[3..7], 7)), "");
    let other = print_into(&mut printer, Some(2), whole(Side::Client, Opcode::TEXT, b"other"));
    assert!(other.contains(r#""session":2"#), "{other}");
    let done = print_into(&mut printer, Some(1), more(Side::Client, 1, &wire[7..], 10));
    assert!(done.contains(r#""text":"0123456789","truncated":false"#), "{done}");
    assert_eq!(print_into(&mut printer, Some(1), event(closed(b""))).lines().count(), 1);
}

#[test]
fn an_unfinished_frame_is_printed_with_what_came_when_its_session_closes() {
    for format in [Format::Json, Format::Text] {
        let mut printer = Printer::new(format, TimeZone::UTC);
        let header = FrameHeader::new(Opcode::TEXT, 10, None);
        assert_eq!(print_into(&mut printer, Some(1), frame(Side::Server, 1, header, b"0123456789", 3)), "");
        let end = print_into(&mut printer, Some(1), event(closed(b"")));
        let expected = match format {
            Format::Json => r#""length":10,"length_form":7,"text":"012","truncated":true"#,
            Format::Text => "3/10  012\n",
        };
        assert!(end.contains(expected) && end.lines().count() == 2, "{end}");
    }
}

#[test]
fn what_was_lost_is_told_and_unfinished_frames_end_there() {
    let mut printer = Printer::new(Format::Json, TimeZone::UTC);
    let header = FrameHeader::new(Opcode::TEXT, 10, None);
    print_into(&mut printer, Some(1), frame(Side::Server, 1, header, b"0123456789", 3));
    let mut out = Vec::new();
    printer.lost(12, &mut out);
    let out = String::from_utf8(out).unwrap();
    assert!(out.starts_with(r#"{"v":1,"event":"frame""#), "{out}");
    assert!(out.ends_with("{\"v\":1,\"event\":\"lost\",\"records\":12}\n"), "{out}");
    assert_eq!(print_into(&mut printer, Some(1), more(Side::Server, 1, b"9", 10)), "");
}

#[test]
fn the_json_summary_counts_what_was_read_and_what_was_lost() {
    let mut printer = Printer::new(Format::Json, TimeZone::UTC);
    let mut out = Vec::new();
    print_into(&mut printer, Some(1), event(Event::SessionOpened { client: client(), path: b"/".to_vec() }));
    print_into(&mut printer, Some(1), whole(Side::Client, Opcode::TEXT, b"Hello"));
    print_into(&mut printer, Some(1), event(closed(b"")));
    printer.lost(2, &mut Vec::new());
    printer.lost(3, &mut Vec::new());
    printer.finish(&BTreeMap::from([(FindingKind::HttpExtraCrlf, 4)]), &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        concat!(
            r#"{"v":1,"event":"summary","sessions":1,"frames":1,"bytes":4300,"findings":{"http-extra-crlf":4},"lost":5,"hidden":0}"#,
            "\n"
        )
    );
}

#[test]
fn hostile_bytes_never_come_out_raw() {
    let hostile = "\x1b[2J\u{9b}31m\u{202e}\r\n\"\\".as_bytes();
    let logs = || {
        [
            whole(Side::Server, Opcode::TEXT, hostile),
            whole(Side::Server, Opcode::PING, hostile),
            whole(Side::Server, Opcode::CLOSE, &[b"\x03\xe8", hostile].concat()),
            event(Event::SessionOpened { client: client(), path: hostile.to_vec() }),
            event(head(Side::Server, hostile, None)),
            event(open(Some(hostile))),
            event(closed(hostile)),
            proxy(ProxyEvent::Upstream { trouble: Some(String::from_utf8_lossy(hostile).into()) }),
            proxy(ProxyEvent::Http {
                method: "GET".into(),
                path: String::from_utf8_lossy(hostile).into(),
                status: 200,
            }),
            event(Event::Note(Level::Note, String::from_utf8_lossy(hostile).into())),
            event(Event::Answered { status: 502, reason: String::from_utf8_lossy(hostile).into() }),
        ]
    };
    for log in logs() {
        let out = line(log);
        assert_eq!(out.lines().count(), 1, "{out}");
        assert!(out.trim_end_matches('\n').chars().all(text::is_plain), "{out}");
    }
    for log in logs() {
        let out = json(log);
        assert!(out.trim_end_matches('\n').chars().all(text::is_plain), "{out}");
    }
    let told: serde_json::Value = serde_json::from_str(&json(whole(Side::Server, Opcode::TEXT, hostile))).unwrap();
    assert_eq!(told["text"].as_str().unwrap().as_bytes(), hostile, "escaped, and nothing lost");
}

proptest! {
    #[test]
    fn any_text_survives_json(text in ".*") {
        let told: serde_json::Value =
            serde_json::from_str(&json(whole(Side::Client, Opcode::TEXT, text.as_bytes()))).unwrap();
        prop_assert_eq!(told["text"].as_str().unwrap(), text);
    }

    #[test]
    fn any_payload_gives_one_plain_line(opcode in 0u8..16, payload in proptest::collection::vec(any::<u8>(), 0..300)) {
        let out = line(whole(Side::Client, Opcode::new(opcode), &payload));
        prop_assert_eq!(out.lines().count(), 1);
        prop_assert!(out.trim_end_matches('\n').chars().all(text::is_plain));
    }
}

#[test]
fn run_prints_what_there_is_and_ends_with_a_summary() {
    let journal = Arc::new(Journal::new(1 << 20));
    journal.push(Some(SessionId(1)), event(Event::SessionOpened { client: client(), path: b"/".to_vec() }));
    journal.push(Some(SessionId(1)), whole(Side::Client, Opcode::TEXT, b"Hello"));
    let (mut remote, inbox) = channel(&journal, Printer::new(Format::Text, TimeZone::UTC));
    remote.stop();
    let mut out = Vec::new();
    run(&inbox, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert_eq!(out.lines().count(), 3, "{out}");
    assert!(out.ends_with("1 session, 1 frame, 0 problems\n"), "{out}");
}

#[test]
fn a_run_comes_to_a_line_that_says_where_its_problems_are_explained() {
    let error = FindingKind::HttpExtraCrlf;
    let first_of = |level| *FindingKind::ALL.iter().find(|kind| diagnose::words(**kind).level == level).unwrap();
    let (warning, note) = (first_of(Level::Warning), first_of(Level::Note));
    for (sessions, frames, findings, expected) in [
        (0, 0, &[][..], None),
        (
            0,
            0,
            &[(error, 1)],
            Some("0 sessions, 0 frames, 1 problem (wsproxy explain http-extra-crlf says more of it)"),
        ),
        (1, 1, &[], Some("1 session, 1 frame, 0 problems")),
        (1, 2, &[(note, 4)], Some("1 session, 2 frames, 0 problems")),
        (
            3,
            120,
            &[(error, 2), (note, 1)],
            Some("3 sessions, 120 frames, 2 problems (wsproxy explain http-extra-crlf says more of them)"),
        ),
        (
            3,
            120,
            &[(warning, 7), (error, 1)],
            Some("3 sessions, 120 frames, 8 problems (wsproxy explain http-extra-crlf says more of the worst)"),
        ),
    ] {
        let findings = findings.iter().copied().collect();
        assert_eq!(export::counts(sessions, frames, &findings).as_deref(), expected);
    }
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let journal = Arc::new(Journal::new(1 << 20));
    journal.push(None, proxy(ProxyEvent::Note(Level::Note, "x".into())));
    let (_remote, inbox) = channel(&journal, Printer::new(Format::Json, TimeZone::UTC));
    run(&inbox, &mut Gone).unwrap();
}

/// Output that takes a write only when it is told to.
struct Gate {
    entered: SyncSender<()>,
    go: Receiver<()>,
    out: Arc<Mutex<Vec<u8>>>,
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.entered.send(()).unwrap();
        if self.go.recv().is_err() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.out.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_write_that_hangs_is_told_from_a_slow_one_and_what_is_lost_is_counted() {
    let journal = Arc::new(Journal::new(1 << 24));
    for number in 0..100 {
        // Blocks of more than one write.
        for _ in 0..10 {
            journal.push(Some(SessionId(number)), whole(Side::Client, Opcode::TEXT, &[b'x'; 500]));
        }
    }
    let (mut remote, inbox) = channel(&journal, Printer::new(Format::Json, TimeZone::UTC));
    let ((entered, entrances), (open, go)) = (sync_channel(0), sync_channel(0));
    let out = Arc::new(Mutex::new(Vec::new()));
    let mut gate = Gate { entered, go, out: Arc::clone(&out) };
    let thread = std::thread::spawn(move || run(&inbox, &mut gate));
    entrances.recv().unwrap();
    remote.stop();
    for _ in 0..20 {
        open.send(()).unwrap();
        entrances.recv().unwrap();
        assert_eq!(remote.lost(), None, "it is slow");
    }
    let lost = remote.lost().expect("it hangs");
    let lines = |out: &[u8]| out.iter().filter(|byte| **byte == b'\n').count() as u64;
    let written = lines(&out.lock().unwrap());
    assert!(written > 0, "{written}");
    assert_eq!(written + lost, 1000 + 1);
    // It was given up: what still gets through does not end as if it were all.
    open.send(()).unwrap();
    while entrances.recv().is_ok() {
        open.send(()).unwrap();
    }
    thread.join().unwrap().unwrap();
    let out = String::from_utf8(out.lock().unwrap().clone()).unwrap();
    assert!(!out.contains("summary") && lines(out.as_bytes()) < 1000, "{out}");
}

/// What a printer says of messages that follow a handshake for `path`: a line for each, without its first columns.
fn said(mut printer: Printer, path: &[u8], messages: &[(Side, &str)]) -> Vec<String> {
    print_into(&mut printer, Some(7), event(Event::SessionOpened { client: client(), path: path.to_vec() }));
    let said = messages.iter().map(|(from, text)| {
        let line = print_into(&mut printer, Some(7), whole(*from, Opcode::TEXT, text.as_bytes()));
        line.trim_end().rsplit_once("  ").unwrap().1.to_owned()
    });
    said.collect()
}

const SOCKET_IO: &[u8] = b"/socket.io/?EIO=4&transport=websocket";

#[test]
fn lines_show_what_a_decoder_says_where_that_is_more_than_the_message() {
    let text = || Printer::new(Format::Text, TimeZone::UTC);
    let messages = [(Side::Client, r#"42["chat message",{"text":"hi"}]"#), (Side::Server, "2")];
    let decoded = said(text(), SOCKET_IO, &messages);
    assert!(decoded[0].starts_with("chat message") && decoded[1].contains("ping"), "{decoded:?}");
    let raw = messages.map(|(_, text)| text.to_owned());
    assert_eq!(said(text().reading(Preference::of(Choice::Plain)), SOCKET_IO, &messages), raw);
    assert_eq!(said(text(), b"/", &messages), raw, "nothing tells that it is Socket.IO");
    assert_eq!(said(text().reading(Preference::of(Choice::Named(Decoder::SocketIo))), b"/", &messages), decoded);
    let json = [(Side::Client, r#"{"b": 1}"#)];
    assert_eq!(said(text(), b"/", &json), [r#"{"b": 1}"#], "JSON says what it says by itself");
}

/// Reads no message but one, and waits for nobody.
struct Shouting;

impl Runner for Shouting {
    fn read(&self, _: Side, payload: Payload<'_>, ask: Ask) -> Result<Arc<str>, Silence> {
        assert_eq!(ask, Ask::Now, "a line is printed once");
        match payload.bytes {
            b"hello" => Ok(Arc::from("HELLO")),
            _ => Err(Silence::Failed(Arc::from("no greeting"))),
        }
    }

    fn when_read(&self, _: Box<dyn Fn() + Send + Sync>) {}
}

#[test]
fn lines_show_what_the_user_s_own_decoders_say() {
    let text = || Printer::new(Format::Text, TimeZone::UTC);
    let program = Preference::of(Choice::Named(Program::decoder("shout", Shouting)));
    let messages = [(Side::Client, "hello"), (Side::Server, "bye")];
    assert_eq!(said(text().reading(program), b"/", &messages), ["HELLO", "bye"]);
    let source = "syntax = \"proto3\"; message User { string name = 1; }";
    let schema = Schema::from_source("user.proto", |_| Some(source.to_owned())).unwrap();
    let given = Preference { choice: Choice::Guessed, given: vec![schema.decoder()] };
    let mut printer = text().reading(given);
    print_into(&mut printer, Some(7), event(Event::SessionOpened { client: client(), path: b"/".to_vec() }));
    let line = print_into(&mut printer, Some(7), whole(Side::Client, Opcode::BINARY, b"\x0a\x03Ada"));
    assert!(line.contains("User") && line.contains("name"), "{line}");
}

/// The lines for two sessions through a filter, without their time.
fn filtered(query: &str, format: Format) -> Vec<String> {
    let mut printer = Printer::new(format, TimeZone::UTC).filtered(Query::parse(query).unwrap().unwrap());
    let mut out = Vec::new();
    for (id, path) in [(7, "/chat"), (8, "/news?x=1")] {
        let id = Some(SessionId(id));
        let opened = Event::SessionOpened { client: client(), path: path.into() };
        printer.log(id, &event(opened), &mut out);
        printer.log(
            id,
            &whole(Side::Client, Opcode::TEXT, &[b"x".repeat(2000), b"needle".to_vec()].concat()),
            &mut out,
        );
        printer.log(id, &whole(Side::Server, Opcode::BINARY, b"\x01\x02"), &mut out);
    }
    printer.finish(&BTreeMap::new(), &mut out).unwrap();
    let lines = String::from_utf8(out).unwrap();
    lines.lines().map(str::to_owned).collect()
}

#[test]
fn a_filter_prints_only_what_fits_and_counts_the_rest() {
    let lines = filtered("path:/news needle", Format::Text);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].contains("   8 ") && lines[0].contains(" text "), "{lines:?}");
    assert!(lines[1].starts_with("2 sessions, 4 frames") && lines[2] == "5 lines hidden by --filter", "{lines:?}");
    assert!(filtered("opened", Format::Text)[1].contains("for /news?x=1"));
    let json = filtered("op:binary session:7", Format::Json);
    let json: Vec<serde_json::Value> = json.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((json.len(), &json[0]["session"], &json[0]["opcode"]), (2, &7.into(), &"binary".into()), "{json:?}");
    assert_eq!((&json[1]["event"], &json[1]["hidden"]), (&"summary".into(), &5.into()), "{json:?}");
}

#[test]
fn a_filter_hides_neither_where_wsproxy_listens_nor_how_a_run_ends() {
    let mut printer = Printer::new(Format::Json, TimeZone::UTC).filtered(Query::parse("needle").unwrap().unwrap());
    let mut log = Log::default();
    let policy = Policy::Faithful;
    let listening = ProxyEvent::Listening { addresses: vec![client()], upstream: "ws://x".into(), policy };
    log.proxy(Time(0), listening);
    log.proxy(Time(0), ProxyEvent::Note(Level::Note, "other".into()));
    log.proxy(Time(0), ProxyEvent::Note(Level::Note, "a needle in it".into()));
    let mut out = Vec::new();
    printer.log(None, &log, &mut out);
    let lines = String::from_utf8(out).unwrap();
    assert_eq!(lines.lines().count(), 2, "{lines}");
    assert!(lines.contains("listening") && lines.contains("needle"), "{lines}");
}

fn decoded(printer: &mut Printer, log: Log) -> serde_json::Value {
    let told = print_into(printer, Some(7), log);
    let told: serde_json::Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    told["decoded"].clone()
}

#[test]
fn json_has_what_a_decoder_says_of_the_message_that_a_frame_ends() {
    let printer = || Printer::new(Format::Json, TimeZone::UTC).reading(Preference::of(Choice::Named(Decoder::JsonRpc)));
    let request = br#"{"jsonrpc":"2.0","id":5,"method":"sum","params":[1]}"#;
    let told = decoded(&mut printer(), whole(Side::Client, Opcode::TEXT, request));
    assert_eq!((&told["by"], &told["event"]), (&"json-rpc".into(), &"sum".into()), "{told}");
    assert_eq!((&told["role"], &told["id"]), (&"request".into(), &"5".into()), "{told}");
    assert!(told["summary"].as_str().unwrap().contains("sum"), "{told}");
    let refusal = br#"{"jsonrpc":"2.0","id":5,"error":{"code":-1,"message":"no"}}"#;
    let told = decoded(&mut printer(), whole(Side::Server, Opcode::TEXT, refusal));
    assert_eq!((&told["role"], &told["id"]), (&"refusal".into(), &"5".into()), "{told}");
    for other in [
        whole(Side::Client, Opcode::TEXT, b"no JSON"),
        whole(Side::Client, Opcode::PING, request),
        whole(Side::Client, Opcode::TEXT, &[request, &[b' '; 16 * 1024][..]].concat()),
    ] {
        assert!(decoded(&mut printer(), other).is_null());
    }
    let plain = Printer::new(Format::Json, TimeZone::UTC);
    let mut asked = plain.reading(Preference::of(Choice::Named(Decoder::Json)));
    assert_eq!(decoded(&mut asked, whole(Side::Client, Opcode::TEXT, b"{\"id\":1}"))["id"], "1");
}

/// A frame of the server's with that first byte.
fn fragment(number: u64, first: u8, payload: &[u8], came: usize) -> Log {
    let header = FrameHeader { first, ..FrameHeader::new(Opcode::TEXT, payload.len() as u64, None) };
    frame(Side::Server, number, header, payload, came)
}

#[test]
fn fragments_are_read_with_the_last_of_them() {
    let request = br#"{"jsonrpc":"2.0","id":5,"method":"sum"}"#;
    let mut printer =
        Printer::new(Format::Json, TimeZone::UTC).reading(Preference::of(Choice::Named(Decoder::JsonRpc)));
    assert!(decoded(&mut printer, fragment(1, 0x01, &request[..9], 9)).is_null());
    assert!(decoded(&mut printer, whole(Side::Server, Opcode::PING, b"x")).is_null());
    assert_eq!(decoded(&mut printer, fragment(2, 0x80, &request[9..], request.len() - 9))["event"], "sum");
    // Half of a fragment is missing, or what is between two of them.
    assert_eq!(print_into(&mut printer, Some(7), fragment(3, 0x01, &request[..9], 5)), "");
    assert!(decoded(&mut printer, fragment(4, 0x80, &request[9..], request.len() - 9)).is_null());
    assert!(decoded(&mut printer, fragment(5, 0x01, &request[..9], 9)).is_null());
    printer.lost(1, &mut Vec::new());
    assert!(decoded(&mut printer, fragment(6, 0x80, &request[9..], request.len() - 9)).is_null());
    assert_eq!(decoded(&mut printer, fragment(7, 0x81, request, request.len()))["event"], "sum", "whole again");
}

#[test]
fn a_compressed_message_is_read_as_what_it_inflates_to() {
    let request = br#"{"jsonrpc":"2.0","id":5,"method":"sum"}"#;
    let mut printer =
        Printer::new(Format::Json, TimeZone::UTC).reading(Preference::of(Choice::Named(Decoder::JsonRpc)));
    let mut inflated = |number, first, bytes: &[u8]| {
        let frame = FrameNumber::new(number);
        let length = bytes.len() as u64;
        let bytes = bytes.to_vec();
        let inflated = InflatedEvent { frame, from: Side::Server, bytes, length, packed: 2 };
        print_into(&mut printer, Some(7), event(Event::Inflated(inflated)));
        decoded(&mut printer, fragment(number, first, b"zz", 2))
    };
    assert_eq!(inflated(1, 0xc1, request)["event"], "sum");
    assert!(inflated(2, 0x41, &request[..9]).is_null());
    assert_eq!(inflated(3, 0x80, &request[9..])["event"], "sum");
    assert!(decoded(&mut printer, fragment(4, 0xc1, request, request.len())).is_null(), "it inflates to nothing");
}

#[test]
fn a_frame_in_pieces_is_read_when_it_is_whole() {
    for format in [Format::Text, Format::Json] {
        let mut printer = Printer::new(format, TimeZone::UTC).reading(Preference::of(Choice::Named(Decoder::JsonRpc)));
        let long = "x".repeat(3000);
        let request = format!(r#"{{"jsonrpc":"2.0","params":["{long}"],"id":5,"method":"sum"}}"#).into_bytes();
        assert_eq!(print_into(&mut printer, Some(7), fragment(1, 0x81, &request, 1000)), "");
        let told = print_into(&mut printer, Some(7), more(Side::Server, 1, &request[1000..], request.len() as u64));
        let expected = if format == Format::Text { "  sum" } else { r#""event":"sum""# };
        assert!(told.contains(expected), "{told}");
    }
}
