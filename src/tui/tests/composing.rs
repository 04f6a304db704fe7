//! The composer, with keys through the real update, and as people see it.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;

use crate::compose::Repeat;
use crate::record::{FrameNumber, SessionId, Side};
use crate::relay::injection::{Injection, Refusal, Reply, Token, Wait};
use crate::tui::state::answer::{Progress, RepeatState};
use crate::tui::{Effect, Message};
use crate::wire::opcode::Opcode;

use super::stage::{Actor, Stage, ended, usual};

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

/// One session, and one that is over.
fn stage_of(width: u16, height: u16) -> Stage {
    let mut stage = Stage::new(width, height);
    usual(&stage.journal);
    ended(&stage.journal, 2, 2_500_000);
    stage.at(5_000_000).sync();
    stage
}

fn stage() -> Stage {
    stage_of(100, 30)
}

fn more_sessions(stage: &mut Stage) {
    for (id, path) in [(3, "/prices"), (5, "/chat?room=2")] {
        Actor::asks(&stage.journal, id, 3_000_000, path).after(900).opens().hand_over();
    }
    stage.sync();
}

fn snapshot(name: &str, play: impl Fn(&mut Stage)) {
    for (width, height) in SIZES {
        let mut stage = stage_of(width, height);
        play(&mut stage);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), stage.screen());
    }
}

/// The one effect since the last look.
fn effect(stage: &mut Stage) -> Effect {
    let mut effects = std::mem::take(&mut stage.effects);
    assert_eq!(effects.len(), 1, "{effects:?}\n{}", stage.screen());
    effects.remove(0)
}

fn progress(sent: u32, frame: u64, state: RepeatState) -> Message {
    Message::Repeated(Token(0), Progress { sent, frame: Some(FrameNumber::new(frame)), state })
}

#[test]
fn a_message_goes_to_any_live_session_and_either_way() {
    let mut stage = stage();
    more_sessions(&mut stage);
    stage.keys("]s").keys("x");
    assert!(stage.shows("Send to the server · session 1 (1 of 3 live) /echo?room=1"), "{}", stage.screen());
    stage.ctrl('n').press(KeyCode::BackTab);
    assert!(stage.shows("Send to the client · session 3 (2 of 3 live) /prices"), "{}", stage.screen());
    stage.press(KeyCode::Enter);
    let Effect::Inject { session, to, .. } = effect(&mut stage) else { panic!() };
    assert_eq!((session, to), (SessionId(3), Side::Client));
    stage.ctrl('p').ctrl('p');
    assert!(stage.shows("session 5 (3 of 3 live) /chat?room=2"), "{}", stage.screen());
    ended(&stage.journal, 5, 5_000_000);
    stage.sync();
    assert!(stage.shows("session 5 (over)"), "{}", stage.screen());
    stage.ctrl('n');
    assert!(stage.shows("session 1 (1 of 2 live)"), "{}", stage.screen());
}

#[test]
fn with_one_live_session_there_is_no_other_to_turn_to() {
    let mut stage = stage();
    stage.keys("]s").ctrl('n');
    assert!(stage.shows("there is no other live session") && stage.shows("session 1 /echo"), "{}", stage.screen());
}

#[test]
fn a_text_has_as_many_lines_as_one_likes() {
    let mut stage = stage();
    stage.keys("]sone").send(Message::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::ALT))).keys("two").ctrl('j');
    stage.keys("three").press(KeyCode::Enter);
    let Effect::Inject { injection, .. } = effect(&mut stage) else { panic!() };
    assert_eq!(injection, Injection::whole(Opcode::TEXT, b"one\ntwo\nthree".to_vec()));
    assert_eq!(stage.remembered, ["one\ntwo\nthree"]);
    stage.press(KeyCode::Up);
    assert!(stage.shows("│ two "), "{}", stage.screen());
}

#[test]
fn what_is_pasted_is_shown_without_its_control_characters_and_sent_with_them() {
    let mut stage = stage();
    stage.keys("]s").send(Message::Paste("\u{1b}[31mred\tand\u{202e}back".into()));
    assert!(stage.shows("␛[31mred→and·back"), "{}", stage.screen());
    stage.press(KeyCode::Enter);
    let Effect::Inject { injection, .. } = effect(&mut stage) else { panic!() };
    assert_eq!(injection, Injection::whole(Opcode::TEXT, "\u{1b}[31mred\tand\u{202e}back".into()));
}

#[test]
fn a_text_that_is_not_sent_waits_in_the_composer() {
    let mut stage = stage();
    stage.keys("]shalf a thought").press(KeyCode::Esc).keys("c");
    assert!(stage.shows("│ half a thought") && stage.shows("Send to the client"), "{}", stage.screen());
    stage.press(KeyCode::Enter).press(KeyCode::Esc).keys("s");
    assert!(stage.shows("text goes as a text frame"), "{}", stage.screen());
}

