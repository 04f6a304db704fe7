//! Messages of their fragments, as rows of an archive.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::json::FrameItem;
use crate::record::{FrameNumber, InflatedEvent, Origin, PerSide, RawRecord, Relayed, SessionId, Side, Time};
use crate::wire::mask;
use crate::wire::opcode::Opcode;

use super::seconds;

/// Bytes of one message that a row has: as many as are kept of a frame.
const MESSAGE: usize = 16 * 1024 * 1024;
/// Bytes that messages of all sessions whose last fragment has not come may take together.
const ALL: usize = 64 * 1024 * 1024;

/// What senders write for an empty message: an empty block, stored (RFC 7692 7.2.3.6) or of the fixed code.
const NOTHING: [&[u8]; 2] = [&[0], &[2, 0]];

/// Messages under way.
#[derive(Default)]
pub(super) struct Messages {
    begun: HashMap<SessionId, PerSide<Option<Message>>>,
    /// Frames to come of which not all is kept that they inflate to.
    cut: HashMap<SessionId, FrameNumber>,
    held: usize,
}

/// One message, as far as it came.
pub(super) struct Message {
    time: Time,
    from: Side,
    opcode: Opcode,
    /// The payloads of its frames, and what they inflate to.
    data: Vec<u8>,
    inflated: Vec<u8>,
    /// Its frames as on the wire.
    wire: Vec<u8>,
    frames: Vec<u64>,
    is_packed: bool,
    is_truncated: bool,
    origin: Origin,
    relayed: Relayed,
}

impl Messages {
    /// A frame to come inflates to that.
    pub(super) fn inflated(&mut self, id: SessionId, inflated: &InflatedEvent) {
        if inflated.length > inflated.bytes.len() as u64 {
            self.cut.insert(id, inflated.frame);
        }
    }

    /// Takes the next frame; gives the message that it ends.
    pub(super) fn frame(&mut self, id: SessionId, frame: &FrameItem<'_>) -> Option<Message> {
        let is_cut = self.cut.remove(&id).is_some_and(|cut| cut == frame.record.number);
        let mut message = self.joined(id, frame, is_cut);
        if let Some(message) = &mut message {
            message.is_truncated |= is_cut;
        }
        message
    }

    fn joined(&mut self, id: SessionId, frame: &FrameItem<'_>, is_cut: bool) -> Option<Message> {
        let (from, header) = (frame.record.from, &frame.record.header);
        let opcode = header.opcode();
        if opcode.is_control() {
            return Some(Message::new(frame));
        }
        let lane = &mut self.begun.entry(id).or_default()[from];
        let room = ALL.saturating_sub(self.held);
        let message = match lane.take() {
            Some(mut message) if opcode == Opcode::CONTINUATION => {
                self.held -= message.size();
                message.add(frame, room);
                message
            }
            // A message that another one interrupts is broken; what comes of it is told by a finding.
            Some(broken) => {
                self.held -= broken.size();
                *lane = Some(Message::new(frame)).filter(|_| !header.fin());
                self.held += lane.as_ref().map_or(0, Message::size);
                return Some(if header.fin() { broken.joined(frame) } else { broken });
            }
            None => Message::new(frame),
        };
        if header.fin() {
            return Some(message);
        }
        self.held += message.size();
        *lane = Some(Message { is_truncated: message.is_truncated || is_cut, ..message });
        None
    }

    /// The session ends: what is under way in it, as far as it came.
    pub(super) fn end(&mut self, id: SessionId) -> Vec<Message> {
        self.cut.remove(&id);
        let PerSide { client, server } = self.begun.remove(&id).unwrap_or_default();
        let rest: Vec<Message> = [client, server].into_iter().flatten().collect();
        self.held -= rest.iter().map(Message::size).sum::<usize>();
        rest
    }
}

