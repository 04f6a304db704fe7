//! Captures of real sessions, and what becomes of the files.

use std::io::Cursor;

use proptest::prelude::*;

use wsproxy::capture::{About, Reader, Tail, Writer};
use wsproxy::diagnose::examples::{Scene, Step, example};
use wsproxy::record::Policy;
use wsproxy::record::finding::FindingKind;
use wsproxy::record::{Ending, Log, PerSide, Record, SessionId, Side, Time};
use wsproxy::relay::policy::PolicyCell;
use wsproxy::relay::session::{Output, Session, SessionConfig};
use wsproxy::relay::translate::AddressRules;

/// A session of a scene's, whose reads are the log's, as in the engine.
fn play(scene: &Scene, policy: Policy) -> Log {
    let cell = PolicyCell::default();
    cell.set(policy);
    let config = SessionConfig { policy: cell, ..SessionConfig::new(AddressRules::to("localhost:9999")) };
    let (mut out, mut now) = (Output::default(), Time(1_700_000_000_000_000));
    let mut session = Session::begin(config, now, &scene.request, &mut out);
    for step in &scene.steps {
        now = Time(now.0 + 1000);
        out.to = PerSide::default();
        match step {
            Step::Read(from, read) => {
                let at = out.log.read.len();
                out.log.read.extend_from_slice(read);
                let lent = out.log.lend();
                session.receive(now, *from, &lent[at..], &mut out);
                out.log.take_back(lent);
            }
            Step::Fin(from) => session.end(now, *from, Ending::Fin, &mut out),
            Step::Reset(from) => session.end(now, *from, Ending::Reset, &mut out),
            Step::Blocked(from) => session.blocked(now, *from, Some(now)),
            Step::Wait(seconds) => {
                now = Time(now.0 + seconds * 1_000_000);
                session.tick(now, &mut out);
            }
        }
    }
    session.finish(now, &mut out);
    out.log
}

/// All that a log has, wherever its bytes are.
fn shown(log: &Log) -> Vec<(String, Vec<u8>)> {
    let shown = log.records.iter().map(|record| {
        let mut record = record.clone();
        let span = match &mut record {
            Record::Run(run) => std::mem::take(&mut run.span),
            Record::Frame(frame) => std::mem::take(&mut frame.kept),
            Record::More(more) => std::mem::take(&mut more.kept),
            Record::Sent(sent) => std::mem::take(&mut sent.kept),
            Record::Raw(raw) => std::mem::take(&mut raw.kept),
            Record::Event(..) | Record::Proxy(..) => return (format!("{record:?}"), Vec::new()),
        };
        (format!("{record:?}"), log.span(span).to_vec())
    });
    shown.collect()
}

fn assert_comes_back(log: &Log, what: &str) {
    let about = About { program: "wsproxy".to_owned(), begun: Time(1), part: 1 };
    let mut writer = Writer::new(Vec::new(), 7, &about).unwrap();
    writer.add(Some(SessionId(1)), log).unwrap();
    let file = writer.finish().unwrap();
    let mut reader = Reader::open(Cursor::new(&file)).unwrap();
    assert_eq!(reader.tail(), &Tail::Ended);
    let mut back = Vec::new();
    for entry in reader.entries().to_vec() {
        let loaded = reader.load(&entry).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(loaded.unknown, 0, "{what}");
        back.extend(shown(&loaded.log));
    }
    assert_eq!(back, shown(log), "{what}");
}

#[test]
fn sessions_with_each_finding_come_back_under_each_policy() {
    for kind in FindingKind::ALL {
        let example = example(*kind);
        let Some(scene) = example.scene() else { continue };
        for policy in Policy::ALL {
            assert_comes_back(&play(scene, policy), &format!("{} under {}", kind.id(), policy.name()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_peers_send_comes_back(
        reads in proptest::collection::vec((any::<bool>(), frames()), 0..30),
        policy in 0usize..3,
    ) {
        let Some(scene) = example(FindingKind::FrameRsv).scene().cloned() else { panic!("it has one") };
        let response = scene.steps.first().cloned().into_iter();
        let side = |is_client| if is_client { Side::Client } else { Side::Server };
        let steps = response.chain(reads.into_iter().map(|(from, read)| Step::Read(side(from), read))).collect();
        assert_comes_back(&play(&Scene { steps, ..scene }, Policy::ALL[policy]), "peers");
    }
}

/// Mostly frames as they have to be, cut anywhere, some others, and bytes that are none.
fn frames() -> impl Strategy<Value = Vec<u8>> {
    use wsproxy::wire::frame;
    use wsproxy::wire::opcode::Opcode;
    let payload = proptest::collection::vec(any::<u8>(), 0..300);
    let frame = (0u8..16, payload, proptest::option::of(any::<[u8; 4]>()), any::<u8>(), 0usize..40).prop_map(
        |(opcode, payload, key, first, cut)| {
            let mut bytes = Vec::new();
            frame::write(Opcode::new(opcode), &payload, key, &mut bytes);
            if first < 20 {
                bytes[0] = first;
            }
            let end = if cut == 0 { bytes.len() / 2 } else { bytes.len() };
            bytes.truncate(end);
            bytes
        },
    );
    let text = ("[a-z]{0,200}", any::<[u8; 4]>()).prop_map(|(text, key)| {
        let mut bytes = Vec::new();
        frame::write(Opcode::TEXT, text.as_bytes(), Some(key), &mut bytes);
        bytes
    });
    proptest::collection::vec(prop_oneof![3 => text, 1 => frame], 1..6).prop_map(|frames| frames.concat())
}
