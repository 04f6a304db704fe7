//! Frames under examination: what is right raises no alarm, and nothing that peers send upsets it.

use flate2::{Compress, Compression, FlushCompress};

use crate::diagnose::words;
use crate::record::finding::{Finding, Level};

use super::*;

const DEFLATE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n\r\n";

fn deflating(step: usize) -> Scene {
    let mut scene = Scene::new(step);
    scene.feed(Side::Server, DEFLATE);
    scene
}

/// Errors and warnings.
fn alarms(scene: &Scene) -> Vec<FindingKind> {
    scene.findings().into_iter().filter(|kind| words(*kind).level > Level::Note).collect()
}

fn inflated(scene: &Scene) -> Vec<u8> {
    let pieces = scene.events().filter_map(|event| match event {
        Event::Inflated(inflated) => Some(inflated.bytes.as_slice()),
        _ => None,
    });
    pieces.collect::<Vec<_>>().concat()
}

/// A message as a compressor that keeps its window sends it.
fn compressed(compressor: &mut Compress, text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 2 + 64);
    compressor.compress_vec(text.as_bytes(), &mut out, FlushCompress::Sync).unwrap();
    // Where nothing is left to flush, an empty block is a message (RFC 7692 7.2.3.6).
    let Some(end) = out.len().checked_sub(4) else { return vec![0] };
    out.truncate(end);
    out
}

/// A message in frames of at most `size` bytes, with keys that change where the client sends it.
fn framed(from: Side, first: u8, payload: &[u8], size: usize, keys: &mut u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let count = payload.len().div_ceil(size).max(1);
    for index in 0..count {
        let piece = payload.get(index * size..payload.len().min((index + 1) * size)).unwrap_or_default();
        *keys = keys.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) | 1;
        let key = (from == Side::Client).then(|| keys.to_be_bytes());
        let start = bytes.len();
        frame::write(Opcode::new(if index == 0 { first } else { 0 }), piece, key, &mut bytes);
        let reserved = if index == 0 { first & 0x70 } else { 0 };
        let fin = if index + 1 == count { 0x80 } else { 0 };
        bytes[start] = fin | reserved | (bytes[start] & 0x0f);
    }
    bytes
}

#[test]
fn a_bomb_ends_the_inflating_and_is_told() {
    let limits = Limits { inflated: 100_000, ..Limits::default() };
    let mut scene = Scene::with(1000, limits);
    scene.feed(Side::Server, DEFLATE);
    let mut keys = 1;
    let bomb = compressed(&mut Compress::new(Compression::best(), false), &"a".repeat(1_000_000));
    scene.feed(Side::Server, &framed(Side::Server, 0xc1, &bomb, 1 << 20, &mut keys));
    assert_eq!(alarms(&scene), [FindingKind::DeflateBomb]);
    assert!(scene.verdicts().is_empty(), "Chrome has no such limit");
}

