//! permessage-deflate (RFC 7692): what a response agreed on, and the inflating of one lane's messages.
//!
//! Inflating is as lenient as Chrome's: always with a window of 32 KiB that is kept from message to message, whatever
//! was agreed; a final block resets it.

use flate2::{Decompress, FlushDecompress, Status};

/// What a response agreed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deflate {
    /// The server said that it begins each message with an empty window.
    pub server_no_context_takeover: bool,
    /// The client is to do the same.
    pub client_no_context_takeover: bool,
    /// The base-2 logarithm of the server's window in bytes, as the response has it: 8 to 15 where it is right.
    pub server_max_window_bits: Option<u8>,
    /// The same of the client's.
    pub client_max_window_bits: Option<u8>,
}

impl Deflate {
    /// Reads a whole value of Sec-WebSocket-Extensions; `None` where permessage-deflate is not in it.
    #[must_use]
    pub fn agreed(extensions: &[u8]) -> Option<Self> {
        extensions.split(|byte| *byte == b',').find_map(|extension| {
            let mut parts = extension.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            parts.next().filter(|name| *name == b"permessage-deflate")?;
            let mut agreed = Self::default();
            for parameter in parts {
                let mut halves = parameter.splitn(2, |byte| *byte == b'=').map(<[u8]>::trim_ascii);
                let name = halves.next().unwrap_or_default();
                let value = halves.next().map(|value| value.trim_ascii_start().strip_prefix(b"\"").unwrap_or(value));
                let value = value.map(|value| value.strip_suffix(b"\"").unwrap_or(value));
                let bits = || str::from_utf8(value?).ok()?.parse().ok();
                match name {
                    b"server_no_context_takeover" => agreed.server_no_context_takeover = true,
                    b"client_no_context_takeover" => agreed.client_no_context_takeover = true,
                    b"server_max_window_bits" => agreed.server_max_window_bits = bits(),
                    b"client_max_window_bits" => agreed.client_max_window_bits = bits(),
                    _ => {}
                }
            }
            Some(agreed)
        })
    }
}

/// The bytes that a sender leaves off each message, to be added before the last of it is inflated (RFC 7692 7.2.2).
pub const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// Bytes inflated in one step.
const STEP: usize = 16 * 1024;

/// Why inflating ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The bytes are no DEFLATE.
    Broken,
    /// They are, but point back to before the start of the window.
    TooFarBack,
    /// Who takes the inflated bytes wanted no more.
    Unwanted,
}

/// The inflater of one lane.
#[derive(Debug)]
pub struct Inflater {
    inner: Decompress,
    out: Box<[u8; STEP]>,
    /// Blocks that were marked as final.
    pub finals: u64,
}

impl Default for Inflater {
    fn default() -> Self {
        Self { inner: Decompress::new(false), out: Box::new([0; STEP]), finals: 0 }
    }
}

impl Inflater {
    /// Inflates the next message, of which all compressed bytes are there.
    ///
    /// # Errors
    /// Where it can't go on, or `Unwanted` where it becomes longer than `limit`. Nothing is to be given afterwards.
    pub fn message(&mut self, message: &[u8], limit: usize) -> Result<Vec<u8>, Stop> {
        let mut inflated = Vec::new();
        for piece in [message, &TAIL] {
            self.feed(piece, |bytes| {
                inflated.extend_from_slice(bytes);
                inflated.len() <= limit
            })?;
        }
        Ok(inflated)
    }

    /// Takes compressed bytes; `take` gets the inflated ones in pieces, and says whether it wants more.
    ///
    /// # Errors
    /// Where it can't go on, or shall not. Nothing is to be given afterwards.
    pub fn feed(&mut self, mut input: &[u8], mut take: impl FnMut(&[u8]) -> bool) -> Result<(), Stop> {
        loop {
            let (before_in, before_out) = (self.inner.total_in(), self.inner.total_out());
            let status = self.inner.decompress(input, &mut self.out[..], FlushDecompress::Sync);
            let used = usize::try_from(self.inner.total_in() - before_in).unwrap_or(usize::MAX);
            let made = usize::try_from(self.inner.total_out() - before_out).unwrap_or(usize::MAX);
            input = input.get(used..).unwrap_or_default();
            let inflated = self.out.get(..made).unwrap_or_default();
            if !inflated.is_empty() && !take(inflated) {
                return Err(Stop::Unwanted);
            }
            match status {
                Err(error) => {
                    let is_far = error.message().is_some_and(|message| message.contains("too far back"));
                    return Err(if is_far { Stop::TooFarBack } else { Stop::Broken });
                }
                Ok(Status::StreamEnd) => {
                    self.finals += 1;
                    self.inner.reset(false);
                }
                Ok(Status::Ok | Status::BufError) if used == 0 && made < STEP => return Ok(()),
                Ok(_) => {}
            }
            if input.is_empty() && made < STEP {
                return Ok(());
            }
        }
    }
}

