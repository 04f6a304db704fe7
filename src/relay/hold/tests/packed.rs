//! Compressed messages that are held, edited and dropped.

use super::random::headers;
use super::*;

pub(super) const TEXTS: [&[u8]; 4] =
    [b"the first of them", b"the second of them", b"the first and the second of them", b"them"];

#[test]
fn a_compressed_message_is_asked_for_by_what_it_says_and_goes_on_as_it_came() {
    let mut stage = Stage::new(Limits::default(), Some(agreed(true)));
    let mut packer = Compressor::new(true);
    stage.say(Side::Server, &packer.message(TEXTS[0], 1));
    stage.client();
    stage.hold(Side::Server, Some("second is:compressed"));
    let (second, third) = (packer.message(TEXTS[1], 1), packer.message(TEXTS[3], 1));
    stage.say(Side::Server, &second);
    assert_eq!(stage.client(), b"");
    stage.say(Side::Server, &third);
    stage.decide(2, Decision::Release);
    assert_eq!(stage.client(), [second, third].concat());
    assert_eq!(stage.sent(), []);
}

#[test]
fn behind_an_edited_one_compressed_messages_that_lean_on_it_go_out_inflated() {
    for (fragments, is_dropped) in [(1, false), (3, false), (1, true)] {
        let mut stage = Stage::new(Limits::default(), Some(agreed(true)));
        let mut packer = Compressor::new(true);
        stage.say(Side::Server, &packer.message(TEXTS[0], fragments));
        stage.hold(Side::Server, Some("second"));
        stage.say(Side::Server, &packer.message(TEXTS[1], fragments));
        stage.say(Side::Server, &packer.message(TEXTS[2], fragments));
        let frame = fragments as u64 + 1;
        if is_dropped {
            stage.decide(frame, Decision::Drop);
        } else {
            stage.edit(frame, "mine");
        }
        assert!(stage.notes()[0].contains("go out inflated"), "{:?}", stage.notes());
        stage.hold(Side::Server, None);
        stage.say_in_pieces(Side::Server, &packer.message(TEXTS[3], fragments), 3);
        stage.say(Side::Server, b"\x81\x03raw");
        let mut expected = vec![TEXTS[0], b"mine", TEXTS[2], TEXTS[3], b"raw"];
        if is_dropped {
            expected.remove(1);
        }
        let expected: Vec<_> = expected.into_iter().map(|text| (1, text.to_vec())).collect();
        assert_eq!(read(&stage.client()), expected);
        let by_hold = stage.sent().iter().filter(|(_, by, _)| *by == By::Hold).count();
        assert!(by_hold >= 2, "{:?}", stage.sent());
    }
}

#[test]
fn where_each_compressed_message_stands_alone_an_edit_disturbs_none() {
    let mut stage = Stage::new(Limits::default(), Some(agreed(false)));
    let mut packer = Compressor::new(false);
    stage.hold(Side::Server, Some("first"));
    stage.say(Side::Server, &packer.message(TEXTS[0], 1));
    let next = packer.message(TEXTS[3], 1);
    stage.say(Side::Server, &next);
    stage.edit(1, "mine");
    assert_eq!(stage.client(), [b"\x81\x04mine", next.as_slice()].concat());
    assert!(stage.notes().is_empty());
}

#[test]
fn a_message_that_can_t_be_inflated_behind_an_edited_one_ends_the_session() {
    let limits = Limits { hold_bytes: 2000, ..Limits::default() };
    let mut stage = Stage::new(limits, Some(agreed(true)));
    let mut packer = Compressor::new(true);
    stage.hold(Side::Server, Some("first"));
    stage.say(Side::Server, &packer.message(TEXTS[0], 1));
    stage.edit(1, "mine");
    stage.say(Side::Server, &packer.message(&[b'a'; 10_000], 1));
    assert_eq!(stage.client(), b"\x81\x04mine\x88\x02\x03\xf1");
    assert!(stage.notes().last().unwrap().ends_with("the session ends"));
}

#[test]
fn behind_an_edited_one_compressed_messages_are_compressed_anew_where_that_is_wanted() {
    for window in [8, 9, 12, 15] {
        let deflate = Deflate { server_max_window_bits: Some(window), ..agreed(true) };
        let mut stage = Stage::new(Limits::default(), Some(deflate));
        stage.cell.set_leaning(Leaning::Anew);
        let mut packer = Compressor::new(true);
        stage.hold(Side::Server, Some("second"));
        stage.say(Side::Server, &packer.message(TEXTS[0], 1));
        stage.say(Side::Server, &packer.message(TEXTS[1], 2));
        stage.edit(2, "edited");
        let mut behind = Vec::new();
        for (text, fragments) in [(TEXTS[3], 1), (TEXTS[0], 3), (TEXTS[0], 1)] {
            behind.extend(packer.message(text, fragments));
        }
        stage.say(Side::Server, &behind);
        let got = stage.client();
        let texts: Vec<_> = read(&got).into_iter().map(|(_, text)| text).collect();
        let expected = [TEXTS[0], b"edited", TEXTS[3], TEXTS[0], TEXTS[0]];
        assert_eq!(texts, expected.map(<[u8]>::to_vec), "{window}");
        let firsts: Vec<_> = headers(&got).iter().map(|header| header.first & RSV1).collect();
        assert_eq!(firsts[1..3], [0, RSV1], "the edited one is not compressed, what follows is");
        // And inflated again, from the next message on.
        stage.cell.set_leaning(Leaning::Inflated);
        stage.say(Side::Server, &packer.message(TEXTS[1], 1));
        stage.command(SessionCommand::ReleaseAll);
        let got = stage.client();
        assert_eq!((got[0], &got[2..]), (0x81, TEXTS[1]));
    }
}
