//! What is said about findings in the layer `frame`.

use crate::record::finding::Level;

use super::{Browser, FIREFOX_FAILS, NEVER, NOT_KNOWN, SAFARI_FAILS, Words};

pub(super) const FRAME_RSV: Words = Words {
    level: Level::Error,
    title: "reserved bits are set that no extension gives a meaning",
    spec: "RFC 6455 5.2",
    chrome: "One or more reserved bits are on: reserved1 = <n>, reserved2 = <n>, reserved3 = <n> (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "the stream is out of step after a wrong length, text was written without a frame, or header bytes were \
        written as UTF-8",
    fix: "compare the bytes in front of this frame with the lengths that the headers give; write bytes, not characters",
    repair: Some("clears the bits"),
};

pub(super) const FRAME_OPCODE_RESERVED_DATA: Words = Words {
    level: Level::Error,
    title: "the opcode, 3 to 7, has no meaning",
    spec: "RFC 6455 5.2",
    chrome: "Unrecognized frame opcode: <n> (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "the stream is out of step after a wrong length, or the opcodes are an old draft's",
    fix: "use 1 for text, 2 for binary, 0 for continuations",
    repair: Some("drops the frame"),
};

pub(super) const FRAME_OPCODE_RESERVED_CONTROL: Words = Words {
    level: Level::Error,
    title: "the opcode, 11 to 15, has no meaning",
    spec: "RFC 6455 5.2, 5.5",
    chrome: "Unrecognized frame opcode: <n>; with FIN 0 or more than 125 bytes: Invalid frame header (close 1006 for the \
        page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "bytes that are no frame: stray line ends, text, or the rest of a payload after a wrong length",
    fix: "look at what was written just before; use 8, 9 and 10 for close, ping and pong",
    repair: Some("drops the frame"),
};

pub(super) const FRAME_SERVER_MASKED: Words = Words {
    level: Level::Error,
    title: "the server masks its frames",
    spec: "RFC 6455 5.1",
    chrome: "A server must not mask any frames that it sends to the client. (close 1006 for the page)",
    firefox: "accepts it",
    safari: SAFARI_FAILS,
    differs: &[Browser::Firefox],
    from_client: None,
    cause: "client code was reused for the server, or a length of 128 to 255 was written in one byte, which sets this bit",
    fix: "leave the mask bit 0 and write no key: the second byte of a server's frame is below 80",
    repair: Some("unmasks the frame"),
};

pub(super) const FRAME_CLIENT_UNMASKED: Words = Words {
    level: Level::Error,
    title: "the client does not mask its frames",
    spec: "RFC 6455 5.1, 5.3",
    chrome: "always masks its frames",
    firefox: "always masks its frames",
    safari: "always masks its frames",
    differs: &[],
    from_client: Some("a browser always masks its frames"),
    cause: "a client written by hand, or something in between that frames anew",
    fix: "set the mask bit, write four random bytes behind the length, and XOR the payload with them",
    repair: Some("masks the frame"),
};

pub(super) const FRAME_MASK_WEAK: Words = Words {
    level: Level::Note,
    title: "the client masks with a key that can be predicted",
    spec: "RFC 6455 5.3, 10.3",
    chrome: "draws a new key for each frame",
    firefox: "draws a new key for each frame, and never 0",
    safari: "draws a new key for each frame",
    differs: &[],
    from_client: Some("a browser draws a new key for each frame"),
    cause: "a constant or zero in place of random bytes, to save time or for a test",
    fix: "draw four random bytes for each frame",
    repair: None,
};

pub(super) const FRAME_LEN16_NONMINIMAL: Words = Words {
    level: Level::Error,
    title: "a length up to 125 is written in the 16-bit form",
    spec: "RFC 6455 5.2",
    chrome: "Invalid frame header (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "one form is used for all lengths",
    fix: "write lengths up to 125 in the second byte itself",
    repair: Some("writes the shortest form"),
};

pub(super) const FRAME_LEN64_NONMINIMAL: Words = Words {
    level: Level::Error,
    title: "a length up to 65535 is written in the 64-bit form",
    spec: "RFC 6455 5.2",
    chrome: "Invalid frame header (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "the comparison is one off: 65535 still fits 16 bits; or the long form is used for everything above 125",
    fix: "if length <= 65535, use 126 and two bytes",
    repair: Some("writes the shortest form"),
};

