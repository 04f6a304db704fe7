//! The line in which a command is typed, with the list that it is chosen from, and what was typed before.

use crossterm::event::KeyEvent;

use super::command::{Command, Named, candidates, joined, parse};
use super::composer::Recall;
use super::cursor::Scroll;
use super::line::{Line, common};

/// The line while it is typed.
#[derive(Debug)]
pub(crate) struct CommandLine {
    /// The text.
    pub line: Line,
    /// What was wrong with it when it was to be done.
    pub error: Option<String>,
    /// How far the list of what it may become is scrolled.
    pub scroll: Scroll,
    /// What there is to go to: sessions, findings, marks.
    known: Vec<Named>,
    /// The place in the list that is chosen.
    chosen: Option<usize>,
}

impl CommandLine {
    /// An empty one; `known` is what there is to go to.
    #[must_use]
    pub(crate) fn new(known: Vec<Named>) -> Self {
        Self { line: Line::new(""), error: None, scroll: Scroll::default(), known, chosen: None }
    }

    /// What the line may become.
    #[must_use]
    pub(crate) fn candidates(&self) -> Vec<Named> {
        candidates(&self.text(), &self.known)
    }

    /// The place in that list that is chosen.
    #[must_use]
    pub(crate) const fn chosen(&self) -> Option<usize> {
        self.chosen
    }

    /// What is to be done: what is chosen from the list, what the text says, or the only thing that it may become. `None`
    /// where the name is put into the line, since a value has to come behind it.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub(crate) fn read(&mut self) -> Result<Option<Command>, String> {
        let all = self.candidates();
        let chosen = self.chosen.and_then(|chosen| all.get(chosen).cloned());
        let named = match (chosen, parse(&self.text()), all.as_slice()) {
            (Some(chosen), ..) => chosen,
            (None, Ok(command), _) => return Ok(Some(command)),
            (None, Err(_), [only]) if self.known.contains(only) => only.clone(),
            (None, Err(error), [_, _, ..]) => return Err(format!("{error} · ↓ chooses from the list")),
            (None, Err(error), _) => return Err(error),
        };
        let command = named.command();
        if command.is_none() {
            self.set(&format!("{} ", named.name));
        }
        Ok(command)
    }

    /// Chooses the next of the list, or the one before. Says whether there is one.
    pub(crate) fn choose(&mut self, direction: Recall) -> bool {
        let count = self.candidates().len();
        self.chosen = match (self.chosen, direction) {
            (None, Recall::Later) if count > 0 => Some(0),
            (Some(chosen), Recall::Later) => Some((chosen + 1).min(count.saturating_sub(1))),
            (Some(chosen), Recall::Earlier) => chosen.checked_sub(1),
            (None, _) => return false,
        };
        self.error = None;
        self.scroll.show(self.chosen.unwrap_or_default());
        true
    }

    /// All of the text.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        self.line.text()
    }

    /// Puts another text in its place.
    pub(crate) fn set(&mut self, text: &str) {
        self.line.set(text);
        self.changed();
    }

    /// A key that belongs to the text.
    pub(crate) fn key(&mut self, event: KeyEvent) {
        self.line.key(event);
        self.changed();
    }

    /// Puts the first line of a text in.
    pub(crate) fn paste(&mut self, text: &str) {
        self.line.input.insert_str(text.lines().next().unwrap_or_default());
        self.changed();
    }

    /// What was said of the text, and the list of what it may become, are of another.
    pub(crate) fn changed(&mut self) {
        self.error = None;
        self.chosen = None;
        self.scroll.reset();
    }

    /// Completes the line as far as it is certain.
    pub(crate) fn complete(&mut self) {
        let text = self.text();
        let all = self.candidates();
        let begins =
            |named: &&Named| named.name.starts_with(&joined(&text)) || named.name.starts_with(text.trim_start());
        let mut names: Vec<&str> = all.iter().filter(begins).map(|named| named.name.as_str()).collect();
        if names.is_empty() {
            // What only resembles the text is taken as a whole.
            names.extend(all.first().map(|named| named.name.as_str()));
        }
        let Some(first) = names.first() else { return };
        let common = common(names.iter().copied());
        let takes_value =
            names.len() == 1 && candidates(first, &self.known).first().is_some_and(|named| !named.value.is_empty());
        let end = if takes_value && !first.contains(' ') { " " } else { "" };
        let completed = format!("{common}{end}");
        if completed.len() >= text.trim_start().len() || names.len() == 1 {
            self.set(&completed);
        }
    }

    /// Chooses from the list; above it, shows the line done before the one that is shown.
    pub(crate) fn recall(&mut self, past: &Past, direction: Recall) {
        let is_new = direction == Recall::Later && !self.line.is_recalled();
        if (is_new || self.chosen.is_some()) && self.choose(direction) {
            return;
        }
        if self.line.recall(direction, |back| past.lines.iter().rev().nth(back).map(String::as_str)) {
            self.changed();
        }
    }
}

/// Lines that were done, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Past {
    lines: Vec<String>,
}

/// Lines that are kept, and the longest of them in bytes.
const PAST: usize = 100;
const LONGEST: usize = 1000;

impl Past {
    /// Adds a line at the end, once.
    pub(crate) fn push(&mut self, line: String) {
        self.lines.retain(|other| *other != line);
        if line.len() <= LONGEST && !line.is_empty() {
            self.lines.push(line);
        }
        let more = self.lines.len().saturating_sub(PAST);
        self.lines.drain(..more);
    }

    /// All of them.
    #[must_use]
    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }
}
