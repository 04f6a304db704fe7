//! Sessions played through the relay, in each format.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::Value;

use super::{Format, Printer, Redaction};
use crate::query::Query;
use crate::record::{Ending, Event, Log, PerSide, Policy, ProxyEvent, SessionId, Side, Time};
use crate::relay::hold::HoldCell;
use crate::relay::limits::Limits;
use crate::relay::policy::PolicyCell;
use crate::relay::session::{Output, Session, SessionConfig};
use crate::relay::translate::AddressRules;
use crate::wire::frame;
use crate::wire::opcode::Opcode;

/// 2026-01-01T12:00:00Z.
pub(super) const NOON: u64 = 1_767_268_800_000_000;
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const REQUEST: &str = "GET /chat?room=1&token=s3cretvalue HTTP/1.1\r\nHost: localhost:9000\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nCookie: id=hidden-cookie\r\nOrigin: http://localhost:9000\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Protocol: chat\r\n\r\n";
const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\nSec-WebSocket-Protocol: chat\r\n\r\n";

/// A session, and what it has seen.
struct Play {
    session: Session,
    output: Output,
    now: u64,
}

impl Play {
    fn begin(policy: Policy) -> Self {
        let mut log = Log::default();
        let client = ([127, 0, 0, 1], 50_001).into();
        log.event(Time(NOON), Event::SessionOpened { client, path: b"/chat?room=1&token=s3cretvalue".to_vec() });
        let config = SessionConfig {
            rules: Arc::new(AddressRules::to("localhost:9999")),
            limits: Limits::default(),
            seed: [7; 32],
            policy: PolicyCell::new(policy),
            hold: HoldCell::default().of(SessionId(1)),
            rule_cell: crate::relay::rules::RuleCell::default(),
        };
        let mut output = Output { log, ..Output::default() };
        let session = Session::begin(config, Time(NOON), REQUEST.as_bytes(), &mut output);
        let mut play = Self { session, output, now: NOON };
        play.bytes(Side::Server, RESPONSE.as_bytes());
        play
    }

    fn bytes(&mut self, from: Side, bytes: &[u8]) -> &mut Self {
        self.now += 1000;
        self.session.receive(Time(self.now), from, bytes, &mut self.output);
        self.output.to = PerSide::default();
        self
    }

    fn frame(&mut self, from: Side, first: u8, payload: &[u8]) -> &mut Self {
        let mut bytes = Vec::new();
        frame::write(Opcode::new(first), payload, (from == Side::Client).then_some(KEY), &mut bytes);
        if let Some(byte) = bytes.first_mut() {
            *byte = first;
        }
        self.bytes(from, &bytes)
    }

    fn end(&mut self) -> Log {
        for from in [Side::Server, Side::Client] {
            self.now += 1000;
            self.session.end(Time(self.now), from, Ending::Fin, &mut self.output);
        }
        self.session.finish(Time(self.now), &mut self.output);
        std::mem::take(&mut self.output.log)
    }
}

