//! What the keys of ranges and folds do to the rows, and say.

use crate::journal::{Fold, Heartbeats, Index};
use crate::record::finding::Level;
use crate::tui::keymap::{Action, key_of};
use crate::tui::message::Effect;
use crate::tui::state::model::Model;

/// What they do; `None` where it is none of them.
pub(super) fn perform(model: &mut Model, view: &Index, action: Action) -> Option<Vec<Effect>> {
    match action {
        Action::FoldFragments => turn_fragments(model, view),
        Action::HideHeartbeats => turn_heartbeats(model, view),
        Action::SelectRange => model.lists.turn_range(view),
        Action::JumpBack => jump_back(model, view),
        Action::SortSessions => sort_sessions(model, view),
        _ => return None,
    }
    Some(Vec::new())
}

/// Sorts the sessions by something else.
fn sort_sessions(model: &mut Model, view: &Index) {
    let list = &mut model.lists.sessions;
    list.sort = list.sort.next();
    list.arrange(view, model.now);
    let words = format!("sessions by {}", list.sort.name());
    model.toast(Level::Note, words);
}

/// Back to where the last jump began.
fn jump_back(model: &mut Model, view: &Index) {
    if !model.lists.jump_back(view) {
        model.toast(Level::Note, "there is no earlier place to go back to");
    }
}

/// Folds fragments into messages, or shows each again.
fn turn_fragments(model: &mut Model, view: &Index) {
    let fold = Fold { fragments: !model.lists.fold.fragments, ..model.lists.fold };
    model.lists.refold(view, fold);
    let words = if fold.fragments { "fragments are folded into messages" } else { "each fragment has a row" };
    model.toast(Level::Note, words);
}

/// Folds heartbeats, hides them, or shows them again.
fn turn_heartbeats(model: &mut Model, view: &Index) {
    let fold = Fold { heartbeats: model.lists.fold.heartbeats.next(), ..model.lists.fold };
    model.lists.refold(view, fold);
    let key = key_of(Action::HideHeartbeats);
    let words = match fold.heartbeats {
        Heartbeats::Shown => "each heartbeat has a row".to_owned(),
        Heartbeats::Folded => {
            format!("heartbeats are folded into one row where nothing stands between them: {key} hides it")
        }
        Heartbeats::Hidden => format!("heartbeats are hidden: {key} shows them"),
    };
    model.toast(Level::Note, words);
}
