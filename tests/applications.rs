//! Sessions of real libraries, recorded (tests/applications/README.md), are played again: what is wrong in them is found, and
//! in those that are right nothing is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use wsproxy::diagnose::words;
use wsproxy::record::finding::{Finding, FindingKind, Layer, Level};
use wsproxy::record::{Ending, Event, PerSide, Record, Side, Time};
use wsproxy::relay::session::{Output, Session, SessionConfig};
use wsproxy::relay::translate::AddressRules;
use wsproxy::wire::frame::{FrameHeader, LengthForm};
use wsproxy::wire::mask;
use wsproxy::wire::opcode::Opcode;

use FindingKind as Kind;

/// What is found in each session that is not right, about the application.
const WRONG: [(&str, &[FindingKind]); 40] = [
    ("actioncable-rejected", &[Kind::ActioncableRejected]),
    ("actioncable-unauthorized", &[Kind::ActioncableDisconnected]),
    ("graphql-bad-field", &[Kind::GraphqlError]),
    // Its close code says it.
    ("graphql-forbidden", &[]),
    ("graphql-new-on-old", &[Kind::GraphqlOldAndNew, Kind::GraphqlError]),
    ("graphql-no-ack", &[Kind::AppGreetingUnanswered]),
    ("graphql-old-client", &[Kind::GraphqlOldAndNew]),
    ("graphql-refused-old", &[Kind::GraphqlRefused, Kind::GraphqlError]),
    ("mqtt-5-on-3", &[Kind::MqttRefused]),
    ("mqtt-keep-alive", &[Kind::MqttKeepAlive]),
    ("mqtt-no-subprotocol", &[Kind::MqttNoSubprotocol]),
    ("mqtt-not-authorized", &[Kind::MqttRefused]),
    ("mqtt-not-authorized-5", &[Kind::MqttRefused]),
    ("mqtt-text", &[Kind::MqttText]),
    ("mqtt-topic-refused", &[Kind::MqttSubscriptionRefused]),
    ("mqtt-wrong-password", &[Kind::MqttRefused]),
    ("phoenix-crash", &[Kind::PhoenixError]),
    ("phoenix-no-heartbeat", &[Kind::PhoenixNoHeartbeat]),
    ("phoenix-refused", &[Kind::PhoenixRefused]),
    ("phoenix-unmatched", &[Kind::PhoenixRefused]),
    ("plain-buffer-echo", &[Kind::AppTextAsBinary]),
    ("plain-heartbeat-broken", &[Kind::AppHeartbeatBroken]),
    ("plain-json-as-bytes", &[Kind::AppJsonAsBinary]),
    ("plain-late-listener", &[Kind::AppFirstUnanswered]),
    // Its close code says it.
    ("plain-too-big", &[]),
    ("signalr-closed", &[Kind::SignalrClosed]),
    ("signalr-no-separator", &[Kind::SignalrNoSeparator]),
    ("signalr-refused", &[Kind::SignalrRefused]),
    ("socketio-4-on-2", &[Kind::SocketioVersion]),
    ("socketio-disconnected", &[Kind::SocketioDisconnected]),
    ("socketio-invalid-namespace", &[Kind::SocketioRefused]),
    ("socketio-no-connect", &[Kind::SocketioNoConnect]),
    ("socketio-no-pong", &[Kind::SocketioNoPong]),
    ("socketio-plain-client", &[Kind::SocketioNotAPacket]),
    ("socketio-plain-server", &[Kind::SocketioNotAPacket]),
    ("socketio-refused", &[Kind::SocketioRefused]),
    ("socketio-refused-deflated", &[Kind::SocketioRefused]),
    ("stomp-error", &[Kind::StompError]),
    ("stomp-no-connected", &[Kind::AppGreetingUnanswered]),
    ("stomp-no-nul", &[Kind::StompNoNul]),
];

