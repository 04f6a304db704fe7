//! Stories of the command line, of dragging, and of themes.

use crossterm::event::{KeyCode, MouseButton, MouseEventKind};

use crate::journal::Scope;
use crate::record::SessionId;
use crate::tui::state::command::all;
use crate::tui::state::overlay::{Overlay, Question};
use crate::tui::state::panes::Tab;
use crate::tui::theme::{Choice, Colours, Surroundings, Theme};
use crate::tui::{Effect, Message};

use super::stage::{Stage, ended, usual, wrong_accept};

fn stage() -> Stage {
    let mut stage = Stage::new(100, 30);
    usual(&stage.journal);
    ended(&stage.journal, 2, 2_500_000);
    stage.at(5_000_000).sync();
    stage
}

fn command(stage: &mut Stage, text: &str) {
    stage.keys(":").keys(text).press(KeyCode::Enter);
}

#[test]
fn a_frame_is_selected_by_its_number() {
    let mut stage = stage();
    command(&mut stage, "frame 1:4");
    let selected = |stage: &Stage| {
        let row = stage.model.selected_row(stage.feed.shown()).unwrap();
        (row.session, stage.feed.shown().frame(row).map(|frame| frame.record.number.value()))
    };
    assert_eq!(selected(&stage), (Some(SessionId(1)), Some(4)));
    command(&mut stage, "7");
    assert_eq!(selected(&stage), (Some(SessionId(1)), Some(7)));
    command(&mut stage, "session 2");
    assert_eq!(stage.model.lists.scope, Scope::Session(SessionId(2)));
    command(&mut stage, "frame 1:2");
    assert_eq!(
        (selected(&stage), stage.model.lists.scope),
        ((Some(SessionId(1)), Some(2)), Scope::Session(SessionId(1)))
    );
    command(&mut stage, "frame 99");
    assert!(stage.shows("session 1 has no frame 99 in memory"), "{}", stage.screen());
    command(&mut stage, "session 9");
    assert!(stage.shows("there is no session 9"), "{}", stage.screen());
}

#[test]
fn what_a_key_does_is_done_by_its_name() {
    let mut stage = stage();
    command(&mut stage, "handshake");
    assert_eq!(stage.model.panes.tab, Tab::Handshake);
    command(&mut stage, "frames");
    command(&mut stage, "freeze");
    assert!(stage.shows("FROZEN"));
    command(&mut stage, "freeze");
    command(&mut stage, "to-server");
    assert!(matches!(stage.model.overlay, Some(Overlay::Composer(_))));
    stage.press(KeyCode::Esc);
    command(&mut stage, "close");
    assert!(matches!(stage.model.overlay, Some(Overlay::Question(Question::Close(SessionId(1))))));
    stage.keys("n");
    command(&mut stage, "q");
    assert!(matches!(stage.model.overlay, Some(Overlay::Question(Question::Quit))) && stage.effects.is_empty());
    stage.keys("n");
    command(&mut stage, "quit!");
    assert_eq!(stage.effects, [Effect::Quit]);
}

#[test]
fn a_wrong_command_stays_to_be_put_right() {
    let mut stage = stage();
    command(&mut stage, "folow");
    assert!(stage.shows("did you mean follow?") && stage.shows(":folow"), "{}", stage.screen());
    stage.ctrl('u').keys("foll").press(KeyCode::Tab);
    assert!(stage.shows(":follow"), "{}", stage.screen());
    stage.press(KeyCode::Enter);
    assert!(stage.model.overlay.is_none());
    stage.keys(":").press(KeyCode::Up);
    assert!(stage.shows(":follow"), "{}", stage.screen());
    stage.press(KeyCode::Esc).keys(":").send(Message::Paste("x\u{1b}[2J\nmore".into()));
    stage.press(KeyCode::Enter);
    assert!(matches!(&stage.model.overlay, Some(Overlay::Command(line)) if line.error.is_some()));
}

