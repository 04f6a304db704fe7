//! HTTP Archive 1.2 with the messages of WebSockets, as Chrome's DevTools write and read it.
//!
//! An entry is a session, whose `_webSocketMessages` have a row for each message: fragments joined, inflated, text as text
//! and all else in base64. Control frames have rows as well, and so have findings and the words by which Chrome fails a
//! session, as rows of the type `error`. The very bytes stand under `_wsproxy`, which other readers leave alone.

mod entry;
mod messages;

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use crate::diagnose;
use crate::json::{FrameItem, Item, Totals, What};
use crate::record::finding::{Finding, FindingKind, Level};
use crate::record::{Event, Outcome, SessionId, Side, Time, Verdict};

use super::form::Form;
use super::spool::Spool;
use entry::Entry;
use messages::{Message, Messages};

/// An archive.
#[derive(Default)]
pub(super) struct Har {
    sessions: BTreeMap<SessionId, Entry>,
    /// Those that are over, with all but their messages.
    done: BTreeMap<SessionId, Vec<u8>>,
    messages: Messages,
    spool: Spool,
    lost: u64,
}

impl Har {
    fn frame(&mut self, id: SessionId, frame: &FrameItem<'_>) {
        let message = self.messages.frame(id, frame);
        if let Some(message) = message {
            self.message(id, &message);
        }
    }

    fn message(&mut self, id: SessionId, message: &Message) {
        self.row(id, &message.row());
    }

    fn row(&mut self, id: SessionId, row: &Value) {
        self.sessions.entry(id).or_default();
        let separator = if self.spool.has(id) { ",\n" } else { "" };
        let mut bytes = separator.as_bytes().to_vec();
        crate::json::value(row, &mut bytes);
        self.spool.add(id, &bytes);
    }

    fn event(&mut self, id: SessionId, time: Time, event: &Event) {
        self.sessions.entry(id).or_default().event(time, event);
        match event {
            Event::Inflated(inflated) => self.messages.inflated(id, inflated),
            Event::Finding(from, finding) if diagnose::words(finding.kind).level > Level::Note => {
                self.row(id, &finding_row(time, *from, finding));
            }
            Event::Verdict(verdict) if verdict.outcome == Outcome::Fails => {
                self.row(id, &verdict_row(time, verdict));
            }
            Event::SessionClosed(_) => self.close(id),
            _ => {}
        }
    }

    /// A session that is over is kept as the bytes that it will be, so that many take little.
    fn close(&mut self, id: SessionId) {
        for message in self.messages.end(id) {
            self.message(id, &message);
        }
        if let Some(entry) = self.sessions.remove(&id).filter(|entry| entry.is_shown || self.spool.has(id)) {
            let mut bytes = Vec::new();
            crate::json::value(&entry.value(id), &mut bytes);
            self.done.insert(id, bytes);
        }
    }
}

impl Form for Har {
    fn item(&mut self, item: &Item<'_>, _: &mut Vec<u8>) {
        let Some(id) = item.session else { return };
        match &item.what {
            What::Frame(frame) => {
                self.sessions.entry(id).or_default().saw(item.time);
                self.frame(id, frame);
            }
            What::Raw(raw, kept) => {
                let row = messages::raw_row(raw, kept);
                self.row(id, &row);
            }
            What::Event(event) => {
                self.sessions.entry(id).or_default().is_shown = true;
                self.event(id, item.time, event);
            }
            What::Released(..) | What::Proxy(_) => {}
        }
    }

    /// An entry is nothing without its heads.
    fn hidden(&mut self, item: &Item<'_>, _: &mut Vec<u8>) {
        let (Some(id), What::Event(event)) = (item.session, &item.what) else { return };
        match event {
            Event::SessionClosed(_) => self.close(id),
            event => self.sessions.entry(id).or_default().event(item.time, event),
        }
    }

    fn lost(&mut self, records: u64, _: &mut Vec<u8>) {
        self.lost += records;
    }

    fn finish(&mut self, _: &Totals, _: &BTreeMap<FindingKind, u64>, out: &mut dyn Write) -> io::Result<()> {
        let open: Vec<SessionId> = self.sessions.keys().copied().collect();
        for id in open {
            self.close(id);
        }
        let version = env!("CARGO_PKG_VERSION");
        let mut creator = Vec::new();
        crate::json::value(&json!({ "name": "wsproxy", "version": version }), &mut creator);
        out.write_all(b"{\"log\":{\"version\":\"1.2\",\"creator\":")?;
        out.write_all(&creator)?;
        if self.lost > 0 {
            write!(out, ",\"comment\":\"{} records left the memory before they could be written\"", self.lost)?;
        }
        out.write_all(b",\"pages\":[],\"entries\":[")?;
        let mut separator: &[u8] = b"\n";
        for (id, entry) in std::mem::take(&mut self.done) {
            out.write_all(separator)?;
            // The entry is an object, and its messages are the last of its members.
            out.write_all(entry.strip_suffix(b"}").unwrap_or(&entry))?;
            out.write_all(b",\"_webSocketMessages\":[")?;
            self.spool.take(id, out)?;
            out.write_all(b"]}")?;
            separator = b",\n";
        }
        out.write_all(b"\n]}}\n")
    }
}

/// Seconds since 1970, as DevTools have the time of a message.
fn seconds(time: Time) -> f64 {
    time.0 as f64 / 1e6
}

fn finding_row(time: Time, from: Side, finding: &Finding) -> Value {
    let words = diagnose::words(finding.kind);
    let detail = if finding.detail.is_empty() { String::new() } else { format!(" ({})", finding.detail) };
    json!({
        "type": "error",
        "time": seconds(time),
        "opcode": -1,
        "data": format!("wsproxy: {}[{}]: {}{detail}", words.level.name(), finding.kind.id(), words.title),
        "_wsproxy": entry::finding(time, from, finding),
    })
}

/// The row that DevTools have where Chrome fails a session.
fn verdict_row(time: Time, verdict: &Verdict) -> Value {
    json!({
        "type": "error",
        "time": seconds(time),
        "opcode": -1,
        "data": verdict.error_text.as_deref().unwrap_or("the connection ended without a close frame"),
        "_wsproxy": entry::verdict(verdict),
    })
}
