//! The rows of several sessions, one of which hands its own over late.

use crossterm::event::KeyCode;
use proptest::prelude::*;

use crate::record::Side;

use super::stage::{Actor, Stage};

/// Two sessions whose frames alternate. The second hands its own over after the first did.
fn late(stage: &Stage) -> (Actor, Actor) {
    let mut first = Actor::asks(&stage.journal, 1, 0, "/one");
    let mut second = Actor::asks(&stage.journal, 2, 500, "/two");
    first.after(1_000).opens();
    second.after(1_000).opens();
    first.hand_over();
    second.hand_over();
    for number in 0..6 {
        first.after(4_000).frame(Side::Server, 0x81, format!("first {number}").as_bytes());
        second.after(4_000).frame(Side::Server, 0x81, format!("second {number}").as_bytes());
    }
    (first, second)
}

#[test]
fn rows_of_all_sessions_stand_in_the_order_of_their_times() {
    let mut stage = Stage::new(120, 50);
    let (mut first, mut second) = late(&stage);
    first.hand_over();
    stage.sync();
    second.hand_over();
    stage.at(1_000_000).sync();
    let expected: Vec<String> =
        (0..6).flat_map(|number| [format!("first {number}"), format!("second {number}")]).collect();
    let shown = stage.lines().join("\n");
    let places: Vec<usize> = expected.iter().map(|text| shown.find(text.as_str()).unwrap()).collect();
    assert!(places.is_sorted(), "{}", stage.screen());
    assert!(!shown.contains("-3") && shown.contains("+500µs"), "{}", stage.screen());
}

#[test]
fn a_late_row_does_not_move_what_is_selected_nor_the_rows_around_it() {
    let mut stage = Stage::new(120, 20);
    let (mut first, mut second) = late(&stage);
    first.hand_over();
    stage.at(1_000_000).sync().keys("kk");
    let (here, y) = (stage.here(), stage.lines().iter().position(|line| line.starts_with('▌')));
    second.hand_over();
    stage.sync();
    assert_eq!(stage.here(), here);
    assert_eq!(stage.lines().iter().position(|line| line.starts_with('▌')), y, "{}", stage.screen());
    assert!(stage.shows("+6 new") && stage.shows("second 2"), "{}", stage.screen());
}

#[test]
fn what_a_filter_lets_through_late_does_not_move_what_is_selected() {
    let mut stage = Stage::new(120, 50);
    let (mut first, mut second) = late(&stage);
    first.hand_over();
    stage.at(1_000_000).sync().keys("f").keys("op:text").press(KeyCode::Enter);
    stage.until_filtered();
    stage.keys("kk");
    let here = stage.here();
    second.hand_over();
    stage.sync();
    stage.until_filtered();
    assert_eq!(stage.here(), here);
    let shown = stage.lines().join("\n");
    assert!(shown.find("first 3") < shown.find("second 3"), "{}", stage.screen());
    stage.keys("j");
    assert!(stage.shows("second 3") && stage.here().time > here.time, "{}", stage.screen());
}

#[test]
fn the_next_match_is_the_next_in_time() {
    let mut stage = Stage::new(120, 50);
    let (mut first, mut second) = late(&stage);
    first.hand_over();
    second.hand_over();
    stage.at(1_000_000).sync().keys("g//(t|d) 3/").press(KeyCode::Enter);
    stage.until_searched("1 of 2 matches");
    let one = stage.here();
    stage.keys("n");
    stage.until_searched("2 of 2 matches");
    assert_eq!(stage.here().time.0 - one.time.0, 500);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_comes_and_goes_the_selection_stays(
        steps in proptest::collection::vec((0usize..3, 0u64..3_000, 1usize..4), 1..30),
        up in 1usize..12,
    ) {
        let mut stage = Stage::with_budget(100, 20, 40_000);
        let mut actors: Vec<Actor> = (1..=3).map(|id| Actor::asks(&stage.journal, id, 0, "/")).collect();
        for actor in &mut actors {
            actor.after(100).opens().hand_over();
        }
        stage.sync();
        stage.keys(&"k".repeat(up));
        for (index, later, frames) in steps {
            for _ in 0..frames {
                actors[index].after(later).frame(Side::Server, 0x82, &[7; 400]);
            }
            actors[index].hand_over();
            let here = stage.here();
            stage.sync();
            let view = stage.feed.shown();
            if view.row_by_id(here).is_some() {
                prop_assert_eq!(stage.here(), here);
            } else {
                let oldest = view.row_id(crate::journal::Scope::All, view.range(crate::journal::Scope::All).start);
                prop_assert!(stage.here() >= here || Some(stage.here()) == oldest);
            }
        }
    }
}
