//! Compressed and fragmented messages are read on the screen: in the detail, by search, and when they are copied.

use crossterm::event::KeyCode;

use crate::record::Side;
use crate::tui::Effect;

use super::packer::Packer;
use super::stage::{Actor, Stage};

/// TEXT with FIN and RSV1.
const PACKED: u8 = 0xc1;
const JSON: &str = r#"{"type":"greeting","to":"ada"}"#;

fn stage(act: impl FnOnce(&mut Actor, &mut Packer)) -> Stage {
    let mut stage = Stage::new(100, 40);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
    act(actor.after(10).opens(), &mut Packer::new());
    actor.hand_over();
    stage.sync();
    stage
}

/// A session with one JSON message in a frame, and the same once more in three.
fn greetings() -> Stage {
    stage(|actor, packer| {
        actor.frame(Side::Client, PACKED, &packer.pack(JSON.as_bytes()));
        let packed = packer.pack(JSON.replace("ada", "eve").as_bytes());
        let (start, rest) = packed.split_at(3);
        actor.frame(Side::Client, PACKED & 0x7f, start).frame(Side::Client, 0, rest).frame(Side::Client, 0x80, b"");
    })
}

fn copied(stage: &Stage) -> &str {
    match stage.effects.last() {
        Some(Effect::Copy(text)) => text,
        other => panic!("{other:?}: {}", stage.screen()),
    }
}

#[test]
fn the_detail_lays_out_what_a_frame_inflates_to() {
    let mut stage = greetings();
    stage.keys("gjjjjj").press(KeyCode::Enter);
    insta::assert_snapshot!("compressed_json", stage.screen());
}

#[test]
fn a_folded_message_is_read_as_one() {
    let mut stage = greetings();
    stage.keys("oGk").press(KeyCode::Enter);
    assert!(stage.shows("inflated message of 3 frames as JSON"), "{}", stage.screen());
    assert!(stage.shows(r#""to": "eve""#), "{}", stage.screen());
    stage.press(KeyCode::Esc).keys("o").press(KeyCode::Enter);
    assert!(!stage.shows("message of 3 frames"), "{}", stage.screen());
}

#[test]
fn b_goes_from_the_message_to_the_wire_and_to_the_payload() {
    let mut stage = greetings();
    stage.keys("gjjjjj").press(KeyCode::Enter).keys("b");
    assert!(stage.shows("bytes on the wire") && stage.shows("bytes as on the wire"), "{}", stage.screen());
    stage.keys("b");
    assert!(stage.shows("payload, unmasked") && stage.shows("of the frame without its mask"), "{}", stage.screen());
    stage.keys("b");
    assert!(stage.shows("inflated payload") && stage.shows("7b 22 74 79"), "{}", stage.screen());
}

#[test]
fn b_has_two_steps_where_there_is_nothing_to_join_or_inflate() {
    let mut stage = stage(|actor, _| {
        actor.frame(Side::Client, 0x81, b"plain");
    });
    stage.press(KeyCode::Enter).keys("b");
    assert!(stage.shows("bytes on the wire"), "{}", stage.screen());
    stage.keys("b");
    assert!(stage.shows("payload, unmasked") && stage.shows("70 6c 61 69"), "{}", stage.screen());
}

#[test]
fn what_is_searched_for_is_found_in_what_a_message_inflates_to() {
    let mut stage = greetings();
    stage.keys("g/greeting").press(KeyCode::Enter);
    stage.until_searched("of 2 matches");
}

#[test]
fn what_a_message_inflates_to_is_copied() {
    let mut stage = greetings();
    stage.keys("gjjjjjyt");
    assert_eq!(copied(&stage), JSON);
    stage.keys("yj");
    let json: serde_json::Value = serde_json::from_str(copied(&stage)).unwrap();
    assert_eq!(json["inflated"], JSON);
    stage.keys("yc");
    assert!(
        copied(&stage).starts_with(r#"printf '{"type":"greeting","to":"ada"}\n' | websocat"#),
        "{}",
        copied(&stage)
    );
    stage.keys("oGkyt");
    assert_eq!(copied(&stage), JSON.replace("ada", "eve"));
}

#[test]
fn the_handshake_tells_of_windows_and_the_end_of_what_they_saved() {
    let mut stage = greetings();
    stage.keys("3");
    assert!(stage.shows("client    window of 15 bits (32768 bytes), kept between messages"), "{}", stage.screen());
    stage.keys("G");
    assert!(stage.shows("of compressed payload hold 60 B"), "{}", stage.screen());
}
