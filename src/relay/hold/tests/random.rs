//! Whatever comes, and whatever is decided of it.

use super::*;

/// What happens to a lane.
#[derive(Clone, Debug)]
enum Act {
    Say(usize),
    Release(u64),
    ReleaseAll,
    Hold(Option<usize>),
}

const QUERIES: [&str; 6] = ["", "op:text", "a", "len>3", "not hex:00", "op:ping or a or close:1000"];

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => (1_usize..40).prop_map(Act::Say),
        2 => (1_u64..20).prop_map(Act::Release),
        1 => Just(Act::ReleaseAll),
        1 => proptest::option::of(0..QUERIES.len()).prop_map(Act::Hold),
    ];
    proptest::collection::vec(act, 0..60)
}

/// Frames of one side: data in fragments or not, and control frames.
pub(super) fn stream(from: Side) -> impl Strategy<Value = Vec<u8>> {
    let frame = (
        prop_oneof![Just(0x81_u8), Just(0x82), Just(0x01), Just(0x00), Just(0x80), Just(0x89), Just(0x8a), Just(0xc1)],
        proptest::collection::vec(prop_oneof![Just(b'a'), any::<u8>()], 0..20),
    );
    proptest::collection::vec(frame, 0..20).prop_map(move |frames| {
        let mut bytes = Vec::new();
        for (first, payload) in frames {
            let key = (from == Side::Client).then_some([1, 2, 3, 4]);
            let start = bytes.len();
            frame::write(Opcode::new(first & 0xf), &payload, key, &mut bytes);
            bytes[start] = first;
        }
        bytes
    })
}

/// The headers of a stream.
pub(super) fn headers(mut bytes: &[u8]) -> Vec<FrameHeader> {
    let mut headers = Vec::new();
    while let Some((header, used)) = FrameHeader::parse(bytes) {
        headers.push(header);
        bytes = &bytes[(used + header.length as usize).min(bytes.len())..];
    }
    headers
}

/// A stream without its pings and pongs, which may pass by others.
pub(super) fn ordered(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some((header, used)) = FrameHeader::parse(bytes) {
        let end = (used + header.length as usize).min(bytes.len());
        if !matches!(header.opcode(), Opcode::PING | Opcode::PONG) {
            out.extend_from_slice(&bytes[..end]);
        }
        bytes = &bytes[end..];
    }
    out.extend_from_slice(bytes);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_is_held_and_released_comes_out_as_it_came_and_in_order(
        (from, bytes) in prop_oneof![Just(Side::Client), Just(Side::Server)]
            .prop_flat_map(|from| (Just(from), stream(from))),
        acts in acts(),
        most in 1_usize..6,
        size in 300_usize..2000,
    ) {
        let limits = Limits { hold_frames: most, hold_bytes: size, ..Limits::default() };
        let hold_all = limits.hold_all.clone();
        let mut stage = Stage::new(limits, None);
        stage.hold(from, Some(""));
        let mut rest = bytes.as_slice();
        for act in acts {
            match act {
                Act::Say(length) if stage.session.is_reading(from) => {
                    let piece;
                    (piece, rest) = rest.split_at(length.min(rest.len()));
                    stage.say(from, piece);
                }
                Act::Say(_) => {}
                Act::Release(frame) => {
                    stage.decide(frame, Decision::Release);
                }
                Act::ReleaseAll => {
                    stage.command(SessionCommand::ReleaseAll);
                }
                Act::Hold(query) => stage.hold(from, query.map(|query| QUERIES[query])),
            }
            let left = 128 * 1024 * 1024 - size - 500;
            prop_assert!(hold_all.take(left), "more is held than may be");
            hold_all.give(left);
        }
        stage.hold(from, None);
        stage.say(from, rest);
        stage.end(from);
        let received = std::mem::take(&mut stage.received[from.other()]);
        prop_assert_eq!(ordered(&received), ordered(&bytes));
        prop_assert_eq!(received.len(), bytes.len());
        // Whatever was told as held was told as released.
        let mut held: Vec<_> = stage.held().iter().map(|held| held.frame).collect();
        let released: Vec<_> = stage.released().iter().flat_map(|released| released.frames.clone()).collect();
        held.retain(|frame| !released.contains(frame));
        prop_assert_eq!(held, vec![]);
        drop(stage);
        prop_assert!(hold_all.take(128 * 1024 * 1024), "all is given back");
    }

    #[test]
    fn what_the_receiver_reads_is_what_was_sent_but_for_what_was_edited_or_dropped(
        texts in proptest::collection::vec(("[abc ]{1,30}", 1_usize..4), 1..12),
        decisions in proptest::collection::vec(0_u8..3, 12),
        takes_over: bool,
        chunk in 1_usize..60,
    ) {
        let mut stage = Stage::new(Limits::default(), Some(agreed(takes_over)));
        let mut packer = Compressor::new(takes_over);
        stage.hold(Side::Server, Some("a"));
        let (mut expected, mut frame) = (Vec::new(), 1);
        for ((text, fragments), decision) in texts.iter().zip(decisions) {
            let bytes = packer.message(text.as_bytes(), *fragments);
            stage.say_in_pieces(Side::Server, &bytes, chunk);
            let is_held = stage.held().last().is_some_and(|held| held.frame == FrameNumber::new(frame));
            let asks = is_held && text.contains('a');
            match decision {
                0 if asks => drop(stage.edit(frame, "edited")),
                1 if asks => drop(stage.decide(frame, Decision::Drop)),
                _ if asks => drop(stage.decide(frame, Decision::Release)),
                _ => {}
            }
            match decision {
                0 if asks => expected.push((1, b"edited".to_vec())),
                1 if asks => {}
                _ => expected.push((1, text.as_bytes().to_vec())),
            }
            frame += stage.out.log.all().filter(|seen| matches!(seen, Seen::Frame(_))).count() as u64 + 1 - frame;
        }
        prop_assert_eq!(read(&stage.client()), expected);
    }
}
