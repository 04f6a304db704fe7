//! What can be asked of the proxy while it runs, and who takes it: the screen is one client of this, and whatever else
//! steers the proxy is another. Commands and replies are values, so that they can be written down, sent and played again.

use crate::record::{Policy, SessionId, Side};
use crate::relay::injection::{Injection, Reply};

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
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

    /// Tells everything to end: no new connections, close frames to all peers.
    fn shut_down(&self);
}

/// For commands whose reply nobody waits for.
#[must_use]
pub fn unheard() -> Replier {
    Box::new(|_| ())
}
