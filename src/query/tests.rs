//! What a query asks for, what is wrong with one, and how it may go on.

use proptest::prelude::*;

use crate::record::finding::Level;
use crate::record::{FrameNumber, SessionId, Side};
use crate::wire::close::Code;
use crate::wire::opcode::Opcode;

use super::*;

/// A frame with all that can be asked for.
struct Frame {
    text: &'static str,
    opcode: Opcode,
    property: Option<Property>,
}

const FRAME: Frame = Frame {
    text: r#"{"type":"Order","user":{"id":42,"name":"ada"},"items":[{"n":1.5}]}"#,
    opcode: Opcode::TEXT,
    property: Some(Property::Compressed),
};

impl Subject for Frame {
    fn any_text(&self, is_it: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        is_it(self.text.as_bytes())
    }

    fn any_bytes(&self, is_it: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        is_it(&[0x81, 0x05, 0xff])
    }

    fn from(&self) -> Option<Side> {
        Some(Side::Client)
    }

    fn session(&self) -> Option<SessionId> {
        Some(SessionId(3))
    }

    fn path(&self) -> Option<&[u8]> {
        Some(b"/chat?room=1")
    }

    fn number(&self) -> Option<FrameNumber> {
        Some(FrameNumber::new(12))
    }

    fn opcode(&self) -> Option<Opcode> {
        Some(self.opcode)
    }

    fn length(&self) -> Option<u64> {
        Some(1000)
    }

    fn close_code(&self) -> Option<Code> {
        Some(Code::new(1006))
    }

    fn finding(&self) -> Option<(Level, &'static str)> {
        Some((Level::Warning, "http-extra-crlf"))
    }

    fn reading(&self) -> Option<Reading> {
        let events = vec!["chat message".to_owned()];
        Some(Reading { events, is_request: true, ..Reading::default() })
    }

    fn time_of_day(&self) -> Option<u64> {
        Some(10 * 3_600_000_000 + 2 * 60_000_000)
    }

    fn mark(&self) -> Option<&str> {
        Some("the lost order")
    }

    fn is(&self, property: Property) -> bool {
        self.property == Some(property)
    }
}

fn fits(query: &str) -> bool {
    Query::parse(query).unwrap_or_else(|error| panic!("{query}: {error:?}")).unwrap().matches(&FRAME)
}

#[test]
fn a_query_asks_for_what_its_words_say() {
    for query in [
        "order",
        "Order",
        "\"user\\\":{\"",
        "/o.der/i",
        "/\"id\":\\d+/",
        "order ada",
        "order and ada",
        "order or nothing",
        "not nothing",
        "not (nothing or order) or ada",
        "(ada)",
        "not not ada",
        "from:client",
        "op:text",
        "op:0x1",
        "op:2,1",
        "len:1000",
        "len>999",
        "len>=1k",
        "len<=1000",
        "len<1k or len=1000",
        "hex:81 05",
        "hex:8105 ff",
        "session:3",
        "session:1,3",
        "session>2",
        "path:/chat",
        "path:\"room=1\"",
        "close:1001,1006",
        "level:warning",
        "level:note",
        "id:crlf",
        "is:compressed",
        "is:request",
        "json:.user.id",
        "json:.user.id=42",
        "json:.user.id>41",
        "json:.user.name~AD or json:.user.name~ad",
        "json:.items[0].n<2",
        "json:.user.name>=ada",
        "event:\"chat message\"",
        "event:chat* from:client",
        "time>10:01",
        "time<10:02:00.5",
        "after:11",
        "is:compressed hex:81 from:client",
    ] {
        assert!(fits(query), "{query}");
    }
}

#[test]
fn it_leaves_out_what_does_not_fit() {
    for query in [
        "ORDER",
        "nothing",
        "/O.DER/",
        "order nothing",
        "not order",
        "from:server",
        "op:binary",
        "len>1000",
        "len<1000",
        "hex:05 81",
        "session:1",
        "session>3",
        "path:/Chat",
        "close:1000",
        "level:error",
        "id:missing",
        "is:injected",
        "is:reply",
        "is:heartbeat",
        "json:.user.age",
        "json:.user.id=43",
        "json:.user.name~AD",
        "json:.items[1]",
        "json:.type>Order",
        "event:chat",
        "event:message",
        "time>10:02",
        "after:12",
        "ada or order nothing not ada and nothing",
    ] {
        let expected = query.starts_with("ada or");
        assert_eq!(fits(query), expected, "{query}");
    }
}

#[test]
fn words_that_look_like_fields_are_words() {
    for query in ["http://localhost", "12:30", "a:b", "/chat", "/chat/room", "android"] {
        assert!(matches!(Query::parse(query).unwrap().unwrap().all, Expression::Term(Term::Text(_))), "{query}");
    }
}

