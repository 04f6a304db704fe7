//! Requests and answers of real programs, and of broken ones.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::diagnose::{NoResponse, words};
use crate::record::finding::{Finding, FindingKind, Level};
use crate::wire::accept::value_for;

const KEY: &str = "x3JJHMbDL1EzLkh9GBhXDw==";

/// Handshake requests as these programs send them.
const REAL: [(&str, &str); 8] = [
    (
        "Chrome",
        "GET /echo HTTP/1.1\r\nHost: 127.0.0.1:9000\r\nConnection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\
         User-Agent: Mozilla/5.0\r\nUpgrade: websocket\r\nOrigin: http://127.0.0.1\r\nSec-WebSocket-Version: 13\r\n\
         Accept-Encoding: gzip, deflate, br, zstd\r\nSec-WebSocket-Key: KEY\r\nSec-WebSocket-Protocol: chat, superchat\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
    ),
    (
        "Firefox",
        "GET /echo HTTP/1.1\r\nHost: localhost:9000\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\nSec-WebSocket-Version: 13\r\n\
         Origin: null\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Key: KEY\r\nDNT: 1\r\n\
         Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ),
    (
        "ws for Node",
        "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: KEY\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nHost: localhost:9000\r\n\r\n",
    ),
    (
        "websockets for Python",
        "GET / HTTP/1.1\r\nHost: localhost:9000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: KEY\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
         User-Agent: Python/3.12 websockets/12.0\r\n\r\n",
    ),
    (
        "tungstenite",
        "GET / HTTP/1.1\r\nHost: localhost:9000\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: KEY\r\n\r\n",
    ),
    (
        "fastwebsockets over hyper",
        "GET / HTTP/1.1\r\nhost: localhost:9000\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-key: KEY\r\n\
         sec-websocket-version: 13\r\n\r\n",
    ),
    (
        "curl",
        "GET / HTTP/1.1\r\nHost: localhost:9000\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: KEY\r\n\r\n",
    ),
    (
        "gorilla for Go",
        "GET / HTTP/1.1\r\nHost: localhost:9000\r\nUser-Agent: Go-http-client/1.1\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: KEY\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n\r\n",
    ),
];

fn real(name: &str) -> Vec<u8> {
    let (_, text) = REAL.iter().find(|(program, _)| *program == name).unwrap();
    text.replace("KEY", KEY).into_bytes()
}

fn kinds(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.kind.id()).collect()
}

/// The marked bytes of a finding.
fn guilty<'a>(head: &'a [u8], finding: &Finding) -> &'a [u8] {
    &head[finding.at as usize..(finding.at + finding.length) as usize]
}

#[test]
fn requests_of_real_programs_raise_no_more_than_notes() {
    for (program, text) in REAL {
        let found = request(text.replace("KEY", KEY).as_bytes());
        assert!(found.iter().all(|finding| words(finding.kind).level == Level::Note), "{program}: {found:?}");
        let expected: &[&str] = if text.contains("Origin") { &[] } else { &["req-origin-missing"] };
        assert_eq!(kinds(&found), expected, "{program}");
    }
}

