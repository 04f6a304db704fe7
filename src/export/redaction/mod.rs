//! What is taken out of what is written: each byte of such a value becomes an asterisk, so that all lengths and places stay
//! what they were.

mod json;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use crate::json::{FrameItem, Item, What};
use crate::query::JsonPath;
use crate::record::finding::{Finding, Place};
use crate::record::{By, Event, FrameRecord, HeadEvent, PerSide, ProxyEvent, SessionId, Side};
use crate::text;
use crate::wire::frame::FrameHeader;
use crate::wire::mask;
use crate::wire::opcode::Opcode;
use crate::wire::secret::{self, Value};

/// What stands in place of each byte.
const INSTEAD: u8 = b'*';
/// Bytes of a value that is looked for elsewhere. What is shorter is found in too many places.
const SHORTEST: usize = 4;
/// Values of one session that are looked for elsewhere.
const VALUES: usize = 64;
/// Sessions whose end may have been lost: more than there can be at a time.
const SESSIONS: usize = 65_536;

/// What to take out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redaction {
    /// Fields by their names, and parameters of targets with a question mark in front.
    names: Vec<String>,
    /// Values of messages.
    paths: Vec<JsonPath>,
    /// Whatever in heads is usually secret.
    secrets: bool,
}

impl Redaction {
    /// The word for what is usually secret.
    pub const SECRETS: &'static str = "secrets";

    /// What is usually secret in heads: credentials, cookies, tokens in targets.
    #[must_use]
    pub fn secrets() -> Self {
        Self { secrets: true, ..Self::default() }
    }

    /// Adds what a name means: `secrets`, a field's name, `?` with a parameter's name, or a path in JSON that begins with a
    /// dot.
    ///
    /// # Errors
    /// What is wrong with the name, in a sentence.
    pub fn add(&mut self, name: &str) -> Result<(), String> {
        let shown = || text::escape(name.as_bytes());
        if name == Self::SECRETS {
            self.secrets = true;
        } else if name.starts_with('.') {
            let path = JsonPath::parse(name).filter(|path| !path.names().is_empty());
            self.paths.push(path.ok_or_else(|| format!("{} names no value: write a path as in .auth.token", shown()))?);
        } else {
            let bare = name.strip_prefix('?').unwrap_or(name);
            if bare.is_empty() || bare.contains([':', ' ', '=', '&', ',']) {
                return Err(format!(
                    "{} is no name: write a header's, as Cookie, a query parameter's, as ?token, a path in JSON, as \
                     .auth.token, or secrets",
                    shown()
                ));
            }
            self.names.push(name.to_owned());
        }
        Ok(())
    }

    /// The same, and what is usually secret.
    #[must_use]
    pub fn and_secrets(self) -> Self {
        Self { secrets: true, ..self }
    }

    /// Those of the values that are to be taken out.
    fn of(&self, mut values: Vec<Value>) -> Vec<Value> {
        values.retain(|value| self.takes(value));
        values
    }

    fn takes(&self, value: &Value) -> bool {
        (self.secrets && value.is_secret()) || self.names.iter().any(|name| value.is_named(name))
    }
}

/// Takes things out of one item after the other.
pub(super) struct Redactor {
    redaction: Redaction,
    /// Whether nothing is ever taken out: asked for each thing.
    is_idle: bool,
    sessions: HashMap<SessionId, Taken>,
}

/// What was taken out of a session's heads: findings speak of it.
#[derive(Default)]
struct Taken {
    places: PerSide<Vec<Range<usize>>>,
    values: Vec<String>,
}

impl Redactor {
    pub(super) fn new(redaction: Redaction) -> Self {
        let is_idle = redaction == Redaction::default();
        Self { redaction, is_idle, sessions: HashMap::new() }
    }

    /// Whether nothing is ever taken out.
    pub(super) const fn is_idle(&self) -> bool {
        self.is_idle
    }

