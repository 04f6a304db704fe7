//! Captures of real sessions, and what becomes of the files.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, Cursor, Read as _, Seek};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use tokio_tungstenite::tungstenite::Message;
use wsproxy::export::{Format, Printer};

use wsproxy::capture::{About, Reader, Tail, Writer};
use wsproxy::diagnose::examples::{Scene, Step, example};
use wsproxy::record::finding::FindingKind;
use wsproxy::record::{Log, Policy, Record, Seen, SessionId, Side, Time};
use wsproxy::relay::policy::PolicyCell;
use wsproxy::relay::rehearsal;
use wsproxy::relay::session::SessionConfig;
use wsproxy::relay::translate::AddressRules;

use crate::support::document;
use crate::support::program::{Program, command, within_deadline};

/// A session of a scene's, whose reads are the log's, as in the engine.
pub(crate) fn play(scene: &Scene, policy: Policy) -> Log {
    let cell = PolicyCell::default();
    cell.set(policy);
    let config = SessionConfig { policy: cell, ..SessionConfig::new(AddressRules::to("localhost:9999")) };
    rehearsal::play(config, Time(1_700_000_000_000_000), 1000, scene)
}

/// All that a log has, wherever its bytes are.
fn shown(log: &Log) -> Vec<(String, Vec<u8>)> {
    let shown = log.records.iter().map(|record| {
        let mut record = record.clone();
        let span = match &mut record {
            Record::Run(run) => std::mem::take(&mut run.span),
            Record::Frame(frame) => std::mem::take(&mut frame.kept),
            Record::More(more) => std::mem::take(&mut more.kept),
            Record::Sent(sent) => std::mem::take(&mut sent.kept),
            Record::Raw(raw) => std::mem::take(&mut raw.kept),
            Record::Event(..) | Record::Proxy(..) => return (format!("{record:?}"), Vec::new()),
        };
        (format!("{record:?}"), log.span(span).to_vec())
    });
    shown.collect()
}

fn assert_comes_back(log: &Log, what: &str) {
    let about = About { program: "wsproxy".to_owned(), begun: Time(1), part: 1 };
    let mut writer = Writer::new(Vec::new(), 7, &about).unwrap();
    writer.add(Some(SessionId(1)), log).unwrap();
    let file = writer.finish().unwrap();
    let mut reader = Reader::open(Cursor::new(&file)).unwrap();
    assert_eq!(reader.tail(), &Tail::Ended);
    let mut back = Vec::new();
    for entry in reader.entries().to_vec() {
        let loaded = reader.load(&entry).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(loaded.unknown, 0, "{what}");
        back.extend(shown(&loaded.log));
    }
    assert_eq!(back, shown(log), "{what}");
}

#[test]
fn sessions_with_each_finding_come_back_under_each_policy() {
    for kind in FindingKind::ALL {
        let example = example(*kind);
        let Some(scene) = example.scene() else { continue };
        for policy in Policy::ALL {
            assert_comes_back(&play(scene, policy), &format!("{} under {}", kind.id(), policy.name()));
        }
    }
}

