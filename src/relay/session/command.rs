//! What somebody who steers the proxy may ask of a session.

use crate::record::{ClosedBy, FrameNumber, Side};
use crate::relay::hold::{Decision, HeadDecision, HookOutcome};
use crate::relay::injection::Injection;
use crate::wire::close::Code;

/// What the user wants of a session.
#[derive(Debug)]
pub enum SessionCommand {
    /// Puts something into the lane towards a side.
    Inject {
        /// Who gets it.
        to: Side,
        /// What it is.
        injection: Injection,
    },
    /// What is held has changed, or the rules have: looks at the cells.
    Rehold,
    /// Decides what becomes of a message that is held.
    Decide {
        /// A frame of it.
        frame: FrameNumber,
        /// What becomes of it.
        decision: Decision,
    },
    /// Decides what becomes of a head that is held.
    DecideHead {
        /// Who sent it.
        from: Side,
        /// What becomes of it.
        decision: HeadDecision,
    },
    /// A program was asked about a message, and this came of it.
    Hooked {
        /// The message's first frame.
        frame: FrameNumber,
        /// The hook's place.
        hook: usize,
        /// What came of it.
        outcome: HookOutcome,
    },
    /// Lets all go on that is held, in its order.
    ReleaseAll,
    /// Ends the session from within: close frames where they fit, then a little time for the replies.
    Close {
        /// Who wants it.
        by: ClosedBy,
        /// The close code (RFC 6455 7.4.1).
        code: Code,
        /// The reason that stands with it: at most 123 bytes (RFC 6455 5.5).
        reason: String,
    },
    /// Ends the session at once: both connections are reset, and what is held is never sent.
    Cut,
}

impl SessionCommand {
    /// An end without a reason in words.
    #[must_use]
    pub const fn close(by: ClosedBy, code: Code) -> Self {
        Self::Close { by, code, reason: String::new() }
    }
}
