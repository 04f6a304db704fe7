//! Values of messages in columns of their own, and previews that show what rows differ in.

use crossterm::event::KeyCode;

use crate::record::Side::{Client, Server};

use super::stage::{Actor, Stage};

/// Prices that are alike in their first hundred columns, and some that are other.
fn stage(width: u16, height: u16) -> Stage {
    let mut stage = Stage::new(width, height);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/prices");
    actor.after(10).opens();
    for number in 1..=6 {
        let price = format!(
            r#"{{"type":"price","source":{{"market":"XETR","feed":"level-one","currency":"EUR"}},"symbol":"ABC","price":{},"id":{number}}}"#,
            17 + number % 3
        );
        actor.after(1000).frame(Server, 0x81, price.as_bytes());
    }
    actor.after(1000).frame(Client, 0x81, br#"{"type":"order","payload":{"id":42,"lines":[{"item":"tea"}]}}"#);
    actor.after(1000).frame(Client, 0x81, b"no JSON").frame(Client, 0x82, b"\x00\x01").frame(Server, 0x89, b"beat");
    actor.hand_over();
    stage.at(400_000).sync();
    stage
}

fn command(stage: &mut Stage, text: &str) {
    stage.keys(":").keys(text).press(KeyCode::Enter);
}

#[test]
fn values_stand_in_columns() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut stage = stage(width, height);
        command(&mut stage, "column .type .payload.id .payload.lines[0].item");
        stage.keys("k");
        insta::assert_snapshot!(format!("values_{width}x{height}"), stage.screen());
    }
    let mut stage = stage(120, 40);
    command(&mut stage, "column .type");
    let heads = |stage: &Stage| stage.lines().iter().any(|line| line.contains("opcode") && line.contains(".type"));
    assert!(heads(&stage), "{}", stage.screen());
    command(&mut stage, "column");
    assert!(!heads(&stage) && stage.shows("no values in columns"), "{}", stage.screen());
}

#[test]
fn paths_are_completed_from_the_selected_row() {
    let mut stage = stage(100, 30);
    stage.keys("kkk:column pay");
    assert!(stage.shows("column .payload.id") && stage.shows("42"), "{}", stage.screen());
    stage.ctrl('u').keys("column .payload.i").press(KeyCode::Tab).keys(" .ty").press(KeyCode::Tab);
    assert!(stage.shows(":column .payload.id .type"), "{}", stage.screen());
    stage.press(KeyCode::Enter);
    assert!(stage.shows("2 values have columns"), "{}", stage.screen());
    command(&mut stage, "column nowhere");
    assert!(stage.shows("a path begins with a dot"), "{}", stage.screen());
}

#[test]
fn what_differs_from_the_row_before_is_in_view() {
    let mut stage = stage(100, 30);
    insta::assert_snapshot!("alike_100x30", stage.screen());
    stage.keys("/ABC").press(KeyCode::Enter);
    stage.until_searched("of 6 matches");
    assert!(stage.lines().iter().filter(|line| line.contains("\"symbol\":\"ABC\"")).count() >= 6, "{}", stage.screen());
}

#[test]
fn a_match_far_behind_the_start_is_in_view() {
    let mut stage = Stage::new(100, 30);
    let mut actor = Actor::asks_keeping(&stage.journal, 1, 0, "/", 1 << 20);
    let long = format!("[{}\"the needle\",{}1]", "12,".repeat(5000), "13,".repeat(5000));
    actor.after(10).opens().after(10).frame(Server, 0x81, long.as_bytes()).hand_over();
    stage.sync();
    stage.keys("/needle").press(KeyCode::Enter);
    stage.until_searched("of 1 match");
    assert!(stage.shows("…12,12") && stage.shows("\"the needle\",13"), "{}", stage.screen());
}

#[test]
fn hostile_names_and_values_stay_in_their_columns() {
    let mut stage = Stage::new(100, 30);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
    let hostile =
        format!(r#"{{"a\u001b[2J":"{}","b":"日本語\u202e{}","c":{{"c":1}}}}"#, "x".repeat(3000), "ü".repeat(500));
    actor.after(10).opens().after(10).frame(Server, 0x81, hostile.as_bytes()).hand_over();
    stage.sync();
    command(&mut stage, "column .b .c .b.b .c.c .[0] .日本語日本語日本語日本語日本語 .x .y");
    assert!(stage.lines().iter().all(|line| crate::tui::fit::width(line) == 100), "{}", stage.screen());
    assert!(stage.cells().all(|cell| cell.chars().all(crate::text::is_plain)), "{}", stage.screen());
    command(&mut stage, "column .1 .2 .3 .4 .5 .6 .7 .8 .9");
    assert!(stage.shows("room for 8 columns"), "{}", stage.screen());
}
