//! Counts in front of motions, beside the digits that turn pages.

use crossterm::event::KeyCode;

use crate::journal::Scope;
use crate::record::Side::{Client, Server};
use crate::record::{Seen, SessionId};
use crate::tui::state::panes::Tab;

use super::stage::{Actor, Stage, ended};

/// A session with a hundred frames, and some that ended.
fn stage() -> Stage {
    let mut stage = Stage::new(100, 30);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/many");
    actor.after(10).opens();
    for number in 1..=50 {
        actor.after(1000).frame(Client, 0x81, format!("ask {number}").as_bytes());
        actor.after(1000).frame(Server, 0x81, b"reply");
    }
    actor.hand_over();
    (2..9).for_each(|id| ended(&stage.journal, id, 200_000));
    stage.at(400_000).sync();
    stage.keys(":session 1").press(KeyCode::Enter).keys("g");
    stage
}

fn frame(stage: &Stage) -> u64 {
    match stage.model.selected_row(stage.feed.shown()).unwrap().record {
        Seen::Frame(frame) => frame.number.value(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_count_is_shown_and_multiplies_the_motion_behind_it() {
    let mut stage = stage();
    stage.keys("7j");
    let before = frame(&stage);
    stage.keys("60");
    assert!(stage.shows(" 60  times the next motion"), "{}", stage.screen());
    stage.keys("j");
    assert!(frame(&stage) == before + 60 && !stage.shows("times the next motion"), "{}", stage.screen());
    stage.keys("025k");
    assert_eq!(frame(&stage), before + 35);
    stage.keys("042G");
    assert_eq!(frame(&stage), 42);
    stage.keys("9\t").keys("G");
    assert!(stage.model.lists.frames.is_following(), "a key that is no motion drops it: {}", stage.screen());
}

#[test]
fn a_digit_turns_its_page_at_once_and_back_where_a_count_was_meant() {
    let mut stage = stage();
    stage.keys("10j");
    stage.keys("2");
    assert_eq!(stage.model.panes.tab, Tab::Sessions);
    stage.keys("0");
    assert!(stage.model.panes.tab == Tab::Frames && stage.shows(" 20  times"), "{}", stage.screen());
    let before = frame(&stage);
    stage.keys("j");
    assert_eq!(frame(&stage), before + 20);
    stage.keys("12");
    assert!(stage.model.panes.tab == Tab::Sessions && !stage.shows("times the next motion"), "{}", stage.screen());
    stage.keys("j");
    assert_eq!(stage.model.lists.scope, Scope::Session(SessionId(2)), "one down, no count: {}", stage.screen());
    stage.keys("06k");
    assert_eq!(stage.model.lists.scope, Scope::All);
    stage.keys("103]");
    assert_eq!(stage.model.lists.scope, Scope::Session(SessionId(8)), "no further than the last");
}

#[test]
fn esc_drops_a_count_and_nothing_else() {
    let mut stage = stage();
    stage.press(KeyCode::Enter).keys("99").press(KeyCode::Esc);
    assert!(!stage.shows("times the next motion"), "{}", stage.screen());
    assert_eq!(stage.model.place(), crate::tui::keymap::Place::Detail, "{}", stage.screen());
    stage.keys("8").ctrl('c');
    assert!(stage.effects.is_empty(), "{:?}", stage.effects);
}

#[test]
fn matches_marks_and_problems_are_counted_on() {
    let mut stage = stage();
    stage.keys("/ask").press(KeyCode::Enter);
    stage.until_searched("of 50 matches");
    let before = frame(&stage);
    stage.keys("07n");
    assert_eq!(frame(&stage), before + 14);
    stage.keys("052N").keys("050n");
    assert_eq!(frame(&stage), before + 10, "round and round: {}", stage.screen());
    for _ in 0..3 {
        stage.keys("jM").press(KeyCode::Enter);
    }
    let last = frame(&stage);
    stage.keys("06'");
    assert_eq!(frame(&stage), last, "twice around three");
}

#[test]
fn no_count_is_too_large() {
    let mut stage = stage();
    stage.keys(&format!("{}j", "9".repeat(40)));
    assert!(!stage.shows("times the next motion"), "{}", stage.screen());
    stage.press(KeyCode::Enter).keys(&format!("{}l{}h{} ", "9".repeat(40), "9".repeat(40), "9".repeat(40)));
    stage.press(KeyCode::Esc).keys("999999999n888888888!7777777'");
}
