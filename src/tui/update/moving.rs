//! Moving through rows, lines and sessions, wherever the focus is.

use crate::journal::{Index, Scope};
use crate::record::FrameNumber;
use crate::tui::keymap::{Action, Place};
use crate::tui::message::Effect;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;

use super::prompt;

/// What keys that move do; `None` where it is none of them.
pub(super) fn perform(model: &mut Model, view: &Index, action: Action) -> Option<Vec<Effect>> {
    let times = model.count.times() as i64;
    match action {
        Action::Down => step(model, view, times),
        Action::Up => step(model, view, -times),
        Action::HalfPageDown => step(model, view, times * (page(model) / 2)),
        Action::HalfPageUp => step(model, view, -times * (page(model) / 2)),
        Action::PageDown => step(model, view, times * page(model)),
        Action::PageUp => step(model, view, -times * page(model)),
        Action::First | Action::Last if model.place() == Place::Frames && model.count.given().is_some() => {
            model.lists.remember(view);
            prompt::choose_frame(model, view, None, FrameNumber::new(model.count.times()));
        }
        Action::First => {
            model.lists.remember(view);
            step(model, view, i64::MIN);
        }
        Action::Last => {
            model.lists.remember(view);
            last(model, view);
        }
        Action::NextRow => step_row(model, view, times),
        Action::PreviousRow => step_row(model, view, -times),
        Action::Follow => follow(model),
        Action::PreviousSession => step_session(model, view, -times),
        Action::NextSession => step_session(model, view, times),
        _ => return None,
    }
    Some(Vec::new())
}

fn page(model: &Model) -> i64 {
    let drawn = &model.drawn;
    let height = match model.place() {
        Place::Sessions => drawn.sessions.map(|(area, _)| area.height),
        Place::Frames | Place::Log => drawn.rows.map(|(area, _)| area.height),
        Place::Detail => drawn.detail.map(|area| area.height),
        _ => drawn.over.or(drawn.page).map(|(area, _)| area.height),
    };
    i64::from(height.unwrap_or_default().max(2))
}

/// Moves by so many rows, lines or sessions, wherever the focus is.
pub(super) fn step(model: &mut Model, view: &Index, by: i64) {
    match model.place() {
        Place::Sessions => step_session(model, view, by),
        Place::Frames | Place::Log => {
            let rows = model.rows(view).range();
            model.list().0.step(&rows, by);
        }
        Place::Detail => model.detail.step(by, &model.look.theme),
        Place::Handshake => model.texts.page.scroll.step(by),
        Place::Diagnosis => model.problems.step(by),
        Place::Rules => {
            if let Some(Overlay::Rules(book)) = &mut model.overlay {
                book.step(&model.rules, by);
            }
        }
        Place::Marks => {
            if let Some(Overlay::Marks(list)) = &mut model.overlay {
                list.step(&model.lists.marks, by);
            }
        }
        _ => {
            if let Some(scroll) = model.overlay.as_mut().and_then(Overlay::scroll) {
                scroll.step(by);
            }
        }
    }
}

/// Selects another row of the list while the detail has the focus.
fn step_row(model: &mut Model, view: &Index, by: i64) {
    let rows = model.rows(view).range();
    model.list().0.step(&rows, by);
}

fn last(model: &mut Model, view: &Index) {
    match model.place() {
        Place::Frames | Place::Log => follow(model),
        _ => step(model, view, i64::MAX),
    }
}

fn follow(model: &mut Model) {
    model.list().0.follow();
    model.lists.forget_anchor();
}

fn step_session(model: &mut Model, view: &Index, by: i64) {
    let last = view.sessions().len() as i64;
    let index = (model.lists.session_index(view) as i64).saturating_add(by).clamp(0, last);
    choose_session(model, view, index as usize);
}

/// Shows the frames of a session by its place among all; 0 for all.
pub(super) fn choose_session(model: &mut Model, view: &Index, index: usize) {
    let chosen = index.checked_sub(1).and_then(|index| model.lists.sessions.at(view, index));
    model.lists.choose(view, chosen.map_or(Scope::All, |summary| Scope::Session(summary.id)));
}