/// The lines that scripts get of some logs.
fn json_lines(logs: &[(Option<SessionId>, Log)]) -> String {
    let mut printer = Printer::new(Format::JsonLines, TimeZone::UTC);
    let mut out = Vec::new();
    logs.iter().for_each(|(session, log)| printer.log(*session, log, &mut out));
    printer.finish(&BTreeMap::new(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn logs_of(file: &[u8]) -> Vec<(Option<SessionId>, Log)> {
    let mut reader = Reader::open(Cursor::new(file)).unwrap();
    assert_eq!(reader.tail(), &Tail::Ended);
    let entries = reader.entries().to_vec();
    entries.iter().map(|entry| reader.load(entry).map(|loaded| (loaded.session, loaded.log)).unwrap()).collect()
}

#[test]
fn a_capture_says_to_scripts_what_the_run_said_however_it_was_written() {
    for kind in FindingKind::ALL {
        let example = example(*kind);
        let Some(scene) = example.scene() else { continue };
        for policy in Policy::ALL {
            let what = format!("{} under {}", kind.id(), policy.name());
            let logs = [(Some(SessionId(1)), play(scene, policy))];
            let live = json_lines(&logs);
            let about = About { program: "wsproxy".to_owned(), begun: Time(1), part: 1 };
            let mut writer = Writer::new(Vec::new(), 7, &about).unwrap();
            writer.add(logs[0].0, &logs[0].1).unwrap();
            assert_eq!(json_lines(&logs_of(&writer.finish().unwrap())), live, "{what}");
            let mut printer = Printer::new(Format::Capture, TimeZone::UTC);
            let mut file = Vec::new();
            printer.log(logs[0].0, &logs[0].1, &mut file);
            printer.finish(&BTreeMap::new(), &mut file).unwrap();
            assert_eq!(json_lines(&logs_of(&file)), live, "{what}, frame by frame");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_peers_send_comes_back(
        reads in proptest::collection::vec((any::<bool>(), frames()), 0..30),
        policy in 0usize..3,
    ) {
        let Some(scene) = example(FindingKind::FrameRsv).scene().cloned() else { panic!("it has one") };
        let response = scene.steps.first().cloned().into_iter();
        let side = |is_client| if is_client { Side::Client } else { Side::Server };
        let steps = response.chain(reads.into_iter().map(|(from, read)| Step::Read(side(from), read))).collect();
        assert_comes_back(&play(&Scene { steps, ..scene }, Policy::ALL[policy]), "peers");
    }
}

/// Mostly frames as they have to be, cut anywhere, some others, and bytes that are none.
fn frames() -> impl Strategy<Value = Vec<u8>> {
    use wsproxy::wire::frame;
    use wsproxy::wire::opcode::Opcode;
    let payload = proptest::collection::vec(any::<u8>(), 0..300);
    let frame = (0u8..16, payload, proptest::option::of(any::<[u8; 4]>()), any::<u8>(), 0usize..40).prop_map(
        |(opcode, payload, key, first, cut)| {
            let mut bytes = Vec::new();
            frame::write(Opcode::new(opcode), &payload, key, &mut bytes);
            if first < 20 {
                bytes[0] = first;
            }
            let end = if cut == 0 { bytes.len() / 2 } else { bytes.len() };
            bytes.truncate(end);
            bytes
        },
    );
    let text = ("[a-z]{0,200}", any::<[u8; 4]>()).prop_map(|(text, key)| {
        let mut bytes = Vec::new();
        frame::write(Opcode::TEXT, text.as_bytes(), Some(key), &mut bytes);
        bytes
    });
    proptest::collection::vec(prop_oneof![3 => text, 1 => frame], 1..6).prop_map(|frames| frames.concat())
}

/// The client's numbered messages in a capture, in order, and how it ends.
fn messages(source: impl std::io::Read + Seek) -> (Vec<u64>, Tail) {
    let mut reader = Reader::open(source).unwrap();
    assert_eq!(reader.skipped(), None);
    let mut numbers = Vec::new();
    for entry in reader.entries().to_vec() {
        let loaded = reader.load(&entry).unwrap();
        for seen in loaded.log.all() {
            let Seen::Frame(frame) = seen else { continue };
            let mut payload = loaded.log.span(frame.kept).to_vec();
            let Some(key) = frame.header.mask.filter(|_| frame.header.opcode().value() == 1) else { continue };
            wsproxy::wire::mask::apply(key, 0, &mut payload);
            let text = String::from_utf8(payload).unwrap();
            numbers.push(text.split(':').next().unwrap().parse().unwrap());
        }
    }
    (numbers, reader.tail().clone())
}

/// wsproxy in front of its playground, with a client that sends one numbered message after the other and has each echoed.
struct Traffic {
    program: Program,
    echoed: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    client: Option<tokio::task::JoinHandle<()>>,
}

impl Traffic {
    async fn start(flags: &[&str], padding: usize) -> Self {
        let mut program = Program::spawn(
            command(&[&["--listen", "127.0.0.1:0", "--headless"], flags].concat()).stderr(Stdio::null()),
        );
        let line = program.line();
        let port = line.split("127.0.0.1:").nth(1).and_then(|rest| rest.split([' ', ',']).next()).unwrap().to_owned();
        let (client, _) = tokio_tungstenite::connect_async(format!("ws://127.0.0.1:{port}/echo")).await.unwrap();
        let (echoed, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, end) = (Arc::clone(&echoed), Arc::clone(&stop));
        let client = tokio::spawn(async move {
            let (mut send, mut receive) = client.split();
            let mut number = 0;
            while !end.load(Ordering::SeqCst) {
                // A few at a time, so that runs and single frames both come.
                for _ in 0..number % 7 + 1 {
                    let message = Message::text(format!("{number}:{}", "x".repeat(padding)));
                    if send.send(message).await.is_err() {
                        return;
                    }
                    number += 1;
                }
                // A peer with something else to do: what was captured is read again and again.
                tokio::time::sleep(Duration::from_millis(3)).await;
                while count.load(Ordering::SeqCst) < number {
                    match receive.next().await {
                        Some(Ok(Message::Text(_))) => _ = count.fetch_add(1, Ordering::SeqCst),
                        _ => return,
                    }
                }
            }
        });
        // Nobody reads the lines; they must not stop anything.
        Self { program, echoed, stop, client: Some(client) }
    }

    fn echoed(&self) -> u64 {
        self.echoed.load(Ordering::SeqCst)
    }

    async fn end(mut self, signal: &str) {
        self.program.signal(signal);
        self.stop.store(true, Ordering::SeqCst);
        if let Some(client) = self.client.take() {
            client.await.unwrap();
        }
        let program = self.program;
        tokio::task::spawn_blocking(move || program.end()).await.unwrap();
    }
}

/// Waits for a condition.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A moment that nobody chose.
async fn moment(round: u64) {
    tokio::time::sleep(Duration::from_micros(round.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 15_000)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_each_moment_a_capture_has_all_that_was_written_and_opens() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("talk.wscap");
    let traffic = Traffic::start(&["--history", "64k", "--capture", path.to_str().unwrap()], 50).await;
    let mut least = 0;
    for round in 0..200 {
        moment(round).await;
        // What a kill at this moment would leave behind: what the system has.
        let (numbers, tail) = messages(Cursor::new(fs::read(&path).unwrap()));
        assert!(numbers.iter().copied().eq(0..numbers.len() as u64), "nothing is missing in between");
        assert!(numbers.len() >= least, "what was there is there");
        assert!(matches!(tail, Tail::Open | Tail::Cut { .. }), "{tail}");
        least = numbers.len();
    }
    until("nothing was written", || !messages(BufReader::new(File::open(&path).unwrap())).0.is_empty()).await;
    let echoed = traffic.echoed();
    traffic.end("TERM").await;
    let (numbers, tail) = messages(BufReader::new(File::open(&path).unwrap()));
    assert!(numbers.len() as u64 >= echoed && tail == Tail::Ended, "{} of {echoed}, {tail}", numbers.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_costs_no_more_than_what_was_not_written() {
    for round in 0..8 {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("talk.wscap");
        let traffic = Traffic::start(&["--capture", path.to_str().unwrap()], 100).await;
        let echoed = traffic.echoed();
        let count = || messages(BufReader::new(File::open(&path).unwrap())).0.len() as u64;
        // The recorder writes by the clock, and no more than half a second late.
        until("what was echoed is not written", || count() > echoed).await;
        moment(round).await;
        let before = count();
        traffic.end("KILL").await;
        let (numbers, tail) = messages(BufReader::new(File::open(&path).unwrap()));
        assert!(numbers.len() as u64 >= before && numbers.iter().copied().eq(0..numbers.len() as u64));
        assert!(matches!(tail, Tail::Open | Tail::Cut { .. }), "{tail}");
    }
}

/// A small file system in memory, where this user may have one; gone when dropped.
struct Small(tempfile::TempDir);

impl Small {
    fn mount(size: &str) -> Option<Self> {
        let place = tempfile::tempdir().ok()?;
        let options = format!("size={size}");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(place.path()).stderr(Stdio::null());
        mount.status().ok()?.success().then_some(Self(place))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_ends_the_capture_with_a_word_and_the_relay_goes_on() {
    let Some(place) = Small::mount("1m") else {
        eprintln!("skipped: no file system can be mounted");
        return;
    };
    let path = place.0.path().join("talk.wscap");
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut program = command(&["--listen", "127.0.0.1:0", "--headless", "--capture", path.to_str().unwrap()]);
    let mut program = Program::spawn(program.stderr(log.reopen().unwrap()));
    let line = program.line();
    let port = line.split("127.0.0.1:").nth(1).and_then(|rest| rest.split([' ', ',']).next()).unwrap().to_owned();
    let (mut client, _) = tokio_tungstenite::connect_async(format!("ws://127.0.0.1:{port}/echo")).await.unwrap();
    let said = || fs::read_to_string(log.path()).unwrap();
    let mut number = 0;
    let mut echo = async || {
        client.send(Message::text(format!("{number}:{}", "x".repeat(1000)))).await.unwrap();
        client.next().await.unwrap().unwrap();
        number += 1;
    };
    let begun = Instant::now();
    while !said().contains("the disk is full") {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is said: {}", said());
        echo().await;
    }
    for _ in 0..100 {
        echo().await;
    }
    program.signal("TERM");
    let (_, status) = within_deadline(move || program.end());
    assert_eq!(status.code(), Some(0));
    assert!(said().contains("the relay goes on") && said().contains("not all that was seen"), "{}", said());
    let (numbers, tail) = messages(BufReader::new(File::open(&path).unwrap()));
    assert!(numbers.len() > 50 && numbers.iter().copied().eq(0..numbers.len() as u64), "{}", numbers.len());
    assert!(matches!(tail, Tail::Open | Tail::Cut { .. }), "{tail}");
}

#[test]
fn a_file_that_is_there_is_refused_in_a_sentence_unless_it_may_be_written_over() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "mine").unwrap();
    let path = file.path().to_str().unwrap();
    let output = command(&["--listen", "127.0.0.1:0", "--headless", "--capture", path]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("is there already") && said.contains("--capture-overwrite"), "{said}");
    assert_eq!(fs::read(file.path()).unwrap(), b"mine");
    let flags = ["--listen", "127.0.0.1:0", "--headless", "--capture", path, "--capture-overwrite"];
    let mut program = Program::start(&flags);
    program.line();
    program.signal("TERM");
    program.end();
    let mut start = [0; 4];
    File::open(file.path()).unwrap().read_exact(&mut start).unwrap();
    assert_eq!(&start, b"\x89WSP");
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
}

/// The files of the last runs under a state directory.
fn autosaves(state: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(state.join("wsproxy/captures"));
    entries.map(|entries| entries.map(|entry| entry.unwrap().path()).collect()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_screen_showed_is_there_after_its_terminal_was_closed() {
    use crate::support::terminal::Terminal;
    for (flags, is_kept) in [(&[][..], true), (&["--no-autosave"], false)] {
        let state = tempfile::tempdir().unwrap();
        let environment = [("XDG_STATE_HOME", state.path().to_str().unwrap())];
        let mut terminal = Terminal::start_with(&[&["--listen", "0"], flags].concat(), &environment, 30, 100);
        let welcome = "No WebSocket has come yet";
        let says = |screen: &str| screen.contains(welcome).then(|| screen.contains("--no-autosave keeps nothing"));
        assert_eq!(terminal.until(welcome, says), is_kept);
        let url = format!("ws://localhost:{}/echo", terminal.port());
        let (mut client, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        client.send(Message::text("0:hello")).await.unwrap();
        client.next().await.unwrap().unwrap();
        terminal.close(|_| ());
        assert_eq!(terminal.wait_unread(), 0);
        let files = autosaves(state.path());
        assert_eq!(files.len(), usize::from(is_kept));
        for file in files {
            let (numbers, tail) = messages(BufReader::new(File::open(&file).unwrap()));
            assert_eq!((numbers, tail), (vec![0], Tail::Ended));
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
        }
    }
}

#[test]
fn the_document_s_hexdump_is_what_a_writer_writes() {
    use wsproxy::capture::Mark;
    use wsproxy::record::{Event, FrameNumber, RunRecord, Span};
    use wsproxy::wire::opcode::Opcode;
    let at = |millis: u64| Time(1_767_323_045_000_000 + millis * 1000);
    let mut log = Log::default();
    let client = std::net::SocketAddr::from(([127, 0, 0, 1], 50_412));
    log.event(at(0), Event::SessionOpened { client, path: b"/chat".to_vec() });
    let run = RunRecord {
        time: at(5),
        first: FrameNumber::FIRST,
        span: Span::default(),
        count: 1,
        payload: 5,
        from: Side::Server,
        last: Opcode::TEXT,
    };
    log.run(run, b"\x81\x05Hello");
    let about = About { program: "wsproxy 0.1.0".to_owned(), begun: at(0), part: 1 };
    let mut writer = Writer::new(Vec::new(), 0x1122_3344_5566_7788, &about).unwrap();
    writer.add(Some(SessionId(1)), &log).unwrap();
    writer.mark(Mark { block: 0, thing: 1 }).unwrap();
    let file = writer.finish().unwrap();
    document::check_section("docs/capture.md", "hexdump", &format!("```text\n{}```", hexdump(&file)));
}

/// The bytes of a capture, part by part.
fn hexdump(file: &[u8]) -> String {
    const KINDS: [&str; 6] = ["", "about", "block", "mark", "index", "end"];
    let mut out = String::new();
    let mut part = |title: &str, from: usize, to: usize| {
        out.push_str(&format!("{title}\n"));
        for (row, bytes) in file[from..to].chunks(16).enumerate() {
            let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
            let text: String = bytes.iter().map(|byte| wsproxy::text::ascii(*byte)).collect();
            out.push_str(&format!("  {:04x}  {hex:47}  {text}\n", from + row * 16));
        }
    };
    part("file header", 0, 24);
    let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let mut at = 24;
    while at < file.len() {
        let (front, rest, kind) = (number(at + 4), number(at + 8), KINDS[usize::from(file[at])]);
        part(&format!("{kind}: header"), at, at + 24);
        part(&format!("{kind}: first part"), at + 24, at + 24 + front);
        if rest > 0 {
            part(&format!("{kind}: second part"), at + 24 + front, at + 24 + front + rest);
        }
        at += 24 + front + rest;
    }
    out
}
