//! The same faults under each policy.

use super::*;
use crate::record::Policy;

fn scene(step: usize, policy: Policy) -> Scene {
    let scene = Scene::open(step);
    scene.policy.set(policy);
    scene
}

fn repaired(step: usize, from: Side, bytes: &[u8]) -> Vec<u8> {
    let mut scene = scene(step, Policy::Repair);
    scene.feed(from, bytes);
    std::mem::take(&mut scene.received[from.other()])
}

/// What was found, and whether it was repaired.
fn repaired_findings(scene: &Scene) -> Vec<(FindingKind, bool)> {
    let found = scene.events().filter_map(|event| match event {
        Event::Finding(_, finding) => Some((finding.kind, finding.repaired)),
        _ => None,
    });
    found.collect()
}

#[test]
fn the_finding_of_a_repaired_frame_says_so() {
    for step in [1, usize::MAX] {
        let mut scene = Scene::under(step, PolicyCell::new(Policy::Repair));
        scene.feed(Side::Server, ANSWER);
        scene.feed(Side::Server, b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x83\x00");
        let found = repaired_findings(&scene);
        assert_eq!(found, [(FindingKind::FrameServerMasked, true), (FindingKind::FrameOpcodeReservedData, true)]);
        assert!(scene.verdicts().iter().all(String::is_empty), "the page gets it repaired: {:?}", scene.verdicts());
    }
}

#[test]
fn repair_corrects_what_a_server_sends() {
    let cases: &[(&[u8], &[u8])] = &[
        (b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", HELLO),
        (b"\xa1\x05Hello", HELLO),
        (b"\xc1\x05Hello", HELLO),
        (b"\x81\x7e\x00\x05Hello", HELLO),
        (b"\x09\x00\x81\x05Hello", b"\x89\x00\x81\x05Hello"),
        (b"\x01\x01a\x81\x05Hello", b"\x01\x01a\x80\x00\x81\x05Hello"),
        (b"\x81\x05Hello\r\n", HELLO),
        (b"\x81\x05Hello\n\x81\x05Hello", b"\x81\x05Hello\x81\x05Hello"),
        (b"\r\n\x81\x05Hello", HELLO),
        (b"\n\x81\x05Hello", HELLO),
        (b"\x83\x05Hello", b""),
        (b"\x81\x05Hello\x88\x02\x03\xed", b"\x81\x05Hello\x88\x00"),
        (b"\x88\x02\x03\xe8\x81\x05Hello", b"\x88\x02\x03\xe8"),
        (b"\x82\x7f\x80\0\0\0\0\0\0\x05Hello", b"\x88\x02\x03\xea"),
    ];
    for step in [1, usize::MAX] {
        for (came, goes) in cases {
            let what = format!("{came:x?} in steps of {step}");
            assert_eq!(repaired(step, Side::Server, came), *goes, "{what}");
            assert_eq!(repaired(step, Side::Server, goes), *goes, "repaired twice: {what}");
        }
    }
    assert_eq!(repaired(usize::MAX, Side::Server, b"\x80\x05Hello"), HELLO);
    let long = [b"\x81\x7e\x40\x01".as_slice(), &[b'a'; 0x4000], b"\xe9"].concat();
    for step in [1, 7, usize::MAX] {
        assert_eq!(repaired(step, Side::Server, b"\x81\x05He\xe9lo"), b"\x81\x07He\xef\xbf\xbdlo");
        assert_eq!(repaired(step, Side::Server, b"\x01\x04He\xe9l\x80\x01o"), b"\x01\x04He?l\x80\x01o");
        let mut clean = long.clone();
        *clean.last_mut().unwrap() = b'?';
        assert_eq!(repaired(step, Side::Server, &long), clean, "a long frame does not wait");
    }
}

#[test]
fn repair_masks_what_a_client_sends() {
    for step in [1, usize::MAX] {
        let out = repaired(step, Side::Client, HELLO);
        let (header, used) = FrameHeader::parse(&out).unwrap();
        let mut payload = out[used..].to_vec();
        mask::apply(header.mask.unwrap(), 0, &mut payload);
        assert_eq!((header.first, payload.as_slice()), (0x81, b"Hello".as_slice()));
        assert_eq!(repaired(step, Side::Client, &out), out);
    }
}

#[test]
fn repair_finishes_what_a_server_left_open() {
    for (came, how, owed) in [
        (b"\x81\x05Hello".as_slice(), Ending::Fin, b"\x88\x02\x03\xe8".as_slice()),
        (b"\x01\x05Hello", Ending::Fin, b"\x80\x00\x88\x02\x03\xe8"),
        (b"\x81\x05Hello", Ending::Reset, b"\x88\x02\x03\xf3"),
        (b"\x88\x02\x03\xe8", Ending::Fin, b""),
        (b"\x81\x05Hel", Ending::Fin, b""),
    ] {
        let mut scene = scene(usize::MAX, Policy::Repair);
        scene.feed(Side::Server, came);
        scene.end(Side::Server, how);
        assert_eq!(scene.received[Side::Client], [came, owed].concat());
    }
}

#[test]
fn strict_passes_what_came_before_the_fault_and_nothing_else() {
    for (bytes, passed, code) in [
        (b"\x81\x05Hello\x83\x01a\x81\x05Hello".as_slice(), HELLO, 1002u16),
        (b"\x81\x05Hello\x81\x01\xff", HELLO, 1007),
        (b"\r\n\x81\x05Hello", b"", 1002),
    ] {
        let mut scene = scene(usize::MAX, Policy::Strict);
        scene.feed(Side::Server, bytes);
        assert_eq!(scene.received.client, [passed, b"\x88\x02", &code.to_be_bytes()].concat());
        assert_eq!(decode(&scene.received.server)[0].1, code.to_be_bytes());
        scene.feed(Side::Server, HELLO);
        assert!(scene.received.client.ends_with(&code.to_be_bytes()), "nothing follows");
    }
    let mut scene = scene(usize::MAX, Policy::Strict);
    scene.feed(Side::Server, HELLO);
    assert_eq!((scene.received.client.as_slice(), scene.received.server.as_slice()), (HELLO, &b""[..]));
}

#[test]
fn a_policy_holds_from_the_next_read_on_and_an_injection_keeps_its_place() {
    let mut scene = scene(usize::MAX, Policy::Faithful);
    scene.feed(Side::Server, b"\xa1\x05Hello\x81\x05Hel");
    scene.policy.set(Policy::Repair);
    assert_eq!(scene.inject(Side::Client, Injection::whole(Opcode::PING, Vec::new())), [Reply::Waiting(Wait::Frame)]);
    scene.feed(Side::Server, b"lo\xa1\x05Hello");
    scene.feed(Side::Server, b"\xa1\x05Hello");
    scene.policy.set(Policy::Faithful);
    scene.feed(Side::Server, b"\xa1\x05Hello");
    let expected = b"\xa1\x05Hello\x81\x05Hello\x89\x00\xa1\x05Hello\x81\x05Hello\xa1\x05Hello";
    assert_eq!(scene.received.client, expected);
}

/// All that is written down of what left for the client: frames as they came, what left in their place, and wsproxy's own.
fn left(log: &Log) -> Vec<u8> {
    let mut sent = std::collections::BTreeMap::<FrameNumber, (u64, Vec<u8>)>::new();
    for record in &log.records {
        if let Record::Sent(record) = record {
            let (_, bytes) = sent.entry(record.number).or_insert((record.at, Vec::new()));
            bytes.extend_from_slice(log.span(record.kept));
        }
    }
    let mut all = Vec::new();
    for (mut frame, mut payload) in frames(log) {
        let (mut header, mut bytes) = (Vec::new(), Vec::new());
        frame.header.write(&mut header);
        mask::apply(frame.header.mask.unwrap_or_default(), 0, &mut payload);
        bytes.extend([header, payload].concat());
        if let Some((at, sent)) = sent.remove(&frame.number) {
            bytes.truncate(at as usize);
            bytes.extend(sent);
            frame.relayed = Relayed::AsIs;
        }
        if frame.relayed == Relayed::AsIs {
            all.extend(bytes);
        }
    }
    all
}

proptest! {
    #[test]
    fn what_is_written_down_as_sent_is_what_left(
        bytes in proptest::collection::vec(
            prop_oneof![any::<u8>(), Just(0x81), Just(0x01), Just(0x00), Just(0x80), Just(0x88), Just(0x02)], 0..200),
        step in 1usize..60,
    ) {
        let mut scene = Scene::under(step, PolicyCell::new(Policy::Repair));
        scene.feed(Side::Server, ANSWER);
        scene.received = PerSide::default();
        scene.feed(Side::Server, &bytes);
        scene.end(Side::Server, Ending::Fin);
        let recorded = left(&scene.out.log);
        // A control frame and the start of a character are held until they are whole, so what did not end may not have left.
        let missing = recorded.len().saturating_sub(scene.received.client.len());
        prop_assert!(missing <= 2 + 125 + 4, "{:02x?} of {:02x?}", scene.received.client, recorded);
        prop_assert_eq!(&scene.received.client[..], &recorded[..recorded.len() - missing]);
    }
}

proptest! {
    #[test]
    fn whatever_comes_repair_of_the_repaired_changes_nothing(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0x81), Just(0x01), Just(0x00), Just(0x88)], 0..200),
        step in 1usize..60,
    ) {
        let once = repaired(step, Side::Server, &bytes);
        prop_assert_eq!(repaired(usize::MAX, Side::Server, &once), once);
    }
}

