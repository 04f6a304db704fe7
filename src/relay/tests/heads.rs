//! Heads that are held: a response in a session, a request before there is one.

use super::*;
use crate::query::Query;
use crate::record::{HeadEvent, Policy, ReleasedBy, ReleasedHow, SessionId};
use crate::relay::hold::{Condition, HeadDecision, HeldRequest, HoldCell, Request};

const HELD: &[u8] = b"\x81\x02hi";

/// A session whose responses are held as far as a query asks for them, and whose frames are not.
fn held_by(query: &str, step: usize, policy: Policy, limits: Limits) -> (Scene, HoldCell) {
    let cell = HoldCell::default();
    hold(&cell, Some(query));
    let policy = PolicyCell::new(policy);
    (Scene::begun(REQUEST, step, SessionConfig { hold: cell.clone(), policy, limits, ..Scene::config() }), cell)
}

fn hold(cell: &HoldCell, query: Option<&str>) {
    let condition = query.map(|query| Arc::new(Condition::new(Query::parse(query).unwrap()).unwrap()));
    cell.set(PerSide::new(condition.clone(), condition));
}

fn holding(step: usize) -> Scene {
    held_by("is:head", step, Policy::Faithful, Limits::default()).0
}

fn command(scene: &mut Scene, command: SessionCommand) -> Vec<Reply> {
    scene.session.command(Time(3), Token(9), command, &mut scene.out);
    scene.take(Side::Server, b"");
    scene.replies()
}

fn decide(scene: &mut Scene, decision: HeadDecision) -> Vec<Reply> {
    command(scene, SessionCommand::DecideHead { from: Side::Server, decision })
}

fn released(scene: &Scene) -> Vec<(ReleasedHow, ReleasedBy)> {
    let told = scene.events().filter_map(|event| match event {
        Event::HeadReleased { how, by, .. } => Some((*how, *by)),
        _ => None,
    });
    told.collect()
}

fn response(scene: &Scene) -> HeadEvent {
    let heads = scene.events().filter_map(|event| match event {
        Event::Head(head) if head.from == Side::Server => Some(head.clone()),
        _ => None,
    });
    heads.last().unwrap()
}

fn replaced(from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(ANSWER.to_vec()).unwrap();
    assert!(text.contains(from));
    text.replace(from, to).into_bytes()
}

#[test]
fn a_response_that_is_held_goes_on_bit_for_bit_with_what_came_behind_it() {
    at_each_step(|step| {
        let mut scene = holding(step);
        scene.feed(Side::Server, ANSWER);
        assert_eq!(scene.received.client, b"");
        assert!(!scene.session.is_reading(Side::Server) && scene.session.is_reading(Side::Client));
        // It may have come in the same read.
        scene.feed(Side::Server, HELD);
        assert_eq!(decide(&mut scene, HeadDecision::Release), [Reply::Released]);
        assert_eq!(scene.received.client, [ANSWER, HELD].concat(), "{step}");
        assert!(scene.session.is_open() && scene.session.is_reading(Side::Server));
        assert_eq!(released(&scene), [(ReleasedHow::AsIs, ReleasedBy::User)]);
        assert!(!response(&scene).is_edited && scene.findings().is_empty());
        assert_eq!(scene.frames().len(), 1);
        scene.feed(Side::Server, HELD);
        assert_eq!(scene.received.client, [ANSWER, HELD, HELD].concat());
        assert_eq!(decide(&mut scene, HeadDecision::Release), [Reply::Refused(Refusal::NotHeld)]);
    });
}

#[test]
fn without_a_hold_that_names_it_a_response_passes_as_it_comes() {
    for query in ["", "op:text", "from:client is:head", "is:head path:/other", "is:head nowhere"] {
        at_each_step(|step| {
            let (mut scene, _) = held_by(query, step, Policy::Faithful, Limits::default());
            scene.feed(Side::Server, ANSWER);
            assert_eq!(scene.received.client, ANSWER, "{query} in {step}");
            assert!(scene.session.is_open() && released(&scene).is_empty());
        });
    }
}

#[test]
fn an_edited_response_is_what_the_client_gets_and_what_is_judged() {
    at_each_step(|step| {
        let mut scene = holding(step);
        scene.feed(Side::Server, ANSWER);
        let edited = replaced("HSmr", "HSMR");
        assert_eq!(decide(&mut scene, HeadDecision::Edit(edited.clone())), [Reply::Released]);
        assert_eq!(scene.received.client, edited);
        let head = response(&scene);
        assert!(head.is_edited);
        assert_eq!((head.bytes.as_slice(), head.forwarded), (ANSWER, edited));
        assert_eq!(head.changes.len(), 1);
        assert_eq!(scene.findings(), [FindingKind::RespAcceptMismatch]);
        let words = "Error during WebSocket handshake: Incorrect 'Sec-WebSocket-Accept' header value";
        assert_eq!(scene.verdicts(), [words]);
        let told = scene.events().find_map(|event| match event {
            Event::Finding(_, finding) => finding.cause.as_deref().map(str::to_owned),
            _ => None,
        });
        assert!(told.unwrap().contains("you edited"));
    });
}

#[test]
fn an_edit_that_does_away_with_a_fault_is_a_repair() {
    let mut scene = holding(usize::MAX);
    scene.feed(Side::Server, &replaced("HSmr", "HSMR"));
    assert!(scene.findings().is_empty(), "nobody got it so far");
    decide(&mut scene, HeadDecision::Edit(ANSWER.to_vec()));
    let found: Vec<_> = scene
        .events()
        .filter_map(|event| match event {
            Event::Finding(_, finding) => Some((finding.kind, finding.repaired)),
            _ => None,
        })
        .collect();
    assert_eq!(found, [(FindingKind::RespAcceptMismatch, true)]);
    assert!(scene.verdicts().is_empty() && scene.session.is_open());
}

#[test]
fn an_edited_status_decides_what_follows() {
    let mut scene = holding(usize::MAX);
    scene.feed(Side::Server, ANSWER);
    let refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
    decide(&mut scene, HeadDecision::Edit(refusal.to_vec()));
    assert_eq!(scene.received.client, refusal);
    assert!(!scene.session.is_open());
    assert_eq!(scene.verdicts(), ["Error during WebSocket handshake: Unexpected response code: 403"]);
    let mut scene = holding(usize::MAX);
    scene.feed(Side::Server, refusal);
    decide(&mut scene, HeadDecision::Edit(ANSWER.to_vec()));
    assert!(scene.session.is_open());
    // One that has no end is for the client to wait for.
    let mut scene = holding(usize::MAX);
    scene.feed(Side::Server, ANSWER);
    decide(&mut scene, HeadDecision::Edit(b"HTTP/1.1 101 Switching".to_vec()));
    assert_eq!(scene.received.client, b"HTTP/1.1 101 Switching");
    assert!(!scene.session.is_open() && scene.session.is_reading(Side::Server));
}

#[test]
fn a_dropped_response_ends_the_session_and_the_client_is_told() {
    let mut scene = holding(usize::MAX);
    scene.feed(Side::Server, ANSWER);
    assert_eq!(decide(&mut scene, HeadDecision::Drop), [Reply::Released]);
    assert_eq!(scene.received.client, b"");
    assert!(matches!(&scene.out.acts[..], [Act::Respond { status: 502, reason: Reason::Dropped }, ..]));
    assert!(scene.is_closed());
    assert_eq!(scene.verdicts(), ["Error during WebSocket handshake: Unexpected response code: 502"]);
    assert_eq!(released(&scene), [(ReleasedHow::Dropped, ReleasedBy::User)]);
}

#[test]
fn each_of_several_responses_is_held() {
    at_each_step(|step| {
        let hint = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
        let mut scene = holding(step);
        scene.feed(Side::Server, &[hint, ANSWER].concat());
        decide(&mut scene, HeadDecision::Release);
        assert_eq!(scene.received.client, hint, "{step}");
        decide(&mut scene, HeadDecision::Release);
        assert_eq!(scene.received.client, [hint, ANSWER].concat());
        assert!(scene.session.is_open());
        // The query asks for one of them.
        let (mut scene, _) = held_by("is:head accept", step, Policy::Faithful, Limits::default());
        scene.feed(Side::Server, &[hint, ANSWER].concat());
        assert_eq!(scene.received.client, hint);
        decide(&mut scene, HeadDecision::Release);
        assert!(scene.session.is_open());
    });
}