    /// What an event becomes; nothing where it stays as it is.
    fn event(&mut self, session: Option<SessionId>, event: &Event) -> Option<Event> {
        match event {
            Event::SessionOpened { client, path } => {
                let mut path = path.clone();
                self.target(session, &mut path);
                Some(Event::SessionOpened { client: *client, path })
            }
            Event::Head(head) => Some(Event::Head(self.head(session, head))),
            Event::Finding(from, finding) => Some(Event::Finding(*from, self.finding(session, *from, finding))),
            Event::Inflated(inflated) if !self.redaction.paths.is_empty() => {
                let mut inflated = inflated.clone();
                inflated.bytes.fill(INSTEAD);
                Some(Event::Inflated(inflated))
            }
            Event::Note(level, words) => Some(Event::Note(*level, self.words(session, words))),
            Event::Answered { status, reason } => {
                Some(Event::Answered { status: *status, reason: self.words(session, reason) })
            }
            Event::SessionClosed(_) => {
                session.and_then(|id| self.sessions.remove(&id));
                None
            }
            _ => None,
        }
    }

    /// What becomes of something that belongs to no session.
    fn proxy(&mut self, event: &ProxyEvent) -> Option<ProxyEvent> {
        let ProxyEvent::Http { method, path, status } = event else { return None };
        let mut bytes = path.clone().into_bytes();
        self.target(None, &mut bytes);
        // Whole values were replaced, and each of them between two characters of ASCII.
        let path = String::from_utf8_lossy(&bytes).into_owned();
        Some(ProxyEvent::Http { method: method.clone(), path, status: *status })
    }

    fn target(&mut self, session: Option<SessionId>, path: &mut [u8]) {
        for value in self.redaction.of(secret::in_target(path)) {
            self.take(session, None, path, value.range);
        }
    }

    fn head(&mut self, session: Option<SessionId>, head: &HeadEvent) -> HeadEvent {
        let mut head = head.clone();
        for value in self.redaction.of(secret::in_head(&head.bytes)) {
            self.take(session, Some(head.from), &mut head.bytes, value.range);
        }
        for value in self.redaction.of(secret::in_head(&head.forwarded)) {
            fill(&mut head.forwarded, value.range);
        }
        for change in &mut head.changes {
            let value = Value { name: change.field.clone(), range: 0..0 };
            if self.redaction.takes(&value) {
                change.from.fill(INSTEAD);
                change.to.fill(INSTEAD);
            } else if change.field == "request target" {
                self.target(session, &mut change.from);
                self.target(session, &mut change.to);
            }
        }
        head
    }

    /// Takes a value out, and remembers where and what it was.
    fn take(&mut self, session: Option<SessionId>, from: Option<Side>, bytes: &mut [u8], range: Range<usize>) {
        let Some(id) = session else { return fill(bytes, range) };
        if self.sessions.len() > SESSIONS {
            self.sessions.clear();
        }
        let taken = self.sessions.entry(id).or_default();
        if let Some(value) = bytes.get(range.clone()).filter(|value| value.len() >= SHORTEST)
            && taken.values.len() < VALUES
        {
            let value = text::escape(value);
            if !taken.values.contains(&value) {
                taken.values.push(value);
            }
        }
        if let Some(from) = from {
            taken.places[from].push(range.clone());
        }
        fill(bytes, range);
    }

    fn finding(&self, session: Option<SessionId>, from: Side, finding: &Finding) -> Finding {
        let mut finding = finding.clone();
        let taken = session.and_then(|id| self.sessions.get(&id));
        match finding.place {
            Place::Head => {
                let start = usize::try_from(finding.window_at).unwrap_or(usize::MAX);
                for range in taken.into_iter().flat_map(|taken| &taken.places[from]) {
                    let within = range.start.saturating_sub(start)..range.end.saturating_sub(start);
                    fill(&mut finding.window, within);
                }
            }
            // The header stays; what a message says may be what is to be taken out.
            Place::Frame(_) if !self.redaction.paths.is_empty() => {
                let header = FrameHeader::parse(&finding.window).filter(|_| finding.window_at == 0);
                let used = header.map_or(0, |(_, used)| used);
                fill(&mut finding.window, used..usize::MAX);
            }
            _ => {}
        }
        finding.detail = self.words(session, &finding.detail);
        for words in [&mut finding.cause, &mut finding.fix, &mut finding.chrome].into_iter().flatten() {
            *words = self.words(session, words).into();
        }
        finding
    }

