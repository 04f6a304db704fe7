//! What a command under way may become.

use super::{COMMANDS, CommandHelp};

/// The commands that fit what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Where the command begins: bytes from the start of the text.
    pub at: usize,
    /// Whether its name is still being typed, so that there is something to complete.
    pub typing: bool,
    /// Bytes of it that are there.
    typed: usize,
    /// What it may be; one that is typed out stands alone.
    pub candidates: Vec<&'static CommandHelp>,
}

impl Completion {
    /// Whether a name is under way that can still become one.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.typing
            && self.candidates.iter().all(|command| command.name.len() > self.typed)
            && !self.candidates.is_empty()
    }

    /// How much of the name is certain.
    #[must_use]
    pub fn certain(&self) -> &'static str {
        let Some((first, rest)) = self.candidates.split_first().filter(|_| self.typing) else { return "" };
        let common =
            rest.iter().fold(first.name.len(), |common, other| common_prefix(first.name, other.name).min(common));
        &first.name[..common]
    }
}

/// Looks at the last command of a text: that behind `/repeat` and `/frag` with their arguments, if there is one.
#[must_use]
pub fn complete(text: &str) -> Completion {
    let mut outer = Outer::Nothing;
    let mut at = 0;
    while let Some((next, behind)) = outer.enter(&text[at..]) {
        (outer, at) = (next, at + behind);
    }
    let rest = &text[at..];
    let name = rest.split(char::is_whitespace).next().unwrap_or_default();
    let typing = name.len() == rest.len();
    let fits = |command: &&CommandHelp| {
        let named = if typing { command.name.starts_with(name) } else { command.name == name };
        named && outer.takes(command.name)
    };
    let candidates = if name.starts_with('/') { COMMANDS.iter().filter(fits).collect() } else { Vec::new() };
    Completion { at, typing, typed: name.len(), candidates }
}

/// What stands in front of a command.
#[derive(Clone, Copy)]
enum Outer {
    Nothing,
    Repeat,
    Fragments,
}

impl Outer {
    /// Goes behind a command that takes another, once its own arguments are there.
    fn enter(self, text: &str) -> Option<(Self, usize)> {
        let (next, name, words) = match self {
            Self::Nothing if text.starts_with("/repeat") => (Self::Repeat, "/repeat", 3),
            Self::Nothing | Self::Repeat if text.starts_with("/frag") => (Self::Fragments, "/frag", 2),
            _ => return None,
        };
        let blanks = text.char_indices().filter(|(_, character)| character.is_whitespace());
        let (end, blank) = blanks.take(words).nth(words - 1)?;
        text[name.len()..].starts_with(char::is_whitespace).then_some((next, end + blank.len_utf8()))
    }

    fn takes(self, name: &str) -> bool {
        match self {
            Self::Nothing => true,
            Self::Repeat => name != "/repeat",
            Self::Fragments => matches!(name, "/text" | "/esc" | "/bin"),
        }
    }
}

fn common_prefix(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count()
}
