//! Rules that no recorded session shows: what keeps them from false alarms.

use proptest::prelude::*;

use super::*;

const SECOND: u64 = 1_000_000;

/// A watcher, and the time and number of the next message.
struct Session {
    watcher: Watcher,
    time: u64,
    number: u64,
    found: Vec<&'static str>,
}

impl Session {
    fn open(path: &str, protocol: Option<&str>) -> Self {
        let field = protocol.map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n")).unwrap_or_default();
        let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\n{field}\r\n");
        let response = format!("HTTP/1.1 101 Switching Protocols\r\n{field}\r\n");
        let watcher = Watcher::new(Time(0), request.as_bytes(), response.as_bytes());
        Self { watcher, time: 0, number: 0, found: Vec::new() }
    }

    fn says(&mut self, from: Side, opcode: Opcode, bytes: &[u8]) -> &mut Self {
        self.number += 1;
        let mask = (from == Side::Client).then_some([1, 2, 3, 4]);
        let message = Message {
            from,
            time: Time(self.time),
            number: FrameNumber::new(self.number),
            header: FrameHeader::new(opcode, bytes.len() as u64, mask),
            payload: Payload { format: decode::Format::of(opcode).unwrap(), bytes, is_whole: true },
        };
        if self.watcher.wants(from, bytes) {
            self.found.extend(self.watcher.message(&message).iter().map(|finding| finding.kind.id()));
        }
        self
    }

    fn client(&mut self, text: &str) -> &mut Self {
        self.says(Side::Client, Opcode::TEXT, text.as_bytes())
    }

    fn server(&mut self, text: &str) -> &mut Self {
        self.says(Side::Server, Opcode::TEXT, text.as_bytes())
    }

    fn wait(&mut self, seconds: u64) -> &mut Self {
        self.time += seconds * SECOND;
        self
    }

    fn control(&mut self, from: Side, opcode: Opcode) -> &mut Self {
        self.watcher.control(Time(self.time), from, opcode);
        self
    }

    /// What is said of an end of the server's without a close frame, where no byte came since `silent`.
    fn end(&self, silent: u64) -> Option<&'static str> {
        let silence = Duration::from_micros(self.time - silent * SECOND);
        let silence = PerSide::new(silence, silence);
        let end = End { from: Side::Server, how: Some(Ending::Fin), time: Time(self.time), silence };
        self.watcher.end(&end).map(|finding| finding.kind.id())
    }
}

#[test]
fn the_first_messages_are_seen_and_then_only_those_of_interest() {
    let mut plain = Session::open("/chat", None);
    let mut known = Session::open("/socket.io/?EIO=4&transport=websocket", None);
    for _ in 0..FIRST {
        assert!(plain.watcher.listens(Side::Client) && plain.watcher.wants(Side::Client, b"hello"));
        plain.client("hello");
        known.client("42[\"say\"]");
    }
    assert!(!plain.watcher.listens(Side::Client) && plain.watcher.listens(Side::Server));
    assert!(known.watcher.listens(Side::Client) && !known.watcher.wants(Side::Client, b"42[\"say\"]"));
    assert!(known.watcher.wants(Side::Client, b"hello"));
}

#[test]
fn a_session_with_much_of_interest_is_let_alone_in_the_end() {
    let mut session = Session::open("/socket.io/?EIO=4&transport=websocket", None);
    for _ in 0..FIRST + MOST / 2 {
        assert!(session.watcher.listens(Side::Server));
        session.server("2").client("3");
    }
    session.says(Side::Server, Opcode::TEXT, b"2").says(Side::Server, Opcode::TEXT, b"2");
    assert!(!session.watcher.wants(Side::Server, b"2"));
    assert_eq!(session.found, [""; 0]);
}

#[test]
fn a_ping_whose_answer_passed_unseen_is_not_missed() {
    let mut session = Session::open("/socket.io/?EIO=4&transport=websocket", None);
    session.server("0{\"sid\":\"a\",\"pingInterval\":25000}").client("40").server("40{\"sid\":\"b\"}").server("2");
    assert_eq!(session.watcher.owed().map(|owed| owed.kind), Some(StallKind::EngineIoPong));
    session.watcher.missed(Side::Client);
    assert_eq!(session.watcher.owed(), None);
}

