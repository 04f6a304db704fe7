//! The servers that answer a Sec-WebSocket-Key, with a line feed behind the accept value: one of RFC 6455 and two of
//! version 8.

use tokio::sync::broadcast::Receiver;

use super::{Crowd, Lines};
use crate::playground::raw::{End, Wire};
use crate::wire::accept;
use crate::wire::mask;

/// Bytes in one read.
const READ: usize = 4096;

/// Bytes of a head at most; the servers had no limit of their own.
const MAX_HEAD: usize = 64 * 1024;

/// Bytes that are gathered of a frame at most; likewise.
const MAX_GATHERED: usize = 256 * 1024;

/// Bytes that must be there before a frame is looked at: a header of two, and a masking key.
const LOOKED_AT: usize = 6;

const TEXT: u8 = 1;
const BINARY: u8 = 2;

/// Greets once, and is gone.
pub(super) async fn newline(wire: &mut Wire) -> Result<(), End> {
    let request = wire.receive(READ).await?;
    let lines = Lines::new(&request);
    let key = lines.fields().find_map(|line| line.strip_prefix("Sec-WebSocket-Key:")).ok_or(End::HangUp)?;
    let response = [response(key.trim()), b"\r\n".to_vec()].concat();
    wire.send(&response).await?;
    let frame = wire.receive(READ).await?;
    let is_masked = frame.get(1).is_some_and(|second| second & 0x80 != 0);
    if is_masked { wire.send(b"\x81\x05Hello").await } else { Err(End::HangUp) }
}

/// The head as far as the accept value and the line feed that its encoder appends.
fn response(key: &str) -> Vec<u8> {
    let accept = accept::value_for(key.as_bytes());
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    format!("{head}Sec-WebSocket-Accept: {accept}\n\r\n").into_bytes()
}

/// Version 8: each text and binary back to its sender.
pub(super) async fn echo(wire: &mut Wire) -> Result<(), End> {
    let response = version_8(wire, "/old/hybi-08").await?;
    wire.send(&response).await?;
    let mut frames = Frames::default();
    loop {
        let read = wire.receive(READ).await?;
        if let Some(reply) = frames.after(read)? {
            wire.send(&reply).await?;
        }
    }
}

/// Version 8: each text and binary to all.
pub(super) async fn broadcast(wire: &mut Wire, crowd: Crowd) -> Result<(), End> {
    let response = version_8(wire, "/old/hybi-08-broadcast").await?;
    // Whoever knows itself connected is one of them.
    let mut others = crowd.0.subscribe();
    wire.send(&response).await?;
    let mut frames = Frames::default();
    loop {
        tokio::select! {
            read = wire.receive(READ) => if let Some(frame) = frames.after(read?)? {
                // It has at least this receiver.
                let _ = crowd.0.send(frame);
            },
            frame = next(&mut others) => wire.send(&frame?).await?,
        }
    }
}

/// Somebody who is too far behind is put out.
async fn next(others: &mut Receiver<Vec<u8>>) -> Result<Vec<u8>, End> {
    others.recv().await.map_err(|_| End::HangUp)
}

/// Reads a request for `path`, and gives the response. What stands behind the request in the same read is lost.
async fn version_8(wire: &mut Wire, path: &str) -> Result<Vec<u8>, End> {
    let mut request = Vec::new();
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        if request.len() > MAX_HEAD {
            return Err(End::HangUp);
        }
        request.extend(wire.receive(READ).await?);
    }
    let lines = Lines::new(&request);
    let right = lines.first() == format!("GET {path} HTTP/1.1");
    if !right || lines.fields().any(|line| line.split(": ").count() != 2) {
        return Err(End::HangUp);
    }
    let mut response = response(lines.value("Sec-WebSocket-Key").ok_or(End::HangUp)?);
    if let Some(protocol) = lines.value("Sec-WebSocket-Protocol") {
        // Behind the head, which the line feed has ended already.
        response.extend(format!("Sec-WebSocket-Protocol: {protocol}\r\n").into_bytes());
    }
    Ok(response)
}

/// The stream of frames: one is taken for each read.
#[derive(Debug, Default)]
struct Frames {
    stream: Vec<u8>,
}

impl Frames {
    /// Adds one read, takes at most one frame, and gives what is to be sent for it.
    fn after(&mut self, read: Vec<u8>) -> Result<Option<Vec<u8>>, End> {
        self.stream.extend(read);
        if self.stream.len() > MAX_GATHERED {
            return Err(End::HangUp);
        }
        let Some((frame, length)) = parse(&self.stream) else { return Ok(None) };
        self.stream.drain(..length);
        let is_data = matches!(frame.opcode, TEXT | BINARY);
        Ok(is_data.then(|| framed(frame.opcode, &frame.payload)))
    }
}

struct Frame {
    opcode: u8,
    payload: Vec<u8>,
}

/// The first frame and the count of its bytes, where all of it is there. Each frame is taken as masked.
fn parse(stream: &[u8]) -> Option<(Frame, usize)> {
    if stream.len() < LOOKED_AT {
        return None;
    }
    let (&[first, second], rest) = stream.split_first_chunk()?;
    let (length, rest) = match second & 0x7f {
        126 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        127 => {
            // There are eight bytes of length. It takes four, and the other four for the masking key.
            let (length, rest) = rest.split_first_chunk()?;
            (usize::try_from(u32::from_be_bytes(*length)).ok()?, rest)
        }
        length => (usize::from(length), rest),
    };
    let (key, rest) = rest.split_first_chunk()?;
    let mut payload = rest.get(..length)?.to_vec();
    mask::apply(*key, 0, &mut payload);
    Some((Frame { opcode: first & 0x0f, payload }, stream.len() - rest.len() + length))
}

/// A frame as it sends them: 65535 is already too long for 16 bits.
fn framed(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x80 | opcode];
    let length = payload.len();
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ 0..=125), _) => out.push(length),
        (_, Ok(length @ 0..=0xfffe)) => {
            out.push(126);
            out.extend(length.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
    out
}
