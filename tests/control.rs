//! The control socket: what scripts can do by it, and what hostile ones can't.

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use wsproxy::control::protocol::table::{COMMANDS, CommandHelp, FieldHelp, HOOK_REPLIES};
use wsproxy::engine::control_socket::{ControlError, ControlSocket, ControlWorld};
use wsproxy::export::Printer;
use wsproxy::headless::Format;

use crate::support::control::Control;
use crate::support::document;
use crate::support::program::{Program, run};
use crate::support::proxy::{Proxy, in_time, open, read, server};
use crate::support::terminal::Terminal;

/// A socket for a proxy of this process.
struct Place {
    _directory: TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control");
    Place { _directory: directory, path }
}

fn world(proxy: &Proxy) -> ControlWorld {
    ControlWorld {
        control: Arc::new(proxy.handle.clone()),
        journal: Arc::clone(&proxy.journal),
        lines: Box::new(|query| {
            let printer = Printer::new(Format::Json, TimeZone::UTC);
            Box::new(match query {
                Some(query) => printer.filtered(query),
                None => printer,
            })
        }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_holds_edits_injects_and_listens() {
    let (listener, address) = server().await;
    let proxy = Proxy::start(address).await;
    let place = place();
    let socket = ControlSocket::serve(&place.path, world(&proxy)).unwrap();
    let (mut client, mut server) = open(&proxy, &listener).await;
    let mut script = Control::connect(&place.path).await;
    let mut other = Control::connect(&place.path).await;

    other.done(r#"{"do":"subscribe","query":"path:/chat"}"#).await;
    script.done(r#"{"do":"subscribe"}"#).await;
    let hold = script.done(r#"{"id":"a","do":"hold","query":"from:client op:text"}"#).await;
    assert_eq!(hold, json!({ "id": "a", "ok": true, "hold": 1 }));
    client.write_all(b"\x81\x85\0\0\0\0hello\x82\x81\0\0\0\0b").await.unwrap();
    let first = script.event("held").await;
    assert_eq!((&first["held"], &first["session"], &first["frame"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(script.event("held").await["waits"], "order");
    let held = script.done(r#"{"do":"held"}"#).await;
    assert_eq!((&held["held"][0]["text"], &held["held"][1]["payload"]), (&json!("hello"), &json!("Yg==")));

    // What stands behind another one waits, and is told of later.
    let second = script.done(r#"{"id":2,"do":"drop","session":1,"frame":2}"#).await;
    assert_eq!(second, json!({ "id": 2, "ok": true, "waiting": "held" }));
    script.done(r#"{"do":"edit","held":1,"text":"changed"}"#).await;
    let settled = script.event("settled").await;
    assert_eq!((&settled["id"], &settled["ok"]), (&json!(2), &json!(true)));
    let bytes = read(&mut server, 13).await;
    assert_eq!(bytes[..2], [0x81, 0x87]);
    let frame = other.event("released").await;
    assert_eq!((&frame["how"], &frame["sent"]["text"]), (&json!("edited"), &json!("changed")));
    let again = script.ask(r#"{"do":"edit","held":1,"text":"changed"}"#).await;
    assert_eq!(again["error"], "it is not held any more");

    script.done(r#"{"do":"unhold","hold":1}"#).await;
    assert_eq!(script.ask(r#"{"do":"unhold","hold":1}"#).await["error"], "there is no hold of that number");
    let sent = script.done(r#"{"do":"inject","session":1,"to":"client","text":"hi"}"#).await;
    assert_eq!(sent["frame"], 3);
    assert_eq!(read(&mut client, 4).await, b"\x81\x02hi");
    assert_eq!(script.done(r#"{"do":"resend","session":1,"frame":3}"#).await["frame"], 4);
    assert_eq!(read(&mut client, 4).await, b"\x81\x02hi");
    let never = script.ask(r#"{"do":"resend","session":1,"frame":99}"#).await;
    assert_eq!(never["error"], "frame 99 of session 1 is not remembered");
    let frames = script.done(r#"{"do":"frames","query":"op:text","last":5}"#).await;
    let texts: Vec<_> = frames["frames"].as_array().unwrap().iter().map(|frame| &frame["text"]).collect();
    assert_eq!(texts, ["hello", "hi", "hi"]);
    let sessions = script.done(r#"{"do":"sessions"}"#).await;
    assert_eq!(
        (&sessions["sessions"][0]["path"], &sessions["sessions"][0]["state"]),
        (&json!("/chat"), &json!("open"))
    );

    assert_eq!(script.done(r#"{"do":"policy","policy":"repair"}"#).await["policy"], "repair");
    script.done(r#"{"do":"close","session":1,"code":4000,"reason":"that will do"}"#).await;
    assert_eq!(read(&mut client, 16).await, b"\x88\x0e\x0f\xa0that will do");
    assert_eq!(script.ask(r#"{"do":"close","session":9}"#).await["error"], "the session is over");
    socket.finish().await;
    drop(socket);
    assert!(!place.path.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_cut_at_once() {
    let (listener, address) = server().await;
    let mut proxy = Proxy::start(address).await;
    let place = place();
    let _socket = ControlSocket::serve(&place.path, world(&proxy)).unwrap();
    let (mut client, mut server) = open(&proxy, &listener).await;
    let mut script = Control::connect(&place.path).await;
    script.done(r#"{"do":"hold"}"#).await;
    script.done(r#"{"do":"subscribe"}"#).await;
    client.write_all(b"\x81\x81\0\0\0\0x").await.unwrap();
    script.event("held").await;
    script.done(r#"{"do":"close","session":1,"at_once":true}"#).await;
    for peer in [&mut client, &mut server] {
        let mut bytes = Vec::new();
        let end = in_time("the end", peer.read_to_end(&mut bytes)).await;
        assert!(end.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset));
        assert_eq!(bytes, b"");
    }
    assert_eq!(proxy.closed(1).await.how.name(), "RST");
    assert_eq!(script.event("session_closed").await["by"], "user");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_socket_is_replaced_and_all_else_is_left_alone() {
    let (_listener, address) = server().await;
    let proxy = Proxy::start(address).await;
    let place = place();
    let path = &place.path;
    drop(std::os::unix::net::UnixListener::bind(path).unwrap());
    assert!(path.exists(), "it is stale: nobody listens");
    let first = ControlSocket::serve(path, world(&proxy)).unwrap();
    let file = std::fs::symlink_metadata(path).unwrap();
    assert!(file.file_type().is_socket());
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    let second = ControlSocket::serve(path, world(&proxy));
    assert!(matches!(second, Err(ControlError::Live { .. })));
    // Another one in its place is not its own.
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, "mine").unwrap();
    drop(first);
    assert_eq!(std::fs::read_to_string(path).unwrap(), "mine");
    let other = ControlSocket::serve(path, world(&proxy)).err().unwrap().to_string();
    assert!(other.contains("is there already, and is no socket"), "{other}");
    let long = path.with_file_name("x".repeat(200));
    let told = ControlSocket::serve(&long, world(&proxy)).err().unwrap().to_string();
    assert!(told.contains("name a shorter path"), "{told}");
    let nowhere = path.with_file_name("no").join("where");
    let told = ControlSocket::serve(&nowhere, world(&proxy)).err().unwrap().to_string();
    assert!(told.contains("make its directory first"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_clients_are_bounded_and_harm_nobody() {
    let (listener, address) = server().await;
    let mut proxy = Proxy::start(address).await;
    let place = place();
    let _socket = ControlSocket::serve(&place.path, world(&proxy)).unwrap();
    let (mut client, mut server) = open(&proxy, &listener).await;

    // One that sends a line without an end is told, and dropped.
    let mut endless = UnixStream::connect(&place.path).await.unwrap();
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..64 {
        if in_time("a write", endless.write_all(&chunk)).await.is_err() {
            break;
        }
    }
    let mut told = Vec::new();
    let _ = in_time("the end", endless.read_to_end(&mut told)).await;
    assert!(String::from_utf8_lossy(&told).contains("a line may have 8 MiB at most"));

    // One that asks and asks and never reads is not read any more.
    let mut deaf = UnixStream::connect(&place.path).await.unwrap();
    let lines = r#"{"do":"help"}"#.to_owned() + "\n";
    let lines = lines.repeat(1000);
    let all = async {
        for _ in 0..10_000 {
            deaf.write_all(lines.as_bytes()).await.unwrap();
        }
    };
    assert!(tokio::time::timeout(std::time::Duration::from_millis(300), all).await.is_err());

    // Those that close in the middle of a line, and more than there is room for.
    for _ in 0..200 {
        let mut short = UnixStream::connect(&place.path).await.unwrap();
        // There may be no room for it.
        let _ = short.write_all(b"{\"do\":\"sub").await;
    }
    let mut many = Vec::new();
    for _ in 0..1000 {
        many.push(UnixStream::connect(&place.path).await.unwrap());
    }
    let mut last = many.pop().unwrap();
    let mut told = String::new();
    in_time("a word", last.read_to_string(&mut told)).await.unwrap();
    assert!(told.contains("32 control clients already"), "{told}");

    // Meanwhile the relay goes on.
    client.write_all(b"\x81\x81\0\0\0\0x").await.unwrap();
    assert_eq!(read(&mut server, 7).await, b"\x81\x81\0\0\0\0x");
    drop((many, deaf));
    let mut script = loop {
        let mut script = Control::connect(&place.path).await;
        // As long as the others are not gone, it is turned away: before it has asked, or behind that.
        let sent = script.try_send(br#"{"do":"sessions"}"#).await;
        if sent.is_ok() && script.next().await.is_some_and(|reply| reply["ok"] == true) {
            break script;
        }
    };
    script.done(r#"{"do":"quit"}"#).await;
    assert_eq!(proxy.closed(1).await.by.name(), "proxy");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_too_slow_is_told_what_it_missed() {
    let (listener, address) = server().await;
    let proxy = Proxy::with_history(address, 1 << 20).await;
    let place = place();
    let _socket = ControlSocket::serve(&place.path, world(&proxy)).unwrap();
    let (mut client, mut server) = open(&proxy, &listener).await;
    let mut script = Control::connect(&place.path).await;
    script.done(r#"{"do":"subscribe"}"#).await;
    let frame = [&b"\x82\x7e\xff\xff"[..], &[7; 0xffff]].concat();
    let sender = tokio::spawn(async move {
        for _ in 0..200 {
            server.write_all(&frame).await.unwrap();
        }
        server
    });
    let mut bytes = vec![0; 200 * (4 + 0xffff)];
    in_time("all", client.read_exact(&mut bytes)).await.unwrap();
    let _server = in_time("the sender", sender).await.unwrap();
    let lost = script.event("lost").await;
    assert!(lost["records"].as_u64().unwrap() > 0, "{lost}");
    assert_eq!(script.done(r#"{"id":1,"do":"unsubscribe"}"#).await["id"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_is_steered_by_words() {
    let (listener, address) = server().await;
    let place = place();
    let path = place.path.to_str().unwrap().to_owned();
    let upstream = address.to_string();
    let mut program =
        Program::start(&["--listen", "0", "--upstream", &upstream, "--json", "--no-probe", "--control", &path]);
    let line: serde_json::Value = serde_json::from_str(&program.line()).unwrap();
    let listening = line["addr"].as_str().unwrap().parse().unwrap();
    let ctl = |words: &str| {
        let (path, words) = (path.clone(), words.to_owned());
        tokio::task::spawn_blocking(move || {
            let words: Vec<_> = ["ctl", &path].into_iter().chain(words.split(' ')).collect();
            let output = run(&words);
            let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
            (output.status.code().unwrap(), text)
        })
    };
    // The socket is there a little after the listener.
    while ctl("holds").await.unwrap().0 == 3 {}
    let (mut client, mut server) = crate::support::proxy::open_at(listening, &listener).await;
    assert_eq!(ctl("holds").await.unwrap(), (0, "no hold is on\n".to_owned()));
    let mut story = String::new();
    let mut tell = |words: &str, (code, text): (i32, String)| {
        assert_eq!(code, 0, "{words}: {text}");
        story += &format!("$ wsproxy ctl /tmp/wsproxy.sock {words}\n{text}");
    };
    tell("hold from:client op:text", ctl("hold from:client op:text").await.unwrap());
    client.write_all(b"\x81\x91\0\0\0\0{\"item\":\"coffee\"}").await.unwrap();
    while ctl("held").await.unwrap().1 == "nothing is held\n" {}
    tell("held", ctl("held").await.unwrap());
    tell("edit 1 '{\"item\":\"tea\"}'", ctl("edit 1 {\"item\":\"tea\"}").await.unwrap());
    assert_eq!(read(&mut server, 20).await[..2], [0x81, 0x8e]);
    tell("inject 1 client '{\"error\":\"no tea\"}'", ctl("inject 1 client {\"error\":\"no tea\"}").await.unwrap());
    assert_eq!(read(&mut client, 20).await[..2], [0x81, 0x12]);
    tell("unhold 1", ctl("unhold 1").await.unwrap());
    tell("sessions", ctl("sessions").await.unwrap());
    document::check_section("docs/guide.md", "control", &format!("```\n{story}```"));
    let (code, refused) = ctl("release 1:1").await.unwrap();
    assert_eq!((code, refused.as_str()), (1, "wsproxy: it is not held any more\n"));
    let (code, wrong) = ctl("hold from:clint").await.unwrap();
    assert!(code == 2 && wrong.contains("from:»clint"), "{code} {wrong}");
    let (code, wrong) = ctl("sesions").await.unwrap();
    assert!(code == 2 && wrong.contains("did you mean sessions?"), "{code} {wrong}");
    assert_eq!(ctl("quit").await.unwrap(), (0, "done\n".to_owned()));
    let (_, status) = tokio::task::spawn_blocking(|| program.end()).await.unwrap();
    assert!(status.success());
    assert!(!place.path.exists(), "it goes with the program");
    let (code, nobody) = ctl("sessions").await.unwrap();
    assert!(code == 3 && nobody.contains("nobody answers at"), "{code} {nobody}");
}

#[test]
fn the_page_of_the_protocol_is_up_to_date() {
    document::check_section("docs/control.md", "commands", &commands());
    document::check_section("docs/control.md", "replies", &replies());
}

fn replies() -> String {
    let row = |reply: &CommandHelp| {
        let fields: Vec<_> = reply.fields().map(|field| format!("`{}`", field.name)).collect();
        format!("| `{}` | {} | {} |\n", reply.example, reply.about, fields.join(", "))
    };
    let rows: String = HOOK_REPLIES.iter().map(row).collect();
    format!("| a reply | what becomes of the message | fields |\n|---|---|---|\n{rows}")
}

fn commands() -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let field =
        |help: &FieldHelp| format!("| `{}` | {} | {} |\n", help.name, cell(&help.kind.words()), cell(help.about));
    let about = |command: &CommandHelp| {
        let mut out = format!("### `{}`\n\n{}.\n\n", command.name, capital(command.about));
        out += &format!("```\n{}\nwsproxy ctl PATH {}\n```\n", command.example, command.typed);
        let fields: String = command.fields().map(field).collect();
        if !fields.is_empty() {
            out += &format!("\n| field | takes | what it is |\n|---|---|---|\n{fields}");
        }
        if !command.reply.is_empty() {
            out += &format!("\nThe reply has {}.\n", command.reply);
        }
        out
    };
    COMMANDS.iter().map(about).collect::<Vec<_>>().join("\n")
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// Lines that are right, cut short, or changed.
fn lines() -> Vec<Vec<u8>> {
    let harmless = COMMANDS.iter().filter(|command| !matches!(command.name, "quit" | "subscribe"));
    let mut lines = Vec::new();
    for example in harmless.map(|command| command.example.as_bytes()) {
        lines.push(example.to_vec());
        for at in (1..example.len()).step_by(3) {
            lines.push(example[..at].to_vec());
            let mut changed = example.to_vec();
            changed[at] = b"\"{}[]:,09x\x00\xff\x1b"[at % 13];
            lines.push(changed);
        }
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_has_one_reply_whatever_it_is() {
    let (listener, address) = server().await;
    let proxy = Proxy::start(address).await;
    let place = place();
    let _socket = ControlSocket::serve(&place.path, world(&proxy)).unwrap();
    let _both = open(&proxy, &listener).await;
    let mut script = Control::connect(&place.path).await;
    for (number, line) in lines().iter().enumerate() {
        script.send_bytes(line).await;
        let reply = script.next().await.unwrap_or_else(|| panic!("line {number} ended it"));
        let is_told = reply["ok"] == true || reply["error"].as_str().is_some_and(|error| !error.is_empty());
        assert!(is_told, "{}: {reply}", String::from_utf8_lossy(line));
    }
    // Blank lines are none, and the last one needs no end.
    script.send_bytes(b"\n \r\n{\"id\":1,\"do\":\"policy\"}").await;
    assert_eq!(script.next().await.unwrap()["id"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_screen_shows_what_a_script_has_changed() {
    let (_listener, address) = server().await;
    let place = place();
    let path = place.path.to_str().unwrap();
    let upstream = address.to_string();
    let mut terminal =
        Terminal::start(&["--listen", "0", "--no-probe", "--upstream", &upstream, "--control", path], 24, 80);
    terminal.port();
    let mut script = Control::connect(&place.path).await;
    script.done(r#"{"do":"hold","query":"op:binary"}"#).await;
    script.done(r#"{"do":"policy","policy":"strict"}"#).await;
    terminal.until_shows("HOLD op:binary");
    terminal.until_shows("strict (P)");
    // And the reverse.
    terminal.keys("P");
    terminal.until_shows("faithful");
    assert_eq!(script.done(r#"{"do":"policy"}"#).await["policy"], "faithful");
    terminal.keys("I");
    terminal.until("no hold", |screen| (!screen.contains("HOLD op:binary")).then_some(()));
    assert_eq!(script.done(r#"{"do":"holds"}"#).await["holds"], json!([]));
    script.done(r#"{"do":"quit"}"#).await;
    assert_eq!(terminal.wait(), 0);
}