#[test]
fn what_is_held_goes_on_by_itself_at_its_limit_and_when_the_hold_ends() {
    let limits = Limits::default();
    let mut scene = holding(usize::MAX);
    scene.feed(Side::Server, ANSWER);
    let limit = 2 + limits.hold_time.as_micros() as u64;
    assert!(scene.session.deadline().is_some_and(|due| due <= Time(limit)));
    scene.tick(Time(limit - 1));
    assert_eq!(scene.received.client, b"");
    assert!(scene.findings().is_empty() && !scene.events().any(|event| matches!(event, Event::Stall { .. })));
    scene.tick(Time(limit));
    assert_eq!(scene.received.client, ANSWER);
    assert_eq!(released(&scene), [(ReleasedHow::AsIs, ReleasedBy::Limit)]);

    let (mut scene, cell) = held_by("is:head", usize::MAX, Policy::Faithful, Limits::default());
    scene.feed(Side::Server, ANSWER);
    hold(&cell, None);
    assert_eq!(command(&mut scene, SessionCommand::Rehold), [Reply::Done]);
    assert_eq!(scene.received.client, ANSWER);

    let mut scene = holding(usize::MAX);
    scene.feed(Side::Server, ANSWER);
    assert_eq!(command(&mut scene, SessionCommand::ReleaseAll), [Reply::Released]);
    assert_eq!(scene.received.client, ANSWER);
}

#[test]
fn what_is_held_goes_on_in_front_of_an_end() {
    for ends in [Side::Client, Side::Server] {
        let mut scene = holding(usize::MAX);
        scene.feed(Side::Server, ANSWER);
        scene.end(ends, Ending::Fin);
        assert_eq!(scene.received.client, ANSWER);
        assert_eq!(released(&scene), [(ReleasedHow::AsIs, ReleasedBy::End)]);
    }
    let mut scene = holding(usize::MAX);
    scene.feed(Side::Server, ANSWER);
    scene.close(ClosedBy::Proxy, Code::GOING_AWAY);
    assert_eq!(scene.received.client, [ANSWER, b"\x88\x02\x03\xe9"].concat());
    assert_eq!(released(&scene), [(ReleasedHow::AsIs, ReleasedBy::Quit)]);
    // What is no head, has no end, or is too long is not held.
    let limits = Limits::default();
    let long = [b"HTTP/1.1 101 x\r\nX: ".as_slice(), &vec![b'x'; limits.head]].concat();
    for (bytes, waits) in [(&b"SSH-2.0-x\r\n"[..], false), (b"HTTP/1.1 101 x\r\nX", true), (&long, false)] {
        let mut scene = holding(usize::MAX);
        scene.feed(Side::Server, bytes);
        assert_eq!(scene.received.client.is_empty(), waits);
        if waits {
            scene.tick(Time(2 + limits.stall_time.as_micros() as u64));
        }
        assert_eq!(scene.received.client, bytes);
        assert!(released(&scene).is_empty());
    }
}

#[test]
fn an_edited_response_is_translated_and_repaired_like_any_other() {
    let (mut scene, _) = held_by("is:head", usize::MAX, Policy::Repair, Limits::default());
    scene.feed(Side::Server, ANSWER);
    decide(&mut scene, HeadDecision::Edit(b"HTTP/1.1 101 x\r\n\r\n".to_vec()));
    assert_eq!(
        crate::diagnose::chrome::handshake(REQUEST, &scene.received.client),
        crate::diagnose::chrome::Handshake::Opens
    );
    let head = response(&scene);
    assert!(head.is_edited && head.bytes == ANSWER && head.forwarded == scene.received.client);
}

#[test]
fn all_sessions_together_hold_no_more_than_a_bound() {
    let limits = Limits { hold_all: super::super::limits::Budget::new(ANSWER.len()), ..Limits::default() };
    let (mut first, _) = held_by("is:head", usize::MAX, Policy::Faithful, limits.clone());
    let (mut second, _) = held_by("is:head", usize::MAX, Policy::Faithful, limits);
    first.feed(Side::Server, ANSWER);
    second.feed(Side::Server, ANSWER);
    assert_eq!((first.received.client.as_slice(), second.received.client.as_slice()), (&b""[..], ANSWER));
    decide(&mut first, HeadDecision::Release);
    let before = Time(9);
    assert!(first.session.deadline().is_none_or(|due| due > before));
}

