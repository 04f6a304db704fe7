//! What the keys of marks and folds do to the rows, and say.

use crate::journal::{Fold, Index};
use crate::record::finding::Level;
use crate::tui::keymap::Action;
use crate::tui::message::Effect;
use crate::tui::state::marks::{BOOKMARKS, Bookmarked, Way};
use crate::tui::state::model::Model;

/// What they do; `None` where it is none of them.
pub(super) fn perform(model: &mut Model, view: &Index, action: Action) -> Option<Vec<Effect>> {
    match action {
        Action::FoldFragments => turn_fragments(model, view),
        Action::HideHeartbeats => turn_heartbeats(model, view),
        Action::SelectRange => model.lists.turn_range(view),
        Action::Bookmark => turn_bookmark(model, view),
        Action::NextBookmark => to_bookmark(model, view, Way::Forward),
        Action::PreviousBookmark => to_bookmark(model, view, Way::Backward),
        Action::JumpBack => jump_back(model, view),
        _ => return None,
    }
    Some(Vec::new())
}

/// Back to where the last jump began.
fn jump_back(model: &mut Model, view: &Index) {
    if !model.lists.jump_back(view) {
        model.toast(Level::Note, "there is no earlier place to go back to");
    }
}

/// Marks the selected row, or takes its mark away.
fn turn_bookmark(model: &mut Model, view: &Index) {
    match model.lists.turn_bookmark(view) {
        Some(Bookmarked::Set(1)) => model.toast(Level::Note, "1 bookmark"),
        Some(Bookmarked::Set(count)) => model.toast(Level::Note, format!("{count} bookmarks")),
        Some(Bookmarked::Removed) => model.toast(Level::Note, "bookmark removed"),
        Some(Bookmarked::Full) => {
            model.toast(Level::Warning, format!("there are {BOOKMARKS} bookmarks already: remove one first"));
        }
        None => {}
    }
}

/// On to the next bookmark.
fn to_bookmark(model: &mut Model, view: &Index, way: Way) {
    if model.lists.here(view).is_some() && !model.lists.go_to_bookmark(view, way) {
        model.toast(Level::Note, "there is no bookmark among these rows: M sets one");
    }
}

/// Folds fragments into messages, or shows each again.
fn turn_fragments(model: &mut Model, view: &Index) {
    let fold = Fold { fragments: !model.lists.fold.fragments, ..model.lists.fold };
    model.lists.refold(view, fold);
    let words = if fold.fragments { "fragments are folded into messages" } else { "each fragment has a row" };
    model.toast(Level::Note, words);
}

/// Hides pings and pongs, or shows them again.
fn turn_heartbeats(model: &mut Model, view: &Index) {
    let fold = Fold { heartbeats: !model.lists.fold.heartbeats, ..model.lists.fold };
    model.lists.refold(view, fold);
    let words = if fold.heartbeats { "pings and pongs are hidden" } else { "pings and pongs are shown" };
    model.toast(Level::Note, words);
}
