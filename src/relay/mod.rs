//! One session, both lanes, without I/O: bytes, commands and the time go in; edits, replies and a log of what was seen come
//! out, into buffers that the caller owns. The same input gives the same output to the byte.

mod application;
pub mod bridge;
pub mod edits;
pub mod hold;
pub mod injection;
mod judgement;
mod lane;
pub mod limits;
pub mod own;
mod passage;
pub mod policy;
pub mod rehearsal;
mod repair;
mod response;
pub mod rules;
pub mod session;
pub mod stall;
pub mod translate;
mod watch;

#[cfg(test)]
pub(crate) mod tests;
