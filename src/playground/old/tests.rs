//! The old servers over real sockets. All bytes are written by hand.

use std::io::ErrorKind;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::playground::tests::{connect, expect, rest};
use crate::playground::{Playground, start};

const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const UPGRADED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
const HELLO: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";

/// Key1, Key2, key3 and what answers them.
const CHALLENGES: [(&str, &str, &[u8; 8], &[u8; 16]); 5] = [
    ("4 @1  46546xW%0l 1 5", "12998 5 Y3 1  .P00", b"^n:ds[4U", b"8jKS'y:G*Co,Wxa-"),
    ("18x 6]8vM;54 *(5:  {   U1]8  z [  8", "1_ tx7X d  <  nw  334J702) 7]o}` 0", b"Tm[K T2u", b"fQJ,fN/4F4!~K~MH"),
    ("3e6b263  4 17 80", "17  9 G`ZD9   2 2b 7X 3 /r90", b"WjN}|M(6", b"n`9eBk9z$R8pOtVb"),
    (
        "30  ;- 5=5 u 4 1  7336",
        ":2 8 G(  07A 93Ql 3 *20 Ox0G'w",
        b"\x5d\x9f\xb0\x67\x0f\xe4\xfa\x75",
        b"\xb6\xbc\x2a\x9e\xa0\x0c\x1c\xb9\x0f\xad\xdc\x97\x90\x60\x17\xa8",
    ),
    // The document gives only the numbers of this one.
    ("77700 7543", "114x997 259", b"\x47\x30\x22\x2d\x5a\x3f\x47\x58", b"0st3Rl&q-2ZU^weu"),
];

fn hixie(path: &str, keys: Option<(&str, &str)>) -> Vec<u8> {
    let keys = keys.map(|(one, two)| format!("Sec-WebSocket-Key1: {one}\r\nSec-WebSocket-Key2: {two}\r\n"));
    let keys = keys.unwrap_or_default();
    let head = format!(
        "GET {path} HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: h:1\r\nOrigin: http://o\r\n{keys}\r\n"
    );
    head.into_bytes()
}

fn hybi(path: &str, more: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{KEY}\r\n{more}\r\n")
        .into_bytes()
}

/// A frame with the key 00 00 00 00, so that the payload stands there as it is.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap();
    let second = u8::try_from(length).ok().filter(|length| *length < 126);
    let mut out = vec![first];
    match second {
        Some(length) => out.push(0x80 | length),
        None => out.extend([&[0x80 | 126], length.to_be_bytes().as_slice()].concat()),
    }
    out.extend([0; 4]);
    out.extend(payload);
    out
}

async fn asked(playground: &Playground, request: &[u8]) -> TcpStream {
    let mut stream = connect(playground.addr()).await;
    stream.write_all(request).await.unwrap();
    stream
}

/// Nothing was said and nothing was ended, though meanwhile another connection got its response.
async fn is_silent(playground: &Playground, mut stream: TcpStream) {
    let mut other = asked(playground, &hixie("/old/hixie-75", None)).await;
    other.read_u8().await.unwrap();
    let error = stream.try_read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    stream.shutdown().await.unwrap();
    assert_eq!(rest(&mut stream).await, b"");
}

fn loop_head(origin: &str) -> String {
    format!(
        "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
         WebSocket-Origin: {origin}\r\nSec-Websocket-Origin: {origin}\r\n\
         WebSocket-Location: ws://localhost:9999/\r\nSec-Websocket-Location: ws://localhost:9999/\r\n\r\n"
    )
}

#[tokio::test]
async fn the_select_loop_solves_the_challenge_and_echoes() {
    let playground = start().await.unwrap();
    for (key1, key2, key3, solution) in CHALLENGES {
        let request = [hixie("/old/hixie-76", Some((key1, key2))), key3.to_vec()].concat();
        let mut stream = asked(&playground, &request).await;
        expect(&mut stream, &[loop_head("http://o").as_bytes(), solution].concat()).await;
        stream.write_all(b"\x00one\xff\x00two\xffjunk\xff\x00thr").await.unwrap();
        expect(&mut stream, b"\x00echo: one\xff\x00echo: two\xff").await;
        stream.write_all(b"ee\xff").await.unwrap();
        expect(&mut stream, b"\x00echo: three\xff").await;
    }
}

