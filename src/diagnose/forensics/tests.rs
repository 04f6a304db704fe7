use proptest::prelude::*;

use super::*;
use crate::wire::frame::write;

const HEAD: &[u8] = b"HTTP/1.1 101 x\r\nSec-WebSocket-Accept: x=\r\n\r\n";
const HELLO: &[u8] = b"\x81\x05Hello";
const KEY: MaskKey = [0x37, 0xfa, 0x21, 0x3d];

fn scene<'a>(rule: FindingKind, bytes: &'a [u8], before: Before<'a>) -> Scene<'a> {
    let keys = [[0; 4], KEY, [0; 4], [0; 4], [0; 4], [0; 4], [0; 4], [0; 4]];
    Scene { from: Side::Server, rule, bytes, before, keys, deflate: false }
}

/// Behind a right head.
fn first(rule: FindingKind, bytes: &[u8]) -> Option<Named> {
    name(&scene(rule, bytes, Before::Head(HEAD)))
}

/// Behind a right frame.
fn next(rule: FindingKind, bytes: &[u8]) -> Option<Named> {
    name(&scene(rule, bytes, Before::Frame(HELLO)))
}

fn kind(named: Option<Named>) -> Option<FindingKind> {
    named.map(|named| named.kind)
}

/// As what a text frame of that payload, which is no UTF-8, is known.
fn text(payload: &[u8]) -> Option<Named> {
    text_of(FindingKind::MsgInvalidUtf8, payload)
}

fn text_of(rule: FindingKind, payload: &[u8]) -> Option<Named> {
    let mut frame = Vec::new();
    write(Opcode::TEXT, payload, None, &mut frame);
    next(rule, &frame)
}

fn long(start: &[u8], count: usize, end: &[u8]) -> Vec<u8> {
    [start, &vec![b'a'; count], end].concat()
}

#[test]
fn a_line_end_behind_the_head_is_the_head_s() {
    let named = first(FindingKind::FrameControlFragmented, b"\r\n\x81\x05Hello").unwrap();
    assert_eq!((named.kind, named.at, named.length, named.in_head), (FindingKind::HttpExtraCrlf, 0, 2, true));
    assert!(named.cause.clone().unwrap().0.contains("println()"), "{named:?}");
    assert_eq!(kind(first(FindingKind::FrameControlFragmented, b"\r\n")), Some(FindingKind::HttpExtraCrlf));
    assert_eq!(kind(first(FindingKind::FrameControlFragmented, b"\n\x81\x05Hello")), Some(FindingKind::HttpExtraLf));
    let base64 = b"HTTP/1.1 101 x\r\nSec-WebSocket-Accept: x=\n\r\n";
    let scene = scene(FindingKind::FrameControlFragmented, b"\r\n\x81\x05Hello", Before::Head(base64));
    assert!(name(&scene).unwrap().cause.unwrap().0.contains("encodebytes"));
}

#[test]
fn a_line_end_behind_a_frame_is_the_frame_s() {
    let rule = FindingKind::FrameControlFragmented;
    let named = next(rule, b"\n\x81\x05Hello").unwrap();
    assert_eq!((named.kind, named.length, named.in_head), (FindingKind::FrameTrailingNewline, 1, false));
    assert_eq!(next(rule, b"\r\n\x82\x01x").unwrap().length, 2);
    // A pong whose FIN was forgotten.
    assert_eq!(kind(next(rule, b"\x0a\x02hi")), Some(rule));
    assert_eq!(kind(next(rule, b"\x09\x02hi")), Some(rule));
    assert_eq!(next(rule, b"\x09\x82hi"), None);
}

#[test]
fn zeros_are_told_from_continuations() {
    let rule = FindingKind::FrameServerMasked;
    assert_eq!(kind(next(rule, b"\0\x81\x05Hello")), Some(FindingKind::FrameStrayNul));
    assert_eq!(next(FindingKind::FrameUnexpectedContinuation, b"\0\0\x81\x05Hello").unwrap().length, 2);
    for bytes in [&b"\x80\x05Hello"[..], b"\0\x05Hello", b"\0\0", b"\0\0\0\x81\x05Hello"] {
        assert_eq!(next(FindingKind::FrameUnexpectedContinuation, bytes), None, "{bytes:x?}");
    }
}

#[test]
fn frames_of_the_drafts_are_known() {
    let rule = FindingKind::FrameUnexpectedContinuation;
    let named = first(rule, b"\0Hello\xff\0again\xff").unwrap();
    assert_eq!((named.kind, named.length), (FindingKind::FrameHixieFraming, 7));
    assert_eq!(first(rule, b"\0Hel\x01lo\xff"), None);
    assert_eq!(kind(next(FindingKind::FrameRsv, b"\xff\0")), Some(FindingKind::FrameHixieFraming));
    let rule = FindingKind::FrameOpcodeReservedData;
    assert_eq!(kind(first(rule, b"\x84\x05Hello")), Some(FindingKind::FrameHybi06Opcodes));
    assert_eq!(first(rule, b"\x83\x05Hello"), None);
    assert_eq!(first(rule, b"\x84\x02\xff\xfe"), None);
}

