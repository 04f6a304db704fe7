//! What is to be held, as the user wants it, shared by all sessions: one cell, so that a key press works at once.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::query::Query;
use crate::record::{PerSide, SessionId, Side};

use super::hooks::HookList;

/// What of one side's messages is held.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    query: Option<Query>,
}

/// Why a query can't be what is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswerable(String);

impl Unanswerable {
    /// A query with that part.
    pub(in crate::relay) const fn new(part: String) -> Self {
        Self(part)
    }

    /// The part of the query, as it is typed.
    #[must_use]
    pub fn part(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Unanswerable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "nothing is held by {}: it is not known of a message that is still on its way", self.0)
    }
}

impl Condition {
    /// Holds what a query asks for; without one, every message.
    ///
    /// # Errors
    /// The query asks for something that is not known while a message is on its way.
    pub fn new(query: Option<Query>) -> Result<Self, Unanswerable> {
        match query.as_ref().and_then(Query::unanswerable) {
            Some(what) => Err(Unanswerable(what)),
            None => Ok(Self { query }),
        }
    }

    /// The query; `None` where every message is held.
    #[must_use]
    pub const fn query(&self) -> Option<&Query> {
        self.query.as_ref()
    }

    /// The query as it was typed; nothing where every message is held.
    #[must_use]
    pub fn text(&self) -> &str {
        self.query.as_ref().map_or("", Query::text)
    }
}

/// How compressed messages go out that lean on one which the receiver did not get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaning {
    /// Inflated.
    #[default]
    Inflated,
    /// Compressed by wsproxy, with a window of its own.
    Anew,
}

/// What is held of what each side sends.
pub type Conditions = PerSide<Option<Arc<Condition>>>;

#[derive(Debug, Default)]
struct Shared {
    /// Goes up with each change, so that a lane finds out for the price of a load.
    version: AtomicU64,
    /// Messages that were held so far.
    held: AtomicU64,
    conditions: Mutex<Conditions>,
    /// Set once, before there are sessions.
    hooks: OnceLock<HookList>,
    /// Whether messages that lean on one which the receiver did not get are compressed anew.
    packs: AtomicBool,
}

/// What is held now, shared by all sessions, as one of them sees it.
#[derive(Clone, Debug)]
pub struct HoldCell {
    shared: Arc<Shared>,
    session: SessionId,
}

impl Default for HoldCell {
    fn default() -> Self {
        Self { shared: Arc::default(), session: SessionId(1) }
    }
}

impl HoldCell {
    /// The same, as a session sees it.
    #[must_use]
    pub fn of(&self, session: SessionId) -> Self {
        Self { shared: Arc::clone(&self.shared), session }
    }

    /// The session.
    #[must_use]
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// From the next read on this is held.
    pub fn set(&self, conditions: Conditions) {
        *self.shared.conditions.lock().unwrap_or_else(PoisonError::into_inner) = conditions;
        self.shared.version.fetch_add(1, Ordering::Release);
    }

    /// What is held.
    #[must_use]
    pub fn get(&self) -> Conditions {
        self.shared.conditions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on programs of the user's are asked about messages, as these conditions have it. Only the first call counts.
    pub fn set_hooks(&self, hooks: HookList) {
        let _ = self.shared.hooks.set(hooks);
        self.shared.version.fetch_add(1, Ordering::Release);
    }

    /// What programs are asked about.
    pub(in crate::relay) fn hooks(&self) -> HookList {
        self.shared.hooks.get().cloned().unwrap_or_default()
    }

    /// From here on, compressed messages that lean on one which the receiver did not get go out compressed anew, or inflated.
    pub fn set_leaning(&self, leaning: Leaning) {
        self.shared.packs.store(leaning == Leaning::Anew, Ordering::Relaxed);
    }

    /// How they go out.
    #[must_use]
    pub fn leaning(&self) -> Leaning {
        if self.shared.packs.load(Ordering::Relaxed) { Leaning::Anew } else { Leaning::Inflated }
    }

    /// How often it has changed.
    #[inline]
    pub(in crate::relay) fn version(&self) -> u64 {
        self.shared.version.load(Ordering::Acquire)
    }

    /// The number of the next message that is held, from 1, in all sessions.
    pub(in crate::relay) fn next_held(&self) -> u64 {
        self.shared.held.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// What is held of what a side sends.
    pub(in crate::relay) fn of_side(&self, from: Side) -> Option<Arc<Condition>> {
        self.get()[from].take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_asks_only_for_what_is_known_of_a_message_on_its_way() {
        let condition = |text| Condition::new(Query::parse(text).unwrap());
        assert_eq!(condition("from:client op:text len>3 path:/chat json:.a \"b\" is:compressed").map(|_| ()), Ok(()));
        assert_eq!(condition("  ").unwrap().query(), None);
        assert_eq!(condition("event:message or is:reply or not is:heartbeat").map(|_| ()), Ok(()));
        for text in ["level:error", "ada or not id:x", "time>10:00", "is:unreplied", "is:held", "is:injected"] {
            assert!(condition(text).unwrap_err().to_string().contains("not known"), "{text}");
        }
    }

    #[test]
    fn a_change_is_seen_by_all_sessions() {
        let cell = HoldCell::default();
        let of_two = cell.of(SessionId(2));
        let before = of_two.version();
        cell.set(PerSide::new(Some(Arc::new(Condition::new(None).unwrap())), None));
        assert_ne!(of_two.version(), before);
        assert!(of_two.of_side(Side::Client).is_some() && of_two.of_side(Side::Server).is_none());
    }
}
