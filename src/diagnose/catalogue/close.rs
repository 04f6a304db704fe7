//! What is said about findings in the layer `close`.

use crate::record::finding::Level;

use super::{Browser, FIREFOX_FAILS, FIREFOX_REFUSES, NEVER, NOT_KNOWN, SAFARI_FAILS, SAFARI_REFUSES, Words};

pub(super) const CLOSE_1BYTE: Words = Words {
    level: Level::Error,
    title: "a close frame has a payload of one byte, where a code takes two",
    spec: "RFC 6455 5.5.1",
    chrome: "Received a broken close frame with an invalid size of 1 byte. (close 1006 for the page)",
    firefox: "accepts it as a close without a code (close 1005 for the page)",
    safari: "not known; Safari up to 14 refuses it",
    differs: &[Browser::Firefox],
    from_client: Some(NEVER),
    cause: "the code was written as one byte",
    fix: "write the code as two bytes big-endian: struct.pack(\">H\", 1000), or no payload at all",
    repair: Some("sends a close frame with 1002"),
};

pub(super) const CLOSE_CODE_RESERVED: Words = Words {
    level: Level::Error,
    title: "a close frame carries a code that must not be sent: 1005, 1006 or 1015",
    spec: "RFC 6455 7.4.1",
    chrome: "Received a broken close frame containing a reserved status code. (close 1006 for the page)",
    firefox: "accepts it, and shows it to the page",
    safari: "not known; Safari up to 14 refuses it",
    differs: &[Browser::Firefox],
    from_client: Some(NEVER),
    cause: "a code that was observed on one connection is passed on to another",
    fix: "send no payload in place of 1005, and 1001 or 1011 in place of 1006",
    repair: Some("sends 1000 in place of 1005, else 1011"),
};

pub(super) const CLOSE_CODE_RANGE: Words = Words {
    level: Level::Warning,
    title: "a close frame carries a code that no one has defined",
    spec: "RFC 6455 7.4.2",
    chrome: "accepts it, and shows it to the page",
    firefox: "accepts it, and shows it to the page",
    safari: "not known; Safari up to 14 accepts it",
    differs: &[],
    from_client: Some("never sends this; a page can send 1000 and 3000 to 4999"),
    cause: "an HTTP status, an exit code or an application's own number",
    fix: "use 1000, 1001, 1008, 1011, or 3000 to 4999 for codes of your own",
    repair: Some("sends 1011 in its place"),
};

pub(super) const CLOSE_CODE_LITTLE_ENDIAN: Words = Words {
    level: Level::Warning,
    title: "the close code is written in the wrong byte order",
    spec: "RFC 6455 5.5.1",
    chrome: "shows the page the code as written: 59395 for 1000",
    firefox: "shows the page the code as written",
    safari: "shows the page the code as written",
    differs: &[],
    from_client: Some(NEVER),
    cause: "the number was written as it lies in memory",
    fix: "struct.pack(\">H\", 1000), htons(1000), writeUInt16BE(1000)",
    repair: Some("swaps the bytes"),
};

pub(super) const CLOSE_CODE_ASCII: Words = Words {
    level: Level::Warning,
    title: "the close code is written as text",
    spec: "RFC 6455 5.5.1",
    chrome: "shows the page a code made of the first two characters: 12592 for \"10\"",
    firefox: "shows the page a code made of the first two characters",
    safari: "shows the page a code made of the first two characters",
    differs: &[],
    from_client: Some(NEVER),
    cause: "the payload was given as a string: \"1000\", \"1000 bye\" or JSON",
    fix: "write the code as two bytes big-endian, then the reason: struct.pack(\">H\", 1000) + b\"bye\"",
    repair: Some("writes the code as two bytes"),
};

pub(super) const CLOSE_REASON_UTF8: Words = Words {
    level: Level::Error,
    title: "the reason in a close frame is not UTF-8",
    spec: "RFC 6455 5.5.1, 8.1",
    chrome: "Received a broken close frame containing invalid UTF-8. (close 1006 for the page)",
    firefox: "The connection to <url> was interrupted while the page was loading. (close 1006 for the page), closing with \
        1007",
    safari: "not known; Safari up to 14 drops the reason",
    differs: &[],
    from_client: Some(NEVER),
    cause: "the reason was cut inside a character to fit, or is in another encoding",
    fix: "cut between characters, and encode as UTF-8",
    repair: Some("puts U+FFFD in place of each wrong byte"),
};

pub(super) const CLOSE_REASON_LONG: Words = Words {
    level: Level::Error,
    title: "a close frame has more than 125 bytes",
    spec: "RFC 6455 5.5, 5.5.1",
    chrome: "Invalid frame header (close 1006 for the page)",
    firefox: FIREFOX_FAILS,
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "the text of an exception was sent as the reason",
    fix: "keep the reason within 123 bytes of UTF-8",
    repair: Some("cuts the reason"),
};

pub(super) const CLOSE_DATA_AFTER: Words = Words {
    level: Level::Error,
    title: "frames follow the sender's close frame",
    spec: "RFC 6455 5.5.1",
    chrome: "Data frame received after close (close 1006 for the page), or Ping, Pong, Close",
    firefox: "ignores them",
    safari: "not known; Safari up to 14 ignores them",
    differs: &[Browser::Firefox],
    from_client: Some(NEVER),
    cause: "another thread or task goes on writing after the close",
    fix: "send nothing once the close frame is written; hold one lock for both",
    repair: Some("drops them"),
};

