//! Examples of the layer `extension`.

use crate::record::finding::FindingKind;
use crate::wire::frame::RSV1;
use crate::wire::opcode::Opcode;

use super::{ANSWER, Example, HELLO, REQUEST, Scene, answer_and, from_server, plain, scene, server};

/// "Hello" in raw deflate, flushed, its tail kept (RFC 7692 7.2.3.1).
const DEFLATED: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff";

/// What Safari 15.0 calls itself.
const SAFARI: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
    Version/15.0 Safari/605.1.15";

pub(super) fn example(kind: FindingKind) -> Example {
    match kind {
        FindingKind::ExtUnsolicited => extensions("permessage-foo"),
        FindingKind::ExtNameCase => extensions("Permessage-Deflate"),
        FindingKind::ExtCommaParams => extensions("permessage-deflate, server_no_context_takeover"),
        FindingKind::ExtMalformed => extensions("permessage-deflate;"),
        FindingKind::ExtEmptyHeader => extensions(""),
        FindingKind::PmdDuplicate => extensions("permessage-deflate, permessage-deflate"),
        FindingKind::PmdUnknownParam => extensions("permessage-deflate; level=9"),
        FindingKind::PmdDupParam => {
            extensions("permessage-deflate; server_no_context_takeover; server_no_context_takeover")
        }
        FindingKind::PmdTakeoverWithValue => extensions("permessage-deflate; server_no_context_takeover=1"),
        FindingKind::PmdWindowBitsRange => extensions("permessage-deflate; server_max_window_bits=16"),
        FindingKind::PmdClientBitsNoValue => extensions("permessage-deflate; client_max_window_bits"),
        FindingKind::PmdClientBitsUnoffered => Example::Scene(Scene {
            request: REQUEST.replace("; client_max_window_bits", "").into(),
            steps: vec![server(with_extensions("permessage-deflate; client_max_window_bits=15"))],
        }),
        FindingKind::PmdServerBits8 => extensions("permessage-deflate; server_max_window_bits=8"),
        FindingKind::ExtXWebkitDeflateFrame => extensions("x-webkit-deflate-frame"),
        _ => payload(kind),
    }
}

/// Frames, with and without compression.
fn payload(kind: FindingKind) -> Example {
    let hello = &DEFLATED[..DEFLATED.len() - 4];
    match kind {
        FindingKind::Rsv1NotNegotiated => from_server(compressed(hello)),
        FindingKind::Rsv1OnContinuation => deflated(b"\x41\x03\xf2\x48\xcd\xc0\x04\xc9\xc9\x07\x00"),
        FindingKind::Rsv1OnControl => deflated(b"\xc9\x02hi"),
        FindingKind::DeflateBadData => deflated(&compressed(b"\xff\xff\xff\xff\xff")),
        FindingKind::DeflateMissingRsv1 => deflated(&plain(Opcode::TEXT, hello)),
        FindingKind::DeflateZlibHeader => deflated(&compressed(&[b"\x78\xda", hello].concat())),
        FindingKind::DeflateTailKept => deflated(&compressed(DEFLATED)),
        FindingKind::DeflateNoSyncFlush => deflated(&compressed(b"\xf3\x48\xcd\xc9\xc9\x07\x00").repeat(2)),
        FindingKind::DeflateContextMismatch => {
            deflated(&[compressed(hello), compressed(b"\xf2\x40\x62\x2b\x24\xa6\x27\x66\xe6\x01\x00")].concat())
        }
        FindingKind::DeflateBomb => Example::Words("a compressed message of 100 kB that inflates to 100 MB of zeros"),
        _ => Example::Told(
            "a Safari 15.0 that negotiates permessage-deflate",
            Scene {
                request: REQUEST.replace("\r\nOrigin:", &format!("\r\nUser-Agent: {SAFARI}\r\nOrigin:")).into(),
                steps: vec![server(with_extensions("permessage-deflate"))],
            },
        ),
    }
}

fn with_extensions(value: &str) -> String {
    ANSWER.replacen("\r\n\r\n", &format!("\r\nSec-WebSocket-Extensions: {value}\r\n\r\n"), 1)
}

fn extensions(value: &str) -> Example {
    answer_and(&format!("Sec-WebSocket-Extensions: {value}"))
}

/// The server's frames after permessage-deflate was agreed on.
fn deflated(frames: &[u8]) -> Example {
    scene([server(with_extensions("permessage-deflate")), server(HELLO), server(frames)])
}

/// A text frame with RSV1.
fn compressed(payload: &[u8]) -> Vec<u8> {
    let mut frame = plain(Opcode::TEXT, payload);
    if let Some(first) = frame.first_mut() {
        *first |= RSV1;
    }
    frame
}
