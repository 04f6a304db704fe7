//! No false alarm: libraries that do it right raise no error and no warning, whatever they send.

use std::process::Command;

use fastwebsockets::{Frame, OpCode, Payload, Role, WebSocket};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
use wsproxy::diagnose;
use wsproxy::journal::Index;
use wsproxy::record::Event;
use wsproxy::record::finding::Level;

use crate::support::program::Program;
use crate::support::proxy::*;

/// Payload sizes around each border of the length forms.
const SIZES: [usize; 9] = [0, 1, 124, 125, 126, 127, 65_535, 65_536, 300_000];
const TURNS: usize = 100;

/// What was found to be wrong.
fn alarms(view: &Index) -> Vec<String> {
    let found = events(view).filter_map(|event| match event {
        Event::Finding(from, finding) if diagnose::words(finding.kind).level > Level::Note => {
            Some(format!("{} {}: {}", from.name(), finding.kind.id(), finding.detail))
        }
        Event::Verdict(verdict) if verdict.outcome == wsproxy::record::Outcome::Fails => Some(format!("{verdict:?}")),
        _ => None,
    });
    found.collect()
}

fn message(turn: usize) -> Message {
    let size = SIZES[turn % SIZES.len()];
    match turn % 3 {
        0 => Message::binary(vec![turn as u8; size]),
        1 => Message::text("é".repeat(size / 2)),
        _ => Message::text("x".repeat(size)),
    }
}

/// A client that sends a lot, with pings between, and closes with `code`.
async fn talk(address: std::net::SocketAddr, code: u16) {
    let url = format!("ws://{address}/");
    let (mut client, _) = in_time("the handshake", tokio_tungstenite::connect_async(url)).await.unwrap();
    for turn in 0..TURNS {
        client.send(message(turn)).await.unwrap();
        if turn % 10 == 0 {
            client.send(Message::Ping("beat".into())).await.unwrap();
        }
        loop {
            let echo = in_time("an echo", client.next()).await.unwrap().unwrap();
            if !echo.is_pong() && !echo.is_ping() {
                assert_eq!(echo, message(turn));
                break;
            }
        }
    }
    let code = CloseCode::from(code);
    client.close(Some(CloseFrame { code, reason: "genug, für heute".into() })).await.unwrap();
    while let Some(Ok(_)) = in_time("the close", client.next()).await {}
}

#[tokio::test]
async fn tungstenite_and_tungstenite() {
    let (listener, address) = server().await;
    let mut proxy = Proxy::start(address).await;
    let echoes = tokio::spawn(async move {
        for _ in 0..3 {
            let (socket, _) = listener.accept().await.unwrap();
            let mut server = tokio_tungstenite::accept_async(socket).await.unwrap();
            while let Some(Ok(message)) = server.next().await {
                if message.is_text() || message.is_binary() {
                    server.send(Message::Ping("hello".into())).await.unwrap();
                    server.send(message).await.unwrap();
                }
            }
        }
    });
    for (session, code) in [(1, 1000), (2, 1001), (3, 4999)] {
        talk(proxy.address, code).await;
        proxy.closed(session).await;
    }
    echoes.await.unwrap();
    assert_eq!(alarms(&proxy.view), Vec::<String>::new());
}

#[tokio::test]
async fn tungstenite_and_fastwebsockets_in_fragments() {
    let (listener, address) = server().await;
    let mut proxy = Proxy::start(address).await;
    let echo = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let head = read_head(&mut socket).await;
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
        let accept = wsproxy::wire::accept::value_for(key.as_bytes());
        let answer = String::from_utf8(ANSWER.to_vec()).unwrap().replace("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", &accept);
        socket.write_all(answer.as_bytes()).await.unwrap();
        let mut server = WebSocket::after_handshake(socket, Role::Server);
        server.set_max_message_size(1 << 20);
        loop {
            let frame = server.read_frame().await.unwrap();
            match frame.opcode {
                OpCode::Close => return,
                OpCode::Text | OpCode::Binary => {
                    // In two fragments, cut anywhere, with a ping between them.
                    let (one, two) = frame.payload.split_at(frame.payload.len() / 2);
                    let (one, two) = (Payload::Owned(one.to_vec()), Payload::Owned(two.to_vec()));
                    server.write_frame(Frame::new(false, frame.opcode, None, one)).await.unwrap();
                    server.write_frame(Frame::new(true, OpCode::Ping, None, Payload::Owned(vec![1]))).await.unwrap();
                    server.write_frame(Frame::new(true, OpCode::Continuation, None, two)).await.unwrap();
                }
                _ => {}
            }
        }
    });
    talk(proxy.address, 1000).await;
    in_time("the server's end", echo).await.unwrap();
    proxy.closed(1).await;
    assert_eq!(alarms(&proxy.view), Vec::<String>::new());
}

/// A program in another language, or `None` where it can't run here and need not.
pub(crate) fn peer(name: &str, arguments: &[&str]) -> Option<Program> {
    let (interpreter, probe) = match name.rsplit_once('.') {
        Some((_, "py")) => ("python3", ["-c", "import websockets"]),
        _ => ("node", ["-e", "require('ws')"]),
    };
    let command = || {
        let mut command = Command::new(interpreter);
        // Where Debian's packages are.
        command.env("NODE_PATH", "/usr/share/nodejs");
        command
    };
    if !command().args(probe).output().is_ok_and(|output| output.status.success()) {
        let required = std::env::var("WSPROXY_TEST_PEERS").is_ok_and(|value| value == "required");
        assert!(!required, "WSPROXY_TEST_PEERS=required, but {interpreter} can't do {probe:?}");
        eprintln!("skipped: {interpreter} can't do {probe:?}");
        return None;
    }
    let script = format!("{}/tests/peers/{name}", env!("CARGO_MANIFEST_DIR"));
    Some(Program::spawn(command().arg(script).args(arguments)))
}

/// Lets a client of one library talk to a server of another through the program. Gives what it was found to do wrong.
fn through_the_program(server: &str, client: &str, form: &[&str]) -> Option<Vec<Value>> {
    let mut server = peer(server, form)?;
    let upstream = format!("localhost:{}", server.line().trim());
    let mut program = Program::start(&["--json", "--listen", "127.0.0.1:0", "--upstream", &upstream]);
    let listening: Value = serde_json::from_str(&program.line()).unwrap();
    let port = listening["addr"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    let mut client = peer(client, &[&[port.as_str()], form].concat())?;
    assert_eq!(client.line(), "done\n");
    let mut alarms = Vec::new();
    loop {
        let line: Value = serde_json::from_str(&program.line()).unwrap();
        let is_bad = match line["event"].as_str().unwrap() {
            "finding" => line["level"] != "note",
            "verdict" => line["outcome"] == "fails",
            "session_closed" => break,
            _ => false,
        };
        if is_bad {
            alarms.push(line);
        }
    }
    Some(alarms)
}

#[test]
fn websockets_of_python_and_ws_of_node_each_with_each() {
    for server in ["server.py", "server.js"] {
        for client in ["client.py", "client.js"] {
            for form in [&["plain"][..], &[]] {
                let alarms = through_the_program(server, client, form).unwrap_or_default();
                assert_eq!(alarms, Vec::<Value>::new(), "{server} {client} {form:?}");
            }
        }
    }
}