#[test]
fn a_theme_is_chosen_and_told() {
    let mut stage = stage();
    stage.model.look.surroundings = Surroundings { colours: Colours::Many, ..Surroundings::default() };
    command(&mut stage, "theme light");
    assert!(
        stage.shows("theme: light")
            && stage.model.look.theme == Theme::of(Choice::Light, stage.model.look.surroundings)
    );
    command(&mut stage, "theme mono");
    assert_eq!(stage.model.look.theme, Theme::monochrome());
    stage.model.look.surroundings.no_color = true;
    command(&mut stage, "theme dark");
    assert!(stage.shows("NO_COLOR is set") && stage.model.look.theme == Theme::monochrome(), "{}", stage.screen());
}

#[test]
fn dividers_are_dragged() {
    let mut stage = stage();
    let drag = |stage: &mut Stage, from: (u16, u16), to: (u16, u16)| {
        stage.click(from.0, from.1).mouse(MouseEventKind::Drag(MouseButton::Left), to.0, to.1);
        stage.mouse(MouseEventKind::Up(MouseButton::Left), to.0, to.1);
    };
    let edge = stage.sessions().right();
    drag(&mut stage, (edge, 10), (31, 12));
    assert_eq!(stage.sessions().width, 31);
    let title = stage.detail().y - 1;
    drag(&mut stage, (60, title), (50, 11));
    assert_eq!(stage.detail().y - 1, 11);
    stage.keys("|");
    let edge = stage.detail().x - 1;
    drag(&mut stage, (edge, 9), (70, 9));
    assert_eq!(stage.detail().x - 1, 70);
    // Without hold of a divider, a drag does nothing.
    stage.mouse(MouseEventKind::Drag(MouseButton::Left), 40, 9);
    assert_eq!(stage.detail().x - 1, 70);
}

#[test]
fn a_bare_colon_scrolls_through_all_commands() {
    let mut stage = Stage::new(80, 24);
    stage.keys(":");
    let mut seen = stage.screen();
    for _ in 0..30 {
        stage.press(KeyCode::PageDown);
        seen.push_str(&stage.screen());
    }
    for named in all() {
        assert!(seen.contains(&format!("│ {}", named.name)), "{} in {seen}", named.name);
    }
    let end = stage.screen();
    assert!(!end.contains("more ↓"), "{end}");
    stage.press(KeyCode::PageUp);
    assert!(stage.screen() != end && stage.shows("more ↓"), "{}", stage.screen());
    stage.keys("f");
    assert!(stage.shows("│ frame 120 or 3:120"), "another list begins at its top: {}", stage.screen());
}

/// Sessions, a finding, a mark.
fn furnished(width: u16, height: u16) -> Stage {
    let mut stage = Stage::new(width, height);
    usual(&stage.journal);
    ended(&stage.journal, 2, 2_500_000);
    wrong_accept(&stage.journal, 3, 3_500_000);
    stage.at(5_000_000).sync();
    stage.keys(":frame 1:3").press(KeyCode::Enter).keys("Mthe whole alphabet").press(KeyCode::Enter);
    stage
}

#[test]
fn sessions_findings_and_marks_are_found_by_what_is_known_of_them() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut stage = furnished(width, height);
        stage.keys(":chat");
        insta::assert_snapshot!(format!("palette_{width}x{height}"), stage.screen());
    }
    let mut stage = furnished(100, 30);
    stage.keys(":50002").press(KeyCode::Down).press(KeyCode::Enter);
    assert_eq!(stage.model.lists.scope, Scope::Session(SessionId(2)), "by the peer's port: {}", stage.screen());
    command(&mut stage, "/broken");
    assert_eq!(stage.model.lists.scope, Scope::Session(SessionId(3)), "by the path: {}", stage.screen());
    stage.keys(":/brkn").press(KeyCode::Down).press(KeyCode::Enter);
    assert_eq!(stage.model.lists.scope, Scope::Session(SessionId(3)), "by some letters of it: {}", stage.screen());
    stage.ctrl('p').keys("alphabet").press(KeyCode::Down).press(KeyCode::Enter);
    let row = stage.model.selected_row(stage.feed.shown()).unwrap();
    assert_eq!(row.session, Some(SessionId(1)), "{}", stage.screen());
    stage.keys(":accept belong").press(KeyCode::Down).press(KeyCode::Enter);
    assert!(
        matches!(stage.model.overlay, Some(Overlay::Why(_))) && stage.shows("Why · session 3"),
        "{}",
        stage.screen()
    );
}

