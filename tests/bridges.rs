//! Clients of today and servers of the drafts' time, and the reverse, bridged by the real engine.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use wsproxy::playground;
use wsproxy::relay::bridge::{Binary, Bridging};
use wsproxy::relay::limits::Limits;
use wsproxy::relay::observation::Event;
use wsproxy::wire::dialect::Dialect;

use crate::support::old_client::{Draft, Got, OldClient, Request};
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
