//! The screen, drawn onto a buffer and driven by keys.

mod columns;
mod commands;
mod comparing;
mod composing;
mod copy;
mod counting;
mod decoding;
mod detail;
mod diagnosing;
mod filtering;
mod folding;
mod heartbeats;
mod holding;
mod keys;
mod marking;
mod ordering;
mod packer;
mod reading;
mod resending;
mod safety;
mod screens;
mod search;
mod sessions;
mod stage;
mod timeline;
mod values;
