//! Runs that end by themselves, and commands whose WebSockets pass through: exit codes, assertions, reports, settings.
#![cfg(unix)]

use std::fs;
use std::io::Write as _;
use std::process::Output;

use serde_json::Value;

use crate::support::program::{Program, command, run, within_deadline};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a shell's script as the command, with flags in front of it.
fn around(flags: &[&str], script: &str) -> Output {
    run(&[&["run"], flags, &["--", "sh", "-c", script]].concat())
}

/// A client that opens a socket, says something and closes it: in Python, or nothing where that can't run.
const TALK: &str = "exec /usr/bin/python3 -c 'import asyncio, os, websockets\n\
async def talk():\n  async with websockets.connect(os.environ[\"WSPROXY_URL\"] + \"/echo\") as socket:\n    \
await socket.send(\"hello\"); await socket.recv()\nasyncio.run(talk())'";

#[test]
fn a_command_has_its_streams_and_its_exit_code_and_knows_where_the_proxy_is() {
    let output = around(&[], "echo $WSPROXY_URL; echo aside >&2; exit 7");
    assert_eq!(output.status.code(), Some(7));
    let url = text(&output.stdout);
    assert!(url.starts_with("ws://127.0.0.1:") && !url.contains(":9000"), "{url}");
    assert_eq!(text(&output.stderr), "aside\n");
    let output = around(&[], "kill -TERM $$");
    assert_eq!(output.status.code(), Some(128 + 15), "as a shell has it");
    let output = run(&["run", "--", "/no/such/command"]);
    assert_eq!(output.status.code(), Some(127));
    assert!(text(&output.stderr).starts_with("wsproxy: can't run /no/such/command: "), "{}", text(&output.stderr));
}

#[test]
fn a_signal_reaches_the_command_whose_end_is_the_run_s() {
    let child = command(&[
        "run",
        "--",
        "sh",
        "-c",
        "trap 'echo caught; exit 5' TERM; echo ready; while :; do sleep 0.05; done",
    ]);
    let mut program = Program::spawn(&mut { child });
    assert_eq!(program.line(), "ready\n");
    program.signal("TERM");
    let (rest, status) = program.end();
    assert_eq!((rest.as_str(), status.code()), ("caught\n", Some(5)));
}

#[test]
fn what_is_asserted_of_a_command_decides_beside_its_own_exit_code() {
    if !fs::exists("/usr/lib/python3/dist-packages/websockets").unwrap_or_default() {
        return;
    }
    let fine = around(&["--expect", "from:server hello", "--reject", "level:error"], TALK);
    assert_eq!((text(&fine.stderr).lines().count(), fine.status.code()), (1, Some(0)), "{}", text(&fine.stderr));
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("report.xml");
    let report = format!("junit={}", file.display());
    let flags = ["--expect", "from:server bye", "--reject", "op:close", "--report", &report, "--report", "github"];
    let wrong = around(&flags, TALK);
    assert_eq!(wrong.status.code(), Some(1));
    let said = text(&wrong.stderr);
    assert!(said.contains("--expect from:server bye: nothing came that fits; nearest, with 1 of 2 parts: "), "{said}");
    assert!(said.contains("--reject op:close: this came"), "{said}");
    assert_eq!(text(&wrong.stdout).matches("::error title=wsproxy%3A --").count(), 2, "{}", text(&wrong.stdout));
    let xml = fs::read_to_string(&file).unwrap();
    assert!(xml.contains("<testsuite name=\"wsproxy\" tests=\"3\" failures=\"2\">"), "{xml}");
}

#[test]
fn a_run_ends_by_itself_after_its_time() {
    let output = run(&["--listen", "127.0.0.1:0", "--headless", "--for", "100ms"]);
    assert_eq!(output.status.code(), Some(0));
    let output = around(&["--for", "100ms"], "exec sleep 60");
    assert_eq!(output.status.code(), Some(128 + 15));
    assert!(text(&output.stderr).contains("the command has not ended within 100ms"), "{}", text(&output.stderr));
}

#[test]
fn a_run_ends_by_itself_once_so_many_sessions_have_ended() {
    let mut program = Program::start(&["--listen", "127.0.0.1:0", "--json", "--sessions", "1", "--expect", "hello"]);
    let listening: Value = serde_json::from_str(&program.line()).unwrap();
    let address = listening["addr"].as_str().unwrap();
    let mut client = std::net::TcpStream::connect(address).unwrap();
    client.write_all(b"GET /echo HTTP/1.1\r\nUpgrade: websocket\r\n\r\n").unwrap();
    drop(client);
    let (_, status) = program.end();
    assert_eq!(status.code(), Some(1), "nothing said hello");
}

#[test]
fn a_file_has_settings_and_what_is_typed_goes_before_it() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("wsproxy");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("config.toml");
    let with = |content: &str, flags: &[&str]| {
        fs::write(&file, content).unwrap();
        let child = command(flags).env("XDG_CONFIG_HOME", place.path()).spawn().unwrap();
        within_deadline(move || child.wait_with_output().unwrap())
    };
    let content = "listen = '127.0.0.1:0'\nfor = '50ms'\njson = true\npolicy = 'repair'\n";
    let listening = |output: &Output| {
        let line = text(&output.stdout);
        serde_json::from_str::<Value>(line.lines().next().unwrap_or_default()).unwrap()
    };
    assert_eq!(listening(&with(content, &[]))["policy"], "repair");
    assert_eq!(listening(&with(content, &["--policy", "strict"]))["policy"], "strict");
    let wrong = with("\npolicy = 'lax'\n", &[]);
    assert_eq!(wrong.status.code(), Some(2));
    let said = text(&wrong.stderr);
    assert!(said.contains("config.toml, line 2: ") && said.lines().count() == 1, "{said}");
    let other = place.path().join("other.toml");
    fs::write(&other, "").unwrap();
    let chosen = ["--config", other.to_str().unwrap(), "--listen", "127.0.0.1:0", "--for", "50ms", "--json"];
    assert_eq!(listening(&with("policy = 'lax'", &chosen))["policy"], "faithful");
    let printed = text(&run(&["config"]).stdout);
    assert!(printed.contains("\n# listen = ") && printed.contains("\n# [keys]\n"), "{printed}");
}
