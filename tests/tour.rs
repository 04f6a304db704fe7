//! The pictures in README.md and docs/guide.md: the screen itself, in the middle of a tour.

use wsproxy::record::Side::{Client, Server};
use wsproxy::wire::opcode::Opcode;

use crate::support::document;
use crate::support::stage::Stage;

const GUIDE: &str = "docs/guide.md";

/// What a page says to the playground's echo in the tour.
fn talk(stage: &mut Stage) {
    let json = br#"{"type":"order","item":"tea","count":2,"paid":false}"#;
    stage.after(2100).connect();
    stage.after(900).frame(Client, Opcode::TEXT, b"hello");
    stage.after(1).frame(Server, Opcode::TEXT, b"hello");
    stage.after(1400).frame(Client, Opcode::TEXT, json);
    stage.after(1).frame(Server, Opcode::TEXT, json);
    stage.after(2600).frame(Client, Opcode::BINARY, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10");
    stage.after(2).frame(Server, Opcode::BINARY, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10");
}

/// A session that says little, and that it is there.
fn heartbeats(stage: &mut Stage) {
    stage.after(500).connect();
    stage.after(800).frame(Client, Opcode::TEXT, br#"{"subscribe":"news"}"#);
    for _ in 0..6 {
        stage.after(24_990).frame(Server, Opcode::TEXT, b"alive?");
        stage.after(3).frame(Client, Opcode::TEXT, b"yes");
        stage.after(4).frame(Server, Opcode::PING, b"x");
        stage.after(3).frame(Client, Opcode::PONG, b"x");
    }
    stage.after(7_000).frame(Server, Opcode::TEXT, br#"{"news":"none"}"#);
    stage.keys(".k");
}

/// Bursts of prices, now and then a question.
fn bursts(stage: &mut Stage) {
    stage.after(500).connect();
    for burst in 0..5 {
        stage.after(3_000 + burst * 900).frame(Client, Opcode::TEXT, br#"{"want":"prices"}"#);
        for price in 0..(8 + 6 * burst) {
            stage.after(40).frame(Server, Opcode::TEXT, format!(r#"{{"price":{}}}"#, 100 + price * 7 % 23).as_bytes());
        }
    }
    stage.after(2_000).keys("{{");
}

#[test]
fn the_readme_shows_the_screen() {
    let mut stage = Stage::new(100, 30);
    talk(&mut stage);
    stage.keys("kk\rG\x1b");
    document::check_section("README.md", "screenshot", &stage.picture());
}

#[test]
fn the_guide_shows_the_way_through_the_screen() {
    let mut stage = Stage::new(80, 24);
    let show = |name: &str, stage: &Stage| document::check_section(GUIDE, &format!("screen: {name}"), &stage.picture());
    show("start", &stage);
    talk(&mut stage);
    show("frames", &stage);
    let mut busy = Stage::new(80, 24);
    bursts(&mut busy);
    show("timeline", &busy);
    let mut quiet = Stage::new(80, 24);
    heartbeats(&mut quiet);
    show("heartbeats", &quiet);
    busy.keys("2oj");
    show("sessions", &busy);
    stage.after(4000).keys("kkk");
    stage.keys("\r\r");
    show("detail", &stage);
    stage.keys("x");
    show("hex", &stage);
    stage.keys("x\x1b\x1b3");
    show("handshake", &stage);
    stage.keys("1sfrom the terminal");
    show("composer", &stage);
    stage.after(300).keys("\r");
    stage.after(1).frame(Server, Opcode::TEXT, b"from the terminal");
    stage.keys("\x1bF");
    show("injected", &stage);
    stage.after(5000).keys("q");
    show("quit", &stage);
}

#[test]
fn the_guide_shows_a_capture_that_was_cut() {
    let mut stage = Stage::new(100, 24);
    talk(&mut stage);
    let mut capture = stage.captured("monday.wscap", 520);
    capture.after(60_000).keys("s");
    document::check_section(GUIDE, "screen: capture", &capture.picture());
}

#[test]
fn the_guide_shows_what_two_frames_differ_in() {
    let mut stage = Stage::new(80, 24);
    talk(&mut stage);
    let later = br#"{"count":3,"item":"tea","type":"order","paid":true,"note":"two of them iced"}"#;
    stage.after(900).frame(Server, Opcode::TEXT, later);
    stage.after(100).keys("kkkM\rG=");
    document::check_section(GUIDE, "screen: compare", &stage.picture());
}

#[test]
fn the_guide_shows_marks() {
    let mut stage = Stage::new(80, 24);
    talk(&mut stage);
    stage.after(100).keys("kkkMthe first order\r").keys("jjMa picture\r").keys("`");
    document::check_section(GUIDE, "screen: marks", &stage.picture());
}

#[test]
fn the_guide_shows_values_in_columns() {
    let mut stage = Stage::new(80, 24);
    talk(&mut stage);
    stage.after(100).keys(":column .item .count\r");
    document::check_section(GUIDE, "screen: columns", &stage.picture());
}

#[test]
fn the_guide_shows_rules_and_what_they_did() {
    let mut stage = Stage::new(80, 24);
    let show = |name: &str, stage: &Stage| document::check_section(GUIDE, &format!("screen: {name}"), &stage.picture());
    stage.after(2100).connect();
    stage.after(900).keys(":fault latency 200ms±50\r").keys(":rule from:server json:.type=tick -> drop 50%\r");
    for number in 1..6 {
        let tick = format!(r#"{{"type":"tick","number":{number}}}"#);
        stage.after(300).frame(Server, Opcode::TEXT, tick.as_bytes()).waits(260);
    }
    stage.after(300).frame(Client, Opcode::TEXT, br#"{"type":"order","item":"tea"}"#).waits(100);
    show("rules-at-work", &stage);
    stage.keys("u");
    show("rules", &stage);
    stage.keys("nfrom:server op:text -> delay 5");
    show("rule", &stage);
}

#[test]
fn the_guide_shows_how_a_message_is_held_and_edited() {
    let mut stage = Stage::new(80, 24);
    let show = |name: &str, stage: &Stage| document::check_section(GUIDE, &format!("screen: {name}"), &stage.picture());
    talk(&mut stage);
    stage.after(2000).keys("ifrom:client json:.type=order");
    show("hold", &stage);
    stage.after(500).keys("\r");
    stage.after(3000).frame(Client, Opcode::TEXT, br#"{"type":"order","item":"tea","count":2}"#);
    stage.waits(12_000);
    show("held", &stage);
    stage.after(900).keys("e");
    stage.backspace(2).keys("3000}");
    show("edit", &stage);
    stage.after(700).keys("\r");
    stage.after(1).frame(Server, Opcode::TEXT, br#"{"error":"we have no 3000 of tea"}"#);
    stage.after(900).keys("k");
    show("edited", &stage);
}
