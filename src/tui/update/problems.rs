//! What the keys of the list of problems do.

use crate::journal::{Index, RowId, Scope};
use crate::record::finding::Level;
use crate::record::{FrameNumber, SessionId, Side};
use crate::tui::keymap::{Action, Place};
use crate::tui::message::Effect;
use crate::tui::pages::problems::{Grouping, Item, Order};
use crate::tui::state::line::Line;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::panes::Tab;

use super::marks;
use super::moving;
use super::prompt;

/// What they do; `None` where it is none of them.
pub(super) fn perform(model: &mut Model, view: &Index, action: Action) -> Option<Vec<Effect>> {
    let (is_here, is_searched) = (model.place() == Place::Diagnosis, !model.problems.wanted.is_empty());
    match (action, &mut model.overlay) {
        (Action::Send, Some(Overlay::ProblemSearch(_))) => model.overlay = None,
        (Action::Discard, Some(Overlay::ProblemSearch(_))) => {
            model.overlay = None;
            model.problems.wanted.clear();
        }
        (Action::EraseLine, Some(Overlay::ProblemSearch(line))) => {
            line.input.delete_line_by_head();
            typed(model);
        }
        (Action::Deeper, None) if is_here => go(model, view),
        (Action::Back, None) if is_here && is_searched => {
            model.problems.wanted.clear();
        }
        (Action::SearchProblems, _) => {
            let line = Line::new(&model.problems.wanted);
            model.overlay = Some(Overlay::ProblemSearch(Box::new(line)));
        }
        (Action::GroupProblems, _) => {
            model.problems.turn_grouping();
            let words = match model.problems.grouping {
                Grouping::Kinds => "a line for each kind of problem",
                Grouping::Each => "a line for each problem",
            };
            model.toast(Level::Note, words);
        }
        (Action::SortProblems, _) => {
            model.problems.turn_order();
            let words = match model.problems.order {
                Order::Worst => "the worst first",
                Order::Newest => "the newest first",
                Order::Most => "what was seen most often first",
            };
            model.toast(Level::Note, words);
        }
        _ => return None,
    }
    Some(Vec::new())
}

/// Takes a change of the words in that a problem has to have.
pub(super) fn typed(model: &mut Model) {
    if let Some(Overlay::ProblemSearch(line)) = &model.overlay {
        model.problems.wanted = line.text();
        model.problems.scroll.reset();
    }
}

/// The session, and the frame, of the problem that is selected.
pub(super) fn selected(model: &Model) -> Option<(SessionId, Option<(Side, FrameNumber)>)> {
    let item = model.problems.item().filter(|_| model.place() == Place::Diagnosis)?;
    Some((item.session?, item.frame))
}

/// Goes to the frame of the selected problem, else to the row that tells of it, else to its session.
fn go(model: &mut Model, view: &Index) {
    let Some(item) = model.problems.item().cloned() else {
        return model.toast(Level::Note, "there is no problem to go to");
    };
    let Some(session) = item.session else {
        return model.toast(Level::Note, "this is about the upstream: no session reached it");
    };
    if let Some((_, frame)) = item.frame {
        model.lists.remember(view);
        return prompt::choose_frame(model, view, Some(session), frame);
    }
    model.panes.focus = Place::Frames;
    match row_of(view, session, &item) {
        Some(row) => marks::go_to(model, view, row),
        None => {
            model.panes.turn_to(Tab::Frames);
            if let Some(index) = view.sessions().position(|summary| summary.id == session) {
                moving::choose_session(model, view, index + 1);
            }
        }
    }
}

/// The row that tells of a problem, or its session's last one.
fn row_of(view: &Index, session: SessionId, item: &Item) -> Option<RowId> {
    let mut told = view.problems().iter().rev().filter_map(|row| view.row_by_id(*row));
    let exact = told.find(|row| row.session == Some(session) && row.time == item.time);
    let last = view.range(Scope::Session(session)).end.checked_sub(1);
    let last = last.and_then(|last| view.row(Scope::Session(session), last));
    exact.or(last).map(|row| row.id)
}
