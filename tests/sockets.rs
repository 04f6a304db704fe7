//! The engine with real sockets: what one peer does is what the other gets, ends included.

use std::time::Duration;

use fastwebsockets::{FragmentCollector, OpCode, Payload, Role, WebSocket};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
use wsproxy::control::Control as _;
use wsproxy::diagnose;
use wsproxy::record::finding::{FindingKind, Level};
use wsproxy::record::{ClosedBy, ClosedHow, Event, FrameNumber, Origin, PerSide, ProxyEvent, Side};
use wsproxy::relay::injection::{Injection, Refusal, Reply, Wait};
use wsproxy::relay::limits::Limits;
use wsproxy::wire::close::Code;
use wsproxy::wire::opcode::Opcode;

use crate::support::proxy::*;

#[tokio::test]
async fn tungstenite_talks_to_tungstenite_through_it() {
    let (listener, address) = server().await;
    let mut proxy = Proxy::start(address).await;
    let echo = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut server = tokio_tungstenite::accept_async(socket).await.unwrap();
        while let Some(Ok(message)) = server.next().await {
            if message.is_text() || message.is_binary() {
                server.send(message).await.unwrap();
            }
        }
    });
    let url = format!("ws://{}/chat", proxy.address);
    let (mut client, _) = in_time("the handshake", tokio_tungstenite::connect_async(url)).await.unwrap();
    for message in [Message::text("grün 日本"), Message::binary(vec![7; 3_000_000]), Message::text("")] {
        client.send(message.clone()).await.unwrap();
        assert_eq!(in_time("an echo", client.next()).await.unwrap().unwrap(), message);
    }
    client.send(Message::Ping("p".into())).await.unwrap();
    assert!(in_time("a pong", client.next()).await.unwrap().unwrap().is_pong());
    let close = CloseFrame { code: CloseCode::Library(4001), reason: "bye".into() };
    client.close(Some(close)).await.unwrap();
    while let Some(Ok(_)) = in_time("the close", client.next()).await {}
    echo.await.unwrap();
    drop(client);
    let closed = proxy.closed(1).await;
    assert_eq!(
        (closed.by, closed.how, closed.code),
        (ClosedBy::Peer(Side::Client), ClosedHow::CloseFrame, Some(Code::new(4001)))
    );
    assert_eq!(closed.frames, PerSide::new(5, 5));
}

#[tokio::test]
async fn fastwebsockets_talks_to_tungstenite_through_it() {
    let (listener, address) = server().await;
    let proxy = Proxy::start(address).await;
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let head = read_head(&mut socket).await;
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
        let accept = wsproxy::wire::accept::value_for(key.as_bytes());
        let answer = String::from_utf8(ANSWER.to_vec()).unwrap().replace("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", &accept);
        socket.write_all(answer.as_bytes()).await.unwrap();
        let mut server = FragmentCollector::new(WebSocket::after_handshake(socket, Role::Server));
        loop {
            let frame = server.read_frame().await.unwrap();
            match frame.opcode {
                OpCode::Close => return,
                OpCode::Text | OpCode::Binary => {
                    let payload = Payload::Owned(frame.payload.to_vec());
                    let echo = fastwebsockets::Frame::new(true, frame.opcode, None, payload);
                    server.write_frame(echo).await.unwrap();
                }
                _ => {}
            }
        }
    });
    let url = format!("ws://{}/", proxy.address);
    let (mut client, _) = in_time("the handshake", tokio_tungstenite::connect_async(url)).await.unwrap();
    for size in [0, 1, 125, 126, 65535, 65536, 1_000_000] {
        let message = Message::binary(vec![3; size]);
        client.send(message.clone()).await.unwrap();
        assert_eq!(in_time("an echo", client.next()).await.unwrap().unwrap(), message);
    }
}

