//! The servers that speak Hixie-75 and Hixie-76 (draft-hixie-thewebsocketprotocol): text between 00 and FF.

use md5::{Digest as _, Md5};

use super::Lines;
use crate::playground::raw::{End, Wire};

/// What stands between a head and what follows it.
const BLANK_LINE: &[u8] = b"\r\n\r\n";

/// Bytes in one read of the select loop.
const LOOP_READ: usize = 1024;

/// Bytes in one read of a thread.
const THREAD_READ: usize = 255;

/// Bytes that the select loop gathers of a head or a message at most; it had no limit of its own.
const MAX_GATHERED: usize = 256 * 1024;

/// Bytes of the third key.
const KEY3: usize = 8;

/// The only place that the select loop ever names, wherever it is.
const LOCATION: &str = "ws://localhost:9999/";

/// Which of the two drafts a thread speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Draft {
    /// Hixie-75.
    D75,
    /// Hixie-76.
    D76,
}

/// Reads until the blank line, and takes for key3 what stands behind it at that moment. Echoes.
pub(super) async fn select_loop(wire: &mut Wire) -> Result<(), End> {
    let mut gathered = Vec::new();
    let behind = loop {
        gathered.extend(wire.receive(LOOP_READ).await?);
        if let Some(at) = position(&gathered, BLANK_LINE) {
            break gathered.split_off(at + BLANK_LINE.len());
        }
        limit(&gathered)?;
    };
    let lines = Lines::new(&gathered);
    if lines.fields().any(|line| !line.contains(": ")) {
        return Err(End::Silence);
    }
    let mut response = loop_head(lines.value("Origin").unwrap_or("None")).into_bytes();
    if let (Some(key1), Some(key2)) = (lines.value("Sec-WebSocket-Key1"), lines.value("Sec-WebSocket-Key2")) {
        response.extend(solution(key1, key2, &behind).ok_or(End::Silence)?);
    }
    wire.send(&response).await?;
    echo(wire).await
}

fn loop_head(origin: &str) -> String {
    format!(
        "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
         WebSocket-Origin: {origin}\r\nSec-Websocket-Origin: {origin}\r\n\
         WebSocket-Location: {LOCATION}\r\nSec-Websocket-Location: {LOCATION}\r\n\r\n"
    )
}

/// Cuts the stream at each FF; what begins with 00 is a message.
async fn echo(wire: &mut Wire) -> Result<(), End> {
    let mut stream = Vec::new();
    loop {
        stream.extend(wire.receive(LOOP_READ).await?);
        while let Some(at) = stream.iter().position(|byte| *byte == 0xff) {
            let piece: Vec<u8> = stream.drain(..=at).collect();
            if let [0, text @ .., _] = piece.as_slice() {
                wire.send(&framed(&[b"echo: ", text].concat())).await?;
            }
        }
        limit(&stream)?;
    }
}

/// One read is the request, each further one a message, and there are two messages that it knows.
pub(super) async fn poke(wire: &mut Wire, draft: Draft) -> Result<(), End> {
    let request = wire.receive(THREAD_READ).await?;
    let response = poke_response(&request, draft).ok_or(End::Silence)?;
    wire.send(&response).await?;
    loop {
        match words(&wire.receive(THREAD_READ).await?).as_str() {
            "CONNECTED" => wire.send(&framed(b"Welcome")).await?,
            "POKE" => wire.send(&framed(b"Quit poking me!")).await?,
            _ => {}
        }
    }
}

/// `None` where the thread dies.
fn poke_response(request: &[u8], draft: Draft) -> Option<Vec<u8>> {
    position(request, BLANK_LINE)?;
    let lines = Lines::new(request);
    let (path, host, origin) = (lines.path()?, lines.value("Host")?, lines.value("Origin")?);
    let (prefix, solution) = match draft {
        Draft::D75 => ("", None),
        Draft::D76 => {
            let key3 = request.last_chunk::<KEY3>()?;
            ("Sec-", Some(solution(lines.value("Sec-WebSocket-Key1")?, lines.value("Sec-WebSocket-Key2")?, key3)?))
        }
    };
    // The two spaces before the location are its own.
    let head = format!(
        "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
         {prefix}WebSocket-Origin: {origin}\r\n{prefix}WebSocket-Location:  ws://{host}{path}\r\n\r\n"
    );
    let mut response = head.into_bytes();
    response.extend(solution.unwrap_or_default());
    Some(response)
}

/// What one read says: all that is UTF-8 in it, without the first character.
fn words(read: &[u8]) -> String {
    read.utf8_chunks().flat_map(|chunk| chunk.valid().chars()).skip(1).collect()
}

/// The 16 bytes that answer the keys; `None` where a key can't be worked out. `key3` is taken whatever its length.
fn solution(key1: &str, key2: &str, key3: &[u8]) -> Option<Vec<u8>> {
    let (one, two) = (number(key1)?, number(key2)?);
    let digest = Md5::new().chain_update(one.to_be_bytes()).chain_update(two.to_be_bytes()).chain_update(key3);
    Some(digest.finalize().to_vec())
}

/// A key's digits as one number, divided by the count of its white space.
fn number(key: &str) -> Option<u32> {
    let spaces = key.chars().filter(|character| character.is_whitespace()).count() as u64;
    let digits: String = key.chars().filter(char::is_ascii_digit).collect();
    let product: u64 = digits.parse().ok()?;
    let divides = spaces > 0 && product.is_multiple_of(spaces);
    divides.then(|| u32::try_from(product / spaces).ok()).flatten()
}

fn framed(text: &[u8]) -> Vec<u8> {
    [b"\x00", text, b"\xff"].concat()
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn limit(gathered: &[u8]) -> Result<(), End> {
    if gathered.len() > MAX_GATHERED { Err(End::HangUp) } else { Ok(()) }
}
