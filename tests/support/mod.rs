//! What several test modules need.

pub mod chromium;
pub mod document;
pub mod old_client;
pub mod program;
pub mod proxy;
pub mod stage;
pub mod terminal;
