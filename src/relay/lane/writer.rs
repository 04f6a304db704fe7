//! Frames that are not the peer's: the user's, and wsproxy's own.

use rand::Rng as _;

use crate::record::{FrameNumber, Log, Origin, Relayed, Side};
use crate::relay::injection::{self, Injection, Refusal, Reply};
use crate::relay::session::Output;
use crate::wire::close::Code;
use crate::wire::dialect::{Dialect, Framing};
use crate::wire::frame::{FIN, FrameHeader};
use crate::wire::hixie;
use crate::wire::opcode::Opcode;
use crate::wire::units::{self, NoFrame, Unit, WireFrame};

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
        let checked = match injection {
            _ if !self.is_hixie() => Ok(()),
            Injection::Raw(_) => Ok(()),
            Injection::Frame { first, payload } => units::check(self.dialect, *first, payload),
            Injection::Fragments { first, payloads } => match payloads.as_slice() {
                [payload] => units::check(self.dialect, FIN | *first, payload),
                _ => Err(NoFrame::Kind),
            },
        };
        checked.err().map(Refusal::from)
    }

    /// A frame as it will stand on the wire.
    pub(super) fn encode(&self, context: &mut Context<'_>, first: u8, payload: Vec<u8>) -> Result<WireFrame, NoFrame> {
        // A client masks, a server does not (RFC 6455 5.1).
        let key = (self.from == Side::Client).then(|| context.random.next_u32().to_be_bytes());
        WireFrame::new(self.dialect, first, payload, key)
    }
}

impl From<NoFrame> for Refusal {
    fn from(none: NoFrame) -> Self {
        match none {
            NoFrame::Kind => Self::NotInHixie,
            NoFrame::EndsEarly => Self::EndsHixie,
        }
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
        match self.write_own(context, injection, Origin::Injected, bytes, log) {
            Ok(frame) => Reply::Sent { frame },
            Err(refusal) => Reply::Refused(refusal),
        }
    }

    /// Writes frames that are not the peer's. Gives the number of the first, where they are frames.
    pub(super) fn write_own(
        &mut self,
        context: &mut Context<'_>,
        injection: Injection,
        origin: Origin,
        bytes: &mut Vec<u8>,
        log: &mut Log,
    ) -> Result<Option<FrameNumber>, Refusal> {
        if let Some(application) = context.application.as_deref_mut() {
            application.injected(self.from);
        }
        match injection {
            Injection::Frame { first, payload } => {
                Ok(Some(self.write_frame(context, first, payload, origin, bytes, log)?))
            }
            Injection::Fragments { first, payloads } => {
                let count = payloads.len();
                let numbers = payloads.into_iter().enumerate().map(|(index, payload)| {
                    let first = injection::fragment_first(first, index, count);
                    self.write_frame(context, first, payload, origin, bytes, log)
                });
                Ok(numbers.reduce(|first, next| next.and(first)).transpose()?)
            }
            Injection::Raw(raw) => {
                bytes.extend_from_slice(&raw);
                let frame = self.record_raw(context, &raw, origin, log);
                self.note_broken(context, frame, &raw);
                Ok(frame)
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
    ) -> Result<FrameNumber, NoFrame> {
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
    ) -> Result<FrameNumber, NoFrame> {
        if Opcode::new(first) == Opcode::CLOSE {
            // What the receiver sends next but answers it.
            context.judgement.close_frame(self.from);
        }
        let frame = self.writer.encode(context, first, payload)?;
        frame.write(bytes);
        Ok(self.ledger.whole(context, frame.header, &frame.payload, origin, Relayed::AsIs, log))
    }

    /// Raw bytes that are just one whole frame are shown as one.
    fn record_raw(
        &mut self,
        context: &mut Context<'_>,
        raw: &[u8],
        origin: Origin,
        log: &mut Log,
    ) -> Option<FrameNumber> {
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
    pub(super) fn write_close(
        &mut self,
        context: &mut Context<'_>,
        code: Code,
        reason: &str,
        bytes: &mut Vec<u8>,
        log: &mut Log,
    ) {
        let body = [&code.to_be_bytes(), reason.as_bytes()].concat();
        // Where the receiver knows no closing handshake, the end of the bytes tells it.
        let _ = self.write_frame(context, FIN | Opcode::CLOSE.value(), body, Origin::Proxy, bytes, log);
    }

    /// Says what a bridge answers in place of the side: a pong, a close frame.
    pub(in crate::relay) fn say(&mut self, context: &mut Context<'_>, unit: Unit, out: &mut Output) {
        let (opcode, payload) = unit.into_parts();
        let mut bytes = Vec::new();
        let first = FIN | opcode.value();
        // What it has no word for is not said.
        let _ = self.put_frame(context, first, payload, Origin::Proxy, &mut bytes, &mut out.log);
        out.to[self.from.other()].append(&bytes);
    }
}
