//! What is owed: told once when it has lasted, and once when it is over.

use super::*;
use crate::record::StallKind::{self, *};

/// Stalls that were told, and whether each telling was of its end.
fn told(scene: &Scene) -> Vec<(StallKind, Side, Option<FrameNumber>, bool)> {
    let stalls = scene.events().filter_map(|event| match event {
        Event::Stall { stall, over } => Some((stall.kind, stall.lane, stall.frame, *over)),
        _ => None,
    });
    stalls.collect()
}

/// Asks `seconds` after the start.
fn ask(scene: &mut Scene, seconds: u64) {
    scene.tick(Time(seconds * 1_000_000));
}

/// The bytes of `from` leave `kind` owed by `lane`; `rest`, which `then` sends, ends it.
fn owed_until(from: Side, bytes: &[u8], owed: (StallKind, Side, Option<FrameNumber>), then: Side, rest: &[u8]) {
    let (kind, lane, frame) = owed;
    for step in [1, usize::MAX] {
        let mut scene = Scene::open(step);
        assert!(scene.session.deadline().is_none());
        scene.feed(from, bytes);
        assert!(scene.session.deadline().is_some());
        ask(&mut scene, 1);
        assert_eq!(told(&scene), [], "one second is no stall");
        ask(&mut scene, 4);
        ask(&mut scene, 5);
        assert_eq!(told(&scene), [(kind, lane, frame, false)]);
        scene.feed(then, rest);
        ask(&mut scene, 6);
        assert_eq!(told(&scene)[1..], [(kind, lane, frame, true)]);
        assert!(scene.session.deadline().is_none());
    }
}

#[test]
fn a_message_without_its_end() {
    owed_until(
        Side::Server,
        b"\x01\x01a\x00\x01b",
        (UnfinishedMessage, Side::Server, Some(FrameNumber::FIRST)),
        Side::Server,
        b"\x80\x00",
    );
}

#[test]
fn a_frame_that_is_shorter_than_its_header_says() {
    owed_until(Side::Server, b"\x81\x05He", (ShortFrame, Side::Server, Some(FrameNumber::FIRST)), Side::Server, b"llo");
}

#[test]
fn a_ping_without_its_pong() {
    owed_until(
        Side::Server,
        b"\x89\x00",
        (UnansweredPing, Side::Client, Some(FrameNumber::FIRST)),
        Side::Client,
        b"\x8a\x80abcd",
    );
}

#[test]
fn many_pings_are_one_stall_since_the_first() {
    let mut scene = Scene::open(usize::MAX);
    scene.feed(Side::Client, b"\x89\x80abcd");
    ask(&mut scene, 4);
    scene.feed(Side::Client, b"\x89\x80abcd");
    ask(&mut scene, 8);
    assert_eq!(told(&scene), [(UnansweredPing, Side::Server, Some(FrameNumber::FIRST), false)]);
}

#[test]
fn a_close_frame_without_its_answer_and_then_without_the_end_of_the_connection() {
    for step in [1, usize::MAX] {
        let mut scene = Scene::open(step);
        scene.feed(Side::Client, b"\x88\x80abcd");
        ask(&mut scene, 4);
        assert_eq!(told(&scene), [(UnansweredClose, Side::Server, None, false)]);
        scene.feed(Side::Server, b"\x88\x00");
        ask(&mut scene, 8);
        assert_eq!(
            told(&scene)[1..],
            [(UnansweredClose, Side::Server, None, true), (OpenAfterClose, Side::Server, None, false)]
        );
        scene.end(Side::Server, Ending::Fin);
        assert!(scene.session.deadline().is_some(), "its end is still to be told");
        ask(&mut scene, 9);
        assert!(scene.session.deadline().is_none());
    }
}

#[test]
fn an_answer_that_does_not_come_or_does_not_end() {
    for step in [1, usize::MAX] {
        let mut scene = Scene::new(step);
        ask(&mut scene, 4);
        assert_eq!(told(&scene), [(NoResponse, Side::Server, None, false)]);
        scene.feed(Side::Server, b"HTTP/1.1 101 Switching Protocols\r\n");
        ask(&mut scene, 8);
        assert_eq!(
            told(&scene)[1..],
            [(NoResponse, Side::Server, None, true), (UnfinishedHead, Side::Server, None, false)]
        );
        scene.end(Side::Server, Ending::Fin);
        let last = scene.closed();
        assert_eq!((told(&scene)[3], last.how), ((UnfinishedHead, Side::Server, None, true), ClosedHow::Fin));
    }
}

