//! The driver between two peers of the test's own, under a clock that goes on only when nothing is left to do.

use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::mock::{Fate, Reach, is_reset, wire};
use super::*;
use crate::control;
use crate::engine::handle;
use crate::journal::Subscription;
use crate::record::{ClosedEvent, ClosedHow, FrameNumber, Policy, Record, StallKind};
use crate::relay::injection::Injection;
use crate::relay::limits::Limits;
use crate::relay::policy::PolicyCell;
use crate::relay::session::SessionConfig;
use crate::relay::translate::AddressRules;
use crate::wire::close::Code;
use crate::wire::opcode::Opcode;

const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: localhost:9000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Origin: http://localhost:9000\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n\r\n";
const HELLO: &[u8] = b"\x81\x05Hello";
/// "Hello" as a client sends it.
const MASKED: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// A close frame with the code 1000.
const CLOSE: &[u8] = b"\x88\x02\x03\xe8";
const MASKED_CLOSE: &[u8] = b"\x88\x82\x00\x00\x00\x00\x03\xe8";
/// Longer than any session of these tests lasts.
const EVER: Duration = Duration::from_secs(24 * 3600);

/// A session under way, with both its peers.
struct Stage {
    client: Reach,
    server: Reach,
    sockets: PerSide<Arc<TcpStream>>,
    task: JoinHandle<()>,
    commands: mpsc::Sender<Box<handle::Posted>>,
    quit: watch::Sender<bool>,
    seen: Subscription,
    log: Vec<Record>,
}

impl Stage {
    fn new() -> Self {
        Self::under(Policy::Faithful, &Fate::default(), usize::MAX)
    }

    /// Under a policy, with peers that take `bite` bytes at a time.
    fn under(policy: Policy, fate: &Fate, bite: usize) -> Self {
        let rules = AddressRules { keep_host: true, ..AddressRules::to("upstream:9999") };
        let policy = PolicyCell::new(policy);
        let config = SessionConfig { policy, seed: [7; 32], ..SessionConfig::new(rules) };
        let mut out = Output::default();
        let session = Session::begin(config, clock::now(), REQUEST, &mut out);
        let journal = Arc::new(Journal::new(1 << 26));
        let seen = journal.subscribe(|| ());
        let (client, client_end, client_socket) = wire(fate, bite);
        let (server, server_end, server_socket) = wire(fate, bite);
        let (commands, orders) = mpsc::channel(8);
        let (quit, shutdown) = watch::channel(false);
        let setup = Setup {
            id: SessionId(1),
            client,
            server,
            session: Box::new(session),
            out,
            early: Vec::new(),
            journal,
            commands: orders,
            shutdown,
            upstream: "ws://upstream:9999".into(),
            attendant: None,
            asker: Arc::default(),
        };
        let task = tokio::spawn(drive(setup));
        let sockets = PerSide::new(client_socket, server_socket);
        Self { client: client_end, server: server_end, sockets, task, commands, quit, seen, log: Vec::new() }
    }

    async fn open() -> Self {
        let stage = Self::new();
        stage.server.says(RESPONSE);
        stage.goes_on().await;
        stage.client.lock().got.clear();
        stage.server.lock().got.clear();
        stage
    }

    /// All is done that can be done now.
    async fn goes_on(&self) {
        passes(Duration::from_millis(1)).await;
    }

    /// The session comes to its end; gives its last record.
    async fn ends(&mut self) -> ClosedEvent {
        timeout(EVER, &mut self.task).await.expect("an end").expect("no panic");
        let mut closed: Vec<_> = self.events().into_iter().filter_map(closed).collect();
        assert_eq!(closed.len(), 1, "the end is told once");
        let last = self.log.last().cloned();
        assert!(matches!(last, Some(Record::Event(_, event)) if matches!(*event, Event::SessionClosed(_))));
        closed.remove(0)
    }

    fn events(&mut self) -> Vec<Event> {
        let mut blocks = Vec::new();
        self.seen.read(&mut blocks);
        self.log.extend(blocks.iter().flat_map(|block| block.log.records.iter().cloned()));
        let events = self.log.iter().filter_map(|record| match record {
            Record::Event(_, event) => Some((**event).clone()),
            _ => None,
        });
        events.collect()
    }

    /// Whether a side knows that the session is over: it was told, or it is why.
    fn is_told(&self, side: Side) -> bool {
        let peer = match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        };
        peer.lock().shut || peer.lock().broken || is_reset(&self.sockets[side])
    }
}

/// So much time passes, and what is due in it is done.
async fn passes(time: Duration) {
    sleep(time).await;
}

fn closed(event: Event) -> Option<ClosedEvent> {
    if let Event::SessionClosed(closed) = event { Some(closed) } else { None }
}

