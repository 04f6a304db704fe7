//! What the keys of marks and folds do to the rows, and say.

use crate::journal::{Fold, View};
use crate::record::finding::Level;
use crate::tui::state::marks::{BOOKMARKS, Bookmarked, Way};
use crate::tui::state::model::Model;

/// Back to where the last jump began.
pub(super) fn jump_back(model: &mut Model, view: &View) {
    if !model.lists.jump_back(view) {
        model.toast(Level::Note, "there is no earlier place to go back to");
    }
}

/// Marks the selected row, or takes its mark away.
pub(super) fn turn_bookmark(model: &mut Model, view: &View) {
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
pub(super) fn to_bookmark(model: &mut Model, view: &View, way: Way) {
    if model.lists.here(view).is_some() && !model.lists.go_to_bookmark(view, way) {
        model.toast(Level::Note, "there is no bookmark among these rows: M sets one");
    }
}

/// Folds fragments into messages, or shows each again.
pub(super) fn turn_fragments(model: &mut Model, view: &View) {
    let fold = Fold { fragments: !model.lists.fold.fragments, ..model.lists.fold };
    model.lists.refold(view, fold);
    let words = if fold.fragments { "fragments are folded into messages" } else { "each fragment has a row" };
    model.toast(Level::Note, words);
}

/// Hides pings and pongs, or shows them again.
pub(super) fn turn_heartbeats(model: &mut Model, view: &View) {
    let fold = Fold { heartbeats: !model.lists.fold.heartbeats, ..model.lists.fold };
    model.lists.refold(view, fold);
    let words = if fold.heartbeats { "pings and pongs are hidden" } else { "pings and pongs are shown" };
    model.toast(Level::Note, words);
}
