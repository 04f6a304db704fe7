//! When rules act, on what, and what holds whatever they do.

use super::*;

#[test]
fn counts_windows_and_chances_choose_among_the_messages() {
    let all = texts(&["1", "2", "3", "4", "5", "6", "7"]);
    for (rule, left) in [
        ("-> first 2 drop", ["3", "4", "5", "6", "7"].as_slice()),
        ("-> skip 5 drop", &["1", "2", "3", "4", "5"]),
        ("-> every 3rd drop", &["1", "2", "4", "5", "7"]),
        ("-> skip 1 every 2nd first 2 drop", &["1", "2", "4", "6", "7"]),
        ("-> 100% drop", &[]),
        ("-> until 1us drop", &["1", "2", "3", "4", "5", "6", "7"]),
    ] {
        assert_eq!(through(&[rule], &all), texts(left), "{rule}");
    }
    let mut stage = Stage::new(&["-> after 1s until 2s drop"]);
    for (now, expected) in [(999, 1), (1000, 0), (1999, 0), (2000, 1)] {
        stage.tick(now * MS);
        stage.say(Side::Server, &text("a"));
        assert_eq!(decoded(&stage.client()).len(), expected, "{now}");
    }
}

#[test]
fn the_same_seed_gives_the_same_fate_and_another_another() {
    let all: Vec<u8> = (0..200).flat_map(|number| text(&number.to_string())).collect();
    let run = |seed, size| {
        let mut stage =
            Stage::seeded(seed, &["-> drop 30%", "-> delay 5ms±5ms", "-> flip 10%"], Limits::default(), None);
        stage.say_in_pieces(Side::Server, &all, size);
        stage.run_until(1_000_000);
        stage.client()
    };
    assert_eq!(run(1, usize::MAX), run(1, 3));
    assert_ne!(run(1, usize::MAX), run(2, usize::MAX));
    let left = decoded(&run(1, 17)).len();
    assert!((110..170).contains(&left), "{left}");
}

#[test]
fn rules_change_while_a_session_is_open() {
    let mut stage = Stage::new(&["slow = -> delay 10s"]);
    stage.say(Side::Server, &text("a"));
    assert_eq!(stage.client(), b"");
    stage.change(|rules| rules.switch("slow", false).unwrap());
    assert_eq!(stage.client(), text("a"));
    stage.say(Side::Server, &text("b"));
    assert_eq!(stage.client(), text("b"));
    stage.change(|rules| rules.switch("slow", true).unwrap());
    stage.say(Side::Server, &text("c"));
    stage.change(|rules| rules.put(parse("lossy = -> drop", |_| false).unwrap()).unwrap());
    stage.say(Side::Server, &text("d"));
    assert_eq!(stage.client(), b"");
    stage.change(|rules| rules.remove("lossy").unwrap());
    stage.change(|rules| rules.remove("slow").unwrap());
    assert_eq!(stage.client(), text("c"));
    // Where nothing is left to act, bytes pass as they are, in the middle of a frame too.
    let bytes = text("as it is");
    let Driven { session, now, out, .. } = &mut stage.driven;
    session.receive(*now, Side::Server, &bytes[..3], out);
    assert!(stage.out.to.client.is_as_is());
}

#[test]
fn what_rules_delay_takes_no_more_than_its_limit_and_stops_that_lane_only() {
    let limits = Limits { hold_bytes: 10_000, ..Limits::default() };
    let mut stage = Stage::with(&["from:server -> delay 1s"], limits, None);
    let message = frame(0x82, &[7; 1000]);
    let mut said = 0;
    while stage.session.is_reading(Side::Server) && said < 100 {
        stage.say(Side::Server, &message);
        said += 1;
    }
    assert!((5..=11).contains(&said), "{said}");
    assert!(stage.session.is_reading(Side::Client));
    stage.run_until(60_000 * MS);
    assert_eq!(stage.client().len(), said * message.len());
    assert!(stage.session.is_reading(Side::Server));
}

