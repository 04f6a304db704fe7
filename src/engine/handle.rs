//! The way from those who steer the proxy to its sessions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};

use crate::control::holds::{Holds, PutHold};
use crate::control::rules::{RuleCommand, RuleList};
use crate::control::{self, Command, Control, Recorded, Replier};
use crate::record::{ClosedBy, FrameNumber, Policy, SessionId};
use crate::relay::hold::{Conditions, HoldCell, HookList, HookOutcome, HookQuestion};
use crate::relay::injection::{Refusal, Reply};
use crate::relay::policy::PolicyCell;
use crate::relay::rules::RuleCell;
use crate::relay::session::SessionCommand;

use super::recorder;

/// Commands that a session may be behind with. People type slowly; scripts get `Refusal::Busy`.
const COMMANDS: usize = 64;

/// Besides, what came of questions to programs: as many as there can be at a time. None of it may be lost, or a message that a
/// program has changed would go on as it came.
const OUTCOMES: usize = 2048;

/// A command on its way to a session, and whom to tell what becomes of it.
pub(super) type Posted = (SessionCommand, Replier);

/// A session's end of the way: a command is boxed, for room for some of them is set aside for each session, and most are
/// never sent one.
pub(super) type Commands = mpsc::Receiver<Box<Posted>>;

/// Passes a question on to the program that it is for. It runs on a session's task, so it must not block.
pub(super) type Asker = Box<dyn Fn(SessionId, HookQuestion) + Send + Sync>;

/// The control of a running proxy: reaches all live sessions. Clones reach the same.
#[derive(Clone)]
pub struct Handle {
    sessions: Arc<Mutex<HashMap<SessionId, mpsc::Sender<Box<Posted>>>>>,
    shutdown: watch::Sender<bool>,
    policy: PolicyCell,
    hold: HoldCell,
    recorder: Arc<OnceLock<recorder::Status>>,
    /// What `hold` consists of.
    holds: Arc<Mutex<Holds>>,
    asker: Arc<OnceLock<Asker>>,
    rules: RuleCell,
}

impl Default for Handle {
    fn default() -> Self {
        Self::seeded(0)
    }
}

