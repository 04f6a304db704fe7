mod corpus;
mod nested;
mod schema;

use proptest::prelude::*;

use super::*;

fn read(decoder: Decoder, text: &str) -> Result<Decoded, Fault> {
    decoder.read(Side::Client, Payload::text(text.as_bytes()), &Limits::DETAIL)
}

fn lines(document: &Document) -> Vec<String> {
    let line = |node: &Node| {
        let key = node.key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default();
        format!("{}{key}{}", "  ".repeat(node.depth.into()), node.value)
    };
    document.nodes().iter().map(line).collect()
}

#[test]
fn names_are_their_own_and_lead_back() {
    for decoder in Decoder::ALL {
        assert_eq!(Decoder::from_name(decoder.name()), Some(decoder));
    }
    assert_eq!(Decoder::from_name("nothing"), None);
}

#[test]
fn json_becomes_a_tree_with_places() {
    let text = r#"{"a":[1.50,"x\u00fc\ud83d\ude00\n"],"a":null}"#;
    let decoded = read(Decoder::Json, text).unwrap();
    assert_eq!(lines(&decoded.document), ["{}", "  a: []", "    1.50", "    \"xü😀\\n\"", "  a: null"]);
    let spans = decoded.document.nodes().iter().map(|node| &text[node.span.clone().unwrap()]);
    assert_eq!(
        spans.collect::<Vec<_>>(),
        [text, r#"[1.50,"x\u00fc\ud83d\ude00\n"]"#, "1.50", r#""x\u00fc\ud83d\ude00\n""#, "null"]
    );
    assert_eq!(decoded.summary(), r#"{a:[1.50,"xü😀\n"],a:null}"#);
}

#[test]
fn a_fault_says_where_the_message_stops_being_of_its_kind() {
    for (text, at) in [("{\"a\":01}", 6), ("[1,]", 3), ("[1 2]", 3), ("{1:2}", 1), ("[1] x", 4), ("nul", 3), ("", 0)] {
        assert_eq!(read(Decoder::Json, text).unwrap_err().at, at, "{text}");
    }
    assert_eq!(read(Decoder::SocketIo, "49").unwrap_err().at, 1);
    assert!(read(Decoder::GraphQl, r#"{"type":"x"}"#).is_err());
}

#[test]
fn what_is_not_all_there_is_read_as_far_as_it_goes() {
    let text = r#"42["say",{"long":"and lon"#;
    let payload = Payload { is_whole: false, ..Payload::text(text.as_bytes()) };
    let decoded = Decoder::SocketIo.read(Side::Client, payload, &Limits::ROW).unwrap();
    assert_eq!((decoded.summary().as_str(), decoded.document.is_cut()), ("say {}", true));
    assert!(read(Decoder::SocketIo, text).is_err());
}

#[test]
fn names_and_ids_behind_a_large_value_are_still_found() {
    let many = "[1],".repeat(5_000);
    let text = format!(r#"{{"payload":{{"data":[{many}0]}},"type":"next","id":"7"}}"#);
    let limits = Limits { bytes: 1 << 20, ..Limits::ROW };
    let decoded = Decoder::GraphQl.read(Side::Server, Payload::text(text.as_bytes()), &limits).unwrap();
    assert_eq!(decoded.parts[0].role, Role::Reply("7".into()));
    assert!(decoded.document.nodes().len() <= limits.nodes + 3 && decoded.document.is_cut());
}

#[test]
fn nesting_of_any_depth_is_read() {
    let text = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let decoded = read(Decoder::Json, &text).unwrap();
    assert_eq!(decoded.document.nodes().len(), usize::from(Limits::DETAIL.depth) + 1);
    assert!(decoded.document.is_cut());
}

#[test]
fn messagepack_nested_in_values_or_in_keys_ends_in_a_fault() {
    for byte in [0x81, 0x91, 0xdc, 0xde] {
        for key in [&[][..], &[0x00], &[0x00, 0x01]] {
            let bytes = [&[byte], key].concat().repeat(1_000_000);
            assert!(Decoder::MessagePack.read(Side::Client, Payload::binary(&bytes), &Limits::DETAIL).is_err());
        }
    }
}

#[test]
fn cbor_nested_in_values_in_keys_or_in_tags_ends_in_a_fault() {
    for start in
        [&[0x81][..], &[0x9f], &[0xa1], &[0xa1, 0], &[0xbf, 0], &[0xd8, 99], &[0xd9, 0xd9, 0xf7], &[0xc1], &[0x5f]]
    {
        let bytes = start.repeat(1_000_000);
        assert!(Decoder::Cbor.read(Side::Client, Payload::binary(&bytes), &Limits::DETAIL).is_err(), "{start:x?}");
    }
}

#[test]
fn what_has_a_length_in_protobuf_is_text_a_message_or_bytes() {
    let summary = |bytes: &[u8]| {
        let decoded = Decoder::Protobuf.read(Side::Client, Payload::binary(bytes), &Limits::DETAIL)?;
        Ok::<_, Fault>(decoded.summary())
    };
    assert_eq!(summary(b"\x0a\x03abc").unwrap(), "{1:\"abc\"}");
    assert_eq!(summary(b"\x0a\x05\x0a\x03abc").unwrap(), "{1:{1:\"abc\"}}");
    assert_eq!(summary(b"\x0a\x05\x0aabcd").unwrap(), "{1:\"\\nabcd\"}");
    assert_eq!(summary(b"\x0b\x08\x01\x0c\x10\x02").unwrap(), "{1:{1:1},2:2}");
    for (broken, at) in [(&b"\x0a\x04abc"[..], 5), (b"\x0c", 0), (b"\x0b\x08\x01", 3), (b"\x07", 0), (b"\x00\x00", 0)] {
        assert_eq!(summary(broken).unwrap_err().at, at, "{broken:x?}");
    }
    assert!(summary(&b"\x0b".repeat(1_000_000)).is_err());
    let mut deep = Vec::new();
    for _ in 0..500 {
        let length = [deep.len() as u8 | 0x80, (deep.len() >> 7) as u8];
        deep = [&[0x0a], &length[..], &deep].concat();
    }
    assert!(summary(&deep).unwrap().starts_with("{1:{1:{1:"));
}

#[test]
fn counts_of_yjs_that_are_lies_end_with_the_bytes() {
    let read = |bytes: &[u8]| Decoder::Yjs.read(Side::Client, Payload::binary(bytes), &Limits::DETAIL);
    assert_eq!(read(&[0, 0, 3, 1, 7, 5]).unwrap().summary(), "sync step 1 {7:5}");
    assert_eq!(read(&[0, 0, 1, 0]).unwrap().summary(), "sync step 1 {}");
    let many = [0xff, 0xff, 0xff, 0xff, 0x0f];
    assert_eq!(read(&[&[0, 0, 5], &many[..]].concat()).unwrap_err().at, 8);
    assert_eq!(read(&[&[1, 5], &many[..]].concat()).unwrap_err().at, 7);
    assert_eq!(read(&[0, 0, 2, 0, 0]).unwrap_err().at, 4);
    let first = [(Side::Client, Payload::binary(&[0, 0, 1, 0]))];
    assert_eq!(guess(&Context::default(), &first), None);
}

#[test]
fn frames_of_sockjs_hold_several_messages_or_none() {
    let server = |text: &str| {
        let decoded = Decoder::SockJs.read(Side::Server, Payload::text(text.as_bytes()), &Limits::DETAIL)?;
        Ok::<_, Fault>((decoded.summary(), decoded.is_heartbeat()))
    };
    assert_eq!(server("h").unwrap(), ("heartbeat".to_owned(), true));
    assert_eq!(server(r#"a["\n"]"#).unwrap(), ("heartbeat".to_owned(), true));
    assert_eq!(server(r#"a["one",{"msg":"ping"}]"#).unwrap_err().at, 1);
    let three = r#"a["one","{\"msg\":\"removed\",\"collection\":\"c\",\"id\":\"1\"}","[1]"]"#;
    assert_eq!(server(three).unwrap().0, "one · removed c 1 · [1]");
    assert_eq!(server("a[]").unwrap().0, "nothing");
    assert_eq!(server("ox").unwrap_err().at, 1);
}

#[test]
fn a_packet_of_mqtt_that_goes_on_in_the_next_message_is_read_as_far_as_it_goes() {
    let whole = b"\x40\x02\x00\x07\x32\x0c\x00\x04room\x00\x08\x68\x65\x79\x21";
    let summary = |bytes: &[u8]| {
        Decoder::Mqtt.read(Side::Client, Payload::binary(bytes), &Limits::DETAIL).map(|decoded| decoded.summary())
    };
    assert_eq!(summary(whole).unwrap(), "PUBACK #7 · PUBLISH #8 room, QoS 1 hey!");
    assert_eq!(summary(&whole[..15]).unwrap(), "PUBACK #7 · PUBLISH #8 room, QoS 1 h (goes on in the next message)");
    assert_eq!(summary(&whole[..9]).unwrap(), "PUBACK #7 · PUBLISH (goes on in the next message)");
    assert_eq!(summary(&whole[..5]).unwrap(), "PUBACK #7 · start of a packet");
    assert_eq!(summary(&whole[6..]).unwrap(), "piece of a packet, 12 B: 00 04 72 6f 6f 6d 00 08 68 65 79 21");
    // The topic is longer than its packet.
    assert_eq!(summary(b"\x30\x03\x00\x04room").unwrap(), "piece of a packet, 8 B: 30 03 00 04 72 6f 6f 6d");
    assert_eq!(summary(b"\x30\x03\x00\x04r").unwrap_err().at, 4);
}

#[test]
fn a_guess_that_the_messages_do_not_bear_out_is_not_made() {
    let guessed = |path: &str, subprotocol, message: &str| {
        let context = Context { path: path.as_bytes(), subprotocol };
        guess(&context, &[(Side::Server, Payload::text(message.as_bytes()))])
    };
    assert_eq!(guessed("/", None, "hello"), None);
    assert_eq!(guessed("/", None, "42"), None);
    assert_eq!(guessed("/ws", None, r#"{"type":"said"}"#), Some(Decoder::Json));
    assert_eq!(guessed("/", Some("graphql-ws"), "hello"), None);
    assert_eq!(guessed("/devtools/page/1", None, r#"{"a":1}"#), Some(Decoder::Json));
    assert_eq!(guess(&Context::default(), &[]), None);
    // A map that is not over, of MessagePack and of CBOR.
    for bytes in [[0x82, 0xa1, b'a', 1], [0xa2, 0x61, b'a', 1]] {
        assert_eq!(guess(&Context::default(), &[(Side::Client, Payload::binary(&bytes))]), None);
    }
}

/// What holds of each reading, whatever the bytes are.
fn check(decoder: Decoder, from: Side, payload: Payload<'_>, limits: &Limits) {
    match decoder.read(from, payload, limits) {
        Ok(decoded) => {
            let document = &decoded.document;
            assert!(!decoded.parts.is_empty() && decoded.parts.len() <= limits.parts, "{decoder:?}");
            assert!(document.nodes().len() <= 2 * limits.nodes, "{decoder:?}");
            for (index, node) in document.nodes().iter().enumerate() {
                assert!(node.depth <= limits.depth, "{decoder:?} {node:?}");
                assert!(index + node.descendants < document.nodes().len(), "{decoder:?} {node:?}");
                if let Some(span) = &node.span {
                    assert!(payload.bytes.get(span.clone()).is_some(), "{decoder:?} {node:?}");
                }
                let shown = format!("{}{}", node.key.as_deref().unwrap_or_default(), node.value);
                assert!(shown.chars().all(crate::text::is_plain), "{decoder:?} {node:?}");
            }
            for part in &decoded.parts {
                let shown = format!("{}{}", part.summary, part.event.as_deref().unwrap_or_default());
                assert!(shown.chars().all(crate::text::is_plain), "{decoder:?} {part:?}");
                assert!(part.summary.chars().count() <= limits.summary + 1, "{decoder:?} {part:?}");
            }
        }
        Err(fault) => {
            assert!(fault.at <= payload.bytes.len() && !fault.why.is_empty(), "{decoder:?} {fault:?}");
            assert!(fault.why.chars().all(crate::text::is_plain), "{decoder:?} {fault:?}");
        }
    }
}

/// Less than any message needs.
const TIGHT: Limits = Limits {
    bytes: 200,
    nodes: 4,
    depth: 3,
    text: 8,
    parts: 2,
    summary: 10,
    layers: 2,
    unpacked: 3_000,
    ask: Ask::Never,
};

fn check_all(bytes: &[u8]) {
    for decoder in Decoder::ALL {
        for format in [Format::Text, Format::Binary] {
            for (limits, is_whole) in [(&Limits::DETAIL, true), (&Limits::ROW, false), (&TIGHT, true)] {
                for from in [Side::Client, Side::Server] {
                    check(decoder, from, Payload { format, bytes, is_whole }, limits);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_break_a_decoder(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check_all(&bytes);
    }

    #[test]
    fn no_text_breaks_a_decoder(text in r#"([0-6]{0,3})?([\[\]{}:,"\\a-z0-9/\n-]|true|"type"|"id"|1e){0,80}"#) {
        check_all(text.as_bytes());
    }

    #[test]
    fn json_is_what_serde_says_it_is(text in r#"([\[\]{}:," ]|"a"|"\\[nu]00e9"|-?[01]\.?[01]?|true|null|1e5){0,12}"#) {
        let ours = read(Decoder::Json, &text).is_ok();
        prop_assert_eq!(ours, serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok(), "{}", text);
    }
}