#[test]
fn json_is_told_wrong_and_is_sent_all_the_same() {
    let mut stage = stage();
    stage.keys("]s{\"a\": ");
    assert!(stage.shows("JSON, not complete yet"), "{}", stage.screen());
    stage.keys("x}");
    assert!(stage.shows("      ^ not JSON: expected value; it can be sent all the same"), "{}", stage.screen());
    stage.ctrl('j').keys("]");
    assert!(stage.shows("line 1, column 7: not JSON: expected value"), "{}", stage.screen());
    stage.press(KeyCode::Enter);
    let Effect::Inject { injection, .. } = effect(&mut stage) else { panic!() };
    assert_eq!(injection, Injection::whole(Opcode::TEXT, b"{\"a\": x}\n]".to_vec()));
}

#[test]
fn fragments_are_one_injection_of_several_frames() {
    let mut stage = stage();
    stage.keys("]s/frag 3 hello").press(KeyCode::Enter);
    let Effect::Inject { injection, token, .. } = effect(&mut stage) else { panic!() };
    assert_eq!(injection, Injection::fragmented(Opcode::TEXT, b"hello", 3));
    stage.send(Message::Reply(token, Reply::Waiting(Wait::Message))).at(8_000_000);
    assert!(stage.shows("waiting for the end of an unfinished message since 3 s"), "{}", stage.screen());
    assert_eq!(stage.model.next_change(), Some(1_000_000), "the age is alive");
    stage.send(Message::Reply(token, Reply::Sent { frame: Some(FrameNumber::new(12)) }));
    assert!(stage.shows("sent as frames 12 to 14: text of 5 B in 3 fragments to the server"), "{}", stage.screen());
}

#[test]
fn several_that_wait_are_counted_and_each_is_told_of() {
    let mut stage = stage();
    stage.keys("]s");
    for (token, text) in [(0, "one"), (1, "/bin 02"), (2, "/ping")] {
        stage.keys(text).press(KeyCode::Enter);
        stage.send(Message::Reply(Token(token), Reply::Waiting(Wait::Frame)));
    }
    assert!(stage.shows("2 sent before it wait too"), "{}", stage.screen());
    stage.send(Message::Reply(Token(1), Reply::Sent { frame: Some(FrameNumber::new(20)) }));
    assert!(stage.shows("sent as frame 20: binary of 1 B to the server"), "{}", stage.screen());
    assert!(stage.shows("one sent before it waits too"), "{}", stage.screen());
    stage.send(Message::Reply(Token(2), Reply::Sent { frame: Some(FrameNumber::new(21)) }));
    stage.send(Message::Reply(Token(0), Reply::Refused(Refusal::NeverCame)));
    assert!(!stage.shows("sent before it") && stage.shows("sent as frame 21: ping"), "{}", stage.screen());
    assert!(stage.shows("refused: the session ended before there was a place for it"), "{}", stage.screen());
}

#[test]
fn a_repetition_shows_how_far_it_is_until_it_is_done() {
    let mut stage = stage();
    stage.keys("]s/repeat 10 100ms /ping x").press(KeyCode::Enter);
    let injection = Injection::whole(Opcode::PING, b"x".to_vec());
    let repeat = Repeat { times: 10, every: Duration::from_millis(100) };
    let expected = Effect::Repeat { session: SessionId(1), to: Side::Server, injection, repeat, token: Token(0) };
    assert_eq!(effect(&mut stage), expected);
    stage.send(progress(3, 15, RepeatState::Running));
    let words = "3 of 10 sent, the last as frame 15 · ctrl-c stops: ping of 1 B to the server, one every 100ms";
    assert!(stage.shows(words), "{}", stage.screen());
    stage.keys("/repeat 2 1s y").press(KeyCode::Enter);
    assert!(stage.effects.is_empty() && stage.shows("one repetition runs already"), "{}", stage.screen());
    stage.ctrl('u').keys("between").press(KeyCode::Enter);
    assert!(matches!(effect(&mut stage), Effect::Inject { .. }), "single ones go meanwhile");
    stage.send(progress(10, 22, RepeatState::Done));
    assert!(stage.shows("10 of 10 sent, the last as frame 22: ping"), "{}", stage.screen());
}

#[test]
fn a_repetition_is_stopped_by_esc_in_the_composer_and_by_ctrl_c_anywhere() {
    let start = || {
        let mut stage = stage();
        stage.keys("]s/repeat 10 1s x").press(KeyCode::Enter);
        effect(&mut stage);
        stage
    };
    let mut stage = start();
    stage.press(KeyCode::Esc);
    assert_eq!(effect(&mut stage), Effect::StopRepeating);
    stage.send(progress(2, 13, RepeatState::Stopped));
    assert!(stage.shows("stopped, 2 of 10 sent, the last as frame 13: text"), "{}", stage.screen());
    stage.press(KeyCode::Esc);
    assert!(stage.model.overlay.is_none() && stage.effects.is_empty());
    let mut stage = start();
    // Back on the panes while it runs: the keys are the panes' and ctrl-c is the repetition's.
    stage.model.overlay = None;
    stage.send(progress(1, 12, RepeatState::Running));
    assert!(stage.shows("1 of 10 sent, the last as frame 12 · ctrl-c stops"), "{}", stage.screen());
    stage.ctrl('c');
    assert_eq!(effect(&mut stage), Effect::StopRepeating);
    stage.ctrl('c');
    assert_eq!(effect(&mut stage), Effect::Quit, "a second time it quits");
}

