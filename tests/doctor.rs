//! `wsproxy doctor` with the real program: good servers, broken ones, and those that are not there.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Output;
use std::sync::Arc;
use std::thread;

use fastwebsockets::{FragmentCollector, OpCode, Role, WebSocket};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use wsproxy::wire::accept;
use wsproxy::wire::challenge;
use wsproxy::wire::head::{self, Head};

use crate::correct_peers::peer;
use crate::support::program::{Program, run};
use crate::support::proxy::server;

const WORKS: &str = "Chrome would open this and talk: nothing found.\n";

fn doctor(address: SocketAddr, flags: &[&str]) -> (i32, String) {
    told(&run(&[&["doctor", &format!("ws://{address}/chat?a=b")], flags].concat()))
}

fn told(output: &Output) -> (i32, String) {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(!text.contains('\u{1b}'), "no colours in a pipe: {text}");
    (output.status.code().unwrap(), text)
}

async fn doctor_beside(address: SocketAddr, flags: &'static [&'static str]) -> (i32, String) {
    tokio::task::spawn_blocking(move || doctor(address, flags)).await.unwrap()
}

/// A server that does as it is told with each connection, once the request's head has come.
fn raw(act: impl Fn(&mut TcpStream, &[u8]) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let act = Arc::new(act);
    thread::spawn(move || {
        for mut socket in listener.incoming().map_while(Result::ok) {
            let act = Arc::clone(&act);
            thread::spawn(move || {
                let mut request = Vec::new();
                while head::end(&request, 0).is_none() {
                    let mut buffer = [0; 4096];
                    match socket.read(&mut buffer) {
                        Ok(count @ 1..) => request.extend_from_slice(&buffer[..count]),
                        _ => return,
                    }
                }
                act(&mut socket, &request);
            });
        }
    });
    address
}

/// The right response to a request.
fn response(request: &[u8]) -> String {
    let key = Head::new(request).value("sec-websocket-key").unwrap_or_default();
    let accept = accept::value_for(key);
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

/// Reads until the peer is gone.
fn drain(socket: &mut TcpStream) {
    let _ = socket.read_to_end(&mut Vec::new());
}

#[tokio::test]
async fn tungstenite_passes_each_check() {
    let (listener, address) = server().await;
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut server = tokio_tungstenite::accept_async(socket).await.unwrap();
        while let Some(Ok(message)) = server.next().await {
            if message.is_text() {
                server.send(message).await.unwrap();
            }
        }
    });
    let (code, text) = doctor_beside(address, &["--send", "grün 日本", "--expect", "grün"]).await;
    assert!(code == 0 && text.ends_with(WORKS), "{text}");
    for line in [
        "  GET /chat?a=b HTTP/1.1\n",
        "  ✓ handshake    101 in ",
        "  ✓ messages     the first after ",
        "  ✓ expect       \"grün\" came\n",
        "  - compression  not agreed to",
        "  ✓ fragments    a text in two frames came back whole\n",
        "  ✓ ping         a pong with the same bytes",
        "  ✓ close        close 1000 was answered with close 1000 after ",
        "  ✓ end          the server closed the connection\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[tokio::test]
async fn fastwebsockets_passes_without_an_echo() {
    let (listener, address) = server().await;
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let request = crate::support::proxy::read_head(&mut socket).await;
        tokio::io::AsyncWriteExt::write_all(&mut socket, response(request.as_bytes()).as_bytes()).await.unwrap();
        let mut server = FragmentCollector::new(WebSocket::after_handshake(socket, Role::Server));
        while server.read_frame().await.is_ok_and(|frame| frame.opcode != OpCode::Close) {}
    });
    let (code, text) = doctor_beside(address, &["--send", "one", "--send", "two", "--for", "1"]).await;
    assert!(code == 0 && text.ends_with(WORKS), "{text}");
    assert!(text.contains("  - messages     none came in 1 s\n"), "{text}");
    assert!(text.contains("  ✓ fragments    a text in two frames was taken without complaint\n"), "{text}");
}

