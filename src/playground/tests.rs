//! The playground over real sockets: tokio-tungstenite as a right client, raw bytes as a wrong one.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async, connect_async};

use super::{Playground, start};
use crate::wire::frame;
use crate::wire::head;
use crate::wire::opcode::Opcode;

const DEADLINE: Duration = Duration::from_secs(20);
const KEY: Option<[u8; 4]> = Some([1, 2, 3, 4]);

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn open(playground: &Playground, path: &str) -> Client {
    connect_async(format!("ws://{}{path}", playground.addr())).await.unwrap().0
}

async fn next(client: &mut Client) -> Message {
    tokio::time::timeout(DEADLINE, client.next()).await.expect("nothing came").expect("it ended").unwrap()
}

async fn close_of(client: &mut Client) -> (u16, String) {
    match next(client).await {
        Message::Close(Some(CloseFrame { code, reason })) => (code.into(), reason.as_str().to_owned()),
        other => panic!("no close: {other:?}"),
    }
}

/// Sends bytes and gives all that comes back until the server hangs up.
async fn exchange(addr: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    rest(&mut stream).await
}

/// A connection on which nothing was said.
pub(super) async fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Reads as many bytes as are expected, and compares.
pub(super) async fn expect(stream: &mut TcpStream, expected: &[u8]) {
    let mut bytes = vec![0; expected.len()];
    let read = tokio::time::timeout(DEADLINE, stream.read_exact(&mut bytes)).await;
    let shown = String::from_utf8_lossy(expected);
    read.unwrap_or_else(|_| panic!("waited in vain for {shown:?}")).unwrap_or_else(|_| panic!("it ended: {shown:?}"));
    assert_eq!(bytes, expected, "{:?} instead of {shown:?}", String::from_utf8_lossy(&bytes));
}

/// All that comes until the server hangs up.
pub(super) async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut response = Vec::new();
    let read = async {
        let mut buffer = [0; 4096];
        loop {
            match stream.read(&mut buffer).await.unwrap() {
                0 => break,
                count => response.extend_from_slice(&buffer[..count]),
            }
        }
    };
    tokio::time::timeout(DEADLINE, read).await.expect("the server did not hang up");
    response
}

