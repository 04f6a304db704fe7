//! What people read, and what holds for scripts too.

use super::*;

#[test]
fn lines_are_aligned_and_the_arrow_s_place_is_the_direction() {
    let golden = [
        (
            event(Event::SessionOpened { client: client(), path: b"/echo".to_vec() }),
            "03:04:05.678901    7          opened       by 127.0.0.1:50000 for /echo",
        ),
        (
            event(head(Side::Client, b"GET /echo HTTP/1.1\r\n\r\n", None)),
            "03:04:05.678901    7 →        request      GET /echo HTTP/1.1 (changed: Host)",
        ),
        (
            event(head(Side::Server, b"HTTP/1.1 101 Switching Protocols\r\n\r\n", Some(101))),
            "03:04:05.678901    7  ←       response     HTTP/1.1 101 Switching Protocols",
        ),
        (event(open(Some(b"chat"))), "03:04:05.678901    7          open         rfc6455, subprotocol chat"),
        (
            whole(Side::Client, Opcode::TEXT, b"Hello"),
            "03:04:05.678901    7 →      1 text                  FIN --- MASK       5  Hello",
        ),
        (
            whole(Side::Server, Opcode::BINARY, &[0, 0xff]),
            "03:04:05.678901    7  ←     1 binary                FIN --- ----       2  00 ff",
        ),
        (
            whole(Side::Server, Opcode::CLOSE, b"\x03\xe8bye"),
            "03:04:05.678901    7  ←     1 close                 FIN --- ----       5  1000 normal closure: bye",
        ),
        (
            whole(Side::Server, Opcode::PING, b""),
            "03:04:05.678901    7  ←     1 ping                  FIN --- ----       0",
        ),
        (
            event(Event::Answered { status: 502, reason: "nobody there".into() }),
            "03:04:05.678901    7          answered     502 by wsproxy: nobody there",
        ),
        (
            event(Event::Ended { from: Side::Client, how: Ending::Fin }),
            "03:04:05.678901    7 →        ended        client with FIN",
        ),
        (
            event(closed(b"bye")),
            "03:04:05.678901    7          closed       by server, close frame: 1000 normal closure: bye; 1 frame and \
             300 B from the client, 2 frames and 4.0 kB from the server",
        ),
        (
            proxy(ProxyEvent::Http { method: "GET".into(), path: "/".into(), status: 200 }),
            "03:04:05.678901    7          http         200 GET /",
        ),
        (proxy(ProxyEvent::Upstream { trouble: None }), "03:04:05.678901    7          upstream     it answers"),
        (event(Event::Note(Level::Warning, "wide".into())), "03:04:05.678901    7          warning      wide"),
        (
            event(finding(Side::Server)),
            "03:04:05.678901    7  ←       error        resp-accept-mismatch: the accept value does not belong to the \
             request's key (the key asks for x=, the server sent abc); help: hash the key's text as it came, with the \
             GUID behind it, and encode the 20 raw bytes with base64: base64.b64encode(hashlib.sha1(key + \
             GUID).digest()); base64_encode(sha1($key . $guid, true)); crypto.createHash(\"sha1\").update(key + \
             GUID).digest(\"base64\")",
        ),
        (
            event(Event::Verdict(diagnose::of_no_response(NoResponse::Nothing))),
            "03:04:05.678901    7          verdict      chrome fails: Connection closed before receiving a handshake \
             response (the page sees close code 1006)",
        ),
    ];
    for (log, expected) in golden {
        assert_eq!(line(log), format!("{expected}\n"));
    }
}

#[test]
fn lines_say_what_became_of_a_frame() {
    for (became, word) in [(Relayed::Changed(By::Repair), "changed"), (Relayed::Dropped(By::Repair), "dropped")] {
        let mut log = whole(Side::Client, Opcode::TEXT, b"Hello");
        let Some(Record::Frame(frame)) = log.records.first_mut() else { panic!("it is a frame") };
        frame.relayed = became;
        let expected = format!("03:04:05.678901    7 →      1 text         {word}  FIN --- MASK       5  Hello\n");
        assert_eq!(line(log), expected);
    }
}

