//! What the keys of marks do: on a row, in the line of a note, and in the list.

use crate::journal::{Index, RowId};
use crate::record::finding::Level;
use crate::tui::keymap::{Action, key_of};
use crate::tui::message::Effect;
use crate::tui::state::line::Line;
use crate::tui::state::mark_list::MarkList;
use crate::tui::state::marks::{BOOKMARKS, Bookmarked, Way};
use crate::tui::state::model::Model;
use crate::tui::state::note::NoteLine;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::panes::Tab;

use super::filter;

/// What they do; `None` where it is none of them.
pub(super) fn perform(model: &mut Model, view: &Index, action: Action) -> Option<Vec<Effect>> {
    match (action, &mut model.overlay) {
        (Action::Send, Some(Overlay::Note(_))) => keep(model, view),
        (Action::Discard, Some(Overlay::Note(_))) => model.overlay = None,
        (Action::EraseLine, Some(Overlay::Note(note))) => _ = note.line.input.delete_line_by_head(),
        (Action::Bookmark, Some(Overlay::Marks(list))) => {
            let row = list.row(&model.lists.marks);
            row.into_iter().for_each(|row| remove(model, view, row));
        }
        (Action::Bookmark, _) => turn(model, view),
        (Action::NextBookmark, _) => to_next(model, view, Way::Forward),
        (Action::PreviousBookmark, _) => to_next(model, view, Way::Backward),
        (Action::Bookmarks, _) => open(model, view),
        (Action::GoToBookmark, _) => go(model, view),
        (Action::EditNote, _) => edit(model),
        (Action::BookmarksDone, _) => model.overlay = None,
        _ => return None,
    }
    Some(Vec::new())
}

/// Asks for the note of the selected row's mark, or takes the mark away.
fn turn(model: &mut Model, view: &Index) {
    if model.panes.tab != Tab::Frames {
        return model.toast(Level::Note, "marks are for the rows of the frame log");
    }
    let Some(row) = model.lists.here(view) else {
        return model.toast(Level::Note, "there is no row to mark yet");
    };
    if model.lists.marks.has(row) {
        return remove(model, view, row);
    }
    // The row that is to be marked shall not be another when the note is written.
    model.lists.go_to(view, row);
    ask(model, row, "");
}

fn ask(model: &mut Model, row: RowId, note: &str) {
    model.overlay = Some(Overlay::Note(Box::new(NoteLine { row, line: Line::new(note) })));
}

fn remove(model: &mut Model, view: &Index, row: RowId) {
    if model.lists.unmark(view, row) {
        model.toast(Level::Note, "mark removed");
    }
}

/// Sets the mark.
fn keep(model: &mut Model, view: &Index) {
    let Some(Overlay::Note(note)) = model.overlay.take() else { return };
    if view.row_by_id(note.row).is_none() {
        return model.toast(Level::Warning, "the row has left memory");
    }
    match model.lists.mark(view, note.row, &note.line.text()) {
        Bookmarked::Set(count) => {
            let (plural, list) = (if count == 1 { "" } else { "s" }, key_of(Action::Bookmarks));
            model.toast(Level::Note, format!("{count} mark{plural} · {list} lists them"));
        }
        Bookmarked::Full => {
            model.toast(Level::Warning, format!("there are {BOOKMARKS} marks already: remove one first"));
        }
    }
}

/// On to the next mark.
fn to_next(model: &mut Model, view: &Index, way: Way) {
    if model.lists.here(view).is_some() && !model.lists.go_to_bookmark(view, way, model.count.repeats()) {
        let key = key_of(Action::Bookmark);
        model.toast(Level::Note, format!("there is no mark among these rows: {key} sets one"));
    }
}

fn open(model: &mut Model, view: &Index) {
    if model.lists.marks.bookmarks().len() == 0 {
        let key = key_of(Action::Bookmark);
        return model.toast(Level::Note, format!("there is no mark yet: {key} sets one"));
    }
    model.overlay = Some(Overlay::Marks(MarkList::at(model.lists.here(view))));
}

/// Goes to the row of the mark that is selected in the list.
fn go(model: &mut Model, view: &Index) {
    let Some(Overlay::Marks(list)) = &model.overlay else { return };
    let Some(row) = list.row(&model.lists.marks) else { return };
    model.overlay = None;
    go_to(model, view, row);
}

/// Goes to a marked row, whosever frames are shown.
pub(super) fn go_to(model: &mut Model, view: &Index, row: RowId) {
    if model.panes.tab != Tab::Frames {
        model.panes.turn_to(Tab::Frames);
    }
    let session = view.row_by_id(row).and_then(|row| row.session);
    model.lists.remember(view);
    if model.lists.session().is_some() && model.lists.session() != session {
        super::moving::choose_session(model, view, 0);
    }
    if !model.lists.go_to(view, row) {
        filter::hidden(model);
    }
}

fn edit(model: &mut Model) {
    let Some(Overlay::Marks(list)) = &model.overlay else { return };
    let Some(row) = list.row(&model.lists.marks) else { return };
    let note = model.lists.marks.bookmark(row).map(|bookmark| bookmark.note.clone()).unwrap_or_default();
    ask(model, row, &note);
}
