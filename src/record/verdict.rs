//! What a browser makes of a session.

use std::borrow::Cow;

use crate::wire::close::Code;

use super::FrameNumber;
use super::finding::{Finding, FindingKind};

/// What the page gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has not opened, and nothing has failed it.
    Waits,
    /// It opened; and where it has closed, it did so with the peer's close frame.
    Works,
    /// The page gets an error event, or a close with 1006.
    Fails,
}

impl Outcome {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::Works => "works",
            Self::Fails => "fails",
        }
    }
}

/// What a verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Chrome's rules, applied to the bytes.
    Predicted,
    /// The browser's own close reason.
    Observed,
}

impl Basis {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Predicted => "predicted",
            Self::Observed => "observed",
        }
    }
}

/// Chrome's verdict on a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What the page gets.
    pub outcome: Outcome,
    /// Chrome's words without the "WebSocket connection to '...' failed: " in front; `None` where it prints none.
    pub error_text: Option<Cow<'static, str>>,
    /// The close code that page script sees; `None` while there is no close event.
    pub close_code: Option<Code>,
    /// What page script sees as `wasClean`; `None` while there is no close event.
    pub was_clean: Option<bool>,
    /// The finding that decided it, where there is one.
    pub finding: Option<FindingKind>,
    /// The frame that decided it.
    pub frame: Option<FrameNumber>,
    /// The first of the server's frames whose content the page never got. It may be an earlier one than `frame`: Chrome
    /// throws away all of a read in which it finds a broken header.
    pub undelivered: Option<FrameNumber>,
    /// What it rests on.
    pub basis: Basis,
    /// Whether an observed verdict is another than the predicted one, or there was none.
    pub differs: bool,
}

impl Verdict {
    /// On what Chrome fails for, in its words.
    #[must_use]
    pub fn fails(error_text: impl Into<Cow<'static, str>>, finding: Option<FindingKind>) -> Self {
        Self {
            outcome: Outcome::Fails,
            error_text: Some(error_text.into()),
            close_code: Some(Code::ABNORMAL),
            was_clean: Some(false),
            finding,
            frame: None,
            undelivered: None,
            basis: Basis::Predicted,
            differs: false,
        }
    }

    /// Bytes of memory that it holds beside its own.
    #[must_use]
    pub fn held(&self) -> usize {
        match &self.error_text {
            Some(Cow::Owned(words)) => words.len(),
            _ => 0,
        }
    }

    const fn silent(outcome: Outcome) -> Self {
        Self {
            outcome,
            error_text: None,
            close_code: None,
            was_clean: None,
            finding: None,
            frame: None,
            undelivered: None,
            basis: Basis::Predicted,
            differs: false,
        }
    }

    /// On a request without a response so far.
    #[must_use]
    pub const fn awaits() -> Self {
        Self::silent(Outcome::Waits)
    }

    /// On a socket that has opened.
    #[must_use]
    pub const fn works() -> Self {
        Self::silent(Outcome::Works)
    }

    /// On a frame that makes Chrome fail the connection; `words` is `None` where it says none.
    #[must_use]
    pub fn of_frame(
        words: Option<String>,
        code: Code,
        finding: FindingKind,
        frame: FrameNumber,
        undelivered: FrameNumber,
    ) -> Self {
        Self {
            error_text: words.map(Cow::Owned),
            close_code: Some(code),
            was_clean: Some(false),
            finding: Some(finding),
            frame: Some(frame),
            undelivered: Some(undelivered),
            ..Self::silent(Outcome::Fails)
        }
    }

    /// On the end of a connection after both close frames.
    #[must_use]
    pub fn of_close(code: Code, was_clean: bool) -> Self {
        Self { close_code: Some(code), was_clean: Some(was_clean), ..Self::silent(Outcome::Works) }
    }

    /// On the end of a connection without a close frame. Chrome says nothing about it.
    #[must_use]
    pub fn of_silent_end(undelivered: Option<FrameNumber>) -> Self {
        Self { close_code: Some(Code::ABNORMAL), was_clean: Some(false), undelivered, ..Self::silent(Outcome::Fails) }
    }

    /// On a finding that Chrome fails for, in the words that it carries.
    #[must_use]
    pub fn because(finding: &Finding) -> Self {
        let words = finding.chrome.clone();
        Self { error_text: words.clone(), ..Self::fails(words.unwrap_or_default(), Some(finding.kind)) }
    }

    /// On a response that has no end: Chrome waits for it, and so does the page.
    #[must_use]
    pub const fn waits(finding: FindingKind) -> Self {
        Self {
            outcome: Outcome::Waits,
            error_text: None,
            close_code: None,
            was_clean: None,
            finding: Some(finding),
            frame: None,
            undelivered: None,
            basis: Basis::Predicted,
            differs: false,
        }
    }
}
