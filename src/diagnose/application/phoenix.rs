//! Channels of Phoenix.
//!
//! Read in phoenix 1.9-dev (socket.ex: "unmatched topic", `phx_error`; channel/server.ex: "join crashed";
//! transports/websocket.ex: a timeout of 60 s without a byte of the client's) and in its JavaScript client 1.8 (a heartbeat
//! every 30 s).

use std::time::Duration;

use crate::decode::{Decoder, Document, PhoenixFields};
use crate::record::Side;
use crate::record::finding::{Finding, FindingKind, Place};

use super::{End, Message, Rules, holds, quoted};
use crate::diagnose::end;

/// The server's default limit, and how much later it may be noticed.
const LIMIT: Duration = Duration::from_secs(60);
const LATE: Duration = Duration::from_secs(5);
/// A client sends a heartbeat so often.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// Joins under way that are remembered.
const JOINS: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Phoenix {
    /// The references of joins that are not answered.
    joins: Vec<String>,
    has_heartbeat: bool,
}

/// What a message says, in either form.
struct Envelope {
    reference: Option<String>,
    topic: String,
    event: String,
    status: Option<String>,
    said: String,
}

impl Rules for Phoenix {
    fn message(&mut self, message: &Message<'_>) -> Vec<Finding> {
        let Some(envelope) = envelope(message) else { return Vec::new() };
        match (message.from, envelope.event.as_str()) {
            (Side::Client, "heartbeat") => self.has_heartbeat = true,
            (Side::Client, "phx_join") => {
                if let Some(reference) = envelope.reference.filter(|_| self.joins.len() < JOINS) {
                    self.joins.push(reference);
                }
            }
            (Side::Server, "phx_reply") => {
                let joins = self.joins.len();
                self.joins.retain(|join| Some(join) != envelope.reference.as_ref());
                if joins > self.joins.len() && envelope.status.as_deref() == Some("error") {
                    return vec![refused(message, &envelope)];
                }
            }
            (Side::Server, "phx_error") => {
                let detail = format!("topic {}", quoted(&envelope.topic));
                return vec![message.finding(FindingKind::PhoenixError, message.bytes().len(), detail)];
            }
            _ => {}
        }
        Vec::new()
    }

    fn is_of_interest(&self, from: Side, start: &[u8]) -> bool {
        match from {
            Side::Client => holds(start, b"phx_join") || (!self.has_heartbeat && holds(start, b"heartbeat")),
            Side::Server => holds(start, b"phx_error") || (!self.joins.is_empty() && holds(start, b"phx_reply")),
        }
    }

    fn missed(&mut self, from: Side) {
        self.has_heartbeat |= from == Side::Client;
    }

    fn end(&self, ended: &End) -> Option<Finding> {
        let silence = ended.silence.client;
        // The default, or another limit of whole seconds where no heartbeat was there to meet it.
        let is_default = silence >= LIMIT && silence <= LIMIT + LATE;
        let is_other = !self.has_heartbeat && silence > HEARTBEAT && end::is_limit(silence);
        if ended.from != Side::Server || !(is_default || is_other) {
            return None;
        }
        let seconds = silence.as_secs_f64();
        let beats = if self.has_heartbeat { "and no heartbeat came in it" } else { "and has sent no heartbeat at all" };
        let detail = format!("the client was silent for {seconds:.1} s, {beats}");
        Some(Finding::new(FindingKind::PhoenixNoHeartbeat, Place::Connection).detail(detail))
    }
}

fn envelope(message: &Message<'_>) -> Option<Envelope> {
    let decoded = message.read(Decoder::Json).filter(|_| message.is_text())?;
    let document = &decoded.document;
    let PhoenixFields { reference, topic, event, payload } = PhoenixFields::of(document);
    let response = document.member(payload, "response");
    Some(Envelope {
        reference: reference.map(str::to_owned),
        topic: topic?.to_owned(),
        event: event?.to_owned(),
        status: document.says(payload, "status").map(str::to_owned),
        said: reason(document, response),
    })
}

fn reason(document: &Document, response: Option<usize>) -> String {
    document.says(response, "reason").map_or_else(|| document.compact(response, super::QUOTED), str::to_owned)
}

fn refused(message: &Message<'_>, envelope: &Envelope) -> Finding {
    let (topic, said) = (quoted(&envelope.topic), quoted(&envelope.said));
    let finding = message.finding(FindingKind::PhoenixRefused, message.bytes().len(), format!("topic {topic}: {said}"));
    match envelope.said.as_str() {
        "unmatched topic" => finding.cause(
            format!("the server has no channel for the topic {topic}"),
            "add a channel \"...\" line for it to the UserSocket, or correct the topic in socket.channel()",
        ),
        "join crashed" => finding.cause(
            format!("the channel's join/3 raised an exception for the topic {topic}"),
            "look for the exception in the server's log, above \"an exception was raised\"",
        ),
        _ => finding.cause(
            format!("the channel refuses the topic {topic} itself: {said}"),
            "look for that reason in the channel's join/3: what returns {:error, %{...}}; a token goes into the params of \
             socket.channel()",
        ),
    }
}
