//! What decoders say in lines.

use super::*;

/// What a printer says of messages that follow a handshake for `path`: a line for each, without its first columns.
fn said(mut printer: Printer, path: &[u8], messages: &[(Side, &str)]) -> Vec<String> {
    print_into(&mut printer, Some(7), event(Event::SessionOpened { client: client(), path: path.to_vec() }));
    let said = messages.iter().map(|(from, text)| {
        let line = print_into(&mut printer, Some(7), whole(*from, Opcode::TEXT, text.as_bytes()));
        line.trim_end().rsplit_once("  ").unwrap().1.to_owned()
    });
    said.collect()
}

const SOCKET_IO: &[u8] = b"/socket.io/?EIO=4&transport=websocket";

#[test]
fn lines_show_what_a_decoder_says_where_that_is_more_than_the_message() {
    let text = || Printer::new(Format::Text, TimeZone::UTC);
    let messages = [(Side::Client, r#"42["chat message",{"text":"hi"}]"#), (Side::Server, "2")];
    let decoded = said(text(), SOCKET_IO, &messages);
    assert!(decoded[0].starts_with("chat message") && decoded[1].contains("ping"), "{decoded:?}");
    let raw = messages.map(|(_, text)| text.to_owned());
    assert_eq!(said(text().reading(Preference::of(Choice::Plain)), SOCKET_IO, &messages), raw);
    assert_eq!(said(text(), b"/", &messages), raw, "nothing tells that it is Socket.IO");
    assert_eq!(said(text().reading(Preference::of(Choice::Named(Decoder::SocketIo))), b"/", &messages), decoded);
    let json = [(Side::Client, r#"{"b": 1}"#)];
    assert_eq!(said(text(), b"/", &json), [r#"{"b": 1}"#], "JSON says what it says by itself");
}

/// Reads no message but one, and waits for nobody.
struct Shouting;

impl Runner for Shouting {
    fn read(&self, _: Side, payload: Payload<'_>, ask: Ask) -> Result<Arc<str>, Silence> {
        assert_eq!(ask, Ask::Now, "a line is printed once");
        match payload.bytes {
            b"hello" => Ok(Arc::from("HELLO")),
            _ => Err(Silence::Failed(Arc::from("no greeting"))),
        }
    }

    fn when_read(&self, _: Box<dyn Fn() + Send + Sync>) {}
}

#[test]
fn lines_show_what_the_user_s_own_decoders_say() {
    let text = || Printer::new(Format::Text, TimeZone::UTC);
    let program = Preference::of(Choice::Named(Program::decoder("shout", Shouting)));
    let messages = [(Side::Client, "hello"), (Side::Server, "bye")];
    assert_eq!(said(text().reading(program), b"/", &messages), ["HELLO", "bye"]);
    let source = "syntax = \"proto3\"; message User { string name = 1; }";
    let schema = Schema::from_source("user.proto", |_| Some(source.to_owned())).unwrap();
    let given = Preference { choice: Choice::Guessed, given: vec![schema.decoder()] };
    let mut printer = text().reading(given);
    print_into(&mut printer, Some(7), event(Event::SessionOpened { client: client(), path: b"/".to_vec() }));
    let line = print_into(&mut printer, Some(7), whole(Side::Client, Opcode::BINARY, b"\x0a\x03Ada"));
    assert!(line.contains("User") && line.contains("name"), "{line}");
}

fn decoded(printer: &mut Printer, log: Log) -> serde_json::Value {
    let told = print_into(printer, Some(7), log);
    let told: serde_json::Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    told["decoded"].clone()
}

#[test]
fn json_has_what_a_decoder_says_of_the_message_that_a_frame_ends() {
    let printer =
        || Printer::new(Format::JsonLines, TimeZone::UTC).reading(Preference::of(Choice::Named(Decoder::JsonRpc)));
    let request = br#"{"jsonrpc":"2.0","id":5,"method":"sum","params":[1]}"#;
    let told = decoded(&mut printer(), whole(Side::Client, Opcode::TEXT, request));
    assert_eq!((&told["by"], &told["event"]), (&"json-rpc".into(), &"sum".into()), "{told}");
    assert_eq!((&told["role"], &told["id"]), (&"request".into(), &"5".into()), "{told}");
    assert!(told["summary"].as_str().unwrap().contains("sum"), "{told}");
    let refusal = br#"{"jsonrpc":"2.0","id":5,"error":{"code":-1,"message":"no"}}"#;
    let told = decoded(&mut printer(), whole(Side::Server, Opcode::TEXT, refusal));
    assert_eq!((&told["role"], &told["id"]), (&"refusal".into(), &"5".into()), "{told}");
    for other in [
        whole(Side::Client, Opcode::TEXT, b"no JSON"),
        whole(Side::Client, Opcode::PING, request),
        whole(Side::Client, Opcode::TEXT, &[request, &[b' '; 16 * 1024][..]].concat()),
    ] {
        assert!(decoded(&mut printer(), other).is_null());
    }
    let plain = Printer::new(Format::JsonLines, TimeZone::UTC);
    let mut asked = plain.reading(Preference::of(Choice::Named(Decoder::Json)));
    assert_eq!(decoded(&mut asked, whole(Side::Client, Opcode::TEXT, b"{\"id\":1}"))["id"], "1");
}

/// A frame of the server's with that first byte.
fn fragment(number: u64, first: u8, payload: &[u8], came: usize) -> Log {
    let header = FrameHeader { first, ..FrameHeader::new(Opcode::TEXT, payload.len() as u64, None) };
    frame(Side::Server, number, header, payload, came)
}

#[test]
fn fragments_are_read_with_the_last_of_them() {
    let request = br#"{"jsonrpc":"2.0","id":5,"method":"sum"}"#;
    let mut printer =
        Printer::new(Format::JsonLines, TimeZone::UTC).reading(Preference::of(Choice::Named(Decoder::JsonRpc)));
    assert!(decoded(&mut printer, fragment(1, 0x01, &request[..9], 9)).is_null());
    assert!(decoded(&mut printer, whole(Side::Server, Opcode::PING, b"x")).is_null());
    assert_eq!(decoded(&mut printer, fragment(2, 0x80, &request[9..], request.len() - 9))["event"], "sum");
    // Half of a fragment is missing, or what is between two of them.
    assert_eq!(print_into(&mut printer, Some(7), fragment(3, 0x01, &request[..9], 5)), "");
    assert!(decoded(&mut printer, fragment(4, 0x80, &request[9..], request.len() - 9)).is_null());
    assert!(decoded(&mut printer, fragment(5, 0x01, &request[..9], 9)).is_null());
    printer.lost(1, &mut Vec::new());
    assert!(decoded(&mut printer, fragment(6, 0x80, &request[9..], request.len() - 9)).is_null());
    assert_eq!(decoded(&mut printer, fragment(7, 0x81, request, request.len()))["event"], "sum", "whole again");
}

#[test]
fn a_compressed_message_is_read_as_what_it_inflates_to() {
    let request = br#"{"jsonrpc":"2.0","id":5,"method":"sum"}"#;
    let mut printer =
        Printer::new(Format::JsonLines, TimeZone::UTC).reading(Preference::of(Choice::Named(Decoder::JsonRpc)));
    let mut inflated = |number, first, bytes: &[u8]| {
        let frame = FrameNumber::new(number);
        let length = bytes.len() as u64;
        let bytes = bytes.to_vec();
        let inflated = InflatedEvent { frame, from: Side::Server, bytes, length, packed: 2 };
        print_into(&mut printer, Some(7), event(Event::Inflated(inflated)));
        decoded(&mut printer, fragment(number, first, b"zz", 2))
    };
    assert_eq!(inflated(1, 0xc1, request)["event"], "sum");
    assert!(inflated(2, 0x41, &request[..9]).is_null());
    assert_eq!(inflated(3, 0x80, &request[9..])["event"], "sum");
    assert!(decoded(&mut printer, fragment(4, 0xc1, request, request.len())).is_null(), "it inflates to nothing");
}

#[test]
fn a_frame_in_pieces_is_read_when_it_is_whole() {
    for format in [Format::Text, Format::JsonLines] {
        let mut printer = Printer::new(format, TimeZone::UTC).reading(Preference::of(Choice::Named(Decoder::JsonRpc)));
        let long = "x".repeat(3000);
        let request = format!(r#"{{"jsonrpc":"2.0","params":["{long}"],"id":5,"method":"sum"}}"#).into_bytes();
        assert_eq!(print_into(&mut printer, Some(7), fragment(1, 0x81, &request, 1000)), "");
        let told = print_into(&mut printer, Some(7), more(Side::Server, 1, &request[1000..], request.len() as u64));
        let expected = if format == Format::Text { "  sum" } else { r#""event":"sum""# };
        assert!(told.contains(expected), "{told}");
    }
}
