//! Clients of today and servers of the drafts' time, and the reverse, bridged by the real engine.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use wsproxy::control::{self, Command, Control as _};
use wsproxy::playground;
use wsproxy::record::{Event, Policy};
use wsproxy::relay::bridge::{Binary, Bridging};
use wsproxy::relay::limits::Limits;
use wsproxy::wire::dialect::Dialect;

use crate::support::chromium::Browser;
use crate::support::old_client::{Draft, Got, OldClient, Request};
use crate::support::program::Program;
use crate::support::proxy::{Proxy, events, in_time};

async fn bridge(upstream: std::net::SocketAddr, dialect: Dialect) -> Proxy {
    Proxy::bridging(upstream, Limits::default(), Some(Bridging { dialect, binary: Binary::Base64 })).await
}

#[tokio::test]
async fn a_client_of_today_gets_the_reply_of_each_old_server() {
    let playground = playground::start().await.unwrap();
    for (dialect, path, said) in [
        (Dialect::Hixie76, "/old/hixie-76", &[("hello", "echo: hello"), ("again", "echo: again")][..]),
        (Dialect::Hixie75, "/old/hixie-76", &[("hello", "echo: hello")]),
        (Dialect::Hixie75, "/old/hixie-75", &[("CONNECTED", "Welcome"), ("POKE", "Quit poking me!")]),
        (Dialect::Hixie76, "/old/hixie-76-poke", &[("CONNECTED", "Welcome"), ("POKE", "Quit poking me!")]),
        (Dialect::Hybi08, "/old/hybi-08", &[("hello", "hello")]),
        (Dialect::Hybi08, "/old/hybi-08-broadcast", &[("hello", "hello")]),
        (Dialect::Hybi07, "/old/hybi-07", &[("hello", "hello")]),
    ] {
        let mut proxy = bridge(playground.addr(), dialect).await;
        let url = format!("ws://{}{path}", proxy.address);
        let (mut client, _) = in_time(path, tokio_tungstenite::connect_async(url)).await.unwrap();
        // Both in one read, which such a server would take as one message.
        for (word, _) in said {
            client.feed(Message::text(*word)).await.unwrap();
        }
        client.flush().await.unwrap();
        for (_, expected) in said {
            let got = in_time(path, client.next()).await.unwrap().unwrap();
            assert_eq!(got, Message::text(*expected), "{path}");
        }
        client.close(None).await.unwrap();
        drop(client);
        proxy.closed(1).await;
        proxy.view.sync();
        let opened = events(&proxy.view).any(|event| {
            matches!(event, Event::Open(open)
                if open.dialect_client == Dialect::Rfc6455 && open.dialect_server == dialect)
        });
        assert!(opened, "{path}");
    }
}

#[tokio::test]
async fn a_client_of_each_draft_talks_to_a_server_of_today() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let mut socket = tokio_tungstenite::accept_async(socket).await.unwrap();
            while let Some(Ok(message)) = socket.next().await {
                if message.is_text() && socket.send(message).await.is_err() {
                    break;
                }
            }
        }
    });
    for draft in [Draft::Hixie75, Draft::Hixie76, Draft::Hybi07, Draft::Hybi08] {
        let mut proxy = bridge(address, Dialect::Rfc6455).await;
        let mut client = OldClient::open(proxy.address, Request::new(draft, "/")).await.unwrap();
        for word in ["hello", "gr\u{fc}n"] {
            client.send(word).await;
            assert_eq!(client.next().await, Got::Text(word.to_owned()), "{draft:?}");
        }
        client.close().await;
        drop(client);
        proxy.closed(1).await;
    }
    serve.abort();
}

/// What each of the six servers of 2010 to 2012 says, to whom it is said, and what it answers.
const SIX: [(&str, &str, &str); 6] = [
    ("/old/hixie-76", "hello", "echo: hello"),
    ("/old/hixie-75", "CONNECTED", "Welcome"),
    ("/old/hixie-76-poke", "POKE", "Quit poking me!"),
    ("/old/newline", "anything", "Hello"),
    ("/old/hybi-08", "hello", "hello"),
    ("/old/hybi-08-broadcast", "hello", "hello"),
];

#[tokio::test]
async fn repair_finds_out_by_itself_what_each_old_server_speaks() {
    let playground = playground::start().await.unwrap();
    let mut proxy = Proxy::start(playground.addr()).await;
    proxy.handle.command(Command::Policy(Policy::Repair), control::unheard());
    for round in 0..2 {
        for (path, said, answer) in SIX {
            let url = format!("ws://{}{path}", proxy.address);
            let (mut client, _) = in_time(path, tokio_tungstenite::connect_async(url)).await.unwrap();
            client.send(Message::text(said)).await.unwrap();
            let got = in_time(path, client.next()).await.unwrap().unwrap();
            assert_eq!(got, Message::text(answer), "{path} in round {round}");
        }
    }
    proxy.view.sync();
    let tries =
        events(&proxy.view).filter(|event| matches!(event, Event::Note(_, words) if words.starts_with("asked in ")));
    let tries = tries.count();
    assert!((6..20).contains(&tries), "what worked is remembered: {tries} tries");
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_talks_to_each_of_the_six_under_repair() {
    let Some(browser) = Browser::start().await else { return };
    let mut program = Program::start(&["--listen", "0", "--json", "--policy", "repair"]);
    let listening: serde_json::Value = serde_json::from_str(&program.line()).unwrap();
    let address = listening["addr"].as_str().unwrap().to_owned();
    let mut tab = browser.open("about:blank").await;
    for (path, said, answer) in SIX {
        let talk = format!(
            "new Promise(done => {{ const socket = new WebSocket('ws://{address}{path}'); \
             socket.onopen = () => socket.send('{said}'); \
             socket.onmessage = event => {{ done(event.data); socket.close() }}; \
             socket.onclose = event => done('closed with ' + event.code) }})"
        );
        assert_eq!(tab.eval(&talk).await, answer, "{path}");
    }
}
