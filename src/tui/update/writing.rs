//! Files of what was seen: begins them, and says what becomes of them.

use std::path::PathBuf;

use crate::export::{Existing, Format};
use crate::journal::{Index, Scope};
use crate::record::finding::Level;
use crate::record::{SessionId, Time};
use crate::tui::keymap::{Action, key_of};
use crate::tui::message::Effect;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::{Overlay, Question};
use crate::tui::state::panes::Tab;
use crate::tui::state::writing::{Share, Then, WriteLine, WriteOrder, WriteProgress, Writing, capture_name};

use super::prompt;

/// Does what is about files; `None` for all else.
pub(super) fn perform(model: &mut Model, view: &Index, action: Action) -> Option<Vec<Effect>> {
    match action {
        Action::WriteFile => ask(model, view),
        Action::WriteAndQuit => return Some(write_and_quit(model)),
        _ => return None,
    }
    Some(Vec::new())
}

/// Opens the line for it, with what is most likely wanted: a capture of what is shown.
fn ask(model: &mut Model, view: &Index) {
    let is_part = model.lists.scope != Scope::All || model.lists.filter.query().is_some();
    let share = if is_part { Share::Shown } else { Share::All };
    let line = format!("write {} {}", share.name(), capture_name(model.now, &model.look.zone));
    prompt::open_with(model, view, &line, None);
}

/// Writes all to a file, where it is nowhere else, and quits once that is there.
fn write_and_quit(model: &mut Model) -> Vec<Effect> {
    if !matches!(model.overlay, Some(Overlay::Question(Question::Quit))) || model.unsaved() == 0 {
        return Vec::new();
    }
    model.overlay = None;
    let path = PathBuf::from(capture_name(model.now, &model.look.zone));
    let order =
        WriteOrder { path, format: Format::Capture, existing: Existing::Keep, session: None, span: None, query: None };
    give(model, order, Then::Quit)
}

/// Begins to write a file.
pub(super) fn begin(model: &mut Model, view: &Index, line: WriteLine) -> Vec<Effect> {
    let mut span = None;
    let (session, query) = match line.share {
        Share::All => (None, None),
        Share::Range => {
            span = range(model, view);
            if span.is_none() {
                model.toast(Level::Warning, "there is no row to write yet");
                return Vec::new();
            }
            (shown_session(model), None)
        }
        Share::Session => match model.session(view) {
            Some(summary) => (Some(summary.id), None),
            None => {
                model.toast(Level::Warning, "there is no session yet: connect a client first");
                return Vec::new();
            }
        },
        Share::Shown => (shown_session(model), model.lists.filter.query().cloned()),
    };
    if query.as_ref().is_some_and(|query| query.asks_for_replies() || query.asks_for_marks()) {
        let words = format!(
            "the filter asks for marks or for later replies, which a file does not know: {} takes another, or write all",
            key_of(Action::Filter)
        );
        model.toast(Level::Warning, words);
        return Vec::new();
    }
    let WriteLine { path, format, existing, .. } = line;
    give(model, WriteOrder { path, format, existing, session, span, query }, Then::GoOn)
}

fn give(model: &mut Model, order: WriteOrder, then: Then) -> Vec<Effect> {
    if let Some(writing) = model.writing.as_ref().filter(|writing| writing.is_running()) {
        let words = format!("one file at a time: {}", writing.text());
        model.toast(Level::Warning, words);
        return Vec::new();
    }
    let is_all = order.session.is_none() && order.span.is_none() && order.query.is_none();
    let all = is_all.then_some(model.overview.frames);
    model.writing = Some(Writing { path: order.path.clone(), progress: WriteProgress::Going(0), then, all });
    vec![Effect::Write(Box::new(order))]
}

const fn shown_session(model: &Model) -> Option<SessionId> {
    if let Scope::Session(id) = model.lists.scope { Some(id) } else { None }
}

/// The times of the first and the last row of the marked range, or of the selected row.
fn range(model: &Model, view: &Index) -> Option<(Time, Time)> {
    let selected = model.selected(view)?;
    let range = model.lists.range(view).filter(|_| model.panes.tab == Tab::Frames);
    let (first, last) = range.map_or((selected, selected), std::ops::RangeInclusive::into_inner);
    let rows = model.rows(view);
    Some((rows.row(first)?.time, rows.row(last)?.time))
}

/// Takes in how far it is.
pub(super) fn take(model: &mut Model, progress: WriteProgress) -> Vec<Effect> {
    let Some(writing) = &mut model.writing else { return Vec::new() };
    writing.progress = progress;
    if writing.is_running() {
        return Vec::new();
    }
    let (level, words, then) = (writing.level(), writing.text(), writing.then);
    if let WriteProgress::Done(_) = writing.progress {
        model.written = model.written.max(writing.all.unwrap_or_default());
        if then == Then::Quit {
            return vec![Effect::Quit];
        }
    }
    model.toast(level, words);
    Vec::new()
}
