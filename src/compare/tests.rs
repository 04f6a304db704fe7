//! What two messages differ in, and that no two messages take long.

use proptest::prelude::*;

use crate::decode::{Decoder, Document, Payload};
use crate::record::Side;

use super::*;

const LIMITS: Limits = Limits::SCREEN;

fn read(json: &str) -> Document {
    let decoded = Decoder::Json.read(Side::Client, Payload::text(json.as_bytes()), &LIMITS.reading);
    decoded.map(|decoded| decoded.document).unwrap_or_default()
}

fn json(left: &str, right: &str) -> Vec<String> {
    shown(&documents((&read(left), left.as_bytes()), (&read(right), right.as_bytes()), &LIMITS))
}

/// Lines as a diff has them, with what differs in brackets.
fn shown(lines: &[Line]) -> Vec<String> {
    let mut out = Vec::new();
    for line in lines {
        let indent = "  ".repeat(usize::from(line.depth));
        let mut side = |sign: &str, pieces: &Option<Vec<Piece>>| {
            let Some(pieces) = pieces else { return };
            let text: String = pieces
                .iter()
                .map(|piece| {
                    let text = String::from_utf8_lossy(&piece.bytes).into_owned();
                    if piece.differs { format!("[{text}]") } else { text }
                })
                .collect();
            out.push(format!("{sign} {indent}{text}"));
        };
        match line.kind {
            Kind::Same | Kind::Around => side(" ", &line.left),
            Kind::Changed | Kind::More => {
                side("-", &line.left);
                side("+", &line.right);
            }
        }
    }
    out
}

fn text(left: &str, right: &str) -> Vec<String> {
    shown(&texts(left.as_bytes(), right.as_bytes(), &LIMITS))
}

