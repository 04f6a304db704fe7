//! Answers under the policies that do not take them as they come.

use super::*;
use crate::record::Policy;
use crate::relay::policy::PolicyCell;

const NEWLINE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\n\r\n\r\n";

/// What the client gets of an answer and a greeting behind it, under `policy`, in pieces of `step` bytes.
fn opened(policy: Policy, step: usize, answer: &[u8]) -> Scene {
    let mut scene = Scene::under(step, PolicyCell::new(policy));
    scene.feed(Side::Server, answer);
    scene.feed(Side::Server, HELLO);
    scene
}

/// The frames behind the head that the client got.
fn frames(scene: &Scene) -> &[u8] {
    let got = &scene.received[Side::Client];
    let end = crate::wire::head::end(got, 0).expect("a head");
    &got[end..]
}

fn opens(scene: &Scene) -> bool {
    let got = &scene.received[Side::Client];
    crate::diagnose::chrome::handshake(REQUEST, got) == crate::diagnose::chrome::Handshake::Opens
}

#[test]
fn repair_completes_the_handshake_that_a_server_bungles() {
    let answers: [&[u8]; 11] = [
        ANSWER,
        NEWLINE,
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n",
        b"HTTP/1.1 101 x\r\nSec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\n\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 101 x\r\r\nUpgrade: websocket\r\r\nConnection: Upgrade\r\r\n\r\r\n",
        b"HTTP/1.1 101 x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\n",
        b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
        b"HTTP/1.1 101 x\r\nUpgrade: websocket, h2c\r\nConnection: close\r\nSec-WebSocket-Protocol: unasked\r\n\r\n",
        b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nSec-WebSocket-Extensions: foo; bar\r\n\r\n\r\n",
        b"\xef\xbb\xbfHTTP/1.1 101 x\r\n\r\n\n",
    ];
    for answer in answers {
        for step in [1, 7, usize::MAX] {
            let scene = opened(Policy::Repair, step, answer);
            let shown = answer.escape_ascii();
            assert!(opens(&scene), "{shown} in {step}: {}", scene.received.client.escape_ascii());
            // A byte at a time, lines that fell behind an early empty line come when the head is on its way.
            if step == usize::MAX {
                assert_eq!(frames(&scene), HELLO, "{shown}");
            }
            assert!(scene.verdicts().iter().all(String::is_empty), "{shown}: {:?}", scene.verdicts());
        }
    }
}

#[test]
fn what_was_right_passes_as_it_came() {
    for policy in [Policy::Repair, Policy::Strict] {
        for step in [1, usize::MAX] {
            let scene = opened(policy, step, ANSWER);
            assert_eq!(scene.received[Side::Client], [ANSWER, HELLO].concat());
        }
    }
}

