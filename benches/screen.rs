//! The screen over a journal of a million frames: how long a key takes to the terminal, what taking frames in costs
//! while they come, and what a frame takes of memory. The terminal is one that takes all bytes and counts them.
//!
//! `cargo bench --bench screen` prints tables; docs/performance.md has them with their circumstances.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "what fails here says so by a panic")]

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use wsproxy::journal::{Index, Journal};
use wsproxy::record::{Event, Log, SessionId, Side, Time};
use wsproxy::relay::session::{Output, Session, SessionConfig};
use wsproxy::relay::translate::AddressRules;
use wsproxy::tui::theme::Theme;
use wsproxy::tui::{Feed, Info, Message, Model, draw};
use wsproxy::wire::frame;
use wsproxy::wire::mask::MaskKey;
use wsproxy::wire::opcode::Opcode;

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];
const SESSIONS: u64 = 16;
/// As the engine hands them over.
const BLOCK: usize = 256 * 1024;
const BUDGET: usize = 2 << 30;
const KEY: MaskKey = [1, 2, 3, 4];
const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

fn main() {
    // Only `cargo bench` passes --bench. With `cargo test --benches` a short run shows that everything still works.
    let short = !std::env::args().any(|argument| argument == "--bench");
    let frames = if short { 20_000 } else { 1_000_000 };
    for (name, block) in [("blocks of 256 KiB", BLOCK), ("a block for each read", 0)] {
        let before = resident();
        let mut traffic = Traffic::new(block);
        traffic.frames(frames);
        traffic.hand_over();
        let stored = resident();
        let mut stage = Stage::new(&traffic.journal, SIZES[0]);
        println!("\n{frames} frames of {SESSIONS} sessions, {name}");
        let each = |bytes: usize| bytes as f64 / frames as f64;
        println!("  first look at all of them    {:9.2} ms", millis(stage.first_look));
        let payload = each(traffic.payload as usize);
        let (journal, index) = (each(stored.saturating_sub(before)), each(resident().saturating_sub(stored)));
        println!(
            "  memory of a frame            {journal:9.1} B, its payload {payload:.1} B, the screen's index {index:.1} B"
        );
        for size in SIZES {
            stage = Stage::new(&traffic.journal, size);
            keys(&mut stage, size);
        }
        if block == BLOCK {
            long_json(&mut traffic, &mut stage);
            flood(traffic, &mut stage, if short { 1 } else { 5 });
        }
    }
    many_sessions(if short { 500 } else { 20_000 });
}

/// Sessions that came and went, and one that goes on.
fn many_sessions(count: u64) {
    let mut traffic = Traffic::new(BLOCK);
    for id in SESSIONS + 1..=count {
        traffic.open(id);
        let (mut session, mut output) = traffic.sessions.pop().expect("the newest");
        session.finish(Time(traffic.now), &mut output);
        traffic.journal.push(Some(SessionId(id)), output.log);
    }
    let mut stage = Stage::new(&traffic.journal, SIZES[1]);
    println!("\n{count} sessions");
    println!("  first look at all of them    {:9.2} ms", millis(stage.first_look));
    println!("  120x40, from the key to the last byte       median       worst   bytes");
    let times = (0..50).map(|_| {
        traffic.frames(1);
        traffic.hand_over();
        let start = Instant::now();
        stage.take_in();
        stage.draw();
        start.elapsed()
    });
    let (median, worst) = spread(times.collect());
    println!("    {:38} {:8.3} ms {:8.3} ms", "a frame comes, and a draw", millis(median), millis(worst));
    stage.report("k: a row up", 50, &[KeyCode::Char('k')]);
    stage.report("]: the next session", 15, &[KeyCode::Char(']')]);
    stage.report("2: sessions", 1, &[KeyCode::Char('2')]);
    stage.report("G: the last session", 1, &[KeyCode::Char('G')]);
    stage.report("k: a session up", 50, &[KeyCode::Char('k')]);
}

