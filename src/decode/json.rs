//! JSON (RFC 8259), with the place of each value. Order, digits and duplicate members stay as they came.

use std::ops::Range;

use super::document::{Tree, Value};
use super::reading::Reading;
use super::{Fault, Role};

/// Any JSON.
pub(super) fn message(reading: &mut Reading<'_>) -> Result<(), Fault> {
    let root = reading.json(None, 0)?;
    let summary = reading.compact(root);
    let id = IDS.iter().find_map(|name| reading.document().id(root, name)).map(str::to_owned);
    reading.part(&summary, None, id.map_or(Role::Other, Role::Tagged));
    Ok(())
}

/// Members by which many protocols without a name tell which reply belongs to which request.
const IDS: [&str; 9] =
    ["id", "requestId", "request_id", "reqId", "req_id", "correlationId", "correlation_id", "messageId", "rid"];

/// Reads one text into a node of that name. `base` is where it stands in the payload; where it is not whole, it may end
/// anywhere. The result is `None` where there is no room for the node.
pub(super) fn read(
    tree: &mut Tree<'_>,
    key: Option<&str>,
    json: &[u8],
    base: usize,
    is_whole: bool,
) -> Result<Option<usize>, Fault> {
    let depth = tree.depth();
    let before = tree.document().nodes().len();
    let mut reader = Reader { json, at: 0, base, tree };
    let result = reader.text(key.map(str::as_bytes));
    let end = base + reader.at;
    tree.close_to(depth, end);
    match result {
        // The whole of it that is here was right.
        Err(fault) if fault.is_end && !is_whole => {
            tree.cut();
            Ok((tree.document().nodes().len() > before).then_some(before))
        }
        result => result,
    }
}

/// What a string of JSON says, from between its quotes; at most about `limit` bytes.
pub(super) fn unescape(raw: &[u8], limit: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len().min(limit));
    let mut rest = raw;
    while let Some((&first, behind)) = rest.split_first() {
        if out.len() > limit {
            break;
        }
        rest = behind;
        if first != b'\\' {
            out.push(first);
            continue;
        }
        let Some((&escaped, behind)) = rest.split_first() else { break };
        rest = behind;
        match escaped {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                let character = unit(&mut rest);
                out.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => out.push(other),
        }
    }
    out
}

