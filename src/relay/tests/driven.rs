//! A session that a test drives by hand: time, bytes and commands go in; what each side gets comes out.

use flate2::{Compress, Compression, FlushCompress};

use crate::record::{Ending, Event, PerSide, Record, Side, Time};
use crate::relay::injection::{Reply, Token};
use crate::relay::session::{Opened, Output, Session, SessionCommand, SessionConfig};
use crate::wire::assembler::{Assembler, Extent, Packing};
use crate::wire::decoder::{Decoder, Part};
use crate::wire::frame::{FIN, FrameHeader, RSV1};
use crate::wire::inflate::Deflate;
use crate::wire::opcode::Opcode;

/// The session, and what has come of it.
pub(crate) struct Driven {
    pub session: Session,
    pub out: Output,
    pub received: PerSide<Vec<u8>>,
    pub now: Time,
    tokens: u64,
}

impl Driven {
    /// One whose handshake is over.
    pub(crate) fn open(config: SessionConfig, begun: Time, opened: &Opened) -> Self {
        let session = Session::open(config, begun, opened);
        Self { session, out: Output::default(), received: PerSide::default(), now: Time(1), tokens: 0 }
    }

    pub(crate) fn deliver(&mut self, from: Side, input: &[u8]) {
        self.out.to[from.other()].take(input, &mut self.received[from.other()]);
        self.out.to[from].take(b"", &mut self.received[from]);
    }

    pub(crate) fn say(&mut self, from: Side, bytes: &[u8]) {
        self.say_in_pieces(from, bytes, usize::MAX);
    }

    pub(crate) fn say_in_pieces(&mut self, from: Side, bytes: &[u8], size: usize) {
        for piece in bytes.chunks(size) {
            self.session.receive(self.now, from, piece, &mut self.out);
            self.deliver(from, piece);
        }
    }

    pub(crate) fn command(&mut self, command: SessionCommand) -> Vec<Reply> {
        self.tokens += 1;
        self.session.command(self.now, Token(self.tokens), command, &mut self.out);
        self.deliver(Side::Client, b"");
        self.replies()
    }

    pub(crate) fn replies(&mut self) -> Vec<Reply> {
        self.out.replies.drain(..).map(|(_, reply)| reply).collect()
    }

    pub(crate) fn end(&mut self, from: Side) {
        self.session.end(self.now, from, Ending::Fin, &mut self.out);
        self.deliver(from, b"");
    }

    pub(crate) fn tick(&mut self, now: Time) {
        self.now = now;
        self.session.tick(now, &mut self.out);
        self.deliver(Side::Client, b"");
    }

    /// What a side has got since this was asked before.
    pub(crate) fn got(&mut self, side: Side) -> Vec<u8> {
        std::mem::take(&mut self.received[side])
    }

    pub(crate) fn client(&mut self) -> Vec<u8> {
        self.got(Side::Client)
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = &Event> {
        self.out.log.records.iter().filter_map(|record| match record {
            Record::Event(_, event) => Some(&**event),
            _ => None,
        })
    }
}

/// What a receiver reads of a stream.
pub(crate) fn read(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let (mut decoder, mut rest, mut out) = (Decoder::default(), bytes, Vec::new());
    let mut assembler = Assembler::new(Extent::Message, 1 << 20);
    assembler.inflate();
    while let Some((part, used)) = decoder.next(rest) {
        match part {
            Part::Header(header) => assembler.header(&header).unwrap(),
            Part::Payload { length, last } => {
                if let Some(message) = assembler.wire_payload(&rest[..length], last).unwrap() {
                    assert_ne!(message.packing, Packing::Unreadable);
                    out.push((message.opcode().value(), message.payload));
                }
            }
            Part::Lost(_) => panic!("lost"),
        }
        rest = &rest[used..];
    }
    out
}

/// A server's compressor.
pub(crate) struct Compressor(Compress, bool);

impl Compressor {
    pub(crate) fn new(takes_over: bool) -> Self {
        Self(Compress::new(Compression::default(), false), takes_over)
    }

    /// A message in so many fragments.
    pub(crate) fn message(&mut self, text: &[u8], fragments: usize) -> Vec<u8> {
        if !self.1 {
            self.0.reset();
        }
        let mut packed = Vec::with_capacity(text.len() + 100);
        self.0.compress_vec(text, &mut packed, FlushCompress::Sync).unwrap();
        packed.truncate(packed.len() - 4);
        let (mut out, size) = (Vec::new(), packed.len().div_ceil(fragments).max(1));
        let count = packed.chunks(size).count();
        for (index, piece) in packed.chunks(size).enumerate() {
            let first = if index == 0 { RSV1 | 1 } else { 0 } | if index + 1 == count { FIN } else { 0 };
            let header = FrameHeader { first, ..FrameHeader::new(Opcode::TEXT, piece.len() as u64, None) };
            header.write(&mut out);
            out.extend_from_slice(piece);
        }
        out
    }
}

/// What was agreed on with a server that takes its context over, or does not.
pub(crate) fn agreed(takes_over: bool) -> Deflate {
    Deflate { server_no_context_takeover: !takes_over, ..Deflate::default() }
}