#[test]
fn what_goes_wrong_between_real_libraries_is_found() {
    for (name, expected) in WRONG {
        let found: Vec<_> = application(&play(name)).map(|finding| finding.kind).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn nothing_is_found_where_real_libraries_are_right() {
    let names = names();
    let right: Vec<_> = names.iter().filter(|name| name.contains("-right")).collect();
    assert!(right.len() > 12, "{right:?}");
    for name in right {
        let found = play(name);
        let told = found.iter().filter(|finding| words(finding.kind).level > Level::Note);
        let ids: Vec<_> = told.chain(application(&found)).map(|finding| finding.kind.id()).collect();
        assert_eq!(ids, [""; 0], "{name}");
    }
}

#[test]
fn each_recording_is_right_or_has_its_findings() {
    for name in names() {
        let is_wrong = WRONG.iter().any(|(wrong, _)| *wrong == name);
        assert!(is_wrong != name.contains("-right"), "{name}");
    }
}

#[test]
fn the_words_of_the_peer_and_the_product_are_in_the_cause() {
    for (name, said, product) in [
        ("socketio-refused", "invalid token", "io.use()"),
        ("socketio-invalid-namespace", "no namespace /admin", "io.of(\"/admin\")"),
        ("mqtt-wrong-password", "bad user name or password", "mqtt.connect()"),
        ("socketio-refused-deflated", "invalid token", "io.use()"),
        ("mqtt-not-authorized", "not authorized", "allow_anonymous"),
        ("mqtt-not-authorized-5", "not authorized", "allow_anonymous"),
        ("mqtt-5-on-3", "unacceptable protocol version", "protocolVersion: 4"),
        ("graphql-refused-old", "Missing auth token!", "onConnect"),
        ("graphql-forbidden", "returned false", "useServer()"),
        ("graphql-bad-field", "Cannot query field \"helo\"", "schema"),
        ("stomp-error", "Bad CONNECT", "connectHeaders"),
        ("stomp-no-connected", "has not answered CONNECT", "RabbitMQ"),
        ("signalr-closed", "Connection closed with an error.", "EnableDetailedErrors"),
        ("phoenix-refused", "unauthorized", "join/3"),
        ("phoenix-unmatched", "no channel for the topic other:1", "UserSocket"),
        ("actioncable-unauthorized", "reject_unauthorized_connection", "connection.rb"),
        ("plain-too-big", "frame 2, which has 3000 bytes", "ws: maxPayload"),
    ] {
        let found = play(name);
        let told = found.iter().find(|finding| words(finding.kind).level > Level::Note);
        let finding = application(&found).next().or(told).or(found.last()).unwrap();
        let cause = finding.cause.as_deref().unwrap_or_else(|| words(finding.kind).cause);
        let fix = finding.fix.as_deref().unwrap_or_else(|| words(finding.kind).fix);
        assert!(cause.contains(said) && fix.contains(product), "{name}: {cause}; {fix}");
    }
}

fn application(found: &[Finding]) -> impl Iterator<Item = &Finding> {
    found.iter().filter(|finding| finding.kind.layer() == Layer::Application)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/applications")
}

fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let recordings = files.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    recordings.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

/// All findings of a recording's sessions.
fn play(name: &str) -> Vec<Finding> {
    let text = fs::read_to_string(folder().join(format!("{name}.jsonl"))).unwrap();
    let mut sessions: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        sessions.entry(line["session"].as_u64().unwrap()).or_default().push(line);
    }
    sessions.into_values().flat_map(|lines| session(&lines)).collect()
}

fn session(lines: &[Value]) -> Vec<Finding> {
    // A frame that came in pieces is printed when its last byte came, and its time is that of its first.
    let mut lines: Vec<&Value> = lines.iter().collect();
    lines.sort_by_key(|line| time(line));
    let mut lines = lines.into_iter();
    let request = lines.next().unwrap();
    let mut out = Output::default();
    let mut session = Session::begin(config(), time(request), &bytes(&request["bytes"]), &mut out);
    let mut now = time(request);
    for line in lines {
        now = time(line);
        while let Some(due) = session.deadline().filter(|due| *due < now) {
            session.tick(due, &mut out);
        }
        out.to = PerSide::default();
        match (line["event"].as_str().unwrap(), side(&line["from"])) {
            ("head", from) => session.receive(now, from, &bytes(&line["bytes"]), &mut out),
            ("frame", from) => session.receive(now, from, &frame(line), &mut out),
            ("ended", from) => {
                let how = if line["how"] == "RST" { Ending::Reset } else { Ending::Fin };
                session.end(now, from, how, &mut out);
            }
            (event, _) => panic!("{event}"),
        }
    }
    session.finish(now, &mut out);
    let found = out.log.records.into_iter().filter_map(|record| match record {
        Record::Event(_, event) => match *event {
            Event::Finding(_, finding) => Some(finding),
            _ => None,
        },
        _ => None,
    });
    found.collect()
}

fn config() -> SessionConfig {
    SessionConfig::new(AddressRules::to("localhost:7790"))
}

fn time(line: &Value) -> Time {
    let time: jiff::Timestamp = line["time"].as_str().unwrap().parse().unwrap();
    Time(time.as_microsecond().try_into().unwrap())
}

fn side(from: &Value) -> Side {
    if from == "client" { Side::Client } else { Side::Server }
}

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

/// A frame as it stood on the wire.
fn frame(line: &Value) -> Vec<u8> {
    let mut payload = match line.get("text") {
        Some(text) => text.as_str().unwrap().as_bytes().to_vec(),
        None => bytes(&line["payload"]),
    };
    let opcode = match line["opcode"].as_str().unwrap() {
        "continuation" => 0,
        "text" => 1,
        "binary" => 2,
        "close" => 8,
        "ping" => 9,
        "pong" => 10,
        opcode => panic!("{opcode}"),
    };
    let key = line["mask_key"].as_str().map(|key| hex::decode(key).unwrap().try_into().unwrap());
    let length = payload.len() as u64;
    let rsv = u8::try_from(line["rsv"].as_u64().unwrap()).unwrap();
    let first = u8::from(line["fin"].as_bool().unwrap()) << 7 | rsv << 4 | opcode;
    let header =
        FrameHeader { first, form: LengthForm::shortest(length), ..FrameHeader::new(Opcode::new(opcode), length, key) };
    if let Some(key) = key {
        mask::apply(key, 0, &mut payload);
    }
    let mut out = Vec::new();
    header.write(&mut out);
    out.extend(payload);
    out
}
