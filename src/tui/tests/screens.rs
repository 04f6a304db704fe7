//! Whole screens, as people see them.

use crossterm::event::KeyCode;

use crate::record::{Log, ProxyEvent, SessionId, Side, Time};
use crate::tui::keymap::{self, Place};

use super::stage::{Actor, NOON, Stage, ended, unreachable, usual, wrong_accept};

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

fn snapshot(name: &str, play: impl Fn(&mut Stage)) {
    for (width, height) in SIZES {
        let mut stage = Stage::new(width, height);
        play(&mut stage);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), stage.screen());
        insta::assert_snapshot!(format!("{name}_{width}x{height}_styles"), stage.styles());
    }
}

/// Several sessions of each kind.
fn lively(stage: &mut Stage) {
    usual(&stage.journal);
    ended(&stage.journal, 2, 2_500_000);
    unreachable(&stage.journal, 3, 3_000_000);
    stage.at(5_000_000).sync();
}

#[test]
fn empty() {
    snapshot("empty", |_| ());
}

#[test]
fn empty_with_the_playground() {
    snapshot("empty_playground", |stage| {
        stage.model.proxy.info.playground = true;
        stage.at(0);
    });
}

#[test]
fn empty_with_an_upstream_that_is_down() {
    snapshot("empty_down", |stage| {
        let trouble = "can't reach ws://localhost:9999: nothing listens on [::1]:9999 or 127.0.0.1:9999; start the server, \
                       or check the port in --upstream";
        let mut log = Log::default();
        log.proxy(Time(NOON), ProxyEvent::Upstream { trouble: Some(trouble.into()) });
        stage.journal.push(None, log);
        stage.at(4_000_000).sync();
    });
}

#[test]
fn usual_traffic() {
    snapshot("usual", lively);
}

#[test]
fn one_session_and_a_frame_in_detail() {
    snapshot("detail", |stage| {
        lively(stage);
        stage.keys("]").keys("gjjjjj");
    });
}

#[test]
fn the_sessions_as_a_table() {
    snapshot("sessions", |stage| {
        lively(stage);
        stage.keys("2j");
    });
}

#[test]
fn a_handshake() {
    snapshot("handshake", |stage| {
        lively(stage);
        stage.keys("]3");
    });
}

#[test]
fn a_handshake_in_full() {
    snapshot("handshake_proof", |stage| {
        lively(stage);
        stage.keys("]3K");
    });
    snapshot("handshake_hex", |stage| {
        lively(stage);
        stage.keys("]3x");
    });
    snapshot("handshake_refused", |stage| {
        lively(stage);
        wrong_accept(&stage.journal, 4, 3_500_000);
        stage.sync().keys("]]]]3K");
    });
}

#[test]
fn problems() {
    snapshot("diagnosis", |stage| {
        lively(stage);
        wrong_accept(&stage.journal, 4, 3_500_000);
        stage.sync().keys("4");
    });
}

#[test]
fn why_a_session_fails() {
    snapshot("why", |stage| {
        lively(stage);
        wrong_accept(&stage.journal, 4, 3_500_000);
        stage.sync().keys("]]]]W");
    });
}

#[test]
fn the_log() {
    snapshot("log", |stage| {
        lively(stage);
        stage.keys("5");
    });
}

#[test]
fn composing_with_an_error() {
    snapshot("composer", |stage| {
        lively(stage);
        stage.keys("]s").keys("/clos 1000");
    });
}

#[test]
fn help() {
    snapshot("help", |stage| {
        lively(stage);
        stage.keys("?");
    });
}

#[test]
fn a_command() {
    snapshot("command", |stage| {
        lively(stage);
        stage.keys(":f");
    });
}

#[test]
fn asking_before_it_quits() {
    snapshot("quit", |stage| {
        lively(stage);
        stage.keys("q");
    });
}

#[test]
fn flooded_with_follow_off() {
    for (width, height) in SIZES {
        let mut stage = Stage::with_budget(width, height, 1 << 20);
        let mut actor = Actor::asks(&stage.journal, 1, 0, "/flood");
        actor.after(900).opens().hand_over();
        let mut flood = |stage: &mut Stage, frames: u32| {
            for number in 0..frames {
                let text = format!("{{\"price\":{},\"at\":{}}}", number * 7 % 1000, actor.now);
                actor.after(10).frame(Side::Server, 0x81, text.as_bytes());
                if number % 500 == 0 {
                    actor.hand_over();
                }
            }
            actor.hand_over();
            stage.at(actor.now - NOON).sync();
        };
        flood(&mut stage, 20_000);
        stage.keys("kkk");
        flood(&mut stage, 2_000);
        insta::assert_snapshot!(format!("flooded_{width}x{height}"), stage.screen());
    }
}

