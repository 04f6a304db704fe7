//! A frame is sent once more, compressed ones among them, with keys through the real update.

use crate::record::Side;
use crate::relay::injection::Injection;
use crate::tui::Effect;

use super::packer::Packer;
use super::stage::{Actor, KEPT, Stage};

/// TEXT with FIN, and with RSV1 or without.
const PACKED: u8 = 0xc1;
const PLAIN: u8 = 0x81;

fn play(act: impl FnOnce(&mut Actor, &mut Packer)) -> Stage {
    let mut stage = Stage::new(80, 24);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
    act(actor.after(10).opens(), &mut Packer::new());
    actor.hand_over();
    stage.sync();
    stage
}

/// What `r` sends for the row that is selected.
fn resent(stage: &mut Stage) -> Option<Injection> {
    stage.effects.clear();
    stage.keys("r");
    match stage.effects.as_slice() {
        [Effect::Inject { injection, .. }] => Some(injection.clone()),
        [] => None,
        effects => panic!("{effects:?}"),
    }
}

fn frame(first: u8, payload: &[u8]) -> Option<Injection> {
    Some(Injection::Frame { first, payload: payload.to_vec() })
}

#[test]
fn a_compressed_message_goes_out_as_what_it_inflates_to_without_rsv1() {
    let text = b"the same words, the same words".as_slice();
    let mut stage = play(|actor, packer| {
        actor.frame(Side::Client, PACKED, &packer.pack(text));
        // Nothing but a reference to the one before.
        actor.frame(Side::Client, PACKED, &packer.pack(text));
        // An empty one.
        actor.frame(Side::Client, PACKED, &[0x00]);
    });
    assert_eq!(resent(&mut stage), frame(PLAIN, b""));
    stage.keys("k");
    assert_eq!(resent(&mut stage), frame(PLAIN, text));
    stage.keys("k");
    assert_eq!(resent(&mut stage), frame(PLAIN, text));
}

#[test]
fn a_row_shows_what_a_compressed_message_inflates_to_in_one_frame_or_in_several() {
    let mut stage = play(|actor, packer| {
        actor.frame(Side::Client, PACKED, &packer.pack(b"whole, in one frame"));
        let packed = packer.pack(b"cut into fragments, each of which inflates to some of it");
        let (start, rest) = packed.split_at(12);
        actor.frame(Side::Client, PACKED & 0x7f, start).frame(Side::Client, 0x80, rest);
    });
    stage.resize(200, 40);
    let screen = stage.screen();
    assert!(screen.contains(" z whole, in"), "{screen}");
    assert!(screen.contains(" z cut into"), "{screen}");
    stage.keys("o");
    let screen = stage.screen();
    assert!(screen.contains("2 fragments z cut into fragm"), "{screen}");
}

#[test]
fn one_that_came_in_pieces_is_found_as_well() {
    let mut stage = play(|actor, packer| {
        let packed = packer.pack(b"in two pieces");
        let (start, rest) = packed.split_at(4);
        actor.bytes(Side::Server, &[PACKED, packed.len() as u8]).bytes(Side::Server, start).hand_over();
        actor.bytes(Side::Server, rest).frame(Side::Server, 0x89, b"");
    });
    stage.keys("k");
    assert_eq!(resent(&mut stage), frame(PLAIN, b"in two pieces"));
}

#[test]
fn a_compressed_fragment_is_refused_with_a_reason() {
    let mut stage = play(|actor, packer| {
        let packed = packer.pack(b"cut into three fragments");
        let (start, rest) = packed.split_at(4);
        let (middle, end) = rest.split_at(4);
        actor.frame(Side::Server, PACKED & 0x7f, start).frame(Side::Server, 0x00, middle);
        actor.frame(Side::Server, 0x89, b"between").frame(Side::Server, 0x80, end);
    });
    for row in ["last", "ping", "middle", "first"] {
        let injection = resent(&mut stage);
        if row == "ping" {
            assert_eq!(injection, frame(0x89, b"between"));
        } else {
            assert_eq!(injection, None, "{row}");
            let why = "a compressed fragment alone would garble the rest: write it anew with c";
            assert!(stage.shows(why), "{row}: {}", stage.screen());
        }
        stage.keys("k");
    }
}

#[test]
fn one_that_was_not_inflated_in_full_is_refused_with_a_reason() {
    let why = "it is compressed and was not inflated in full: write it anew with s";
    // More than is kept of what one frame inflates to.
    let mut long = play(|actor, packer| {
        actor.frame(Side::Client, PACKED, &packer.pack(&vec![b' '; 1024 * 1024 + 1]));
    });
    assert_eq!(resent(&mut long), None);
    assert!(long.shows(why), "{}", long.screen());
    // Broken behind a good start, and a message behind it that needs the window.
    let mut broken = play(|actor, packer| {
        let mut packed = packer.pack(b"a good start");
        packed.extend([0xff; 8]);
        actor.frame(Side::Client, PACKED, &packed);
        actor.frame(Side::Client, PACKED, &packer.pack(b"a good start"));
    });
    assert_eq!(resent(&mut broken), None);
    assert!(broken.shows(why), "{}", broken.screen());
    broken.keys("gjjjjj");
    assert!(broken.shows("Frame 1 "), "{}", broken.screen());
    assert_eq!(resent(&mut broken), None);
}

#[test]
fn what_is_not_compressed_stays_as_it_is() {
    let mut stage = play(|actor, _| {
        actor.frame(Side::Client, 0xa1, b"RSV2").frame(Side::Client, 0xc9, b"a ping with RSV1");
        actor.frame(Side::Client, 0x01, b"begun, ").frame(Side::Client, 0x80, b"ended");
    });
    assert_eq!(resent(&mut stage), frame(0x80, b"ended"));
    stage.keys("k");
    assert_eq!(resent(&mut stage), frame(0x01, b"begun, "));
    let sent = |stage: &mut Stage, number: u64| {
        while !stage.shows(&format!("Frame {number} ")) {
            stage.keys("k");
        }
        resent(stage)
    };
    assert_eq!(sent(&mut stage, 2), frame(0xc9, b"a ping with RSV1"));
    assert_eq!(sent(&mut stage, 1), frame(0xa1, b"RSV2"));
}

#[test]
fn a_fragment_whose_message_begins_before_memory_is_refused() {
    let mut stage = Stage::with_budget(80, 24, 60_000);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
    actor.after(10).opens().frame(Side::Server, 0x02, b"begun").hand_over();
    stage.sync();
    for _ in 0..20 {
        actor.frame(Side::Client, 0x82, &[7; KEPT]).hand_over();
        stage.sync();
    }
    actor.frame(Side::Server, 0x80, b"ended").hand_over();
    stage.sync();
    assert_eq!(resent(&mut stage), None);
    let why = "this fragment may be compressed, its start left memory: write it anew with c";
    assert!(stage.shows(why), "{}", stage.screen());
}

#[test]
fn rsv1_means_nothing_where_no_compression_was_agreed_on() {
    let mut stage = Stage::new(80, 24);
    let mut actor = Actor::asks(&stage.journal, 1, 0, "/");
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n\r\n";
    actor.after(10).bytes(Side::Server, head.as_bytes()).frame(Side::Client, PACKED, b"as it is").hand_over();
    stage.sync();
    while !stage.shows("Frame 1 ") {
        stage.keys("k");
    }
    assert_eq!(resent(&mut stage), frame(PACKED, b"as it is"));
}
