//! What a client says, read as a strict server does: what RFC 6455 forbids ends the connection, with the
//! close code that the RFC names for it.

use crate::wire::assembler::{Assembler, Extent, Message, Trouble};
use crate::wire::close::{CloseBody, Code};
use crate::wire::decoder::{Decoder, Part};
use crate::wire::frame::{FrameHeader, LengthForm};
use crate::wire::opcode::Opcode;

/// Payload bytes of a control frame at most (RFC 6455 5.5).
const MAX_CONTROL: u64 = 125;

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A ping, to be answered with the same bytes.
    Ping(Vec<u8>),
    /// A pong.
    Pong,
    /// A close frame, with its code and reason if it has them.
    Close(Option<(Code, String)>),
}

/// Why the connection can't go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Violation {
    /// The close code to send.
    pub code: Code,
    /// The close reason to send; short enough for a close frame.
    pub reason: &'static str,
}

const fn protocol_error(reason: &'static str) -> Violation {
    Violation { code: Code::PROTOCOL_ERROR, reason }
}

/// The messages of one client.
#[derive(Debug)]
pub(super) struct Incoming {
    decoder: Decoder,
    messages: Assembler,
}

impl Incoming {
    /// For messages of at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { decoder: Decoder::default(), messages: Assembler::new(Extent::Message, limit) }
    }

    /// Takes bytes off the front of `input` up to the next event; `None` when all were taken and more are needed.
    /// After a violation nothing more can be made of the stream.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Option<Result<Event, Violation>> {
        while let Some((part, used)) = self.decoder.next(input) {
            let (taken, rest) = input.split_at(used);
            *input = rest;
            let step = match part {
                Part::Header(header) => self.header(&header).map(|()| None),
                Part::Payload { last, .. } => self.messages.wire_payload(taken, last).map_err(Violation::from),
                Part::Lost(_) => Err(protocol_error("the top bit of the 64-bit length is set")),
            };
            if let Some(message) = step.transpose() {
                return Some(message.and_then(event));
            }
        }
        None
    }

    /// Judges a frame before any of its payload is kept.
    fn header(&mut self, header: &FrameHeader) -> Result<(), Violation> {
        let opcode = header.opcode();
        if header.rsv() != 0 {
            return Err(protocol_error("a reserved bit is set though no extension was agreed"));
        }
        if opcode.name().is_none() {
            return Err(protocol_error("the opcode is reserved"));
        }
        if header.mask.is_none() {
            return Err(protocol_error("a client must mask its frames"));
        }
        if header.form != LengthForm::shortest(header.length) {
            return Err(protocol_error("the length is not in its shortest form"));
        }
        if opcode.is_control() && !header.fin() {
            return Err(protocol_error("a control frame is fragmented"));
        }
        if opcode.is_control() && header.length > MAX_CONTROL {
            return Err(protocol_error("a control frame is longer than 125 bytes"));
        }
        Ok(self.messages.header(header)?)
    }
}

impl From<Trouble> for Violation {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::TooLong | Trouble::TooMany => {
                Self { code: Code::TOO_BIG, reason: "the message is larger than this endpoint takes" }
            }
            Trouble::NoMessage => protocol_error("a continuation of no message"),
            Trouble::WithinMessage => protocol_error("a new message within an unfinished one"),
            Trouble::Reserved | Trouble::Lost => protocol_error("a frame has no meaning"),
        }
    }
}

/// What a message or a control frame says.
fn event(message: Message) -> Result<Event, Violation> {
    match message.opcode() {
        Opcode::PING => Ok(Event::Ping(message.payload)),
        Opcode::CLOSE => closing(&message.payload).map(Event::Close),
        Opcode::BINARY => Ok(Event::Binary(message.payload)),
        Opcode::TEXT => String::from_utf8(message.payload)
            .map(Event::Text)
            .map_err(|_| Violation { code: Code::INVALID_DATA, reason: "a text is not UTF-8" }),
        _ => Ok(Event::Pong),
    }
}

