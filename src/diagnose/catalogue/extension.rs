//! What is said about findings in the layer `extension`.

use crate::record::finding::Level;

use super::{Browser, FIREFOX_FAILS, FIREFOX_REFUSES, NEVER, NOT_KNOWN, REPAIR_HEAD, SAFARI_FAILS, Words};

pub(super) const EXT_UNSOLICITED: Words = Words {
    level: Level::Error,
    title: "the response names an extension that the client did not offer",
    spec: "RFC 6455 4.1, 9.1",
    chrome: "Error during WebSocket handshake: Found an unsupported extension '<name>' in 'Sec-WebSocket-Extensions' \
        header (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: "not known; Safari up to 14 refuses: Received unexpected extension",
    differs: &[],
    from_client: None,
    cause: "the server always sends the same extensions",
    fix: "answer only with extensions that the request offers",
    repair: Some(REPAIR_HEAD),
};

pub(super) const EXT_NAME_CASE: Words = Words {
    level: Level::Error,
    title: "the extension's name has other upper and lower case than the offer",
    spec: "RFC 7692 7",
    chrome: "Error during WebSocket handshake: Found an unsupported extension 'Permessage-Deflate' in \
        'Sec-WebSocket-Extensions' header (close 1006 for the page)",
    firefox: NOT_KNOWN,
    safari: NOT_KNOWN,
    differs: &[],
    from_client: None,
    cause: "a framework that capitalizes header values",
    fix: "write permessage-deflate",
    repair: Some(REPAIR_HEAD),
};

pub(super) const EXT_COMMA_PARAMS: Words = Words {
    level: Level::Error,
    title: "a comma stands before an extension's parameter, so that it reads as another extension",
    spec: "RFC 6455 9.1",
    chrome: "Error during WebSocket handshake: Found an unsupported extension '<parameter>' in \
        'Sec-WebSocket-Extensions' header (close 1006 for the page)",
    firefox: NOT_KNOWN,
    safari: NOT_KNOWN,
    differs: &[],
    from_client: None,
    cause: "parameters joined with a comma",
    fix: "put semicolons before parameters: permessage-deflate; server_no_context_takeover",
    repair: Some(REPAIR_HEAD),
};

pub(super) const EXT_MALFORMED: Words = Words {
    level: Level::Error,
    title: "the value of Sec-WebSocket-Extensions can't be parsed",
    spec: "RFC 6455 9.1",
    chrome: "Error during WebSocket handshake: 'Sec-WebSocket-Extensions' header value is rejected by the parser: \
        <value> (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: "not known; Safari up to 14 refuses: Sec-WebSocket-Extensions header is invalid",
    differs: &[],
    from_client: Some(NEVER),
    cause: "a value put together from pieces: a semicolon at the end, an empty value, a missing name",
    fix: "write name; parameter; parameter=value, and nothing else",
    repair: Some(REPAIR_HEAD),
};

pub(super) const EXT_EMPTY_HEADER: Words = Words {
    level: Level::Error,
    title: "the response has an empty Sec-WebSocket-Extensions",
    spec: "RFC 6455 4.2.2, 9.1",
    chrome: "Error during WebSocket handshake: 'Sec-WebSocket-Extensions' header value is rejected by the parser: (close \
        1006 for the page)",
    firefox: "accepts it",
    safari: "not known; Safari up to 14 accepts it",
    differs: &[Browser::Firefox],
    from_client: None,
    cause: "the header is sent even where nothing was negotiated",
    fix: "leave the header out",
    repair: Some(REPAIR_HEAD),
};

pub(super) const PMD_DUPLICATE: Words = Words {
    level: Level::Error,
    title: "the response accepts permessage-deflate twice",
    spec: "RFC 7692 5.1",
    chrome: "Error during WebSocket handshake: Received duplicate permessage-deflate response (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: NOT_KNOWN,
    differs: &[],
    from_client: None,
    cause: "every offer of the request was echoed, or two layers answer it",
    fix: "accept one offer",
    repair: Some(REPAIR_HEAD),
};

pub(super) const PMD_UNKNOWN_PARAM: Words = Words {
    level: Level::Error,
    title: "permessage-deflate has a parameter that does not exist",
    spec: "RFC 7692 7.1",
    chrome: "Error during WebSocket handshake: Error in permessage-deflate: Received an unexpected permessage-deflate \
        extension parameter (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: NOT_KNOWN,
    differs: &[],
    from_client: Some(NEVER),
    cause: "an option of the library leaked into the header",
    fix: "only server_no_context_takeover, client_no_context_takeover, server_max_window_bits and \
        client_max_window_bits exist",
    repair: Some(REPAIR_HEAD),
};