#[test]
fn a_frame_in_pieces_is_printed_once_when_it_is_whole() {
    let mut printer = Printer::new(Format::JsonLines, TimeZone::UTC);
    let header = FrameHeader::new(Opcode::TEXT, 10, Some(KEY));
    let mut wire = b"0123456789".to_vec();
    mask::apply(KEY, 0, &mut wire);
    assert_eq!(print_into(&mut printer, Some(1), frame(Side::Client, 1, header, b"0123456789", 3)), "");
    assert_eq!(print_into(&mut printer, Some(1), more(Side::Client, 1, &wire[3..7], 7)), "");
    let other = print_into(&mut printer, Some(2), whole(Side::Client, Opcode::TEXT, b"other"));
    assert!(other.contains(r#""session":2"#), "{other}");
    let done = print_into(&mut printer, Some(1), more(Side::Client, 1, &wire[7..], 10));
    assert!(done.contains(r#""text":"0123456789","truncated":false"#), "{done}");
    assert_eq!(print_into(&mut printer, Some(1), event(closed(b""))).lines().count(), 1);
}

#[test]
fn an_unfinished_frame_is_printed_with_what_came_when_its_session_closes() {
    for (format, expected) in [
        (Format::JsonLines, r#""length":10,"length_form":7,"text":"012","truncated":true"#),
        (Format::Text, "3/10  012\n"),
    ] {
        let mut printer = Printer::new(format, TimeZone::UTC);
        let header = FrameHeader::new(Opcode::TEXT, 10, None);
        assert_eq!(print_into(&mut printer, Some(1), frame(Side::Server, 1, header, b"0123456789", 3)), "");
        let end = print_into(&mut printer, Some(1), event(closed(b"")));
        assert!(end.contains(expected) && end.lines().count() == 2, "{end}");
    }
}

#[test]
fn what_was_lost_is_told_and_unfinished_frames_end_there() {
    let mut printer = Printer::new(Format::JsonLines, TimeZone::UTC);
    let header = FrameHeader::new(Opcode::TEXT, 10, None);
    print_into(&mut printer, Some(1), frame(Side::Server, 1, header, b"0123456789", 3));
    let mut out = Vec::new();
    printer.lost(12, &mut out);
    let out = String::from_utf8(out).unwrap();
    assert!(out.starts_with(r#"{"v":1,"event":"frame""#), "{out}");
    assert!(out.ends_with("{\"v\":1,\"event\":\"lost\",\"records\":12}\n"), "{out}");
    assert_eq!(print_into(&mut printer, Some(1), more(Side::Server, 1, b"9", 10)), "");
}

#[test]
fn hostile_bytes_never_come_out_raw() {
    let hostile = "\x1b[2J\u{9b}31m\u{202e}\r\n\"\\".as_bytes();
    let logs = || {
        [
            whole(Side::Server, Opcode::TEXT, hostile),
            whole(Side::Server, Opcode::PING, hostile),
            whole(Side::Server, Opcode::CLOSE, &[b"\x03\xe8", hostile].concat()),
            event(Event::SessionOpened { client: client(), path: hostile.to_vec() }),
            event(head(Side::Server, hostile, None)),
            event(open(Some(hostile))),
            event(closed(hostile)),
            proxy(ProxyEvent::Upstream { trouble: Some(String::from_utf8_lossy(hostile).into()) }),
            proxy(ProxyEvent::Http {
                method: "GET".into(),
                path: String::from_utf8_lossy(hostile).into(),
                status: 200,
            }),
            event(Event::Note(Level::Note, String::from_utf8_lossy(hostile).into())),
            event(Event::Answered { status: 502, reason: String::from_utf8_lossy(hostile).into() }),
        ]
    };
    for log in logs() {
        let out = line(log);
        assert_eq!(out.lines().count(), 1, "{out}");
        assert!(out.trim_end_matches('\n').chars().all(text::is_plain), "{out}");
    }
    for log in logs() {
        let out = json(log);
        assert!(out.trim_end_matches('\n').chars().all(text::is_plain), "{out}");
    }
    let told: serde_json::Value = serde_json::from_str(&json(whole(Side::Server, Opcode::TEXT, hostile))).unwrap();
    assert_eq!(told["text"].as_str().unwrap().as_bytes(), hostile, "escaped, and nothing lost");
}

proptest! {
    #[test]
    fn any_text_survives_json(text in ".*") {
        let told: serde_json::Value =
            serde_json::from_str(&json(whole(Side::Client, Opcode::TEXT, text.as_bytes()))).unwrap();
        prop_assert_eq!(told["text"].as_str().unwrap(), text);
    }

    #[test]
    fn any_payload_gives_one_plain_line(opcode in 0u8..16, payload in proptest::collection::vec(any::<u8>(), 0..300)) {
        let out = line(whole(Side::Client, Opcode::new(opcode), &payload));
        prop_assert_eq!(out.lines().count(), 1);
        prop_assert!(out.trim_end_matches('\n').chars().all(text::is_plain));
    }
}

/// The lines for two sessions through a filter, without their time.
fn filtered(query: &str, format: Format) -> Vec<String> {
    let mut printer = Printer::new(format, TimeZone::UTC).filtered(Query::parse(query).unwrap().unwrap());
    let mut out = Vec::new();
    for (id, path) in [(7, "/chat"), (8, "/news?x=1")] {
        let id = Some(SessionId(id));
        let opened = Event::SessionOpened { client: client(), path: path.into() };
        printer.log(id, &event(opened), &mut out);
        printer.log(
            id,
            &whole(Side::Client, Opcode::TEXT, &[b"x".repeat(2000), b"needle".to_vec()].concat()),
            &mut out,
        );
        printer.log(id, &whole(Side::Server, Opcode::BINARY, b"\x01\x02"), &mut out);
    }
    printer.finish(&BTreeMap::new(), &mut out).unwrap();
    let lines = String::from_utf8(out).unwrap();
    lines.lines().map(str::to_owned).collect()
}

#[test]
fn a_filter_prints_only_what_fits_and_counts_the_rest() {
    let lines = filtered("path:/news needle", Format::Text);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].contains("   8 ") && lines[0].contains(" text "), "{lines:?}");
    assert!(lines[1].starts_with("2 sessions, 4 frames") && lines[2] == "5 lines hidden by --filter", "{lines:?}");
    assert!(filtered("opened", Format::Text)[1].contains("for /news?x=1"));
    let json = filtered("op:binary session:7", Format::JsonLines);
    let json: Vec<serde_json::Value> = json.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((json.len(), &json[0]["session"], &json[0]["opcode"]), (2, &7.into(), &"binary".into()), "{json:?}");
    assert_eq!((&json[1]["event"], &json[1]["hidden"]), (&"summary".into(), &5.into()), "{json:?}");
}

#[test]
fn a_filter_hides_neither_where_wsproxy_listens_nor_how_a_run_ends() {
    let mut printer = Printer::new(Format::JsonLines, TimeZone::UTC).filtered(Query::parse("needle").unwrap().unwrap());
    let mut log = Log::default();
    let policy = Policy::Faithful;
    let listening = ProxyEvent::Listening { addresses: vec![client()], upstream: "ws://x".into(), policy };
    log.proxy(Time(0), listening);
    log.proxy(Time(0), ProxyEvent::Note(Level::Note, "other".into()));
    log.proxy(Time(0), ProxyEvent::Note(Level::Note, "a needle in it".into()));
    let mut out = Vec::new();
    printer.log(None, &log, &mut out);
    let lines = String::from_utf8(out).unwrap();
    assert_eq!(lines.lines().count(), 2, "{lines}");
    assert!(lines.contains("listening") && lines.contains("needle"), "{lines}");
}
