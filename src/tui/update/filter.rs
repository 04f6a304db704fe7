//! What the keys of the filter do.

use crate::decode::Limits;
use crate::journal::{Fold, Index, Joined, Scope};
use crate::query::{Known, Query};
use crate::record::Seen;
use crate::record::finding::Level;
use crate::text;
use crate::tui::keymap::{Action, Place, key_of};
use crate::tui::message::Effect;
use crate::tui::pages::content;
use crate::tui::state::composer::Recall;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::panes::Tab;
use crate::tui::state::query_line::QueryLine;
use crate::wire::close::Code;

/// Messages of which names are completed: the newest, so many as a key may wait for.
const MESSAGES: usize = 100;
/// Sessions of which paths and numbers are completed: the newest.
const KNOWN: usize = 200;

/// What they do; `None` where it is none of them.
pub(super) fn perform(model: &mut Model, view: &Index, action: Action) -> Option<Vec<Effect>> {
    match action {
        Action::Filter => open(model, view),
        Action::FilterKeep => keep(model),
        Action::FilterClear => {
            let origin = match &model.overlay {
                Some(Overlay::Filter(line)) => line.origin,
                _ => None,
            };
            model.overlay = None;
            model.lists.ask(view, None, origin);
        }
        Action::FilterComplete => edit(model, view, QueryLine::complete),
        Action::FilterEarlier => recall(model, view, Recall::Earlier),
        Action::FilterLater => recall(model, view, Recall::Later),
        Action::FilterErase => edit(model, view, |line| {
            line.line.input.delete_line_by_head();
        }),
        _ => return None,
    }
    Some(Vec::new())
}

/// Opens the line, with the filter that there is.
fn open(model: &mut Model, view: &Index) {
    if model.panes.tab != Tab::Frames {
        model.panes.turn_to(Tab::Frames);
    }
    model.panes.focus = Place::Frames;
    let text = model.lists.filter.query().map(|query| format!("{} ", query.text())).unwrap_or_default();
    let origin = model.lists.origin(view);
    let known = Known { notes: notes(model), ..known(model, view) };
    model.overlay = Some(Overlay::Filter(Box::new(QueryLine::new(&text, known, origin))));
}

/// The notes of marks, each once.
fn notes(model: &Model) -> Vec<String> {
    let mut notes: Vec<String> = model.lists.marks.bookmarks().map(|(_, bookmark)| bookmark.note.clone()).collect();
    notes.retain(|note| !note.is_empty());
    notes.sort();
    notes.dedup();
    notes
}

/// What there is to be completed.
pub(super) fn known(model: &Model, view: &Index) -> Known {
    let mut known = Known { events: events(model, view), ..Known::default() };
    known.saved = model.saved.iter().map(|(name, query)| (name.to_owned(), query.to_owned())).collect();
    for summary in view.sessions().rev().take(KNOWN) {
        known.sessions.push(summary.id.0);
        known.paths.push(text::escape(&summary.path));
        known.ids.extend(summary.findings.iter().map(|(_, _, finding)| finding.kind.id()));
        known.codes.extend(summary.closed.as_ref().and_then(|(_, closed)| closed.code).map(Code::value));
    }
    known.codes.sort_unstable();
    known.codes.dedup();
    known.paths.sort_unstable();
    known.paths.dedup();
    known.ids.sort_unstable();
    known.ids.dedup();
    known
}

/// The names that decoders give to the newest messages.
fn events(model: &Model, view: &Index) -> Vec<String> {
    let mut events = Vec::new();
    for row in view.range(Scope::All).rev().take(MESSAGES).filter_map(|number| view.row(Scope::All, number)) {
        let (Seen::Frame(record), Some(decoder)) = (row.record, model.decoders.of(row.session)) else { continue };
        let said = Joined::new(view, row, &record, Fold::MESSAGES).said(Limits::ROW.bytes);
        let decoded = said.and_then(|said| content::read(decoder, &record, &said, &Limits::ROW));
        events.extend(decoded.into_iter().flat_map(|decoded| decoded.parts).filter_map(|part| part.event));
    }
    events.sort_unstable();
    events.dedup();
    events
}

/// Takes a change of the line's text in: what it asks for is shown at once.
pub(super) fn typed(model: &mut Model, view: &Index) {
    if let Some(Overlay::Filter(line)) = &mut model.overlay
        && let Ok(query) = line.read()
    {
        let origin = line.origin;
        model.lists.ask(view, query, origin);
    }
}

/// Closes the line, unless something is wrong with it.
fn keep(model: &mut Model) {
    let Some(Overlay::Filter(line)) = &model.overlay else { return };
    if line.error.is_some() {
        return;
    }
    if let Some(query) = model.lists.filter.query() {
        model.lists.filter.history.push(query.text().to_owned());
    }
    model.overlay = None;
    model.panes.focus = Place::Frames;
}

/// Shows only what is asked for by a command.
pub(super) fn choose(model: &mut Model, view: &Index, text: &str) {
    let text = model.saved.get(text).unwrap_or(text);
    let Ok(query) = Query::parse(text) else { return };
    if model.panes.tab != Tab::Frames {
        model.panes.turn_to(Tab::Frames);
    }
    let origin = model.lists.origin(view);
    model.lists.ask(view, query, origin);
}

/// Keeps a query under a name; without one, the filter that there is.
pub(super) fn save(model: &mut Model, name: &str, query: Option<String>) {
    let query = query.or_else(|| model.lists.filter.query().map(|query| query.text().to_owned())).unwrap_or_default();
    match model.saved.keep(name, &query) {
        Ok(()) => model.toast(Level::Note, format!("kept: :filter {name} shows what fits {query}")),
        Err(why) => model.toast(Level::Warning, why),
    }
}

/// Forgets the query of a name.
pub(super) fn forget(model: &mut Model, name: &str) {
    if model.saved.forget(name) {
        model.toast(Level::Note, format!("{name} is forgotten"));
    } else {
        let names: Vec<_> = model.saved.iter().map(|(name, _)| name).collect();
        let words =
            if names.is_empty() { "no query is kept".to_owned() } else { format!("there are {}", names.join(", ")) };
        model.toast(Level::Warning, format!("there is no query {name}: {words}"));
    }
}

/// Says why a row that is to be gone to is not there.
pub(super) fn hidden(model: &mut Model) {
    let key = key_of(Action::Filter);
    model.toast(Level::Note, format!("the filter hides it: esc clears the filter, {key} changes it"));
}

fn edit(model: &mut Model, view: &Index, change: impl FnOnce(&mut QueryLine)) {
    if let Some(Overlay::Filter(line)) = &mut model.overlay {
        change(line);
    }
    typed(model, view);
}

fn recall(model: &mut Model, view: &Index, direction: Recall) {
    if let Some(Overlay::Filter(line)) = &mut model.overlay {
        let history = &model.lists.filter.history;
        line.line.recall(direction, |back| history.get(back));
    }
    typed(model, view);
}