pub(super) const PMD_DUP_PARAM: Words = Words {
    level: Level::Error,
    title: "a parameter of permessage-deflate stands twice",
    spec: "RFC 7692 7.1",
    chrome: "Error during WebSocket handshake: Error in permessage-deflate: Received duplicate permessage-deflate \
        extension parameter <name> (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: NOT_KNOWN,
    differs: &[],
    from_client: Some(NEVER),
    cause: "a default and a setting were both written",
    fix: "write it once",
    repair: Some(REPAIR_HEAD),
};

pub(super) const PMD_TAKEOVER_WITH_VALUE: Words = Words {
    level: Level::Error,
    title: "a parameter of permessage-deflate has a value, and may have none",
    spec: "RFC 7692 7.1.1",
    chrome: "Error during WebSocket handshake: Error in permessage-deflate: Received invalid server_no_context_takeover \
        parameter (close 1006 for the page), or client_no_context_takeover",
    firefox: FIREFOX_REFUSES,
    safari: NOT_KNOWN,
    differs: &[],
    from_client: Some(NEVER),
    cause: "a boolean written as =1 or =true",
    fix: "write the name alone, or leave it out",
    repair: Some(REPAIR_HEAD),
};

pub(super) const PMD_WINDOW_BITS_RANGE: Words = Words {
    level: Level::Error,
    title: "a window size of permessage-deflate is not a number from 8 to 15",
    spec: "RFC 7692 7.1.2",
    chrome: "Error during WebSocket handshake: Error in permessage-deflate: Received invalid server_max_window_bits \
        parameter (close 1006 for the page), or client_max_window_bits",
    firefox: FIREFOX_REFUSES,
    safari: NOT_KNOWN,
    differs: &[],
    from_client: Some(NEVER),
    cause: "a size in bytes, a leading zero, or no value",
    fix: "write 9 to 15, without a leading zero",
    repair: Some(REPAIR_HEAD),
};

pub(super) const PMD_CLIENT_BITS_NO_VALUE: Words = Words {
    level: Level::Error,
    title: "the response has client_max_window_bits without a value",
    spec: "RFC 7692 7.1.2.2",
    chrome: "Error during WebSocket handshake: Error in permessage-deflate: client_max_window_bits must have value \
        (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: NOT_KNOWN,
    differs: &[],
    from_client: None,
    cause: "the server echoes the offer as it came",
    fix: "answer permessage-deflate, or give a value: client_max_window_bits=15",
    repair: Some(REPAIR_HEAD),
};

pub(super) const PMD_CLIENT_BITS_UNOFFERED: Words = Words {
    level: Level::Warning,
    title: "the response has client_max_window_bits, and the client did not offer it",
    spec: "RFC 7692 7.1.2.2",
    chrome: "always offers it, so it accepts it",
    firefox: "accepts it",
    safari: NOT_KNOWN,
    differs: &[Browser::Safari],
    from_client: None,
    cause: "the same response for every client",
    fix: "send it only where the offer has it",
    repair: None,
};

pub(super) const PMD_SERVER_BITS_8: Words = Words {
    level: Level::Warning,
    title: "the window of 8 bits is one that zlib can't make",
    spec: "RFC 7692 7.1.2.1",
    chrome: "accepts it, and inflates with 15 bits",
    firefox: "fails the first message that looks back further than 256 bytes (close 1006 for the page)",
    safari: NOT_KNOWN,
    differs: &[Browser::Firefox],
    from_client: None,
    cause: "the smallest number was taken; zlib uses 9 in its place",
    fix: "use 9 to 15",
    repair: None,
};

pub(super) const RSV1_NOT_NEGOTIATED: Words = Words {
    level: Level::Error,
    title: "the bit RSV1 is set, and no compression was negotiated",
    spec: "RFC 6455 5.2",
    chrome: "One or more reserved bits are on: reserved1 = 1, reserved2 = 0, reserved3 = 0 (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "the server compresses without asking, something in front took the extension header away, or the first byte \
        81 was written as UTF-8 (c2 81)",
    fix: "compress only where both heads have permessage-deflate",
    repair: Some("inflates the message, or clears the bit"),
};

pub(super) const RSV1_ON_CONTINUATION: Words = Words {
    level: Level::Error,
    title: "the bit RSV1 is set on a continuation frame",
    spec: "RFC 7692 6",
    chrome: "Invalid frame header (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "the bit is set on every fragment",
    fix: "set it on the first frame of a message only",
    repair: Some("clears the bit"),
};

pub(super) const RSV1_ON_CONTROL: Words = Words {
    level: Level::Error,
    title: "the bit RSV1 is set on a control frame",
    spec: "RFC 7692 6; RFC 6455 5.5",
    chrome: "One or more reserved bits are on: reserved1 = 1, reserved2 = 0, reserved3 = 0 (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "pings or close frames go through the compressor",
    fix: "never compress control frames",
    repair: Some("clears the bit"),
};

