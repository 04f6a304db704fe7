//! What can be asked of the proxy while it runs, and who takes it: the screen is one client of this, and whatever else
//! steers the proxy is another. Commands and replies are values, so that they can be written down, sent and played again.

mod recorded;

use crate::record::{FrameNumber, Policy, SessionId, Side};
use crate::relay::hold::{Conditions, Decision, HeadDecision};
use crate::relay::injection::{Injection, Reply};

pub use recorded::{Recorded, RecordedAs, RecordedState};

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
    /// From now on hold what each side's condition asks for, in the sessions that are live too; nothing where there is
    /// none. What is held already of a side without one goes on.
    Hold(Conditions),
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
    /// Let all go on that is held, in all sessions.
    ReleaseAll,
    /// End a live session, with close frames where they fit.
    Close {
        /// Which session.
        session: SessionId,
    },
    /// From now on treat faults so, in the sessions that are live too.
    Policy(Policy),
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

    /// What is written to disk of what is seen; `None` where nothing is.
    fn recorded(&self) -> Option<Recorded> {
        None
    }

    /// Tells everything to end: no new connections, close frames to all peers.
    fn shut_down(&self);
}

/// For commands whose reply nobody waits for.
#[must_use]
pub fn unheard() -> Replier {
    Box::new(|_| ())
}
