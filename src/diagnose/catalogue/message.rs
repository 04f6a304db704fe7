//! What is said about findings in the layer `message`.

use crate::record::finding::Level;

use super::{Browser, NEVER, SAFARI_FAILS, Words};

pub(super) const MSG_INVALID_UTF8: Words = Words {
    level: Level::Error,
    title: "a text message is not UTF-8",
    spec: "RFC 6455 5.6, 8.1",
    chrome: "Could not decode a text frame as UTF-8., as soon as the wrong byte is there (close 1006 for the page)",
    firefox: "The connection to <url> was interrupted while the page was loading. (close 1006 for the page), closing with \
        1007, once the message is whole",
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "binary data sent as text, or a string in another encoding",
    fix: "encode as UTF-8, or send the data as binary (opcode 2)",
    repair: Some(
        "puts U+FFFD in place of each wrong byte; in a fragment, or a frame above 16 KiB, which do not wait, a question mark",
    ),
};

pub(super) const MSG_LATIN1: Words = Words {
    level: Level::Error,
    title: "a text message is Latin-1 or Windows-1252, not UTF-8",
    spec: "RFC 6455 5.6, 8.1",
    chrome: "Could not decode a text frame as UTF-8. (close 1006 for the page)",
    firefox: "The connection to <url> was interrupted while the page was loading. (close 1006 for the page), closing with \
        1007",
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "the platform's default encoding: getBytes() without a charset in Java, Encoding.Default in C#, \
        utf8_encode() forgotten in PHP",
    fix: "encode as UTF-8: getBytes(UTF_8), Encoding.UTF8, mb_convert_encoding($text, \"UTF-8\", \"ISO-8859-1\")",
    repair: Some("puts the same characters in UTF-8"),
};

pub(super) const MSG_UTF16: Words = Words {
    level: Level::Error,
    title: "a text message is UTF-16, not UTF-8",
    spec: "RFC 6455 5.6, 8.1",
    chrome: "Could not decode a text frame as UTF-8. (close 1006 for the page); where all is ASCII the page gets a text \
        with NUL characters",
    firefox: "The connection to <url> was interrupted while the page was loading. (close 1006 for the page), closing with \
        1007, or a text with NUL characters",
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "Encoding.Unicode in C#, wchar_t in C++, NSUTF16StringEncoding",
    fix: "encode as UTF-8",
    repair: Some("puts the same characters in UTF-8"),
};

pub(super) const MSG_UTF8_SPLIT: Words = Words {
    level: Level::Note,
    title: "a character is split over two frames of a message",
    spec: "RFC 6455 5.6, which allows it",
    chrome: "accepts it",
    firefox: "accepts it",
    safari: "accepts it",
    differs: &[],
    from_client: Some("may do this in a long message"),
    cause: "the message was cut by bytes",
    fix: "nothing needs to change; a receiver must check UTF-8 over the whole message",
    repair: None,
};

pub(super) const MSG_UTF8_INCOMPLETE_AT_FIN: Words = Words {
    level: Level::Error,
    title: "a text message ends in the middle of a character",
    spec: "RFC 6455 8.1",
    chrome: "Could not decode a text frame as UTF-8. (close 1006 for the page)",
    firefox: "The connection to <url> was interrupted while the page was loading. (close 1006 for the page), closing with \
        1007",
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "the text was cut at a count of bytes, or each chunk of a stream was sent as a message of its own",
    fix: "cut between characters, or send the chunks as fragments of one message",
    repair: Some("puts U+FFFD in place of what is left of the character"),
};

pub(super) const MSG_OVERLONG_OR_NONCHAR: Words = Words {
    level: Level::Error,
    title: "a text message has an overlong form or a surrogate, as Modified UTF-8 and CESU-8 do",
    spec: "RFC 3629 3; RFC 6455 8.1",
    chrome: "Could not decode a text frame as UTF-8. (close 1006 for the page)",
    firefox: "The connection to <url> was interrupted while the page was loading. (close 1006 for the page), closing with \
        1007",
    safari: SAFARI_FAILS,
    differs: &[],
    from_client: Some(NEVER),
    cause: "DataOutputStream.writeUTF() or JNI strings in Java, utf8 in place of utf8mb4 in MySQL, CESU-8 in Oracle",
    fix: "use standard UTF-8: getBytes(UTF_8)",
    repair: Some("puts the character that is meant, or U+FFFD"),
};

pub(super) const MSG_TOO_BIG: Words = Words {
    level: Level::Warning,
    title: "a message is larger than what its receiver takes",
    spec: "RFC 6455 7.4.1, 10.4",
    chrome: "Message size is too large. beyond 4 GiB (close 1006 for the page)",
    firefox: "closes with 1009 beyond 2 GiB (close 1006 for the page)",
    safari: "has a bound of its own (close 1006 for the page)",
    differs: &[Browser::Firefox, Browser::Safari],
    from_client: Some("sends what the page sends"),
    cause: "a large blob in one message, or fragments without an end",
    fix: "split the data into several messages, or raise the receiver's bound",
    repair: None,
};
