//! Messages are read as what the application made of them: in rows and in the detail, by a decoder that is guessed or
//! chosen.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use crossterm::event::KeyCode;

use crate::decode::{Ask, Choice, Payload, Preference, Program, Runner, Silence};
use crate::record::Side::{self, Client, Server};
use crate::tui::Message;
use crate::tui::state::decoders::Decoders;

use super::stage::{Actor, Stage};

const SOCKET_IO: &str = "/socket.io/?EIO=4&transport=websocket";

fn stage(path: &str, messages: &[(Side, &str)]) -> Stage {
    let mut stage = Stage::new(100, 40);
    let mut actor = Actor::asks(&stage.journal, 1, 0, path);
    actor.after(10).opens();
    for (from, message) in messages {
        actor.after(1000).frame(*from, 0x81, message.as_bytes());
    }
    actor.hand_over();
    stage.sync();
    stage
}

fn chat() -> Stage {
    stage(
        SOCKET_IO,
        &[
            (Server, r#"0{"sid":"Msf","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#),
            (Client, "40"),
            (Server, r#"40{"sid":"fkD"}"#),
            (Client, r#"420["chat message",{"user":"ann","text":"hello","tags":["a","b"]}]"#),
            (Server, r#"430["stored"]"#),
            (Server, "2"),
            (Client, "3"),
        ],
    )
}

#[test]
fn rows_and_detail_are_read_as_the_application_does() {
    let mut stage = chat();
    stage.keys("kkk").press(KeyCode::Enter);
    insta::assert_snapshot!("socket_io", stage.screen());
    insta::assert_snapshot!("socket_io_styles", stage.styles());
}

#[test]
fn the_cursor_is_on_a_value_and_on_its_bytes() {
    let mut stage = chat();
    stage.keys("kkk").press(KeyCode::Enter);
    stage.keys("/hello").press(KeyCode::Enter);
    assert!(stage.shows("byte 41"), "{}", stage.screen());
    stage.keys("x");
    assert!(stage.shows("byte 41, 0x29 · 68 = 104"), "{}", stage.screen());
    stage.keys("xk");
    assert!(stage.shows("byte 27"), "{}", stage.screen());
}

#[test]
fn nodes_are_folded_and_unfolded() {
    let mut stage = chat();
    stage.keys("kkk").press(KeyCode::Enter);
    stage.keys("/tags").press(KeyCode::Enter).press(KeyCode::Enter);
    assert!(stage.shows(r#"tags: ["a","b"]"#), "{}", stage.screen());
    stage.press(KeyCode::Enter);
    assert!(stage.shows(r#"0: "a""#), "{}", stage.screen());
    stage.keys("--");
    assert!(stage.shows(r#"data: ["chat message",{user:"ann""#), "{}", stage.screen());
}

#[test]
fn m_goes_through_the_decoders_that_can_read_the_message() {
    let mut stage = stage(
        "/rpc",
        &[
            (Client, r#"{"jsonrpc":"2.0","id":1,"method":"sum","params":[1,2]}"#),
            (Server, r#"{"jsonrpc":"2.0","id":1,"result":3}"#),
        ],
    );
    stage.press(KeyCode::Enter);
    assert!(stage.shows("payload as JSON-RPC 2.0") && stage.shows("result #1 3"), "{}", stage.screen());
    let mut seen = Vec::new();
    for _ in 0..10 {
        stage.keys("m");
        let shown = stage.lines().into_iter().find(|line| line.contains("decoder of session 1: ")).unwrap();
        seen.push(shown.trim().trim_end_matches('|').trim().to_owned());
        if seen.last().unwrap().ends_with(", guessed") {
            break;
        }
    }
    let last = seen.last().unwrap();
    assert_eq!(last, "· decoder of session 1: JSON-RPC 2.0, guessed");
    assert!(seen.contains(&"· decoder of session 1: JSON".to_owned()), "{seen:?}");
    assert!(seen.contains(&"· decoder of session 1: none".to_owned()), "{seen:?}");
    assert!(!seen.iter().any(|name| name.contains("Socket.IO")), "{seen:?}");
}

#[test]
fn behind_the_last_decoder_is_the_mask_at_work() {
    let mut stage = stage("/", &[(Client, "hello")]);
    stage.press(KeyCode::Enter).keys("m");
    while !stage.shows("the mask at work") {
        assert!(stage.shows("decoder of session 1"), "{}", stage.screen());
        stage.keys("m");
    }
    assert!(stage.shows("wire xor key = result"), "{}", stage.screen());
    stage.keys("m");
    assert!(stage.shows("payload as text"), "{}", stage.screen());
}

#[test]
fn a_decoder_is_chosen_by_name_and_says_what_it_can_t_read() {
    let mut stage = stage("/", &[(Client, "MESSAGE\nsubscription:1\n\nhi\0"), (Client, "no frame of STOMP")]);
    stage.keys(":decoder sto").press(KeyCode::Tab).press(KeyCode::Enter);
    assert!(stage.shows("decoder of session 1: STOMP"), "{}", stage.screen());
    stage.press(KeyCode::Enter);
    assert!(stage.shows("this can't be read as STOMP 1.0 to 1.2: byte"), "{}", stage.screen());
    stage.press(KeyCode::Esc).keys("k");
    assert!(stage.shows("payload as STOMP 1.0 to 1.2"), "{}", stage.screen());
    stage.keys(":decoder none").press(KeyCode::Enter);
    assert!(stage.shows("payload as text"), "{}", stage.screen());
    stage.keys(":decoder x").press(KeyCode::Enter);
    assert!(stage.shows("a decoder is one of auto, none, json, socket.io"), "{}", stage.screen());
}

/// Says messages in capitals, once they were asked for and somebody has looked again.
#[derive(Default)]
struct Shouting(Mutex<HashSet<Vec<u8>>>);

impl Runner for Shouting {
    fn read(&self, _: Side, payload: Payload<'_>, ask: Ask) -> Result<Arc<str>, Silence> {
        let mut asked = self.0.lock().unwrap();
        if asked.contains(payload.bytes) {
            return Ok(String::from_utf8_lossy(payload.bytes).to_uppercase().into());
        }
        if ask != Ask::Never {
            asked.insert(payload.bytes.to_vec());
        }
        Err(Silence::Unknown)
    }

    fn when_read(&self, _: Box<dyn Fn() + Send + Sync>) {}
}

#[test]
fn a_program_of_the_user_s_reads_what_is_in_sight() {
    let mut stage = stage("/", &[(Client, "good morning"), (Server, "good night")]);
    let program = Program::decoder("shout", Shouting::default());
    stage.model.decoders = Decoders::new(Preference { choice: Choice::Guessed, given: vec![program] });
    stage.keys(":decoder shout").press(KeyCode::Enter);
    assert!(stage.shows("decoder of session 1: shout"), "{}", stage.screen());
    stage.send(Message::Decoded);
    assert!(stage.shows("GOOD MORNING") && stage.shows("payload as shout"), "{}", stage.screen());
    stage.keys("m");
    assert!(!stage.shows("GOOD MORNING") && stage.shows("good night"), "{}", stage.screen());
}

#[test]
fn values_of_the_command_line_are_listed() {
    let mut stage = stage("/", &[]);
    stage.keys(":decoder s");
    assert!(stage.shows("decoder socket.io-2") && stage.shows("Socket.IO 1 and 2"), "{}", stage.screen());
}

#[test]
fn what_a_decoder_says_is_searched() {
    let mut stage = chat();
    stage.keys("g/ack 0").press(KeyCode::Enter);
    stage.until_searched("1 of 1 match");
    stage.press(KeyCode::Esc).keys(":decoder none").press(KeyCode::Enter).keys("/ack 0").press(KeyCode::Enter);
    stage.until_searched("no match");
}

#[test]
fn a_reply_says_how_long_it_took_and_leads_to_its_request() {
    let mut stage = chat();
    assert!(stage.shows("↩ 1.0ms"), "{}", stage.screen());
    stage.keys("kk").press(KeyCode::Enter);
    assert!(stage.shows("reply after 1.0ms to frame 4 (%)"), "{}", stage.screen());
    stage.keys("%");
    assert!(stage.shows("Frame 4") && stage.shows("replied to after 1.0ms by frame 5 (%)"), "{}", stage.screen());
    stage.keys("%");
    assert!(stage.shows("Frame 5"), "{}", stage.screen());
    stage.press(KeyCode::Esc).keys("gjjjj%");
    assert!(stage.shows("neither asks for a reply nor is one"), "{}", stage.screen());
}

#[test]
fn a_request_without_a_reply_says_so_until_one_comes() {
    let mut stage = Stage::new(100, 40);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/rpc");
    actor.after(10).opens();
    actor.after(1000).frame(Client, 0x81, br#"{"jsonrpc":"2.0","id":"a","method":"sum"}"#).hand_over();
    stage.sync().press(KeyCode::Enter);
    assert!(stage.shows("no reply so far"), "{}", stage.screen());
    // An id of the same side is another request's.
    actor.after(1000).frame(Client, 0x81, br#"{"jsonrpc":"2.0","id":"b","method":"sum"}"#);
    actor.after(1000).frame(Server, 0x81, br#"{"jsonrpc":"2.0","id":"b","result":1}"#).hand_over();
    stage.sync().keys("kk");
    stage.press(KeyCode::Esc).keys("kk").press(KeyCode::Enter);
    assert!(stage.shows("no reply so far"), "{}", stage.screen());
    let refusal = br#"{"jsonrpc":"2.0","id":"a","error":{"code":1,"message":"no"}}"#;
    actor.after(1000).frame(Server, 0x81, refusal).hand_over();
    stage.sync();
    assert!(stage.shows("refused after 3.0ms by frame 4 (%)"), "{}", stage.screen());
}

#[test]
fn pings_belong_to_their_pongs_and_ids_of_plain_json_to_each_other() {
    let mut stage = Stage::new(100, 40);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
    actor.after(10).opens();
    actor.after(1000).frame(Server, 0x89, b"one").frame(Server, 0x89, b"two");
    actor.after(1000).frame(Client, 0x8a, b"two");
    actor.after(1000).frame(Client, 0x81, br#"{"requestId":7}"#);
    actor.after(1000).frame(Server, 0x81, br#"{"requestId":7,"ok":true}"#).hand_over();
    stage.sync().press(KeyCode::Enter);
    assert!(stage.shows("reply after 1.0ms to frame 4 (%)"), "{}", stage.screen());
    stage.press(KeyCode::Esc).keys("kk").press(KeyCode::Enter);
    assert!(stage.shows("reply after 1.0ms to frame 2 (%)"), "{}", stage.screen());
    stage.press(KeyCode::Esc).keys("kk").press(KeyCode::Enter);
    assert!(stage.shows("no reply so far"), "{}", stage.screen());
}

#[test]
fn a_reply_far_behind_is_found_without_a_long_wait() {
    let mut stage = Stage::new(100, 40);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/rpc");
    actor.after(10).opens();
    actor.after(1000).frame(Client, 0x81, br#"{"jsonrpc":"2.0","id":1,"method":"slow"}"#);
    for _ in 0..9000 {
        actor.frame(Server, 0x81, br#"{"jsonrpc":"2.0","method":"tick"}"#);
    }
    actor.after(1000).frame(Server, 0x81, br#"{"jsonrpc":"2.0","id":1,"result":1}"#).hand_over();
    stage.sync().keys("gjjjjj").press(KeyCode::Enter);
    for micros in 0..100 {
        if stage.model.next_change() != Some(1) {
            break;
        }
        stage.at(micros);
    }
    assert!(stage.shows("by frame 9002 (%)"), "{}", stage.screen());
}

#[test]
fn what_a_decoder_says_is_copied_as_json() {
    let mut stage = chat();
    stage.keys("kkkyj");
    let Some(crate::tui::Effect::Copy(text)) = stage.effects.last() else { panic!("{}", stage.screen()) };
    let json: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!((&json["decoded"]["by"], &json["decoded"]["event"]), (&"socket.io".into(), &"chat message".into()));
}
