//! The real program: exit codes, messages, and how it ends.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};

use crate::support::program::{Program, command, run, within_deadline};
use crate::support::proxy::{ANSWER, REQUEST};

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
    assert_eq!(rest, "", "there is nothing to sum up");
}

/// Sends a handshake with a wrong accept value through `program`, and ends it.
fn through_a_wrong_answer(flags: &[&str]) -> (String, Option<i32>) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = server.local_addr().unwrap().to_string();
    let mut program = Program::start(&[&["--listen", "127.0.0.1:0", "--upstream", &upstream], flags].concat());
    let mut client = client_of(&mut program);
    client
        .write_all(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://x\r\n\
            Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        )
        .unwrap();
    let (mut peer, _) = server.accept().unwrap();
    assert!(peer.read(&mut [0; 2048]).unwrap() > 0);
    peer.write_all(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: wrong\r\n\r\n",
    )
    .unwrap();
    while !program.line().contains("resp-accept-mismatch") {}
    program.signal("TERM");
    let (rest, status) = program.end();
    (rest, status.code())
}

/// A connection to a program that has just been started.
fn client_of(program: &mut Program) -> TcpStream {
    let listening = program.line();
    let port = listening.split("127.0.0.1:").nth(1).unwrap().split(|digit: char| !digit.is_ascii_digit()).next();
    TcpStream::connect(format!("127.0.0.1:{}", port.unwrap())).unwrap()
}

#[test]
fn a_name_that_is_allowed_is_wsproxy_s_own() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = server.local_addr().unwrap().to_string();
    for (name, allowed) in [("devbox.lan", true), ("other.lan", false)] {
        let flags =
            ["--listen", "127.0.0.1:0", "--upstream", &upstream, "--allow-host", "a", "--allow-host", "DevBox.lan"];
        let mut program = Program::start(&[&flags[..], &["--headless"]].concat());
        let request = |host: &str| {
            format!("GET / HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nSec-WebSocket-Version: 13\r\n\r\n")
        };
        let host = format!("{name}:9000");
        client_of(&mut program).write_all(request(&host).as_bytes()).unwrap();
        let (mut peer, _) = server.accept().unwrap();
        let expected = request(if allowed { &upstream } else { &host });
        let mut head = vec![0; expected.len()];
        peer.read_exact(&mut head).unwrap();
        assert_eq!(String::from_utf8(head).unwrap(), expected);
        program.signal("TERM");
        let (rest, _) = program.end();
        assert_eq!(rest.contains("req-host-foreign"), !allowed, "{rest}");
    }
}

