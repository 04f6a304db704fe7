//! Examples of the layer `handshake`.

use crate::record::finding::FindingKind;

use super::{ACCEPT, ANSWER, Example, REQUEST, Scene, answer_and, answer_with, answered, request_with, server};

const REQUEST_KEY: &str = "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==";

pub(super) fn example(kind: FindingKind) -> Example {
    match kind {
        FindingKind::RespUpgradeMissing => answer_with("Upgrade: websocket\r\n", ""),
        FindingKind::RespUpgradeWrong => answer_with("Upgrade: websocket", "Upgrade: h2c"),
        FindingKind::RespUpgradeMultiple => answer_with("Upgrade: websocket", "Upgrade: websocket, h2c"),
        FindingKind::RespConnectionMissing => answer_with("Connection: Upgrade\r\n", ""),
        FindingKind::RespConnectionWrong => answer_with("Connection: Upgrade", "Connection: keep-alive"),
        FindingKind::RespConnectionList => answer_with("Connection: Upgrade", "Connection: keep-alive, Upgrade"),
        FindingKind::RespAcceptMissing => answer_with(ACCEPT, ""),
        FindingKind::RespAcceptMismatch => answer_with("HSmrc0sM", "hsMRC0Sm"),
        FindingKind::RespAcceptTrailingNewline => answered(with_line_feed()),
        FindingKind::RespAcceptDuplicate => answer_with(ACCEPT, &ACCEPT.repeat(2)),
        FindingKind::RespAcceptWhitespace => answer_with("GWk=\r\n", "GWk= \r\n"),
        FindingKind::RespHixieHeaders => answer_and("WebSocket-Origin: http://localhost:3000"),
        FindingKind::RespHixie76Only => answered(
            b"HTTP/1.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
              Sec-WebSocket-Origin: http://localhost:3000\r\nSec-WebSocket-Location: ws://localhost:9000/chat\r\n\r\n\
              fQJ,fN/4F4!~K~MH",
        ),
        FindingKind::RespProtocolUnrequested => answer_and("Sec-WebSocket-Protocol: chat"),
        FindingKind::RespProtocolMismatch => chat(Some("mqtt")),
        FindingKind::RespProtocolMissing => chat(None),
        FindingKind::RespProtocolList => chat(Some("chat, superchat")),
        FindingKind::RespProtocolDuplicate => chat(Some("chat\r\nSec-WebSocket-Protocol: chat")),
        FindingKind::RespProtocolEmpty => chat(Some("")),
        _ => request(kind),
    }
}

fn request(kind: FindingKind) -> Example {
    match kind {
        FindingKind::ReqMethod => request_with("GET", "POST"),
        FindingKind::ReqHttp10 => request_with("HTTP/1.1", "HTTP/1.0"),
        FindingKind::ReqHostMissing => request_with("Host: localhost:9000\r\n", ""),
        FindingKind::ReqHostForeign => request_with("Host: localhost:9000", "Host: rebound.example:9000"),
        FindingKind::ReqUpgradeMissing => request_with("\r\nUpgrade: websocket", ""),
        FindingKind::ReqConnectionMissing => request_with("Connection: Upgrade", "Connection: keep-alive"),
        FindingKind::ReqKeyMissing => request_with(&format!("{REQUEST_KEY}\r\n"), ""),
        FindingKind::ReqKeyBadLength => Example::Scene(Scene {
            request: REQUEST.replace("x3JJHMbDL1EzLkh9GBhXDw==", "c2hvcnQ=").into(),
            steps: vec![server(ANSWER.replace("HSmrc0sMlYUkAGmm5OPpG2HaGWk=", "5mxwMKXNI9akKyJbT9Ot03A9YWg="))],
        }),
        FindingKind::ReqKeyDuplicate => request_with(REQUEST_KEY, &format!("{REQUEST_KEY}\r\n{REQUEST_KEY}")),
        FindingKind::ReqVersionMissing => request_with("Sec-WebSocket-Version: 13\r\n", ""),
        FindingKind::ReqVersionUnsupported => request_with("Version: 13", "Version: 14"),
        FindingKind::ReqVersionDuplicate => request_with("Version: 13", "Version: 13\r\nSec-WebSocket-Version: 13"),
        FindingKind::ReqOriginMissing => request_with("Origin: http://localhost:3000\r\n", ""),
        FindingKind::ReqSubprotocolInvalid => Example::Scene(Scene {
            request: REQUEST.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: a b\r\n\r\n").into(),
            steps: vec![server(ANSWER.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: a b\r\n\r\n"))],
        }),
        FindingKind::ReqBody => request_with("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\n"),
        // That of RFC 6455 1.3, which is in many a client's code.
        _ => Example::Told(
            "two connections with the same Sec-WebSocket-Key",
            Scene {
                request: REQUEST.replace("x3JJHMbDL1EzLkh9GBhXDw==", "dGhlIHNhbXBsZSBub25jZQ==").into(),
                steps: vec![server(ANSWER.replace("HSmrc0sMlYUkAGmm5OPpG2HaGWk=", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))],
            },
        ),
    }
}

/// The accept value as a base64 function with a line feed gives it, in front of the other headers.
fn with_line_feed() -> String {
    let others = ANSWER.replacen(ACCEPT, "", 1);
    others.replacen("Protocols\r\n", &format!("Protocols\r\n{}", ACCEPT.replacen("\r\n", "\n\r\n", 1)), 1)
}

/// A response to a request for `chat` or `superchat`.
fn chat(response: Option<&str>) -> Example {
    let response = match response {
        Some(value) => ANSWER.replacen("\r\n\r\n", &format!("\r\nSec-WebSocket-Protocol: {value}\r\n\r\n"), 1),
        None => ANSWER.to_owned(),
    };
    Example::Scene(Scene {
        request: REQUEST.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat, superchat\r\n\r\n").into(),
        steps: vec![server(response)],
    })
}