/// The code and reason of a close frame's payload.
fn closing(payload: &[u8]) -> Result<Option<(Code, String)>, Violation> {
    match CloseBody::parse(payload) {
        CloseBody::Empty => Ok(None),
        CloseBody::Short(_) => Err(protocol_error("a close frame of one byte holds no code")),
        CloseBody::Code { code, .. } if !code.is_sendable() => {
            Err(protocol_error("the close code may not stand in a close frame"))
        }
        CloseBody::Code { code, reason } => match std::str::from_utf8(reason) {
            Ok(reason) => Ok(Some((code, reason.to_owned()))),
            Err(_) => Err(Violation { code: Code::INVALID_DATA, reason: "the close reason is not UTF-8" }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame;
    use proptest::prelude::*;

    const KEY: Option<[u8; 4]> = Some([0x37, 0xfa, 0x21, 0x3d]);
    const LIMIT: usize = 300;

    /// All events of `bytes`, taken in pieces, up to the first violation.
    fn events(bytes: &[u8], chunk: usize) -> Vec<Result<Event, Violation>> {
        let mut incoming = Incoming::new(LIMIT);
        let mut found = Vec::new();
        for mut piece in bytes.chunks(chunk) {
            while let Some(event) = incoming.next(&mut piece) {
                let over = event.is_err();
                found.push(event);
                if over {
                    return found;
                }
            }
        }
        found
    }

    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        frame::write(Opcode::new(first), payload, KEY, &mut out);
        out[0] = first;
        out
    }

    fn violation(bytes: &[u8]) -> u16 {
        let found = events(bytes, bytes.len());
        assert!(found.len() == 1, "{found:?}");
        found[0].as_ref().unwrap_err().code.value()
    }

    #[test]
    fn fragments_are_joined_around_a_ping() {
        let bytes = [masked(0x01, "gr\u{fc}n".as_bytes().split_at(3).0), masked(0x89, b"hi"), masked(0x80, b"\xbcn")];
        let joined = bytes.concat();
        let expected = [Ok(Event::Ping(b"hi".to_vec())), Ok(Event::Text("gr\u{fc}n".into()))];
        for chunk in 1..=joined.len() {
            assert_eq!(events(&joined, chunk), expected, "{chunk}");
        }
    }

    #[test]
    fn empty_frames_are_events_too() {
        let bytes = [masked(0x81, b""), masked(0x82, b""), masked(0x8a, b""), masked(0x88, b"")].concat();
        let expected =
            [Ok(Event::Text(String::new())), Ok(Event::Binary(Vec::new())), Ok(Event::Pong), Ok(Event::Close(None))];
        assert_eq!(events(&bytes, 1), expected);
    }

    #[test]
    fn broken_rules_have_the_codes_of_the_rfc() {
        let unmasked = [0x81, 2, b'h', b'i'];
        let long_form = [0x81, 0xfe, 0, 1, 0, 0, 0, 0, b'x'];
        let cases: [(&[u8], u16); 14] = [
            (&unmasked, 1002),
            (&long_form, 1002),
            (&masked(0xc1, b"x"), 1002),
            (&masked(0x83, b"x"), 1002),
            (&masked(0x8b, b"x"), 1002),
            (&masked(0x09, b"x"), 1002),
            (&masked(0x89, &[b'x'; 126]), 1002),
            (&masked(0x80, b"x"), 1002),
            (&[masked(0x01, b"x"), masked(0x81, b"y")].concat(), 1002),
            (&masked(0x88, b"x"), 1002),
            (&masked(0x88, &1005u16.to_be_bytes()), 1002),
            (&masked(0x88, b"\x03\xe8\xff"), 1007),
            (&masked(0x81, b"\xc3\x28"), 1007),
            (&[0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], 1002),
        ];
        for (bytes, code) in cases {
            assert_eq!(violation(bytes), code, "{bytes:x?}");
        }
    }

    #[test]
    fn too_large_is_told_by_the_header_alone_and_over_fragments() {
        assert_eq!(violation(&masked(0x82, &[0; 301])[..8]), 1009);
        assert_eq!(violation(&[masked(0x02, &[0; 300]), masked(0x80, &[0; 1])].concat()), 1009);
        assert_eq!(events(&masked(0x82, &[0; 300]), 7).len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_give_the_same_events_in_bounded_memory(
            bytes in proptest::collection::vec(any::<u8>(), 1..400),
            chunk in 1usize..40,
        ) {
            prop_assert_eq!(events(&bytes, chunk), events(&bytes, bytes.len()));
        }

        #[test]
        fn frames_that_are_almost_right_never_exceed_the_limit(
            frames in proptest::collection::vec(
                (prop_oneof![Just(0x01u8), Just(0x80), Just(0x00), Just(0x81), Just(0x82), Just(0x89), Just(0x88)],
                 proptest::collection::vec(any::<u8>(), 0..140)), 1..12),
            chunk in 1usize..200,
        ) {
            let bytes: Vec<u8> = frames.iter().flat_map(|(first, payload)| masked(*first, payload)).collect();
            let found = events(&bytes, chunk);
            for event in &found {
                if let Ok(Event::Text(text)) = event {
                    prop_assert!(text.len() <= LIMIT);
                }
            }
            prop_assert_eq!(found, events(&bytes, bytes.len()));
        }
    }
}
