//! Compressed messages are read right, whatever window the two sides agreed on and whether its content goes on.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::correct_peers::peer;
use crate::support::program::Program;

/// Window sizes of 2^9 to 2^15 bytes, with context takeover of both sides, one, or none.
const WAYS: usize = 7 * 4;

#[test]
fn each_window_with_and_without_context_takeover_is_read() {
    let Some(mut server) = peer("compression.js", &[]) else { return };
    let upstream = format!("127.0.0.1:{}", server.line().trim());
    let mut program = Program::start(&["--json", "--listen", "127.0.0.1:0", "--upstream", &upstream]);
    let listening: Value = serde_json::from_str(&program.line()).unwrap();
    let (_, port) = listening["addr"].as_str().unwrap().rsplit_once(':').unwrap();
    let mut client = peer("compression.js", &[port]).unwrap();
    let long = (0..9000u64).map(|i| (i * i % 10007).to_string()).collect::<Vec<_>>().join(" ");
    let texts = ["the first message", "✓ the first message, once more", &long];
    let expected: Vec<String> = texts.iter().flat_map(|text| [(*text).to_owned(), format!("echo: {text}")]).collect();
    let (mut sessions, mut extensions, mut closed) = (BTreeMap::<u64, Vec<String>>::new(), Vec::new(), 0);
    while closed < WAYS {
        let line: Value = serde_json::from_str(&program.line()).unwrap();
        match line["event"].as_str().unwrap() {
            "open" => extensions.push(line["extensions"].as_str().unwrap().to_owned()),
            "frame" if line["opcode"] == "text" => {
                let inflated = line["inflated"].as_str().unwrap_or_else(|| panic!("{line}")).to_owned();
                sessions.entry(line["session"].as_u64().unwrap()).or_default().push(inflated);
            }
            "finding" => assert_eq!(line["level"], "note", "{line}"),
            "session_closed" => closed += 1,
            _ => {}
        }
    }
    assert_eq!(client.line().trim(), "done");
    extensions.sort_unstable();
    extensions.dedup();
    assert_eq!(extensions.len(), WAYS, "{extensions:?}");
    for (session, mut said) in sessions {
        said.sort_unstable();
        let mut expected = expected.clone();
        expected.sort_unstable();
        assert!(said == expected, "session {session}");
    }
}
