//! All that the screen remembers: plain values with their own methods.

pub(crate) mod answer;
pub(crate) mod arrangement;
pub(crate) mod command;
pub(crate) mod composer;
pub(crate) mod cursor;
pub(crate) mod drawn;
pub(crate) mod find;
pub(crate) mod history;
pub(crate) mod layout;
pub(crate) mod lines;
pub(crate) mod lists;
pub(crate) mod look;
pub(crate) mod marks;
pub(crate) mod model;
pub(crate) mod overlay;
pub(crate) mod overview;
pub(crate) mod pane;
pub(crate) mod panes;
pub(crate) mod proxy;
pub(crate) mod search;
pub(crate) mod sending;
pub(crate) mod sessions;
pub(crate) mod texts;
pub(crate) mod toast;
mod useful;
pub(crate) mod why;
pub(crate) mod worst;
