//! The way from the keyboard to a session.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, watch};

use crate::record::{Policy, SessionId, Side};
use crate::relay::injection::{Injection, Refusal, Reply};
use crate::relay::policy::PolicyCell;

/// Called with each reply to an injection: once, or twice where the first is `Waiting`. It runs on a session's task, so
/// it must not block.
pub type Replier = Box<dyn FnMut(Reply) + Send>;

/// Commands that a session may be behind with. People type slowly; scripts get `Refusal::Busy`.
const COMMANDS: usize = 64;

/// What a session can be told.
pub enum Command {
    /// Put something in towards a side.
    Inject {
        /// The side that receives it.
        to: Side,
        /// What.
        injection: Injection,
        /// Whom to tell.
        reply: Replier,
    },
    /// End the session, with close frames where they fit.
    Close,
}

/// A session's end of the way: a command is boxed, for room for some of them is set aside for each session, and most are
/// never sent one.
pub(super) type Commands = mpsc::Receiver<Box<Command>>;

/// Reaches all live sessions. Clones reach the same.
#[derive(Clone)]
pub struct Handle {
    sessions: Arc<Mutex<HashMap<SessionId, mpsc::Sender<Box<Command>>>>>,
    shutdown: watch::Sender<bool>,
    policy: PolicyCell,
}

impl Default for Handle {
    fn default() -> Self {
        Self { sessions: Arc::default(), shutdown: watch::Sender::new(false), policy: PolicyCell::default() }
    }
}

impl Handle {
    /// Puts something into a live session. `reply` is called in any case.
    pub fn inject(&self, session: SessionId, to: Side, injection: Injection, mut reply: Replier) {
        let Some(commands) = self.lock().get(&session).cloned() else {
            reply(Reply::Refused(Refusal::NoSession));
            return;
        };
        if let Err(error) = commands.try_send(Box::new(Command::Inject { to, injection, reply })) {
            let (command, refusal) = match error {
                mpsc::error::TrySendError::Full(command) => (command, Refusal::Busy),
                mpsc::error::TrySendError::Closed(command) => (command, Refusal::NoSession),
            };
            if let Command::Inject { mut reply, .. } = *command {
                reply(Reply::Refused(refusal));
            }
        }
    }

    /// Ends a live session. Nothing happens where it has ended already.
    pub fn close(&self, session: SessionId) {
        if let Some(commands) = self.lock().get(&session) {
            // A session that is too busy to take this is told again by the next key press.
            let _ = commands.try_send(Box::new(Command::Close));
        }
    }

    /// What is done about faults now.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.policy.get()
    }

    /// Changes what is done about faults, in the sessions that are live too.
    pub fn set_policy(&self, policy: Policy) {
        self.policy.set(policy);
    }

    pub(super) fn policy_cell(&self) -> PolicyCell {
        self.policy.clone()
    }

    /// How many sessions are live.
    #[must_use]
    pub fn live(&self) -> usize {
        self.lock().len()
    }

    /// Tells everything to end: no new connections, close frames to all peers. `Running::finished` returns when it is done.
    pub fn shut_down(&self) {
        self.shutdown.send_replace(true);
    }

    /// Turns true when `shut_down` was called.
    #[must_use]
    pub fn shutdown(&self) -> watch::Receiver<bool> {
        self.shutdown.subscribe()
    }

    /// Registers a session; dropping the result takes it out again.
    pub(super) fn register(&self, session: SessionId) -> (Commands, Registration) {
        let (sender, receiver) = mpsc::channel(COMMANDS);
        self.lock().insert(session, sender);
        (receiver, Registration { handle: self.clone(), session })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, mpsc::Sender<Box<Command>>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session's place among the live ones.
pub(super) struct Registration {
    handle: Handle,
    session: SessionId,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.handle.lock().remove(&self.session);
    }
}
