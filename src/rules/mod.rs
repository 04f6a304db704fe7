//! Rules as they are written: `QUERY -> ACT`, files of them, and faults that have a name. No I/O, no clock.
//!
//! ```text
//!   slow = path:/chat from:server -> delay 200ms±50ms first 20
//!   ^name  ^query                    ^act              ^options
//! ```
//!
//! What is read here becomes a `relay::rules::Rule`, which knows nothing of how it was written.
#![deny(clippy::indexing_slicing)]

mod act;
mod complete;
mod document;
mod fault;
mod file;
#[cfg(test)]
mod live;
mod measure;
#[cfg(test)]
mod tests;
mod words;

use crate::query::Query;
use crate::relay::rules::Rule;

pub use act::{ACTS, ActHelp, OPTIONS};
pub use complete::complete;
pub use document::document;
pub use fault::{FAULTS, FaultHelp, parse as fault};
pub use file::{FileError, FileRule, file};

/// Characters of a rule's name.
const NAME: usize = 40;

/// Bytes of a rule: a query and a message to respond with are shorter.
const LONGEST: usize = 64 * 1024;

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct RuleError {
    /// The byte at which it goes wrong: the start of a character, or the end.
    pub at: usize,
    /// What is wrong, and what would be right.
    pub why: String,
}

impl RuleError {
    fn new(at: usize, why: impl Into<String>) -> Self {
        Self { at, why: why.into() }
    }

    /// The same in a text in which this one begins later.
    fn behind(self, at: usize) -> Self {
        Self { at: self.at + at, ..self }
    }
}

/// Reads `[NAME =] [QUERY] -> ACT`. Without a name it is called after its act; `is_taken` tells which names others have.
///
/// # Errors
/// What is wrong with it, and where.
pub fn parse(text: &str, is_taken: impl Fn(&str) -> bool) -> Result<Rule, RuleError> {
    let Some(arrow) = arrow(text) else {
        let why = "a rule is a query, an arrow and an act, as path:/chat -> delay 200ms";
        return Err(RuleError::new(text.len(), why));
    };
    let (front, behind) = text.split_at(arrow);
    let behind = behind.get(ARROW.len()..).unwrap_or_default();
    let (name, query) = match name_in(front) {
        Some((name, at)) => (Some(name), at),
        None => (None, 0),
    };
    let query_text = front.get(query..).unwrap_or_default();
    let doing = act::parse(behind).map_err(|error| error.behind(arrow + ARROW.len()))?;
    let name = name.map_or_else(|| free(doing.act_name(), is_taken), str::to_owned);
    build(name, query_text, doing, behind).map_err(|error| RuleError { at: error.at.min(arrow) + query, ..error })
}

/// A rule of three parts, as a script gives it.
///
/// # Errors
/// What is wrong with it. Where, is in the act for an error there, else in the query.
pub fn of_parts(name: &str, query: &str, act: &str) -> Result<Rule, RuleError> {
    check_name(name)?;
    build(name.to_owned(), query, act::parse(act)?, act)
}

fn build(name: String, query: &str, doing: act::Doing, text: &str) -> Result<Rule, RuleError> {
    check_name(&name)?;
    if query.len() + text.len() > LONGEST {
        return Err(RuleError::new(0, format!("it is too long: {LONGEST} bytes at most")));
    }
    let query = Query::parse(query).map_err(|error| RuleError::new(error.at, error.why))?;
    let written = text.trim().to_owned();
    Rule::new(name, query, doing.options, doing.act, written).map_err(|error| {
        let why = format!("no rule acts by {}: it is not known of a message that is still on its way", error.part());
        RuleError::new(0, why)
    })
}

const ARROW: &str = "->";

/// Where the arrow is: not in quotes.
fn arrow(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    let mut before = ' ';
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '-' if !quoted && before.is_whitespace() && text.get(at..).is_some_and(|rest| rest.starts_with(ARROW)) => {
                return Some(at);
            }
            _ => {}
        }
        before = character;
    }
    None
}

/// The name in front of a query, and where the query begins.
fn name_in(front: &str) -> Option<(&str, usize)> {
    let (name, rest) = front.split_once('=')?;
    let is_name = !name.trim().is_empty() && check_name(name.trim()).is_ok();
    // `json:.a=1` is a query.
    let stands_apart = rest.is_empty() || rest.starts_with(char::is_whitespace);
    (is_name && stands_apart).then(|| (name.trim(), front.len() - rest.len()))
}

fn check_name(name: &str) -> Result<(), RuleError> {
    let fits = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_' | '.');
    if name.is_empty() || name.chars().count() > NAME || !name.chars().all(fits) {
        let why = format!("a rule's name is a word of letters, digits, - and _, of {NAME} characters at most");
        return Err(RuleError::new(0, why));
    }
    Ok(())
}

/// A name that no other rule has.
#[must_use]
pub fn free(word: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number: u32| format!("{word}-{number}"));
    std::iter::once(word.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}