#[test]
fn text_without_a_frame_is_named_for_what_it_is() {
    for (bytes, kind, what) in [
        (&b"{\"a\":1}"[..], FindingKind::FrameNotAFrame, "JSON"),
        (b"<!doctype html>", FindingKind::FrameNotAFrame, "HTML"),
        (b"data: hello\n\n", FindingKind::FrameNotAFrame, "event stream"),
        (b"Traceback (most recent call last):\n", FindingKind::FrameNotAFrame, "trace"),
        (b"HTTP/1.1 500 Internal Server Error\r\n", FindingKind::FrameNotAFrame, "second HTTP response"),
        (b"7\r\n\x81\x05Hello\r\n", FindingKind::Http101WithBody, "chunk"),
        (b"\xef\xbb\xbf{\"a\":1}", FindingKind::FrameNotAFrame, "byte order mark"),
        (b"\xef\xbb\xbf\x81\x05Hello", FindingKind::FrameNotAFrame, "byte order mark"),
        (b"{\"a\":1}\x81\x05Hello", FindingKind::FrameNotAFrame, "JSON"),
        (b"hello", FindingKind::FrameNotAFrame, "text without a frame"),
    ] {
        let named = first(FindingKind::FrameRsv, bytes).unwrap_or_else(|| panic!("{}", start(bytes)));
        assert_eq!(named.kind, kind, "{}", start(bytes));
        assert!(named.detail.contains(what), "{}", named.detail);
    }
    assert_eq!(kind(next(FindingKind::FrameControlFragmented, b"o\x81\x05Hello")), Some(FindingKind::FrameNotAFrame));
    for bytes in [&b"\xa1\x05Hello"[..], b"A\x05Hello", b"\x71\x7e\x01\x01aaaa", b" "] {
        assert_eq!(first(FindingKind::FrameRsv, bytes), None, "{}", start(bytes));
    }
}

#[test]
fn headers_that_went_through_a_string_are_known() {
    let rule = FindingKind::FrameServerMasked;
    for bytes in [&b"\xc2\x81\x05Hello"[..], b"\xc2\x82\x05Hello", b"\xef\xbf\xbd\x05Hello", b"\xc2\x81\xc3\x88aaaa"] {
        assert_eq!(kind(first(rule, bytes)), Some(FindingKind::FrameHeaderUtf8), "{}", start(bytes));
    }
    assert_eq!(kind(first(rule, b"\xc1\x05Hello")), None);
    assert_eq!(kind(first(rule, b"\xc2\x05Hello")), None);
}

#[test]
fn a_tls_record_is_known() {
    let rule = FindingKind::FrameRsv;
    assert_eq!(kind(first(rule, b"\x16\x03\x03\x00\x02\x01\x00")), Some(FindingKind::FrameTlsRecord));
    assert_eq!(kind(first(rule, b"\x15\x03\x03\x00\x02\x02\x28")), Some(FindingKind::FrameTlsRecord));
    assert_eq!(first(rule, b"\x16\x03\x03\xff\xff\x01\x00"), None);
}

#[test]
fn a_length_in_characters_leaves_a_tail() {
    let named = next(FindingKind::MsgUtf8IncompleteAtFin, b"\x81\x04caf\xc3\xa9\x81\x05Hello").unwrap();
    assert_eq!((named.kind, named.at, named.length), (FindingKind::FrameLenCharsNotBytes, 6, 1));
    let before = Before::Frame(b"\x01");
    let named = name(&scene(FindingKind::FrameRsv, b"\xc3\xa9\x81\x00", before));
    assert_eq!(kind(named), Some(FindingKind::FrameNotAFrame));
    let before = Before::Frame(b"\x81\x02\xc3\xa9");
    let named = name(&scene(FindingKind::FrameRsv, b"\xc3\xa9\x81\x00", before)).unwrap();
    assert_eq!((named.kind, named.at, named.length), (FindingKind::FrameLenCharsNotBytes, 0, 2));
    assert_eq!(next(FindingKind::MsgUtf8IncompleteAtFin, b"\x81\x04caf\xc3\x81\x05Hello"), None);
}

#[test]
fn a_length_above_125_in_one_byte_is_known() {
    let overflow = Some(FindingKind::FrameLen7bitOverflow);
    assert_eq!(kind(next(FindingKind::FrameServerMasked, &long(b"\x81\xc8", 200, HELLO))), overflow);
    assert_eq!(kind(next(FindingKind::MsgInvalidUtf8, &long(b"\x81\x7e", 126, HELLO))), overflow);
    assert_eq!(kind(next(FindingKind::FrameLenHuge, &long(b"\x81\x7f", 127, HELLO))), overflow);
    let mut masked = Vec::new();
    write(Opcode::TEXT, b"Hello", Some([1, 2, 3, 4]), &mut masked);
    assert_eq!(next(FindingKind::FrameServerMasked, &masked), None);
}

