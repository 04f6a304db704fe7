//! The filter of the frame log: what is asked for, and the rows that are it. All others are hidden.

use crate::journal::{Index, Lens, Row, RowId};
use crate::query::Query;

use super::found::Found;
use super::history::History;

/// The filter.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// What is asked for; `None` where nothing is hidden.
    query: Option<Query>,
    /// The rows that are it.
    pub found: Found,
    /// The row that is to be selected as soon as it is known where it is.
    pub anchor: Option<RowId>,
    /// Filters of before.
    pub history: History,
}

impl Filter {
    /// What is asked for.
    #[must_use]
    pub(crate) const fn query(&self) -> Option<&Query> {
        self.query.as_ref()
    }

    /// What is asked for, and the rows that are it.
    pub(crate) const fn parts(&mut self) -> (Option<&Query>, &mut Found) {
        (self.query.as_ref(), &mut self.found)
    }

    /// Asks for something else.
    pub(crate) fn set(&mut self, query: Option<Query>) {
        self.query = query;
        self.found.reset();
    }
}

/// The rows of a list in their order: all of a lens, or those among them that a filter lets through.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'v, 'f> {
    view: &'v Index,
    /// Which rows there would be without a filter.
    pub lens: Lens,
    filter: Option<&'f Found>,
}

impl<'v, 'f> Rows<'v, 'f> {
    /// Of a lens, through a filter if there is one.
    pub(crate) fn new(view: &'v Index, lens: Lens, filter: Option<&'f Filter>) -> Self {
        let filter = filter.filter(|filter| filter.query.is_some());
        Self { view, lens, filter: filter.map(|filter| &filter.found) }
    }

    /// Whether some may be hidden by a filter.
    #[must_use]
    pub(crate) const fn is_filtered(&self) -> bool {
        self.filter.is_some()
    }

    /// Their numbers.
    #[must_use]
    pub(crate) fn range(&self) -> std::ops::Range<u64> {
        self.filter.map_or_else(|| self.view.range(self.lens), Found::numbers)
    }

    /// A row by its number.
    #[must_use]
    pub(crate) fn row(&self, number: u64) -> Option<Row<'v>> {
        match self.filter {
            Some(found) => self.view.row_by_id(found.row(number)?),
            None => self.view.row(self.lens, number),
        }
    }

    /// The identity of a row, by its number.
    #[must_use]
    pub(crate) fn id(&self, number: u64) -> Option<RowId> {
        match self.filter {
            Some(found) => found.row(number),
            None => self.view.row_id(self.lens, number),
        }
    }

    /// The identities of some rows, by their numbers.
    #[must_use]
    pub(crate) fn ids(&self, numbers: std::ops::Range<u64>) -> Vec<RowId> {
        match self.filter {
            Some(found) => numbers.filter_map(|number| found.row(number)).collect(),
            None => self.view.row_ids(self.lens, numbers),
        }
    }

    /// About where a row is, by its number: where there are a million, a scrollbar need not know better.
    #[must_use]
    pub(crate) fn about(&self, number: u64) -> Option<RowId> {
        match self.filter {
            Some(found) => found.row(number),
            None => self.view.near(self.lens, number),
        }
    }

    /// The number of a row; of a fragment that is folded into a message, that of the message. `None` where it is hidden.
    #[must_use]
    pub(crate) fn number(&self, row: RowId) -> Option<u64> {
        let number = self.near(row)?;
        let is_there = self.filter.is_none_or(|found| found.row(number) == Some(self.head(row)));
        is_there.then_some(number)
    }

    /// The same, or the number of the next row that is not hidden: the end where there is none.
    #[must_use]
    pub(crate) fn near(&self, row: RowId) -> Option<u64> {
        match self.filter {
            Some(found) => Some(found.number_from(self.head(row))),
            None => self.view.number(self.lens, row),
        }
    }

    /// Where a row stands, or stood before it left: the number of the first that is not before it.
    #[must_use]
    pub(crate) fn number_from(&self, row: RowId) -> u64 {
        match self.filter {
            Some(found) => found.number_from(row),
            None => self.view.number_from(self.lens, row),
        }
    }

    fn head(&self, row: RowId) -> RowId {
        self.view.head(self.lens.fold, row)
    }
}
