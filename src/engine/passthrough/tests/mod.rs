//! Plain HTTP through real sockets, with peers that are scripts of bytes.

mod bounds;

use std::future::Future;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::*;
use crate::engine::{EngineConfig, clock};
use crate::record::{ProxyEvent, Record};
use crate::wire::head;

const DEADLINE: Duration = Duration::from_secs(30);

/// One end of a connection, read piece by piece.
struct Peer {
    socket: TcpStream,
    read: Vec<u8>,
}

impl Peer {
    fn new(socket: TcpStream) -> Self {
        Self { socket, read: Vec::new() }
    }

    async fn connect(port: u16) -> Self {
        Self::new(TcpStream::connect(("127.0.0.1", port)).await.unwrap())
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.socket.write_all(bytes.as_ref()).await.unwrap();
    }

    /// More bytes; false at the end.
    async fn more(&mut self) -> bool {
        let read = self.socket.read_buf(&mut self.read);
        timeout(DEADLINE, read).await.expect("nothing came").is_ok_and(|count| count > 0)
    }

    /// Takes what is read up to and with `end`, waiting for it.
    async fn until(&mut self, end: &str) -> String {
        loop {
            let found = self.read.windows(end.len()).position(|window| window == end.as_bytes());
            if let Some(at) = found {
                let rest = self.read.split_off(at + end.len());
                return String::from_utf8(std::mem::replace(&mut self.read, rest)).unwrap();
            }
            assert!(self.more().await, "ended after {:?}", String::from_utf8_lossy(&self.read));
        }
    }

    async fn head(&mut self) -> String {
        self.until("\r\n\r\n").await
    }

    /// Takes all that comes until the end.
    async fn rest(&mut self) -> String {
        while self.more().await {}
        String::from_utf8(std::mem::take(&mut self.read)).unwrap()
    }
}

/// A server whose connections all follow `script`.
async fn upstream<F: Future<Output = ()> + Send>(script: impl Fn(Peer) -> F + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let script = script.clone();
            tokio::spawn(async move { script(Peer::new(socket)).await });
        }
    });
    port
}

/// A proxy in front of a port: what it tells, and what it gives back to be relayed raw.
struct Proxy {
    port: u16,
    journal: Arc<Journal>,
    raw: mpsc::Receiver<(TcpStream, Vec<u8>)>,
    handle: Handle,
    /// Ends when nothing has to be waited for any more, once `alive` is dropped.
    waited_for: mpsc::Receiver<()>,
    alive: mpsc::Sender<()>,
    _accepts: JoinHandle<()>,
}

impl Proxy {
    async fn before(port: u16) -> Self {
        Self::with(port, Limits::default(), "").await
    }

    async fn with(port: u16, limits: Limits, path: &str) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut config = EngineConfig { limits: limits.clone(), ..EngineConfig::between(address, address) };
        config.upstream.path = path.into();
        let route = Arc::new(Route::fixed(&config).unwrap());
        let journal = Arc::new(Journal::new(1 << 20));
        let handle = Handle::default();
        let (alive, waited_for) = mpsc::channel(1);
        let context = Arc::new(PassThrough {
            limits,
            journal: Arc::clone(&journal),
            handle: handle.clone(),
            clock: clock::now,
            strangers: Strangers::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, raw) = mpsc::channel(1);
        let weak = alive.downgrade();
        let accepts = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (context, route, sender) = (Arc::clone(&context), Arc::clone(&route), sender.clone());
                let alive = weak.clone();
                tokio::spawn(async move {
                    let mut client = Peer::new(socket);
                    while head::end(&client.read, 0).is_none() {
                        assert!(client.more().await);
                    }
                    if let Some(back) = serve(client.socket, client.read, &context, &route, &alive).await {
                        sender.send(back).await.unwrap();
                    }
                });
            }
        });
        Self { port, journal, raw, handle, waited_for, alive, _accepts: accepts }
    }

    /// Waits until something of this kind was told.
    async fn told(&self, wanted: impl Fn(&ProxyEvent) -> bool) -> ProxyEvent {
        let (bell, mut rung) = mpsc::channel(1);
        let mut reader = self.journal.subscribe(move || {
            let _ = bell.try_send(());
        });
        let mut blocks = Vec::new();
        let find = async {
            loop {
                reader.read(&mut blocks);
                let records = blocks.iter().flat_map(|block| &block.log.records);
                let mut events = records.filter_map(|record| match record {
                    Record::Proxy(time, event) if time.0 > 0 => Some(&**event),
                    _ => None,
                });
                if let Some(event) = events.find(|event| wanted(event)) {
                    return event.clone();
                }
                rung.recv().await;
            }
        };
        timeout(DEADLINE, find).await.expect("it was not told")
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost:9000\r\n\r\n")
}

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

