//! What the user has done to messages on their way: rules, each a query and an act.
//!
//! A rule is asked of a message as it came, be it in one frame or in several, and be it compressed. All rules whose query fits
//! act on it, in the order of the list; one that drops it, or ends the session, is the last. The hold comes behind them, and
//! has the queue in which what a rule delays stands: so the order of a lane stays, and what is delayed counts against the
//! same limits as what is held. At a limit that lane is not read, and TCP slows its sender down; the other lane goes on.
//!
//! What depends on chance is drawn from a seed, for each session, lane and rule by itself, once for each message that the
//! rule's query fits and in the order of the messages. So the same messages have the same fate, however they are cut into reads.
#![deny(clippy::indexing_slicing)]

mod act;
mod cell;
mod draft;
mod judge;
mod knock;
mod splice;

use crate::query::Query;

use super::hold::Unanswerable;

pub use act::{Act, Chance, Count, Jitter, Replacement, Window};
pub use cell::{Counts, Listing, NoRule, RuleCell};
pub(super) use judge::{After, Finish, Judge, Made, Post, Ruling, Whole};
pub use knock::Knock;

/// How many rules there may be: more than a person has an eye on, and few enough that asking all of each message is cheap.
pub const MOST: usize = 100;

/// When a rule acts on a message that its query fits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    /// How likely it does; always without one.
    pub chance: Option<Chance>,
    /// On which of them, in each lane.
    pub count: Count,
    /// While a session is so old.
    pub window: Window,
}

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    name: String,
    query: Option<Query>,
    options: Options,
    act: Act,
    doing: String,
}

impl Rule {
    /// A rule of that name. `doing` is what it does, with its options, as it is written.
    ///
    /// # Errors
    /// The query asks for something that is not known while a message is on its way.
    pub fn new(
        name: String,
        query: Option<Query>,
        options: Options,
        act: Act,
        doing: String,
    ) -> Result<Self, Unanswerable> {
        match query.as_ref().and_then(Query::unanswerable) {
            Some(what) => Err(Unanswerable::new(what)),
            None => Ok(Self { name, query, options, act, doing }),
        }
    }

    /// What it is called: no two rules have the same name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is asked of; `None` where that is every message.
    #[must_use]
    pub const fn query(&self) -> Option<&Query> {
        self.query.as_ref()
    }

    /// When it acts.
    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// What it does.
    #[must_use]
    pub const fn act(&self) -> &Act {
        &self.act
    }

    /// What it does, with its options, as it was written.
    #[must_use]
    pub fn doing(&self) -> &str {
        &self.doing
    }

    /// All of it as it can be written again: the query, an arrow, and what it does.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.query {
            Some(query) => format!("{} -> {}", query.text(), self.doing),
            None => format!("-> {}", self.doing),
        }
    }
}
