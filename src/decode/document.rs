//! What a message says, as a tree that lies flat: each node behind its parent, with its depth.
//!
//! Every text in it is safe to show (`text::escape`), and none is longer than the limits allow.

use std::fmt;
use std::ops::Range;

use crate::text;

use super::limits::Limits;

/// What a message says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    nodes: Vec<Node>,
    cut: bool,
}

/// One line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// How deep it lies, outermost 0.
    pub depth: u16,
    /// Its name in its parent; items of a list have none.
    pub key: Option<String>,
    /// What it is.
    pub value: Value,
    /// Where it stands in the payload; `None` where it is made of bytes that are not in it, such as inflated ones.
    pub span: Option<Range<usize>>,
    /// How many of the nodes behind it lie in it: members, items, or what a text or bytes hold, such as JSON or what was
    /// packed.
    pub descendants: usize,
}

/// A value. `Display` writes it on one line; objects and lists as their brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// Members with keys follow, one level deeper.
    Object,
    /// Items follow.
    Array,
    /// Text.
    Text(String),
    /// A number, as it was written, or in decimal.
    Number(String),
    /// `true`, `null`, or what a protocol calls the value of a field.
    Word(String),
    /// Bytes: how many, and the first of them.
    Bytes(usize, Vec<u8>),
}

/// Bytes of a value of bytes that are kept, and shown.
const BYTES_KEPT: usize = 32;

impl Value {
    /// Bytes that are not UTF-8 come out escaped.
    pub(super) fn text(bytes: &[u8], limits: &Limits) -> Self {
        Self::Text(text::preview(bytes, limits.text))
    }

    pub(super) fn bytes(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.len(), bytes.iter().take(BYTES_KEPT).copied().collect())
    }

    pub(super) fn number(number: impl fmt::Display) -> Self {
        Self::Number(number.to_string())
    }

    pub(super) fn word(word: impl Into<String>) -> Self {
        Self::Word(word.into())
    }

    /// A point in time, in UTC; `None` where the calendar has none so far away.
    pub(super) fn time(seconds: i64, nanoseconds: i32) -> Option<Self> {
        jiff::Timestamp::new(seconds, nanoseconds).ok().map(|time| Self::word(time.to_string()))
    }

    /// What it says, without quotes; `None` for objects, lists and bytes.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Word(text) => Some(text),
            Self::Object | Self::Array | Self::Bytes(..) => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object => f.write_str("{}"),
            Self::Array => f.write_str("[]"),
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::Number(text) | Self::Word(text) => f.write_str(text),
            Self::Bytes(length, start) => {
                let more = if *length > start.len() { " …" } else { "" };
                let space = if start.is_empty() { "" } else { ": " };
                write!(f, "{}{space}{}{more}", text::byte_count(*length as u64), text::pairs(start))
            }
        }
    }
}

impl Document {
    /// All nodes, each before those that lie in it.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Whether the message says more than is here.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.cut
    }

    /// The nodes directly in a node, by index; those of the outermost level for `None`.
    pub fn children(&self, parent: Option<usize>) -> impl Iterator<Item = usize> + '_ {
        let (mut next, end) = match parent {
            Some(parent) => (parent + 1, parent + 1 + self.nodes.get(parent).map_or(0, |node| node.descendants)),
            None => (0, self.nodes.len()),
        };
        std::iter::from_fn(move || {
            let node = self.nodes.get(next).filter(|_| next < end)?;
            let at = next;
            next += 1 + node.descendants;
            Some(at)
        })
    }

    /// The member of that name.
    #[must_use]
    pub fn member(&self, parent: Option<usize>, key: &str) -> Option<usize> {
        self.children(Some(parent?))
            .find(|child| self.nodes.get(*child).and_then(|node| node.key.as_deref()) == Some(key))
    }

    /// The item at that place.
    #[must_use]
    pub fn item(&self, parent: Option<usize>, index: usize) -> Option<usize> {
        self.children(Some(parent?)).nth(index)
    }

    pub(super) fn node_mut(&mut self, node: usize) -> Option<&mut Node> {
        self.nodes.get_mut(node)
    }

    /// The value of a node.
    #[must_use]
    pub fn value(&self, node: Option<usize>) -> Option<&Value> {
        self.nodes.get(node?).map(|node| &node.value)
    }

    /// What a member says: a text, a number or a word.
    #[must_use]
    pub fn says(&self, parent: Option<usize>, key: &str) -> Option<&str> {
        self.value(self.member(parent, key))?.as_str()
    }

    /// What a member says where that is not null.
    #[must_use]
    pub fn id(&self, parent: Option<usize>, key: &str) -> Option<&str> {
        self.says(parent, key).filter(|id| *id != "null")
    }

    /// A node and all in it on one line, in at most about so many characters.
    #[must_use]
    pub fn compact(&self, node: Option<usize>, limit: usize) -> String {
        let Some(node) = node else { return String::new() };
        let mut out = Compact { document: self, text: String::new(), left: limit };
        out.node(node);
        out.text
    }
}