pub(super) const DEFLATE_BAD_DATA: Words = Words {
    level: Level::Error,
    title: "a compressed message can't be inflated",
    spec: "RFC 7692 7.2.2",
    chrome: "Invalid frame header (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "the payload has a wrapper (zlib, gzip), is not compressed at all, or was cut",
    fix: "raw deflate: zlib.compressobj(wbits=-15) in Python, deflateInit2 with -15, zlib.createDeflateRaw() in Node; \
        flush with Z_SYNC_FLUSH and drop the last 00 00 ff ff",
    repair: None,
};

pub(super) const DEFLATE_MISSING_RSV1: Words = Words {
    level: Level::Error,
    title: "a compressed payload came without RSV1",
    spec: "RFC 7692 6, 7.2.1",
    chrome: "Could not decode a text frame as UTF-8. (close 1006 for the page)",
    firefox: "The connection to <url> was interrupted while the page was loading. (close 1006 for the page), closing with \
        1007",
    safari: NOT_KNOWN,
    differs: &[],
    from_client: Some(NEVER),
    cause: "the first byte was written as for a frame that is not compressed",
    fix: "set RSV1 on the first frame: c1 for text, c2 for binary",
    repair: Some("sets RSV1"),
};

pub(super) const DEFLATE_ZLIB_HEADER: Words = Words {
    level: Level::Error,
    title: "a compressed payload has the header of zlib or gzip",
    spec: "RFC 7692 7.2.1",
    chrome: "Invalid frame header (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "compress(), zlib.compress() or gzip was used, where raw deflate belongs",
    fix: "raw deflate: zlib.compressobj(wbits=-15) in Python, deflateInit2 with -15, zlib.createDeflateRaw() in Node",
    repair: None,
};

pub(super) const DEFLATE_TAIL_KEPT: Words = Words {
    level: Level::Note,
    title: "a compressed payload still has its last four bytes 00 00 ff ff",
    spec: "RFC 7692 7.2.1",
    chrome: "accepts it",
    firefox: "accepts it",
    safari: NOT_KNOWN,
    differs: &[],
    from_client: Some(NEVER),
    cause: "the last step of compressing was left out",
    fix: "drop the last four bytes",
    repair: None,
};

pub(super) const DEFLATE_NO_SYNC_FLUSH: Words = Words {
    level: Level::Error,
    title: "a compressed message follows one that ended its deflate stream",
    spec: "RFC 7692 7.2.1, 7.2.3.4",
    chrome: "accepts the first such message; the second: Invalid frame header (close 1006 for the page)",
    firefox: "accepts it",
    safari: NOT_KNOWN,
    differs: &[Browser::Firefox],
    from_client: Some(NEVER),
    cause: "each message is compressed in one call (Z_FINISH)",
    fix: "flush with Z_SYNC_FLUSH, or negotiate server_no_context_takeover",
    repair: None,
};

pub(super) const DEFLATE_CONTEXT_MISMATCH: Words = Words {
    level: Level::Error,
    title: "a compressed message leans on a window that the receiver does not have",
    spec: "RFC 7692 7.1.1",
    chrome: "Invalid frame header (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "one compressed message is sent to several sockets, or a compressor is shared between connections",
    fix: "negotiate server_no_context_takeover for what is shared, or keep one compressor for each connection",
    repair: None,
};

pub(super) const DEFLATE_BOMB: Words = Words {
    level: Level::Warning,
    title: "a small compressed message inflates to a very large one",
    spec: "RFC 7692 8",
    chrome: "has no bound of its own but memory",
    firefox: "bounds the compressed length only",
    safari: NOT_KNOWN,
    differs: &[],
    from_client: Some("sends what the page sends"),
    cause: "very regular data, or an attack",
    fix: "bound the inflated size where you read it",
    repair: None,
};

pub(super) const EXT_X_WEBKIT_DEFLATE_FRAME: Words = Words {
    level: Level::Error,
    title: "the response names x-webkit-deflate-frame, which no browser offers any more",
    spec: "RFC 6455 9.1",
    chrome: "Error during WebSocket handshake: Found an unsupported extension 'x-webkit-deflate-frame' in \
        'Sec-WebSocket-Extensions' header (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: "not known; Safari up to 14 accepts it",
    differs: &[Browser::Safari],
    from_client: None,
    cause: "an old server library",
    fix: "update the library, or turn the extension off",
    repair: Some(REPAIR_HEAD),
};

pub(super) const SAFARI_PMD_BUGS: Words = Words {
    level: Level::Note,
    title: "compressed traffic meets a Safari that has trouble with it",
    spec: "RFC 7692",
    chrome: "accepts it",
    firefox: "accepts it",
    safari: "15.0 to 15.3 break on it, and later ones on large messages: The operation couldn’t be completed. Protocol \
        error (close 1006 for the page)",
    differs: &[Browser::Safari],
    from_client: Some("is such a Safari"),
    cause: "an error in Safari",
    fix: "turn compression off for these versions",
    repair: None,
};