#[test]
fn each_deviation_of_a_request_is_found_at_its_bytes() {
    for (from, to, kind, bytes) in [
        ("GET ", "POST ", "req-method", "POST"),
        ("HTTP/1.1", "HTTP/1.0", "req-http10", "HTTP/1.0"),
        ("Host: localhost:9000\r\n", "", "req-host-missing", ""),
        ("Upgrade: websocket", "Upgrade: h2c", "req-upgrade-missing", "h2c"),
        ("keep-alive, Upgrade", "keep-alive", "req-connection-missing", "keep-alive"),
        ("Sec-WebSocket-Key", "X-Key", "req-key-missing", ""),
        (KEY, "c2hvcnQ=", "req-key-bad-length", "c2hvcnQ="),
        (KEY, "not base64", "req-key-bad-length", "not base64"),
        (KEY, "dGhlIHNhbXBsZSBub25jZQ==", "req-key-reused", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("DNT: 1", "sec-websocket-key: again", "req-key-duplicate", "again"),
        ("Sec-WebSocket-Version: 13\r\n", "", "req-version-missing", ""),
        ("Version: 13", "Version: 8", "hybi-version-4-12", "8"),
        ("Version: 13", "Version: 14", "req-version-unsupported", "14"),
        ("Version: 13", "Version: 13, 13", "req-version-duplicate", "13, 13"),
        ("Origin: null", "Sec-WebSocket-Origin: x", "v8-origin-header", "x"),
        ("DNT: 1", "Sec-WebSocket-Protocol: a, b c", "req-subprotocol-invalid", "b c"),
        ("DNT: 1", "Sec-WebSocket-Protocol: a, a", "req-subprotocol-invalid", "a"),
        ("DNT: 1", "Sec-WebSocket-Protocol: a,, b", "req-subprotocol-invalid", ""),
        ("DNT: 1", "Content-Length: 8", "req-body", "8"),
    ] {
        let raw = String::from_utf8(real("Firefox")).unwrap().replacen(from, to, 1).into_bytes();
        let found = request(&raw);
        assert_eq!(kinds(&found), [kind], "{to}");
        assert_eq!(guilty(&raw, &found[0]), bytes.as_bytes(), "{to}");
    }
}

#[test]
fn a_key_whose_last_bits_are_not_zero_is_right() {
    let raw = String::from_utf8(real("Firefox")).unwrap().replace(KEY, "AQIDBAUGBwgJCgsMDQ4PEC==");
    assert!(request(raw.as_bytes()).is_empty());
}

#[test]
fn a_request_that_lost_its_upgrade_on_the_way_is_one_finding_and_so_is_its_refusal() {
    let raw = format!(
        "GET / HTTP/1.0\r\nHost: up\r\nConnection: close\r\nOrigin: x\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    );
    assert_eq!(kinds(&request(raw.as_bytes())), ["http-upgrade-stripped"]);
    let judged = response(raw.as_bytes(), b"HTTP/1.1 400 Bad Request\r\n\r\n", b"no");
    assert!(judged.findings.is_empty());
    assert_eq!(judged.verdict.unwrap().finding, Some(FindingKind::HttpUpgradeStripped));
}

#[test]
fn drafts_of_2010_have_rules_of_their_own() {
    let hixie = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nOrigin: x\r\nSec-WebSocket-Key1: 1 2\r\n\r\n";
    assert!(request(hixie).is_empty());
    assert_eq!(early_data(hixie, b"12345678"), None);
    assert!(early_data(&real("curl"), b"\x81\x80").is_some());
}

fn right_response() -> String {
    let accept = value_for(KEY.as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

/// Judges a response to Firefox's request, which offers permessage-deflate and no subprotocol.
fn judge(head: &str, body: &str) -> Judged {
    let judged = response(&real("Firefox"), head.as_bytes(), body.as_bytes());
    let errors: Vec<_> = judged.findings.iter().filter(|finding| finding.chrome.is_some()).collect();
    if let Some(verdict) = &judged.verdict {
        assert_eq!(errors.iter().map(|finding| Some(finding.kind)).collect::<Vec<_>>(), [verdict.finding]);
        assert_eq!(errors[0].chrome, verdict.error_text);
    }
    judged
}

#[test]
fn a_right_answer_raises_nothing() {
    assert_eq!(judge(&right_response(), ""), Judged::default());
    let extension = right_response().replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
    assert_eq!(judge(&extension, ""), Judged::default());
}

#[test]
fn what_is_odd_about_a_good_answer_is_told_at_its_bytes() {
    for (from, to, kind, bytes) in [
        ("Connection: Upgrade", "Connection: keep-alive, Upgrade", "resp-connection-list", "keep-alive, Upgrade"),
        ("=\r\n", "= \r\n", "resp-accept-whitespace", " "),
        ("Accept: ", "Accept:  ", "resp-accept-whitespace", "  "),
        ("\r\n\r\n", "\r\nWebSocket-Origin: x\r\n\r\n", "resp-hixie-headers", "x"),
        ("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n", "http-101-with-body", "chunked"),
        (
            "\r\n\r\n",
            "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=9\r\n\r\n",
            "pmd-client-bits-unoffered",
            "permessage-deflate; client_max_window_bits=9",
        ),
        (
            "\r\n\r\n",
            "\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=8\r\n\r\n",
            "pmd-server-bits-8",
            "permessage-deflate; server_max_window_bits=8",
        ),
        ("\r\n\r\n", "\r\nSec-WebSocket-X: \u{e9}\r\n\r\n", "http-header-nonascii", "\u{e9}"),
        ("Upgrade: websocket", "Upgrade : websocket", "http-obs-fold", "Upgrade : websocket"),
    ] {
        let head = right_response().replacen(from, to, 1);
        let judged = judge(&head, "");
        assert_eq!((kinds(&judged.findings), judged.verdict), (vec![kind], None), "{to}");
        assert_eq!(guilty(head.as_bytes(), &judged.findings[0]), bytes.as_bytes(), "{to}");
    }
}

#[test]
fn a_deflate_that_nobody_offered_is_found() {
    let head = right_response().replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
    assert_eq!(kinds(&response(&real("curl"), head.as_bytes(), b"").findings), ["ext-unsolicited"]);
}

#[test]
fn each_failed_answer_has_one_finding_at_its_bytes() {
    for (from, to, kind, bytes) in [
        ("Upgrade: websocket\r\n", "", "resp-upgrade-missing", ""),
        ("Upgrade: websocket", "Upgrade: h2c", "resp-upgrade-wrong", "h2c"),
        ("Upgrade: websocket", "Upgrade: websocket, h2c", "resp-upgrade-multiple", "h2c"),
        ("Connection: Upgrade\r\n", "", "resp-connection-missing", ""),
        ("Connection: Upgrade", "Connection: close", "resp-connection-wrong", "close"),
        ("Sec-WebSocket-Accept", "Sec-WebSocket-Accept-Key", "resp-accept-missing", ""),
        ("=\r\n", "=\r\nSec-WebSocket-Accept: x\r\n", "resp-accept-duplicate", "x"),
        ("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n", "resp-protocol-unrequested", "chat"),
        ("\r\n\r\n", "\r\nSec-WebSocket-Protocol:\r\n\r\n", "resp-protocol-empty", ""),
        ("\r\n\r\n", "\r\nSec-WebSocket-Protocol: a, b\r\n\r\n", "resp-protocol-list", "b"),
        ("\r\n\r\n", "\r\nSec-WebSocket-Extensions:\r\n\r\n", "ext-empty-header", ""),
        ("\r\n\r\n", "\r\nSec-WebSocket-Extensions: Permessage-Deflate\r\n\r\n", "ext-name-case", "Permessage-Deflate"),
        ("\r\n\r\n", "\r\nSec-WebSocket-Extensions: x; y\r\n\r\n", "ext-unsolicited", "x; y"),
        ("Upgrade: websocket", " Upgrade: websocket", "http-indented-headers", " "),
        ("Upgrade: websocket", "Upgrade: w\u{e9}bsocket", "resp-upgrade-wrong", "w\u{e9}bsocket"),
        ("HTTP/1.1 101", "HTTP/1.1\t101", "http-status-unparsable", "HTTP/1.1\t101 Switching Protocols"),
        ("HTTP/1.1", "ICY", "http-not-http-odd-port", "ICY 101 Switching Protocols"),
        ("Upgrade: ", "X: \0\r\nUpgrade: ", "http-header-null", "\0"),
    ] {
        let head = right_response().replacen(from, to, 1);
        let judged = judge(&head, "");
        assert_eq!(kinds(&judged.findings), [kind], "{to}");
        assert_eq!(guilty(head.as_bytes(), &judged.findings[0]), bytes.as_bytes(), "{to}");
        assert!(judged.verdict.is_some() && !judged.findings[0].detail.is_empty(), "{to}");
    }
}

#[test]
fn the_bug_is_named_where_the_bytes_show_it() {
    let accept = value_for(KEY.as_bytes());
    let hexed = right_response().replace(&accept, &hex::encode(crate::wire::accept::digest(KEY.as_bytes())));
    assert_eq!(judge(&hexed, "").findings[0].cause.as_deref(), Some("the hash was sent as hex digits"));
    let misspelt = judge(&right_response().replace("Sec-WebSocket-Accept", "WebSocket-Accept"), "");
    assert_eq!(misspelt.findings[0].cause.as_deref(), Some("the field was named WebSocket-Accept"));
    let newline = format!("HTTP/1.1 101 x\r\nSec-WebSocket-Accept: {accept}\n\r\n");
    let judged = judge(&newline, "Upgrade: websocket\r\n");
    assert_eq!(kinds(&judged.findings), ["resp-accept-trailing-newline"]);
    assert!(judged.findings[0].detail.contains("Upgrade: websocket is behind it"));
    let hixie = judge("HTTP/1.1 101 x\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nWebSocket-Origin: x\r\n\r\n", "");
    assert_eq!(kinds(&hixie.findings), ["resp-hixie76-only"]);
}

#[test]
fn a_refusal_is_told_with_the_first_lines_of_its_body() {
    let judged = judge("HTTP/1.1 403 Forbidden\r\nContent-Length: 30\r\n\r\n", "\nbad \u{1b}[2J origin\nand more");
    assert_eq!(kinds(&judged.findings), ["http-status-403"]);
    let detail = &judged.findings[0].detail;
    assert_eq!(detail, r"HTTP/1.1 403 Forbidden; the body begins: bad \u{1b}[2J origin and more");
    assert!(judged.findings[0].cause.as_deref().unwrap().contains("says why itself: bad"));
    let judged = judge(
        "HTTP/1.1 426 Upgrade Required\r\nTransfer-Encoding: chunked\r\n\r\n",
        "10\r\nUpgrade Required\r\n0\r\n\r\n",
    );
    assert_eq!(kinds(&judged.findings), ["http-upgrade-stripped"]);
    let judged = judge("HTTP/1.1 301 Moved\r\nLocation: /echo/\r\n\r\n", "");
    assert!(judged.findings[0].cause.as_deref().unwrap().contains("slash"));
    let judged = judge("HTTP/1.1 429 Too Many Requests\r\n\r\n", "");
    assert_eq!(kinds(&judged.findings), ["http-status-400"]);
}

#[test]
fn silence_is_told_by_how_it_ended() {
    let request = real("Chrome");
    for (end, head, kind) in [
        (NoResponse::Nothing, &b""[..], "tcp-closed-before-response"),
        (NoResponse::Reset, b"HTTP/1.1 1", "tcp-reset-in-handshake"),
        (NoResponse::CutShort, b"HTTP/1.1 101 x\r\nA: b\r\n", "http-status-101-truncated"),
        (NoResponse::CutShort, b"HTTP/1.1 101 x\rA: b\r\r", "http-cr-only"),
        (NoResponse::NotHttp, b"SSH-2.0-OpenSSH_9.2\r\n", "http-not-http-odd-port"),
    ] {
        let finding = no_response(end, &request, head, Duration::ZERO);
        assert_eq!((finding.kind.id(), finding.chrome.is_some()), (kind, true));
    }
    let default_port = String::from_utf8(request).unwrap().replace(":9000", "");
    let finding = no_response(NoResponse::NotHttp, default_port.as_bytes(), b"SSH-2.0-x", Duration::ZERO);
    assert_eq!(finding.kind, FindingKind::HttpNotHttp);
    assert_eq!(finding.chrome.as_deref(), Some("Error during WebSocket handshake: Invalid status line"));
}

proptest! {
    #[test]
    fn any_bytes_can_be_judged(
        head in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'\r'), Just(b':'), Just(b' ')], 0..300),
        prefix in prop_oneof![Just(&b""[..]), Just(&b"HTTP/1.1 101 x\r\n"[..]), Just(&b"HTTP/1.1 404 "[..])],
        cut in 0usize..300,
    ) {
        let raw = [prefix, &head].concat();
        let request_raw = real("Chrome");
        let _ = (request(&raw), unfinished(&raw, cut), ends_in_stray_newline(&raw), leaves_cr_behind(&raw));
        let _ = (response(&raw, &raw, &raw), no_response(NoResponse::NotHttp, &raw, &raw, Duration::ZERO));
        let judged = response(&request_raw, &raw, b"");
        let _ = no_response(NoResponse::CutShort, &request_raw, &raw, Duration::ZERO);
        for finding in &judged.findings {
            prop_assert!(finding.at + finding.length <= raw.len() as u64);
            prop_assert!(finding.detail.chars().all(crate::text::is_plain));
        }
    }
}

#[test]
fn a_server_that_ends_an_upgrade_after_a_second_is_socket_io_s_on_another_path() {
    let cause = |target: &str, milliseconds| {
        let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        let waited = Duration::from_millis(milliseconds);
        no_response(NoResponse::Nothing, request.as_bytes(), b"", waited).cause.unwrap_or_default().into_owned()
    };
    assert!(cause("/chat", 1004).contains("most likely a Socket.IO server"));
    for (target, milliseconds) in
        [("/chat", 3), ("/chat", 900), ("/chat", 2000), ("/socket.io/?EIO=4&transport=websocket", 1004)]
    {
        assert_eq!(cause(target, milliseconds), "", "{target} {milliseconds}");
    }
}
