//! Each broken server over a real socket, against bytes that are written by hand.

use tokio::io::AsyncWriteExt as _;

use super::ENDPOINTS;
use crate::playground::start;
use crate::playground::tests::{connect, expect, rest};

const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const UPGRADED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
/// The text "hello" with the masking key 00 00 00 00.
const HELLO: &[u8] = b"\x81\x85\x00\x00\x00\x00hello";
/// A close with code 1000, likewise.
const CLOSE: &[u8] = b"\x88\x82\x00\x00\x00\x00\x03\xe8";
const CLOSED: &[u8] = b"\x88\x02\x03\xe8";
const ECHOED: &[u8] = b"\x81\x05hello";

/// What a server does right, so that only the rest need be told.
fn right() -> Vec<u8> {
    format!("{UPGRADED}{ACCEPT}\r\n\r\n").into_bytes()
}

/// The response, what comes for "hello", and whether a close is answered.
fn expected(path: &str) -> (Vec<u8>, Vec<u8>, bool) {
    let with = |response: String| (response.into_bytes(), ECHOED.to_vec(), true);
    let without = |response: &str| (response.as_bytes().to_vec(), Vec::new(), false);
    let frames = |frames: &[u8]| (right(), frames.to_vec(), true);
    match path.strip_prefix("/broken/").unwrap() {
        "accept-newline" => with(format!("{UPGRADED}{ACCEPT}\n\r\n\r\n")),
        "accept-newline-middle" => with(format!("{UPGRADED}{ACCEPT}\n\r\nServer: broken\r\n\r\n")),
        "accept-wrong" => {
            with(format!("{UPGRADED}Sec-WebSocket-Accept: b37a4f2cc0624f1690f64606cf385945b2bec4ea\r\n\r\n"))
        }
        "accept-missing" => with(format!("{UPGRADED}\r\n")),
        "upgrade-missing" => {
            with(format!("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n{ACCEPT}\r\n\r\n"))
        }
        "subprotocol-unasked" => with(format!("{UPGRADED}{ACCEPT}\r\nSec-WebSocket-Protocol: chat\r\n\r\n")),
        "subprotocol-missing" => frames(ECHOED),
        "extension-unasked" => {
            with(format!("{UPGRADED}{ACCEPT}\r\nSec-WebSocket-Extensions: x-webkit-deflate-frame\r\n\r\n"))
        }
        "extra-crlf" => with(format!("{UPGRADED}{ACCEPT}\r\n\r\n\r\n")),
        "no-blank-line" => with(format!("{UPGRADED}{ACCEPT}\r\n")),
        "silent" | "hang-up" => without(""),
        "status-200" => without(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 17\r\n\
             Connection: close\r\n\r\n<h1>Welcome</h1>\n",
        ),
        "status-404" => without(
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 52\r\n\
             Connection: close\r\n\r\n<h1>There is no such path here</h1>\n<p>Try /ws.</p>\n",
        ),
        "redirect" => without(
            "HTTP/1.1 302 Found\r\nLocation: /echo\r\nContent-Type: text/html; charset=utf-8\r\n\
             Content-Length: 0\r\nConnection: close\r\n\r\n",
        ),
        "masked" => frames(b"\x81\x85\x37\xfa\x21\x3d\x5f\x9f\x4d\x51\x58"),
        "length-form" => frames(&[b"\x81\x7f\0\0\0\0\0\0\xff\xff".as_slice(), &[b'x'; 65535]].concat()),
        "len16-short" => frames(b"\x81\x7e\x00\x05hello"),
        "length-in-4-bytes" => frames(&[b"\x81\x7f\0\x01\0\0".as_slice(), &[b'x'; 65536]].concat()),
        "length-in-characters" => frames(b"\x81\x10gr\xc3\xbcn, gr\xc3\xbcn, gr\xc3\xbcn"),
        "slow-frame" => frames(b"\x81\x7e\x27\x10sixteen bytes..."),
        "no-fin" => frames(b"\x01\x05hello"),
        "continuation" => frames(b"\x80\x05hello"),
        "interleaved" => frames(b"\x01\x10half a message, \x81\x05hello"),
        "rsv1" => frames(b"\xc1\x05hello"),
        "opcode" => frames(b"\x83\x05hello"),
        "latin1" => frames(b"\x81\x04gr\xfcn"),
        "utf8-header" => frames(b"\xc2\x81\x05hello"),
        "raw-text" => frames(br#"{"echo":"hello"}"#),
        "newline-after-frame" => frames(b"\x81\x05hello\r\n"),
        "double-framed" => frames(b"\x81\x07\x81\x05hello"),
        "hixie-frames" => frames(b"\x00hello\xff"),
        "permessage-deflate-zlib-wrapper" => (
            [
                format!("{UPGRADED}{ACCEPT}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n").as_bytes(),
                b"\xc1\x0d\x78\x9c\xf3\x48\xcd\xc9\xc9\x07\x00\x05\x8c\x01\xf5",
            ]
            .concat(),
            ECHOED.to_vec(),
            true,
        ),
        "ping-too-long" => frames(&[b"\x89\x7e\x00\x7e".as_slice(), &[b'.'; 126]].concat()),
        "fragmented-close" => frames(b"\x08\x02\x03\xe8"),
        "close-1005" => frames(b"\x88\x02\x03\xed"),
        "no-close-frame" => (right(), ECHOED.to_vec(), false),
        unknown => panic!("nobody has written down what {unknown} sends"),
    }
}

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{KEY}\r\n\r\n")
}