impl Message {
    fn new(frame: &FrameItem<'_>) -> Self {
        let record = frame.record;
        let mut message = Self {
            time: record.time,
            from: record.from,
            opcode: record.header.opcode(),
            data: Vec::new(),
            inflated: Vec::new(),
            wire: Vec::new(),
            frames: Vec::new(),
            is_packed: record.header.rsv1(),
            is_truncated: false,
            origin: record.origin,
            relayed: record.relayed,
        };
        message.add(frame, usize::MAX);
        message
    }

    fn size(&self) -> usize {
        self.data.len() + self.inflated.len() + self.wire.len()
    }

    fn add(&mut self, frame: &FrameItem<'_>, room: usize) {
        let room = MESSAGE.saturating_sub(self.data.len()).min(room);
        self.data.extend_from_slice(frame.payload.get(..room).unwrap_or(&frame.payload));
        let inflated = frame.inflated.as_deref().unwrap_or_default();
        self.inflated.extend_from_slice(inflated.get(..room).unwrap_or(inflated));
        self.is_truncated |= frame.is_truncated() || frame.payload.len() > room || inflated.len() > room;
        if room > 0 {
            wire(frame, &mut self.wire);
        }
        self.frames.push(frame.record.number.value());
        // What became of a message is what became of its fragments, where one was not sent on as it came.
        if self.relayed == Relayed::AsIs {
            self.relayed = frame.record.relayed;
        }
    }

    /// It, and behind it a frame that interrupted it.
    fn joined(mut self, frame: &FrameItem<'_>) -> Self {
        self.add(frame, usize::MAX);
        self
    }

    /// Its row.
    pub(super) fn row(&self) -> Value {
        let (said, is_read) = match (self.is_packed, self.inflated.as_slice()) {
            (false, _) => (self.data.as_slice(), true),
            // Nothing comes out of an empty message, nor of one that can't be inflated.
            (true, []) if NOTHING.contains(&self.data.as_slice()) => (&[][..], true),
            (true, []) => (self.data.as_slice(), false),
            (true, inflated) => (inflated, true),
        };
        let data = match str::from_utf8(said) {
            Ok(text) if self.opcode == Opcode::TEXT && is_read => text.to_owned(),
            // DevTools show such a message with what can be read of it; its bytes are below.
            Err(_) if self.opcode == Opcode::TEXT && is_read => String::from_utf8_lossy(said).into_owned(),
            _ => STANDARD.encode(said),
        };
        let own = json!({
            "frames": self.frames,
            "bytes": STANDARD.encode(&self.wire),
            "truncated": self.is_truncated,
            "origin": self.origin.name(),
            "relayed": self.relayed.name(),
        });
        json!({
            "type": kind(self.from),
            "time": seconds(self.time),
            "opcode": self.opcode.value(),
            "data": data,
            "_wsproxy": own,
        })
    }
}

/// Bytes that are no frames.
pub(super) fn raw_row(raw: &RawRecord, kept: &[u8]) -> Value {
    json!({
        "type": kind(raw.from),
        "time": seconds(raw.time),
        "opcode": Opcode::BINARY.value(),
        "data": STANDARD.encode(kept),
        "_wsproxy": {
            "frames": [],
            "raw": true,
            "length": raw.length,
            "origin": raw.origin.name(),
        },
    })
}

const fn kind(from: Side) -> &'static str {
    match from {
        Side::Client => "send",
        Side::Server => "receive",
    }
}

/// Adds a frame as it was on the wire, as far as it is kept.
fn wire(frame: &FrameItem<'_>, out: &mut Vec<u8>) {
    let header = &frame.record.header;
    header.write(out);
    let start = out.len();
    out.extend_from_slice(&frame.payload);
    if let (Some(key), Some(payload)) = (header.mask, out.get_mut(start..)) {
        mask::apply(key, 0, payload);
    }
    if !frame.is_truncated() {
        out.extend_from_slice(header.terminator());
    }
}
