//! What each act does.

use super::*;

#[test]
fn what_no_rule_fits_passes_as_it_came() {
    let bytes = [texts(&["a", "b"]), frame(0x01, b"c"), frame(0x89, b"p"), frame(0x80, b"d"), CLOSE.to_vec()].concat();
    for rule in ["zzz -> drop", "path:/x -> drop", "op:binary -> delay 1s", "len>100 -> flip", "-> after 1h drop"] {
        assert_eq!(through(&[rule], &bytes), bytes, "{rule}");
    }
}

#[test]
fn a_dropped_message_does_not_go_on_with_any_of_its_fragments() {
    let bytes = [text("keep"), frame(0x01, b"bad"), frame(0x89, b"p"), frame(0x80, b"ly"), text("keep")].concat();
    let expected = [text("keep"), frame(0x89, b"p"), text("keep")].concat();
    assert_eq!(through(&["badly -> drop"], &bytes), expected);
    assert_eq!(through(&["is:fragment -> drop"], &bytes), expected);
    let mut stage = Stage::new(&["badly -> drop"]);
    stage.say(Side::Server, &bytes);
    assert_eq!(stage.ruled(), [(2, "drop", "dropped")]);
    let dropped = Relayed::Dropped(By::Rule);
    assert_eq!(stage.frames()[0].2, Relayed::AsIs);
    assert_eq!(stage.frames()[3].2, dropped);
    assert_eq!((stage.rules.list()[0].matched, stage.rules.list()[0].acted), (1, 1));
}

#[test]
fn a_delayed_message_goes_on_in_its_time_and_nothing_overtakes_it() {
    let mut stage = Stage::new(&["slow = slow -> delay 200ms"]);
    let later = [text("next"), frame(0x89, b"p"), text("last")].concat();
    stage.say(Side::Server, &[text("first"), text("slow one"), later.clone()].concat());
    assert_eq!(stage.client(), text("first"));
    assert_eq!(stage.session.deadline(), Some(Time(200 * MS + 1)));
    stage.tick(200 * MS);
    assert_eq!(stage.client(), b"");
    stage.tick(200 * MS + 1);
    assert_eq!(stage.client(), [text("slow one"), later].concat());
    assert_eq!(stage.ruled(), [(2, "slow", "delayed by 200 ms")]);
    assert_eq!(stage.frames()[1].2, Relayed::Delayed);
    let released = stage.events().filter_map(|event| match event {
        Event::Released(released) => Some((released.frames.len(), released.by)),
        _ => None,
    });
    assert_eq!(released.collect::<Vec<_>>(), [(1, ReleasedBy::Rule), (3, ReleasedBy::Order)]);
    // The other lane never waits.
    stage.say(Side::Server, &text("slow"));
    stage.say(Side::Client, &masked(0x81, b"hello"));
    assert_eq!(stage.got(Side::Server), masked(0x81, b"hello"));
}

#[test]
fn the_end_of_a_side_waits_for_what_is_delayed() {
    let mut stage = Stage::new(&["-> delay 200ms"]);
    stage.say(Side::Server, &[text("bye"), CLOSE.to_vec()].concat());
    stage.end(Side::Server);
    assert!(stage.out.acts.is_empty() && !stage.session.is_reading(Side::Server));
    stage.run_until(300 * MS);
    assert_eq!(stage.client(), [text("bye"), CLOSE.to_vec()].concat());
    assert_eq!(stage.out.acts, [Deed::HalfClose(Side::Client)]);
}

#[test]
fn a_delay_that_varies_keeps_the_order() {
    let all: Vec<u8> = (0..50).flat_map(|number| text(&number.to_string())).collect();
    assert_eq!(through(&["-> delay 200ms±200ms"], &all), all);
}

#[test]
fn a_slow_link_takes_its_time_for_each_byte() {
    let mut stage = Stage::new(&["-> throttle 1k/s"]);
    stage.say(Side::Server, &[frame(0x82, &[0; 500]), frame(0x82, &[1; 250])].concat());
    stage.tick(500 * MS);
    assert_eq!(stage.client(), b"");
    stage.tick(500 * MS + 1);
    assert_eq!(stage.client(), frame(0x82, &[0; 500]));
    stage.tick(750 * MS + 1);
    assert_eq!(stage.client(), frame(0x82, &[1; 250]));
    // It was free in between.
    stage.tick(2000 * MS);
    stage.say(Side::Server, &frame(0x82, &[2; 100]));
    assert_eq!(stage.session.deadline(), Some(Time(2100 * MS)));
}

