//! Protobuf whose schema is known.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::super::*;
use super::{TIGHT, check, corpus, lines};

const CHAT: &str = include_str!("../../../tests/corpus/decode/chat.proto");

fn schema(source: &'static str) -> Result<Schema, SchemaFault> {
    Schema::from_source("chat.proto", move |name| (name == "chat.proto").then(|| source.to_owned()))
}

fn read(schema: &Schema, bytes: &[u8]) -> Result<Decoded, Fault> {
    schema.clone().decoder().read(Side::Client, Payload::binary(bytes), &Limits::DETAIL)
}

/// The chat's, made once.
fn chat() -> Decoder {
    static CHAT_DECODER: std::sync::OnceLock<Decoder> = std::sync::OnceLock::new();
    *CHAT_DECODER.get_or_init(|| schema(CHAT).unwrap().decoder())
}

fn conversation() -> corpus::Session {
    corpus::sessions().into_iter().find(|session| session.file == "protobuf").unwrap()
}

#[test]
fn messages_have_their_names_and_values() {
    let decoder = chat();
    let session = conversation();
    let mut out = String::new();
    for (from, payload) in session.payloads() {
        let decoded = decoder.read(from, payload, &Limits::DETAIL).unwrap();
        let event = decoded.parts[0].event.as_deref().unwrap();
        let _ = writeln!(out, "{}  [{event}]\n  {}\n", decoded.summary(), lines(&decoded.document).join("\n  "));
    }
    insta::assert_snapshot!("schema_chat", out);
    assert_eq!((decoder.name(), decoder.title()), ("protobuf", "Protobuf by chat.proto"));
}

