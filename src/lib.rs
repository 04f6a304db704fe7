//! wsproxy: a man in the middle for WebSocket traffic.
//!
//! The rooms, lowest first; each may use only those under it (`tests/layers` holds it):
//! `text` and `wire` (bytes), `record`, `diagnose` and `relay` (what can be said of a session; the words; one session),
//! `capture` (what was seen, in a file), `decode` (what messages say), `compare` (what two of them differ in), `journal` (what was seen),
//! `doctor` (a client that judges a server), `compose` (the composer's language), `archive` (captures that are looked at),
//! `control` (what can be asked of the proxy), `json` (the //! contract for scripts), `export` (what was seen in the formats of other tools), `engine` and `playground` (sockets), `tui` and `headless`
//! (what people and scripts see), `cli` and `config` (what they ask for).
#![forbid(unsafe_code)]

pub mod archive;
pub mod capture;
pub mod cli;
pub mod compare;
pub mod compose;
pub mod config;
pub mod control;
pub mod decode;
pub mod diagnose;
pub mod doctor;
pub mod engine;
pub mod export;
pub mod files;
pub mod headless;
pub mod journal;
pub mod json;
pub mod playground;
pub mod programs;
pub mod query;
pub mod record;
pub mod relay;
pub mod rules;
pub mod subject;
pub mod text;
pub mod tui;
pub mod wire;
