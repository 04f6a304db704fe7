//! The screen, drawn onto a buffer and driven by keys.

mod columns;
mod commands;
mod composing;
mod detail;
mod keys;
mod safety;
mod screens;
mod stage;
