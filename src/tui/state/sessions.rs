//! The sessions among which the user chooses.

use crate::journal::Index;
use crate::record::SessionId;

/// Sessions that something can be sent to, in their order.
#[must_use]
pub(crate) fn live_sessions(view: &Index) -> Vec<SessionId> {
    view.sessions().filter(|summary| summary.is_live()).map(|summary| summary.id).collect()
}
