//! The detail pane under keys: cursor, folding, search, and texts of ten megabytes.

use crossterm::event::KeyCode;

use crate::record::Side;

use super::stage::{Actor, Stage};

/// A screen whose detail has the focus and shows a text from the server.
fn showing(size: (u16, u16), payload: &[u8]) -> Stage {
    let mut stage = Stage::new(size.0, size.1);
    let mut actor = Actor::asks_keeping(&stage.journal, 1, 0, "/", 16 << 20);
    actor.after(10).opens();
    actor.after(10).frame(Side::Server, 0x81, payload);
    actor.hand_over();
    stage.sync().press(KeyCode::Enter);
    stage
}

/// Draws until all is known, as the thread's loop does.
fn finish(stage: &mut Stage) {
    for micros in 0..100_000 {
        if stage.model.next_change() != Some(1) {
            return;
        }
        stage.at(micros);
    }
    panic!("it does not end");
}

#[test]
fn the_cursor_is_the_same_byte_in_each_form() {
    let mut stage = showing((100, 30), b"one\ntwo\nthree");
    stage.keys("jll");
    assert!(stage.shows("byte 6"), "{}", stage.screen());
    stage.keys("x");
    assert!(stage.shows("byte 6, 0x6 · 6f = 111"), "{}", stage.screen());
    stage.keys("bhhhhhhh");
    assert!(stage.shows("byte 1 of the header · 0d = 13"), "{}", stage.screen());
    assert!(stage.shows("MASK 0, not masked · length 13, in 7 bits"), "{}", stage.screen());
    stage.keys("tG");
    assert!(stage.shows("byte 12"), "{}", stage.screen());
    stage.keys("k");
    assert!(stage.shows("byte 7"), "the column is kept as far as the line goes: {}", stage.screen());
}

#[test]
fn a_node_is_folded_and_unfolded() {
    let mut stage = showing((100, 30), br#"{"a":{"b":[1,2]},"c":3}"#);
    stage.keys("j").press(KeyCode::Enter);
    assert!(stage.shows(r#"▸  "a": { … 1 },"#), "{}", stage.screen());
    stage.press(KeyCode::Enter);
    assert!(stage.shows(r#"▾    "b": ["#), "{}", stage.screen());
    stage.keys("--");
    assert!(stage.shows("▸{ … 2 }"), "{}", stage.screen());
    stage.keys("++");
    assert!(stage.shows(r#"▸    "b": [ … 2 ]"#), "{}", stage.screen());
    // Where nothing can be folded, enter gives the pane all the room.
    stage.keys("G").press(KeyCode::Enter);
    assert!(stage.model.panes.arrangement.maximised);
}

#[test]
fn a_search_goes_to_what_it_found_even_in_a_folded_node() {
    let mut stage = showing((100, 30), br#"{"a":{"b":["x","needle"]},"c":"Needle"}"#);
    stage.keys("-/needle");
    assert!(stage.shows("1 of 2") && stage.shows(r#"      "needle""#), "{}", stage.screen());
    stage.press(KeyCode::Enter).keys("n");
    assert!(stage.shows("2 of 2"), "{}", stage.screen());
    stage.keys("N").press(KeyCode::Esc);
    assert!(!stage.shows("of 2"), "{}", stage.screen());
    stage.keys("/n..d").ctrl('r');
    assert!(stage.shows("regex /n..d") && stage.shows("of 2"), "{}", stage.screen());
    stage.keys("(");
    assert!(stage.shows("unclosed group"), "{}", stage.screen());
    stage.press(KeyCode::Esc).keys("/nothing");
    assert!(stage.shows("not found"), "{}", stage.screen());
}

#[test]
fn ten_megabytes_are_shown_at_once_and_known_bit_by_bit() {
    let mut json = b"[".to_vec();
    while json.len() < 10 << 20 {
        json.extend_from_slice(br#"{"id":123456,"name":"somebody","tags":["a","b"],"text":"some words"},"#);
    }
    json.extend_from_slice(br#""the needle"]"#);
    let mut stage = showing((100, 30), &json);
    assert!(stage.shows(r#""name": "somebody","#) && stage.model.next_change() == Some(1), "{}", stage.screen());
    stage.keys("/needle").press(KeyCode::Enter);
    assert!(stage.shows("% searched"), "{}", stage.screen());
    finish(&mut stage);
    assert!(stage.shows(r#"  "the needle""#) && stage.shows("1 of 1"), "{}", stage.screen());
    stage.keys("-");
    finish(&mut stage);
    assert!(stage.shows("▸  { … 4 },"), "{}", stage.screen());
    stage.keys("-");
    finish(&mut stage);
    assert!(stage.shows("▸[ … "), "{}", stage.screen());
}

#[test]
fn the_next_row_is_shown_without_leaving_the_detail() {
    let mut stage = Stage::new(100, 30);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
    actor.after(10).opens();
    actor.after(10).frame(Side::Server, 0x81, b"one").frame(Side::Server, 0x81, b"two").hand_over();
    stage.sync().press(KeyCode::Enter).keys("K");
    assert!(stage.shows("Frame 1 · text · 3 B · 12:00:00.000 · session 1"), "{}", stage.screen());
    stage.keys("J");
    assert!(stage.shows("Frame 2 · text"), "{}", stage.screen());
}
