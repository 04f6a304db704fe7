//! Clients and servers of the drafts' time, with nothing between them and through the proxy, which must not be noticed.

use std::net::SocketAddr;

use wsproxy::diagnose::words;
use wsproxy::playground;
use wsproxy::record::finding::{FindingKind, Level};
use wsproxy::record::{Event, Side};
use wsproxy::relay::injection::Injection;
use wsproxy::wire::opcode::Opcode;

use crate::support::old_client::{CHALLENGES, Draft, Got, OldClient, Request, hixie_length, hixie_text, hybi_frame};
use crate::support::proxy::{Proxy, events, read_head, server};

/// The playground, and the proxy before it.
async fn stage() -> (playground::Playground, Proxy) {
    let playground = playground::start().await.unwrap();
    let proxy = Proxy::start(playground.addr()).await;
    (playground, proxy)
}

async fn open(address: SocketAddr, request: Request<'_>) -> OldClient {
    OldClient::open(address, request).await.unwrap_or_else(|words| panic!("{request:?}: {words}"))
}

fn text(text: &str) -> Got {
    Got::Text(text.to_owned())
}

#[test]
fn the_client_writes_and_reads_what_the_documents_show() {
    for (bytes, length) in [
        (b"\x00".as_slice(), 0),
        (b"\x05", 5),
        (b"\x7f", 127),
        (b"\x81\x00", 128),
        (b"\x82\x2c", 300),
        (b"\x81\x80\x00", 16384),
    ] {
        assert_eq!(hixie_length(bytes), Some((length, bytes.len())));
    }
    assert_eq!(hixie_length(b"\x81\x80"), None);
    assert!(hixie_length(&[0xff; 100]).unwrap().0 > 1 << 24, "an endless length has an end here");
    assert_eq!(hixie_text("Hello"), b"\x00\x48\x65\x6c\x6c\x6f\xff");
    assert_eq!(hybi_frame(0x81, b"Hello"), b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    assert_eq!(hybi_frame(0x88, &1000u16.to_be_bytes()), b"\x88\x82\x37\xfa\x21\x3d\x34\x12");
    assert_eq!(hybi_frame(0x82, &[0; 256])[..4], *b"\x82\xfe\x01\x00");
    assert_eq!(hybi_frame(0x82, &[0; 65536])[..10], *b"\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00");
}

/// A client, and the server that a test plays to it after the handshake.
async fn pair(draft: Draft, answer: &str) -> (OldClient, tokio::net::TcpStream) {
    use tokio::io::AsyncWriteExt as _;
    let (listener, address) = server().await;
    let host = address.to_string();
    let answer = answer.replace("{host}", &host).into_bytes();
    let serve = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        read_head(&mut socket).await;
        socket.write_all(&answer).await.unwrap();
        socket
    };
    let (client, socket) = tokio::join!(open(address, Request::new(draft, "/")), serve);
    (client, socket)
}

#[tokio::test]
async fn the_client_of_hixie_76_reads_all_kinds_of_frames() {
    use tokio::io::AsyncWriteExt as _;
    let answer = "HTTP/1.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Origin: http://page.example\r\nSec-WebSocket-Location: ws://{host}/\r\n\r\n8jKS'y:G*Co,Wxa-";
    let (mut client, mut socket) = pair(Draft::Hixie76, answer).await;
    socket.write_all(b"\x00Hello\xff\x00\x0a\x00\xff\x80\x05bytes\x7fodd\xff\x81\x05Hello").await.unwrap();
    assert_eq!(client.next().await, text("Hello"));
    assert_eq!(client.next().await, text("\n\0"));
    assert!(matches!(client.next().await, Got::Error(_)), "a frame with a length");
    assert!(matches!(client.next().await, Got::Error(_)), "an unknown kind");
    assert!(matches!(client.next().await, Got::Error(_)), "a frame of RFC 6455");
    socket.write_all(b"\xff\x00").await.unwrap();
    assert_eq!(client.next().await, Got::Close(None));
    socket.write_all(&[0xff; 64]).await.unwrap();
    assert_eq!(client.next().await, Got::Error("frame length overflow"));
}

