//! The line in which a person writes what to send, and what became of it.

use ratatui_textarea::{CursorMove, TextArea};

use crate::relay::injection::{Injection, Reply, Token};
use crate::relay::observation::{SessionId, Side, Time};

use super::compose::{self, COMMANDS, CommandHelp, ComposeError};

/// What is being written.
#[derive(Debug)]
pub struct Composer {
    /// For which session.
    pub session: SessionId,
    /// Who will receive it.
    pub to: Side,
    /// The text.
    pub input: TextArea<'static>,
    /// What the text means.
    pub parsed: Result<Injection, ComposeError>,
    /// The place in the history, from its end; `None` for a line of its own.
    recalled: Option<usize>,
}

impl Composer {
    /// An empty one.
    #[must_use]
    pub fn new(session: SessionId, to: Side) -> Self {
        Self { session, to, input: input(""), parsed: compose::parse(""), recalled: None }
    }

    /// All of the text.
    #[must_use]
    pub fn text(&self) -> String {
        self.input.lines().join("\n")
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.input.is_empty()
    }

    /// Puts another text in its place.
    pub fn set(&mut self, text: &str) {
        self.input = input(text);
        self.parse();
    }

    /// Reads the text once more, after a change.
    pub fn parse(&mut self) {
        self.parsed = compose::parse(&self.text());
    }

    /// The commands that the word under way may become.
    pub fn candidates(&self) -> impl Iterator<Item = &'static CommandHelp> {
        let text = self.text();
        let word = text.split_whitespace().next().unwrap_or_default().to_owned();
        let typing = text.starts_with('/') && !text.contains(char::is_whitespace);
        COMMANDS.iter().filter(move |command| {
            if typing { command.name.starts_with(&word) } else { text.starts_with('/') && command.name == word }
        })
    }

    /// Completes the command under way as far as it is certain.
    pub fn complete(&mut self) {
        let names: Vec<&str> = self.candidates().map(|command| command.name).collect();
        let text = self.text();
        if text.contains(char::is_whitespace) {
            return;
        }
        match names.as_slice() {
            [] => {}
            [only] => self.set(&format!("{only} ")),
            [first, rest @ ..] => {
                let common = rest.iter().fold(first.len(), |common, name| common_prefix(first, name).min(common));
                if common > text.len() {
                    self.set(&first[..common]);
                }
            }
        }
    }

    /// Moves within a text of several lines; at its first or last, recalls the line sent before the one that is shown,
    /// or after it.
    pub fn recall(&mut self, history: &History, direction: Recall) {
        let (row, last) = (self.input.cursor().0, self.input.lines().len().saturating_sub(1));
        match direction {
            Recall::Earlier if row > 0 => return self.input.move_cursor(CursorMove::Up),
            Recall::Later if row < last => return self.input.move_cursor(CursorMove::Down),
            _ => {}
        }
        let recalled = match (self.recalled, direction) {
            (None, Recall::Earlier) => Some(0),
            (Some(back), Recall::Earlier) => Some((back + 1).min(history.lines.len().saturating_sub(1))),
            (Some(back), Recall::Later) => back.checked_sub(1),
            (None, Recall::Later) => None,
        };
        let line = recalled.map(|back| history.lines.iter().rev().nth(back));
        match line {
            Some(Some(line)) => self.set(line),
            Some(None) => return,
            None if self.recalled.is_some() => self.set(""),
            None => {}
        }
        self.recalled = recalled;
    }

    /// Empties it for the next.
    pub fn clear(&mut self) {
        self.recalled = None;
        self.set("");
    }
}

fn common_prefix(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count()
}

fn input(text: &str) -> TextArea<'static> {
    let mut input = TextArea::new(text.split('\n').map(str::to_owned).collect());
    input.set_cursor_line_style(ratatui::style::Style::new());
    input.move_cursor(CursorMove::Bottom);
    input.move_cursor(CursorMove::End);
    input
}

/// Which way through the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recall {
    /// To older lines.
    Earlier,
    /// To newer ones.
    Later,
}

/// Lines that were sent in this run, oldest first.
#[derive(Debug, Default)]
pub struct History {
    lines: Vec<String>,
}

/// Lines that are kept. Nobody goes back further by hand.
const HISTORY: usize = 500;

impl History {
    /// A line, by its place from the end.
    #[must_use]
    pub fn get(&self, back: usize) -> Option<&str> {
        self.lines.iter().rev().nth(back).map(String::as_str)
    }

    /// Adds a line at the end, once.
    pub fn push(&mut self, line: String) {
        self.lines.retain(|other| *other != line);
        if self.lines.len() == HISTORY {
            self.lines.remove(0);
        }
        self.lines.push(line);
    }
}

/// What became of an injection.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Which.
    pub token: Token,
    /// What it was, in words.
    pub what: String,
    /// What the session said; nothing yet at first.
    pub reply: Option<Reply>,
    /// When it was sent to the session, or began to wait.
    pub since: Time,
}

impl Answer {
    /// Whether more will be said.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        matches!(self.reply, None | Some(Reply::Waiting(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composer(text: &str) -> Composer {
        let mut composer = Composer::new(SessionId(1), Side::Server);
        composer.set(text);
        composer
    }

    #[test]
    fn a_command_is_completed_as_far_as_it_is_certain() {
        let mut one = composer("/cl");
        one.complete();
        assert_eq!(one.text(), "/close ");
        let mut several = composer("/");
        several.complete();
        assert_eq!(several.text(), "/");
        let mut none = composer("/nothing");
        none.complete();
        assert_eq!(none.text(), "/nothing");
    }

    #[test]
    fn the_history_goes_back_and_forth() {
        let mut history = History::default();
        for line in ["one", "two", "one"] {
            history.push(line.into());
        }
        let mut composer = composer("");
        let mut shown = Vec::new();
        for direction in [Recall::Earlier, Recall::Earlier, Recall::Earlier, Recall::Later, Recall::Later] {
            composer.recall(&history, direction);
            shown.push(composer.text());
        }
        assert_eq!(shown, ["one", "two", "two", "one", ""]);
    }
}