#[tokio::test(start_paused = true)]
async fn what_comes_goes_on_bit_for_bit_however_little_is_taken() {
    for bite in [1, 3, usize::MAX] {
        let mut stage = Stage::under(Policy::Faithful, &Fate::default(), bite);
        stage.server.says(RESPONSE);
        stage.server.says(HELLO);
        stage.client.says(MASKED);
        stage.goes_on().await;
        assert_eq!(stage.client.lock().got, [RESPONSE, HELLO].concat());
        assert_eq!(stage.server.lock().got, [REQUEST, MASKED].concat());
        stage.client.says(MASKED_CLOSE);
        stage.server.says(CLOSE);
        stage.server.ends();
        stage.client.ends();
        let closed = stage.ends().await;
        assert_eq!((closed.how, closed.code), (ClosedHow::CloseFrame, Some(Code::NORMAL)));
    }
}

#[tokio::test(start_paused = true)]
async fn what_came_in_one_read_goes_out_in_one_write() {
    let stage = Stage::open().await;
    stage.server.lock().writes.clear();
    stage.client.says(&MASKED.repeat(3));
    stage.client.says(MASKED);
    stage.goes_on().await;
    assert_eq!(stage.server.lock().writes, [MASKED.len() * 3, MASKED.len()]);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_stops_only_its_own_lane_and_is_told_of() {
    let mut stage = Stage::open().await;
    stage.server.takes(4);
    stage.client.says(MASKED);
    stage.client.says(MASKED);
    stage.server.says(HELLO);
    passes(Duration::from_secs(6)).await;
    assert_eq!((stage.server.lock().got.as_slice(), stage.client.lock().got.as_slice()), (&MASKED[..4], HELLO));
    let stalls = |events: Vec<Event>| {
        let stalls = events.into_iter().filter_map(|event| match event {
            Event::Stall { stall, over } => Some((stall.kind, stall.lane, over)),
            _ => None,
        });
        stalls.collect::<Vec<_>>()
    };
    let told = (StallKind::PeerNotReading, Side::Client);
    assert_eq!(stalls(stage.events()), [(told.0, told.1, false)]);
    stage.server.takes(usize::MAX);
    passes(Duration::from_secs(2)).await;
    assert_eq!(stage.server.lock().got, MASKED.repeat(2));
    assert_eq!(stalls(stage.events()), [(told.0, told.1, false), (told.0, told.1, true)]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_kept_of_a_long_frame_takes_no_memory_although_it_waits_to_be_written() {
    let mut stage = Stage::open().await;
    let (kept, length) = (Limits::default().kept, Limits::default().kept + (8 << 20));
    let wire: Vec<u8> = [b"\x82\x7f".as_slice(), &(length as u64).to_be_bytes()]
        .concat()
        .into_iter()
        .chain((0..length).map(|at| (at >> 10) as u8))
        .collect();
    for read in wire.chunks(200_000) {
        // Half of it is not taken before a block is handed over.
        stage.client.takes(read.len() / 2);
        stage.server.says(read);
        passes(2 * BLOCK_AGE).await;
        stage.client.takes(usize::MAX);
        stage.goes_on().await;
    }
    assert!(stage.client.lock().got == wire, "it came bit for bit");
    let mut blocks = Vec::new();
    stage.seen.read(&mut blocks);
    let held: usize = blocks.iter().map(|block| block.log.capacity()).sum();
    assert!((kept..kept + (1 << 20)).contains(&held), "{held} bytes are held");
}

#[tokio::test(start_paused = true)]
async fn a_quiet_session_wakes_nobody() {
    let stage = Stage::open().await;
    let start = Instant::now();
    stage.server.says(HELLO);
    passes(Duration::from_secs(3600)).await;
    assert_eq!((stage.client.lock().got.as_slice(), start.elapsed()), (HELLO, Duration::from_secs(3600)));
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_stays_silent_is_answered_for() {
    let (mut stage, start) = (Stage::new(), Instant::now());
    let closed = stage.ends().await;
    assert_eq!(closed.how, ClosedHow::Timeout);
    let limit = Limits::default().response_time;
    assert!(start.elapsed() >= limit && start.elapsed() < limit + Duration::from_secs(2));
    let got = String::from_utf8(stage.client.lock().got.clone()).unwrap();
    assert!(got.starts_with("HTTP/1.1 504 Gateway Timeout\r\n") && got.contains("ws://upstream:9999"), "{got}");
    assert!(stage.client.lock().shut && stage.server.lock().shut);
}

#[tokio::test(start_paused = true)]
async fn what_the_strict_policy_refuses_is_answered_with_the_finding() {
    let mut stage = Stage::under(Policy::Strict, &Fate::default(), usize::MAX);
    stage.server.says(b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05Hello");
    stage.ends().await;
    let got = String::from_utf8(stage.client.lock().got.clone()).unwrap();
    assert!(got.starts_with("HTTP/1.1 502 Bad Gateway\r\n") && got.contains("error[resp-accept-missing]"), "{got}");
    assert!(stage.client.lock().shut && stage.server.lock().shut);
}

#[tokio::test(start_paused = true)]
async fn the_strict_policy_s_close_frame_stands_behind_what_passed() {
    let stage = Stage::under(Policy::Strict, &Fate::default(), usize::MAX);
    stage.server.says(RESPONSE);
    stage.server.says(&[HELLO, b"\x83\x01a", HELLO].concat());
    stage.goes_on().await;
    assert_eq!(stage.client.lock().got, [RESPONSE, HELLO, b"\x88\x02\x03\xea"].concat());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_told_to_quit_ends_as_soon_as_both_have_replied() {
    let (mut stage, start) = (Stage::open().await, Instant::now());
    stage.quit.send_replace(true);
    stage.client.says(MASKED);
    stage.goes_on().await;
    passes(LAST_READS).await;
    assert!(stage.server.lock().got.starts_with(MASKED), "what came just before is passed on");
    assert_eq!(stage.client.lock().got, b"\x88\x02\x03\xe9");
    stage.client.says(MASKED_CLOSE);
    stage.server.says(CLOSE);
    let closed = stage.ends().await;
    assert_eq!((closed.by, closed.code), (ClosedBy::Proxy, Some(Code::GOING_AWAY)));
    assert!(start.elapsed() < Limits::default().closing_time);
    assert_eq!(stage.client.lock().got, b"\x88\x02\x03\xe9", "no reply is passed on");
}

#[tokio::test(start_paused = true)]
async fn peers_that_never_reply_have_their_time_even_where_they_read_nothing() {
    let (mut stage, start) = (Stage::open().await, Instant::now());
    stage.client.takes(1);
    let close = SessionCommand::close(ClosedBy::User, Code::NORMAL);
    stage.commands.send(Box::new((close, control::unheard()))).await.ok().unwrap();
    let closed = stage.ends().await;
    assert_eq!((closed.by, closed.code), (ClosedBy::User, Some(Code::NORMAL)));
    let limit = Limits::default().closing_time;
    assert!(start.elapsed() >= limit && start.elapsed() < limit * 2);
}

#[tokio::test(start_paused = true)]
async fn an_injection_has_its_reply_when_its_place_came() {
    let stage = Stage::open().await;
    let (told, mut replies) = mpsc::unbounded_channel();
    stage.server.says(b"\x81\x05Hel");
    stage.goes_on().await;
    let reply = Box::new(move |reply| told.send(reply).unwrap());
    let injection = Injection::whole(Opcode::PING, Vec::new());
    let command = SessionCommand::Inject { to: Side::Client, injection };
    stage.commands.send(Box::new((command, reply))).await.ok().unwrap();
    stage.goes_on().await;
    assert!(matches!(replies.recv().await, Some(Reply::Waiting(_))));
    stage.server.says(b"lo");
    assert_eq!(replies.recv().await, Some(Reply::Sent { frame: Some(FrameNumber::new(2)) }));
    assert_eq!(replies.recv().await, None, "nobody is left to reply");
    stage.goes_on().await;
    assert_eq!(stage.client.lock().got, [HELLO, b"\x89\x00"].concat());
}

#[tokio::test(start_paused = true)]
async fn half_a_close_leaves_the_other_way_open() {
    let mut stage = Stage::open().await;
    stage.client.ends();
    stage.goes_on().await;
    assert!(stage.server.lock().shut && !stage.client.lock().shut);
    stage.server.says(HELLO);
    stage.goes_on().await;
    assert_eq!(stage.client.lock().got, HELLO);
    stage.server.ends();
    assert_eq!(stage.ends().await.how, ClosedHow::Fin);
    assert!(stage.client.lock().shut && !is_reset(&stage.sockets.client));
}

/// A whole session, of which one step of input or output fails.
async fn with_a_fault(fate: &Fate, policy: Policy) -> Stage {
    let mut stage = Stage::under(policy, fate, 40);
    stage.client.says(MASKED);
    stage.server.says(RESPONSE);
    stage.server.says(HELLO);
    stage.goes_on().await;
    let injection = Injection::whole(Opcode::TEXT, b"injected".to_vec());
    let command = SessionCommand::Inject { to: Side::Server, injection };
    // A session that is over takes none.
    let _ = stage.commands.send(Box::new((command, control::unheard()))).await;
    stage.goes_on().await;
    stage.client.says(MASKED_CLOSE);
    stage.server.says(CLOSE);
    stage.server.ends();
    stage.client.ends();
    stage.ends().await;
    stage
}

#[tokio::test(start_paused = true)]
async fn whatever_fails_at_whatever_step_both_sides_are_told_and_the_end_is_written_down() {
    for policy in Policy::ALL {
        let fate = Fate::default();
        with_a_fault(&fate, policy).await;
        let steps = fate.steps();
        assert!(steps > 20, "{steps} steps");
        for step in 0..steps {
            for kind in [
                io::ErrorKind::ConnectionReset,
                io::ErrorKind::BrokenPipe,
                io::ErrorKind::UnexpectedEof,
                io::ErrorKind::TimedOut,
                io::ErrorKind::InvalidData,
            ] {
                let stage = with_a_fault(&Fate::failing(step, kind), policy).await;
                for side in [Side::Client, Side::Server] {
                    assert!(stage.is_told(side), "the {} at {step} of {steps}, {kind:?}", side.name());
                }
            }
        }
    }
}
