//! Findings: deviations, each with its place in the bytes. The words for them are in the catalogue (`diagnose`).

/// What was seen. One enum for all, so that the catalogue is an exhaustive match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FindingKind {
    /// A 101 answer without Sec-WebSocket-Accept to a request with a key.
    AcceptMissing,
    /// A 101 answer whose accept value is not the one for the request's key.
    AcceptWrong,
    /// A frame header that promises 2^63 bytes or more.
    LengthImpossible,
}

/// How much a note or finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Note,
    /// May break something.
    Warning,
    /// Breaks something.
    Error,
}

impl Level {
    /// `note`, `warning` or `error`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One deviation in the bytes of one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// Offset of the first guilty byte in the head or frame.
    pub at: u64,
    /// Count of guilty bytes; 0 where something is missing at `at`.
    pub length: u64,
    /// The bytes around it, as they came.
    pub window: Vec<u8>,
    /// Offset of `window` in the head or frame.
    pub window_at: u64,
    /// What is special about this one (expected and actual values), made safe to show.
    pub detail: String,
    /// The number of the frame it is in; `None` for a head.
    pub frame: Option<u64>,
}
