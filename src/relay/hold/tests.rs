//! Sessions in which messages are held, seen from outside: what each side gets, and what is told.

use flate2::{Compress, Compression, FlushCompress};
use proptest::prelude::*;

use super::*;
use crate::record::{
    By, ClosedBy, Ending, Event, HeldEvent, PerSide, Policy, Record, Relayed, ReleasedEvent, ReleasedHow, Seen, Waits,
};
use crate::relay::injection::{Reply, Wait};
use crate::relay::limits::Budget;
use crate::relay::policy::PolicyCell;
use crate::relay::session::{Opened, Output, Session, SessionCommand, SessionConfig};
use crate::wire::assembler::{Assembler, Packing};
use crate::wire::close::Code;
use crate::wire::decoder::{Decoder, Part};
use crate::wire::dialect::Dialect;
use crate::wire::frame::{self, FIN, RSV1};

const CLOSE: &[u8] = b"\x88\x02\x03\xe8";

struct Stage {
    session: Session,
    cell: HoldCell,
    policy: PolicyCell,
    out: Output,
    received: PerSide<Vec<u8>>,
    now: Time,
    tokens: u64,
}

impl Stage {
    fn new(limits: Limits, deflate: Option<Deflate>) -> Self {
        Self::speaking(Dialect::Rfc6455, limits, deflate)
    }

    fn speaking(dialect: Dialect, limits: Limits, deflate: Option<Deflate>) -> Self {
        let (cell, policy) = (HoldCell::default(), PolicyCell::default());
        let config = SessionConfig {
            rules: Arc::new(crate::relay::translate::AddressRules::to("upstream:9999")),
            limits,
            seed: [7; 32],
            policy: policy.clone(),
            hold: cell.of(SessionId(3)),
        };
        let opened = Opened { dialects: PerSide::new(dialect, dialect), deflate };
        let session = Session::open(config, Time(1), &opened);
        Self { session, cell, policy, out: Output::default(), received: PerSide::default(), now: Time(1), tokens: 0 }
    }

    /// One in which what the server sends is held, as far as a query asks for it.
    fn holding(query: &str) -> Self {
        let mut stage = Self::new(Limits::default(), None);
        stage.hold(Side::Server, Some(query));
        stage
    }

    fn hold(&mut self, from: Side, query: Option<&str>) {
        let mut conditions = self.cell.get();
        conditions[from] = query.map(|query| Arc::new(Condition::new(Query::parse(query).unwrap()).unwrap()));
        self.cell.set(conditions);
        assert_eq!(self.command(SessionCommand::Rehold).last(), Some(&Reply::Done));
    }

    fn deliver(&mut self, from: Side, input: &[u8]) {
        self.out.to[from.other()].take(input, &mut self.received[from.other()]);
        self.out.to[from].take(b"", &mut self.received[from]);
    }

    fn say(&mut self, from: Side, bytes: &[u8]) {
        self.say_in_pieces(from, bytes, usize::MAX);
    }

    fn say_in_pieces(&mut self, from: Side, bytes: &[u8], size: usize) {
        for piece in bytes.chunks(size) {
            self.session.receive(self.now, from, piece, &mut self.out);
            self.deliver(from, piece);
        }
    }

    fn command(&mut self, command: SessionCommand) -> Vec<Reply> {
        self.tokens += 1;
        self.session.command(self.now, Token(self.tokens), command, &mut self.out);
        self.deliver(Side::Client, b"");
        self.replies()
    }

    fn decide(&mut self, frame: u64, decision: Decision) -> Vec<Reply> {
        self.command(SessionCommand::Decide { frame: FrameNumber::new(frame), decision })
    }

    fn edit(&mut self, frame: u64, text: &str) -> Vec<Reply> {
        self.decide(frame, Decision::Edit(Injection::whole(Opcode::TEXT, text.as_bytes().to_vec())))
    }

    fn replies(&mut self) -> Vec<Reply> {
        self.out.replies.drain(..).map(|(_, reply)| reply).collect()
    }

    fn end(&mut self, from: Side) {
        self.session.end(self.now, from, Ending::Fin, &mut self.out);
        self.deliver(from, b"");
    }