pub(super) const CLOSE_NO_REPLY: Words = Words {
    level: Level::Warning,
    title: "a close frame got no close frame in reply",
    spec: "RFC 6455 5.5.1, 7.1.2",
    chrome: "waits 60 seconds (close 1006 for the page)",
    firefox: "waits 20 seconds (close 1006 for the page)",
    safari: "waits (close 1006 for the page)",
    differs: &[],
    from_client: Some("a browser replies at once, but for one whose page hangs"),
    cause: "the server does not handle opcode 8, or does not read any more",
    fix: "answer a close frame with one that has the same code, then close the connection",
    repair: Some("replies to it"),
};

pub(super) const CLOSE_NO_TCP_CLOSE: Words = Words {
    level: Level::Note,
    title: "both close frames are there, and the server keeps the connection open",
    spec: "RFC 6455 7.1.1, 5.5.1",
    chrome: "closes it itself after 2 seconds; the page gets a clean close",
    firefox: "closes it itself",
    safari: "closes it itself",
    differs: &[],
    from_client: None,
    cause: "the socket was not closed after the close frame",
    fix: "close the connection once both close frames are through",
    repair: Some("closes the connection"),
};

pub(super) const CLOSE_BEFORE_HANDSHAKE: Words = Words {
    level: Level::Error,
    title: "a close frame came before the handshake was done",
    spec: "RFC 6455 7.2.2, 5.5.1",
    chrome: "Error during WebSocket handshake: net::ERR_INVALID_HTTP_RESPONSE (close 1006 for the page)",
    firefox: FIREFOX_REFUSES,
    safari: SAFARI_REFUSES,
    differs: &[],
    from_client: Some(NEVER),
    cause: "the connection is refused with a close frame, where HTTP is still spoken",
    fix: "answer with an HTTP status (403, 429, 503), or send the 101 first and close then",
    repair: None,
};

pub(super) const CLOSE_CLEAN_ERROR_CODES: Words = Words {
    level: Level::Warning,
    title: "the server closes with a code that tells of trouble",
    spec: "RFC 6455 7.4.1",
    chrome: "shows code and reason to the page, and says nothing in the console",
    firefox: "shows code and reason to the page",
    safari: "shows code and reason to the page",
    differs: &[],
    from_client: None,
    cause: "by its code: 1002 and 1007 what the page sent broke a rule, 1003 and 1008 the server does not take it, 1009 it \
        is too large, 1011 an exception in the handler, 1013 overload, 1014 a gateway's upstream failed",
    fix: "look into the server's log",
    repair: None,
};

pub(super) const CLOSE_OWN_REASON: Words = Words {
    level: Level::Note,
    title: "the server closes for a reason of its own",
    spec: "RFC 6455 7.4.2",
    chrome: "shows code and reason to the page, and says nothing in the console",
    firefox: "shows code and reason to the page",
    safari: "shows code and reason to the page",
    differs: &[],
    from_client: None,
    cause: "codes from 3000 on mean what the server's application or library says, and 1012 that it restarts",
    fix: "look the code up in the server's code or in the documentation of its library",
    repair: None,
};

pub(super) const CLOSE_AT_ONCE: Words = Words {
    level: Level::Note,
    title: "the server closes right after the socket opened, or after the first message",
    spec: "RFC 6455 7.1.1",
    chrome: "shows code and reason to the page, and says nothing in the console",
    firefox: "shows code and reason to the page",
    safari: "shows code and reason to the page",
    differs: &[],
    from_client: None,
    cause: "the handler may have returned, for it has no loop that receives; express-ws: there may be no route for the path; \
        or that was all that the server had to say",
    fix: "let the handler receive in a loop until the client closes; express-ws: compare the path with that of app.ws()",
    repair: None,
};

pub(super) const CLOSE_BROWSER_1001: Words = Words {
    level: Level::Note,
    title: "the browser closes with 1001, since the page was left",
    spec: "RFC 6455 7.4.1",
    chrome: "sends it when the page is left or reloaded",
    firefox: "sends it when the page is left or reloaded",
    safari: "sends it when the page is left, and when it is suspended",
    differs: &[],
    from_client: None,
    cause: "the user left or reloaded the page, or the phone put it to sleep",
    fix: "nothing needs to change; connect again when the page is shown (visibilitychange)",
    repair: None,
};

pub(super) const CLOSE_FROM_BROWSER_1002: Words = Words {
    level: Level::Note,
    title: "the browser closes with 1002: a frame of the server's broke a rule",
    spec: "RFC 6455 7.4.1",
    chrome: "names the rule in its reason: Masked frame from server, Invalid reserved bit, Unknown opcode, Unexpected \
        continuation, Previous data frame unfinished, Invalid UTF-8 in text frame, Invalid UTF-8 in Close frame, \
        WebSocket Protocol Error (close 1006 for the page)",
    firefox: "sends 1002, 1007 or 1009 without a reason (close 1006 for the page)",
    safari: NOT_KNOWN,
    differs: &[],
    from_client: None,
    cause: "the server's framing; the finding in front of this one says where",
    fix: "look at the server's last frames, and at what stands right behind them",
    repair: None,
};
