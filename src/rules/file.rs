//! A file of rules, in TOML.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::relay::rules::Rule;

use super::{RuleError, act, build, check_name, free};

/// What is wrong with a file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {why}")]
pub struct FileError {
    /// Counted from 1.
    pub line: usize,
    /// Characters, counted from 1.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub why: String,
}

/// A rule of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileRule {
    /// The rule.
    pub rule: Rule,
    /// Whether it acts from the start.
    pub is_on: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    rule: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Option<Spanned<String>>,
    query: Option<Spanned<String>>,
    act: Spanned<String>,
    #[serde(default = "yes")]
    on: bool,
}

const fn yes() -> bool {
    true
}

/// Reads a file.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn file(text: &str) -> Result<Vec<FileRule>, FileError> {
    let document: Document = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        // Its words may go over several lines.
        let why = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
        place(text, at, why)
    })?;
    let mut rules: Vec<FileRule> = Vec::new();
    for entry in document.rule {
        let span = entry.span();
        let Entry { name, query, act, on } = entry.into_inner();
        let is_taken = |name: &str| rules.iter().any(|other| other.rule.name() == name);
        let wrong = |part: &Spanned<String>, error: RuleError| {
            let at = within(text, &part.span(), part.get_ref(), error.at);
            place(text, at, error.why)
        };
        let doing = act::parse(act.get_ref()).map_err(|error| wrong(&act, error))?;
        if let Some(name) = &name {
            check_name(name.get_ref()).map_err(|error| wrong(name, error))?;
            if is_taken(name.get_ref()) {
                let why = format!("there is a rule {} above: give each a name of its own", name.get_ref());
                return Err(wrong(name, RuleError::new(0, why)));
            }
        }
        let own = name.as_ref().map_or_else(|| free(doing.act_name(), is_taken), |name| name.get_ref().clone());
        let asked = query.as_ref().map_or("", |query| query.get_ref().as_str());
        let rule = build(own, asked, doing, act.get_ref()).map_err(|error| match &query {
            Some(query) => wrong(query, error),
            None => place(text, span.start, error.why),
        })?;
        rules.push(FileRule { rule, is_on: on });
    }
    Ok(rules)
}

/// Where in the file a byte of a value is: in it where it stands as it reads, else at its beginning.
fn within(text: &str, span: &Range<usize>, value: &str, at: usize) -> usize {
    let written = text.get(span.clone()).unwrap_or_default();
    match written.find(value) {
        Some(start) => span.start + start + at,
        None => span.start,
    }
}

fn place(text: &str, at: usize, why: String) -> FileError {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    FileError { line, column, why }
}
