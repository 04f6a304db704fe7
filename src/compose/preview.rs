//! What will stand on the wire.

use std::fmt::Write as _;

use crate::record::Side;
use crate::relay::injection::{Injection, fragment_first};
use crate::wire::frame::{FIN, FrameHeader, MASK, RSV1, RSV2, RSV3};
use crate::wire::opcode::Opcode;

/// An injection as it will go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// What it is, in a line.
    pub summary: String,
    /// What a receiver will make of it that may not be meant.
    pub warning: Option<&'static str>,
    /// The first frames, or the raw bytes.
    pub frames: Vec<FrameBytes>,
    /// Frames that follow these.
    pub more: usize,
}

/// The bytes of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameBytes {
    /// Up to the length; empty for raw bytes.
    pub header: Vec<u8>,
    /// Whether a mask key follows it, which is drawn when the frame goes out.
    pub masked: bool,
    /// The first bytes of the payload, before they are masked.
    pub payload: Vec<u8>,
    /// Bytes that follow these.
    pub more: usize,
}

/// Shows the start of an injection towards a side: so many frames, so many payload bytes of each.
#[must_use]
pub fn preview(injection: &Injection, to: Side, frames: usize, bytes: usize) -> Preview {
    match injection {
        Injection::Frame { first, payload } => {
            let all = [(*first, payload.as_slice())];
            let mut summary = format!("{}, ", Opcode::new(*first));
            summary.push_str(if first & FIN == 0 { "no FIN" } else { "FIN" });
            if first & (RSV1 | RSV2 | RSV3) != 0 {
                let _ = write!(summary, ", RSV {:03b}", first >> 4 & 7);
            }
            Preview { warning: warning(*first, payload), ..shown(summary, &all, to, frames, bytes) }
        }
        Injection::Fragments { first, payloads } => {
            let count = payloads.len();
            let firsts = (0..count).map(|index| fragment_first(*first, index, count));
            let all: Vec<_> = firsts.zip(payloads.iter().map(Vec::as_slice)).collect();
            let summary = format!("{} in {}", Opcode::new(*first), counted(count, "fragment"));
            Preview { warning: warning(*first, &payloads.concat()), ..shown(summary, &all, to, frames, bytes) }
        }
        Injection::Raw(raw) => {
            let what = match FrameHeader::parse(raw) {
                Some((header, used)) if header.length == (raw.len() - used) as u64 => {
                    format!("one {} frame", header.opcode())
                }
                _ => "not just one frame".to_owned(),
            };
            let summary = format!("raw, {what}, {}", counted(raw.len(), "byte"));
            Preview { summary, warning: None, frames: vec![start(Vec::new(), false, raw, bytes)], more: 0 }
        }
    }
}

fn shown(what: String, all: &[(u8, &[u8])], to: Side, frames: usize, bytes: usize) -> Preview {
    let masked = to == Side::Server;
    let key = if masked { 4 } else { 0 };
    let headers: Vec<Vec<u8>> = all.iter().map(|(first, payload)| header(*first, payload.len())).collect();
    let payload: usize = all.iter().map(|(_, payload)| payload.len()).sum();
    let wire = payload + headers.iter().map(|header| header.len() + key).sum::<usize>();
    let mask = if masked { "masked with a random key kk" } else { "not masked" };
    let summary = format!("{what}, {mask}, {}; {wire} on the wire", counted(payload, "byte"));
    let parts = headers.into_iter().zip(all).take(frames);
    let frames: Vec<_> = parts.map(|(header, (_, payload))| start(header, masked, payload, bytes)).collect();
    let more = all.len() - frames.len();
    Preview { summary, warning: None, frames, more }
}

/// A header up to its length.
fn header(first: u8, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    FrameHeader { first, ..FrameHeader::new(Opcode::new(first), length as u64, None) }.write(&mut bytes);
    bytes
}

fn start(mut header: Vec<u8>, masked: bool, payload: &[u8], bytes: usize) -> FrameBytes {
    // The MASK bit is the first of the second byte (RFC 6455 5.2).
    if let Some(second) = header.get_mut(1).filter(|_| masked) {
        *second |= MASK;
    }
    let payload_shown = payload.get(..bytes).unwrap_or(payload).to_vec();
    FrameBytes { header, masked, more: payload.len() - payload_shown.len(), payload: payload_shown }
}

fn warning(first: u8, payload: &[u8]) -> Option<&'static str> {
    let opcode = Opcode::new(first);
    if opcode == Opcode::TEXT && std::str::from_utf8(payload).is_err() {
        return Some("not UTF-8: a receiver fails the connection with 1007 (RFC 6455 8.1)");
    }
    (opcode == Opcode::CLOSE).then_some("a close frame ends the session: its receiver answers and hangs up")
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
