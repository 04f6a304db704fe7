//! Frames of hixie-75 and hixie-76: text between 00 and FF, or a type of 80 and more, a length and so many bytes.
//!
//! The decoder cuts a stream into parts as they come, keeps no payload and judges nothing, so that a frame of any length
//! passes in constant memory. Only a length that does not end, or is beyond any sense, makes it give up.

mod decoder;

pub use decoder::{Decoder, Part};

use super::frame::{FrameHeader, LengthBytes, LengthForm};
use super::opcode::Opcode;

/// The end of a frame that has no length.
pub const END: u8 = 0xff;

/// The closing handshake of hixie-76: a frame of the type FF and no bytes.
pub const CLOSE: [u8; 2] = [0xff, 0x00];

/// Types from here on are followed by a length.
const HAS_LENGTH: u8 = 0x80;

/// The most bytes of a length: 63 bits.
pub const MAX_LENGTH: usize = 9;

/// The header of a frame without a length. How long it is shows at its end.
#[must_use]
pub const fn delimited(kind: u8, length: u64) -> FrameHeader {
    let opcode = if kind == 0 { Opcode::TEXT } else { Opcode::BINARY };
    FrameHeader { form: LengthForm::Delimited(kind), ..FrameHeader::new(opcode, length, None) }
}

/// The header of a frame whose length stands in so many bytes.
#[must_use]
pub const fn counted(kind: u8, length: u64, bytes: u8) -> FrameHeader {
    let opcode = if kind == END && length == 0 { Opcode::CLOSE } else { Opcode::BINARY };
    FrameHeader {
        form: LengthForm::Base128 { kind, bytes: LengthBytes::new(bytes) },
        ..FrameHeader::new(opcode, length, None)
    }
}

/// A header as a sender writes it. `None` for what the draft has no frame for: all but text, binary and close.
#[must_use]
pub fn header(opcode: Opcode, length: u64) -> Option<FrameHeader> {
    match opcode {
        Opcode::TEXT => Some(delimited(0, length)),
        Opcode::BINARY => {
            let bits = u64::BITS - length.leading_zeros();
            Some(counted(HAS_LENGTH, length, bits.div_ceil(7).max(1) as u8))
        }
        Opcode::CLOSE => Some(counted(END, 0, 1)),
        _ => None,
    }
}

/// Appends a whole frame. Gives whether there is one: none for a ping, a pong or a fragment, nor for text with a byte FF,
/// which would end it early. What a close frame carries is lost.
pub fn write(opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) -> bool {
    let payload = if opcode == Opcode::CLOSE { &[] } else { payload };
    if opcode == Opcode::TEXT && payload.contains(&END) {
        return false;
    }
    let Some(header) = header(opcode, payload.len() as u64) else { return false };
    header.write(out);
    out.extend_from_slice(payload);
    out.extend_from_slice(header.terminator());
    true
}

