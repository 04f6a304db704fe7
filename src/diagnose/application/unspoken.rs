//! What goes wrong whatever is spoken, where no protocol is known: text that comes back as bytes, and a first message that
//! nobody heard.

use std::time::Duration;

use crate::decode::{Decoder, Format, Limits, Payload};
use crate::record::finding::{Finding, FindingKind};
use crate::record::{Side, Time};

use super::Message;

/// Texts of the client's that are remembered, and how much of each.
const TEXTS: usize = 4;
const TEXT: usize = 256;
/// A page that sends as soon as it may does so within this time of the opening.
const AT_ONCE: Duration = Duration::from_secs(1);
/// A reply that has not come by then is not to come, where others take no longer than that.
const PATIENCE: Duration = Duration::from_secs(1);
/// Messages of the client's after which it shows that the first got no reply and the others do.
const TURNS: usize = 4;

/// A message of the client's and what followed it.
#[derive(Debug)]
struct Turn {
    time: Time,
    /// What messages of its kind have in common.
    shape: String,
    bytes: Vec<u8>,
    replies: u32,
    /// Whether the server's message holds it, as an echo does.
    is_echoed: bool,
}

#[derive(Debug)]
pub(super) struct Unspoken {
    opened: Time,
    texts: Vec<Vec<u8>>,
    /// The client has sent bytes, so that it expects some, too.
    has_sent_bytes: bool,
    turns: Vec<Turn>,
    /// The first message as a finding, until it is clear whether it is one.
    first: Option<Finding>,
    /// What was to be told is, or can't be known.
    tells_of_bytes: bool,
    tells_of_first: bool,
}

impl Unspoken {
    pub(super) const fn new(opened: Time) -> Self {
        Self {
            opened,
            texts: Vec::new(),
            has_sent_bytes: false,
            turns: Vec::new(),
            first: None,
            tells_of_bytes: true,
            tells_of_first: true,
        }
    }

    pub(super) fn missed(&mut self) {
        self.tells_of_first = false;
        self.turns.clear();
    }

    pub(super) fn message(&mut self, message: &Message<'_>) -> Option<Finding> {
        match message.from {
            Side::Client => {
                self.of_client(message);
                self.first_unheard()
            }
            Side::Server => {
                if let Some(turn) = self.turns.last_mut() {
                    turn.replies += 1;
                    turn.is_echoed |= holds(message.bytes(), &turn.bytes);
                } else {
                    // A server that speaks first is not known by who answers whom.
                    self.tells_of_first = false;
                }
                self.bytes(message)
            }
        }
    }

    fn of_client(&mut self, message: &Message<'_>) {
        let bytes = message.bytes().get(..TEXT).unwrap_or(message.bytes()).to_vec();
        if !message.is_text() {
            self.has_sent_bytes = true;
            self.texts = Vec::new();
        } else if self.texts.len() < TEXTS && self.tells_of_bytes {
            self.texts.push(bytes.clone());
        }
        if self.tells_of_first && self.turns.len() < TURNS {
            if self.turns.is_empty() {
                let detail = "the first message got no reply, and each of the next ones of its kind got one";
                self.first = Some(message.finding(FindingKind::AppFirstUnanswered, message.bytes().len(), detail));
            }
            let shape = shape(message.payload);
            self.turns.push(Turn { time: message.time, shape, bytes, replies: 0, is_echoed: false });
        }
    }

    /// Text in a binary message: the very bytes of one that the client sent, or JSON where the client sends JSON as text.
    fn bytes(&mut self, message: &Message<'_>) -> Option<Finding> {
        let bytes = message.bytes();
        if !self.tells_of_bytes || message.is_text() || self.has_sent_bytes || !message.payload.is_whole {
            return None;
        }
        if bytes.len() > 1 && bytes.len() < TEXT && self.texts.iter().any(|text| text == bytes) {
            self.end_of_bytes();
            let detail = "they are the very bytes of a text that the client sent";
            return Some(message.finding(FindingKind::AppTextAsBinary, bytes.len(), detail));
        }
        let is_json = |bytes: &[u8]| {
            let is_one = matches!(bytes.first(), Some(b'{' | b'['));
            is_one && Decoder::Json.read(message.from, Payload::text(bytes), &Limits::ROW).is_ok()
        };
        if self.texts.iter().any(|text| matches!(text.first(), Some(b'{' | b'['))) && is_json(bytes) {
            self.end_of_bytes();
            return Some(message.finding(FindingKind::AppJsonAsBinary, bytes.len(), ""));
        }
        None
    }

    /// It is told, which is enough once.
    fn end_of_bytes(&mut self) {
        self.tells_of_bytes = false;
        self.texts = Vec::new();
    }

    /// The first message, sent at the opening, got nothing for a while, and then each one like it a reply.
    fn first_unheard(&mut self) -> Option<Finding> {
        let [first, second, third, _] = self.turns.as_slice() else { return None };
        let is_early = first.time.since(self.opened) <= AT_ONCE;
        let is_unheard = first.replies == 0 && second.time.since(first.time) >= PATIENCE;
        let is_answered = |turn: &Turn| turn.replies == 1 && (turn.is_echoed || !turn.shape.is_empty());
        let are_alike = self.turns.iter().all(|turn| turn.shape == first.shape);
        let is_it = is_early && is_unheard && are_alike && is_answered(second) && is_answered(third);
        self.tells_of_first = false;
        let first = self.first.take();
        self.turns.clear();
        first.filter(|_| is_it)
    }
}

/// The keys of an object, and what says which kind of message it is; nothing for what is no object.
fn shape(payload: Payload<'_>) -> String {
    if payload.format == Format::Binary || !matches!(payload.bytes.first(), Some(b'{')) {
        return String::new();
    }
    let Ok(decoded) = Decoder::Json.read(Side::Client, payload, &Limits::ROW) else { return String::new() };
    let document = &decoded.document;
    let root = document.children(None).next();
    let mut shape = String::new();
    for node in document.children(root).filter_map(|node| document.nodes().get(node)).take(32) {
        let key = node.key.as_deref().unwrap_or_default();
        shape.push_str(key);
        if matches!(key, "type" | "event" | "action" | "method" | "op" | "cmd" | "command" | "kind" | "t") {
            shape.push_str(node.value.as_str().unwrap_or_default());
        }
        shape.push(' ');
    }
    shape
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && bytes.windows(part.len()).any(|window| window == part)
}
