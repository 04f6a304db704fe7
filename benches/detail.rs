//! From a key to the screen, with ten megabytes in the detail pane: each number is one `update` and one `draw`, the
//! longest of all that it took until nothing more was to be done.
//!
//! `cargo bench --bench detail` prints a table.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use wsproxy::journal::{Index, Journal};
use wsproxy::record::{Event, SessionId, Side, Time};
use wsproxy::relay::session::{Output, Session, SessionConfig};
use wsproxy::relay::translate::AddressRules;
use wsproxy::tui::theme::Theme;
use wsproxy::tui::{Info, Message, Model, draw, update};
use wsproxy::wire::frame;
use wsproxy::wire::opcode::Opcode;

const SIZE: usize = 10 << 20;
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// A screen over one session of one frame from the client, masked.
struct Bench {
    model: Model,
    view: Index,
    terminal: Terminal<TestBackend>,
}

impl Bench {
    fn new(opcode: Opcode, payload: &[u8]) -> Self {
        let journal = Arc::new(Journal::new(64 << 20));
        let rules = AddressRules::to("bench:1");
        let config = SessionConfig { seed: [7; 32], ..SessionConfig::new(rules) };
        let mut out = Output::default();
        let client = ([127, 0, 0, 1], 50_000).into();
        out.log.event(Time(0), Event::SessionOpened { client, path: b"/".to_vec() });
        let mut session = Session::begin(config, Time(1), REQUEST, &mut out);
        journal.push(Some(SessionId(1)), std::mem::take(&mut out.log));
        session.receive(Time(2), Side::Server, ANSWER, &mut out);
        let mut bytes = Vec::new();
        frame::write(opcode, payload, Some([1, 2, 3, 4]), &mut bytes);
        // As it comes from a socket: in pieces.
        for piece in bytes.chunks(256 * 1024) {
            session.receive(Time(3), Side::Client, piece, &mut out);
            journal.push(Some(SessionId(1)), std::mem::take(&mut out.log));
        }
        let mut view = Index::new(journal.subscribe(|| ()));
        view.sync();
        let info = Info {
            addresses: Vec::new(),
            upstream: "ws://bench".into(),
            playground: false,
            hold_limits: String::new(),
        };
        let model = Model::new(info, Theme::default(), TimeZone::UTC, Time(4));
        let mut bench = Self { model, view, terminal: Terminal::new(TestBackend::new(120, 40)).expect("a terminal") };
        update(&mut bench.model, &bench.view, Message::Journal);
        bench
    }

    fn draw(&mut self) {
        let (model, rows) = (&mut self.model, &self.view);
        self.terminal.draw(|frame| draw(model, rows, frame)).expect("a drawing");
    }

    /// The time to the first draw after a key, the longest of the draws that follow, and the time of all.
    fn press(&mut self, code: KeyCode) -> [Duration; 3] {
        let start = Instant::now();
        update(&mut self.model, &self.view, Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        self.draw();
        let first = start.elapsed();
        let mut longest = Duration::ZERO;
        while self.model.next_change() == Some(1) {
            let slice = Instant::now();
            self.draw();
            longest = longest.max(slice.elapsed());
        }
        [first, longest, start.elapsed()]
    }
}

fn main() {
    let member = br#"{"id":123456,"name":"somebody","tags":["a","b"],"text":"a few words, or more"},"#;
    let mut json = b"[".to_vec();
    json.extend(member.iter().copied().cycle().take(SIZE / member.len() * member.len()));
    json.extend_from_slice(b"0]");
    let german: Vec<u8> = "Grüße aus Köln, 日本 und 👩 anderswo\n".bytes().cycle().take(SIZE).collect();
    let noise: Vec<u8> = (0..SIZE as u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let line = vec![b'x'; SIZE];
    for (name, opcode, payload) in [
        ("JSON", Opcode::TEXT, &json),
        ("text of many letters", Opcode::TEXT, &german),
        ("text in one line", Opcode::TEXT, &line),
        ("binary", Opcode::BINARY, &noise),
    ] {
        println!("{name}, {} MB: first draw, longest draw after it, all known (ms)", payload.len() / 1_000_000);
        let mut bench = Bench::new(opcode, payload);
        let keys = [
            ("open", KeyCode::Enter),
            ("down", KeyCode::Char('j')),
            ("end", KeyCode::Char('G')),
            ("up", KeyCode::Char('k')),
            ("fold", KeyCode::Char('-')),
            ("fold all", KeyCode::Char('-')),
            ("unfold", KeyCode::Char('+')),
            ("hex", KeyCode::Char('x')),
            ("wire", KeyCode::Char('b')),
            ("text", KeyCode::Char('t')),
            ("search", KeyCode::Char('/')),
            ("search a", KeyCode::Char('a')),
            ("search ax", KeyCode::Char('x')),
        ];
        for (key, code) in keys {
            let [first, longest, all] = bench.press(code).map(|time| time.as_secs_f64() * 1000.0);
            println!("  {key:<10} {first:>8.2} {longest:>8.2} {all:>8.1}");
        }
    }
}
