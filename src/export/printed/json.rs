//! The contract for scripts.

use super::*;

#[test]
fn json_listening_has_a_line_for_each_address() {
    let addresses = vec!["127.0.0.1:9000".parse().unwrap(), "[::1]:9000".parse().unwrap()];
    assert_eq!(
        json(proxy(ProxyEvent::Listening {
            addresses,
            upstream: "ws://localhost:9999".into(),
            policy: Default::default()
        })),
        concat!(
            r#"{"v":1,"event":"listening","addr":"127.0.0.1:9000","upstream":"ws://localhost:9999","policy":"faithful"}"#,
            "\n",
            r#"{"v":1,"event":"listening","addr":"[::1]:9000","upstream":"ws://localhost:9999","policy":"faithful"}"#,
            "\n"
        )
    );
}

#[test]
fn json_has_the_fields_of_the_contract_in_their_order() {
    let golden = [
        (
            Event::SessionOpened { client: client(), path: b"/echo".to_vec() },
            r#"{"v":1,"event":"session_opened","session":7,"time":"2026-01-02T03:04:05.678901Z","client":"127.0.0.1:50000","path":"/echo"}"#,
        ),
        (
            head(Side::Client, b"GET / HTTP/1.1\r\n\r\n", None),
            r#"{"v":1,"event":"head","session":7,"time":"2026-01-02T03:04:05.678901Z","from":"client","dialect":"rfc6455","status":null,"bytes":"R0VUIC8gSFRUUC8xLjENCg0K","changed":["Host"],"complete":true}"#,
        ),
        (
            head(Side::Server, b"HTTP/1.1 101 x\r\n\r\n", Some(101)),
            r#"{"v":1,"event":"head","session":7,"time":"2026-01-02T03:04:05.678901Z","from":"server","dialect":"rfc6455","status":101,"bytes":"SFRUUC8xLjEgMTAxIHgNCg0K","changed":[],"complete":true}"#,
        ),
        (
            open(Some(b"chat")),
            r#"{"v":1,"event":"open","session":7,"time":"2026-01-02T03:04:05.678901Z","dialect_client":"rfc6455","dialect_server":"rfc6455","subprotocol":"chat","extensions":null}"#,
        ),
        (
            Event::Answered { status: 502, reason: "refused".into() },
            r#"{"v":1,"event":"answered","session":7,"time":"2026-01-02T03:04:05.678901Z","status":502,"reason":"refused"}"#,
        ),
        (
            Event::Ended { from: Side::Server, how: Ending::Reset },
            r#"{"v":1,"event":"ended","session":7,"time":"2026-01-02T03:04:05.678901Z","from":"server","how":"RST"}"#,
        ),
        (
            closed(b"bye"),
            r#"{"v":1,"event":"session_closed","session":7,"time":"2026-01-02T03:04:05.678901Z","by":"server","how":"close frame","code":1000,"reason":"bye","frames":{"client":1,"server":2},"bytes":{"client":300,"server":4000}}"#,
        ),
        (
            Event::Note(Level::Warning, "wide".into()),
            r#"{"v":1,"event":"note","session":7,"time":"2026-01-02T03:04:05.678901Z","level":"warning","message":"wide"}"#,
        ),
    ];
    for (given, expected) in golden {
        assert_eq!(json(event(given)), format!("{expected}\n"));
    }
    let golden_of_proxy = [
        (
            ProxyEvent::Http { method: "GET".into(), path: "/".into(), status: 200 },
            r#"{"v":1,"event":"http","time":"2026-01-02T03:04:05.678901Z","method":"GET","path":"/","status":200}"#,
        ),
        (
            ProxyEvent::Upstream { trouble: None },
            r#"{"v":1,"event":"upstream","time":"2026-01-02T03:04:05.678901Z","ok":true,"reason":null}"#,
        ),
        (
            ProxyEvent::Answered { status: 503, reason: "full".into() },
            r#"{"v":1,"event":"answered","session":null,"time":"2026-01-02T03:04:05.678901Z","status":503,"reason":"full"}"#,
        ),
        (
            ProxyEvent::Note(Level::Warning, "wide".into()),
            r#"{"v":1,"event":"note","session":null,"time":"2026-01-02T03:04:05.678901Z","level":"warning","message":"wide"}"#,
        ),
    ];
    for (given, expected) in golden_of_proxy {
        assert_eq!(json(proxy(given)), format!("{expected}\n"));
    }
}

#[test]
fn json_has_the_bytes_of_what_is_not_utf_8_beside_it() {
    let path = Event::SessionOpened { client: client(), path: b"/\xff".to_vec() };
    let broken = [(path, "path", "/\u{fffd}", "L/8="), (closed(b"\xff"), "reason", "\u{fffd}", "/w==")];
    let broken = broken.into_iter().chain([(open(Some(b"\xff")), "subprotocol", "\u{fffd}", "/w==")]);
    for (given, field, text, bytes) in broken {
        let told: serde_json::Value = serde_json::from_str(&json(event(given))).unwrap();
        assert_eq!((&told[field], &told[format!("{field}_bytes")]), (&text.into(), &bytes.into()));
    }
}

