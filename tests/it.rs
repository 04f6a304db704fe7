//! The one integration binary.

mod command_line;
mod docs;
mod layers;
mod support;