const REQUEST: &str = "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A raw connection after its handshake.
async fn raw(addr: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\n{REQUEST}").as_bytes()).await.unwrap();
    let mut response = Vec::new();
    while head::end(&response, 0).is_none() {
        response.push(stream.read_u8().await.unwrap());
    }
    assert_eq!(head::Head::new(&response).status(), Some(101));
    assert_eq!(
        head::Head::new(&response).value("sec-websocket-accept"),
        Some(b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".as_slice())
    );
    assert!(head::Head::new(&response).value("sec-websocket-extensions").is_none());
    stream
}

/// The code of the one close frame that answers `frames`.
async fn raw_close(addr: SocketAddr, frames: &[u8]) -> u16 {
    let mut stream = raw(addr, "/echo").await;
    stream.write_all(frames).await.unwrap();
    stream.shutdown().await.unwrap();
    let response = rest(&mut stream).await;
    assert_eq!(response[0], 0x88, "{response:x?}");
    assert_eq!(response.len(), 2 + usize::from(response[1]), "more than one frame: {response:x?}");
    u16::from_be_bytes([response[2], response[3]])
}

#[tokio::test]
async fn echo_sends_back_what_came() {
    let playground = start().await.unwrap();
    let mut client = open(&playground, "/echo?room=1").await;
    let large = Bytes::from((0..5 * 1024 * 1024).map(|i: u32| i.to_le_bytes()[1]).collect::<Vec<_>>());
    for message in
        [Message::text("grün 👩"), Message::binary(vec![0, 255, 10]), Message::text(""), Message::Binary(large)]
    {
        client.send(message.clone()).await.unwrap();
        assert!(next(&mut client).await == message, "another message came back");
    }
}

#[tokio::test]
async fn fragments_come_back_as_one_message_with_the_pong_before_it() {
    let playground = start().await.unwrap();
    let mut client = open(&playground, "/echo").await;
    let fragment =
        |data: &'static str, opcode, last| Message::Frame(Frame::message(data.as_bytes(), OpCode::Data(opcode), last));
    client.send(fragment("one ", Data::Text, false)).await.unwrap();
    client.send(Message::Ping(Bytes::from_static(b"now"))).await.unwrap();
    client.send(fragment("two ", Data::Continue, false)).await.unwrap();
    client.send(fragment("three", Data::Continue, true)).await.unwrap();
    assert_eq!(next(&mut client).await, Message::Pong(Bytes::from_static(b"now")));
    assert_eq!(next(&mut client).await, Message::text("one two three"));
}

#[tokio::test]
async fn commands_make_the_server_act() {
    let playground = start().await.unwrap();
    let mut client = open(&playground, "/echo").await;
    client.send(Message::text("/ping")).await.unwrap();
    assert_eq!(next(&mut client).await, Message::Ping(Bytes::from_static(b"playground")));
    client.send(Message::text("/fragments 3")).await.unwrap();
    assert_eq!(next(&mut client).await, Message::text("fragment 1 of 3, fragment 2 of 3, fragment 3 of 3"));
    client.send(Message::text("/fragments 9999")).await.unwrap();
    assert!(next(&mut client).await.into_text().unwrap().starts_with("write /fragments N"));
    client.send(Message::text("/burst 100000")).await.unwrap();
    for number in 1..=100_000 {
        assert_eq!(next(&mut client).await, Message::text(format!("burst {number} of 100000")));
    }
    client.send(Message::text("/close 4001 as you wish")).await.unwrap();
    assert_eq!(close_of(&mut client).await, (4001, "as you wish".into()));
    assert!(tokio::time::timeout(DEADLINE, client.next()).await.unwrap().is_none(), "more came after the close");
}

#[tokio::test]
async fn three_fragments_are_three_frames() {
    let playground = start().await.unwrap();
    let mut stream = raw(playground.addr(), "/echo").await;
    let mut sent = Vec::new();
    frame::write(Opcode::TEXT, b"/fragments 3", KEY, &mut sent);
    frame::write(Opcode::CLOSE, &1000u16.to_be_bytes(), KEY, &mut sent);
    stream.write_all(&sent).await.unwrap();
    stream.shutdown().await.unwrap();
    let expected = b"\x01\x11fragment 1 of 3, \x00\x11fragment 2 of 3, \x80\x0ffragment 3 of 3\x88\x02\x03\xe8";
    assert_eq!(rest(&mut stream).await, expected);
}

#[tokio::test]
async fn a_close_is_answered_with_its_code_and_reason() {
    let playground = start().await.unwrap();
    for path in ["/echo", "/broadcast"] {
        let mut client = open(&playground, path).await;
        client.send(Message::Close(Some(CloseFrame { code: 4321.into(), reason: "bye".into() }))).await.unwrap();
        assert_eq!(close_of(&mut client).await, (4321, "bye".into()));
        assert!(tokio::time::timeout(DEADLINE, client.next()).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_broadcast_arrives_at_everyone() {
    let playground = start().await.unwrap();
    let mut one = open(&playground, "/broadcast").await;
    let mut two = open(&playground, "/broadcast").await;
    // A page is in the room before it is answered; its pong shows that it is.
    for page in [&mut one, &mut two] {
        page.send(Message::Ping(Bytes::new())).await.unwrap();
        assert_eq!(next(page).await, Message::Pong(Bytes::new()));
    }
    for message in [Message::text("to all"), Message::binary(vec![1, 2, 3])] {
        two.send(message.clone()).await.unwrap();
        assert_eq!(next(&mut one).await, message);
        assert_eq!(next(&mut two).await, message);
    }
    one.close(None).await.unwrap();
    two.send(Message::text("alone")).await.unwrap();
    assert_eq!(next(&mut two).await, Message::text("alone"));
}

#[tokio::test]
async fn a_page_that_sends_faster_than_others_read_loses_nothing() {
    let playground = start().await.unwrap();
    let mut reader = open(&playground, "/broadcast").await;
    reader.send(Message::Ping(Bytes::new())).await.unwrap();
    next(&mut reader).await;
    let (mut sink, stream) = open(&playground, "/broadcast").await.split();
    // The sender reads its own copies and throws them away.
    let drain = tokio::spawn(stream.for_each(|_| std::future::ready(())));
    let sending = async {
        for number in 0..5000 {
            sink.feed(Message::text(number.to_string())).await.unwrap();
        }
        sink.flush().await.unwrap();
    };
    let reading = async {
        for number in 0..5000 {
            assert_eq!(next(&mut reader).await, Message::text(number.to_string()));
        }
    };
    tokio::join!(sending, reading);
    drain.abort();
}

#[tokio::test]
async fn a_page_that_does_not_read_is_closed_with_1013_and_the_others_go_on() {
    let playground = start().await.unwrap();
    // A small receive buffer, so that the test does not depend on how far the system lets it grow.
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    let stream = MaybeTlsStream::Plain(socket.connect(playground.addr()).await.unwrap());
    let (mut slow, _) = client_async(format!("ws://{}/broadcast", playground.addr()), stream).await.unwrap();
    slow.send(Message::Ping(Bytes::new())).await.unwrap();
    next(&mut slow).await;
    let mut live = open(&playground, "/broadcast").await;
    // Far more than its queue and the sockets' buffers hold together.
    for number in 0..60u8 {
        let message = Message::binary(vec![number; 1024 * 1024]);
        live.send(message.clone()).await.unwrap();
        assert!(next(&mut live).await == message, "message {number} did not come back");
    }
    let mut got = 0u8;
    let closed = loop {
        match next(&mut slow).await {
            Message::Binary(bytes) => {
                assert_eq!(bytes[0], got, "out of order");
                got += 1;
            }
            Message::Close(Some(close)) => break close,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(u16::from(closed.code), 1013);
    assert!(got < 60, "the slow page got everything");
}

#[tokio::test]
async fn wrong_frames_end_with_the_code_of_the_rule() {
    let playground = start().await.unwrap();
    let addr = playground.addr();
    let masked = |first: u8, payload: &[u8]| {
        let mut out = Vec::new();
        frame::write(Opcode::new(first), payload, KEY, &mut out);
        out[0] = first;
        out
    };
    assert_eq!(raw_close(addr, b"\x81\x02hi").await, 1002, "unmasked");
    assert_eq!(raw_close(addr, &masked(0xc1, b"hi")).await, 1002, "RSV1");
    assert_eq!(raw_close(addr, &masked(0x83, b"hi")).await, 1002, "opcode 3");
    assert_eq!(raw_close(addr, &masked(0x81, b"\xff\xfe")).await, 1007, "invalid UTF-8");
    assert_eq!(raw_close(addr, &masked(0x88, &1006u16.to_be_bytes())).await, 1002, "close 1006");
    assert_eq!(raw_close(addr, b"\x82\xff\x00\x00\x00\x00\x40\x00\x00\x00\x01\x02\x03\x04").await, 1009, "1 GiB");
    assert_eq!(raw_close(addr, b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04").await, 1002, "2^64 - 1");
}

#[tokio::test]
async fn bad_handshakes_are_refused_in_a_plain_sentence() {
    let playground = start().await.unwrap();
    let plain = exchange(playground.addr(), b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    let plain = String::from_utf8(plain).unwrap();
    assert!(plain.starts_with("HTTP/1.1 426 ") && plain.contains("sec-websocket-version: 13\r\n"), "{plain}");
    for (right, wrong, status) in [
        ("Version: 13", "Version: 8", "426"),
        ("dGhlIHNhbXBsZSBub25jZQ==", "short", "400"),
        ("Connection: Upgrade", "Connection: close", "400"),
        ("Sec-WebSocket-Key", "X-Key", "400"),
    ] {
        let fields = REQUEST.replace(right, wrong).replace("Host: x", "Host: x\r\nConnection: close");
        let response = exchange(playground.addr(), format!("GET /echo HTTP/1.1\r\n{fields}").as_bytes()).await;
        let response = String::from_utf8(response).unwrap();
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{wrong}: {response}");
        assert!(response.contains("content-type: text/plain") && response.ends_with('\n'), "{wrong}: {response}");
    }
}

#[tokio::test]
async fn the_first_subprotocol_is_chosen() {
    let playground = start().await.unwrap();
    let mut request = format!("ws://{}/echo", playground.addr()).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "chat.v2, chat".parse().unwrap());
    let (_, response) = connect_async(request).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "chat.v2");
}

#[tokio::test]
async fn http_has_the_page_the_icon_and_plain_sentences() {
    let playground = start().await.unwrap();
    for (request, status, contains) in [
        ("GET /?path=/echo", "200", "<title>wsproxy playground</title>"),
        ("GET /", "200", "content-security-policy: default-src 'none'; script-src 'nonce-"),
        ("HEAD /", "200", "x-content-type-options: nosniff"),
        ("GET /favicon.ico", "200", "image/svg+xml"),
        ("GET /other", "404", "text/plain"),
        ("POST /", "405", "allow: GET, HEAD"),
    ] {
        let head = format!("{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let response = String::from_utf8(exchange(playground.addr(), head.as_bytes()).await).unwrap();
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {response}");
        assert!(response.contains(contains), "{request}: {response}");
    }
}

#[tokio::test]
async fn dropping_the_handle_ends_the_listener_and_the_connections() {
    let playground = start().await.unwrap();
    let addr = playground.addr();
    let mut stream = raw(addr, "/echo").await;
    drop(playground);
    assert!(rest(&mut stream).await.is_empty());
    let refused = async { while TcpStream::connect(addr).await.is_ok() {} };
    tokio::time::timeout(DEADLINE, refused).await.expect("it still listens");
}

#[tokio::test]
async fn a_page_of_another_site_is_sent_away() {
    let playground = start().await.unwrap();
    for path in ["/echo", "/broadcast"] {
        let request = format!("GET {path} HTTP/1.1\r\nOrigin: https://evil.example\r\n{REQUEST}");
        let mut stream = connect(playground.addr()).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let response = String::from_utf8(rest(&mut stream).await).unwrap();
        assert!(response.starts_with("HTTP/1.1 403 ") && response.contains("pages of this machine"), "{response}");
    }
    let _ = raw(playground.addr(), "/echo").await;
}

#[tokio::test]
async fn a_playground_that_is_full_says_so() {
    let playground = start().await.unwrap();
    let mut there = Vec::new();
    for _ in 0..super::MAX_CONNECTIONS {
        there.push(connect(playground.addr()).await);
    }
    let response = exchange(playground.addr(), format!("GET /echo HTTP/1.1\r\n{REQUEST}").as_bytes()).await;
    let response = String::from_utf8(response).unwrap();
    assert!(response.starts_with("HTTP/1.1 503 ") && response.contains("close some"), "{response}");
}
