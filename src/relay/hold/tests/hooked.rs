//! Messages that wait for a program of the user's.

use super::random::{ordered, stream};
use super::*;
use crate::relay::session::Act;

impl Stage {
    /// One in which programs are asked about what fits these queries.
    fn hooking(queries: &[&str]) -> Self {
        let stage = Self::new(Limits::default(), None);
        let condition = |query: &&str| Arc::new(Condition::new(Query::parse(query).unwrap()).unwrap());
        stage.cell.set_hooks(queries.iter().map(condition).collect());
        stage
    }

    /// What programs are asked: the hook's place, the frame, and the payload.
    fn questions(&mut self) -> Vec<(usize, u64, Vec<u8>)> {
        let acts = std::mem::take(&mut self.out.acts);
        let asked =
            acts.into_iter().filter_map(|act| if let Act::Ask(question) = act { Some(*question) } else { None });
        asked.map(|question| (question.hook, question.record.number.value(), question.payload)).collect()
    }

    fn reply(&mut self, frame: u64, hook: usize, decision: Decision) -> Vec<Reply> {
        let outcome = HookOutcome::Decided(decision);
        self.command(SessionCommand::Hooked { frame: FrameNumber::new(frame), hook, outcome })
    }
}

fn mine() -> Decision {
    Decision::Edit(Injection::whole(Opcode::TEXT, b"mine".to_vec()))
}

#[test]
fn a_whole_message_is_asked_about_and_goes_on_bit_for_bit_where_it_passes() {
    let mut stage = Stage::hooking(&["op:text"]);
    stage.say(Side::Server, b"\x82\x01b\x01\x01a\x89\x00\x00\x01b");
    assert_eq!(stage.questions(), []);
    assert_eq!(stage.client(), b"\x82\x01b\x89\x00");
    stage.say(Side::Server, b"\x80\x01c\x82\x01d");
    assert_eq!(stage.questions(), [(0, 2, b"abc".to_vec())]);
    assert_eq!(stage.client(), b"", "what is behind it waits, too");
    assert_eq!(stage.held()[0].waits, Waits::Hook);
    assert_eq!(stage.reply(2, 0, Decision::Release), [Reply::Done]);
    assert_eq!(stage.client(), b"\x01\x01a\x00\x01b\x80\x01c\x82\x01d");
    assert_eq!(stage.released()[0].by, ReleasedBy::Hook);
    assert_eq!(stage.reply(2, 0, Decision::Drop), [Reply::Refused(Refusal::NotHeld)]);
}

#[test]
fn what_it_replaces_or_drops_is_told_as_its_work() {
    let mut stage = Stage::hooking(&["op:text"]);
    stage.say(Side::Server, b"\x81\x01a\x81\x01b");
    assert_eq!(stage.questions().len(), 2, "each is asked about at once");
    assert_eq!(stage.reply(2, 0, Decision::Drop), [Reply::Done]);
    assert_eq!(stage.client(), b"");
    assert_eq!(stage.reply(1, 0, mine()), [Reply::Done]);
    assert_eq!(stage.client(), b"\x81\x04mine");
    assert_eq!(stage.sent(), [(1, By::Hook, b"\x81\x04mine".to_vec())]);
    let told: Vec<_> = stage.released().iter().map(|released| (released.how, released.by)).collect();
    assert_eq!(told, [(ReleasedHow::Edited, ReleasedBy::Hook), (ReleasedHow::Dropped, ReleasedBy::Hook)]);
}

#[test]
fn what_it_does_not_decide_of_in_time_passes_and_is_told_so() {
    let mut stage = Stage::hooking(&["op:text"]);
    stage.say(Side::Server, b"\x81\x01a");
    let due = stage.session.deadline().unwrap();
    assert_eq!(due, Time(1 + 1_000_000));
    stage.say(Side::Client, b"\x81\x81\0\0\0\0c");
    stage.tick(Time(due.0 - 1));
    assert_eq!(stage.client(), b"");
    stage.tick(due);
    assert_eq!(stage.client(), b"\x81\x01a");
    assert_eq!(stage.released().last().unwrap().by, ReleasedBy::HookLate);
    assert_eq!(stage.reply(1, 0, mine()), [Reply::Refused(Refusal::NotHeld)], "it is too late");
    // One that is not there is no reason to wait.
    stage.say(Side::Server, b"\x81\x01b");
    let command = SessionCommand::Hooked { frame: FrameNumber::new(3), hook: 0, outcome: HookOutcome::None };
    assert_eq!(stage.command(command), [Reply::Done]);
    assert_eq!(stage.client(), b"\x81\x01b");
}