#[test]
fn a_request_is_held_before_there_is_an_upstream_for_it() {
    let (cell, limits) = (HoldCell::default().of(SessionId(3)), Limits::default());
    let mut log = Log::default();
    let ask = |log: &mut Log| HeldRequest::hold(cell.clone(), &limits, Time(1), REQUEST.to_vec(), log);
    assert_eq!(ask(&mut log).unwrap_err(), REQUEST);
    hold(&cell, Some("is:head from:client"));
    let decided = |command, log: &mut Log| {
        let mut held = HeldRequest::hold(cell.clone(), &limits, Time(1), REQUEST.to_vec(), log).unwrap();
        assert_eq!(held.outcome(), None);
        let reply = held.command(Time(2), command, log);
        (reply, held.outcome())
    };
    let decide = |decision| SessionCommand::DecideHead { from: Side::Client, decision };
    let goes =
        |head: &[u8], came: Option<&[u8]>| Some(Request::Goes { head: head.to_vec(), came: came.map(<[u8]>::to_vec) });
    for command in
        [decide(HeadDecision::Release), decide(HeadDecision::Edit(REQUEST.to_vec())), SessionCommand::ReleaseAll]
    {
        assert_eq!(decided(command, &mut log), (Reply::Released, goes(REQUEST, None)));
    }
    let edit = decide(HeadDecision::Edit(b"GET / HTTP/1.1\r\n\r\n".to_vec()));
    assert_eq!(decided(edit, &mut log), (Reply::Released, goes(b"GET / HTTP/1.1\r\n\r\n", Some(REQUEST))));
    assert_eq!(decided(decide(HeadDecision::Drop), &mut log), (Reply::Released, Some(Request::Dropped)));
    let close = SessionCommand::close(ClosedBy::User, Code::NORMAL);
    assert_eq!(decided(close, &mut log), (Reply::Done, Some(Request::Dropped)));
    let other = SessionCommand::DecideHead { from: Side::Server, decision: HeadDecision::Release };
    assert_eq!(decided(other, &mut log), (Reply::Refused(Refusal::NotHeld), None));
    let mut held = ask(&mut log).unwrap();
    held.tick(held.deadline().unwrap(), &mut log);
    assert_eq!(held.outcome(), goes(REQUEST, None));
    let mut held = ask(&mut log).unwrap();
    hold(&cell, None);
    assert_eq!(held.command(Time(2), SessionCommand::Rehold, &mut log), Reply::Done);
    assert_eq!(held.outcome(), goes(REQUEST, None));
}

#[test]
fn an_edited_request_goes_to_the_server_translated_and_is_shown_beside_the_one_that_came() {
    let mut out = Output::default();
    let edited = String::from_utf8(REQUEST.to_vec()).unwrap().replacen("\r\n", "\r\nX-Extra: 1\r\n", 1).into_bytes();
    let _session = Session::edited(Scene::config(), None, Time(1), &edited, Some(REQUEST), &mut out);
    let mut sent = Vec::new();
    out.to.server.take(b"", &mut sent);
    assert!(String::from_utf8(sent.clone()).unwrap().contains("X-Extra: 1\r\n"));
    let head = out.log.records.iter().find_map(|record| match record {
        Record::Event(_, event) => match &**event {
            Event::Head(head) => Some(head.clone()),
            _ => None,
        },
        _ => None,
    });
    let head = head.unwrap();
    assert!(head.is_edited && head.bytes == REQUEST && head.forwarded == sent);
    assert_eq!(head.changes.first().map(|change| change.field.as_str()), Some("X-Extra"));
}

proptest! {
    #[test]
    fn whatever_comes_is_held_and_released_as_it_came(
        pieces in proptest::collection::vec(prop_oneof![
            Just(ANSWER.to_vec()),
            Just(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()),
            Just(b"HTTP/1.1 404 x\r\n\r\nbody".to_vec()),
            Just(b"\r\n".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..20),
        ], 0..6),
        step in 1_usize..200,
    ) {
        let bytes = pieces.concat();
        let mut scene = holding(step);
        scene.feed(Side::Server, &bytes);
        while !decide(&mut scene, HeadDecision::Release).contains(&Reply::Refused(Refusal::NotHeld)) {}
        scene.end(Side::Server, Ending::Fin);
        prop_assert_eq!(&scene.received.client, &bytes);
        let mut plain = Scene::new(step);
        plain.feed(Side::Server, &bytes);
        plain.end(Side::Server, Ending::Fin);
        // In which words a browser fails depends on what comes in one read.
        prop_assert_eq!(scene.verdicts().is_empty(), plain.verdicts().is_empty());
    }
}
