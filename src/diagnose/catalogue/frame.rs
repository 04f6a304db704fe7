//! What is said about findings in the layer `frame`.

use crate::wire::finding::Level;

use super::Words;

pub(super) const FRAME_RSV: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_OPCODE_RESERVED_DATA: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_OPCODE_RESERVED_CONTROL: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_SERVER_MASKED: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_CLIENT_UNMASKED: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_MASK_WEAK: Words =
    Words { level: Level::Note, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_LEN16_NONMINIMAL: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_LEN64_NONMINIMAL: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_LEN64_IN_4_BYTES: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_LEN64_MSB: Words = Words {
    level: Level::Error,
    title: "a frame header promises 2^63 bytes or more, so nothing after it can be told apart",
    spec: "RFC 6455 5.2",
    chrome: "fails: Invalid frame header",
    firefox: "fails with close code 1006",
    safari: "fails: the operation couldn't be completed, protocol error",
    cause: "the bytes are no frames (text sent raw, or a lost byte earlier), or the length was written as a \
            signed number",
    fix: "write lengths above 65535 as an unsigned 64-bit number in network byte order, its top bit zero",
};

pub(super) const FRAME_LEN_HUGE: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_LEN_LITTLE_ENDIAN: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_LEN_7BIT_OVERFLOW: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_LEN_CHARS_NOT_BYTES: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_HEADER_UTF8: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_CONTROL_LONG: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_CONTROL_FRAGMENTED: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_UNEXPECTED_CONTINUATION: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_INTERLEAVED: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_MISSING_FIN: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_TRUNCATED: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_NOT_A_FRAME: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_TLS_RECORD: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_HIXIE_FRAMING: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_TRAILING_NEWLINE: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_STRAY_NUL: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_DOUBLE_FRAMED: Words =
    Words { level: Level::Note, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_ECHO_NOT_UNMASKED: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_MASKED_LUMP: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_HYBI06_OPCODES: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_EMPTY_FRAGMENTS: Words =
    Words { level: Level::Note, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_PING_NO_PONG: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const FRAME_PONG_MISMATCH: Words =
    Words { level: Level::Note, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };
