//! Stages of a test's own, in the place where rules and holds stand.

use proptest::prelude::*;

use super::*;
use crate::record::{FrameNumber, Record, Seen};
use crate::relay::limits::{Budget, Limits};
use crate::relay::tests::lanes::Lanes;
use crate::wire::assembler::Extent;
use crate::wire::decoder::{self, Decoder};
use crate::wire::mask;

/// Drops each second frame, as it comes.
#[derive(Debug, Default)]
struct EachSecond {
    frames: usize,
}

impl Stage for EachSecond {
    fn place(&self) -> Place {
        Place::First
    }

    fn part(&mut self, part: Part<'_>, next: &mut Next<'_, '_>) {
        self.frames += usize::from(matches!(part, Part::Header { .. }));
        if self.frames.is_multiple_of(2) { next.drops(By::Repair, None) } else { next.part(part) }
    }
}

/// Turns the bytes of each frame around, for which it has to be whole.
#[derive(Debug)]
struct Backwards(Whole);

impl Stage for Backwards {
    fn place(&self) -> Place {
        Place::First
    }

    fn part(&mut self, part: Part<'_>, next: &mut Next<'_, '_>) {
        next.changes(By::Repair);
        if let Ok(Some(mut frame)) = self.0.take(part) {
            frame.payload.reverse();
            let key = (next.tools.from == Side::Client).then(|| next.fresh_key());
            next.frame(frame.first, &frame.payload, key);
        }
    }
}

/// Lets out what came only after a time, and is full while it holds two frames.
#[derive(Debug)]
struct Late {
    whole: Whole,
    held: Vec<(Time, u8, Vec<u8>)>,
}

impl Stage for Late {
    fn place(&self) -> Place {
        Place::First
    }

    fn part(&mut self, part: Part<'_>, next: &mut Next<'_, '_>) {
        next.changes(By::Repair);
        if let Ok(Some(frame)) = self.whole.take(part) {
            self.held.push((Time(next.tools.now.0 + 10), frame.first, frame.payload));
        }
    }

    fn tick(&mut self, next: &mut Next<'_, '_>) {
        let now = next.tools.now;
        let due = self.held.iter().take_while(|(due, ..)| *due <= now).count();
        for (_, first, payload) in self.held.drain(..due) {
            next.frame(first, &payload, None);
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.held.first().map(|(due, ..)| *due)
    }

    fn is_full(&self) -> bool {
        self.held.len() > 1
    }
}

fn lanes(stages: impl Fn(&Limits) -> Vec<Box<dyn Stage>>) -> Lanes {
    let limits = Limits { kept: 1000, held: Budget::new(1000), ..Limits::default() };
    Lanes::new(PerSide::new(Dialect::Rfc6455, Dialect::Rfc6455), limits, |_, limits| stages(limits))
}

fn whole(limits: &Limits) -> Whole {
    Whole::new(Extent::Frame, limits.kept, &limits.held)
}

/// Frames, unmasked.
fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let (mut decoder, mut frames) = (Decoder::default(), Vec::<(FrameHeader, Vec<u8>)>::new());
    while let Some((part, used)) = decoder.next(bytes) {
        match part {
            decoder::Part::Header(header) => frames.push((header, Vec::new())),
            decoder::Part::Payload { length, .. } => frames.last_mut().unwrap().1.extend(&bytes[..length]),
            decoder::Part::Lost(_) => panic!("lost"),
        }
        bytes = &bytes[used..];
    }
    let plain = frames.into_iter().map(|(header, mut payload)| {
        mask::apply(header.mask.unwrap_or_default(), 0, &mut payload);
        (header.first, payload)
    });
    plain.collect()
}

/// What was written down of what left, frame by frame: `None` for one that was dropped.
fn recorded(lanes: &Lanes) -> Vec<Option<Vec<u8>>> {
    let log = &lanes.out.log;
    let mut sent = std::collections::BTreeMap::<FrameNumber, Vec<u8>>::new();
    for record in &log.records {
        if let Record::Sent(record) = record {
            sent.entry(record.number).or_default().extend_from_slice(log.span(record.kept));
        }
    }
    let frames = log.all().filter_map(|seen| if let Seen::Frame(frame) = seen { Some(frame) } else { None });
    frames.map(|frame| sent.remove(&frame.number).filter(|_| !matches!(frame.relayed, Relayed::Dropped(_)))).collect()
}

