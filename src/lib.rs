//! wsproxy: a man in the middle for WebSocket traffic.
//!
//! The rooms, lowest first; each may use only those under it (`tests/layers` holds it):
//! `text` and `wire` (bytes), `relay` and `diagnose` (one session; the words), `decode` (what
//! messages say), `journal` (what was seen), `doctor` (a
//! client that judges a server), `json` (the contract for scripts), `engine` and `playground` (sockets), `tui` and
//! `headless` (what people and scripts see), `cli` and `config` (what they ask for).
#![forbid(unsafe_code)]

pub mod cli;
pub mod config;
pub mod decode;
pub mod diagnose;
pub mod doctor;
pub mod engine;
pub mod headless;
pub mod journal;
pub mod json;
pub mod playground;
pub mod record;
pub mod relay;
pub mod text;
pub mod tui;
pub mod wire;
