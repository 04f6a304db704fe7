//! Values in the bytes of JSON, found by their paths without a tree: what does not parse is looked through all the same.

use std::ops::Range;

use crate::query::JsonPath;

/// Nesting that is followed; what is deeper is taken as deep as that.
const DEPTH: usize = 128;

/// Whether a message has the last name of a path in it at all: most have not, and are not copied.
pub(super) fn holds(paths: &[JsonPath], bytes: &[u8]) -> bool {
    // A name may be written with escapes, and a number is none that is written.
    let may_be_escaped = memchr::memchr(b'\\', bytes).is_some();
    let is_there = |name: &String| memchr::memmem::find(bytes, name.as_bytes()).is_some();
    let names = |path: &JsonPath| path.names().iter().filter(|name| name.parse::<usize>().is_err()).all(&is_there);
    may_be_escaped || paths.iter().any(names)
}

/// Makes each byte of the values that paths name an asterisk, or of a number a nine, so that it stays JSON. Text in front
/// of the first bracket, as Socket.IO has it, is left alone; a path's names need not count the arrays on the way. Says
/// whether anything was taken out.
pub(super) fn take_out(paths: &[JsonPath], bytes: &mut [u8]) -> bool {
    let Some(start) = bytes.iter().position(|byte| matches!(byte, b'{' | b'[')) else { return false };
    let mut scan = Scan { bytes, at: start, paths, found: Vec::new() };
    let waiting: Vec<(usize, usize)> = (0..paths.len()).map(|path| (path, 0)).collect();
    scan.value(&waiting, false, 0);
    let found = scan.found;
    for range in &found {
        hide(bytes, range.clone());
    }
    !found.is_empty()
}