#[tokio::test]
async fn the_select_loop_takes_for_key3_only_what_came_with_the_head() {
    let playground = start().await.unwrap();
    let (key1, key2, key3, solution) = CHALLENGES[0];
    let mut stream = asked(&playground, &hixie("/old/hixie-76", Some((key1, key2)))).await;
    expect(&mut stream, loop_head("http://o").as_bytes()).await;
    let mut wrong = [0; 16];
    stream.read_exact(&mut wrong).await.unwrap();
    assert_ne!(&wrong, solution);
    // The third key is now the start of a piece that is no message.
    stream.write_all(&[key3.as_slice(), b"\x00lost\xff\x00hi\xff"].concat()).await.unwrap();
    expect(&mut stream, b"\x00echo: hi\xff").await;
}

#[tokio::test]
async fn the_select_loop_speaks_hixie_75_to_who_sends_no_keys() {
    let playground = start().await.unwrap();
    let mut stream = asked(&playground, &hixie("/old/hixie-76", None)).await;
    expect(&mut stream, loop_head("http://o").as_bytes()).await;
    stream.write_all(b"\x00hi\xff").await.unwrap();
    expect(&mut stream, b"\x00echo: hi\xff").await;
    // An RFC 6455 request has no such keys, and this one has no origin.
    let mut stream = asked(&playground, &hybi("/old/hixie-76", "")).await;
    expect(&mut stream, loop_head("None").as_bytes()).await;
}

#[tokio::test]
async fn the_select_loop_falls_silent_over_keys_and_lines_that_it_can_t_work_out() {
    let playground = start().await.unwrap();
    let sound = CHALLENGES[0].1;
    for key in ["12345", "1 3 ", "no digits", "99999999999999999999 ", "4294967296 0 "] {
        let request = [hixie("/old/hixie-76", Some((key, sound))), b"12345678".to_vec()].concat();
        is_silent(&playground, asked(&playground, &request).await).await;
    }
    let request = b"GET /old/hixie-76 HTTP/1.1\r\nHost:h\r\n\r\n";
    is_silent(&playground, asked(&playground, request).await).await;
}

#[tokio::test]
async fn a_thread_of_hixie_75_knows_two_words() {
    let playground = start().await.unwrap();
    let mut stream = asked(&playground, &hixie("/old/hixie-75", None)).await;
    let head = "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
                WebSocket-Origin: http://o\r\nWebSocket-Location:  ws://h:1/old/hixie-75\r\n\r\n";
    expect(&mut stream, head.as_bytes()).await;
    stream.write_all(b"\x00CONNECTED\xff").await.unwrap();
    expect(&mut stream, b"\x00Welcome\xff").await;
    stream.write_all(b"\x00POKE\xff").await.unwrap();
    expect(&mut stream, b"\x00Quit poking me!\xff").await;
    // Two in one read are nothing that it knows.
    stream.write_all(b"\x00POKE\xff\x00POKE\xff").await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(rest(&mut stream).await, b"");
}

#[tokio::test]
async fn a_thread_of_hixie_75_dies_over_more_than_255_bytes_or_without_an_origin() {
    let playground = start().await.unwrap();
    let short = String::from_utf8(hixie("/old/hixie-75", None)).unwrap();
    let filled = |length: usize| short.replace("Host", &format!("Filler: {}\r\nHost", "x".repeat(length)));
    let room = 255 - filled(0).len();
    let mut stream = asked(&playground, filled(room).as_bytes()).await;
    expect(&mut stream, b"HTTP/1.1 101 Web").await;
    for request in [filled(room + 1), short.replace("Origin", "Origine"), short.replace("Host", "Post")] {
        is_silent(&playground, asked(&playground, request.as_bytes()).await).await;
    }
}