#[test]
fn what_is_wrong_is_pointed_at() {
    for (query, at, why) in [
        ("sesion:3", 0, "did you mean session?"),
        ("from:me", 5, "from:client or from:server"),
        ("ada op:text,soup", 12, "opcodes are"),
        ("len>x", 4, "a number belongs here"),
        ("len>1,2", 4, "one number"),
        ("path>3", 5, "with a colon"),
        ("(ada", 0, "not closed"),
        ("ada)", 3, "no ( that this )"),
        ("ada or", 6, "belongs here"),
        ("or ada", 0, "belongs here"),
        ("not", 3, "belongs here"),
        ("ada and or", 8, "belongs here"),
        ("\"ada", 0, "quote is not closed"),
        ("\"\"", 0, "between the quotes"),
        ("/a(b/", 0, "unclosed group"),
        ("hex:8", 4, "a digit is missing"),
        ("hex:", 4, "bytes belong here"),
        ("is:soup", 3, "it is one of frame, control"),
        ("json:user", 5, "a path belongs here"),
        ("json:.a=", 8, "a value belongs here"),
        ("time>25:00", 5, "a time of day"),
        ("close:x", 6, "a close code"),
        ("event:", 6, "the name of a message"),
        ("level:bad", 6, "a level is"),
    ] {
        let error = Query::parse(query).unwrap_err();
        assert!(error.at == at && error.why.contains(why), "{query}: {error:?}");
    }
    let deep = "(".repeat(100);
    assert!(Query::parse(&deep).unwrap_err().why.contains("no more than 64"));
}

#[test]
fn nothing_asks_for_nothing() {
    assert_eq!(Query::parse("  ").unwrap(), None);
}

#[test]
fn names_and_values_are_completed() {
    let known = Known {
        paths: vec!["/chat".to_owned(), "/a b".to_owned()],
        sessions: vec![1, 12],
        notes: vec!["a todo".to_owned()],
        ..Known::default()
    };
    let all = |text: &str| {
        let (start, all) = complete(text, &known);
        all.into_iter().map(|found| format!("{}{}", &text[..start], found.text)).collect::<Vec<_>>()
    };
    assert_eq!(all("ada fr"), ["ada from:"]);
    assert_eq!(all("from:"), ["from:client", "from:server"]);
    assert_eq!(all("op:text,bi"), ["op:text,binary"]);
    assert_eq!(all("not (is:comp"), ["not (is:compressed"]);
    assert_eq!(all("session:1"), ["session:12"]);
    assert_eq!(all("path:/"), ["path:/chat"]);
    assert_eq!(all("path:"), ["path:/chat", "path:\"/a b\""]);
    assert_eq!(all("id:http-extra-c"), ["id:http-extra-crlf"]);
    assert_eq!(all("len"), ["len>"]);
    assert!(all("").len() == FIELDS.len() && all("soup:").is_empty());
}

#[test]
fn every_example_is_a_query() {
    for about in FIELDS {
        assert!(Query::parse(about.example).is_ok_and(|query| query.is_some()), "{}", about.example);
    }
    for about in PROPERTIES {
        assert!(Query::parse(&format!("is:{}", about.name)).is_ok());
    }
}

proptest! {
    #[test]
    fn any_text_is_a_query_or_an_error_at_a_character(text in "\\PC{0,60}|[a-z:.\"()/ =<>~0-9,]{0,60}|(not |or |and |\\(|\\)|hex:|json:|[a-z]{1,3} ){0,12}") {
        match Query::parse(&text) {
            Ok(Some(query)) => {
                let _ = query.matches(&FRAME);
                let _ = query.places(b"order ada").count();
            }
            Ok(None) => {}
            Err(error) => prop_assert!(text.is_char_boundary(error.at) && !error.why.is_empty(), "{:?}", error),
        }
        let (start, _) = complete(&text, &Known::default());
        prop_assert!(text.is_char_boundary(start));
    }
}

#[test]
fn marks_are_asked_for_by_a_word_or_by_their_note() {
    for query in ["marked", "marked:order", "marked:\"lost order\" from:client", "not marked:todo"] {
        assert!(fits(query), "{query}");
        assert!(Query::parse(query).unwrap().unwrap().asks_for_marks(), "{query}");
    }
    assert!(!fits("marked:todo") && !fits("not marked"));
    assert!(!Query::parse("\"marked\"").unwrap().unwrap().asks_for_marks(), "a phrase is text");
}

#[test]
fn names_of_messages_codes_and_queries_that_were_kept_are_completed() {
    let known = Known {
        events: vec!["chat message".to_owned(), "join".to_owned()],
        codes: vec![1006, 4001],
        saved: vec![("errors".to_owned(), "level:error or close:1006".to_owned())],
        ..Known::default()
    };
    let texts = |text| complete(text, &known).1.into_iter().map(|completion| completion.text).collect::<Vec<_>>();
    assert_eq!(texts("event:"), ["event:\"chat message\"", "event:join"]);
    assert_eq!(texts("close:4"), ["close:4001"]);
    assert_eq!(texts("op:text err"), ["(level:error or close:1006) "]);
}
