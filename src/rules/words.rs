//! A text word by word, with the place of each.

use super::RuleError;

/// What is left of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    text: &'a str,
    at: usize,
}

/// A word, and where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    pub text: &'a str,
    pub at: usize,
}

impl Word<'_> {
    pub(super) fn error(self, why: impl Into<String>) -> RuleError {
        RuleError::new(self.at, why)
    }
}

impl<'a> Words<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// All that is left, without the blanks in front of it.
    pub(super) fn rest(&mut self) -> Word<'a> {
        self.blanks();
        let word = Word { text: self.left(), at: self.at };
        self.at = self.text.len();
        word
    }

    fn left(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        let left = self.left();
        self.at += left.len() - left.trim_start().len();
    }

    /// The next word, and does not take it.
    pub(super) fn peek(&self) -> Option<Word<'a>> {
        let mut ahead = *self;
        ahead.next()
    }

    /// A text between two slashes or quotes, in which a backslash keeps the next character from ending it. Gives what is
    /// between them as it stands.
    pub(super) fn between(&mut self, border: char) -> Option<Word<'a>> {
        self.blanks();
        let inside = self.left().strip_prefix(border)?;
        let at = self.at + border.len_utf8();
        let mut escaped = false;
        for (end, character) in inside.char_indices() {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if character == border => {
                    self.at = at + end + border.len_utf8();
                    return Some(Word { text: inside.get(..end)?, at });
                }
                _ => {}
            }
        }
        None
    }

    /// The next word, where it is a number.
    pub(super) fn next_if_number(&mut self) -> Option<Word<'a>> {
        let word = self.peek().filter(|word| word.text.bytes().all(|byte| byte.is_ascii_digit()))?;
        self.next();
        Some(word)
    }

    /// Goes on at that byte.
    pub(super) const fn skip_to(&mut self, at: usize) {
        self.at = at;
    }

    /// What follows right behind, up to a blank.
    pub(super) fn stuck(&mut self) -> Word<'a> {
        let left = self.left();
        let end = left.find(char::is_whitespace).unwrap_or(left.len());
        let word = Word { text: left.get(..end).unwrap_or_default(), at: self.at };
        self.at += end;
        word
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        self.blanks();
        let word = self.stuck();
        (!word.text.is_empty()).then_some(word)
    }
}
