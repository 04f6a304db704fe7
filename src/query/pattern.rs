//! What is searched for: a text, a regular expression, or bytes in hex.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

/// Bytes that a compiled expression may take, so that none that is typed takes all memory.
const SIZE: usize = 1 << 20;
/// Characters of a pattern at most.
pub const LENGTH: usize = 1000;

/// How a pattern is read, unless it begins with `re:` or `hex:`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Syntax {
    /// As it stands.
    #[default]
    Plain,
    /// As a regular expression.
    Regex,
}

/// A pattern that can be found.
#[derive(Clone, Debug)]
pub struct Pattern {
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
    pub fn parse(text: &str, syntax: Syntax) -> Result<Option<Self>, String> {
        if let Some(digits) = text.strip_prefix("hex:") {
            return Self::hex(digits);
        }
        let expression = text.strip_prefix("re:").or((syntax == Syntax::Regex).then_some(text));
        match expression {
            Some("") => Ok(None),
            Some(expression) => {
                let case = if has_capitals(expression) { Case::Counts } else { Case::Ignored };
                Self::build(text, syntax, expression, Expression::Text(case)).map(Some)
            }
            None => Self::literal(text),
        }
    }

    /// Finds a text as it stands; `None` where that is nothing. Capitals count where there are any.
    ///
    /// # Errors
    /// Where it is too long: how much is not.
    pub fn literal(text: &str) -> Result<Option<Self>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let case = if text.chars().any(char::is_uppercase) { Case::Counts } else { Case::Ignored };
        Self::build(text, Syntax::Plain, &regex::escape(text), Expression::Text(case)).map(Some)
    }

    /// Finds what an expression stands for.
    ///
    /// # Errors
    /// Where it is none: why, in a sentence.
    pub fn expression(expression: &str, case: Case) -> Result<Self, String> {
        Self::build(expression, Syntax::Regex, expression, Expression::Text(case))
    }

    /// Finds texts that are this from end to end; a `*` stands for anything.
    ///
    /// # Errors
    /// Where it is too long: how much is not.
    pub fn whole(text: &str) -> Result<Self, String> {
        let parts: Vec<String> = text.split('*').map(regex::escape).collect();
        let case = if text.chars().any(char::is_uppercase) { Case::Counts } else { Case::Ignored };
        let expression = format!("^(?s:{})$", parts.join(".*"));
        Self::build(text, Syntax::Regex, &expression, Expression::Text(case))
    }

    /// Finds bytes that are written in hex; `None` where there are none.
    ///
    /// # Errors
    /// Where it is no hex: why, in a sentence.
    pub fn hex(digits: &str) -> Result<Option<Self>, String> {
        let bytes = bytes(digits)?;
        let expression: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        if bytes.is_empty() {
            return Ok(None);
        }
        Self::build(&format!("hex:{digits}"), Syntax::Plain, &expression, Expression::Bytes).map(Some)
    }

    fn build(text: &str, syntax: Syntax, expression: &str, what: Expression) -> Result<Self, String> {
        if text.len() > LENGTH {
            return Err(format!("it is too long: {LENGTH} bytes at most"));
        }
        let regex = RegexBuilder::new(expression)
            .unicode(what != Expression::Bytes)
            .case_insensitive(what == Expression::Text(Case::Ignored))
            .size_limit(SIZE)
            .dfa_size_limit(SIZE)
            .build()
            .map_err(|error| reason(&error))?;
        Ok(Self { text: text.to_owned(), syntax, regex })
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How it was read.
    #[must_use]
    pub const fn syntax(&self) -> Syntax {
        self.syntax
    }

    /// Whether it is anywhere in some bytes.
    #[must_use]
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        self.regex.is_match(bytes)
    }

    /// Where it is in some bytes.
    pub fn places<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
        self.regex.find_iter(bytes).map(|found| found.range()).filter(|range| !range.is_empty())
    }
}

/// Whether capitals count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// They do.
    Counts,
    /// They are the same as small letters.
    Ignored,
}

/// What an expression is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expression {
    Bytes,
    Text(Case),
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
