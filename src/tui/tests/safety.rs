//! Whatever peers send and however the screen is sized: no control character in a cell, no panic.

use proptest::prelude::*;

use crate::record::finding::Level;
use crate::record::{Ending, Event, Log, ProxyEvent, Side, Time};
use crate::text;
use crate::tui::Message;

use super::stage::{Actor, NOON, Stage, ended, unreachable, usual, wrong_accept};

/// Each key that does something, and a few that do not.
const KEYS: &str = ":jkhlgG FpxtmbHT-+=nN\\|<>[]12345scrX?nqy/oMv.'\"";

fn harmless(stage: &Stage) -> Result<(), TestCaseError> {
    for cell in stage.cells() {
        prop_assert!(cell.chars().all(text::is_plain), "{cell:?}");
    }
    Ok(())
}

/// A peer that sends what it likes.
fn hostile(stage: &Stage, path: &str, head: &[u8], payloads: &[(u8, Vec<u8>)], rest: &[u8]) {
    let mut actor = Actor::asks(&stage.journal, 1, 0, path);
    actor.after(1).bytes(Side::Server, b"HTTP/1.1 101 ").bytes(Side::Server, head);
    actor.bytes(Side::Server, b"\r\nSec-WebSocket-Protocol: ").bytes(Side::Server, head);
    actor.bytes(Side::Server, b"\r\n\r\n");
    for (first, payload) in payloads {
        let from = if payload.len() % 2 == 0 { Side::Client } else { Side::Server };
        actor.after(7).frame(from, *first, payload);
    }
    actor.bytes(Side::Server, rest).bytes(Side::Client, rest);
    let words = String::from_utf8_lossy(rest).into_owned();
    actor.event(Event::Answered { status: 502, reason: words.clone() });
    actor.event(Event::Note(Level::Warning, words.clone()));
    actor.hand_over();
    actor.ends(Side::Server, Ending::Reset).finish();
    let mut log = Log::default();
    log.proxy(Time(NOON), ProxyEvent::Note(Level::Warning, words.clone()));
    log.proxy(Time(NOON), ProxyEvent::Http { method: words.clone(), path: words, status: 200 });
    stage.journal.push(None, log);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_byte_of_a_peer_gets_out_of_its_cell(
        path in "/\\PC{0,30}",
        head in proptest::collection::vec(any::<u8>().prop_filter("a line end", |byte| *byte != b'\n'), 0..60),
        payloads in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<u8>(), 0..80)), 0..8),
        rest in proptest::collection::vec(any::<u8>(), 0..80),
        keys in proptest::collection::vec(proptest::sample::select(KEYS.chars().collect::<Vec<_>>()), 0..25),
        (width, height) in (1u16..140, 1u16..50),
    ) {
        let mut stage = Stage::new(width, height);
        hostile(&stage, &path, &head, &payloads, &rest);
        stage.sync();
        harmless(&stage)?;
        for key in keys {
            stage.keys(&key.to_string());
            harmless(&stage)?;
        }
    }
}

#[test]
fn every_page_fits_every_size() {
    for (width, height) in (1..14).map(|size| (size, size)).chain([(1, 60), (200, 1), (300, 4), (17, 7), (63, 9)]) {
        let mut stage = Stage::new(width, height);
        usual(&stage.journal);
        wrong_accept(&stage.journal, 2, 0);
        unreachable(&stage.journal, 3, 0);
        ended(&stage.journal, 4, 0);
        stage.sync();
        for keys in [
            "1",
            "\t",
            "2",
            "3",
            "4",
            "5",
            "1?",
            "q:theme l",
            "\u{1b}1s",
            "hello",
            "\u{1b}",
            "X",
            "n",
            "|",
            "\\",
            "]",
            ">>>>",
            "<<<<",
            "1o.vM",
            "/e(",
            "\u{1b}",
            "/e",
            "\u{1b}",
            "y",
            "q",
        ] {
            for key in keys.chars() {
                match key {
                    '\t' => stage.press(crossterm::event::KeyCode::Tab),
                    '\u{1b}' => stage.press(crossterm::event::KeyCode::Esc),
                    key => stage.keys(&key.to_string()),
                };
            }
            stage.click(width / 2, height / 2).click(0, 0);
        }
    }
}

#[test]
fn the_screen_may_change_its_size_at_any_time() {
    let mut stage = Stage::new(120, 40);
    usual(&stage.journal);
    stage.sync();
    for (width, height) in [(20, 5), (200, 60), (1, 1), (80, 24)] {
        stage.resize(width, height).keys("k3s").keys("a");
        stage.press(crossterm::event::KeyCode::Esc).keys("1");
    }
    stage.send(Message::Time(Time(NOON + 10)));
}