#[test]
fn copies_go_out_right_behind_and_are_frames_of_the_rule() {
    assert_eq!(through(&["b -> duplicate 2"], &texts(&["a", "b", "c"])), texts(&["a", "b", "b", "b", "c"]));
    let fragments = [frame(0x01, b"ab"), frame(0x89, b"p"), frame(0x80, b"cd")].concat();
    let expected = [fragments.clone(), frame(0x01, b"ab"), frame(0x80, b"cd")].concat();
    assert_eq!(through(&["abcd -> duplicate"], &fragments), expected);
    // A copy of a ping stands where the ping does.
    let expected = [frame(0x01, b"ab"), frame(0x89, b"p"), frame(0x89, b"p"), frame(0x80, b"cd")].concat();
    assert_eq!(through(&["op:ping -> duplicate"], &fragments), expected);
    let mut stage = Stage::new(&["b -> duplicate"]);
    stage.say(Side::Server, &texts(&["a", "b", "c"]));
    assert_eq!(
        stage.frames(),
        [
            (1, Origin::Peer, Relayed::AsIs),
            (2, Origin::Peer, Relayed::AsIs),
            (3, Origin::Rule, Relayed::AsIs),
            (4, Origin::Peer, Relayed::AsIs)
        ]
    );
    assert_eq!(stage.ruled(), [(2, "duplicate", "sent twice"), (3, "duplicate", "a copy of frame 2")]);
}

#[test]
fn the_next_message_goes_first_where_one_comes() {
    assert_eq!(through(&["a -> reorder"], &texts(&["a", "b", "c"])), texts(&["b", "a", "c"]));
    assert_eq!(through(&["a -> reorder"], &[text("a"), CLOSE.to_vec()].concat()), [text("a"), CLOSE.to_vec()].concat());
    let ping = [text("a"), frame(0x89, b""), frame(0x01, b"b"), frame(0x80, b"c")].concat();
    let expected = [frame(0x89, b""), frame(0x01, b"b"), frame(0x80, b"c"), text("a")].concat();
    assert_eq!(through(&["a -> reorder"], &ping), expected);
    let mut stage = Stage::new(&["-> once reorder"]);
    stage.say(Side::Server, &text("a"));
    stage.tick(999 * MS);
    assert_eq!(stage.client(), b"");
    stage.tick(1001 * MS);
    assert_eq!(stage.client(), text("a"));
}

