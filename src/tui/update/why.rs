//! From one problem to the next, and the page that says why.

use crate::journal::{Index, RowId};
use crate::record::finding::Level;
use crate::record::{Event, FrameNumber, Seen, Side};
use crate::tui::keymap::Place;
use crate::tui::state::cursor::Scroll;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::panes::Tab;
use crate::tui::state::why::Why;

use super::problems;
use super::search::nth_around;

/// Goes to the next row that tells of something wrong, and around the end.
pub(crate) fn next_problem(model: &mut Model, view: &Index) {
    if model.panes.tab != Tab::Frames {
        model.panes.turn_to(Tab::Frames);
    }
    // One who follows stands behind the last row, so that the first problem is the next.
    let here = if model.lists.frames.is_following() { None } else { model.lists.here(view) };
    let problems = view.problems();
    let behind = here.map_or(0, |here| problems.partition_point(|row| *row <= here));
    let in_turn = || problems.range(behind..).chain(problems.range(..behind));
    let rows = model.lists.rows(view);
    let is_shown = |row: &&RowId| {
        let shown = rows.number(**row).and_then(|number| rows.row(number));
        shown.is_some_and(|shown| shown.id == **row)
    };
    let shown = || in_turn().filter(is_shown);
    let Some(row) = nth_around(shown, model.count.times()).copied() else {
        model.toast(Level::Note, none_left(model, view));
        return;
    };
    let place = problems.binary_search(&row).map_or(0, |place| place + 1);
    model.lists.remember(view);
    model.lists.go_to(view, row);
    if model.panes.focus == Place::Sessions {
        model.panes.focus = Place::Frames;
    }
    let count = problems.len();
    model.toast(Level::Note, format!("problem {place} of {count} · W says why"));
}

fn none_left(model: &Model, view: &Index) -> String {
    match (model.lists.session(), view.problems().len()) {
        (_, 0) => "no problems seen".to_owned(),
        (Some(id), others) => format!("no problem in session {}; {others} in others: choose all sessions", id.0),
        (None, _) => "no problem among these rows".to_owned(),
    }
}

/// Opens the why page of the selected frame, or of the session that is meant.
pub(crate) fn open(model: &mut Model, view: &Index) {
    let row = model.selected_row(view).filter(|_| matches!(model.panes.tab, Tab::Frames));
    let chosen = row.and_then(|row| Some((row.session?, frame_of(&row.record))));
    let chosen = chosen.or_else(|| problems::selected(model));
    let Some((session, frame)) = chosen.or_else(|| model.session(view).map(|summary| (summary.id, None))) else {
        model.toast(Level::Note, "there is no session yet that anything could be wrong with");
        return;
    };
    model.overlay = Some(Overlay::Why(Why { session, frame, scroll: Scroll::default() }));
}

/// The frame that a row is, or that its finding is in.
fn frame_of(record: &Seen<'_>) -> Option<(Side, FrameNumber)> {
    match record {
        Seen::Frame(frame) => Some((frame.from, frame.number)),
        Seen::Event(_, event) => match event {
            Event::Finding(from, finding) => Some((*from, finding.frame()?)),
            Event::Verdict(verdict) => Some((Side::Server, verdict.frame?)),
            _ => None,
        },
        _ => None,
    }
}
