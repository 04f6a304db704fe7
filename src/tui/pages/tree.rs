//! What a decoder read of a message, laid out as a tree: a row for each value, several for a long text, and nodes that
//! can be folded.
//!
//! The rows of all nodes are counted when it is made; a document is no larger than its decoder's limits. A row knows the
//! bytes of its value, as far as the value stands in the payload.

use std::ops::Range;

use ratatui::style::Style;

use crate::decode::{Document, Node as Value, Value as Kind};
use crate::tui::fit;
use crate::tui::theme::Theme;

use super::json::Folds;
use super::row::{Keep, Node, Row};
use super::unit::Unit;

/// Columns that a level is further right.
const LEVEL: usize = 2;
/// Columns of a value that are left at least, however long its name is.
const ROOM: usize = 8;
/// Characters of what stands in place of a folded node, before it is cut to the row.
const COMPACT: usize = 200;

/// A document in rows.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    document: Document,
    folds: Folds,
    width: usize,
    rows: Vec<Place>,
}

/// A row: a node, or a piece of its text.
#[derive(Clone, Debug)]
struct Place {
    /// Its place in the document.
    node: usize,
    /// Its place among those beside it.
    index: usize,
    /// The piece of its text, in bytes.
    text: Range<usize>,
    is_folded: bool,
    /// The bytes of the payload that it stands for; empty where it stands for none of its own.
    source: Range<usize>,
}

impl Tree {
    pub(super) fn new(document: Document, folds: Folds, width: usize) -> Self {
        let mut tree = Self { document, folds, width, rows: Vec::new() };
        tree.lay_out();
        tree
    }

    /// Count of rows.
    pub(super) const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Folds otherwise.
    pub(super) fn fold(&mut self, folds: &Folds) {
        self.folds.clone_from(folds);
        self.lay_out();
    }

    /// The row that stands for a byte, or for the next one that any row stands for: a name stands before its value.
    pub(super) fn row_of(&self, byte: usize) -> Option<usize> {
        let rows = || self.rows.iter().enumerate().filter(|(_, place)| !place.source.is_empty());
        let around =
            rows().filter(|(_, place)| place.source.contains(&byte)).min_by_key(|(_, place)| place.source.len());
        let after =
            || rows().filter(|(_, place)| place.source.start > byte).min_by_key(|(_, place)| place.source.start);
        around.or_else(after).or_else(|| rows().next_back()).map(|(row, _)| row)
    }

    /// A row; an empty one behind the end.
    pub(super) fn row(&self, row: usize, theme: &Theme) -> Row {
        let mut out = Row::new(self.width, Keep::Text);
        let Some((place, value)) = self.rows.get(row).and_then(|place| Some((place, self.node(place.node)?))) else {
            return out;
        };
        let is_first = place.text.start == 0;
        out.indent(usize::from(value.depth) * LEVEL + if is_first { 0 } else { LEVEL });
        if is_first {
            let name = name(value, place.index, self.width);
            let style = if value.key.is_some() { theme.key } else { theme.dim };
            out.push(place.source.clone(), fit::width(&name), style, || name);
        }
        let shown = self.shown(place.node, value, place.is_folded);
        let text = shown.get(place.text.clone()).unwrap_or_default();
        if !text.is_empty() {
            out.push(place.source.clone(), fit::width(text), style(&value.value, place.is_folded, theme), || {
                text.to_owned()
            });
        }
        if is_first && value.descendants > 0 {
            let depth = u32::from(value.depth);
            out.node = Some(Node { id: place.node, open: place.source.start, depth, is_folded: place.is_folded });
        }
        out
    }

    fn node(&self, node: usize) -> Option<&Value> {
        self.document.nodes().get(node)
    }

    /// What stands behind a node's name.
    fn shown(&self, node: usize, value: &Value, is_folded: bool) -> String {
        match &value.value {
            Kind::Object | Kind::Array if is_folded => self.document.compact(Some(node), COMPACT),
            Kind::Object | Kind::Array if value.descendants > 0 => String::new(),
            value => value.to_string(),
        }
    }

