//! The help, while it lies over the panes: whose keys, and what is looked for among them.

use crossterm::event::KeyEvent;

use crate::tui::keymap::Place;

use super::cursor::Scroll;
use super::line::Line;

/// The help of a place.
#[derive(Debug)]
pub(crate) struct HelpPage {
    /// Where it was asked for.
    pub place: Place,
    /// What is looked for.
    line: Line,
    /// How far it is scrolled.
    pub scroll: Scroll,
}

impl HelpPage {
    /// All that there is to say of a place.
    #[must_use]
    pub(crate) fn new(place: Place) -> Self {
        Self { place, line: Line::new(""), scroll: Scroll::default() }
    }

    /// What is looked for.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        self.line.text()
    }

    /// A key that belongs to the text.
    pub(crate) fn key(&mut self, event: KeyEvent) {
        self.line.key(event);
        self.scroll.reset();
    }

    /// Puts the first line of a text in.
    pub(crate) fn paste(&mut self, text: &str) {
        self.line.paste(text);
        self.scroll.reset();
    }

    /// Looks for nothing any more.
    pub(crate) fn erase(&mut self) {
        self.line.set("");
        self.scroll.reset();
    }

    /// Whether something is what is looked for: its words hold all those that were typed.
    #[must_use]
    pub(crate) fn finds(&self, name: &str, meaning: &str) -> bool {
        let said = format!("{name} {meaning}").to_lowercase();
        let text = self.text();
        // A key by itself is looked for as it is: `m` is not `M`, nor any word with that letter.
        let is_key = text.chars().count() == 1;
        if is_key {
            return name.split(' ').any(|key| key == text);
        }
        text.to_lowercase().split_whitespace().all(|word| said.contains(word))
    }
}
