//! Folding, bookmarks, ranges and jumps, by their keys.

use crossterm::event::KeyCode;
use proptest::prelude::*;

use crate::journal::Fold;
use crate::record::Side;

use super::stage::{Actor, Stage, ended, usual};

fn stage() -> Stage {
    Stage::with_usual_traffic(120, 40)
}

#[test]
fn fragments_fold_into_a_message_and_the_selection_goes_along() {
    let mut stage = stage();
    stage.keys("kkkk");
    let fragment = stage.here();
    stage.keys("o");
    let message = stage.here();
    assert_eq!(stage.feed.shown().head(Fold::MESSAGES, fragment), message);
    assert!(stage.shows("3 fragments one message"), "{}", stage.screen());
    assert!(stage.shows("F··     30"), "{}", stage.screen());
    stage.keys("o");
    assert_eq!(stage.here(), message);
    assert!(stage.shows("cont") && !stage.shows("3 fragments"), "{}", stage.screen());
}

#[test]
fn a_folded_message_grows_and_control_frames_stay_between() {
    let mut stage = Stage::new(120, 30);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
    actor.after(10).opens().frame(Side::Server, 0x02, &[1, 2]).frame(Side::Server, 0x89, b"beat").hand_over();
    stage.sync().keys("o");
    assert!(stage.shows("1 fragment so far 01 02"), "{}", stage.screen());
    actor.frame(Side::Server, 0x80, &[3]).hand_over();
    stage.sync();
    assert!(stage.shows("2 fragments 01 02 03") && stage.shows("beat"), "{}", stage.screen());
}

#[test]
fn heartbeats_hide_and_are_counted() {
    let mut stage = stage();
    stage.keys("..");
    assert!(!stage.shows(" ping  ") && stage.shows("2 heartbeats hidden"), "{}", stage.screen());
    stage.keys(".");
    assert!(stage.shows(" ping "), "{}", stage.screen());
}

#[test]
fn new_rows_are_counted_on_when_they_fold() {
    let mut stage = stage();
    stage.keys("kk");
    ended(&stage.journal, 2, 2_500_000);
    stage.sync();
    assert!(stage.shows("+9 new"), "{}", stage.screen());
    stage.keys("o.");
    assert!(stage.shows("+9 new"), "{}", stage.screen());
}

#[test]
fn bookmarks_are_shown_and_gone_to() {
    let mut stage = stage();
    stage.keys("kkM").press(KeyCode::Enter);
    let first = stage.here();
    stage.keys("kkkM").press(KeyCode::Enter);
    let second = stage.here();
    stage.keys("F");
    assert_eq!(stage.lines().iter().filter(|line| line.contains('◆')).count(), 2, "{}", stage.screen());
    stage.keys("'");
    assert_eq!(stage.here(), second);
    stage.keys("'");
    assert_eq!(stage.here(), first);
    stage.keys("\"");
    assert_eq!(stage.here(), second);
    stage.keys("MG'");
    assert_eq!(stage.here(), first);
    stage.keys("M'");
    assert!(stage.shows("there is no mark"), "{}", stage.screen());
}

#[test]
fn a_jump_is_taken_back() {
    let mut stage = stage();
    stage.keys("kk");
    let before = stage.here();
    stage.keys("gG").ctrl('o');
    stage.ctrl('o');
    assert_eq!(stage.here(), before);
    stage.ctrl('o');
    assert!(stage.shows("no earlier place"), "{}", stage.screen());
}

#[test]
fn a_range_spans_from_where_it_began_to_the_selection() {
    let mut stage = stage();
    stage.keys("kkvkk");
    let range = stage.model.lists.range(stage.feed.shown()).unwrap();
    assert_eq!(range.clone().count(), 3);
    assert!(stage.shows("3 rows selected"), "{}", stage.screen());
    stage.press(KeyCode::Esc);
    assert!(stage.model.lists.range(stage.feed.shown()).is_none() && !stage.shows("rows selected"));
}

#[test]
fn marks_go_with_their_rows() {
    let mut stage = Stage::with_budget(120, 30, 20_000);
    usual(&stage.journal);
    stage.sync().keys("kkM").press(KeyCode::Enter).keys("vk");
    for id in 2..100 {
        ended(&stage.journal, id, 0);
    }
    stage.sync().keys("'");
    assert!(stage.shows("there is no mark"), "{}", stage.screen());
    assert!(stage.model.lists.range(stage.feed.shown()).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_selected_survives_all_folding(keys in "[o.]{1,8}", up in 0usize..14) {
        let mut stage = stage();
        stage.keys(&"k".repeat(up));
        let before = stage.here();
        stage.keys(&keys);
        let view = stage.feed.shown();
        let folded = stage.model.lists.here(view).unwrap();
        let (lens, rows) = (stage.model.lists.lens(), view.range(stage.model.lists.lens()));
        // A fragment gives the selection to its message, a hidden heartbeat to its neighbour; all else keeps it.
        let expected = if keys.contains('o') { view.head(Fold::MESSAGES, before) } else { before };
        if !keys.contains('.') {
            prop_assert_eq!(folded, expected);
        }
        prop_assert!(rows.contains(&view.number(lens, folded).unwrap()));
    }
}
