//! Cuts a stream of bytes into frames, in parts: a header, then pieces of payload as they come.
//!
//! It keeps no payload, so a frame of any length passes in constant memory. It judges nothing: each bit pattern is a
//! header, but for a length with the top bit set, in which no sense can be made (RFC 6455 5.2).

use std::ops::Range;

use super::frame::{FrameHeader, MAX_HEADER};

/// One part of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A frame begins. At least one `Payload` follows, of zero bytes where the frame is empty.
    Header(FrameHeader),
    /// So many payload bytes.
    Payload {
        /// Count of bytes, as they stand on the wire (masked or not).
        length: usize,
        /// Whether the frame ends here.
        last: bool,
    },
    /// The header promises 2^63 bytes or more: nothing after it can be told apart.
    Lost(FrameHeader),
}

#[derive(Clone, Copy, Debug)]
enum State {
    Header,
    Payload { remaining: u64 },
    Lost,
}

/// The decoder of one lane.
#[derive(Debug)]
pub struct Decoder {
    state: State,
    /// The start of a header whose rest has not come.
    carry: [u8; MAX_HEADER],
    carried: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { state: State::Header, carry: [0; MAX_HEADER], carried: 0 }
    }
}

impl Decoder {
    /// The next part and how many bytes of `input` it took; `None` when all of `input` was taken and more is needed.
    #[inline]
    pub fn next(&mut self, input: &[u8]) -> Option<(Part, usize)> {
        match self.state {
            State::Header => self.header(input),
            State::Payload { remaining } => {
                if input.is_empty() && remaining > 0 {
                    return None;
                }
                let length = usize::try_from(remaining).unwrap_or(usize::MAX).min(input.len());
                let remaining = remaining - length as u64;
                self.state = if remaining == 0 { State::Header } else { State::Payload { remaining } };
                Some((Part::Payload { length, last: remaining == 0 }, length))
            }
            State::Lost => None,
        }
    }

    /// A frame that is there from its first byte to its last: its header, and where in `input` its payload is. The same
    /// as `next` three times, without the steps in between, for the many small frames of a busy lane.
    #[inline]
    #[must_use]
    pub fn whole(&self, input: &[u8]) -> Option<(FrameHeader, Range<usize>)> {
        if !self.is_between_frames() {
            return None;
        }
        let (header, start) = FrameHeader::parse(input)?;
        let end = start.checked_add(usize::try_from(header.length).ok()?)?;
        (end <= input.len()).then_some((header, start..end))
    }

    /// Whether the bytes so far end between two frames.
    #[must_use]
    pub const fn is_between_frames(&self) -> bool {
        matches!(self.state, State::Header) && self.carried == 0
    }

    /// Bytes of a header that has begun and not ended: 0 to 13.
    #[must_use]
    pub fn unfinished_header(&self) -> &[u8] {
        self.carry.get(..self.carried).unwrap_or_default()
    }

    #[inline]
    fn header(&mut self, input: &[u8]) -> Option<(Part, usize)> {
        if self.carried > 0 {
            return self.carried_header(input);
        }
        match FrameHeader::parse(input) {
            Some((header, used)) => Some((self.begin(header), used)),
            None => {
                self.keep(input);
                None
            }
        }
    }

    fn carried_header(&mut self, input: &[u8]) -> Option<(Part, usize)> {
        let before = self.carried;
        self.keep(input);
        let (header, used) = FrameHeader::parse(self.unfinished_header())?;
        self.carried = 0;
        // The bytes carried before were no whole header, so `used` is larger.
        Some((self.begin(header), used - before))
    }

    fn keep(&mut self, input: &[u8]) {
        for (slot, byte) in self.carry.iter_mut().skip(self.carried).zip(input) {
            *slot = *byte;
            self.carried += 1;
        }
    }

    #[inline]
    fn begin(&mut self, header: FrameHeader) -> Part {
        if header.length >> 63 != 0 {
            self.state = State::Lost;
            return Part::Lost(header);
        }
        self.state = State::Payload { remaining: header.length };
        Part::Header(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Frames as (header, payload), decoded from chunks of the given sizes.
    fn decode(bytes: &[u8], chunk: usize) -> (Vec<(FrameHeader, Vec<u8>)>, bool) {
        let mut decoder = Decoder::default();
        let mut frames: Vec<(FrameHeader, Vec<u8>)> = Vec::new();
        let mut lost = false;
        for piece in bytes.chunks(chunk.max(1)) {
            let mut rest = piece;
            while let Some((part, used)) = decoder.next(rest) {
                match part {
                    Part::Header(header) => frames.push((header, Vec::new())),
                    Part::Payload { length, .. } => frames.last_mut().unwrap().1.extend(&rest[..length]),
                    Part::Lost(_) => lost = true,
                }
                rest = &rest[used..];
                if rest.is_empty() && !matches!(part, Part::Header(_)) {
                    break;
                }
            }
        }
        (frames, lost)
    }

    #[test]
    fn an_empty_frame_has_one_empty_payload() {
        let mut decoder = Decoder::default();
        assert!(matches!(decoder.next(&[0x89, 0x00]), Some((Part::Header(_), 2))));
        assert_eq!(decoder.next(&[]), Some((Part::Payload { length: 0, last: true }, 0)));
        assert_eq!(decoder.next(&[]), None);
        assert!(decoder.is_between_frames());
    }

    #[test]
    fn a_whole_frame_is_one_only_when_its_last_byte_is_there() {
        let decoder = Decoder::default();
        assert_eq!(decoder.whole(&[0x81, 0x02, b'h']), None);
        let (header, payload) = decoder.whole(&[0x81, 0x02, b'h', b'i', 0x81]).unwrap();
        assert_eq!((header.length, payload), (2, 2..4));
        assert_eq!(decoder.whole(&[0x82, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
        let mut decoder = Decoder::default();
        assert_eq!(decoder.next(&[0x81]), None);
        assert_eq!(decoder.whole(&[0x81, 0x00]), None, "another frame has begun");
    }

    #[test]
    fn a_length_with_the_top_bit_set_loses_the_framing() {
        let (frames, lost) = decode(&[0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 1, 0x81, 0x00], 12);
        assert!(frames.is_empty() && lost);
    }

    #[test]
    fn a_header_cut_at_each_byte_is_the_same_header() {
        let bytes = [0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4, 9];
        for cut in 1..14 {
            let mut decoder = Decoder::default();
            assert_eq!(decoder.next(&bytes[..cut]), None);
            assert_eq!(decoder.unfinished_header().len(), cut);
            let Some((Part::Header(header), used)) = decoder.next(&bytes[cut..]) else { panic!("no header at {cut}") };
            assert_eq!((header.length, used), (65536, 14 - cut));
        }
    }

    proptest! {
        #[test]
        fn chunks_of_any_size_give_the_same_frames(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            chunk in 1usize..40,
        ) {
            prop_assert_eq!(decode(&bytes, chunk), decode(&bytes, bytes.len()));
        }
    }
}
