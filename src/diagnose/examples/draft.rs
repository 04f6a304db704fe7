//! Examples of the layer `draft`.

use crate::record::Side;
use crate::record::finding::FindingKind;

use super::{ANSWER, Example, REQUEST, Scene, Step, client, server};

const HIXIE75_REQUEST: &str = "GET /chat HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
    Host: localhost:9000\r\nOrigin: http://localhost:3000\r\n\r\n";

const HIXIE75_ANSWER: &str = "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\n\
    Connection: Upgrade\r\nWebSocket-Origin: http://localhost:3000\r\n\
    WebSocket-Location: ws://localhost:9000/chat\r\n\r\n";

const HIXIE76_REQUEST: &str = "GET /demo HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\nUpgrade: WebSocket\r\n\
    Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nOrigin: http://example.com\r\n\r\n";

const HIXIE76_KEY3: &[u8] = b"^n:ds[4U";

const HIXIE76_ANSWER: &str = "HTTP/1.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Origin: http://example.com\r\n\
    Sec-WebSocket-Location: ws://example.com/demo\r\n\r\n8jKS'y:G*Co,Wxa-";

pub(super) fn example(kind: FindingKind) -> Example {
    match kind {
        FindingKind::Hixie75StatusLine => hixie75("Web Socket Protocol Handshake", "Switching Protocols"),
        FindingKind::Hixie75HeaderOrder => {
            hixie75("Upgrade: WebSocket\r\nConnection: Upgrade", "Connection: Upgrade\r\nUpgrade: WebSocket")
        }
        FindingKind::Hixie75OriginLocation => hixie75("WebSocket-Origin: http://localhost:3000\r\n", ""),
        FindingKind::Hixie76Headers => hixie76("Sec-WebSocket-Origin: http://example.com\r\n", ""),
        FindingKind::Hixie76Challenge => hixie76("8jKS", "SKj8"),
        FindingKind::Hixie76KeysInvalid => Example::Scene(Scene {
            request: HIXIE76_REQUEST.replace("12998 5 Y3 1  .P00", "129985Y31.P00").into(),
            steps: vec![client(HIXIE76_KEY3)],
        }),
        FindingKind::Hixie76NoClose => Example::Scene(Scene {
            request: HIXIE76_REQUEST.into(),
            steps: vec![client(HIXIE76_KEY3), server(HIXIE76_ANSWER), Step::Fin(Side::Server)],
        }),
        FindingKind::HixieFrameError => Example::Scene(Scene {
            request: HIXIE76_REQUEST.into(),
            steps: vec![client(HIXIE76_KEY3), server(HIXIE76_ANSWER), server(b"\x81\x05Hello")],
        }),
        FindingKind::HixieBinary => Example::Words("82 02 00 ff from a page of today, bridged to a hixie-76 server"),
        FindingKind::HybiVersion412 => version(8),
        FindingKind::V8OriginHeader => version(13),
        _ => Example::Told(
            "the head of a hixie-76 request, and for a while not the eight bytes behind it",
            Scene { request: HIXIE76_REQUEST.into(), steps: vec![Step::Wait(10)] },
        ),
    }
}

fn hixie75(from: &str, to: &str) -> Example {
    let response: Step = server(HIXIE75_ANSWER.replacen(from, to, 1));
    Example::Scene(Scene { request: HIXIE75_REQUEST.into(), steps: vec![response] })
}

fn hixie76(from: &str, to: &str) -> Example {
    let response = server(HIXIE76_ANSWER.replacen(from, to, 1));
    Example::Scene(Scene { request: HIXIE76_REQUEST.into(), steps: vec![client(HIXIE76_KEY3), response] })
}

/// Version 8 with the Origin of today, or version 13 with the origin header of version 8.
fn version(version: u8) -> Example {
    let request = if version == 8 {
        REQUEST.replace("Version: 13", "Version: 8")
    } else {
        REQUEST.replace("\r\nOrigin:", "\r\nSec-WebSocket-Origin:")
    };
    Example::Scene(Scene { request: request.into(), steps: vec![server(ANSWER)] })
}
