//! Files that are written of what is shown.

use std::path::Path;

use crossterm::event::KeyCode;

use crate::export::{Existing, Format, Written};
use crate::record::SessionId;
use crate::record::Side::{Client, Server};
use crate::tui::Effect;
use crate::tui::message::Message;
use crate::tui::state::writing::{WriteOrder, WriteProgress};

use super::stage::{Actor, Stage};

fn stage() -> Stage {
    let mut stage = Stage::new(80, 24);
    for id in 1..=2 {
        let mut actor = Actor::asks(&stage.journal, id, 0, "/talk");
        actor.after(10).opens();
        actor.after(1000).frame(Client, 0x81, b"ask").frame(Server, 0x81, b"reply");
        actor.hand_over();
    }
    stage.at(10_000).sync();
    stage
}

fn order(stage: &mut Stage, line: &str) -> Option<WriteOrder> {
    stage.keys(line).press(KeyCode::Enter);
    stage.effects.drain(..).find_map(|effect| match effect {
        Effect::Write(order) => Some(*order),
        _ => None,
    })
}

#[test]
fn what_is_shown_goes_into_the_file_in_the_format_of_its_ending() {
    let mut stage = stage();
    let all = order(&mut stage, ":write /tmp/talk.har").unwrap();
    assert_eq!(
        (all.path.as_path(), all.format, all.existing),
        (Path::new("/tmp/talk.har"), Format::Har, Existing::Keep)
    );
    assert_eq!((all.session, all.query), (None, None));
    stage.send(Message::Wrote(WriteProgress::Stopped));
    stage.keys(":session 2").press(KeyCode::Enter).keys("fask").press(KeyCode::Enter);
    let shown = order(&mut stage, ":write! t.csv").unwrap();
    assert_eq!((shown.session, shown.existing), (Some(SessionId(2)), Existing::Replace));
    assert_eq!(shown.query.as_ref().map(|query| query.text()), Some("ask"));
    stage.send(Message::Wrote(WriteProgress::Stopped));
    let whole = order(&mut stage, ":write all t.csv").unwrap();
    assert_eq!((whole.session, whole.query), (None, None));
}

#[test]
fn what_a_terminal_does_not_take_is_offered_as_a_file() {
    let mut stage = Stage::new(80, 24);
    let mut actor = Actor::asks_keeping(&stage.journal, 1, 0, "/talk", 1 << 20);
    actor.after(10).opens();
    actor.after(1000).frame(Server, 0x81, &[b'x'; 80_000]);
    actor.hand_over();
    stage.at(10_000).sync();
    stage.keys("Gyt");
    assert!(
        stage.shows("this is more: enter writes a file") && stage.shows(":write range copy.jsonl"),
        "{}",
        stage.screen()
    );
    stage.effects.clear();
    let written = order(&mut stage, "").unwrap();
    let (first, last) = written.span.unwrap();
    assert_eq!((first, written.path.as_path()), (last, Path::new("copy.jsonl")));
}

#[test]
fn a_file_under_way_is_shown_and_can_be_stopped() {
    let mut stage = stage();
    order(&mut stage, ":write talk.pcapng").unwrap();
    stage.send(Message::Wrote(WriteProgress::Going(40)));
    assert!(stage.shows("writing talk.pcapng: 40 % · ctrl-c stops"), "{}", stage.screen());
    assert_eq!(order(&mut stage, ":write other.har"), None, "one at a time");
    stage.ctrl('c');
    assert!(stage.effects.drain(..).any(|effect| effect == Effect::StopWriting));
    stage.send(Message::Wrote(WriteProgress::Stopped));
    assert!(stage.shows("stopped: there is no talk.pcapng"), "{}", stage.screen());
    order(&mut stage, ":write talk.pcapng").unwrap();
    let written = Written { bytes: 1234, sessions: 2, frames: 4, hidden: 0, lost: 0 };
    stage.send(Message::Wrote(WriteProgress::Done(written)));
    assert!(stage.shows("wrote talk.pcapng: 1.2 kB of 4 frames"), "{}", stage.screen());
}

#[test]
fn a_filter_that_only_the_screen_knows_is_told() {
    let mut stage = stage();
    stage.keys("fmarked").press(KeyCode::Enter);
    assert_eq!(order(&mut stage, ":write talk.har"), None);
    assert!(stage.shows("asks for marks"), "{}", stage.screen());
}
