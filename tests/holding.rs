//! Messages are stopped on their way, edited and let go: at the keyboard with a real Chromium, and by commands.

use flate2::{Compress, Compression, FlushCompress};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use wsproxy::control::{Command, Control as _};
use wsproxy::query::Query;
use wsproxy::record::{FrameNumber, PerSide, Relayed, SessionId};
use wsproxy::relay::hold::{Condition, Decision};
use wsproxy::relay::injection::{Injection, Reply};
use wsproxy::relay::limits::Limits;
use wsproxy::wire::assembler::{Assembler, Extent, Message};
use wsproxy::wire::decoder::{Decoder, Part};
use wsproxy::wire::frame::{FIN, FrameHeader, RSV1};
use wsproxy::wire::opcode::Opcode;

use crate::support::chromium::{Browser, Tab};
use crate::support::proxy::{Proxy, in_time, open, read_head, server};
use crate::support::terminal::Terminal;

/// A server that compresses each message, with the window of all that it sent before.
pub(crate) struct Server {
    socket: TcpStream,
    packer: Compress,
    decoder: Decoder,
    messages: Assembler,
    rest: Vec<u8>,
}

impl Server {
    /// Takes a client, and agrees to compression.
    pub(crate) async fn accept(listener: &tokio::net::TcpListener) -> Self {
        let (mut socket, _) = in_time("a client", listener.accept()).await.unwrap();
        let head = read_head(&mut socket).await;
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
        let accept = wsproxy::wire::accept::value_for(key.as_bytes());
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
        );
        socket.write_all(answer.as_bytes()).await.unwrap();
        let mut messages = Assembler::new(Extent::Message, 1 << 20);
        messages.inflate();
        let packer = Compress::new(Compression::default(), false);
        Self { socket, packer, decoder: Decoder::default(), messages, rest: Vec::new() }
    }

    /// The next message from the client.
    async fn message(&mut self) -> Message {
        loop {
            if let Some(message) = self.next() {
                return message;
            }
            let read = in_time("a message", self.socket.read_buf(&mut self.rest)).await.unwrap();
            assert!(read > 0, "the connection ended");
        }
    }

    fn next(&mut self) -> Option<Message> {
        loop {
            let rest = std::mem::take(&mut self.rest);
            let (part, used) = self.decoder.next(&rest)?;
            // What it did not take it keeps.
            self.rest = rest[used..].to_vec();
            match part {
                Part::Header(header) => self.messages.header(&header).unwrap(),
                Part::Payload { last, .. } => {
                    if let Some(message) = self.messages.wire_payload(&rest[..used], last).unwrap() {
                        return Some(message);
                    }
                }
                Part::Lost(_) => panic!("lost"),
            }
        }
    }

    pub(crate) async fn text(&mut self) -> String {
        String::from_utf8(self.message().await.payload).unwrap()
    }

    /// Sends a text, compressed, in so many fragments.
    pub(crate) async fn say(&mut self, text: &str, fragments: usize) {
        let mut packed = Vec::with_capacity(text.len() + 100);
        self.packer.compress_vec(text.as_bytes(), &mut packed, FlushCompress::Sync).unwrap();
        packed.truncate(packed.len() - 4);
        let pieces: Vec<_> = packed.chunks(packed.len().div_ceil(fragments)).collect();
        for (index, piece) in pieces.iter().enumerate() {
            let first = if index == 0 { RSV1 | 1 } else { 0 } | if index + 1 == pieces.len() { FIN } else { 0 };
            let mut bytes = Vec::new();
            let header = FrameHeader { first, ..FrameHeader::new(Opcode::TEXT, piece.len() as u64, None) };
            header.write(&mut bytes);
            bytes.extend_from_slice(piece);
            self.socket.write_all(&bytes).await.unwrap();
        }
    }
}

