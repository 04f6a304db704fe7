//! All integration tests in one binary: they share what they need, and link once.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "what fails here says so by a panic")]

mod applications;
mod bridges;
mod browser;
mod captures;
mod chrome;
mod command_line;
mod composer;
mod control;
mod correct_peers;
mod decoders;
mod docs;
mod doctor;
mod drafts;
mod endings;
mod examples;
mod exports;
mod faults;
mod findings;
mod handshakes;
mod holding;
mod hooks;
mod layers;
mod opening;
mod queries;
mod real;
mod refusals;
mod rules;
mod runs;
mod sockets;
mod stalls;
mod stories;
mod support;
mod tour;
