//! The terminal comes back as it was, whatever the end is; and what the user arranged comes back with the next start.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;

use crate::support::terminal::Terminal;

const ENTER: &[u8] = b"\x1b[?1049h";

fn start(rows: u16, cols: u16) -> Terminal {
    let terminal = Terminal::start(&["--listen", "0"], rows, cols);
    terminal.until_shows("No WebSocket has come yet");
    terminal
}

#[test]
fn after_quit() {
    let mut terminal = start(24, 80);
    terminal.keys("q");
    assert_eq!(terminal.wait(), 0);
    assert!(terminal.is_restored());
    assert!(!String::from_utf8_lossy(&terminal.raw()).contains("0 sessions"), "there is nothing to sum up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_leaves_a_line_behind_that_sums_up() {
    let mut terminal = start(24, 80);
    let url = format!("ws://localhost:{}/echo", terminal.port());
    let (mut client, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    client.send(Message::text("hello")).await.unwrap();
    client.next().await.unwrap().unwrap();
    client.close(None).await.unwrap();
    while client.next().await.is_some() {}
    drop(client);
    terminal.until("the end", |screen| (screen.contains("4 frames") && !screen.contains("1 open")).then_some(()));
    terminal.keys("Q");
    assert_eq!(terminal.wait(), 0);
    assert!(terminal.is_restored());
    let raw = String::from_utf8(terminal.raw()).unwrap();
    let words = "wsproxy: 1 session, 4 frames, 0 problems\r\nwsproxy: kept for wsproxy open --last\r\n";
    assert!(raw.ends_with(words), "{:?}", raw.get(raw.len() - 200..));
}

#[test]
fn after_a_signal() {
    for signal in ["TERM", "INT", "HUP"] {
        let mut terminal = start(24, 80);
        terminal.signal(signal);
        assert_eq!(terminal.wait(), 0, "{signal}");
        assert!(terminal.is_restored(), "{signal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_signal_while_nobody_reads_the_terminal() {
    let mut terminal = start(150, 500);
    let url = format!("ws://localhost:{}/echo", terminal.port());
    let (mut client, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let flood = async {
        for number in 0..300 {
            // Rows as wide as the screen: one redraw is more than a terminal holds unread.
            client.send(Message::text(format!("{number} ").repeat(150))).await.unwrap();
            client.next().await.unwrap().unwrap();
        }
    };
    let mut exit = None;
    terminal.while_stalled(|terminal| {
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(flood));
        terminal.signal("TERM");
        exit = Some(terminal.wait_unread());
    });
    assert_eq!(exit, Some(0));
    terminal.wait();
    assert!(terminal.is_restored());
}

#[test]
fn a_terminal_that_is_closed_ends_it_well() {
    let mut terminal = start(24, 80);
    terminal.close(|terminal| terminal.keys("?"));
    assert_eq!(terminal.wait_unread(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_is_closed_while_it_is_written_to_closes_the_sessions() {
    let mut terminal = start(24, 80);
    let url = format!("ws://localhost:{}/echo", terminal.port());
    let (mut client, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    // Each echo is drawn, before and after the terminal is closed.
    client.send(Message::text("again")).await.unwrap();
    let busy = tokio::spawn(async move {
        while let Some(Ok(message)) = client.next().await {
            match message {
                Message::Close(Some(close)) => return Some(u16::from(close.code)),
                message if message.is_text() => client.send(message).await.unwrap(),
                _ => {}
            }
        }
        None
    });
    terminal.until_shows("again");
    tokio::task::block_in_place(|| {
        terminal.close(|_| ());
        assert_eq!(terminal.wait_unread(), 0);
    });
    assert_eq!(busy.await.unwrap(), Some(1001));
}

#[test]
fn a_terminal_that_is_closed_over_lines_ends_them_well() {
    let mut terminal = Terminal::start(&["--headless", "--listen", "127.0.0.1:0"], 24, 80);
    terminal.until_shows("on 127.0.0.1:");
    let port = terminal.port();
    terminal.close(|_| ask(port));
    assert_eq!(terminal.wait_unread(), 0);
}

#[test]
fn lines_that_a_stopped_terminal_does_not_take_are_lost_and_do_not_keep_it_from_ending() {
    let mut terminal = Terminal::start(&["--headless", "--listen", "127.0.0.1:0"], 24, 80);
    terminal.until_shows("on 127.0.0.1:");
    let port = terminal.port();
    let mut exit = None;
    terminal.while_stalled(|terminal| {
        // More than a terminal holds unread.
        (0..1000).for_each(|_| ask(port));
        terminal.signal("TERM");
        exit = Some(terminal.wait_unread());
    });
    assert_eq!(exit, Some(3));
}

#[test]
fn a_dumb_terminal_gets_lines_and_no_sequences() {
    let mut terminal = Terminal::start_with(&["--listen", "127.0.0.1:0"], &[("TERM", "dumb")], 24, 80);
    terminal.until_shows("on 127.0.0.1:");
    terminal.signal("TERM");
    assert_eq!(terminal.wait(), 0);
    assert!(!terminal.raw().contains(&0x1b), "{}", String::from_utf8_lossy(&terminal.raw()));
}

/// A plain HTTP exchange, which is a line.
fn ask(port: u16) {
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    client.read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn after_a_suspend() {
    let mut terminal = start(24, 80);
    // In a group without a shell the system ignores the stop, so it goes on at once.
    terminal.keys("\x1a");
    terminal.until_raw("the screen to be taken again", |raw| {
        raw.windows(ENTER.len()).filter(|window| *window == ENTER).count() == 2
    });
    terminal.keys("2");
    terminal.until_shows("all sessions");
    terminal.resize(10, 40);
    terminal.until_shows(" small");
    // A terminal tells of its focus where it was asked to by another program before.
    terminal.keys("\x1b[O\x1b[I1");
    terminal.until_shows("No WebSocket has come yet");
    terminal.keys("q");
    assert_eq!(terminal.wait(), 0);
    assert!(terminal.is_restored());
}

#[test]
fn what_was_arranged_is_there_at_the_next_start() {
    let state = tempfile::tempdir().unwrap();
    let environment = [("XDG_STATE_HOME", state.path().to_str().unwrap())];
    let start = || Terminal::start_with(&["--listen", "0"], &environment, 24, 80);
    let mut first = start();
    first.until_shows("─ Event");
    first.keys("\\");
    first.until("no detail", |screen| (!screen.contains("─ Event")).then_some(()));
    first.keys(":theme mono\r");
    first.until_shows("theme: mono");
    first.keys("Q");
    assert_eq!(first.wait(), 0);
    let mut second = start();
    second.until_shows("No WebSocket has come yet");
    second.until("no detail", |screen| (!screen.contains("─ Event")).then_some(()));
    second.keys(":\x1b[A");
    second.until_shows(":theme mono");
    second.keys("\x03\x03\x03");
    assert_eq!(second.wait(), 0);
}