    /// Words about a session, in which what was taken out of its heads is taken out, too.
    fn words(&self, session: Option<SessionId>, words: &str) -> String {
        let taken = session.and_then(|id| self.sessions.get(&id));
        let values = taken.into_iter().flat_map(|taken| &taken.values);
        values.fold(words.to_owned(), |words, value| words.replace(value.as_str(), &"*".repeat(value.len())))
    }

    /// What a frame becomes.
    fn frame<'a>(&self, frame: FrameItem<'a>) -> FrameItem<'a> {
        let paths = &self.redaction.paths;
        if paths.is_empty() || frame.record.header.opcode().is_control() {
            return frame;
        }
        let FrameItem { record, received, mut payload, mut inflated, sent, mut decoded } = frame;
        let is_changed = match (&mut inflated, says_all(record, &payload)) {
            (Some(inflated), _) => {
                let is_changed = !record.header.fin() || json::take_out(paths, inflated);
                if is_changed && !record.header.fin() {
                    inflated.fill(INSTEAD);
                }
                if is_changed {
                    payload.to_mut().fill(INSTEAD);
                }
                is_changed
            }
            (None, true) => json::holds(paths, &payload) && json::take_out(paths, payload.to_mut()),
            // A piece of a message can't be read by itself.
            (None, false) => {
                let is_text = record.header.opcode() != Opcode::BINARY;
                if is_text {
                    payload.to_mut().fill(INSTEAD);
                }
                is_text
            }
        };
        if is_changed {
            decoded = None;
        }
        let sent = sent.map(|(by, bytes)| (by, Cow::Owned(sent_without(paths, &bytes))));
        FrameItem { record, received, payload, inflated, sent, decoded }
    }

    /// What left in place of a message that was held.
    fn left(&self, left: &(By, Vec<u8>)) -> Option<(By, Vec<u8>)> {
        let paths = &self.redaction.paths;
        (!paths.is_empty()).then(|| (left.0, sent_without(paths, &left.1)))
    }

    /// Gives an item on of which nothing is left that is to be taken out.
    pub(super) fn item(&mut self, item: Item<'_>, then: impl FnOnce(&Item<'_>)) {
        let Item { session, time, what } = item;
        match what {
            What::Frame(frame) => {
                let what = What::Frame(self.frame(frame));
                then(&Item { session, time, what });
            }
            What::Event(event) => {
                let changed = self.event(session, event);
                then(&Item { session, time, what: What::Event(changed.as_ref().unwrap_or(event)) });
            }
            What::Released(released, left) => {
                let left = left.map(|left| self.left(&left).unwrap_or(left));
                then(&Item { session, time, what: What::Released(released, left) });
            }
            What::Proxy(event) => {
                let changed = self.proxy(event);
                then(&Item { session, time, what: What::Proxy(changed.as_ref().unwrap_or(event)) });
            }
            What::Raw(..) => then(&Item { session, time, what }),
        }
    }
}

/// Whether a frame is a whole message that can be read.
fn says_all(record: &FrameRecord, payload: &[u8]) -> bool {
    let header = &record.header;
    header.fin()
        && header.rsv() == 0
        && header.opcode() != Opcode::CONTINUATION
        && payload.len() as u64 == header.length
}

/// Frames as they left, without what is to be taken out of them.
fn sent_without(paths: &[JsonPath], bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let whole = FrameHeader::parse(bytes).filter(|(header, used)| header.length == (bytes.len() - used) as u64);
    match whole {
        Some((header, used)) if header.fin() && header.rsv() == 0 => {
            let Some(payload) = out.get_mut(used..) else { return out };
            let key = header.mask.unwrap_or_default();
            mask::apply(key, 0, payload);
            json::take_out(paths, payload);
            mask::apply(key, 0, payload);
        }
        _ => out.fill(INSTEAD),
    }
    out
}

fn fill(bytes: &mut [u8], range: Range<usize>) {
    let end = range.end.min(bytes.len());
    if let Some(value) = bytes.get_mut(range.start.min(end)..end) {
        value.fill(INSTEAD);
    }
}
