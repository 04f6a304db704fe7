//! What several test modules need.

pub(crate) mod chromium;
pub(crate) mod control;
pub(crate) mod document;
pub(crate) mod old_client;
pub(crate) mod program;
pub(crate) mod proxy;
pub(crate) mod stage;
pub(crate) mod terminal;