    fn tick(&mut self, now: Time) {
        self.now = now;
        self.session.tick(now, &mut self.out);
        self.deliver(Side::Client, b"");
    }

    fn client(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.received.client)
    }

    fn events(&self) -> impl Iterator<Item = &Event> {
        self.out.log.records.iter().filter_map(|record| match record {
            Record::Event(_, event) => Some(&**event),
            _ => None,
        })
    }

    fn held(&self) -> Vec<&HeldEvent> {
        self.events().filter_map(|event| if let Event::Held(held) = event { Some(held) } else { None }).collect()
    }

    fn released(&self) -> Vec<&ReleasedEvent> {
        self.events().filter_map(|event| if let Event::Released(it) = event { Some(it) } else { None }).collect()
    }

    fn notes(&self) -> Vec<&str> {
        self.events()
            .filter_map(|event| if let Event::Note(_, text) = event { Some(text.as_str()) } else { None })
            .collect()
    }

    fn relayed(&self) -> Vec<Relayed> {
        let frames =
            self.out.log.all().filter_map(|seen| if let Seen::Frame(frame) = seen { Some(frame) } else { None });
        frames.map(|frame| frame.relayed).collect()
    }

    fn sent(&self) -> Vec<(u64, By, Vec<u8>)> {
        let sent = self.out.log.records.iter().filter_map(|record| match record {
            Record::Sent(sent) => Some((sent.number.value(), sent.by, self.out.log.span(sent.kept).to_vec())),
            _ => None,
        });
        sent.collect()
    }
}

fn numbers(values: &[u64]) -> Vec<FrameNumber> {
    values.iter().map(|value| FrameNumber::new(*value)).collect()
}

#[test]
fn what_is_asked_for_stands_until_it_is_released_and_then_goes_on_bit_for_bit() {
    for size in [1, 2, 3, 100] {
        let mut stage = Stage::holding("op:text");
        stage.say_in_pieces(Side::Server, b"\x82\x01b\x81\x01a", size);
        assert_eq!(stage.client(), b"\x82\x01b");
        assert!(stage.session.is_reading(Side::Server));
        let held = HeldEvent {
            frame: FrameNumber::new(2),
            from: Side::Server,
            length: 1,
            waits: Waits::User,
            query: "op:text".to_owned(),
        };
        assert_eq!(stage.held(), [&held]);
        assert_eq!(stage.relayed(), [Relayed::AsIs, Relayed::Held]);
        assert_eq!(stage.decide(1, Decision::Release), [Reply::Refused(Refusal::NotHeld)]);
        assert_eq!(stage.decide(2, Decision::Release), [Reply::Released]);
        assert_eq!(stage.client(), b"\x81\x01a");
        let released =
            ReleasedEvent { frames: numbers(&[2]), from: Side::Server, how: ReleasedHow::AsIs, by: ReleasedBy::User };
        assert_eq!(stage.released(), [&released]);
        assert_eq!(stage.sent(), []);
    }
}

#[test]
fn the_other_lane_goes_on_and_the_masks_of_a_client_stay() {
    let mut stage = Stage::new(Limits::default(), None);
    stage.hold(Side::Client, Some(""));
    let masked = b"\x81\x81\x01\x02\x03\x04`";
    stage.say(Side::Client, masked);
    stage.say(Side::Server, b"\x81\x01s");
    assert_eq!(stage.client(), b"\x81\x01s");
    assert_eq!(stage.received.server, b"");
    assert_eq!(stage.decide(1, Decision::Release), [Reply::Released]);
    assert_eq!(stage.received.server, masked);
}