/// Keys one by one, each with the draw that it asks for.
fn keys(stage: &mut Stage, (width, height): (u16, u16)) {
    println!("  {width}x{height}, from the key to the last byte       median       worst   bytes");
    stage.report("a draw, following", 100, &[]);
    stage.press(KeyCode::Char('k'));
    stage.report("k: a row up", 200, &[KeyCode::Char('k')]);
    stage.report("j: a row down", 150, &[KeyCode::Char('j')]);
    stage.report("page up", 100, &[KeyCode::PageUp]);
    stage.report("g and G: the first, the last", 50, &[KeyCode::Char('g'), KeyCode::Char('G')]);
    stage.report("]: the next session", 15, &[KeyCode::Char(']')]);
    stage.report("[: the session before", 15, &[KeyCode::Char('[')]);
    for (tab, name) in ["1: frames", "2: sessions", "3: handshake", "4: diagnosis", "5: log"].into_iter().enumerate() {
        let key = KeyCode::Char(char::from(b'1' + tab as u8));
        // From another page each time.
        stage.report_from(name, 20, if tab == 0 { KeyCode::Char('5') } else { KeyCode::Char('1') }, &[key]);
    }
    stage.press(KeyCode::Char('1'));
    stage.report("p twice: freeze and go on", 10, &[KeyCode::Char('p'), KeyCode::Char('p')]);
    stage.report("?, esc: help", 20, &[KeyCode::Char('?'), KeyCode::Esc]);
    stage.report("o twice: fold and unfold", 20, &[KeyCode::Char('o'), KeyCode::Char('o')]);
    stage.report(". twice: heartbeats hidden and shown", 20, &[KeyCode::Char('.'), KeyCode::Char('.')]);
    stage.report("/, a letter, esc: a search begins", 20, &[KeyCode::Char('/'), KeyCode::Char('e'), KeyCode::Esc]);
    for key in [KeyCode::Char('/'), KeyCode::Char('e'), KeyCode::Enter] {
        stage.press(key);
    }
    stage.report("n: the next match, while it searches", 100, &[KeyCode::Char('n')]);
    let compare = [KeyCode::Char('M'), KeyCode::Enter, KeyCode::Char('k'), KeyCode::Char('='), KeyCode::Esc];
    stage.report("M, enter, k, =, esc: compare two rows", 20, &compare);
    stage.report("v, k, y, j: copy two rows as JSON", 20, &['v', 'k', 'y', 'j'].map(KeyCode::Char));
    stage.press(KeyCode::Esc);
    stage.press(KeyCode::Char('G'));
}

/// One frame of 10 MB JSON in detail.
fn long_json(traffic: &mut Traffic, stage: &mut Stage) {
    let member = r#"{"id":12345,"name":"a name","tags":["one","two"],"value":1.5e3},"#;
    let mut json = String::from("[");
    while json.len() < 10_000_000 {
        json.push_str(member);
    }
    json.push_str("null]");
    traffic.frame(0, Side::Server, 0x81, json.as_bytes());
    traffic.hand_over();
    println!("  120x40, a JSON frame of {} MB                 median       worst   bytes", json.len() / 1_000_000);
    stage.press(KeyCode::Char('k'));
    stage.take_in();
    stage.report("open it", 1, &[KeyCode::Char('G')]);
    stage.report("draw it again", 20, &[]);
    stage.press(KeyCode::Enter);
    stage.report("j: a line down", 50, &[KeyCode::Char('j')]);
    stage.report("space: a page down", 50, &[KeyCode::Char(' ')]);
    stage.report("g and G: the first, the last", 20, &[KeyCode::Char('g'), KeyCode::Char('G')]);
    stage.report("x: hex, and back", 10, &[KeyCode::Char('x'), KeyCode::Char('x')]);
    stage.press(KeyCode::Esc);
    compare_long(traffic, stage, &json);
}

/// Two long frames of which much differs, compared in each form.
fn compare_long(traffic: &mut Traffic, stage: &mut Stage, json: &str) {
    let digits: Vec<String> = json.split("12345").map(str::to_owned).collect();
    let other: String = digits.iter().enumerate().map(|(at, part)| format!("{part}{}", at * 7919 % 100_000)).collect();
    let lines = |text: &str| text.replace("},", "},\n").into_bytes();
    stage.press(KeyCode::Char('M'));
    for (name, first, second) in [
        ("=: compare JSON", json.as_bytes().to_vec(), other.as_bytes().to_vec()),
        ("=: compare text", [b"a ", lines(json).as_slice()].concat(), [b"b ", lines(&other).as_slice()].concat()),
        ("=: compare bytes", noise(1, 300_000), noise(2, 310_000)),
    ] {
        let opcode = if name.ends_with("bytes") { 0x82 } else { 0x81 };
        traffic.frame(0, Side::Server, opcode, &first);
        traffic.frame(0, Side::Server, opcode, &second);
        traffic.hand_over();
        stage.take_in();
        "GkM\rj".chars().for_each(|key| stage.press(if key == '\r' { KeyCode::Enter } else { KeyCode::Char(key) }));
        stage.report(name, 1, &[KeyCode::Char('=')]);
        stage.report("n: the next difference", 20, &[KeyCode::Char('n')]);
        stage.report("o: what is the same, and fold it", 4, &[KeyCode::Char('o')]);
        stage.report("x: bytes, and back", 4, &[KeyCode::Char('x')]);
        stage.press(KeyCode::Esc);
    }
}