#[tokio::test]
async fn the_server_sees_its_own_address_and_the_client_the_proxy_s() {
    let (listener, address) = server().await;
    let proxy = Proxy::start(address).await;
    let mut client = connect(proxy.address).await;
    client.write_all(REQUEST).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    let head = read_head(&mut server).await;
    assert_eq!(head, String::from_utf8(REQUEST.to_vec()).unwrap().replace("localhost:9000", &address.to_string()));
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: http://{address}/x\r\n\r\n");
    server.write_all(answer.as_bytes()).await.unwrap();
    drop(server);
    let (bytes, end) = read_to_end(&mut client).await;
    assert_eq!(String::from_utf8(bytes).unwrap(), "HTTP/1.1 302 Found\r\nLocation: http://localhost:9000/x\r\n\r\n");
    end.unwrap();
}

#[tokio::test]
async fn a_rebound_page_reaches_the_server_under_its_own_name() {
    let (listener, address) = server().await;
    let mut proxy = Proxy::start(address).await;
    let named = "Host: rebound.example:9000\r\nOrigin: http://rebound.example:9000";
    let rebound = String::from_utf8(REQUEST.to_vec()).unwrap().replace("Host: localhost:9000", named);
    let mut client = connect(proxy.address).await;
    client.write_all(rebound.as_bytes()).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    assert_eq!(read_head(&mut server).await, rebound);
    let refusal = format!("HTTP/1.1 302 Found\r\nLocation: http://{address}/x\r\n\r\n");
    server.write_all(refusal.as_bytes()).await.unwrap();
    drop(server);
    assert_eq!(String::from_utf8(read_to_end(&mut client).await.0).unwrap(), refusal);
    let find = |event: &Event| match event {
        Event::Finding(Side::Client, finding) if finding.kind == FindingKind::ReqHostForeign => Some(finding.clone()),
        _ => None,
    };
    let finding = proxy.until("the finding", |view| events(view).find_map(find)).await;
    let at = rebound.find("rebound.example").unwrap();
    assert_eq!((finding.at, finding.length), (at as u64, "rebound.example:9000".len() as u64));
    assert!(diagnose::words(finding.kind).fix.contains("--allow-host NAME"));
}

#[tokio::test]
async fn a_rebound_page_s_plain_request_reaches_the_server_under_its_own_name() {
    let (listener, address) = server().await;
    let mut proxy = Proxy::start(address).await;
    let mut client = connect(proxy.address).await;
    let rebound = "POST / HTTP/1.1\r\nHost: rebound.example:9000\r\nOrigin: http://rebound.example:9000\r\n\
                   Content-Length: 0\r\n\r\n";
    client.write_all(rebound.as_bytes()).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    assert_eq!(read_head(&mut server).await, rebound);
    let refusal = format!("HTTP/1.1 403 Forbidden\r\nLocation: http://{address}/\r\nContent-Length: 0\r\n\r\n");
    server.write_all(refusal.as_bytes()).await.unwrap();
    assert_eq!(read(&mut client, refusal.len()).await, refusal.as_bytes());
    let find = |event: &ProxyEvent| match event {
        ProxyEvent::Note(Level::Warning, words) => Some(words.clone()),
        _ => None,
    };
    let note = proxy.until("the warning", |view| proxy_events(view).find_map(find)).await;
    assert!(note.contains("rebound.example") && note.contains("--allow-host NAME"), "{note}");
}

#[tokio::test]
async fn an_unfinished_head_and_an_unfinished_frame_are_passed_on_as_they_come() {
    let (listener, address) = server().await;
    let proxy = Proxy::start(address).await;
    let mut client = connect(proxy.address).await;
    client.write_all(REQUEST).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    read_head(&mut server).await;
    let (head, rest) = ANSWER.split_at(ANSWER.len() - 8);
    for piece in [head, rest, b"\x81", b"\x05H", b"ell", b"o"] {
        server.write_all(piece).await.unwrap();
        assert_eq!(read(&mut client, piece.len()).await, piece);
    }
}

