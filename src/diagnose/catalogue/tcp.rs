//! What is said about findings in the layer `tcp`.

use crate::wire::finding::Level;

use super::Words;

pub(super) const TCP_REFUSED: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const TCP_DNS: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const TCP_CONNECT_TIMEOUT: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const TCP_CLOSED_BEFORE_RESPONSE: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const TCP_RESET_IN_HANDSHAKE: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const TLS_NOT_TLS: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const TLS_CLIENT_HELLO_ON_PLAIN_PORT: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const TLS_BAD_CERT: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const PAGE_CLOSED_WHILE_CONNECTING: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const HANDSHAKE_TIMEOUT: Words =
    Words { level: Level::Error, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const TCP_DROP_AFTER_OPEN: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };

pub(super) const TCP_IDLE_TIMEOUT: Words =
    Words { level: Level::Warning, title: "", spec: "", chrome: "", firefox: "", safari: "", cause: "", fix: "" };
