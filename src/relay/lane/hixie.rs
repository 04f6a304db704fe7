//! A lane that carries frames of hixie-75 or hixie-76.
//!
//! The eight bytes behind a hixie-76 request and the sixteen behind its response come first; they belong to the heads and
//! are no frames. A text frame shows its length at its end only, so it is written down then.

use crate::record::finding::{Finding, FindingKind, Place};
use crate::record::{FrameNumber, Log, Origin, Record, Relayed};
use crate::relay::injection::Refusal;
use crate::relay::session::Output;
use crate::wire::frame::{FrameHeader, LengthForm};
use crate::wire::hixie::{self, Decoder, Part};
use crate::wire::opcode::Opcode;

use super::reader::Reader;
use super::{Context, Lane};

/// A frame whose end, an FF, has not come.
#[derive(Debug)]
struct Held {
    kind: u8,
    payload: Vec<u8>,
    received: u64,
    /// What stages made of it so far.
    relayed: Relayed,
    /// Whether it was said that it is too long.
    is_told: bool,
}

/// A side that sends hixie frames.
#[derive(Debug)]
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
    /// Behind so many bytes that belong to the head.
    pub(super) fn new(proof_length: usize, has_close: bool) -> Self {
        Self { decoder: Decoder::default(), has_close, proof: Vec::new(), proof_length, held: None }
    }

    /// Whether a frame that has no length is under way.
    pub(super) fn is_unfinished(&self) -> bool {
        self.held.is_some() || !self.decoder.unfinished_header().is_empty()
    }

    pub(super) fn is_between_frames(&self) -> bool {
        self.decoder.is_between_frames() && self.proof.len() == self.proof_length
    }

    pub(super) const fn has_close(&self) -> bool {
        self.has_close
    }

    /// The bytes that belong to the head, as far as they came, and how many they should be.
    pub(super) fn proof(&self) -> (&[u8], usize) {
        (&self.proof, self.proof_length)
    }

    /// Takes what of `input` belongs to the head; gives how much that is.
    fn take_proof(&mut self, input: &[u8]) -> usize {
        let missing = self.proof_length - self.proof.len();
        let proof = input.get(..missing).unwrap_or(input);
        self.proof.extend_from_slice(proof);
        proof.len()
    }
}

impl Lane {
    pub(super) fn follow_hixie(&mut self, context: &mut Context<'_>, input: &[u8], base: usize, out: &mut Output) {
        self.watch.begin_read();
        let mut at = self.reader.hixie().map_or(0, |hixie| hixie.take_proof(input));
        self.raw(context, input.get(..at).unwrap_or_default(), &mut out.log);
        loop {
            if !self.waiting.is_empty() {
                self.inject_waiting(context, base + at, out);
            }
            let rest = input.get(at..).unwrap_or_default();
            let Some((part, used)) = self.reader.hixie().and_then(|hixie| hixie.decoder.next(rest)) else { break };
            at += used;
            match part {
                Part::Begin(kind) => {
                    let header = hixie::delimited(kind, 0);
                    let relayed = self.stage_header(context, &header, &rest[used..], *context.next, &mut out.log);
                    if let Some(hixie) = self.reader.hixie() {
                        hixie.held = Some(Held { kind, payload: Vec::new(), received: 0, relayed, is_told: false });
                    }
                }
                Part::Header(header) => {
                    let number = self.ledger.begin(context, header, self.passage.relayed());
                    let relayed = self.stage_header(context, &header, &rest[used..], number, &mut out.log);
                    self.ledger.becomes(relayed);
                    self.judge_hixie(number, &header);
                }
                Part::Payload { length, last } => {
                    let payload = rest.get(..length).unwrap_or(rest);
                    self.hixie_payload(context, payload, last, &mut out.log);
                }
                Part::Lost(bytes) => {
                    self.lose_hixie(context, &bytes, input.get(at..).unwrap_or_default(), out);
                    self.raw(context, input.get(at..).unwrap_or_default(), &mut out.log);
                    return;
                }
            }
        }
        if let Some(current) = self.ledger.unfinished(&mut out.log) {
            self.record_sent(context, current.number, current.relayed, &mut out.log);
        }
        self.watch.report(context.now, &mut out.log);
    }

