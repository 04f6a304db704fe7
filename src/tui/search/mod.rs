//! Search: the thread that asks a query of the rows in the journal's blocks.

mod fates;
mod replies;
pub(crate) mod scan;
pub(crate) mod worker;