/// Inflates a whole message that begins with an empty window, up to `limit` bytes; `None` where it is none.
#[must_use]
pub fn whole(message: &[u8], limit: usize) -> Option<Vec<u8>> {
    Inflater::default().message(message, limit).ok()
}

/// A block that is not compressed, of as many zeros as the window holds (RFC 1951 3.2.4): its start, and how many.
const STORED: [u8; 5] = [0x00, 0x00, 0x80, 0xff, 0x7f];
const WINDOW: usize = 32 * 1024;

/// Whether a whole message inflates to just so many bytes. That is so for each content of the window, which decides
/// what they are and not how many.
#[must_use]
pub fn inflates_to(message: &[u8], length: usize) -> bool {
    let mut inflater = Inflater::default();
    let mut made = 0;
    let mut feed = |piece: &[u8]| {
        inflater.feed(piece, |bytes| {
            made += bytes.len();
            made <= WINDOW + length
        })
    };
    let pieces = [&STORED, &[0; WINDOW][..], message, &TAIL];
    pieces.into_iter().all(|piece| feed(piece).is_ok()) && made == WINDOW + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_a_response_are_read() {
        assert_eq!(Deflate::agreed(b"x, permessage-deflate"), Some(Deflate::default()));
        let agreed = Deflate::agreed(b"permessage-deflate; server_no_context_takeover; server_max_window_bits=9");
        assert!(agreed.unwrap().server_no_context_takeover);
        assert_eq!(Deflate::agreed(b"x-webkit-deflate-frame"), None);
    }

    #[test]
    fn the_rfc_s_examples_inflate() {
        // RFC 7692 7.2.3.1 to 7.2.3.4.
        assert_eq!(whole(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], 100).unwrap(), b"Hello");
        assert_eq!(whole(&[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00], 100).unwrap(), b"Hello");
        assert_eq!(whole(&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00], 100).unwrap(), b"Hello");
        assert_eq!(whole(&[0xff; 8], 100), None);
    }

    #[test]
    fn the_window_is_kept_and_a_reach_before_it_is_told() {
        let second = [0xf2, 0x00, 0x11, 0x00, 0x00];
        let mut inflater = Inflater::default();
        let mut text = Vec::new();
        for message in [&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..], &second] {
            for piece in [message, &TAIL] {
                inflater
                    .feed(piece, |bytes| {
                        text.extend_from_slice(bytes);
                        true
                    })
                    .unwrap();
            }
        }
        assert_eq!(text, b"HelloHello");
        assert_eq!(Inflater::default().feed(&second, |_| true), Err(Stop::TooFarBack));
    }

    #[test]
    fn a_message_has_its_length_whatever_it_points_back_to() {
        let second = [0xf2, 0x00, 0x11, 0x00, 0x00];
        assert!(inflates_to(&second, 5));
        assert!(!inflates_to(&second, 4) && !inflates_to(&second, 6));
        assert!(inflates_to(&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00], 5), "a block that is marked as final");
        assert!(inflates_to(&[0x00], 0) && inflates_to(&[], 0));
        assert!(!inflates_to(&[0xff; 8], 0));
    }

    #[test]
    fn who_takes_can_end_it() {
        let mut seen = 0;
        // Runs of zeros, each 258 bytes long, in few bits.
        let mut bomb = flate2::Compress::new(flate2::Compression::best(), false);
        let mut packed = Vec::with_capacity(100_000);
        bomb.compress_vec(&vec![0; 10_000_000], &mut packed, flate2::FlushCompress::Sync).unwrap();
        let result = Inflater::default().feed(&packed, |bytes| {
            seen += bytes.len();
            seen < 100_000
        });
        assert_eq!(result, Err(Stop::Unwanted));
        assert!(seen < 100_000 + STEP + 1);
    }
}
