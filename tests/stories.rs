//! Whole stories: the real binary in a terminal, real peers on both sides of it, and a person at the keyboard.

use flate2::{Compress, Compression, FlushCompress};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use wsproxy::decode::Decoder;
use wsproxy::wire::frame;
use wsproxy::wire::inflate::{Inflater, TAIL};
use wsproxy::wire::opcode::Opcode;

use crate::support::proxy::{ANSWER, REQUEST, connect, in_time, read, read_head, server};
use crate::support::terminal::Terminal;

/// A terminal with wsproxy in it, and the server behind it.
struct Story {
    terminal: Terminal,
    listener: TcpListener,
}

/// A client and the server that it talks to through wsproxy.
struct Peers {
    client: WebSocketStream<MaybeTlsStream<TcpStream>>,
    server: WebSocketStream<TcpStream>,
}

impl Story {
    async fn begin(rows: u16, columns: u16) -> Self {
        let (listener, address) = server().await;
        let terminal = Terminal::start(
            &["--listen", "127.0.0.1:0", "--no-probe", "--upstream", &address.to_string()],
            rows,
            columns,
        );
        Self { terminal, listener }
    }

    /// A client connects, and the server takes it.
    async fn connect(&self, path: &str) -> Peers {
        let url = format!("ws://localhost:{}{path}", self.terminal.port());
        let accept = async {
            let (socket, _) = self.listener.accept().await.unwrap();
            tokio_tungstenite::accept_async(socket).await.unwrap()
        };
        let both = async { tokio::join!(tokio_tungstenite::connect_async(url), accept) };
        let (client, server) = in_time("the handshake", both).await;
        Peers { client: client.unwrap().0, server }
    }

    /// Writes into the composer that `key` opens, and sends it.
    fn send(&mut self, key: &str, text: &str) {
        let terminal = &mut self.terminal;
        terminal.keys(key);
        terminal.until_shows("esc close");
        terminal.keys(text);
        terminal.until_shows(text);
        terminal.keys("\r");
        terminal.until_shows("sent as frame");
        // Nothing behind an escape until it has worked: together they would be another key.
        terminal.keys("\x1b");
        terminal.until("the composer to go", |screen| (!screen.contains("esc close")).then_some(()));
    }

    /// The last line of a screen of that size is where it belongs.
    fn resize(&self, rows: u16, columns: u16) {
        self.terminal.resize(rows, columns);
        self.terminal.until("the last line of the new size", |screen| {
            let footer = screen.lines().nth(usize::from(rows) - 1)?;
            (footer.contains("? help") && footer.chars().count() <= usize::from(columns)).then_some(())
        });
    }
}

impl Peers {
    async fn at_client(&mut self) -> Message {
        in_time("a message at the client", self.client.next()).await.unwrap().unwrap()
    }

    async fn at_server(&mut self) -> Message {
        in_time("a message at the server", self.server.next()).await.unwrap().unwrap()
    }

