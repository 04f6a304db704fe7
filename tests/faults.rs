//! Servers with a fault each, before real Chromium: what the page and the console say is the same with wsproxy between
//! as without it, wsproxy predicts it word for word, and under `--policy repair` the message arrives.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::chromium::{Browser, Tab};
use crate::support::program::Program;
use crate::support::proxy::{in_time, read_head, server};

/// What a server does wrong.
struct Fault {
    name: &'static str,
    /// What stands between the accept value and the first frame.
    head_end: &'static [u8],
    /// What it sends, in one write, once the page has spoken.
    frames: &'static [u8],
    /// Whether it ends the connection behind that, without a close frame.
    hangs_up: bool,
    /// The finding.
    finding: &'static str,
    /// Whether the page gets `Hello` under repair.
    repaired: bool,
}

const SOUND: &[u8] = b"\r\n\r\n";

const fn fault(name: &'static str, frames: &'static [u8], finding: &'static str) -> Fault {
    Fault { name, head_end: SOUND, frames, hangs_up: false, finding, repaired: true }
}

const FAULTS: &[Fault] = &[
    // The one that wsproxy was made for: the bytes of the frame are right, and the page gets nothing.
    Fault {
        head_end: b"\n\r\n\r\n",
        ..fault("the accept value ends in a newline", b"\x81\x05Hello", "http-extra-crlf")
    },
    Fault { head_end: b"\r\n\r\n\n", ..fault("a newline behind the head", b"\x81\x05Hello", "http-extra-lf") },
    fault("it masks", b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "frame-server-masked"),
    fault("a reserved bit", b"\xa1\x05Hello", "frame-rsv"),
    fault("a short length in the long form", b"\x81\x7e\x00\x05Hello", "frame-len16-nonminimal"),
    fault("a continuation of nothing", b"\x80\x05Hello", "frame-unexpected-continuation"),
    fault("a ping without FIN", b"\x09\x00\x81\x05Hello", "frame-control-fragmented"),
    fault("a message within a message", b"\x01\x01a\x81\x05Hello", "frame-interleaved"),
    fault("a line break behind the frame", b"\x81\x05Hello\r\n", "frame-trailing-newline"),
    fault("a reserved close code", b"\x81\x05Hello\x88\x02\x03\xed", "close-code-reserved"),
    Fault { repaired: false, ..fault("an unknown opcode", b"\x83\x05Hello", "frame-opcode-reserved-data") },
    Fault { repaired: false, ..fault("text that is none", b"\x81\x05He\xe9lo", "msg-latin1") },
    Fault { hangs_up: true, ..fault("no close frame", b"\x81\x05Hello", "tcp-drop-after-open") },
];

/// Serves connections, each with the fault, until dropped.
async fn serve(listener: TcpListener, fault: &'static Fault) {
    loop {
        let Ok((socket, _)) = listener.accept().await else { return };
        tokio::spawn(misbehave(socket, fault));
    }
}

async fn misbehave(mut socket: TcpStream, fault: &'static Fault) {
    let head = read_head(&mut socket).await;
    let Some(key) = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")) else { return };
    let accept = wsproxy::wire::accept::value_for(key.as_bytes());
    let mut answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n".to_vec();
    answer.extend_from_slice(b"Sec-WebSocket-Accept: ");
    answer.extend_from_slice(accept.as_bytes());
    answer.extend_from_slice(fault.head_end);
    if socket.write_all(&answer).await.is_err() {
        return;
    }
    // The page says `go`, a masked frame of 8 bytes, when it has opened.
    let mut go = [0; 8];
    if socket.read_exact(&mut go).await.is_err() || socket.write_all(fault.frames).await.is_err() {
        return;
    }
    if !fault.hangs_up {
        // Until the browser has had enough.
        let _ = in_time("the browser's end", socket.read_to_end(&mut Vec::new())).await;
    }
}

/// What the page got.
#[derive(Debug, PartialEq)]
struct Seen {
    page: Value,
    words: Option<String>,
}

