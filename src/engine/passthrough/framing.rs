//! Where the body of a plain request ends. hyper reads the same bytes and judges them; this only counts, so that the
//! next head can be looked at before hyper has it. Bytes in which hyper sees an error end the connection, so nothing
//! here depends on them.

use crate::wire::head::Head;

/// What is still to come of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// So many bytes.
    Length(u64),
    /// Chunks (RFC 9112 7.1).
    Chunked(Chunk),
}

/// A place in a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    /// In the line that begins a chunk. Its number goes on until a byte that is no digit.
    Size { size: u64, ended: bool },
    /// In a chunk, with so many bytes to come, the line end behind it counted.
    Data(u64),
    /// Behind the last chunk; whether the line has nothing in it yet.
    Trailers { blank: bool },
    /// At the end.
    Done,
}

impl Framing {
    /// What a request's head announces (RFC 9112 6.3).
    pub(super) fn of(head: &Head<'_>) -> Self {
        if head.field("transfer-encoding").is_some() {
            // hyper takes no other coding than chunked as the last one.
            return Self::Chunked(Chunk::Size { size: 0, ended: false });
        }
        let length = head.value("content-length").and_then(|value| str::from_utf8(value).ok()?.parse().ok());
        Self::Length(length.unwrap_or(0))
    }

    /// Whether nothing more is to come.
    pub(super) fn is_done(self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunk::Done))
    }

    /// How many of `bytes` belong to the body; goes on behind them.
    pub(super) fn take(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Length(left) => skip(left, bytes.len()),
            Self::Chunked(chunk) => {
                let mut at = 0;
                while at < bytes.len() && *chunk != Chunk::Done {
                    at += chunk.take(bytes.get(at..).unwrap_or_default());
                }
                at
            }
        }
    }
}

impl Chunk {
    fn take(&mut self, bytes: &[u8]) -> usize {
        let Some(&byte) = bytes.first() else { return 0 };
        match self {
            Self::Data(left) => {
                let count = skip(left, bytes.len());
                if *left == 0 {
                    *self = Self::Size { size: 0, ended: false };
                }
                return count;
            }
            Self::Size { size: 0, .. } if byte == b'\n' => *self = Self::Trailers { blank: true },
            Self::Size { size, .. } if byte == b'\n' => *self = Self::Data(size.saturating_add(2)),
            Self::Size { size, ended } => match char::from(byte).to_digit(16) {
                Some(digit) if !*ended => *size = size.saturating_mul(16).saturating_add(digit.into()),
                _ => *ended = true,
            },
            Self::Trailers { blank: true } if byte == b'\n' => *self = Self::Done,
            Self::Trailers { blank } => *blank = byte == b'\n' || (*blank && byte == b'\r'),
            Self::Done => return 0,
        }
        1
    }
}

fn skip(left: &mut u64, available: usize) -> usize {
    let count = usize::try_from(*left).unwrap_or(usize::MAX).min(available);
    *left -= count as u64;
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &str) -> Framing {
        Framing::of(&Head::new(format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n").as_bytes()))
    }

    #[test]
    fn heads_announce_bodies() {
        assert!(of("Host: x").is_done());
        assert_eq!(of("content-length: 12"), Framing::Length(12));
        assert!(matches!(of("Content-Length: 12\r\nTransfer-Encoding: gzip, chunked"), Framing::Chunked(_)));
    }

    #[test]
    fn a_body_ends_at_the_same_byte_however_it_is_cut() {
        let plain = (of("content-length: 11"), "hello world");
        let chunked = "5\r\nhello\r\n00A;name=\"v\"\r\n0123456789\r\n0\r\nX: y\r\n\r\n";
        let bare = "3 \r\nabc\r\n0\r\n\r\n";
        for (framing, body) in
            [plain, (of("Transfer-Encoding: chunked"), chunked), (of("Transfer-Encoding: chunked"), bare)]
        {
            let bytes = format!("{body}GET / HTTP/1.1\r\n\r\n").into_bytes();
            for cut in 0..=bytes.len() {
                let mut framing = framing;
                let mut taken = framing.take(&bytes[..cut]);
                assert_eq!(taken, cut.min(body.len()));
                taken += framing.take(&bytes[taken..]);
                assert_eq!((taken, framing.is_done()), (body.len(), true));
            }
        }
    }
}
