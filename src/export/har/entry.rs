//! A session as an entry of an archive.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::diagnose;
use crate::json;
use crate::record::finding::{Finding, Place};
use crate::record::{ClosedEvent, Event, FrameNumber, HeadEvent, OpenEvent, SessionId, Side, Time, Verdict};
use crate::wire::close::Code;
use crate::wire::head::{Field, Head};
use crate::wire::secret;

/// Findings of one session that stand in its entry, beside the rows that they have: a broken server repeats itself.
const FINDINGS: usize = 100;

/// What is known of a session.
#[derive(Default)]
pub(super) struct Entry {
    /// Whether anything of it is what was asked for.
    pub(super) is_shown: bool,
    opened: Option<Time>,
    last: Option<Time>,
    client: Option<SocketAddr>,
    path: Vec<u8>,
    request: Option<(Time, HeadEvent)>,
    response: Option<(Time, HeadEvent)>,
    open: Option<OpenEvent>,
    answered: Option<(u16, String)>,
    verdict: Option<Verdict>,
    findings: Vec<Value>,
    closed: Option<ClosedEvent>,
}

impl Entry {
    /// Something of it was seen.
    pub(super) fn saw(&mut self, time: Time) {
        self.opened.get_or_insert(time);
        self.last = self.last.max(Some(time));
    }

    /// Takes one of its rarer things.
    pub(super) fn event(&mut self, time: Time, event: &Event) {
        self.saw(time);
        match event {
            Event::SessionOpened { client, path } => {
                (self.client, self.path) = (Some(*client), path.clone());
            }
            Event::Head(head) => {
                let place = if head.from == Side::Client { &mut self.request } else { &mut self.response };
                *place = Some((time, head.clone()));
            }
            Event::Open(open) => self.open = Some(open.clone()),
            Event::Answered { status, reason } => self.answered = Some((*status, reason.clone())),
            Event::Verdict(verdict) => self.verdict = Some(verdict.clone()),
            Event::Finding(from, finding) if self.findings.len() < FINDINGS => {
                self.findings.push(self::finding(time, *from, finding));
            }
            Event::SessionClosed(closed) => self.closed = Some(closed.clone()),
            _ => {}
        }
    }

    /// All of it but its messages.
    pub(super) fn value(&self, id: SessionId) -> Value {
        let opened = self.opened.unwrap_or_default();
        let responded = self.response.as_ref().map_or(opened, |(time, _)| *time);
        let time = millis(opened, self.last.unwrap_or(opened));
        let wait = millis(opened, responded);
        json!({
            "startedDateTime": json::rfc3339(opened),
            "time": time,
            "request": self.request(),
            "response": self.response(),
            "cache": {},
            "timings": {
                "blocked": -1, "dns": -1, "ssl": -1, "connect": -1, "send": 0, "wait": wait, "receive": time - wait,
            },
            "_resourceType": "websocket",
            "_wsproxy": self.own(id),
        })
    }

    fn request(&self) -> Value {
        let bytes = self.request.as_ref().map_or(&[][..], |(_, head)| &head.bytes);
        let head = Head::new(bytes);
        let target = if head.target().is_empty() { &self.path } else { head.target() };
        let target = String::from_utf8_lossy(target).into_owned();
        let host = head.value("host").map_or("unknown.invalid".into(), String::from_utf8_lossy);
        let method = head.start_line().split(|byte| *byte == b' ').next().unwrap_or_default();
        let method = if method.is_empty() { "GET".into() } else { String::from_utf8_lossy(method) };
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let query = url::form_urlencoded::parse(query.as_bytes());
        json!({
            "method": method,
            "url": if target.contains("://") { target.clone() } else { format!("ws://{host}{target}") },
            "httpVersion": "HTTP/1.1",
            "headers": headers(&head, bytes),
            "queryString": query.map(|(name, value)| json!({ "name": name, "value": value })).collect::<Vec<_>>(),
            "cookies": head.values("cookie").flat_map(|value| value.split(|byte| *byte == b';')).filter_map(cookie)
                .collect::<Vec<_>>(),
            "headersSize": size(bytes),
            "bodySize": 0,
        })
    }