#[test]
fn json_frames_have_text_or_a_payload() {
    assert_eq!(
        json(whole(Side::Client, Opcode::TEXT, b"Hello")),
        concat!(
            r#"{"v":1,"event":"frame","session":7,"frame":1,"time":"2026-01-02T03:04:05.678901Z","from":"client","opcode":"text","fin":true,"rsv":0,"masked":true,"mask_key":"01020304","length":5,"length_form":7,"text":"Hello","truncated":false,"origin":"peer","relayed":"as-is"}"#,
            "\n"
        )
    );
    assert_eq!(
        json(whole(Side::Server, Opcode::new(3), &[0; 3])),
        concat!(
            r#"{"v":1,"event":"frame","session":7,"frame":1,"time":"2026-01-02T03:04:05.678901Z","from":"server","opcode":"0x3","fin":true,"rsv":0,"masked":false,"mask_key":null,"length":3,"length_form":7,"payload":"AAAA","truncated":false,"origin":"peer","relayed":"as-is"}"#,
            "\n"
        )
    );
    // Neither broken UTF-8 nor what an extension made of a text is text.
    assert!(json(whole(Side::Server, Opcode::TEXT, b"\xff")).contains(r#""payload":"/w==""#));
    let compressed = FrameHeader { first: 0xc1, ..FrameHeader::new(Opcode::TEXT, 1, None) };
    assert!(json(frame(Side::Server, 1, compressed, b"a", 1)).contains(r#""rsv":4"#));
    assert!(json(frame(Side::Server, 1, compressed, b"a", 1)).contains(r#""payload":"YQ==""#));
}

#[test]
fn json_raw_bytes_say_how_many_there_were() {
    let mut log = Log::default();
    let kept = keep(&mut log, b"no frames");
    let raw = RawRecord { time: NOW, from: Side::Server, kept, length: 900, origin: Origin::Peer };
    log.records.push(Record::Raw(raw));
    assert_eq!(
        json(log),
        concat!(
            r#"{"v":1,"event":"raw","session":7,"time":"2026-01-02T03:04:05.678901Z","from":"server","length":900,"payload":"bm8gZnJhbWVz","truncated":true,"origin":"peer"}"#,
            "\n"
        )
    );
}

#[test]
fn json_a_finding_and_a_verdict() {
    let told = json(event(finding(Side::Server)));
    let told = told.trim_end();
    assert!(
        told.starts_with(
            r#"{"v":1,"event":"finding","session":7,"frame":null,"time":"2026-01-02T03:04:05.678901Z","from":"server","id":"resp-accept-mismatch","level":"error","title":"the accept value does not belong to the request's key","at":{"offset":97,"length":3},"bytes":"3a206162630d0a","bytes_at":95,"detail":"the key asks for x=, the server sent abc","spec":"#
        ),
        "{told}"
    );
    let told: serde_json::Value = serde_json::from_str(told).unwrap();
    let keys: Vec<_> = told.as_object().unwrap().keys().skip(12).map(String::as_str).collect();
    assert_eq!(keys, ["detail", "spec", "chrome", "firefox", "safari", "cause", "fix", "repaired"]);
    let verdict = diagnose::of_response(b"", b"HTTP/1.1 404 Not Found\r\n\r\n", None).unwrap();
    assert_eq!(
        json(event(Event::Verdict(Verdict { finding: Some(FindingKind::RespAcceptMismatch), ..verdict }))).trim_end(),
        r#"{"v":1,"event":"verdict","session":7,"time":"2026-01-02T03:04:05.678901Z","browser":"chrome","outcome":"fails","error_text":"Error during WebSocket handshake: Unexpected response code: 404","close_code":1006,"was_clean":false,"finding":"resp-accept-mismatch","frame":null,"undelivered":null,"basis":"predicted"}"#
    );
}

#[test]
fn the_json_summary_counts_what_was_read_and_what_was_lost() {
    let mut printer = Printer::new(Format::JsonLines, TimeZone::UTC);
    let mut out = Vec::new();
    print_into(&mut printer, Some(1), event(Event::SessionOpened { client: client(), path: b"/".to_vec() }));
    print_into(&mut printer, Some(1), whole(Side::Client, Opcode::TEXT, b"Hello"));
    print_into(&mut printer, Some(1), event(closed(b"")));
    printer.lost(2, &mut Vec::new());
    printer.lost(3, &mut Vec::new());
    printer.finish(&BTreeMap::from([(FindingKind::HttpExtraCrlf, 4)]), &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        concat!(
            r#"{"v":1,"event":"summary","sessions":1,"frames":1,"bytes":4300,"findings":{"http-extra-crlf":4},"lost":5,"hidden":0}"#,
            "\n"
        )
    );
}
