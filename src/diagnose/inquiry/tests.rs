use std::time::Duration;

use super::*;
use crate::record::SessionId;
use crate::record::finding::FindingKind;

const EXPRESS: &[u8] = b"HTTP/1.1 200 OK\r\nX-Powered-By: Express\r\nContent-Length: 2\r\n\r\nhi";
const VITE: &[u8] = b"HTTP/1.1 200 OK\r\nVary: Origin\r\n\r\n<script type=\"module\" src=\"/@vite/client\"></script>";

fn replies(get: Reply) -> Replies {
    Replies { port: 9999, get, ..Replies::default() }
}

fn cause(replies: &Replies) -> String {
    closed(replies).unwrap_or_default().0.into_owned()
}

#[test]
fn who_answers_a_tls_hello_wants_wss() {
    let (cause, fix) = closed(&Replies { speaks_tls: true, ..replies(Reply::Closed) }).unwrap();
    assert!(cause.contains("speaks TLS on this port"), "{cause}");
    assert!(fix.contains("wss:// in place of ws:// for port 9999"), "{fix}");
}

#[test]
fn another_protocol_is_named_by_its_reply_or_by_its_port() {
    let by_reply = |words, reply| Protocol::of_reply(words, reply);
    let [ping, ssl, connect] = Protocol::FIRST_WORDS;
    assert_eq!(by_reply(ping, b"+PONG\r\n"), Some(Protocol::Redis));
    assert_eq!(by_reply(ping, b"-NOAUTH Authentication required.\r\n"), Some(Protocol::Redis));
    assert_eq!(by_reply(ssl, b"N"), Some(Protocol::PostgreSql));
    assert_eq!(by_reply(connect, b"\x20\x02\0\0"), Some(Protocol::Mqtt));
    assert_eq!(by_reply(ssl, b"HTTP/1.1 400 Bad Request\r\n"), None);
    let redis = Replies { protocol: Some(Protocol::Redis), ..replies(Reply::Closed) };
    assert!(cause(&redis).contains("Redis"));
    let by_port = Replies { port: 1883, ..replies(Reply::Closed) };
    assert!(cause(&by_port).contains("1883 is a well-known port: most likely an MQTT broker"), "{}", cause(&by_port));
    assert!(cause(&replies(Reply::Closed)).contains("another protocol's"));
}

#[test]
fn a_server_that_answers_plain_requests_has_closed_the_upgrade_alone() {
    assert!(cause(&replies(Reply::Bytes(EXPRESS.to_vec()))).contains("destroys the socket"));
    assert!(cause(&replies(Reply::Bytes(VITE.to_vec()))).contains("target of Vite's server.proxy"));
    let other = b"HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\n".to_vec();
    assert!(cause(&replies(Reply::Bytes(other))).contains("gets 404, so the server runs"));
    assert!(cause(&replies(Reply::Unreachable)).contains("process ended"));
    let redis = b"-ERR wrong number of arguments for 'get' command\r\n".to_vec();
    assert!(cause(&replies(Reply::Bytes(redis))).contains("Redis"));
    assert_eq!(closed(&replies(Reply::Silence)), None);
    assert_eq!(closed(&replies(Reply::Bytes(b"\0\x01".to_vec()))), None);
}

#[test]
fn silence_beside_plain_answers_is_an_upgrade_that_nobody_handles() {
    let found = silent(&replies(Reply::Bytes(VITE.to_vec())), Duration::from_secs(3), &[]).unwrap();
    assert_eq!(found.kind, FindingKind::HandshakeUnhandled);
    assert!(found.cause.unwrap().contains("Vite's dev server"));
    let found = silent(&replies(Reply::Bytes(EXPRESS.to_vec())), Duration::from_secs(3), &[]).unwrap();
    assert!(found.cause.unwrap().contains("'upgrade' listeners"));
}

#[test]
fn silence_to_everything_is_a_server_that_hangs_or_has_no_worker_left() {
    let found = silent(&replies(Reply::Silence), Duration::from_secs(3), &[]).unwrap();
    assert_eq!((found.kind, found.cause), (FindingKind::ServerHangs, None));
    let found = silent(&replies(Reply::Silence), Duration::from_secs(3), &[SessionId(1)]).unwrap();
    assert!(found.cause.unwrap().contains("session 1 is open"));
    assert_eq!(silent(&replies(Reply::Closed), Duration::from_secs(3), &[]), None);
}
