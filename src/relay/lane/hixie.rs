//! A lane that carries frames of hixie-75 or hixie-76.
//!
//! The eight bytes behind a hixie-76 request and the sixteen behind its answer come first; they belong to the heads and
//! are no frames. A text frame shows its length at its end only, so it is written down then.

use crate::record::finding::{Finding, FindingKind, Place};
use crate::record::{Log, Origin, Relayed};
use crate::relay::injection::{Injection, Refusal};
use crate::relay::limits::Limits;
use crate::relay::session::Output;
use crate::wire::frame::{FIN, FrameHeader, LengthForm, OPCODE};
use crate::wire::hixie::{self, Decoder, Part};
use crate::wire::opcode::Opcode;

use super::{Context, Lane, Mode};

/// A frame whose end, an FF, has not come.
#[derive(Debug)]
struct Held {
    kind: u8,
    payload: Vec<u8>,
    received: u64,
    /// Whether it was said that it is too long.
    is_told: bool,
}

/// What a lane knows of its hixie stream.
#[derive(Debug, Default)]
pub(super) struct Hixie {
    decoder: Decoder,
    has_close: bool,
    /// What belongs to the head, as far as it came.
    proof: Vec<u8>,
    /// Bytes that belong to the head.
    proof_length: usize,
    held: Option<Held>,
}

impl Hixie {
    /// Whether a frame that has no length is under way.
    pub fn is_unfinished(&self) -> bool {
        self.held.is_some() || !self.decoder.unfinished_header().is_empty()
    }

    pub fn is_between_frames(&self) -> bool {
        self.decoder.is_between_frames() && self.proof.len() == self.proof_length
    }

    pub const fn has_close(&self) -> bool {
        self.has_close
    }

    /// What the draft has no frame for.
    pub fn refusal(&self, injection: &Injection) -> Option<Refusal> {
        match injection {
            Injection::Raw(_) => None,
            Injection::Frame { first, payload } => self.frame_refusal(*first, payload),
            Injection::Fragments { first, payloads } => match payloads.as_slice() {
                [payload] => self.frame_refusal(FIN | *first, payload),
                _ => Some(Refusal::NotInHixie),
            },
        }
    }

    fn frame_refusal(&self, first: u8, payload: &[u8]) -> Option<Refusal> {
        let is_known = match Opcode::new(first) {
            Opcode::TEXT if payload.contains(&hixie::END) => return Some(Refusal::EndsHixie),
            Opcode::TEXT | Opcode::BINARY => true,
            Opcode::CLOSE => self.has_close,
            _ => false,
        };
        (!is_known || first & !OPCODE != FIN).then_some(Refusal::NotInHixie)
    }
}

impl Lane {
    /// Frames begin, behind so many bytes that belong to the head.
    pub fn expect_hixie(&mut self, proof_length: usize, has_close: bool, limits: &Limits) {
        self.watch.tell(limits);
        (self.hixie.proof_length, self.hixie.has_close) = (proof_length, has_close);
    }

    /// The bytes that belong to the head, as far as they came, and how many they should be.
    pub fn proof(&self) -> (&[u8], usize) {
        (&self.hixie.proof, self.hixie.proof_length)
    }

    pub(super) fn follow_hixie(&mut self, context: &mut Context<'_>, input: &[u8], base: usize, out: &mut Output) {
        self.watch.begin_read();
        let missing = self.hixie.proof_length - self.hixie.proof.len();
        let (proof, _) = input.split_at(missing.min(input.len()));
        if !proof.is_empty() {
            self.hixie.proof.extend_from_slice(proof);
            out.log.raw(context.now, self.from, Origin::Peer, proof, context.limits.kept);
        }
        let mut at = proof.len();
        loop {
            if !self.waiting.is_empty() {
                self.inject_waiting(context, base + at, out);
            }
            let rest = input.get(at..).unwrap_or_default();
            let Some((part, used)) = self.hixie.decoder.next(rest) else { break };
            at += used;
            match part {
                Part::Begin(kind) => {
                    self.hixie.held = Some(Held { kind, payload: Vec::new(), received: 0, is_told: false });
                }
                Part::Header(header) => {
                    self.open_frame(context, header);
                    self.judge_hixie(*context.frames, &header);
                }
                Part::Payload { length, last } => {
                    let payload = rest.get(..length).unwrap_or(rest);
                    self.hixie_payload(context, payload, last, &mut out.log);
                }
                Part::Lost(bytes) => {
                    self.lose_hixie(context, &bytes, out);
                    self.receive(context, input.get(at..).unwrap_or_default(), base + at, out);
                    return;
                }
            }
        }
        self.record_unfinished(&mut out.log);
        self.watch.report(context.now, &mut out.log);
    }