#[test]
fn engine_io_without_socket_io_may_say_anything_in_a_message() {
    let mut session = Session::open("/engine.io/?EIO=4&transport=websocket", None);
    session.server("0{\"sid\":\"a\",\"pingInterval\":25000}").client("4hello").server("4hello");
    assert_eq!((session.watcher.owed(), session.found.len()), (None, 0));
    let mut probe = Session::open("/socket.io/?EIO=4&transport=websocket&sid=a", None);
    probe.client("2probe").server("3probe").client("5").server("42[\"x\"]");
    assert_eq!((probe.watcher.owed(), probe.found.len()), (None, 0));
}

#[test]
fn a_first_message_is_unheard_only_where_those_like_it_are_answered() {
    let turns = |wait, replies: [&str; 2]| {
        let mut session = Session::open("/chat", None);
        session.client("{\"get\":1}").wait(wait).client("{\"get\":2}");
        session.server(replies[0]).client("{\"get\":3}").server(replies[1]).client("{\"get\":4}");
        session.found
    };
    assert_eq!(turns(2, ["{}", "{}"]), ["app-first-unanswered"]);
    assert_eq!(turns(0, ["{}", "{}"]), [""; 0], "there was no time for a reply");
    let mut login = Session::open("/chat", None);
    login.client("{\"token\":1}").wait(2).client("{\"get\":2}").server("{}").client("{\"get\":3}").server("{}");
    login.client("{\"get\":4}");
    assert_eq!(login.found, [""; 0], "a login is of another kind");
    let mut text = Session::open("/chat", None);
    text.client("name ann").wait(2).client("a").server("1").client("b").server("2").client("c");
    assert_eq!(text.found, [""; 0], "of text without a form nobody knows what it asks for");
    let mut echo = Session::open("/chat", None);
    echo.client("a").wait(2).client("b").server("b").client("c").server("c").client("d");
    assert_eq!(echo.found, ["app-first-unanswered"]);
}

#[test]
fn bytes_are_blamed_only_where_the_client_sends_text() {
    let mut bytes = Session::open("/chat", None);
    bytes.says(Side::Client, Opcode::BINARY, b"{\"a\":1}").says(Side::Server, Opcode::BINARY, b"{\"a\":1}");
    bytes.says(Side::Client, Opcode::TEXT, b"hello").says(Side::Server, Opcode::BINARY, b"hello");
    assert_eq!(bytes.found, [""; 0]);
    let mut other = Session::open("/chat", None);
    other.client("hello").says(Side::Server, Opcode::BINARY, b"{\"a\":1}");
    other.says(Side::Server, Opcode::BINARY, b"\x81\xa1a\x01");
    assert_eq!(other.found, [""; 0]);
}

#[test]
fn a_heartbeat_is_broken_only_where_it_never_worked() {
    let beat = |session: &mut Session| {
        session.wait(30).control(Side::Server, Opcode::PING).control(Side::Client, Opcode::PONG);
    };
    let mut session = Session::open("/chat", None);
    beat(&mut session);
    assert_eq!(session.wait(30).end(30), Some("app-heartbeat-broken"));
    let mut later = Session::open("/chat", None);
    beat(&mut later);
    later.time += 2 * SECOND + SECOND / 2;
    assert_eq!(later.end(30), None, "no turn of a timer, and none of a second");
    beat(&mut later);
    assert_eq!(later.wait(30).end(60), None, "it had worked once");
    let mut proxy = Session::open("/chat", None);
    beat(&mut proxy);
    assert_eq!(proxy.wait(60).end(30), None, "60 s of silence are most likely a proxy's limit");
    let mut unanswered = Session::open("/chat", None);
    unanswered.wait(30).control(Side::Server, Opcode::PING);
    assert_eq!(unanswered.wait(30).end(30), None);
}

#[test]
fn a_long_frame_of_stomp_may_go_on_in_the_next_message() {
    let mut session = Session::open("/ws", Some("v12.stomp"));
    let long = format!("SEND\ndestination:/q\n\n{}", "x".repeat(LOOKED_AT));
    session
        .client("CONNECT\r\naccept-version:1.2\r\n\r\n\0")
        .server("CONNECTED\nversion:1.2\n\n\0")
        .client(&long)
        .client("x\0");
    session.client("\n").server("\n");
    assert_eq!(session.found, [""; 0]);
}

