//! A value in a JSON text gets another: every other byte stays as it is.

use std::ops::Range;

use serde::de::IgnoredAny;

/// Bytes of a text up to which it is read as JSON, as in a query.
const READ: usize = 1024 * 1024;

/// The text with another value at that path; `None` where it is no JSON, or there is nothing.
pub(super) fn replaced(text: &[u8], path: &[String], value: &serde_json::Value) -> Option<Vec<u8>> {
    let place = place(text, path)?;
    let mut out = text.get(..place.start)?.to_vec();
    out.extend_from_slice(value.to_string().as_bytes());
    out.extend_from_slice(text.get(place.end..)?);
    Some(out)
}

fn place(text: &[u8], path: &[String]) -> Option<Range<usize>> {
    // What follows trusts that it is JSON, nested no deeper than serde_json goes.
    if text.len() > READ || serde_json::from_slice::<IgnoredAny>(text).is_err() {
        return None;
    }
    let mut cursor = Cursor { text, at: 0 };
    for name in path {
        cursor.go_to(name)?;
    }
    cursor.blanks();
    let start = cursor.at;
    cursor.value()?;
    Some(start..cursor.at)
}

struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Steps over a character, where it stands here.
    fn takes(&mut self, byte: u8) -> bool {
        self.blanks();
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    /// From a value to the member of that name in it, or the item of that number.
    fn go_to(&mut self, name: &str) -> Option<()> {
        if self.takes(b'{') {
            let mut found = None;
            while !self.takes(b'}') {
                self.blanks();
                let start = self.at;
                self.string()?;
                let key: String = serde_json::from_slice(self.text.get(start..self.at)?).ok()?;
                self.takes(b':');
                // Where a name stands twice, readers take the last.
                if key == name {
                    found = Some(self.at);
                }
                self.value()?;
                self.takes(b',');
            }
            self.at = found?;
            return Some(());
        }
        let number: usize = self.takes(b'[').then(|| name.parse().ok())??;
        for _ in 0..number {
            self.value()?;
            self.takes(b',').then_some(())?;
        }
        self.blanks();
        (self.peek()? != b']').then_some(())
    }

    /// Steps over a string.
    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(())
    }

    /// Steps over a value.
    fn value(&mut self) -> Option<()> {
        self.blanks();
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => self.string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' => self.at += 1,
                byte if byte.is_ascii_whitespace() => self.at += 1,
                _ => {
                    let is_bare = |byte: u8| !byte.is_ascii_whitespace() && !b",:{}[]\"".contains(&byte);
                    while self.peek().is_some_and(is_bare) {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::JsonPath;

    fn put(text: &str, path: &str, value: &str) -> Option<String> {
        let path = JsonPath::parse(path).unwrap();
        let value = serde_json::from_str(value).unwrap();
        replaced(text.as_bytes(), path.names(), &value).map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn a_value_is_put_in_and_no_other_byte_changes() {
        let text = r#" { "a" : [1, {"b\u0063":"x,]\"}" , "n":1.50}, null ] ,"a2":"\\" } "#;
        for (path, value, expected) in [
            (".a[0]", "7", r#" { "a" : [7, {"b\u0063":"x,]\"}" , "n":1.50}, null ] ,"a2":"\\" } "#),
            (".a[1].bc", "true", r#" { "a" : [1, {"b\u0063":true , "n":1.50}, null ] ,"a2":"\\" } "#),
            (".a[1].n", "\"é\"", r#" { "a" : [1, {"b\u0063":"x,]\"}" , "n":"é"}, null ] ,"a2":"\\" } "#),
            (".a[2]", "{\"k\":[]}", r#" { "a" : [1, {"b\u0063":"x,]\"}" , "n":1.50}, {"k":[]} ] ,"a2":"\\" } "#),
            (".a2", "0", r#" { "a" : [1, {"b\u0063":"x,]\"}" , "n":1.50}, null ] ,"a2":0 } "#),
            (".a", "[]", r#" { "a" : [] ,"a2":"\\" } "#),
        ] {
            assert_eq!(put(text, path, value).as_deref(), Some(expected), "{path}");
        }
        assert_eq!(put(r#"{"a":1,"a":2}"#, ".a", "3").as_deref(), Some(r#"{"a":1,"a":3}"#));
        assert_eq!(put("[1]", ".", "2").as_deref(), Some("2"));
    }

    #[test]
    fn where_there_is_nothing_nothing_changes() {
        for (text, path) in [
            (r#"{"a":1}"#, ".b"),
            (r#"{"a":1}"#, ".a.b"),
            ("[1]", ".1"),
            ("[]", ".0"),
            ("[1]", ".x"),
            ("{", ".a"),
            ("", "."),
            ("\"a\"", ".a"),
        ] {
            assert_eq!(put(text, path, "0"), None, "{text} {path}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(put(&deep, ".0.0", "0"), None);
    }
}
