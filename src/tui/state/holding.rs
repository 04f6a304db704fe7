//! What is held on its way: by which queries, and how much of it stands.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::journal::Index;
use crate::query::{Error, Known};
use crate::record::{FrameNumber, PerSide, SessionId, Side, Time, Waits};
use crate::relay::hold::{Condition, Conditions};
use crate::relay::injection::Token;

use super::history::History;
use super::query_line::QueryLine;

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Holding {
    /// By what the messages of each side are held; `None` where they are not.
    pub conditions: Conditions,
    /// The same before it was turned off.
    before: Conditions,
    /// Queries of before.
    pub history: History,
    /// What is held, by session.
    held: BTreeMap<SessionId, Held>,
    /// Messages that were decided, for as long as they are still seen as held.
    decided: HashMap<Token, (SessionId, FrameNumber)>,
    /// Changes of sessions that were taken in.
    changes: u64,
}

/// How much is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// Messages.
    pub count: usize,
    /// Payload bytes of them.
    pub bytes: u64,
    /// Since when the oldest of them is.
    pub oldest: Time,
}

impl Holding {
    /// Whether messages are held.
    #[must_use]
    pub(crate) fn is_on(&self) -> bool {
        self.conditions.iter().any(Option::is_some)
    }

    /// Holds by that from now on.
    pub(crate) fn set(&mut self, conditions: Conditions) {
        let turned_off = conditions.iter().all(Option::is_none);
        let before = std::mem::replace(&mut self.conditions, conditions);
        if turned_off && before.iter().any(Option::is_some) {
            self.before = before;
        }
    }

    /// What the other of on and off is; `None` where nothing was ever held.
    #[must_use]
    pub(crate) fn turned(&self) -> Option<Conditions> {
        if self.is_on() {
            return Some(Conditions::default());
        }
        self.before.iter().any(Option::is_some).then(|| self.before.clone())
    }

    /// Takes in what has changed. It is always the same view, that of now.
    pub(crate) fn refresh(&mut self, view: &Index) {
        for summary in view.changed_since(self.changes) {
            let all = summary.held.values();
            match all.clone().map(|held| held.since).min() {
                Some(oldest) => {
                    let bytes = all.map(|held| held.length).sum();
                    self.held.insert(summary.id, Held { count: summary.held.len(), bytes, oldest });
                }
                None => _ = self.held.remove(&summary.id),
            }
        }
        self.changes = view.changes();
        let is_held = |id, frame| view.session(id).is_some_and(|summary| summary.held.contains_key(&frame));
        self.decided.retain(|_, (session, frame)| is_held(*session, *frame));
    }

    /// It was decided what becomes of a message.
    pub(crate) fn decide(&mut self, token: Token, session: SessionId, frame: FrameNumber) {
        self.decided.insert(token, (session, frame));
    }

    /// A decision was not taken.
    pub(crate) fn refused(&mut self, token: Token) {
        self.decided.remove(&token);
    }

    /// How much is held in all sessions; `None` where nothing is.
    #[must_use]
    pub(crate) fn held(&self) -> Option<Held> {
        self.held.values().copied().reduce(|all, more| Held {
            count: all.count + more.count,
            bytes: all.bytes + more.bytes,
            oldest: all.oldest.min(more.oldest),
        })
    }

    /// The message that has waited for the user for longest: in one session, or in all.
    #[must_use]
    pub(crate) fn first(&self, view: &Index, session: Option<SessionId>) -> Option<(SessionId, FrameNumber)> {
        let meant = self.held.keys().filter(|id| session.is_none_or(|session| session == **id));
        let asking = meant.filter_map(|id| view.session(*id)).flat_map(|summary| {
            let asking = summary.held.iter().filter(|(_, held)| held.waits == Waits::User);
            asking.map(|(frame, held)| (held.since, (summary.id, *frame)))
        });
        let open = asking.filter(|(_, held)| self.decided.values().all(|decided| decided != held));
        open.min().map(|(_, held)| held)
    }

    /// By what it is held, in words.
    #[must_use]
    pub(crate) fn words(&self) -> String {
        words(&self.conditions)
    }
}

