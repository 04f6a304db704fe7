//! The page of sessions: sorted, searched, with what came lately.

use crossterm::event::KeyCode;

use crate::journal::Scope;
use crate::record::SessionId;
use crate::record::Side::{Client, Server};
use crate::tui::state::sessions::Sort;

use super::stage::{Actor, Stage, ended, wrong_accept};

/// A quiet session, a busy one, a broken one, one with much in few frames.
fn stage(width: u16, height: u16) -> Stage {
    let mut stage = Stage::new(width, height);
    let mut quiet = Actor::asks(&stage.journal, 1, 0, "/quiet");
    quiet.after(1_000).opens().after(2_000_000).frame(Server, 0x89, b"a").after(3_400).frame(Client, 0x8a, b"a");
    quiet.hand_over();
    let mut busy = Actor::asks(&stage.journal, 2, 100_000, "/busy/prices");
    busy.after(1_000).opens();
    for number in 0..90u64 {
        busy.after(100_000).frame(Server, 0x81, &vec![b'x'; 5 + number as usize % 40]);
    }
    busy.hand_over();
    wrong_accept(&stage.journal, 3, 4_000_000);
    let mut large = Actor::asks(&stage.journal, 4, 5_000_000, "/upload");
    large.after(1_000).opens().after(10).frame(Client, 0x82, &[7; 60_000]).hand_over();
    ended(&stage.journal, 5, 7_000_000);
    stage.at(9_500_000).sync().keys("2");
    stage
}

/// The numbers of the sessions, from the top.
fn order(stage: &Stage) -> Vec<u64> {
    let view = stage.feed.shown();
    stage.model.lists.sessions.from(view, 0).map(|summary| summary.id.0).collect()
}

#[test]
fn the_page_says_how_sessions_do() {
    for (width, height) in [(80, 24), (120, 40), (200, 40)] {
        let mut stage = stage(width, height);
        stage.keys("ojj");
        insta::assert_snapshot!(format!("sessions_by_rate_{width}x{height}"), stage.screen());
    }
}

#[test]
fn a_key_sorts_by_one_thing_after_the_other() {
    let mut stage = stage(120, 40);
    assert_eq!(order(&stage), [1, 2, 3, 4, 5]);
    for (sort, name, first) in [
        (Sort::Rate, "by rate", 2),
        (Sort::Bytes, "by bytes", 4),
        (Sort::Age, "by age", 5),
        (Sort::Problem, "by problem", 3),
        (Sort::Number, "by number", 1),
    ] {
        stage.keys("o");
        assert!(stage.shows(name), "{}", stage.screen());
        assert_eq!((stage.model.lists.sessions.sort, order(&stage)[0]), (sort, first));
    }
}

#[test]
fn what_is_chosen_stays_chosen_and_enter_goes_to_its_frames() {
    let mut stage = stage(120, 40);
    stage.keys("jj");
    assert_eq!(stage.model.lists.scope, Scope::Session(SessionId(2)));
    stage.keys("ooo");
    assert_eq!(stage.model.lists.scope, Scope::Session(SessionId(2)));
    stage.keys("k");
    assert_eq!(stage.model.lists.scope, Scope::Session(SessionId(3)));
    stage.press(KeyCode::Enter);
    assert!(stage.shows("Frames · session 3 /broken"), "{}", stage.screen());
}

#[test]
fn a_search_goes_from_session_to_session_and_leaves_the_rows_alone() {
    let mut stage = stage(120, 40);
    stage.keys("/").keys("127.0.0.1:5000").press(KeyCode::Enter);
    assert!(stage.shows("5 matches"), "{}", stage.screen());
    assert_eq!(stage.model.lists.scope, Scope::Session(SessionId(1)));
    stage.keys("/").keys("upload").press(KeyCode::Enter);
    assert!(stage.shows("1 match") && stage.shows("•"), "{}", stage.screen());
    assert_eq!(stage.model.lists.scope, Scope::Session(SessionId(4)));
    stage.keys("/").keys("restarts").press(KeyCode::Enter);
    assert_eq!(stage.model.lists.scope, Scope::Session(SessionId(5)));
    stage.keys("/").keys("s").press(KeyCode::Enter).keys("nN");
    assert!(stage.model.search.query().is_none());
    stage.keys("/").keys("nowhere").press(KeyCode::Enter);
    assert!(stage.shows("no session has that"), "{}", stage.screen());
    stage.keys("/").press(KeyCode::Esc);
    assert!(!stage.shows("match"), "{}", stage.screen());
}

#[test]
fn the_pong_of_a_session_is_timed() {
    let stage = stage(120, 40);
    let summary = stage.feed.shown().session(SessionId(1)).unwrap();
    assert_eq!((summary.round_trip(Server), summary.round_trip(Client)), (Some(3_400), None));
}