#[test]
fn a_query_for_a_payload_waits_for_the_whole_message_and_no_other_does() {
    let mut stage = Stage::holding("op:text needle");
    stage.say(Side::Server, b"\x01\x03nee\x82\x7e\x01");
    assert_eq!(stage.client(), b"", "a fragment of a text may be what is asked for");
    stage.say(Side::Server, b"");
    let mut stage = Stage::holding("op:text needle");
    stage.say(Side::Server, b"\x82\x04b");
    assert_eq!(stage.client(), b"\x82\x04b", "binary goes on as it comes");
    stage.say(Side::Server, b"bbb\x01\x03nee\x89\x01p");
    assert_eq!(stage.client(), b"bbb\x89\x01p", "a ping passes by");
    stage.say(Side::Server, b"\x80\x03dle\x81\x02no");
    assert_eq!(stage.client(), b"");
    let waits: Vec<_> = stage.held().iter().map(|held| (held.frame.value(), held.waits)).collect();
    assert_eq!(waits, [(2, Waits::User), (5, Waits::Order)]);
    assert_eq!(stage.decide(4, Decision::Release), [Reply::Released]);
    assert_eq!(stage.client(), b"\x01\x03nee\x80\x03dle\x81\x02no");
    let released: Vec<_> = stage.released().iter().map(|released| (released.frames.clone(), released.by)).collect();
    assert_eq!(released, [(numbers(&[2, 4]), ReleasedBy::User), (numbers(&[5]), ReleasedBy::Order)]);
    stage.say(Side::Server, b"\x01\x01a\x80\x01b");
    assert_eq!(stage.client(), b"\x01\x01a\x80\x01b", "without the word it goes on once it is whole");
    assert!(stage.released().last().is_some_and(|released| released.by == ReleasedBy::Query));
}

#[test]
fn an_edited_message_takes_the_place_of_the_one_that_came() {
    let mut stage = Stage::holding("");
    stage.say(Side::Server, b"\x81\x01a\x01\x01b\x80\x01c\x82\x01d");
    assert_eq!(stage.edit(2, "edited"), [Reply::Waiting(Wait::Held)]);
    assert_eq!(stage.client(), b"", "the order stays");
    assert_eq!(stage.decide(4, Decision::Drop), [Reply::Waiting(Wait::Held)]);
    let replies = stage.decide(1, Decision::Release);
    assert_eq!(replies, [Reply::Released, Reply::Released, Reply::Released]);
    assert_eq!(stage.client(), b"\x81\x01a\x81\x06edited");
    assert_eq!(stage.sent(), [(2, By::User, b"\x81\x06edited".to_vec())]);
    let released: Vec<_> = stage.released().iter().map(|released| (released.frames.clone(), released.how)).collect();
    let expected = [
        (numbers(&[1]), ReleasedHow::AsIs),
        (numbers(&[2, 3]), ReleasedHow::Edited),
        (numbers(&[4]), ReleasedHow::Dropped),
    ];
    assert_eq!(released, expected);
    stage.hold(Side::Server, None);
    stage.say(Side::Server, b"\x81\x01e");
    assert_eq!(stage.client(), b"\x81\x01e");
}

#[test]
fn what_has_not_come_whole_can_be_dropped_or_released_but_not_edited() {
    let mut stage = Stage::holding("op:text");
    stage.say(Side::Server, b"\x81\x04ab");
    assert_eq!(stage.edit(1, "x"), [Reply::Refused(Refusal::Unfinished)]);
    assert_eq!(stage.decide(1, Decision::Release), [Reply::Released]);
    assert_eq!(stage.client(), b"\x81\x04ab");
    stage.say(Side::Server, b"cd\x01\x02ab");
    assert_eq!(stage.client(), b"cd", "the rest follows, and the next is held");
    assert_eq!(stage.decide(2, Decision::Drop), [Reply::Released]);
    stage.say(Side::Server, b"\x00\x01c\x80\x01d\x82\x01e");
    assert_eq!(stage.client(), b"\x82\x01e", "what comes of a message that was dropped is dropped, too");
    assert_eq!(stage.relayed()[2..4], [Relayed::Dropped(By::User); 2]);
}

