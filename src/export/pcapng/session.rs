//! One session as two TCP connections.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::diagnose::render;
use crate::json::FrameItem;
use crate::record::finding::{Finding, Place};
use crate::record::{
    By, Ending, Event, FrameNumber, HeadEvent, Origin, PerSide, RawRecord, Relayed, ReleasedEvent, ReleasedHow,
    SessionId, Side, Time,
};
use crate::text;
use crate::wire::mask;
use crate::wire::secret;

use super::tcp::Connection;
use super::{CLIENT, UPSTREAM};

/// Where Wireshark looks for HTTP by itself.
const HTTP: u16 = 80;
/// Addresses that are nobody's (RFC 5737, RFC 3849).
const SOMEBODY: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))];
/// Bytes of one frame that were not kept and are made up, so that what follows is read: an eighth of what is kept of one.
const MADE_UP: u64 = 2 * 1024 * 1024;
/// Comments that wait for the packet that they are about.
const COMMENTS: usize = 64;
/// Bytes that wait for what is said of them. What is longer goes at once, since each session may have as much.
const READY: usize = 64 * 1024;
/// Bytes of frames that wait until they are let go of: as much as one lane may hold.
const HELD: usize = 16 * 1024 * 1024;

/// A handshake for frames whose own has left memory.
const MADE_UP_REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: unknown.invalid\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const MADE_UP_RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// Bytes that are ready to go, until it is known what is to be said of them.
struct Ready {
    time: Time,
    place: Place,
    from: Side,
    /// As they came from the one peer, and as they went to the other.
    came: Option<Vec<u8>>,
    went: Option<Vec<u8>>,
    comments: Vec<String>,
}

/// The connections, and what waits.
pub(super) struct Session {
    id: SessionId,
    /// With the client, and with the server.
    legs: PerSide<Connection>,
    /// Whether the server's has begun.
    is_dialled: bool,
    has_heads: bool,
    ready: Option<Ready>,
    /// What is to be said of frames that are not whole yet.
    comments: VecDeque<(Place, Side, String)>,
    /// Frames that are held, as they came.
    held: HashMap<FrameNumber, Vec<u8>>,
    held_bytes: usize,
}

impl Session {
    /// Adds the packets by which the client connects. `client` is its address, where that is known.
    pub(super) fn begin(
        id: SessionId,
        time: Time,
        client: Option<SocketAddr>,
        upstream: &str,
        out: &mut Vec<u8>,
    ) -> Self {
        // The ports of sessions whose clients are not known differ, as real ones would.
        let port = 10_000 + (id.0 % 50_000) as u16;
        let client = client.unwrap_or(SocketAddr::new(SOMEBODY[0], port));
        let own = if client.is_ipv6() { IpAddr::V6(Ipv6Addr::LOCALHOST) } else { IpAddr::V4(Ipv4Addr::LOCALHOST) };
        let ends = PerSide::new(client, SocketAddr::new(own, HTTP));
        let mut client_leg = Connection::new(CLIENT, ends);
        let server = address_of(upstream);
        let own = if server.is_ipv6() { IpAddr::V6(Ipv6Addr::LOCALHOST) } else { IpAddr::V4(Ipv4Addr::LOCALHOST) };
        let ends = PerSide::new(SocketAddr::new(own, port), SocketAddr::new(server, HTTP));
        let server_leg = Connection::new(UPSTREAM, ends);
        let upstream = if upstream.is_empty() { "not known" } else { upstream };
        let words = format!("session {id} of wsproxy; the upstream is {}", text::escape(upstream.as_bytes()));
        client_leg.connect(time, &[words], out);
        Self {
            id,
            legs: PerSide::new(client_leg, server_leg),
            is_dialled: false,
            has_heads: false,
            ready: None,
            comments: VecDeque::new(),
            held: HashMap::new(),
            held_bytes: 0,
        }
    }

