//! The screen without a terminal, over sessions that are played by hand at fixed times: for pictures in documents.

use std::sync::{Arc, mpsc};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use unicode_width::UnicodeWidthStr as _;
use wsproxy::archive::Capture;
use wsproxy::capture::{About, Writer};
use wsproxy::control::rules::RuleList;
use wsproxy::journal::{Index, Journal};
use wsproxy::record::{Event, Log, ProxyEvent, SessionId, Side, Time};
use wsproxy::relay::hold::HoldCell;
use wsproxy::relay::injection::Token;
use wsproxy::relay::limits::Limits;
use wsproxy::relay::rules::RuleCell;
use wsproxy::relay::session::{Output, Session, SessionCommand, SessionConfig};
use wsproxy::relay::translate::AddressRules;
use wsproxy::tui::theme::Theme;
use wsproxy::tui::{Effect, Feed, Info, Message, Model, draw};
use wsproxy::wire::frame;
use wsproxy::wire::opcode::Opcode;

use crate::support::proxy::DEADLINE;

/// 2026-01-01T12:00:00Z, when the proxy starts.
const NOON: Time = Time(1_767_268_800_000_000);
/// Where the built-in playground listens in this play.
const PLAYGROUND: &str = "127.0.0.1:41999";

/// The screen, and the one session that it shows.
pub(crate) struct Stage {
    journal: Arc<Journal>,
    feed: Feed,
    model: Model,
    terminal: Terminal<TestBackend>,
    session: Option<Session>,
    output: Output,
    hold: HoldCell,
    rules: RuleCell,
    now: Time,
    /// Where the capture is that it shows.
    _folder: Option<tempfile::TempDir>,
}

impl Stage {
    /// wsproxy has started, with the playground behind it.
    pub(crate) fn new(width: u16, height: u16) -> Self {
        let journal = Arc::new(Journal::new(64 << 20));
        let addresses = vec![([127, 0, 0, 1], 9000).into()];
        let upstream = format!("ws://{PLAYGROUND}");
        let mut log = Log::default();
        log.proxy(
            NOON,
            ProxyEvent::Listening {
                addresses: addresses.clone(),
                upstream: upstream.clone(),
                policy: Default::default(),
            },
        );
        journal.push(None, log);
        let info = Info { addresses, upstream, playground: true, hold_limits: Limits::default().of_hold() };
        let model = Model::new(info, Theme::default(), TimeZone::UTC, NOON);
        let feed = Feed::new(Index::new(journal.subscribe(|| ())));
        let terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let (session, output, hold) = (None, Output::default(), HoldCell::default());
        let rules = RuleCell::seeded(7);
        let mut stage = Self { journal, feed, model, terminal, session, output, hold, rules, now: NOON, _folder: None };
        stage.settle();
        stage
    }

