use proptest::prelude::*;

use super::*;
use crate::control::protocol::table::{FIELDS, Kind};
use crate::relay::injection::Injection;
use crate::wire::opcode::Opcode;

fn request(line: &str) -> Request {
    read(line.as_bytes()).unwrap_or_else(|wrong| panic!("{line}: {}", wrong.why)).request
}

fn wrong(line: &str) -> String {
    read(line.as_bytes()).expect_err(line).why
}

fn injection(line: &str, came: Option<Came>) -> Injection {
    match request(line) {
        Request::Inject { content, .. } | Request::Edit(_, content) => content.injection(came).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_command_has_an_example_that_is_read_and_that_can_be_typed() {
    for command in COMMANDS {
        let asked = read(command.example.as_bytes()).unwrap_or_else(|wrong| panic!("{}: {}", command.name, wrong.why));
        assert!(asked.id.is_some(), "{}", command.example);
        let words: Vec<String> = command.typed.split(' ').map(|word| word.replace('\'', "")).collect();
        let typed = line(&words).unwrap().to_string();
        assert!(read(typed.as_bytes()).is_ok(), "{typed}");
        assert!(command.typed.starts_with(command.name) && command.needed <= command.words.len());
        for what in command.words.iter().chain(command.flags) {
            assert!(FIELDS.iter().any(|field| field.what == *what), "{what:?}");
        }
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (line, why) in [
        ("", "the line is empty"),
        ("{\"do\":", "not JSON at byte 6"),
        ("[1]", "a command is an object"),
        ("{}", "there is no do"),
        (r#"{"do":1}"#, "do: write a command's name"),
        (r#"{"do":"sesions"}"#, "unknown command sesions; did you mean sessions?"),
        (r#"{"do":"nope"}"#, "unknown command nope; help lists those that there are"),
        (r#"{"do":"hold","qery":"x"}"#, "hold: there is no field qery; it takes query"),
        (r#"{"do":"sessions","query":"x"}"#, "sessions: there is no field query; it takes no field"),
        (r#"{"id":[],"do":"sessions"}"#, "id: write a number, or a string"),
        (r#"{"do":"hold","query":"from:clint"}"#, "hold: query: from:»clint"),
        (r#"{"do":"hold","query":"level:error"}"#, "hold: query: "),
        (r#"{"do":"frames","query":"marked"}"#, "frames: query: marked"),
        (r#"{"do":"frames","last":0}"#, "frames: last: write a whole number from 1 to 10000"),
        (r#"{"do":"inject","to":"client","text":"x"}"#, "inject: session is missing: the session's number"),
        (r#"{"do":"inject","session":1,"to":"me","text":"x"}"#, "inject: to: write client or server"),
        (r#"{"do":"inject","session":1,"to":"client"}"#, "inject: say what goes out"),
        (r#"{"do":"inject","session":1,"to":"client","text":"a","raw":"81"}"#, "inject: one of line"),
        (r#"{"do":"inject","session":1,"to":"client","payload":"?"}"#, "inject: payload: not base64"),
        (r#"{"do":"inject","session":1,"to":"client","raw":"8"}"#, "inject: raw: not hex"),
        (
            r#"{"do":"inject","session":1,"to":"client","line":"/bim"}"#,
            "inject: line: there is no /bim; did you mean /bin?",
        ),
        (r#"{"do":"inject","session":1,"to":"client","line":"/repeat 2 1s x"}"#, "inject: line: /repeat is"),
        (r#"{"do":"inject","session":1,"to":"client","opcode":"txt"}"#, "inject: opcode: \"txt\" is none"),
        (
            r#"{"do":"inject","session":1,"to":"client","text":"x","rsv":8}"#,
            "inject: rsv: write a whole number from 0 to 7",
        ),
        (r#"{"do":"inject","session":1,"to":"client","opcode":"ping","fragments":2}"#, "inject: a control frame"),
        (r#"{"do":"release"}"#, "release: say which message"),
        (r#"{"do":"release","held":1,"session":1,"frame":1}"#, "release: say which message"),
        (r#"{"do":"drop","session":1,"frame":1,"head":"client"}"#, "drop: say which message"),
        (r#"{"do":"edit","session":1,"head":"server","line":"x"}"#, "edit: a head is given as text"),
        (r#"{"do":"close","session":1,"code":1006}"#, "close: code: 1006 can't be sent"),
        (r#"{"do":"close","session":1,"code":1000,"at_once":true}"#, "close: at_once: no close frame"),
        (r#"{"do":"policy","policy":"lax"}"#, "policy: policy: write faithful or repair or strict"),
    ] {
        let told = wrong(line);
        assert!(told.starts_with(why), "{line}: {told}");
    }
    let long = format!(r#"{{"do":"close","session":1,"reason":"{}"}}"#, "x".repeat(124));
    assert!(wrong(&long).contains("at most 123 bytes and this has 124"));
    let told = read(br#"{"id":"mine","do":"no"}"#).unwrap_err();
    assert_eq!(told.id, Some("mine".into()), "the reply to what is wrong has its id, too");
}

#[test]
fn what_goes_out_is_said_in_several_ways() {
    let to = r#"{"do":"inject","session":1,"to":"client","#;
    let whole = |opcode, payload: &[u8]| Injection::whole(opcode, payload.to_vec());
    for (fields, expected) in [
        (r#""text":"hi"}"#, whole(Opcode::TEXT, b"hi")),
        (r#""payload":"AP8="}"#, whole(Opcode::BINARY, &[0, 0xff])),
        (r#""payload":"AP8=","opcode":"text"}"#, whole(Opcode::TEXT, &[0, 0xff])),
        (r#""opcode":"ping"}"#, whole(Opcode::PING, b"")),
        (r#""text":"x","opcode":3}"#, whole(Opcode::new(3), b"x")),
        (r#""text":"x","opcode":"0x3"}"#, whole(Opcode::new(3), b"x")),
        (r#""text":"x","fin":false,"rsv":5}"#, Injection::Frame { first: 0x51, payload: b"x".to_vec() }),
        (r#""text":"x","rsv":4}"#, Injection::Frame { first: 0xc1, payload: b"x".to_vec() }),
        (r#""text":"ab","fragments":2}"#, Injection::fragmented(Opcode::TEXT, b"ab", 2)),
        (r#""raw":"81 01 61"}"#, Injection::Raw(vec![0x81, 1, 0x61])),
        (r#""line":"/bin 01 02"}"#, whole(Opcode::BINARY, &[1, 2])),
        (r#""line":"//x"}"#, whole(Opcode::TEXT, b"/x")),
    ] {
        assert_eq!(injection(&format!("{to}{fields}"), None), expected, "{fields}");
    }
}

#[test]
fn an_edit_keeps_what_nobody_asks_to_change() {
    let edit = |fields: &str, opcode, frames| {
        injection(&format!(r#"{{"do":"edit","held":1,{fields}}}"#), Some(Came { opcode, frames }))
    };
    assert_eq!(edit(r#""text":"ab""#, Opcode::BINARY, 1), Injection::whole(Opcode::BINARY, b"ab".to_vec()));
    assert_eq!(edit(r#""line":"ab""#, Opcode::TEXT, 2), Injection::fragmented(Opcode::TEXT, b"ab", 2));
    assert_eq!(edit(r#""text":"ab","fragments":1"#, Opcode::TEXT, 2), Injection::whole(Opcode::TEXT, b"ab".to_vec()));
    assert_eq!(
        edit(r#""text":"ab","opcode":"text""#, Opcode::BINARY, 1),
        Injection::whole(Opcode::TEXT, b"ab".to_vec())
    );
    assert_eq!(edit(r#""line":"/bin 01""#, Opcode::TEXT, 2), Injection::whole(Opcode::BINARY, vec![1]));
    assert_eq!(edit(r#""text":"x""#, Opcode::PING, 1), Injection::whole(Opcode::PING, b"x".to_vec()));
}

#[test]
fn a_head_is_edited_as_text_whose_lines_end_as_http_has_it() {
    let head = |fields: &str| match request(&format!(r#"{{"do":"edit","session":1,"head":"server",{fields}}}"#)) {
        Request::Edit(Which::Head(SessionId(1), Side::Server), content) => content.head().unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(head(r#""text":"HTTP/1.1 101 X\nA: b\r\n\n""#), b"HTTP/1.1 101 X\r\nA: b\r\n\r\n");
    assert_eq!(head(r#""payload":"AAo=""#), b"\0\n");
}

#[test]
fn words_of_a_shell_make_the_same_lines() {
    for (words, expected) in [
        ("sessions", r#"{"do":"sessions"}"#),
        ("frames", r#"{"do":"frames"}"#),
        ("frames --last 5 op:text or op:binary", r#"{"do":"frames","last":5,"query":"op:text or op:binary"}"#),
        ("inject 1 client hello world", r#"{"do":"inject","session":1,"to":"client","line":"hello world"}"#),
        ("inject --text=-- 1 client", r#"{"do":"inject","text":"--","session":1,"to":"client"}"#),
        ("inject --opcode ping 1 server", r#"{"do":"inject","opcode":"ping","session":1,"to":"server"}"#),
        ("release all", r#"{"do":"release","all":true}"#),
        ("release 7", r#"{"do":"release","held":7}"#),
        ("edit 1:13 new words", r#"{"do":"edit","session":1,"frame":13,"line":"new words"}"#),
        ("close --at-once 3", r#"{"do":"close","at_once":true,"session":3}"#),
        ("close 3 4000 good bye", r#"{"do":"close","session":3,"code":4000,"reason":"good bye"}"#),
        ("hold -- --x", r#"{"do":"hold","query":"--x"}"#),
        ("subscribe --past", r#"{"do":"subscribe","past":true}"#),
    ] {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        assert_eq!(line(&words).map(|line| line.to_string()).as_deref(), Ok(expected));
    }
    for (words, why) in [
        ("sesions", "unknown command sesions; did you mean sessions?"),
        ("sessions all", "sessions: there is no place for all; write sessions"),
        ("unhold x", "unhold: hold: write a number"),
        ("unhold 1 2", "unhold: there is no place for 2; write unhold HOLD"),
        ("release all 2", "release: there is no place for 2"),
        ("frames --last", "frames: --last takes a number"),
        ("frames --least 1", "frames: there is no field least"),
    ] {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        let told = line(&words).unwrap_err();
        assert!(told.starts_with(why), "{told}");
    }
}

/// Values that fit, or don't.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<u64>().prop_map(Value::from),
        (0u64..20).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "[ -~é]{0,12}".prop_map(Value::from),
        Just(Value::Null),
        prop::sample::select(vec!["client", "text", "op:text", "AP8=", "8101", "repair", "/ping", "x", "from:client"])
            .prop_map(Value::from),
    ]
}

proptest! {
    #[test]
    fn whatever_a_line_is_it_is_read_or_told_to_be_wrong_in_a_line(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(wrong) = read(&bytes) {
            prop_assert!(wrong.why.chars().all(text::is_plain), "{}", wrong.why);
        }
    }

    #[test]
    fn whatever_an_object_has_it_is_read_or_told_to_be_wrong_in_a_line(
        which in 0..COMMANDS.len(),
        fields in prop::collection::vec((0..FIELDS.len(), value()), 0..6),
        opcode in any::<u8>(),
        frames in 0usize..5,
    ) {
        let mut object = Map::new();
        object.insert("do".into(), COMMANDS[which].name.into());
        for (field, value) in fields {
            object.insert(FIELDS[field].name.into(), value);
        }
        match read(Value::Object(object).to_string().as_bytes()) {
            Ok(Asked { request: Request::Edit(_, content), .. }) => {
                let _ = content.injection(Some(Came { opcode: Opcode::new(opcode), frames }));
            }
            Ok(_) => {}
            Err(wrong) => prop_assert!(wrong.why.chars().all(text::is_plain), "{}", wrong.why),
        }
    }

    #[test]
    fn words_never_make_a_line_that_is_no_object(words in prop::collection::vec("[ -~]{0,9}", 0..5), which in 0..COMMANDS.len()) {
        let mut words = words;
        words.insert(0, COMMANDS[which].name.to_owned());
        if let Ok(line) = line(&words) {
            prop_assert!(line.is_object());
        }
        prop_assert!(matches!(FIELDS[0].kind, Kind::Number));
    }
}