#[test]
fn a_keep_alive_is_blamed_at_its_limit_only() {
    let mut session = Session::open("/mqtt", Some("mqtt"));
    session.says(Side::Client, Opcode::BINARY, b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x0a\x00\x03web");
    session.says(Side::Server, Opcode::BINARY, b"\x20\x02\x00\x00");
    assert_eq!(session.wait(14).end(0), None);
    assert_eq!(session.wait(1).end(0), Some("mqtt-keep-alive"));
    assert_eq!(session.wait(60).end(0), None);
}

#[test]
fn another_parser_of_socket_io_is_no_fault() {
    let mut session = Session::open("/socket.io/?EIO=4&transport=websocket", None);
    session
        .server("0{\"sid\":\"a\",\"pingInterval\":25000}")
        .client("4{\"type\":0,\"nsp\":\"/\"}")
        .server("4{\"type\":0}");
    assert_eq!((session.watcher.owed(), session.found.len()), (None, 0));
    let mut bytes = Session::open("/socket.io/?EIO=4&transport=websocket", None);
    bytes.server("0{\"sid\":\"a\",\"pingInterval\":25000}").says(Side::Client, Opcode::BINARY, b"\x83\xa4type\x00");
    assert_eq!((bytes.watcher.owed(), bytes.found.len()), (None, 0));
}

#[test]
fn packets_of_mqtt_are_read_however_messages_cut_them() {
    let refused = |client: &[&[u8]], server: &[&[u8]]| {
        let mut session = Session::open("/mqtt", Some("mqtt"));
        client.iter().for_each(|bytes| _ = session.says(Side::Client, Opcode::BINARY, bytes));
        server.iter().for_each(|bytes| _ = session.says(Side::Server, Opcode::BINARY, bytes));
        session.found
    };
    let connect = b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x0a\x00\x03web";
    let pieces: Vec<_> = connect.chunks(1).collect();
    assert_eq!(refused(&[connect], &[b"\x20\x02\x00\x05"]), ["mqtt-refused"]);
    assert_eq!(refused(&pieces, &[b"\x20", b"\x02\x00", b"\x05"]), ["mqtt-refused"]);
    // A long PUBLISH whose end comes with a SUBACK.
    let publish = [&b"\x30\xc8\x01\x00\x01t"[..], &[b'x'; 150]].concat();
    let rest = [&[b'x'; 47][..], b"\x90\x03\x00\x01\x80"].concat();
    assert_eq!(refused(&[connect], &[b"\x20\x02\x00\x00", &publish, &rest]), ["mqtt-subscription-refused"]);
    assert_eq!(refused(&[connect], &[b"\x20\xff\xff\xff\xff\xff\xff", b"\x90"]), [""; 0]);
}

proptest! {
    #[test]
    fn whatever_is_said_there_are_limits(
        opening in 0usize..8,
        messages in proptest::collection::vec((any::<bool>(), any::<bool>(), 0usize..10, any::<Vec<u8>>()), 0..40),
        silent in 0u64..100,
    ) {
        let openings = [
            ("/socket.io/?EIO=4&transport=websocket", None),
            ("/graphql", Some("graphql-ws")),
            ("/mqtt", Some("mqtt")),
            ("/ws", Some("v12.stomp")),
            ("/socket/websocket?vsn=2.0.0", None),
            ("/cable", Some("actioncable-v1-json")),
            ("/ws", Some("wamp.2.msgpack")),
            ("/hub", None),
        ];
        let starts: [&[u8]; 10] = [
            b"", b"40", b"44", b"{\"type\":", b"{\"protocol\":\"json\",\"version\":1}\x1e", b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x0a",
            b"ERROR\n", b"[\"1\",\"1\",\"t\",\"phx_reply\",", b"\x93\x03", b"\x20\xff\xff",
        ];
        let (path, protocol) = openings[opening];
        let mut session = Session::open(path, protocol);
        for (is_client, is_text, start, rest) in messages {
            let from = if is_client { Side::Client } else { Side::Server };
            let opcode = if is_text { Opcode::TEXT } else { Opcode::BINARY };
            session.wait(1).says(from, opcode, &[starts[start], &rest].concat());
        }
        let _ = (session.watcher.owed(), session.wait(silent).end(0));
        prop_assert!(session.found.len() < 200);
    }
}
