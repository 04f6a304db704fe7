//! Scenarios through the core: bytes in, bytes and records out, each also a byte at a time.

mod application;
pub(crate) mod driven;
mod frames;
mod heads;
mod hixie;
pub(in crate::relay) mod lanes;
mod opening;
mod policies;
mod scene;
mod stalls;
mod table;

use std::sync::Arc;

use proptest::prelude::*;

use crate::record::finding::FindingKind;
use crate::record::{
    By, ClosedBy, ClosedEvent, ClosedHow, Ending, Event, FrameNumber, FrameRecord, Log, Origin, Outcome, PerSide,
    Record, Relayed, Seen, Side, Time,
};
use crate::wire::close::Code;
use crate::wire::dialect::Dialect;
use crate::wire::frame::{self, FrameHeader};
use crate::wire::mask;
use crate::wire::opcode::Opcode;

use super::injection::{Injection, Refusal, Reply, Token, Wait};
use super::limits::Limits;
use super::policy::PolicyCell;
use super::session::{Act, Opened, Output, Reason, Session, SessionCommand, SessionConfig};
use super::translate::AddressRules;
use scene::{Scene, at_each_step, decode, frames};

const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: localhost:9000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Origin: http://localhost:9000\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n\r\n";
const HELLO: &[u8] = b"\x81\x05Hello";

#[test]
fn both_heads_and_all_frames_pass_as_they_came() {
    at_each_step(|step| {
        let mut scene = Scene::new(step);
        scene.feed(Side::Server, &[ANSWER, HELLO].concat());
        assert_eq!(scene.received.client, [ANSWER, HELLO].concat());
        let request = String::from_utf8(REQUEST.to_vec()).unwrap();
        assert_eq!(scene.received.server, request.replace("localhost:9000", "upstream:9999").into_bytes());
        let frames = scene.frames();
        assert_eq!(frames.len(), 1);
        assert_eq!(
            (frames[0].0.number, frames[0].0.from, frames[0].1.as_slice()),
            (FrameNumber::FIRST, Side::Server, &b"Hello"[..])
        );
        assert!(scene.findings().is_empty());
    });
}

#[test]
fn a_wrong_accept_value_is_relayed_and_found() {
    at_each_step(|step| {
        let mut scene = Scene::new(step);
        let answer = String::from_utf8(ANSWER.to_vec()).unwrap().replace("HSmr", "HSMR").into_bytes();
        scene.feed(Side::Server, &answer);
        assert_eq!(scene.received.client, answer);
        assert_eq!(scene.findings(), [FindingKind::RespAcceptMismatch]);
        assert_eq!(
            scene.verdicts(),
            ["Error during WebSocket handshake: Incorrect 'Sec-WebSocket-Accept' header value"]
        );
    });
}

