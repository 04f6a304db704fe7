//! Clients as browsers had them from 2009 to 2011, written from the drafts by hand: nothing here is shared with the
//! program's own codec. They are as strict as those browsers were, and say what those said.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::proxy::{connect, in_time};

/// What the client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Draft {
    Hixie75,
    Hixie76,
    Hybi07,
    Hybi08,
}

impl Draft {
    fn is_hixie(self) -> bool {
        matches!(self, Self::Hixie75 | Self::Hixie76)
    }
}

/// A challenge of Hixie-76: Key1, Key2, the eight bytes, and what answers them. The first two are the document's own.
pub(crate) struct Challenge {
    pub key1: &'static str,
    pub key2: &'static str,
    pub key3: [u8; 8],
    pub solution: [u8; 16],
}

pub(crate) const CHALLENGES: [Challenge; 4] = [
    Challenge {
        key1: "4 @1  46546xW%0l 1 5",
        key2: "12998 5 Y3 1  .P00",
        key3: *b"^n:ds[4U",
        solution: *b"8jKS'y:G*Co,Wxa-",
    },
    Challenge {
        key1: "18x 6]8vM;54 *(5:  {   U1]8  z [  8",
        key2: "1_ tx7X d  <  nw  334J702) 7]o}` 0",
        key3: *b"Tm[K T2u",
        solution: *b"fQJ,fN/4F4!~K~MH",
    },
    Challenge {
        key1: "3e6b263  4 17 80",
        key2: "17  9 G`ZD9   2 2b 7X 3 /r90",
        key3: *b"WjN}|M(6",
        solution: *b"n`9eBk9z$R8pOtVb",
    },
    Challenge {
        key1: "30  ;- 5=5 u 4 1  7336",
        key2: ":2 8 G(  07A 93Ql 3 *20 Ox0G'w",
        key3: [0x5d, 0x9f, 0xb0, 0x67, 0x0f, 0xe4, 0xfa, 0x75],
        solution: [0xb6, 0xbc, 0x2a, 0x9e, 0xa0, 0x0c, 0x1c, 0xb9, 0x0f, 0xad, 0xdc, 0x97, 0x90, 0x60, 0x17, 0xa8],
    },
];

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
pub(crate) const ORIGIN: &str = "http://page.example";

/// Longer than anything a test sends; a length beyond is a length without end.
const MAX_LENGTH: u64 = 1 << 24;

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Got {
    Text(String),
    Binary(Vec<u8>),
    /// The closing handshake was begun or answered, with a code where the draft has one and it is there.
    Close(Option<u16>),
    /// What a browser told as an error event: the frame means nothing to it.
    Error(&'static str),
    /// The connection ended.
    End,
}

/// What to ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub draft: Draft,
    pub path: &'a str,
    pub protocol: Option<&'a str>,
    /// Which of the challenges, where the draft has one.
    pub challenge: usize,
}

impl<'a> Request<'a> {
    pub(crate) fn new(draft: Draft, path: &'a str) -> Self {
        Self { draft, path, protocol: None, challenge: 0 }
    }

    /// The head, and key3 where there is one.
    pub(crate) fn bytes(&self, host: &str) -> Vec<u8> {
        let Self { path, .. } = self;
        let start = format!("GET {path} HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: {host}\r\n");
        let name = if self.draft == Draft::Hixie75 { "WebSocket-Protocol" } else { "Sec-WebSocket-Protocol" };
        let protocol = self.protocol.map(|protocol| format!("{name}: {protocol}\r\n")).unwrap_or_default();
        let version = if self.draft == Draft::Hybi07 { 7 } else { 8 };
        let Challenge { key1, key2, key3, .. } = &CHALLENGES[self.challenge];
        let (own, behind) = match self.draft {
            Draft::Hixie75 => (format!("Origin: {ORIGIN}\r\n"), [].as_slice()),
            Draft::Hixie76 => {
                let keys = format!("Sec-WebSocket-Key1: {key1}\r\nSec-WebSocket-Key2: {key2}\r\n");
                (format!("Origin: {ORIGIN}\r\n{keys}"), key3.as_slice())
            }
            Draft::Hybi07 | Draft::Hybi08 => {
                let key = format!("Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: {version}\r\n");
                (format!("Sec-WebSocket-Origin: {ORIGIN}\r\n{key}"), [].as_slice())
            }
        };
        [format!("{start}{own}{protocol}\r\n").as_bytes(), behind].concat()
    }
}

/// A connection that is open.
pub(crate) struct OldClient {
    draft: Draft,
    socket: TcpStream,
    buffer: Vec<u8>,
    /// The opcode and payload of a message that is not finished.
    message: Option<(u8, Vec<u8>)>,
}

