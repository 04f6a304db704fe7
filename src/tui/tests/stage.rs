//! A stage: a journal that real sessions write to, a screen over it, and a hand on the keyboard.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Rect;
use ratatui::style::Color;

use crate::journal::{Index, Journal, RowId};
use crate::record::{Ending, Event, Log, PerSide, Policy, ProxyEvent, SessionId, Side, Time};
use crate::relay::hold::HoldCell;
use crate::relay::injection::{Injection, Token};
use crate::relay::limits::Limits;
use crate::relay::policy::PolicyCell;
use crate::relay::rules::RuleCell;
use crate::relay::session::{Output, Session, SessionCommand, SessionConfig};
use crate::relay::translate::AddressRules;
use crate::tui::feed::Feed;
use crate::tui::theme::Theme;
use crate::tui::{Effect, Info, Message, Model, draw};
use crate::wire::frame;
use crate::wire::mask::MaskKey;
use crate::wire::opcode::Opcode;

/// 2026-01-01T12:00:00Z.
pub(super) const NOON: u64 = 1_767_268_800_000_000;
/// Payload bytes that are kept of a frame.
pub(super) const KEPT: usize = 4096;
const KEY: MaskKey = [0x37, 0xfa, 0x21, 0x3d];

/// A session that writes to a journal.
pub(super) struct Actor {
    journal: Arc<Journal>,
    id: SessionId,
    session: Session,
    output: Output,
    hold: HoldCell,
    /// The rules.
    pub(super) rules: RuleCell,
    pub now: u64,
    /// Frames so far, so that each has a key of its own.
    frames: u8,
}

impl Actor {
    /// A client has asked for a path, at so many microseconds after noon.
    pub(super) fn asks(journal: &Arc<Journal>, id: u64, at: u64, path: &str) -> Self {
        Self::asks_keeping(journal, id, at, path, KEPT)
    }

    /// A client has asked for `/` at noon, and faults are dealt with as `policy` says.
    pub(super) fn asks_under(journal: &Arc<Journal>, id: u64, policy: Policy) -> Self {
        Self::begin(journal, id, 0, "/", KEPT, policy)
    }

    /// The same as `asks`, with so many bytes kept of a frame.
    pub(super) fn asks_keeping(journal: &Arc<Journal>, id: u64, at: u64, path: &str, kept: usize) -> Self {
        Self::begin(journal, id, at, path, kept, Policy::Faithful)
    }

