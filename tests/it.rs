//! All integration tests in one binary: they share what they need, and link once.

mod sockets;
mod support;
