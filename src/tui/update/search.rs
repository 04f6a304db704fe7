//! What the keys of the search do.

use crate::journal::{Index, RowId};
use crate::query::{Error, Pattern};
use crate::record::finding::Level;
use crate::tui::keymap::{Action, Place, key_of};
use crate::tui::message::Effect;
use crate::tui::state::composer::Recall;
use crate::tui::state::marks::Way;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::query_line::QueryLine;
use crate::tui::state::search::Wanted;

use super::filter;

use super::moving;

/// What they do; `None` where it is none of them.
pub(super) fn perform(model: &mut Model, view: &Index, action: Action) -> Option<Vec<Effect>> {
    match action {
        Action::Search => open(model, view),
        Action::NextMatch => step(model, view, Way::Forward),
        Action::PreviousMatch => step(model, view, Way::Backward),
        Action::SearchGo => submit(model, view),
        Action::SearchComplete => complete(model),
        Action::SearchEarlier => recall(model, Recall::Earlier),
        Action::SearchLater => recall(model, Recall::Later),
        Action::SearchErase => edit(model, |line| {
            line.line.input.delete_line_by_head();
        }),
        Action::SearchDiscard => discard(model),
        _ => return None,
    }
    Some(Vec::new())
}

/// Opens the line.
fn open(model: &mut Model, view: &Index) {
    let origin = model.lists.origin(view);
    model.overlay = Some(Overlay::Search(Box::new(QueryLine::new("", filter::known(model, view), origin))));
}

/// Takes a change of the line's text in. While something is wrong with it, nothing is searched for.
pub(super) fn typed(model: &mut Model) {
    let is_for_sessions = is_for_sessions(model);
    match &mut model.overlay {
        // Of a session there are words only.
        Some(Overlay::Search(line)) if is_for_sessions => {
            let read = Pattern::literal(&line.line.text());
            line.error = read.as_ref().err().map(|why| Error { at: 0, why: why.clone() });
            model.lists.sessions.pattern = read.ok().flatten();
        }
        Some(Overlay::Search(line)) => model.search.query = line.read().ok().flatten(),
        _ => {}
    }
}

/// Whether it is sessions that are searched, and not rows.
fn is_for_sessions(model: &Model) -> bool {
    model.panes.place() == Place::Sessions
}

/// Completes a field or its value, which sessions do not have.
fn complete(model: &mut Model) {
    if !is_for_sessions(model) {
        edit(model, QueryLine::complete);
    }
}

/// Puts what was searched for before into the line, or after that.
fn recall(model: &mut Model, direction: Recall) {
    if let Some(Overlay::Search(line)) = &mut model.overlay {
        if direction == Recall::Later && !line.line.is_recalled() {
            line.line.set("");
        } else {
            line.line.recall(direction, |back| model.search.history.get(back));
        }
    }
    typed(model);
}

/// Changes the line.
fn edit(model: &mut Model, change: impl FnOnce(&mut QueryLine)) {
    if let Some(Overlay::Search(line)) = &mut model.overlay {
        change(line);
    }
    typed(model);
}

/// Closes the line and goes to the first match from here on, or from the newest row to the last one. An empty one
/// searches for the last again.
fn submit(model: &mut Model, view: &Index) {
    let Some(Overlay::Search(line)) = &model.overlay else { return };
    if line.error.is_some() {
        return;
    }
    model.overlay = None;
    if is_for_sessions(model) {
        return to_session(model, view, Way::Forward, Start::Here);
    }
    if let Some(query) = &model.search.query {
        model.search.last = Some(query.clone());
        model.search.history.push(query.text().to_owned());
    }
    // Behind the newest row there is nothing: who follows is after what came last.
    let way = if model.lists.frames.is_following() { Way::Backward } else { Way::Forward };
    want(model, view, way, true);
}

