//! A day in a capture: fifty million frames, written by the real writer, opened on the screen, looked at here and there.
//!
//! `cargo bench --bench captures` prints figures; docs/performance.md has them with their circumstances. It needs some 5 GB in
//! the folder for temporary files. With `-- --keep FILE` the capture stays there.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "what fails here says so by a panic")]

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use wsproxy::archive::Capture;
use wsproxy::capture::{About, Writer};
use wsproxy::journal::{Index, Scope};
use wsproxy::record::{Event, Log, SessionId, Side, Time};
use wsproxy::relay::session::{Output, Session, SessionConfig};
use wsproxy::relay::translate::AddressRules;
use wsproxy::tui::theme::Theme;
use wsproxy::tui::{Feed, Info, Message, Model, draw};
use wsproxy::wire::frame;
use wsproxy::wire::opcode::Opcode;

/// Sessions that are open at a time, and frames after which each makes room for another one.
const OPEN: usize = 40;
const EACH: u64 = 25_000;
/// Frames of a read, and bytes after which a session hands over what it has.
const READ: u64 = 8;
const BLOCK: usize = 64 * 1024;
const DAY: u64 = 24 * 60 * 60 * 1_000_000;
const BEGUN: u64 = 1 << 50;
const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let short = !arguments.iter().any(|argument| argument == "--bench");
    let kept = arguments.iter().position(|argument| argument == "--keep").and_then(|at| arguments.get(at + 1));
    let path = kept.map_or_else(|| std::env::temp_dir().join("wsproxy-bench.wscap"), PathBuf::from);
    let frames = if short { 100_000 } else { 50_000_000 };
    if kept.is_none_or(|_| !path.exists()) {
        write(&path, frames);
    }
    let before = resident();
    let (mut screen, first) = Screen::open(&path);
    println!("  until the first screen       {:9.1} ms", millis(first));
    let start = Instant::now();
    while screen.feed.sync(&mut screen.model) || start.elapsed() < Duration::from_secs(if short { 1 } else { 10 }) {
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("  its index in memory          {:9.1} MB", (resident() - before) as f64 / 1e6);
    let index = screen.feed.shown();
    println!("  {} rows, {} sessions are remembered", index.range(Scope::All).end, index.sessions().len());
    println!("  120x40, from the key to the last byte       median       worst");
    screen.report("g and G: the first, the last", 20, &[KeyCode::Char('g'), KeyCode::Char('G')]);
    screen.report("k: a row up", 100, &[KeyCode::Char('k')]);
    screen.report("page up", 200, &[KeyCode::PageUp]);
    screen.report("]: the next session", 20, &[KeyCode::Char(']')]);
    screen.press(KeyCode::Char('0'));
    for percent in ["10", "35", "60", "85"] {
        let row = frames / 100 * percent.parse::<u64>().expect("a number");
        let digits: Vec<KeyCode> = row.to_string().chars().map(KeyCode::Char).collect();
        digits.iter().for_each(|digit| screen.press(*digit));
        screen.report(&format!("G behind a number: {percent} in 100"), 1, &[KeyCode::Char('G')]);
    }
    println!("  resident                     {:9.1} MB", resident() as f64 / 1e6);
    if kept.is_none() {
        std::fs::remove_file(&path).expect("it is there");
    }
}

/// Writes a day of frames.
fn write(path: &Path, frames: u64) {
    let start = Instant::now();
    let about = About { program: "wsproxy bench".into(), begun: Time(BEGUN), part: 1 };
    let file = BufWriter::with_capacity(1 << 20, File::create(path).expect("a file"));
    let mut writer = Writer::new(file, 7, &about).expect("a file");
    let mut sessions: Vec<Traffic> = (1..=OPEN as u64).map(|id| Traffic::begin(id, BEGUN)).collect();
    let (mut opened, mut number) = (OPEN as u64, 0);
    while number < frames {
        let now = BEGUN + (u128::from(number) * u128::from(DAY) / u128::from(frames)) as u64;
        let place = (number / READ) as usize % OPEN;
        let session = &mut sessions[place];
        session.read(now, number);
        number += READ;
        if session.output.log.size() >= BLOCK {
            session.hand_over(&mut writer);
        }
        if session.frames >= EACH {
            session.session.finish(Time(now), &mut session.output);
            session.hand_over(&mut writer);
            opened += 1;
            *session = Traffic::begin(opened, now);
        }
        if writer.unindexed() >= 1024 {
            writer.index().expect("a file");
        }
    }
    sessions.iter_mut().for_each(|session| session.hand_over(&mut writer));
    let blocks = writer.blocks();
    writer.finish().expect("a file");
    let size = std::fs::metadata(path).expect("it is there").len();
    let time = start.elapsed().as_secs_f64();
    println!("{frames} frames of {opened} sessions in {blocks} blocks, {:.2} GB", size as f64 / 1e9);
    println!("  made and written in          {time:9.1} s: {:.2} million frames a second", frames as f64 / time / 1e6);
}

