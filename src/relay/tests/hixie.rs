//! Sessions of hixie-75 and hixie-76.

use super::*;
use crate::record::PerSide;
use crate::relay::bridge::{Binary, Bridging};

const REQUEST_75: &[u8] =
    b"GET /demo HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: localhost:9000\r\n\
    Origin: http://page.example\r\n\r\n";
const ANSWER_75: &[u8] = b"HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\n\
    Connection: Upgrade\r\nWebSocket-Origin: http://page.example\r\nWebSocket-Location: ws://upstream:9999/demo\r\n\r\n";
const REQUEST_76: &[u8] = b"GET /demo HTTP/1.1\r\nHost: localhost:9000\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\n\
    Origin: http://page.example\r\n\r\n";
const ANSWER_76: &[u8] = b"HTTP/1.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Origin: http://page.example\r\nSec-Websocket-Location: ws://upstream:9999/demo\r\n\r\n";
const KEY3: &[u8] = b"^n:ds[4U";
const PROOF: &[u8] = b"8jKS'y:G*Co,Wxa-";

fn open_75(step: usize) -> Scene {
    let mut scene = Scene::asking(REQUEST_75, step, Limits::default());
    scene.feed(Side::Server, ANSWER_75);
    scene
}

fn open_76(step: usize) -> Scene {
    open_76_with(step, Limits::default())
}

fn open_76_with(step: usize, limits: Limits) -> Scene {
    let mut scene = Scene::asking(REQUEST_76, step, limits);
    scene.feed(Side::Client, KEY3);
    scene.feed(Side::Server, ANSWER_76);
    scene.feed(Side::Server, PROOF);
    scene
}

fn seen(scene: &Scene) -> Vec<(Side, Opcode, Vec<u8>)> {
    scene.frames().into_iter().map(|(record, payload)| (record.from, record.header.opcode(), payload)).collect()
}

#[test]
fn what_belongs_to_the_heads_is_never_a_frame() {
    for step in [1, 7, 4096] {
        let mut scene = open_76(step);
        assert!(scene.received.server.ends_with(KEY3) && scene.received.client.ends_with(PROOF), "{step}");
        assert!(
            String::from_utf8_lossy(&scene.received.client)
                .contains("Sec-Websocket-Location: ws://localhost:9000/demo")
        );
        scene.feed(Side::Client, b"\x00Hello\xff");
        scene.feed(Side::Server, b"\x00World\xff\xff\x00");
        scene.feed(Side::Client, b"\xff\x00");
        scene.end(Side::Server, Ending::Fin);
        let frames = seen(&scene);
        let expected = [
            (Side::Client, Opcode::TEXT, b"Hello".to_vec()),
            (Side::Server, Opcode::TEXT, b"World".to_vec()),
            (Side::Server, Opcode::CLOSE, Vec::new()),
            (Side::Client, Opcode::CLOSE, Vec::new()),
        ];
        assert_eq!(frames, expected, "{step}");
        assert_eq!(scene.findings(), [], "{step}");
    }
}

#[test]
fn all_in_one_segment_is_told_apart() {
    let mut scene = Scene::asking(REQUEST_76, 4096, Limits::default());
    scene.feed(Side::Client, &[KEY3, b"\x00early\xff"].concat());
    scene.feed(Side::Server, &[ANSWER_76, PROOF, b"\x00Hello\xff"].concat());
    let texts: Vec<_> = seen(&scene).into_iter().map(|(_, _, payload)| payload).collect();
    assert_eq!(texts, [b"early", b"Hello"]);
    assert_eq!(scene.findings(), []);
}

#[test]
fn a_wrong_or_short_proof_is_found_with_both_values() {
    for (proof, ends) in [(&b"16 other bytes.."[..], false), (b"8jKS", true)] {
        let mut scene = Scene::asking(REQUEST_76, 4096, Limits::default());
        scene.feed(Side::Client, KEY3);
        scene.feed(Side::Server, ANSWER_76);
        scene.feed(Side::Server, proof);
        if ends {
            scene.end(Side::Server, Ending::Reset);
        }
        assert_eq!(scene.findings(), [FindingKind::Hixie76Challenge]);
    }
}