#[test]
fn hooks_are_asked_in_their_order_and_then_the_hold() {
    let mut stage = Stage::hooking(&["a", "op:binary", "b"]);
    stage.hold(Side::Server, Some("c"));
    stage.say(Side::Server, b"\x81\x03abc\x81\x01c");
    assert_eq!(stage.questions(), [(0, 1, b"abc".to_vec())]);
    assert_eq!(stage.reply(1, 2, Decision::Drop), [Reply::Refused(Refusal::NotHeld)], "it is not its turn");
    stage.reply(1, 0, Decision::Release);
    assert_eq!(stage.questions(), [(2, 1, b"abc".to_vec())]);
    // The user lets go what is theirs alone.
    stage.command(SessionCommand::ReleaseAll);
    assert_eq!(stage.client(), b"");
    stage.reply(1, 2, Decision::Release);
    assert_eq!(stage.questions(), []);
    let waits: Vec<_> = stage.held().iter().map(|held| (held.frame.value(), held.waits)).collect();
    assert_eq!(waits, [(1, Waits::Hook), (2, Waits::User), (1, Waits::User)]);
    stage.decide(1, Decision::Release);
    assert_eq!(stage.client(), b"\x81\x03abc\x81\x01c");
}

#[test]
fn what_is_too_long_for_a_program_passes_and_is_told() {
    let mut stage = Stage::hooking(&["op:text"]);
    let limits = Limits { hold_bytes: 1000, ..Limits::default() };
    let cell = std::mem::take(&mut stage.cell);
    stage = Stage::new(limits, None);
    stage.cell.set_hooks(cell.hooks());
    let frame = [&b"\x81\x7e\x07\xd0"[..], &[b'x'; 2000]].concat();
    stage.say(Side::Server, &frame);
    assert_eq!(stage.questions(), []);
    assert_eq!(stage.client(), frame);
    stage.say(Side::Server, b"\x81\x01a");
    assert_eq!(stage.questions().len(), 1);
}

#[test]
fn at_the_end_nothing_waits_for_a_program() {
    let mut stage = Stage::hooking(&[""]);
    stage.say(Side::Server, b"\x81\x01a");
    stage.end(Side::Server);
    assert_eq!(stage.client(), b"\x81\x01a");
    let mut stage = Stage::hooking(&[""]);
    stage.say(Side::Server, b"\x81\x01a\x88\x02\x03\xe8");
    assert_eq!(stage.client(), b"", "nothing may follow a close frame");
    stage.reply(1, 0, Decision::Release);
    assert_eq!(stage.client(), b"\x81\x01a\x88\x02\x03\xe8");
}

proptest! {
    #[test]
    fn what_programs_pass_comes_out_as_it_came_and_in_order(
        (from, bytes) in prop_oneof![Just(Side::Client), Just(Side::Server)]
            .prop_flat_map(|from| (Just(from), stream(from))),
        replies in proptest::collection::vec((0_usize..40, any::<bool>()), 0..40),
        size in 1_usize..50,
    ) {
        let mut stage = Stage::hooking(&["a", "not op:text", "len>3"]);
        let mut open = Vec::new();
        let mut replies = replies.into_iter();
        for piece in bytes.chunks(size) {
            stage.say(from, piece);
            open.extend(stage.questions());
            for (which, waits) in replies.by_ref().take(2) {
                if waits {
                    let due = stage.session.deadline().unwrap_or(stage.now);
                    let now = due.max(stage.now);
                    stage.tick(now);
                } else if !open.is_empty() {
                    let (hook, frame, _) = open.remove(which % open.len());
                    stage.reply(frame, hook, Decision::Release);
                }
                open.extend(stage.questions());
            }
        }
        stage.end(from);
        let received = std::mem::take(&mut stage.received[from.other()]);
        prop_assert_eq!(ordered(&received), ordered(&bytes));
        prop_assert_eq!(received.len(), bytes.len());
    }
}
