//! A line of text that is being typed, and what was typed in it before.

use crossterm::event::KeyEvent;
use ratatui_textarea::{CursorMove, TextArea};

use crate::text;

use super::composer::Recall;

/// The line.
#[derive(Debug)]
pub(crate) struct Line {
    /// The text.
    pub input: TextArea<'static>,
    /// The place of what is shown among what was typed before, from its end.
    recalled: Option<usize>,
}

impl Line {
    /// One with a text in it.
    #[must_use]
    pub(crate) fn new(text: &str) -> Self {
        let mut line = Self { input: TextArea::default(), recalled: None };
        line.set(text);
        line
    }

    /// All of the text.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        self.input.lines().concat()
    }

    /// Puts another text in its place.
    pub(crate) fn set(&mut self, text: &str) {
        self.input = TextArea::new(vec![text.to_owned()]);
        self.input.set_cursor_line_style(ratatui::style::Style::new());
        self.input.move_cursor(CursorMove::End);
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

    /// Whether what is shown was typed before.
    #[must_use]
    pub(crate) const fn is_recalled(&self) -> bool {
        self.recalled.is_some()
    }

    /// Shows what was typed before what is shown, or after it; `past` gives it by its place from the end. Behind the last
    /// is an empty line. Says whether there was any such thing.
    pub(crate) fn recall<'a>(&mut self, direction: Recall, past: impl Fn(usize) -> Option<&'a str>) -> bool {
        let recalled = match (self.recalled, direction) {
            (None, Recall::Earlier) => Some(0),
            (Some(back), Recall::Earlier) => Some(back + 1),
            (Some(back), Recall::Later) => back.checked_sub(1),
            (None, Recall::Later) => return false,
        };
        match recalled.map(past) {
            Some(Some(text)) => self.set(text),
            Some(None) => return false,
            None => self.set(""),
        }
        self.recalled = recalled;
        true
    }
}

/// How far texts begin alike.
#[must_use]
pub(crate) fn common<'a>(texts: impl IntoIterator<Item = &'a str>) -> &'a str {
    let mut texts = texts.into_iter();
    let first = texts.next().unwrap_or_default();
    texts.fold(first, |common, other| {
        let same = common.chars().zip(other.chars()).take_while(|(one, other)| one == other);
        let end = same.map(|(character, _)| character.len_utf8()).sum();
        common.get(..end).unwrap_or_default()
    })
}