/// A talk in which all is well but for one frame that a server must not mask.
pub(super) fn talk() -> Log {
    let mut play = Play::begin(Policy::Faithful);
    play.frame(Side::Client, 0x81, b"hello")
        .frame(Side::Server, 0x81, b"=1+1, \"quoted\"")
        .frame(Side::Server, 0x02, &[0, 1, 2])
        .frame(Side::Server, 0x80, &[3, 0xff])
        .frame(Side::Client, 0x89, b"p")
        .frame(Side::Client, 0x81, br#"{"auth":{"token":"very-secret"},"n":1}"#);
    let mut masked = Vec::new();
    frame::write(Opcode::TEXT, b"masked", Some(KEY), &mut masked);
    play.bytes(Side::Server, &masked);
    play.frame(Side::Server, 0x88, b"\x03\xe8bye");
    play.end()
}

fn listening() -> Log {
    let mut log = Log::default();
    let addresses = vec![([127, 0, 0, 1], 9000).into()];
    let upstream = "ws://localhost:9999".to_owned();
    log.proxy(Time(NOON), ProxyEvent::Listening { addresses, upstream, policy: Policy::Faithful });
    log
}

fn written(printer: Printer, log: &Log) -> Vec<u8> {
    let (mut printer, mut out) = (printer, Vec::new());
    printer.log(None, &listening(), &mut out);
    printer.log(Some(SessionId(1)), log, &mut out);
    printer.finish(&BTreeMap::new(), &mut out).unwrap();
    out
}

fn printer(format: Format) -> Printer {
    Printer::new(format, TimeZone::UTC)
}

fn text(printer: Printer, log: &Log) -> String {
    String::from_utf8(written(printer, log)).unwrap()
}

#[test]
fn csv_has_a_row_for_each_thing() {
    insta::assert_snapshot!(text(printer(Format::Csv), &talk()).replace('\r', ""));
}

#[test]
fn text_is_what_headless_prints() {
    insta::assert_snapshot!(text(printer(Format::Text), &talk()));
}

#[test]
fn a_report_says_why_with_bytes_and_heads_and_without_secrets() {
    let report = text(printer(Format::Report), &talk());
    for secret in ["s3cretvalue", "hidden-cookie"] {
        assert!(!report.contains(secret), "{report}");
    }
    insta::assert_snapshot!(report);
}

fn har(printer: Printer, log: &Log) -> Value {
    serde_json::from_slice(&written(printer, log)).unwrap()
}

#[test]
fn an_archive_has_messages_and_findings_as_devtools_have_them() {
    let har = har(printer(Format::Har), &talk());
    let entry = &har["log"]["entries"][0];
    assert_eq!(entry["request"]["url"], "ws://localhost:9000/chat?room=1&token=s3cretvalue");
    assert_eq!(entry["response"]["status"], 101);
    let rows: Vec<String> = entry["_webSocketMessages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {} {} {}", row["type"], row["opcode"], row["time"], row["data"]))
        .collect();
    insta::assert_snapshot!(rows.join("\n"));
}

#[test]
fn a_filter_leaves_the_heads_and_takes_sessions_out_of_which_nothing_is_shown() {
    let filtered = |query: &str, format| printer(format).filtered(Query::parse(query).unwrap().unwrap());
    let shown = har(filtered("hello", Format::Har), &talk());
    let entry = &shown["log"]["entries"][0];
    assert_eq!(entry["_webSocketMessages"].as_array().unwrap().len(), 1);
    assert_eq!(entry["response"]["status"], 101);
    let nothing = har(filtered("nowhere", Format::Har), &talk());
    assert_eq!(nothing["log"]["entries"].as_array().unwrap().len(), 0);
}

#[test]
fn one_session_is_written_without_the_others() {
    let mut printer = printer(Format::JsonLines).of_session(Some(SessionId(2)));
    let mut out = Vec::new();
    for id in 1..=2 {
        printer.log(Some(SessionId(id)), &talk(), &mut out);
    }
    printer.log(None, &listening(), &mut out);
    let lines = String::from_utf8(out).unwrap();
    assert!(lines.contains(r#""session":2"#) && !lines.contains(r#""session":1,"#) && !lines.contains("listening"));
}

/// All bytes that a format writes, those in base64 and hex decoded as well.
fn all_bytes(bytes: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    let mut all = bytes.to_vec();
    for word in bytes.split(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))) {
        if let Ok(decoded) = base64::engine::general_purpose::STANDARD.decode(word) {
            all.extend(&decoded);
            // Frames in an archive are masked; a mask of this test's key starts behind a header of six bytes.
            for start in 0..decoded.len().min(20) {
                let mut plain = decoded[start..].to_vec();
                crate::wire::mask::apply(KEY, 0, &mut plain);
                all.extend(plain);
            }
        }
        if let Ok(decoded) = hex::decode(word) {
            all.extend(decoded);
        }
    }
    all
}

