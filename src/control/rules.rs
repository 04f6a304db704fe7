//! Rules, as clients of the proxy give and see them.

use crate::relay::rules::{Listing, NoRule, Rule, RuleCell};

/// What is asked for of the rules.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleCommand {
    /// This rule acts from now on, in the sessions that are live too. One of the same name gives its place to it.
    Put(Box<Rule>),
    /// The rule of that name is taken out. Where it was the last one, what rules delayed goes on at once.
    Remove(String),
    /// All rules are.
    RemoveAll,
    /// The rule of that name acts from now on, or does not until it is switched on again.
    Switch {
        /// Which one.
        name: String,
        /// Whether it acts.
        on: bool,
    },
}

impl RuleCommand {
    /// Changes the rules that all sessions share. Live sessions are to be told.
    ///
    /// # Errors
    /// There is no rule of that name, or no room for one more.
    pub fn change(self, cell: &RuleCell) -> Result<(), NoRule> {
        match self {
            Self::Put(rule) => cell.put(*rule),
            Self::Remove(name) => cell.remove(&name),
            Self::Switch { name, on } => cell.switch(&name, on),
            Self::RemoveAll => {
                cell.clear();
                Ok(())
            }
        }
    }
}

/// The rules that there are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleList {
    /// All of them in their order, which is that in which they act.
    pub rules: Vec<Listing>,
    /// What chance is drawn from: with the same seed, the same messages have the same fate.
    pub seed: u64,
}

impl RuleList {
    /// Those that all sessions share.
    #[must_use]
    pub fn of(cell: &RuleCell) -> Self {
        Self { rules: cell.list(), seed: cell.seed() }
    }

    /// How many of them act.
    #[must_use]
    pub fn acting(&self) -> usize {
        self.rules.iter().filter(|rule| rule.is_on).count()
    }
}
