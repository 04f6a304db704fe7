//! Heads that are held: a response before the client gets it, a request before there is an upstream for it.
//!
//! They are held only where the condition names them (`is:head`): one that asks for all messages is for messages. A head is
//! held whole, with what came behind it in the same read. What is edited goes on as if it had come so: it is translated,
//! repaired and judged as any other head.

use crate::query::Query;
use crate::record::finding::Level;
use crate::record::{
    Change, ClosedBy, ClosedEvent, ClosedHow, Ending, Event, HeadHeldEvent, Log, PerSide, ReleasedBy, ReleasedHow,
    SessionId, Side, Time,
};
use crate::relay::injection::{Refusal, Reply};
use crate::relay::limits::{Budget, Limits};
use crate::relay::session::SessionCommand;
use crate::subject::{Other, Setting};
use crate::wire::head::Head;

use super::{Condition, HoldCell, NOWHERE};

/// What becomes of a head that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadDecision {
    /// It goes on as it came.
    Release,
    /// These bytes go on in its place, as if they had come.
    Edit(Vec<u8>),
    /// Nothing does, and the session ends.
    Drop,
}

impl Condition {
    /// Whether it asks for heads by name.
    pub(in crate::relay) fn names_heads(&self) -> bool {
        self.query().is_some_and(Query::names_heads)
    }

    /// Whether it asks for a head that is whole.
    pub(in crate::relay) fn asks_for_head(&self, from: Side, session: SessionId, path: &[u8], head: &[u8]) -> bool {
        let setting = Setting { session: Some(session), path, decoder: None, zone: &NOWHERE, mark: None };
        let subject = Other::head(setting, Time(0), from, head);
        self.names_heads() && self.query().is_some_and(|query| query.matches(&subject))
    }
}

/// A head that is held.
#[derive(Debug)]
pub(in crate::relay) struct HeldHead {
    from: Side,
    /// The head, and what came behind it.
    bytes: Vec<u8>,
    /// How many of them are the head.
    head: usize,
    since: Time,
    budget: Budget,
    /// Bytes of the budget that are taken.
    taken: usize,
}

/// What goes on of a head that was held.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::relay) struct Goes {
    /// The head that goes on.
    pub head: Vec<u8>,
    /// The one that came, where that is another.
    pub came: Option<Vec<u8>>,
    /// What came behind it.
    pub behind: Vec<u8>,
}

impl HeldHead {
    /// Holds a head of so many bytes, and what came behind it. Gives the bytes back where all sessions together hold as much
    /// as they may.
    pub(in crate::relay) fn hold(
        from: Side,
        bytes: Vec<u8>,
        head: usize,
        condition: &Condition,
        limits: &Limits,
        now: Time,
        log: &mut Log,
    ) -> Result<Self, Vec<u8>> {
        let budget = limits.hold_all.clone();
        if !budget.take(bytes.len()) {
            let words = format!("the {} is not held: no more may be held in all", name(from));
            log.event(now, Event::Note(Level::Warning, words));
            return Err(bytes);
        }
        let came = bytes.get(..head).unwrap_or(&bytes).to_vec();
        let held = HeadHeldEvent { from, bytes: came, query: condition.text().to_owned() };
        log.event(now, Event::HeadHeld(held));
        let taken = bytes.len();
        Ok(Self { from, bytes, head, since: now, budget, taken })
    }

    /// More came behind it, which was read before it was held.
    pub(in crate::relay) fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// When it goes on by itself.
    pub(in crate::relay) fn deadline(&self, limits: &Limits) -> Time {
        Time(self.since.0.saturating_add(u64::try_from(limits.hold_time.as_micros()).unwrap_or(u64::MAX)))
    }

