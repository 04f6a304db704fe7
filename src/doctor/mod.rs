//! `wsproxy doctor`: a client that behaves as Chrome does, tries what a server has to be able to do, and reports.
//!
//! Pure: bytes and the time go in, bytes and a report come out; `engine::visit` has the sockets. Both directions pass
//! through the relay's own `Session`, so findings and verdicts are those that the proxy would give.

mod checks;
pub mod dialects;
mod inbox;
mod report;
mod story;
mod visit;

pub use checks::{Check, Mark};
pub use dialects::{Attempt, Spoken};
pub use report::{Ink, Line, Outcome, Report, Timing};
pub use story::{Beside, Connected, Foreign, Likeness, Story};
pub use visit::{Plan, Visit};

#[cfg(test)]
mod tests;
