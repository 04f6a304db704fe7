//! JSON laid out for reading, token by token.
//!
//! Nothing is decoded: the order of members, the digits of a number and the escapes of a string stay as they came, and
//! text that is no JSON comes out as well as may be. Nothing is kept but the depth.

use ratatui::style::Style;

use super::page::Page;

/// Lays `json` out on the page. Gives the count of its bytes that found room.
pub(super) fn write(page: &mut Page<'_>, json: &str) -> usize {
    let mut layout = Layout { page, depth: 0, previous: Previous::Nothing };
    let mut at = 0;
    while let Some((token, end)) = next(json, at) {
        layout.write(token, json.get(end..).unwrap_or_default());
        if layout.page.is_full() {
            return at;
        }
        at = end;
    }
    page.end_row();
    json.len()
}

/// Why a text is no JSON; `None` where it is.
pub(super) fn fault(json: &str) -> Option<String> {
    serde_json::from_str::<serde::de::IgnoredAny>(json).err().map(|error| error.to_string())
}

/// Whether a text is a JSON object or array.
pub(super) fn is_structure(json: &str) -> bool {
    json.trim_start_matches(is_blank).starts_with(['{', '[']) && fault(json).is_none()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Open(&'a str),
    Close(&'a str),
    Comma,
    Colon,
    /// With its quotes.
    Text(&'a str),
    /// A number, `true`, `false`, `null`, or anything else.
    Word(&'a str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Previous {
    Nothing,
    Open,
    Value,
    Separator,
}

const fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// The token that begins at `at` or after blanks, and where it ends.
fn next(json: &str, at: usize) -> Option<(Token<'_>, usize)> {
    let rest = json.get(at..)?.trim_start_matches(is_blank);
    let start = json.len() - rest.len();
    let first = rest.chars().next()?;
    let length = match first {
        '{' | '}' | '[' | ']' | ',' | ':' => 1,
        '"' => string_length(rest),
        _ => rest.find(|character| is_blank(character) || "{}[],:\"".contains(character)).unwrap_or(rest.len()),
    };
    let raw = &rest[..length];
    let token = match first {
        '{' | '[' => Token::Open(raw),
        '}' | ']' => Token::Close(raw),
        ',' => Token::Comma,
        ':' => Token::Colon,
        '"' => Token::Text(raw),
        _ => Token::Word(raw),
    };
    Some((token, start + length))
}

/// Up to and with the closing quote, or all of it.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

struct Layout<'p, 't> {
    page: &'p mut Page<'t>,
    depth: usize,
    previous: Previous,
}

impl Layout<'_, '_> {
    fn write(&mut self, token: Token<'_>, rest: &str) {
        let dim = self.page.theme.dim;
        match token {
            Token::Open(bracket) => {
                self.value(bracket, dim);
                self.depth += 1;
                self.previous = Previous::Open;
            }
            Token::Close(bracket) => {
                self.depth = self.depth.saturating_sub(1);
                // An empty pair stays in one row.
                if !matches!(self.previous, Previous::Nothing | Previous::Open) {
                    self.new_row();
                }
                self.page.text(bracket, dim);
                self.previous = Previous::Value;
            }
            Token::Comma => {
                self.page.text(",", dim);
                self.new_row();
                self.previous = Previous::Separator;
            }
            Token::Colon => {
                self.page.text(": ", dim);
                self.previous = Previous::Separator;
            }
            Token::Text(text) => {
                let is_key = rest.trim_start_matches(is_blank).starts_with(':');
                self.value(text, if is_key { self.page.theme.key } else { self.page.theme.good });
            }
            Token::Word(word) => self.value(word, self.page.theme.note),
        }
    }

    fn value(&mut self, raw: &str, style: Style) {
        // Two values in a row are two texts, or a fault: each gets a row.
        if matches!(self.previous, Previous::Open | Previous::Value) {
            self.new_row();
        }
        self.page.text(raw, style);
        self.previous = Previous::Value;
    }

    fn new_row(&mut self) {
        self.page.end_row();
        self.page.begin(self.depth * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Theme;
    use proptest::prelude::*;

    fn pretty(json: &str) -> String {
        let theme = Theme::default();
        let mut page = Page::new(&theme, 200, 1000);
        write(&mut page, json);
        page.finish().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn order_digits_and_escapes_stay() {
        assert_eq!(
            pretty(r#"{"b":12345678901234567890.10e400,"a":["x\u0041\"", true,{}, [ ]],"b":null}"#),
            "{\n  \"b\": 12345678901234567890.10e400,\n  \"a\": [\n    \"x\\u0041\\\"\",\n    true,\n    {},\n    []\n  \
             ],\n  \"b\": null\n}"
        );
    }

    #[test]
    fn what_is_no_json_comes_out_too() {
        assert_eq!(pretty("}{\"a"), "}\n{\n  \"a");
        assert_eq!(pretty("{} 1"), "{}\n1");
        assert!(fault("{]").is_some() && fault(" [1] ").is_none());
        assert!(is_structure(" [1]") && !is_structure("1") && !is_structure("[1"));
    }

    #[test]
    fn nesting_of_any_depth_is_laid_out() {
        let deep = "[".repeat(2000);
        assert_eq!(pretty(&deep).lines().count(), 1001);
    }

    proptest! {
        #[test]
        fn nothing_but_blanks_is_added_or_lost(json in "[{}\\[\\],:\" a1\\\\]{0,60}") {
            let all = |text: &str| text.chars().filter(|character| !is_blank(*character)).collect::<String>();
            prop_assert_eq!(all(&pretty(&json)), all(&json));
        }
    }
}