    fn begin(journal: &Arc<Journal>, id: u64, at: u64, path: &str, kept: usize, policy: Policy) -> Self {
        let now = NOON + at;
        let mut log = Log::default();
        let client = ([127, 0, 0, 1], 50_000 + id as u16).into();
        log.event(Time(now), Event::SessionOpened { client, path: path.into() });
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost:9000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Origin: http://localhost:9000\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\
             Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
        );
        let addresses = AddressRules::to("localhost:9999");
        let (hold, rules) = (HoldCell::default().of(SessionId(id)), RuleCell::seeded(7).of(SessionId(id)));
        let config = SessionConfig {
            rules: Arc::new(addresses),
            limits: Limits { kept, ..Limits::default() },
            seed: [7; 32],
            policy: PolicyCell::new(policy),
            hold: hold.clone(),
            rule_cell: rules.clone(),
        };
        let mut output = Output { log, ..Output::default() };
        let session = Session::begin(config, Time(now), head.as_bytes(), &mut output);
        Self { journal: Arc::clone(journal), id: SessionId(id), session, output, hold, rules, now, frames: 0 }
    }

    /// Time passes, in microseconds.
    pub(super) fn after(&mut self, micros: u64) -> &mut Self {
        self.now += micros;
        self
    }

    /// Bytes from a side.
    pub(super) fn bytes(&mut self, from: Side, bytes: &[u8]) -> &mut Self {
        self.session.receive(Time(self.now), from, bytes, &mut self.output);
        // Nobody is there to send them to.
        self.output.to = PerSide::default();
        self
    }

    /// The server's answer.
    pub(super) fn opens(&mut self) -> &mut Self {
        self.answers("101 Switching Protocols", "HSmrc0sMlYUkAGmm5OPpG2HaGWk=")
    }

    /// An answer with an accept value.
    pub(super) fn answers(&mut self, status: &str, accept: &str) -> &mut Self {
        let head = format!(
            "HTTP/1.1 {status}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\
             Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
        );
        self.bytes(Side::Server, head.as_bytes())
    }

    /// A frame of a side's, by its first byte.
    pub(super) fn frame(&mut self, from: Side, first: u8, payload: &[u8]) -> &mut Self {
        let mut bytes = Vec::new();
        frame::write(
            Opcode::new(first),
            payload,
            (from == Side::Client).then_some(KEY.map(|byte| byte.wrapping_add(self.frames))),
            &mut bytes,
        );
        bytes[0] = first;
        self.frames = self.frames.wrapping_add(1);
        self.bytes(from, &bytes)
    }

    /// An injection.
    pub(super) fn injects(&mut self, to: Side, injection: Injection) -> &mut Self {
        let command = SessionCommand::Inject { to, injection };
        self.session.command(Time(self.now), Token(0), command, &mut self.output);
        self
    }

    /// Does what the screen wants of what is held. Gives the replies.
    pub(super) fn obeys(&mut self, effects: Vec<Effect>) -> Vec<Message> {
        for effect in effects {
            let (token, command) = match effect {
                Effect::Hold(conditions) => {
                    self.hold.set(conditions);
                    (Token(u64::MAX), SessionCommand::Rehold)
                }
                Effect::Rules(command) => {
                    command.change(&self.rules).unwrap();
                    (Token(u64::MAX), SessionCommand::Rehold)
                }
                Effect::Decide { frame, decision, token, .. } => (token, SessionCommand::Decide { frame, decision }),
                Effect::DecideHead { from, decision, token, .. } => {
                    (token, SessionCommand::DecideHead { from, decision })
                }
                Effect::Leaning(leaning) => {
                    self.hold.set_leaning(leaning);
                    continue;
                }
                Effect::ReleaseAll => (Token(u64::MAX), SessionCommand::ReleaseAll),
                effect => panic!("{effect:?}"),
            };
            self.session.command(Time(self.now), token, command, &mut self.output);
        }
        let replies = std::mem::take(&mut self.output.replies).into_iter();
        replies.map(|(token, reply)| Message::Reply(token, reply)).collect()
    }

    /// Another record of the engine's.
    pub(super) fn event(&mut self, event: Event) -> &mut Self {
        self.output.log.event(Time(self.now), event);
        self
    }

    /// The session does what is due.
    pub(super) fn ticks(&mut self) -> &mut Self {
        self.session.tick(Time(self.now), &mut self.output);
        self
    }

    /// The end of a side's bytes.
    pub(super) fn ends(&mut self, from: Side, how: Ending) -> &mut Self {
        self.session.end(Time(self.now), from, how, &mut self.output);
        self
    }

    /// Both connections are gone.
    pub(super) fn finish(&mut self) -> &mut Self {
        self.session.finish(Time(self.now), &mut self.output);
        self.hand_over()
    }

    /// Hands over what was seen so far.
    pub(super) fn hand_over(&mut self) -> &mut Self {
        self.journal.push(Some(self.id), std::mem::take(&mut self.output.log));
        self
    }
}

