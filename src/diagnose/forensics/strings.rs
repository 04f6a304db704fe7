//! Text where a frame should be, and frames that were made as text.

use super::{Before, Named, Scene, is_written, start};
use crate::diagnose::handshake;
use crate::record::finding::FindingKind;

/// Bytes of a text that are looked at.
const LOOKED_AT: usize = 24;

/// Header bytes from 80 on that were written as UTF-8 characters, or lost on the way through a string.
pub(super) fn header_as_text(scene: &Scene<'_>) -> Option<Named> {
    match scene.bytes {
        [0xef, 0xbf, 0xbd, ..] => {
            let detail =
                "ef bf bd is U+FFFD, which stands for a byte that was no UTF-8: the header's first byte is lost";
            Some(Named::new(FindingKind::FrameHeaderUtf8, 0, 3, detail).astray().cause(
                "the frame's bytes were decoded into a string and encoded again: toString(), decode(errors=\"replace\")",
                "keep the frame as bytes from its first to its last: Buffer.concat, bytes, byte[]",
            ))
        }
        [lead @ (0xc2 | 0xc3), next @ 0x80..=0xbf, rest @ ..] => {
            let first = ((lead & 3) << 6) | (next & 0x3f);
            // What follows is the length, whose own characters are ASCII or a second pair.
            let is_pair = scene.is_first(first) && matches!(rest, [] | [0..=0x7f, ..] | [0xc2 | 0xc3, 0x80..=0xbf, ..]);
            let is_text =
                rest.get(1..).is_none_or(|rest| rest.utf8_chunks().next().is_none_or(|c| c.invalid().len() < 4));
            if !is_pair || !is_text {
                return None;
            }
            let detail =
                format!("{lead:02x} {next:02x} is the character U+{first:04X}; the byte {first:02x} was meant");
            Some(Named::new(FindingKind::FrameHeaderUtf8, 0, 2, detail).astray().cause(
                "the frame was built as a text string, and the socket wrote it as UTF-8: \
                    socket.write(String.fromCharCode(0x81, ...)), chr(0x81) + text",
                "build it as bytes: Buffer.from([0x81, length]), bytes([0x81, length]) + text.encode()",
            ))
        }
        _ => None,
    }
}

/// Text in place of a frame.
pub(super) fn text(scene: &Scene<'_>) -> Option<Named> {
    let marked = scene.bytes.strip_prefix(b"\xef\xbb\xbf");
    let bytes = marked.unwrap_or(scene.bytes);
    if marked.is_some() && scene.may_begin(bytes) {
        let detail = "ef bb bf is a byte order mark";
        return Some(Named::new(FindingKind::FrameNotAFrame, 0, 3, detail).astray().cause(
            "a file or template that begins with a byte order mark is sent, or a writer adds one (UTF8 encoding in .NET)",
            "save the file without the mark; use new UTF8Encoding(false)",
        ));
    }
    let length = text_length(bytes);
    let ends_well = length >= LOOKED_AT || bytes.get(length..).is_some_and(|rest| scene.may_begin(rest));
    let is_tail = matches!(scene.before, Before::Frame(_)) && bytes.first().is_some_and(u8::is_ascii_graphic);
    let shortest = if is_tail && length < bytes.len() { 1 } else { 2 };
    if length < shortest || !ends_well {
        return None;
    }
    let seen = |kind, what: &str| {
        let place = if scene.is_behind_head() { "the head" } else { "the last frame" };
        let mark = if marked.is_some() { " and a byte order mark" } else { "" };
        let detail = format!("{what}{mark} behind {place}: {}", start(bytes));
        Named::new(kind, 0, length.min(64) + scene.bytes.len() - bytes.len(), detail).astray()
    };
    let trimmed = bytes.trim_ascii_start();
    let kind = FindingKind::FrameNotAFrame;
    Some(if trimmed.starts_with(b"HTTP/") {
        second_response(seen(kind, "a second HTTP response"), trimmed)
    } else if trimmed.starts_with(b"<") {
        seen(kind, "HTML or XML").cause(
            "the handler wrote a page to the connection after the 101",
            "end the HTTP handler at the upgrade, and send messages with the library's send()",
        )
    } else if trimmed.starts_with(b"data:") || trimmed.starts_with(b"event:") {
        seen(kind, "an event stream (text/event-stream)").cause(
            "server-sent events are written to a WebSocket",
            "put each event into a text frame, or let the page use EventSource",
        )
    } else if trimmed.starts_with(b"Traceback") || trimmed.starts_with(b"panic:") || trimmed.starts_with(b"Exception") {
        seen(kind, "an error's trace").cause(
            "the server failed, and its error was written to the connection",
            "mend what the trace names, and send errors to the log",
        )
    } else if matches!(trimmed.first(), Some(b'{' | b'[')) {
        seen(kind, "JSON without a frame").cause(
            "the text was written to the socket itself: socket.write(JSON.stringify(x)), sock.sendall(json.dumps(x))",
            "send it with the library's send(); by hand, put 81 and its length before it (from 126 on: 81 7e and two bytes)",
        )
    } else if scene.is_behind_head() {
        seen(kind, "text without a frame")
    } else {
        seen(kind, "text without a frame").cause(
            "the last frame's length is smaller than its payload, or text was written to the socket itself",
            "take the length from the bytes that are written, and send text with the library's send()",
        )
    })
}

