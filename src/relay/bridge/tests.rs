//! The words of each side, in the other's way.

use super::*;
use proptest::prelude::*;

const ALL: [Dialect; 5] = [Dialect::Rfc6455, Dialect::Hybi08, Dialect::Hybi07, Dialect::Hixie76, Dialect::Hixie75];

fn words(client: Dialect, server: Dialect, binary: Binary) -> Words {
    Words::new(client, Bridging { dialect: server, binary }, 1000)
}

fn unmasked(dialect: Dialect, bytes: &[u8]) -> Vec<Unit> {
    let mut units = Vec::new();
    Decoder::new(dialect, 2000).feed(bytes, &mut units).unwrap();
    units
}

/// What the server hears of what the client says.
fn heard(words: &mut Words, server: Dialect, bytes: &[u8], chunk: usize) -> (Vec<Unit>, Vec<u8>, bool) {
    let (mut forward, mut back, mut ends) = (Vec::new(), Vec::new(), false);
    for piece in bytes.chunks(chunk) {
        let said = words.receive(Side::Client, piece, &mut || [1, 2, 3, 4]);
        forward.extend(said.forward);
        back.extend(said.back);
        ends |= said.ends;
    }
    (unmasked(server, &forward), back, ends)
}

#[test]
fn a_ping_is_answered_where_the_other_side_has_none() {
    let mut words = words(Dialect::Rfc6455, Dialect::Hixie75, Binary::Base64);
    let (units, back, ends) = heard(&mut words, Dialect::Hixie75, b"\x89\x01p\x8a\x01q", 1);
    assert_eq!((units.len(), back.as_slice(), ends), (0, &b"\x8a\x01p"[..], false));
}

#[test]
fn a_close_without_a_word_for_it_is_answered_and_ends_the_bytes() {
    let mut words = words(Dialect::Rfc6455, Dialect::Hixie75, Binary::Base64);
    let (units, back, ends) = heard(&mut words, Dialect::Hixie75, b"\x88\x02\x03\xe8\x81\x01x", 9);
    assert_eq!((units.len(), back.as_slice(), ends), (0, &b"\x88\x02\x03\xe8"[..], true));
    assert_eq!(words.end(Side::Server, &mut || [0; 4]), Said::default(), "the client was told");
}

#[test]
fn hixie_76_closes_with_a_code_that_is_made_up() {
    let mut words = words(Dialect::Hixie76, Dialect::Rfc6455, Binary::Base64);
    let (units, _, ends) = heard(&mut words, Dialect::Rfc6455, b"\xff\x00", 1);
    assert_eq!((units, ends), (vec![Unit::Close(vec![3, 0xe8])], false));
}

#[test]
fn the_end_of_hixie_75_is_a_close_frame() {
    let mut words = words(Dialect::Rfc6455, Dialect::Hixie75, Binary::Base64);
    assert_eq!(words.end(Side::Server, &mut || [0; 4]).forward, b"\x88\x02\x03\xe8");
}

#[test]
fn binary_becomes_base64_or_is_left_out_and_odd_bytes_are_replaced() {
    let bytes = b"\x82\x02\xff\x00\x81\x02a\xff";
    for (binary, expected) in [(Binary::Base64, &["/wA=", "a\u{fffd}"][..]), (Binary::Drop, &["a\u{fffd}"])] {
        let mut words = words(Dialect::Rfc6455, Dialect::Hixie76, binary);
        let (units, ..) = heard(&mut words, Dialect::Hixie76, bytes, 3);
        let expected: Vec<_> = expected.iter().map(|text| Unit::Text(text.as_bytes().to_vec())).collect();
        assert_eq!(units, expected);
    }
}

#[test]
fn what_is_too_long_ends_both_sides() {
    let mut words = words(Dialect::Hixie76, Dialect::Rfc6455, Binary::Base64);
    let (units, back, ends) = heard(&mut words, Dialect::Rfc6455, &[0; 2000], 100);
    assert_eq!((units, back.as_slice(), ends), (vec![Unit::Close(vec![3, 0xf1])], &[0xff, 0][..], true));
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(
        texts in proptest::collection::vec(".{0,60}", 0..8),
        client in 0_usize..5,
        server in 0_usize..5,
        chunk in 1_usize..40,
    ) {
        let (client, server) = (ALL[client], ALL[server]);
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for text in texts {
            let unit = Unit::Text(text.into_bytes());
            units::encode(client, &unit, Some([9, 8, 7, 6]), &mut bytes);
            expected.push(unit);
        }
        let mut there = words(client, server, Binary::Base64);
        prop_assert_eq!(&heard(&mut there, server, &bytes, chunk).0, &expected);
        // And back: what the server says in its dialect, the client hears in its own.
        let mut bytes = Vec::new();
        for unit in &expected {
            units::encode(server, unit, None, &mut bytes);
        }
        let (mut back, mut forward) = (words(client, server, Binary::Base64), Vec::new());
        for piece in bytes.chunks(chunk) {
            forward.extend(back.receive(Side::Server, piece, &mut || [0; 4]).forward);
        }
        prop_assert_eq!(unmasked(client, &forward), expected);
    }

    #[test]
    fn binary_comes_out_as_it_went_in_or_in_base64(
        payload: Vec<u8>,
        client in 0_usize..5,
        server in 0_usize..5,
        chunk in 1_usize..40,
    ) {
        let (client, server) = (ALL[client], ALL[server]);
        let mut bytes = Vec::new();
        let said = units::encode(client, &Unit::Binary(payload.clone()), Some([9, 8, 7, 6]), &mut bytes);
        prop_assume!(said && payload.len() < 500);
        let mut words = words(client, server, Binary::Base64);
        let has_binary = server.facts().framing == Framing::Rfc;
        let expected = if has_binary { Unit::Binary(payload) } else { Unit::Text(STANDARD.encode(payload).into_bytes()) };
        prop_assert_eq!(heard(&mut words, server, &bytes, chunk).0, vec![expected]);
    }
}
