//! What standard output is fit for: colours, or nothing but lines.

use std::env;
use std::ffi::OsStr;
use std::io::{self, IsTerminal as _};

/// Whether text has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// On a terminal that wants them.
    On,
    /// In pipes, under `NO_COLOR`, and on a terminal that has none.
    Off,
}

impl Colour {
    /// What standard output takes. <https://no-color.org>: any value of `NO_COLOR` but an empty one.
    #[must_use]
    pub fn of_output() -> Self {
        let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if output_takes_sequences() && !unwanted { Self::On } else { Self::Off }
    }

    /// The text in an SGR style.
    pub(crate) fn paint(self, style: &str, text: &str) -> String {
        match self {
            Self::On if !style.is_empty() => format!("\u{1b}[{style}m{text}\u{1b}[0m"),
            Self::On | Self::Off => text.to_owned(),
        }
    }
}

/// Whether standard output is a terminal that takes escape sequences: one that is called dumb, as an editor's shell is,
/// would show them.
#[must_use]
pub fn output_takes_sequences() -> bool {
    io::stdout().is_terminal() && env::var_os("TERM").is_none_or(|name| name != OsStr::new("dumb"))
}
