//! What two messages differ in: what a decoder read of them by structure, text by lines and words, bytes by the places that
//! belong together. No I/O, no clock, no state.
//!
//! Cost is bounded by `Limits`, whatever the bytes are. What is beyond is left out, and the caller can tell: it compares
//! what it gave in with what came back.

mod align;
mod bytes;
mod limits;
mod structure;
#[cfg(test)]
mod tests;
mod text;

pub use align::{Stretch, stretches};
pub use bytes::{Cell, bytes};
pub use limits::Limits;
pub use structure::documents;
pub use text::texts;

/// A line of both sides, or of one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How it stands to the other side.
    pub kind: Kind,
    /// How deep it lies, outermost 0.
    pub depth: u16,
    /// What the first side has; `None` where it lacks the line.
    pub left: Option<Vec<Piece>>,
    /// The same of the second side.
    pub right: Option<Vec<Piece>>,
}

/// How a line stands to the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Both sides have it.
    Same,
    /// What differs lies in it, and follows deeper.
    Around,
    /// The sides differ in it, and a difference begins.
    Changed,
    /// More of the difference before it.
    More,
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its bytes. Those of text are as they came; those of a document are safe to show.
    pub bytes: Vec<u8>,
    /// Whether the other side lacks it.
    pub differs: bool,
}

impl Piece {
    fn new(bytes: impl Into<Vec<u8>>, differs: bool) -> Self {
        Self { bytes: bytes.into(), differs }
    }
}

impl Line {
    const fn same(depth: u16, left: Vec<Piece>, right: Vec<Piece>) -> Self {
        Self { kind: Kind::Same, depth, left: Some(left), right: Some(right) }
    }
}
