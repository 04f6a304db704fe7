//! The timeline above the frame log and the scrollbar beside it, by keys and by the mouse.

use crossterm::event::{KeyCode, MouseButton, MouseEventKind};
use proptest::prelude::*;

use crate::journal::{RowId, Scope};
use crate::record::{PerSide, Side};
use crate::relay::injection::Injection;
use crate::tui::state::timeline::Window;
use crate::tui::theme::Theme;
use crate::wire::opcode::Opcode;

use super::stage::{Actor, NOON, Stage, ended, wrong_accept};

/// A minute of traffic: bursts of a second every ten seconds, from either side in turn.
fn bursts(stage: &Stage) {
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/bursts");
    actor.after(1_000).opens();
    for burst in 0..6 {
        let side = if burst % 2 == 0 { Side::Server } else { Side::Client };
        for number in 0..20 {
            actor.after(50_000).frame(side, 0x81, format!("burst {burst} frame {number}").as_bytes());
        }
        actor.after(9_000_000);
    }
    actor.injects(Side::Client, Injection::whole(Opcode::TEXT, b"by hand".to_vec()));
    actor.hand_over();
}

fn stage(width: u16, height: u16) -> Stage {
    let mut stage = Stage::new(width, height);
    bursts(&stage);
    wrong_accept(&stage.journal, 2, 12_500_000);
    stage.at(60_000_000).sync();
    stage
}

/// Frames that the timeline shows, from each side.
fn counted(stage: &Stage) -> PerSide<u64> {
    let window = stage.model.timeline.window().unwrap();
    let mut all = PerSide::default();
    for sum in stage.model.timeline.columns(window) {
        all.client += sum.frames.client;
        all.server += sum.frames.server;
    }
    all
}

fn shows(window: Window, row: RowId) -> bool {
    (window.start(0)..window.start(window.columns)).contains(&row.time)
}

fn seconds(row: RowId) -> u64 {
    row.time.0.saturating_sub(NOON) / 1_000_000
}

#[test]
fn it_shows_when_frames_came_from_where() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut stage = stage(width, height);
        stage.keys("kkkk");
        insta::assert_snapshot!(format!("timeline_{width}x{height}"), stage.screen());
        insta::assert_snapshot!(format!("timeline_{width}x{height}_styles"), stage.styles());
    }
}

#[test]
fn without_colours_it_says_the_same() {
    let mut stage = stage(80, 30);
    stage.model.look.theme = Theme::monochrome();
    stage.keys("kkkk");
    insta::assert_snapshot!("timeline_monochrome", format!("{}{}", stage.screen(), stage.styles()));
}

#[test]
fn it_counts_what_the_scope_has() {
    let mut stage = stage(120, 40);
    assert_eq!(counted(&stage), PerSide::new(60, 61));
    stage.keys("]]");
    assert_eq!(counted(&stage), PerSide::default());
    stage.keys("[");
    assert_eq!(counted(&stage), PerSide::new(60, 61));
    ended(&stage.journal, 3, 60_000_000);
    stage.sync().keys("[");
    assert_eq!(counted(&stage), PerSide::new(61, 62));
}

#[test]
fn keys_go_along_it_from_burst_to_burst() {
    let mut stage = stage(120, 40);
    stage.keys("g}");
    let mut places = vec![seconds(stage.here())];
    for _ in 0..80 {
        stage.keys("}");
        places.push(seconds(stage.here()));
    }
    places.dedup();
    assert!([10, 20, 30, 40, 50].iter().all(|second| places.contains(second)), "{places:?}");
    let mut back = vec![seconds(stage.here())];
    for _ in 0..80 {
        stage.keys("{");
        back.push(seconds(stage.here()));
    }
    back.dedup();
    back.reverse();
    assert_eq!(back.last(), places.last());
    assert!(back.iter().all(|second| places.contains(second) || *second == 0), "{places:?} {back:?}");
}

