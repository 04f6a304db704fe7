//! Sockets: everything that connects, reads, writes, waits and spawns.

pub mod handle;