proptest! {
    #[test]
    fn right_streams_pass_both_policies_bit_for_bit(
        messages in proptest::collection::vec((0_u8..5, "\\PC{0,40}", 1_usize..4), 0..8),
        step in 1_usize..60,
        closes: bool,
    ) {
        let mut bytes = Vec::new();
        for (kind, text, fragments) in messages {
            match kind {
                0 => frame::write(Opcode::PING, &text.as_bytes()[..text.len().min(125)], None, &mut bytes),
                1 => frame::write(Opcode::PONG, b"", None, &mut bytes),
                _ => {
                    // A message in fragments, cut between characters.
                    let opcode = if kind == 2 { 2 } else { 1 };
                    let characters: Vec<char> = text.chars().collect();
                    let pieces: Vec<_> = characters.chunks(characters.len().div_ceil(fragments).max(1)).collect();
                    for (index, piece) in pieces.iter().enumerate() {
                        let payload: String = piece.iter().collect();
                        let fin = if index + 1 == pieces.len() { 0x80 } else { 0 };
                        let first = fin | if index == 0 { opcode } else { 0 };
                        FrameHeader { first, ..FrameHeader::new(Opcode::TEXT, payload.len() as u64, None) }.write(&mut bytes);
                        bytes.extend_from_slice(payload.as_bytes());
                    }
                }
            }
        }
        if closes {
            frame::write(Opcode::CLOSE, b"\x03\xe8bye", None, &mut bytes);
        }
        for policy in [Policy::Repair, Policy::Strict] {
            let mut scene = Scene::under(step, PolicyCell::new(policy));
            scene.feed(Side::Server, ANSWER);
            scene.feed(Side::Server, &bytes);
            prop_assert_eq!(&scene.received[Side::Client], &[ANSWER, &bytes].concat());
            let only_answered = scene.out.acts.iter().all(|act| matches!(act, Act::Answered(101)));
            prop_assert!(only_answered && !scene.received.server.ends_with(b"\x03\xea"));
        }
    }
}

#[test]
fn a_frame_that_is_dropped_hides_no_finding_of_a_later_one() {
    for step in [1, usize::MAX] {
        let mut scene = Scene::under(step, PolicyCell::new(Policy::Repair));
        scene.feed(Side::Server, ANSWER);
        scene.feed(Side::Server, b"\x83\x05Hello");
        scene.feed(Side::Server, b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
        scene.feed(Side::Server, b"\xa1\x05Hello");
        let found = repaired_findings(&scene);
        let expected = [
            (FindingKind::FrameOpcodeReservedData, true),
            (FindingKind::FrameServerMasked, true),
            (FindingKind::FrameRsv, true),
        ];
        assert_eq!(found, expected, "in steps of {step}");
    }
}
