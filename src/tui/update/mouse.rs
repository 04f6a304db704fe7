//! The mouse: a click takes what is under it, the wheel moves.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use crate::journal::Index;
use crate::tui::keymap::{Action, Place};
use crate::tui::message::Effect;
use crate::tui::state::drawn::Drawn;
use crate::tui::state::model::Model;
use crate::tui::state::panes::Tab;

use super::{actions, moving, timeline};

/// Rows or lines for one notch of the wheel.
const NOTCH: i64 = 3;

/// Takes an event in.
pub(crate) fn mouse(model: &mut Model, view: &Index, event: MouseEvent) -> Vec<Effect> {
    let at = Position::new(event.column, event.row);
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) if model.overlay.is_none() => click(model, view, at),
        MouseEventKind::Drag(MouseButton::Left) => {
            if let Some(divider) = model.panes.dragged {
                model.panes.arrangement.drag(divider, at);
            } else if model.overlay.is_none() {
                jump(model, view, at);
            }
        }
        MouseEventKind::Up(MouseButton::Left) => model.panes.dragged = None,
        MouseEventKind::ScrollDown => wheel(model, view, at, NOTCH),
        MouseEventKind::ScrollUp => wheel(model, view, at, -NOTCH),
        _ => {}
    }
    Vec::new()
}

fn click(model: &mut Model, view: &Index, at: Position) {
    let drawn = &model.drawn;
    model.panes.dragged = drawn.dividers.iter().find(|(area, _)| area.contains(at)).map(|(_, divider)| *divider);
    if model.panes.dragged.is_some() {
        return;
    }
    if jump(model, view, at) {
        model.panes.focus = Place::Frames;
        return;
    }
    let drawn = &model.drawn;
    if let Some((_, tab)) = drawn.tabs.iter().find(|(area, _)| area.contains(at)) {
        model.panes.turn_to(*tab);
    } else if drawn.problem.contains(at) {
        actions::perform(model, view, Action::Diagnosis);
    } else if let Some((area, top)) = drawn.sessions.filter(|(area, _)| area.contains(at)) {
        let index = top + usize::from(at.y - area.y);
        model.panes.focus = Place::Sessions;
        if index <= view.sessions().len() {
            moving::choose_session(model, view, index);
        }
    } else if let Some((area, _)) = drawn.rows.filter(|(area, _)| area.contains(at)) {
        let down = u64::from(at.y - area.y);
        model.panes.focus = Place::Frames;
        let rows = model.rows(view).range();
        let cursor = model.list().0;
        let row = cursor.top() + down;
        if rows.contains(&row) {
            cursor.select(&rows, row);
        }
    } else if let Some((area, scroll)) =
        drawn.page.filter(|(area, _)| area.contains(at) && model.panes.tab == Tab::Diagnosis)
    {
        model.problems.select(scroll.top() + usize::from(at.y - area.y));
    } else if let Some(area) = drawn.detail.filter(|area| area.contains(at)) {
        let (row, column) = (usize::from(at.y - area.y), usize::from(at.x - area.x));
        model.panes.focus = Place::Detail;
        // A column is left free at the left.
        model.detail.point(row, column.saturating_sub(1), &model.look.theme);
    }
}

/// To the place in the timeline or in the scrollbar that the pointer is on. Says whether it is on one.
fn jump(model: &mut Model, view: &Index, at: Position) -> bool {
    if let Some((area, window)) = model.drawn.timeline.filter(|(area, _)| area.contains(at)) {
        timeline::go_to(model, view, window.start(at.x - area.x));
        return true;
    }
    let Some(area) = model.drawn.scrollbar.filter(|area| area.contains(at)) else { return false };
    let rows = model.rows(view).range();
    let count = rows.end.saturating_sub(rows.start);
    let down = u128::from(count) * u128::from(at.y - area.y) / u128::from(area.height.saturating_sub(1).max(1));
    model.list().0.select(&rows, rows.start + down as u64);
    true
}

/// Moves what is under the pointer, and leaves the focus where it is.
fn wheel(model: &mut Model, view: &Index, at: Position, by: i64) {
    let drawn = &model.drawn;
    if model.overlay.is_some() {
        moving::step(model, view, by);
    } else if drawn.detail.is_some_and(|area| area.contains(at)) {
        model.detail.scroll.step(by);
    } else if Drawn::is_in(drawn.rows.as_ref(), at) {
        let rows = model.rows(view).range();
        model.list().0.step(&rows, by);
    } else if Drawn::is_in(drawn.sessions.as_ref(), at) && model.panes.tab == Tab::Frames {
        let pane = std::mem::replace(&mut model.panes.focus, Place::Sessions);
        moving::step(model, view, by.signum());
        model.panes.focus = pane;
    } else {
        moving::step(model, view, by);
    }
}
