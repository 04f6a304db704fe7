//! Copying, by its keys.

use crossterm::event::KeyCode;

use crate::record::Side;
use crate::tui::Effect;

use super::stage::{Actor, Stage, usual};

fn stage() -> Stage {
    let mut stage = Stage::new(100, 30);
    usual(&stage.journal);
    stage.at(3_000_000).sync().keys("]g");
    stage
}

/// What was copied last.
fn copied(stage: &Stage) -> &str {
    match stage.effects.last() {
        Some(Effect::Copy(text)) => text,
        other => panic!("{other:?}: {}", stage.screen()),
    }
}

const HELLO: &str = r#"{"type":"hello","user":"anna","tags":["a","b"]}"#;

#[test]
fn a_row_is_copied_in_each_form() {
    let mut stage = stage();
    stage.keys("jjjjy");
    assert!(stage.shows("copy as  t text  h hex  b base64  j JSON  c command"), "{}", stage.screen());
    stage.keys("t");
    assert_eq!(copied(&stage), HELLO);
    assert!(stage.shows("copied as text: 47 B"), "{}", stage.screen());
    stage.keys("yh");
    assert!(copied(&stage).starts_with("7b 22 74") && copied(&stage).len() == 47 * 3 - 1);
    stage.keys("yb");
    assert_eq!(copied(&stage), "eyJ0eXBlIjoiaGVsbG8iLCJ1c2VyIjoiYW5uYSIsInRhZ3MiOlsiYSIsImIiXX0=");
    stage.keys("yj");
    let json: serde_json::Value = serde_json::from_str(copied(&stage)).unwrap();
    assert_eq!((&json["event"], &json["text"], &json["frame"]), (&"frame".into(), &HELLO.into(), &1.into()));
    stage.keys("yc");
    let command = r#"printf '{"type":"hello","user":"anna","tags":["a","b"]}\n' | websocat --text -n --origin=http://localhost:9999 'ws://localhost:9999/echo?room=1'"#;
    assert_eq!(copied(&stage), command);
}

#[test]
fn nothing_is_copied_unless_it_is_said_what() {
    let mut stage = stage();
    stage.keys("y").press(KeyCode::Esc).keys("yq");
    assert!(stage.effects.is_empty() && stage.model.overlay.is_none());
    let mut empty = Stage::new(80, 24);
    empty.keys("]yt");
    assert!(empty.effects.iter().all(|effect| matches!(effect, Effect::Copy(_))));
}

#[test]
fn a_range_is_copied_row_by_row_and_ends() {
    let mut stage = stage();
    stage.keys("jjjjvjyj");
    assert_eq!(copied(&stage).lines().count(), 2);
    assert!(stage.shows("copied 2 rows as JSON") && !stage.shows("rows selected"), "{}", stage.screen());
    stage.keys("kvkyt");
    assert_eq!(copied(&stage).lines().last(), Some(HELLO));
}

#[test]
fn a_folded_message_is_copied_whole() {
    let mut stage = stage();
    stage.keys("o/fragments").press(KeyCode::Esc);
    stage.keys("gjjjjjjjjjyt");
    assert_eq!(copied(&stage), "one message in three fragments", "{}", stage.screen());
    stage.keys("yj");
    assert_eq!(copied(&stage).lines().count(), 3);
}

#[test]
fn binary_is_no_text_and_goes_into_a_command_as_it_is() {
    let mut stage = stage();
    stage.keys("jjjjjjyt");
    assert!(stage.effects.is_empty() && stage.shows("this is not UTF-8"), "{}", stage.screen());
    stage.keys("yc");
    assert!(copied(&stage).starts_with(r"printf '\000\001\002") && copied(&stage).contains("| websocat -b -n "));
}

#[test]
fn a_command_says_why_it_can_not_be() {
    let mut stage = stage();
    stage.keys("jjjjjyc");
    assert!(stage.effects.is_empty() && stage.shows("websocat sends what a client sends"), "{}", stage.screen());
    stage.keys("gyc");
    assert_eq!(copied(&stage), "websocat --origin=http://localhost:9999 'ws://localhost:9999/echo?room=1'");
}

#[test]
fn fragments_become_one_message_of_a_command() {
    let mut stage = Stage::new(100, 30);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
    actor.after(10).opens().frame(Side::Client, 0x01, b"it's ").frame(Side::Client, 0x00, b"100%\n");
    actor.frame(Side::Client, 0x80, b"-").frame(Side::Client, 0x81, b"").hand_over();
    stage.sync().keys("kvkyc");
    assert!(
        copied(&stage).starts_with(r"printf 'it'\''s 100%%\n-\000' | websocat --text -n -0 "),
        "{}",
        copied(&stage)
    );
}

#[test]
fn what_is_too_large_or_not_whole_is_told() {
    let mut stage = Stage::new(120, 30);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
    actor.after(10).opens();
    for _ in 0..30 {
        actor.frame(Side::Client, 0x81, &[b'a'; 4000]);
    }
    actor.frame(Side::Client, 0x82, &[7; 5000]).hand_over();
    stage.sync().keys("yh");
    assert!(stage.shows("not all bytes came and were kept"), "{}", stage.screen());
    stage.effects.clear();
    stage.keys("ycvgyt");
    assert!(stage.effects.is_empty() && stage.shows("a terminal takes 75.0 kB"), "{}", stage.screen());
}