#[test]
fn a_length_that_takes_in_the_next_frame_is_known() {
    let named = next(FindingKind::MsgInvalidUtf8, b"\x81\x06Hello\x81\x03abc").unwrap();
    assert_eq!((named.kind, named.at, named.length, named.astray), (FindingKind::MsgInvalidUtf8, 7, 2, true));
    assert_eq!(next(FindingKind::MsgInvalidUtf8, b"\x81\x06Hello\x81\x81\x03abc"), None);
    assert_eq!(next(FindingKind::MsgInvalidUtf8, b"\x81\x06Hello\x81\x03abcdef"), None);
}

#[test]
fn lengths_in_the_wrong_order_or_width_are_known() {
    let swapped = Some(FindingKind::FrameLenLittleEndian);
    assert_eq!(kind(next(FindingKind::MsgInvalidUtf8, &long(b"\x81\x7e\x2c\x01", 300, HELLO))), swapped);
    assert_eq!(next(FindingKind::MsgInvalidUtf8, &long(b"\x81\x7e\x2c\x01", 310, b"\xff\0")), None);
    let huge = long(b"\x82\x7f\x70\x11\x01\0\0\0\0\0", 100, b"");
    assert_eq!(kind(next(FindingKind::FrameLenHuge, &huge)), swapped);
    let short = long(b"\x81\x7f\0\x01\x11\x70", 200, b"");
    assert_eq!(kind(next(FindingKind::FrameLenHuge, &short)), Some(FindingKind::FrameLen64In4Bytes));
    assert_eq!(kind(next(FindingKind::FrameLen64Msb, &long(b"\x82\x7f\xc8\0\0\0\0\0\0\0", 100, b""))), swapped);
    assert_eq!(next(FindingKind::FrameLen64Msb, b"\x82\x7f\x80\0\0\0\0\0\0\x01"), None);
    assert_eq!(next(FindingKind::FrameLenHuge, b"\x82\x7f\0\0\0\x01\0\0\0\0"), None);
    let named = next(FindingKind::FrameLen64Nonminimal, b"\x82\x7f\0\0\0\0\0\0\xff\xff").unwrap();
    assert!(named.cause.is_some() && named.kind == FindingKind::FrameLen64Nonminimal);
}

#[test]
fn masks_that_do_not_belong_are_traced() {
    let mut echo = Vec::new();
    write(Opcode::TEXT, b"Hello", Some(KEY), &mut echo);
    let named = next(FindingKind::FrameServerMasked, &echo).unwrap();
    assert!(named.detail.ends_with("Hello") && named.cause.is_some(), "{named:?}");
    let named = text(&echo[6..]).unwrap();
    assert_eq!(named.kind, FindingKind::FrameEchoNotUnmasked);
    assert!(named.detail.contains("37fa213d") && named.detail.ends_with("Hello"));
    let mut lump = HELLO.to_vec();
    mask::apply(KEY, 0, &mut lump);
    let lump = [&KEY[..], &lump].concat();
    assert_eq!(kind(next(FindingKind::FrameRsv, &lump)), Some(FindingKind::FrameMaskedLump));
    assert_eq!(kind(next(FindingKind::FrameRsv, &lump[1..])), None);
}

#[test]
fn payloads_are_named_for_what_they_are() {
    for (payload, kind, what) in [
        (&b"\x81\x03\xffab"[..], FindingKind::FrameDoubleFramed, "text frame of 3 bytes"),
        (b"caf\xe9 au lait", FindingKind::MsgLatin1, "\u{e9} in ISO 8859-1"),
        (b"\x93Hi\x94", FindingKind::MsgLatin1, "\u{201c} in Windows-1252"),
        (b"only 5 \x80 today", FindingKind::MsgLatin1, "\u{20ac} in Windows-1252"),
        (b"H\0\xe9\0l\0o\0", FindingKind::MsgUtf16, "little-endian UTF-16 it is H\u{e9}lo"),
        (b"\xfe\xff\0H\0i", FindingKind::MsgUtf16, "big-endian UTF-16 it is Hi"),
        (b"\x89PNG\r\n\x1a\n", FindingKind::MsgInvalidUtf8, "a PNG image"),
        (b"a\xc0\x80b", FindingKind::MsgOverlongOrNonchar, "Java"),
        (b"a\xed\xa0\xbd\xed\xb8\x80", FindingKind::MsgOverlongOrNonchar, "\u{1f600}"),
    ] {
        let named = text(payload).unwrap_or_else(|| panic!("{}", start(payload)));
        assert_eq!(named.kind, kind, "{}", named.detail);
        assert!(named.detail.contains(what), "{}", named.detail);
    }
    for payload in
        [&b"\x80\x81\xfe\xff\x00\x01"[..], b"caf\xc3\xa9 \xe9", b"Hello\x88\x02", b"\xff", b"a\xff", b"\x82\x09\xff"]
    {
        assert_eq!(text(payload), None, "{}", start(payload));
    }
    let rule = FindingKind::MsgUtf8IncompleteAtFin;
    assert_eq!(text_of(rule, b"caf\xc3"), None);
    assert_eq!(kind(text_of(rule, b"caf\xe9")), Some(FindingKind::MsgLatin1));
}

