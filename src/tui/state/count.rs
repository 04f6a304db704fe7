//! A count that is typed in front of a motion, such as `20j`.
//!
//! The digits 1 to 5 turn to pages, at once and by themselves, so a count begins with another one: with 6 to 9, or with a 0
//! in front, as in `05n`. Where one of those comes right behind a page's digit, as in `20j`, a count was meant: the page is
//! turned back. Where no digit turns pages, any begins a count.

use crate::tui::keymap::Place;

use super::panes::Tab;

/// The largest count.
const MOST: u64 = 1_000_000;
/// How often an action is done that can't be done so many times at once.
const REPEATS: u64 = 1000;

/// A count under way, or one that a motion takes.
#[derive(Debug, Default)]
pub(crate) struct Count {
    /// What has been typed.
    typed: Option<u64>,
    /// For the motion that is being done.
    due: Option<u64>,
    /// What the last key turned away from, and its digit, if it did.
    turned: Option<Turned>,
}

/// A page that was turned by a digit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turned {
    /// The digit.
    pub digit: u64,
    /// The page before.
    pub tab: Tab,
    /// The pane that had the focus there.
    pub focus: Place,
    /// Whether that had all the room.
    pub maximised: bool,
}

impl Count {
    /// What has been typed, where a count is under way.
    #[must_use]
    pub(crate) const fn typed(&self) -> Option<u64> {
        self.typed
    }

    /// Takes a digit, if it belongs to a count. `turns` says whether this one turns pages here. What comes back is the page
    /// to be turned back to.
    pub(crate) fn digit(&mut self, digit: u64, turns: bool) -> Result<Option<Turned>, ()> {
        let turned = self.turned.take();
        let start = match (self.typed, turned) {
            (Some(typed), _) => typed,
            (None, _) if turns => return Err(()),
            (None, Some(turned)) => turned.digit,
            (None, None) => 0,
        };
        let is_first = self.typed.is_none();
        self.typed = Some((start * 10 + digit).min(MOST));
        Ok(turned.filter(|_| is_first))
    }

    /// A key other than a digit came: the count is for what it does.
    pub(crate) fn hand_over(&mut self) {
        self.due = self.typed.take().filter(|count| *count > 0);
        self.turned = None;
    }

    /// What the key asked for is done.
    pub(crate) const fn done(&mut self) {
        self.due = None;
    }

    /// A digit has turned a page.
    pub(crate) const fn turned(&mut self, turned: Turned) {
        self.turned = Some(turned);
    }

    /// Drops what was typed. Says whether there was anything.
    pub(crate) const fn cancel(&mut self) -> bool {
        self.typed.take().is_some()
    }

    /// The count for what is done now, where one was typed.
    #[must_use]
    pub(crate) const fn given(&self) -> Option<u64> {
        self.due
    }

    /// How often it is to be done: once without a count.
    #[must_use]
    pub(crate) fn times(&self) -> u64 {
        self.due.unwrap_or(1)
    }

    /// The same for what has to be done one by one.
    #[must_use]
    pub(crate) fn repeats(&self) -> u64 {
        self.times().min(REPEATS)
    }
}
