//! Counts in front of motions: digits, and what becomes of them.

use crossterm::event::KeyCode;

use crate::journal::Index;
use crate::tui::keymap::{self, Action, Key, Place};
use crate::tui::message::Effect;
use crate::tui::state::count::Turned;
use crate::tui::state::model::Model;

use super::actions;

/// Takes a key that belongs to a count: a digit of it, or one that drops it. Says whether it did.
pub(super) fn key(model: &mut Model, place: Place, key: Key) -> bool {
    if !takes_counts(place) {
        return false;
    }
    let is_end = key == Key::plain(KeyCode::Esc) || key == Key::ctrl('c');
    if is_end && model.count.cancel() {
        return true;
    }
    let Some(digit) =
        ('0'..='9').zip(0..).find_map(|(character, digit)| (key == Key::char(character)).then_some(digit))
    else {
        return false;
    };
    match model.count.digit(digit, keymap::lookup(place, key).is_some()) {
        Ok(turned) => {
            if let Some(turned) = turned {
                turn_back(model, turned);
            }
            true
        }
        Err(()) => false,
    }
}

/// Does what a key asks for, as often as a count says.
pub(super) fn perform(model: &mut Model, view: &Index, action: Action) -> Vec<Effect> {
    let before = (model.panes.tab, model.panes.focus, model.panes.arrangement.maximised);
    model.count.hand_over();
    let effects = actions::perform(model, view, action);
    model.count.done();
    let pages = [Action::Frames, Action::Sessions, Action::Handshake, Action::Diagnosis, Action::Log];
    if let Some(digit) = (1..).zip(pages).find_map(|(digit, page)| (page == action).then_some(digit)) {
        let (tab, focus, maximised) = before;
        model.count.turned(Turned { digit, tab, focus, maximised });
    }
    effects
}

/// Panes, and what lies over them with lines to move through.
const fn takes_counts(place: Place) -> bool {
    place.is_pane() || matches!(place, Place::Why | Place::Compare | Place::Marks)
}

fn turn_back(model: &mut Model, Turned { tab, focus, maximised, .. }: Turned) {
    model.panes.turn_to(tab);
    model.panes.focus = focus;
    model.panes.arrangement.maximised = maximised;
}
