//! What a peer owes is told by the real program while it is owed, and when it is over.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;

use crate::support::program::Program;

const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://x\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// The next line that is a stall.
fn stall(program: &mut Program) -> Value {
    loop {
        let line: Value = serde_json::from_str(&program.line()).unwrap();
        if line["event"] == "stall" {
            return line;
        }
    }
}

#[test]
fn a_header_that_promises_more_than_comes_is_a_stall_until_the_rest_is_there() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = server.local_addr().unwrap().to_string();
    let mut program = Program::start(&["--json", "--listen", "127.0.0.1:0", "--upstream", &upstream]);
    let listening: Value = serde_json::from_str(&program.line()).unwrap();
    let mut client = TcpStream::connect(listening["addr"].as_str().unwrap()).unwrap();
    client.write_all(REQUEST).unwrap();
    let (mut peer, _) = server.accept().unwrap();
    assert!(peer.read(&mut [0; 2048]).unwrap() > 0);

    let silent = stall(&mut program);
    assert_eq!(
        (&silent["what"], &silent["lane"], &silent["over"]),
        (&"no-response".into(), &"server".into(), &false.into())
    );
    peer.write_all(ANSWER).unwrap();
    peer.write_all(b"\x82\x7e\x27\x10sixteen bytes...").unwrap();
    assert_eq!(stall(&mut program)["over"], true);

    let short = stall(&mut program);
    assert_eq!((&short["what"], &short["frame"], &short["over"]), (&"short-frame".into(), &1.into(), &false.into()));
    assert_eq!(short["finding"], "frame-truncated");
    assert!(short["detail"].as_str().unwrap().ends_with("its header promises 10000 bytes, 16 have come"), "{short}");
    assert!(short["since"].as_str().unwrap() < short["time"].as_str().unwrap());
    peer.write_all(&[0; 10_000 - 16]).unwrap();
    assert_eq!(stall(&mut program)["over"], true);
}