#[test]
fn pings_pass_by_and_a_close_frame_waits_unless_the_query_names_them() {
    let mut stage = Stage::holding("op:text");
    stage.say(Side::Server, b"\x81\x01a\x89\x01p\x88\x02\x03\xe8");
    assert_eq!(stage.client(), b"\x89\x01p");
    stage.command(SessionCommand::ReleaseAll);
    assert_eq!(stage.client(), b"\x81\x01a\x88\x02\x03\xe8");
    let mut stage = Stage::holding("op:ping or close:1000");
    stage.say(Side::Server, b"\x81\x01a\x89\x01p\x82\x01b\x88\x02\x03\xe8");
    assert_eq!(stage.client(), b"\x81\x01a");
    stage.decide(2, Decision::Release);
    assert_eq!(stage.client(), b"\x89\x01p\x82\x01b");
    let close = Injection::whole(Opcode::CLOSE, b"\x0f\xa0bye".to_vec());
    assert_eq!(stage.decide(4, Decision::Edit(close)), [Reply::Released]);
    assert_eq!(stage.client(), b"\x88\x05\x0f\xa0bye");
}

#[test]
fn nothing_goes_in_between_the_parts_of_a_frame() {
    let mut stage = Stage::holding("op:text");
    stage.say(Side::Server, b"\x81\x01a\x89\x02p");
    assert_eq!(stage.client(), b"\x89\x02p");
    assert_eq!(stage.decide(1, Decision::Release), [Reply::Waiting(Wait::Held)]);
    assert_eq!(stage.client(), b"", "a ping is under way");
    stage.say(Side::Server, b"q");
    assert_eq!(stage.client(), b"q\x81\x01a");
    assert_eq!(stage.replies(), [Reply::Released]);
}

#[test]
fn a_message_under_way_when_the_hold_begins_passes_to_its_end() {
    let mut stage = Stage::new(Limits::default(), None);
    stage.say(Side::Server, b"\x01\x03ab");
    stage.hold(Side::Server, Some(""));
    stage.say(Side::Server, b"c\x80\x01d\x81\x01e");
    assert_eq!(stage.client(), b"\x01\x03abc\x80\x01d");
    stage.hold(Side::Server, None);
    assert_eq!(stage.client(), b"\x81\x01e", "where nothing is held any more, what was goes on");
}

#[test]
fn many_frames_that_nobody_asks_for_pass_at_once() {
    for query in ["op:ping", "needle", "json:.a=1 or len>100"] {
        let mut stage = Stage::new(Limits::default(), None);
        stage.hold(Side::Client, Some(query));
        let mut bytes = Vec::new();
        (0..100).for_each(|index| frame::write(Opcode::TEXT, b"abc", Some([1, 2, index, 4]), &mut bytes));
        stage.say(Side::Client, &bytes);
        assert_eq!(stage.received.server, bytes);
        assert!(matches!(stage.out.log.records.as_slice(), [Record::Run(run)] if run.count == 100), "{query}");
    }
    let mut stage = Stage::holding("needle");
    stage.say(Side::Server, b"\x81\x01a\x81\x01b\x81\x06needle\x81\x01c");
    assert_eq!(stage.client(), b"\x81\x01a\x81\x01b");
    assert_eq!(stage.held()[0].frame, FrameNumber::new(3));
}

#[test]
fn what_is_put_in_by_hand_goes_in_front_of_what_is_held() {
    let mut stage = Stage::holding("");
    stage.say(Side::Server, b"\x01\x02ab\x00\x05c");
    let injection = Injection::whole(Opcode::TEXT, b"mine".to_vec());
    let replies = stage.command(SessionCommand::Inject { to: Side::Client, injection });
    assert!(matches!(replies.as_slice(), [Reply::Sent { frame: Some(_) }]));
    assert_eq!(stage.client(), b"\x81\x04mine");
}

#[test]
fn a_lane_at_its_limit_is_not_read_and_the_rest_of_the_read_comes_when_there_is_room() {
    let limits = Limits { hold_frames: 2, ..Limits::default() };
    let mut stage = Stage::new(limits, None);
    stage.hold(Side::Server, Some(""));
    stage.say(Side::Server, b"\x81\x01a\x81\x01b\x81\x01c\x81\x01d\x81\x01e");
    assert!(!stage.session.is_reading(Side::Server) && stage.session.is_reading(Side::Client));
    assert_eq!(stage.held().len(), 2);
    stage.decide(1, Decision::Release);
    assert_eq!(stage.held().len(), 3);
    assert!(!stage.session.is_reading(Side::Server));
    stage.command(SessionCommand::ReleaseAll);
    assert_eq!(stage.client(), b"\x81\x01a\x81\x01b\x81\x01c");
    stage.hold(Side::Server, None);
    assert_eq!(stage.client(), b"\x81\x01d\x81\x01e");
    assert!(stage.session.is_reading(Side::Server));
}

