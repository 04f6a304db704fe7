//! What lies over the panes and takes all keys: one thing at a time.

use crossterm::event::KeyEvent;

use crate::record::SessionId;
use crate::record::finding::FindingKind;
use crate::tui::keymap::Place;

use super::command_line::CommandLine;
use super::compare::Compare;
use super::composer::Composer;
use super::cursor::Scroll;
use super::help::HelpPage;
use super::holding::HoldLine;
use super::line::Line;
use super::mark_list::MarkList;
use super::note::NoteLine;
use super::query_line::QueryLine;
use super::ruling::{RuleBook, RuleLine};
use super::why::Why;

/// What lies over the panes.
#[derive(Debug)]
pub(crate) enum Overlay {
    /// The keys of the place it was asked for in.
    Help(Box<HelpPage>),
    /// Why something fails.
    Why(Why),
    /// All about a kind of finding.
    Explain(FindingKind, Scroll),
    /// What two messages differ in.
    Compare(Box<Compare>),
    /// Something to send.
    Composer(Box<Composer>),
    /// Something to confirm.
    Question(Question),
    /// Something to search for.
    Search(Box<QueryLine>),
    /// What is to be shown of the rows.
    Filter(Box<QueryLine>),
    /// What is to be held.
    Hold(Box<HoldLine>),
    /// Words that a problem has to have.
    ProblemSearch(Box<Line>),
    /// The note of a mark.
    Note(Box<NoteLine>),
    /// The marks.
    Marks(MarkList),
    /// The rules.
    Rules(RuleBook),
    /// A rule that is written.
    Rule(Box<RuleLine>),
    /// In which form to copy.
    Copy,
    /// A command by its name.
    Command(Box<CommandLine>),
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Quit although sessions are open.
    Quit,
    /// Close a session.
    Close(SessionId),
}

impl Overlay {
    /// Where keys go while it is there.
    #[must_use]
    pub(crate) const fn place(&self) -> Place {
        match self {
            Self::Help(_) => Place::Help,
            Self::Why(_) | Self::Explain(..) => Place::Why,
            Self::Compare(_) => Place::Compare,
            Self::Composer(_) => Place::Composer,
            Self::Question(_) => Place::Question,
            Self::Search(_) => Place::Search,
            Self::Filter(_) => Place::Filter,
            Self::ProblemSearch(_) => Place::ProblemSearch,
            Self::Note(_) => Place::Note,
            Self::Marks(_) => Place::Marks,
            Self::Hold(_) => Place::Hold,
            Self::Rules(_) => Place::Rules,
            Self::Rule(_) => Place::Rule,
            Self::Copy => Place::Copy,
            Self::Command(_) => Place::Command,
        }
    }

    /// A key that is bound to nothing: what has a line of text takes it.
    pub(crate) fn key(&mut self, event: KeyEvent) {
        match self {
            Self::Help(help) => help.key(event),
            Self::Composer(composer) => composer.key(event),
            Self::Search(prompt) => prompt.line.key(event),
            Self::Filter(filter) => filter.line.key(event),
            Self::ProblemSearch(line) => line.key(event),
            Self::Note(note) => note.line.key(event),
            Self::Hold(hold) => hold.query.line.key(event),
            Self::Rule(rule) => rule.line.key(event),
            Self::Command(line) => line.key(event),
            Self::Why(_)
            | Self::Explain(..)
            | Self::Compare(_)
            | Self::Question(_)
            | Self::Marks(_)
            | Self::Rules(_)
            | Self::Copy => {}
        }
    }

    /// Text that was pasted.
    pub(crate) fn paste(&mut self, text: &str) {
        match self {
            Self::Help(help) => help.paste(text),
            Self::Composer(composer) => composer.paste(text),
            Self::Search(prompt) => prompt.line.paste(text),
            Self::Filter(filter) => filter.line.paste(text),
            Self::ProblemSearch(line) => line.paste(text),
            Self::Note(note) => note.line.paste(text),
            Self::Hold(hold) => hold.query.line.paste(text),
            Self::Rule(rule) => rule.line.paste(text),
            Self::Command(line) => line.paste(text),
            Self::Why(_)
            | Self::Explain(..)
            | Self::Compare(_)
            | Self::Question(_)
            | Self::Marks(_)
            | Self::Rules(_)
            | Self::Copy => {}
        }
    }

    /// Whether keys that are bound to nothing are text here.
    #[must_use]
    pub(crate) const fn takes_text(&self) -> bool {
        matches!(
            self,
            Self::Help(_)
                | Self::Composer(_)
                | Self::Search(_)
                | Self::Filter(_)
                | Self::Hold(_)
                | Self::Rule(_)
                | Self::ProblemSearch(_)
                | Self::Note(_)
                | Self::Command(_)
        )
    }

    /// Empties its line of text. Says whether there was anything.
    pub(crate) fn clear(&mut self) -> bool {
        match self {
            Self::Composer(composer) if !composer.is_empty() => composer.clear(),
            Self::Help(help) if !help.text().is_empty() => help.erase(),
            Self::Search(prompt) if !prompt.line.text().is_empty() => prompt.line.set(""),
            Self::Filter(filter) if !filter.line.text().is_empty() => filter.line.set(""),
            Self::ProblemSearch(line) if !line.text().is_empty() => line.set(""),
            Self::Note(note) if !note.line.text().is_empty() => note.line.set(""),
            Self::Hold(hold) if !hold.query.line.text().is_empty() => hold.query.line.set(""),
            Self::Rule(rule) if !rule.line.text().is_empty() => rule.line.set(""),
            Self::Command(line) if !line.text().is_empty() => line.set(""),
            _ => return false,
        }
        true
    }

    /// How far it is scrolled, where it can be.
    pub(crate) const fn scroll(&mut self) -> Option<&mut Scroll> {
        match self {
            Self::Help(help) => Some(&mut help.scroll),
            Self::Explain(_, scroll) => Some(scroll),
            Self::Why(why) => Some(&mut why.scroll),
            Self::Compare(compare) => Some(&mut compare.scroll),
            Self::Command(line) => Some(&mut line.scroll),
            Self::Marks(list) => Some(&mut list.scroll),
            Self::Rules(book) => Some(&mut book.scroll),
            Self::Composer(_)
            | Self::Question(_)
            | Self::Search(_)
            | Self::Filter(_)
            | Self::Hold(_)
            | Self::Rule(_)
            | Self::ProblemSearch(_)
            | Self::Note(_)
            | Self::Copy => None,
        }
    }
}
