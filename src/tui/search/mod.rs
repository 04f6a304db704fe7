//! Search: the thread that asks a query of the rows in the journal's blocks.

pub(crate) mod scan;
mod subject;
pub(crate) mod worker;