#[test]
fn a_message_too_long_to_gather_is_decided_by_what_has_come() {
    let limits = Limits { hold_bytes: 2000, ..Limits::default() };
    let long = frame(0x82, &[7; 5000]);
    for (rule, goes_on) in [("-> drop", false), ("-> duplicate", true), ("-> flip", true)] {
        let mut stage = Stage::with(&[rule], limits.clone(), None);
        stage.say(Side::Server, &[long.clone(), text("a")].concat());
        stage.run_until(10_000 * MS);
        let got = stage.client();
        assert_eq!(got.starts_with(&long), goes_on, "{rule}");
    }
    // One that comes slowly is let through, too.
    let mut stage = Stage::new(&["-> flip"]);
    stage.say(Side::Server, &frame(0x01, b"a"));
    assert_eq!(stage.client(), b"");
    stage.run_until(6000 * MS);
    assert_eq!(stage.client(), frame(0x01, b"a"));
}

#[test]
fn compressed_messages_are_acted_on_as_they_read_and_all_behind_them_can_be_read() {
    let said = ["hello hello hello", "hello hello again", "user-7 says hello", "hello hello hello"];
    for takes_over in [true, false] {
        for (rule, expected) in [
            ("again -> drop", vec![said[0], said[2], said[3]]),
            (r#"-> replace /user-(\d)/ "guest-$1""#, vec![said[0], said[1], "guest-7 says hello", said[3]]),
            ("user -> duplicate", vec![said[0], said[1], said[2], said[2], said[3]]),
            ("user -> split 3", said.to_vec()),
            ("again -> reorder", vec![said[0], said[2], said[1], said[3]]),
            ("user -> delay 1s", said.to_vec()),
            ("nothing -> drop", said.to_vec()),
        ] {
            let deflate = agreed(takes_over);
            let mut packer = Compressor::new(takes_over);
            let mut stage = Stage::with(&[rule], Limits::default(), Some(deflate));
            let mut wire = Vec::new();
            for text in said {
                wire.extend(packer.message(text.as_bytes(), 1));
            }
            stage.say(Side::Server, &wire);
            stage.run_until(5_000 * MS);
            let got: Vec<_> =
                read(&stage.client()).into_iter().map(|(_, said)| String::from_utf8(said).unwrap()).collect();
            assert_eq!(got, expected, "{rule} {takes_over}");
        }
    }
}

#[test]
fn a_handshake_is_refused_or_its_response_delayed() {
    let request = b"GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n";
    let begin = |rules: &[&str]| {
        let (cell, mut out) = (cell(1, rules), Output::default());
        let session = Session::begin(config(&cell, Limits::default()), Time(0), request, &mut out);
        let mut to_server = Vec::new();
        out.to.server.take(b"", &mut to_server);
        (session, out, to_server)
    };
    let (_, out, to_server) = begin(&["path:/chat -> refuse 429"]);
    assert_eq!(to_server, b"");
    assert!(matches!(out.acts.first(), Some(Deed::Respond { status: 429, .. })));
    let (mut session, mut out, to_server) = begin(&["path:/other -> refuse 429", "-> slow-handshake 3s"]);
    assert!(to_server.starts_with(b"GET /chat"));
    assert!(!session.is_reading(Side::Server) && session.is_reading(Side::Client));
    session.tick(Time(3_000_000), &mut out);
    assert!(session.is_reading(Side::Server));
}

fn unit() -> impl Strategy<Value = Vec<u8>> {
    let payload = || proptest::collection::vec(any::<u8>(), 0..200);
    prop_oneof![
        payload().prop_map(|payload| frame(0x82, &payload)),
        "[a-z]{0,20}".prop_map(|payload| text(&payload)),
        payload().prop_map(|payload| frame(0x8a, &payload[..payload.len().min(125)])),
        ("[a-z]{0,20}", payload())
            .prop_map(|(one, two)| { [frame(0x02, one.as_bytes()), frame(0x89, b"p"), frame(0x80, &two)].concat() }),
        Just(frame(0xf1, b"reserved")),
    ]
}

proptest! {
    #[test]
    fn whatever_no_rule_touches_stays_bit_for_bit_and_in_place(
        units in proptest::collection::vec(unit(), 0..30),
        sizes in proptest::collection::vec(1usize..100, 1..50),
        rules in proptest::collection::vec(
            prop::sample::select(vec![
                "qqqq -> drop", "\"no such thing\" -> flip", "len>1M -> reorder", "hex:00112233445566 -> truncate 1",
                "json:.a -> merge", "-> delay 3ms", "from:server -> delay 2ms±2ms", "op:ping -> delay 1ms",
                "-> throttle 1M/s", "session:9 -> rst", "op:close -> split 2", "-> 0.0001% after 1h fin",
            ]),
            0..5,
        ),
        switches in proptest::collection::vec((0usize..50, any::<bool>()), 0..6),
    ) {
        let bytes = units.concat();
        let mut stage = Stage::new(&[]);
        for text in &rules {
            let rules = stage.rules.clone();
            let taken = move |name: &str| rules.list().iter().any(|rule| rule.rule.name() == name);
            stage.rules.put(parse(text, taken).unwrap()).unwrap();
        }
        let (mut at, mut step) = (0, 0);
        while at < bytes.len() {
            let size = sizes[step % sizes.len()].min(bytes.len() - at);
            if stage.session.is_reading(Side::Server) {
                stage.say(Side::Server, &bytes[at..at + size]);
                at += size;
            }
            stage.tick(stage.now.0 + 300);
            for (_, on) in switches.iter().filter(|(place, _)| *place == step) {
                let names: Vec<_> = stage.rules.list().iter().map(|rule| rule.rule.name().to_owned()).collect();
                stage.change(|rules| names.iter().for_each(|name| rules.switch(name, *on).unwrap()));
            }
            step += 1;
        }
        stage.run_until(stage.now.0 + 20_000 * MS);
        prop_assert_eq!(stage.client(), bytes);
    }

    #[test]
    fn whatever_rules_do_the_receiver_gets_frames(
        units in proptest::collection::vec(unit(), 0..20),
        size in 1usize..400,
        seed: u64,
        rules in proptest::collection::vec(prop::sample::select(vec![
            "-> drop 30%", "-> duplicate 30%", "-> reorder 50%", "-> flip 50%", "-> truncate 3", "-> split 3",
            "-> merge", "-> delay 3ms±3ms", "-> inject hi", "-> replace /[a-m]+/ \"$0$0\"", "-> 20% hold",
            "op:ping -> drop", "-> throttle 10k/s", "-> respond hi",
        ]), 1..5),
    ) {
        let bytes = units.concat();
        let mut stage = Stage::seeded(seed, &rules, Limits::default(), None);
        stage.say_in_pieces(Side::Server, &bytes, size);
        stage.run_until(700_000 * MS);
        let got = stage.client();
        let whole = decoded(&got);
        let length: usize = whole.iter().map(|(first, payload)| frame(*first, payload).len()).sum();
        prop_assert_eq!(length, got.len());
        prop_assert!(stage.session.is_reading(Side::Server));
    }
}

#[test]
fn hostile_rules_are_bounded() {
    let mut stage = Stage::with(
        &[r#"-> replace // "xxxxxxxxxxxxxxxxxxxxxxxx""#],
        Limits { hold_bytes: 100_000, ..Limits::default() },
        None,
    );
    let long = frame(0x82, &[b'a'; 50_000]);
    stage.say(Side::Server, &long);
    // What would become too long goes on as it came.
    assert_eq!(stage.client(), long);
    assert!(parse("-> replace /(a{1000}){1000}/ x", |_| false).is_err());
    assert!(parse(&format!("{} -> drop", "(".repeat(10_000)), |_| false).is_err());
    assert!(parse(&format!("-> respond {}", "a".repeat(100_000)), |_| false).is_err());
    let cell = RuleCell::seeded(1);
    for number in 0..crate::relay::rules::MOST {
        cell.put(parse(&format!("r{number} = -> drop"), |_| false).unwrap()).unwrap();
    }
    assert!(cell.put(parse("more = -> drop", |_| false).unwrap()).is_err());
}
