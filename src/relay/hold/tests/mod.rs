//! Sessions in which messages are held, seen from outside: what each side gets, and what is told.

mod hooked;
mod packed;
mod random;

use std::ops::{Deref, DerefMut};

use proptest::prelude::*;

use super::*;
use crate::record::{
    By, ClosedBy, Event, HeldEvent, PerSide, Policy, Record, Relayed, ReleasedEvent, ReleasedHow, Seen, SessionId,
    Side, Waits,
};
use crate::relay::injection::{Reply, Wait};
use crate::relay::limits::Budget;
use crate::relay::policy::PolicyCell;
use crate::relay::session::{Opened, SessionCommand, SessionConfig};
use crate::relay::tests::driven::{Compressor, Driven, agreed, read};
use crate::wire::close::Code;
use crate::wire::dialect::Dialect;
use crate::wire::frame::{self, RSV1};
use crate::wire::inflate::Deflate;

const CLOSE: &[u8] = b"\x88\x02\x03\xe8";

struct Stage {
    driven: Driven,
    cell: HoldCell,
    policy: PolicyCell,
}

impl Deref for Stage {
    type Target = Driven;

    fn deref(&self) -> &Driven {
        &self.driven
    }
}

impl DerefMut for Stage {
    fn deref_mut(&mut self) -> &mut Driven {
        &mut self.driven
    }
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
            rule_cell: crate::relay::rules::RuleCell::default(),
        };
        let opened = Opened { dialects: PerSide::new(dialect, dialect), deflate };
        Self { driven: Driven::open(config, Time(1), &opened), cell, policy }
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

    fn decide(&mut self, frame: u64, decision: Decision) -> Vec<Reply> {
        self.command(SessionCommand::Decide { frame: FrameNumber::new(frame), decision })
    }

    fn edit(&mut self, frame: u64, text: &str) -> Vec<Reply> {
        self.decide(frame, Decision::Edit(Injection::whole(Opcode::TEXT, text.as_bytes().to_vec())))
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
            held: 1,
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
        let messages = |count: u8| {
            let mut bytes = Vec::new();
            (0..count).for_each(|index| frame::write(Opcode::TEXT, b"abc", Some([1, 2, index, 4]), &mut bytes));
            bytes
        };
        // By then it is known who reads them, where that counts.
        stage.say(Side::Client, &messages(crate::decode::MESSAGES as u8));
        stage.out.log = Default::default();
        stage.received.server.clear();
        let bytes = messages(100);
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
    stage.command(SessionCommand::close(ClosedBy::User, Code::NORMAL));
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

#[test]
fn messages_are_asked_for_by_what_a_decoder_reads_in_them() {
    let message = |text: &str| {
        let mut bytes = Vec::new();
        frame::write(Opcode::TEXT, text.as_bytes(), None, &mut bytes);
        bytes
    };
    let call = |method: &str| message(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#));
    let reply = message(r#"{"jsonrpc":"2.0","id":1,"result":3}"#);
    for (query, held) in [("event:sum", 1), ("is:request", 2), ("is:reply", 1), ("not is:heartbeat op:text", 3)] {
        let mut stage = Stage::holding(query);
        stage.say(Side::Server, &[call("sum"), call("product"), reply.clone()].concat());
        let asked = stage.held().iter().filter(|held| held.waits == Waits::User).count();
        assert_eq!(asked, held, "{query}");
        stage.command(SessionCommand::ReleaseAll);
        assert_eq!(stage.client(), [call("sum"), call("product"), reply.clone()].concat());
    }
    // Once nothing more is to be learned of who reads them, they pass at once or are held as before.
    let mut stage = Stage::holding("event:sum");
    let many = call("product").repeat(100);
    stage.say(Side::Server, &many);
    assert_eq!(stage.client(), many);
    stage.say(Side::Server, &[call("product"), call("sum")].concat());
    assert_eq!((stage.client(), stage.held().len()), (call("product"), 1));
    // A query that asks for heartbeats holds pings too.
    let mut stage = Stage::holding("is:heartbeat");
    stage.say(Side::Server, &[&message("x")[..], b"\x89\x01p"].concat());
    assert_eq!((stage.client(), stage.held().len()), (message("x"), 1));
}

#[test]
fn pings_wait_for_what_is_held_where_they_are_to() {
    let limits = Limits { hold_control: Controls::Wait, ..Limits::default() };
    let mut stage = Stage::new(limits, None);
    stage.hold(Side::Server, Some("op:text"));
    stage.say(Side::Server, b"\x89\x01p\x81\x01a\x89\x01q\x8a\x00");
    assert_eq!(stage.client(), b"\x89\x01p", "nothing is in front of the first");
    assert_eq!(stage.decide(2, Decision::Release), [Reply::Released]);
    assert_eq!(stage.client(), b"\x81\x01a\x89\x01q\x8a\x00");
}

#[test]
fn that_a_side_is_not_read_is_told_once() {
    let mut stage = Stage::new(Limits { hold_frames: 1, ..Limits::default() }, None);
    stage.hold(Side::Server, Some(""));
    let told = |stage: &Stage| stage.notes().iter().filter(|note| note.contains("not read")).count();
    stage.say(Side::Server, b"\x81\x01a\x81\x01b\x81\x01c");
    assert_eq!(told(&stage), 1);
    stage.decide(1, Decision::Release);
    assert_eq!(told(&stage), 1, "it was never empty");
    stage.command(SessionCommand::ReleaseAll);
    stage.command(SessionCommand::ReleaseAll);
    stage.say(Side::Server, b"\x81\x01d");
    assert_eq!((told(&stage), stage.client()), (2, b"\x81\x01a\x81\x01b\x81\x01c".to_vec()));
}