impl OldClient {
    /// Does the opening handshake; what the browsers of the day wrote to the console where it fails.
    pub(crate) async fn open(address: SocketAddr, request: Request<'_>) -> Result<Self, String> {
        let mut socket = connect(address).await;
        let host = address.to_string();
        socket.write_all(&request.bytes(&host)).await.unwrap();
        let mut client = Self { draft: request.draft, socket, buffer: Vec::new(), message: None };
        let head = client.head().await?;
        let location = format!("ws://{host}{}", request.path);
        match request.draft {
            Draft::Hixie75 => {
                let prefix =
                    "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n";
                if !head.starts_with(prefix) {
                    return Err(format!("Unexpected response: {head}"));
                }
                same(&head, "websocket-origin", "origin", ORIGIN)?;
                same(&head, "websocket-location", "location", &location)?;
                chosen(&head, "websocket-protocol", request.protocol)?;
            }
            Draft::Hixie76 => {
                switched(&head)?;
                same(&head, "sec-websocket-origin", "origin", ORIGIN)?;
                same(&head, "sec-websocket-location", "location", &location)?;
                chosen(&head, "sec-websocket-protocol", request.protocol)?;
                let solution = client.take(16).await.ok_or("the connection ended within the challenge's answer")?;
                if solution != CHALLENGES[request.challenge].solution {
                    // The browsers failed here without a word.
                    return Err(String::new());
                }
            }
            Draft::Hybi07 | Draft::Hybi08 => {
                switched(&head)?;
                same(&head, "sec-websocket-accept", "accept", ACCEPT)?;
                chosen(&head, "sec-websocket-protocol", request.protocol)?;
            }
        }
        Ok(client)
    }

    /// Sends a text.
    pub(crate) async fn send(&mut self, text: &str) {
        let frame = if self.draft.is_hixie() { hixie_text(text) } else { hybi_frame(0x81, text.as_bytes()) };
        self.raw(&frame).await;
    }

    /// Sends bytes as they are.
    pub(crate) async fn raw(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).await.unwrap();
    }

    /// Begins the closing handshake; in Hixie-75 there is none, and the connection just ends.
    pub(crate) async fn close(&mut self) {
        match self.draft {
            Draft::Hixie75 => self.socket.shutdown().await.unwrap(),
            Draft::Hixie76 => self.raw(b"\xff\x00").await,
            Draft::Hybi07 | Draft::Hybi08 => self.raw(&hybi_frame(0x88, &1000u16.to_be_bytes())).await,
        }
    }

    /// What comes next. Pings are answered on the way.
    pub(crate) async fn next(&mut self) -> Got {
        loop {
            let parsed = if self.draft.is_hixie() { self.hixie() } else { self.hybi() };
            match parsed {
                Some((length, got)) => {
                    let taken: Vec<u8> = self.buffer.drain(..length).collect();
                    if taken.first() == Some(&0x89) && !self.draft.is_hixie() {
                        self.raw(&hybi_frame(0x8a, &taken[2..])).await;
                    }
                    if let Some(got) = got {
                        return got;
                    }
                }
                None if !self.fill().await => return Got::End,
                None => {}
            }
        }
    }

    /// The length of the first frame once it is there, and what it is.
    fn hixie(&self) -> Option<(usize, Option<Got>)> {
        let kind = *self.buffer.first()?;
        if kind < 0x80 {
            let end = self.buffer.iter().position(|byte| *byte == 0xff)?;
            let text = String::from_utf8_lossy(&self.buffer[1..end]).into_owned();
            let got = if kind == 0 { Got::Text(text) } else { Got::Error("a frame of a kind that is unknown") };
            return Some((end + 1, Some(got)));
        }
        let (length, used) = match hixie_length(&self.buffer[1..])? {
            (length, _) if length > MAX_LENGTH => {
                return Some((self.buffer.len(), Some(Got::Error("frame length overflow"))));
            }
            found => found,
        };
        if kind == 0xff && length == 0 && self.draft == Draft::Hixie76 {
            return Some((2, Some(Got::Close(None))));
        }
        let total = 1 + used + usize::try_from(length).unwrap();
        (self.buffer.len() >= total).then_some((total, Some(Got::Error("a frame with a length is skipped"))))
    }

    /// Likewise; `None` for what a page does not see.
    fn hybi(&mut self) -> Option<(usize, Option<Got>)> {
        let &[first, second, ref rest @ ..] = self.buffer.as_slice() else { return None };
        if second & 0x80 != 0 {
            return Some((self.buffer.len(), Some(Got::Error("a server's frame is masked"))));
        }
        let (length, from) = match second {
            126 => (u64::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
            127 => (u64::from_be_bytes(*rest.first_chunk()?), 10),
            length => (u64::from(length), 2),
        };
        if length > MAX_LENGTH {
            return Some((self.buffer.len(), Some(Got::Error("frame length overflow"))));
        }
        let end = from + usize::try_from(length).unwrap();
        let payload = self.buffer.get(from..end)?.to_vec();
        let got = match (first & 0x0f, first & 0x80 != 0) {
            (opcode @ 0..=2, fin) => return Some((end, self.part(opcode, fin, payload))),
            (8, true) => Some(Got::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code)))),
            (9 | 10, true) => None,
            _ => Some(Got::Error("a frame of a kind that is unknown")),
        };
        Some((end, got))
    }

    /// Joins fragments.
    fn part(&mut self, opcode: u8, fin: bool, payload: Vec<u8>) -> Option<Got> {
        match (&mut self.message, opcode) {
            (None, 0) => return Some(Got::Error("a continuation of nothing")),
            (Some((_, message)), 0) => message.extend(payload),
            (Some(_), _) => return Some(Got::Error("a message within a message")),
            (None, _) => self.message = Some((opcode, payload)),
        }
        if !fin {
            return None;
        }
        let (opcode, message) = self.message.take()?;
        Some(match (opcode, String::from_utf8(message)) {
            (1, Ok(text)) => Got::Text(text),
            (1, Err(_)) => Got::Error("a text is no UTF-8"),
            (_, Ok(text)) => Got::Binary(text.into_bytes()),
            (_, Err(error)) => Got::Binary(error.into_bytes()),
        })
    }

    /// The head of the answer, up to an empty line. The drafts before HyBi wanted CR LF everywhere.
    async fn head(&mut self) -> Result<String, String> {
        loop {
            let end = if self.draft.is_hixie() {
                self.buffer.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
            } else {
                let bare = self.buffer.windows(2).position(|window| window == b"\n\n").map(|at| at + 2);
                bare.or(self.buffer.windows(3).position(|window| window == b"\n\r\n").map(|at| at + 3))
            };
            if let Some(end) = end {
                return String::from_utf8(self.buffer.drain(..end).collect()).map_err(|_| "no UTF-8".to_owned());
            }
            if !self.fill().await {
                return Err(format!("Short server handshake: {}", String::from_utf8_lossy(&self.buffer)));
            }
        }
    }

    async fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < count {
            if !self.fill().await {
                return None;
            }
        }
        Some(self.buffer.drain(..count).collect())
    }

    /// Reads once; false at the end.
    async fn fill(&mut self) -> bool {
        let mut bytes = vec![0; 4096];
        let count = in_time("bytes for an old client", self.socket.read(&mut bytes)).await.unwrap_or(0);
        self.buffer.extend(&bytes[..count]);
        count > 0
    }
}

