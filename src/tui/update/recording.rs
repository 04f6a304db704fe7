//! What is written to disk of what is seen.

use crate::control::{Recorded, RecordedState};
use crate::record::finding::Level;
use crate::tui::state::model::Model;

/// Takes in how it stands, and says so where it has just ended.
pub(super) fn take(model: &mut Model, recorded: Option<Recorded>) {
    let was_safe = model.proxy.recorded.as_ref().is_none_or(Recorded::is_safe);
    if was_safe
        && let Some(recorded) = &recorded
        && matches!(recorded.state, RecordedState::Stopped(_))
    {
        model.toast(Level::Error, recorded.outcome());
    }
    model.proxy.recorded = recorded;
}