    /// `wsproxy open FILE`, where the file has what this stage has seen but for its last bytes.
    pub(crate) fn captured(&self, name: &str, without: usize) -> Self {
        let mut blocks = Vec::new();
        self.journal.subscribe(|| ()).read(&mut blocks);
        let about = About { program: "wsproxy".to_owned(), begun: NOON, part: 1 };
        let mut writer = Writer::new(Vec::new(), 7, &about).unwrap();
        for block in blocks {
            writer.add(block.session, &block.log).unwrap();
            writer.flush().unwrap();
        }
        let bytes = writer.finish().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes.get(..bytes.len() - without).unwrap()).unwrap();
        let capture = Arc::new(Capture::open(&path).unwrap());
        let (ring, bell) = mpsc::sync_channel(1);
        capture.on_news(move || {
            let _ = ring.try_send(());
        });
        let size = self.terminal.size().unwrap();
        let mut stage = Self::new(size.width, size.height);
        stage.now = self.now;
        stage.feed = Feed::new(Index::of_archive(capture));
        stage.settle();
        // What happened to the session is read by a thread.
        while stage.feed.shown().session(SessionId(1)).is_none_or(|session| session.open.is_none()) {
            bell.recv_timeout(DEADLINE).expect("the session should be read");
            stage.settle();
        }
        Self { _folder: Some(folder), ..stage }
    }

    /// Time passes.
    pub(crate) fn after(&mut self, milliseconds: u64) -> &mut Self {
        self.now = Time(self.now.0 + milliseconds * 1000);
        self
    }

    /// Time passes, and the screen shows it.
    pub(crate) fn waits(&mut self, milliseconds: u64) -> &mut Self {
        self.after(milliseconds);
        if let Some(session) = &mut self.session {
            session.tick(self.now, &mut self.output);
            // Nobody is there to send it to.
            self.output.to = Default::default();
        }
        self.settle();
        self
    }

    /// A page connects to the playground's echo, which answers.
    pub(crate) fn connect(&mut self) -> &mut Self {
        let client = ([127, 0, 0, 1], 50_412).into();
        self.output.log.event(self.now, Event::SessionOpened { client, path: b"/echo".to_vec() });
        let head = "GET /echo HTTP/1.1\r\nHost: localhost:9000\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                    Origin: http://localhost:9000\r\nSec-WebSocket-Version: 13\r\n\
                    Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n";
        let rules = AddressRules::to(PLAYGROUND);
        let config = SessionConfig {
            rules: Arc::new(rules),
            limits: Limits::default(),
            seed: [7; 32],
            policy: Default::default(),
            hold: self.hold.clone(),
            rule_cell: self.rules.clone(),
        };
        let session = Session::begin(config, self.now, head.as_bytes(), &mut self.output);
        self.session = Some(session);
        let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                      Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n\r\n";
        self.after(2).bytes(Side::Server, answer.as_bytes())
    }

    /// A side sends a frame.
    pub(crate) fn frame(&mut self, from: Side, opcode: Opcode, payload: &[u8]) -> &mut Self {
        // Another key each time, as browsers do.
        let key = (from == Side::Client).then_some([0x37, 0xfa, 0x21, payload.len() as u8]);
        let mut bytes = Vec::new();
        frame::write(opcode, payload, key, &mut bytes);
        self.bytes(from, &bytes)
    }

    fn bytes(&mut self, from: Side, bytes: &[u8]) -> &mut Self {
        let session = self.session.as_mut().expect("a session");
        session.receive(self.now, from, bytes, &mut self.output);
        self.settle();
        self
    }

    /// Somebody presses a key for each character; `\r` is enter, `\x1b` escape.
    pub(crate) fn keys(&mut self, keys: &str) -> &mut Self {
        for character in keys.chars() {
            let code = match character {
                '\r' => KeyCode::Enter,
                '\x1b' => KeyCode::Esc,
                character => KeyCode::Char(character),
            };
            self.send(Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
        self
    }

    /// Somebody erases so many characters.
    pub(crate) fn backspace(&mut self, count: usize) -> &mut Self {
        for _ in 0..count {
            self.send(Message::Key(KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE)));
        }
        self
    }

    /// Sends a message to the screen, and does what it asks for.
    fn send(&mut self, message: Message) {
        for effect in self.feed.update(&mut self.model, message) {
            let Some(session) = &mut self.session else { continue };
            let (token, command) = match effect {
                Effect::Inject { to, injection, token, .. } => (token, SessionCommand::Inject { to, injection }),
                Effect::Decide { frame, decision, token, .. } => (token, SessionCommand::Decide { frame, decision }),
                Effect::Rules(command) => {
                    command.change(&self.rules).unwrap();
                    (Token(u64::MAX), SessionCommand::Rehold)
                }
                Effect::Hold(conditions) => {
                    self.hold.set(conditions);
                    (Token(u64::MAX), SessionCommand::Rehold)
                }
                _ => continue,
            };
            session.command(self.now, token, command, &mut self.output);
        }
        self.settle();
    }

    /// Hands over what was seen, and draws.
    fn settle(&mut self) {
        let log = std::mem::take(&mut self.output.log);
        if !log.is_empty() {
            self.journal.push(Some(SessionId(1)), log);
        }
        self.feed.update(&mut self.model, Message::Time(self.now));
        self.feed.update(&mut self.model, Message::Rules(RuleList::of(&self.rules)));
        self.feed.sync(&mut self.model);
        for (token, reply) in std::mem::take(&mut self.output.replies) {
            self.feed.update(&mut self.model, Message::Reply(token, reply));
        }
        let (model, rows) = (&mut self.model, self.feed.shown());
        self.terminal.draw(|frame| draw(model, rows, frame)).unwrap();
    }

    /// The screen as a block of text for a document.
    pub(crate) fn picture(&self) -> String {
        let buffer = self.terminal.backend().buffer();
        let mut out = String::from("```text\n");
        for cells in buffer.content().chunks(usize::from(buffer.area.width)) {
            let mut line = String::new();
            // What stands behind a wide character is part of it.
            let mut skip = 0;
            for cell in cells {
                if skip == 0 {
                    line.push_str(cell.symbol());
                    skip = cell.symbol().width().max(1);
                }
                skip -= 1;
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out.push_str("```");
        out
    }
}
