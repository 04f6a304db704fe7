//! The language, line by line.

use proptest::prelude::*;

use crate::record::Side;

use super::*;

fn sent(line: &str) -> (u8, Vec<u8>) {
    match parse(line) {
        Ok(Order { injection: Injection::Frame { first, payload }, repeat: None, .. }) => (first, payload),
        other => panic!("{line}: {other:?}"),
    }
}

fn refused(line: &str) -> (String, usize) {
    let error = parse(line).unwrap_err();
    (error.message, error.at)
}

#[test]
fn a_line_is_a_text_as_it_stands() {
    assert_eq!(sent("hello  world "), (0x81, b"hello  world ".to_vec()));
    assert_eq!(sent("//x"), (0x81, b"/x".to_vec()));
    assert_eq!(sent("/text"), (0x81, Vec::new()));
    assert_eq!(sent("/text  /ping"), (0x81, b" /ping".to_vec()));
    assert_eq!(refused("").1, 0);
}

#[test]
fn bytes_are_written_in_the_usual_ways() {
    for line in ["/bin 0102ff", "/bin 01 02 FF", "/bin 0x01, 0x02,0xff", "/bin 01:02:ff ", "/bin  0x0102 ff"] {
        assert_eq!(sent(line), (0x82, vec![1, 2, 255]), "{line}");
    }
    assert_eq!(sent("/bin"), (0x82, Vec::new()));
    assert_eq!(parse("/raw 81 05").unwrap().injection, Injection::Raw(vec![0x81, 5]));
}

#[test]
fn wrong_bytes_are_told_at_their_place() {
    assert_eq!(refused("/bin 01 2"), ("2 is half a byte: write 02".into(), 8));
    assert_eq!(refused("/bin 01 234"), ("234 has an odd number of digits, 3: each byte takes two".into(), 10));
    assert_eq!(refused("/bin ü").1, 5);
    assert_eq!(refused("/raw 81 0g"), ("\"g\" is no hex digit: write bytes as 81 05 or 0x81,0x05".into(), 9));
    assert_eq!(refused("/bin \u{1b}").0, "\"\\u{1b}\" is no hex digit: write bytes as 81 05 or 0x81,0x05");
    assert_eq!(refused("/raw"), ("/raw needs bytes: /raw 81 02 68 69".into(), 4));
}

#[test]
fn control_frames_have_125_bytes_of_room() {
    assert_eq!(sent("/ping"), (0x89, Vec::new()));
    assert_eq!(sent("/pong a b"), (0x8a, b"a b".to_vec()));
    let full = "x".repeat(125);
    assert_eq!(sent(&format!("/ping {full}")).1.len(), 125);
    let (message, at) = refused(&format!("/ping {full}y"));
    assert_eq!((message.as_str(), at), ("a ping holds at most 125 bytes and this has 126: shorten it", 131));
    // The character that does not fit whole is the place.
    assert_eq!(refused(&format!("/ping {}ü", "x".repeat(124))).1, 130);
}

#[test]
fn close_takes_a_code_and_a_reason() {
    assert_eq!(sent("/close"), (0x88, Vec::new()));
    assert_eq!(sent("/close "), (0x88, Vec::new()));
    assert_eq!(sent("/close 1000"), (0x88, vec![3, 0xe8]));
    assert_eq!(sent("/close 1000 bye now"), (0x88, b"\x03\xe8bye now".to_vec()));
    assert_eq!(sent("/close 4999").1, [0x13, 0x87]);
    for line in ["/close bye", "/close 65536", "/close -1"] {
        assert_eq!(refused(line), ("a close code is a number up to 65535: /close 1000 bye".into(), 7), "{line}");
    }
    assert_eq!(refused("/close  1000").1, 8);
    assert!(sent(&format!("/close 1000 {}", "x".repeat(123))).1.len() == 125);
    assert_eq!(refused(&format!("/close 1000 {}", "x".repeat(124))).1, 135);
}

#[test]
fn codes_that_must_not_be_sent_are_refused_with_those_that_may() {
    assert_eq!(
        refused("/close 1006 gone").0,
        "1006 can't be sent (abnormal closure: stands for an end without a close frame, never sent); 1000 to 1003, \
         1007 to 1014 and 3000 to 4999 can, and /raw sends anything"
    );
    for code in 0..=u16::MAX {
        let stated = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        assert_eq!(parse(&format!("/close {code}")).is_ok(), stated, "{code}");
    }
}

#[test]
fn an_unknown_command_names_the_nearest() {
    assert_eq!(refused("/pnig x").0, "there is no /pnig; did you mean /ping? to send it as a text, begin with //");
    assert!(refused("/binary 01").0.contains("did you mean /bin?"));
    assert!(refused("/Close").0.contains("did you mean /close?"));
    assert!(refused("/r").0.contains("did you mean /raw?"));
}