#[test]
fn a_peer_that_takes_nothing() {
    let mut scene = Scene::open(usize::MAX);
    scene.session.blocked(Time(2_000_000), Side::Server, Some(Time(2_000_000)));
    ask(&mut scene, 9);
    assert_eq!(told(&scene), [(PeerNotReading, Side::Server, None, false)]);
    scene.session.blocked(Time(9_000_000), Side::Server, None);
    ask(&mut scene, 10);
    assert_eq!(told(&scene)[1..], [(PeerNotReading, Side::Server, None, true)]);
}

#[test]
fn what_never_came_is_a_finding_at_the_end() {
    for (from, bytes, kind) in [
        (Side::Server, &b"\x01\x01a"[..], FindingKind::FrameMissingFin),
        (Side::Client, b"\x89\x80abcd", FindingKind::FramePingNoPong),
        (Side::Client, b"\x88\x80abcd", FindingKind::CloseNoReply),
    ] {
        let mut scene = Scene::open(usize::MAX);
        scene.feed(from, bytes);
        ask(&mut scene, 4);
        assert_eq!(scene.findings(), [], "it may still come");
        scene.end(Side::Client, Ending::Reset);
        scene.closed();
        assert_eq!(scene.findings(), [kind]);
    }
}

#[test]
fn whole_frames_owe_nothing() {
    let mut scene = Scene::open(usize::MAX);
    scene.feed(Side::Server, HELLO);
    scene.feed(Side::Server, b"\x01\x01a\x80\x00");
    assert!(scene.session.deadline().is_none());
}

/// The end of `from` after a silence of so many milliseconds.
fn ended_after(from: Side, milliseconds: u64) -> Vec<FindingKind> {
    let mut scene = Scene::open(usize::MAX);
    scene.feed(Side::Server, HELLO);
    scene.session.end(Time(2 + milliseconds * 1000), from, Ending::Fin, &mut scene.out);
    scene.findings()
}

#[test]
fn an_end_behind_whole_seconds_of_silence_is_a_limit_of_a_proxy() {
    for from in [Side::Client, Side::Server] {
        assert_eq!(ended_after(from, 60_015), [FindingKind::TcpIdleTimeout]);
        assert_eq!(ended_after(from, 47_400), [FindingKind::TcpDropAfterOpen]);
    }
    assert_eq!(ended_after(Side::Server, 2_000), [FindingKind::TcpIdleTimeout]);
    assert_eq!(ended_after(Side::Server, 500), [FindingKind::TcpDropAfterOpen]);
}

#[test]
fn a_client_that_is_no_page_ends_as_it_likes() {
    let request = String::from_utf8_lossy(REQUEST).replace("Origin: http://localhost:9000\r\n", "");
    for milliseconds in [60_015, 47_400] {
        let mut scene = Scene::asking(request.as_bytes(), usize::MAX, Limits::default());
        scene.feed(Side::Server, ANSWER);
        scene.session.end(Time(2 + milliseconds * 1000), Side::Client, Ending::Fin, &mut scene.out);
        assert_eq!(scene.findings(), [FindingKind::ReqOriginMissing]);
    }
}

#[test]
fn how_sure_a_limit_is_depends_on_whether_such_a_one_is_known() {
    let cause = |milliseconds: u64| {
        let mut scene = Scene::open(usize::MAX);
        scene.feed(Side::Server, HELLO);
        scene.session.end(Time(2 + milliseconds * 1000), Side::Server, Ending::Fin, &mut scene.out);
        let causes = scene.events().filter_map(|event| match event {
            Event::Finding(_, finding) => finding.cause.clone(),
            _ => None,
        });
        causes.last().unwrap().into_owned()
    };
    assert!(cause(60_015).starts_with("most likely a limit of 60 s"));
    assert!(cause(47_000).starts_with("it may be a limit of 47 s"));
}

#[test]
fn a_client_that_ends_soon_after_it_heard_something_is_no_alarm() {
    assert_eq!(ended_after(Side::Client, 0), []);
    assert_eq!(ended_after(Side::Client, 2_500), []);
}

#[test]
fn a_page_that_leaves_a_silent_server_is_not_blamed_for_it() {
    for (seconds, blames_server) in [(0, false), (6, true)] {
        let mut scene = Scene::new(usize::MAX);
        scene.session.end(Time(seconds * 1_000_000 + 1), Side::Client, Ending::Reset, &mut scene.out);
        let causes = scene.events().filter_map(|event| match event {
            Event::Finding(_, finding) => Some(finding.cause.is_some()),
            _ => None,
        });
        assert_eq!(causes.collect::<Vec<_>>(), [blames_server]);
    }
}