#[tokio::test]
async fn the_client_of_version_8_reads_all_kinds_of_frames() {
    use tokio::io::AsyncWriteExt as _;
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    let (mut client, mut socket) = pair(Draft::Hybi08, answer).await;
    socket.write_all(b"\x81\x05Hello\x01\x03Hel\x89\x05Hello\x80\x02lo\x82\x7e\x01\x00").await.unwrap();
    assert_eq!(client.next().await, text("Hello"));
    assert_eq!(client.next().await, text("Hello"));
    let pong = crate::support::proxy::read(&mut socket, 11).await;
    assert_eq!(pong, b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    socket.write_all(&[0xff; 256]).await.unwrap();
    assert_eq!(client.next().await, Got::Binary(vec![0xff; 256]));
    socket.write_all(b"\x88\x02\x03\xe8").await.unwrap();
    assert_eq!(client.next().await, Got::Close(Some(1000)));
    drop(socket);
    assert_eq!(client.next().await, Got::End);
}

#[tokio::test]
async fn hixie_75_with_and_without_the_proxy() {
    let (playground, proxy) = stage().await;
    for address in [playground.addr(), proxy.address] {
        let mut client = open(address, Request::new(Draft::Hixie75, "/old/hixie-75")).await;
        for (word, reply) in [("CONNECTED", "Welcome"), ("POKE", "Quit poking me!")] {
            client.send(word).await;
            assert_eq!(client.next().await, text(reply));
        }
        client.close().await;
        assert_eq!(client.next().await, Got::End);
    }
}

#[tokio::test]
async fn hixie_76_with_and_without_the_proxy() {
    let (playground, proxy) = stage().await;
    for address in [playground.addr(), proxy.address] {
        for challenge in 0..CHALLENGES.len() {
            let request = Request { challenge, ..Request::new(Draft::Hixie76, "/old/hixie-76-poke") };
            let mut client = open(address, request).await;
            client.send("POKE").await;
            assert_eq!(client.next().await, text("Quit poking me!"));
        }
    }
}

/// The frames of a session, as a person sees them.
fn seen(proxy: &Proxy, session: u64) -> Vec<(Side, Opcode, String)> {
    let frames = proxy.frames(session).into_iter();
    frames.map(|(frame, text)| (frame.from, frame.header.opcode(), String::from_utf8(text).unwrap())).collect()
}

/// What was found in all sessions, notes apart.
fn found(proxy: &mut Proxy) -> Vec<FindingKind> {
    proxy.view.sync();
    let found = events(&proxy.view).filter_map(|event| match event {
        Event::Finding(_, finding) if words(finding.kind).level > Level::Note => Some(finding.kind),
        _ => None,
    });
    found.collect()
}

fn texts(pairs: &[(Side, &str)]) -> Vec<(Side, Opcode, String)> {
    pairs.iter().map(|(from, text)| (*from, Opcode::TEXT, (*text).to_owned())).collect()
}

#[tokio::test]
async fn hixie_frames_are_seen_as_they_were_meant() {
    let (_playground, mut proxy) = stage().await;
    let mut client = open(proxy.address, Request::new(Draft::Hixie75, "/old/hixie-75")).await;
    client.send("CONNECTED").await;
    assert_eq!(client.next().await, text("Welcome"));
    client.close().await;
    proxy.closed(1).await;
    assert_eq!(seen(&proxy, 1), texts(&[(Side::Client, "CONNECTED"), (Side::Server, "Welcome")]));
    for challenge in 0..CHALLENGES.len() {
        let request = Request { challenge, ..Request::new(Draft::Hixie76, "/old/hixie-76-poke") };
        let mut client = open(proxy.address, request).await;
        client.send("POKE").await;
        assert_eq!(client.next().await, text("Quit poking me!"));
        drop(client);
        let session = challenge as u64 + 2;
        proxy.closed(session).await;
        assert_eq!(seen(&proxy, session), texts(&[(Side::Client, "POKE"), (Side::Server, "Quit poking me!")]));
    }
    assert_eq!(found(&mut proxy), []);
}

#[tokio::test]
async fn an_injection_reaches_a_hixie_client() {
    let (_playground, proxy) = stage().await;
    let mut client = open(proxy.address, Request::new(Draft::Hixie76, "/old/hixie-76-poke")).await;
    let _first = proxy.inject(1, Side::Client, Injection::whole(Opcode::TEXT, b"from wsproxy".to_vec()));
    assert_eq!(client.next().await, text("from wsproxy"));
    let _second = proxy.inject(1, Side::Server, Injection::whole(Opcode::TEXT, b"POKE".to_vec()));
    assert_eq!(client.next().await, text("Quit poking me!"));
    let _third = proxy.inject(1, Side::Client, Injection::whole(Opcode::CLOSE, Vec::new()));
    assert_eq!(client.next().await, Got::Close(None));
}

/// A server of hixie-76 that names a fixed place, answers the challenge in a second segment, and echoes.
#[tokio::test]
async fn a_fixed_location_is_translated_where_it_names_the_upstream() {
    use tokio::io::AsyncWriteExt as _;
    let (listener, address) = server().await;
    let mut proxy = Proxy::start(address).await;
    let serve = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        read_head(&mut socket).await;
        let answer = format!(
            "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
             Sec-Websocket-Origin: http://page.example\r\nSec-Websocket-Location: ws://{address}/\r\n\r\n"
        );
        socket.write_all(answer.as_bytes()).await.unwrap();
        socket.flush().await.unwrap();
        socket.write_all(b"8jKS'y:G*Co,Wxa-").await.unwrap();
        socket.write_all(b"\x00first\xff").await.unwrap();
        socket
    };
    let (mut client, socket) = tokio::join!(open(proxy.address, Request::new(Draft::Hixie76, "/")), serve);
    assert_eq!(client.next().await, text("first"));
    drop(socket);
    assert_eq!(client.next().await, Got::End);
    drop(client);
    proxy.closed(1).await;
    assert_eq!(seen(&proxy, 1), texts(&[(Side::Server, "first")]));
    assert_eq!(found(&mut proxy), []);
}