#[test]
fn a_repetition_tells_what_it_waits_for_and_why_it_ended() {
    let mut stage = stage_of(140, 30);
    stage.keys("]s/repeat 10 1s x").press(KeyCode::Enter);
    effect(&mut stage);
    stage.send(progress(2, 13, RepeatState::Waiting(Wait::Message))).at(9_000_000);
    assert!(stage.shows("waiting for the end of an unfinished message since 4 s · ctrl-c"), "{}", stage.screen());
    stage.send(progress(2, 13, RepeatState::Refused(Refusal::AfterClose)));
    assert!(stage.shows("the next was refused: a close frame has already gone this way"), "{}", stage.screen());
    stage.press(KeyCode::Esc);
    assert!(stage.model.overlay.is_none(), "it is over, so esc closes");
}

#[test]
fn the_editor_gets_the_text_and_its_text_comes_back() {
    let mut stage = stage();
    stage.keys("]sabc").ctrl('e');
    assert_eq!(effect(&mut stage), Effect::OpenEditor("abc".into()));
    stage.send(Message::Edited(Ok("abc\nd".into())));
    assert!(stage.shows("│ abc ") && stage.shows("│ d ") && stage.shows("text, FIN"), "{}", stage.screen());
    stage.send(Message::Edited(Err("can't start no-such-editor: not found".into())));
    assert!(stage.shows("can't start no-such-editor") && stage.shows("│ abc "), "{}", stage.screen());
}

#[test]
fn commands_are_completed_behind_others_too() {
    let mut stage = stage();
    stage.keys("]s/rep").press(KeyCode::Tab).keys("2 1s /fr").press(KeyCode::Tab).keys("2 /b").press(KeyCode::Tab);
    stage.keys("01 02").press(KeyCode::Enter);
    let Effect::Repeat { injection, .. } = effect(&mut stage) else { panic!() };
    assert_eq!(injection, Injection::fragmented(Opcode::BINARY, &[1, 2], 2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_written_stays_in_its_cell(
        texts in proptest::collection::vec("/?(esc|bin|frag 3|repeat 2 1s)? ?[\\[{]?(?s:.){0,60}", 1..4),
        (width, height) in (1u16..120, 1u16..40),
    ) {
        let mut stage = stage_of(width, height);
        stage.keys("]s");
        for text in texts {
            stage.send(Message::Paste(text)).press(KeyCode::Tab).press(KeyCode::Left).press(KeyCode::Up);
            prop_assert!(stage.cells().all(|cell| cell.chars().all(crate::text::is_plain)));
            stage.press(KeyCode::Enter);
            prop_assert!(stage.cells().all(|cell| cell.chars().all(crate::text::is_plain)));
        }
    }
}

#[test]
fn a_large_paste_is_no_trouble() {
    let mut stage = stage();
    stage.keys("]s").send(Message::Paste(format!("[{}1]", "1234567,\n".repeat(2_000))));
    assert!(stage.shows("text, FIN, masked with a random key kk, 18003 bytes"), "{}", stage.screen());
    assert!(stage.shows(" · JSON") && stage.shows("more"), "{}", stage.screen());
}

#[test]
fn composing_nothing_yet() {
    snapshot("composer_empty", |stage| {
        more_sessions(stage);
        stage.keys("]s");
    });
}

#[test]
fn composing_a_command() {
    snapshot("composer_commands", |stage| {
        stage.keys("]c/");
    });
}

#[test]
fn composing_json_with_a_fault() {
    snapshot("composer_json", |stage| {
        stage.keys("]s").send(Message::Paste("{\n  \"type\": \"hello\",\n  \"user\" \"anna\"\n}".into()));
    });
}

#[test]
fn composing_fragments_while_another_waits() {
    snapshot("composer_fragments", |stage| {
        stage.keys("]sfirst").press(KeyCode::Enter).send(Message::Reply(Token(0), Reply::Waiting(Wait::Message)));
        stage.at(8_000_000).keys("/frag 5 a message in five fragments");
    });
}

#[test]
fn composing_more_bytes_than_there_is_room_for() {
    snapshot("composer_long", |stage| {
        stage.keys("]s/esc ").send(Message::Paste(r"\xff\x00 a long text ".repeat(30)));
    });
}

#[test]
fn composing_while_a_repetition_runs() {
    snapshot("composer_repeat", |stage| {
        stage.keys("]s/repeat 100 50ms {\"beat\": true}").press(KeyCode::Enter);
        stage.send(progress(37, 48, RepeatState::Running));
    });
}