#[tokio::test]
async fn a_thread_of_hixie_76_takes_the_end_of_its_read_for_key3() {
    let playground = start().await.unwrap();
    for (key1, key2, key3, solution) in CHALLENGES {
        // With something between the head and key3, to see where it looks.
        let request = [hixie("/old/hixie-76-poke", Some((key1, key2))), b"?".to_vec(), key3.to_vec()].concat();
        let mut stream = asked(&playground, &request).await;
        let head = "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Origin: http://o\r\nSec-WebSocket-Location:  ws://h:1/old/hixie-76-poke\r\n\r\n";
        expect(&mut stream, &[head.as_bytes(), solution].concat()).await;
        stream.write_all(b"\x00POKE\xff").await.unwrap();
        expect(&mut stream, b"\x00Quit poking me!\xff").await;
    }
    is_silent(&playground, asked(&playground, &hixie("/old/hixie-76-poke", None)).await).await;
}

#[tokio::test]
async fn the_server_with_the_line_feed_greets_once_and_is_gone() {
    let playground = start().await.unwrap();
    let mut stream = asked(&playground, &hybi("/old/newline", "Sec-WebSocket-Version: 13\r\n")).await;
    expect(&mut stream, format!("{UPGRADED}{ACCEPT}\n\r\n\r\n").as_bytes()).await;
    stream.write_all(HELLO).await.unwrap();
    assert_eq!(rest(&mut stream).await, b"\x81\x05\x48\x65\x6c\x6c\x6f");
    let mut stream = asked(&playground, &hybi("/old/newline", "")).await;
    expect(&mut stream, format!("{UPGRADED}{ACCEPT}\n\r\n\r\n").as_bytes()).await;
    stream.write_all(b"\x81\x05Hello").await.unwrap();
    assert_eq!(rest(&mut stream).await, b"", "an unmasked frame kills it");
}

#[tokio::test]
async fn version_8_ends_its_head_by_luck_and_takes_one_frame_for_each_read() {
    let playground = start().await.unwrap();
    let mut stream = asked(&playground, &hybi("/old/hybi-08", "Sec-WebSocket-Version: 8\r\n")).await;
    expect(&mut stream, format!("{UPGRADED}{ACCEPT}\n\r\n").as_bytes()).await;
    stream.write_all(HELLO).await.unwrap();
    expect(&mut stream, b"\x81\x05Hello").await;
    let two = [masked(0x82, b"\x00\xff"), masked(0x81, b"second")].concat();
    stream.write_all(&two).await.unwrap();
    expect(&mut stream, b"\x82\x02\x00\xff").await;
    assert_eq!(stream.try_read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::WouldBlock);
    // The rest of this frame comes in a read of its own, and is answered by then.
    stream.write_all(&masked(0x81, b"third")[..3]).await.unwrap();
    expect(&mut stream, b"\x81\x06second").await;
    stream.write_all(&masked(0x81, b"third")[3..]).await.unwrap();
    expect(&mut stream, b"\x81\x05third").await;
    for (length, header) in [(126, b"\x81\x7e\x00\x7e".as_slice()), (65534, b"\x81\x7e\xff\xfe")] {
        stream.write_all(&masked(0x81, &vec![b'x'; length])).await.unwrap();
        expect(&mut stream, &[header, &vec![b'x'; length]].concat()).await;
    }
    stream.write_all(&masked(0x81, &[b'x'; 65535])).await.unwrap();
    expect(&mut stream, b"\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xffxxx").await;
}