#[test]
fn what_is_to_be_taken_out_is_nowhere_in_any_format() {
    let mut redaction = Redaction::default();
    for name in ["secrets", ".auth.token"] {
        redaction.add(name).unwrap();
    }
    for format in Format::ALL {
        let (shown, hidden) = (
            written(printer(format).redacted(Redaction::default()), &talk()),
            written(printer(format).redacted(redaction.clone()), &talk()),
        );
        let has = |bytes: &[u8], word: &str| memchr::memmem::find(&all_bytes(bytes), word.as_bytes()).is_some();
        for secret in ["s3cretvalue", "hidden-cookie", "very-secret"] {
            assert!(!has(&hidden, secret), "{secret} is in {}", format.name());
        }
        if format == Format::JsonLines {
            assert!(has(&shown, "s3cretvalue") && has(&shown, "hidden-cookie") && has(&shown, "very-secret"));
            let lines = String::from_utf8_lossy(&shown);
            assert!(lines.contains(r#""secrets":["?token","Cookie"]"#), "they are marked: {lines}");
        }
    }
}

#[test]
fn names_that_name_nothing_are_told() {
    for (name, words) in [(".", "names no value"), ("", "is no name"), ("a b", "is no name"), ("Cookie:", "is no name")]
    {
        assert!(Redaction::default().add(name).unwrap_err().contains(words), "{name}");
    }
}

#[test]
fn an_archive_of_many_sessions_is_put_aside_and_whole() {
    let mut printer = printer(Format::Har);
    let mut out = Vec::new();
    let large = vec![b'x'; 700_000];
    for id in 1..=40 {
        let mut play = Play::begin(Policy::Faithful);
        let log = play.frame(Side::Server, 0x81, &large).end();
        printer.log(Some(SessionId(id)), &log, &mut out);
    }
    assert!(out.is_empty(), "nothing can be written before the end");
    printer.finish(&BTreeMap::new(), &mut out).unwrap();
    let har: Value = serde_json::from_slice(&out).unwrap();
    let entries = har["log"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 40);
    assert!(entries.iter().all(|entry| entry["_webSocketMessages"][0]["data"].as_str().unwrap().len() == large.len()));
}

/// The blocks of a pcapng file, by their types; panics where one has no sense.
fn blocks(mut bytes: &[u8]) -> Vec<u32> {
    let number = |bytes: &[u8]| u32::from_le_bytes(bytes[..4].try_into().unwrap());
    let mut kinds = Vec::new();
    while !bytes.is_empty() {
        let length = number(&bytes[4..]) as usize;
        assert!(length >= 12 && length.is_multiple_of(4) && number(&bytes[length - 4..]) as usize == length);
        kinds.push(number(bytes));
        bytes = &bytes[length..];
    }
    kinds
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_peers_send_is_written_in_each_format(
        pieces in proptest::collection::vec((proptest::prelude::any::<bool>(), proptest::collection::vec(proptest::prelude::any::<u8>(), 0..90)), 0..12),
        policy in 0usize..3,
        redacts in proptest::prelude::any::<bool>(),
    ) {
        let policy = [Policy::Faithful, Policy::Repair, Policy::Strict][policy];
        let mut play = Play::begin(policy);
        for (is_client, bytes) in &pieces {
            play.bytes(if *is_client { Side::Client } else { Side::Server }, bytes);
        }
        let log = play.end();
        let mut redaction = Redaction::default();
        if redacts {
            redaction.add("secrets").unwrap();
            redaction.add(".a").unwrap();
        }
        for format in Format::ALL {
            let bytes = written(printer(format).redacted(redaction.clone()), &log);
            match format {
                Format::Har => {
                    let har: Value = serde_json::from_slice(&bytes).unwrap();
                    proptest::prop_assert_eq!(har["log"]["entries"].as_array().unwrap().len(), 1);
                }
                Format::Pcapng => {
                    let kinds = blocks(&bytes);
                    proptest::prop_assert_eq!(&kinds[..3], &[0x0a0d_0d0a, 1, 1]);
                    proptest::prop_assert!(kinds[3..].iter().all(|kind| *kind == 6));
                }
                Format::JsonLines => {
                    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                        serde_json::from_slice::<Value>(line).unwrap();
                    }
                }
                Format::Capture => {
                    let reader = crate::capture::Reader::open(std::io::Cursor::new(bytes)).unwrap();
                    proptest::prop_assert!(!reader.entries().is_empty());
                }
                Format::Text | Format::Csv | Format::Report => {
                    let text = String::from_utf8(bytes).unwrap();
                    let is_plain = |one: char| matches!(one, '\n' | '\r') || crate::text::is_plain(one);
                    proptest::prop_assert!(text.chars().all(is_plain), "{:?}", text);
                }
            }
        }
    }
}
