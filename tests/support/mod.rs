//! What several test modules need.

pub mod document;
pub mod program;