    fn response(&self) -> Value {
        let bytes = self.response.as_ref().map_or(&[][..], |(_, head)| &head.bytes);
        let head = Head::of_response(bytes);
        let line = String::from_utf8_lossy(head.start_line()).into_owned();
        let words = line.splitn(3, ' ').nth(2).unwrap_or_default();
        let (status, words) = match (&self.answered, head.status()) {
            (None, Some(status)) => (status, words.to_owned()),
            (Some((status, reason)), _) => (*status, format!("by wsproxy: {reason}")),
            (None, None) => (0, String::new()),
        };
        let cookies = head.values("set-cookie").filter_map(|value| cookie(value.split(|byte| *byte == b';').next()?));
        json!({
            "status": status,
            "statusText": words,
            "httpVersion": "HTTP/1.1",
            "headers": headers(&head, bytes),
            "cookies": cookies.collect::<Vec<_>>(),
            "content": { "size": 0, "mimeType": "x-unknown" },
            "redirectURL": head.value("location").map_or("".into(), String::from_utf8_lossy),
            "headersSize": size(bytes),
            "bodySize": 0,
            "_transferSize": 0,
            "_error": null,
        })
    }

    /// What no other format of archives has a place for.
    fn own(&self, id: SessionId) -> Value {
        let mut own = Map::new();
        own.insert("session".into(), id.0.into());
        own.insert("client".into(), self.client.map(|client| client.to_string()).into());
        for (name, head) in [("request", &self.request), ("response", &self.response)] {
            let Some((_, head)) = head else { continue };
            own.insert(format!("{name}_bytes"), STANDARD.encode(&head.bytes).into());
            if head.forwarded != head.bytes {
                own.insert(format!("{name}_forwarded"), STANDARD.encode(&head.forwarded).into());
            }
        }
        if let Some(open) = &self.open {
            let text =
                |bytes: &Option<Vec<u8>>| bytes.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            own.insert("dialect_client".into(), open.dialect_client.facts().name.into());
            own.insert("dialect_server".into(), open.dialect_server.facts().name.into());
            own.insert("subprotocol".into(), text(&open.subprotocol).into());
            own.insert("extensions".into(), text(&open.extensions).into());
        }
        if let Some(verdict) = &self.verdict {
            own.insert("verdict".into(), self::verdict(verdict));
        }
        own.insert("findings".into(), self.findings.clone().into());
        if let Some(closed) = &self.closed {
            own.insert(
                "closed".into(),
                json!({
                    "by": closed.by.name(),
                    "how": closed.how.name(),
                    "code": closed.code.map(Code::value),
                    "reason": String::from_utf8_lossy(&closed.reason),
                }),
            );
        }
        own.into()
    }
}

/// A finding, in the words of `--json`.
pub(super) fn finding(time: Time, from: Side, finding: &Finding) -> Value {
    let words = diagnose::words(finding.kind);
    json!({
        "time": json::rfc3339(time),
        "from": from.name(),
        "frame": finding.frame().map(FrameNumber::value),
        "in_head": finding.place == Place::Head,
        "id": finding.kind.id(),
        "level": words.level.name(),
        "title": words.title,
        "detail": finding.detail,
        "at": { "offset": finding.at, "length": finding.length },
        "bytes": hex::encode(&finding.window),
        "bytes_at": finding.window_at,
        "cause": finding.cause.as_deref().unwrap_or(words.cause),
        "fix": finding.fix.as_deref().unwrap_or(words.fix),
        "repaired": finding.repaired,
    })
}

/// A verdict, in the words of `--json`.
pub(super) fn verdict(verdict: &Verdict) -> Value {
    json!({
        "browser": "chrome",
        "outcome": verdict.outcome.name(),
        "error_text": verdict.error_text.as_deref(),
        "close_code": verdict.close_code.map(Code::value),
        "was_clean": verdict.was_clean,
        "finding": verdict.finding.map(|kind| kind.id()),
        "frame": verdict.frame.map(FrameNumber::value),
        "undelivered": verdict.undelivered.map(FrameNumber::value),
        "basis": verdict.basis.name(),
    })
}

fn headers(head: &Head<'_>, bytes: &[u8]) -> Vec<Value> {
    let secrets = secret::names_in_head(bytes);
    let header = |field: Field<'_>| {
        let (name, value) = (String::from_utf8_lossy(field.name), String::from_utf8_lossy(field.value));
        if secrets.iter().any(|secret| *secret == name) {
            json!({ "name": name, "value": value, "comment": "secret" })
        } else {
            json!({ "name": name, "value": value })
        }
    };
    head.fields().map(header).collect()
}

fn cookie(pair: &[u8]) -> Option<Value> {
    let pair = String::from_utf8_lossy(pair).into_owned();
    let (name, value) = pair.trim().split_once('=')?;
    Some(json!({ "name": name, "value": value }))
}

/// -1 stands for what is not known.
fn size(bytes: &[u8]) -> i64 {
    if bytes.is_empty() { -1 } else { i64::try_from(bytes.len()).unwrap_or(i64::MAX) }
}

fn millis(from: Time, to: Time) -> f64 {
    to.since(from).as_micros() as f64 / 1e3
}
