//! Values of messages that stand in columns of their own: by their paths, in what the session's decoder reads, or in JSON.

use crate::decode::{Decoded, Decoder, Document, Format, Limits, Payload};
use crate::journal::Said;
use crate::query::JsonPath;
use crate::record::FrameRecord;

/// What is read of a message for its columns: done for each row of the screen.
pub(crate) const LIMITS: Limits = Limits { nodes: 1000, ..Limits::ROW };
/// Characters of a value, before it is cut to its column.
const VALUE: usize = 64;
/// Paths of one message that are offered, and how deep they go.
const PATHS: usize = 200;
const DEEPEST: u16 = 6;

/// What is read of a message; `None` where it has no values by name.
#[must_use]
pub(crate) fn read(decoder: Option<Decoder>, record: &FrameRecord, said: &Said) -> Option<Decoded> {
    let format = Format::of(record.header.opcode())?;
    let payload = Payload { format, bytes: &said.bytes, is_whole: said.is_whole };
    let looks_right = matches!(said.bytes.trim_ascii_start().first(), Some(b'{' | b'['));
    let json = looks_right.then_some(Decoder::Json);
    let own = decoder.filter(|decoder| !matches!(decoder, Decoder::Content | Decoder::Json));
    own.into_iter().chain(json).find_map(|decoder| decoder.read(record.from, payload, &LIMITS).ok())
}

/// What stands at a path, on a line; `None` where nothing does.
#[must_use]
pub(crate) fn value(document: &Document, path: &JsonPath) -> Option<String> {
    let mut at = root(document);
    for name in path.names() {
        let key =
            |child: &usize| document.nodes().get(*child).and_then(|node| node.key.as_deref()) == Some(name.as_str());
        let by_name = document.children(at).find(key);
        at = Some(by_name.or_else(|| document.children(at).nth(name.parse().ok()?))?);
    }
    let at = at?;
    let says = document.value(Some(at))?.as_str().map(str::to_owned);
    Some(says.unwrap_or_else(|| document.compact(Some(at), VALUE)))
}

/// The node that stands for all of a message; `None` where there are several beside each other.
fn root(document: &Document) -> Option<usize> {
    let first = document.nodes().first()?;
    (first.key.is_none() && first.descendants + 1 == document.nodes().len()).then_some(0)
}

/// The paths that there are in a message, with what stands there.
#[must_use]
pub(crate) fn paths(document: &Document) -> Vec<(String, String)> {
    let mut out = Vec::new();
    walk(document, root(document), "", 0, &mut out);
    out
}

fn walk(document: &Document, parent: Option<usize>, before: &str, depth: u16, out: &mut Vec<(String, String)>) {
    for (index, child) in document.children(parent).enumerate() {
        let Some(node) = document.nodes().get(child) else { continue };
        if out.len() >= PATHS || depth >= DEEPEST {
            return;
        }
        let name = match &node.key {
            Some(key) => format!("{before}.{key}"),
            None => format!("{before}[{index}]"),
        };
        let name = if name.starts_with('[') { format!(".{name}") } else { name };
        // What has blanks in its name can't be typed.
        if name.contains(char::is_whitespace) {
            continue;
        }
        out.push((name.clone(), document.compact(Some(child), VALUE)));
        walk(document, Some(child), &name, depth + 1, out);
    }
}
