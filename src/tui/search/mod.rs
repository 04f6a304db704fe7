//! Search: patterns, and the thread that looks for them in the journal's blocks.

mod scan;
pub(crate) mod worker;