    /// It is decided what becomes of it. Gives what goes on; nothing where it is dropped.
    pub(in crate::relay) fn decide(
        mut self,
        decision: HeadDecision,
        by: ReleasedBy,
        now: Time,
        log: &mut Log,
    ) -> Option<Goes> {
        let mut head = std::mem::take(&mut self.bytes);
        let behind = head.split_off(self.head.min(head.len()));
        let (how, goes) = match decision {
            HeadDecision::Edit(edited) if edited != head => {
                (ReleasedHow::Edited, Some(Goes { head: edited, came: Some(head), behind }))
            }
            HeadDecision::Edit(_) | HeadDecision::Release => {
                (ReleasedHow::AsIs, Some(Goes { head, came: None, behind }))
            }
            HeadDecision::Drop => (ReleasedHow::Dropped, None),
        };
        let from = self.from;
        log.event(now, Event::HeadReleased { from, how, by });
        let why = match (by, &goes) {
            (ReleasedBy::Limit, Some(_)) => "it was held for as long as one may be",
            (ReleasedBy::End, Some(_)) => "the session is ending",
            (ReleasedBy::Quit, Some(_)) => "wsproxy ends the session",
            _ => return goes,
        };
        log.event(now, Event::Note(Level::Warning, format!("the {} went on as it came: {why}", name(from))));
        goes
    }
}

impl Drop for HeldHead {
    fn drop(&mut self) {
        self.budget.give(self.taken);
    }
}

/// What a side's head is.
const fn name(from: Side) -> &'static str {
    match from {
        Side::Client => "request",
        Side::Server => "response",
    }
}

/// What two heads differ in: their first lines, and fields whose value is another, that are new or gone.
#[must_use]
pub fn changes(came: &[u8], edited: &[u8]) -> Vec<Change> {
    let (came, edited) = (Head::new(came), Head::new(edited));
    let mut changes = Vec::new();
    if came.start_line() != edited.start_line() {
        let (from, to) = (came.start_line().to_vec(), edited.start_line().to_vec());
        changes.push(Change { field: "start line".to_owned(), from, to });
    }
    let mut before: Vec<_> = came.fields().collect();
    let mut after: Vec<_> = edited.fields().collect();
    // What is in both, wherever it stands.
    before.retain(|field| {
        let same = after.iter().position(|other| (other.name, other.value) == (field.name, field.value));
        same.map(|at| after.remove(at)).is_none()
    });
    let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    for field in after {
        let same = before.iter().position(|other| other.name.eq_ignore_ascii_case(field.name));
        let from = same.map(|at| before.remove(at).value.to_vec()).unwrap_or_default();
        changes.push(Change { field: text(field.name), from, to: field.value.to_vec() });
    }
    changes.extend(before.into_iter().map(|field| Change {
        field: text(field.name),
        from: field.value.to_vec(),
        to: Vec::new(),
    }));
    changes
}

/// A request that is held before there is an upstream for it: servers give a connection only seconds to ask.
#[derive(Debug)]
pub struct HeldRequest {
    cell: HoldCell,
    limits: Limits,
    /// None once it is decided.
    held: Option<HeldHead>,
    goes: Option<Goes>,
    /// Bytes of it.
    length: u64,
}

/// What becomes of a request that was held.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// It goes on.
    Goes {
        /// The head that goes on.
        head: Vec<u8>,
        /// The one that came, where that is another.
        came: Option<Vec<u8>>,
    },
    /// It does not.
    Dropped,
}

impl HeldRequest {
    /// Holds a request, where that is asked for; else gives it back.
    ///
    /// # Errors
    /// It is not held.
    pub fn hold(cell: HoldCell, limits: &Limits, now: Time, head: Vec<u8>, log: &mut Log) -> Result<Self, Vec<u8>> {
        let Some(condition) = cell.of_side(Side::Client) else { return Err(head) };
        if !condition.asks_for_head(Side::Client, cell.session(), Head::new(&head).target(), &head) {
            return Err(head);
        }
        let length = head.len();
        let held = HeldHead::hold(Side::Client, head, length, &condition, limits, now, log)?;
        Ok(Self { cell, limits: limits.clone(), held: Some(held), goes: None, length: length as u64 })
    }