    fn hixie_payload(&mut self, context: &mut Context<'_>, payload: &[u8], last: bool, log: &mut Log) {
        if let Some(current) = self.ledger.current() {
            let (number, header, offset) = (current.number, current.header, current.received);
            let relayed = self.stage_payload(context, &header, offset, payload, last, number, log);
            self.ledger.becomes(relayed);
            if last && header.opcode() == Opcode::CLOSE {
                self.note_close(context.now, Origin::Peer, &[]);
            }
            return self.end_piece(context, payload, last, log);
        }
        let Some(mut held) = self.reader.hixie().and_then(|hixie| hixie.held.take()) else { return };
        let (header, number) = (hixie::delimited(held.kind, 0), *context.next);
        let relayed = self.stage_payload(context, &header, held.received, payload, last, number, log);
        let relayed = if last { self.settle(context, number, relayed, log) } else { relayed };
        if relayed != Relayed::AsIs || held.relayed.waits() {
            held.relayed = relayed;
        }
        held.received += payload.len() as u64;
        if last && held.payload.is_empty() {
            return self.end_held(context, &held, payload, log);
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
            self.end_held(context, &held, &held.payload, log);
        } else if let Some(hixie) = self.reader.hixie() {
            hixie.held = Some(held);
        }
    }

    /// The frame without a length is over: now it is known how long it is.
    fn end_held(&mut self, context: &mut Context<'_>, held: &Held, payload: &[u8], log: &mut Log) {
        let header = hixie::delimited(held.kind, held.received);
        self.record_sent(context, *context.next, held.relayed, log);
        let number = self.ledger.whole(context, header, payload, Origin::Peer, held.relayed, log);
        // What is beyond the kept bytes came, too.
        if let Some(Record::Frame(record)) = log.records.last_mut() {
            record.received = held.received;
        }
        self.recorded(context, number, held.relayed, log);
        self.judge_hixie(number, &header);
    }

    /// Whether a browser of the day would have delivered a frame.
    fn judge_hixie(&mut self, number: FrameNumber, header: &FrameHeader) {
        let detail = match header.form {
            LengthForm::Delimited(0) => return,
            LengthForm::Delimited(kind) => format!("a frame of the type {kind:02x}, which has no meaning"),
            _ if header.opcode() == Opcode::CLOSE && self.reader.has_close() => return,
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
    fn lose_hixie(&mut self, context: &mut Context<'_>, bytes: &[u8], rest: &[u8], out: &mut Output) {
        self.reader = Reader::Raw;
        out.log.raw(context.now, self.from, Origin::Peer, bytes, context.limits.kept);
        let finding =
            Finding::new(FindingKind::HixieFrameError, Place::Stream).bytes(bytes, 0, bytes.len()).detail(format!(
                "the length of a frame does not end within {} bytes; no frames can be told apart from here on",
                hixie::MAX_LENGTH
            ));
        self.watch.add(finding);
        self.watch.report(context.now, &mut out.log);
        self.lose_stages(context, [bytes, rest], &mut out.log);
        self.refuse_waiting(Refusal::NotFrames, out);
    }

    /// The bytes of this lane have ended: what was held is written down as far as it came.
    pub(super) fn end_hixie(&mut self, context: &mut Context<'_>, log: &mut Log) {
        let Some(hixie) = self.reader.hixie() else { return };
        let is_unfinished = hixie.is_unfinished() || self.ledger.current().is_some();
        if let Some(held) = hixie.held.take() {
            self.end_held(context, &held, &held.payload, log);
        }
        if is_unfinished {
            let finding = Finding::new(FindingKind::HixieFrameError, Place::Connection)
                .detail("the connection ends within a frame");
            self.watch.add(finding);
        }
        self.watch.report(context.now, log);
    }
}

/// Whether a byte is what an RFC 6455 frame of a known opcode begins with.
const fn is_rfc_first(byte: u8) -> bool {
    byte & 0xf0 == 0x80 && matches!(byte & 0x0f, 0..=2 | 8..=10)
}
