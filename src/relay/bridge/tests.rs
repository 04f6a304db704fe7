//! The words of each side, in the other's way.

use proptest::prelude::*;

use super::*;
use crate::relay::tests::lanes::{Heard, Lanes};
use crate::wire::assembler::Assembler;
use crate::wire::units::encode;
use crate::wire::{decoder, hixie};

const ALL: [Dialect; 5] = [Dialect::Rfc6455, Dialect::Hybi08, Dialect::Hybi07, Dialect::Hixie76, Dialect::Hixie75];

fn talk(client: Dialect, server: Dialect, binary: Binary) -> Lanes {
    let (limits, to) = (Limits { kept: 1000, ..Limits::default() }, Bridging { dialect: server, binary });
    Lanes::new(PerSide::new(client, server), limits, |side, limits| {
        vec![Box::new(Bridge::new(side, client, to, limits))]
    })
}

/// What those bytes say in a dialect.
fn units(dialect: Dialect, mut bytes: &[u8]) -> Vec<Unit> {
    let (mut rfc, mut hixie) = (decoder::Decoder::default(), hixie::Decoder::default());
    let (mut assembler, mut units) = (Assembler::new(Extent::Message, 2000), Vec::new());
    let is_hixie = dialect.facts().framing == Framing::Hixie;
    let mut next = move |bytes: &[u8]| {
        if !is_hixie {
            return rfc.next(bytes);
        }
        let (part, used) = hixie.next(bytes)?;
        let part = match part {
            hixie::Part::Begin(kind) => decoder::Part::Header(hixie::delimited(kind, 0)),
            hixie::Part::Header(header) => decoder::Part::Header(header),
            hixie::Part::Payload { length, last } => decoder::Part::Payload { length, last },
            hixie::Part::Lost(_) => panic!("lost"),
        };
        Some((part, used))
    };
    while let Some((part, used)) = next(bytes) {
        match part {
            decoder::Part::Header(header) => assembler.header(&header).unwrap(),
            decoder::Part::Payload { length, last } => {
                units.extend(assembler.wire_payload(&bytes[..length], last).unwrap().and_then(Unit::of));
            }
            decoder::Part::Lost(_) => panic!("lost"),
        }
        bytes = &bytes[used..];
    }
    units
}

/// What the server hears of what the client says, what the client gets back, and whether that is the end.
fn heard(talk: &mut Lanes, server: Dialect, bytes: &[u8], chunk: usize) -> (Vec<Unit>, Vec<Unit>, bool) {
    let heard = talk.say(Side::Client, bytes, chunk);
    (units(server, &heard.forward), heard.back, heard.ends)
}

#[test]
fn a_ping_is_answered_where_the_other_side_has_none() {
    let mut talk = talk(Dialect::Rfc6455, Dialect::Hixie75, Binary::Base64);
    let (units, back, ends) = heard(&mut talk, Dialect::Hixie75, b"\x89\x01p\x8a\x01q", 1);
    assert_eq!((units.len(), back.as_slice(), ends), (0, &[Unit::Pong(b"p".to_vec())][..], false));
}

#[test]
fn a_close_without_a_word_for_it_is_answered_and_ends_the_bytes() {
    let mut talk = talk(Dialect::Rfc6455, Dialect::Hixie75, Binary::Base64);
    let (units, back, ends) = heard(&mut talk, Dialect::Hixie75, b"\x88\x02\x03\xe8\x81\x01x", 9);
    assert_eq!((units.len(), back.as_slice(), ends), (0, &[Unit::Close(vec![3, 0xe8])][..], true));
    assert_eq!(talk.end(Side::Server), Heard::default(), "the client was told");
}

#[test]
fn hixie_76_closes_with_a_code_that_is_made_up() {
    let mut talk = talk(Dialect::Hixie76, Dialect::Rfc6455, Binary::Base64);
    let (units, _, ends) = heard(&mut talk, Dialect::Rfc6455, b"\xff\x00", 1);
    assert_eq!((units, ends), (vec![Unit::Close(vec![3, 0xe8])], false));
}

#[test]
fn the_end_of_hixie_75_is_a_close_frame() {
    let mut talk = talk(Dialect::Rfc6455, Dialect::Hixie75, Binary::Base64);
    assert_eq!(talk.end(Side::Server).forward, b"\x88\x02\x03\xe8");
}

#[test]
fn binary_becomes_base64_or_is_left_out_and_odd_bytes_are_replaced() {
    let bytes = b"\x82\x02\xff\x00\x81\x02a\xff";
    for (binary, expected) in [(Binary::Base64, &["/wA=", "a\u{fffd}"][..]), (Binary::Drop, &["a\u{fffd}"])] {
        let mut talk = talk(Dialect::Rfc6455, Dialect::Hixie76, binary);
        let (units, ..) = heard(&mut talk, Dialect::Hixie76, bytes, 3);
        let expected: Vec<_> = expected.iter().map(|text| Unit::Text(text.as_bytes().to_vec())).collect();
        assert_eq!(units, expected);
    }
}

#[test]
fn what_is_too_long_ends_both_sides() {
    let mut talk = talk(Dialect::Hixie76, Dialect::Rfc6455, Binary::Base64);
    let (units, back, ends) = heard(&mut talk, Dialect::Rfc6455, &[0; 2000], 100);
    assert_eq!(
        (units, back.as_slice(), ends),
        (vec![Unit::Close(vec![3, 0xf1])], &[Unit::Close(vec![3, 0xf1])][..], true)
    );
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
            encode(client, unit.clone(), Some([9, 8, 7, 6]), &mut bytes);
            expected.push(unit);
        }
        let mut there = talk(client, server, Binary::Base64);
        prop_assert_eq!(&heard(&mut there, server, &bytes, chunk).0, &expected);
        // And back: what the server says in its dialect, the client hears in its own.
        let mut bytes = Vec::new();
        for unit in &expected {
            encode(server, unit.clone(), None, &mut bytes);
        }
        let forward = talk(client, server, Binary::Base64).say(Side::Server, &bytes, chunk).forward;
        prop_assert_eq!(units(client, &forward), expected);
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
        let said = encode(client, Unit::Binary(payload.clone()), Some([9, 8, 7, 6]), &mut bytes);
        prop_assume!(said && payload.len() < 500);
        let mut talk = talk(client, server, Binary::Base64);
        let has_binary = server.facts().framing == Framing::Rfc;
        let expected = if has_binary { Unit::Binary(payload) } else { Unit::Text(STANDARD.encode(payload).into_bytes()) };
        prop_assert_eq!(heard(&mut talk, server, &bytes, chunk).0, vec![expected]);
    }
}
