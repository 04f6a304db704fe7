//! The list of problems: gone through, searched, sorted, grouped, and gone from to what it tells of.

use crossterm::event::KeyCode;

use crate::record::Side::{Client, Server};
use crate::record::{Seen, SessionId};
use crate::tui::keymap::Place;
use crate::tui::state::overlay::Overlay;

use super::stage::{Actor, Stage, unreachable, wrong_accept};

/// Sessions with a wrong accept value, frames with reserved bits, a bad close, and an upstream that is not there.
fn stage(width: u16, height: u16) -> Stage {
    let mut stage = Stage::new(width, height);
    for id in 1..=3 {
        wrong_accept(&stage.journal, id, id * 1_000_000);
    }
    let mut actor = Actor::asks(&stage.journal, 4, 5_000_000, "/chat");
    actor.after(10).opens();
    for _ in 0..4 {
        actor.after(10_000).frame(Client, 0x81, b"fine").frame(Server, 0xa1, b"with a reserved bit");
    }
    actor.after(10_000).frame(Server, 0x88, b"\x03\xee").hand_over();
    unreachable(&stage.journal, 5, 6_000_000);
    stage.at(8_000_000).sync();
    stage.keys("4");
    stage
}

#[test]
fn problems_are_a_list_and_the_selected_one_in_full() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut stage = stage(width, height);
        stage.keys("j");
        insta::assert_snapshot!(format!("problems_{width}x{height}"), stage.screen());
        insta::assert_snapshot!(format!("problems_{width}x{height}_styles"), stage.styles());
    }
}

#[test]
fn each_problem_has_a_line_on_wish_and_they_are_sorted() {
    let mut stage = stage(100, 30);
    stage.keys("o");
    assert!(stage.shows("problems · worst first"), "{}", stage.screen());
    let lines = |stage: &Stage| stage.lines()[3..].to_vec();
    let worst = lines(&stage);
    stage.keys("S");
    assert!(stage.shows("newest first") && lines(&stage) != worst, "{}", stage.screen());
    stage.keys("oS");
    assert!(stage.shows("kinds · most first") && stage.lines()[3].contains("3 ×"), "{}", stage.screen());
}

#[test]
fn enter_goes_to_the_frame_and_w_says_why() {
    let mut stage = stage(100, 30);
    stage.keys("/reserved").press(KeyCode::Enter);
    assert!(stage.shows("reserved: 1 of"), "{}", stage.screen());
    stage.keys("W");
    assert!(matches!(&stage.model.overlay, Some(Overlay::Why(why)) if why.frame.is_some()), "{}", stage.screen());
    stage.press(KeyCode::Esc).press(KeyCode::Enter);
    let row = stage.model.selected_row(stage.feed.shown()).unwrap();
    assert!(matches!(row.record, Seen::Frame(frame) if frame.header.rsv() == 2), "{}", stage.screen());
    assert_eq!((row.session, stage.model.place()), (Some(SessionId(4)), Place::Frames));
    stage.keys("4").press(KeyCode::Esc);
    assert!(!stage.shows("reserved: 1 of"), "{}", stage.screen());
    stage.keys("/accept").press(KeyCode::Enter).press(KeyCode::Enter);
    let row = stage.model.selected_row(stage.feed.shown()).unwrap();
    assert_eq!(row.session, Some(SessionId(3)), "the newest of its kind: {}", stage.screen());
}

#[test]
fn what_is_selected_stays_selected_when_more_comes() {
    let mut stage = stage(100, 30);
    stage.keys("jj");
    let selected = |stage: &Stage| stage.model.problems.item().unwrap().key.clone();
    let before = selected(&stage);
    wrong_accept(&stage.journal, 9, 9_000_000);
    stage.at(9_500_000).sync();
    assert_eq!(selected(&stage), before, "{}", stage.screen());
    let row = (3..10).find(|y| stage.lines()[*y].contains("accept value")).unwrap() as u16;
    stage.click(20, row);
    assert!(selected(&stage).contains("accept"), "{}", stage.screen());
    stage.keys("/no such words");
    assert!(stage.shows("has these words: esc shows all"), "{}", stage.screen());
    stage.press(KeyCode::Enter).press(KeyCode::Enter).keys("jkgGW");
}
