//! What is wrong with a handshake: findings on a request, on a response, and on a response that never came. Pure functions
//! over bytes; what Chrome makes of them is `chrome`'s, the cause behind it is named here.

mod accept;
mod drafts;
mod extensions;
mod fields;
mod others;
mod request;
mod response;
mod said;
mod server;
mod silence;
mod status;
mod syntax;
mod told;

pub use drafts::{hixie_response, key3_withheld, keys, no_close, proof};
pub use response::{Judged, response};

pub use request::{early_data, foreign_host, request, reused_key};
pub use said::said;
pub use silence::{
    CHROME_HEAD, client_hello, has_waited, no_response, page_left, page_left_unconnected, timed_out, too_large,
};
pub use status::when;
pub use syntax::{ends_in_stray_newline, leaves_cr_behind, unfinished};

#[cfg(test)]
mod tests;