/// Answers each request with its target as the body.
async fn echo_targets(mut client: Peer) {
    while client.read.len() > 3 || client.more().await {
        let head = client.head().await;
        let target = head.split(' ').nth(1).unwrap().to_owned();
        let length = target.len();
        client.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{target}")).await;
    }
}

#[tokio::test]
async fn heads_keep_their_order_and_spelling_and_addresses_are_translated() {
    let port = upstream(|mut client| async move {
        let head = client.head().await;
        let port = client.socket.local_addr().unwrap().port();
        assert_eq!(
            head,
            format!(
                "GET /base/page?q=1 HTTP/1.1\r\nhOST: 127.0.0.1:{port}\r\nX-a: 1\r\nORIGIN: http://127.0.0.1:{port}\r\n\
                 Connection: keep-alive\r\nx-B: 2\r\n\r\n"
            )
        );
        let response = format!(
            "HTTP/1.1 302 Moved Over There\r\nLOCATION: http://127.0.0.1:{port}/base/next\r\nX-one: 1\r\n\
             Set-Cookie: a\r\nset-cookie: b\r\nContent-Length: 2\r\n\r\nhi"
        );
        client.send(response).await;
        client.rest().await;
    })
    .await;
    let proxy = Proxy::with(port, Limits::default(), "/base").await;
    let mut client = Peer::connect(proxy.port).await;
    client
        .send(
            "GET /page?q=1 HTTP/1.1\r\nhOST: localhost:9000\r\nUpgrade: h2c\r\nX-a: 1\r\nORIGIN: http://localhost:9000\r\n\
             HTTP2-Settings: AAM\r\nConnection: keep-alive, Upgrade, HTTP2-Settings\r\nx-B: 2\r\n\r\n",
        )
        .await;
    assert_eq!(
        client.until("hi").await,
        "HTTP/1.1 302 Moved Over There\r\nLOCATION: http://localhost:9000/next\r\nX-one: 1\r\n\
         Set-Cookie: a\r\nset-cookie: b\r\nContent-Length: 2\r\n\r\nhi"
    );
    let event = proxy.told(|event| matches!(event, ProxyEvent::Http { .. })).await;
    let ProxyEvent::Http { method, path, status } = event else { unreachable!() };
    assert_eq!((method.as_str(), path.as_str(), status), ("GET", "/page?q=1", 302));
}

#[tokio::test]
async fn requests_of_one_connection_share_one_to_the_upstream() {
    let (sender, mut connections) = mpsc::channel(8);
    let port = upstream(move |client| {
        let sender = sender.clone();
        async move {
            sender.send(()).await.unwrap();
            echo_targets(client).await;
        }
    })
    .await;
    let proxy = Proxy::before(port).await;
    let mut client = Peer::connect(proxy.port).await;
    for target in ["/one", "/two", "/six"] {
        client.send(get(target)).await;
        assert!(client.head().await.starts_with("HTTP/1.1 200 OK\r\n"));
        client.until(target).await;
    }
    connections.recv().await.unwrap();
    assert!(connections.try_recv().is_err());
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let proxy = Proxy::before(upstream(echo_targets).await).await;
    let mut client = Peer::connect(proxy.port).await;
    client.send([get("/one"), get("/two"), get("/six")].concat()).await;
    for target in ["/one", "/two", "/six"] {
        assert_eq!(client.until(target).await, format!("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{target}"));
    }
}

