//! Cuts a stream of hixie frames into parts.

use super::super::frame::FrameHeader;
use super::{END, HAS_LENGTH, MAX_LENGTH, counted};

/// One part of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A frame without a length begins; its type is below 80.
    Begin(u8),
    /// A frame with a length begins. At least one `Payload` follows, of zero bytes where the frame is empty.
    Header(FrameHeader),
    /// So many payload bytes.
    Payload {
        /// Count of bytes. An FF that ends the frame is not one of them, though it is taken.
        length: usize,
        /// Whether the frame ends here.
        last: bool,
    },
    /// The length of a frame does not end, of which these are type and length: nothing after it can be told apart.
    Lost([u8; MAX_LENGTH + 1]),
}

#[derive(Clone, Copy, Debug)]
enum State {
    Between,
    Length { kind: u8, so_far: u64, bytes: u8 },
    Delimited,
    Counted { remaining: u64 },
    Lost,
}

/// The decoder of one lane.
#[derive(Clone, Copy, Debug)]
pub struct Decoder {
    state: State,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { state: State::Between }
    }
}

impl Decoder {
    /// The next part and how many bytes of `input` it took; `None` when all of `input` was taken and more is needed.
    pub fn next(&mut self, input: &[u8]) -> Option<(Part, usize)> {
        match self.state {
            State::Between => {
                let kind = *input.first()?;
                if kind < HAS_LENGTH {
                    self.state = State::Delimited;
                    return Some((Part::Begin(kind), 1));
                }
                self.state = State::Length { kind, so_far: 0, bytes: 0 };
                let (part, used) = self.length(input.get(1..)?)?;
                Some((part, used + 1))
            }
            State::Length { .. } => self.length(input),
            State::Delimited if input.is_empty() => None,
            State::Delimited => {
                let Some(length) = input.iter().position(|byte| *byte == END) else {
                    return Some((Part::Payload { length: input.len(), last: false }, input.len()));
                };
                self.state = State::Between;
                Some((Part::Payload { length, last: true }, length + 1))
            }
            State::Counted { remaining } => {
                if input.is_empty() && remaining > 0 {
                    return None;
                }
                let length = usize::try_from(remaining).unwrap_or(usize::MAX).min(input.len());
                let remaining = remaining - length as u64;
                self.state = if remaining == 0 { State::Between } else { State::Counted { remaining } };
                Some((Part::Payload { length, last: remaining == 0 }, length))
            }
            State::Lost => None,
        }
    }

    /// Whether the bytes so far end between two frames.
    #[must_use]
    pub const fn is_between_frames(&self) -> bool {
        matches!(self.state, State::Between)
    }

    /// Whether a frame that has no length is under way.
    #[must_use]
    pub const fn awaits_end(&self) -> bool {
        matches!(self.state, State::Delimited)
    }

    /// The bytes of a frame whose length has not ended: its type, and the length as far as it came.
    #[must_use]
    pub fn unfinished_header(&self) -> Vec<u8> {
        let State::Length { kind, so_far, bytes } = self.state else { return Vec::new() };
        let all = unfinished(kind, so_far);
        all.into_iter().take(1).chain(all.into_iter().skip(1 + MAX_LENGTH - usize::from(bytes))).collect()
    }

    fn length(&mut self, input: &[u8]) -> Option<(Part, usize)> {
        let State::Length { kind, mut so_far, mut bytes } = self.state else { return None };
        for (index, byte) in input.iter().enumerate() {
            so_far = so_far << 7 | u64::from(byte & 0x7f);
            bytes += 1;
            if byte & 0x80 == 0 {
                self.state = State::Counted { remaining: so_far };
                return Some((Part::Header(counted(kind, so_far, bytes)), index + 1));
            }
            if usize::from(bytes) == MAX_LENGTH {
                self.state = State::Lost;
                return Some((Part::Lost(unfinished(kind, so_far)), index + 1));
            }
        }
        self.state = State::Length { kind, so_far, bytes };
        None
    }
}

/// A type, and a length of which no byte is the last; groups that did not come are zero.
fn unfinished(kind: u8, so_far: u64) -> [u8; MAX_LENGTH + 1] {
    std::array::from_fn(|index| match MAX_LENGTH.checked_sub(index) {
        Some(left) if index > 0 => (so_far >> (7 * left)) as u8 & 0x7f | 0x80,
        _ => kind,
    })
}
