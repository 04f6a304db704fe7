//! Frames that are not the peer's: the user's, and wsproxy's own.

use rand::Rng as _;

use crate::record::{FrameNumber, Log, Origin, Relayed, Side};
use crate::relay::injection::{self, Injection, Refusal, Reply};
use crate::relay::session::Output;
use crate::wire::close::Code;
use crate::wire::dialect::{Dialect, Framing};
use crate::wire::frame::{FIN, FrameHeader, OPCODE};
use crate::wire::hixie;
use crate::wire::opcode::Opcode;
use crate::wire::units::Unit;

use super::reader::Reader;
use super::{Context, Lane};

/// What writes them.
#[derive(Debug)]
pub(super) struct Writer {
    from: Side,
    /// What the receiver understands.
    pub dialect: Dialect,
}

impl Writer {
    pub(super) const fn new(from: Side) -> Self {
        Self { from, dialect: Dialect::Rfc6455 }
    }

    fn is_hixie(&self) -> bool {
        self.dialect.facts().framing == Framing::Hixie
    }

    /// Whether a close frame can be sent: the receiver knows it, and what the peer sends is read as frames.
    pub(super) fn has_close(&self, reader: &Reader) -> bool {
        !matches!(reader, Reader::Raw) && self.dialect.facts().has_close
    }

    /// What the receiver's dialect has no frame for.
    pub(super) fn refusal(&self, injection: &Injection) -> Option<Refusal> {
        match injection {
            _ if !self.is_hixie() => None,
            Injection::Raw(_) => None,
            Injection::Frame { first, payload } => self.hixie_refusal(*first, payload),
            Injection::Fragments { first, payloads } => match payloads.as_slice() {
                [payload] => self.hixie_refusal(FIN | *first, payload),
                _ => Some(Refusal::NotInHixie),
            },
        }
    }

    fn hixie_refusal(&self, first: u8, payload: &[u8]) -> Option<Refusal> {
        let is_known = match Opcode::new(first) {
            Opcode::TEXT if payload.contains(&hixie::END) => return Some(Refusal::EndsHixie),
            Opcode::TEXT | Opcode::BINARY => true,
            Opcode::CLOSE => self.dialect.facts().has_close,
            _ => false,
        };
        (!is_known || first & !OPCODE != FIN).then_some(Refusal::NotInHixie)
    }

    /// A frame as it will stand on the wire: its header and its payload. Hixie has no room for what a close frame carries.
    fn encode(&self, context: &mut Context<'_>, first: u8, payload: Vec<u8>) -> (FrameHeader, Vec<u8>) {
        let opcode = Opcode::new(first);
        if self.is_hixie() {
            let payload = if opcode == Opcode::CLOSE { Vec::new() } else { payload };
            let length = payload.len() as u64;
            return (hixie::header(opcode, length).unwrap_or(hixie::delimited(0, length)), payload);
        }
        // A client masks, a server does not (RFC 6455 5.1).
        let key = (self.from == Side::Client).then(|| context.random.next_u32().to_be_bytes());
        injection::encode(first, payload, key)
    }
}

impl Lane {
    /// Writes an injection, and gives what became of it.
    pub(super) fn write_injection(
        &mut self,
        context: &mut Context<'_>,
        injection: Injection,
        bytes: &mut Vec<u8>,
        log: &mut Log,
    ) -> Reply {
        let origin = Origin::Injected;
        match injection {
            Injection::Frame { first, payload } => {
                Reply::Sent { frame: Some(self.write_frame(context, first, payload, origin, bytes, log)) }
            }
            Injection::Fragments { first, payloads } => {
                let count = payloads.len();
                let numbers = payloads.into_iter().enumerate().map(|(index, payload)| {
                    let first = injection::fragment_first(first, index, count);
                    self.write_frame(context, first, payload, origin, bytes, log)
                });
                Reply::Sent { frame: numbers.reduce(|first, _| first) }
            }
            Injection::Raw(raw) => {
                bytes.extend_from_slice(&raw);
                Reply::Sent { frame: self.record_raw(context, &raw, log) }
            }
        }
    }

    fn write_frame(
        &mut self,
        context: &mut Context<'_>,
        first: u8,
        payload: Vec<u8>,
        origin: Origin,
        bytes: &mut Vec<u8>,
        log: &mut Log,
    ) -> FrameNumber {
        if Opcode::new(first) == Opcode::CLOSE {
            self.note_close(context.now, origin, &payload);
        }
        self.put_frame(context, first, payload, origin, bytes, log)
    }

    fn put_frame(
        &mut self,
        context: &mut Context<'_>,
        first: u8,
        payload: Vec<u8>,
        origin: Origin,
        bytes: &mut Vec<u8>,
        log: &mut Log,
    ) -> FrameNumber {
        let (header, payload) = self.writer.encode(context, first, payload);
        header.write(bytes);
        bytes.extend_from_slice(&payload);
        bytes.extend_from_slice(header.terminator());
        self.ledger.whole(context, header, &payload, origin, Relayed::AsIs, log)
    }

    /// Raw bytes that are just one whole frame are shown as one.
    fn record_raw(&mut self, context: &mut Context<'_>, raw: &[u8], log: &mut Log) -> Option<FrameNumber> {
        let origin = Origin::Injected;
        if let Reader::Frames(_) = self.reader
            && !self.writer.is_hixie()
            && let Some((header, used)) = FrameHeader::parse(raw)
            && header.length == (raw.len() - used) as u64
        {
            return Some(self.ledger.whole(context, header, &raw[used..], origin, Relayed::AsIs, log));
        }
        log.raw(context.now, self.from, origin, raw, context.limits.kept);
        None
    }

    /// Writes down frames that stages sent of their own accord, not in place of one that came.
    pub(super) fn record_own(&mut self, context: &mut Context<'_>, mut bytes: &[u8], log: &mut Log) {
        if self.writer.is_hixie() && bytes == hixie::CLOSE {
            let header = hixie::counted(hixie::END, 0, 1);
            self.ledger.whole(context, header, &[], Origin::Proxy, Relayed::AsIs, log);
            return;
        }
        while let Some((header, used)) = FrameHeader::parse(bytes) {
            let end = used.saturating_add(usize::try_from(header.length).unwrap_or(usize::MAX));
            let payload = bytes.get(used..end).unwrap_or_default();
            self.ledger.whole(context, header, payload, Origin::Proxy, Relayed::AsIs, log);
            bytes = bytes.get(end..).unwrap_or_default();
        }
    }

    /// Writes a close frame of wsproxy's own.
    pub(super) fn write_close(&mut self, context: &mut Context<'_>, code: Code, bytes: &mut Vec<u8>, log: &mut Log) {
        let body = code.to_be_bytes().to_vec();
        self.write_frame(context, FIN | Opcode::CLOSE.value(), body, Origin::Proxy, bytes, log);
    }

    /// Says what a bridge answers in place of the side: a pong, a close frame.
    pub(in crate::relay) fn say(&mut self, context: &mut Context<'_>, unit: &Unit, out: &mut Output) {
        let (opcode, payload) = unit.parts();
        if opcode == Opcode::CLOSE && !self.writer.dialect.facts().has_close {
            return;
        }
        let mut bytes = Vec::new();
        let first = FIN | opcode.value();
        self.put_frame(context, first, payload.clone(), Origin::Proxy, &mut bytes, &mut out.log);
        out.to[self.from.other()].append(&bytes);
    }
}
