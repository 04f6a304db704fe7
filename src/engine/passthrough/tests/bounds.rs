//! What plain HTTP may take: time for heads and responses, and for the end.

use crate::control::Control as _;

use super::*;

fn limits(time: Duration) -> Limits {
    Limits { head_time: time, response_time: time, ..Limits::default() }
}

#[tokio::test]
async fn line_ends_in_front_of_a_request_are_skipped() {
    let proxy = Proxy::before(upstream(echo_targets).await).await;
    let mut client = Peer::connect(proxy.port).await;
    client.send(get("/one")).await;
    client.until("/one").await;
    for byte in [b"\r\n\r\n\n".as_slice(), get("/two").as_bytes()].concat() {
        client.send([byte]).await;
    }
    client.until("/two").await;
}

#[tokio::test]
async fn a_head_that_stops_is_a_408_and_an_idle_connection_stays() {
    let proxy = Proxy::with(upstream(echo_targets).await, limits(Duration::from_millis(200)), "").await;
    let (mut idle, mut slow) = (Peer::connect(proxy.port).await, Peer::connect(proxy.port).await);
    for client in [&mut idle, &mut slow] {
        client.send(get("/one")).await;
        client.until("/one").await;
    }
    slow.send("\r\nGET /tw").await;
    let words = slow.rest().await;
    assert!(words.starts_with("HTTP/1.1 408 Request Timeout\r\n") && words.contains("7 bytes came"), "{words}");
    proxy.told(|event| matches!(event, ProxyEvent::Answered { status: 408, .. })).await;
    idle.send(get("/two")).await;
    idle.until("/two").await;
}

#[tokio::test]
async fn an_upload_that_is_whole_gets_its_504() {
    let port = upstream(|mut client| async move {
        client.until("hello").await;
        client.rest().await;
    })
    .await;
    let proxy = Proxy::with(port, limits(Duration::from_millis(200)), "").await;
    for body in ["Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"] {
        let mut client = Peer::connect(proxy.port).await;
        client.send(format!("POST / HTTP/1.1\r\nHost: a\r\n{body}")).await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 504 Gateway Timeout\r\n"), "{head}");
    }
}

#[tokio::test]
async fn a_body_that_the_client_breaks_is_a_400_and_nobody_is_dialled_for_it() {
    let (sender, mut dialled) = mpsc::channel(8);
    let port = upstream(move |mut client| {
        let sender = sender.clone();
        async move {
            sender.send(()).await.unwrap();
            client.rest().await;
        }
    })
    .await;
    let proxy = Proxy::before(port).await;
    let post = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut client = Peer::connect(proxy.port).await;
    client.send(format!("{post}nothex\r\nhello\r\n")).await;
    let words = client.rest().await;
    assert!(words.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{words}");
    assert!(words.contains("a chunk does not begin with its length in hexadecimal digits"), "{words}");
    assert!(dialled.try_recv().is_err());
    let mut late = Peer::connect(proxy.port).await;
    late.send(format!("{post}5\r\nhello\r\n")).await;
    timeout(DEADLINE, dialled.recv()).await.unwrap().unwrap();
    late.send("nothex\r\n").await;
    let words = late.rest().await;
    assert!(words.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{words}");
    assert!(words.contains("the body of the request can't be read to its end"), "{words}");
}

#[tokio::test]
async fn a_request_that_can_t_be_read_gets_a_sentence() {
    let proxy = Proxy::before(upstream(echo_targets).await).await;
    for (request, word) in [
        ("GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n", "its target can't be read"),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "different values"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "does not end in chunked"),
    ] {
        let mut client = Peer::connect(proxy.port).await;
        client.send(request).await;
        let words = client.rest().await;
        assert!(words.starts_with("HTTP/1.1 400 Bad Request\r\n") && words.contains(word), "{request}: {words}");
    }
}

#[tokio::test]
async fn a_download_has_its_closing_time_and_an_idle_connection_has_none() {
    let (go, wait) = oneshot::channel::<()>();
    let wait = Arc::new(Mutex::new(Some(wait)));
    let port = upstream(move |mut client| {
        let wait = wait.lock().unwrap().take();
        async move {
            let Some(wait) = wait else { return echo_targets(client).await };
            client.head().await;
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhal").await;
            wait.await.unwrap();
            client.send("ves").await;
        }
    })
    .await;
    let mut proxy = Proxy::with(port, Limits { closing_time: DEADLINE, ..Limits::default() }, "").await;
    let mut busy = Peer::connect(proxy.port).await;
    busy.send(get("/slow")).await;
    busy.until("hal").await;
    let mut idle = Peer::connect(proxy.port).await;
    idle.send(get("/one")).await;
    idle.until("/one").await;
    proxy.handle.shut_down();
    assert_eq!(idle.rest().await, "");
    go.send(()).unwrap();
    busy.until("ves").await;
    drop(proxy.alive);
    assert_eq!(timeout(DEADLINE, proxy.waited_for.recv()).await.unwrap(), None);
}

#[tokio::test]
async fn a_download_without_an_end_is_cut_when_its_closing_time_is_over() {
    let port = upstream(|mut client| async move {
        client.head().await;
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhal").await;
        client.rest().await;
    })
    .await;
    let limits = Limits { closing_time: Duration::from_millis(100), ..Limits::default() };
    let mut proxy = Proxy::with(port, limits, "").await;
    let mut client = Peer::connect(proxy.port).await;
    client.send(get("/slow")).await;
    client.until("hal").await;
    proxy.handle.shut_down();
    assert_eq!(client.rest().await, "");
    drop(proxy.alive);
    assert_eq!(timeout(DEADLINE, proxy.waited_for.recv()).await.unwrap(), None);
}
