//! A request and its reply: how they are told of in a row and in a detail.

use crate::journal::RowId;
use crate::record::{FrameNumber, Time};
use crate::tui::clock;
use crate::tui::keymap::{Action, key_of};

use super::page::Page;

/// What a row has to do with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pair {
    /// It replies to an earlier one.
    ReplyTo(Other),
    /// A later one was the first to reply to it.
    RepliedBy(Other),
    /// It asks for a reply, and none has come.
    NoReply,
}

/// The other one of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Other {
    /// Its row.
    pub row: RowId,
    /// Its number in the session.
    pub frame: FrameNumber,
    /// Microseconds from the request to the reply.
    pub after: u64,
    /// Whether the reply says no.
    pub is_refusal: bool,
}

impl Pair {
    /// How long the reply took, as a row has it behind its preview; `None` for requests, which do not have it themselves.
    #[must_use]
    pub(crate) fn short(self) -> Option<String> {
        match self {
            Self::ReplyTo(other) => Some(format!("↩ {}", other.took())),
            Self::NoReply => Some("…".to_owned()),
            Self::RepliedBy(_) => None,
        }
    }

    /// Adds a row that tells of the other one, and how to get there.
    pub(super) fn write(self, page: &mut Page<'_>) {
        let key = key_of(Action::Counterpart);
        match self {
            Self::ReplyTo(other) => {
                let what = if other.is_refusal { "refusal" } else { "reply" };
                let words = format!("{what} after {} to frame {} ({key})", other.took(), other.frame);
                page.row(&words, page.theme.note);
            }
            Self::RepliedBy(other) => {
                let what = if other.is_refusal { "refused" } else { "replied to" };
                let words = format!("{what} after {} by frame {} ({key})", other.took(), other.frame);
                page.row(&words, page.theme.note);
            }
            Self::NoReply => page.row("no reply so far", page.theme.warning),
        }
    }
}

impl Other {
    fn took(&self) -> String {
        clock::delta(Time(0), Time(self.after)).trim_start_matches('+').to_owned()
    }
}
