//! The screen: what people see, and the keys they press.
//!
//! Elm-shaped. `state` is all that the screen remembers; `update` takes a message and gives back effects for the outside
//! world; `view` draws, and says where it drew what. Rows themselves stay in the journal's `Index`: of a million, only those
//! that are visible are formatted. `run` owns the terminal, files and threads, and nothing else here knows of them.
//!
//! No byte of a peer gets to the terminal but through `crate::text`.

mod clock;
mod feed;
mod fit;
pub mod keymap;
mod message;
mod pages;
mod run;
mod search;
mod state;
pub mod theme;
mod update;
mod view;

#[cfg(test)]
mod tests;

pub use feed::{Feed, draw};
pub use message::{Effect, Message};
pub use run::terminal::{let_go, unblock};
pub use run::{Inbox, Remote, Source, World, channel, run};
pub use state::model::Model;
pub use state::proxy::Info;
pub use update::update;