#[test]
fn what_a_stage_holds_goes_out_when_it_is_due_and_its_lane_is_not_read_while_it_is_full() {
    let mut lanes = lanes(|limits| vec![Box::new(Late { whole: whole(limits), held: Vec::new() })]);
    assert_eq!(lanes.say(Side::Server, b"\x81\x01a", 1).forward, b"");
    assert_eq!(lanes.lanes.server.passage.deadline(), Some(Time(11)));
    assert!(!lanes.lanes.server.passage.is_full());
    lanes.tick(Side::Server, Time(5));
    lanes.say(Side::Server, b"\x81\x01b", 3);
    assert!(lanes.lanes.server.passage.is_full() && !lanes.lanes.client.passage.is_full());
    assert_eq!(lanes.tick(Side::Server, Time(11)).forward, b"\x81\x01a");
    assert_eq!(lanes.tick(Side::Server, Time(15)).forward, b"\x81\x01b");
    assert_eq!(lanes.lanes.server.passage.deadline(), None);
}

#[test]
fn unfinished_frames_of_all_lanes_share_one_bound_and_give_it_back() {
    let mut lanes = lanes(|limits| vec![Box::new(Backwards(whole(limits)))]);
    let long = [&b"\x82\x7e\x03\x00"[..], &[1; 700]].concat();
    lanes.say(Side::Server, &long, 100);
    lanes.say(Side::Client, b"\x82\x7e\x01\x90", 100);
    assert_eq!(lanes.say(Side::Client, &[2; 400], 100).forward, b"", "the server's frame takes too much of it");
    assert_eq!(lanes.say(Side::Server, &[1; 68], 100).forward.len(), 4 + 768);
    assert!(lanes.limits.held.take(600), "what has gone out is given back");
}

proptest! {
    #[test]
    fn stages_drop_and_replace_frames_however_they_are_cut_and_what_left_is_written_down(
        payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..8),
        chunk in 1_usize..300,
        is_client: bool,
    ) {
        let from = if is_client { Side::Client } else { Side::Server };
        let mut bytes = Vec::new();
        for payload in &payloads {
            crate::wire::frame::write(Opcode::BINARY, payload, is_client.then_some([1, 2, 3, 4]), &mut bytes);
        }
        let mut lanes = lanes(|limits| vec![Box::new(EachSecond::default()), Box::new(Backwards(whole(limits)))]);
        let forward = lanes.say(from, &bytes, chunk).forward;
        let expected: Vec<_> = payloads.iter().step_by(2).map(|payload| {
            (0x82, payload.iter().rev().copied().collect::<Vec<_>>())
        }).collect();
        prop_assert_eq!(frames(&forward), expected);
        let recorded = recorded(&lanes);
        prop_assert_eq!(recorded.len(), payloads.len());
        for (index, sent) in recorded.iter().enumerate() {
            prop_assert_eq!(sent.is_some(), index % 2 == 0, "frame {}", index);
        }
        prop_assert_eq!(recorded.into_iter().flatten().flatten().collect::<Vec<_>>(), forward);
    }

    #[test]
    fn stages_that_change_nothing_let_everything_out_bit_for_bit(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        chunk in 1_usize..60,
    ) {
        #[derive(Debug)]
        struct Nothing;
        impl Stage for Nothing {
            fn place(&self) -> Place {
                Place::First
            }
            fn part(&mut self, part: Part<'_>, next: &mut Next<'_, '_>) {
                next.part(part);
            }
        }
        let mut lanes = lanes(|_| vec![Box::new(Nothing)]);
        let framed = bytes.len() - lost(&bytes);
        let forward = lanes.say(Side::Server, &bytes, chunk).forward;
        // A header that is not whole is not out yet, and of what can't be told apart nothing goes out.
        let unfinished = framed - forward.len();
        prop_assert!(unfinished < 14 && bytes.starts_with(&forward), "{} of {}", forward.len(), framed);
    }
}

/// Bytes from where no frames can be told apart.
fn lost(bytes: &[u8]) -> usize {
    let (mut decoder, mut rest) = (Decoder::default(), bytes);
    while let Some((part, used)) = decoder.next(rest) {
        if let decoder::Part::Lost(_) = part {
            return rest.len();
        }
        rest = &rest[used..];
    }
    0
}