/// By what messages are held, in words.
fn words(conditions: &Conditions) -> String {
    let text = |condition: &Condition| match condition.text() {
        "" => "all".to_owned(),
        text => text.to_owned(),
    };
    match (&conditions.client, &conditions.server) {
        (Some(client), Some(server)) if client == server => text(client),
        (Some(client), Some(server)) => format!("client: {}, server: {}", text(client), text(server)),
        (Some(client), None) => format!("client: {}", text(client)),
        (None, Some(server)) => format!("server: {}", text(server)),
        (None, None) => "nothing".to_owned(),
    }
}

/// Whose messages are held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum From {
    /// Those of both sides.
    #[default]
    Both,
    /// Those of one.
    One(Side),
}

impl From {
    const fn next(self) -> Self {
        match self {
            Self::Both => Self::One(Side::Client),
            Self::One(Side::Client) => Self::One(Side::Server),
            Self::One(Side::Server) => Self::Both,
        }
    }

    /// In words.
    #[must_use]
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Both => "of both sides",
            Self::One(Side::Client) => "of the client",
            Self::One(Side::Server) => "of the server",
        }
    }
}

/// The line in which it is typed what is to be held.
#[derive(Debug)]
pub(crate) struct HoldLine {
    /// The query.
    pub query: QueryLine,
    /// Whose messages.
    pub from: From,
}

impl HoldLine {
    /// With what is held now.
    #[must_use]
    pub(crate) fn new(conditions: &Conditions, known: Known) -> Self {
        let from = match (&conditions.client, &conditions.server) {
            (Some(_), None) => From::One(Side::Client),
            (None, Some(_)) => From::One(Side::Server),
            _ => From::Both,
        };
        let text = conditions.iter().flatten().next().map_or("", |condition| condition.text());
        let text = if text.is_empty() { String::new() } else { format!("{text} ") };
        Self { query: QueryLine::new(&text, Known { is_passing: true, ..known }, None), from }
    }

    /// Other sides.
    pub(crate) const fn turn(&mut self) {
        self.from = self.from.next();
    }

    /// What it asks to be held; what is wrong with it stays with it.
    pub(crate) fn read(&mut self) -> Option<Conditions> {
        let query = self.query.read().ok()?;
        match Condition::new(query) {
            Ok(condition) => {
                let condition = Arc::new(condition);
                let held = |side| match self.from {
                    From::One(only) if only != side => None,
                    _ => Some(Arc::clone(&condition)),
                };
                Some(PerSide::from_fn(held))
            }
            Err(unanswerable) => {
                let at = self.query.line.text().find(unanswerable.part()).unwrap_or(0);
                self.query.error = Some(Error { at, why: unanswerable.to_string() });
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> HoldLine {
        let mut line = HoldLine::new(&Conditions::default(), Known::default());
        line.query.line.set(text);
        line
    }

    #[test]
    fn a_line_says_what_is_held_of_which_side() {
        let mut holding = Holding::default();
        assert!(!holding.is_on() && holding.turned().is_none());
        let mut typed = line("op:text ");
        for words in ["op:text", "client: op:text", "server: op:text", "op:text"] {
            holding.set(typed.read().unwrap());
            assert_eq!(holding.words(), words);
            let again = HoldLine::new(&holding.conditions, Known::default());
            assert_eq!((again.from, again.query.line.text()), (typed.from, "op:text ".to_owned()));
            typed.turn();
        }
        holding.set(holding.turned().unwrap());
        assert!(!holding.is_on());
        assert_eq!(words(&holding.turned().unwrap()), "op:text");
        holding.set(line("").read().unwrap());
        assert_eq!(holding.words(), "all");
    }

    #[test]
    fn what_is_wrong_with_a_line_is_pointed_at() {
        for (text, at) in [("op:text is:reply", 8), ("op:soup", 3), ("a event:x", 2)] {
            let mut line = line(text);
            assert!(line.read().is_none());
            assert_eq!(line.query.error.unwrap().at, at, "{text}");
        }
    }
}
