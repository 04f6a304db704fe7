//! What is said about findings in the layer `close`.

use crate::wire::finding::Level;

use super::Words;

pub(super) const CLOSE_1BYTE: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const CLOSE_CODE_RESERVED: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const CLOSE_CODE_RANGE: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const CLOSE_CODE_LITTLE_ENDIAN: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const CLOSE_CODE_ASCII: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const CLOSE_REASON_UTF8: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const CLOSE_REASON_LONG: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const CLOSE_DATA_AFTER: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const CLOSE_NO_REPLY: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const CLOSE_NO_TCP_CLOSE: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const CLOSE_BEFORE_HANDSHAKE: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const CLOSE_CLEAN_ERROR_CODES: Words =
    Words { level: Level::Note, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const CLOSE_BROWSER_1001: Words =
    Words { level: Level::Note, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const CLOSE_FROM_BROWSER_1002: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };
