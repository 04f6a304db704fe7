//! Rows are compared: with the marked one, and as they came with what left.

use crossterm::event::KeyCode;

use crate::record::{Policy, Side};
use crate::tui::keymap::Place;

use super::stage::{Actor, Stage};

fn stage(size: (u16, u16), act: impl FnOnce(&mut Actor)) -> Stage {
    let mut stage = Stage::new(size.0, size.1);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
    act(actor.after(10).opens());
    actor.hand_over();
    stage.at(2_000_000).sync();
    stage
}

/// Two states of a game in JSON, whose members stand in another order.
fn game(actor: &mut Actor) {
    let first = r#"{"type":"state","round":7,"players":[{"name":"ada","score":12},{"name":"bob","score":3}],
        "board":{"width":8,"height":8,"stones":"..b.w...","turn":"black"},"clock":{"black":300,"white":290},"chat":[]}"#;
    let second = r#"{"round":8,"type":"state","players":[{"score":12,"name":"ada"},{"name":"eve","score":3},{"name":"bob","score":4}],
        "clock":{"white":290,"black":288},"board":{"height":8,"width":8,"turn":"white","stones":"..b.w.b."},"chat":[],"last":"b7"}"#;
    actor.after(1000).frame(Side::Server, 0x81, first.as_bytes());
    actor.after(90_000).frame(Side::Client, 0x81, br#"{"type":"move","to":"b7"}"#);
    actor.after(4000).frame(Side::Server, 0x81, second.as_bytes());
}

#[test]
fn json_is_compared_by_what_it_says() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = stage(size, game);
        stage.keys("kkM").press(KeyCode::Enter).keys("G=");
        insta::assert_snapshot!(format!("compare_json_{}x{}", size.0, size.1), stage.screen());
        insta::assert_snapshot!(format!("compare_json_{}x{}_styles", size.0, size.1), stage.styles());
    }
}

#[test]
fn differences_are_gone_through_and_what_is_the_same_is_unfolded() {
    let mut stage = stage((120, 20), |actor| {
        let lines: Vec<String> = (0..60).map(|line| format!("line {line} of the text")).collect();
        let other = lines.join("\n").replace("line 9 ", "line nine ").replace("line 50 of", "line 50 at the end of");
        actor.frame(Side::Server, 0x81, lines.join("\n").as_bytes()).frame(Side::Server, 0x81, other.as_bytes());
    });
    stage.keys("kM").press(KeyCode::Enter).keys("j=");
    assert!(stage.shows("2 differences") && stage.shows("lines are the same"), "{}", stage.screen());
    stage.keys("n");
    assert!(stage.shows("difference 1 of 2") && stage.shows("line nine of the text"), "{}", stage.screen());
    stage.keys("o");
    assert!(!stage.shows("lines are the same") && stage.shows("line nine of the text"), "{}", stage.screen());
    stage.keys("n");
    assert!(stage.shows("difference 2 of 2") && stage.shows("line 50 at the end of the text"), "{}", stage.screen());
    stage.keys("n");
    assert!(stage.shows("difference 1 of 2"), "around the end: {}", stage.screen());
    stage.keys("N");
    assert!(stage.shows("difference 2 of 2"), "{}", stage.screen());
    stage.press(KeyCode::Esc);
    assert_eq!(stage.model.place(), Place::Frames);
}

#[test]
fn bytes_are_compared_in_hex() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = stage(size, |actor| {
            let bytes: Vec<u8> = (0..200).collect();
            let mut other = bytes.clone();
            other[70] = 0xff;
            other.splice(120..120, *b"put in");
            actor.frame(Side::Client, 0x82, &bytes).frame(Side::Server, 0x82, &other);
        });
        stage.keys("kM").press(KeyCode::Enter).keys("j=");
        insta::assert_snapshot!(format!("compare_hex_{}x{}", size.0, size.1), stage.screen());
    }
}

#[test]
fn what_came_is_compared_with_what_left() {
    let mut stage = Stage::new(100, 24);
    let mut actor = Actor::asks_under(&stage.journal, 1, Policy::Repair);
    actor.after(10).opens().after(10).frame(Side::Server, 0xa1, b"with a reserved bit").hand_over();
    stage.at(2_000_000).sync();
    stage.keys(":frame 1").press(KeyCode::Enter).press(KeyCode::Enter).keys("=");
    insta::assert_snapshot!("compare_sent", stage.screen());
}

#[test]
fn what_there_is_to_compare_is_told() {
    let mut stage = stage((80, 24), |actor| {
        actor.frame(Side::Client, 0x81, br#"{"a":1,"b":2}"#).frame(Side::Server, 0x81, br#"{ "b":2, "a":1 }"#);
        actor.frame(Side::Server, 0x81, br#"{"a":1,"b":2}"#);
    });
    stage.keys("=");
    assert!(stage.shows("M marks a row, = on another compares the two"), "{}", stage.screen());
    stage.keys("M").press(KeyCode::Enter).keys("=");
    assert!(stage.shows("this is the marked row"), "{}", stage.screen());
    stage.keys("k=");
    assert!(stage.shows("they say the same in other bytes: x compares those"), "{}", stage.screen());
    stage.keys("x");
    assert!(stage.shows("as bytes") && !stage.shows("no difference"), "{}", stage.screen());
    stage.press(KeyCode::Esc).keys("k=");
    assert!(stage.shows("no difference: 13 B each"), "{}", stage.screen());
    stage.keys("n");
    assert!(stage.shows("there is no difference to go to"), "{}", stage.screen());
}

#[test]
fn a_comparison_stays_when_its_rows_leave_memory() {
    let mut stage = Stage::with_budget(80, 24, 64 << 10);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
    actor.after(10).opens().frame(Side::Client, 0x81, b"one").frame(Side::Client, 0x81, b"two").hand_over();
    stage.at(1_000_000).sync();
    stage.keys("kM").press(KeyCode::Enter).keys("j=");
    assert!(stage.shows("1 difference"), "{}", stage.screen());
    for _ in 0..60 {
        actor.frame(Side::Server, 0x82, &[7; 4000]).hand_over();
    }
    stage.sync();
    assert!(stage.feed.shown().evicted() > 0 && stage.shows("1 difference"), "{}", stage.screen());
    stage.keys("o=nx");
    assert!(stage.shows("1 difference"), "{}", stage.screen());
}
