//! A real Chromium through the real binary, and what a person sees of it in the terminal.

use tokio::io::AsyncWriteExt as _;

use crate::support::chromium::Browser;
use crate::support::program::Program;
use crate::support::proxy::{read_head, server};
use crate::support::terminal::Terminal;

/// How the page shows what it got.
const LOG: &str = "document.querySelector('#log').innerText";

#[tokio::test(flavor = "multi_thread")]
async fn the_playground_s_page_talks_through_the_proxy_and_gets_what_is_typed_in_the_terminal() {
    let Some(browser) = Browser::start().await else { return };
    let mut terminal = Terminal::start(&["--listen", "0"], 30, 120);
    let port = terminal.port();
    let page = format!("http://localhost:{port}/?path=/broadcast&connect=1");

    let mut first = browser.open(&page).await;
    first.until("document.querySelector('#state').innerText.toLowerCase().includes('open')").await;
    let mut second = browser.open(&page).await;
    second.until("document.querySelector('#state').innerText.toLowerCase().includes('open')").await;

    first
        .eval(
            "document.querySelector('#message').value = 'from the first tab'; document.querySelector('#send').click()",
        )
        .await;
    first.until(&format!("{LOG}.includes('from the first tab')")).await;
    second.until(&format!("{LOG}.includes('from the first tab')")).await;
    terminal.until_shows("from the first tab");

    // By hand, to the client: the page can't tell it from the server's own.
    terminal.keys("c");
    terminal.keys("typed in the terminal");
    terminal.until_shows("typed in the terminal");
    terminal.keys("\r");
    terminal.until_shows("sent as frame");
    let arrived = format!("{LOG}.includes('typed in the terminal')");
    let one = tokio::select! { value = first.until(&arrived) => value, value = second.until(&arrived) => value };
    assert_eq!(one, true);

    // And to the server, which sends it to both.
    leave_the_composer(&mut terminal);
    terminal.keys("s");
    terminal.keys("to everybody");
    terminal.until_shows("to everybody");
    terminal.keys("\r");
    first.until(&format!("{LOG}.includes('to everybody')")).await;
    second.until(&format!("{LOG}.includes('to everybody')")).await;

    leave_the_composer(&mut terminal);
    terminal.keys(":quit!\r");
    assert_eq!(terminal.wait(), 0);
    assert!(terminal.is_restored());
    first.until("document.querySelector('#log').innerText.includes('1001')").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_playground_echoes_text_and_binary_and_closes_as_asked() {
    let Some(browser) = Browser::start().await else { return };
    let mut terminal = Terminal::start(&["--listen", "0"], 24, 80);
    let port = terminal.port();
    let mut tab = browser.open(&format!("http://localhost:{port}/?path=/echo&connect=1&send=hello")).await;
    tab.until(&format!("{LOG}.split('hello').length > 2")).await;
    let close = "new Promise(done => { const socket = new WebSocket(`ws://${location.host}/echo`); \
        socket.binaryType = 'arraybuffer'; \
        socket.onopen = () => socket.send(new Uint8Array([1, 2, 255])); \
        socket.onmessage = event => { socket.close(4001, [...new Uint8Array(event.data)].join()) }; \
        socket.onclose = event => done([event.code, event.reason, event.wasClean]) })";
    assert_eq!(tab.eval(close).await, serde_json::json!([4001, "1,2,255", true]));
    terminal.until_shows("4001");
    terminal.keys(":quit!\r");
    assert_eq!(terminal.wait(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gallery_shows_what_the_browser_says_of_broken_and_old_servers() {
    let Some(browser) = Browser::start().await else { return };
    let mut program = Program::start(&["--listen", "0", "--json"]);
    let listening: serde_json::Value = serde_json::from_str(&program.line()).unwrap();
    let mut tab = browser.open(&format!("http://{}/", listening["addr"].as_str().unwrap())).await;
    tab.until("document.querySelectorAll('.try').length > 35").await;
    for (path, outcome) in [
        ("/broken/masked", "open · error · close 1006, no reason, wasClean false"),
        // This one never opens, and the browser opens no other until the page gives it up.
        ("/broken/silent", "connecting"),
        ("/broken/accept-missing", "error · close 1006, no reason, wasClean false"),
        ("/broken/no-close-frame", "open · message hello · close 1006, no reason, wasClean false"),
        ("/broken/no-fin", "open"),
        ("/old/newline", "open · error · close 1006, no reason, wasClean false"),
        ("/old/hixie-76", "error · close 1006, no reason, wasClean false"),
        ("/old/hybi-08", "open · message hello"),
    ] {
        tab.until(&format!("(document.querySelector('[data-path=\"{path}\"]').click(), true)")).await;
        let shown = format!("document.querySelector('li:has([data-path=\"{path}\"]) .outcome').innerText");
        tab.until(&format!("{shown}.startsWith('{outcome} · ')")).await;
    }
    tab.until(&format!("{LOG}.includes('/broken/masked') && {LOG}.includes('This page gave up')")).await;
}

/// Answers that Chrome refuses, each for a reason of its own; `{accept}` is the right accept value.
const REFUSED: [&str; 6] = [
    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n",
    "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA{accept}\r\n\r\n",
    "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: close\r\nSec-WebSocket-Accept: {accept}\r\n\r\n",
    "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\
     Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
    "SSH-2.0-OpenSSH_9.2\r\n",
];

#[tokio::test(flavor = "multi_thread")]
async fn chromium_s_own_words_are_the_verdict() {
    let Some(browser) = Browser::start().await else { return };
    let (listener, address) = server().await;
    tokio::spawn(async move {
        for answer in REFUSED {
            let (mut socket, _) = listener.accept().await.unwrap();
            let head = read_head(&mut socket).await;
            let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
            let accept = wsproxy::wire::accept::value_for(key.as_bytes());
            socket.write_all(answer.replace("{accept}", &accept).as_bytes()).await.unwrap();
            // Chrome hangs up.
            crate::support::proxy::read_to_end(&mut socket).await.1.ok();
        }
    });
    let mut program = Program::start(&["--listen", "0", "--upstream", &address.to_string(), "--json"]);
    let mut line = move || serde_json::from_str::<serde_json::Value>(&program.line()).unwrap();
    let listening = line()["addr"].as_str().unwrap().to_owned();
    let mut tab = browser.open("about:blank").await;
    for answer in REFUSED {
        let dial = format!(
            "new Promise(done => {{ const socket = new WebSocket('ws://{listening}/'); \
             socket.onopen = () => done('open'); socket.onclose = event => done(event.code) }})"
        );
        assert_eq!(tab.eval(&dial).await, 1006, "{answer}");
        let console = tab.console().await;
        let verdict = loop {
            let event = line();
            if event["event"] == "verdict" && event["outcome"] != "waits" {
                break event;
            }
        };
        let words = verdict["error_text"].as_str().unwrap();
        assert!(console.ends_with(&format!("failed: {words}")), "{console}\n{words}");
        assert_eq!((verdict["outcome"].as_str(), verdict["close_code"].as_u64()), (Some("fails"), Some(1006)));
    }
}

/// Escape, and nothing behind it until it has worked: together they would be another key.
fn leave_the_composer(terminal: &mut Terminal) {
    terminal.keys("\x1b");
    terminal.until_shows("s to server");
}