/// The usual session: text, binary, fragments, a ping, an injected frame, a closing handshake.
pub(super) fn usual(journal: &Arc<Journal>) {
    use Side::{Client, Server};
    let mut actor = Actor::asks(journal, 1, 0, "/echo?room=1");
    actor.after(1_840).opens();
    actor.after(5_000).frame(Client, 0x81, br#"{"type":"hello","user":"anna","tags":["a","b"]}"#);
    actor.after(310).frame(Server, 0x81, r#"{"type":"welcome","text":"grüße, 日本"}"#.as_bytes());
    actor.after(80_000).frame(Client, 0x82, &(0..=255).collect::<Vec<u8>>());
    actor.after(1_200_000).frame(Server, 0x89, b"beat");
    actor.after(200).frame(Client, 0x8a, b"beat");
    actor.after(20).frame(Server, 0x01, b"one message ");
    actor.after(20).frame(Server, 0x00, b"in three ");
    actor.after(20).frame(Server, 0x80, b"fragments");
    actor.after(900_000).injects(Client, Injection::whole(Opcode::TEXT, b"put in by hand".to_vec()));
    actor.after(50).frame(Client, 0xc1, &[0xaa, 0x56, 0x4a, 0x2d, 0x4a, 0x55, 0x00]);
    actor.after(50).bytes(Server, &[0x82, 0x7e, 0x10, 0x00, 1, 2, 3, 4]);
    actor.hand_over();
}

/// A session that ended by itself.
pub(super) fn ended(journal: &Arc<Journal>, id: u64, at: u64) {
    let mut actor = Actor::asks(journal, id, at, "/chat");
    actor.after(900).opens();
    actor.after(70_000).frame(Side::Server, 0x88, b"\x03\xe9server restarts");
    actor.after(100).frame(Side::Client, 0x88, b"\x03\xe9");
    actor.after(300).ends(Side::Server, Ending::Fin).ends(Side::Client, Ending::Fin).finish();
}

/// A session whose server answers with a wrong accept value.
pub(super) fn wrong_accept(journal: &Arc<Journal>, id: u64, at: u64) {
    let mut actor = Actor::asks(journal, id, at, "/broken");
    actor.after(900).answers("101 Switching Protocols", "c29tZXRoaW5nIGVsc2U=");
    actor.after(200).ends(Side::Client, Ending::Fin).ends(Side::Server, Ending::Fin).finish();
}

/// A session that never reached the upstream.
pub(super) fn unreachable(journal: &Arc<Journal>, id: u64, at: u64) {
    let mut actor = Actor::asks(journal, id, at, "/nobody");
    let reason = "localhost:9999 refused the connection: nothing listens there".to_owned();
    actor.after(300).event(Event::Answered { status: 502, reason }).ends(Side::Client, Ending::Fin).finish();
}

/// The screen with its journal.
pub(super) struct Stage {
    pub journal: Arc<Journal>,
    pub feed: Feed,
    pub model: Model,
    pub effects: Vec<Effect>,
    /// Texts for the history.
    pub remembered: Vec<String>,
    terminal: Terminal<TestBackend>,
}

impl Stage {
    pub(super) fn new(width: u16, height: u16) -> Self {
        Self::with_budget(width, height, 64 << 20)
    }

    pub(super) fn with_budget(width: u16, height: u16, budget: usize) -> Self {
        let journal = Arc::new(Journal::new(budget));
        let mut log = Log::default();
        let addresses = vec![([127, 0, 0, 1], 9000).into()];
        let upstream = "ws://localhost:9999".to_owned();
        let listening = ProxyEvent::Listening {
            addresses: addresses.clone(),
            upstream: upstream.clone(),
            policy: Default::default(),
        };
        log.proxy(Time(NOON - 1_000_000), listening);
        journal.push(None, log);
        let feed = Feed::new(Index::new(journal.subscribe(|| ())));
        let info = Info { addresses, upstream, playground: false, hold_limits: Limits::default().of_hold() };
        let model = Model::new(info, Theme::default(), TimeZone::UTC, Time(NOON));
        let terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut stage = Self { journal, feed, model, effects: Vec::new(), remembered: Vec::new(), terminal };
        stage.sync();
        stage
    }

    /// Takes in what the journal has, as the thread's loop does.
    pub(super) fn sync(&mut self) -> &mut Self {
        self.feed.sync(&mut self.model);
        self.draw();
        self
    }

    pub(super) fn send(&mut self, message: Message) -> &mut Self {
        for effect in self.feed.update(&mut self.model, message) {
            match effect {
                Effect::Remember(text) => self.remembered.push(text),
                effect => self.effects.push(effect),
            }
        }
        self.draw();
        self
    }

    /// It is so many microseconds after noon.
    pub(super) fn at(&mut self, micros: u64) -> &mut Self {
        self.send(Message::Time(Time(NOON + micros)))
    }

    pub(super) fn press(&mut self, code: KeyCode) -> &mut Self {
        self.send(Message::Key(KeyEvent::new(code, KeyModifiers::NONE)))
    }

    /// Presses each character's key.
    pub(super) fn keys(&mut self, keys: &str) -> &mut Self {
        for character in keys.chars() {
            self.press(KeyCode::Char(character));
        }
        self
    }

    pub(super) fn ctrl(&mut self, character: char) -> &mut Self {
        self.send(Message::Key(KeyEvent::new(KeyCode::Char(character), KeyModifiers::CONTROL)))
    }

    pub(super) fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) -> &mut Self {
        self.send(Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }))
    }

    pub(super) fn click(&mut self, column: u16, row: u16) -> &mut Self {
        self.mouse(MouseEventKind::Down(MouseButton::Left), column, row)
    }

    pub(super) fn resize(&mut self, width: u16, height: u16) -> &mut Self {
        self.terminal.backend_mut().resize(width, height);
        self.draw();
        self
    }

    fn draw(&mut self) {
        let (model, rows) = (&mut self.model, self.feed.shown());
        self.terminal.draw(|frame| draw(model, rows, frame)).unwrap();
    }

    /// Where the rows are; empty where there are none.
    pub(super) fn rows(&self) -> Rect {
        self.model.drawn.rows.map_or(Rect::ZERO, |(area, _)| area)
    }

    /// Where the sessions are.
    pub(super) fn sessions(&self) -> Rect {
        self.model.drawn.sessions.map_or(Rect::ZERO, |(area, _)| area)
    }

    /// Where the lines of the detail are.
    pub(super) fn detail(&self) -> Rect {
        self.model.drawn.detail.unwrap_or(Rect::ZERO)
    }

    /// What was drawn.
    pub(super) fn buffer(&self) -> &ratatui::buffer::Buffer {
        self.terminal.backend().buffer()
    }

    /// What each cell shows.
    pub(super) fn cells(&self) -> impl Iterator<Item = &str> {
        self.terminal.backend().buffer().content().iter().map(|cell| cell.symbol())
    }

    /// The screen, each line closed with a bar, so that white space counts.
    pub(super) fn screen(&self) -> String {
        let mut out = String::from("\n");
        for line in self.lines() {
            out.push_str(&line);
            out.push_str("|\n");
        }
        out
    }

    /// A stage on which the usual traffic has been seen.
    pub(super) fn with_usual_traffic(width: u16, height: u16) -> Self {
        let mut stage = Self::new(width, height);
        usual(&stage.journal);
        stage.at(3_000_000).sync();
        stage
    }

    /// The row that is selected.
    pub(super) fn here(&self) -> RowId {
        self.model.lists.here(self.feed.shown()).unwrap()
    }

    /// The styles of the screen: for each line the runs of cells that are not plain, by column.
    pub(super) fn styles(&self) -> String {
        let buffer = self.terminal.backend().buffer();
        let mut out = String::new();
        for (row, cells) in buffer.content().chunks(usize::from(buffer.area.width).max(1)).enumerate() {
            let mut column = 0;
            let runs = cells.chunk_by(|left, right| left.style() == right.style());
            for run in runs {
                let (from, style) = (column, run[0].style());
                column += run.len();
                let words = [
                    style.fg.filter(|colour| *colour != Color::Reset).map(|colour| format!("{colour}")),
                    style.bg.filter(|colour| *colour != Color::Reset).map(|colour| format!("on {colour}")),
                    (!style.add_modifier.is_empty()).then(|| format!("{:?}", style.add_modifier)),
                ];
                let words: Vec<_> = words.into_iter().flatten().collect();
                if !words.is_empty() {
                    out += &format!("{row:2}: {from}..{column} {}\n", words.join(", "));
                }
            }
        }
        out
    }

    /// The lines of the screen. What stands behind a wide character is left out.
    pub(super) fn lines(&self) -> Vec<String> {
        let buffer = self.terminal.backend().buffer();
        let width = usize::from(buffer.area.width);
        let lines = buffer.content().chunks(width.max(1));
        lines
            .map(|cells| {
                let mut line = String::new();
                let mut skip = 0;
                for cell in cells {
                    if skip == 0 {
                        line.push_str(cell.symbol());
                        skip = crate::tui::fit::width(cell.symbol()).max(1);
                    }
                    skip -= 1;
                }
                line
            })
            .collect()
    }

    /// Waits until the screen shows something that the search finds.
    pub(super) fn until_searched(&mut self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.shows(text) || self.shows("searching") {
            assert!(Instant::now() < deadline, "no `{text}`: {}", self.screen());
            std::thread::yield_now();
            self.send(Message::Found);
        }
    }

    /// Waits until the filter has gone through all rows.
    pub(super) fn until_filtered(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        self.send(Message::Found);
        while !self.model.lists.filter.found.is_done() {
            assert!(Instant::now() < deadline, "{}", self.screen());
            std::thread::yield_now();
            self.send(Message::Found);
        }
    }

    pub(super) fn shows(&self, text: &str) -> bool {
        self.lines().iter().any(|line| line.contains(text))
    }
}
