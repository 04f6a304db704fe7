//! Text, by lines, and lines by words.

use std::ops::Range;

use super::align::{Stretch, stretches};
use super::limits::Limits;
use super::{Kind, Line, Piece};

/// Two texts, as far as the limits go. A line has its line feed only where the other side's has none.
#[must_use]
pub fn texts(left: &[u8], right: &[u8], limits: &Limits) -> Vec<Line> {
    let (left, right) = (lines(left, limits), lines(right, limits));
    let mut words = Words::new(limits);
    let mut out = Vec::new();
    for stretch in stretches(&left, &right) {
        match stretch {
            Stretch::Same(one, other) => {
                let both = left.get(one).into_iter().flatten().zip(right.get(other).into_iter().flatten());
                out.extend(both.map(|(one, other)| Line::same(0, plain(one), plain(other))));
            }
            Stretch::Changed(one, other) => {
                let one = left.get(one).unwrap_or_default();
                let other = right.get(other).unwrap_or_default();
                out.extend(changed(one, other, &mut words));
            }
        }
    }
    out
}

fn lines<'a>(text: &'a [u8], limits: &Limits) -> Vec<&'a [u8]> {
    let text = text.get(..limits.text).unwrap_or(text);
    text.split_inclusive(|byte| *byte == b'\n').take(limits.lines).collect()
}

/// A line that is the same on both sides, whose end goes without saying.
fn plain(line: &[u8]) -> Vec<Piece> {
    vec![Piece::new(line.strip_suffix(b"\n").unwrap_or(line), false)]
}

/// Lines in the place of others: as pairs as far as they go.
fn changed(left: &[&[u8]], right: &[&[u8]], words: &mut Words) -> Vec<Line> {
    let line = |index: usize| {
        let (one, other) = (left.get(index), right.get(index));
        let (left, right) = match (one, other) {
            (Some(one), Some(other)) => {
                let (one, other) = words.pieces(one, other);
                (Some(without_end(one)), Some(without_end(other)))
            }
            (one, other) => {
                let alone = |line: &&[u8]| vec![Piece::new(line.strip_suffix(b"\n").unwrap_or(line), true)];
                (one.map(alone), other.map(alone))
            }
        };
        let kind = if index == 0 { Kind::Changed } else { Kind::More };
        Line { kind, depth: 0, left, right }
    };
    (0..left.len().max(right.len())).map(line).collect()
}

/// Takes a line feed away that both have.
fn without_end(mut pieces: Vec<Piece>) -> Vec<Piece> {
    if let Some(last) = pieces.last_mut().filter(|last| !last.differs && last.bytes.ends_with(b"\n")) {
        last.bytes.pop();
    }
    pieces
}

/// Tells lines apart by their words, for as long as there is time for it.
pub(super) struct Words {
    /// Of one line.
    most: usize,
    /// Of all that are to come.
    left: usize,
}

impl Words {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self { most: limits.words, left: limits.all_words }
    }

    /// Two lines in pieces.
    pub(super) fn pieces(&mut self, left: &[u8], right: &[u8]) -> (Vec<Piece>, Vec<Piece>) {
        let most = self.most.min(self.left);
        let (one, other) = (tokens(left, most), tokens(right, most));
        let (Some(one), Some(other)) = (one, other) else { return ends(left, right) };
        self.left = self.left.saturating_sub(one.len() + other.len());
        let (mut out, mut out_other) = (Vec::new(), Vec::new());
        let mut same = 0;
        for stretch in stretches(&one, &other) {
            let (first, second, differs) = match stretch {
                Stretch::Same(first, second) => (first, second, false),
                Stretch::Changed(first, second) => (first, second, true),
            };
            let bytes = one.get(first).unwrap_or_default().concat();
            same += if differs { 0 } else { bytes.len() };
            add(&mut out, bytes, differs);
            add(&mut out_other, other.get(second).unwrap_or_default().concat(), differs);
        }
        // Blanks and commas that lines have in common do not make one of the other.
        if same * 4 < left.len().max(right.len()) { ends(left, right) } else { (out, out_other) }
    }
}

fn add(pieces: &mut Vec<Piece>, bytes: Vec<u8>, differs: bool) {
    if !bytes.is_empty() {
        pieces.push(Piece { bytes, differs });
    }
}

/// Two lines in what they begin with alike, what differs, and what they end with alike.
fn ends(left: &[u8], right: &[u8]) -> (Vec<Piece>, Vec<Piece>) {
    let is_start = |at: usize| is_boundary(left, at) && is_boundary(right, at);
    let mut start = left.iter().zip(right).take_while(|(one, other)| one == other).count();
    while !is_start(start) {
        start -= 1;
    }
    let rest = left.len().min(right.len()) - start;
    let alike = left.iter().rev().zip(right.iter().rev()).take_while(|(one, other)| one == other).count();
    let mut end = alike.min(rest);
    while !is_boundary(left, left.len() - end) {
        end -= 1;
    }
    let pieces = |line: &[u8]| {
        let mut pieces = Vec::new();
        let parts: [(Range<usize>, bool); 3] =
            [(0..start, false), (start..line.len() - end, true), (line.len() - end..line.len(), false)];
        for (range, differs) in parts {
            add(&mut pieces, line.get(range).unwrap_or_default().to_vec(), differs);
        }
        pieces
    };
    (pieces(left), pieces(right))
}

/// Whether no character of UTF-8 goes on at a byte.
fn is_boundary(text: &[u8], at: usize) -> bool {
    at == 0 || text.get(at).is_none_or(|byte| byte & 0xc0 != 0x80)
}

/// Words, runs of blanks, and each other character by itself; `None` where there are more than `most` of them.
fn tokens(line: &[u8], most: usize) -> Option<Vec<&[u8]>> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while start < line.len() {
        if tokens.len() == most {
            return None;
        }
        let class = class(line.get(start).copied()?);
        let mut end = start + 1;
        while end < line.len() && (!is_boundary(line, end) || (class != Class::Other && goes_on(line, end, class))) {
            end += 1;
        }
        tokens.push(line.get(start..end)?);
        start = end;
    }
    Some(tokens)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Word,
    Blank,
    Other,
}

/// Letters of other scripts are words too.
const fn class(byte: u8) -> Class {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | 0x80.. => Class::Word,
        b' ' | b'\t' => Class::Blank,
        _ => Class::Other,
    }
}

fn goes_on(line: &[u8], at: usize, before: Class) -> bool {
    line.get(at).is_some_and(|byte| class(*byte) == before)
}
