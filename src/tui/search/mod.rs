//! Search: patterns, and the thread that looks for them in the journal's blocks.

pub(crate) mod pattern;
mod scan;
pub(crate) mod worker;
