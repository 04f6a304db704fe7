//! The server's frames put together: what a page would get, and the control frames that a browser would handle.

use flate2::{Decompress, FlushDecompress, Status};

use crate::record::{FrameRecord, Log, MoreRecord, Seen, Side};
use crate::wire::frame::{FIN, RSV1};
use crate::wire::opcode::Opcode;

/// Bytes that one message may take, inflated or not. What comes beyond is left out.
const LONGEST: usize = 4 * 1024 * 1024;

/// What the four bytes are that a sender leaves out behind each compressed message (RFC 7692 7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// One thing that came whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    /// A message.
    Message(Message),
    /// A ping and its payload.
    Ping(Vec<u8>),
    /// A pong and its payload.
    Pong(Vec<u8>),
    /// A close frame's payload.
    Close(Vec<u8>),
}

/// A message, its fragments joined.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// Of its first frame.
    pub opcode: Opcode,
    /// Inflated, where it could be.
    pub payload: Vec<u8>,
    /// Whether RSV1 says that it was compressed.
    pub compressed: bool,
    /// Whether it could not be inflated.
    pub unreadable: bool,
}

/// How the server compresses.
#[derive(Debug, Default)]
enum Compression {
    /// Not agreed to.
    #[default]
    None,
    /// Agreed to, with a window that may go on from message to message.
    Agreed { inflater: Box<Option<Decompress>>, keeps_window: bool },
}

struct Partial {
    first: u8,
    length: u64,
    received: u64,
    mask: Option<[u8; 4]>,
    payload: Vec<u8>,
}

/// Frames under way.
#[derive(Default)]
pub(super) struct Inbox {
    compression: Compression,
    frame: Option<Partial>,
    message: Option<(u8, Vec<u8>)>,
}

impl Inbox {
    /// The answer agreed to these extensions.
    pub(super) fn agreed(&mut self, extensions: &str) {
        if extensions.contains("permessage-deflate") {
            let keeps_window = !extensions.contains("server_no_context_takeover");
            self.compression = Compression::Agreed { inflater: Box::new(Some(Decompress::new(false))), keeps_window };
        }
    }

    /// What the records complete.
    pub(super) fn read(&mut self, log: &Log) -> Vec<Incoming> {
        let mut out = Vec::new();
        for record in log.all() {
            match record {
                Seen::Frame(frame) if frame.from == Side::Server => self.begin(&frame, log),
                Seen::More(more) if more.from == Side::Server => self.go_on(&more, log),
                _ => continue,
            }
            if let Some(frame) = self.frame.take_if(|frame| frame.received >= frame.length) {
                out.extend(self.complete(frame));
            }
        }
        out
    }

    fn begin(&mut self, frame: &FrameRecord, log: &Log) {
        let header = &frame.header;
        self.frame = Some(Partial {
            first: header.first,
            length: header.length,
            received: frame.received,
            mask: header.mask,
            payload: log.span(frame.kept).to_vec(),
        });
    }

    fn go_on(&mut self, more: &MoreRecord, log: &Log) {
        if let Some(frame) = &mut self.frame {
            frame.received = more.received;
            frame.payload.extend_from_slice(log.span(more.kept));
        }
    }

    fn complete(&mut self, mut frame: Partial) -> Option<Incoming> {
        if let Some(key) = frame.mask {
            crate::wire::mask::apply(key, 0, &mut frame.payload);
        }
        match Opcode::new(frame.first) {
            Opcode::PING => Some(Incoming::Ping(frame.payload)),
            Opcode::PONG => Some(Incoming::Pong(frame.payload)),
            Opcode::CLOSE => Some(Incoming::Close(frame.payload)),
            opcode if opcode.is_control() => None,
            _ => self.fragment(frame),
        }
    }