#[tokio::test]
async fn the_select_loop_names_a_place_that_no_strict_client_came_from() {
    let (playground, _proxy) = stage().await;
    for draft in [Draft::Hixie75, Draft::Hixie76] {
        let refused = OldClient::open(playground.addr(), Request::new(draft, "/old/hixie-76")).await;
        let words = refused.err().unwrap();
        assert!(words.starts_with("location mismatch: ws://127.0.0.1:"), "{words}");
        assert!(words.ends_with(" != ws://localhost:9999/"), "{words}");
    }
}

#[tokio::test]
async fn version_8_with_and_without_the_proxy() {
    let (playground, proxy) = stage().await;
    let long = "x".repeat(65535);
    for address in [playground.addr(), proxy.address] {
        let mut client = open(address, Request::new(Draft::Hybi08, "/old/hybi-08")).await;
        for message in ["Hello", "grün 👩", "", &long] {
            client.send(message).await;
            assert_eq!(client.next().await, text(message));
        }
        let mut one = open(address, Request::new(Draft::Hybi08, "/old/hybi-08-broadcast")).await;
        let mut two = open(address, Request::new(Draft::Hybi08, "/old/hybi-08-broadcast")).await;
        one.send("to both").await;
        assert_eq!((one.next().await, two.next().await), (text("to both"), text("to both")));
    }
}

#[tokio::test]
async fn version_7_with_and_without_the_proxy() {
    let (playground, proxy) = stage().await;
    for address in [playground.addr(), proxy.address] {
        let mut client = open(address, Request::new(Draft::Hybi07, "/old/hybi-07")).await;
        client.send("Hello").await;
        assert_eq!(client.next().await, text("Hello"));
        client.close().await;
        assert_eq!(client.next().await, Got::Close(Some(1000)));
        assert_eq!(client.next().await, Got::End);
        let refused = OldClient::open(address, Request::new(Draft::Hybi08, "/old/hybi-07")).await;
        assert_eq!(refused.err().unwrap(), "Unexpected response code: 400");
    }
}