#[test]
fn a_message_longer_than_the_limit_is_decided_by_its_start() {
    for (query, is_held) in [("xx", true), ("end", false)] {
        let limits = Limits { hold_bytes: 1000, ..Limits::default() };
        let mut stage = Stage::new(limits, None);
        stage.hold(Side::Server, Some(query));
        let message = [&b"\x82\x7e\x0f\xa0"[..], &[b'x'; 3997], b"end"].concat();
        stage.say(Side::Server, &message);
        assert_eq!(stage.session.is_reading(Side::Server), !is_held);
        assert_eq!(stage.client() == message, !is_held);
        if is_held {
            stage.decide(1, Decision::Release);
            assert_eq!(stage.client(), message);
        }
    }
}

#[test]
fn all_lanes_share_a_bound_and_one_that_finds_nothing_left_looks_again() {
    let limits = Limits { hold_all: Budget::new(1000), ..Limits::default() };
    let mut stage = Stage::new(limits, None);
    stage.hold(Side::Server, Some(""));
    stage.hold(Side::Client, Some(""));
    stage.say(Side::Server, &[&b"\x82\x7e\x02\x58"[..], &[0; 600]].concat());
    assert!(stage.session.is_reading(Side::Server));
    stage.say(Side::Client, &[&b"\x82\x7e\x02\x58"[..], &[0; 600]].concat());
    assert!(!stage.session.is_reading(Side::Client));
    stage.decide(1, Decision::Release);
    let due = stage.session.deadline().unwrap();
    assert!(due.0 <= 1 + RETRY);
    stage.tick(due);
    assert!(stage.session.is_reading(Side::Client));
}

#[test]
fn what_is_held_for_long_goes_on_by_itself() {
    let mut stage = Stage::holding("");
    stage.say(Side::Server, b"\x81\x01a");
    stage.tick(Time(599_999_999));
    assert_eq!(stage.client(), b"");
    assert!(stage.session.deadline().unwrap() <= Time(600_000_001));
    stage.tick(Time(600_000_001));
    assert_eq!(stage.client(), b"\x81\x01a");
    assert_eq!(stage.notes(), ["held for 600 s, which is the limit, and released: 1 message"]);
    assert_eq!(stage.released()[0].by, ReleasedBy::Limit);
}

#[test]
fn what_is_held_goes_on_in_front_of_the_end_of_its_side() {
    let mut stage = Stage::holding("");
    stage.say(Side::Server, b"\x81\x01a\x81\x01b\x81\x04cc");
    stage.end(Side::Server);
    assert_eq!(stage.client(), b"\x81\x01a\x81\x01b\x81\x04cc");
    assert_eq!(stage.notes(), ["the server ended, so what was held went on: 3 messages"]);
    assert!(stage.released().iter().all(|released| released.by == ReleasedBy::End));
    let mut stage = Stage::holding("op:binary");
    stage.say(Side::Server, b"\x81\x7e\x01");
    stage.end(Side::Server);
    assert_eq!(stage.client(), b"\x81\x7e\x01", "an unfinished header, too");
}

#[test]
fn what_is_held_goes_on_in_front_of_the_close_frame_of_wsproxys_own() {
    let mut stage = Stage::holding("");
    stage.say(Side::Server, b"\x81\x01a\x81\x04b");
    stage.command(SessionCommand::Close { by: ClosedBy::User, code: Code::NORMAL });
    assert_eq!(stage.client(), [b"\x81\x01a", CLOSE].concat(), "behind a part of a message no close frame could stand");
    assert_eq!(stage.released().last().unwrap().how, ReleasedHow::Dropped);
    assert!(stage.notes()[0].starts_with("wsproxy ends the session, so what was held of the server went on"));
}

