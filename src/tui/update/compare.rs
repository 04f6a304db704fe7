//! What the keys of a comparison do, and what there is to compare.

use crate::journal::{Index, RowId};
use crate::record::finding::Level;
use crate::tui::keymap::{Action, Place, key_of};
use crate::tui::message::Effect;
use crate::tui::pages::compare::{Form, Pairing};
use crate::tui::state::compare::Compare;
use crate::tui::state::marks::Way;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;

/// What they do; `None` where it is none of them.
pub(super) fn perform(model: &mut Model, view: &Index, action: Action) -> Option<Vec<Effect>> {
    match (action, &mut model.overlay) {
        (Action::Compare, Some(Overlay::Compare(compare))) => {
            if !compare.turn() {
                model.toast(Level::Note, "there is nothing else to compare here");
            }
        }
        (Action::Compare, _) => open(model, view),
        (Action::Hex, Some(Overlay::Compare(compare))) => compare.turn_form(Form::Hex),
        (Action::Text, Some(Overlay::Compare(compare))) => compare.turn_form(Form::Text),
        (Action::ShowEqual, Some(Overlay::Compare(compare))) => compare.turn_equal(),
        (Action::NextDifference, _) => go(model, Way::Forward),
        (Action::PreviousDifference, _) => go(model, Way::Backward),
        (Action::ShowEqual, _) => {}
        _ => return None,
    }
    Some(Vec::new())
}

fn go(model: &mut Model, way: Way) {
    let Some(Overlay::Compare(compare)) = &mut model.overlay else { return };
    if !compare.go(way, model.count.times() as usize) {
        model.toast(Level::Note, "there is no difference to go to");
    }
}

fn open(model: &mut Model, view: &Index) {
    let Some(row) = model.selected_row(view).map(|row| row.id) else {
        return model.toast(Level::Note, "there is no row to compare yet");
    };
    let marked = model.lists.marks.last();
    match Compare::new(pairings(model, view, row)) {
        Some(compare) => model.overlay = Some(Overlay::Compare(Box::new(compare))),
        None => {
            let (mark, compare) = (key_of(Action::Bookmark), key_of(Action::Compare));
            let words = match marked {
                Some(_) => format!("this is the marked row: go to another, and {compare} compares the two"),
                None => format!("nothing to compare with: {mark} marks a row, {compare} on another compares the two"),
            };
            model.toast(Level::Note, words);
        }
    }
}

/// What a row can be compared with: the row that was marked last, and what left in its place. In the detail, which tells of
/// that, it comes first.
fn pairings(model: &Model, view: &Index, row: RowId) -> Vec<Pairing> {
    let marked = model.lists.marks.last().filter(|marked| *marked != row && view.row_by_id(*marked).is_some());
    let marked = marked.map(|marked| Pairing::Rows { marked, row });
    let sent = view.row_by_id(row).and_then(|row| view.frame(row)).and_then(|frame| frame.sent);
    let sent = sent.map(|_| Pairing::Sent(row));
    let both = if model.place() == Place::Detail { [sent, marked] } else { [marked, sent] };
    both.into_iter().flatten().collect()
}
