//! The real program: exit codes, messages, and how it ends.

use std::io;
use std::net::TcpListener;
use std::process::Stdio;

use crate::support::program::{Program, command, run};

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_wrong_command_line_exits_with_2_and_one_sentence() {
    let output = run(&["--upstream", "localhost"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        stderr(&output),
        "wsproxy: --upstream localhost has no port: write localhost:9999, or ws://localhost for port 80\n"
    );
    for wrong in [&["--no-such-flag"][..], &["--max-sessions", "0"], &["--listen", "99999"], &["--ca", "/no/such/file"]]
    {
        let output = run(wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
}

#[test]
fn a_port_that_is_taken_exits_with_3_and_names_it() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let output = run(&["--listen", &address.to_string(), "--headless"]);
    assert_eq!(output.status.code(), Some(3));
    let expected = format!("wsproxy: {address} is taken, another program listens there: ");
    assert!(stderr(&output).starts_with(&expected), "{}", stderr(&output));
    assert_eq!(stderr(&output).lines().count(), 1);
}

#[test]
fn without_a_terminal_it_prints_lines() {
    let mut program = Program::start(&["--listen", "127.0.0.1:0"]);
    assert!(program.line().contains(" listening "));
    program.signal("TERM");
    let (rest, status) = program.end();
    assert_eq!(status.code(), Some(0));
    assert!(rest.ends_with("0 sessions, 0 frames\n"), "{rest}");
}

#[test]
fn json_begins_with_the_address_and_an_interrupt_ends_it_well() {
    let mut program = Program::start(&["--json", "--listen", "127.0.0.1:0", "--upstream", "localhost:1"]);
    let line: serde_json::Value = serde_json::from_str(&program.line()).unwrap();
    assert_eq!((&line["v"], &line["event"], &line["policy"]), (&1.into(), &"listening".into(), &"faithful".into()));
    let address: std::net::SocketAddr = line["addr"].as_str().unwrap().parse().unwrap();
    assert!(address.ip().is_loopback() && address.port() != 0);
    assert_eq!(line["upstream"], "ws://localhost:1");
    program.signal("INT");
    assert_eq!(program.end().1.code(), Some(0));
}

#[test]
fn listening_wider_than_this_machine_is_warned_about() {
    let mut program = Program::start(&["--json", "--listen", "0.0.0.0:0"]);
    let line: serde_json::Value = serde_json::from_str(&program.line()).unwrap();
    assert_eq!((&line["event"], &line["level"]), (&"note".into(), &"warning".into()));
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let child = command(&["--json", "--listen", "127.0.0.1:0"]).stdout(Stdio::from(writer)).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stderr(&output).lines().count(), 1, "only where it listened: {}", stderr(&output));
}

#[test]
fn manual_and_completions_are_printed() {
    for arguments in [&["man"][..], &["completions", "bash"], &["completions", "fish"], &["completions", "zsh"]] {
        let output = run(arguments);
        assert!(output.status.success(), "{arguments:?}");
        assert!(String::from_utf8(output.stdout).unwrap().contains("upstream"), "{arguments:?}");
    }
}