/// One line under way.
struct Compact<'a> {
    document: &'a Document,
    text: String,
    left: usize,
}

impl Compact<'_> {
    /// Says whether there was room.
    fn push(&mut self, piece: &str) -> bool {
        if self.left == 0 {
            return false;
        }
        let length = piece.chars().count();
        if length > self.left {
            self.text.extend(piece.chars().take(self.left));
            self.text.push('…');
            self.left = 0;
            return false;
        }
        self.text.push_str(piece);
        self.left -= length;
        true
    }

    fn node(&mut self, at: usize) -> bool {
        let Some(node) = self.document.nodes.get(at) else { return false };
        let brackets = match &node.value {
            Value::Object => ("{", "}"),
            Value::Array => ("[", "]"),
            value => return self.push(&value.to_string()),
        };
        if !self.push(brackets.0) {
            return false;
        }
        for (index, child) in self.document.children(Some(at)).enumerate() {
            if index > 0 && !self.push(",") {
                return false;
            }
            let key = self.document.nodes.get(child).and_then(|child| child.key.as_deref());
            if key.is_some_and(|key| !self.push(&format!("{key}:"))) || !self.node(child) {
                return false;
            }
        }
        self.push(brackets.1)
    }
}

/// A document that is being read.
pub(super) struct Tree<'a> {
    document: Document,
    open: Vec<Option<usize>>,
    limits: &'a Limits,
    /// How often what a value holds may still be taken out.
    layers: u16,
    /// Bytes that may still be made.
    unpacked: usize,
}