pub(super) const FRAME_LEN64_IN_4_BYTES: Words = Words {
    level: Level::Error,
    title: "a length that was announced as eight bytes was written in four",
    spec: "RFC 6455 5.2",
    chrome: "Invalid frame header, or close 1006 without a word, by the bytes that follow",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "htonl() or a 32-bit integer behind 127",
    fix: "write eight bytes: struct.pack(\">Q\", n), htobe64(n), writeBigUInt64BE(n)",
    repair: None,
};

pub(super) const FRAME_LEN64_MSB: Words = Words {
    level: Level::Error,
    title: "the top bit of a 64-bit length is set",
    spec: "RFC 6455 5.2",
    chrome: "Invalid frame header (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: "not known; Safari up to 14: WebSocket frame length too large: <n> bytes",
    differs: &[],
    from_client: Some(NEVER),
    cause: "a negative number was written as a length, or the bytes are no frame header",
    fix: "check the number before it is cast; look at what was written just before",
    repair: Some("closes the session with 1002, since nothing behind it can be told apart"),
};

pub(super) const FRAME_LEN_HUGE: Words = Words {
    level: Level::Error,
    title: "a frame announces 2 GiB or more",
    spec: "RFC 6455 5.2, 10.4",
    chrome: "closes with 1006 for the page, without a word and without a close frame",
    firefox: "The connection to <url> was interrupted while the page was loading. (close 1006 for the page), closing with \
        1009",
    safari: NOT_KNOWN,
    differs: &[],
    from_client: Some(NEVER),
    cause: "a 64-bit length in the wrong byte order, or payload bytes read as a length",
    fix: "write the length big-endian; send large data as several messages",
    repair: None,
};

pub(super) const FRAME_LEN_LITTLE_ENDIAN: Words = Words {
    level: Level::Error,
    title: "a length is written in the wrong byte order",
    spec: "RFC 6455 5.2",
    chrome: "waits for the bytes that the length promises, and reads the next frames as payload: Could not decode a text \
        frame as UTF-8. (close 1006 for the page)",
    firefox: "waits for the bytes that the length promises",
    safari: "waits for the bytes that the length promises",
    differs: &[],
    from_client: Some(NEVER),
    cause: "the number was written as it lies in memory",
    fix: "struct.pack(\">H\", n), htons(n), writeUInt16BE(n), ByteBuffer's default order",
    repair: Some("writes the length that fits"),
};

pub(super) const FRAME_LEN_7BIT_OVERFLOW: Words = Words {
    level: Level::Error,
    title: "a length above 125 is written in one byte",
    spec: "RFC 6455 5.2",
    chrome: "128 to 255: A server must not mask any frames that it sends to the client.; 126: Could not decode a text \
        frame as UTF-8.; 127: without a word (close 1006 for the page)",
    firefox: "takes 128 to 255 for a masked frame, and gets garbage",
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "only the short form was written: chr(129) . chr(strlen($message)) . $message",
    fix: "126 to 65535: the byte 126 and two bytes of length; more: 127 and eight bytes",
    repair: Some("writes the length that fits"),
};

pub(super) const FRAME_LEN_CHARS_NOT_BYTES: Words = Words {
    level: Level::Error,
    title: "the length counts characters, where the payload has more bytes",
    spec: "RFC 6455 5.2, 5.6",
    chrome: "by the bytes left over: Could not decode a text frame as UTF-8., Invalid frame header, or A server must not \
        mask any frames that it sends to the client. (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "the length was taken from the string, not from its bytes: len(text), text.length, mb_strlen()",
    fix: "encode first, then count: data = text.encode(); Buffer.byteLength(text); text.getBytes(UTF_8).length",
    repair: Some("writes the length that fits"),
};

pub(super) const FRAME_HEADER_UTF8: Words = Words {
    level: Level::Error,
    title: "the bytes of a frame header were written as UTF-8 characters",
    spec: "RFC 6455 5.2",
    chrome: "A server must not mask any frames that it sends to the client., or with compression Invalid frame header \
        (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "the frame was built as a text string (81 becomes c2 81), or went from bytes to a string and back (ef bf bd)",
    fix: "write bytes: Buffer in Node, bytes in Python, OutputStream in Java; no encoding on the socket",
    repair: Some("takes the characters back to bytes where none is lost"),
};

