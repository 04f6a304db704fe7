//! The watcher of the application's protocol at its place in a session: it is shown the first messages of each side, and
//! behind them those that its protocol may have something to say of.
//!
//! Usual frames are relayed many at a time and none is decoded for its own sake. Of those of one read no more than `LOOKS`
//! are looked at, and none once the watcher listens to that side no more: then a read costs a comparison. All other frames,
//! which are followed one by one, come here in their pieces.

use std::sync::Arc;

use crate::decode::{Format, Payload};
use crate::diagnose::application::{End, LOOKED_AT, Message, Told, Watcher};
use crate::diagnose::examine::Usual;
use crate::record::finding::Finding;
use crate::record::{FrameNumber, PerSide, RunRecord, Side, Stall, Time};
use crate::wire::frame::FrameHeader;
use crate::wire::mask;
use crate::wire::opcode::Opcode;

/// Frames of one run that are looked at.
const LOOKS: u32 = 16;
/// Messages of the client's whose lengths are known.
const LAST: usize = 4;
/// Bytes by which it is told whether a message is of interest.
const START: usize = 256;

/// A message that comes in pieces.
#[derive(Debug)]
struct UnderWay {
    number: FrameNumber,
    header: FrameHeader,
    format: Format,
    bytes: Vec<u8>,
    is_whole: bool,
}

/// What is known of the application of one session.
#[derive(Debug)]
pub(super) struct Application {
    watcher: Watcher,
    under_way: PerSide<Option<UnderWay>>,
    /// Room to unmask the start of a message in.
    scratch: Vec<u8>,
    found: Vec<Finding>,
    /// The client's last messages: the number of the first frame, and the payload's bytes.
    last: [(FrameNumber, u64); LAST],
    next: usize,
}

impl Application {
    /// Of a session that opens with these two heads.
    pub(super) fn new(now: Time, request: &[u8], response: &[u8]) -> Self {
        Self {
            watcher: Watcher::new(now, request, response),
            under_way: PerSide::default(),
            scratch: Vec::new(),
            found: Vec::new(),
            last: [(FrameNumber::FIRST, 0); LAST],
            next: 0,
        }
    }

    /// The largest of the client's last messages: one that is too large for the server is followed by few others.
    pub(super) fn largest(&self) -> Option<(FrameNumber, u64)> {
        self.last.iter().copied().max_by_key(|(_, length)| *length).filter(|(_, length)| *length > 0)
    }

    /// Notes the last message of a run: costs the same however many there are.
    #[inline]
    pub(super) fn note_run(&mut self, from: Side, run: &RunRecord, input: &[u8], usual: &Usual) {
        let last = input.get(usual.last..usual.length).and_then(FrameHeader::parse);
        if let (Side::Client, Some((header, _))) = (from, last) {
            self.note(run.first.after(u64::from(run.count.saturating_sub(1))), header.length);
        }
    }

    fn note(&mut self, number: FrameNumber, length: u64) {
        if let Some(place) = self.last.get_mut(self.next % LAST) {
            *place = (number, length);
        }
        self.next = self.next.wrapping_add(1);
    }

    fn note_more(&mut self, length: u64) {
        if let Some((_, sum)) = self.last.get_mut(self.next.wrapping_sub(1) % LAST) {
            *sum = sum.saturating_add(length);
        }
    }

    /// Whether there is something to be learnt of more messages of that side.
    #[inline]
    pub(super) fn listens(&self, from: Side) -> bool {
        self.watcher.listens(from)
    }

    /// Usual frames of one read, which `input` begins with. Each is a message.
    pub(super) fn run(&mut self, now: Time, from: Side, first: FrameNumber, input: &[u8], usual: &Usual) {
        let (mut at, mut count) = (0, 0);
        while count < usual.count {
            if count >= LOOKS || !self.listens(from) {
                self.watcher.missed(from);
                return;
            }
            let rest = input.get(at..usual.length).unwrap_or_default();
            let Some((header, used)) = FrameHeader::parse(rest) else { return };
            let end = used.saturating_add(usize::try_from(header.length).unwrap_or(usize::MAX));
            let payload = rest.get(used..end).unwrap_or_default();
            self.whole(now, from, first.after(u64::from(count)), header, payload);
            at += end;
            count += 1;
        }
    }

