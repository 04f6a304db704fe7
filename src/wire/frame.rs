//! Frame headers (RFC 6455 5.2), read and written in the very form they have on the wire.

use super::mask::{self, MaskKey};
use super::opcode::Opcode;

/// The bit of a frame's first byte that ends a message.
pub const FIN: u8 = 0x80;
/// The first reserved bit of a frame's first byte; with permessage-deflate it marks a compressed message.
pub const RSV1: u8 = 0x40;
/// The second reserved bit of a frame's first byte.
pub const RSV2: u8 = 0x20;
/// The third reserved bit of a frame's first byte.
pub const RSV3: u8 = 0x10;
/// The bits of a frame's first byte that hold the opcode.
pub const OPCODE: u8 = 0x0f;
/// The bit of a frame's second byte that says that a masking key follows the length.
pub const MASK: u8 = 0x80;
const LENGTH_16: u8 = 126;
const LENGTH_64: u8 = 127;

/// Bytes of the longest header: 2, a length of 8, a key of 4.
pub const MAX_HEADER: usize = 14;

/// How the payload length was written. A sender shall take the shortest (RFC 6455 5.2); not each does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthForm {
    /// In the second byte itself: 0 to 125.
    Seven,
    /// 126, then two bytes.
    Sixteen,
    /// 127, then eight bytes.
    SixtyFour,
    /// No length: a hixie frame of this type, which ends with FF.
    Delimited(u8),
    /// A hixie frame of the type `kind`, whose length stands in so many `bytes` of seven bits each.
    Base128 {
        /// The type byte: 80 to FF.
        kind: u8,
        /// Bytes of the length.
        bytes: LengthBytes,
    },
}

/// How many bytes the length of a hixie frame has. An enum, since its unused values leave room for the other forms: there
/// are millions of headers in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthBytes {
    /// Up to 7 bits.
    One,
    /// Up to 14 bits.
    Two,
    /// Up to 21 bits.
    Three,
    /// Up to 28 bits.
    Four,
    /// Up to 35 bits.
    Five,
    /// Up to 42 bits.
    Six,
    /// Up to 49 bits.
    Seven,
    /// Up to 56 bits.
    Eight,
    /// Up to 63 bits, the most that is read.
    Nine,
}

impl LengthBytes {
    /// For a count from 1 to 9; a larger one is taken as 9.
    #[must_use]
    pub const fn new(count: u8) -> Self {
        match count {
            0 | 1 => Self::One,
            2 => Self::Two,
            3 => Self::Three,
            4 => Self::Four,
            5 => Self::Five,
            6 => Self::Six,
            7 => Self::Seven,
            8 => Self::Eight,
            _ => Self::Nine,
        }
    }

    /// 1 to 9.
    #[must_use]
    pub const fn count(self) -> u8 {
        self as u8 + 1
    }
}

impl LengthForm {
    /// The shortest form that can hold `length`.
    #[must_use]
    pub const fn shortest(length: u64) -> Self {
        match length {
            0..=125 => Self::Seven,
            126..=0xffff => Self::Sixteen,
            _ => Self::SixtyFour,
        }
    }

    /// 7, 16 or 64; 0 where the frame has no length.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::Delimited(_) => 0,
            Self::Base128 { bytes, .. } => 7 * bytes.count(),
            Self::Seven => 7,
            Self::Sixteen => 16,
            Self::SixtyFour => 64,
        }
    }
}

/// One frame header, with nothing lost: `write` gives the bytes that `parse` took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// FIN, RSV1 to RSV3 and the opcode, as they stand on the wire. A hixie frame has none; for it, those of the RFC
    /// frame that would mean the same.
    pub first: u8,
    /// The form in which `length` is written.
    pub form: LengthForm,
    /// The masking key, where the MASK bit is set.
    pub mask: Option<MaskKey>,
    /// Payload bytes that the header promises. Any 64-bit value may come from a peer.
    pub length: u64,
}

impl FrameHeader {
    /// A final frame without reserved bits, its length in the shortest form.
    #[must_use]
    pub const fn new(opcode: Opcode, length: u64, mask: Option<MaskKey>) -> Self {
        Self { first: FIN | opcode.value(), form: LengthForm::shortest(length), mask, length }
    }