/// The text's frame: between 00 and FF.
pub(crate) fn hixie_text(text: &str) -> Vec<u8> {
    [b"\x00", text.as_bytes(), b"\xff"].concat()
}

/// A length in groups of seven bits, the most significant first, and the count of its bytes; `None` while more may come.
pub(crate) fn hixie_length(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut length = 0u64;
    for (at, byte) in bytes.iter().enumerate() {
        length = length.saturating_mul(128).saturating_add(u64::from(byte & 0x7f));
        if byte & 0x80 == 0 || length > MAX_LENGTH {
            return Some((length, at + 1));
        }
    }
    None
}

/// A client's frame of version 7 and later, masked.
pub(crate) fn hybi_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    match payload.len() {
        length @ 0..126 => out.push(0x80 | u8::try_from(length).unwrap()),
        length @ 126..65536 => {
            out.push(0x80 | 126);
            out.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            out.push(0x80 | 127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    out.extend(MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, key)| byte ^ key));
    out
}

fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
}

fn switched(head: &str) -> Result<(), String> {
    let code = head.split(' ').nth(1).unwrap_or_default();
    if code != "101" {
        return Err(format!("Unexpected response code: {code}"));
    }
    for (name, wanted) in [("Upgrade", "WebSocket"), ("Connection", "Upgrade")] {
        let actual = value(head, name).ok_or(format!("'{name}' header is missing"))?;
        if !actual.eq_ignore_ascii_case(wanted) {
            return Err(format!("'{name}' header value is not '{wanted}'"));
        }
    }
    Ok(())
}

fn same(head: &str, name: &str, what: &str, wanted: &str) -> Result<(), String> {
    let actual = value(head, name).ok_or(format!("'{name}' header is missing"))?;
    if actual == wanted { Ok(()) } else { Err(format!("{what} mismatch: {wanted} != {actual}")) }
}

fn chosen(head: &str, name: &str, wanted: Option<&str>) -> Result<(), String> {
    let actual = value(head, name);
    if actual == wanted { Ok(()) } else { Err(format!("protocol mismatch: {wanted:?} != {actual:?}")) }
}