#[test]
fn eight_bytes_that_do_not_come_are_told_once() {
    let mut scene = Scene::asking(REQUEST_76, 1, Limits::default());
    scene.feed(Side::Client, b"^n:");
    assert!(scene.session.deadline().is_some());
    for time in [1_000_000, 4_000_000, 5_000_000] {
        scene.tick(Time(time));
    }
    assert_eq!(scene.findings(), [FindingKind::Hixie76Key3Withheld]);
}

#[test]
fn keys_of_any_length_hide_no_number() {
    let long = "9".repeat(10_000);
    let request = String::from_utf8_lossy(REQUEST_76).replace("4 @1  46546xW%0l 1 5", &long);
    let scene = Scene::asking(request.as_bytes(), 4096, Limits::default());
    assert_eq!(scene.findings(), [FindingKind::Hixie76KeysInvalid]);
}

#[test]
fn an_endless_length_is_relayed_raw_with_a_finding() {
    for step in [1, 4096] {
        let mut scene = open_75(step);
        let before = scene.received.client.len();
        scene.feed(Side::Server, &[0xff; 100_000]);
        assert_eq!(scene.received.client.len() - before, 100_000);
        assert_eq!(scene.findings(), [FindingKind::HixieFrameError]);
        let raw: u64 =
            scene.out.log.records.iter().map(|record| if let Record::Raw(raw) = record { raw.length } else { 0 }).sum();
        assert_eq!(raw, 100_000, "{step}");
    }
}

#[test]
fn a_text_without_end_is_bounded_and_found() {
    let limits = Limits { kept: 1000, ..Limits::default() };
    let mut scene = open_76_with(4096, limits);
    scene.feed(Side::Server, b"\0");
    for _ in 0..100 {
        scene.feed(Side::Server, &[b'a'; 1000]);
    }
    assert!(scene.out.log.capacity() < 50_000);
    assert_eq!(scene.findings(), [FindingKind::HixieFrameError]);
    scene.feed(Side::Server, b"\xff");
    let (record, kept) = scene.frames().pop().unwrap();
    assert_eq!((record.header.length, record.received, kept.len()), (100_000, 100_000, 1000));
}

#[test]
fn what_ends_within_a_frame_is_shown_as_far_as_it_came() {
    let mut scene = open_75(4096);
    scene.feed(Side::Client, b"\0Hel");
    scene.end(Side::Client, Ending::Fin);
    assert_eq!(scene.frames().pop().unwrap().1, b"Hel");
    assert_eq!(scene.findings(), [FindingKind::HixieFrameError]);
}

#[test]
fn an_injection_goes_in_between_frames_in_the_draft_s_own_form() {
    let mut scene = open_76(4096);
    scene.received = PerSide::default();
    let text = |text: &str| Injection::whole(Opcode::TEXT, text.into());
    assert!(matches!(scene.inject(Side::Client, text("one"))[..], [Reply::Sent { frame: Some(FrameNumber::FIRST) }]));
    scene.inject(Side::Client, Injection::whole(Opcode::BINARY, vec![1, 2]));
    for injection in [
        Injection::whole(Opcode::PING, Vec::new()),
        Injection::fragmented(Opcode::TEXT, b"text", 2),
        Injection::Frame { first: 0x01, payload: b"fragment".to_vec() },
    ] {
        assert_eq!(scene.inject(Side::Client, injection), [Reply::Refused(Refusal::NotInHixie)]);
    }
    let ends = Injection::whole(Opcode::TEXT, vec![0xff]);
    assert_eq!(scene.inject(Side::Client, ends), [Reply::Refused(Refusal::EndsHixie)]);
    scene.feed(Side::Server, b"\0Hel");
    assert_eq!(scene.inject(Side::Client, text("two")), [Reply::Waiting(Wait::Frame)]);
    scene.feed(Side::Server, b"lo\xff\0next\xff");
    scene.inject(Side::Client, Injection::whole(Opcode::CLOSE, 1000_u16.to_be_bytes().to_vec()));
    assert_eq!(scene.received.client, b"\0one\xff\x80\x02\x01\x02\0Hello\xff\0two\xff\0next\xff\xff\x00");
    assert_eq!(scene.inject(Side::Client, text("late")).last(), Some(&Reply::Refused(Refusal::AfterClose)));
    let mut scene = open_75(4096);
    let close = Injection::whole(Opcode::CLOSE, Vec::new());
    assert_eq!(scene.inject(Side::Client, close), [Reply::Refused(Refusal::NotInHixie)]);
}

