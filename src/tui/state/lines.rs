//! The lines of a text pane, kept for as long as they would come out the same.

use ratatui::text::Line;

use crate::decode::Decoder;
use crate::journal::{Fold, RowId};
use crate::record::SessionId;
use crate::tui::pages::pair::Pair;
use crate::tui::pages::{BodyShown, BytesShown, HeaderShown, Proof};
use crate::tui::state::cursor::Scroll;

/// What the lines of a text pane were made from, and the lines. Made anew only when that changes.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// What they were made from.
    pub key: Option<LinesKey>,
    /// The lines.
    pub text: Vec<Line<'static>>,
    /// How far they are scrolled.
    pub scroll: Scroll,
}

/// What decides how a text pane looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LinesKey {
    /// Which row or session.
    pub subject: Subject,
    /// What is there of it: changes when more comes.
    pub extent: u64,
    /// Which bytes.
    pub bytes: BytesShown,
    /// In which form.
    pub body: BodyShown,
    /// How much of a header.
    pub header: HeaderShown,
    /// Who reads the messages.
    pub decoder: Option<Decoder>,
    /// The request or the reply that belongs to it.
    pub pair: Option<Pair>,
    /// The mark of the row, by when it was set.
    pub mark: Option<u64>,
    /// In how many columns.
    pub width: u16,
}

/// What a text pane shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A row, and whether fragments are folded into it.
    Row(RowId, Fold),
    /// A session's handshake and end.
    Session(SessionId, Proof),
}