    /// A frame, when it is complete.
    pub(super) fn frame(&mut self, frame: &FrameItem<'_>, out: &mut Vec<u8>) {
        self.make_up_heads(frame.record.time, out);
        let record = frame.record;
        let mut comments = Vec::new();
        let whole = wire(frame, &mut comments);
        let came = (record.origin == Origin::Peer).then(|| whole.clone());
        let went = match (record.relayed, &frame.sent) {
            (_, Some((_, bytes))) => Some(bytes.to_vec()),
            (Relayed::AsIs, None) => Some(whole),
            (Relayed::Held | Relayed::Delayed, None) => {
                self.hold(record.number, whole);
                None
            }
            (Relayed::Changed(_) | Relayed::Dropped(_), None) => None,
        };
        match (record.origin, record.relayed) {
            (Origin::Injected, _) => comments.push("put in by the user of wsproxy".to_owned()),
            (Origin::Rule, _) => comments.push("sent by a rule of the user's".to_owned()),
            (Origin::Proxy, _) => comments.push("sent by wsproxy, which ends the session".to_owned()),
            (Origin::Peer, Relayed::Changed(by)) => comments.push(format!("changed on the way: {}", by.name())),
            (Origin::Peer, Relayed::Dropped(by)) => comments.push(format!("dropped on the way: {}", by.name())),
            (Origin::Peer, Relayed::Held) => comments.push("held on the way".to_owned()),
            (Origin::Peer, Relayed::Delayed) => comments.push("delayed on the way".to_owned()),
            (Origin::Peer, Relayed::AsIs) => {}
        }
        self.put((record.time, Place::Frame(record.number), record.from), came, went, comments, out);
    }

    fn hold(&mut self, number: FrameNumber, bytes: Vec<u8>) {
        if self.held_bytes + bytes.len() <= HELD {
            self.held_bytes += bytes.len();
            self.held.insert(number, bytes);
        }
    }

    /// Frames that were held go on, or something in their place.
    pub(super) fn released(
        &mut self,
        time: Time,
        released: &ReleasedEvent,
        left: Option<&(By, Vec<u8>)>,
        out: &mut Vec<u8>,
    ) {
        let mut bytes = Vec::new();
        for number in &released.frames {
            if let Some(held) = self.held.remove(number) {
                self.held_bytes -= held.len();
                bytes.extend_from_slice(&held);
            }
        }
        let went = match (released.how, left) {
            (_, Some((_, left))) => left.clone(),
            (ReleasedHow::AsIs, None) => bytes,
            (ReleasedHow::Edited | ReleasedHow::Dropped, None) => return,
        };
        let comment = format!("{} {}", released.how.name(), released.by.words());
        self.put((time, Place::Stream, released.from), None, Some(went), vec![comment], out);
    }

    /// Bytes that are no frames.
    pub(super) fn raw(&mut self, raw: &RawRecord, kept: &[u8], out: &mut Vec<u8>) {
        let came = (raw.origin == Origin::Peer).then(|| kept.to_vec());
        let missing = raw.length.saturating_sub(kept.len() as u64);
        let comments =
            if missing == 0 { Vec::new() } else { vec![format!("{missing} bytes behind these were not kept")] };
        self.put((raw.time, Place::Stream, raw.from), came, Some(kept.to_vec()), comments, out);
    }

    /// One of the rarer things.
    pub(super) fn event(&mut self, time: Time, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Head(head) => self.head(time, head, out),
            Event::Finding(from, finding) => {
                self.comment(finding.place, *from, rendered(self.id, *from, finding));
            }
            Event::Answered { status, reason } => {
                let body = format!("wsproxy: {reason}\n");
                let response = format!("HTTP/1.1 {status} wsproxy\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                let words = vec!["answered by wsproxy; only the status and the words are as they were sent".to_owned()];
                let place = (time, Place::Stream, Side::Server);
                self.put(place, None, Some(response.into_bytes()), words, out);
            }
            Event::Ended { from, how } => {
                self.flush(out);
                if *from == Side::Client || self.is_dialled {
                    self.legs[*from].end(time, *from, *how == Ending::Reset, out);
                }
            }
            Event::SessionClosed(_) => {
                self.flush(out);
                for leg in [Side::Client, Side::Server] {
                    if leg == Side::Server && !self.is_dialled {
                        continue;
                    }
                    for from in [Side::Client, Side::Server] {
                        self.legs[leg].end(time, from, false, out);
                    }
                }
            }
            _ => {}
        }
    }

    fn head(&mut self, time: Time, head: &HeadEvent, out: &mut Vec<u8>) {
        self.has_heads = true;
        let changed: Vec<_> = head.changes.iter().map(|change| text::escape(change.field.as_bytes())).collect();
        let mut comments = match changed.as_slice() {
            [] => Vec::new(),
            changed => vec![format!("changed on the way: {}", changed.join(", "))],
        };
        let secrets = secret::names_in_head(&head.bytes);
        if !secrets.is_empty() {
            comments.push(format!("secrets: {}", text::escape(secrets.join(", ").as_bytes())));
        }
        let place = (time, Place::Head, head.from);
        self.put(place, Some(head.bytes.clone()), Some(head.forwarded.clone()), comments, out);
    }