#[test]
fn a_click_goes_to_the_time() {
    let mut stage = stage(120, 40);
    let (area, window) = stage.model.drawn.timeline.unwrap();
    let column = (0..window.columns).find(|column| window.start(*column).0 >= NOON + 30_000_000).unwrap();
    stage.click(area.x + column, area.y);
    assert!((30..=31).contains(&seconds(stage.here())), "{}", stage.screen());
    stage.mouse(MouseEventKind::Drag(MouseButton::Left), area.x + 1, area.y);
    assert!(seconds(stage.here()) < 2);
}

#[test]
fn zooming_shows_less_of_the_time_around_the_selected_row() {
    let mut stage = stage(120, 40);
    let whole = stage.model.timeline.window().unwrap();
    stage.keys("g}}}}}}}}++");
    let part = stage.model.timeline.window().unwrap();
    assert!(part.width() < whole.width() && shows(part, stage.here()), "{part:?}");
    assert!(stage.shows("a column"), "{}", stage.screen());
    stage.keys("G");
    assert!(shows(stage.model.timeline.window().unwrap(), stage.here()));
    stage.keys("----");
    assert_eq!(stage.model.timeline.window(), Some(whole));
    assert!(stage.shows("all of it is to be seen"), "{}", stage.screen());
}

#[test]
fn it_goes_where_there_is_no_room_and_with_its_key() {
    let mut stage = stage(80, 16);
    assert!(stage.model.drawn.timeline.is_none(), "{}", stage.screen());
    stage.keys("}");
    assert!(stage.shows("no room for the timeline"), "{}", stage.screen());
    stage.resize(80, 40);
    assert!(stage.model.drawn.timeline.is_some());
    stage.keys("_");
    assert!(stage.model.drawn.timeline.is_none() && stage.shows("no timeline"), "{}", stage.screen());
    assert!(Stage::new(120, 40).model.drawn.timeline.is_none());
}

#[test]
fn the_scrollbar_has_ticks_for_what_is_marked_found_wrong_and_put_in() {
    let mut stage = stage(100, 40);
    stage.keys(&"k".repeat(45)).keys("M").press(KeyCode::Enter).keys("g/\"burst 2 frame 3\"").press(KeyCode::Enter);
    stage.until_searched("1 of 1 match");
    let area = stage.model.drawn.scrollbar.unwrap();
    let ticks: Vec<String> =
        (area.top()..area.bottom()).map(|y| stage.buffer()[(area.x, y)].symbol().to_owned()).collect();
    for tick in ["◆", "✗", "•", "»", "█"] {
        assert!(ticks.iter().any(|symbol| symbol == tick), "no {tick}: {}", stage.screen());
    }
    stage.click(area.x, area.bottom() - 1);
    assert_eq!(Some(stage.here()), stage.feed.shown().row_id(Scope::All, stage.feed.shown().range(Scope::All).end - 1));
    stage.click(area.x, area.y);
    assert_eq!(seconds(stage.here()), 0);
}

#[test]
fn where_all_rows_are_to_be_seen_there_is_no_scrollbar() {
    let stage = Stage::with_usual_traffic(120, 60);
    assert!(stage.model.drawn.scrollbar.is_none(), "{}", stage.screen());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn it_is_in_its_place_on_each_screen(
        width in 8u16..160, height in 4u16..50, keys in "[{}+_gGkj|o\\\\-]{0,12}", x in 0u16..160, y in 0u16..50,
    ) {
        let mut stage = stage(width, height);
        for key in keys.chars() {
            stage.press(KeyCode::Char(key));
        }
        stage.click(x % width, y % height);
        if let Some((area, window)) = stage.model.drawn.timeline {
            prop_assert!(area.right() <= width && area.bottom() <= height && area.width == window.columns);
        }
        if let (Some(bar), Some((rows, _))) = (stage.model.drawn.scrollbar, stage.model.drawn.rows) {
            prop_assert_eq!((bar.x, bar.y, bar.height), (rows.right(), rows.y, rows.height));
        }
    }
}
