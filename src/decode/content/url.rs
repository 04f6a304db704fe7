//! URLs that hold their data themselves (RFC 2397).

use crate::decode::document::{Tree, Value};

use super::from_base64;

/// What the type is where none is given.
const TYPE: &[u8] = b"text/plain;charset=US-ASCII";

impl Tree<'_> {
    /// Adds the type and the data of a `data:` URL.
    pub(super) fn data_url(&mut self, text: &[u8]) -> bool {
        let Some(rest) = text.strip_prefix(b"data:") else { return false };
        let Some(comma) = rest.iter().position(|byte| *byte == b',') else { return false };
        if text.len() > self.left_to_make() || !self.may_nest() {
            return false;
        }
        let (kind, data) = rest.split_at(comma);
        let data = data.get(1..).unwrap_or_default();
        let (kind, data) = match kind.strip_suffix(b";base64") {
            Some(kind) => (kind, from_base64(&unescaped(data))),
            None => (kind, Some(unescaped(data))),
        };
        let Some(data) = data else { return false };
        self.spend(data.len());
        self.open(Some(b"data URL"), Value::Object, None);
        let kind = Value::text(if kind.is_empty() { TYPE } else { kind }, self.limits());
        self.add(Some(b"type"), kind, None);
        self.data("data", &data, None);
        self.close(0);
        true
    }
}

/// With the bytes that `%` and two digits stand for.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        let mut digits = [0; 1];
        let is_escaped =
            first == b'%' && behind.get(..2).is_some_and(|two| hex::decode_to_slice(two, &mut digits).is_ok());
        out.push(if is_escaped { digits[0] } else { first });
        rest = behind.get(if is_escaped { 2 } else { 0 }..).unwrap_or_default();
    }
    out
}
