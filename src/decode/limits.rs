//! How much of a message is looked at. What is beyond is left out, and said to be.

use super::program::Ask;

/// What one reading of a message may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the payload that are looked at: a reading takes time by the byte.
    pub bytes: usize,
    /// Nodes of a document. Those of the two outermost levels do not count against it until they are as many again:
    /// they hold the names and ids that a message is known by.
    pub nodes: usize,
    /// Levels of nesting: the readers call themselves, and the stack is finite.
    pub depth: u16,
    /// Bytes of one key or text.
    pub text: usize,
    /// Messages that are told apart in one payload.
    pub parts: usize,
    /// Characters of a summary.
    pub summary: usize,
    /// How often what a value holds is taken out of it: JSON from text, bytes from their packing, and again from those.
    pub layers: u16,
    /// Bytes that are made for that, or read once more.
    pub unpacked: usize,
    /// Whether a program of the user's own is asked.
    pub ask: Ask,
}

impl Limits {
    /// For a row: done hundreds of times for each picture of the screen, and only the summary is shown.
    pub const ROW: Self = Self {
        bytes: 16 * 1024,
        nodes: 64,
        depth: 16,
        text: 256,
        parts: 16,
        summary: 240,
        layers: 0,
        unpacked: 64 * 1024,
        ask: Ask::Never,
    };

    /// The same for a row that is on the screen.
    pub const SHOWN: Self = Self { ask: Ask::Later, ..Self::ROW };

    /// For the detail of one message.
    pub const DETAIL: Self = Self {
        bytes: 4 * 1024 * 1024,
        nodes: 50_000,
        depth: 64,
        text: 64 * 1024,
        parts: 1024,
        summary: 240,
        layers: 8,
        unpacked: 8 * 1024 * 1024,
        ask: Ask::Later,
    };
}
