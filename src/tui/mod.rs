//! The screen: what people see, and the keys they press.
//!
//! Elm-shaped. `Model` is all that the screen remembers; `update` takes a message and gives back effects for the outside
//! world; `view` draws. Rows themselves stay in the journal's `View`: of a million, only those that are visible are
//! formatted. `run` owns the terminal and the thread's loop, and nothing else here knows of either.
//!
//! No byte of a peer gets to the terminal but through `crate::text`.

mod actions;
mod answer;
mod arrangement;
mod clock;
mod command;
pub mod compose;
mod composer;
mod copy;
mod cursor;
pub mod detail;
mod editor;
mod feed;
mod fit;
mod folding;
mod history;
pub mod keymap;
mod lines;
mod marks;
mod message;
mod model;
mod mouse;
mod overview;
mod prompt;
mod remembered;
mod repeat;
mod resend;
mod run;
mod search;
mod sending;
mod state;
mod terminal;
pub mod theme;
mod update;
mod view;
mod websocat;
mod why;
mod worst;

#[cfg(test)]
mod tests;

pub use feed::Feed;
pub use message::{Effect, Message};
pub use model::{Info, Model};
pub use run::{Inbox, Remote, channel, run};
pub use terminal::{let_go, unblock};
pub use update::update;
pub use view::view;