const NOTHING: Past = Past { failed: false, erred: false };
const FAILED: Past = Past { failed: true, ..NOTHING };
const ERRED: Past = Past { erred: true, ..NOTHING };

#[test]
fn what_the_handshake_told_is_not_told_again() {
    let rule = FindingKind::FrameControlFragmented;
    let lfcr = Before::Head(b"HTTP/1.1 101 x\n\rA: b\n\r\n");
    assert_eq!(told(&scene(rule, b"\r\x81\x05Hel", lfcr), NOTHING), Some(FindingKind::HttpLfcr));
    let text = scene(FindingKind::FrameRsv, b"Upgrade: websocket\r\n", Before::Head(HEAD));
    assert_eq!((told(&text, FAILED), told(&text, ERRED)), (Some(FindingKind::FrameRsv), None));
    let masked = scene(FindingKind::MsgInvalidUtf8, b"\x81\x01\xff", Before::Head(HEAD));
    assert_eq!(told(&masked, FAILED), None);
    let left_over = scene(FindingKind::FrameRsv, b"nexpected", Before::Frame(b""));
    assert_eq!(told(&left_over, ERRED), Some(FindingKind::FrameNotAFrame));
    assert_eq!(told(&left_over, NOTHING), None);
    let head = Before::Head(b"HTTP/1.1 101 x\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = scene(FindingKind::FrameControlFragmented, b"7\r\n\x81\x05Hello\r\n", head);
    assert_eq!(told(&chunk, NOTHING), Some(FindingKind::Http101WithBody));
}

proptest! {
    #[test]
    fn any_bytes_under_any_rule_are_taken(
        first in prop_oneof![any::<u8>(), Just(0x81), Just(0), Just(0xff), Just(0xc2)],
        second in prop_oneof![any::<u8>(), Just(0x7e), Just(0x7f), Just(0xff)],
        rest in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0), Just(b'a'), Just(0x81)], 0..80),
        before in proptest::collection::vec(any::<u8>(), 0..20),
        rule in proptest::sample::select(FindingKind::ALL),
        (server, behind_head, deflate) in any::<(bool, bool, bool)>(),
    ) {
        let bytes = [&[first, second], rest.as_slice()].concat();
        let before = if behind_head { Before::Head(&before) } else { Before::Frame(&before) };
        let from = if server { Side::Server } else { Side::Client };
        let scene = Scene { from, deflate, ..scene(rule, &bytes, before) };
        let _ = told(&scene, Past { failed: deflate, erred: server });
        if let Some(named) = name(&scene) {
            prop_assert!(named.at + named.length <= bytes.len(), "{:?}", named);
            prop_assert!(named.detail.chars().all(crate::text::is_plain));
        }
    }
}

#[test]
fn a_mask_bit_without_a_key_is_known_by_the_text_in_its_place() {
    let rule = FindingKind::FrameServerMasked;
    let named = next(rule, b"\x81\x85Hello\x81\x02hi").unwrap();
    assert!(named.detail.contains("Hello") && named.cause.unwrap().1.contains("without 0x80"));
    let mut masked = Vec::new();
    write(Opcode::TEXT, b"Hello", Some([0x9a, 0xfe, 0x01, 0x3d]), &mut masked);
    let named = next(rule, &masked);
    assert!(named.is_none_or(|named| !named.detail.contains("not a key")), "a key that is one");
}

#[test]
fn a_wrapper_around_compressed_data_is_named_where_compression_was_agreed() {
    let payload = b"\x78\x9c\xf3\x48\xcd\xc9\xc9\x07\x00\x05\x8c\x01\xf5";
    let mut frame = Vec::new();
    write(Opcode::TEXT, payload, None, &mut frame);
    let mut scene = scene(FindingKind::MsgInvalidUtf8, &frame, Before::Frame(HELLO));
    assert_eq!(kind(name(&scene)), Some(FindingKind::MsgInvalidUtf8));
    scene.deflate = true;
    assert_eq!(kind(name(&scene)), Some(FindingKind::DeflateZlibHeader));
}
