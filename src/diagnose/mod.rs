//! The words: what each finding means, what a browser makes of it, and how it is written. Pure; nothing is sent or read.

pub mod application;
mod catalogue;
pub mod chrome;
pub mod end;
pub mod examine;
pub mod examples;
pub mod forensics;
pub mod handshake;
pub mod inquiry;
pub mod net_errors;
pub mod own;
pub mod polling;
pub mod render;
pub mod sessions;
pub mod stall;
mod verdict;

pub use catalogue::{Browser, UNSEEN, Unseen, Words, level, words};
pub use verdict::{NoResponse, of_no_response, of_response};