#[test]
fn a_schema_is_guessed_where_all_binary_messages_are_of_its_kinds() {
    let decoder = chat();
    let guessed = |first: &[(Side, Payload<'_>)]| guess_with(&[decoder], &Context::default(), first);
    let session = conversation();
    let mut messages: Vec<_> = session.payloads().collect();
    assert_eq!(guessed(&messages), Some(decoder));
    messages.push((Side::Client, Payload::text(b"ping")));
    assert_eq!(guessed(&messages), Some(decoder));
    // A field that it does not know.
    messages.push((Side::Client, Payload::binary(b"\x7a\x01a")));
    assert_eq!(guessed(&messages), None);
    assert_eq!(guessed(&[(Side::Client, Payload::text(b"{}"))]), Some(Decoder::Json));
    assert_eq!(guessed(&[]), None);
}

#[test]
fn a_descriptor_set_says_the_same_as_its_source() {
    let source = protox::file::File::from_source("chat.proto", CHAT).unwrap();
    let mut pool = prost_reflect::DescriptorPool::global();
    pool.add_file_descriptor_proto(source.file_descriptor_proto().clone()).unwrap();
    let by_set = Schema::from_descriptor_set("chat.proto", &pool.encode_to_vec()).unwrap().decoder();
    let by_source = schema(CHAT).unwrap().decoder();
    for (from, payload) in conversation().payloads() {
        let read = |decoder: Decoder| decoder.read(from, payload, &Limits::DETAIL).unwrap();
        assert_eq!(read(by_set), read(by_source));
    }
}

#[test]
fn the_kind_that_knows_most_is_chosen() {
    let schema = schema(
        "syntax = 'proto3'; message Ping { uint64 at = 1; } message Text { uint64 at = 1; string say = 2; }
         message Bytes { uint64 at = 1; bytes raw = 2; } message Sizes { repeated sint32 sizes = 2; }",
    )
    .unwrap();
    let summary = |bytes: &[u8]| read(&schema, bytes).unwrap().summary();
    assert_eq!(summary(b"\x08\x05"), "Ping {at:5}");
    assert_eq!(summary(b"\x08\x05\x12\x02hi"), "Text {at:5,say:\"hi\"}");
    assert_eq!(summary(b"\x08\x05\x12\x02\x00\xff"), "Bytes {at:5,raw:2 B: 00 ff}");
    assert_eq!(summary(b"\x12\x02hi\x1d\0\0\xc0\x3f"), "Text {say:\"hi\",3:1.5 or 1069547520 (fixed32)}");
    // `Ping` does not know field 2, and the others have something else there than eight bytes.
    let unknown = b"\x08\x05\x11\0\0\0\0\0\0\xf8\x3f";
    assert_eq!(summary(unknown), "Ping {at:5,2:1.5 or 4609434218613702656 (fixed64)}");
    // Field 1 is a number in all that have one, but `Sizes` has none.
    assert_eq!(summary(b"\x0a\x01a"), "Sizes {1:\"a\"}");
    let only = schema.clone().only("Sizes").unwrap();
    assert_eq!(read(&only, b"\x12\x02\x01\x02").unwrap().summary(), "Sizes {sizes:[-1,1]}");
    // What can't be of the one kind is read without it.
    assert_eq!(read(&only, b"\x10\x01\x15\0\0\0\0").unwrap().summary(), "{2:1,2:0 or 0 (fixed32)}");
    let fault = schema.only("Nothing").unwrap_err().to_string();
    assert_eq!(fault, "it has no message Nothing; it has Ping, Text, Bytes, Sizes");
}

#[test]
fn what_is_no_schema_says_where_and_why() {
    let fault = |source| schema(source).unwrap_err().to_string();
    insta::assert_snapshot!(
        "schema_faults",
        [
            fault("syntax = 'proto3';\nmessage A { string a }"),
            fault("syntax = 'proto3';\nmessage A { B b = 1; }"),
            fault("syntax = 'proto3';\nimport 'other.proto';"),
            fault("syntax = 'proto3';"),
            Schema::from_descriptor_set("x", b"\x0a\x05abc").unwrap_err().to_string(),
        ]
        .join("\n")
    );
}

#[test]
fn messages_that_lie_in_themselves_end_at_the_limit() {
    let schema = schema("syntax = 'proto3'; message A { A a = 1; string end = 2; }").unwrap();
    let mut deep = b"\x12\x04over".to_vec();
    for _ in 0..500 {
        let length = [deep.len() as u8 | 0x80, (deep.len() >> 7) as u8];
        deep = [&[0x0a], &length[..], &deep].concat();
    }
    let decoded = read(&schema, &deep).unwrap();
    assert!(decoded.document.nodes().len() <= usize::from(Limits::DETAIL.depth) + 1);
}

#[test]
fn an_any_is_read_as_what_it_says_it_is() {
    let schema = schema(
        "syntax = 'proto3'; import 'google/protobuf/any.proto'; message Box { google.protobuf.Any in = 1; }
         message Ball { string colour = 1; }",
    )
    .unwrap()
    .only("Box")
    .unwrap();
    let any = b"\x0a\x08x.y/Ball\x12\x05\x0a\x03red";
    let bytes = [&[0x0a, any.len() as u8], &any[..]].concat();
    let summary = read(&schema, &bytes).unwrap().summary();
    assert_eq!(summary, "Box {in:{type_url:\"x.y/Ball\",value:{colour:\"red\"}}}");
}

fn check_schema(decoder: Decoder, bytes: &[u8]) {
    for format in [Format::Text, Format::Binary] {
        for (limits, is_whole) in [(&Limits::DETAIL, true), (&Limits::ROW, false), (&TIGHT, true)] {
            check(decoder, Side::Client, Payload { format, bytes, is_whole }, limits);
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_break_a_schema(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        check_schema(chat(), &bytes);
    }

    #[test]
    fn no_mutation_of_a_message_breaks_a_schema(
        pick in any::<prop::sample::Index>(),
        changes in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..4),
        end in any::<prop::sample::Index>(),
    ) {
        let session = conversation();
        let messages: Vec<_> = session.payloads().filter(|(_, payload)| !payload.bytes.is_empty()).collect();
        let mut bytes = pick.get(&messages).1.bytes.to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(end.index(bytes.len() * 2));
        check_schema(chat(), &bytes);
    }
}
