//! What a decoder read of two messages, by structure: members belong together by their names, wherever they stand, and
//! items of lists by what they are.

use std::collections::{HashMap, VecDeque};

use crate::decode::{Document, Node, Value};

use super::align::{Stretch, stretches};
use super::limits::Limits;
use super::text::Words;
use super::{Kind, Line, Piece};

/// Characters of what stands for a node and all in it: of one that is the same on both sides, and of one that is another
/// kind of thing on the other side.
const SAME: usize = 200;
const OTHER: usize = 2000;
/// Characters up to which a node that is on one side alone stands on one line with all in it.
const SHORT: usize = 60;

/// Two documents and the payloads that they were read from.
#[must_use]
pub fn documents(left: (&Document, &[u8]), right: (&Document, &[u8]), limits: &Limits) -> Vec<Line> {
    let mut ids = Ids { known: HashMap::new(), long: limits.reading.text };
    let sides = [left, right].map(|(document, payload)| {
        let ids = ids.of(document, payload);
        Side { document, ids }
    });
    let mut comparison = Comparison { sides, words: Words::new(limits), out: Vec::new() };
    comparison.level([None, None], 0);
    comparison.out
}

/// What a node is, so that two of one number are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shape {
    value: Value,
    /// Where the value is not told in full: the bytes that it stands for.
    bytes: Vec<u8>,
    /// Names and numbers of what lies in it; members in the order of their names.
    within: Vec<(Option<String>, usize)>,
}

/// A number for each different node.
struct Ids {
    known: HashMap<Shape, usize>,
    /// Bytes of a text from which on it is not told in full.
    long: usize,
}

impl Ids {
    /// The number of each node of a document.
    fn of(&mut self, document: &Document, payload: &[u8]) -> Vec<usize> {
        let nodes = document.nodes();
        let mut ids = vec![0; nodes.len()];
        // Those that lie in a node stand behind it.
        for (index, node) in nodes.iter().enumerate().rev() {
            let mut within: Vec<(Option<String>, usize)> = document
                .children(Some(index))
                .map(|child| (nodes.get(child).and_then(|node| node.key.clone()), ids.get(child).copied().unwrap_or(0)))
                .collect();
            if within.iter().any(|(key, _)| key.is_some()) {
                within.sort();
            }
            let shape = Shape { value: node.value.clone(), bytes: self.bytes(node, payload), within };
            let next = self.known.len();
            if let Some(id) = ids.get_mut(index) {
                *id = *self.known.entry(shape).or_insert(next);
            }
        }
        ids
    }

    fn bytes(&self, node: &Node, payload: &[u8]) -> Vec<u8> {
        let Some(span) = node.span.clone() else { return Vec::new() };
        let is_short = match node.value {
            Value::Text(_) => span.len() <= self.long,
            Value::Bytes(..) => false,
            Value::Object | Value::Array | Value::Number(_) | Value::Word(_) => true,
        };
        if is_short { Vec::new() } else { payload.get(span).unwrap_or_default().to_vec() }
    }
}

#[derive(Clone)]
struct Side<'a> {
    document: &'a Document,
    ids: Vec<usize>,
}

impl<'a> Side<'a> {
    fn node(&self, at: usize) -> Option<&'a Node> {
        self.document.nodes().get(at)
    }

    fn id(&self, at: usize) -> usize {
        self.ids.get(at).copied().unwrap_or_default()
    }

    fn key(&self, at: usize) -> Option<&'a str> {
        self.node(at).and_then(|node| node.key.as_deref())
    }

    fn children(&self, parent: Option<usize>) -> Vec<usize> {
        self.document.children(parent).collect()
    }
}

/// A node, and its place among those beside it.
#[derive(Clone, Copy)]
struct Place {
    node: usize,
    index: usize,
}

struct Comparison<'a> {
    sides: [Side<'a>; 2],
    words: Words,
    out: Vec<Line>,
}

