//! What is wrong with a handshake: findings on a request, on an answer, and on an answer that never came. Pure functions
//! over bytes; what Chrome makes of them is `chrome`'s, the cause behind it is named here.

mod accept;
mod answer;
mod drafts;
mod extensions;
mod fields;
mod request;
mod silence;
mod status;
mod syntax;

pub use answer::{Judged, answer};
pub use drafts::{hixie_answer, key3_withheld, keys, no_close, proof};
pub use request::{early_data, foreign_host, request, reused_key};
pub use silence::{CHROME_HEAD, client_hello, no_answer, page_left, timed_out, too_large};
pub use syntax::{ends_in_stray_newline, leaves_cr_behind, unfinished};

/// Bytes of a peer's value that a sentence shows.
const SHOWN: usize = 100;

/// A peer's value in a sentence.
fn shown(value: &[u8]) -> String {
    if value.is_empty() { "nothing".to_owned() } else { crate::text::preview(value, SHOWN) }
}

#[cfg(test)]
mod tests;
