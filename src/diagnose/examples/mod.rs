//! An example of each kind of finding: what both peers send so that it, and nothing else, is found.
//!
//! `explain` and the documentation show it, and a test runs each through the relay.

mod application;
mod close;
mod draft;
mod extension;
mod frame;
mod handshake;
mod http;
mod message;

use crate::record::Side;
use crate::record::finding::{FindingKind, Layer};
use crate::wire::frame::write;
use crate::wire::opcode::Opcode;

/// What shows a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Example {
    /// Bytes of both peers.
    Scene(Scene),
    /// It takes time: said in words, and played all the same.
    Told(&'static str, Scene),
    /// It takes a network or very many bytes: said in words.
    Words(&'static str),
}

impl Example {
    /// What both peers send, where it can be played.
    #[must_use]
    pub const fn scene(&self) -> Option<&Scene> {
        match self {
            Self::Scene(scene) | Self::Told(_, scene) => Some(scene),
            Self::Words(_) => None,
        }
    }

    /// The same, said in words, since it is a matter of time.
    fn in_words(self, words: &'static str) -> Self {
        match self {
            Self::Scene(scene) | Self::Told(_, scene) => Self::Told(words, scene),
            Self::Words(_) => self,
        }
    }

    /// The words for it, where its bytes don't tell.
    #[must_use]
    pub const fn words(&self) -> Option<&'static str> {
        match self {
            Self::Words(words) | Self::Told(words, _) => Some(words),
            Self::Scene(_) => None,
        }
    }
}

/// What both peers send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// The request's head.
    pub request: Vec<u8>,
    /// What follows, in this order.
    pub steps: Vec<Step>,
}

/// A step of a scene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bytes that are read from a side at once.
    Read(Side, Vec<u8>),
    /// A side's bytes end with a FIN.
    Fin(Side),
    /// A side resets the connection.
    Reset(Side),
    /// Nothing more of what a side sends is taken.
    Blocked(Side),
    /// So many seconds pass.
    Wait(u64),
}

/// As Chrome sends it.
const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: localhost:9000\r\nConnection: Upgrade\r\nPragma: no-cache\r\n\
    Cache-Control: no-cache\r\nUpgrade: websocket\r\nOrigin: http://localhost:3000\r\nSec-WebSocket-Version: 13\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

/// A right response to it.
const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n\r\n";

/// The last line of `ANSWER`.
const ACCEPT: &str = "Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n";

/// A whole text message.
const HELLO: &[u8] = b"\x81\x05Hello";

/// A mask key.
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The example for a kind.
#[must_use]
pub fn example(kind: FindingKind) -> Example {
    match kind.layer() {
        Layer::Tcp | Layer::Http => http::example(kind),
        Layer::Handshake => handshake::example(kind),
        Layer::Extension => extension::example(kind),
        Layer::Frame => frame::example(kind),
        Layer::Message => message::example(kind),
        Layer::Close => close::example(kind),
        Layer::Application => application::example(kind),
        Layer::Draft => draft::example(kind),
    }
}

/// The request of `REQUEST`, and what follows.
fn scene(steps: impl Into<Vec<Step>>) -> Example {
    Example::Scene(Scene { request: REQUEST.into(), steps: steps.into() })
}

/// The same, said in words, since it is a matter of time.
fn told(words: &'static str, steps: impl Into<Vec<Step>>) -> Example {
    Example::Told(words, Scene { request: REQUEST.into(), steps: steps.into() })
}

fn server(bytes: impl Into<Vec<u8>>) -> Step {
    Step::Read(Side::Server, bytes.into())
}

fn client(bytes: impl Into<Vec<u8>>) -> Step {
    Step::Read(Side::Client, bytes.into())
}

/// A response, and nothing else.
fn answered(response: impl Into<Vec<u8>>) -> Example {
    scene([server(response)])
}

/// The right response with one thing changed.
fn answer_with(from: &str, to: &str) -> Example {
    answered(ANSWER.replacen(from, to, 1))
}

/// The right response with one more header.
fn answer_and(header: &str) -> Example {
    answer_with("\r\n\r\n", &format!("\r\n{header}\r\n\r\n"))
}

/// A request with one thing changed, and the right response.
fn request_with(from: &str, to: &str) -> Example {
    Example::Scene(Scene { request: REQUEST.replacen(from, to, 1).into(), steps: vec![server(ANSWER)] })
}

/// The server's bytes after a right handshake, in one read.
fn from_server(bytes: impl Into<Vec<u8>>) -> Example {
    scene([server(ANSWER), server(bytes)])
}

/// The client's bytes after a right handshake, in one read.
fn from_client(bytes: impl Into<Vec<u8>>) -> Example {
    scene([server(ANSWER), client(bytes)])
}

/// The client's frame as it should be.
fn masked(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write(opcode, payload, Some(KEY), &mut out);
    out
}

/// The server's frame as it should be.
fn plain(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write(opcode, payload, None, &mut out);
    out
}