#[test]
fn a_small_screen_says_so_and_works() {
    let mut stage = Stage::new(40, 10);
    lively(&mut stage);
    insta::assert_snapshot!("small_40x10", stage.screen());
    stage.press(KeyCode::Enter);
    insta::assert_snapshot!("small_detail_40x10", stage.screen());
}

#[test]
fn each_page_of_a_small_screen() {
    let mut stage = Stage::new(40, 10);
    lively(&mut stage);
    stage.keys("]");
    for (name, keys) in [("sessions", "2"), ("handshake", "3"), ("diagnosis", "4"), ("log", "5"), ("command", ":fr")] {
        stage.keys(keys);
        insta::assert_snapshot!(format!("small_{name}_40x10"), stage.screen());
    }
    let mut empty = Stage::new(40, 10);
    insta::assert_snapshot!("small_empty_40x10", empty.at(0).screen());
}

#[test]
fn help_names_each_key_of_its_pane_on_a_screen_of_any_size() {
    for (width, height) in [(80, 24), (40, 10)] {
        for (keys, place) in [("", Place::Frames), ("2", Place::Sessions), ("3", Place::Handshake), ("5", Place::Log)] {
            let mut stage = Stage::new(width, height);
            lively(&mut stage);
            stage.keys(keys).keys("?");
            let mut seen = String::new();
            for _ in 0..200 {
                seen.push_str(&stage.screen());
                stage.press(KeyCode::Down);
            }
            for binding in keymap::in_place(place) {
                let (key, start) = (binding.keys_text(), binding.help.get(..12).unwrap_or(binding.help));
                let shown = seen.lines().any(|line| line.contains(&key) && line.contains(start));
                assert!(shown, "{key} {start} of {} in {seen}", place.name());
            }
        }
    }
}

#[test]
fn help_is_never_cut_off_and_begins_with_the_marks() {
    for (width, height) in [(80, 24), (60, 16), (44, 14)] {
        let mut stage = Stage::new(width, height);
        stage.keys("?");
        assert!(stage.lines()[3..6].iter().any(|line| line.contains("Marks")), "{}", stage.screen());
        let mut seen: Vec<String> = Vec::new();
        for _ in 0..200 {
            for line in stage.lines() {
                // What stands in the box, without its key.
                let words = line.split('│').rev().nth(1).and_then(|inner| inner.get(16..)).unwrap_or_default().trim();
                if !words.is_empty() && seen.last().is_none_or(|last| last != words) {
                    seen.push(words.to_owned());
                }
            }
            stage.press(KeyCode::Down);
        }
        let without_blanks = |text: &str| text.replace(' ', "");
        let seen = without_blanks(&seen.concat());
        for binding in keymap::in_place(Place::Frames) {
            let help = without_blanks(binding.help);
            assert!(seen.contains(&help), "{help} at {width}x{height} in {seen}");
        }
    }
}

#[test]
fn help_is_searched_by_typing() {
    snapshot("help_search", |stage| {
        lively(stage);
        stage.keys("?mark");
    });
    let mut stage = Stage::new(80, 24);
    stage.keys("?nothing of the kind");
    assert!(stage.shows("no key and no mark has these words"), "{}", stage.screen());
    stage.ctrl('u').keys("J");
    assert!(
        stage.shows("the next row, without leaving the detail"),
        "keys of other places are found: {}",
        stage.screen()
    );
    stage.ctrl('c').press(KeyCode::Esc);
    assert_eq!(stage.model.place(), Place::Frames);
}

#[test]
fn an_empty_journal_of_no_session_is_no_trouble() {
    let mut stage = Stage::new(80, 24);
    stage.journal.push(Some(SessionId(9)), Log::default());
    stage.send(crate::tui::Message::Time(Time(u64::MAX)));
    stage.sync().keys("12345sc rX?q");
}

#[test]
fn a_byte_of_the_wire_explained() {
    snapshot("detail_hex", |stage| {
        lively(stage);
        stage.keys("]gjjjj").press(KeyCode::Enter).keys("b");
        stage.keys("lllllllll");
    });
}

#[test]
fn the_mask_at_work_beside_the_bits_of_the_header() {
    snapshot("detail_mask", |stage| {
        lively(stage);
        stage.keys("]gjjjj").press(KeyCode::Enter).keys("\\:decoder none").press(KeyCode::Enter).keys("mH");
    });
}

#[test]
fn folded_json_and_a_search() {
    snapshot("detail_search", |stage| {
        lively(stage);
        stage.keys("]gjjjj").press(KeyCode::Enter).keys("-").keys("/ann");
    });
}
