//! What the keys of the search do.

use crate::journal::{Index, RowId};
use crate::query::Pattern;
use crate::record::finding::Level;
use crate::tui::keymap::{Action, key_of};
use crate::tui::message::Effect;
use crate::tui::state::composer::Recall;
use crate::tui::state::marks::Way;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::search::{Prompt, Wanted};

/// What they do; `None` where it is none of them.
pub(super) fn perform(model: &mut Model, view: &Index, action: Action) -> Option<Vec<Effect>> {
    match action {
        Action::Search => open(model),
        Action::NextMatch => step(model, view, Way::Forward),
        Action::PreviousMatch => step(model, view, Way::Backward),
        Action::SearchGo => submit(model, view),
        Action::SearchSyntax => turn_syntax(model),
        Action::SearchEarlier => recall(model, Recall::Earlier),
        Action::SearchLater => recall(model, Recall::Later),
        Action::SearchErase => edit(model, |prompt| {
            prompt.line.input.delete_line_by_head();
        }),
        Action::SearchDiscard => discard(model),
        _ => return None,
    }
    Some(Vec::new())
}

/// Opens the line.
fn open(model: &mut Model) {
    let syntax = model.search.last.as_ref().map(Pattern::syntax).unwrap_or_default();
    model.overlay = Some(Overlay::Search(Box::new(Prompt::new(syntax))));
}

/// Takes a change of the line's text in.
pub(super) fn typed(model: &mut Model) {
    if let Some(Overlay::Search(prompt)) = &mut model.overlay {
        model.search.pattern = prompt.read();
    }
}

/// Reads the line as a regular expression, or as it stands.
fn turn_syntax(model: &mut Model) {
    edit(model, Prompt::turn_syntax);
}

/// Puts an earlier pattern, or a later one, into the line.
fn recall(model: &mut Model, direction: Recall) {
    if let Some(Overlay::Search(prompt)) = &mut model.overlay {
        prompt.recall(&model.search.history, direction);
    }
    typed(model);
}

/// Changes the line.
fn edit(model: &mut Model, change: impl FnOnce(&mut Prompt)) {
    if let Some(Overlay::Search(prompt)) = &mut model.overlay {
        change(prompt);
    }
    typed(model);
}

/// Closes the line and goes to the first match from here on, or from the newest row to the last one. An empty one takes the last pattern again.
fn submit(model: &mut Model, view: &Index) {
    let Some(Overlay::Search(prompt)) = &model.overlay else { return };
    if prompt.error.is_some() {
        return;
    }
    model.overlay = None;
    if let Some(pattern) = &model.search.pattern {
        model.search.last = Some(pattern.clone());
        model.search.history.push(pattern.text().to_owned());
    }
    // Behind the newest row there is nothing: who follows is after what came last.
    let way = if model.lists.frames.is_following() { Way::Backward } else { Way::Forward };
    want(model, view, way, true);
}

/// Closes the line, and nothing is highlighted any more.
fn discard(model: &mut Model) {
    model.overlay = None;
    model.search.clear();
}

/// On to the next match.
fn step(model: &mut Model, view: &Index, way: Way) {
    want(model, view, way, false);
}

fn want(model: &mut Model, view: &Index, way: Way, here_too: bool) {
    let search = &mut model.search;
    if search.pattern.is_none() {
        search.pattern.clone_from(&search.last);
        search.found.reset();
    }
    if search.pattern.is_none() {
        let key = key_of(Action::Search);
        model.toast(Level::Note, format!("there is nothing to search for yet: {key} asks for it"));
        return;
    }
    model.search.wanted = model.lists.here(view).map(|from| Wanted { from, way, here_too });
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
    let to = model.search.found.on_the_way(wanted).find(is_place);
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