impl Comparison<'_> {
    /// What lies in two nodes, or on the outermost level.
    fn level(&mut self, parents: [Option<usize>; 2], depth: u16) {
        let [left, right] = &self.sides;
        let children = [left.children(parents[0]), right.children(parents[1])];
        let has_names = children[0].iter().any(|child| left.key(*child).is_some())
            || children[1].iter().any(|child| right.key(*child).is_some());
        if has_names {
            self.members(&children, depth);
        } else {
            self.items(&children, depth);
        }
    }

    fn members(&mut self, children: &[Vec<usize>; 2], depth: u16) {
        let [first, second] = children;
        let mut by_name: HashMap<Option<String>, VecDeque<Place>> = HashMap::new();
        for (index, child) in second.iter().enumerate() {
            let name = self.sides[1].key(*child).map(str::to_owned);
            by_name.entry(name).or_default().push_back(Place { node: *child, index });
        }
        for (index, child) in first.iter().enumerate() {
            let name = self.sides[0].key(*child).map(str::to_owned);
            let other = by_name.get_mut(&name).and_then(VecDeque::pop_front);
            self.pair(Some(Place { node: *child, index }), other, depth);
        }
        let mut more: Vec<Place> = by_name.into_values().flatten().collect();
        more.sort_by_key(|place| place.index);
        for place in more {
            self.pair(None, Some(place), depth);
        }
    }

    fn items(&mut self, children: &[Vec<usize>; 2], depth: u16) {
        let ids = [0, 1].map(|side| children[side].iter().map(|child| self.sides[side].id(*child)).collect::<Vec<_>>());
        for stretch in stretches(&ids[0], &ids[1]) {
            let (Stretch::Same(one, other) | Stretch::Changed(one, other)) = stretch;
            for step in 0..one.len().max(other.len()) {
                let place = |side: usize, range: &std::ops::Range<usize>| {
                    let index = range.clone().nth(step)?;
                    Some(Place { node: *children[side].get(index)?, index })
                };
                self.pair(place(0, &one), place(1, &other), depth);
            }
        }
    }

    /// Two nodes that belong together, or one that is alone.
    fn pair(&mut self, left: Option<Place>, right: Option<Place>, depth: u16) {
        let (one, other) = match (left, right) {
            (Some(one), Some(other)) => (one, other),
            (Some(place), None) => return self.alone(0, place, depth, Kind::Changed),
            (None, Some(place)) => return self.alone(1, place, depth, Kind::Changed),
            (None, None) => return,
        };
        let places = [one, other];
        if self.sides[0].id(one.node) == self.sides[1].id(other.node) {
            let [left, right] = [0, 1].map(|side| vec![Piece::new(self.compact(side, places[side], SAME), false)]);
            return self.out.push(Line::same(depth, left, right));
        }
        let (Some(node), Some(against)) = (self.sides[0].node(one.node), self.sides[1].node(other.node)) else {
            return;
        };
        let is_alike = std::mem::discriminant(&node.value) == std::mem::discriminant(&against.value);
        if is_alike && node.descendants > 0 && against.descendants > 0 {
            return self.within(places, depth);
        }
        let [left, right] = [0, 1].map(|side| self.value(side, places[side]));
        let (mut left, mut right) = self.words.pieces(left.as_bytes(), right.as_bytes());
        if left.iter().chain(&right).all(|piece| !piece.differs) {
            // They differ in what is not shown of them.
            left.iter_mut().chain(&mut right).for_each(|piece| piece.differs = true);
        }
        left.insert(0, Piece::new(self.name(0, one), false));
        right.insert(0, Piece::new(self.name(1, other), false));
        self.out.push(Line { kind: Kind::Changed, depth, left: Some(left), right: Some(right) });
    }

    /// A node that the other side lacks, with all in it.
    fn alone(&mut self, side: usize, place: Place, depth: u16, kind: Kind) {
        let compact = self.compact(side, place, SHORT);
        let is_open =
            compact.ends_with('…') && self.sides[side].node(place.node).is_some_and(|node| node.descendants > 0);
        let text = match self.sides[side].node(place.node) {
            Some(node) if node.descendants == 0 => format!("{}{}", self.name(side, place), node.value),
            _ if is_open => self.open(side, place),
            _ => compact,
        };
        let pieces = Some(vec![Piece::new(text, true)]);
        let (left, right) = if side == 0 { (pieces, None) } else { (None, pieces) };
        self.out.push(Line { kind, depth, left, right });
        if is_open {
            for (index, node) in self.sides[side].children(Some(place.node)).into_iter().enumerate() {
                self.alone(side, Place { node, index }, depth + 1, Kind::More);
            }
        }
    }

    /// Two nodes that both hold others.
    fn within(&mut self, places: [Place; 2], depth: u16) {
        let [left, right] = [0, 1].map(|side| Some(vec![Piece::new(self.open(side, places[side]), false)]));
        let at = self.out.len();
        self.out.push(Line { kind: Kind::Around, depth, left, right });
        self.level(places.map(|place| Some(place.node)), depth + 1);
        let is_told = self.out.get(at + 1..).unwrap_or_default().iter().any(|line| line.kind == Kind::Changed);
        if let Some(line) = self.out.get_mut(at).filter(|_| !is_told) {
            // They hold the same, as far as that was read, and are made of other bytes.
            line.kind = Kind::Changed;
            for piece in [&mut line.left, &mut line.right].into_iter().flatten().flatten() {
                piece.differs = true;
            }
        }
    }

    /// A node's name, and its value where that is more than brackets around what follows.
    fn open(&self, side: usize, place: Place) -> String {
        let name = self.name(side, place);
        let brackets = match self.sides[side].node(place.node).map(|node| &node.value) {
            Some(Value::Object) => "{}",
            Some(Value::Array) => "[]",
            Some(Value::Text(_)) => "text that holds",
            _ => "bytes that hold",
        };
        format!("{name}{brackets}")
    }

    /// A node with all in it on one line.
    fn compact(&self, side: usize, place: Place, limit: usize) -> String {
        format!("{}{}", self.name(side, place), self.sides[side].document.compact(Some(place.node), limit))
    }

    /// What stands behind a node's name.
    fn value(&self, side: usize, place: Place) -> String {
        match self.sides[side].node(place.node) {
            Some(node) if node.descendants == 0 => node.value.to_string(),
            _ => self.sides[side].document.compact(Some(place.node), OTHER),
        }
    }

    /// The name in front of a value: its key, or its place in a list.
    fn name(&self, side: usize, place: Place) -> String {
        match self.sides[side].node(place.node) {
            Some(Node { key: Some(key), .. }) => format!("{key}: "),
            Some(Node { depth: 0, .. }) | None => String::new(),
            Some(_) => format!("{}: ", place.index),
        }
    }
}
