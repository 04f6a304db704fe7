//! Heartbeats: folded into counted rows, hidden, found by `is:heartbeat`, and learned.

use crossterm::event::KeyCode;
use proptest::prelude::*;

use crate::journal::{Fold, Heartbeats, Lens, RowId, Scope};
use crate::record::Side::{Client, Server};

use super::stage::{Actor, Stage};

/// A session that is quiet but for its heartbeats, of all kinds.
fn quiet(stage: &Stage, path: &str, beats: &[(&[u8], &[u8])]) -> Actor {
    let mut actor = Actor::asks(&stage.journal, 1, 0, path);
    actor.after(1_000).opens();
    actor.after(500_000).frame(Server, 0x81, br#"{"say":"hello"}"#);
    for _ in 0..6 {
        actor.after(20_000_000);
        for (question, reply) in beats {
            actor.after(1_000).frame(Client, 0x81, question);
            actor.after(4_000).frame(Server, 0x81, reply);
        }
        actor.after(5_000).frame(Server, 0x89, b"are you there");
        actor.after(3_000).frame(Client, 0x8a, b"are you there");
    }
    actor.after(1_000_000).frame(Client, 0x81, br#"{"say":"well"}"#);
    actor.hand_over();
    actor
}

fn stage(width: u16, height: u16) -> Stage {
    let mut stage = Stage::new(width, height);
    quiet(&stage, "/", &[(b"hb", b"ok")]);
    stage.at(130_000_000).sync();
    stage
}

fn rows(stage: &Stage) -> u64 {
    let rows = stage.model.rows(stage.feed.shown()).range();
    rows.end - rows.start
}

fn all(stage: &Stage) -> u64 {
    let rows = stage.feed.shown().range(Scope::All);
    rows.end - rows.start
}

#[test]
fn they_become_one_row_that_says_how_many_and_how_often() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut stage = stage(width, height);
        stage.keys(".k");
        insta::assert_snapshot!(format!("heartbeats_{width}x{height}"), stage.screen());
    }
}

#[test]
fn the_row_opens_and_its_key_goes_on() {
    let mut stage = stage(120, 40);
    let before = all(&stage);
    stage.keys(".k");
    assert_eq!(rows(&stage), before - 23, "{}", stage.screen());
    assert!(stage.shows("24 heartbeats, every 20.0 s, round trip 4 ms"), "{}", stage.screen());
    stage.press(KeyCode::Enter);
    assert!(stage.shows("are you there") && stage.shows("↩ 3 ms") && stage.shows("↩ 4 ms"), "{}", stage.screen());
    stage.press(KeyCode::Esc).keys(".");
    assert!(stage.shows("24 heartbeats hidden") && rows(&stage) == before - 24, "{}", stage.screen());
    stage.keys(".");
    assert_eq!(rows(&stage), before);
}

