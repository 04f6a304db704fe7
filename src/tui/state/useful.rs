//! Which actions make sense now.

use crate::journal::Index;
use crate::record::{Relayed, Seen};
use crate::tui::keymap::{Action, Place};
use crate::tui::pages::pair::Pair;

use super::model::Model;
use super::overlay::Overlay;
use super::panes::Tab;
use super::sessions::live_sessions;

impl Model {
    /// Whether a held message is being edited.
    #[must_use]
    pub(crate) fn edits_held(&self) -> bool {
        matches!(&self.overlay, Some(Overlay::Composer(composer)) if composer.edits.is_some())
    }

    /// Whether an action makes sense now, for the footer. Those that do not say so when they are tried.
    #[must_use]
    pub(crate) fn is_useful(&self, view: &Index, action: Action) -> bool {
        let on_frames = self.panes.tab == Tab::Frames;
        match action {
            _ if action.needs_proxy() && self.proxy.capture.is_some() => false,
            Action::ToServer | Action::ToClient | Action::CloseSession => {
                self.session(view).is_some_and(|summary| summary.is_live())
            }
            // The log's footer has other keys that are more often of use.
            Action::Resend => {
                self.place() == Place::Detail
                    && on_frames
                    && self.selected_row(view).is_some_and(|row| matches!(row.record, Seen::Frame(_)))
            }
            Action::Compare => self.has_comparison(view),
            Action::Hex | Action::Text if self.place() == Place::Compare => true,
            Action::Release | Action::ReleaseAll | Action::EditHeld => self.holding.held().is_some(),
            Action::Deeper => on_frames || matches!(self.panes.tab, Tab::Sessions | Tab::Diagnosis | Tab::Log),
            Action::NextPane => on_frames || self.panes.tab == Tab::Log,
            Action::Follow => !self.shown_list().0.is_following(),
            Action::Hex if self.place() == Place::Handshake => true,
            Action::Hex | Action::Text | Action::NextDecoder | Action::Bytes | Action::Header => {
                let record = self.selected_row(view).map(|row| row.record);
                self.place() == Place::Detail && matches!(record, Some(Seen::Frame(_) | Seen::Raw(_)))
            }
            Action::NextProblem | Action::Why => !view.problems().is_empty(),
            Action::ToNextSession => live_sessions(view).len() > 1 && !self.edits_held(),
            Action::OtherDirection => !self.edits_held(),
            Action::FoldMore | Action::FoldLess => self.detail.has_nodes(),
            Action::Counterpart => {
                let pair = self.selected_row(view).and_then(|row| self.pairs.of(view, row.id));
                matches!(pair, Some(Pair::ReplyTo(_) | Pair::RepliedBy(_)))
            }
            Action::Freeze => on_frames,
            Action::Search | Action::Copy => view.sessions().len() > 0,
            Action::NextMatch | Action::PreviousMatch => self.search.query().is_some(),
            Action::Times => matches!(self.place(), Place::Frames | Place::Log),
            _ => true,
        }
    }
    /// Whether the selected row can be compared with anything.
    fn has_comparison(&self, view: &Index) -> bool {
        if let Some(Overlay::Compare(compare)) = &self.overlay {
            return compare.has_others();
        }
        let Some(row) = self.selected_row(view) else { return false };
        let is_changed = matches!(row.record, Seen::Frame(frame) if matches!(frame.relayed, Relayed::Changed(_)));
        is_changed || self.lists.marks.last().is_some_and(|marked| marked != row.id)
    }
}