#[test]
fn a_lane_that_loses_its_framing_passes_what_was_held_and_all_that_follows() {
    for query in ["", "op:binary"] {
        let mut stage = Stage::holding(query);
        let bytes = b"\x81\x01a\x82\x7f\x80\0\0\0\0\0\0\x01rest";
        stage.say(Side::Server, bytes);
        stage.say(Side::Server, b"more");
        assert_eq!(stage.client(), [&bytes[..], b"more"].concat(), "{query}");
    }
}

#[test]
fn frames_of_hixie_are_held_as_well() {
    for size in [1, 2, 100] {
        let mut stage = Stage::speaking(Dialect::Hixie75, Limits::default(), None);
        stage.hold(Side::Server, Some("needle"));
        stage.say_in_pieces(Side::Server, b"\0a\xff\0needle\xff\0b\xff", size);
        assert_eq!(stage.client(), b"\0a\xff");
        assert_eq!(stage.held()[0].frame, FrameNumber::new(2));
        assert_eq!(stage.edit(2, "pin"), [Reply::Released]);
        assert_eq!(stage.client(), b"\0pin\xff\0b\xff");
    }
}

#[test]
fn what_is_released_is_repaired_as_the_policy_has_it() {
    let mut stage = Stage::new(Limits::default(), None);
    stage.policy.set(Policy::Repair);
    stage.hold(Side::Server, Some("op:text"));
    stage.say(Side::Server, b"\x81\x81\0\0\0\0a\x81\x02\xffb");
    assert_eq!(stage.client(), b"");
    stage.command(SessionCommand::ReleaseAll);
    assert_eq!(stage.client(), b"\x81\x01a\x81\x04\xef\xbf\xbdb");
    let sent = [(1, By::Repair, b"\x81\x01a".to_vec()), (2, By::Repair, b"\x81\x04\xef\xbf\xbdb".to_vec())];
    assert_eq!(stage.sent(), sent);
    assert_eq!(stage.edit(1, "x"), [Reply::Refused(Refusal::NotHeld)]);
}

/// What a receiver reads of a stream.
fn read(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let (mut decoder, mut rest, mut out) = (Decoder::default(), bytes, Vec::new());
    let mut assembler = Assembler::new(crate::wire::assembler::Extent::Message, 1 << 20);
    assembler.inflate();
    while let Some((part, used)) = decoder.next(rest) {
        match part {
            Part::Header(header) => assembler.header(&header).unwrap(),
            Part::Payload { length, last } => {
                if let Some(message) = assembler.wire_payload(&rest[..length], last).unwrap() {
                    assert_ne!(message.packing, Packing::Unreadable);
                    out.push((message.opcode().value(), message.payload));
                }
            }
            Part::Lost(_) => panic!("lost"),
        }
        rest = &rest[used..];
    }
    out
}

/// A server's compressor.
struct Packer(Compress, bool);

impl Packer {
    fn new(takes_over: bool) -> Self {
        Self(Compress::new(Compression::default(), false), takes_over)
    }

    /// A message in so many fragments.
    fn message(&mut self, text: &[u8], fragments: usize) -> Vec<u8> {
        if !self.1 {
            self.0.reset();
        }
        let mut packed = Vec::with_capacity(text.len() + 100);
        self.0.compress_vec(text, &mut packed, FlushCompress::Sync).unwrap();
        packed.truncate(packed.len() - 4);
        let (mut out, size) = (Vec::new(), packed.len().div_ceil(fragments).max(1));
        let count = packed.chunks(size).count();
        for (index, piece) in packed.chunks(size).enumerate() {
            let first = if index == 0 { RSV1 | 1 } else { 0 } | if index + 1 == count { FIN } else { 0 };
            let header = FrameHeader { first, ..FrameHeader::new(Opcode::TEXT, piece.len() as u64, None) };
            header.write(&mut out);
            out.extend_from_slice(piece);
        }
        out
    }
}

fn agreed(takes_over: bool) -> Deflate {
    Deflate { server_no_context_takeover: !takes_over, ..Deflate::default() }
}

