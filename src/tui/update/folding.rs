//! Folding fragments into messages and hiding heartbeats: the same rows under other numbers.

use crate::journal::{Fold, View};
use crate::record::finding::Level;

use crate::tui::state::model::Model;

/// Folds fragments into messages, or shows each again.
pub(crate) fn toggle_fragments(model: &mut Model, view: &View) {
    let fold = Fold { fragments: !model.fold.fragments, ..model.fold };
    set(model, view, fold);
    let words = if fold.fragments { "fragments are folded into messages" } else { "each fragment has a row" };
    model.toast(Level::Note, words);
}

/// Hides pings and pongs, or shows them again.
pub(crate) fn toggle_heartbeats(model: &mut Model, view: &View) {
    let fold = Fold { heartbeats: !model.fold.heartbeats, ..model.fold };
    set(model, view, fold);
    let words = if fold.heartbeats { "pings and pongs are hidden" } else { "pings and pongs are shown" };
    model.toast(Level::Note, words);
}

/// What is selected stays selected, or the message that it belongs to.
fn set(model: &mut Model, view: &View, fold: Fold) {
    let old = model.lens();
    model.fold = fold;
    let new = model.lens();
    model.frames.renumber(&view.range(new), |row| view.number(new, view.row(old, row)?.id));
}
