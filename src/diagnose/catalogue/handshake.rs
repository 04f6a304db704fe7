//! What is said about findings in the layer `handshake`.

use crate::wire::finding::Level;

use super::Words;

pub(super) const RESP_UPGRADE_MISSING: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const RESP_UPGRADE_WRONG: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const RESP_UPGRADE_MULTIPLE: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const RESP_CONNECTION_MISSING: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const RESP_CONNECTION_WRONG: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const RESP_CONNECTION_LIST: Words =
    Words { level: Level::Note, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const RESP_ACCEPT_MISSING: Words = Words {
    level: Level::Error,
    title: "the 101 answer has no Sec-WebSocket-Accept field",
    spec: "RFC 6455 4.2.2 step 5.4",
    chrome: "fails: Error during WebSocket handshake: 'Sec-WebSocket-Accept' header is missing",
    firefox: "fails with close code 1006",
    safari: "fails: There was a bad response from the server",
    cause: "a server written for a draft of 2010, or a proxy in between that removed the field",
    fix: "answer with base64(sha1(key + \"258EAFA5-E914-47DA-95CA-C5AB0DC85B11\"))",
};

pub(super) const RESP_ACCEPT_MISMATCH: Words = Words {
    level: Level::Error,
    title: "the accept value does not belong to the request's key",
    spec: "RFC 6455 4.2.2 step 5.4",
    chrome: "fails: Error during WebSocket handshake: Incorrect 'Sec-WebSocket-Accept' header value",
    firefox: "fails with close code 1006",
    safari: "fails: There was a bad response from the server",
    cause: "the key was decoded, trimmed or cut before hashing, the GUID has a typing error, or the hash was \
            encoded as hex",
    fix: "hash the key's text as it came, with the GUID behind it, and encode the 20 raw bytes with base64",
};

pub(super) const RESP_ACCEPT_TRAILING_NEWLINE: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const RESP_ACCEPT_DUPLICATE: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const RESP_ACCEPT_WHITESPACE: Words =
    Words { level: Level::Note, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const RESP_PROTOCOL_UNREQUESTED: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const RESP_PROTOCOL_MISMATCH: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const RESP_PROTOCOL_MISSING: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const RESP_PROTOCOL_LIST: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const RESP_PROTOCOL_DUPLICATE: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const RESP_PROTOCOL_EMPTY: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const RESP_HIXIE_HEADERS: Words =
    Words { level: Level::Note, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const RESP_HIXIE76_ONLY: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const REQ_METHOD: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const REQ_HTTP10: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const REQ_HOST_MISSING: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const REQ_UPGRADE_MISSING: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const REQ_CONNECTION_MISSING: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const REQ_KEY_MISSING: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const REQ_KEY_BAD_LENGTH: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const REQ_KEY_REUSED: Words =
    Words { level: Level::Note, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const REQ_KEY_DUPLICATE: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const REQ_VERSION_MISSING: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const REQ_VERSION_UNSUPPORTED: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const REQ_VERSION_DUPLICATE: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const REQ_ORIGIN_MISSING: Words =
    Words { level: Level::Note, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const REQ_SUBPROTOCOL_INVALID: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const REQ_BODY: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };
