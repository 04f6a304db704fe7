//! Answers of wsproxy's own, for clients that can't be relayed.

/// A whole HTTP/1.1 response with a plain sentence as its body; the connection ends with it.
#[must_use]
pub fn answer(status: u16, sentence: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{sentence}", sentence.len())
        .into_bytes()
}
