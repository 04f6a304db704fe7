//! Files of what was seen: begins them, and says what becomes of them.

use crate::journal::{Index, Scope};
use crate::record::finding::Level;
use crate::record::{SessionId, Time};
use crate::tui::keymap::{Action, key_of};
use crate::tui::message::Effect;
use crate::tui::state::model::Model;
use crate::tui::state::panes::Tab;
use crate::tui::state::writing::{Share, WriteLine, WriteOrder, WriteProgress, Writing};

/// Begins to write a file.
pub(super) fn begin(model: &mut Model, view: &Index, line: WriteLine) -> Vec<Effect> {
    if let Some(writing) = model.writing.as_ref().filter(|writing| writing.is_running()) {
        let words = format!("one file at a time: {}", writing.text());
        model.toast(Level::Warning, words);
        return Vec::new();
    }
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
    model.writing = Some(Writing { path: path.clone(), progress: WriteProgress::Going(0) });
    vec![Effect::Write(Box::new(WriteOrder { path, format, existing, session, span, query }))]
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
pub(super) fn take(model: &mut Model, progress: WriteProgress) {
    let Some(writing) = &mut model.writing else { return };
    writing.progress = progress;
    if !writing.is_running() {
        let (level, words) = (writing.level(), writing.text());
        model.toast(level, words);
    }
}