#[test]
fn a_kind_of_finding_is_told_so_often_and_then_counted() {
    let mut scene = Scene::with(100_000, Limits { findings: 3, ..Limits::default() });
    scene.feed(Side::Server, ANSWER);
    scene.feed(Side::Client, &b"\x81\x02hi".repeat(10));
    scene.session.finish(Time(9), &mut scene.out);
    assert_eq!(scene.findings(), [FindingKind::FrameClientUnmasked; 3]);
    let notes = scene.events().filter_map(|event| match event {
        Event::Note(_, text) => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(notes.collect::<Vec<_>>(), ["7 more times from the client: frame-client-unmasked"]);
}

#[test]
fn a_verdict_is_observed_and_says_where_it_differs() {
    let observed = |server: &[u8]| {
        let mut scene = Scene::open(1000);
        scene.feed(Side::Server, server);
        let mut keys = 1;
        let body = b"\x03\xeaMasked frame from server";
        scene.feed(Side::Client, &framed(Side::Client, 0x08, body, 200, &mut keys));
        let verdict = scene.events().filter_map(|event| match event {
            Event::Verdict(verdict) => Some(verdict.clone()),
            _ => None,
        });
        verdict.last().unwrap()
    };
    let agrees = observed(b"\x81\x82\x01\x02\x03\x04hi");
    assert_eq!((agrees.differs, agrees.frame), (false, Some(FrameNumber::FIRST)));
    let differs = observed(HELLO);
    assert_eq!((differs.differs, differs.finding), (true, Some(FindingKind::FrameServerMasked)));
}

proptest! {
    #[test]
    fn a_correct_stream_raises_no_alarm(
        texts in proptest::collection::vec(("[a-zé日😀 ]{0,60}", any::<bool>(), 1usize..50, any::<bool>()), 1..20),
        step in 1usize..80,
    ) {
        let mut scene = deflating(step);
        let mut compressors = [(); 2].map(|()| Compress::new(Compression::fast(), false));
        let mut keys = 7;
        let mut expected = String::new();
        for (text, is_server, size, is_compressed) in &texts {
            let from = if *is_server { Side::Server } else { Side::Client };
            let bytes = if *is_compressed {
                expected.push_str(text);
                let payload = compressed(&mut compressors[from as usize], text);
                framed(from, 0x41, &payload, *size, &mut keys)
            } else {
                framed(from, 0x01, text.as_bytes(), *size, &mut keys)
            };
            scene.feed(from, &bytes);
        }
        prop_assert_eq!(alarms(&scene), []);
        prop_assert!(scene.verdicts().is_empty());
        prop_assert_eq!(inflated(&scene), expected.into_bytes());
    }

    #[test]
    fn any_bytes_are_examined_within_limits(
        client in proptest::collection::vec(any::<u8>(), 0..600),
        server in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0xc1), Just(0x00), Just(0x80), Just(0x01)], 0..600),
        step in 1usize..50,
    ) {
        let mut scene = deflating(step);
        scene.feed(Side::Server, &server);
        scene.feed(Side::Client, &client);
        scene.end(Side::Server, Ending::Fin);
        scene.end(Side::Client, Ending::Reset);
        prop_assert!(scene.findings().len() <= 600);
        prop_assert!(scene.verdicts().len() <= 2, "predicted, and observed");
    }
}

#[test]
fn a_text_that_is_no_utf8_does_not_make_its_own_key_a_repeated_one() {
    for step in [1, usize::MAX] {
        let mut scene = Scene::open(step);
        let before = scene.findings().len();
        for (key, text) in [([1, 2, 3, 4], &b"right"[..]), ([5, 6, 7, 8], b"wr\xffng"), ([9, 1, 2, 3], b"right")] {
            let mut bytes = Vec::new();
            frame::write(Opcode::TEXT, text, Some(key), &mut bytes);
            scene.feed(Side::Client, &bytes);
        }
        assert_eq!(scene.findings()[before..], [FindingKind::MsgInvalidUtf8], "{step}");
    }
}

/// What `bytes` of the server's behind its 101 are told of: the finding, and how the session ended.
fn told_of(step: usize, bytes: &[u8]) -> (Vec<Finding>, ClosedEvent) {
    let mut scene = Scene::open(step);
    scene.feed(Side::Server, bytes);
    assert_eq!(scene.received.client, bytes);
    scene.end(Side::Server, Ending::Fin);
    let closed = scene.closed();
    let findings = scene.events().filter_map(|event| match event {
        Event::Finding(Side::Server, finding) => Some(finding.clone()),
        _ => None,
    });
    (findings.collect(), closed)
}

const SECOND: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 28\r\n\r\n\
    Unsupported protocol version";

#[test]
fn a_second_response_is_told_with_its_own_words_however_it_comes() {
    at_each_step(|step| {
        for before in [b"".as_slice(), HELLO] {
            let (findings, closed) = told_of(step, &[before, SECOND].concat());
            let kinds: Vec<_> = findings.iter().map(|finding| finding.kind).collect();
            assert_eq!(kinds, [FindingKind::FrameNotAFrame], "{step}");
            let cause = findings[0].cause.as_deref().unwrap_or_default();
            assert!(cause.contains("Unsupported protocol version"), "{step}: {cause}");
            assert_eq!((closed.code, closed.how), (None, ClosedHow::Fin), "{step}");
            assert_eq!(closed.frames.server, u64::from(!before.is_empty()), "{step}");
        }
    });
}

#[test]
fn a_second_response_is_told_in_time_though_its_body_does_not_end() {
    let mut scene = Scene::open(usize::MAX);
    scene.feed(Side::Server, b"HTTP/1.1 500 Internal Server Error\r\n\r\nNo module named redis");
    assert_eq!(scene.findings(), []);
    assert_eq!(scene.verdicts(), ["Invalid frame header"], "what a browser makes of it is clear at once");
    let due = scene.session.deadline().expect("the end of the body is waited for");
    scene.tick(due);
    assert_eq!(scene.findings(), [FindingKind::FrameNotAFrame]);
    assert_eq!(scene.session.deadline(), None);
}

