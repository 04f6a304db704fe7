//! A comparison, while it lies over the panes.

use crate::tui::pages::compare::{Comparison, Equal, Form, Pairing};

use super::cursor::Scroll;
use super::marks::Way;

/// What is compared, how, and how far it is scrolled.
#[derive(Debug)]
pub(crate) struct Compare {
    /// What there is to compare, of which the first is.
    pairings: Vec<Pairing>,
    /// As what.
    pub form: Form,
    /// What becomes of parts that are the same.
    pub equal: Equal,
    /// The rows.
    pub shown: Comparison,
    /// What the rows were made from.
    pub key: Option<CompareKey>,
    /// How far they are scrolled.
    pub scroll: Scroll,
    /// The difference that was gone to.
    pub at: Option<usize>,
}

/// What decides how a comparison looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CompareKey {
    /// What is compared.
    pub pairing: Pairing,
    /// As what.
    pub form: Form,
    /// What becomes of parts that are the same.
    pub equal: Equal,
    /// In how many columns.
    pub width: u16,
    /// What is there of the rows: changes when more comes.
    pub extent: u64,
}

impl Compare {
    /// Of the first of several pairs; `None` where there is none.
    #[must_use]
    pub(crate) fn new(pairings: Vec<Pairing>) -> Option<Self> {
        (!pairings.is_empty()).then(|| Self {
            pairings,
            form: Form::default(),
            equal: Equal::default(),
            shown: Comparison::default(),
            key: None,
            scroll: Scroll::default(),
            at: None,
        })
    }

    /// What is compared.
    #[must_use]
    pub(crate) fn pairing(&self) -> Option<Pairing> {
        self.pairings.first().copied()
    }

    /// Whether there are others.
    #[must_use]
    pub(crate) const fn has_others(&self) -> bool {
        self.pairings.len() > 1
    }

    /// Compares the next pair. Says whether there is another.
    pub(crate) fn turn(&mut self) -> bool {
        if self.pairings.len() < 2 {
            return false;
        }
        self.pairings.rotate_left(1);
        self.restart();
        true
    }

    /// Compares in a form, or again in that which suits them.
    pub(crate) fn turn_form(&mut self, form: Form) {
        self.form = if self.form == form { Form::Auto } else { form };
        self.restart();
    }

    /// Shows parts that are the same, or folds them.
    pub(crate) fn turn_equal(&mut self) {
        self.equal = match self.equal {
            Equal::Folded => Equal::Shown,
            Equal::Shown => Equal::Folded,
        };
    }

    /// Takes other rows. The difference that was gone to stays in view.
    pub(crate) fn show(&mut self, key: CompareKey, shown: Comparison) {
        self.key = Some(key);
        self.shown = shown;
        if let Some(row) = self.at.and_then(|at| self.shown.differences.get(at)) {
            self.scroll.show(*row);
        }
    }

    /// On to the next difference, and around the end. Says whether there is one.
    pub(crate) fn go(&mut self, way: Way, steps: usize) -> bool {
        let rows = &self.shown.differences;
        let count = rows.len();
        if count == 0 {
            return false;
        }
        let steps = steps % count;
        // Who has scrolled away goes on from what is seen.
        let visible = self.scroll.top()..self.scroll.end();
        let here = self.at.filter(|at| rows.get(*at).is_some_and(|row| visible.contains(row)));
        let at = match (here, way) {
            (Some(here), Way::Forward) => (here + steps) % count,
            (Some(here), Way::Backward) => (here + count - steps) % count,
            (None, Way::Forward) => (rows.partition_point(|row| *row < visible.start) + steps + count - 1) % count,
            (None, Way::Backward) => (rows.partition_point(|row| *row < visible.start) + count - steps) % count,
        };
        self.at = Some(at);
        if let Some(row) = rows.get(at) {
            self.scroll.show((row + AHEAD).min(self.shown.rows.len().saturating_sub(1)));
            self.scroll.show(row.saturating_sub(1));
        }
        true
    }

    fn restart(&mut self) {
        self.scroll.reset();
        self.at = None;
    }
}

/// Rows that are shown of a difference that is gone to.
const AHEAD: usize = 4;