#[test]
fn what_a_message_says_is_cut_replaced_and_turned_over() {
    assert_eq!(through(&["-> truncate 2"], &texts(&["abc", "d"])), texts(&["ab", "d"]));
    let rule = r#"-> replace /user-(\d+)/ "guest-$1""#;
    assert_eq!(through(&[rule], &texts(&["user-7, user-8", "x"])), texts(&["guest-7, guest-8", "x"]));
    let rule = "-> replace .user.name \"guest\"";
    let came = text(r#"{ "user" : {"id":1.50,"name":"ada"} }"#);
    assert_eq!(through(&[rule], &came), text(r#"{ "user" : {"id":1.50,"name":"guest"} }"#));
    // In as many fragments as it came in.
    let fragments = [frame(0x01, b"user-"), frame(0x80, b"12")].concat();
    let got = decoded(&through(&[r#"-> replace /user-(\d+)/ "g$1""#], &fragments));
    assert_eq!(got, [(0x01, b"g".to_vec()), (0x80, b"12".to_vec())]);
    let flipped = through(&["-> flip"], &frame(0x82, &[0; 64]));
    let bits: u32 = decoded(&flipped)[0].1.iter().map(|byte| byte.count_ones()).sum();
    assert_eq!(bits, 1);
}

#[test]
fn rules_act_in_their_order_and_all_are_asked_of_what_came() {
    let rules = [r#"a -> replace /a/ "b""#, r#"a -> replace /b/ "c""#, "b -> drop", "-> duplicate"];
    assert_eq!(through(&rules, &text("a")), texts(&["c", "c"]));
    assert_eq!(through(&["a -> drop", "a -> duplicate"], &texts(&["a", "b"])), text("b"));
}

#[test]
fn a_message_is_split_and_merged() {
    let split = decoded(&through(&["-> split 3"], &text("abcdef")));
    assert_eq!(split, [(0x01, b"ab".to_vec()), (0x00, b"cd".to_vec()), (0x80, b"ef".to_vec())]);
    let fragments = [frame(0x01, b"ab"), frame(0x89, b"p"), frame(0x00, b"cd"), frame(0x80, b"ef")].concat();
    assert_eq!(through(&["not is:control -> merge"], &fragments), [text("abcdef"), frame(0x89, b"p")].concat());
    assert_eq!(through(&["-> split 2"], &frame(0x89, b"ping")), frame(0x89, b"ping"));
    assert_eq!(through(&["-> merge"], &text("a")), text("a"));
}

#[test]
fn a_sender_gets_a_response_between_two_messages_of_the_other_side() {
    let mut stage = Stage::new(&[r#"from:client hello -> respond {"ok":true}"#, "from:client hello -> drop"]);
    stage.say(Side::Server, &frame(0x01, b"half"));
    stage.say(Side::Client, &masked(0x81, b"hello"));
    assert_eq!(stage.got(Side::Server), b"");
    assert_eq!(stage.client(), frame(0x01, b"half"));
    stage.say(Side::Server, &[frame(0x80, b"whole"), text("next")].concat());
    assert_eq!(stage.client(), [frame(0x80, b"whole"), text(r#"{"ok":true}"#), text("next")].concat());
    assert_eq!(stage.ruled()[..2], [(2, "respond", "responded to"), (2, "drop", "dropped")]);
    assert_eq!(stage.ruled()[2].2, "the response to frame 2");
}

#[test]
fn something_is_put_in_behind() {
    assert_eq!(
        through(&["a -> inject /ping x"], &texts(&["a", "b"])),
        [text("a"), frame(0x89, b"x"), text("b")].concat()
    );
    // A message waits for the end of that which is under way.
    let fragments = [frame(0x01, b"ab"), frame(0x89, b"p"), frame(0x80, b"cd")].concat();
    assert_eq!(through(&["op:ping -> inject hi"], &fragments), [fragments, text("hi")].concat());
    let mut stage = Stage::new(&["-> inject hi"]);
    stage.say(Side::Client, &masked(0x81, b"a"));
    let got = decoded(&stage.got(Side::Server));
    assert_eq!(got, [(0x81, b"a".to_vec()), (0x81, b"hi".to_vec())]);
}

#[test]
fn a_rule_ends_the_session_in_its_way() {
    for (rule, acts, got, how) in [
        ("x -> close 1011", vec![], b"\x88\x02\x03\xf3".as_slice(), ClosedHow::CloseFrame),
        ("x -> fin", vec![Deed::HalfClose(Side::Client), Deed::HalfClose(Side::Server)], b"", ClosedHow::Fin),
        ("x -> rst", vec![Deed::ResetBoth], b"", ClosedHow::Reset),
    ] {
        let mut stage = Stage::new(&[rule]);
        stage.say(Side::Server, &texts(&["a", "x", "b"]));
        assert_eq!(stage.client(), [text("a").as_slice(), got].concat(), "{rule}");
        assert_eq!(stage.out.acts, acts, "{rule}");
        stage.say(Side::Server, &text("later"));
        assert_eq!(stage.client(), b"");
        let Driven { session, now, out, .. } = &mut stage.driven;
        session.finish(*now, out);
        let closed = stage.events().find_map(|event| match event {
            Event::SessionClosed(closed) => Some((closed.by, closed.how)),
            _ => None,
        });
        assert_eq!(closed, Some((ClosedBy::Proxy, how)));
    }
}

#[test]
fn the_end_waits_for_what_is_delayed_in_front_of_it() {
    let mut stage = Stage::new(&["a -> delay 1s", "x -> rst"]);
    stage.say(Side::Server, &texts(&["a", "x"]));
    assert!(stage.out.acts.is_empty());
    stage.run_until(1001 * MS);
    assert_eq!(stage.client(), text("a"));
    assert!(stage.out.acts.contains(&Deed::ResetBoth));
}

#[test]
fn a_rule_lets_the_user_decide() {
    let mut stage = Stage::new(&["b -> hold"]);
    stage.say(Side::Server, &texts(&["a", "b", "c"]));
    stage.say(Side::Server, &frame(0x89, b"p"));
    assert_eq!(stage.client(), [text("a"), frame(0x89, b"p")].concat());
    assert_eq!(stage.frames()[1].2, Relayed::Held);
    assert_eq!(stage.command(SessionCommand::ReleaseAll), [Reply::Released]);
    assert_eq!(stage.client(), texts(&["b", "c"]));
    stage.say(Side::Server, &text("b"));
    stage.change(RuleCell::clear);
    assert_eq!(stage.client(), text("b"));
}

#[test]
fn a_changed_message_is_held_as_changed() {
    let mut stage = Stage::new(&[r#"a -> replace /a/ "b""#, "a -> hold"]);
    stage.say(Side::Server, &text("a"));
    assert_eq!(stage.client(), b"");
    stage.command(SessionCommand::ReleaseAll);
    assert_eq!(stage.client(), text("b"));
}