/// What a second response says itself comes first, as in a refusal.
fn second_response(named: Named, response: &[u8]) -> Named {
    // abortHandshake() of ws 8 (lib/websocket-server.js), which has no Date.
    if response.starts_with(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/html\r\n") {
        return named.cause(
            "most likely two WebSocket servers share one HTTP server in Node, as ws beside Socket.IO or two with a path each: one \
             took the upgrade, and ws refuses the same request as not for its path",
            "new WebSocketServer({ noServer: true }) for each, and one server.on('upgrade') that gives a path's request to its \
             handleUpgrade(); Socket.IO takes its own path by itself",
        );
    }
    // write_error() of gunicorn (util.py), which a sync worker calls when the arbiter kills it.
    if contains(response, b"<h1><p>Internal Server Error</p></h1>") {
        return named.cause(
            "gunicorn ended its worker or the handler threw: a sync worker is killed after --timeout (30 s by default), as a \
             WebSocket never lets it report back",
            "gunicorn --threads 100 (gthread), -k gevent, or -k uvicorn.workers.UvicornWorker for ASGI: these report while sockets \
             are open; its log says WORKER TIMEOUT, or has the traceback",
        );
    }
    match handshake::said(response) {
        Some(sentence) => named.cause(
            format!("the handler answered the request again after its 101, and says why itself: {sentence}"),
            "look for that sentence in the server's code, and return from the handler after the upgrade",
        ),
        None => named.cause(
            "the handler went on after the upgrade, and answered the request again, often with an error",
            "return from the handler after the upgrade; look for the error that its second response names",
        ),
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Bytes of text that these begin with.
fn text_length(bytes: &[u8]) -> usize {
    let Some(chunk) = bytes.utf8_chunks().next() else { return 0 };
    let is_text = |character: &char| matches!(character, '\t' | '\n' | '\r') || !character.is_control();
    chunk.valid().chars().take_while(is_text).map(char::len_utf8).sum()
}

/// A chunk's length, in hexadecimal digits, and a frame or text as its data.
pub(super) fn chunk(scene: &Scene<'_>) -> Option<Named> {
    let digits = scene.bytes.iter().take(9).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let data = scene.bytes.get(digits..)?.strip_prefix(b"\r\n")?;
    let fits = scene.may_begin(data) || is_written(data.get(..LOOKED_AT).unwrap_or(data));
    if !(1..=8).contains(&digits) || !fits {
        return None;
    }
    let detail = format!("a chunk's length and data follow the head: {}", start(scene.bytes));
    Some(Named::new(FindingKind::Http101WithBody, 0, digits + 2, detail).astray().cause(
        "the framework sends the 101 as an ordinary response, and writes frames as its body in chunks",
        "take the connection over from the framework (hijack, upgrade, detach) before the first frame is written",
    ))
}