#[test]
fn a_page_fails_once_and_for_the_first_reason() {
    at_each_step(|step| {
        let mut scene = Scene::new(step);
        scene.feed(Side::Server, b"HTTP/1.1 103 Early Hints\r\n\r\n");
        scene.feed(Side::Server, ANSWER);
        scene.feed(Side::Server, &[0x82, 0x7f, 0xff, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(scene.verdicts(), ["Error during WebSocket handshake: Unexpected response code: 103"]);
        let mut scene = Scene::open(step);
        scene.feed(Side::Server, &[0x82, 0x7f, 0xff, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(scene.verdicts(), ["Invalid frame header"]);
    });
}

#[test]
fn what_is_no_http_is_told_as_soon_as_chrome_can_tell() {
    let mut scene = Scene::new(1);
    scene.feed(Side::Server, b"SSH-2.0");
    assert!(scene.verdicts().is_empty());
    scene.feed(Side::Server, b"-");
    assert_eq!(scene.verdicts(), ["Error during WebSocket handshake: net::ERR_INVALID_HTTP_RESPONSE"]);
    let mut scene = Scene::new(1);
    scene.end(Side::Server, Ending::Fin);
    assert_eq!(scene.verdicts(), ["Connection closed before receiving a handshake response"]);
}

#[test]
fn a_missing_accept_value_is_found() {
    let mut scene = Scene::new(usize::MAX);
    scene.feed(Side::Server, b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n");
    assert_eq!(scene.findings(), [FindingKind::RespAcceptMissing]);
}

#[test]
fn a_refusal_waits_for_the_first_bytes_of_its_body_and_no_longer_than_the_end() {
    let refusal = b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n";
    let details = |scene: &Scene| {
        let found = scene.events().filter_map(|event| match event {
            Event::Finding(_, finding) => Some(finding.detail.clone()),
            _ => None,
        });
        found.collect::<Vec<_>>()
    };
    let mut scene = Scene::new(usize::MAX);
    scene.feed(Side::Server, refusal);
    assert!(scene.findings().is_empty() && scene.verdicts().is_empty());
    scene.feed(Side::Server, b"there");
    assert_eq!(details(&scene), ["HTTP/1.1 404 Not Found; the body begins: there"]);
    assert_eq!(scene.verdicts().len(), 1);
    let mut scene = Scene::new(usize::MAX);
    scene.feed(Side::Server, refusal);
    scene.end(Side::Client, Ending::Fin);
    assert_eq!(details(&scene), ["HTTP/1.1 404 Not Found"]);
    let mut scene = Scene::new(usize::MAX);
    scene.feed(Side::Server, b"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(scene.findings(), [FindingKind::HttpStatus5xx]);
}

#[test]
fn a_head_without_an_end_is_found_at_once_and_named_again_when_it_fails() {
    at_each_step(|step| {
        let mut scene = Scene::new(step);
        scene.feed(Side::Server, b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\x81\x05Hello");
        assert_eq!(
            (scene.findings(), scene.verdicts()),
            (vec![FindingKind::HttpMissingBlankLine], vec![String::new()])
        );
        scene.end(Side::Server, Ending::Fin);
        assert_eq!(scene.findings().len(), 1);
        assert_eq!(scene.verdicts()[1], "Error during WebSocket handshake: net::ERR_CONNECTION_CLOSED");
    });
}

#[test]
fn nobody_is_blamed_for_an_end_that_is_not_theirs() {
    let mut scene = Scene::new(1);
    scene.end(Side::Client, Ending::Fin);
    scene.end(Side::Server, Ending::Fin);
    assert_eq!((scene.findings(), scene.verdicts().len()), (vec![FindingKind::PageClosedWhileConnecting], 0));
    let mut scene = Scene::new(1);
    scene.close(ClosedBy::Proxy, Code::GOING_AWAY);
    scene.end(Side::Server, Ending::Fin);
    scene.end(Side::Client, Ending::Reset);
    assert_eq!((scene.findings(), scene.verdicts().len()), (vec![], 0));
}

#[test]
fn frames_before_the_answer_are_told_once() {
    at_each_step(|step| {
        let mut scene = Scene::new(step);
        scene.feed(Side::Client, b"\x89\x80\x01\x02\x03\x04");
        scene.feed(Side::Server, ANSWER);
        assert_eq!(scene.findings(), [FindingKind::HttpPipelinedEarlyData]);
    });
}

#[test]
fn a_head_larger_than_chrome_takes_fails_the_page() {
    let mut scene = Scene::new(10_000);
    let head = [&ANSWER[..ANSWER.len() - 2], b"X: ", &[b'x'; 300_000], b"\r\n\r\n"].concat();
    scene.feed(Side::Server, &head);
    assert_eq!(scene.findings(), [FindingKind::HttpHeaderTooLarge]);
    assert_eq!(scene.verdicts(), ["Error during WebSocket handshake: net::ERR_RESPONSE_HEADERS_TOO_BIG"]);
}

#[test]
fn an_interim_answer_is_passed_and_another_head_awaited() {
    at_each_step(|step| {
        let mut scene = Scene::new(step);
        let bytes = [b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", ANSWER, HELLO].concat();
        scene.feed(Side::Server, &bytes);
        assert_eq!(scene.received.client, bytes);
        assert!(scene.session.is_open());
        assert_eq!(scene.frames().len(), 1);
    });
}

#[test]
fn a_refused_handshake_is_a_raw_pipe_that_takes_no_frames() {
    at_each_step(|step| {
        let mut scene = Scene::new(step);
        let bytes = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";
        scene.feed(Side::Server, bytes);
        assert_eq!(scene.received.client, bytes);
        assert!(scene.session.is_answered() && !scene.session.is_open());
        let replies = scene.inject(Side::Client, Injection::whole(Opcode::TEXT, vec![]));
        assert_eq!(replies, [Reply::Refused(Refusal::NotFrames)]);
        let raw: u64 =
            scene.out.log.records.iter().map(|r| if let Record::Raw(raw) = r { raw.length } else { 0 }).sum();
        assert_eq!(raw, 2);
    });
}

#[test]
fn early_client_bytes_are_frames_once_the_answer_is_101() {
    at_each_step(|step| {
        let mut scene = Scene::new(step);
        let mut early = Vec::new();
        frame::write(Opcode::TEXT, b"early", Some([1, 2, 3, 4]), &mut early);
        scene.feed(Side::Client, &early[..7]);
        scene.feed(Side::Server, ANSWER);
        scene.feed(Side::Client, &early[7..]);
        assert!(scene.received.server.ends_with(&early));
        let frames = scene.frames();
        assert_eq!(frames.len(), 1);
        assert_eq!(frames[0].1, b"early");
    });
}

#[test]
fn more_early_bytes_than_are_kept_are_read_before_the_answer() {
    at_each_step(|step| {
        let mut scene = Scene::with(step, Limits { early: 10, ..Limits::default() });
        let mut frame = Vec::new();
        frame::write(Opcode::TEXT, b"early", Some([1, 2, 3, 4]), &mut frame);
        let early = frame.repeat(3);
        scene.feed(Side::Client, &early);
        scene.feed(Side::Server, ANSWER);
        scene.feed(Side::Client, &frame);
        let payloads: Vec<_> = scene.frames().into_iter().map(|(_, payload)| payload).collect();
        assert_eq!(payloads, [b"early"; 4]);
        assert!(scene.received.server.ends_with(&frame.repeat(4)));
    });
}

#[test]
fn a_length_that_makes_no_sense_turns_the_lane_into_a_pipe() {
    at_each_step(|step| {
        let mut scene = Scene::open(step);
        let bytes = [HELLO, &[0x82, 0x7f, 0xff, 0, 0, 0, 0, 0, 0, 1], b"anything", HELLO].concat();
        scene.feed(Side::Server, &bytes);
        assert_eq!(scene.received.client, bytes);
        assert_eq!(scene.findings(), [FindingKind::FrameLen64Msb]);
        assert_eq!(scene.frames().len(), 1);
        assert_eq!(
            scene.inject(Side::Client, Injection::whole(Opcode::PING, vec![])),
            [Reply::Refused(Refusal::NotFrames)]
        );
        assert_eq!(scene.inject(Side::Client, Injection::Raw(b"x".to_vec())), [Reply::Sent { frame: None }]);
        assert_eq!(*scene.received.client.last().unwrap(), b'x');
    });
}

#[test]
fn an_injected_frame_is_masked_towards_the_server_only() {
    let mut scene = Scene::open(usize::MAX);
    assert_eq!(
        scene.inject(Side::Server, Injection::whole(Opcode::TEXT, b"hi".to_vec())),
        [Reply::Sent { frame: Some(FrameNumber::FIRST) }]
    );
    assert_eq!(
        scene.inject(Side::Client, Injection::whole(Opcode::BINARY, b"ho".to_vec())),
        [Reply::Sent { frame: Some(FrameNumber::new(2)) }]
    );
    let to_server = decode(&scene.received.server);
    assert!(to_server[0].0.mask.is_some() && to_server[0].1 == b"hi");
    assert_eq!(scene.received.client, b"\x82\x02ho");
    let frames = scene.frames();
    assert_eq!(
        (frames[0].0.origin, frames[0].0.from, frames[0].1.as_slice()),
        (Origin::Injected, Side::Client, &b"hi"[..])
    );
}

#[test]
fn a_data_frame_waits_for_the_end_of_a_message_and_a_control_frame_for_the_end_of_a_frame() {
    at_each_step(|step| {
        let mut scene = Scene::open(step);
        scene.feed(Side::Server, b"\x01\x03a");
        let text = Injection::whole(Opcode::TEXT, b"T".to_vec());
        let ping = Injection::whole(Opcode::PING, b"P".to_vec());
        assert_eq!(scene.inject(Side::Client, text), [Reply::Waiting(Wait::Frame)]);
        assert_eq!(scene.inject(Side::Client, ping), [Reply::Waiting(Wait::Frame)]);
        scene.feed(Side::Server, b"bc");
        assert_eq!(
            scene.replies(),
            [Reply::Sent { frame: Some(FrameNumber::new(2)) }],
            "the ping goes between the fragments"
        );
        assert_eq!(
            scene.inject(Side::Client, Injection::whole(Opcode::TEXT, b"U".to_vec())),
            [Reply::Waiting(Wait::Message)]
        );
        scene.feed(Side::Server, b"\x80\x01d\x81\x01e");
        assert_eq!(scene.replies().len(), 2);
        assert_eq!(scene.received.client, b"\x01\x03abc\x89\x01P\x80\x01d\x81\x01T\x81\x01U\x81\x01e");
    });
}

#[test]
fn fragments_go_in_together_and_only_between_messages() {
    at_each_step(|step| {
        let mut scene = Scene::open(step);
        let fragments = Injection::fragmented(Opcode::TEXT, b"abcde", 3);
        assert_eq!(scene.inject(Side::Client, fragments.clone()), [Reply::Sent { frame: Some(FrameNumber::FIRST) }]);
        let expected = b"\x01\x01a\x00\x02bc\x80\x02de";
        assert_eq!(scene.received.client, expected);
        scene.feed(Side::Server, b"\x01\x01x");
        assert_eq!(scene.inject(Side::Client, fragments), [Reply::Waiting(Wait::Message)]);
        scene.feed(Side::Server, b"\x89\x00\x80\x01y\x81\x01z");
        assert_eq!(scene.replies(), [Reply::Sent { frame: Some(FrameNumber::new(7)) }]);
        assert_eq!(
            scene.received.client,
            [expected, b"\x01\x01x\x89\x00\x80\x01y".as_slice(), expected, b"\x81\x01z"].concat()
        );
        let firsts: Vec<u8> = scene.frames().iter().map(|(frame, _)| frame.header.first).collect();
        assert_eq!(firsts, [0x01, 0x00, 0x80, 0x01, 0x89, 0x80, 0x01, 0x00, 0x80, 0x81]);
    });
}

#[test]
fn a_message_in_more_fragments_than_bytes_has_empty_ones() {
    let mut scene = Scene::open(usize::MAX);
    scene.inject(Side::Server, Injection::fragmented(Opcode::BINARY, b"a", 3));
    let frames = decode(&scene.received.server);
    let lengths: Vec<usize> = frames.iter().map(|(_, payload)| payload.len()).collect();
    assert_eq!(lengths.iter().sum::<usize>(), 1);
    assert_eq!(lengths.len(), 3);
    assert!(frames.iter().all(|(header, _)| header.mask.is_some()));
    let keys: Vec<_> = frames.iter().map(|(header, _)| header.mask).collect();
    assert!(keys[0] != keys[1] && keys[1] != keys[2], "each frame has a key of its own");
    assert_eq!(Injection::fragmented(Opcode::TEXT, b"", 0).frames(), 1);
}

#[test]
fn an_injection_whose_place_never_comes_is_refused() {
    let mut scene = Scene::open(1);
    scene.feed(Side::Server, b"\x01\x01a");
    scene.inject(Side::Client, Injection::whole(Opcode::TEXT, vec![]));
    scene.end(Side::Server, Ending::Reset);
    assert_eq!(scene.replies(), [Reply::Refused(Refusal::NeverCame)]);
    assert_eq!(scene.inject(Side::Client, Injection::whole(Opcode::TEXT, vec![])), [Reply::Refused(Refusal::Ended)]);
}

#[test]
fn nothing_but_raw_bytes_follows_a_close_frame() {
    let mut scene = Scene::open(usize::MAX);
    scene.feed(Side::Server, b"\x88\x05\x03\xe8bye");
    assert_eq!(
        scene.inject(Side::Client, Injection::whole(Opcode::TEXT, vec![])),
        [Reply::Refused(Refusal::AfterClose)]
    );
    assert_eq!(
        scene.inject(Side::Client, Injection::Raw(HELLO.to_vec())),
        [Reply::Sent { frame: Some(FrameNumber::new(2)) }]
    );
    assert!(scene.received.client.ends_with(HELLO));
}

#[test]
fn the_end_tells_who_began_it_and_how() {
    at_each_step(|step| {
        let mut scene = Scene::open(step);
        let mut close = Vec::new();
        frame::write(Opcode::CLOSE, b"\x0f\xa1done", Some([9, 8, 7, 6]), &mut close);
        scene.feed(Side::Client, &close);
        scene.feed(Side::Server, b"\x88\x02\x0f\xa1");
        scene.end(Side::Server, Ending::Fin);
        scene.end(Side::Client, Ending::Fin);
        let closed = scene.closed();
        assert_eq!((closed.by, closed.how), (ClosedBy::Peer(Side::Client), ClosedHow::CloseFrame));
        assert_eq!(
            (closed.code, closed.reason.as_slice(), closed.frames),
            (Some(Code::new(4001)), &b"done"[..], PerSide::new(1, 1))
        );
    });
}

#[test]
fn a_reset_in_the_middle_of_a_frame_is_told_as_such() {
    let mut scene = Scene::open(usize::MAX);
    scene.feed(Side::Client, b"\x82\xfe\x10\x00abcdXYZ");
    scene.end(Side::Client, Ending::Reset);
    let closed = scene.closed();
    assert_eq!((closed.by, closed.how, closed.code), (ClosedBy::Peer(Side::Client), ClosedHow::Reset, None));
    let frames = scene.frames();
    assert_eq!((frames[0].0.received, frames[0].0.header.length), (3, 4096));
}

#[test]
fn closing_from_within_sends_a_close_frame_to_each_side_and_swallows_the_answers() {
    at_each_step(|step| {
        let mut scene = Scene::open(step);
        scene.close(ClosedBy::Proxy, Code::GOING_AWAY);
        let bytes = std::mem::take(&mut scene.received);
        assert_eq!(bytes.client, b"\x88\x02\x03\xe9");
        assert_eq!(decode(&bytes.server)[0].1, b"\x03\xe9");
        assert!(!scene.is_closed());
        scene.feed(Side::Server, b"\x88\x02\x03\xe9");
        assert!(!scene.is_closed());
        let mut answer = Vec::new();
        frame::write(Opcode::CLOSE, b"\x03\xe9", Some([1, 1, 1, 1]), &mut answer);
        scene.feed(Side::Client, &answer);
        assert!(scene.is_closed());
        assert!(scene.received.iter().all(Vec::is_empty));
        assert_eq!(scene.findings(), [], "a client that repeats wsproxy's own 1001 has not left its page");
        let relayed: Vec<_> = scene.frames().iter().map(|(frame, _)| (frame.origin, frame.relayed)).collect();
        let own = (Origin::Proxy, Relayed::AsIs);
        let dropped = (Origin::Peer, Relayed::Dropped(By::Ending));
        assert_eq!(relayed, [own, own, dropped, dropped]);
        let closed = scene.closed();
        assert_eq!((closed.by, closed.code), (ClosedBy::Proxy, Some(Code::GOING_AWAY)));
    });
}

#[test]
fn a_close_within_a_frame_sends_no_close_frame_into_it() {
    let mut scene = Scene::open(usize::MAX);
    scene.feed(Side::Server, b"\x82\x09half");
    scene.received = PerSide::default();
    scene.close(ClosedBy::User, Code::NORMAL);
    assert!(scene.received.client.is_empty() && !scene.received.server.is_empty());
}

#[test]
fn no_more_of_a_frame_is_kept_than_the_limit_and_all_of_it_is_relayed() {
    at_each_step(|step| {
        let mut scene = Scene::with(step, Limits { kept: 10, ..Limits::default() });
        scene.feed(Side::Server, ANSWER);
        let mut bytes = Vec::new();
        frame::write(Opcode::BINARY, &[5; 1000], None, &mut bytes);
        scene.feed(Side::Server, &bytes);
        assert!(scene.received.client.ends_with(&bytes));
        let frames = scene.frames();
        assert_eq!((frames[0].1.len(), frames[0].0.received), (10, 1000));
        assert!(scene.out.log.records.len() < 10, "pieces of a frame join one record");
    });
}

#[test]
fn an_answer_that_ends_early_is_passed_on_whole() {
    let mut scene = Scene::new(1);
    scene.feed(Side::Server, b"HTTP/1.1 101 x\r\nSec-Web");
    assert!(!scene.received.client.ends_with(b"Sec-Web"), "it may become an address");
    scene.end(Side::Server, Ending::Fin);
    assert!(scene.received.client.ends_with(b"Sec-Web"));
    assert!(!scene.session.is_open());
}

/// A message as fragments, in a lane's own framing.
fn message(fragments: &[Vec<u8>], mask: Option<[u8; 4]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, payload) in fragments.iter().enumerate() {
        let opcode = if index == 0 { Opcode::TEXT } else { Opcode::CONTINUATION };
        let start = bytes.len();
        frame::write(opcode, payload, mask, &mut bytes);
        if index + 1 < fragments.len() {
            bytes[start] &= 0x7f;
        }
    }
    bytes
}

proptest! {
    #[test]
    fn any_bytes_after_the_handshake_pass_as_they_came(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        step in 1usize..80,
        side in any::<bool>(),
    ) {
        let from = if side { Side::Client } else { Side::Server };
        let mut scene = Scene::open(step);
        scene.feed(from, &bytes);
        prop_assert_eq!(&scene.received[from.other()], &bytes);
    }

    #[test]
    fn any_answer_passes_as_it_came_unless_it_names_the_upstream(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'\r'), Just(b':')], 0..400),
        step in 1usize..80,
    ) {
        let mut scene = Scene::new(step);
        scene.feed(Side::Server, &bytes);
        scene.end(Side::Server, Ending::Fin);
        prop_assert_eq!(&scene.received.client, &bytes);
    }

    #[test]
    fn what_is_written_down_does_not_depend_on_how_the_bytes_came(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        step in 1usize..80,
    ) {
        let recorded = |step| {
            let mut scene = Scene::open(step);
            scene.feed(Side::Client, &bytes);
            let frames = scene.frames();
            frames.into_iter().map(|(f, payload)| (f.number, f.header, f.received, payload)).collect::<Vec<_>>()
        };
        prop_assert_eq!(recorded(step), recorded(usize::MAX));
    }

    #[test]
    fn injections_never_break_a_message(
        messages in proptest::collection::vec(
            proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 1..4), 1..6),
        step in 1usize..30,
        at in proptest::collection::vec((0usize..200, any::<bool>()), 1..6),
        to_server in any::<bool>(),
        fragments in 1usize..4,
    ) {
        let to = if to_server { Side::Server } else { Side::Client };
        let mask = to_server.then_some([3, 1, 4, 1]);
        let bytes: Vec<u8> = messages.iter().flat_map(|fragments| message(fragments, mask)).collect();
        let mut scene = Scene::open(usize::MAX);
        for (index, piece) in bytes.chunks(step).enumerate() {
            for (_, control) in at.iter().filter(|(place, _)| *place == index) {
                scene.inject(to, match control {
                    true => Injection::whole(Opcode::PING, b"injected".to_vec()),
                    false => Injection::fragmented(Opcode::BINARY, &b"injected".repeat(fragments), fragments),
                });
            }
            scene.feed(to.other(), piece);
        }
        let frames = decode(&scene.received[to]);
        let (own, injected): (Vec<_>, Vec<_>) = frames.iter().partition(|(_, payload)| payload != b"injected");
        let expected = decode(&bytes);
        prop_assert_eq!(own.into_iter().cloned().collect::<Vec<_>>(), expected);
        let places = at.iter().filter(|(place, _)| *place < bytes.len().div_ceil(step));
        let wanted: usize = places.map(|(_, control)| if *control { 1 } else { fragments }).sum();
        prop_assert_eq!(injected.len(), wanted);
        let mut open = false;
        for (header, _) in &frames {
            if !header.opcode().is_control() {
                let begins = header.opcode() != Opcode::CONTINUATION;
                prop_assert!(begins != open, "a data frame inside a message, or a fragment of none");
                open = !header.fin();
            }
        }
    }
}
