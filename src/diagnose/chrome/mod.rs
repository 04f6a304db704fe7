//! Chrome's own rules, in its own order and with its own words, as Chromium 156 has them.
//!
//! What is here was measured (tests/corpus/chromium.jsonl) and follows Chromium's net/websockets and net/http. It judges
//! bytes; it changes nothing.

pub(super) mod extensions;
mod frames;
mod handshake;
mod reasons;
pub(super) mod response;

pub use frames::{Content, Frames, reserved_bits};
pub(super) use handshake::end_of_fields;
pub use handshake::{Fault, Handshake, handshake, no_http};
pub use reasons::{Reason, reason, reason_for};