    /// A usual frame.
    fn whole(&mut self, now: Time, from: Side, number: FrameNumber, header: FrameHeader, payload: &[u8]) {
        let Some(format) = Format::of(header.opcode()) else { return };
        let mut bytes = std::mem::take(&mut self.scratch);
        unmask(&header, payload, START, &mut bytes);
        if self.watcher.wants(from, &bytes) {
            let mut more = Vec::new();
            if payload.len() > START {
                unmask(&header, payload, LOOKED_AT, &mut more);
            }
            let bytes = if more.is_empty() { &bytes } else { &more };
            let payload = Payload { format, bytes, is_whole: bytes.len() == payload.len() };
            self.tell(&Message { from, time: now, number, header, payload });
        }
        self.scratch = bytes;
    }

    /// A frame begins that is followed by itself.
    pub(super) fn header(&mut self, now: Time, from: Side, number: FrameNumber, header: &FrameHeader) {
        let opcode = header.opcode();
        if from == Side::Client {
            match opcode {
                Opcode::TEXT | Opcode::BINARY => self.note(number, header.length),
                Opcode::CONTINUATION => self.note_more(header.length),
                _ => {}
            }
        }
        if opcode.is_control() {
            self.watcher.control(now, from, opcode);
        } else if let Some(format) = Format::of(opcode) {
            let (bytes, header) = (Vec::new(), *header);
            let message = UnderWay { number, header, format, bytes, is_whole: true };
            self.under_way[from] = self.listens(from).then_some(message);
        }
    }

    /// A piece of its payload, as it stood on the wire.
    pub(super) fn payload(&mut self, from: Side, header: &FrameHeader, offset: u64, piece: &[u8]) {
        let Some(message) = &mut self.under_way[from] else { return };
        if header.opcode().is_control() || message.header.rsv1() {
            return;
        }
        let start = message.bytes.len();
        message.add(piece);
        if let (Some(key), Some(added)) = (header.mask, message.bytes.get_mut(start..)) {
            mask::apply(key, offset, added);
        }
    }

    /// What a compressed frame inflated to.
    pub(super) fn inflated(&mut self, from: Side, bytes: &[u8]) {
        if let Some(message) = &mut self.under_way[from] {
            message.add(bytes);
        }
    }

    /// The frame is over. `is_noise` where it most likely was none.
    pub(super) fn end_frame(&mut self, now: Time, from: Side, header: &FrameHeader, is_noise: bool) {
        if header.opcode().is_control() {
            return;
        }
        if is_noise {
            self.under_way[from] = None;
        }
        let Some(UnderWay { number, header: first, format, bytes, is_whole }) =
            self.under_way[from].take_if(|_| header.fin())
        else {
            return;
        };
        if self.watcher.wants(from, bytes.get(..START).unwrap_or(&bytes)) {
            let payload = Payload { format, bytes: &bytes, is_whole };
            self.tell(&Message { from, time: now, number, header: first, payload });
        }
    }

    fn tell(&mut self, message: &Message<'_>) {
        self.found.extend(self.watcher.message(message));
    }

    /// The user says something in that side's name.
    pub(super) fn injected(&mut self, from: Side) {
        self.watcher.missed(from);
    }

    /// What was found since the last call.
    pub(super) fn take(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.found)
    }

    /// What the protocol lets a side wait for.
    pub(super) fn owed(&self) -> Option<Stall> {
        let owed = self.watcher.owed()?;
        let (frame, header) = (Some(owed.frame), Some(owed.header));
        Some(Stall { kind: owed.kind, lane: owed.by, since: owed.since, frame, header, progress: None })
    }

    /// Why the session ends so.
    pub(super) fn end(&self, end: &End) -> Option<Finding> {
        self.watcher.end(end)
    }

    /// What was found last, where it may well end the session.
    pub(super) fn told(&self) -> Option<Arc<Told>> {
        self.watcher.told()
    }
}

/// The first bytes of a frame's payload, without its mask.
fn unmask(header: &FrameHeader, payload: &[u8], limit: usize, bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.extend_from_slice(payload.get(..limit).unwrap_or(payload));
    if let Some(key) = header.mask {
        mask::apply(key, 0, bytes);
    }
}

impl UnderWay {
    fn add(&mut self, piece: &[u8]) {
        let room = LOOKED_AT.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(piece.get(..room).unwrap_or(piece));
        self.is_whole &= piece.len() <= room;
    }
}
