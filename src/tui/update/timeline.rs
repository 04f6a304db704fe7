//! What the keys of the timeline do, and moving to a time.

use crate::journal::{Index, RowId};
use crate::record::Time;
use crate::record::finding::Level;
use crate::tui::clock;
use crate::tui::keymap::{Action, key_of};
use crate::tui::message::Effect;
use crate::tui::state::marks::Way;
use crate::tui::state::model::Model;
use crate::tui::state::timeline::Zoom;

/// What they do; `None` where it is none of them.
pub(super) fn perform(model: &mut Model, view: &Index, action: Action) -> Option<Vec<Effect>> {
    match action {
        Action::LaterSlot => step(model, view, Way::Forward),
        Action::EarlierSlot => step(model, view, Way::Backward),
        Action::ZoomIn => zoom(model, Zoom::In),
        Action::ZoomOut => zoom(model, Zoom::Out),
        Action::Timeline => turn(model),
        _ => return None,
    }
    Some(Vec::new())
}

/// Selects the first row that is not before a time, or the last one.
pub(super) fn go_to(model: &mut Model, view: &Index, time: Time) {
    let rows = model.lists.rows(view);
    let (range, number) = (rows.range(), rows.number_from(RowId { time, ..RowId::FIRST }));
    model.lists.frames.select(&range, number);
}

/// To the next time at which something came, as the timeline has it, or the one before.
fn step(model: &mut Model, view: &Index, way: Way) {
    let Some(window) = model.timeline.window() else { return explain(model) };
    let rows = model.lists.rows(view);
    let Some(here) = model.lists.here(view).and_then(|row| rows.number(row).zip(Some(row.time))) else { return };
    let begins = |time: Time| Time(time.0 - time.0 % window.width());
    let to = match way {
        Way::Forward => Time(begins(here.1).0.saturating_add(window.width())),
        Way::Backward => {
            let first = rows.number_from(RowId { time: begins(here.1), ..RowId::FIRST });
            let before = first.checked_sub(1).and_then(|number| rows.id(number));
            begins(before.map_or(here.1, |row| row.time))
        }
    };
    go_to(model, view, to);
}

fn zoom(model: &mut Model, zoom: Zoom) {
    if model.timeline.window().is_none() {
        return explain(model);
    }
    let words = match (model.timeline.zoom(zoom), zoom) {
        (Some(width), _) => format!("timeline: {} a column", clock::span(width)),
        (None, Zoom::In) => "timeline: there are no shorter columns".to_owned(),
        (None, Zoom::Out) => "timeline: all of it is to be seen".to_owned(),
    };
    model.toast(Level::Note, words);
}

fn turn(model: &mut Model) {
    let arrangement = &mut model.panes.arrangement;
    arrangement.timeline = !arrangement.timeline;
    let words = if arrangement.timeline { "the timeline is shown where there is room" } else { "no timeline" };
    model.toast(Level::Note, words);
}

fn explain(model: &mut Model) {
    let words = if model.panes.arrangement.timeline {
        "there is no room for the timeline".to_owned()
    } else {
        format!("there is no timeline: {} shows it", key_of(Action::Timeline))
    };
    model.toast(Level::Note, words);
}