#[tokio::test]
async fn each_sends_its_own_mistake_and_does_all_else_right() {
    let playground = start().await.unwrap();
    for endpoint in ENDPOINTS {
        let (response, reply, closes) = expected(endpoint.path);
        let mut stream = connect(playground.addr()).await;
        // A query changes nothing.
        stream.write_all(request(&format!("{}?a=1", endpoint.path)).as_bytes()).await.unwrap();
        expect(&mut stream, &response).await;
        if endpoint.path == "/broken/hang-up" {
            // The only one that hangs up by itself before it was told anything.
            assert_eq!(rest(&mut stream).await, b"");
            continue;
        }
        stream.write_all(HELLO).await.unwrap();
        expect(&mut stream, &reply).await;
        if closes {
            stream.write_all(CLOSE).await.unwrap();
            expect(&mut stream, CLOSED).await;
        }
        stream.shutdown().await.unwrap();
        assert_eq!(rest(&mut stream).await, b"", "{}", endpoint.path);
    }
}

#[tokio::test]
async fn a_request_in_pieces_finds_the_same_server() {
    let playground = start().await.unwrap();
    let mut stream = connect(playground.addr()).await;
    for byte in request("/broken/no-fin").bytes() {
        stream.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    expect(&mut stream, &right()).await;
}

#[tokio::test]
async fn who_is_no_websocket_gets_a_sentence_and_unknown_paths_are_unknown() {
    let playground = start().await.unwrap();
    let cases = [("/broken/masked", "426 Upgrade Required"), ("/broken/unheard-of", "404 Not Found")];
    for (path, status) in cases {
        let mut stream = connect(playground.addr()).await;
        let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let response = String::from_utf8(rest_after_shutdown(&mut stream).await).unwrap();
        assert!(response.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{response}");
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.to_lowercase().contains(&format!("content-length: {}", body.len())), "{response}");
    }
}

async fn rest_after_shutdown(stream: &mut tokio::net::TcpStream) -> Vec<u8> {
    stream.shutdown().await.unwrap();
    rest(stream).await
}

#[tokio::test]
async fn a_second_request_on_a_connection_is_told_to_come_alone() {
    let playground = start().await.unwrap();
    let mut stream = connect(playground.addr()).await;
    stream.write_all(b"GET /favicon.ico HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    let version = "Connection: Upgrade\r\nSec-WebSocket-Version: 13";
    let second = request("/broken/masked").replace("Connection: Upgrade", version);
    stream.write_all(second.as_bytes()).await.unwrap();
    let responses = String::from_utf8(rest_after_shutdown(&mut stream).await).unwrap();
    assert!(responses.ends_with("ask for this address on a connection of its own\n"), "{responses}");
}