#[test]
fn fail_on_makes_what_was_seen_the_exit_code_and_the_summary_names_it() {
    let (rest, code) = through_a_wrong_answer(&["--headless"]);
    assert_eq!(code, Some(0), "a tap by itself fails nothing");
    let last = rest.lines().last().unwrap();
    assert!(last.trim_start().starts_with("1 error   resp-accept-mismatch: "), "{rest}");
    for level in ["error", "warning"] {
        assert_eq!(through_a_wrong_answer(&["--headless", "--fail-on", level]).1, Some(1), "{level}");
    }
    let (rest, code) = through_a_wrong_answer(&["--json", "--fail-on", "error"]);
    assert_eq!(code, Some(1));
    let last: serde_json::Value = serde_json::from_str(rest.lines().last().unwrap()).unwrap();
    assert_eq!(last["event"], "summary");
    assert_eq!((&last["sessions"], &last["findings"]["resp-accept-mismatch"]), (&1.into(), &1.into()));
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

/// A session through a program that prints `--json` to `out`, with so many frames of the server's, all read by the client.
fn through_many_frames(out: Stdio, frames: usize) -> Child {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = server.local_addr().unwrap().to_string();
    let flags = ["--json", "--listen", "127.0.0.1:0", "--upstream", &upstream, "--history", "1G"];
    let mut program = command(&flags).stdout(out).spawn().unwrap();
    let mut greeting = String::new();
    // What it says last stays in the pipe for whoever waits for its end.
    let said = program.stderr.as_mut().unwrap();
    while !greeting.ends_with('\n') {
        let mut byte = [0];
        said.read_exact(&mut byte).unwrap();
        greeting.push(char::from(byte[0]));
    }
    let port = greeting.split("http://localhost:").nth(1).unwrap().split('/').next().unwrap();
    let mut client = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    client.write_all(REQUEST).unwrap();
    let (mut peer, _) = server.accept().unwrap();
    assert!(peer.read(&mut [0; 2048]).unwrap() > 0);
    let sender = std::thread::spawn(move || {
        peer.write_all(ANSWER).unwrap();
        peer.write_all(&b"\x81\x02hi".repeat(frames)).unwrap();
    });
    client.read_exact(&mut vec![0; ANSWER.len() + 4 * frames]).unwrap();
    sender.join().unwrap();
    program
}

fn terminate(program: Child) -> std::process::Output {
    let killed = std::process::Command::new("kill").arg(program.id().to_string()).status();
    assert!(killed.unwrap().success());
    within_deadline(move || program.wait_with_output().unwrap())
}

#[test]
fn a_file_gets_all_lines_down_to_the_summary_however_long_that_takes() {
    const FRAMES: usize = 300_000;
    let file = tempfile::NamedTempFile::new().unwrap();
    let output = terminate(through_many_frames(file.reopen().unwrap().into(), FRAMES));
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    let lines = std::fs::read_to_string(file.path()).unwrap();
    let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    // Where the signal comes before the peers' ends do, wsproxy's own close frames are among the frames.
    let frames: Vec<_> = lines.lines().filter(|line| line.contains(r#""event":"frame""#)).collect();
    assert_eq!((&last["event"], &last["frames"]), (&"summary".into(), &frames.len().into()), "{last}");
    let peers = frames.iter().filter(|line| line.contains(r#""origin":"peer""#)).count();
    assert_eq!((peers, lines.contains(r#""event":"lost""#)), (FRAMES, false));
}

#[test]
fn lines_that_nobody_reads_are_counted_as_lost() {
    const FRAMES: usize = 5_000;
    let (mut reader, writer) = io::pipe().unwrap();
    let output = terminate(through_many_frames(writer.into(), FRAMES));
    let told = stderr(&output);
    assert_eq!((output.status.code(), told.lines().count()), (Some(3), 1), "{told}");
    let lost = told.strip_prefix("wsproxy: nobody has read standard output for 2 s, so that its last ");
    let lost: usize = lost.and_then(|rest| rest.split_once(" lines are lost: ")).unwrap().0.parse().unwrap();
    // The end of the program was the end of the pipe's other end.
    let mut got = String::new();
    reader.read_to_string(&mut got).unwrap();
    let got = got.matches('\n').count();
    assert!(got > 0 && lost > 0, "{got} {lost}");
    // And a few lines on the session, by how it ends.
    let others = (got + lost).checked_sub(FRAMES);
    assert!(others.is_some_and(|others| (5..20).contains(&others)), "{got} + {lost}");
}

#[test]
fn manual_and_completions_are_printed() {
    for arguments in [&["man"][..], &["completions", "bash"], &["completions", "fish"], &["completions", "zsh"]] {
        let output = run(arguments);
        assert!(output.status.success(), "{arguments:?}");
        assert!(String::from_utf8(output.stdout).unwrap().contains("upstream"), "{arguments:?}");
    }
}

#[test]
fn a_finding_is_explained_in_plain_text() {
    let output = run(&["explain", "resp-accept-mismatch"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("error[resp-accept-mismatch]: the accept value does not belong"), "{text}");
    for part in ["^^^^", "  = rule: RFC 6455", "  = chrome: Error during", "  = repair: ", "  help: "] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains('\u{1b}') && text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn all_findings_are_listed_by_layer() {
    let text = String::from_utf8(run(&["explain"]).stdout).unwrap();
    let heads: Vec<_> = text.lines().filter(|line| !line.starts_with(' ')).collect();
    let layers = ["tcp", "http", "handshake", "extension", "frame", "message", "close", "application", "draft"];
    assert_eq!(heads, [&layers[..], &["never seen by wsproxy"]].concat());
    assert!(text.contains("http-extra-crlf") && text.contains("page-mixed-content"));
}

#[test]
fn words_find_what_says_them_by_name_first() {
    let output = run(&["explain", "MASKED"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let ids: Vec<_> = text.lines().map(|line| line[2..].split_whitespace().nth(1).unwrap()).collect();
    assert!(ids.len() > 1 && ids[0].contains("mask"), "{text}");
    assert!(text.lines().all(|line| line.starts_with("  ")), "each has its title: {text}");
    let one = |words: &str| String::from_utf8(run(&["explain", words]).stdout).unwrap();
    let newline = one("encodebytes line feed");
    assert!(newline.starts_with("error[resp-accept-trailing-newline]: "), "{newline}");
    assert!(one("connect-src lists").starts_with("page-csp: "));
}

#[test]
fn explanations_come_as_json() {
    let json = |arguments: &[&str]| -> Vec<serde_json::Value> {
        let output = run(&[&["explain", "--json"], arguments].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = json(&[]);
    assert!(all.len() > 50 && all.iter().all(|line| line["event"] == "explanation" && line["title"].is_string()));
    let [one] = json(&["http-extra-crlf"]).try_into().unwrap();
    assert_eq!(
        (&one["id"], &one["level"], &one["layer"]),
        (&"http-extra-crlf".into(), &"error".into(), &"http".into())
    );
    assert!(json(&["page-csp"])[0]["level"].is_null());
    assert!(json(&["masked"]).len() > 1);
}

#[test]
fn an_unknown_finding_gets_the_nearest_ids_in_one_sentence() {
    let output = run(&["explain", "http-ekstra-crlf"]);
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    assert!(told.contains("http-extra-crlf") && told.lines().count() == 1, "{told}");
}