/// One session.
struct Traffic {
    id: u64,
    session: Session,
    output: Output,
    frames: u64,
}

impl Traffic {
    fn begin(id: u64, now: u64) -> Self {
        let mut log = Log::default();
        let client = ([127, 0, 0, 1], 50_000).into();
        let path = format!("/room/{}", id % 16);
        log.event(Time(now), Event::SessionOpened { client, path: path.clone().into() });
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost:9000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let config = SessionConfig { seed: [7; 32], ..SessionConfig::new(AddressRules::to("localhost:9999")) };
        let mut output = Output { log, ..Output::default() };
        let mut session = Session::begin(config, Time(now), head.as_bytes(), &mut output);
        session.receive(Time(now), Side::Server, ANSWER, &mut output);
        Self { id, session, output, frames: 0 }
    }

    /// A read of the server's with some frames; the client's pong or order now and then.
    fn read(&mut self, now: u64, number: u64) {
        let mut bytes = Vec::new();
        for frame in 0..READ {
            let price = (number + frame) * 7 % 1000;
            let text = format!(r#"{{"symbol":"ABC","price":{price},"at":{},"depth":[1,2,3]}}"#, number + frame);
            match (number / READ + frame) % 500 {
                0 => frame::write(Opcode::PING, b"beat", None, &mut bytes),
                1 => frame::write(Opcode::BINARY, &[price as u8; 200], None, &mut bytes),
                _ => frame::write(Opcode::TEXT, text.as_bytes(), None, &mut bytes),
            }
        }
        self.frames += READ;
        self.session.receive(Time(now), Side::Server, &bytes, &mut self.output);
    }

    fn hand_over(&mut self, writer: &mut Writer<BufWriter<File>>) {
        let log = std::mem::take(&mut self.output.log);
        writer.add(Some(SessionId(self.id)), &log).expect("a file");
    }
}

/// The screen over a capture.
struct Screen {
    feed: Feed,
    model: Model,
    terminal: Terminal<CrosstermBackend<io::Sink>>,
}

impl Screen {
    fn open(path: &Path) -> (Self, Duration) {
        let start = Instant::now();
        let capture = Arc::new(Capture::open(path).expect("a capture"));
        let feed = Feed::new(Index::of_archive(capture));
        let info =
            Info { addresses: Vec::new(), upstream: String::new(), playground: false, hold_limits: String::new() };
        let model = Model::new(info, Theme::default(), TimeZone::UTC, Time(BEGUN + DAY));
        let options = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, 120, 40)) };
        let terminal = Terminal::with_options(CrosstermBackend::new(io::sink()), options).expect("a terminal");
        let mut screen = Self { feed, model, terminal };
        screen.feed.sync(&mut screen.model);
        screen.draw();
        (screen, start.elapsed())
    }

    fn draw(&mut self) {
        let (model, rows) = (&mut self.model, self.feed.shown());
        self.terminal.draw(|frame| draw(model, rows, frame)).expect("a draw");
    }

    fn press(&mut self, code: KeyCode) {
        self.feed.update(&mut self.model, Message::Time(Time(BEGUN + DAY)));
        self.feed.update(&mut self.model, Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        self.draw();
    }

    fn report(&mut self, name: &str, rounds: usize, keys: &[KeyCode]) {
        let mut times = Vec::new();
        for _ in 0..rounds {
            for key in keys {
                let start = Instant::now();
                self.press(*key);
                times.push(start.elapsed());
            }
        }
        times.sort();
        let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
        println!("    {name:38} {:8.3} ms {:8.3} ms", millis(median), millis(worst));
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Memory of this process in bytes; 0 where the system does not tell.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}
