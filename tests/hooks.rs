//! Programs of the user's that decide of messages: those of examples/, and such as die, hang and flood.

use std::time::Instant;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::program::Program;
use crate::support::proxy::{open_at, read, server};

/// A proxy with hooks, and both ends of a session.
struct Stage {
    program: Option<Program>,
    client: TcpStream,
    server: TcpStream,
}

impl Stage {
    async fn new(arguments: &[&str]) -> Self {
        let (listener, address) = server().await;
        let upstream = address.to_string();
        let all = [&["--listen", "0", "--json", "--no-probe", "--upstream", &upstream], arguments].concat();
        let mut program = Program::start(&all);
        let listening: Value = serde_json::from_str(&program.line()).unwrap();
        let (client, server) = open_at(listening["addr"].as_str().unwrap().parse().unwrap(), &listener).await;
        Self { program: Some(program), client, server }
    }

    /// The client says it: a text of less than 126 bytes, with a mask of zeros.
    async fn say(&mut self, text: &str) {
        let head = [0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
        self.client.write_all(&[&head, text.as_bytes()].concat()).await.unwrap();
    }

    /// What the server gets next.
    async fn hears(&mut self) -> String {
        let head = read(&mut self.server, 6).await;
        let mut payload = read(&mut self.server, usize::from(head[1] & 0x7f)).await;
        payload.iter_mut().enumerate().for_each(|(at, byte)| *byte ^= head[2 + at % 4]);
        String::from_utf8(payload).unwrap()
    }

    /// The next line that is such.
    async fn line(&mut self, is_it: impl Fn(&Value) -> bool + Send + 'static) -> Value {
        let mut program = self.program.take().unwrap();
        let (program, line) = tokio::task::spawn_blocking(move || {
            loop {
                let line: Value = serde_json::from_str(&program.line()).unwrap();
                if is_it(&line) {
                    return (program, line);
                }
            }
        })
        .await
        .unwrap();
        self.program = Some(program);
        line
    }

    async fn released(&mut self) -> Value {
        self.line(|line| line["event"] == "released").await
    }

    async fn note(&mut self, words: &'static str) -> Value {
        self.line(move |line| line["message"].as_str().is_some_and(|message| message.contains(words))).await
    }
}

/// The command for a file of examples/hooks, with its arguments behind its name.
fn example(line: &str) -> String {
    let file = line.split(' ').next().unwrap_or_default();
    let interpreter = if file.ends_with(".py") { "python3" } else { "node" };
    format!("exec {interpreter} {}/examples/hooks/{line}", env!("CARGO_MANIFEST_DIR"))
}

/// Enough for an interpreter to start on a busy machine.
const PATIENT: [&str; 2] = ["--hook-timeout", "30"];

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_taken_out_on_their_way() {
    let hook = example("redact.py");
    let mut stage = Stage::new(&[&PATIENT[..], &["--hook", "from:client op:text", &hook]].concat()).await;
    stage.say(r#"{"user":"ada","token":"s3cret"}"#).await;
    assert_eq!(stage.hears().await, r#"{"user": "ada", "token": "..."}"#);
    stage.say("no json").await;
    assert_eq!(stage.hears().await, "no json");
    let released = stage.released().await;
    assert_eq!(
        (&released["how"], &released["by"], &released["origin"]),
        (&"edited".into(), &"hook".into(), &"hook".into())
    );
    assert_eq!(released["sent"]["by"], "hook");
    assert_eq!(stage.released().await["how"], "as-is");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_answered_in_the_server_s_place() {
    let hook = example("answer_subscribe.mjs");
    let mut stage = Stage::new(&[&PATIENT[..], &["--hook", "from:client json:.type=subscribe", &hook]].concat()).await;
    stage.say(r#"{"type":"subscribe","channel":"tea"}"#).await;
    stage.say("next").await;
    assert_eq!(stage.hears().await, "next", "the server never sees it");
    let answer = r#"{"type":"subscribed","channel":"tea","by":"wsproxy"}"#;
    let head = read(&mut stage.client, 2).await;
    assert_eq!(head, [0x81, answer.len() as u8]);
    assert_eq!(read(&mut stage.client, answer.len()).await, answer.as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_third_message_is_delayed_and_the_order_stays() {
    let hook = example("delay_every.py 3 0.2");
    let mut stage = Stage::new(&[&PATIENT[..], &["--hook", "from:client", &hook]].concat()).await;
    stage.say("0").await;
    assert_eq!(stage.hears().await, "0");
    let start = Instant::now();
    for text in ["1", "2", "3"] {
        stage.say(text).await;
    }
    for text in ["1", "2", "3"] {
        assert_eq!(stage.hears().await, text);
    }
    assert!(start.elapsed().as_millis() >= 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_hangs_holds_up_its_lane_alone_and_not_for_long() {
    let mut stage = Stage::new(&["--hook", "from:client op:text", "sleep 1000", "--hook-timeout", "0.3"]).await;
    stage.say("x").await;
    stage.server.write_all(b"\x81\x02hi").await.unwrap();
    assert_eq!(read(&mut stage.client, 4).await, b"\x81\x02hi", "the other direction goes on");
    assert_eq!(stage.hears().await, "x");
    let released = stage.released().await;
    assert_eq!((&released["how"], &released["by"]), (&"as-is".into(), &"hook-late".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_dies_is_told_and_started_again() {
    let hook = r#"read line; echo '{"do":"replace","text":"once"}'; read line; echo boom >&2; exit 3"#;
    let mut stage = Stage::new(&[&PATIENT[..], &["--hook", "from:client op:text", hook]].concat()).await;
    for _ in 0..2 {
        stage.say("a").await;
        assert_eq!(stage.hears().await, "once");
        stage.say("b").await;
        assert_eq!(stage.hears().await, "b", "it was there when that died, and passes");
        let note = stage.note("hook 1 has ended").await;
        assert_eq!(note["message"], "hook 1 has ended, and is started again: boom (exit code 3)");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_floods_or_prints_no_sense_is_told_and_bounded() {
    let mut stage = Stage::new(&["--hook", "from:client op:text", "yes nonsense", "--hook-timeout", "0.3"]).await;
    let note = stage.note("no reply").await;
    assert_eq!(note["message"], "hook 1 printed a line that is no reply: not JSON at byte 2: expected ident: nonsense");
    stage.note("it printed 100 lines that are no replies").await;
    stage.say("x").await;
    assert_eq!(stage.hears().await, "x");
}

#[test]
fn a_hook_that_can_t_be_is_told_with_the_place() {
    for (arguments, words) in [
        (&["--hook", "from:clint", "cat"][..], "--hook from:»clint"),
        (&["--hook", "level:error", "cat"], "--hook level:error:"),
        (&["--hook", "x", " "], "--hook x has no command"),
        (&["--hook", "x"], "2 values required"),
        (&["--hook-timeout", "0"], "write seconds from 0.01 to 3600"),
    ] {
        let output = crate::support::program::run(arguments);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && told.contains(words), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn none_of_many_replies_at_once_is_lost() {
    // It replies once it has read them all.
    let hook = r#"import sys
for _ in range(900): sys.stdin.readline()
for n in range(900): print('{"do":"replace","text":"%d"}' % n)
sys.stdout.flush()
sys.stdin.read()"#;
    let hook = format!("exec python3 -c '{}'", hook.replace('\'', r#"'"'"'"#));
    let mut stage = Stage::new(&[&PATIENT[..], &["--hook", "from:client", &hook]].concat()).await;
    for _ in 0..900 {
        stage.say("as it came").await;
    }
    for number in 0..900 {
        assert_eq!(stage.hears().await, number.to_string());
    }
}
