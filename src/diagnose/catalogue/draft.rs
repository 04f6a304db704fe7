//! What is said about findings in the layer `draft`.

use crate::record::finding::Level;

use super::{REPAIR_HEAD, Words};

pub(super) const HIXIE75_STATUS_LINE: Words = Words {
    level: Level::Warning,
    title: "a hixie-75 response does not begin with the exact status line of the draft",
    spec: "hixie-75 3",
    chrome: "knows no hixie-75; up to 5 (2010): Unexpected response code:<code>",
    firefox: "never spoke hixie-75",
    safari: "Safari 5.0 refuses: Unexpected response code:<code>",
    differs: &[],
    from_client: None,
    cause: "the reason phrase is another one",
    fix: "HTTP/1.1 101 Web Socket Protocol Handshake, byte by byte",
    repair: None,
};

pub(super) const HIXIE75_HEADER_ORDER: Words = Words {
    level: Level::Warning,
    title: "a hixie-75 response does not begin with Upgrade: WebSocket and Connection: Upgrade, in this order",
    spec: "hixie-75 3",
    chrome: "knows no hixie-75; up to 5 (2010): Bad Upgrade header or Bad Connection header",
    firefox: "never spoke hixie-75",
    safari: "Safari 5.0 refuses: Bad Upgrade header",
    differs: &[],
    from_client: None,
    cause: "other case, or another order",
    fix: "write both lines exactly so, right behind the status line",
    repair: None,
};

pub(super) const HIXIE75_ORIGIN_LOCATION: Words = Words {
    level: Level::Warning,
    title: "a hixie-75 response lacks WebSocket-Origin or WebSocket-Location, or has another value than the client expects",
    spec: "hixie-75 3",
    chrome: "knows no hixie-75; up to 5 (2010): Error during WebSocket handshake: 'websocket-origin' header is missing, \
        origin mismatch or location mismatch",
    firefox: "never spoke hixie-75",
    safari: "Safari 5.0 refuses: 'websocket-origin' header is missing, origin mismatch or location mismatch",
    differs: &[],
    from_client: None,
    cause: "something in front ends TLS, so that the server writes ws:// where the client dialled wss://",
    fix: "repeat the request's Origin, and write the URL as the client sees it",
    repair: None,
};

pub(super) const HIXIE76_HEADERS: Words = Words {
    level: Level::Warning,
    title: "a hixie-76 response lacks Sec-WebSocket-Origin or Sec-WebSocket-Location, or has another value than the \
        client expects",
    spec: "hixie-76 4.1",
    chrome: "knows no hixie-76; up to 13 (2011): Error during WebSocket handshake: 'Sec-WebSocket-Origin' header is \
        missing, origin mismatch or location mismatch",
    firefox: "knows no hixie-76; 4 and 5 refuse it",
    safari: "Safari 5.1 refuses: 'Sec-WebSocket-Origin' header is missing, origin mismatch or location mismatch",
    differs: &[],
    from_client: None,
    cause: "the names of hixie-75, without Sec-, or a location behind a TLS proxy",
    fix: "use the names with Sec-, repeat the request's Origin, and write the URL as the client sees it",
    repair: None,
};

pub(super) const HIXIE76_CHALLENGE: Words = Words {
    level: Level::Error,
    title: "the 16 bytes behind a hixie-76 response are not the MD5 that the request's keys ask for",
    spec: "hixie-76 4.1, 5.2",
    chrome: "knows no hixie-76; up to 13 (2011) it failed without a word",
    firefox: "knows no hixie-76; 4 and 5 refuse it",
    safari: "Safari 5.1 fails without a word",
    differs: &[],
    from_client: None,
    cause: "the numbers are in the wrong byte order, the bytes were written as text, or the eight bytes of the request \
        were read too early",
    fix: "MD5 over both numbers as four bytes big-endian and the eight bytes behind the request's head, written raw",
    repair: None,
};

