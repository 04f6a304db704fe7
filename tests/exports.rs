//! Exports, as other programs read them: tshark frame by frame, and Chromium's DevTools row by row.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use wsproxy::engine::handle::Handle;
use wsproxy::engine::{self, EngineConfig, Running};
use wsproxy::export::{Format, Printer};
use wsproxy::journal::{Index, Journal};
use wsproxy::record::SessionId;
use wsproxy::wire::{deflate, frame, opcode::Opcode};

use crate::correct_peers::peer;
use crate::support::chromium::Browser;
use crate::support::program::{Program, run};
use crate::support::proxy::{ANSWER, REQUEST, connect, in_time, read, read_head, server};

/// A proxy whose journal can be read from its start.
struct Recorded {
    journal: Arc<Journal>,
    view: Index,
    running: Running,
    rung: tokio::sync::mpsc::Receiver<()>,
}

impl Recorded {
    async fn start(upstream: SocketAddr) -> Self {
        let config = EngineConfig::between("127.0.0.1:0".parse().unwrap(), upstream);
        let journal = Arc::new(Journal::new(512 * 1024 * 1024));
        let running = engine::start(config, Arc::clone(&journal), Handle::default()).await.expect("the engine starts");
        let (ring, rung) = tokio::sync::mpsc::channel(1);
        let subscription = journal.subscribe(move || {
            // A full channel has rung already.
            let _ = ring.try_send(());
        });
        Self { view: Index::new(subscription), journal, running, rung }
    }

    fn address(&self) -> SocketAddr {
        self.running.addresses()[0]
    }

    async fn closed(&mut self, session: u64) {
        loop {
            self.view.sync();
            if self.view.session(SessionId(session)).is_some_and(|summary| summary.closed.is_some()) {
                return;
            }
            in_time("the end of a session", self.rung.recv()).await;
        }
    }

    fn written(&self, format: Format) -> Vec<u8> {
        let (mut printer, mut out, mut blocks) = (Printer::new(format, TimeZone::UTC), Vec::new(), Vec::new());
        self.journal.subscribe(|| ()).read(&mut blocks);
        for block in blocks {
            printer.log(block.session, &block.log, &mut out);
        }
        printer.finish(&self.journal.findings(), &mut out).unwrap();
        out
    }

    fn lines(&self) -> Vec<Value> {
        let lines = self.written(Format::JsonLines);
        lines.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }
}

/// What tshark reads of each frame, in the order of the file: the interface, and the values of `FIELDS` behind it.
fn dissected(pcapng: &[u8]) -> Option<Vec<Vec<String>>> {
    if Command::new("tshark").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        let required = std::env::var("WSPROXY_TEST_PEERS").is_ok_and(|value| value == "required");
        assert!(!required, "WSPROXY_TEST_PEERS=required, but there is no tshark");
        eprintln!("skipped: there is no tshark");
        return None;
    }
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("talk.pcapng");
    std::fs::write(&path, pcapng).unwrap();
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(&path).args(["-Y", "websocket", "-T", "fields", "-E", "separator=/t", "-E", "occurrence=f"]);
    tshark.args(["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]);
    for field in FIELDS {
        tshark.args(["-e", field]);
    }
    let output = tshark.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows = String::from_utf8(output.stdout).unwrap();
    Some(rows.lines().map(|row| row.split('\t').map(str::to_owned).collect()).collect())
}

const FIELDS: [&str; 12] = [
    "frame.interface_name",
    "websocket.fin",
    "websocket.rsv",
    "websocket.opcode",
    "websocket.mask",
    "websocket.masking_key",
    "websocket.payload_length",
    "websocket.payload_length_ext_16",
    "websocket.payload_length_ext_64",
    "tcp.checksum.status",
    "frame.comment",
    "websocket.payload.text",
];

/// What a frame's line and tshark's row should have alike.
fn expected(line: &Value) -> [String; 6] {
    let opcodes = [("continuation", 0), ("text", 1), ("binary", 2), ("close", 8), ("ping", 9), ("pong", 10)];
    let opcodes: HashMap<_, _> = opcodes.into();
    let opcode = line["opcode"].as_str().unwrap();
    let number = opcodes
        .get(opcode)
        .copied()
        .unwrap_or_else(|| i32::from_str_radix(opcode.trim_start_matches("0x"), 16).unwrap());
    [
        u8::from(line["fin"].as_bool().unwrap()).to_string(),
        format!("0x{:02x}", line["rsv"].as_u64().unwrap()),
        number.to_string(),
        u8::from(line["masked"].as_bool().unwrap()).to_string(),
        line["mask_key"].as_str().unwrap_or_default().to_owned(),
        line["length"].to_string(),
    ]
}

fn read_by_tshark(row: &[String]) -> [String; 6] {
    let length = match row[6].as_str() {
        "126" => &row[7],
        "127" => &row[8],
        _ => &row[6],
    };
    [row[1].clone(), row[2].clone(), row[3].clone(), row[4].clone(), row[5].clone(), length.clone()]
}

/// Holds both legs of what tshark reads against the lines of the same run.
fn compare(recorded: &Recorded) {
    let Some(rows) = dissected(&recorded.written(Format::Pcapng)) else { return };
    let frames: Vec<Value> = recorded.lines().into_iter().filter(|line| line["event"] == "frame").collect();
    assert!(!frames.is_empty());
    for leg in ["client", "upstream"] {
        let rows: Vec<_> = rows.iter().filter(|row| row[0] == leg).collect();
        // tshark inflates no fragments, so that it loses the window to which the messages behind refer.
        let mut has_lost_window = HashMap::new();
        for (line, row) in frames.iter().zip(&rows) {
            assert_eq!(read_by_tshark(row), expected(line), "{leg}, frame {}", line["frame"]);
            assert_eq!(row[9], "1", "the checksum is right");
            let text = line["inflated"].as_str().or(line["text"].as_str()).unwrap_or_default();
            let is_plain =
                !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && text.len() < 1000;
            let is_packed = line["rsv"] == 4;
            let from = line["from"].as_str().unwrap();
            if is_packed && line["fin"] == false {
                has_lost_window.insert(from, true);
            }
            let is_read = !is_packed || !has_lost_window.contains_key(from);
            if line["opcode"] == "text" && line["fin"] == true && is_plain && is_read {
                assert_eq!(row.last().unwrap(), text, "{leg}, frame {}", line["frame"]);
            }
        }
        assert_eq!(rows.len(), frames.len(), "frames on the leg {leg}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tshark_reads_each_frame_of_real_libraries_as_it_was() {
    for form in [&["plain"][..], &[]] {
        let Some(mut upstream) = peer("server.py", form) else { return };
        let upstream = SocketAddr::from(([127, 0, 0, 1], upstream.line().trim().parse().unwrap()));
        let mut recorded = Recorded::start(upstream).await;
        let port = recorded.address().port().to_string();
        let Some(mut client) = peer("client.js", &[&[port.as_str()], form].concat()) else { return };
        assert_eq!(client.line(), "done\n");
        recorded.closed(1).await;
        compare(&recorded);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tshark_reads_broken_frames_as_they_were_and_says_what_is_wrong_with_them() {
    let (listener, address) = server().await;
    let mut recorded = Recorded::start(address).await;
    let mut client = connect(recorded.address()).await;
    let request = String::from_utf8(REQUEST.to_vec()).unwrap();
    let request =
        request.replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\nCookie: a=b\r\n\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    let (mut server, _) = in_time("a connection", listener.accept()).await.unwrap();
    read_head(&mut server).await;
    let answer = String::from_utf8(ANSWER.to_vec()).unwrap();
    let answer = answer.replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
    server.write_all(answer.as_bytes()).await.unwrap();
    read(&mut client, answer.len()).await;
    let mut wire = Vec::new();
    let mut put = |first: u8, payload: &[u8], mask: Option<[u8; 4]>| {
        let start = wire.len();
        frame::write(Opcode::new(first), payload, mask, &mut wire);
        wire[start] = first;
    };
    put(0x81, b"plain", None);
    put(0xc1, &deflate::message(b"compressed by a server"), None);
    put(0x81, b"broken \xff text", None);
    put(0x81, b"masked", Some([1, 2, 3, 4]));
    put(0xa1, b"reserved bit", None);
    put(0x83, b"reserved opcode", None);
    put(0x01, b"fragment ", None);
    put(0x89, &[b'p'; 126], None);
    put(0x80, b"end", None);
    put(0x82, &[7; 70_000], None);
    put(0x88, b"\x03", None);
    server.write_all(&wire).await.unwrap();
    read(&mut client, wire.len()).await;
    drop((client, server));
    recorded.closed(1).await;
    compare(&recorded);
    let Some(rows) = dissected(&recorded.written(Format::Pcapng)) else { return };
    let findings: Vec<_> = recorded.lines().into_iter().filter(|line| line["event"] == "finding").collect();
    assert!(findings.len() > 3);
    let comments: String = rows.iter().map(|row| row[10].clone()).collect();
    for id in ["frame-server-masked", "frame-rsv"] {
        assert!(comments.contains(id), "{id} is in {comments}");
    }
    // Each stands at its own frame.
    for row in rows.iter().filter(|row| row[10].contains("frame-server-masked")) {
        assert_eq!(row[4], "1", "{row:?}");
    }
}

/// Asks Chromium's own front end to read an archive.
const IMPORT: &str = "(async text => { const H = await import('devtools://devtools/bundled/models/har/har.js'); \
    const root = new H.HARFormat.HARRoot(JSON.parse(text)); \
    return H.Importer.Importer.requestsFromHARLog(root.log).map(request => ({ url: request.url(), \
    type: request.resourceType().name(), status: request.statusCode, frames: request.frames() })) })";

#[tokio::test(flavor = "multi_thread")]
async fn chromium_s_devtools_say_the_same_of_a_session_as_its_archive_and_read_it() {
    let Some(browser) = Browser::start().await else { return };
    let Some(mut upstream) = peer("server.js", &[]) else { return };
    let upstream = SocketAddr::from(([127, 0, 0, 1], upstream.line().trim().parse().unwrap()));
    let mut recorded = Recorded::start(upstream).await;
    let mut tab = browser.open("about:blank").await;
    tab.watch_network().await;
    let url = format!("ws://localhost:{}/chat?room=1", recorded.address().port());
    let talk = format!(
        "new Promise(done => {{ const socket = new WebSocket('{url}'); let got = 0; \
         socket.onopen = () => {{ socket.send('hello'); socket.send(new Uint8Array([1, 2, 255])); \
         socket.send('ü'.repeat(30000)); socket.send('') }}; \
         socket.onmessage = () => {{ if (++got === 4) socket.close(1000, 'bye') }}; \
         socket.onclose = event => done([event.code, got]) }})"
    );
    assert_eq!(tab.eval(&talk).await, json!([1000, 4]));
    recorded.closed(1).await;
    let text = String::from_utf8(recorded.written(Format::Har)).unwrap();
    let har: Value = serde_json::from_str(&text).unwrap();
    let entry = &har["log"]["entries"][0];
    let events = tab.network_until("Network.webSocketClosed").await;
    let of = |name: &str| {
        let name = format!("Network.webSocket{name}");
        events.iter().filter(move |event| event["method"] == name).map(|event| event["params"].clone())
    };

    assert_eq!(entry["request"]["url"], of("Created").next().unwrap()["url"]);
    let headers = |entry: &Value| -> HashMap<String, Value> {
        let all = entry["headers"].as_array().unwrap();
        all.iter().map(|header| (header["name"].as_str().unwrap().to_owned(), header["value"].clone())).collect()
    };
    let sent = of("WillSendHandshakeRequest").next().unwrap();
    assert_eq!(json!(headers(&entry["request"])), sent["request"]["headers"]);
    let answered = of("HandshakeResponseReceived").next().unwrap()["response"].clone();
    assert_eq!(json!(headers(&entry["response"])), answered["headers"]);
    assert_eq!(entry["response"]["status"], answered["status"]);
    assert_eq!(entry["response"]["statusText"], answered["statusText"]);
    let begun = sent["wallTime"].as_f64().unwrap() - sent["timestamp"].as_f64().unwrap();
    let rows = entry["_webSocketMessages"].as_array().unwrap();
    for (kind, name) in [("send", "FrameSent"), ("receive", "FrameReceived")] {
        let rows: Vec<_> =
            rows.iter().filter(|row| row["type"] == kind && row["opcode"].as_u64().unwrap() < 8).collect();
        let events: Vec<_> = of(name).collect();
        assert_eq!(rows.len(), events.len(), "{kind}");
        for (row, event) in rows.iter().zip(&events) {
            assert_eq!(row["opcode"].as_f64(), event["response"]["opcode"].as_f64(), "{row} {event}");
            assert_eq!(row["data"], event["response"]["payloadData"]);
            let apart = row["time"].as_f64().unwrap() - (begun + event["timestamp"].as_f64().unwrap());
            assert!(apart.abs() < 5.0, "{apart} s");
        }
    }

    let mut front_end = browser.open("devtools://devtools/bundled/devtools_app.html").await;
    let read = front_end.eval(&format!("{IMPORT}({})", json!(text))).await;
    assert_eq!(read[0]["url"], entry["request"]["url"]);
    assert_eq!((&read[0]["type"], &read[0]["status"]), (&json!("websocket"), &json!(101)));
    let frames = read[0]["frames"].as_array().unwrap();
    assert_eq!(frames.len(), rows.len());
    for (frame, row) in frames.iter().zip(rows) {
        assert_eq!((&frame["type"], &frame["text"]), (&row["type"], &row["data"]));
        assert_eq!(frame["opCode"].as_f64(), row["opcode"].as_f64());
        assert_eq!(frame["time"], row["time"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_of_a_failure_has_the_words_of_chromium() {
    let Some(browser) = Browser::start().await else { return };
    let (listener, address) = server().await;
    let mut recorded = Recorded::start(address).await;
    let answers = tokio::spawn(async move {
        let (mut socket, _) = in_time("a connection", listener.accept()).await.unwrap();
        let head = read_head(&mut socket).await;
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
        let accept = wsproxy::wire::accept::value_for(key.as_bytes());
        let answer = String::from_utf8(ANSWER.to_vec()).unwrap().replace("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", &accept);
        let mut wire = answer.into_bytes();
        frame::write(Opcode::TEXT, b"masked", Some([1, 2, 3, 4]), &mut wire);
        socket.write_all(&wire).await.unwrap();
        // The browser ends it.
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut socket, &mut Vec::new()).await;
    });
    let mut tab = browser.open("about:blank").await;
    tab.watch_network().await;
    let port = recorded.address().port();
    let talk =
        format!("new Promise(done => {{ new WebSocket('ws://localhost:{port}/').onclose = e => done(e.code) }})");
    assert_eq!(tab.eval(&talk).await, 1006);
    recorded.closed(1).await;
    answers.await.unwrap();
    let events = tab.network_until("Network.webSocketFrameError").await;
    let error = events.iter().find(|event| event["method"] == "Network.webSocketFrameError").unwrap();
    let har: Value = serde_json::from_slice(&recorded.written(Format::Har)).unwrap();
    let rows = har["log"]["entries"][0]["_webSocketMessages"].as_array().unwrap();
    let words: Vec<_> = rows.iter().filter(|row| row["type"] == "error").map(|row| &row["data"]).collect();
    assert!(words.contains(&&error["params"]["errorMessage"]), "{words:?}");
}

/// A capture of a talk of real libraries, and what `--json` printed meanwhile.
fn captured(place: &std::path::Path) -> Option<(String, String)> {
    let path = place.join("talk.wsproxy").to_str().unwrap().to_owned();
    let mut upstream = peer("server.py", &[])?;
    let upstream = format!("localhost:{}", upstream.line().trim());
    let flags = ["--json", "--listen", "127.0.0.1:0", "--upstream", &upstream, "--capture", &path, "--sessions", "1"];
    let mut program = Program::start(&flags);
    let first = program.line();
    let listening: Value = serde_json::from_str(&first).unwrap();
    let port = listening["addr"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    let mut client = peer("client.js", &[&port])?;
    assert_eq!(client.line(), "done\n");
    let (rest, status) = program.end();
    assert_eq!(status.code(), Some(0));
    Some((path, first + &rest))
}

#[test]
fn a_capture_as_json_lines_is_what_json_printed() {
    let place = tempfile::tempdir().unwrap();
    let Some((path, printed)) = captured(place.path()) else { return };
    let exported = run(&["export", &path, "--to", "jsonl"]);
    assert_eq!((exported.status.code(), String::from_utf8_lossy(&exported.stderr).as_ref()), (Some(0), ""));
    let exported = String::from_utf8(exported.stdout).unwrap();
    for (exported, printed) in exported.lines().zip(printed.lines()) {
        assert_eq!(exported, printed);
    }
    assert_eq!(exported.lines().count(), printed.lines().count());
    // Cut in the middle it gives what is there, and says so.
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let cut = run(&["export", &path, "--to", "jsonl"]);
    assert_eq!(cut.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&cut.stderr).contains("it is cut at byte "), "{cut:?}");
    let cut = String::from_utf8(cut.stdout).unwrap();
    let shorter = cut.lines().zip(printed.lines()).take_while(|(cut, printed)| cut == printed).count();
    assert!(shorter > 10 && shorter + 1 >= cut.lines().count(), "{shorter} of {}", cut.lines().count());
}

#[test]
fn a_capture_is_written_as_each_format_by_its_ending_and_filtered_and_redacted() {
    let place = tempfile::tempdir().unwrap();
    let Some((path, _)) = captured(place.path()) else { return };
    for format in Format::ALL {
        let file = place.path().join(format!("talk.{}", format.name()));
        let output = file.to_str().unwrap();
        let done = run(&["export", &path, "--output", output, "--filter", "from:client", "--redact", "secrets"]);
        assert_eq!((done.status.code(), String::from_utf8_lossy(&done.stderr).as_ref()), (Some(0), ""), "{output}");
        assert!(std::fs::metadata(&file).unwrap().len() > 100, "{output}");
        let again = run(&["export", &path, "--output", output]);
        assert_eq!(again.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&again.stderr).contains("is there already: --overwrite"), "{again:?}");
        assert_eq!(run(&["export", &path, "--output", output, "--overwrite"]).status.code(), Some(0));
    }
    let har: Value = serde_json::from_slice(&std::fs::read(place.path().join("talk.har")).unwrap()).unwrap();
    let rows = har["log"]["entries"][0]["_webSocketMessages"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["type"] == "receive") && rows.len() > 100, "that is all of it");
    for (wrong, words) in [
        (&["export", "/no/such/file", "--to", "har"][..], "can't open /no/such/file"),
        (&["export", file!(), "--to", "har"], "it is no capture of wsproxy's"),
        (&["export", &path], "say what to make of it: --to with one of jsonl, har"),
        (&["export", &path, "--to", "xls"], "--to xls is no format"),
        (&["export", &path, "--to", "har", "--output", "/no/such/place.har"], "can't write /no/such/place.har"),
    ] {
        let output = run(wrong);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(words) && said.lines().count() == 1, "{said}");
    }
}
