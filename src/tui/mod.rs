//! The screen.

pub mod compose;
pub mod detail;
pub mod theme;
