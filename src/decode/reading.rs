//! One message while it is read.

use std::borrow::Cow;
use std::ops::Range;

use crate::record::Side;
use crate::text;

use super::cursor::Cursor;
use super::document::{Document, Tree};
use super::json;
use super::limits::Limits;
use super::packed::Packing;
use super::{Decoded, Fault, Format, Part, Payload, Role};

/// What is known of a message so far.
pub(super) struct Reading<'a> {
    pub from: Side,
    /// As far as it is looked at.
    pub payload: Payload<'a>,
    pub tree: Tree<'a>,
    pub attachments: u32,
    parts: Vec<Part>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(from: Side, mut payload: Payload<'a>, limits: &'a Limits) -> Self {
        let mut tree = Tree::new(limits);
        if let Some(start) = payload.bytes.get(..limits.bytes).filter(|start| start.len() < payload.bytes.len()) {
            payload = Payload { bytes: start, is_whole: false, ..payload };
        }
        if !payload.is_whole {
            tree.cut();
        }
        Self { from, payload, tree, attachments: 0, parts: Vec::new() }
    }

    pub(super) const fn document(&self) -> &Document {
        self.tree.document()
    }

    pub(super) const fn limits(&self) -> &'a Limits {
        self.tree.limits()
    }

    /// Adds a message of the protocol. The summary and the event may hold what a peer wrote.
    pub(super) fn part(&mut self, summary: &str, event: Option<&str>, role: Role) {
        if self.is_full() {
            return self.tree.cut();
        }
        let event = event.map(plain).map(Cow::into_owned);
        self.parts.push(Part { summary: shortened(&plain(summary), self.limits().summary), event, role });
    }

    /// Whether a message of the protocol was told.
    pub(super) const fn has_parts(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Whether further messages would not be told apart.
    pub(super) fn is_full(&self) -> bool {
        self.parts.len() >= self.limits().parts
    }

    /// A node and what is in it, on a line.
    pub(super) fn compact(&self, node: Option<usize>) -> String {
        self.document().compact(node, self.limits().summary)
    }

    /// Reads JSON that stands at a place of the payload.
    pub(super) fn json(&mut self, key: Option<&str>, at: usize) -> Result<Option<usize>, Fault> {
        self.json_within(key, at..self.payload.bytes.len())
    }

    /// The same for JSON that ends before the payload does.
    pub(super) fn json_within(&mut self, key: Option<&str>, range: Range<usize>) -> Result<Option<usize>, Fault> {
        let payload = self.payload;
        let is_whole = payload.is_whole || range.end < payload.bytes.len();
        json::read(&mut self.tree, key, payload.bytes.get(range.clone()).unwrap_or_default(), range.start, is_whole)
    }

    /// Reads the one value that stands in a place of the payload.
    pub(super) fn packed(
        &mut self,
        packing: Packing,
        key: Option<&str>,
        range: Range<usize>,
    ) -> Result<Option<usize>, Fault> {
        let payload = self.payload;
        let is_whole = payload.is_whole || range.end < payload.bytes.len();
        let mut cursor = Cursor::within(payload.bytes, range);
        let depth = self.tree.depth();
        let before = self.document().nodes().len();
        let result = packing.value(&mut cursor, &mut self.tree, key.map(str::as_bytes));
        self.tree.close_to(depth, cursor.at());
        match result {
            // The whole of it that is here was right.
            Err(fault) if fault.is_end && !is_whole => self.tree.cut(),
            Err(fault) => return Err(fault),
            Ok(()) if cursor.left() > 0 => {
                return Err(Fault::new(cursor.at(), "the value is over, and more follows"));
            }
            Ok(()) => {}
        }
        Ok((self.document().nodes().len() > before).then_some(before))
    }

    /// The payload, where it is text; `what` can't be in a binary message.
    pub(super) fn expect_text(&self, what: &str) -> Result<&'a [u8], Fault> {
        match self.payload.format {
            Format::Text => Ok(self.payload.bytes),
            Format::Binary => Err(Fault::new(0, format!("{what} comes in text messages, and this one is binary"))),
        }
    }

    /// Lets a fault be where only bytes are missing that are not looked at.
    pub(super) fn tolerate(&mut self, result: Result<(), Fault>) -> Result<(), Fault> {
        match result {
            Err(fault) if fault.is_end && !self.payload.is_whole => {
                self.tree.cut();
                Ok(())
            }
            result => result,
        }
    }

    /// What came of it.
    pub(super) fn finish(mut self, result: Result<(), Fault>) -> Result<Decoded, Fault> {
        match result {
            // What is missing is only what is not looked at.
            Err(fault) if fault.is_end && !self.payload.is_whole && !self.document().nodes().is_empty() => {
                self.tree.cut();
            }
            Err(fault) => return Err(Fault { why: plain(&fault.why).into_owned(), ..fault }),
            Ok(()) => {}
        }
        let end = self.payload.bytes.len();
        if self.parts.is_empty() {
            let first = self.document().children(None).next();
            let summary = self.compact(first);
            self.part(&summary, None, Role::Other);
        }
        Ok(Decoded { parts: self.parts, attachments: self.attachments, document: self.tree.finish(end) })
    }
}

fn plain(text: &str) -> Cow<'_, str> {
    if text.chars().all(text::is_plain) { Cow::Borrowed(text) } else { Cow::Owned(text::escape(text.as_bytes())) }
}

fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end_matches('…')),
        None => text.to_owned(),
    }
}