pub(super) const FRAME_CONTROL_LONG: Words = Words {
    level: Level::Error,
    title: "a control frame has more than 125 bytes",
    spec: "RFC 6455 5.5",
    chrome: "Invalid frame header (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "a ping that carries data",
    fix: "keep the payload of pings and pongs within 125 bytes; send data as a message",
    repair: Some("cuts the payload at 125 bytes"),
};

pub(super) const FRAME_CONTROL_FRAGMENTED: Words = Words {
    level: Level::Error,
    title: "a control frame has FIN 0",
    spec: "RFC 6455 5.4, 5.5",
    chrome: "Invalid frame header (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "the first byte is 08, 09 or 0a in place of 88, 89 or 8a; or the bytes are text without a frame",
    fix: "set FIN on each control frame",
    repair: Some("sets FIN"),
};

pub(super) const FRAME_UNEXPECTED_CONTINUATION: Words = Words {
    level: Level::Error,
    title: "a continuation frame came while no message was open",
    spec: "RFC 6455 5.4",
    chrome: "Received unexpected continuation frame. (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "the first fragment has opcode 0 too, or the message before it was ended with FIN",
    fix: "give the first fragment opcode 1 or 2 and FIN 0, and set FIN on the last only",
    repair: Some("makes it the start of a message"),
};

pub(super) const FRAME_INTERLEAVED: Words = Words {
    level: Level::Error,
    title: "a new message began while another was unfinished",
    spec: "RFC 6455 5.4",
    chrome: "Received start of new message but previous message is unfinished. (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "FIN was forgotten (01 in place of 81), every fragment has opcode 1 or 2, or two threads write at once",
    fix: "write 81 for a whole text message, opcode 0 for later fragments, and hold a lock for the whole message",
    repair: Some("finishes the message before"),
};

pub(super) const FRAME_MISSING_FIN: Words = Words {
    level: Level::Error,
    title: "a message was begun, and its end does not come",
    spec: "RFC 6455 5.4",
    chrome: "waits, without a message event",
    firefox: "waits, without a message event",
    safari: "waits, without a message event",
    differs: &[],
    from_client: Some("a browser finishes what it begins, but for a broken connection"),
    cause: "the first byte is 01 or 02 in place of 81 or 82",
    fix: "set FIN on the last frame of each message",
    repair: Some("finishes the message"),
};

pub(super) const FRAME_TRUNCATED: Words = Words {
    level: Level::Error,
    title: "the stream stopped inside a frame",
    spec: "RFC 6455 5.2, 7.1.5",
    chrome: "drops the frame; closes with 1006 for the page at the connection's end, without a word",
    firefox: "drops the frame (close 1006 for the page)",
    safari: "drops the frame (close 1006 for the page)",
    differs: &[],
    from_client: Some("a browser does this only where its connection breaks"),
    cause: "the length is larger than the payload, the process ended while it wrote, or a partial write was taken for a \
        whole one",
    fix: "take the length from the bytes that are written, and write until all are gone (sendall(), write_all())",
    repair: None,
};

pub(super) const FRAME_NOT_A_FRAME: Words = Words {
    level: Level::Error,
    title: "these bytes are no frame",
    spec: "RFC 6455 5.2",
    chrome: "Invalid frame header, or One or more reserved bits are on, by the first byte (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "text, JSON or an HTTP response was written to the socket after the 101, without a frame",
    fix: "send it with the library's send(), or put a frame header before it: 81, the length, the bytes",
    repair: Some("puts a frame around it where its end can be told"),
};

pub(super) const FRAME_TLS_RECORD: Words = Words {
    level: Level::Error,
    title: "these bytes are a TLS record, inside a plain connection",
    spec: "RFC 6455 5.2",
    chrome: "Invalid frame header, or Unrecognized frame opcode: 6 (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "one end speaks TLS, the other does not: a second layer of TLS, or a socket that was wrapped late",
    fix: "use TLS from the first byte on, or not at all",
    repair: Some("drops it"),
};

pub(super) const FRAME_HIXIE_FRAMING: Words = Words {
    level: Level::Error,
    title: "messages are framed as hixie-76 does it (00 ... ff), after a handshake of RFC 6455",
    spec: "RFC 6455 5.2",
    chrome: "Received unexpected continuation frame. (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "a library from 2010 whose handshake was patched to RFC 6455",
    fix: "frame as RFC 6455 does: 81, the length, the text",
    repair: Some("frames them as RFC 6455 does"),
};