    fn make_up_heads(&mut self, time: Time, out: &mut Vec<u8>) {
        if self.has_heads {
            return;
        }
        self.has_heads = true;
        for (from, head) in [(Side::Client, MADE_UP_REQUEST), (Side::Server, MADE_UP_RESPONSE)] {
            let words = vec!["made up: the real one had left wsproxy's memory".to_owned()];
            self.put((time, Place::Head, from), Some(head.to_vec()), Some(head.to_vec()), words, out);
        }
    }

    /// Keeps what is to be said of a frame until its packet is written; the newest packet takes what is about it.
    fn comment(&mut self, place: Place, from: Side, words: String) {
        match &mut self.ready {
            Some(ready) if ready.from == from && (ready.place == place || !is_frame(place)) => {
                ready.comments.push(words)
            }
            _ => {
                if self.comments.len() == COMMENTS {
                    self.comments.pop_front();
                }
                self.comments.push_back((place, from, words));
            }
        }
    }

    fn put(
        &mut self,
        (time, place, from): (Time, Place, Side),
        came: Option<Vec<u8>>,
        went: Option<Vec<u8>>,
        mut comments: Vec<String>,
        out: &mut Vec<u8>,
    ) {
        self.flush(out);
        self.comments.retain(|(about, side, words)| {
            let is_its = *side == from && (*about == place || !is_frame(*about));
            if is_its {
                comments.push(words.clone());
            }
            !is_its
        });
        let size = [&came, &went].into_iter().flatten().map(Vec::len).sum::<usize>();
        self.ready = Some(Ready { time, place, from, came, went, comments });
        if size > READY {
            self.flush(out);
        }
    }

    /// Writes what is ready: nothing more is to be said of it.
    pub(super) fn flush(&mut self, out: &mut Vec<u8>) {
        let Some(ready) = self.ready.take() else { return };
        let Ready { time, from, came, went, comments, .. } = ready;
        // What is said stands where the bytes came from, and where none did, where they went.
        let (said, also) = if came.is_some() { (&comments[..], &[][..]) } else { (&[][..], &comments[..]) };
        if let Some(bytes) = came {
            self.send(from, (time, from), &bytes, said, out);
        }
        if let Some(bytes) = went {
            self.send(from.other(), (time, from), &bytes, also, out);
        }
    }

    fn send(&mut self, leg: Side, (time, from): (Time, Side), bytes: &[u8], comments: &[String], out: &mut Vec<u8>) {
        if leg == Side::Server && !std::mem::replace(&mut self.is_dialled, true) {
            self.legs.server.connect(time, &[format!("session {} of wsproxy", self.id)], out);
        }
        if !bytes.is_empty() || !comments.is_empty() {
            self.legs[leg].send(time, from, bytes, comments, out);
        }
    }
}

const fn is_frame(place: Place) -> bool {
    matches!(place, Place::Frame(_))
}

fn rendered(id: SessionId, from: Side, finding: &Finding) -> String {
    render::render(Some(id.0), from.name(), finding).trim_end().to_owned()
}

/// The frame as it was on the wire. Where little of it was not kept, zeros stand for that, so that the frames behind it
/// are read.
fn wire(frame: &FrameItem<'_>, comments: &mut Vec<String>) -> Vec<u8> {
    let header = &frame.record.header;
    let mut bytes = Vec::new();
    header.write(&mut bytes);
    let start = bytes.len();
    bytes.extend_from_slice(&frame.payload);
    if let (Some(key), Some(payload)) = (header.mask, bytes.get_mut(start..)) {
        mask::apply(key, 0, payload);
    }
    let missing = frame.received.saturating_sub(frame.payload.len() as u64);
    if missing > 0 {
        comments.push(format!("{missing} bytes of this frame were not kept; zeros stand for {}", missing.min(MADE_UP)));
        bytes.resize(bytes.len() + missing.min(MADE_UP) as usize, 0);
    }
    if frame.received == header.length {
        bytes.extend_from_slice(header.terminator());
    }
    bytes
}

/// An upstream's address where its URL has one, else one that is nobody's.
fn address_of(upstream: &str) -> IpAddr {
    let url = url::Url::parse(upstream).ok();
    match url.as_ref().and_then(url::Url::host) {
        Some(url::Host::Ipv4(address)) => address.into(),
        Some(url::Host::Ipv6(address)) => address.into(),
        Some(url::Host::Domain("localhost")) => Ipv4Addr::LOCALHOST.into(),
        _ => SOMEBODY[0],
    }
}
