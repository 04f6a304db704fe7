//! What can be asked of the proxy while it runs, and who takes it: the screen is one client of this, and whatever else
//! steers the proxy is another. Commands and replies are values, so that they can be written down, sent and played again:
//! `protocol` has them as lines of JSON.

pub mod holds;
mod nobody;
pub mod protocol;
mod recorded;
pub mod resend;
pub mod rules;

use crate::query::Query;
use crate::record::{FrameNumber, Log, Policy, SessionId, Side};
use crate::relay::hold::{Conditions, Decision, HeadDecision, Leaning};
use crate::relay::injection::{Injection, Reply};
use crate::wire::close::Code;

use holds::{HoldId, PutHold};

pub use nobody::Nobody;
pub use recorded::{Recorded, RecordedAs, RecordedState};

use rules::{RuleCommand, RuleList};

/// What can be asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Put something into a live session.
    Inject {
        /// Which session.
        session: SessionId,
        /// The side that receives it.
        to: Side,
        /// What.
        injection: Injection,
    },
    /// From now on hold what each side's condition asks for, and nothing else, in the sessions that are live too; nothing
    /// where there is none. What is held already of a side without one goes on.
    Hold(Conditions),
    /// From now on hold what a condition asks for besides; the reply is its number.
    AddHold(Conditions),
    /// No longer hold what the hold of a number asks for. What is held already of a side without another one goes on.
    Unhold(HoldId),
    /// Decide what becomes of a message that is held.
    Decide {
        /// Which session.
        session: SessionId,
        /// A frame of the message.
        frame: FrameNumber,
        /// What becomes of it.
        decision: Decision,
    },
    /// Decide what becomes of a head that is held.
    DecideHead {
        /// Which session.
        session: SessionId,
        /// Who sent it.
        from: Side,
        /// What becomes of it.
        decision: HeadDecision,
    },
    /// From now on, compressed messages that lean on one which was edited or dropped go out so.
    Leaning(Leaning),
    /// Let all go on that is held, in all sessions.
    ReleaseAll,
    /// End a live session, with close frames where they fit.
    Close {
        /// Which session.
        session: SessionId,
        /// The code of the close frames.
        code: Code,
        /// Their reason: at most 123 bytes (RFC 6455 5.5).
        reason: String,
    },
    /// End a live session at once: reset both connections.
    Cut {
        /// Which session.
        session: SessionId,
    },
    /// Change the rules.
    Rules(RuleCommand),
    /// From now on treat faults so, in the sessions that are live too.
    Policy(Policy),
}

impl Command {
    /// Ends a session without a reason in words.
    #[must_use]
    pub const fn close(session: SessionId) -> Self {
        Self::Close { session, code: Code::NORMAL, reason: String::new() }
    }
}

/// Called with each reply to a command: once, or twice where the first is `Waiting`. It runs on a session's task, so it
/// must not block.
pub type Replier = Box<dyn FnMut(Reply) + Send>;

/// The running proxy, as its clients see it.
pub trait Control: Send + Sync {
    /// Asks for something. It never waits; `reply` is called in any case, and maybe before this returns.
    fn command(&self, command: Command, reply: Replier);

    /// What is done about faults now.
    fn policy(&self) -> Policy;

    /// What is held of what each side sends.
    fn held(&self) -> Conditions;

    /// The same one by one, the oldest first.
    fn holds(&self) -> Vec<PutHold>;

    /// What is written to disk of what is seen; `None` where nothing is.
    fn recorded(&self) -> Option<Recorded> {
        None
    }

    /// The rules that there are, with what they did.
    fn rules(&self) -> RuleList;

    /// Tells everything to end: no new connections, close frames to all peers.
    fn shut_down(&self);
}

/// For commands whose reply nobody waits for.
#[must_use]
pub fn unheard() -> Replier {
    Box::new(|_| ())
}

/// What is seen, written as the lines of `--json`, a log at a time.
pub trait Lines: Send {
    /// Adds the lines for the record at a place of a block's log. Records come in their order, and blocks in the journal's.
    fn add(&mut self, session: Option<SessionId>, log: &Log, place: usize, out: &mut Vec<u8>);

    /// Adds a line that says how many records left the journal before they could be written.
    fn lose(&mut self, records: u64, out: &mut Vec<u8>);
}

/// Makes the lines of what a query asks for, or of all.
pub type LineMaker = Box<dyn Fn(Option<Query>) -> Box<dyn Lines> + Send + Sync>;
