//! What is said about findings in the layer `message`.

use crate::wire::finding::Level;

use super::Words;

pub(super) const MSG_INVALID_UTF8: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const MSG_LATIN1: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const MSG_UTF16: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const MSG_UTF8_SPLIT: Words =
    Words { level: Level::Note, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const MSG_UTF8_INCOMPLETE_AT_FIN: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const MSG_OVERLONG_OR_NONCHAR: Words =
    Words { level: Level::Note, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const MSG_TOO_BIG: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };
