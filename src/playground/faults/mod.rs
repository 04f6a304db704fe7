//! The gallery of broken servers: the mistakes that are made most often, one entry each. A new one is one more entry.

#[cfg(test)]
mod tests;

use super::endpoint::{Endpoint, Kind};
use super::script::{Asked, Script, Then, right_reply, right_response, switching};
use crate::wire::accept;
use crate::wire::frame::{FrameHeader, LengthForm};
use crate::wire::head;
use crate::wire::mask;
use crate::wire::opcode::Opcode;

/// FIN, and the opcode of a text (RFC 6455 5.2).
const TEXT: u8 = 0x81;

/// A masking key as good as any.
const KEY: mask::MaskKey = [0x37, 0xfa, 0x21, 0x3d];

/// "Hello" as zlib packs it: the deflated bytes between a header of two bytes and a checksum of four.
const ZLIB_HELLO: &[u8] = b"\x78\x9c\xf3\x48\xcd\xc9\xc9\x07\x00\x05\x8c\x01\xf5";

/// A script without a mistake, of which each entry changes a part.
const RIGHT: Script = Script { response: right_response, reply: right_reply, then: Then::GoOn };

/// An entry whose button sends "hello".
const fn entry(path: &'static str, sentence: &'static str, script: Script) -> Endpoint {
    Endpoint { path, sentence, sends: &["hello"], protocol: "", kind: Kind::Script(script) }
}