fn hide(bytes: &mut [u8], range: Range<usize>) {
    let Some(value) = bytes.get_mut(range) else { return };
    let instead = if value.first() == Some(&b'"') { b'*' } else { b'9' };
    let value = match value {
        [b'"', inner @ .., b'"'] => inner,
        // The end of a string that was cut off.
        [b'"', inner @ ..] => inner,
        other => other,
    };
    value.fill(instead);
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    paths: &'a [JsonPath],
    found: Vec<Range<usize>>,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Reads a value. `waiting` has the paths that may lead into it, each with how many of its names are behind; `is_taken`
    /// where all in it is to be taken out.
    fn value(&mut self, waiting: &[(usize, usize)], is_taken: bool, depth: usize) {
        self.skip_blanks();
        match self.peek() {
            Some(b'{' | b'[') if depth == DEPTH => self.at = self.bytes.len(),
            Some(b'{') => self.object(waiting, is_taken, depth),
            Some(b'[') => self.array(waiting, is_taken, depth),
            Some(b'"') => {
                let range = self.string();
                if is_taken {
                    self.found.push(range);
                }
            }
            Some(_) => {
                let start = self.at;
                while !matches!(self.peek(), None | Some(b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n')) {
                    self.at += 1;
                }
                // null, true and false tell nothing.
                let is_number = self.bytes.get(start).is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'-'));
                if is_taken && is_number {
                    self.found.push(start..self.at);
                }
            }
            None => {}
        }
    }

    fn object(&mut self, waiting: &[(usize, usize)], is_taken: bool, depth: usize) {
        self.at += 1;
        loop {
            self.skip_blanks();
            match self.peek() {
                Some(b'"') => {}
                Some(b'}') => return self.at += 1,
                Some(_) => {
                    self.at += 1;
                    continue;
                }
                None => return,
            }
            let name = self.string();
            let name = self.bytes.get(name).and_then(|name| serde_json::from_slice::<String>(name).ok());
            self.skip_blanks();
            if self.peek() != Some(b':') {
                continue;
            }
            self.at += 1;
            let (below, is_named) = self.step(waiting, name.as_deref().unwrap_or_default());
            self.value(&below, is_taken || is_named, depth + 1);
        }
    }

    fn array(&mut self, waiting: &[(usize, usize)], is_taken: bool, depth: usize) {
        self.at += 1;
        let mut index = 0_usize;
        loop {
            self.skip_blanks();
            match self.peek() {
                Some(b']') => return self.at += 1,
                Some(b',' | b'}' | b':') => self.at += 1,
                Some(_) => {
                    let (mut below, is_named) = self.step(waiting, &index.to_string());
                    // A path that is in the array may lead through it, too.
                    below.extend_from_slice(waiting);
                    below.sort_unstable();
                    below.dedup();
                    self.value(&below, is_taken || is_named, depth + 1);
                    index += 1;
                }
                None => return,
            }
        }
    }

    /// The paths that go on behind a name, and whether one ends with it.
    fn step(&self, waiting: &[(usize, usize)], name: &str) -> (Vec<(usize, usize)>, bool) {
        let (mut below, mut is_named) = (Vec::new(), false);
        for (path, behind) in waiting {
            let names = self.paths.get(*path).map_or(&[][..], JsonPath::names);
            if names.get(*behind).is_some_and(|next| next == name) {
                is_named |= behind + 1 == names.len();
                below.push((*path, behind + 1));
            }
        }
        (below, is_named)
    }

    /// Reads a string with its quotes.
    fn string(&mut self) -> Range<usize> {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                break;
            }
        }
        self.at = self.at.min(self.bytes.len());
        start..self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken_out(paths: &[&str], text: &str) -> String {
        let paths: Vec<_> = paths.iter().map(|path| JsonPath::parse(path).unwrap()).collect();
        let mut bytes = text.as_bytes().to_vec();
        let found = holds(&paths, &bytes) && take_out(&paths, &mut bytes);
        assert_eq!(found, bytes != text.as_bytes(), "{text}");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[test]
    fn a_value_becomes_asterisks_and_all_else_stays() {
        let cases = [
            (r#"{"auth":{"token":"abc","id":7}}"#, r#"{"auth":{"token":"***","id":7}}"#),
            (r#"{ "auth" : [ {"token" : -12.5 } ] }"#, r#"{ "auth" : [ {"token" : 99999 } ] }"#),
            (r#"42["login",{"auth":{"token":"a\"b"}}]"#, r#"42["login",{"auth":{"token":"****"}}]"#),
            (r#"{"auth":{"token":{"a":"x","b":["y",null]}}}"#, r#"{"auth":{"token":{"a":"*","b":["*",null]}}}"#),
            (r#"{"\u0061uth":{"token":"é"}}"#, r#"{"\u0061uth":{"token":"**"}}"#),
            (r#"{"token":"abc","auth":"token"}"#, r#"{"token":"abc","auth":"token"}"#),
            (r#"{"auth":{"token":"cut of"#, r#"{"auth":{"token":"******"#),
            ("hello", "hello"),
        ];
        for (text, expected) in cases {
            assert_eq!(taken_out(&[".auth.token"], text), expected);
        }
        assert_eq!(
            taken_out(&[".a[1]", ".b"], r#"{"a":["x","y"],"b":true,"c":1}"#),
            r#"{"a":["x","*"],"b":true,"c":1}"#
        );
    }

    #[test]
    fn what_is_nested_without_end_ends() {
        let text = format!("{}\"x\"", "[".repeat(100_000));
        assert_eq!(taken_out(&[".x"], &text), text);
        let object = format!("{}\"x\"", "{\"a\":".repeat(100_000));
        assert_eq!(taken_out(&[".a.b"], &object), object);
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_keeps_its_length(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let paths = [JsonPath::parse(".a").unwrap()];
            let mut changed = [b"{\"a\":", bytes.as_slice()].concat();
            let length = changed.len();
            take_out(&paths, &mut changed);
            assert_eq!(changed.len(), length);
        }
    }
}
