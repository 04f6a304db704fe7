//! How much of two messages is compared. What is beyond is left out, and said to be.

use crate::decode;

/// What one comparison may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What is read of each message, where a decoder reads it.
    pub reading: decode::Limits,
    /// Bytes of each text.
    pub text: usize,
    /// Lines of each text.
    pub lines: usize,
    /// Words of each of two lines that are told apart. Of longer ones, only what they begin and end with is.
    pub words: usize,
    /// Words of all lines together.
    pub all_words: usize,
    /// Bytes of each message, where they are compared as such.
    pub bytes: usize,
    /// Bytes between the start and the end that both have alike for which is found out which belong together. More of them
    /// are compared place by place.
    pub aligned: usize,
}

impl Limits {
    /// For the screen, on which a key is answered within 16 ms.
    pub const SCREEN: Self = Self {
        reading: decode::Limits { bytes: 256 * 1024, nodes: 4000, ..decode::Limits::DETAIL },
        text: 256 * 1024,
        lines: 4000,
        words: 1000,
        all_words: 20_000,
        bytes: 16 * 1024,
        aligned: 3 * 1024,
    };
}