    fn lay_out(&mut self) {
        let mut rows = Vec::new();
        // How many nodes have come on each level that is open.
        let mut counts: Vec<usize> = Vec::new();
        let mut at = 0;
        while let Some(value) = self.node(at) {
            let depth = usize::from(value.depth);
            counts.resize(depth + 1, 0);
            let index = counts.get(depth).copied().unwrap_or_default();
            if let Some(count) = counts.get_mut(depth) {
                *count += 1;
            }
            let is_folded = value.descendants > 0 && self.folds.holds(at, u32::from(value.depth));
            self.lay_out_node(at, value, index, is_folded, &mut rows);
            at += 1 + if is_folded { value.descendants } else { 0 };
        }
        self.rows = rows;
    }

    fn lay_out_node(&self, node: usize, value: &Value, index: usize, is_folded: bool, rows: &mut Vec<Place>) {
        let shown = self.shown(node, value, is_folded);
        let indent = (usize::from(value.depth) * LEVEL).min(self.width / 2);
        let first = self.width.saturating_sub(indent + fit::width(&name(value, index, self.width)));
        let source = self.source(node, value, is_folded);
        if is_folded {
            let text = 0..fits(&shown, first);
            rows.push(Place { node, index, text, is_folded, source });
            return;
        }
        let further = self.width.saturating_sub(indent + LEVEL).max(1);
        let (mut at, mut room) = (0, first.max(1));
        loop {
            let end = at + fits(shown.get(at..).unwrap_or_default(), room);
            let source = part(&source, at..end, shown.len());
            rows.push(Place { node, index, text: at..end, is_folded, source });
            if end >= shown.len() {
                return;
            }
            (at, room) = (end, further);
        }
    }

    /// The bytes that a node's rows stand for. Of those of an open one, its children have theirs; it has the first, unless
    /// that is its first child's.
    fn source(&self, node: usize, value: &Value, is_folded: bool) -> Range<usize> {
        let Some(span) = value.span.clone() else { return 0..0 };
        if value.descendants == 0 || is_folded || !matches!(value.value, Kind::Object | Kind::Array) {
            return span;
        }
        let child = self.node(node + 1).and_then(|child| child.span.as_ref()).map(|span| span.start);
        if child == Some(span.start) { 0..0 } else { span.start..span.end.min(span.start + 1) }
    }
}

/// The name that stands in front of a value: its key, or its place in a list.
fn name(value: &Value, index: usize, width: usize) -> String {
    match &value.key {
        Some(key) => format!("{}: ", fit::cut(key, width.saturating_sub(ROOM).max(1) / 2)),
        None if value.depth == 0 => String::new(),
        None => format!("{index}: "),
    }
}

/// How many bytes of a text fit into so many columns, at least one letter of it. A line ends behind an escaped line feed.
fn fits(text: &str, room: usize) -> usize {
    let (mut at, mut used) = (0, 0);
    while let Some(unit) = Unit::at(text.as_bytes(), at) {
        if used + unit.width > room && at > 0 {
            break;
        }
        used += unit.width;
        at += unit.length;
        if text.get(..at).is_some_and(|line| line.ends_with("\\n")) && at < text.len() {
            break;
        }
    }
    at
}

/// The bytes for a piece of a text, about: escapes in it are longer than what they stand for.
fn part(source: &Range<usize>, piece: Range<usize>, all: usize) -> Range<usize> {
    if source.is_empty() || piece == (0..all) {
        return source.clone();
    }
    let scaled = |at: usize| source.start + (source.len() as u128 * at as u128 / all.max(1) as u128) as usize;
    scaled(piece.start)..scaled(piece.end)
}

fn style(value: &Kind, is_folded: bool, theme: &Theme) -> Style {
    match value {
        Kind::Text(_) => theme.good,
        _ if is_folded => theme.note,
        Kind::Bytes(..) => theme.text,
        Kind::Object | Kind::Array | Kind::Number(_) | Kind::Word(_) => theme.note,
    }
}
