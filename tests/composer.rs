//! The composer on the real binary: the editor, fragments, a repetition, and the history of another run.

use futures_util::StreamExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use wsproxy::compose::COMMANDS;

use crate::support::document;
use crate::support::proxy::in_time;
use crate::support::terminal::Terminal;

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

#[test]
fn the_page_names_each_command() {
    let rows: String = COMMANDS
        .iter()
        // A backslash is Markdown's own escape.
        .map(|command| (command, command.about.replace('\\', "\\\\")))
        .map(|(command, about)| format!("| `{} {}` | {about} |\n", command.name, command.arguments))
        .collect();
    document::check_section("docs/composer.md", "commands", &format!("| command | sends |\n|---|---|\n{rows}"));
}

/// wsproxy before its playground, with a state directory and an editor, and a client that has connected.
async fn begin(state: &str, editor: &str) -> (Terminal, Client) {
    let environment = [("XDG_STATE_HOME", state), ("VISUAL", ""), ("EDITOR", editor)];
    let terminal = Terminal::start_with(&["--listen", "127.0.0.1:0"], &environment, 24, 80);
    let url = format!("ws://localhost:{}/echo", terminal.port());
    let client = in_time("the handshake", tokio_tungstenite::connect_async(url)).await.unwrap().0;
    terminal.until_shows("1 open");
    (terminal, client)
}

async fn next(client: &mut Client) -> String {
    match in_time("a message", client.next()).await {
        Some(Ok(Message::Text(text))) => text.to_string(),
        other => panic!("{other:?} is no text"),
    }
}

fn send(terminal: &mut Terminal, text: &str) {
    terminal.keys(text);
    terminal.until_shows(text);
    terminal.keys("\r");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_goes_through_the_editor_and_into_the_next_run() {
    let state = tempfile::tempdir().unwrap();
    let state = state.path().to_str().unwrap();
    let (mut terminal, mut client) = begin(state, "sed -i s/before/after/").await;
    terminal.keys("c");
    terminal.until_shows("Send to the client");
    terminal.keys("before");
    terminal.until_shows("62 65 66 6f 72 65");
    // What is typed while the editor has the terminal must not get lost in between.
    terminal.keys("\x05");
    terminal.until_shows("61 66 74 65 72");
    terminal.keys("\r");
    assert_eq!(next(&mut client).await, "after");

    send(&mut terminal, "/frag 3 in pieces");
    assert_eq!(next(&mut client).await, "in pieces");
    terminal.until_shows("sent as frames 2 to 4");

    send(&mut terminal, "/repeat 100000 5ms tick");
    for _ in 0..10 {
        assert_eq!(next(&mut client).await, "tick");
    }
    terminal.until_shows("esc stop");
    terminal.keys("\x03");
    terminal.until_shows("stopped, ");
    // It closes the empty composer, and quits from the panes.
    terminal.keys("\x03\x03");
    assert_eq!(terminal.wait(), 0);
    assert!(terminal.is_restored());

    let (mut terminal, _client) = begin(state, "false").await;
    terminal.keys("s\x1b[A");
    terminal.until_shows("│ /repeat 100000 5ms tick");
    terminal.keys("\x1b[A");
    terminal.until_shows("│ /frag 3 in pieces");
    terminal.keys("\x05");
    terminal.until_shows("false failed (exit status: 1), so the text is as it was");
    // It clears the text first.
    terminal.keys("\x03\x03\x03");
    assert_eq!(terminal.wait(), 0);
}
