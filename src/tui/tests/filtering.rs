//! Filtering the frame log, by its keys.

use crossterm::event::KeyCode;

use crate::record::Side::{Client, Server};

use super::packer::Packer;
use super::stage::{Actor, Stage, ended};

/// Two sessions with messages of both sides.
fn stage() -> Stage {
    let mut stage = Stage::new(100, 30);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/chat");
    actor.after(10).opens();
    for number in 0..6 {
        actor.after(1000).frame(Client, 0x81, format!(r#"{{"type":"ask","number":{number}}}"#).as_bytes());
        actor.after(1000).frame(Server, 0x81, b"well");
    }
    actor.after(1000).frame(Server, 0x89, b"beat").frame(Client, 0x8a, b"beat");
    let mut packer = Packer::new();
    let packed = packer.pack(b"a long secret in three pieces");
    let (start, rest) = packed.split_at(5);
    actor.frame(Server, 0x41, start).frame(Server, 0x00, rest).frame(Server, 0x80, b"");
    actor.hand_over();
    ended(&stage.journal, 2, 20_000);
    stage.at(100_000).sync();
    stage
}

/// Types a filter and keeps it.
fn filter(stage: &mut Stage, query: &str) {
    stage.keys("f").keys(query);
    stage.until_filtered();
    stage.press(KeyCode::Enter);
}

#[test]
fn only_what_fits_is_shown_and_counted() {
    let mut stage = stage();
    filter(&mut stage, "from:client op:text");
    insta::assert_snapshot!("filtered", stage.screen());
    stage.press(KeyCode::Esc);
    assert!(!stage.shows("filter from:client") && stage.shows("closed by server"), "{}", stage.screen());
}

#[test]
fn requests_without_a_reply_are_found_until_it_comes() {
    let mut stage = Stage::new(100, 30);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/rpc");
    let request = |id: &str, method: &str| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}"}}"#);
    actor.after(10).opens();
    actor.after(10).frame(Client, 0x81, request("1", "sum").as_bytes());
    actor.after(10).frame(Client, 0x81, request("2", "product").as_bytes());
    actor.after(10).frame(Client, 0x81, format!("[{},{}]", request("3", "both"), request("4", "both")).as_bytes());
    actor.after(10).frame(Server, 0x89, b"beat").frame(Server, 0x81, br#"{"jsonrpc":"2.0","id":1,"result":3}"#);
    actor.hand_over();
    stage.at(100_000).sync();
    filter(&mut stage, "is:unreplied");
    assert!(stage.shows("3 of "), "{}", stage.screen());
    assert!(
        !stage.shows("sum") && stage.shows("product") && stage.shows("both") && stage.shows("ping"),
        "{}",
        stage.screen()
    );
    actor.after(10).frame(Server, 0x81, br#"{"jsonrpc":"2.0","id":2,"error":{"code":-1,"message":"no"}}"#);
    actor.after(10).frame(Server, 0x81, br#"{"jsonrpc":"2.0","id":3,"result":0}"#).frame(Client, 0x8a, b"beat");
    actor.hand_over();
    stage.sync();
    stage.until_filtered();
    assert!(stage.shows("1 of ") && stage.shows("both"), "one of two is missing: {}", stage.screen());
    actor.after(10).frame(Server, 0x81, br#"{"jsonrpc":"2.0","id":4,"result":0}"#).hand_over();
    stage.sync();
    stage.until_filtered();
    assert!(stage.shows("0 of "), "{}", stage.screen());
    stage.keys("f").ctrl('u').keys("is:request not is:unreplied op:text");
    stage.until_filtered();
    assert!(stage.shows("3 of "), "{}", stage.screen());
}

#[test]
fn what_is_wrong_is_pointed_at_and_the_filter_before_stays() {
    let mut stage = stage();
    stage.keys("f").keys("from:server");
    stage.until_filtered();
    stage.keys(" sesion:3");
    stage.until_filtered();
    insta::assert_snapshot!("filter_wrong", stage.screen());
    stage.press(KeyCode::Enter);
    assert!(stage.shows("did you mean session?"), "{}", stage.screen());
    stage.press(KeyCode::Esc);
    assert!(stage.shows("closed by server") && !stage.shows("did you mean"), "{}", stage.screen());
}

#[test]
fn names_and_values_are_listed_and_completed() {
    let mut stage = stage();
    stage.keys("f");
    insta::assert_snapshot!("filter_empty", stage.screen());
    stage.keys("fr").press(KeyCode::Tab).keys("c").press(KeyCode::Tab);
    assert!(stage.shows("filter from:client"), "{}", stage.screen());
    stage.keys("path:").press(KeyCode::Tab);
    assert!(stage.shows("path:/chat"), "{}", stage.screen());
}

#[test]
fn the_selection_stays_or_goes_to_the_next_row_that_fits() {
    let mut stage = stage();
    stage.keys("gjjjjjjjj").press(KeyCode::Enter);
    assert!(stage.shows("Frame 4"), "{}", stage.screen());
    stage.press(KeyCode::Esc);
    filter(&mut stage, "from:server");
    assert!(stage.shows("Frame 4"), "{}", stage.screen());
    stage.press(KeyCode::Esc);
    assert!(stage.shows("Frame 4"), "{}", stage.screen());
    filter(&mut stage, "from:client");
    assert!(stage.shows("Frame 5"), "{}", stage.screen());
    stage.keys("j");
    assert!(stage.shows("Frame 7"), "{}", stage.screen());
}

#[test]
fn a_filter_that_nothing_fits_says_how_to_get_rid_of_it() {
    let mut stage = stage();
    filter(&mut stage, "nothing:that fits");
    assert!(
        stage.shows("No row fits the filter nothing:that fits: esc clears it, f changes it."),
        "{}",
        stage.screen()
    );
    stage.press(KeyCode::Esc);
    assert!(!stage.shows("No row fits"), "{}", stage.screen());
}

#[test]
fn what_comes_later_is_filtered_as_well() {
    let mut stage = stage();
    filter(&mut stage, "len>100");
    assert!(stage.shows("filter len>100: 0 of "), "{}", stage.screen());
    let mut actor = Actor::asks(&stage.journal, 3, 0, "/late");
    actor.after(10).opens();
    actor.after(10).frame(Client, 0x81, &[b'x'; 50]).frame(Client, 0x81, &[b'y'; 150]).hand_over();
    stage.sync();
    stage.until_filtered();
    assert!(stage.shows("yyyy") && !stage.shows("xxxx"), "{}", stage.screen());
}

#[test]
fn a_message_in_pieces_is_one_where_rows_are_folded() {
    let mut stage = stage();
    filter(&mut stage, "\"long secret\"");
    assert!(stage.shows(": 0 of "), "{}", stage.screen());
    stage.keys("o");
    stage.until_filtered();
    assert!(stage.shows(": 1 of ") && stage.shows("3 fragments"), "{}", stage.screen());
}

#[test]
fn a_filter_holds_for_the_rows_of_one_session_too() {
    let mut stage = stage();
    filter(&mut stage, "is:event");
    stage.keys("]]");
    stage.until_filtered();
    assert!(stage.shows("Frames · session 2"), "{}", stage.screen());
    assert!(!stage.shows("well") && stage.shows("/chat"), "{}", stage.screen());
    stage.keys("[[");
    stage.until_filtered();
    stage.keys("g");
    assert!(stage.shows("listening on"), "{}", stage.screen());
}

#[test]
fn a_command_filters_and_a_jump_to_what_is_hidden_says_so() {
    let mut stage = stage();
    stage.keys(":filter from:client").press(KeyCode::Enter);
    stage.until_filtered();
    stage.keys("/well").press(KeyCode::Enter);
    stage.until_searched("matches");
    assert!(stage.shows("no other match") || stage.shows("no match") || stage.shows("of 6"), "{}", stage.screen());
    stage.press(KeyCode::Esc).press(KeyCode::Esc);
    stage.keys(":filter op:pong").press(KeyCode::Enter);
    stage.until_filtered();
    stage.keys("g%");
    assert!(stage.shows("the filter hides it: esc clears the filter, f changes it"), "{}", stage.screen());
    stage.keys(":filter").press(KeyCode::Enter);
    assert!(stage.shows("well"), "{}", stage.screen());
}

#[test]
fn on_a_narrow_screen_it_is_still_told_that_rows_are_hidden() {
    let mut stage = stage();
    filter(&mut stage, "from:client op:text len>3 not nothing not (a or b) or from:client");
    stage.resize(60, 20);
    assert!(stage.shows("11 fit · FOLLOW"), "{}", stage.screen());
}
