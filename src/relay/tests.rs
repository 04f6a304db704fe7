//! Scenarios through the core: bytes in, bytes and records out, each also a byte at a time.