#[test]
fn a_repaired_head_s_findings_say_so() {
    let scene =
        opened(Policy::Repair, usize::MAX, b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    let repaired: Vec<_> = scene
        .events()
        .filter_map(|event| match event {
            Event::Finding(_, finding) => Some((finding.kind, finding.repaired)),
            _ => None,
        })
        .collect();
    assert_eq!(repaired, [(FindingKind::RespAcceptMissing, true)]);
}

#[test]
fn refusals_pass_under_repair_and_are_nothing_to_repair() {
    let refusal = b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope";
    for step in [1, usize::MAX] {
        let mut scene = Scene::under(step, PolicyCell::new(Policy::Repair));
        scene.feed(Side::Server, refusal);
        assert_eq!(scene.received[Side::Client], refusal);
    }
}

#[test]
fn half_an_answer_is_not_lost_under_repair() {
    let mut scene = Scene::under(usize::MAX, PolicyCell::new(Policy::Repair));
    scene.feed(Side::Server, &ANSWER[..40]);
    scene.end(Side::Server, Ending::Fin);
    assert_eq!(scene.received[Side::Client], ANSWER[..40]);
}

#[test]
fn a_head_without_its_end_is_ended_when_no_more_comes() {
    let mut scene = Scene::under(usize::MAX, PolicyCell::new(Policy::Repair));
    scene.feed(Side::Server, &ANSWER[..ANSWER.len() - 2]);
    assert!(scene.received[Side::Client].is_empty());
    scene.tick(Time(500_000));
    assert!(scene.received.client.is_empty(), "it may only be slow");
    scene.tick(Time(3_000_000));
    assert!(opens(&scene));
    scene.feed(Side::Server, HELLO);
    assert_eq!(frames(&scene), HELLO);
}

#[test]
fn strict_refuses_what_a_browser_would_and_says_why() {
    for answer in [&b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"[..], b"SSH-2.0-OpenSSH\r\n"]
    {
        for step in [1, usize::MAX] {
            let mut scene = opened(Policy::Strict, step, answer);
            scene.end(Side::Server, Ending::Fin);
            let refusals = scene.out.acts.iter().filter_map(|act| match act {
                Act::Respond { status: 502, reason: Reason::Refused { words, finding } } => Some((words, finding)),
                _ => None,
            });
            let refusals: Vec<_> = refusals.collect();
            assert!(refusals[0].0.starts_with("Error during WebSocket handshake"));
            assert!(refusals[0].1.is_some());
            assert_eq!(scene.received[Side::Client], b"", "not a byte of it passes");
            assert_eq!(refusals.len(), 1);
        }
    }
}

#[test]
fn strict_refuses_a_head_without_an_end() {
    for step in [1, 100, usize::MAX] {
        let limits = Limits { head: 300, ..Limits::default() };
        let config = SessionConfig { policy: PolicyCell::new(Policy::Strict), limits, ..Scene::config() };
        let mut scene = Scene::begun(REQUEST, step, config);
        scene.feed(Side::Server, &[&ANSWER[..ANSWER.len() - 2], &b"X: y\r\n".repeat(1000)].concat());
        let refusals = scene.out.acts.iter().filter(|act| {
            matches!(act, Act::Respond { status: 502, reason: Reason::Broken(why) } if why.contains("--max-head"))
        });
        assert_eq!(refusals.count(), 1);
        assert_eq!(scene.received[Side::Client], b"", "not a byte of it passes");
    }
}

#[test]
fn repair_gives_the_upstream_a_request_that_it_can_take() {
    let mut out = Output::default();
    let config = SessionConfig { policy: PolicyCell::new(Policy::Repair), ..Scene::config() };
    let asked = b"GET / HTTP/1.0\r\nHost: x\r\nSec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let mut session = Session::begin(config, Time(1), asked, &mut out);
    let mut head = Vec::new();
    out.to.server.take(b"", &mut head);
    let head = crate::wire::head::Head::new(&head);
    assert!(head.start_line().ends_with(b"HTTP/1.1"));
    let key = head.value("sec-websocket-key").unwrap();
    assert_ne!(key, b"short");
    let accept = crate::wire::accept::value_for(key);
    let answer = String::from_utf8(ANSWER.to_vec()).unwrap().replace("HSmrc0sMlYUkAGmm5OPpG2HaGWk=", &accept);
    session.receive(Time(2), Side::Server, answer.as_bytes(), &mut out);
    let mut got = Vec::new();
    out.to.client.take(answer.as_bytes(), &mut got);
    let own = crate::wire::accept::value_for(b"short");
    assert_eq!(crate::wire::head::Head::of_response(&got).value("sec-websocket-accept"), Some(own.as_bytes()));
}

#[test]
fn a_session_that_begins_without_heads_carries_frames_as_one_that_opened() {
    for (dialect, hello) in [(Dialect::Rfc6455, HELLO), (Dialect::Hixie76, &b"\0Hello\xff"[..])] {
        let opened = Opened { dialects: PerSide::new(dialect, dialect), deflate: None };
        let mut session = Session::open(Scene::config(), Time(1), &opened);
        let (mut out, mut received) = (Output::default(), Vec::new());
        assert!(session.is_open() && session.is_reading(Side::Client));
        session.receive(Time(2), Side::Server, hello, &mut out);
        out.to.client.take(hello, &mut received);
        assert_eq!(received, hello);
        assert_eq!(super::frames(&out.log).into_iter().map(|(_, payload)| payload).collect::<Vec<_>>(), [b"Hello"]);
        session.command(Time(3), Token(1), SessionCommand::close(ClosedBy::User, Code::NORMAL), &mut out);
        assert!(!session.is_open() && session.deadline().is_some());
        received.clear();
        out.to.client.take(b"", &mut received);
        assert!(!received.is_empty(), "a close frame goes out");
    }
}