const TEXTS: [&[u8]; 4] = [b"the first of them", b"the second of them", b"the first and the second of them", b"them"];

#[test]
fn a_compressed_message_is_asked_for_by_what_it_says_and_goes_on_as_it_came() {
    let mut stage = Stage::new(Limits::default(), Some(agreed(true)));
    let mut packer = Packer::new(true);
    stage.say(Side::Server, &packer.message(TEXTS[0], 1));
    stage.client();
    stage.hold(Side::Server, Some("second is:compressed"));
    let (second, third) = (packer.message(TEXTS[1], 1), packer.message(TEXTS[3], 1));
    stage.say(Side::Server, &second);
    assert_eq!(stage.client(), b"");
    stage.say(Side::Server, &third);
    stage.decide(2, Decision::Release);
    assert_eq!(stage.client(), [second, third].concat());
    assert_eq!(stage.sent(), []);
}

#[test]
fn behind_an_edited_one_compressed_messages_that_lean_on_it_go_out_inflated() {
    for (fragments, is_dropped) in [(1, false), (3, false), (1, true)] {
        let mut stage = Stage::new(Limits::default(), Some(agreed(true)));
        let mut packer = Packer::new(true);
        stage.say(Side::Server, &packer.message(TEXTS[0], fragments));
        stage.hold(Side::Server, Some("second"));
        stage.say(Side::Server, &packer.message(TEXTS[1], fragments));
        stage.say(Side::Server, &packer.message(TEXTS[2], fragments));
        let frame = fragments as u64 + 1;
        if is_dropped {
            stage.decide(frame, Decision::Drop);
        } else {
            stage.edit(frame, "mine");
        }
        assert!(stage.notes()[0].contains("go out inflated"), "{:?}", stage.notes());
        stage.hold(Side::Server, None);
        stage.say_in_pieces(Side::Server, &packer.message(TEXTS[3], fragments), 3);
        stage.say(Side::Server, b"\x81\x03raw");
        let mut expected = vec![TEXTS[0], b"mine", TEXTS[2], TEXTS[3], b"raw"];
        if is_dropped {
            expected.remove(1);
        }
        let expected: Vec<_> = expected.into_iter().map(|text| (1, text.to_vec())).collect();
        assert_eq!(read(&stage.client()), expected);
        let by_hold = stage.sent().iter().filter(|(_, by, _)| *by == By::Hold).count();
        assert!(by_hold >= 2, "{:?}", stage.sent());
    }
}

#[test]
fn where_each_compressed_message_stands_alone_an_edit_disturbs_none() {
    let mut stage = Stage::new(Limits::default(), Some(agreed(false)));
    let mut packer = Packer::new(false);
    stage.hold(Side::Server, Some("first"));
    stage.say(Side::Server, &packer.message(TEXTS[0], 1));
    let next = packer.message(TEXTS[3], 1);
    stage.say(Side::Server, &next);
    stage.edit(1, "mine");
    assert_eq!(stage.client(), [b"\x81\x04mine", next.as_slice()].concat());
    assert!(stage.notes().is_empty());
}

#[test]
fn a_message_that_can_t_be_inflated_behind_an_edited_one_ends_the_session() {
    let limits = Limits { hold_bytes: 2000, ..Limits::default() };
    let mut stage = Stage::new(limits, Some(agreed(true)));
    let mut packer = Packer::new(true);
    stage.hold(Side::Server, Some("first"));
    stage.say(Side::Server, &packer.message(TEXTS[0], 1));
    stage.edit(1, "mine");
    stage.say(Side::Server, &packer.message(&[b'a'; 10_000], 1));
    assert_eq!(stage.client(), b"\x81\x04mine\x88\x02\x03\xf1");
    assert!(stage.notes().last().unwrap().ends_with("the session ends"));
}

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
fn stream(from: Side) -> impl Strategy<Value = Vec<u8>> {
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

/// A stream without its pings and pongs, which may pass by others.
fn ordered(mut bytes: &[u8]) -> Vec<u8> {
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
        let mut packer = Packer::new(takes_over);
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