#[tokio::test]
async fn version_8_drops_control_frames_and_misreads_64_bit_lengths() {
    let playground = start().await.unwrap();
    let path = "/old/hybi-08";
    for frame in [masked(0x89, b"ping"), masked(0x8a, b"pong"), masked(0x80, b"more"), masked(0x88, b"\x03\xe8")] {
        let mut stream = asked(&playground, &hybi(path, "")).await;
        expect(&mut stream, format!("{UPGRADED}{ACCEPT}\n\r\n").as_bytes()).await;
        stream.write_all(&frame).await.unwrap();
        stream.shutdown().await.unwrap();
        assert_eq!(rest(&mut stream).await, b"");
    }
    let mut stream = asked(&playground, &hybi(path, "")).await;
    expect(&mut stream, format!("{UPGRADED}{ACCEPT}\n\r\n").as_bytes()).await;
    // Its length is taken as 3, and what follows as masking key and payload.
    stream.write_all(b"\x81\xff\x00\x00\x00\x03\x00\x00\x00\x00abc").await.unwrap();
    expect(&mut stream, b"\x81\x03abc").await;
    // A right one of 65536 bytes is read as an empty text.
    stream.write_all(b"\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00").await.unwrap();
    expect(&mut stream, b"\x81\x00").await;
}

#[tokio::test]
async fn version_8_hangs_up_on_what_it_does_not_like_and_puts_the_subprotocol_among_the_frames() {
    let playground = start().await.unwrap();
    let right = String::from_utf8(hybi("/old/hybi-08", "")).unwrap();
    for wrong in [
        right.replace(" HTTP/1.1", "?a=1 HTTP/1.1"),
        right.replace("Host: h", "Host:h"),
        right.replace("Host: h", "Host: h: 1"),
        right.replace("-Key: ", "-Kez: "),
    ] {
        assert_eq!(rest(&mut asked(&playground, wrong.as_bytes()).await).await, b"", "{wrong}");
    }
    let mut stream = asked(&playground, &hybi("/old/hybi-08", "Sec-WebSocket-Protocol: x\r\n")).await;
    expect(&mut stream, format!("{UPGRADED}{ACCEPT}\n\r\nSec-WebSocket-Protocol: x\r\n").as_bytes()).await;
    stream.write_all(HELLO).await.unwrap();
    expect(&mut stream, b"\x81\x05Hello").await;
}

#[tokio::test]
async fn version_8_sends_to_all_who_are_connected() {
    let playground = start().await.unwrap();
    let path = "/old/hybi-08-broadcast";
    // Still in its handshake.
    let mut late = connect(playground.addr()).await;
    late.write_all(format!("GET {path} HTTP/1.1\r\nHost: h\r\n").as_bytes()).await.unwrap();
    let (mut one, mut two) = (asked(&playground, &hybi(path, "")).await, asked(&playground, &hybi(path, "")).await);
    let head = format!("{UPGRADED}{ACCEPT}\n\r\n");
    for stream in [&mut one, &mut two] {
        expect(stream, head.as_bytes()).await;
    }
    one.write_all(HELLO).await.unwrap();
    for stream in [&mut one, &mut two] {
        expect(stream, b"\x81\x05Hello").await;
    }
    late.write_all(format!("{KEY}\r\n\r\n").as_bytes()).await.unwrap();
    expect(&mut late, head.as_bytes()).await;
    two.write_all(&masked(0x82, b"to all")).await.unwrap();
    for stream in [&mut one, &mut two, &mut late] {
        expect(stream, b"\x82\x06to all").await;
    }
}

#[tokio::test]
async fn version_7_is_spoken_without_a_mistake_and_asked_for() {
    let playground = start().await.unwrap();
    let mut stream = asked(&playground, &hybi("/old/hybi-07", "Sec-WebSocket-Version: 7\r\n")).await;
    expect(&mut stream, format!("{UPGRADED}{ACCEPT}\r\n\r\n").as_bytes()).await;
    stream.write_all(&[HELLO, &masked(0x89, b"?"), &masked(0x88, b"\x03\xe8")].concat()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(rest(&mut stream).await, b"\x81\x05Hello\x8a\x01?\x88\x02\x03\xe8");
    let mut stream = asked(&playground, &hybi("/old/hybi-07", "Sec-WebSocket-Version: 13\r\n")).await;
    expect(&mut stream, b"HTTP/1.1 400 Bad Request\r\nSec-WebSocket-Version: 7\r\n").await;
}
