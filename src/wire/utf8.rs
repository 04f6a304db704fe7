//! UTF-8 in pieces: the text of a message that comes in several reads and fragments (RFC 6455 5.6, 8.1).
//!
//! It says no as soon as a byte is there that no valid text could have, and keeps at most three bytes.

/// Whether a whole text is UTF-8. Most text is ASCII, which is known quickest.
#[inline]
#[must_use]
pub fn is_utf8(text: &[u8]) -> bool {
    text.is_ascii() || simdutf8::basic::from_utf8(text).is_ok()
}

/// The first byte sequence that is no UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Offset of its first byte in the text.
    pub at: u64,
    /// How many of its bytes were seen until it was clear: 1 to 4, the one that made it so included.
    pub length: usize,
    /// These bytes.
    pub bytes: [u8; 4],
}

/// A text under way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Utf8 {
    /// The start of a character whose rest has not come.
    pending: [u8; 4],
    held: usize,
    /// Bytes before `pending`.
    at: u64,
}

impl Utf8 {
    /// Takes the next bytes of the text, which are known to be ASCII; `false` where a character is under way, which takes
    /// none of them.
    #[inline]
    pub const fn feed_ascii(&mut self, length: usize) -> bool {
        if self.held == 0 {
            self.at += length as u64;
        }
        self.held == 0
    }

    /// Takes the next bytes of the text.
    ///
    /// # Errors
    /// The first sequence that is none. What follows it is not to be given.
    #[inline]
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Invalid> {
        while self.held > 0 {
            let Some((first, rest)) = bytes.split_first() else { return Ok(()) };
            bytes = rest;
            self.complete(*first)?;
        }
        if is_utf8(bytes) {
            self.at += bytes.len() as u64;
            return Ok(());
        }
        match std::str::from_utf8(bytes) {
            Ok(_) => {}
            Err(error) => {
                let (valid, rest) = bytes.split_at(error.valid_up_to());
                self.at += valid.len() as u64;
                if error.error_len().is_some() {
                    return Err(self.invalid(rest));
                }
                self.held = rest.len().min(3);
                self.pending.iter_mut().zip(rest).for_each(|(slot, byte)| *slot = *byte);
            }
        }
        Ok(())
    }

    /// Adds a byte to the character under way.
    fn complete(&mut self, byte: u8) -> Result<(), Invalid> {
        // No more than three are held, so there is room.
        if let Some(slot) = self.pending.get_mut(self.held) {
            *slot = byte;
        }
        let pending = self.pending;
        let character = pending.get(..=self.held).unwrap_or(&pending);
        match std::str::from_utf8(character) {
            Ok(_) => {
                self.at += character.len() as u64;
                self.held = 0;
                Ok(())
            }
            Err(error) if error.error_len().is_some() => Err(self.invalid(character)),
            Err(_) => {
                self.held += 1;
                Ok(())
            }
        }
    }

    fn invalid(&self, from: &[u8]) -> Invalid {
        let is_clear = |length: &usize| {
            let piece = from.get(..*length).map(std::str::from_utf8);
            piece.is_some_and(|piece| piece.is_err_and(|error| error.error_len().is_some()))
        };
        let length = (1..=from.len().min(4)).find(is_clear).unwrap_or(1);
        let mut bytes = [0; 4];
        bytes.iter_mut().zip(from.iter().take(length)).for_each(|(slot, byte)| *slot = *byte);
        Invalid { at: self.at, length, bytes }
    }

    /// The bytes of a character whose rest has not come; empty between two characters.
    #[must_use]
    pub fn unfinished(&self) -> &[u8] {
        self.pending.get(..self.held).unwrap_or_default()
    }

    /// Bytes taken so far.
    #[must_use]
    pub const fn taken(&self) -> u64 {
        self.at + self.held as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn feed(pieces: &[&[u8]]) -> Result<usize, Invalid> {
        let mut text = Utf8::default();
        for piece in pieces {
            text.feed(piece)?;
        }
        Ok(text.unfinished().len())
    }

    #[test]
    fn a_bad_byte_is_seen_as_soon_as_it_is_there() {
        let at = |result: Result<usize, Invalid>| result.unwrap_err();
        assert_eq!(feed(&["a€".as_bytes(), b"b"]), Ok(0));
        assert_eq!(feed(&[b"a\xe2", b"\x82", b"\xac"]), Ok(0));
        assert_eq!(feed(&[b"a\xe2\x82"]), Ok(2));
        assert_eq!(at(feed(&[b"a\xe2", b"("])), Invalid { at: 1, length: 2, bytes: [0xe2, b'(', 0, 0] });
        assert_eq!(at(feed(&[b"ab\xc0"])).at, 2);
        assert_eq!(at(feed(&[b"\xed\xa0"])), Invalid { at: 0, length: 2, bytes: [0xed, 0xa0, 0, 0] });
        assert_eq!(at(feed(&[b"\xf4\x90"])).length, 2);
        assert_eq!(at(feed(&[b"\xf5"])).length, 1);
    }

    proptest! {
        #[test]
        fn any_pieces_agree_with_the_whole(
            bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0xe2), Just(0x82), Just(0xac)], 0..60),
            size in 1usize..9,
        ) {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            match (std::str::from_utf8(&bytes), feed(&pieces)) {
                (Ok(_), Ok(left)) => prop_assert_eq!(left, 0),
                (Err(error), Ok(left)) => {
                    prop_assert!(error.error_len().is_none());
                    prop_assert_eq!(left, bytes.len() - error.valid_up_to());
                }
                (Err(error), Err(invalid)) => prop_assert_eq!(error.valid_up_to() as u64, invalid.at),
                (Ok(_), Err(_)) => prop_assert!(false, "valid text was refused"),
            }
        }
    }
}
