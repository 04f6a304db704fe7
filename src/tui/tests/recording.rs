//! What the screen says of what is written to disk.

use crate::control::{Recorded, RecordedAs, RecordedState};
use crate::tui::Message;

use super::stage::Stage;

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
    assert!(stage.shows("wsproxy open --last; --no-autosave keeps nothing."));
    assert!(!stage.shows("autosave stopped"));
    stage.send(recorded(Autosave, RecordedState::Stopped("the disk is full".to_owned())));
    assert!(stage.shows("autosave stopped"));
}