    /// Takes a command.
    pub fn command(&mut self, now: Time, command: SessionCommand, log: &mut Log) -> Reply {
        match command {
            SessionCommand::DecideHead { from: Side::Client, decision } => self.decide(decision, now, log),
            SessionCommand::ReleaseAll => self.decide(HeadDecision::Release, now, log),
            SessionCommand::Close { .. } | SessionCommand::Cut => {
                self.decide(HeadDecision::Drop, now, log);
                Reply::Done
            }
            SessionCommand::Rehold => {
                if self.cell.of_side(Side::Client).is_none() {
                    self.decide(HeadDecision::Release, now, log);
                }
                Reply::Done
            }
            SessionCommand::Inject { .. } => Reply::Refused(Refusal::NotOpen),
            SessionCommand::DecideHead { .. } | SessionCommand::Decide { .. } | SessionCommand::Hooked { .. } => {
                Reply::Refused(Refusal::NotHeld)
            }
        }
    }

    fn decide(&mut self, decision: HeadDecision, now: Time, log: &mut Log) -> Reply {
        let Some(held) = self.held.take() else { return Reply::Refused(Refusal::NotHeld) };
        self.goes = held.decide(decision, ReleasedBy::User, now, log);
        Reply::Released
    }

    /// When `tick` is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        self.held.as_ref().map(|held| held.deadline(&self.limits))
    }

    /// Lets it go on where it was held for as long as one may be.
    pub fn tick(&mut self, now: Time, log: &mut Log) {
        if let Some(held) = self.held.take_if(|held| held.deadline(&self.limits) <= now) {
            self.goes = held.decide(HeadDecision::Release, ReleasedBy::Limit, now, log);
        }
    }

    /// Nobody waits for it any more, for wsproxy ends.
    pub fn quit(&mut self, now: Time, log: &mut Log) {
        if let Some(held) = self.held.take() {
            held.decide(HeadDecision::Drop, ReleasedBy::Quit, now, log);
        }
    }

    /// Its client has left.
    pub fn left(&mut self, now: Time, how: Ending, log: &mut Log) {
        if let Some(held) = self.held.take() {
            held.decide(HeadDecision::Drop, ReleasedBy::End, now, log);
        }
        log.event(now, Event::Note(Level::Note, "the client left while its request was held".to_owned()));
        log.event(now, Event::Ended { from: Side::Client, how });
        let closed_how = match how {
            Ending::Fin => ClosedHow::Fin,
            Ending::Reset => ClosedHow::Reset,
        };
        log.event(
            now,
            Event::SessionClosed(ClosedEvent {
                by: ClosedBy::Peer(Side::Client),
                how: closed_how,
                code: None,
                reason: Vec::new(),
                frames: PerSide::default(),
                bytes: PerSide::new(self.length, 0),
            }),
        );
    }

    /// What becomes of it, once that is known.
    pub fn outcome(&mut self) -> Option<Request> {
        if self.held.is_some() {
            return None;
        }
        Some(match self.goes.take() {
            Some(Goes { head, came, .. }) => Request::Goes { head, came },
            None => Request::Dropped,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_edit_changes_is_told_by_field() {
        let told = |came: &str, edited: &str| -> Vec<String> {
            let changes = changes(came.as_bytes(), edited.as_bytes());
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            changes.iter().map(|one| format!("{}: {} -> {}", one.field, text(&one.from), text(&one.to))).collect()
        };
        let came = "HTTP/1.1 101 X\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n";
        assert!(told(came, came).is_empty());
        assert!(told(came, "HTTP/1.1 101 X\r\nC: 3\r\nA: 1\r\nB: 2\r\n\r\n").is_empty());
        assert_eq!(
            told(came, "HTTP/1.1 403 X\r\nA: 1\r\nb: 4\r\nD: 5\r\n\r\n"),
            ["start line: HTTP/1.1 101 X -> HTTP/1.1 403 X", "b: 2 -> 4", "D:  -> 5", "C: 3 -> "]
        );
    }
}
