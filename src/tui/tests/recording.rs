//! What the screen says of what is written to disk.

use std::sync::Arc;

use crossterm::event::KeyCode;

use crate::control::{Recorded, RecordedAs, RecordedState};
use crate::export::{Format, Written};
use crate::journal::Journal;
use crate::record::{Ending, Side};
use crate::tui::state::writing::WriteProgress;
use crate::tui::{Effect, Message};

use super::stage::{Actor, Stage};

fn recorded(what: RecordedAs, state: RecordedState) -> Message {
    let file = "/home/me/talk.wscap".into();
    Message::Recorded(Some(Recorded { what, file, bytes: 1_234_567, state, waits: 0 }))
}

#[test]
fn a_capture_says_how_it_stands() {
    use RecordedAs::Capture;
    let mut stage = Stage::new(100, 24);
    assert!(!stage.shows("REC"));
    stage.send(recorded(Capture, RecordedState::Writing));
    assert!(stage.shows("REC 1.2 MB · ") && stage.shows("All that passes is written to talk.wscap"));
    stage.send(recorded(Capture, RecordedState::Waiting));
    assert!(stage.shows("REC: disk slow, relay waits"));
    stage.send(recorded(Capture, RecordedState::Stopped("the disk is full".to_owned())));
    assert!(stage.shows("REC stopped") && stage.shows("not all that was seen: the disk is full"));
    assert!(!stage.shows("All that passes"));
}

#[test]
fn an_autosave_is_told_of_before_anything_comes_and_when_it_fails() {
    use RecordedAs::Autosave;
    let mut stage = Stage::new(80, 24);
    stage.send(recorded(Autosave, RecordedState::Writing));
    assert!(stage.shows("Kept for wsproxy open --last; --no-autosave keeps nothing."));
    assert!(!stage.shows("autosave stopped"));
    stage.send(recorded(Autosave, RecordedState::Stopped("the disk is full".to_owned())));
    assert!(stage.shows("autosave stopped"));
}

/// A session that has come and gone, with a frame.
fn one_frame(journal: &Arc<Journal>) {
    let mut actor = Actor::asks(journal, 1, 0, "/chat");
    actor.after(900).opens();
    actor.after(100).frame(Side::Client, 0x81, b"hello");
    actor.after(200).ends(Side::Client, Ending::Fin).ends(Side::Server, Ending::Fin).finish();
}

const DONE: WriteProgress = WriteProgress::Done(Written { bytes: 1, sessions: 1, frames: 1, hidden: 0, lost: 0 });

#[test]
fn who_quits_is_asked_about_frames_that_are_saved_nowhere() {
    let mut stage = Stage::new(80, 24);
    one_frame(&stage.journal);
    stage.sync().keys("q");
    assert!(
        stage.shows("1 frame is saved nowhere.") && stage.shows("w write them and quit") && stage.effects.is_empty()
    );
    stage.keys("w");
    let Some(Effect::Write(order)) = stage.effects.pop() else { panic!("{:?}", stage.effects) };
    assert_eq!((order.format, &order.session, &order.query), (Format::Capture, &None, &None));
    assert_eq!(order.path.to_str(), Some("wsproxy-20260101-120000.wscap"));
    stage.send(Message::Wrote(WriteProgress::Failed("the disk is full".to_owned())));
    assert!(stage.effects.is_empty() && stage.shows("the disk is full"));
    stage.keys("qw").send(Message::Wrote(DONE));
    assert_eq!(stage.effects.pop(), Some(Effect::Quit));
}

#[test]
fn nobody_is_asked_where_all_is_saved() {
    let (mut kept, mut written, mut at_once) = (Stage::new(80, 24), Stage::new(80, 24), Stage::new(80, 24));
    for stage in [&mut kept, &mut written, &mut at_once] {
        one_frame(&stage.journal);
        stage.sync();
    }
    kept.send(recorded(RecordedAs::Autosave, RecordedState::Writing)).keys("q");
    assert_eq!(kept.effects, [Effect::Quit]);
    at_once.keys("Q");
    assert_eq!(at_once.effects, [Effect::Quit]);
    written.keys("w").press(KeyCode::Enter);
    assert!(matches!(written.effects.pop(), Some(Effect::Write(_))));
    written.send(Message::Wrote(DONE)).keys("q");
    assert_eq!(written.effects, [Effect::Quit]);
}

#[test]
fn the_key_for_a_file_offers_a_capture_of_all_or_of_what_is_shown() {
    let mut stage = Stage::new(100, 24);
    one_frame(&stage.journal);
    stage.sync().keys("w");
    assert!(stage.shows("write all wsproxy-20260101-120000.wscap"));
    stage.press(KeyCode::Esc).keys("]w");
    assert!(stage.shows("write shown wsproxy-20260101-120000.wscap"));
}