/// How many bytes of `bytes` are the first frame; all where it does not end here.
#[must_use]
pub fn first_frame(bytes: &[u8]) -> usize {
    let (mut decoder, mut at) = (Decoder::default(), 0);
    while let Some((part, used)) = decoder.next(bytes.get(at..).unwrap_or_default()) {
        at += used;
        let is_empty = matches!(part, Part::Header(header) if header.length == 0);
        if is_empty || matches!(part, Part::Payload { last: true, .. }) {
            return at;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Frames = Vec<(FrameHeader, Vec<u8>)>;

    /// What was written, cut into chunks and decoded.
    fn decode(bytes: &[u8], chunk: usize) -> (Frames, bool) {
        let (mut decoder, mut frames, mut lost) = (Decoder::default(), Frames::new(), false);
        for piece in bytes.chunks(chunk.max(1)) {
            let mut rest = piece;
            while let Some((part, used)) = decoder.next(rest) {
                match part {
                    Part::Begin(kind) => frames.push((delimited(kind, 0), Vec::new())),
                    Part::Header(header) => frames.push((header, Vec::new())),
                    Part::Payload { length, .. } => {
                        let frame = frames.last_mut().unwrap();
                        frame.1.extend(&rest[..length]);
                        frame.0.length = frame.0.length.max(frame.1.len() as u64);
                    }
                    Part::Lost(_) => lost = true,
                }
                rest = &rest[used..];
            }
        }
        (frames, lost)
    }

    fn written(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        assert!(write(opcode, payload, &mut out));
        out
    }

    #[test]
    fn frames_are_written_as_the_draft_has_them() {
        assert_eq!(written(Opcode::TEXT, b"Hello"), b"\x00Hello\xff");
        assert_eq!(written(Opcode::BINARY, b"Hello"), b"\x80\x05Hello");
        assert_eq!(written(Opcode::CLOSE, b"\x03\xe8"), CLOSE);
        for (length, bytes) in
            [(0, &[0x00][..]), (127, &[0x7f]), (128, &[0x81, 0x00]), (300, &[0x82, 0x2c]), (16384, &[0x81, 0x80, 0x00])]
        {
            assert_eq!(&written(Opcode::BINARY, &vec![1; length])[1..=bytes.len()], bytes, "{length}");
        }
        let mut out = Vec::new();
        assert!(!write(Opcode::PING, b"", &mut out) && !write(Opcode::CONTINUATION, b"", &mut out));
        assert!(!write(Opcode::TEXT, b"a\xff", &mut out) && out.is_empty());
    }

    #[test]
    fn frames_of_all_types_are_read() {
        let stream = b"\x00\n\0\xff\x05other\xff\x81\x05Hello\x80\x80\x80\x01x\xff\x00";
        let frames: Vec<_> = decode(stream, 3).0.into_iter().map(|(header, text)| (header.opcode(), text)).collect();
        let expected: [(Opcode, &[u8]); 5] = [
            (Opcode::TEXT, b"\n\0"),
            (Opcode::BINARY, b"other"),
            (Opcode::BINARY, b"Hello"),
            (Opcode::BINARY, b"x"),
            (Opcode::CLOSE, b""),
        ];
        assert_eq!(frames, expected.map(|(opcode, text)| (opcode, text.to_vec())));
    }

    #[test]
    fn an_endless_length_loses_the_framing() {
        for chunk in [1, 5, 300] {
            let (frames, lost) = decode(&[0xff; 300], chunk);
            assert!(frames.is_empty() && lost, "{chunk}");
        }
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out_however_it_is_cut(
            messages in proptest::collection::vec((any::<bool>(), proptest::collection::vec(0_u8..0xff, 0..300)), 0..9),
            chunk in 1_usize..80,
        ) {
            let mut stream = Vec::new();
            let mut expected = Vec::new();
            for (is_text, payload) in messages {
                let opcode = if is_text { Opcode::TEXT } else { Opcode::BINARY };
                prop_assert!(write(opcode, &payload, &mut stream));
                expected.push((opcode, payload));
            }
            let (frames, lost) = decode(&stream, chunk);
            let frames: Vec<_> = frames.into_iter().map(|(header, payload)| (header.opcode(), payload)).collect();
            prop_assert!(!lost);
            prop_assert_eq!(frames, expected);
        }

        #[test]
        fn any_bytes_are_kept_bit_for_bit(bytes in proptest::collection::vec(any::<u8>(), 0..300), chunk in 1_usize..40) {
            let (frames, lost) = decode(&bytes, chunk);
            prop_assert_eq!(&decode(&bytes, bytes.len()), &(frames.clone(), lost));
            let mut written = Vec::new();
            for (header, payload) in frames {
                header.write(&mut written);
                written.extend_from_slice(&payload);
                written.extend_from_slice(header.terminator());
            }
            // The last frame may not have ended.
            let same = written.len().min(bytes.len()).saturating_sub(1);
            prop_assert_eq!(&written[..same], &bytes[..same]);
        }
    }
}
