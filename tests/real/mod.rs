//! Set-ups with real software that people get wrong: the cause is named, with the product, and the right twin raises nothing.
//!
//! nginx, HAProxy, ws for Node and websockets for Python, as Debian has them. Where one of them can't run here, its test is left out,
//! unless WSPROXY_TEST_PEERS=required. What other software says is recorded: tests/refusals.rs and its corpus.

mod compression;
mod gateways;
mod silence;
mod sockets;
mod stand;