#[test]
fn what_a_decoder_knows_as_one_is_one_from_the_first_on() {
    let mut stage = Stage::new(120, 40);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/socket.io/?EIO=4&transport=websocket");
    actor.after(1_000).opens().frame(Server, 0x81, br#"0{"sid":"a","pingInterval":25000}"#).frame(Client, 0x81, b"40");
    actor.frame(Server, 0x81, br#"40{"sid":"b"}"#).frame(Client, 0x81, br#"42["chat","hi"]"#);
    actor.after(25_000_000).frame(Server, 0x81, b"2").after(900).frame(Client, 0x81, b"3");
    actor.after(25_000_000).frame(Server, 0x81, b"2").after(900).frame(Client, 0x81, b"3").hand_over();
    stage.at(60_000_000).sync().keys(".");
    assert!(stage.shows("4 heartbeats, every 25.0 s, round trip 900 µs"), "{}", stage.screen());
}

#[test]
fn the_filter_has_the_same_notion() {
    let mut stage = stage(120, 40);
    let before = all(&stage);
    stage.keys("fis:heartbeat").press(KeyCode::Enter);
    stage.until_filtered();
    assert_eq!(rows(&stage), 24);
    stage.keys(".");
    stage.until_filtered();
    assert!(rows(&stage) == 1 && stage.shows("24 heartbeats, every"), "{}", stage.screen());
    stage.keys("..fnot is:heartbeat").press(KeyCode::Enter);
    stage.press(KeyCode::Esc).keys("f").ctrl('u').keys("not is:heartbeat").press(KeyCode::Enter);
    stage.until_filtered();
    assert_eq!(rows(&stage), before - 24);
}

#[test]
fn those_that_come_later_are_folded_into_the_row_that_there_is() {
    let mut stage = Stage::new(120, 40);
    let mut actor = quiet(&stage, "/", &[(b"hb", b"ok")]);
    stage.at(130_000_000).sync().keys(".");
    actor.after(1_000_000).frame(Client, 0x81, b"hb").hand_over();
    stage.sync();
    let count = rows(&stage);
    actor.after(5_000).frame(Server, 0x81, b"ok").after(1_000).frame(Server, 0x89, b"x").hand_over();
    stage.sync();
    assert!(rows(&stage) == count && stage.shows("3 heartbeats"), "{}", stage.screen());
    actor.after(5_000).frame(Server, 0x81, b"news").hand_over();
    stage.sync();
    assert_eq!(rows(&stage), count + 1);
}

#[test]
fn a_key_does_not_wait_for_messages_to_be_gone_through() {
    let mut stage = Stage::new(100, 30);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
    actor.after(1_000).opens();
    for _ in 0..8 {
        for _ in 0..2_000 {
            actor.after(10).frame(Client, 0x81, b"price");
        }
        actor.hand_over();
    }
    stage.at(1_000_000).sync();
    stage.keys(".");
    let first = stage.model.beats.next();
    assert!(stage.model.beats.is_busy(), "there is more than a slice");
    stage.keys("kj");
    assert_eq!(stage.model.beats.next(), first);
    while stage.model.beats.is_busy() {
        stage.at(2_000_000);
    }
    assert!(stage.model.beats.next() > first);
}

#[test]
fn another_decoder_makes_others_of_them() {
    let mut stage = Stage::new(120, 40);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/socket.io/?EIO=4&transport=websocket");
    actor.after(1_000).opens().frame(Server, 0x81, br#"0{"sid":"a","pingInterval":25000}"#).frame(Client, 0x81, b"40");
    actor.after(25_000_000).frame(Server, 0x81, b"2").after(900).frame(Client, 0x81, b"3").hand_over();
    stage.at(60_000_000).sync().keys(".");
    assert!(stage.shows("2 heartbeats"), "{}", stage.screen());
    stage.keys(":decoder none").press(KeyCode::Enter);
    assert!(!stage.shows("2 heartbeats,"), "{}", stage.screen());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_comes_between_each_row_is_shown_once(
        steps in proptest::collection::vec((1u64..4, 0usize..5, 0u64..3), 1..50), keys in "[o.]{0,3}", up in 0usize..20,
    ) {
        let mut stage = Stage::with_budget(100, 30, 60_000);
        let mut actors: Vec<Actor> = (1..4).map(|id| Actor::asks(&stage.journal, id, 0, "/")).collect();
        actors.iter_mut().for_each(|actor| { actor.after(10).opens(); });
        stage.keys(&keys);
        for (session, what, hand_over) in steps {
            let actor = &mut actors[session as usize - 1];
            actor.after(1_000_000);
            match what {
                0 => actor.frame(Server, 0x89, b"p"),
                1 => actor.frame(Client, 0x8a, b"p"),
                2 => actor.frame(Client, 0x81, b"hb"),
                3 => actor.frame(Server, 0x01, b"a").frame(Server, 0x89, b"p").frame(Server, 0x80, b"b"),
                _ => actor.frame(Server, 0x82, &[1; 300]),
            };
            if hand_over == 0 {
                actor.hand_over();
                stage.sync().keys(&"k".repeat(up));
            }
        }
        actors.iter_mut().for_each(|actor| { actor.hand_over(); });
        stage.sync();
        let view = stage.feed.shown();
        for fold in [Fold::NONE, Fold::MESSAGES].into_iter().flat_map(|fold| {
            [Heartbeats::Shown, Heartbeats::Folded, Heartbeats::Hidden].map(|heartbeats| Fold { heartbeats, ..fold })
        }) {
            let (all, lens) = (Lens { scope: Scope::All, fold: Fold { heartbeats: Heartbeats::Shown, ..fold } }, Lens { scope: Scope::All, fold });
            let every: Vec<RowId> = view.row_ids(all, view.range(all));
            let shown: Vec<RowId> = view.row_ids(lens, view.range(lens));
            let mut stands = std::collections::BTreeMap::<RowId, u64>::new();
            for row in &every {
                let head = view.head(fold, *row);
                let is_hidden = fold.heartbeats == Heartbeats::Hidden && view.is_heartbeat(*row);
                prop_assert_eq!(shown.contains(&head), !is_hidden, "{:?} {:?}", fold, row);
                *stands.entry(head).or_default() += 1;
            }
            for row in &shown {
                let count = view.heartbeats(fold, *row).map_or(1, |run| run.count);
                prop_assert_eq!(stands.get(row), Some(&count));
            }
        }
    }
}