#[test]
fn the_playground_passes_and_json_ends_with_the_report() {
    let mut program = Program::start(&["--json", "--listen", "127.0.0.1:0"]);
    let line: Value = serde_json::from_str(&program.line()).unwrap();
    let url = format!("ws://{}/echo", line["addr"].as_str().unwrap());
    let (code, text) = told(&run(&["doctor", &url, "--send", "hello", "--expect", "hello", "--json", "--dialects"]));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let event = |name: &str| lines.iter().filter(|line| line["event"] == name).count();
    assert_eq!((code, event("head"), event("open"), event("session_closed")), (0, 2, 1, 1), "{text}");
    let report = lines.last().unwrap();
    assert_eq!(
        (&report["event"], &report["ok"], &report["outcome"]),
        (&"doctor".into(), &true.into(), &"works".into())
    );
    assert!(report["timing"]["response"].as_u64().is_some() && report["timing"]["tls"].is_null());
    let spoken = |at: usize| (report["dialects"][at]["dialect"].clone(), report["dialects"][at]["spoken"].clone());
    assert_eq!(spoken(0), ("rfc6455".into(), true.into()));
    assert_eq!(spoken(4), ("hixie-75".into(), false.into()));
}

#[test]
fn broken_handshakes_are_named_as_chrome_does() {
    type Act = fn(&mut TcpStream, &[u8]);
    let cases: [(&str, Act, &[&str]); 5] = [
        (
            "a wrong accept value",
            |socket, _| {
                socket.write_all(response(b"GET / HTTP/1.1\r\n\r\n").as_bytes()).unwrap();
                drain(socket);
            },
            &[
                "Chrome would fail here: Error during WebSocket handshake: Incorrect 'Sec-WebSocket-Accept' header value",
            ],
        ),
        (
            "a body that says why",
            |socket, _| {
                let body = "no such room";
                let length = body.len();
                write!(socket, "HTTP/1.1 404 Not Found\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
            },
            &["Unexpected response code: 404", "and behind it\n  no such room\n", "  ✗ handshake    404 in "],
        ),
        (
            "nothing",
            |_, _| {},
            &[
                "Connection closed before receiving a handshake response",
                "dialects\n",
                "closed the connection without a response",
            ],
        ),
        (
            "no empty line",
            |socket, request| {
                let response = response(request);
                socket.write_all(&response.as_bytes()[..response.len() - 2]).unwrap();
            },
            &["the empty line at its end did not come", "Chrome would fail here: "],
        ),
        (
            "no HTTP at all",
            |socket, _| socket.write_all(b"welcome to the chat\n").unwrap(),
            &["Chrome would fail here: Error during WebSocket handshake: net::ERR_INVALID_HTTP_RESPONSE"],
        ),
    ];
    for (name, act, expected) in cases {
        let (code, text) = doctor(raw(act), &["--timeout", "5"]);
        assert_eq!(code, 1, "{name}: {text}");
        for part in expected {
            assert!(text.contains(part), "{name}: {part}: {text}");
        }
    }
}

#[test]
fn a_wrong_accept_value_comes_with_its_finding_and_the_fix() {
    let address = raw(|socket, request| {
        let response = response(request).replace("Sec-WebSocket-Accept: ", "Sec-WebSocket-Accept: x");
        socket.write_all(response.as_bytes()).unwrap();
        drain(socket);
    });
    let (code, text) = doctor(address, &[]);
    assert_eq!(code, 1);
    assert!(text.contains("\nerror[resp-accept-") && text.contains(" ^^"), "{text}");
    let bottom: Vec<_> = text.lines().rev().take(2).collect();
    assert!(bottom[0].starts_with("help: ") && bottom[1].starts_with("Chrome would fail here: "), "{text}");
}

#[test]
fn what_a_server_leaves_undone_is_told() {
    let silent = raw(|socket, request| {
        socket.write_all(response(request).as_bytes()).unwrap();
        drain(socket);
    });
    let (_, text) = doctor(silent, &["--for", "1", "--timeout", "1"]);
    assert!(text.contains("  ! ping         no pong came\n"), "{text}");
    assert!(text.contains("  ! close        close 1000 was not answered\n"), "{text}");
    let early = raw(|socket, request| socket.write_all(response(request).as_bytes()).unwrap());
    let (code, text) = doctor(early, &[]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("without a close frame"), "{text}");
    let goodbye = raw(|socket, request| {
        socket.write_all(&[response(request).as_bytes(), b"\x88\x05\x03\xe9bye"].concat()).unwrap();
        drain(socket);
    });
    let (_, text) = doctor(goodbye, &["--timeout", "1"]);
    assert!(text.contains("  ✗ close        the server closed by itself: close 1001 \"bye\", "), "{text}");
}

/// A server that sends a message, and that close frame right behind it.
fn closing(close: &'static [u8]) -> SocketAddr {
    raw(move |socket, request| {
        socket.write_all(&[response(request).as_bytes(), b"\x81\x05hello", close].concat()).unwrap();
        drain(socket);
    })
}

#[test]
fn a_server_that_closes_at_once_does_not_work() {
    for (close, words) in [
        (b"\x88\x02\x03\xe8".as_slice(), "close 1000, "),
        (b"\x88\x00", "close without a code, "),
        (b"\x88\x06\x03\xf3boom", "close 1011 \"boom\"."),
        (b"\x88\x02\x11\x31", "close 4401."),
    ] {
        let (code, text) = doctor(closing(close), &["--timeout", "1"]);
        assert_eq!(code, 1, "{text}");
        let sentence = "Chrome would open this, but not all is well: the server closed by itself: ";
        assert!(text.contains(&format!("{sentence}{words}")), "{words}: {text}");
        assert!(text.lines().last().unwrap().starts_with("help: "), "{text}");
    }
    let (code, text) = doctor(closing(b"\x88\x02\x03\xe8"), &["--expect", "hello", "--timeout", "1"]);
    assert_eq!(code, 0, "all that was to come has come: {text}");
}

#[test]
fn a_page_from_elsewhere_is_tried_unless_the_page_s_origin_is_given() {
    let address = raw(|socket, request| {
        let head = Head::new(request);
        let is_own = head.value("origin").is_some_and(|origin| !origin.ends_with(b".invalid"));
        let response = if is_own { response(request) } else { "HTTP/1.1 403 Forbidden\r\n\r\n".to_owned() };
        socket.write_all(response.as_bytes()).unwrap();
        drain(socket);
    });
    let (code, text) = doctor(address, &["--for", "1", "--timeout", "1"]);
    let line =
        "  ! origin       a page from elsewhere (http://other.invalid) gets 403: give your page's with --origin\n";
    assert!(code == 0 && text.contains(line), "{text}");
    let (_, text) = doctor(address, &["--origin", "http://localhost:3000", "--for", "1", "--timeout", "1"]);
    assert!(!text.contains("other.invalid"), "{text}");
    let (code, text) = doctor(address, &["--origin", "http://bad.invalid", "--timeout", "1"]);
    assert!(code == 1 && text.contains("Unexpected response code: 403"), "{text}");
}

#[test]
fn frames_that_chrome_refuses_end_the_talk() {
    let address = raw(|socket, request| {
        // A length of 64 bits with the highest set: no sense can be made of what follows.
        let lost = [b"\x81\x02hi\x82\x7f\xff".as_slice(), &[0; 16]].concat();
        socket.write_all(&[response(request).as_bytes(), &lost].concat()).unwrap();
        drain(socket);
    });
    let (code, text) = doctor(address, &["--timeout", "5"]);
    assert_eq!(code, 1);
    assert!(text.contains("  ✗ frames       Chrome would be gone by now"), "{text}");
    assert!(text.contains("Chrome would fail here: Invalid frame header\nhelp: "), "{text}");
}

#[test]
fn a_message_that_does_not_end_is_told() {
    let address = raw(|socket, request| {
        socket.write_all(&[response(request).as_bytes(), b"\x01\x02hi"].concat()).unwrap();
        drain(socket);
    });
    let (_, text) = doctor(address, &["--for", "1", "--timeout", "1"]);
    assert!(text.contains("  ! messages     a message of the server's is unfinished"), "{text}");
}

#[test]
fn libraries_that_compress_pass() {
    for name in ["server.py", "server.js"] {
        let Some(mut server) = peer(name, &[]) else { continue };
        let url = format!("ws://localhost:{}", server.line().trim());
        let text = "again and again and again";
        let (code, text) = told(&run(&["doctor", &url, "--send", text, "--send", text, "--expect", text]));
        assert!(code == 0 && text.ends_with(WORKS), "{name}: {text}");
        assert!(text.contains("  ✓ compression  permessage-deflate"), "{name}: {text}");
        assert!(text.contains("texts were sent compressed; 2 came so\n"), "{name}: {text}");
    }
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for_longer_than_asked() {
    let (code, text) = doctor(raw(|socket, _| drain(socket)), &["--timeout", "1"]);
    assert_eq!(code, 1);
    assert!(text.contains("\nChrome would wait: in 1 s the server did not finish its response.\n"), "{text}");
}

#[test]
fn an_interrupt_ends_it_with_what_was_seen() {
    let address = raw(|socket, request| {
        socket.write_all(&[response(request).as_bytes(), b"\x81\x02hi"].concat()).unwrap();
        drain(socket);
    });
    let mut program = Program::start(&["doctor", &format!("ws://{address}"), "--json", "--for", "600"]);
    while !program.line().contains("\"frame\"") {}
    program.signal("INT");
    let (rest, status) = program.end();
    assert!(status.code().is_some(), "{status}");
    assert!(rest.lines().last().unwrap().contains("\"event\":\"doctor\""), "{rest}");
}

#[test]
fn a_text_that_does_not_come_is_a_failure() {
    let address = raw(|socket, request| {
        socket.write_all(&[response(request).as_bytes(), b"\x81\x02hi"].concat()).unwrap();
        drain(socket);
    });
    let (code, text) = doctor(address, &["--expect", "hi", "--expect", "ho", "--for", "1", "--timeout", "1"]);
    assert_eq!(code, 1);
    assert!(text.contains("  ✓ expect       \"hi\" came\n  ✗ expect       \"ho\" did not come\n"), "{text}");
    assert!(text.ends_with("Chrome would open this, but not all is well: \"ho\" did not come.\n"), "{text}");
}

#[test]
fn a_server_of_2010_is_found_out() {
    let address = raw(|socket, request| {
        let (head, key3) = request.split_at(head::end(request, 0).unwrap());
        let value = |name| Head::new(head).value(name);
        let (Some(key1), Some(key2)) = (value("sec-websocket-key1"), value("sec-websocket-key2")) else {
            return;
        };
        let mut key3 = key3.to_vec();
        let mut rest = vec![0; 8 - key3.len()];
        socket.read_exact(&mut rest).unwrap();
        key3.append(&mut rest);
        let response = challenge::response(key1, key2, key3.try_into().unwrap()).unwrap();
        let head = "HTTP/1.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Origin: a\r\nSec-WebSocket-Location: b\r\n\r\n";
        socket.write_all(&[head.as_bytes(), &response].concat()).unwrap();
        drain(socket);
    });
    let (code, text) = doctor(address, &["--timeout", "5"]);
    assert_eq!(code, 1);
    assert!(text.contains("  ✓ hixie-76     101 and the right response to the keys\n"), "{text}");
    assert!(text.contains("help: the server speaks hixie-76, which no browser does any more"), "{text}");
}

#[test]
fn where_there_is_no_connection_it_says_what_to_do() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (code, text) = doctor(address, &[]);
    assert_eq!(code, 1);
    assert!(
        text.contains("net::ERR_CONNECTION_REFUSED\nhelp: start the server, or check the port in the URL"),
        "{text}"
    );
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = plain.local_addr().unwrap();
    thread::spawn(move || plain.accept().unwrap().0.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    let (code, text) = told(&run(&["doctor", &format!("wss://{address}"), "--insecure"]));
    assert_eq!(code, 1);
    assert!(text.contains("net::ERR_SSL_PROTOCOL_ERROR\nhelp: use ws:// in place of wss://"), "{text}");
    let wrong = run(&["doctor", "localhost"]);
    assert_eq!(wrong.status.code(), Some(2));
    let sentence = "wsproxy: localhost has no port: write localhost:9999, or ws://localhost for port 80\n";
    assert_eq!(String::from_utf8_lossy(&wrong.stderr), sentence);
}

#[tokio::test]
async fn a_certificate_that_nobody_knows_is_named_and_can_be_taken() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into(), "127.0.0.1".into()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (listener, address) = server().await;
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let Ok(socket) = acceptor.accept(socket).await else { continue };
            let mut server = tokio_tungstenite::accept_async(socket).await.unwrap();
            server.send("hi".into()).await.unwrap();
            while let Some(Ok(_)) = server.next().await {}
        }
    });
    let url = format!("wss://{address}/");
    let visit = async |flags: &[&str]| {
        let line: Vec<String> = ["doctor", &url].iter().chain(flags).map(ToString::to_string).collect();
        let run = move || told(&run(&line.iter().map(String::as_str).collect::<Vec<_>>()));
        tokio::task::spawn_blocking(run).await.unwrap()
    };
    let (code, text) = visit(&[]).await;
    assert!(code == 1 && text.contains("net::ERR_CERT_AUTHORITY_INVALID\nhelp: "), "{text}");
    assert!(text.contains("--ca FILE") && text.contains("--insecure"), "{text}");
    let (code, text) = visit(&["--insecure", "--expect", "hi"]).await;
    assert!(code == 0 && text.contains("  ✓ TLS          TLS 1.3 in "), "{text}");
}
