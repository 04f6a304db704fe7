//! The application's watcher at its place: messages in pieces, fragments and long runs.

use super::*;
use crate::diagnose::examples::{Example, Scene, Step, example};
use crate::record::finding::Layer;
use crate::relay::rehearsal;

fn ids(scene: &Scene) -> Vec<&'static str> {
    rehearsal::findings(scene).into_iter().map(|(_, finding)| finding.kind.id()).collect()
}

fn scene(kind: FindingKind) -> Scene {
    match example(kind) {
        Example::Scene(scene) => scene,
        _ => panic!("{} takes time", kind.id()),
    }
}

#[test]
fn what_applications_say_is_found_however_reads_cut_it() {
    for kind in FindingKind::ALL.iter().filter(|kind| kind.layer() == Layer::Application) {
        let Example::Scene(mut scene) = example(*kind) else { continue };
        let cut = |step: Step| match step {
            Step::Read(from, bytes) => bytes.iter().map(|byte| Step::Read(from, vec![*byte])).collect(),
            step => vec![step],
        };
        let whole = ids(&scene);
        scene.steps = scene.steps.into_iter().flat_map(cut).collect();
        assert_eq!((whole, ids(&scene)), (vec![kind.id()], vec![kind.id()]));
    }
}

#[test]
fn a_message_is_heard_through_its_fragments() {
    let mut scene = scene(FindingKind::SocketioRefused);
    let Some(Step::Read(Side::Server, refusal)) = scene.steps.pop() else { panic!("the server speaks last") };
    let payload = &refusal[2..];
    let (start, rest) = payload.split_at(5);
    let mut bytes = vec![0x01, start.len() as u8];
    bytes.extend_from_slice(start);
    // A ping may stand between two fragments.
    bytes.extend_from_slice(b"\x89\x00\x80");
    bytes.push(rest.len() as u8);
    bytes.extend_from_slice(rest);
    scene.steps.push(Step::Read(Side::Server, bytes));
    assert_eq!(ids(&scene), ["socketio-refused"]);
}

#[test]
fn of_a_long_run_a_few_frames_are_looked_at_and_what_passed_unseen_is_not_missed() {
    let mut scene = scene(FindingKind::SocketioDisconnected);
    scene.steps.pop();
    let event = |text: &[u8]| {
        let mut out = Vec::new();
        frame::write(Opcode::TEXT, text, None, &mut out);
        out
    };
    let many = event(b"42[\"x\"]").repeat(300);
    // The client owes a pong, which may be among what is not looked at.
    scene.steps.push(Step::Read(Side::Server, event(b"2")));
    scene.steps.push(Step::Read(Side::Server, [many.clone(), event(b"41")].concat()));
    let mut with_wait = scene.clone();
    with_wait.steps.push(Step::Wait(30));
    assert_eq!(ids(&with_wait), [""; 0], "the last of 300 frames is not looked at, and no pong is missed");
    // The next read is looked at again.
    scene.steps.push(Step::Read(Side::Server, event(b"41")));
    assert_eq!(ids(&scene), ["socketio-disconnected"]);
}

#[test]
fn what_the_user_says_is_nobody_s_fault() {
    let Scene { request, steps } = scene(FindingKind::SocketioNotAPacket);
    let mut session = scene::Scene::asking(&request, 1 << 20, Limits::default());
    for step in &steps[..2] {
        if let Step::Read(from, bytes) = step {
            session.feed(*from, bytes);
        }
    }
    session.inject(Side::Server, Injection::Frame { first: 0x81, payload: b"hello".to_vec() });
    let findings = session.out.log.findings().filter(|kind| kind.layer() == Layer::Application).count();
    assert_eq!(findings, 0);
}

#[test]
fn a_close_with_1009_names_the_message_and_its_size() {
    let mut session = scene::Scene::open(1 << 20);
    for length in [10, 2_000_000, 20] {
        let mut out = Vec::new();
        frame::write(Opcode::BINARY, &vec![7; length], Some([1, 2, 3, length as u8]), &mut out);
        session.feed(Side::Client, &out);
    }
    session.feed(Side::Server, b"\x88\x02\x03\xf1");
    let cause = session.out.log.records.iter().find_map(|record| match record {
        Record::Event(_, event) => match &**event {
            Event::Finding(_, finding) => finding.cause.clone(),
            _ => None,
        },
        _ => None,
    });
    let cause = cause.unwrap();
    assert!(cause.contains("frame 2, which has 2000000 bytes") && cause.contains("websockets 1048576"), "{cause}");
    assert!(!cause.contains("uvicorn"), "{cause}");
}
