//! JSON-RPC 2.0, and its relatives: the Language Server Protocol, and the Chrome DevTools Protocol.

use super::reading::Reading;
use super::{Fault, Role};

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    /// JSON-RPC itself: each message says its version.
    Plain,
    /// Of the DevTools: no version, and a session's id where there are several.
    DevTools,
}

/// One message, or a list of them.
pub(super) fn message(reading: &mut Reading<'_>, flavour: Flavour) -> Result<(), Fault> {
    reading.expect_text("JSON-RPC")?;
    let root = reading.json(None, 0)?;
    read(reading, root, 0, flavour)
}

/// Of the Language Server Protocol: bare, or behind the header that standard streams have.
pub(super) fn language_server(reading: &mut Reading<'_>) -> Result<(), Fault> {
    let bytes = reading.payload.bytes;
    let mut at = 0;
    if !bytes.starts_with(b"Content-") {
        return message(reading, Flavour::Plain);
    }
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(end) = rest.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Err(Fault::end(bytes.len(), "an empty line belongs behind the header"));
        };
        let head = rest.get(..end).and_then(|head| std::str::from_utf8(head).ok()).unwrap_or_default();
        let mut fields = head.split("\r\n").filter_map(|line| line.split_once(':'));
        let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let Some(length) = length.and_then(|(_, length)| length.trim().parse::<usize>().ok()) else {
            return Err(Fault::new(at, "the header has a Content-Length that is a number"));
        };
        let start = at + end + 4;
        let stop = start.saturating_add(length).min(bytes.len());
        let root = reading.json_within(None, start..stop)?;
        read(reading, root, start, Flavour::Plain)?;
        at = stop;
    }
    Ok(())
}

fn read(reading: &mut Reading<'_>, root: Option<usize>, at: usize, flavour: Flavour) -> Result<(), Fault> {
    let is_list = reading.document().value(root) == Some(&super::Value::Array);
    if !is_list || flavour == Flavour::DevTools {
        return one(reading, root, at, flavour);
    }
    let items: Vec<usize> = reading.document().children(root).take(reading.limits().parts + 1).collect();
    if items.is_empty() {
        return Err(Fault::new(at, "a list of messages has at least one"));
    }
    items.into_iter().try_for_each(|item| one(reading, Some(item), at, flavour))
}

fn one(reading: &mut Reading<'_>, root: Option<usize>, at: usize, flavour: Flavour) -> Result<(), Fault> {
    let document = reading.document();
    if flavour == Flavour::Plain && document.says(root, "jsonrpc") != Some("2.0") {
        return Err(Fault::new(at, "a message of JSON-RPC 2.0 has jsonrpc: \"2.0\""));
    }
    let id = document.id(root, "id").map(str::to_owned);
    let number = id.as_ref().map(|id| format!(" #{id}")).unwrap_or_default();
    // The ids of a DevTools session are its own.
    let session = document.says(root, "sessionId").map(|session| format!("{session} ")).unwrap_or_default();
    let id = id.map(|id| format!("{session}{id}"));
    if let Some(method) = document.says(root, "method").map(str::to_owned) {
        let shown = reading.compact(document.member(root, "params"));
        let role = id.map_or(Role::Other, Role::Request);
        reading.part(format!("{method}{number} {shown}").trim_end(), Some(&method), role);
    } else if let Some(error) = document.member(root, "error") {
        let code = document.says(Some(error), "code").unwrap_or_default();
        let said = document.says(Some(error), "message").unwrap_or_default();
        let summary = format!("error{number} {code} {said}");
        reading.part(&summary, Some("error"), id.map_or(Role::Error, Role::Refusal));
    } else if document.member(root, "result").is_some() && id.is_some() {
        let shown = reading.compact(document.member(root, "result"));
        reading.part(&format!("result{number} {shown}"), Some("result"), id.map_or(Role::Other, Role::Reply));
    } else {
        return Err(Fault::new(at, "it has no method, no result and no error"));
    }
    Ok(())
}