#[tokio::test]
async fn a_reset_stays_a_reset_in_both_directions() {
    for reset_by_client in [true, false] {
        let (listener, address) = server().await;
        let mut proxy = Proxy::start(address).await;
        let (client, server) = open(&proxy, &listener).await;
        let (leaving, mut staying) = if reset_by_client { (client, server) } else { (server, client) };
        leaving.set_zero_linger().unwrap();
        drop(leaving);
        let (_, end) = read_to_end(&mut staying).await;
        assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
        let closed = proxy.closed(1).await;
        let side = if reset_by_client { Side::Client } else { Side::Server };
        assert_eq!((closed.by, closed.how), (ClosedBy::Peer(side), ClosedHow::Reset));
    }
}

#[tokio::test]
async fn a_half_close_leaves_the_other_direction_open() {
    let (listener, address) = server().await;
    let mut proxy = Proxy::start(address).await;
    let (mut client, mut server) = open(&proxy, &listener).await;
    client.shutdown().await.unwrap();
    assert!(read_to_end(&mut server).await.0.is_empty());
    server.write_all(b"\x81\x05after").await.unwrap();
    assert_eq!(read(&mut client, 7).await, b"\x81\x05after");
    drop(server);
    read_to_end(&mut client).await.1.unwrap();
    let closed = proxy.closed(1).await;
    assert_eq!((closed.by, closed.how), (ClosedBy::Peer(Side::Client), ClosedHow::Fin));
}

#[tokio::test]
async fn what_came_before_a_reset_still_arrives() {
    let (listener, address) = server().await;
    let mut proxy = Proxy::start(address).await;
    let (mut client, mut server) = open(&proxy, &listener).await;
    server.write_all(b"\x81\x04last").await.unwrap();
    assert_eq!(read(&mut client, 6).await, b"\x81\x04last");
    server.set_zero_linger().unwrap();
    drop(server);
    assert!(read_to_end(&mut client).await.1.is_err());
    proxy.closed(1).await;
}

#[tokio::test]
async fn an_upstream_that_is_down_is_a_502_that_names_it() {
    let upstream = nobody().await;
    let mut proxy = Proxy::start(upstream).await;
    let mut client = connect(proxy.address).await;
    client.write_all(REQUEST).await.unwrap();
    let (bytes, _) = read_to_end(&mut client).await;
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with("HTTP/1.1 502 ") && text.contains(&upstream.to_string()), "{text}");
    assert_eq!(proxy.closed(1).await.how, ClosedHow::Answered);
    assert_eq!(proxy.view.session(wsproxy::record::SessionId(1)).unwrap().answered.as_ref().unwrap().0, 502);
}

#[tokio::test]
async fn an_upstream_that_never_answers_is_a_504() {
    let (listener, address) = server().await;
    let limits = Limits { response_time: Duration::from_millis(50), ..Limits::default() };
    let mut proxy = Proxy::with(address, limits).await;
    let mut client = connect(proxy.address).await;
    client.write_all(REQUEST).await.unwrap();
    let (mut silent, _) = listener.accept().await.unwrap();
    let text = String::from_utf8(read_to_end(&mut client).await.0).unwrap();
    assert!(text.starts_with("HTTP/1.1 504 ") && text.contains(&address.to_string()), "{text}");
    read_head(&mut silent).await;
    read_to_end(&mut silent).await.1.unwrap();
    drop(client);
    assert_eq!(proxy.closed(1).await.how, ClosedHow::Timeout);
}

