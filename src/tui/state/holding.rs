//! What is held on its way: by which queries, and how much of it stands.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::journal::{Index, SessionSummary};
use crate::query::{Error, Known};
use crate::record::{FrameNumber, PerSide, SessionId, Side, Time, Waits};
use crate::relay::hold::{Condition, Conditions, Leaning};
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
    /// How compressed messages go out that lean on one which was edited or dropped.
    pub leaning: Leaning,
    /// Queries of before.
    pub history: History,
    /// What is held, by session.
    held: BTreeMap<SessionId, Held>,
    /// Messages that were decided, for as long as they are still seen as held.
    decided: HashMap<Token, (SessionId, Thing)>,
    /// Changes of sessions that were taken in.
    changes: u64,
}

/// Something that is held in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    /// A message, by its first frame.
    Message(FrameNumber),
    /// A side's head.
    Head(Side),
}

impl Thing {
    fn is_held(self, summary: &SessionSummary) -> bool {
        match self {
            Self::Message(frame) => summary.held.contains_key(&frame),
            Self::Head(from) => summary.held_heads[from].is_some(),
        }
    }
}

/// How much is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// Messages.
    pub messages: usize,
    /// Heads.
    pub heads: usize,
    /// Payload bytes of the messages, and those of the heads.
    pub bytes: u64,
    /// Since when the oldest of them is.
    pub oldest: Time,
}

impl Held {
    /// Messages and heads.
    #[must_use]
    pub(crate) const fn count(&self) -> usize {
        self.messages + self.heads
    }

    /// Them in words.
    #[must_use]
    pub(crate) fn words(&self) -> String {
        let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        match (self.messages, self.heads) {
            (messages, 0) => counted(messages, "message"),
            (0, heads) => counted(heads, "head"),
            (messages, heads) => format!("{} and {}", counted(messages, "message"), counted(heads, "head")),
        }
    }

    fn and(self, more: Self) -> Self {
        Self {
            messages: self.messages + more.messages,
            heads: self.heads + more.heads,
            bytes: self.bytes + more.bytes,
            oldest: self.oldest.min(more.oldest),
        }
    }
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
            let heads = summary.held_heads.iter().flatten();
            let heads =
                heads.map(|held| Held { messages: 0, heads: 1, bytes: held.bytes.len() as u64, oldest: held.since });
            let messages = summary.held.values();
            let messages = messages.map(|held| Held { messages: 1, heads: 0, bytes: held.length, oldest: held.since });
            match heads.chain(messages).reduce(Held::and) {
                Some(held) => _ = self.held.insert(summary.id, held),
                None => _ = self.held.remove(&summary.id),
            }
        }
        self.changes = view.changes();
        let is_held = |id, thing: Thing| view.session(id).is_some_and(|summary| thing.is_held(summary));
        self.decided.retain(|_, (session, thing)| is_held(*session, *thing));
    }

    /// It was decided what becomes of something.
    pub(crate) fn decide(&mut self, token: Token, session: SessionId, thing: Thing) {
        self.decided.insert(token, (session, thing));
    }

    /// A decision was not taken.
    pub(crate) fn refused(&mut self, token: Token) {
        self.decided.remove(&token);
    }

    /// How much is held in all sessions; `None` where nothing is.
    #[must_use]
    pub(crate) fn held(&self) -> Option<Held> {
        self.held.values().copied().reduce(Held::and)
    }

    /// What has waited for the user for longest: in one session, or in all.
    #[must_use]
    pub(crate) fn first(&self, view: &Index, session: Option<SessionId>) -> Option<(SessionId, Thing)> {
        let meant = self.held.keys().filter(|id| session.is_none_or(|session| session == **id));
        let asking = meant.filter_map(|id| view.session(*id)).flat_map(|summary| {
            let asking = summary.held.iter().filter(|(_, held)| held.waits == Waits::User);
            let messages = asking.map(|(frame, held)| (held.since, (summary.id, Thing::Message(*frame))));
            let heads = [Side::Client, Side::Server].into_iter().filter_map(|from| {
                let held = summary.held_heads[from].as_ref()?;
                Some((held.since, (summary.id, Thing::Head(from))))
            });
            heads.chain(messages)
        });
        let open = asking.filter(|(_, held)| self.decided.values().all(|decided| decided != held));
        open.min_by_key(|(since, _)| *since).map(|(_, held)| held)
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
        for (text, at) in [("op:text is:held", 8), ("op:soup", 3), ("a id:x", 2)] {
            let mut line = line(text);
            assert!(line.read().is_none());
            assert_eq!(line.query.error.unwrap().at, at, "{text}");
        }
    }
}