#[tokio::test]
async fn bodies_go_up_by_length_and_in_chunks() {
    let port = upstream(|mut client| async move {
        let head = client.head().await;
        assert!(head.contains("Content-Length: 5\r\n") && !head.contains("chunked"), "{head}");
        client.until("hello").await;
        client.send("HTTP/1.1 204 No Content\r\n\r\n").await;
        assert!(client.head().await.contains("Transfer-Encoding: chunked\r\n"));
        assert_eq!(client.until("0\r\n\r\n").await, "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
        client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n").await;
        echo_targets(client).await;
    })
    .await;
    let proxy = Proxy::before(port).await;
    let mut client = Peer::connect(proxy.port).await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello").await;
    assert_eq!(client.head().await, "HTTP/1.1 204 No Content\r\n\r\n");
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n").await;
    client.send("2\r\nde\r\n0\r\n\r\n").await;
    assert_eq!(
        client.until("0\r\n\r\n").await,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
    );
    client.send(get("/after")).await;
    client.until("/after").await;
}

#[tokio::test]
async fn a_client_that_waits_for_100_gets_it() {
    let port = upstream(|mut client| async move {
        assert!(client.head().await.contains("Expect: 100-continue\r\n"));
        client.send("HTTP/1.1 100 Continue\r\n\r\n").await;
        client.until("hello").await;
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        client.rest().await;
    })
    .await;
    let proxy = Proxy::before(port).await;
    let mut client = Peer::connect(proxy.port).await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n").await;
    assert_eq!(client.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello").await;
    assert_eq!(client.head().await, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

#[tokio::test]
async fn answers_without_a_body_are_left_without() {
    let port = upstream(|mut client| async move {
        assert!(client.head().await.starts_with("HEAD "));
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nETag: x\r\n\r\n").await;
        client.head().await;
        client.send("HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n").await;
        echo_targets(client).await;
    })
    .await;
    let proxy = Proxy::before(port).await;
    let mut client = Peer::connect(proxy.port).await;
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.head().await, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nETag: x\r\n\r\n");
    client.send(get("/")).await;
    assert_eq!(client.head().await, "HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n");
    client.send(get("/after")).await;
    client.until("/after").await;
}

#[tokio::test]
async fn events_go_down_as_they_come() {
    let (seen, wait) = oneshot::channel::<()>();
    let wait = Arc::new(Mutex::new(Some(wait)));
    let port = upstream(move |mut client| {
        let wait = wait.lock().unwrap().take().unwrap();
        async move {
            client.head().await;
            client.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n").await;
            // The second event is there only once the first has arrived at the other end.
            wait.await.unwrap();
            client.send("data: 2\n\n").await;
        }
    })
    .await;
    let proxy = Proxy::before(port).await;
    let mut client = Peer::connect(proxy.port).await;
    client.send(get("/events")).await;
    client.until("data: 1\n\n").await;
    proxy.told(|event| matches!(event, ProxyEvent::Http { status: 200, .. })).await;
    seen.send(()).unwrap();
    client.until("data: 2\n\n").await;
    client.until("0\r\n\r\n").await;
}

#[tokio::test]
async fn an_upstream_sees_that_its_client_is_gone() {
    let (sender, mut gone) = mpsc::channel(1);
    let port = upstream(move |mut client| {
        let sender = sender.clone();
        async move {
            client.head().await;
            sender.send(false).await.unwrap();
            client.rest().await;
            sender.send(true).await.unwrap();
        }
    })
    .await;
    let proxy = Proxy::before(port).await;
    let mut client = Peer::connect(proxy.port).await;
    client.send(get("/poll")).await;
    assert_eq!(gone.recv().await, Some(false));
    drop(client);
    assert_eq!(timeout(DEADLINE, gone.recv()).await.unwrap(), Some(true));
}

const LARGE: usize = 64 << 20;

#[tokio::test]
async fn large_bodies_flow_both_ways() {
    let port = upstream(|mut client| async move {
        client.head().await;
        let mut left = LARGE - client.read.len();
        let mut buffer = vec![0; 1 << 16];
        while left > 0 {
            left -= client.socket.read(&mut buffer).await.unwrap();
        }
        client.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n")).await;
        for _ in 0..LARGE / buffer.len() {
            client.send(&buffer).await;
        }
    })
    .await;
    let proxy = Proxy::before(port).await;
    let mut client = Peer::connect(proxy.port).await;
    client.send(format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {LARGE}\r\n\r\n")).await;
    let mut buffer = vec![0; 1 << 16];
    for _ in 0..LARGE / buffer.len() {
        client.send(&buffer).await;
    }
    client.head().await;
    let mut left = LARGE - client.read.len();
    while left > 0 {
        left -= timeout(DEADLINE, client.socket.read(&mut buffer)).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn trailers_reach_a_client_that_takes_them() {
    let port = upstream(|mut client| async move {
        assert!(client.head().await.contains("TE: trailers\r\n"));
        client.send("HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        client.send("2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n").await;
        client.rest().await;
    })
    .await;
    let proxy = Proxy::before(port).await;
    let mut client = Peer::connect(proxy.port).await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: trailers\r\n\r\n").await;
    client.head().await;
    assert_eq!(client.head().await.to_lowercase(), "2\r\nhi\r\n0\r\nx-sum: 7\r\n\r\n");
}

#[tokio::test]
async fn an_upstream_of_http_1_0_is_passed_on_until_it_closes() {
    let port = upstream(|mut client| async move {
        client.head().await;
        client.send("HTTP/1.0 200 OK\r\nServer: old\r\n\r\nall of it").await;
    })
    .await;
    let proxy = Proxy::before(port).await;
    let mut client = Peer::connect(proxy.port).await;
    client.send(get("/")).await;
    assert_eq!(client.rest().await, "HTTP/1.0 200 OK\r\nServer: old\r\n\r\nall of it");
}

async fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn an_upstream_that_is_down_is_told_even_to_a_client_that_is_still_sending() {
    let port = closed_port().await;
    let proxy = Proxy::before(port).await;
    let mut client = Peer::connect(proxy.port).await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n").await;
    let (mut reader, mut writer) = client.socket.into_split();
    let sends = tokio::spawn(async move { writer.write_all(&vec![0; 3_000_000]).await });
    let mut response = String::new();
    timeout(DEADLINE, reader.read_to_string(&mut response)).await.unwrap().unwrap();
    assert!(
        response.starts_with("HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/plain; charset=utf-8\r\n"),
        "{response}"
    );
    let sentence = format!("can't reach ws://127.0.0.1:{port}: nothing listens on 127.0.0.1:{port}; start the server");
    assert!(response.contains(&format!("\r\n\r\nwsproxy: {sentence}")), "{response}");
    let event = proxy.told(|event| matches!(event, ProxyEvent::Answered { .. })).await;
    assert!(matches!(event, ProxyEvent::Answered { status: 502, reason } if reason.starts_with(&sentence)));
    proxy.told(|event| matches!(event, ProxyEvent::Http { status: 502, .. })).await;
    let _ = sends.await.unwrap();
}

#[tokio::test]
async fn a_silent_upstream_is_a_504_and_the_connection_goes_on() {
    let port = upstream(|mut client| async move {
        if client.head().await.starts_with("GET /silent ") {
            client.rest().await;
        } else {
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
        }
    })
    .await;
    let limits = Limits { response_time: Duration::from_millis(100), ..Limits::default() };
    let proxy = Proxy::with(port, limits, "").await;
    let mut client = Peer::connect(proxy.port).await;
    client.send(get("/silent")).await;
    assert!(client.head().await.starts_with("HTTP/1.1 504 Gateway Timeout\r\n"));
    assert!(client.until("\n").await.contains("did not answer the request within 100ms"));
    client.send(get("/")).await;
    client.until("hi").await;
}

#[tokio::test]
async fn an_upstream_that_is_no_web_server_or_hangs_up_is_told() {
    for (says, words) in
        [("220 mail.example\r\n", "is not HTTP/1.1"), ("", "closed the connection in place of a response")]
    {
        let port = upstream(move |mut client| async move {
            client.head().await;
            client.send(says).await;
        })
        .await;
        let proxy = Proxy::before(port).await;
        let mut client = Peer::connect(proxy.port).await;
        client.send(get("/")).await;
        assert!(client.head().await.starts_with("HTTP/1.1 502 "));
        let sentence = client.until("\n").await;
        assert!(sentence.contains(words), "{sentence}");
    }
}

#[tokio::test]
async fn an_idle_connection_that_the_upstream_closed_is_dialled_again() {
    let port = upstream(|mut client| async move {
        client.head().await;
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
    })
    .await;
    let proxy = Proxy::before(port).await;
    let mut client = Peer::connect(proxy.port).await;
    for _ in 0..3 {
        client.send(get("/")).await;
        // The end may come together with the next request: then the client sees the end, and asks anew as browsers do.
        while !client.read.ends_with(b"hi") {
            if !client.more().await {
                client = Peer::connect(proxy.port).await;
                client.send(get("/")).await;
            }
        }
        client.until("hi").await;
    }
}

#[tokio::test]
async fn a_stale_connection_ends_without_a_response() {
    let port = upstream(|mut client| async move {
        client.head().await;
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
        client.head().await;
    })
    .await;
    let proxy = Proxy::before(port).await;
    let mut client = Peer::connect(proxy.port).await;
    client.send(get("/")).await;
    client.until("hi").await;
    client.send(get("/")).await;
    assert_eq!(client.rest().await, "");
    proxy.told(|event| matches!(event, ProxyEvent::Note(Level::Note, _))).await;
}

#[tokio::test]
async fn a_response_that_breaks_off_is_told_and_breaks_off() {
    let port = upstream(|mut client| async move {
        client.head().await;
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await;
    })
    .await;
    let proxy = Proxy::before(port).await;
    let mut client = Peer::connect(proxy.port).await;
    client.send(get("/file")).await;
    assert!(client.rest().await.ends_with("\r\n\r\nhalf"));
    let event = proxy.told(|event| matches!(event, ProxyEvent::Note(Level::Warning, _))).await;
    let ProxyEvent::Note(_, sentence) = event else { unreachable!() };
    assert!(sentence.contains("to GET /file broke off"), "{sentence}");
}

#[tokio::test]
async fn a_head_that_can_t_be_read_is_answered_and_told() {
    let proxy = Proxy::before(upstream(echo_targets).await).await;
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nCookie: {}", "x".repeat(300_000));
    let longer = "wsproxy: the request's head is longer than 65536 bytes";
    for (request, status, words) in [
        ("GET / HTTP/1.1\r\nbroken\r\n\r\n", 400, "wsproxy: the request is not HTTP/1.1: invalid header name"),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400, ""),
        (&long, 431, longer),
    ] {
        let mut client = Peer::connect(proxy.port).await;
        client.send(get("/one")).await;
        client.until("/one").await;
        client.send(request).await;
        let response = client.rest().await;
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")) && response.contains(words), "{response}");
        proxy.told(|event| matches!(event, ProxyEvent::Answered { status: told, .. } if *told == status)).await;
    }
}

#[tokio::test]
async fn connect_and_switched_answers_are_refused() {
    let port = upstream(|mut client| async move {
        client.head().await;
        client.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n").await;
        client.rest().await;
    })
    .await;
    let proxy = Proxy::before(port).await;
    for (request, status) in [("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 400), (&get("/"), 502)] {
        let mut client = Peer::connect(proxy.port).await;
        client.send(request).await;
        let head = client.head().await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    }
}

#[tokio::test]
async fn a_websocket_after_plain_requests_comes_back_whole() {
    let plain = get("/1");
    let post = "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let port = upstream(|mut client| async move {
        while client.more().await {
            let head = client.head().await;
            if head.starts_with("POST") {
                client.until("0\r\n\r\n").await;
            }
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
        }
    })
    .await;
    let mut proxy = Proxy::before(port).await;
    let frame = "\u{1}\u{2}early";
    for before in [&plain[..], post] {
        // One after the other, as browsers do; the head in two pieces.
        let mut client = Peer::connect(proxy.port).await;
        client.send(before).await;
        client.until("hi").await;
        client.send(&UPGRADE[..20]).await;
        client.send(&UPGRADE[20..]).await;
        let (mut socket, bytes) = timeout(DEADLINE, proxy.raw.recv()).await.unwrap().unwrap();
        assert_eq!(bytes, UPGRADE.as_bytes());
        socket.write_all(b"raw").await.unwrap();
        client.until("raw").await;

        // All at once: the responses before come first, and nothing says that the connection ends.
        let mut client = Peer::connect(proxy.port).await;
        client.send([before, before, UPGRADE, frame].concat()).await;
        let (mut socket, bytes) = timeout(DEADLINE, proxy.raw.recv()).await.unwrap().unwrap();
        assert_eq!(bytes, [UPGRADE, frame].concat().as_bytes());
        socket.write_all(b"raw").await.unwrap();
        let response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
        assert_eq!(client.until("raw").await, [response, response, "raw"].concat());
    }
}

#[tokio::test]
async fn a_websocket_behind_a_large_answer_loses_none_of_it() {
    const SIZE: usize = 8 << 20;
    let port = upstream(|mut client| async move {
        client.head().await;
        client.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n{}", "x".repeat(SIZE))).await;
        client.rest().await;
    })
    .await;
    let mut proxy = Proxy::before(port).await;
    let mut client = Peer::connect(proxy.port).await;
    client.send([&get("/"), UPGRADE].concat()).await;
    assert!(!client.head().await.contains("close"));
    while client.read.len() < SIZE {
        assert!(client.more().await);
    }
    let (_socket, bytes) = timeout(DEADLINE, proxy.raw.recv()).await.unwrap().unwrap();
    assert_eq!((bytes.as_slice(), client.read.len()), (UPGRADE.as_bytes(), SIZE));
}
