//! The list of rules, shared by all sessions: one cell, so that a command works at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::record::SessionId;

use super::{MOST, Rule};

/// How often a rule was asked for and acted.
#[derive(Debug, Default)]
pub struct Counts {
    matched: AtomicU64,
    acted: AtomicU64,
}

impl Counts {
    pub(super) fn matched(&self) -> u64 {
        self.matched.load(Ordering::Relaxed)
    }

    pub(super) fn note_match(&self) {
        self.matched.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn note_act(&self) {
        self.acted.fetch_add(1, Ordering::Relaxed);
    }
}

/// A rule of the list, as a lane sees it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub rule: Arc<Rule>,
    pub is_on: bool,
    pub counts: Arc<Counts>,
}

/// A rule of the list, for people and scripts.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// The rule.
    pub rule: Arc<Rule>,
    /// Whether it acts.
    pub is_on: bool,
    /// Messages that its query fitted.
    pub matched: u64,
    /// Messages that it acted on.
    pub acted: u64,
}

/// There is no such rule, or no room for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRule {
    /// None has that name.
    Unknown,
    /// There are as many as there may be.
    Full,
}

#[derive(Debug, Default)]
struct Shared {
    /// Goes up with each change, so that a lane finds out for the price of a load.
    version: AtomicU64,
    entries: Mutex<Vec<Entry>>,
    seed: u64,
}

/// The rules that hold now, shared by all sessions, as one of them sees them.
#[derive(Clone, Debug)]
pub struct RuleCell {
    shared: Arc<Shared>,
    session: SessionId,
}

impl Default for RuleCell {
    fn default() -> Self {
        Self::seeded(0)
    }
}

impl RuleCell {
    /// No rules; those that come draw what depends on chance from that seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self { shared: Arc::new(Shared { seed, ..Shared::default() }), session: SessionId(1) }
    }

    /// The same, as a session sees it.
    #[must_use]
    pub fn of(&self, session: SessionId) -> Self {
        Self { shared: Arc::clone(&self.shared), session }
    }

    /// The session.
    pub(super) const fn session(&self) -> SessionId {
        self.session
    }

    /// What chance is drawn from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.shared.seed
    }

    /// Adds a rule that acts; one of the same name gives its place in the list to it.
    ///
    /// # Errors
    /// There are as many as there may be.
    pub fn put(&self, rule: Rule) -> Result<(), NoRule> {
        let mut entries = self.lock();
        let entry = Entry { rule: Arc::new(rule), is_on: true, counts: Arc::default() };
        let place = entries.iter().position(|other| other.rule.name() == entry.rule.name());
        if place.is_none() && entries.len() >= MOST {
            return Err(NoRule::Full);
        }
        match place.and_then(|place| entries.get_mut(place)) {
            Some(place) => *place = entry,
            None => entries.push(entry),
        }
        self.changed();
        Ok(())
    }

    /// Takes the rule of that name out.
    ///
    /// # Errors
    /// There is none.
    pub fn remove(&self, name: &str) -> Result<(), NoRule> {
        let mut entries = self.lock();
        let place = entries.iter().position(|entry| entry.rule.name() == name).ok_or(NoRule::Unknown)?;
        entries.remove(place);
        self.changed();
        Ok(())
    }

    /// Takes all rules out.
    pub fn clear(&self) {
        self.lock().clear();
        self.changed();
    }

    /// Lets the rule of that name act, or not.
    ///
    /// # Errors
    /// There is none.
    pub fn switch(&self, name: &str, is_on: bool) -> Result<(), NoRule> {
        let mut entries = self.lock();
        let entry = entries.iter_mut().find(|entry| entry.rule.name() == name).ok_or(NoRule::Unknown)?;
        entry.is_on = is_on;
        self.changed();
        Ok(())
    }

    /// All rules, in their order.
    #[must_use]
    pub fn list(&self) -> Vec<Listing> {
        let listing = |entry: &Entry| Listing {
            rule: Arc::clone(&entry.rule),
            is_on: entry.is_on,
            matched: entry.counts.matched(),
            acted: entry.counts.acted.load(Ordering::Relaxed),
        };
        self.lock().iter().map(listing).collect()
    }

    /// How often the list has changed.
    #[inline]
    pub(in crate::relay) fn version(&self) -> u64 {
        self.shared.version.load(Ordering::Acquire)
    }

    /// The rules that act.
    pub(super) fn acting(&self) -> Vec<Entry> {
        self.lock().iter().filter(|entry| entry.is_on).cloned().collect()
    }

    /// While the list is locked, so that a lane that sees the version gets the list.
    fn changed(&self) {
        self.shared.version.fetch_add(1, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.shared.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
