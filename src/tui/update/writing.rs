//! Files of what was seen: begins them, and says what becomes of them.

use crate::journal::{Index, Scope};
use crate::record::finding::Level;
use crate::tui::keymap::{Action, key_of};
use crate::tui::message::Effect;
use crate::tui::state::model::Model;
use crate::tui::state::writing::{Share, WriteLine, WriteOrder, WriteProgress, Writing};

/// Begins to write a file.
pub(super) fn begin(model: &mut Model, view: &Index, line: WriteLine) -> Vec<Effect> {
    if let Some(writing) = model.writing.as_ref().filter(|writing| writing.is_running()) {
        let words = format!("one file at a time: {}", writing.text());
        model.toast(Level::Warning, words);
        return Vec::new();
    }
    let (session, query) = match line.share {
        Share::All => (None, None),
        Share::Session => match model.session(view) {
            Some(summary) => (Some(summary.id), None),
            None => {
                model.toast(Level::Warning, "there is no session yet: connect a client first");
                return Vec::new();
            }
        },
        Share::Shown => {
            let scope = if let Scope::Session(id) = model.lists.scope { Some(id) } else { None };
            (scope, model.lists.filter.query().cloned())
        }
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
    vec![Effect::Write(Box::new(WriteOrder { path, format, existing, session, query }))]
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