pub(super) const FRAME_TRAILING_NEWLINE: Words = Words {
    level: Level::Error,
    title: "a line end follows the frame, and the next frame is read from it",
    spec: "RFC 6455 5.2",
    chrome: "Invalid frame header; after 0d 0a in the same read the frame before it is lost too (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "println(), puts or a line-based writer sent the frame",
    fix: "write() the frame, and nothing behind it",
    repair: Some("drops the line end"),
};

pub(super) const FRAME_STRAY_NUL: Words = Words {
    level: Level::Error,
    title: "a NUL byte stands between frames, and the next frame is read from it",
    spec: "RFC 6455 5.2",
    chrome: "A server must not mask any frames that it sends to the client., Received unexpected continuation frame. or \
        Invalid frame header, by the bytes that follow (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: NOT_KNOWN,
    differs: &[],
    from_client: Some(NEVER),
    cause: "a C string was sent with the byte that ends it: sizeof(buffer), strlen() + 1",
    fix: "send exactly the bytes of the frame",
    repair: Some("drops the byte"),
};

pub(super) const FRAME_DOUBLE_FRAMED: Words = Words {
    level: Level::Warning,
    title: "the payload is itself a frame",
    spec: "RFC 6455 5.2",
    chrome: "text: Could not decode a text frame as UTF-8. (close 1006 for the page); binary: delivered as it is",
    firefox: "text: The connection to <url> was interrupted while the page was loading. (close 1006 for the page)",
    safari: NOT_KNOWN,
    differs: &[],
    from_client: Some("sends what the page sends"),
    cause: "a frame that was built by hand is given to the library's send(), which frames it once more",
    fix: "give the library the message, not a frame",
    repair: Some("takes the outer frame away"),
};

pub(super) const FRAME_ECHO_NOT_UNMASKED: Words = Words {
    level: Level::Error,
    title: "the payload is what the client sent, still masked",
    spec: "RFC 6455 5.3",
    chrome: "Could not decode a text frame as UTF-8. in most cases (close 1006 for the page)",
    firefox: "The connection to <url> was interrupted while the page was loading. (close 1006 for the page), closing with \
        1007",
    safari: NOT_KNOWN,
    differs: &[],
    from_client: None,
    cause: "the server does not unmask what it reads",
    fix: "payload[i] ^= key[i % 4] for each byte, before the payload is used",
    repair: Some("unmasks the payload"),
};

pub(super) const FRAME_MASKED_LUMP: Words = Words {
    level: Level::Error,
    title: "header and payload were masked together",
    spec: "RFC 6455 5.3",
    chrome: "does not do this",
    firefox: "does not do this",
    safari: "does not do this",
    differs: &[],
    from_client: Some(NEVER),
    cause: "the mask is put over the whole frame, where it belongs over the payload only",
    fix: "write header and key as they are, and XOR the payload alone",
    repair: Some("drops it"),
};

pub(super) const FRAME_HYBI06_OPCODES: Words = Words {
    level: Level::Error,
    title: "the opcodes are those of drafts up to 06 (4 is text, 5 is binary)",
    spec: "RFC 6455 5.2, 11.8",
    chrome: "Unrecognized frame opcode: 4 (close 1006 for the page), or 5",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "a library whose handshake is of 2011, and its frames of 2010",
    fix: "use 1 for text and 2 for binary",
    repair: Some("writes the opcode that is meant"),
};

pub(super) const FRAME_EMPTY_FRAGMENTS: Words = Words {
    level: Level::Note,
    title: "a message has fragments without a byte",
    spec: "RFC 6455 5.4, which allows it",
    chrome: "accepts it",
    firefox: "accepts it",
    safari: "accepts it",
    differs: &[],
    from_client: Some(NEVER),
    cause: "a stream that is flushed when there is nothing to send",
    fix: "nothing needs to change; skipping empty pieces saves bytes",
    repair: None,
};

pub(super) const FRAME_PING_NO_PONG: Words = Words {
    level: Level::Warning,
    title: "a ping got no pong",
    spec: "RFC 6455 5.5.2, 5.5.3",
    chrome: "answers every ping at once; it sends none",
    firefox: "answers every ping; where it is set to ping, it closes when no pong comes",
    safari: "answers every ping",
    differs: &[],
    from_client: None,
    cause: "the library leaves pings to the application, or nothing reads the socket",
    fix: "answer each ping with a pong that has the same payload, and read all the time",
    repair: Some("answers it"),
};
