//! The list of problems: what has a line of its own, what comes first, what is looked for, and which is selected.

use crate::journal::Scope;
use crate::tui::pages::problems::{Grouping, Item, Order};

use super::cursor::Scroll;

/// The list.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    /// What has a line of its own.
    pub grouping: Grouping,
    /// What comes first.
    pub order: Order,
    /// Words that a problem has to have.
    pub wanted: String,
    /// How far it is scrolled.
    pub scroll: Scroll,
    /// What is selected, by what it is told apart by.
    selected: Option<String>,
    items: Vec<Item>,
    /// What the items were made from.
    key: Option<ProblemsKey>,
}

/// What decides what is in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProblemsKey {
    /// Whose problems.
    pub scope: Scope,
    /// How often the numbers over all sessions were refreshed.
    pub generation: u64,
    /// What has a line of its own.
    pub grouping: Grouping,
    /// What comes first.
    pub order: Order,
}

impl Problems {
    /// Puts the items of a key in, if they are not there.
    pub(crate) fn fill(&mut self, key: ProblemsKey, items: impl FnOnce() -> Vec<Item>) {
        if self.key != Some(key) {
            self.key = Some(key);
            self.items = items();
        }
    }

    /// How many there are without looking for any.
    #[must_use]
    pub(crate) const fn count(&self) -> usize {
        self.items.len()
    }

    /// Those that are looked for.
    #[must_use]
    pub(crate) fn shown(&self) -> Vec<&Item> {
        let wanted = self.wanted.to_lowercase();
        let words: Vec<&str> = wanted.split_whitespace().collect();
        let has_all = |item: &&Item| {
            let said = format!("{} {}", item.key, item.text).to_lowercase();
            words.iter().all(|word| said.contains(word))
        };
        self.items.iter().filter(has_all).collect()
    }

    /// The place of the selected one among those shown; `None` where there is none.
    #[must_use]
    pub(crate) fn place(&self) -> Option<usize> {
        let shown = self.shown();
        let selected = shown.iter().position(|item| Some(&item.key) == self.selected.as_ref());
        (!shown.is_empty()).then(|| selected.unwrap_or_default())
    }

    /// The selected one.
    #[must_use]
    pub(crate) fn item(&self) -> Option<&Item> {
        self.shown().get(self.place()?).copied()
    }

    /// Moves by so many.
    pub(crate) fn step(&mut self, by: i64) {
        let Some(place) = self.place() else { return };
        let by = isize::try_from(by).unwrap_or(if by < 0 { isize::MIN } else { isize::MAX });
        self.select(place.saturating_add_signed(by));
    }

    /// Selects one by its place.
    pub(crate) fn select(&mut self, place: usize) {
        let shown = self.shown();
        let place = place.min(shown.len().saturating_sub(1));
        self.selected = shown.get(place).map(|item| item.key.clone());
        self.scroll.show(place);
    }

    /// Gives each problem a line, or each kind. What is selected stays selected, or its kind does.
    pub(crate) fn turn_grouping(&mut self) {
        self.grouping = match self.grouping {
            Grouping::Kinds => Grouping::Each,
            Grouping::Each => Grouping::Kinds,
        };
        self.scroll.reset();
    }

    /// Something else comes first.
    pub(crate) fn turn_order(&mut self) {
        self.order = match self.order {
            Order::Worst => Order::Newest,
            Order::Newest => Order::Most,
            Order::Most => Order::Worst,
        };
        self.scroll.reset();
    }
}