    /// Both get a close frame, answer it, and the connections end.
    async fn are_closed(&mut self, code: u16) {
        for message in [self.at_client().await, self.at_server().await] {
            let Message::Close(Some(close)) = message else { panic!("{message:?} is no close frame") };
            assert_eq!(u16::from(close.code), code);
        }
        // Going on to the end sends the answers.
        let ends = async { tokio::join!(self.client.next(), self.server.next()) };
        let (client, server) = in_time("both ends", ends).await;
        assert!(matches!(client, None | Some(Err(Error::ConnectionClosed))), "{client:?}");
        assert!(matches!(server, None | Some(Err(Error::ConnectionClosed))), "{server:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_looks_at_a_frame_and_puts_others_into_the_session() {
    let mut story = Story::begin(24, 80).await;
    let mut peers = story.connect("/chat").await;
    peers.client.send(Message::text("from the page")).await.unwrap();
    assert_eq!(peers.at_server().await, Message::text("from the page"));
    story.terminal.until_shows("from the page");
    peers.server.send(Message::text(r#"{"answer":42}"#)).await.unwrap();
    assert_eq!(peers.at_client().await, Message::text(r#"{"answer":42}"#));
    story.terminal.until_shows(r#"{"answer":42}"#);

    // The page's frame: its header in a line, then bit by bit, and its bytes.
    story.terminal.keys("k");
    story.terminal.until_shows("Frame 1 · text");
    story.terminal.until_shows("FIN text MASK len 13 (7 bit)");
    story.terminal.keys("\r");
    story.terminal.keys("H");
    story.terminal.until_shows("FIN     1 final");
    story.terminal.keys("H");
    story.terminal.keys("x");
    story.terminal.keys("G");
    story.terminal.until_shows("66 72 6f 6d 20 74 68 65");
    story.terminal.keys("x");
    story.terminal.until_shows("payload as text");
    story.terminal.keys("\x1b");
    story.terminal.until_shows("s to server");

    // A search over all that was seen.
    story.terminal.keys("/");
    story.terminal.keys("answer");
    story.terminal.keys("\r");
    story.terminal.until_shows("1 of 1 match");
    story.terminal.keys("\x1b");
    story.terminal.until_shows("s to server");

    // Into the session, either way.
    story.send("s", "typed for the server");
    assert_eq!(peers.at_server().await, Message::text("typed for the server"));
    story.send("c", "/bin 00 ff");
    assert_eq!(peers.at_client().await, Message::binary(vec![0, 255]));
    story.send("c", "/ping are you there");
    assert_eq!(peers.at_client().await, Message::Ping("are you there".into()));
    peers.client.flush().await.unwrap();
    assert_eq!(peers.at_server().await, Message::Pong("are you there".into()));
    story.terminal.keys("F");
    story.terminal.until_shows("pong ");

    // At any size.
    for (rows, columns) in [(40, 120), (10, 40), (24, 80)] {
        story.resize(rows, columns);
    }

    // It asks before it quits, and a no means no.
    story.terminal.keys("q");
    story.terminal.until_shows("1 session is open.");
    story.terminal.keys("\x1b");
    story.terminal.until("the question to go", |screen| (!screen.contains("1 session is open.")).then_some(()));
    peers.client.send(Message::text("still there")).await.unwrap();
    assert_eq!(peers.at_server().await, Message::text("still there"));
    story.terminal.until_shows("still there");
    story.terminal.keys(":quit!\r");
    peers.are_closed(1001).await;
    assert_eq!(story.terminal.wait(), 0);
    assert!(story.terminal.is_restored());
}

/// A text as a compressed frame of a client's, from a compressor that keeps its window.
fn packed(packer: &mut Compress, text: &str) -> Vec<u8> {
    let mut payload = Vec::with_capacity(256);
    packer.compress_vec(text.as_bytes(), &mut payload, FlushCompress::Sync).unwrap();
    payload.truncate(payload.len() - TAIL.len());
    let mut bytes = Vec::new();
    frame::write(Opcode::TEXT, &payload, Some([0; 4]), &mut bytes);
    bytes[0] |= 0x40;
    bytes
}

/// The next message of a client's, inflated where it says that it is compressed.
async fn unpacked(server: &mut TcpStream, inflater: &mut Inflater) -> String {
    let head = read(server, 6).await;
    let mut payload = read(server, usize::from(head[1] & 0x7f)).await;
    payload.iter_mut().zip(head[2..].iter().cycle()).for_each(|(byte, key)| *byte ^= key);
    if head[0] & 0x40 == 0 {
        return String::from_utf8_lossy(&payload).into_owned();
    }
    let mut text = Vec::new();
    for piece in [payload.as_slice(), &TAIL] {
        let taken = inflater.feed(piece, |bytes| {
            text.extend_from_slice(bytes);
            true
        });
        taken.expect("it inflates");
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_message_that_is_sent_once_more_leaves_the_later_ones_alone() {
    let extensions = |head: &[u8]| {
        let head = head.strip_suffix(b"\r\n").expect("an empty line at its end");
        [head, b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"].concat()
    };
    let mut story = Story::begin(24, 80).await;
    let mut client = connect(([127, 0, 0, 1], story.terminal.port()).into()).await;
    client.write_all(&extensions(REQUEST)).await.unwrap();
    let (mut server, _) = in_time("a connection", story.listener.accept()).await.unwrap();
    read_head(&mut server).await;
    server.write_all(&extensions(ANSWER)).await.unwrap();
    read_head(&mut client).await;

    let (mut packer, mut inflater) = (Compress::new(Compression::best(), false), Inflater::default());
    let texts = ["four sheep and a goat", "four goats and a sheep", "a sheep and four goats", "five sheep, four goats"];
    client.write_all(&packed(&mut packer, texts[0])).await.unwrap();
    client.write_all(&packed(&mut packer, texts[1])).await.unwrap();
    for text in &texts[..2] {
        assert_eq!(unpacked(&mut server, &mut inflater).await, *text);
    }
    story.terminal.until_shows("Frame 2 · text");
    story.terminal.keys("r");
    assert_eq!(unpacked(&mut server, &mut inflater).await, texts[1]);
    for text in &texts[2..] {
        client.write_all(&packed(&mut packer, text)).await.unwrap();
        assert_eq!(unpacked(&mut server, &mut inflater).await, *text);
    }
    story.terminal.keys(":quit!\r");
    assert_eq!(story.terminal.wait(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_closes_the_sessions_and_gives_the_terminal_back() {
    let mut story = Story::begin(24, 80).await;
    let mut peers = story.connect("/").await;
    story.terminal.until_shows("1 open of 1");
    let process = story.terminal.process_id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
    peers.are_closed(1001).await;
    assert_eq!(story.terminal.wait(), 0);
    assert!(story.terminal.is_restored());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_peer_sends_reaches_the_terminal_as_it_is() {
    /// A title, a reset, the same with one byte (C1), a device control, overrides of direction, a bell.
    const HOSTILE: &str =
        "\x1b]0;owned\x07\x1b[2J\x1bc\u{9d}0;owned\u{9c}\u{9b}2J\u{90}q\u{9c}\u{202e}gnp\u{2066}\r\x08";
    let forbidden =
        ["\x1b]0;", "\x1bc", "\x07", "\x08", "\u{9d}", "\u{9c}", "\u{9b}", "\u{90}", "\u{202e}", "\u{2066}"];

    let mut story = Story::begin(40, 120).await;
    let mut peers = story.connect("/").await;
    let json = format!(r#"{{"{HOSTILE}":"{HOSTILE}"}}"#);
    peers.server.send(Message::text(HOSTILE)).await.unwrap();
    peers.server.send(Message::text(json)).await.unwrap();
    peers.server.send(Message::binary(HOSTILE)).await.unwrap();
    peers.server.send(Message::Ping(HOSTILE.into())).await.unwrap();
    story.terminal.until_shows("ping ");
    // Each of them in detail, in each form.
    for frame in (1..=4).rev() {
        story.terminal.until_shows(&format!("Frame {frame} · "));
        for (key, shown) in [("x", "0000 "), ("t", "as text")] {
            story.terminal.keys(key);
            story.terminal.until_shows(shown);
        }
        for decoder in Decoder::ALL {
            story.terminal.keys(&format!(":decoder {}\r", decoder.name()));
            story.terminal.until_shows(&format!("decoder of session 1: {}", decoder.title()));
        }
        story.terminal.keys(":decoder auto\r");
        story.terminal.until_shows("decoder of session 1: none, guessed");
        story.terminal.keys("k");
    }

    // A head with the same in its target and in a field.
    let mut raw = TcpStream::connect(("localhost", story.terminal.port())).await.unwrap();
    let head = format!("GET /end-of-{HOSTILE}-path HTTP/1.1\nUpgrade: websocket\nX: {HOSTILE}\n\n");
    raw.write_all(head.as_bytes()).await.unwrap();
    story.terminal.until_shows("2 /end-");
    story.terminal.keys("]]");
    story.terminal.until_shows("Frames · session 2");
    for (tab, title) in
        [("2", "━ Sessions ━"), ("3", "━ Handshake "), ("4", "━ Diagnosis "), ("5", "━ Log "), ("1", "━ Frames ")]
    {
        story.terminal.keys(tab);
        story.terminal.until_shows(title);
    }
    story.terminal.keys("q");
    story.terminal.until_shows("open.");
    story.terminal.keys("y");
    assert_eq!(story.terminal.wait(), 0);

    let written = story.terminal.raw();
    for sequence in forbidden {
        let found = written.windows(sequence.len()).position(|window| window == sequence.as_bytes());
        assert_eq!(found, None, "{sequence:?} reached the terminal");
    }
}
