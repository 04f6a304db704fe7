//! Where the body of a plain request ends. hyper reads the same bytes and judges them; this counts, so that the next head
//! can be looked at before hyper has it, and says what is wrong with a body before anybody is dialled for it. What it takes
//! for wrong, hyper takes for wrong too.

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
    /// In the line that begins a chunk.
    Size { size: u64, part: Part },
    /// In a chunk, with so many bytes to come.
    Data(u64),
    /// At the CR, or else at the LF, behind a chunk's bytes.
    DataEnd { cr: bool },
    /// Behind the last chunk; whether the line has nothing in it yet.
    Trailers { blank: bool },
    /// At the end.
    Done,
    /// Where it can't be read any further, and why.
    Broken(&'static str),
}

/// A part of the line that begins a chunk: `1a ;name=value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Before the first digit.
    Start,
    /// Among the digits.
    Digits,
    /// In the blanks behind them.
    Blank,
    /// In an extension.
    Extension,
    /// At the LF behind its CR.
    Lf,
}

const START: Chunk = Chunk::Size { size: 0, part: Part::Start };

impl Framing {
    /// What a request's head announces (RFC 9112 6.3).
    ///
    /// # Errors
    /// Where no length can be told of it, in a sentence.
    pub(super) fn of(head: &Head<'_>) -> Result<Self, &'static str> {
        if let Some(coding) = head.values("transfer-encoding").last() {
            if !head.start_line().ends_with(b"HTTP/1.1") {
                return Err("Transfer-Encoding needs HTTP/1.1");
            }
            let last = coding.rsplit(|byte| *byte == b',').next().unwrap_or_default();
            let is_chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
            return is_chunked.then_some(Self::Chunked(START)).ok_or("Transfer-Encoding does not end in chunked");
        }
        let mut length = None;
        for value in head.values("content-length") {
            let number =
                value.iter().all(u8::is_ascii_digit).then(|| str::from_utf8(value).ok()?.parse().ok()).flatten();
            let Some(number) = number else { return Err("Content-Length is not a number of bytes") };
            if length.is_some_and(|before| before != number) {
                return Err("two Content-Length fields have different values");
            }
            length = Some(number);
        }
        Ok(Self::Length(length.unwrap_or(0)))
    }

    /// Whether nothing more is to come.
    pub(super) fn is_done(self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunk::Done))
    }

    /// Why the body can't be read, if so.
    pub(super) fn broken(self) -> Option<&'static str> {
        if let Self::Chunked(Chunk::Broken(why)) = self { Some(why) } else { None }
    }

    /// How many of `bytes` belong to the body; goes on behind them. Of a broken one, all.
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
                    *self = Self::DataEnd { cr: true };
                }
                return count;
            }
            Self::Broken(_) => return bytes.len(),
            Self::Done => return 0,
            Self::DataEnd { cr } => {
                *self = match (*cr, byte) {
                    (true, b'\r') => Self::DataEnd { cr: false },
                    (false, b'\n') => START,
                    _ => Self::Broken("a chunk is longer than its line says"),
                }
            }
            Self::Size { size, part } => *self = in_size(*size, *part, byte),
            Self::Trailers { blank: true } if byte == b'\n' => *self = Self::Done,
            Self::Trailers { blank } => *blank = byte == b'\n' || (*blank && byte == b'\r'),
        }
        1
    }
}

/// One more byte of the line that begins a chunk.
fn in_size(size: u64, part: Part, byte: u8) -> Chunk {
    let digit = char::from(byte).to_digit(16).filter(|_| matches!(part, Part::Start | Part::Digits));
    if let Some(digit) = digit {
        let size = size.checked_mul(16).and_then(|size| size.checked_add(digit.into()));
        let longer = size.map(|size| Chunk::Size { size, part: Part::Digits });
        return longer.unwrap_or(Chunk::Broken("a chunk's length is beyond 64 bits"));
    }
    let next = match (part, byte) {
        (Part::Start, _) => return Chunk::Broken("a chunk does not begin with its length in hexadecimal digits"),
        (Part::Lf, b'\n') if size == 0 => return Chunk::Trailers { blank: true },
        (Part::Lf, b'\n') => return Chunk::Data(size),
        (Part::Lf, _) | (_, b'\n') => return Chunk::Broken("a chunk's first line does not end in CR LF"),
        (_, b'\r') => Part::Lf,
        (Part::Extension, _) | (_, b';') => Part::Extension,
        (Part::Digits | Part::Blank, b' ' | b'\t') => Part::Blank,
        _ => return Chunk::Broken("a chunk's length is not a hexadecimal number"),
    };
    Chunk::Size { size, part: next }
}

fn skip(left: &mut u64, available: usize) -> usize {
    let count = usize::try_from(*left).unwrap_or(usize::MAX).min(available);
    *left -= count as u64;
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &str) -> Result<Framing, &'static str> {
        Framing::of(&Head::new(format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n").as_bytes()))
    }

    fn of(fields: &str) -> Framing {
        read(fields).unwrap()
    }

    #[test]
    fn heads_announce_bodies() {
        assert!(of("Host: x").is_done());
        assert_eq!(of("content-length: 12"), Framing::Length(12));
        assert_eq!(of("content-length: 12\r\nContent-Length: 12"), Framing::Length(12));
        assert!(matches!(of("Content-Length: 12\r\nTransfer-Encoding: gzip, chunked"), Framing::Chunked(_)));
    }

    #[test]
    fn a_head_without_a_length_is_said() {
        for (fields, word) in [
            ("Content-Length: 1\r\nContent-Length: 2", "different values"),
            ("Content-Length: +1", "not a number"),
            ("Content-Length: 99999999999999999999", "not a number"),
            ("Transfer-Encoding: chunked, gzip", "does not end in chunked"),
        ] {
            assert!(read(fields).unwrap_err().contains(word), "{fields}");
        }
        let old = Head::new(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert!(Framing::of(&old).unwrap_err().contains("needs HTTP/1.1"));
    }

    #[test]
    fn a_broken_chunk_is_known_at_its_first_wrong_byte_however_it_is_cut() {
        for (body, wrong, word) in [
            ("zz\r\n", 1, "does not begin with its length"),
            ("\r\n", 1, "does not begin with its length"),
            ("3x\r\n", 2, "not a hexadecimal number"),
            ("3 4\r\n", 3, "not a hexadecimal number"),
            ("3\n", 2, "CR LF"),
            ("3;a\n", 4, "CR LF"),
            ("3\rx", 3, "CR LF"),
            ("3\r\nabcd\r\n", 7, "longer than its line says"),
            ("11111111111111111\r\n", 17, "beyond 64 bits"),
        ] {
            for cut in 0..=body.len() {
                let mut framing = of("Transfer-Encoding: chunked");
                framing.take(&body.as_bytes()[..cut]);
                assert_eq!(framing.broken().is_some(), cut >= wrong, "{body:?} after {cut} bytes");
                framing.take(&body.as_bytes()[cut..]);
                assert!(framing.broken().unwrap().contains(word), "{body:?}: {framing:?}");
                assert!(!framing.is_done());
            }
        }
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
