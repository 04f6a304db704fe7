//! The bytes of one peer: heads, frames and what they mean by the documents.
//!
//! Nothing here knows of sockets, clocks, randomness or output. Everything takes bytes as they came and says what
//! they are; nothing is an error only because a document forbids it.
#![deny(clippy::indexing_slicing)]

pub mod accept;
pub mod assembler;
pub mod challenge;
pub mod close;
pub mod decoder;
pub mod deflate;
pub mod dialect;
pub mod frame;
pub mod head;
pub mod hixie;
pub mod inflate;
pub mod mask;
pub mod message;
pub mod opcode;
pub mod packer;
pub mod request;
pub mod response;
pub mod secret;
pub mod units;
pub mod url;
pub mod utf8;