/// The character of the four digits that follow, and of the second half where they are the first.
fn unit(rest: &mut &[u8]) -> char {
    let high = digits(rest);
    let is_pair = matches!(high, 0xd800..=0xdbff) && rest.starts_with(b"\\u");
    let mut behind = rest.get(2..).unwrap_or_default();
    if is_pair {
        let low = digits(&mut behind);
        if matches!(low, 0xdc00..=0xdfff) {
            *rest = behind;
            let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            return char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
    }
    char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn digits(rest: &mut &[u8]) -> u32 {
    let Some((digits, behind)) = rest.split_first_chunk::<4>() else { return 0xfffd };
    *rest = behind;
    digits.iter().fold(0, |value, digit| value << 4 | (*digit as char).to_digit(16).unwrap_or(0))
}

struct Reader<'a, 'b, 'l> {
    json: &'a [u8],
    at: usize,
    base: usize,
    tree: &'b mut Tree<'l>,
}

impl<'a> Reader<'a, '_, '_> {
    fn text(&mut self, key: Option<&[u8]>) -> Result<Option<usize>, Fault> {
        let root = self.value(key)?;
        self.skip_blanks();
        match self.peek() {
            None => Ok(root),
            Some(_) => Err(self.fault("the JSON is over, and more follows")),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn fault(&self, why: &str) -> Fault {
        let at = self.base + self.at;
        if self.at < self.json.len() { Fault::new(at, why) } else { Fault::end(at, "the JSON is not over") }
    }

    fn value(&mut self, key: Option<&[u8]>) -> Result<Option<usize>, Fault> {
        self.skip_blanks();
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => return self.object(key),
            Some(b'[') => return self.array(key),
            Some(b'"') => return self.quoted(key),
            Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?),
            _ => Value::word(self.word()?),
        };
        let span = self.span(start);
        Ok(self.tree.add(key, value, Some(span)))
    }

    fn quoted(&mut self, key: Option<&[u8]>) -> Result<Option<usize>, Fault> {
        let start = self.at;
        let raw = self.string()?;
        let span = self.span(start);
        if !raw.contains(&b'\\') {
            let base = span.start + 1;
            return Ok(self.tree.text(key, raw, span, Some(base)));
        }
        let limit = self.tree.limits().text.max(self.tree.left_to_make());
        Ok(self.tree.text(key, &unescape(raw, limit), span, None))
    }

    fn span(&self, start: usize) -> Range<usize> {
        self.base + start..self.base + self.at
    }

    fn object(&mut self, key: Option<&[u8]>) -> Result<Option<usize>, Fault> {
        if !self.tree.may_nest() {
            return self.pass_over(key, Value::Object);
        }
        let node = self.tree.open(key, Value::Object, Some(self.base + self.at));
        self.at += 1;
        self.skip_blanks();
        let mut is_first = true;
        while self.peek() != Some(b'}') {
            if !is_first {
                self.expect(b',', "a comma or } belongs here")?;
                self.skip_blanks();
            }
            is_first = false;
            if self.peek() != Some(b'"') {
                return Err(self.fault("a key in quotes belongs here"));
            }
            let key = unescape(self.string()?, self.tree.limits().text);
            self.skip_blanks();
            self.expect(b':', "a colon belongs behind a key")?;
            self.value(Some(&key))?;
            self.skip_blanks();
        }
        self.at += 1;
        self.tree.close(self.base + self.at);
        Ok(node)
    }

    fn array(&mut self, key: Option<&[u8]>) -> Result<Option<usize>, Fault> {
        if !self.tree.may_nest() {
            return self.pass_over(key, Value::Array);
        }
        let node = self.tree.open(key, Value::Array, Some(self.base + self.at));
        self.at += 1;
        self.skip_blanks();
        let mut is_first = true;
        while self.peek() != Some(b']') {
            if !is_first {
                self.expect(b',', "a comma or ] belongs here")?;
            }
            is_first = false;
            self.value(None)?;
            self.skip_blanks();
        }
        self.at += 1;
        self.tree.close(self.base + self.at);
        Ok(node)
    }

    /// Skips an object or a list that lies too deep, by its brackets alone.
    fn pass_over(&mut self, key: Option<&[u8]>, value: Value) -> Result<Option<usize>, Fault> {
        let (start, mut level) = (self.at, 0u64);
        self.tree.cut();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.string()?;
                    continue;
                }
                Some(b'{' | b'[') => level += 1,
                Some(b'}' | b']') => level -= 1,
                None => return Err(self.fault("")),
                Some(_) => {}
            }
            self.at += 1;
            if level == 0 {
                let span = self.span(start);
                return Ok(self.tree.add(key, value, Some(span)));
            }
        }
    }

    fn expect(&mut self, byte: u8, why: &str) -> Result<(), Fault> {
        if self.peek() != Some(byte) {
            return Err(self.fault(why));
        }
        self.at += 1;
        Ok(())
    }

    /// What stands between the quotes of the string that begins here.
    fn string(&mut self) -> Result<&'a [u8], Fault> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(0..=0x1f) => return Err(self.fault("a control character in a string has to be escaped")),
                Some(_) => self.at += 1,
                None => return Err(self.fault("")),
            }
        }
        let raw = self.json.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(raw)
    }

    fn escape(&mut self) -> Result<(), Fault> {
        match self.json.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let digits = self.json.get(self.at + 2..).unwrap_or_default();
                let digits = digits.iter().take(4).take_while(|digit| digit.is_ascii_hexdigit()).count();
                if digits < 4 && self.at + 2 + digits < self.json.len() {
                    return Err(self.fault("four hex digits belong behind \\u"));
                }
                self.at += 2 + digits;
            }
            Some(_) => return Err(self.fault("there is no such escape")),
            None => self.at += 1,
        }
        Ok(())
    }

    /// RFC 8259 6.
    fn number(&mut self) -> Result<String, Fault> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        let digits = self.json.get(start..self.at).unwrap_or_default();
        Ok(crate::text::preview(digits, self.tree.limits().text))
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let count =
            self.json.get(self.at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return Err(self.fault("a digit belongs here"));
        }
        self.at += count;
        Ok(())
    }

    fn word(&mut self) -> Result<&'static str, Fault> {
        let rest = self.json.get(self.at..).unwrap_or_default();
        for word in ["true", "false", "null"] {
            if rest.starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(word);
            }
            // The start of a word at the end of all.
            if !rest.is_empty() && word.as_bytes().starts_with(rest) {
                self.at = self.json.len();
            }
        }
        Err(self.fault("no JSON value begins here"))
    }
}
