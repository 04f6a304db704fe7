//! The line in which a filter is typed.

use crossterm::event::KeyEvent;
use ratatui_textarea::{CursorMove, TextArea};

use crate::journal::RowId;
use crate::query::{self, Completion, Error, Known, Query};
use crate::text;

use super::composer::Recall;
use super::history::History;

/// The line.
#[derive(Debug)]
pub(crate) struct FilterLine {
    /// The text.
    pub input: TextArea<'static>,
    /// What is wrong with it.
    pub error: Option<Error>,
    /// Values that may be completed.
    pub known: Known,
    /// The row that was selected when it was opened.
    pub origin: Option<RowId>,
    /// The place in the history, from its end.
    recalled: Option<usize>,
}

impl FilterLine {
    /// One with a text in it.
    #[must_use]
    pub(crate) fn new(text: &str, known: Known, origin: Option<RowId>) -> Self {
        Self { input: input(text), error: None, known, origin, recalled: None }
    }

    /// All of the text.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        self.input.lines().concat()
    }

    /// What the text asks for; what is wrong with it stays with it.
    ///
    /// # Errors
    /// Where it asks for nothing yet because something is wrong.
    pub(crate) fn read(&mut self) -> Result<Option<Query>, ()> {
        let read = Query::parse(&self.text());
        self.error = read.as_ref().err().cloned();
        read.map_err(|_| ())
    }

    /// Puts another text in its place.
    pub(crate) fn set(&mut self, text: &str) {
        self.input = input(text);
    }

    /// A key that belongs to the text.
    pub(crate) fn key(&mut self, event: KeyEvent) {
        self.input.input(event);
    }

    /// Puts the first line of a text in, without what can't be seen.
    pub(crate) fn paste(&mut self, pasted: &str) {
        let line = pasted.lines().next().unwrap_or_default();
        let line: String = line.chars().filter(|character| text::is_plain(*character)).collect();
        self.input.insert_str(line);
    }

    /// How the text may go on, at its end.
    #[must_use]
    pub(crate) fn completions(&self) -> Vec<Completion> {
        query::complete(&self.text(), &self.known).1
    }

    /// Completes the text as far as it is certain.
    pub(crate) fn complete(&mut self) {
        let text = self.text();
        let (start, all) = query::complete(&text, &self.known);
        let Some(first) = all.first() else { return };
        let common = all.iter().fold(first.text.as_str(), |common, other| {
            let same = common.chars().zip(other.text.chars()).take_while(|(one, other)| one == other);
            let end = same.map(|(character, _)| character.len_utf8()).sum();
            common.get(..end).unwrap_or_default()
        });
        let (before, word) = text.split_at(start);
        if common.len() > word.len() {
            let end = if all.len() == 1 && !common.ends_with([':', '>', ' ']) { " " } else { "" };
            self.set(&format!("{before}{common}{end}"));
        }
    }

    /// Shows the filter used before the one that is shown, or after it.
    pub(crate) fn recall(&mut self, history: &History, direction: Recall) {
        let recalled = match (self.recalled, direction) {
            (None, Recall::Earlier) => Some(0),
            (Some(back), Recall::Earlier) => Some(back + 1),
            (Some(back), Recall::Later) => back.checked_sub(1),
            (None, Recall::Later) => return,
        };
        match recalled.map(|back| history.get(back)) {
            Some(Some(text)) => self.input = input(text),
            Some(None) => return,
            None => self.input = input(""),
        }
        self.recalled = recalled;
    }
}

fn input(text: &str) -> TextArea<'static> {
    let mut input = TextArea::new(vec![text.to_owned()]);
    input.set_cursor_line_style(ratatui::style::Style::new());
    input.move_cursor(CursorMove::End);
    input
}
