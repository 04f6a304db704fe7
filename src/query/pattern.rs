//! What is searched for: a text, a regular expression, or bytes in hex.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

/// Bytes that a compiled expression may take, so that none that is typed takes all memory.
const SIZE: usize = 1 << 20;
/// Characters of a pattern at most.
pub const LENGTH: usize = 1000;

/// A pattern that can be found.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.regex.as_str()) == (&other.text, other.regex.as_str())
    }
}

impl Pattern {
    /// Finds a text as it stands; `None` where that is nothing. Capitals count where there are any.
    ///
    /// # Errors
    /// Where it is too long: how much is not.
    pub fn literal(text: &str) -> Result<Option<Self>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let case = if text.chars().any(char::is_uppercase) { Case::Counts } else { Case::Ignored };
        Self::build(text, &regex::escape(text), Expression::Text(case)).map(Some)
    }

    /// Finds what an expression stands for.
    ///
    /// # Errors
    /// Where it is none: why, in a sentence.
    pub fn expression(expression: &str, case: Case) -> Result<Self, String> {
        Self::build(expression, expression, Expression::Text(case))
    }

    /// Finds texts that are this from end to end; a `*` stands for anything.
    ///
    /// # Errors
    /// Where it is too long: how much is not.
    pub fn whole(text: &str) -> Result<Self, String> {
        let parts: Vec<String> = text.split('*').map(regex::escape).collect();
        let case = if text.chars().any(char::is_uppercase) { Case::Counts } else { Case::Ignored };
        let expression = format!("^(?s:{})$", parts.join(".*"));
        Self::build(text, &expression, Expression::Text(case))
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
        Self::build(&format!("hex:{digits}"), &expression, Expression::Bytes).map(Some)
    }

    fn build(text: &str, expression: &str, what: Expression) -> Result<Self, String> {
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
        Ok(Self { text: text.to_owned(), regex })
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is anywhere in some bytes.
    #[must_use]
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        self.regex.is_match(bytes)
    }

    /// Some bytes with something else at each place of it, in which `$1` stands for a group, and how many places those are.
    /// `None` where there is none, or where more bytes than `limit` would come of it.
    #[must_use]
    pub fn replace(&self, bytes: &[u8], with: &str, limit: usize) -> Option<(Vec<u8>, usize)> {
        let (mut out, mut end, mut places) = (Vec::new(), 0, 0);
        for found in self.regex.captures_iter(bytes) {
            let whole = found.get(0)?;
            out.extend_from_slice(bytes.get(end..whole.start())?);
            found.expand(with.as_bytes(), &mut out);
            (end, places) = (whole.end(), places + 1);
            if out.len() > limit {
                return None;
            }
        }
        out.extend_from_slice(bytes.get(end..)?);
        (places > 0 && out.len() <= limit).then_some((out, places))
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

    fn text(text: &str) -> Pattern {
        Pattern::literal(text).unwrap().unwrap()
    }

    fn expression(expression: &str) -> Pattern {
        Pattern::expression(expression, Case::Counts).unwrap()
    }

    fn hex(digits: &str) -> Pattern {
        Pattern::hex(digits).unwrap().unwrap()
    }

    #[test]
    fn capitals_count_where_there_are_any() {
        assert!(text("grün").is_in("GRÜNES".as_bytes()));
        assert!(!text("Grün").is_in("grünes".as_bytes()));
    }

    #[test]
    fn a_text_is_taken_as_it_stands_and_an_expression_is_not() {
        assert!(text("a.c").is_in(b"a.c") && !text("a.c").is_in(b"abc"));
        assert!(expression("a.c").is_in(b"abc"));
        assert_ne!(text("a.c"), expression("a.c"));
    }

    #[test]
    fn hex_stands_for_bytes() {
        assert!(hex("81 05").is_in(&[0, 0x81, 5]));
        assert!(!hex("41").is_in(b"a"));
        assert!(hex("FF").is_in(&[0xff]));
    }

    #[test]
    fn what_is_wrong_is_said_in_a_line() {
        let expression = |text: &str| Pattern::expression(text, Case::Counts).unwrap_err();
        assert_eq!(expression("a("), "unclosed group");
        assert_eq!(expression(r"\w{1000}{100}"), "the expression is too large: make it shorter");
        assert_eq!(expression(&"a".repeat(1001)), "it is too long: 1000 bytes at most");
        assert_eq!(Pattern::hex("8x").unwrap_err(), "x is no hex digit: write bytes as in hex:81 05");
        assert_eq!(Pattern::hex("81 0").unwrap_err(), "a digit is missing: each byte takes two");
    }

    #[test]
    fn nothing_is_not_searched_for() {
        assert_eq!((Pattern::literal("").unwrap(), Pattern::hex(" ").unwrap()), (None, None));
        assert_eq!(
            expression("x*").places(b"axxb").map(|place| (place.start, place.end)).collect::<Vec<_>>(),
            [(1, 3)]
        );
    }
}