impl<'a> Tree<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        let Limits { layers, unpacked, .. } = *limits;
        Self { document: Document::default(), open: Vec::new(), limits, layers, unpacked }
    }

    pub(super) const fn limits(&self) -> &'a Limits {
        self.limits
    }

    pub(super) const fn document(&self) -> &Document {
        &self.document
    }

    /// Says that there is more than is taken in.
    pub(super) const fn cut(&mut self) {
        self.document.cut = true;
    }

    /// How many nodes are open.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Whether a node at this depth may hold others.
    pub(super) fn may_nest(&self) -> bool {
        self.open.len() < usize::from(self.limits.depth)
    }

    /// Adds a node; `None` where there is no room for it.
    pub(super) fn add(&mut self, key: Option<&[u8]>, value: Value, span: Option<Range<usize>>) -> Option<usize> {
        let room = if self.open.len() < 2 { self.limits.nodes * 2 } else { self.limits.nodes };
        let is_lost = self.open.last().is_some_and(Option::is_none);
        if is_lost || self.document.nodes.len() >= room {
            self.document.cut = true;
            return None;
        }
        let depth = u16::try_from(self.open.len()).unwrap_or(u16::MAX);
        let key = key.map(|key| text::preview(key, self.limits.text));
        self.document.nodes.push(Node { depth, key, value, span, descendants: 0 });
        for parent in self.open.iter().flatten() {
            if let Some(parent) = self.document.nodes.get_mut(*parent) {
                parent.descendants += 1;
            }
        }
        Some(self.document.nodes.len() - 1)
    }

    /// Adds a node that those up to `close` lie in.
    pub(super) fn open(&mut self, key: Option<&[u8]>, value: Value, start: Option<usize>) -> Option<usize> {
        let node = self.add(key, value, start.map(|start| start..start));
        self.open.push(node);
        node
    }

    /// Ends the node that was opened last; `end` is where it ends in the payload.
    pub(super) fn close(&mut self, end: usize) {
        let node = self.open.pop().flatten().and_then(|node| self.document.nodes.get_mut(node));
        if let Some(span) = node.and_then(|node| node.span.as_mut()) {
            span.end = end.max(span.start);
        }
    }

    /// Ends all nodes that were opened since `depth` of them were open.
    pub(super) fn close_to(&mut self, depth: usize, end: usize) {
        while self.open.len() > depth {
            self.close(end);
        }
    }

    /// Adds a field of a protocol.
    pub(super) fn field(&mut self, key: &str, value: Value, span: Range<usize>) -> Option<usize> {
        self.add(Some(key.as_bytes()), value, Some(span))
    }

    /// Forgets what was read.
    pub(super) fn restart(&mut self) {
        self.document = Document::default();
        self.open.clear();
    }

    /// Takes out of values what they hold, at least so often.
    pub(super) fn look_into(&mut self, layers: u16) {
        self.layers = self.layers.max(layers);
    }

    /// Bytes that may still be made.
    pub(super) const fn left_to_make(&self) -> usize {
        self.unpacked
    }

    /// Counts bytes that are made, or read again; says whether there were as many left.
    pub(super) const fn spend(&mut self, bytes: usize) -> bool {
        let is_enough = bytes <= self.unpacked;
        self.unpacked = self.unpacked.saturating_sub(bytes);
        is_enough
    }

    /// Lets what is added lie in a node that was added last, if there are layers left to take out.
    pub(super) fn within(&mut self, node: Option<usize>, add: impl FnOnce(&mut Self)) {
        if node.is_none() || self.layers == 0 || self.unpacked == 0 || !self.may_nest() {
            return;
        }
        self.layers -= 1;
        self.open.push(node);
        add(self);
        self.open.pop();
        self.layers += 1;
    }

    /// What a reading may cost whose document is to be put so many levels beneath the node that is open; `None` where there
    /// is no room.
    pub(super) fn limits_within(&self, levels: u16) -> Option<Limits> {
        let nodes = self.limits.nodes.saturating_sub(self.document.nodes.len()) / 2;
        let depth = self.limits.depth.checked_sub(u16::try_from(self.open.len()).ok()?)?.checked_sub(levels)?;
        let Self { layers, unpacked, .. } = *self;
        (nodes > 0).then_some(Limits { nodes, depth, layers, unpacked, ..*self.limits })
    }

    /// Puts a document beneath the node that is open, its outermost node under a name. `base` is where what it was read from
    /// stands in the payload; without, it has no places.
    pub(super) fn graft(&mut self, key: &str, document: Document, base: Option<usize>) {
        let room = (self.limits.nodes * 2).saturating_sub(self.document.nodes.len());
        self.document.cut |= document.cut;
        if document.nodes.len() > room || self.open.last().is_some_and(Option::is_none) {
            return self.cut();
        }
        for parent in self.open.iter().flatten() {
            if let Some(parent) = self.document.nodes.get_mut(*parent) {
                parent.descendants += document.nodes.len();
            }
        }
        let depth = u16::try_from(self.open.len()).unwrap_or(u16::MAX);
        self.document.nodes.extend(document.nodes.into_iter().map(|mut node| {
            if node.depth == 0 && node.key.is_none() {
                node.key = Some(key.to_owned());
            }
            node.depth = node.depth.saturating_add(depth);
            node.span = node.span.zip(base).map(|(span, base)| base + span.start..base + span.end);
            node
        }));
    }

    pub(super) fn finish(mut self, end: usize) -> Document {
        self.close_to(0, end);
        self.document
    }
}