    fn fragment(&mut self, frame: Partial) -> Option<Incoming> {
        let (first, mut payload) = self.message.take().unwrap_or((frame.first, Vec::new()));
        let room = LONGEST.saturating_sub(payload.len());
        payload.extend(frame.payload.into_iter().take(room));
        if frame.first & FIN == 0 {
            self.message = Some((first, payload));
            return None;
        }
        let compressed = first & RSV1 != 0;
        let inflated = if compressed { self.compression.inflate(&payload) } else { Some(payload) };
        let unreadable = inflated.is_none();
        let payload = inflated.unwrap_or_default();
        Some(Incoming::Message(Message { opcode: Opcode::new(first), payload, compressed, unreadable }))
    }
}

impl Compression {
    /// `None` where that is not possible; then no later message is, either, since the window is lost.
    fn inflate(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let Self::Agreed { inflater, keeps_window } = self else { return None };
        let mut engine = inflater.take()?;
        if !*keeps_window {
            engine.reset(false);
        }
        let out = inflate(&mut engine, &[payload, &TAIL].concat())?;
        **inflater = Some(engine);
        Some(out)
    }
}

fn inflate(engine: &mut Decompress, mut input: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(input.len() * 4);
    while out.len() < LONGEST {
        out.reserve(4096);
        let (before, written) = (engine.total_in(), out.len());
        let status = engine.decompress_vec(input, &mut out, FlushDecompress::Sync).ok()?;
        let used = usize::try_from(engine.total_in() - before).unwrap_or(usize::MAX);
        input = input.get(used..).unwrap_or_default();
        let stuck = used == 0 && out.len() == written;
        // A buffer that is full may have more behind it, even where all input is taken.
        if status == Status::StreamEnd || stuck || (input.is_empty() && out.len() < out.capacity()) {
            return Some(out);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::deflate;

    fn inbox(extensions: &str) -> Inbox {
        let mut inbox = Inbox::default();
        inbox.agreed(extensions);
        inbox
    }

    fn message(inbox: &mut Inbox, first: u8, payload: &[u8]) -> Option<Incoming> {
        let (length, payload) = (payload.len() as u64, payload.to_vec());
        inbox.complete(Partial { first, length, received: length, mask: None, payload })
    }

    fn text(payload: &[u8], compressed: bool) -> Option<Incoming> {
        let payload = payload.to_vec();
        Some(Incoming::Message(Message { opcode: Opcode::TEXT, payload, compressed, unreadable: false }))
    }

    #[test]
    fn the_rfc_s_second_hello_leans_on_the_first() {
        let mut inbox = inbox("permessage-deflate");
        assert_eq!(message(&mut inbox, 0xc1, &deflate::message(b"Hello")), text(b"Hello", true));
        assert_eq!(message(&mut inbox, 0xc1, &[0xf2, 0x00, 0x11, 0x00, 0x00]), text(b"Hello", true));
        assert_eq!(message(&mut inbox, 0x81, b"Hello"), text(b"Hello", false));
    }

    #[test]
    fn long_messages_are_inflated_whole_and_bombs_are_not() {
        let mut inbox = inbox("permessage-deflate; server_no_context_takeover");
        let long = vec![b'x'; 100_000];
        assert_eq!(message(&mut inbox, 0xc1, &deflate::message(&long)), text(&long, true));
        let mut bomb = Vec::new();
        let mut compress = flate2::Compress::new(flate2::Compression::best(), false);
        bomb.reserve(1 << 20);
        compress.compress_vec(&vec![0; 8 << 20], &mut bomb, flate2::FlushCompress::Sync).unwrap();
        let Some(Incoming::Message(message)) = message(&mut inbox, 0xc1, &bomb) else { panic!() };
        assert!(message.unreadable && message.payload.is_empty());
    }

    #[test]
    fn fragments_are_joined_and_control_frames_pass_between_them() {
        let mut inbox = inbox("");
        assert_eq!(message(&mut inbox, 0x01, b"He"), None);
        assert_eq!(message(&mut inbox, 0x89, b"?"), Some(Incoming::Ping(b"?".to_vec())));
        assert_eq!(message(&mut inbox, 0x80, b"llo"), text(b"Hello", false));
    }
}
