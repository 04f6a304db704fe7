//! Captures: what was seen, in a file. `Writer` makes chunks of logs, `Reader` gives them back, whatever became of the file.
//!
//! A file is append-only. It is a row of chunks, each with its length and checks in front:
//!
//! - *about*: what wrote it, and when
//! - *block*: what one session, or none, has seen, as the journal's blocks have it: records in the first part, the bytes that
//!   they point at in the second
//! - *mark*: a row that somebody marked
//! - *index*: the sums of all blocks since the index before, so that opening a large file is no matter of its size
//! - *end*: nothing follows
//!
//! docs/capture.md has the format byte by byte. No I/O but by the traits of `std::io`; no clock; no randomness.
#![deny(clippy::indexing_slicing)]

mod chunk;
mod entry;
mod event;
mod fields;
mod finding;
mod proxy;
mod reader;
mod record;
mod stall;
mod sums;
mod verdict;
mod window;
mod writer;

pub use entry::{About, Entry, Mark};
pub use reader::{LoadError, Loaded, OpenError, Reader, Skipped, Tail, load};
pub use sums::{Groups, Sums};
pub use writer::Writer;

#[cfg(test)]
mod tests;
