//! What values hold, and what that costs.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::read::{GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::super::*;
use super::{check_all, lines, read};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    GzEncoder::new(bytes, Compression::best()).read_to_end(&mut packed).unwrap();
    packed
}

fn content(bytes: &[u8], limits: &Limits) -> Decoded {
    Decoder::Content.read(Side::Server, Payload::binary(bytes), limits).unwrap()
}

#[test]
fn what_stands_in_the_payload_as_it_is_has_a_place_and_what_was_made_has_none() {
    let text = r#"{"plain":"[1]","escaped":"[\"a\"]"}"#;
    let decoded = read(Decoder::Json, text).unwrap();
    let spans = |key: &str| {
        let at = decoded.document.member(Some(0), key).unwrap();
        let below = &decoded.document.nodes()[at + 1..=at + 2];
        below.iter().map(|node| node.span.clone().map(|span| &text[span])).collect::<Vec<_>>()
    };
    assert_eq!(spans("plain"), [Some("[1]"), Some("1")]);
    assert_eq!(spans("escaped"), [None, None]);
}

#[test]
fn a_row_is_not_looked_into_but_where_content_is_all_there_is() {
    let text = br#"{"body":"{\"a\":1}"}"#;
    let decoded = Decoder::Json.read(Side::Server, Payload::text(text), &Limits::ROW).unwrap();
    assert_eq!(lines(&decoded.document), ["{}", "  body: \"{\"a\":1}\""]);
    assert_eq!(content(&gzip(text), &Limits::ROW).summary(), r#"gzip JSON {body:"{"a":1}"}"#);
}

#[test]
fn a_bomb_makes_no_more_than_the_limits_allow() {
    let bomb = gzip(&vec![0; 4 << 20]);
    let twice = gzip(&bomb);
    let text = format!(r#"["{}"]"#, STANDARD.encode(&bomb));
    let limits = &Limits { unpacked: 100_000, ..Limits::DETAIL };
    let json = Decoder::Json.read(Side::Client, Payload::text(text.as_bytes()), limits).unwrap();
    for decoded in [content(&bomb, limits), content(&twice, limits), json] {
        let made = decoded.document.nodes().iter().filter_map(|node| match node.value {
            Value::Bytes(length, _) if node.span.is_none() => Some(length),
            _ => None,
        });
        assert!(made.sum::<usize>() <= limits.unpacked && decoded.document.is_cut());
    }
}

#[test]
fn packed_bytes_that_break_off_are_shown_as_far_as_they_go() {
    let packed = gzip(br#"{"a":[1,2,3],"b":"the rest of it"}"#);
    let decoded = content(&packed[..packed.len() - 12], &Limits::DETAIL);
    let lines = lines(&decoded.document);
    assert!(lines[1].starts_with("  gzip: \"{\"a\":[1,2,3],") && lines[2].starts_with("  gzip ends: "), "{lines:#?}");
    let start = Payload { is_whole: false, ..Payload::binary(&[0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58]) };
    let decoded = Decoder::Content.read(Side::Server, start, &Limits::ROW).unwrap();
    assert_eq!(decoded.summary(), "Zstandard data");
    assert!(content(&[0x1f, 0x8b, 8, 0, 0, 0], &Limits::DETAIL).summary().starts_with("gzip ends "));
}

#[test]
fn as_many_layers_are_taken_off_as_the_limits_allow() {
    let mut bytes = b"the innermost text".to_vec();
    for _ in 0..20 {
        bytes = gzip(&bytes);
    }
    let decoded = content(&bytes, &Limits::DETAIL);
    assert_eq!(decoded.document.nodes().len(), usize::from(Limits::DETAIL.layers) + 1);
}

#[test]
fn what_only_begins_and_ends_as_json_is_text() {
    let decoded = Decoder::Content.read(Side::Client, Payload::text(b"{\"a\": so to say}"), &Limits::ROW).unwrap();
    assert_eq!(lines(&decoded.document), ["\"{\"a\": so to say}\""]);
    assert_eq!(decoded.summary(), "{\"a\": so to say}");
}

/// A way to hide something in a value.
fn wrapped(how: u8, bytes: &[u8]) -> Vec<u8> {
    match how {
        0 => gzip(bytes),
        1 => {
            let mut packed = Vec::new();
            ZlibEncoder::new(bytes, Compression::fast()).read_to_end(&mut packed).unwrap();
            packed
        }
        2 => STANDARD.encode(bytes).into_bytes(),
        3 => URL_SAFE_NO_PAD.encode(bytes).into_bytes(),
        4 => format!("data:text/plain;base64,{}", STANDARD.encode(bytes)).into_bytes(),
        5 => serde_json::to_vec(&[String::from_utf8_lossy(bytes)]).unwrap(),
        6 => format!("eyJhbGciOiJub25lIn0.{}.", URL_SAFE_NO_PAD.encode(bytes)).into_bytes(),
        7 => [b"MESSAGE\n\n", bytes, b"\0"].concat(),
        8 => {
            let mut packed = Vec::new();
            ruzstd::encoding::compress(bytes, &mut packed, ruzstd::encoding::CompressionLevel::Fastest);
            packed
        }
        9 => [&[0x81, 0xa1, b'a', 0xc5], &(bytes.len() as u16).to_be_bytes()[..], bytes].concat(),
        _ => [&[0xa1, 0x61, b'a', 0x59], &(bytes.len() as u16).to_be_bytes()[..], bytes].concat(),
    }
}

proptest! {
    #[test]
    fn nothing_that_is_hidden_in_values_breaks_a_decoder(
        start in prop_oneof![
            Just(br#"{"a":[1,"x"],"exp":1e99}"#.to_vec()),
            prop::collection::vec(any::<u8>(), 0..40),
        ],
        ways in prop::collection::vec(0u8..11, 0..8),
        change in prop::option::of(any::<(prop::sample::Index, u8)>()),
    ) {
        let mut bytes = ways.iter().fold(start, |bytes, how| wrapped(*how, &bytes));
        if let Some((at, byte)) = change && !bytes.is_empty() {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        check_all(&bytes);
    }
}