#[test]
fn the_versions_in_between_are_known_and_relayed_raw() {
    let version = |number: u8| {
        format!(
            "GET /chat HTTP/1.1\r\nHost: localhost:9000\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Origin: http://page.example\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: {number}\r\n\r\n"
        )
    };
    for number in 4..=6 {
        let mut scene = Scene::asking(version(number).as_bytes(), 4096, Limits::default());
        scene.feed(
            Side::Server,
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
              Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x84\x05Hello",
        );
        assert!(scene.received.client.ends_with(b"\x84\x05Hello") && scene.frames().is_empty());
        let findings = scene.findings();
        assert!(findings.contains(&FindingKind::HybiVersion412), "{number}: {findings:?}");
        assert!(findings.iter().all(|kind| crate::diagnose::words(*kind).level < crate::record::finding::Level::Error));
    }
    let draft = String::from_utf8_lossy(REQUEST_76).replace("Origin:", "Sec-WebSocket-Draft: 3\r\nOrigin:");
    let mut scene = Scene::asking(draft.as_bytes(), 4096, Limits::default());
    scene.feed(Side::Client, KEY3);
    scene.feed(Side::Server, ANSWER_76);
    scene.feed(Side::Server, &[PROOF, b"\x04\x05Hello"].concat());
    assert!(scene.received.client.ends_with(b"\x04\x05Hello") && scene.frames().is_empty());
    assert_eq!(scene.findings(), []);
}

proptest! {
    #[test]
    fn what_goes_in_comes_out_and_is_seen(
        messages in proptest::collection::vec((any::<bool>(), proptest::collection::vec(0_u8..0xff, 0..200)), 0..8),
        step in prop_oneof![Just(1_usize), 1_usize..100],
        has_keys in any::<bool>(),
    ) {
        let mut scene = if has_keys { open_76(step) } else { open_75(step) };
        scene.received = PerSide::default();
        let mut wire = Vec::new();
        let mut expected = Vec::new();
        for (is_text, payload) in messages {
            let opcode = if is_text { Opcode::TEXT } else { Opcode::BINARY };
            crate::wire::hixie::write(opcode, &payload, &mut wire);
            expected.push((Side::Server, opcode, payload));
        }
        scene.feed(Side::Server, &wire);
        prop_assert_eq!(&scene.received.client, &wire);
        prop_assert_eq!(seen(&scene), expected);
    }
}

#[test]
fn the_end_of_an_old_server_fails_no_page_behind_a_bridge() {
    let to = Bridging { dialect: Dialect::Hixie75, binary: Binary::default() };
    let mut out = Output::default();
    let mut session = Session::bridged(Scene::config(), Some(to), Time(1), REQUEST, &mut out);
    session.receive(Time(2), Side::Server, ANSWER_75, &mut out);
    session.end(Time(3), Side::Server, Ending::Fin, &mut out);
    assert!(!session.is_reading(Side::Server), "it was open and has ended");
    let fails = |record: &Record| match record {
        Record::Event(_, event) => matches!(&**event, Event::Verdict(verdict) if verdict.outcome == Outcome::Fails),
        _ => false,
    };
    assert!(!out.log.records.iter().any(fails), "the page got a close frame");
}
