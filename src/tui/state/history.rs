//! What was sent before, or searched for, in this run and in those before it.

/// Texts that are kept. Nobody goes back further by hand.
pub(crate) const TEXTS: usize = 500;

/// Texts that were sent, oldest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    texts: Vec<String>,
}

impl History {
    /// Adds a text at the end; the same text is not there twice.
    pub(crate) fn push(&mut self, text: String) {
        self.texts.retain(|other| *other != text);
        if self.texts.len() == TEXTS {
            self.texts.remove(0);
        }
        self.texts.push(text);
    }

    /// A text by its place from the end.
    #[must_use]
    pub(crate) fn get(&self, back: usize) -> Option<&str> {
        self.texts.iter().rev().nth(back).map(String::as_str)
    }

    /// All of them, oldest first.
    #[must_use]
    pub(crate) fn texts(&self) -> &[String] {
        &self.texts
    }
}