#[test]
fn escapes_stand_for_what_they_name() {
    assert_eq!(sent(r"/esc a\n\x00\u00e9"), (0x81, b"a\n\0\xc3\xa9".to_vec()));
    assert_eq!(sent(r"/esc \r\t\b\f\e\0\\\/\'é"), (0x81, "\r\t\u{8}\u{c}\u{1b}\0\\/'é".as_bytes().to_vec()));
    assert_eq!(sent(r#"/esc "\"" \u{1F600} \ud83d\ude00"#), (0x81, "\"\"\" 😀 😀".as_bytes().to_vec()));
    assert_eq!(sent(r"/esc \xff\xC3"), (0x81, vec![0xff, 0xc3]), "bytes, not characters");
    assert_eq!(sent("/esc two\nlines").1, b"two\nlines");
}

#[test]
fn wrong_escapes_are_told_at_their_backslash() {
    assert_eq!(
        refused(r"/esc é\q"),
        (r#"no escape begins with "q": \n \r \t \0 \e \\ \xff \u00e9 \u{1f600} do"#.into(), 6)
    );
    assert_eq!(refused(r"/esc \x1"), (r"\x takes two hex digits: \x1f".into(), 5));
    assert_eq!(refused(r"/esc a\"), (r"write \\ for one backslash".into(), 6));
    for half in [r"/esc \ud83d", r"/esc \ud83d\u0041", r"/esc \ude00", r"/esc \u{d800}"] {
        assert!(refused(half).0.contains("surrogate"), "{half}");
    }
    for wrong in [r"/esc \u12", r"/esc \u{}", r"/esc \u{110000}", r"/esc \u{1234567890}", r"/esc \u{41"] {
        assert!(refused(wrong).0.starts_with(r"\u takes"), "{wrong}");
    }
}

fn fragments(line: &str) -> (u8, Vec<Vec<u8>>) {
    match parse(line).unwrap().injection {
        Injection::Fragments { first, payloads } => (first, payloads),
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn a_message_is_cut_into_fragments() {
    assert_eq!(fragments("/frag 3 hello"), (1, vec![b"h".to_vec(), b"el".to_vec(), b"lo".to_vec()]));
    assert_eq!(fragments("/frag 2 /bin 01 02"), (2, vec![vec![1], vec![2]]));
    assert_eq!(fragments("/frag 2 /text"), (1, vec![vec![], vec![]]));
    assert_eq!(fragments(r"/frag 2 /esc \u00e9"), (1, vec![vec![0xc3], vec![0xa9]]), "a character is cut too");
    assert_eq!(fragments("/frag 1 //x"), (1, vec![b"/x".to_vec()]));
    assert_eq!(refused("/frag"), ("write how many fragments, then the message: /frag 3 hello".into(), 5));
    assert_eq!(refused("/frag x hello").1, 6);
    assert!(refused("/frag 0 a").0.starts_with("this is a number from 1 to 1000"));
    assert_eq!(refused("/frag 3"), ("write what to send: /frag 3 hello".into(), 7));
    assert_eq!(refused("/frag 3 /ping").1, 8);
    assert_eq!(refused("/frag 3 /bin 0g").1, 14);
    assert!(refused("/frag 3 /frag 2 x").0.starts_with("/frag takes a message"));
}

#[test]
fn a_line_is_repeated() {
    let repeated = |line: &str| parse(line).unwrap().repeat.map(|repeat| (repeat.times, repeat.every.as_millis()));
    assert_eq!(repeated("/repeat 10 100ms hello"), Some((10, 100)));
    assert_eq!(repeated("/repeat 3 0.5s /ping"), Some((3, 500)));
    assert_eq!(repeated("/repeat 1000000 1m /frag 3 /bin 01"), Some((1_000_000, 60_000)));
    assert_eq!(parse("/repeat 2 1s //x").unwrap().injection, parse("//x").unwrap().injection);
    assert_eq!(refused("/repeat").1, 7);
    assert_eq!(refused("/repeat 10").1, 10);
    for wrong in ["0s x", "1d x", "100 x", "-1s x", "infs x", "1e3s x", "1.2.3s x", "2000m x"] {
        assert_eq!(refused(&format!("/repeat 10 {wrong}")).1, 11, "{wrong}");
    }
    assert_eq!(refused("/repeat 10 1s"), ("write what to send: /repeat 10 100ms hello".into(), 13));
    assert_eq!(refused("/repeat 10 1s /repeat 2 1s x").1, 14);
    assert_eq!(refused("/repeat 10 1s /pnig").1, 15);
}

#[test]
fn json_is_looked_at_and_never_refused() {
    let look = |text: &str| json(text, &parse(text).unwrap());
    let wrong = |text: &str| match look(text) {
        Some(Json::Wrong(fault)) => (fault.message, fault.at),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(look(r#"{"a": [1, "é"]}"#), Some(Json::Valid));
    assert_eq!(look("hello {"), None);
    assert_eq!(look(r"/esc {"), None);
    for start in ["{", "  [1,", r#"{"a": "b"#, "/text [", "/repeat 3 1s /frag 2 {"] {
        assert_eq!(look(start), Some(Json::Unfinished), "{start}");
    }
    assert_eq!(wrong("[1 2]"), ("not JSON: expected `,` or `]`".into(), 3));
    assert_eq!(wrong("{\"é\": 1,\n \"ü\": x}").1, 15);
    assert_eq!(wrong("/text {a}"), ("not JSON: key must be a string".into(), 7));
    assert_eq!(wrong("{}}"), ("not JSON: trailing characters".into(), 2));
    assert_eq!(look(&"[".repeat(100_000)), Some(Json::Unfinished), "as deep as one likes");
}

#[test]
fn what_will_be_sent_is_shown_byte_by_byte() {
    let look = |line: &str, to| preview(&parse(line).unwrap().injection, to, 2, 4);
    let hello = look("Hello", Side::Server);
    assert_eq!(hello.summary, "text, FIN, masked with a random key kk, 5 bytes; 11 on the wire");
    let bytes = FrameBytes { header: vec![0x81, 0x85], masked: true, payload: b"Hell".to_vec(), more: 1 };
    assert_eq!((hello.frames, hello.more), (vec![bytes], 0));
    let ping = look("/ping", Side::Client);
    assert_eq!(ping.summary, "ping, FIN, not masked, 0 bytes; 2 on the wire");
    assert_eq!(ping.frames[0].header, [0x89, 0]);
    let long = look(&"a".repeat(300), Side::Server);
    assert_eq!(long.frames[0].header, [0x81, 0xfe, 1, 0x2c]);
    let fragments = look("/frag 3 hello", Side::Client);
    assert_eq!(fragments.summary, "text in 3 fragments, not masked, 5 bytes; 11 on the wire");
    let headers: Vec<_> = fragments.frames.iter().map(|frame| frame.header.clone()).collect();
    assert_eq!((headers, fragments.more), (vec![vec![0x01, 1], vec![0x00, 2]], 1));
    assert_eq!(look("/raw 81 01 41", Side::Client).summary, "raw, one text frame, 3 bytes");
    assert_eq!(look("/raw ff", Side::Server).summary, "raw, not just one frame, 1 byte");
    assert!(look(r"/esc \xff", Side::Client).warning.is_some() && look("é", Side::Client).warning.is_none());
    assert!(look("/frag 2 é", Side::Client).warning.is_none(), "the message as a whole is UTF-8");
}

#[test]
fn commands_are_completed_from_their_start() {
    let names = |text| complete(text).candidates.iter().map(|command| command.name).collect::<Vec<_>>();
    assert_eq!(names("/p"), ["/ping", "/pong"]);
    assert_eq!(names("/").len(), COMMANDS.len());
    assert!(names("//p").is_empty() && names("p").is_empty() && names("").is_empty());
    assert_eq!((names("/ping x"), complete("/ping x").typing), (vec!["/ping"], false));
    assert_eq!(names("/repeat 3 1s /p"), ["/ping", "/pong"]);
    assert_eq!(names("/repeat 3 1s /r"), ["/raw"]);
    assert_eq!(names("/repeat 3 /"), ["/repeat"]);
    assert_eq!(names("/repeat 3 1s /frag 2 /"), ["/text", "/esc", "/bin"]);
    assert_eq!((complete("/frag 2 /b").at, complete("/frag 2 /b").certain()), (8, "/bin"));
    assert_eq!(
        (complete("/re").certain(), complete("/").certain(), complete("/ping x").certain()),
        ("/repeat", "/", "")
    );
}

#[test]
fn each_command_of_the_help_is_known() {
    for command in COMMANDS {
        if let Err(error) = parse(command.name) {
            assert!(!error.message.starts_with("there is no"), "{}", command.name);
        }
    }
}

proptest! {
    #[test]
    fn any_line_is_read_or_refused_at_a_place_in_it(line in "(/(repeat 2 1s |frag 2 )?/?(bin|raw|close|ping|text|esc|frag|repeat|x)? ?)?[{\\[]?\\PC{0,40}|.*") {
        match parse(&line) {
            Ok(order) => {
                prop_assert!(!matches!(json(&line, &order), Some(Json::Wrong(fault)) if fault.at > line.chars().count()));
                let said = preview(&order.injection, Side::Server, 3, 16).summary;
                prop_assert!(said.chars().all(text::is_plain));
            }
            Err(error) => {
                prop_assert!(error.at <= line.chars().count());
                prop_assert!(error.message.chars().all(text::is_plain));
            }
        }
    }
}