/// Bytes in no order (xorshift).
fn noise(mut seed: u32, length: usize) -> Vec<u8> {
    let next = |_| {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        seed as u8
    };
    (0..length).map(next).collect()
}

/// 100,000 frames a second come from another thread; the screen draws 30 times a second.
fn flood(mut traffic: Traffic, stage: &mut Stage, seconds: u64) {
    let going = Arc::new(AtomicBool::new(true));
    let flag = Arc::clone(&going);
    let writer = thread::spawn(move || {
        let (start, mut sent) = (Instant::now(), 0);
        while flag.load(Ordering::Relaxed) {
            let due = (start.elapsed().as_micros() / 10) as usize;
            traffic.frames(due - sent);
            sent = due;
            traffic.hand_over();
            thread::sleep(Duration::from_millis(5));
        }
        sent
    });
    let (start, mut busy, mut times) = (Instant::now(), Duration::ZERO, Vec::new());
    stage.press(KeyCode::Char('G'));
    while start.elapsed() < Duration::from_secs(seconds) {
        let tick = Instant::now();
        stage.take_in();
        stage.press(KeyCode::Char('k'));
        times.push(tick.elapsed());
        busy += tick.elapsed();
        thread::sleep(Duration::from_millis(33).saturating_sub(tick.elapsed()));
    }
    going.store(false, Ordering::Relaxed);
    let sent = writer.join().expect("the writer");
    let elapsed = start.elapsed();
    println!("  120x40, {:.0} frames a second, 30 draws a second", sent as f64 / elapsed.as_secs_f64());
    let (median, worst) = spread(times);
    println!("  taking in, a key and a draw  {:9.3} ms median, {:.3} ms worst", millis(median), millis(worst));
    println!("  busy                         {:9.1} % of a core", 100.0 * busy.as_secs_f64() / elapsed.as_secs_f64());
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Median and worst.
fn spread(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    (times[times.len() / 2], times[times.len() - 1])
}

/// Memory of this process in bytes; 0 where the system does not tell.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

/// Sessions that write to a journal as the engine's do.
struct Traffic {
    journal: Arc<Journal>,
    sessions: Vec<(Session, Output)>,
    block: usize,
    now: u64,
    count: usize,
    payload: u64,
}

impl Traffic {
    fn new(block: usize) -> Self {
        let journal = Arc::new(Journal::new(BUDGET));
        let mut traffic = Self { journal, sessions: Vec::new(), block, now: 1 << 50, count: 0, payload: 0 };
        for id in 1..=SESSIONS {
            traffic.open(id);
        }
        traffic
    }

    fn open(&mut self, id: u64) {
        let mut log = Log::default();
        let client = ([127, 0, 0, 1], 50_000 + id as u16).into();
        let path = format!("/room/{id}");
        log.event(Time(self.now), Event::SessionOpened { client, path: path.clone().into() });
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost:9000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let rules = AddressRules::to("localhost:9999");
        let config = SessionConfig { seed: [7; 32], ..SessionConfig::new(rules) };
        let mut output = Output { log, ..Output::default() };
        let mut session = Session::begin(config, Time(self.now), head.as_bytes(), &mut output);
        session.receive(Time(self.now), Side::Server, ANSWER, &mut output);
        self.sessions.push((session, output));
    }

    /// Frames of the usual kinds: prices, orders, chat, pictures, heartbeats, messages in fragments.
    fn frames(&mut self, count: usize) {
        for _ in 0..count {
            let (number, session) = (self.count, self.count % self.sessions.len());
            let price = number * 7 % 1000;
            match number % 20 {
                0 => self.frame(session, Side::Client, 0x82, &[price as u8; 200]),
                1 => self.frame(session, Side::Client, 0x81, format!(r#"{{"order":{number}}}"#).as_bytes()),
                2 => self.frame(session, Side::Server, 0x89, b"beat"),
                3 => self.frame(session, Side::Server, 0x01, "the first part, grün, ".as_bytes()),
                5 => self.frame(session, Side::Server, 0x81, "日本語 and emoji 🦀 in a chat".as_bytes()),
                4 => self.frame(session, Side::Client, 0x8a, b"beat"),
                _ => {
                    let json = format!(r#"{{"symbol":"ABC","price":{price},"at":{},"depth":[1,2,3]}}"#, self.now);
                    self.frame(session, Side::Server, 0x81, json.as_bytes());
                }
            }
        }
    }

    fn frame(&mut self, session: usize, from: Side, first: u8, payload: &[u8]) {
        let mut bytes = Vec::new();
        frame::write(Opcode::new(first), payload, (from == Side::Client).then_some(KEY), &mut bytes);
        bytes[0] = first;
        self.now += 10;
        self.count += 1;
        self.payload += payload.len() as u64;
        let (relay, output) = &mut self.sessions[session];
        relay.receive(Time(self.now), from, &bytes, output);
        if output.log.size() >= self.block {
            self.push(session);
        }
    }

    fn push(&mut self, session: usize) {
        let log = &mut self.sessions[session].1.log;
        let next = Log::default();
        self.journal.push(Some(SessionId(session as u64 + 1)), std::mem::replace(log, next));
    }

    fn hand_over(&mut self) {
        for session in 0..self.sessions.len() {
            if !self.sessions[session].1.log.is_empty() {
                self.push(session);
            }
        }
    }
}

/// The screen, on a terminal that counts bytes.
struct Stage {
    feed: Feed,
    model: Model,
    terminal: Terminal<CrosstermBackend<Counter>>,
    written: Counter,
    now: u64,
    first_look: Duration,
}

#[derive(Clone, Default)]
struct Counter(Arc<AtomicUsize>);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stage {
    fn new(journal: &Arc<Journal>, (width, height): (u16, u16)) -> Self {
        let now = (1 << 50) + 20_000_000;
        let feed = Feed::new(Index::new(journal.subscribe(|| ())));
        let addresses = vec![([127, 0, 0, 1], 9000).into()];
        let info =
            Info { addresses, upstream: "ws://localhost:9999".into(), playground: false, hold_limits: String::new() };
        let model = Model::new(info, Theme::default(), TimeZone::UTC, Time(now));
        let options = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, width, height)) };
        let written = Counter::default();
        let terminal = Terminal::with_options(CrosstermBackend::new(written.clone()), options).expect("a terminal");
        let mut stage = Self { feed, model, terminal, written, now, first_look: Duration::ZERO };
        let start = Instant::now();
        stage.take_in();
        stage.draw();
        stage.first_look = start.elapsed();
        stage
    }

    fn take_in(&mut self) {
        self.now += 33_000;
        self.feed.update(&mut self.model, Message::Time(Time(self.now)));
        self.feed.sync(&mut self.model);
    }

    fn draw(&mut self) {
        let (model, rows) = (&mut self.model, self.feed.shown());
        self.terminal.draw(|frame| draw(model, rows, frame)).expect("a draw");
    }

    /// What the loop does for a key.
    fn press(&mut self, code: KeyCode) {
        self.feed.update(&mut self.model, Message::Time(Time(self.now)));
        self.feed.update(&mut self.model, Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        self.draw();
    }

    fn report(&mut self, name: &str, rounds: usize, keys: &[KeyCode]) {
        self.measure(name, rounds, None, keys);
    }

    fn report_from(&mut self, name: &str, rounds: usize, first: KeyCode, keys: &[KeyCode]) {
        self.measure(name, rounds, Some(first), keys);
    }

    fn measure(&mut self, name: &str, rounds: usize, first: Option<KeyCode>, keys: &[KeyCode]) {
        let (mut times, mut bytes) = (Vec::new(), 0);
        for _ in 0..rounds {
            if let Some(first) = first {
                self.press(first);
            }
            for key in keys.iter().map(Some).chain(keys.is_empty().then_some(None)) {
                let written = self.written.0.load(Ordering::Relaxed);
                let start = Instant::now();
                match key {
                    Some(key) => self.press(*key),
                    None => self.draw(),
                }
                times.push(start.elapsed());
                bytes += self.written.0.load(Ordering::Relaxed) - written;
            }
        }
        let bytes = bytes / times.len();
        let (median, worst) = spread(times);
        println!("    {name:38} {:8.3} ms {:8.3} ms {bytes:7}", millis(median), millis(worst));
    }
}