pub(super) const HIXIE76_KEY3_WITHHELD: Words = Words {
    level: Level::Warning,
    title: "the eight bytes behind a hixie-76 request do not come",
    spec: "hixie-76 4.1",
    chrome: "knows no hixie-76",
    firefox: "knows no hixie-76",
    safari: "Safari 5.1 sends them",
    differs: &[],
    from_client: None,
    cause: "an HTTP proxy or framework in between holds a body that no Content-Length announces",
    fix: "send the head of the response first, then wait for the eight bytes",
    repair: Some(REPAIR_HEAD),
};

pub(super) const HIXIE76_KEYS_INVALID: Words = Words {
    level: Level::Warning,
    title: "the keys of a hixie-76 request can't be read: no blank in one, or a number that its blanks do not divide",
    spec: "hixie-76 4.1, 5.2",
    chrome: "knows no hixie-76",
    firefox: "knows no hixie-76",
    safari: "Safari 5.1 sends right ones",
    differs: &[],
    from_client: None,
    cause: "something in between made several blanks one",
    fix: "pass blanks in headers on as they are",
    repair: None,
};

pub(super) const HIXIE76_NO_CLOSE: Words = Words {
    level: Level::Note,
    title: "a hixie-76 connection ends without the closing handshake FF 00",
    spec: "hixie-76 1.4, 5.3",
    chrome: "knows no hixie-76; up to 13 (2011) it fired a close event with wasClean false",
    firefox: "knows no hixie-76",
    safari: "Safari 5.1 fires a close event with wasClean false",
    differs: &[],
    from_client: None,
    cause: "most servers of 2010 were written against hixie-75, which has no closing handshake",
    fix: "send FF 00, wait for the peer's, then end the connection",
    repair: None,
};

pub(super) const HIXIE_FRAME_ERROR: Words = Words {
    level: Level::Warning,
    title: "bytes in a hixie stream are no text frame (00 ... FF)",
    spec: "hixie-76 5.3",
    chrome: "knows no hixie-76; up to 13 (2011) it fired an error event and skipped the bytes",
    firefox: "knows no hixie-76",
    safari: "Safari 5.1 fires an error event and skips the bytes",
    differs: &[],
    from_client: None,
    cause: "RFC 6455 frames sent to a client that speaks hixie",
    fix: "frame as the negotiated draft says",
    repair: None,
};

pub(super) const HYBI_VERSION_4_12: Words = Words {
    level: Level::Warning,
    title: "the client speaks a draft of 2011 (version 4 to 12)",
    spec: "RFC 6455 4.4, 11.6",
    chrome: "14 and 15 sent version 8; sends 13 since 16",
    firefox: "6 to 10 sent version 7 or 8; sends 13 since 11",
    safari: "never sent one of these",
    differs: &[],
    from_client: None,
    cause: "an old client library",
    fix: "answer 426 with Sec-WebSocket-Version: 13, or update the client",
    repair: None,
};

pub(super) const V8_ORIGIN_HEADER: Words = Words {
    level: Level::Note,
    title: "the request has Sec-WebSocket-Origin in place of Origin, as versions up to 10 have it",
    spec: "draft-ietf-hybi-thewebsocketprotocol-08 4.1",
    chrome: "14 and 15 sent it; sends Origin since 16",
    firefox: "6 to 10 sent it; sends Origin since 11",
    safari: "never sent it",
    differs: &[],
    from_client: None,
    cause: "a client from 2011; a server that looks for Origin alone refuses it",
    fix: "let the server take either for versions up to 8",
    repair: None,
};

pub(super) const HIXIE_BINARY: Words = Words {
    level: Level::Warning,
    title: "a binary message is for a peer whose dialect has text only",
    spec: "draft-hixie-thewebsocketprotocol-76 4.2",
    chrome: "had no binary messages before version 15",
    firefox: "had none before version 11",
    safari: "had none before version 6",
    differs: &[],
    from_client: None,
    cause: "a page or server of today sends a Blob, an ArrayBuffer or bytes through a bridge to one of 2010",
    fix: "send text; or read base64 at the other end, which is what --bridge-binary base64 makes of it",
    repair: Some("sends it as text in base64, or leaves it out with --bridge-binary drop"),
};