/// Opens a socket in the page, which keeps what it gets in `got`.
pub(crate) async fn connect(tab: &mut Tab, port: u16) {
    let dial = format!(
        "new Promise(done => {{ window.got = []; window.socket = new WebSocket('ws://localhost:{port}/chat'); \
         socket.onmessage = event => got.push(event.data); socket.onopen = () => done('open') }})"
    );
    assert_eq!(tab.eval(&dial).await, "open");
}

/// Types what is held from now on.
fn hold(terminal: &mut Terminal, query: &str) {
    terminal.keys("i");
    terminal.until_shows("enter holds");
    // What was held before stands there.
    terminal.keys("\x15");
    terminal.keys(query);
    terminal.until_shows(&format!("hold {query}"));
    terminal.keys("\r");
    terminal.until_shows(&format!("HOLD {query}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_s_message_is_edited_before_the_server_gets_it_and_the_reverse() {
    let Some(browser) = Browser::start().await else { return };
    let (listener, address) = server().await;
    let mut terminal = Terminal::start(&["--listen", "0", "--no-probe", "--upstream", &address.to_string()], 30, 120);
    let mut tab = browser.open("about:blank").await;
    let (mut server, ()) = tokio::join!(Server::accept(&listener), connect(&mut tab, terminal.port()));

    // The page's, compressed: the second leans on the first, and the third on the second.
    hold(&mut terminal, "from:client second");
    tab.eval("socket.send('the first of the messages'); socket.send('the second of the messages')").await;
    assert_eq!(server.text().await, "the first of the messages");
    terminal.until_shows("held z the second of the messages");
    tab.eval("socket.send('the third of the messages')").await;
    terminal.until_shows("held z the third of the messages");
    terminal.keys("e");
    terminal.until_shows("Edit what the client sent");
    terminal.keys(", edited\r");
    terminal.until_shows("done: frame 2 of session 1 edited");
    assert_eq!(server.text().await, "the second of the messages, edited");
    let third = server.message().await;
    assert_eq!(third.payload, b"the third of the messages");
    assert_eq!(third.first & RSV1, 0, "it would lean on what the server never got");
    terminal.until_shows("~ z the second of the messages");
    // Compressed anew from here on, in a window that the server has.
    terminal.keys(":recompress\r");
    terminal.until_shows("compressed anew");
    tab.eval("socket.send('the fourth of the messages'); socket.send('the fifth of the messages')").await;
    for text in ["the fourth of the messages", "the fifth of the messages"] {
        let message = server.message().await;
        assert_eq!((message.payload, message.first & RSV1), (text.as_bytes().to_vec(), RSV1));
    }

    // The server's, in fragments and compressed.
    hold(&mut terminal, "from:server needle");
    server.say("hay and more hay", 1).await;
    server.say("hay, and a needle in the hay", 3).await;
    server.say("hay, and a needle in the hay, and hay", 2).await;
    terminal.until_shows("HOLD from:server needle · 2 held");
    assert_eq!(tab.eval("got.join('|')").await, "hay and more hay");
    terminal.keys("e");
    terminal.until_shows("/frag 3 hay, and a needle in the hay");
    terminal.keys("?\r");
    terminal.until_shows("done: frame 7 of session 1 edited");
    tab.until("got[1] == 'hay, and a needle in the hay?'").await;
    terminal.keys("a");
    tab.until("got[2] == 'hay, and a needle in the hay, and hay'").await;

    // Dropped, and then all that is held goes on as the screen is left.
    server.say("one needle", 1).await;
    server.say("another needle", 1).await;
    terminal.until_shows("HOLD from:server needle · 2 held");
    terminal.keys("G");
    terminal.until_shows("Frame 13");
    terminal.keys("X");
    terminal.until_shows("of session 1 dropped");
    terminal.keys("Q");
    terminal.until_shows("What is held goes on first, in order.");
    terminal.keys("y");
    assert_eq!(terminal.wait(), 0);
    tab.until("got[3] == 'one needle' && socket.readyState == 3 && got.length == 4").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_is_full_is_not_read_while_the_other_one_goes_on() {
    let (listener, address) = server().await;
    let limits = Limits { hold_bytes: 100_000, ..Limits::default() };
    let mut proxy = Proxy::with(address, limits).await;
    let (mut client, mut server) = open(&proxy, &listener).await;
    let condition = Condition::new(Query::parse("from:server").unwrap()).unwrap();
    proxy.handle.command(Command::Hold(PerSide::new(None, Some(condition.into()))), wsproxy::control::unheard());
    // Far more than it may hold, and than sockets take.
    let frame = [&b"\x82\x7f\0\0\0\0\0\x10\0\0"[..], &vec![7; 1 << 20]].concat();
    let sender = tokio::spawn(async move {
        for _ in 0..64 {
            server.write_all(&frame).await.unwrap();
        }
        server
    });
    proxy.until("a held message", |view| view.session(SessionId(1))?.held.first_key_value().map(drop)).await;
    client.write_all(b"\x81\x81\0\0\0\0c").await.unwrap();
    proxy.until("the client's", |view| (view.session(SessionId(1))?.frames.client == 1).then_some(())).await;
    assert!(!sender.is_finished());
    let held: u64 = proxy.view.session(SessionId(1)).unwrap().payload.server;
    assert!(held <= 100_000 + 512 * 1024, "{held} bytes were read");
    proxy.handle.command(Command::Hold(PerSide::default()), wsproxy::control::unheard());
    let all = (10 + (1 << 20)) * 64;
    let mut bytes = vec![0; 1 << 20];
    let mut got = 0;
    while got < all {
        got += in_time("the rest", client.read(&mut bytes)).await.unwrap();
    }
    in_time("the sender", sender).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_decide_in_any_order_and_what_is_held_leaves_in_its_own() {
    let (listener, address) = server().await;
    let mut proxy = Proxy::start(address).await;
    let (mut client, mut server) = open(&proxy, &listener).await;
    let condition = Condition::new(Query::parse("op:text").unwrap()).unwrap();
    proxy.handle.command(Command::Hold(PerSide::new(None, Some(condition.into()))), wsproxy::control::unheard());
    server.write_all(b"\x81\x01a\x81\x01b").await.unwrap();
    proxy.until("two held", |view| (view.session(SessionId(1))?.held.len() == 2).then_some(())).await;
    let decide = |frame: u64, decision| {
        let (sender, receiver) = tokio::sync::mpsc::channel(4);
        let reply = Box::new(move |reply| sender.try_send(reply).expect("two replies at most"));
        let (session, frame) = (SessionId(1), FrameNumber::new(frame));
        proxy.handle.command(Command::Decide { session, frame, decision }, reply);
        receiver
    };
    let mut second = decide(2, Decision::Edit(Injection::whole(Opcode::TEXT, b"edited".to_vec())));
    assert!(matches!(in_time("a reply", second.recv()).await, Some(Reply::Waiting(_))));
    let mut first = decide(1, Decision::Release);
    assert_eq!(in_time("a reply", first.recv()).await, Some(Reply::Released));
    assert_eq!(in_time("a reply", second.recv()).await, Some(Reply::Released));
    let mut none = decide(1, Decision::Drop);
    assert!(matches!(in_time("a reply", none.recv()).await, Some(Reply::Refused(_))));
    let mut bytes = [0; 11];
    in_time("both", client.read_exact(&mut bytes)).await.unwrap();
    assert_eq!(&bytes, b"\x81\x01a\x81\x06edited");
    proxy.until("none held", |view| view.session(SessionId(1))?.held.is_empty().then_some(())).await;
    let relayed: Vec<_> = proxy.frames(1).into_iter().map(|(frame, _)| frame.relayed).collect();
    assert_eq!(relayed, [Relayed::AsIs, Relayed::Changed(wsproxy::record::By::User)]);
}

/// Takes a client's request, and responds with a head whose last field is the accept value.
async fn respond(listener: &tokio::net::TcpListener) -> (TcpStream, String) {
    let (mut socket, _) = in_time("a client", listener.accept()).await.unwrap();
    let head = read_head(&mut socket).await;
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        wsproxy::wire::accept::value_for(key.as_bytes())
    );
    socket.write_all(response.as_bytes()).await.unwrap();
    (socket, head)
}

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_and_close_frames_are_edited_before_they_go_on() {
    let Some(browser) = Browser::start().await else { return };
    let (listener, address) = server().await;
    let arguments = ["--listen", "0", "--no-probe", "--upstream", &address.to_string()];
    let mut terminal = Terminal::start_with(&arguments, &[("EDITOR", "sed -i s/chat/better/")], 40, 120);
    let mut tab = browser.open("about:blank").await;
    let dial = format!(
        "window.dial = () => {{ window.socket = new WebSocket('ws://localhost:{}/room', ['chat', 'better']); \
         socket.onclose = event => window.ended = event.code + event.reason }}; dial()",
        terminal.port()
    );
    hold(&mut terminal, "is:head or op:close");
    tab.eval(&dial).await;

    // The request, before the server is connected to.
    terminal.until_shows("held GET /room");
    terminal.keys("e");
    terminal.until_shows("Edit the client's request");
    terminal.keys("\x1b\r");
    terminal.keys("X-Extra: 1");
    terminal.until_shows("+ X-Extra: 1");
    terminal.keys("\r");
    let (mut server, head) = respond(&listener).await;
    assert!(head.contains("\r\nX-Extra: 1\r\n"), "{head}");

    // The response, in an editor.
    terminal.until_shows("held HTTP/1.1 101");
    assert_eq!(tab.eval("socket.readyState").await, 0);
    terminal.keys("e");
    terminal.until_shows("Edit the server's response");
    terminal.until_shows("Chrome opens the socket on it");
    terminal.keys("\x05");
    terminal.until_shows("~ Sec-WebSocket-Protocol: chat → better");
    terminal.keys("\r");
    tab.until("socket.readyState == 1 && socket.protocol == 'better'").await;
    terminal.keys("3");
    terminal.until_shows("protocol    better");
    terminal.keys("G");
    terminal.until_shows("~ Sec-WebSocket-Protocol: better");
    terminal.until_shows("~ Sec-WebSocket-Protocol: chat");
    terminal.keys("1");

    // The server's close frame.
    server.write_all(b"\x88\x05\x03\xe8bye").await.unwrap();
    terminal.until_shows("held 1000");
    terminal.keys("e");
    terminal.until_shows("/close 1000 bye");
    terminal.keys("\x15/close 4001 edited\r");
    // The page replies with the same code, which is held as well.
    terminal.until_shows("held 4001");
    terminal.keys("a");
    let mut close = [0; 14];
    in_time("a close frame", server.read_exact(&mut close)).await.unwrap();
    assert_eq!(close[..2], [0x88, 0x88]);
    drop(server);
    tab.until("window.ended == '4001edited'").await;

    // An accept value that the browser refuses.
    let until_none_is_held = |terminal: &Terminal| {
        terminal.until("nothing to be held", |screen| (!screen.contains(" held, ")).then_some(()));
    };
    until_none_is_held(&terminal);
    tab.eval("dial()").await;
    terminal.until_shows("HOLD is:head or op:close · 1 held");
    terminal.keys("a");
    until_none_is_held(&terminal);
    let _server = respond(&listener).await;
    terminal.until_shows("HOLD is:head or op:close · 1 held");
    terminal.keys("e");
    terminal.until_shows("Chrome opens the socket on it");
    terminal.keys("\x7f");
    let words = "Error during WebSocket handshake: Incorrect 'Sec-WebSocket-Accept' header value";
    terminal.until_shows(&format!("Chrome fails on it: {words}"));
    terminal.keys("\r");
    let told = tab.console().await;
    assert!(told.ends_with(words), "{told}");
}
