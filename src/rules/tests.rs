use super::*;
use crate::relay::rules::{Act, Chance, Count, Jitter, Window};

fn rule(text: &str) -> Rule {
    parse(text, |_| false).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What is wrong, with a caret where.
fn wrong(text: &str) -> (usize, String) {
    let error = parse(text, |_| false).map(|rule| rule.text()).unwrap_err();
    (error.at, error.why)
}

#[test]
fn a_rule_is_a_query_an_arrow_and_an_act() {
    let it = rule("slow = path:/chat from:server -> delay 200ms±50ms first 20");
    assert_eq!((it.name(), it.query().unwrap().text()), ("slow", "path:/chat from:server"));
    assert_eq!(*it.act(), Act::Delay(Jitter { time: 200_000, spread: 50_000 }));
    assert_eq!(it.options().count, Count { first: 20, ..Count::default() });
    assert_eq!(it.text(), "path:/chat from:server -> delay 200ms±50ms first 20");
    assert_eq!(rule(&it.text()).act(), it.act());
    let bare = rule("-> drop");
    assert_eq!((bare.name(), bare.query(), bare.text().as_str()), ("drop", None, "-> drop"));
    assert_eq!(parse("-> drop", |name| name == "drop").unwrap().name(), "drop-2");
    assert_eq!(rule("json:.a=1 -> drop").name(), "drop");
    assert_eq!(rule(r#""a -> b" -> drop"#).query().unwrap().text(), r#""a -> b""#);
}

#[test]
fn options_stand_in_front_of_the_act_or_behind_it() {
    for text in ["-> 20% skip 2 every 5th after 10s until 1m drop", "-> drop 20% every 5 after 10s until 60s skip 2"] {
        let it = rule(text);
        assert_eq!(it.options().chance, Some(Chance(200_000)), "{text}");
        assert_eq!(it.options().count, Count { skip: 2, first: u64::MAX, every: 5 });
        assert_eq!(it.options().window, Window { after: 10_000_000, until: 60_000_000 });
    }
    assert_eq!(rule("-> once respond first 3").options().count.first, 1);
}

#[test]
fn each_act_reads_its_own_example() {
    for help in ACTS {
        let it = rule(&format!("op:text -> {}", help.example));
        assert_eq!(it.name(), help.name);
        assert_eq!(rule(&it.text()), it);
    }
}

#[test]
fn each_fault_is_a_rule() {
    for help in FAULTS {
        for line in [help.name.to_owned(), format!("{} {} from:server", help.name, help.usual)] {
            let it = fault(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(it.name(), help.name);
            assert_eq!(parse(&it.text(), |_| false).unwrap().act(), it.act());
        }
    }
    assert_eq!(fault("latency 200ms±50").unwrap().text(), "-> delay 200ms±50");
    assert_eq!(fault("loss 5% from:client").unwrap().text(), "not is:control (from:client) -> drop 5%");
    assert!(fault("latensy").unwrap_err().why.contains("did you mean latency?"));
    assert_eq!(fault("loss 5% level:").unwrap_err().at, 14);
}

#[test]
fn what_is_wrong_is_said_at_its_place() {
    for (text, at, word) in [
        ("drop", 4, "arrow"),
        ("-> ", 3, "write what to do"),
        ("-> drob", 3, "did you mean drop?"),
        ("-> delay", 8, "delay needs TIME"),
        ("-> delay 5", 9, "unit"),
        ("-> delay 11m", 9, "up to 10m"),
        ("-> delay 9m+-2m", 9, "up to 10m"),
        ("-> drop 120%", 8, "from 0.0001% to 100%"),
        ("-> drop foo", 8, "does not belong to drop"),
        ("-> first drop", 9, "number"),
        ("-> drop first", 13, "write how much"),
        ("-> close 1005", 9, "1000 to 1003"),
        ("-> refuse 200", 10, "300 to 599"),
        ("-> replace", 10, "replace"),
        ("-> replace /a", 11, "does not end"),
        ("-> replace /a(/ x", 12, "unclosed group"),
        ("-> replace /a/ \"x", 15, "does not end"),
        ("-> replace /a/x y", 14, "only i"),
        ("-> replace .a", 13, "value of JSON"),
        ("-> respond", 10, "respond needs LINE"),
        ("-> respond /close 1005", 18, "can't be sent"),
        ("-> respond /repeat 2 1s a", 11, "leave /repeat out"),
        ("op:foo -> drop", 3, ""),
        ("x = op:foo -> drop", 7, ""),
        ("level:error -> drop", 0, "no rule acts by level:"),
    ] {
        let (place, why) = wrong(text);
        assert_eq!(place, at, "{text}: {why}");
        assert!(why.contains(word), "{text}: {why}");
    }
}

#[test]
fn a_file_has_rules_and_errors_with_line_and_column() {
    let text = "# a bad day\n[[rule]]\nname = \"slow\"\nquery = \"path:/chat\"\nact = \"delay 200ms±50ms\"\n\n[[rule]]\nact = 'replace /a\\d/ \"b\"'\non = false\n";
    let rules = file(text).unwrap();
    let told: Vec<_> = rules.iter().map(|it| (it.rule.name(), it.rule.text(), it.is_on)).collect();
    assert_eq!(
        told,
        [
            ("slow", "path:/chat -> delay 200ms±50ms".to_owned(), true),
            ("replace", "-> replace /a\\d/ \"b\"".to_owned(), false)
        ]
    );
    for (text, line, column, word) in [
        ("[[rule]]\nact = \"delay 5\"", 2, 14, "unit"),
        ("[[rule]]\nquery = \"é op:foo\"\nact = \"drop\"", 2, 15, ""),
        ("[[rule]]\nname = \"a b\"\nact = \"drop\"", 2, 9, "name"),
        ("[[rule]]\nname = \"a\"\nact = \"drop\"\n[[rule]]\nname = \"a\"\nact = \"drop\"", 5, 9, "above"),
        ("[[rule]]\nact = \"drop\"\nfoo = 1", 3, 1, "unknown field"),
        ("[[rule]]\nname = \"a\"", 1, 1, "act"),
        ("[[rule]\n", 1, 8, ""),
        ("[[rule]]\nact = 3", 2, 7, "string"),
    ] {
        let error = file(text).unwrap_err();
        assert_eq!((error.line, error.column), (line, column), "{text}: {error}");
        assert!(error.why.contains(word) && !error.why.contains('\n'), "{error}");
    }
}

#[test]
fn what_is_typed_is_completed() {
    let words = |text: &str| complete(text).into_iter().map(|(word, _)| word).collect::<Vec<_>>();
    assert_eq!(words(" re"), ["reorder", "replace", "respond", "refuse"]);
    assert_eq!(words("drop f"), ["first"]);
    assert_eq!(words("drop"), [] as [&str; 0]);
}