/// Closes the line, and nothing is highlighted any more.
fn discard(model: &mut Model) {
    model.overlay = None;
    if is_for_sessions(model) {
        model.lists.sessions.pattern = None;
    } else {
        model.search.clear();
    }
}

/// On to the next match.
fn step(model: &mut Model, view: &Index, way: Way) {
    if is_for_sessions(model) {
        return to_session(model, view, way, Start::Behind);
    }
    want(model, view, way, false);
}

/// Where a search among sessions begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    /// At the chosen one.
    Here,
    /// Behind it, or before it.
    Behind,
}

/// Chooses the next session that is what is searched for, and around the end.
fn to_session(model: &mut Model, view: &Index, way: Way, start: Start) {
    let list = &model.lists.sessions;
    if list.pattern.is_none() {
        let key = key_of(Action::Search);
        model.toast(Level::Note, format!("there is nothing to search for yet: {key} asks for it"));
        return;
    }
    let matching: Vec<usize> = list
        .from(view, 0)
        .enumerate()
        .filter(|(_, summary)| list.matches(summary))
        .map(|(place, _)| place + 1)
        .collect();
    let here = model.lists.session_index(view);
    let next = match way {
        Way::Forward => matching.iter().find(|place| **place > here || (start == Start::Here && **place == here)),
        Way::Backward => matching.iter().rev().find(|place| **place < here),
    };
    let end = if way == Way::Forward { matching.first() } else { matching.last() };
    match next.or(end).copied() {
        Some(place) => moving::choose_session(model, view, place),
        None => model.toast(Level::Note, "no session has that"),
    }
}

fn want(model: &mut Model, view: &Index, way: Way, here_too: bool) {
    let search = &mut model.search;
    if search.query.is_none() {
        search.query.clone_from(&search.last);
        search.found.reset();
    }
    if search.query.is_none() {
        let key = key_of(Action::Search);
        model.toast(Level::Note, format!("there is nothing to search for yet: {key} asks for it"));
        return;
    }
    model.search.wanted = model.lists.here(view).map(|from| Wanted { from, way, here_too, steps: model.count.times() });
    arrive(model, view);
}

/// Makes the jump that is wanted, as soon as it is known where to.
pub(super) fn arrive(model: &mut Model, view: &Index) {
    let Some(wanted) = model.search.wanted else { return };
    let rows = model.lists.rows(view);
    let here = rows.number(wanted.from);
    // Fragments of one message are one place.
    let is_place = |row: &RowId| {
        let number = rows.number(*row);
        number.is_some() && (wanted.here_too || number != here)
    };
    let others = || model.search.found.on_the_way(wanted).filter(is_place);
    // Whoever goes round passes the match where they began.
    let own = Some(wanted.from).filter(|from| wanted.steps > 1 && !wanted.here_too && model.search.found.has(*from));
    let to = nth_around(|| others().chain(own), wanted.steps);
    match to {
        Some(to) if model.search.found.is_certain(wanted, to) => {
            model.search.wanted = None;
            model.lists.remember(view);
            model.lists.go_to(view, to);
            let is_around = match wanted.way {
                Way::Forward => to < wanted.from,
                Way::Backward => to > wanted.from,
            };
            if is_around {
                let end = if wanted.way == Way::Forward { "first" } else { "last" };
                model.toast(Level::Note, format!("on from the {end} match"));
            }
        }
        None if model.search.found.is_done() => {
            model.search.wanted = None;
            let words = if model.search.found.is_empty() { "no match" } else { "there is no other match" };
            model.toast(Level::Note, words);
        }
        _ => {}
    }
}

/// The item at a place counted from 1, round and round.
pub(super) fn nth_around<T, I: Iterator<Item = T>>(items: impl Fn() -> I, place: u64) -> Option<T> {
    let place = usize::try_from(place).unwrap_or(usize::MAX).saturating_sub(1);
    items().nth(place).or_else(|| {
        let count = items().count();
        items().nth(place.checked_rem(count)?)
    })
}