#[tokio::test]
async fn an_answer_that_stalls_half_way_is_left_to_the_client() {
    let (listener, address) = server().await;
    let limits = Limits { response_time: Duration::from_millis(50), ..Limits::default() };
    let mut proxy = Proxy::with(address, limits).await;
    let mut client = connect(proxy.address).await;
    client.write_all(REQUEST).await.unwrap();
    let (mut slow, _) = listener.accept().await.unwrap();
    read_head(&mut slow).await;
    let (start, rest) = ANSWER.split_at(20);
    slow.write_all(start).await.unwrap();
    assert_eq!(read(&mut client, 20).await, start);
    // A later client that is told of its own time-out tells that the first one's is over.
    let mut later = connect(proxy.address).await;
    later.write_all(REQUEST).await.unwrap();
    assert!(read_to_end(&mut later).await.0.starts_with(b"HTTP/1.1 504 "));
    slow.write_all(rest).await.unwrap();
    assert_eq!(read(&mut client, rest.len()).await, rest);
    proxy.until("an open session", |view| view.session(id(1))?.open.as_ref().map(drop)).await;
}

#[tokio::test]
async fn bad_openings_are_answered_and_seen() {
    let limits = Limits { head_time: Duration::from_millis(100), head: 4096, ..Limits::default() };
    let mut proxy = Proxy::with(nobody().await, limits).await;
    let openings = [
        (b"\x16\x03\x01\x02\x00\x01".to_vec(), 400),
        (b"\x00\xff\x80garbage".to_vec(), 400),
        (b"hello there\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\nHos t: x\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\nHost: half".to_vec(), 408),
        ([b"GET / HTTP/1.1\r\nX: ", [b'a'; 300_000].as_slice()].concat(), 431),
    ];
    for (index, (bytes, status)) in openings.into_iter().enumerate() {
        let mut client = connect(proxy.address).await;
        let (mut reader, mut writer) = client.split();
        // The proxy may stop reading before all is sent.
        let send = async { drop(writer.write_all(&bytes).await) };
        let mut text = String::new();
        let receive = in_time("an answer", reader.read_to_string(&mut text));
        let ((), received) = tokio::join!(send, receive);
        received.unwrap();
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {text}");
        proxy
            .until("a row for it", |view| {
                let answered = |event: &&ProxyEvent| matches!(event, ProxyEvent::Answered { .. });
                (proxy_events(view).filter(answered).count() > index).then_some(())
            })
            .await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_client_that_leaves_while_the_upstream_is_dialled_ends_the_session() {
    let new = || {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    };
    // A backlog that is full, so that the upstream takes no connection and refuses none.
    let listener = new();
    listener.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    listener.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let filling: Vec<_> = (0..8).map(|_| new()).collect();
    filling.iter().for_each(|socket| drop(socket.connect(&address)));
    let mut proxy = Proxy::start(address.as_socket().unwrap()).await;
    let mut client = connect(proxy.address).await;
    client.write_all(REQUEST).await.unwrap();
    proxy.until("the session", |view| view.session(id(1)).map(drop)).await;
    socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
    let closed = proxy.closed(1).await;
    assert_eq!((closed.by, closed.how), (ClosedBy::Peer(Side::Client), ClosedHow::Reset));
    let session = proxy.view.session(id(1)).unwrap();
    let (_, side, finding) = session.findings.back().unwrap();
    assert_eq!((*side, finding.kind), (Side::Client, FindingKind::PageClosedWhileConnecting));
    assert!(finding.cause.as_deref().unwrap().contains("did not take the connection"), "{finding:?}");
}

#[tokio::test]
async fn a_spare_connection_that_is_never_used_is_closed_and_is_no_problem() {
    let limits = Limits { head_time: Duration::from_millis(100), ..Limits::default() };
    let mut proxy = Proxy::with(nobody().await, limits).await;
    let mut spare = connect(proxy.address).await;
    let mut text = String::new();
    in_time("the end", spare.read_to_string(&mut text)).await.unwrap();
    assert_eq!(text, "", "a browser would take a response for that to its next request");
    proxy
        .until("a note", |view| {
            let is_note = |event: &&ProxyEvent| {
                matches!(event, ProxyEvent::Note(Level::Note, words) if words.contains("a connection was not used for"))
            };
            proxy_events(view).find(is_note).map(drop)
        })
        .await;
    proxy.until("its row", |view| view.problems().is_empty().then_some(())).await;
}

#[tokio::test]
async fn injections_arrive_and_are_seen_like_all_other_frames() {
    let (listener, address) = server().await;
    let mut proxy = Proxy::start(address).await;
    let (mut client, mut server) = open(&proxy, &listener).await;
    let mut reply = proxy.inject(1, Side::Client, Injection::whole(Opcode::TEXT, b"by hand".to_vec()));
    assert_eq!(in_time("a reply", reply.recv()).await, Some(Reply::Sent { frame: Some(FrameNumber::FIRST) }));
    assert_eq!(read(&mut client, 9).await, b"\x81\x07by hand");
    let mut reply = proxy.inject(1, Side::Server, Injection::whole(Opcode::PING, b"?".to_vec()));
    assert_eq!(in_time("a reply", reply.recv()).await, Some(Reply::Sent { frame: Some(FrameNumber::new(2)) }));
    let bytes = read(&mut server, 7).await;
    assert_eq!((bytes[0], bytes[1], bytes[6] ^ bytes[2]), (0x89, 0x81, b'?'));
    proxy.until("both rows", |view| (view.session(id(1))?.frames == PerSide::new(1, 1)).then_some(())).await;
    let frames = proxy.frames(1);
    assert!(frames.iter().all(|(frame, _)| frame.origin == Origin::Injected));
    assert_eq!((frames[0].1.as_slice(), frames[1].1.as_slice()), (&b"by hand"[..], &b"?"[..]));
}

#[tokio::test]
async fn an_injection_into_an_unfinished_message_says_that_it_waits() {
    let (listener, address) = server().await;
    let mut proxy = Proxy::start(address).await;
    let (mut client, mut server) = open(&proxy, &listener).await;
    server.write_all(b"\x01\x01a").await.unwrap();
    read(&mut client, 3).await;
    proxy.until("the fragment", |view| (view.session(id(1))?.frames.server == 1).then_some(())).await;
    let mut reply = proxy.inject(1, Side::Client, Injection::whole(Opcode::TEXT, b"x".to_vec()));
    assert_eq!(in_time("a reply", reply.recv()).await, Some(Reply::Waiting(Wait::Message)));
    server.write_all(b"\x80\x01b").await.unwrap();
    assert_eq!(in_time("a reply", reply.recv()).await, Some(Reply::Sent { frame: Some(FrameNumber::new(3)) }));
    assert_eq!(read(&mut client, 6).await, b"\x80\x01b\x81\x01x");
    let mut reply = proxy.inject(7, Side::Client, Injection::Raw(vec![1]));
    assert_eq!(reply.recv().await, Some(Reply::Refused(Refusal::NoSession)));
}

#[tokio::test]
async fn shutting_down_sends_close_frames_and_ends() {
    let (listener, address) = server().await;
    let mut proxy = Proxy::start(address).await;
    let (mut client, mut server) = open(&proxy, &listener).await;
    proxy.handle.shut_down();
    assert_eq!(read(&mut client, 4).await, b"\x88\x02\x03\xe9");
    let bytes = read(&mut server, 8).await;
    assert_eq!((bytes[0], bytes[1]), (0x88, 0x82));
    client.write_all(b"\x88\x82\0\0\0\0\x03\xe9").await.unwrap();
    server.write_all(b"\x88\x02\x03\xe9").await.unwrap();
    read_to_end(&mut client).await.1.unwrap();
    read_to_end(&mut server).await.1.unwrap();
    let closed = proxy.closed(1).await;
    assert_eq!((closed.by, closed.code), (ClosedBy::Proxy, Some(Code::GOING_AWAY)));
    in_time("the end", proxy.running.finished()).await;
}

#[tokio::test]
async fn a_peer_that_does_not_answer_the_close_does_not_hold_up_the_end() {
    let (listener, address) = server().await;
    let limits = Limits { closing_time: Duration::from_millis(50), ..Limits::default() };
    let proxy = Proxy::with(address, limits).await;
    let _peers = open(&proxy, &listener).await;
    proxy.handle.shut_down();
    in_time("the end", proxy.running.finished()).await;
}

#[tokio::test]
async fn a_reader_that_stops_stops_only_the_lane_that_feeds_it() {
    let (listener, address) = server().await;
    let mut proxy = Proxy::start(address).await;
    let (mut client, mut server) = open(&proxy, &listener).await;
    let (mut server_reader, mut server_writer) = server.split();
    // The server floods a client that does not read, until nothing more goes in.
    let mut header = vec![0x82, 127];
    header.extend_from_slice(&(1u64 << 40).to_be_bytes());
    server_writer.write_all(&header).await.unwrap();
    let flood = vec![0; 1 << 20];
    let stuck = async {
        loop {
            let write = tokio::time::timeout(Duration::from_millis(300), server_writer.write_all(&flood)).await;
            if write.is_err() {
                break;
            }
        }
    };
    in_time("a full pipe", stuck).await;
    client.write_all(b"\x81\x82\0\0\0\0hi").await.unwrap();
    let mut bytes = [0; 8];
    in_time("the other lane", server_reader.read_exact(&mut bytes)).await.unwrap();
    assert_eq!(&bytes, b"\x81\x82\0\0\0\0hi");
    proxy.until("the frame", |view| (view.session(id(1))?.frames.client == 1).then_some(())).await;
}

#[tokio::test]
async fn more_sessions_than_allowed_are_answered_with_503() {
    let (listener, address) = server().await;
    let proxy = Proxy::with(address, Limits { sessions: 1, ..Limits::default() }).await;
    let _first = open(&proxy, &listener).await;
    let mut second = connect(proxy.address).await;
    second.write_all(REQUEST).await.unwrap();
    let text = String::from_utf8(read_to_end(&mut second).await.0).unwrap();
    assert!(text.starts_with("HTTP/1.1 503 ") && text.contains("--max-sessions"), "{text}");
}

#[tokio::test]
async fn idle_connections_beyond_the_limit_are_answered_with_503_and_take_no_session_s_place() {
    let (listener, address) = server().await;
    let proxy = Proxy::with(address, Limits { sessions: 1, ..Limits::default() }).await;
    let mut idle = connect(proxy.address).await;
    idle.write_all(b"GET / HT").await.unwrap();
    let mut second = connect(proxy.address).await;
    let text = String::from_utf8(read_to_end(&mut second).await.0).unwrap();
    assert!(text.starts_with("HTTP/1.1 503 ") && text.contains("--max-sessions"), "{text}");
    idle.shutdown().await.unwrap();
    assert!(read_to_end(&mut idle).await.0.starts_with(b"HTTP/1.1 400 "));
    let _session = open(&proxy, &listener).await;
    let mut third = connect(proxy.address).await;
    third.write_all(REQUEST).await.unwrap();
    assert!(read_to_end(&mut third).await.0.starts_with(b"HTTP/1.1 503 "));
}

#[tokio::test]
async fn what_was_sent_before_the_word_to_quit_is_passed_on() {
    for _ in 0..20 {
        let (listener, address) = server().await;
        let proxy = Proxy::start(address).await;
        let (mut client, mut server) = open(&proxy, &listener).await;
        client.write_all(b"\x81\x82\0\0\0\0hi").await.unwrap();
        server.write_all(b"\x81\x02ho").await.unwrap();
        proxy.handle.shut_down();
        let mut bytes = [0; 10];
        in_time("the frame", server.read_exact(&mut bytes)).await.unwrap();
        assert_eq!(&bytes, b"\x81\x82\0\0\0\0hi\x88\x82");
        in_time("the frame", client.read_exact(&mut bytes[..8])).await.unwrap();
        assert_eq!(&bytes[..8], b"\x81\x02ho\x88\x02\x03\xe9");
    }
}

const fn id(session: u64) -> wsproxy::record::SessionId {
    wsproxy::record::SessionId(session)
}