impl Handle {
    /// One whose rules draw what depends on chance from that seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self {
            sessions: Arc::default(),
            shutdown: watch::Sender::new(false),
            policy: PolicyCell::default(),
            hold: HoldCell::default(),
            recorder: Arc::default(),
            holds: Arc::default(),
            asker: Arc::default(),
            rules: RuleCell::seeded(seed),
        }
    }

    /// Passes a command to a live session.
    fn send(&self, session: SessionId, command: SessionCommand, mut reply: Replier) {
        let Some(commands) = self.lock().get(&session).cloned() else {
            return reply(Reply::Refused(Refusal::NoSession));
        };
        let is_outcome = matches!(command, SessionCommand::Hooked { .. });
        if !is_outcome && commands.capacity() <= OUTCOMES {
            return reply(Reply::Refused(Refusal::Busy));
        }
        let (unsent, refusal) = match commands.try_send(Box::new((command, reply))) {
            Ok(()) => return,
            Err(TrySendError::Full(unsent)) => (unsent, Refusal::Busy),
            Err(TrySendError::Closed(unsent)) => (unsent, Refusal::NoSession),
        };
        let (_, mut reply) = *unsent;
        reply(Reply::Refused(refusal));
    }

    pub(super) fn policy_cell(&self) -> PolicyCell {
        self.policy.clone()
    }

    pub(super) fn hold_cell(&self) -> HoldCell {
        self.hold.clone()
    }

    pub(super) fn rule_cell(&self) -> RuleCell {
        self.rules.clone()
    }

    fn change_rules(&self, command: RuleCommand) -> Reply {
        match command.change(&self.rules) {
            Ok(()) => {
                self.send_to_all(|| SessionCommand::Rehold);
                Reply::Done
            }
            Err(none) => Reply::Refused(none.into()),
        }
    }

    /// Passes a command to all live sessions. One that has as many as it may take will come to it by those.
    fn send_to_all(&self, command: impl Fn() -> SessionCommand) {
        for session in self.lock().values() {
            let _ = session.try_send(Box::new((command(), control::unheard())));
        }
    }

    /// Changes what is held, and has the sessions look at it.
    fn change_holds<T>(&self, change: impl FnOnce(&mut Holds) -> T) -> T {
        let mut holds = self.holds.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut holds);
        let all = holds.all().unwrap_or_default();
        let is_new = all != self.hold.get();
        if is_new {
            // Under the lock, so that what is set last is what holds.
            self.hold.set(all);
        }
        drop(holds);
        if is_new {
            self.send_to_all(|| SessionCommand::Rehold);
        }
        result
    }

    /// From now on programs are asked about messages, as these conditions have it, and `ask` passes questions on. Only the
    /// first call counts.
    pub(super) fn set_hooks(&self, hooks: HookList, ask: Asker) {
        if self.asker.set(ask).is_ok() {
            self.hold.set_hooks(hooks);
        }
    }

    /// Whom to ask about messages, where somebody is to be.
    pub(super) fn asker(&self) -> Arc<OnceLock<Asker>> {
        Arc::clone(&self.asker)
    }

    /// Passes on what came of a question.
    pub(super) fn hooked(&self, session: SessionId, frame: FrameNumber, hook: usize, outcome: HookOutcome) {
        self.send(session, SessionCommand::Hooked { frame, hook, outcome }, control::unheard());
    }

    /// How many sessions are live.
    #[must_use]
    pub fn live(&self) -> usize {
        self.lock().len()
    }

    /// What is seen is written to disk, and this says how that stands. Only the first one counts.
    pub fn recorded_by(&self, status: recorder::Status) {
        let _ = self.recorder.set(status);
    }

    /// Turns true when `shut_down` was called.
    #[must_use]
    pub fn shutdown(&self) -> watch::Receiver<bool> {
        self.shutdown.subscribe()
    }

    /// Registers a session; dropping the result takes it out again.
    pub(super) fn register(&self, session: SessionId) -> (Commands, Registration) {
        let (sender, receiver) = mpsc::channel(COMMANDS + OUTCOMES);
        self.lock().insert(session, sender);
        (receiver, Registration { handle: self.clone(), session })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, mpsc::Sender<Box<Posted>>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Control for Handle {
    fn command(&self, command: Command, mut reply: Replier) {
        match command {
            Command::Inject { session, to, injection } => {
                self.send(session, SessionCommand::Inject { to, injection }, reply);
            }
            Command::Close { session, code, reason } => {
                self.send(session, SessionCommand::Close { by: ClosedBy::User, code, reason }, reply);
            }
            Command::Cut { session } => self.send(session, SessionCommand::Cut, reply),
            Command::Hold(conditions) => {
                self.change_holds(|holds| holds.set(conditions));
                reply(Reply::Done);
            }
            Command::AddHold(conditions) => {
                let added = self.change_holds(|holds| holds.add(conditions));
                reply(added.map_or(Reply::Refused(Refusal::TooManyHolds), |id| Reply::Hold(id.0)));
            }
            Command::Unhold(id) => {
                let was_there = self.change_holds(|holds| holds.remove(id));
                reply(if was_there { Reply::Done } else { Reply::Refused(Refusal::NoHold) });
            }
            Command::Decide { session, frame, decision } => {
                self.send(session, SessionCommand::Decide { frame, decision }, reply);
            }
            Command::DecideHead { session, from, decision } => {
                self.send(session, SessionCommand::DecideHead { from, decision }, reply);
            }
            Command::Leaning(leaning) => {
                self.hold.set_leaning(leaning);
                reply(Reply::Done);
            }
            Command::ReleaseAll => {
                self.send_to_all(|| SessionCommand::ReleaseAll);
                reply(Reply::Done);
            }
            Command::Rules(command) => reply(self.change_rules(command)),
            Command::Policy(policy) => {
                self.policy.set(policy);
                reply(Reply::Done);
            }
        }
    }

    fn policy(&self) -> Policy {
        self.policy.get()
    }

    fn held(&self) -> Conditions {
        self.hold.get()
    }

    fn holds(&self) -> Vec<PutHold> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner).list().to_vec()
    }

    fn recorded(&self) -> Option<Recorded> {
        self.recorder.get().map(recorder::Status::get)
    }

    fn rules(&self) -> RuleList {
        RuleList::of(&self.rules)
    }

    /// `Running::finished` returns when it is done.
    fn shut_down(&self) {
        self.shutdown.send_replace(true);
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use super::*;
    use crate::wire::close::Code;

    fn ask(handle: &Handle, command: Command) -> Receiver<Reply> {
        let (replier, replies) = sync_channel(2);
        handle.command(command, Box::new(move |reply| replier.send(reply).unwrap()));
        replies
    }

    #[test]
    fn each_command_has_its_reply() {
        let handle = Handle::default();
        assert_eq!(ask(&handle, Command::Policy(Policy::Strict)).recv(), Ok(Reply::Done));
        assert_eq!(handle.policy(), Policy::Strict);
        let close = Command::close(SessionId(1));
        assert_eq!(ask(&handle, close.clone()).recv(), Ok(Reply::Refused(Refusal::NoSession)));
        let (mut commands, registration) = handle.register(SessionId(1));
        let waiting: Vec<_> = (0..COMMANDS).map(|_| ask(&handle, close.clone())).collect();
        assert!(waiting.iter().all(|replies| replies.try_recv().is_err()));
        assert_eq!(ask(&handle, close.clone()).recv(), Ok(Reply::Refused(Refusal::Busy)));
        let (command, mut reply) = *commands.try_recv().unwrap();
        assert!(matches!(command, SessionCommand::Close { by: ClosedBy::User, code: Code::NORMAL, .. }));
        reply(Reply::Done);
        assert_eq!(waiting[0].recv(), Ok(Reply::Done));
        drop(registration);
        assert_eq!(ask(&handle, close).recv(), Ok(Reply::Refused(Refusal::NoSession)));
    }
}
