//! The why page, while it lies over the panes.

use crate::record::{FrameNumber, SessionId, Side};

use super::cursor::Scroll;

/// The why page: what is wrong with what, and how far it is scrolled.
#[derive(Debug)]
pub(crate) struct Why {
    /// The session.
    pub session: SessionId,
    /// The frame that was asked about, and who sent it; `None` for the session as a whole.
    pub frame: Option<(Side, FrameNumber)>,
    /// How far it is scrolled.
    pub scroll: Scroll,
}