#[test]
fn what_begins_as_a_response_and_is_none_is_told_too() {
    at_each_step(|step| {
        let (findings, _) = told_of(step, b"HT\x00\x01\x02\x03\x04\x05");
        assert_eq!(findings.len(), 1, "{step}: {findings:?}");
    });
}

#[test]
fn what_is_no_frame_neither_closes_nor_owes() {
    // Read as frames, the text holds a close frame with a code, a ping, and the start of a fragment.
    let noise = b"E\rconnection ofH,TP the database was lost in the middle of itI\nnobody wasA\nable";
    at_each_step(|step| {
        let (findings, closed) = told_of(step, noise);
        assert_eq!(closed.code, None, "{step}");
        assert_eq!(closed.how, ClosedHow::Fin, "{step}");
        assert!(!findings.is_empty(), "{step}");
        let mut scene = Scene::open(step);
        scene.feed(Side::Server, noise);
        scene.tick(Time(60_000_000));
        assert!(!scene.events().any(|event| matches!(event, Event::Stall { .. })), "{step}");
    });
}

/// The causes that were told of a side, each with its finding.
fn causes(scene: &Scene, of: Side) -> Vec<(FindingKind, String)> {
    let told = scene.events().filter_map(|event| match event {
        Event::Finding(from, finding) if *from == of => {
            Some((finding.kind, finding.cause.clone().unwrap_or_default().into_owned()))
        }
        _ => None,
    });
    told.collect()
}

#[test]
fn a_stream_that_the_user_s_own_bytes_broke_is_not_blamed_on_the_server() {
    let close = |scene: &mut Scene| {
        let mut bytes = Vec::new();
        frame::write(Opcode::CLOSE, b"\x03\xeaUnknown opcode", Some([1, 2, 3, 4]), &mut bytes);
        scene.feed(Side::Client, &bytes);
    };
    let mut scene = Scene::open(usize::MAX);
    scene.feed(Side::Server, HELLO);
    scene.inject(Side::Client, Injection::Raw(b"\x83\x00".to_vec()));
    close(&mut scene);
    let told = causes(&scene, Side::Client);
    assert_eq!(told.len(), 1);
    assert!(told[0].1.contains("frame 2, which you put in as raw bytes"), "{told:?}");
    let verdict = scene.events().filter_map(|event| match event {
        Event::Verdict(verdict) => Some(verdict),
        _ => None,
    });
    assert_eq!(verdict.last().and_then(|verdict| verdict.frame), Some(FrameNumber::new(2)));

    let mut blameless = Scene::open(usize::MAX);
    blameless.feed(Side::Server, HELLO);
    blameless.inject(Side::Client, Injection::Raw(HELLO.to_vec()));
    close(&mut blameless);
    assert_eq!(causes(&blameless, Side::Client), [(FindingKind::CloseFromBrowser1002, String::new())]);
}

#[test]
fn a_server_that_drops_what_the_user_broke_is_not_blamed() {
    let mut scene = Scene::open(usize::MAX);
    scene.inject(Side::Server, Injection::Raw(b"\x81\x85\x01".to_vec()));
    scene.end(Side::Server, Ending::Fin);
    let told = causes(&scene, Side::Server);
    assert_eq!(told.len(), 1);
    assert!(told[0].1.contains("raw bytes that you put in broke the stream (frame-truncated)"), "{told:?}");
}

#[test]
fn a_server_that_closes_at_once_is_noted_and_one_that_has_talked_is_not() {
    let told = |before: &[u8], seconds: u64, close: &[u8]| {
        let mut scene = Scene::open(usize::MAX);
        scene.feed(Side::Server, before);
        let now = Time(2 + seconds * 1_000_000);
        scene.session.receive(now, Side::Server, close, &mut scene.out);
        scene.session.end(now, Side::Server, Ending::Fin, &mut scene.out);
        scene.findings()
    };
    for close in [b"\x88\x02\x03\xe8".as_slice(), b"\x88\x00"] {
        for before in [b"".as_slice(), HELLO] {
            assert_eq!(told(before, 0, close), [FindingKind::CloseAtOnce]);
            assert_eq!(told(before, 5, close), []);
        }
    }
    assert_eq!(told(HELLO, 0, b"\x88\x05\x03\xe8bye"), [], "it says why itself");
    assert!(words(FindingKind::CloseAtOnce).level == Level::Note, "a server that has said all may well do so");
}
