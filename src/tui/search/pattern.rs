//! What is searched for: a text, a regular expression, or bytes in hex.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

/// Bytes that a compiled expression may take, so that none that is typed takes all memory.
const SIZE: usize = 1 << 20;
/// Characters of a pattern at most.
pub(crate) const LENGTH: usize = 1000;

/// How a pattern is read, unless it begins with `re:` or `hex:`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// As it stands.
    #[default]
    Plain,
    /// As a regular expression.
    Regex,
}

/// A pattern that can be found.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: String,
    syntax: Syntax,
    regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.syntax) == (&other.text, other.syntax)
    }
}

impl Pattern {
    /// Reads what was typed; `None` where that is nothing. Capitals count where there are any.
    ///
    /// # Errors
    /// Where it is no expression or no hex: why, in a sentence.
    pub(crate) fn parse(text: &str, syntax: Syntax) -> Result<Option<Self>, String> {
        let (expression, capitals) = if let Some(digits) = text.strip_prefix("hex:") {
            match bytes(digits)? {
                bytes if bytes.is_empty() => return Ok(None),
                bytes => (bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect(), Expression::Bytes),
            }
        } else if let Some(expression) = text.strip_prefix("re:") {
            (expression.to_owned(), Expression::Text(has_capitals(expression)))
        } else if syntax == Syntax::Regex {
            (text.to_owned(), Expression::Text(has_capitals(text)))
        } else {
            (regex::escape(text), Expression::Text(text.chars().any(char::is_uppercase)))
        };
        if expression.is_empty() {
            return Ok(None);
        }
        if text.len() > LENGTH {
            return Err(format!("it is too long: {LENGTH} bytes at most"));
        }
        let regex = RegexBuilder::new(&expression)
            .unicode(capitals != Expression::Bytes)
            .case_insensitive(capitals == Expression::Text(false))
            .size_limit(SIZE)
            .dfa_size_limit(SIZE)
            .build()
            .map_err(|error| reason(&error))?;
        Ok(Some(Self { text: text.to_owned(), syntax, regex }))
    }

    /// What was typed.
    #[must_use]
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// How it was read.
    #[must_use]
    pub(crate) const fn syntax(&self) -> Syntax {
        self.syntax
    }

    /// Whether it is anywhere in some bytes.
    #[must_use]
    pub(crate) fn is_in(&self, bytes: &[u8]) -> bool {
        self.regex.is_match(bytes)
    }

    /// Where it is in some bytes.
    pub(crate) fn places<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
        self.regex.find_iter(bytes).map(|found| found.range()).filter(|range| !range.is_empty())
    }
}

/// What an expression is made of, and whether its capitals count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expression {
    Bytes,
    Text(bool),
}

/// Whether an expression has capitals that are not classes such as `\W`.
fn has_capitals(expression: &str) -> bool {
    let mut escaped = false;
    expression.chars().any(|character| {
        let counts = !escaped && character.is_uppercase();
        escaped = !escaped && character == '\\';
        counts
    })
}

fn bytes(digits: &str) -> Result<Vec<u8>, String> {
    let digits: String = digits.chars().filter(|character| !character.is_whitespace()).collect();
    if let Some(wrong) = digits.chars().find(|character| !character.is_ascii_hexdigit()) {
        return Err(format!("{} is no hex digit: write bytes as in hex:81 05", wrong.escape_debug()));
    }
    hex::decode(digits).map_err(|_| "a digit is missing: each byte takes two".to_owned())
}

/// The one line of an error that says what is wrong.
fn reason(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "the expression is too large: make it shorter".to_owned(),
        _ => {
            let text = error.to_string();
            let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
            line.strip_prefix("error: ").unwrap_or(line).to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, syntax: Syntax, bytes: &[u8]) -> bool {
        Pattern::parse(text, syntax).unwrap().unwrap().is_in(bytes)
    }

    #[test]
    fn capitals_count_where_there_are_any() {
        assert!(found("grün", Syntax::Plain, "GRÜNES".as_bytes()));
        assert!(!found("Grün", Syntax::Plain, "grünes".as_bytes()));
        assert!(found(r"\Welcome", Syntax::Regex, b" ELCOME"));
    }

    #[test]
    fn a_text_is_no_expression_unless_it_is_said_to_be_one() {
        assert!(found("a.c", Syntax::Plain, b"a.c") && !found("a.c", Syntax::Plain, b"abc"));
        assert!(found("a.c", Syntax::Regex, b"abc") && found("re:a.c", Syntax::Plain, b"abc"));
    }

    #[test]
    fn bytes_are_found_whatever_they_are() {
        assert!(found("hex:81 05", Syntax::Plain, &[0, 0x81, 5]));
        assert!(!found("hex:41", Syntax::Plain, b"a"));
        assert!(found("hex:FF", Syntax::Regex, &[0xff]));
    }

    #[test]
    fn what_is_wrong_is_told_in_a_line() {
        let error = |text: &str| Pattern::parse(text, Syntax::Regex).unwrap_err();
        assert_eq!(error("a(b"), "unclosed group");
        assert_eq!(error("hex:8g"), "g is no hex digit: write bytes as in hex:81 05");
        assert_eq!(error("hex:8"), "a digit is missing: each byte takes two");
        assert_eq!(error("(?:a{999}){999}"), "the expression is too large: make it shorter");
    }

    #[test]
    fn nothing_is_not_searched_for() {
        for text in ["", "re:", "hex:", "hex: "] {
            assert_eq!(Pattern::parse(text, Syntax::Plain), Ok(None), "{text}");
        }
    }
}