/// Connects, says `go`, and waits for the end, or for `Hello` where it is to arrive.
async fn visit(tab: &mut Tab, address: &str, until_hello: bool) -> Seen {
    let hello = if until_hello { "if (event.data === 'Hello') done(seen);" } else { "" };
    let script = format!(
        "new Promise(done => {{ const seen = {{opened: false, messages: [], error: false}}; \
         const socket = new WebSocket('ws://{address}/'); \
         socket.onopen = () => {{ seen.opened = true; socket.send('go') }}; \
         socket.onmessage = event => {{ seen.messages.push(event.data); {hello} }}; \
         socket.onerror = () => {{ seen.error = true }}; \
         socket.onclose = event => {{ seen.code = event.code; seen.clean = event.wasClean; done(seen) }} }})"
    );
    let page = tab.eval(&script).await;
    let words = if page["error"] == true {
        let line = tab.console().await;
        Some(line.split_once("failed: ").map_or(line.clone(), |(_, words)| words.to_owned()))
    } else {
        None
    };
    Seen { page, words }
}

/// The program before a server; it ends when dropped.
fn proxy(upstream: SocketAddr, policy: &str) -> (Program, String) {
    let upstream = upstream.to_string();
    let mut program = Program::start(&["--json", "--listen", "0", "--upstream", &upstream, "--policy", policy]);
    let listening: Value = serde_json::from_str(&program.line()).unwrap();
    let address = listening["addr"].as_str().unwrap().to_owned();
    (program, address)
}

/// All events up to the end of the session.
fn events(program: &mut Program) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let event: Value = serde_json::from_str(&program.line()).unwrap();
        let is_end = event["event"] == "session_closed";
        events.push(event);
        if is_end {
            return events;
        }
    }
}

fn of_kind<'a>(events: &'a [Value], kind: &'a str) -> impl DoubleEndedIterator<Item = &'a Value> {
    events.iter().filter(move |event| event["event"] == kind)
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_fails_as_predicted_with_and_without_wsproxy_and_repair_helps() {
    let Some(browser) = Browser::start().await else { return };
    let mut tab = browser.open("about:blank").await;
    for fault in FAULTS {
        let name = fault.name;
        let (listener, upstream) = server().await;
        let serving = tokio::spawn(serve(listener, fault));
        let direct = visit(&mut tab, &upstream.to_string(), false).await;

        let (mut program, address) = proxy(upstream, "faithful");
        let tapped = visit(&mut tab, &address, false).await;
        assert_eq!(tapped, direct, "{name}");
        let events = events(&mut program);
        // The browser's own close frame may come behind the prediction; both have to be right.
        let verdict = of_kind(&events, "verdict").rfind(|event| event["basis"] == "predicted").expect(name);
        assert_eq!(verdict["error_text"].as_str(), direct.words.as_deref(), "{name}: {verdict}");
        assert_eq!(
            (&verdict["close_code"], &verdict["was_clean"]),
            (&direct.page["code"], &direct.page["clean"]),
            "{name}"
        );
        assert_eq!(verdict["outcome"], "fails", "{name}");
        let found: Vec<_> = of_kind(&events, "finding").filter(|event| event["level"] != "note").collect();
        let ids = found.iter().map(|event| event["id"].as_str().unwrap());
        // What the browser says of it itself stands beside.
        let ids: Vec<_> = ids.filter(|id| !id.starts_with("close-from-browser")).collect();
        assert_eq!(ids, [fault.finding], "{name}");

        // A frame that is dropped, or a text that is made another, leaves the session open: there is no end to wait for.
        if fault.repaired {
            let (_program, address) = proxy(upstream, "repair");
            let repaired = visit(&mut tab, &address, true).await;
            let messages = repaired.page["messages"].as_array().unwrap();
            assert_eq!(messages.last(), Some(&"Hello".into()), "{name}: {repaired:?}");
            assert_eq!(repaired.words, None, "{name}");
        }
        serving.abort();
    }
}
