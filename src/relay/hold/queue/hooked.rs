//! Messages that wait for a hook.

use crate::record::Time;

use super::{Message, Queue, State};

/// A message's wait for a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::relay::hold) struct HookWait {
    /// The hook's place.
    pub hook: usize,
    /// When its time is over.
    pub until: Time,
}

impl Message {
    /// Whether the user is to decide, and nobody else.
    pub(in crate::relay::hold) const fn waits_for_user(&self) -> bool {
        matches!(self.state, State::Asks) && self.hook.is_none()
    }
}

impl Queue {
    /// A message waits for a hook, or, where there is none, for whom its state says.
    pub(in crate::relay::hold) fn wait_for_hook(&mut self, id: u64, wait: Option<HookWait>) {
        let Some(message) = self.messages.get_mut(&id) else { return };
        let had_one = std::mem::replace(&mut message.hook, wait).is_some();
        // That it waits for somebody else now is told too.
        if had_one && wait.is_none() && message.waits() && !self.untold.contains(&id) {
            self.untold.push(id);
        }
    }

    /// The hook that a message waits for.
    pub(in crate::relay::hold) fn hook_of(&self, id: u64) -> Option<HookWait> {
        self.messages.get(&id).filter(|message| message.waits())?.hook
    }

    /// The messages whose time with a hook is over.
    pub(in crate::relay::hold) fn late(&self, now: Time) -> Vec<(u64, HookWait)> {
        let waiting = self.messages.iter().filter(|(_, message)| message.waits());
        waiting.filter_map(|(id, message)| Some((*id, message.hook.filter(|wait| wait.until <= now)?))).collect()
    }

    /// When the next one's is.
    pub(in crate::relay::hold) fn next_late(&self) -> Option<Time> {
        self.messages
            .values()
            .filter(|message| message.waits())
            .filter_map(|message| message.hook)
            .map(|wait| wait.until)
            .min()
    }

    /// A hook has decided what goes out in place of a message.
    pub(in crate::relay::hold) fn note_hook(&mut self, id: u64) {
        if let Some(message) = self.messages.get_mut(&id) {
            message.is_hooks = true;
        }
    }

    /// Since when a message is here, and in how many frames.
    pub(in crate::relay::hold) fn came(&self, id: u64) -> Option<(Time, usize)> {
        let Message { since, frames, .. } = self.messages.get(&id)?;
        Some((*since, *frames))
    }
}