/// An entry whose mistake is in the response.
const fn response(path: &'static str, sentence: &'static str, response: fn(&Asked<'_>) -> Vec<u8>) -> Endpoint {
    entry(path, sentence, Script { response, ..RIGHT })
}

/// An entry whose mistake is in what it sends for a text.
const fn reply(path: &'static str, sentence: &'static str, reply: fn(&[u8]) -> Vec<u8>) -> Endpoint {
    entry(path, sentence, Script { reply, ..RIGHT })
}

/// All of them: first mistakes in the response, then those in frames.
pub(super) const ENDPOINTS: &[Endpoint] = &[
    response("/broken/accept-newline", "Its base64 encoder puts a line feed behind the accept value.", |asked| {
        switching(&[&format!("{}\n", asked.accept_field())])
    }),
    response(
        "/broken/accept-newline-middle",
        "The same line feed, with another header behind it, which then lies among the frames.",
        |asked| switching(&[&format!("{}\n", asked.accept_field()), "Server: broken"]),
    ),
    response("/broken/accept-wrong", "It sends the digest in hex where base64 is asked for.", |asked| {
        switching(&[&format!("Sec-WebSocket-Accept: {}", hex::encode(accept::digest(asked.key)))])
    }),
    response("/broken/accept-missing", "It sends no accept value.", |_| switching(&[])),
    response("/broken/upgrade-missing", "It sends no Upgrade header, as behind a proxy that drops it.", |asked| {
        let fields = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", &asked.accept_field(), "", ""];
        fields.join("\r\n").into_bytes()
    }),
    response("/broken/subprotocol-unasked", "It picks a subprotocol though nobody offered one.", |asked| {
        switching(&[&asked.accept_field(), "Sec-WebSocket-Protocol: chat"])
    }),
    Endpoint {
        protocol: "chat",
        ..response(
            "/broken/subprotocol-missing",
            "It picks none of the subprotocols that it is offered.",
            right_response,
        )
    },
    response("/broken/extension-unasked", "It picks an extension that nobody offered.", |asked| {
        switching(&[&asked.accept_field(), "Sec-WebSocket-Extensions: x-webkit-deflate-frame"])
    }),
    response("/broken/extra-crlf", "It writes one line end too many behind its response.", |asked| {
        [&right_response(asked), b"\r\n".as_slice()].concat()
    }),
    response("/broken/no-blank-line", "It forgets the empty line that ends its response.", |asked| {
        let mut head = right_response(asked);
        head.truncate(head.len() - b"\r\n".len());
        head
    }),
    response("/broken/silent", "It takes the request and never answers.", |_| Vec::new()),
    entry(
        "/broken/hang-up",
        "It takes the request and closes the connection, as servers do whose code has thrown an exception.",
        Script { response: |_| Vec::new(), then: Then::HangUp, ..RIGHT },
    ),
    response("/broken/status-200", "It answers as if it were asked for a page.", |_| {
        page("200 OK", "", "<h1>Welcome</h1>\n")
    }),
    response(
        "/broken/status-404",
        "It knows nothing of this path, and says so in a body that no page can read.",
        |_| page("404 Not Found", "", "<h1>There is no such path here</h1>\n<p>Try /ws.</p>\n"),
    ),
    response("/broken/redirect", "It sends the browser to another path, which browsers do not follow here.", |_| {
        page("302 Found", "Location: /echo\r\n", "")
    }),
    reply("/broken/masked", "It masks its frames, which only clients do.", |text| {
        let mut payload = text.to_vec();
        mask::apply(KEY, 0, &mut payload);
        let header = FrameHeader { mask: Some(KEY), ..header(TEXT, text) };
        written(header, &payload)
    }),
    reply("/broken/length-form", "It writes the length 65535 in 64 bits, where 16 are enough.", |_| {
        let payload = [b'x'; 65535];
        written(FrameHeader { form: LengthForm::SixtyFour, ..header(TEXT, &payload) }, &payload)
    }),
    reply("/broken/len16-short", "It writes each length in 16 bits, small ones too.", |text| {
        written(FrameHeader { form: LengthForm::Sixteen, ..header(TEXT, text) }, text)
    }),
    reply("/broken/length-in-4-bytes", "It writes long lengths in 4 bytes where there are 8.", |_| {
        [b"\x81\x7f\x00\x01\x00\x00".as_slice(), &[b'x'; 65536]].concat()
    }),
    Endpoint {
        // The first message is only cut short; what is left of it spoils the second.
        sends: &["hello", "again"],
        ..reply("/broken/length-in-characters", "It counts characters where bytes are asked for.", |_| {
            let text = "grün, grün, grün";
            written(FrameHeader { length: text.chars().count() as u64, ..header(TEXT, b"") }, text.as_bytes())
        })
    },
    reply("/broken/slow-frame", "Its frame promises 10,000 bytes and brings 16.", |_| {
        written(FrameHeader::new(Opcode::TEXT, 10_000, None), b"sixteen bytes...")
    }),
    reply("/broken/no-fin", "It never sets FIN, so no message ends.", |text| bits(0x01, text)),
    reply("/broken/continuation", "It sends the continuation of a message that never began.", |text| bits(0x80, text)),
    reply("/broken/interleaved", "It begins a message within another.", |text| {
        [bits(0x01, b"half a message, "), bits(TEXT, text)].concat()
    }),
    reply("/broken/rsv1", "It sets RSV1, the bit for compression, though none was agreed.", |text| bits(0xc1, text)),
    reply("/broken/opcode", "It sends frames with opcode 3, which means nothing.", |text| bits(0x83, text)),
    reply("/broken/latin1", "It sends text in Latin-1 where UTF-8 is asked for.", |_| bits(TEXT, b"gr\xfcn")),
    reply("/broken/utf8-header", "It sends whole frames through a text encoder, as if they were characters.", |text| {
        // Behind the two bytes of the header all is ASCII here, and stays.
        [b"\xc2\x81", right_reply(text).get(1..).unwrap_or_default()].concat()
    }),
    reply("/broken/raw-text", "It sends JSON without any framing.", |text| {
        format!(r#"{{"echo":"{}"}}"#, String::from_utf8_lossy(text)).into_bytes()
    }),
    reply("/broken/newline-after-frame", "It prints a line end behind each frame.", |text| {
        [&right_reply(text), b"\r\n".as_slice()].concat()
    }),
    reply("/broken/double-framed", "It puts a frame into a frame.", |text| right_reply(&right_reply(text))),
    reply("/broken/hixie-frames", "It answers as RFC 6455 says, and sends frames of 2010.", |text| {
        [b"\x00", text, b"\xff"].concat()
    }),
    Endpoint {
        // What the page would send is compressed as well, and nothing here unpacks it.
        sends: &[],
        ..response(
            "/broken/permessage-deflate-zlib-wrapper",
            "It agrees to compress, and greets with a zlib stream where bare deflate data is asked for.",
            |asked| {
                let fields = [&*asked.accept_field(), "Sec-WebSocket-Extensions: permessage-deflate"];
                [switching(&fields), bits(0xc1, ZLIB_HELLO)].concat()
            },
        )
    },
    reply("/broken/ping-too-long", "Its ping carries 126 bytes, one too many.", |_| bits(0x89, &[b'.'; 126])),
    reply("/broken/fragmented-close", "Its close frame says that more will follow.", |_| bits(0x08, b"\x03\xe8")),
    reply("/broken/close-1005", "It sends the close code 1005, which may not be sent.", |_| bits(0x88, b"\x03\xed")),
    entry(
        "/broken/no-close-frame",
        "It ends the connection without a close frame.",
        Script { then: Then::HangUp, ..RIGHT },
    ),
];

/// The header of a right frame, but for its first byte.
fn header(first: u8, payload: &[u8]) -> FrameHeader {
    FrameHeader { first, ..FrameHeader::new(Opcode::TEXT, payload.len() as u64, None) }
}

/// A frame of which all but the first byte is right.
fn bits(first: u8, payload: &[u8]) -> Vec<u8> {
    written(header(first, payload), payload)
}

fn written(header: FrameHeader, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    header.write(&mut out);
    out.extend_from_slice(payload);
    out
}

/// A proper HTTP response that is no 101. `fields` end in line ends of their own.
fn page(status: &str, fields: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\n{fields}Content-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    debug_assert_eq!(head::end(head.as_bytes(), 0), Some(head.len()));
    [head, body.to_owned()].concat().into_bytes()
}