#[test]
fn members_that_moved_have_not_changed() {
    assert_eq!(
        json(r#"{"a":1,"b":{"c":[1,2],"d":"x"}}"#, r#"{"b":{"d":"x","c":[1,2]},"a":1}"#),
        [r#"  {a:1,b:{c:[1,2],d:"x"}}"#]
    );
}

#[test]
fn values_are_compared_at_their_places() {
    assert_eq!(
        json(
            r#"{"type":"price","at":{"x":1,"y":2},"old":null,"text":"good morning all"}"#,
            r#"{"text":"good evening all","type":"price","new":[1],"at":{"x":1,"y":3}}"#
        ),
        [
            "  {}",
            "    type: \"price\"",
            "    at: {}",
            "      x: 1",
            "-     y: [2]",
            "+     y: [3]",
            "-   [old: null]",
            "-   text: \"good [morning] all\"",
            "+   text: \"good [evening] all\"",
            "+   [new: [1]]",
        ]
    );
}

#[test]
fn items_belong_together_by_what_they_are() {
    assert_eq!(
        json(r#"[{"id":1},{"id":2,"n":"a"},3]"#, r#"[0,{"id":1},{"n":"b","id":2},3]"#),
        [
            "  []",
            "+   [0: 0]",
            "    0: {id:1}",
            "    1: {}",
            "      id: 2",
            "-     n: \"[a]\"",
            "+     n: \"[b]\"",
            "    2: 3"
        ]
    );
    assert_eq!(json("[1]", "{}"), ["- [[1]]", "+ [{}]"]);
}

#[test]
fn a_large_value_on_one_side_is_told_in_full() {
    let long = format!(r#"{{"a":1,"more":{{"first":"{}","second":[1,2]}}}}"#, "x".repeat(60));
    let lines = json(r#"{"a":1}"#, &long);
    assert_eq!(lines.len(), 5, "{lines:#?}");
    assert_eq!((lines[2].as_str(), lines[4].as_str()), ("+   [more: {}]", "+     [second: [1,2]]"));
}

#[test]
fn numbers_differ_by_their_digits() {
    assert_eq!(json("[12345678901234567890123]", "[12345678901234567890124]").len(), 3);
    assert_eq!(json("[1.0]", "[1]").len(), 3);
}

#[test]
fn what_is_not_shown_of_a_value_counts_too() {
    let long = "a".repeat(LIMITS.reading.text + 10);
    let lines = json(&format!(r#"["{long}b"]"#), &format!(r#"["{long}c"]"#));
    assert!(lines[1].starts_with("-   0: ["), "{}", &lines[1][..20]);
}

#[test]
fn text_is_compared_by_lines_and_words() {
    assert_eq!(
        text("one\ntwo words here\nthree\n", "one\ntwo birds here\nthree\nfour\n"),
        ["  one", "- two [words] here", "+ two [birds] here", "  three", "+ [four]"]
    );
    assert_eq!(text("a\n", "a"), ["- a[\n]", "+ a"]);
    assert_eq!(text("grüße", "grüne"), ["- grü[ß]e", "+ grü[n]e"]);
}

#[test]
fn bytes_of_one_length_are_compared_place_by_place() {
    let differing = |left: &[u8], right: &[u8]| {
        let cells = bytes(left, right, &LIMITS);
        cells.iter().enumerate().filter(|(_, cell)| cell.differs()).map(|(at, _)| at).collect::<Vec<_>>()
    };
    assert_eq!(differing(&[1, 2, 3, 4], &[1, 9, 3, 4]), [1]);
    assert_eq!(differing(&[1, 2, 3, 4], &[2, 3, 4, 1]), [0, 1, 2, 3]);
    // Two more bytes in the middle move nothing behind them.
    let (short, long) = ([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 0, 0, 5, 6, 7, 8]);
    assert_eq!(differing(&short, &long), [4, 5]);
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..4u8).prop_map(Value::from),
        "[a-c ]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec(("[a-d]", inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn json_differs_where_its_values_do(left in value(), right in value()) {
        let lines = json(&left.to_string(), &right.to_string());
        let differs = lines.iter().any(|line| line.starts_with(['-', '+']));
        prop_assert_eq!(differs, left != right, "{:#?}", lines);
        let same = json(&left.to_string(), &left.to_string());
        prop_assert!(same.iter().all(|line| line.starts_with(' ')), "{:#?}", same);
    }

    #[test]
    fn each_side_of_a_text_is_all_there(left in "[ab\n ]{0,60}", right in "[ab\n ]{0,60}") {
        let lines = texts(left.as_bytes(), right.as_bytes(), &LIMITS);
        let side = |side: fn(&Line) -> &Option<Vec<Piece>>| {
            lines.iter().filter_map(|line| side(line).as_ref()).map(|pieces| {
                let bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.bytes.clone()).collect();
                String::from_utf8(bytes).unwrap().trim_end_matches('\n').to_owned()
            }).collect::<Vec<_>>()
        };
        prop_assert_eq!(side(|line| &line.left), left.lines().collect::<Vec<_>>());
        prop_assert_eq!(side(|line| &line.right), right.lines().collect::<Vec<_>>());
        let differs = lines.iter().any(|line| line.kind == Kind::Changed);
        prop_assert_eq!(differs, left != right);
    }

    #[test]
    fn each_side_of_bytes_is_all_there(
        left in proptest::collection::vec(0..4u8, 0..80),
        right in proptest::collection::vec(0..4u8, 0..80),
    ) {
        let cells = bytes(&left, &right, &LIMITS);
        prop_assert_eq!(cells.iter().filter_map(|cell| cell.left).collect::<Vec<_>>(), left);
        prop_assert_eq!(cells.iter().filter_map(|cell| cell.right).collect::<Vec<_>>(), right);
    }

    #[test]
    fn words_of_any_bytes_are_cut_between_characters(left in "\\PC{0,30}", right in "\\PC{0,30}", most in 0usize..20) {
        let limits = Limits { words: most, ..LIMITS };
        for line in texts(left.as_bytes(), right.as_bytes(), &limits) {
            for piece in [line.left, line.right].into_iter().flatten().flatten() {
                prop_assert!(str::from_utf8(&piece.bytes).is_ok(), "{:?}", piece);
            }
        }
    }
}
