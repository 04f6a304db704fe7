//! Marks with notes: set, listed, gone to, asked for.

use crossterm::event::KeyCode;

use crate::record::SessionId;
use crate::record::Side::{Client, Server};

use super::stage::{Actor, Stage, ended};

fn stage(width: u16, height: u16) -> Stage {
    let mut stage = Stage::new(width, height);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/shop");
    actor.after(10).opens();
    for number in 0..4 {
        let order = format!(r#"{{"type":"order","number":{number},"item":"tea","price":{}}}"#, number * 5);
        actor.after(20_000).frame(Client, 0x81, order.as_bytes());
        actor.after(1000).frame(Server, 0x81, br#"{"type":"accepted"}"#);
    }
    actor.hand_over();
    ended(&stage.journal, 2, 200_000);
    stage.at(400_000).sync();
    stage
}

fn mark(stage: &mut Stage, note: &str) {
    stage.keys("M").keys(note).press(KeyCode::Enter);
}

/// Three marks: two with notes, one without.
fn marked(width: u16, height: u16) -> Stage {
    let mut stage = stage(width, height);
    stage.keys("gjjjj");
    mark(&mut stage, "the first order, which was lost");
    stage.keys("jjj");
    mark(&mut stage, "");
    stage.keys("Gkk");
    mark(&mut stage, "why 1012?");
    stage
}

#[test]
fn a_note_is_typed_and_stands_in_its_row() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut stage = marked(width, height);
        stage.keys("gjj");
        insta::assert_snapshot!(format!("marks_{width}x{height}"), stage.screen());
        stage.keys("M").keys("half typed");
        insta::assert_snapshot!(format!("note_{width}x{height}"), stage.screen());
        stage.press(KeyCode::Esc);
        assert!(!stage.shows("half typed"), "{}", stage.screen());
    }
}

#[test]
fn the_list_has_all_marks_and_goes_to_them() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut stage = marked(width, height);
        stage.keys("`k");
        insta::assert_snapshot!(format!("mark_list_{width}x{height}"), stage.screen());
    }
    let mut stage = marked(100, 30);
    stage.keys(":session 2").press(KeyCode::Enter).keys("`g").press(KeyCode::Enter);
    let row = stage.model.selected_row(stage.feed.shown()).unwrap();
    assert_eq!(row.session, Some(SessionId(1)), "the frames of all are shown again: {}", stage.screen());
    stage.keys("\r").press(KeyCode::Enter);
    assert!(stage.shows("marked: the first order"), "the detail has it in full: {}", stage.screen());
}

#[test]
fn notes_are_written_anew_and_marks_removed() {
    let mut stage = marked(100, 30);
    stage.keys("`ge").ctrl('u').keys("found again").press(KeyCode::Enter);
    assert!(stage.shows("3 marks"), "{}", stage.screen());
    stage.keys("`g");
    assert!(stage.shows("found again") && !stage.shows("which was lost"), "{}", stage.screen());
    stage.keys("M");
    assert!(stage.shows("mark removed") && stage.shows("2 marks") && !stage.shows("found again"), "{}", stage.screen());
    stage.keys("MM").press(KeyCode::Esc).keys("`");
    assert!(stage.shows("there is no mark yet"), "{}", stage.screen());
}

#[test]
fn a_query_asks_for_marks_and_follows_them() {
    let mut stage = marked(100, 30);
    let shown = |stage: &Stage| stage.model.rows(stage.feed.shown()).range().count();
    stage.keys("fmarked");
    stage.until_filtered();
    stage.press(KeyCode::Enter);
    assert_eq!(shown(&stage), 3, "{}", stage.screen());
    stage.keys("gjM");
    stage.until_filtered();
    assert_eq!(shown(&stage), 2, "{}", stage.screen());
    stage.keys("f").ctrl('u').keys("marked:lost or marked:nothing");
    stage.until_filtered();
    stage.press(KeyCode::Enter);
    assert!(shown(&stage) == 1 && stage.shows("the first order"), "{}", stage.screen());
    stage.keys("f").ctrl('u').keys("not marked");
    stage.until_filtered();
    stage.press(KeyCode::Enter).keys("gjjj");
    let here = stage.here();
    mark(&mut stage, "");
    stage.until_filtered();
    assert_ne!(stage.here(), here, "what is marked goes: {}", stage.screen());
    stage.keys("f").ctrl('u').keys("marked:\"th").press(KeyCode::Tab);
    assert!(stage.shows("marked:\"the first order, which was lost\""), "notes are completed: {}", stage.screen());
}

#[test]
fn a_note_is_shown_escaped_and_bounded() {
    let mut stage = stage(100, 30);
    stage.keys("gjjjjM").send(crate::tui::Message::Paste(format!("a\u{1b}[31m{}", "x".repeat(1000))));
    stage.press(KeyCode::Enter);
    let row = stage.here();
    assert_eq!(stage.model.lists.marks.bookmark(row).unwrap().note.chars().count(), 200);
    assert!(stage.shows("a[31mxxx"), "{}", stage.screen());
}