#[test]
fn any_finding_is_explained_by_its_id() {
    let mut stage = furnished(100, 30);
    stage.keys(":explain stray bytes");
    assert!(stage.shows("explain http-extra-crlf"), "values are found by what they mean: {}", stage.screen());
    stage.press(KeyCode::Esc);
    command(&mut stage, "explain http-extra-crlf");
    insta::assert_snapshot!("explain_100x30", stage.screen());
    stage.keys("jq");
    assert!(stage.model.overlay.is_none());
    command(&mut stage, "finding http-extra-crlf");
    assert!(stage.shows("no http-extra-crlf in memory"), "{}", stage.screen());
    command(&mut stage, "explain http-exta-crlf");
    assert!(stage.shows("as in explain http-extra-crlf"), "{}", stage.screen());
}

#[test]
fn the_list_is_chosen_from() {
    let mut stage = furnished(100, 30);
    stage.keys(":theme").press(KeyCode::Down).press(KeyCode::Enter);
    assert!(stage.shows(":theme ") && stage.shows("theme mono"), "a value is asked for: {}", stage.screen());
    stage.press(KeyCode::Down).press(KeyCode::Down).press(KeyCode::Down).press(KeyCode::Down).press(KeyCode::Enter);
    assert_eq!(stage.model.look.theme, Theme::monochrome());
    stage.keys(":hal").press(KeyCode::Enter);
    assert!(stage.shows("↓ chooses from the list") && stage.shows("half-page-up"), "{}", stage.screen());
    stage.press(KeyCode::Down).press(KeyCode::Up).press(KeyCode::Up);
    assert!(stage.shows(":theme"), "above the list is what was done before: {}", stage.screen());
}

#[test]
fn a_filter_is_kept_under_a_name_and_chosen_again() {
    let mut stage = stage();
    command(&mut stage, "save-filter mine");
    assert!(stage.shows("there is no filter to keep"), "{}", stage.screen());
    command(&mut stage, "save-filter clients from:client op:text");
    assert!(stage.shows("kept: :filter clients shows what fits from:client op:text"), "{}", stage.screen());
    command(&mut stage, "filter clients");
    stage.until_filtered();
    assert!(stage.shows("filter from:client op:text"), "{}", stage.screen());
    command(&mut stage, "save-filter again");
    stage.press(KeyCode::Esc);
    // In the list, by its name or by what it asks for.
    stage.keys(":").keys("clients");
    assert!(stage.shows("filter clients") && stage.shows("from:client op:text"), "{}", stage.screen());
    stage.press(KeyCode::Enter);
    stage.until_filtered();
    assert!(stage.shows("filter from:client op:text"), "{}", stage.screen());
    // A query may go on with it.
    stage.keys("f").ctrl('u').keys("not cli").press(KeyCode::Tab);
    assert!(stage.shows("not (from:client op:text)"), "{}", stage.screen());
    stage.press(KeyCode::Enter);
    command(&mut stage, "forget-filter other");
    assert!(stage.shows("there is no query other: there are again, clients"), "{}", stage.screen());
    command(&mut stage, "forget-filter clients");
    assert!(stage.shows("clients is forgotten"), "{}", stage.screen());
}