    /// Reads a header from the start of `bytes`: the header and the count of its bytes, or `None` while too few came.
    #[inline]
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let (&[first, second], rest) = bytes.split_first_chunk::<2>()?;
        let (form, length, rest) = match second & !MASK {
            LENGTH_16 => {
                let (length, rest) = rest.split_first_chunk::<2>()?;
                (LengthForm::Sixteen, u64::from(u16::from_be_bytes(*length)), rest)
            }
            LENGTH_64 => {
                let (length, rest) = rest.split_first_chunk::<8>()?;
                (LengthForm::SixtyFour, u64::from_be_bytes(*length), rest)
            }
            length => (LengthForm::Seven, u64::from(length), rest),
        };
        let (mask, rest) = if second & MASK == 0 {
            (None, rest)
        } else {
            let (key, rest) = rest.split_first_chunk::<4>()?;
            (Some(*key), rest)
        };
        Some((Self { first, form, mask, length }, bytes.len() - rest.len()))
    }

    /// Appends the header as it stands on the wire. A `length` too large for `form` is cut to what the form holds.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self.form {
            LengthForm::Delimited(kind) => return out.push(kind),
            LengthForm::Base128 { kind, bytes } => {
                out.push(kind);
                for index in (0..u32::from(bytes.count())).rev() {
                    let group = self.length.checked_shr(7 * index).unwrap_or(0) as u8 & 0x7f;
                    out.push(if index == 0 { group } else { group | 0x80 });
                }
                return;
            }
            _ => {}
        }
        let mask_bit = if self.mask.is_some() { MASK } else { 0 };
        out.push(self.first);
        match self.form {
            LengthForm::Seven => out.push(mask_bit | (self.length as u8 & !MASK)),
            LengthForm::Sixteen => {
                out.push(mask_bit | LENGTH_16);
                out.extend_from_slice(&(self.length as u16).to_be_bytes());
            }
            _ => {
                out.push(mask_bit | LENGTH_64);
                out.extend_from_slice(&self.length.to_be_bytes());
            }
        }
        if let Some(key) = self.mask {
            out.extend_from_slice(&key);
        }
    }

    /// Whether it is a frame of hixie-75 or hixie-76.
    #[must_use]
    pub const fn is_hixie(&self) -> bool {
        matches!(self.form, LengthForm::Delimited(_) | LengthForm::Base128 { .. })
    }

    /// The bytes behind the payload: FF after a hixie frame without a length.
    #[must_use]
    pub const fn terminator(&self) -> &'static [u8] {
        if matches!(self.form, LengthForm::Delimited(_)) { &[0xff] } else { &[] }
    }

    /// Bytes of the header on the wire: 2 to 14, or 1 to 10 of a hixie frame.
    #[inline]
    #[must_use]
    pub const fn wire_length(&self) -> usize {
        let length = match self.form {
            LengthForm::Seven => 0,
            LengthForm::Sixteen => 2,
            LengthForm::SixtyFour => 8,
            LengthForm::Delimited(_) => return 1,
            LengthForm::Base128 { bytes, .. } => return 1 + bytes.count() as usize,
        };
        2 + length + if self.mask.is_some() { 4 } else { 0 }
    }

    /// The final fragment of a message, or its only one.
    #[inline]
    #[must_use]
    pub const fn fin(&self) -> bool {
        self.first & FIN != 0
    }

    /// RSV1; with permessage-deflate it marks a compressed message (RFC 7692 6).
    #[inline]
    #[must_use]
    pub const fn rsv1(&self) -> bool {
        self.first & RSV1 != 0
    }

    /// RSV1, RSV2 and RSV3 as the bits 4, 2 and 1.
    #[must_use]
    pub const fn rsv(&self) -> u8 {
        (self.first >> 4) & 0x7
    }

    /// The low four bits of the first byte.
    #[inline]
    #[must_use]
    pub const fn opcode(&self) -> Opcode {
        Opcode::new(self.first)
    }
}

/// Appends a whole frame: the header with the shortest length, then `payload`, masked where `mask` is a key.
pub fn write(opcode: Opcode, payload: &[u8], mask: Option<MaskKey>, out: &mut Vec<u8>) {
    FrameHeader::new(opcode, payload.len() as u64, mask).write(out);
    let start = out.len();
    out.extend_from_slice(payload);
    if let (Some(key), Some(payload)) = (mask, out.get_mut(start..)) {
        mask::apply(key, 0, payload);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_header_is_small() {
        assert_eq!(size_of::<FrameHeader>(), 16);
    }

    #[test]
    fn the_rfc_s_examples_are_read() {
        let (header, used) = FrameHeader::parse(&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f]).unwrap();
        assert_eq!(used, 6);
        assert!(header.fin());
        assert_eq!(header.opcode(), Opcode::TEXT);
        assert_eq!((header.length, header.mask), (5, Some([0x37, 0xfa, 0x21, 0x3d])));
        let (header, used) = FrameHeader::parse(&[0x82, 0x7e, 0x01, 0x00]).unwrap();
        assert_eq!((header.length, header.form, used), (256, LengthForm::Sixteen, 4));
    }

    #[test]
    fn a_length_in_a_needlessly_long_form_keeps_its_form() {
        let bytes = [0x01, 0x7f, 0, 0, 0, 0, 0, 0, 0, 5];
        let (header, _) = FrameHeader::parse(&bytes).unwrap();
        let mut written = Vec::new();
        header.write(&mut written);
        assert_eq!(written, bytes);
    }

    #[test]
    fn the_shortest_form_is_taken_at_each_edge() {
        for (length, form) in [
            (125, LengthForm::Seven),
            (126, LengthForm::Sixteen),
            (0xffff, LengthForm::Sixteen),
            (0x1_0000, LengthForm::SixtyFour),
        ] {
            assert_eq!(LengthForm::shortest(length), form, "{length}");
        }
    }

    proptest! {
        #[test]
        fn what_is_parsed_is_written_back_bit_for_bit(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
            match FrameHeader::parse(&bytes) {
                Some((header, used)) => {
                    let mut written = Vec::new();
                    header.write(&mut written);
                    prop_assert_eq!(&written, &bytes[..used]);
                    prop_assert_eq!(header.wire_length(), used);
                }
                None => prop_assert!(bytes.len() < MAX_HEADER),
            }
        }
    }
}
