//! Searching, by its keys.

use crossterm::event::KeyCode;

use crate::record::Side;
use crate::tui::Message;

use super::stage::{Actor, Stage, ended, usual};

fn stage() -> Stage {
    Stage::with_usual_traffic(120, 30)
}

#[test]
fn what_matches_is_counted_and_gone_to() {
    let mut stage = stage();
    stage.keys("g/beat").press(KeyCode::Enter);
    stage.until_searched("1 of 2 matches");
    let first = stage.here();
    stage.keys("n");
    stage.until_searched("2 of 2 matches");
    assert!(stage.here() > first);
    stage.keys("n");
    stage.until_searched("1 of 2 matches");
    assert!(stage.here() == first && stage.shows("on from the first match"), "{}", stage.screen());
    stage.keys("N");
    stage.until_searched("2 of 2 matches");
    stage.ctrl('o');
    assert_eq!(stage.here(), first);
}

#[test]
fn from_the_newest_row_it_goes_to_the_last_match() {
    let mut stage = stage();
    stage.keys("/beat").press(KeyCode::Enter);
    stage.until_searched("2 of 2 matches");
    assert!(!stage.shows("on from the"), "{}", stage.screen());
    stage.keys("n");
    stage.until_searched("1 of 2 matches");
    assert!(stage.shows("on from the first match"), "{}", stage.screen());
    let newest = stage.keys("G").here();
    stage.keys("/hex:01020304").press(KeyCode::Enter);
    stage.until_searched("2 of 2 matches");
    assert_eq!(stage.here(), newest, "the newest row will do itself");
}

#[test]
fn esc_clears_the_highlights_and_keeps_the_selection() {
    let mut stage = stage();
    stage.keys("g/WELCOME").press(KeyCode::Enter);
    stage.until_searched("no match");
    stage.press(KeyCode::Esc);
    stage.keys("/welcome").press(KeyCode::Enter);
    stage.until_searched("1 of 1 match");
    let found = stage.here();
    stage.press(KeyCode::Esc);
    assert!(stage.here() == found && !stage.shows("1 of 1 match") && !stage.shows("•"), "{}", stage.screen());
    stage.keys("gn");
    stage.until_searched("1 of 1 match");
    assert_eq!(stage.here(), found);
}

#[test]
fn all_that_a_row_shows_is_found_and_the_bytes_behind_it() {
    let mut stage = stage();
    ended(&stage.journal, 2, 2_500_000);
    stage.sync();
    for (pattern, status) in [
        ("hex:0708 09", "1 of 1 match"),
        ("Sec-WebSocket-Accept", "of 2 matches"),
        ("going away", "of 3 matches"),
        ("server restarts", "of 2 matches"),
        ("/gr.{1}ße/", "1 of 1 match"),
        ("put in by hand", "1 of 1 match"),
    ] {
        stage.keys("g/").send(Message::Paste(pattern.into())).press(KeyCode::Enter);
        stage.until_searched(status);
    }
}

#[test]
fn what_is_wrong_is_told_while_it_is_typed() {
    let mut stage = stage();
    stage.keys("//be(at/");
    assert!(stage.shows("✗ unclosed group"), "{}", stage.screen());
    stage.press(KeyCode::Enter);
    assert!(stage.shows("✗ unclosed group"), "{}", stage.screen());
    stage.ctrl('u').keys("/be(at)/");
    stage.until_searched("2 matches");
}

#[test]
fn it_takes_the_language_of_filters_and_completes_it() {
    let mut stage = stage();
    stage.keys("g/beat op:pi").press(KeyCode::Tab);
    assert!(stage.shows("/beat op:ping"), "{}", stage.screen());
    stage.until_searched("1 match");
    stage.ctrl('u').keys("beat or welcome").press(KeyCode::Enter);
    stage.until_searched("of 3 matches");
    stage.keys("/from:server not beat").press(KeyCode::Enter);
    stage.until_searched("match");
}

#[test]
fn rows_that_come_are_searched_too() {
    let mut stage = stage();
    stage.keys("/restarts").press(KeyCode::Enter);
    stage.until_searched("no match");
    for id in 2..4 {
        ended(&stage.journal, id, 2_500_000);
    }
    stage.sync();
    stage.until_searched("4 matches");
}

#[test]
fn a_frame_that_comes_in_pieces_is_found_when_it_is_there() {
    let mut stage = Stage::new(120, 30);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
    actor.after(10).opens().bytes(Side::Client, &[0x81, 0x85, 1, 2, 3, 4, b'n' ^ 1, b'e' ^ 2]).hand_over();
    stage.sync().keys("/needle").press(KeyCode::Enter);
    stage.until_searched("no match");
    stage.keys("/need").press(KeyCode::Enter);
    stage.until_searched("no match");
    actor.bytes(Side::Client, &[b'e' ^ 3, b'd' ^ 4]).hand_over();
    stage.sync();
    stage.until_searched("1 of 1 match");
}

#[test]
fn only_the_rows_shown_are_searched() {
    let mut stage = stage();
    ended(&stage.journal, 2, 2_500_000);
    stage.sync().keys("g/101").press(KeyCode::Enter);
    stage.until_searched("of 2 matches");
    stage.keys("]");
    stage.until_searched("1 match");
    stage.keys("[");
    stage.until_searched("2 matches");
    stage.keys("/beat").press(KeyCode::Enter);
    stage.until_searched("of 2 matches");
    stage.keys("..");
    stage.until_searched("no match");
}

#[test]
fn a_match_in_a_fragment_is_one_in_its_message() {
    let mut stage = stage();
    stage.keys("og/fragments").press(KeyCode::Enter);
    stage.until_searched("1 match");
    let message = stage.feed.shown().message(stage.here()).unwrap();
    assert_eq!(message.rest.len(), 2);
    let row = stage.lines().into_iter().find(|line| line.contains("3 fragments")).unwrap();
    assert!(row.contains('•'), "{row}");
}

#[test]
fn earlier_patterns_come_back() {
    let mut stage = stage();
    for pattern in ["one", "two"] {
        stage.keys("/").keys(pattern).press(KeyCode::Enter);
    }
    stage.keys("/").press(KeyCode::Up).press(KeyCode::Up);
    assert!(stage.shows(" /one"), "{}", stage.screen());
    stage.press(KeyCode::Down);
    assert!(stage.shows(" /two"), "{}", stage.screen());
    stage.press(KeyCode::Esc).keys("/").press(KeyCode::Enter);
    stage.until_searched("match");
}

#[test]
fn what_leaves_memory_is_no_match_any_more() {
    let mut stage = Stage::with_budget(120, 30, 30_000);
    usual(&stage.journal);
    stage.sync().keys("/beat").press(KeyCode::Enter);
    stage.until_searched("of 2 matches");
    for id in 2..200 {
        ended(&stage.journal, id, 0);
    }
    stage.sync();
    stage.until_searched("no match");
}

#[test]
fn search_folding_and_marks_on_a_screen() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut stage = Stage::new(width, height);
        usual(&stage.journal);
        ended(&stage.journal, 2, 2_500_000);
        stage.at(5_000_000).sync();
        stage.keys("]gjjjjjM").press(KeyCode::Enter).keys("vjo/e");
        stage.until_searched("of 11 matches");
        insta::assert_snapshot!(format!("search_{width}x{height}"), stage.screen());
    }
}