    fn hixie_payload(&mut self, context: &mut Context<'_>, payload: &[u8], last: bool, log: &mut Log) {
        if let Some(current) = &self.current {
            if last && current.record.header.opcode() == Opcode::CLOSE {
                self.note_close(context.now, Origin::Peer, &[]);
            }
            return self.keep_payload(context, payload, last, log);
        }
        let Some(held) = &mut self.hixie.held else { return };
        held.received += payload.len() as u64;
        if last && held.payload.is_empty() {
            return self.end_held(context, payload, log);
        }
        let room = context.limits.kept - held.payload.len();
        held.payload.extend_from_slice(payload.get(..room).unwrap_or(payload));
        if !last && held.received > context.limits.kept as u64 && !held.is_told {
            held.is_told = true;
            let finding = Finding::new(FindingKind::HixieFrameError, Place::Stream)
                .detail(format!("a frame has not ended after {} bytes: no FF came", held.received));
            self.watch.add(finding);
        }
        if last {
            let payload = std::mem::take(&mut held.payload);
            self.end_held(context, &payload, log);
        }
    }

    /// The frame without a length is over: now it is known how long it is.
    fn end_held(&mut self, context: &mut Context<'_>, payload: &[u8], log: &mut Log) {
        let Some(held) = self.hixie.held.take() else { return };
        let header = hixie::delimited(held.kind, held.received);
        let number = self.write_down(context, header, payload, Origin::Peer, self.relayed, log);
        // What is beyond the kept bytes came, too.
        if let Some(super::Record::Frame(record)) = log.records.last_mut() {
            record.received = held.received;
        }
        self.judge_hixie(number, &header);
    }

    /// Whether a browser of the day would have delivered a frame.
    fn judge_hixie(&mut self, number: u64, header: &FrameHeader) {
        let detail = match header.form {
            LengthForm::Delimited(0) => return,
            LengthForm::Delimited(kind) => format!("a frame of the type {kind:02x}, which has no meaning"),
            _ if header.opcode() == Opcode::CLOSE && self.hixie.has_close => return,
            _ if header.opcode() == Opcode::CLOSE => "hixie-75 has no closing handshake".to_owned(),
            LengthForm::Base128 { kind, .. } => {
                format!(
                    "{kind:02x} begins a frame of {} bytes with a length, which no browser delivered",
                    header.length
                )
            }
            _ => return,
        };
        let mut bytes = Vec::new();
        header.write(&mut bytes);
        let mut finding = Finding::new(FindingKind::HixieFrameError, Place::Frame(number))
            .bytes(&bytes, 0, bytes.len())
            .detail(detail);
        if is_rfc_first(bytes.first().copied().unwrap_or_default()) {
            finding = finding.cause("this looks like a frame of RFC 6455", "write text as 00, the text in UTF-8, FF");
        }
        self.watch.add(finding);
    }

    /// From here on the lane is a raw pipe.
    fn lose_hixie(&mut self, context: &mut Context<'_>, bytes: &[u8], out: &mut Output) {
        self.mode = Mode::Raw;
        out.log.raw(context.now, self.from, Origin::Peer, bytes, context.limits.kept);
        let finding =
            Finding::new(FindingKind::HixieFrameError, Place::Stream).bytes(bytes, 0, bytes.len()).detail(format!(
                "the length of a frame does not end within {} bytes; no frames can be told apart from here on",
                hixie::MAX_LENGTH
            ));
        self.watch.add(finding);
        self.watch.report(context.now, &mut out.log);
        self.refuse_waiting(Refusal::NotFrames, out);
    }

    /// The bytes of this lane have ended: what was held is written down as far as it came.
    pub(super) fn end_hixie(&mut self, context: &mut Context<'_>, log: &mut Log) {
        let is_unfinished = self.hixie.is_unfinished() || self.current.is_some();
        if let Some(held) = &mut self.hixie.held {
            let payload = std::mem::take(&mut held.payload);
            self.end_held(context, &payload, log);
        }
        if is_unfinished {
            let finding = Finding::new(FindingKind::HixieFrameError, Place::Connection)
                .detail("the connection ends within a frame");
            self.watch.add(finding);
        }
        self.watch.report(context.now, log);
    }

    /// Appends a frame of wsproxy's own, which `refusal` has let through.
    pub(super) fn write_hixie(
        &mut self,
        context: &mut Context<'_>,
        opcode: Opcode,
        payload: &[u8],
        origin: Origin,
        bytes: &mut Vec<u8>,
        log: &mut Log,
    ) -> u64 {
        let payload = if opcode == Opcode::CLOSE { &[] } else { payload };
        hixie::write(opcode, payload, bytes);
        let header = hixie::header(opcode, payload.len() as u64).unwrap_or(hixie::delimited(0, payload.len() as u64));
        self.write_down(context, header, payload, origin, Relayed::AsIs, log)
    }
}

/// Whether a byte is what an RFC 6455 frame of a known opcode begins with.
const fn is_rfc_first(byte: u8) -> bool {
    byte & !OPCODE == FIN && matches!(byte & OPCODE, 0..=2 | 8..=10)
}
