//! Rules at work between real peers, and docs/rules.md, which tells of the acts, options and faults that there are.

use std::io::Write as _;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wsproxy::control::rules::RuleCommand;
use wsproxy::control::{self, Control as _};
use wsproxy::record::SessionId;
use wsproxy::relay::limits::Limits;
use wsproxy::rules;

use crate::correct_peers::peer;
use crate::support::chromium::{Browser, Tab};
use crate::support::document;
use crate::support::program::{Program, run};
use crate::support::proxy::{Proxy, in_time, open, read, read_to_end, server};
use crate::support::terminal::Terminal;

#[test]
fn the_page_s_tables_are_those_of_the_code() {
    document::check_section("docs/rules.md", "tables", &rules::document());
}

/// An echo server on the library `ws`, and its port; `None` where Node can't run it and need not.
fn node_echo() -> Option<(Program, u16)> {
    let mut server = peer("server.js", &[])?;
    let port = server.line().trim().parse().unwrap();
    Some((server, port))
}

fn port_of(program: &mut Program) -> u16 {
    let line: Value = serde_json::from_str(&program.line()).unwrap();
    assert_eq!(line["event"], "listening");
    line["addr"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap()
}

/// What a real client and a real server say gets through unharmed, whatever is done to the frames that it comes in.
#[test]
fn real_peers_talk_through_rules_that_change_no_message() {
    let Some((_server, upstream)) = node_echo() else { return };
    let upstream = format!("localhost:{upstream}");
    for rules in [
        &["--rule", "-> delay 2ms±2ms"][..],
        &["--rule", "not is:control -> split 3"],
        &["--rule", "not is:control -> merge", "--rule", "-> throttle 100M/s"],
        &["--rule", r#"op:text -> replace /turn (\d+)/ "turn $1""#, "--rule", "op:binary -> split 2"],
        &["--rule", "turn -> inject /ping beat", "--rule", "from:client op:ping -> respond /pong more"],
    ] {
        let flags = ["--listen", "127.0.0.1:0", "--upstream", &upstream, "--json", "--seed", "3"];
        let mut proxy = Program::start(&[&flags, rules].concat());
        let port = port_of(&mut proxy);
        let Some(mut client) = peer("client.py", &[&port.to_string()]) else { return };
        assert_eq!(client.line(), "done\n", "{rules:?}");
        proxy.signal("TERM");
        let (lines, status) = proxy.end();
        assert_eq!(status.code(), Some(0));
        assert!(lines.contains(r#""event":"ruled""#), "{rules:?}");
        let wrong =
            lines.lines().find(|line| line.contains(r#""event":"finding""#) && !line.contains(r#""level":"note""#));
        assert_eq!(wrong, None, "{rules:?}");
    }
}

#[test]
fn the_same_seed_repeats_a_run() {
    let Some((_server, upstream)) = node_echo() else { return };
    let upstream = format!("localhost:{upstream}");
    let script = "
        const WebSocket = require('ws');
        const socket = new WebSocket(`ws://127.0.0.1:${process.argv[1]}/`);
        socket.on('open', () => { for (let n = 0; n < 60; n++) socket.send(`message ${n}`); socket.close(1000); });
        socket.on('close', () => console.log('closed'));
    ";
    let run = |seed: &str| {
        let flags = ["--listen", "127.0.0.1:0", "--upstream", &upstream, "--json", "--seed", seed];
        let mut proxy = Program::start(&[&flags, &["--rule", "lossy = from:client op:text -> drop 30%"][..]].concat());
        let port = port_of(&mut proxy);
        let mut client = Command::new("node");
        client.env("NODE_PATH", "/usr/share/nodejs").args(["-e", script, &port.to_string()]);
        let client = client.output().unwrap();
        assert!(client.status.success(), "{}", String::from_utf8_lossy(&client.stderr));
        proxy.signal("TERM");
        let lines: Vec<Value> = proxy.end().0.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let dropped = lines.iter().filter(|line| line["event"] == "frame" && line["relayed"] == "dropped");
        dropped.map(|line| line["text"].as_str().or(line["inflated"].as_str()).unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = run("11");
    assert!((5..35).contains(&first.len()), "{first:?}");
    assert_eq!(run("11"), first);
    assert_ne!(run("12"), first);
}

#[test]
fn a_wrong_rule_or_file_is_told_in_one_sentence_with_its_place() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"[[rule]]\nname = \"slow\"\nact = \"delay\"\n").unwrap();
    let path = file.path().to_str().unwrap();
    for (flags, words) in [
        (["--rule", "op:soup -> drop"], "--rule op:»soup -> drop: "),
        (["--rule", "drop"], "a rule is a query, an arrow and an act"),
        (["--rules", path], ", line 3, column 13: delay needs TIME: delay 200ms±50ms"),
    ] {
        let output = run(&[&flags[..], &["--listen", "127.0.0.1:0", "--headless"]].concat());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), told.lines().count()), (Some(2), 1), "{told}");
        assert!(told.contains(words), "{told}");
    }
}

/// Opens a socket in the page, which keeps what it gets in `got`.
async fn connect(tab: &mut Tab, port: u16) {
    let dial = format!(
        "new Promise(done => {{ window.got = []; window.socket = new WebSocket('ws://localhost:{port}/chat'); \
         socket.onmessage = event => got.push(event.data); socket.onopen = () => done('open'); \
         socket.onclose = event => {{ got.push('closed ' + event.code); done('closed ' + event.code) }} }})"
    );
    tab.eval(&dial).await;
}

/// A page whose messages are compressed with a window over all of them meets each kind of rule, made at the keyboard.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_meets_rules_that_are_made_at_the_keyboard() {
    let Some(browser) = Browser::start().await else { return };
    let Some((_server, upstream)) = node_echo() else { return };
    let upstream = format!("localhost:{upstream}");
    let mut terminal = Terminal::start(&["--listen", "0", "--no-probe", "--upstream", &upstream], 30, 120);
    let mut tab = browser.open("about:blank").await;
    connect(&mut tab, terminal.port()).await;
    tab.eval("socket.send('the first of the messages'), 0").await;
    tab.until("got.length == 1").await;

    // A rule is written in the list.
    terminal.keys("u");
    terminal.until_shows("no rules");
    terminal.keys("n");
    terminal.until_shows("enter lets it act");
    terminal.keys("guest = from:client -> replace /user-(\\d+)/ \"guest-$1\"\r");
    terminal.until_shows("1 rule, 1 on");
    terminal.keys("\x1b");
    // What follows an escape at once would be a key with alt.
    terminal.until("no list", |screen| (!screen.contains("1 rule, 1 on")).then_some(()));
    terminal.until_shows("RULES guest");
    tab.eval("socket.send('user-7 sends the second of the messages'), socket.send('and the third of the messages'), 0")
        .await;
    tab.until("got[1] == 'guest-7 sends the second of the messages' && got[2] == 'and the third of the messages'")
        .await;
    terminal.until_shows("rule guest");

    // A fault delays what the page gets.
    terminal.keys(":fault latency 400ms from:server\r");
    terminal.until_shows("RULES guest latency");
    let asked = Instant::now();
    tab.eval("socket.send('slow'), 0").await;
    tab.until("got[3] == 'slow'").await;
    assert!(asked.elapsed().as_millis() >= 400);

    // And is taken out again; another one lets the server's messages come twice.
    terminal.keys(":unrule\r");
    terminal.until("no rules", |screen| (!screen.contains("RULES")).then_some(()));
    terminal.keys(":rule from:server -> once duplicate\r");
    terminal.until_shows("RULES duplicate");
    tab.eval("socket.send('twice, as all of the messages'), 0").await;
    tab.until("got[4] == got[5] && got[5] == 'twice, as all of the messages'").await;
    tab.eval("socket.send('once, as all of the messages'), 0").await;
    tab.until("got[6] == 'once, as all of the messages'").await;

    // The page is answered in the server's place, and then the session is closed.
    terminal.keys(":rule from:client hello -> respond {\"from\":\"wsproxy\"}\r");
    terminal.until_shows("rule respond acts");
    tab.eval("socket.send('hello'), 0").await;
    tab.until("got.includes('{\"from\":\"wsproxy\"}') && got.includes('hello')").await;
    terminal.keys(":rule bye -> close 4321\r");
    terminal.until_shows("rule close acts");
    tab.eval("socket.send('bye'), 0").await;
    tab.until("got.at(-1) == 'closed 4321'").await;

    // A handshake is refused, and the next one takes its time.
    terminal.keys(":fault refuse 429\r");
    terminal.until_shows("rule refuse acts");
    connect(&mut tab, terminal.port()).await;
    assert_eq!(tab.eval("got.join()").await, "closed 1006");
    terminal.keys(":unrule refuse\r:fault handshake 500ms\r");
    terminal.until_shows("rule handshake acts");
    let asked = Instant::now();
    connect(&mut tab, terminal.port()).await;
    assert!(asked.elapsed().as_millis() >= 500);
    assert_eq!(tab.eval("socket.readyState").await, 1);
    terminal.keys("Qy");
    assert_eq!(terminal.wait(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_whose_messages_are_delayed_is_not_read_at_its_limit_while_the_other_one_goes_on() {
    let (listener, address) = server().await;
    let mut proxy = Proxy::with(address, Limits { hold_bytes: 100_000, ..Limits::default() }).await;
    let (mut client, mut server) = open(&proxy, &listener).await;
    let rule = rules::parse("slow = from:server -> delay 9m", |_| false).unwrap();
    proxy.handle.command(control::Command::Rules(RuleCommand::Put(Box::new(rule))), control::unheard());
    let frame = [&b"\x82\x7f\0\0\0\0\0\x01\0\0"[..], &vec![7; 1 << 16]].concat();
    let sender = tokio::spawn(async move {
        for _ in 0..1024 {
            server.write_all(&frame).await.unwrap();
        }
        server
    });
    let handle = proxy.handle.clone();
    proxy.until("an act", |_| handle.rules().rules.first().filter(|rule| rule.acted > 0).map(drop)).await;
    client.write_all(b"\x81\x81\0\0\0\0c").await.unwrap();
    proxy.until("the client's", |view| (view.session(SessionId(1))?.frames.client == 1).then_some(())).await;
    assert!(!sender.is_finished());
    proxy.handle.command(control::Command::Rules(RuleCommand::Remove("slow".to_owned())), control::unheard());
    let all = (10 + (1 << 16)) * 1024;
    let (mut bytes, mut got) = (vec![0; 1 << 20], 0);
    while got < all {
        got += in_time("the rest", client.read(&mut bytes)).await.unwrap();
    }
    in_time("the sender", sender).await.unwrap();
    let list = proxy.handle.rules();
    assert!(list.rules.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_reaches_both_peers_behind_what_came_before() {
    let (listener, address) = server().await;
    let proxy = Proxy::start(address).await;
    let rule = rules::parse("x -> rst", |_| false).unwrap();
    proxy.handle.command(control::Command::Rules(RuleCommand::Put(Box::new(rule))), control::unheard());
    let (mut client, mut server) = open(&proxy, &listener).await;
    server.write_all(b"\x81\x01a").await.unwrap();
    assert_eq!(read(&mut client, 3).await, b"\x81\x01a");
    server.write_all(b"\x81\x01x\x81\x01b").await.unwrap();
    for socket in [&mut client, &mut server] {
        let (rest, ended) = in_time("the end", read_to_end(socket)).await;
        assert_eq!(rest, b"");
        assert_eq!(ended.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    }
}
