//! Which decoder reads the messages of each session: guessed from the first of them, or chosen.

use std::collections::HashMap;

use crate::decode::{self, Choice, Context, Decoder, First, Format, Limits, Preference};
use crate::journal::{Fold, Index, Joined, Lens, Scope};
use crate::record::{Seen, SessionId};

/// Rows of a session in which its first messages are looked for.
const ROWS: u64 = 64;
/// Sessions that are remembered besides those that the journal knows.
const FORGOTTEN: usize = 256;

/// The decoders of all sessions that were looked at.
#[derive(Debug, Default)]
pub(crate) struct Decoders {
    preference: Preference,
    sessions: HashMap<SessionId, Session>,
    chosen: u64,
    heard: u64,
}

#[derive(Debug, Default)]
struct Session {
    choice: Option<Choice>,
    guess: Option<Decoder>,
    /// Frames that it had when the guess was made.
    frames: Option<u64>,
    /// Whether more frames would change nothing.
    is_settled: bool,
}

impl Decoders {
    /// With what is wanted of sessions for which nothing else is chosen.
    pub(crate) fn new(preference: Preference) -> Self {
        Self { preference, ..Self::default() }
    }

    /// What is wanted of sessions for which nothing else is chosen.
    pub(crate) const fn preference(&self) -> &Preference {
        &self.preference
    }

    /// All that there are, those that the user gave first.
    pub(crate) fn all(&self) -> impl Iterator<Item = Decoder> + '_ {
        self.preference.given.iter().copied().chain(Decoder::ALL)
    }

    /// The decoder for a session's messages.
    #[must_use]
    pub(crate) fn of(&self, session: Option<SessionId>) -> Option<Decoder> {
        match self.choice(session?) {
            Choice::Guessed => self.guessed(session?),
            Choice::Plain => None,
            Choice::Named(decoder) => Some(decoder),
        }
    }

    /// The one that was guessed, whatever was chosen.
    #[must_use]
    pub(crate) fn guessed(&self, session: SessionId) -> Option<Decoder> {
        self.sessions.get(&session)?.guess
    }

    /// What is wanted of a session.
    #[must_use]
    pub(crate) fn choice(&self, session: SessionId) -> Choice {
        self.sessions.get(&session).and_then(|session| session.choice).unwrap_or(self.preference.choice)
    }

    /// Takes a person's word for it.
    pub(crate) fn choose(&mut self, session: SessionId, choice: Choice) {
        self.sessions.entry(session).or_default().choice = Some(choice);
        self.chosen += 1;
    }

    /// A program of the user's own has read something that was asked for.
    pub(crate) const fn hear(&mut self) {
        self.heard += 1;
    }

    /// How often that was.
    #[must_use]
    pub(crate) const fn heard(&self) -> u64 {
        self.heard
    }

    /// How often one was chosen.
    #[must_use]
    pub(crate) const fn chosen(&self) -> u64 {
        self.chosen
    }

    /// Guesses a session's decoder, if that was not done or there is more to guess from.
    pub(crate) fn learn(&mut self, view: &Index, id: SessionId) {
        let Some(summary) = view.session(id) else { return };
        if self.sessions.len() > view.sessions().len() + FORGOTTEN {
            self.sessions.retain(|id, _| view.session(*id).is_some());
        }
        let session = self.sessions.entry(id).or_default();
        let frames = summary.frames.sum();
        if session.is_settled || session.frames == Some(frames) {
            return;
        }
        let (first, is_settled) = first(view, id);
        // Of a capture it is found out later how a session began.
        let is_known = summary.client.is_some() || !view.is_capture();
        session.is_settled = is_settled && is_known;
        session.frames = is_known.then_some(frames);
        let subprotocol = summary.open.as_ref().and_then(|open| open.subprotocol.as_deref());
        let subprotocol = subprotocol.and_then(|name| str::from_utf8(name).ok());
        let payloads: Vec<_> = first.iter().map(First::payload).collect();
        session.guess =
            decode::guess_with(&self.preference.given, &Context { path: &summary.path, subprotocol }, &payloads);
    }
}

/// The first messages of a session that are in memory, and whether more would change nothing.
fn first(view: &Index, id: SessionId) -> (Vec<First>, bool) {
    let lens = Lens { scope: Scope::Session(id), fold: Fold::MESSAGES };
    let range = view.range(lens);
    let looked_at = range.start..range.end.min(range.start + ROWS);
    let (mut first, mut is_settled) = (Vec::new(), looked_at.end < range.end);
    for row in looked_at.filter_map(|number| view.row(lens, number)) {
        let Seen::Frame(record) = row.record else { continue };
        let Some(format) = Format::of(record.header.opcode()) else { continue };
        let joined = Joined::new(view, row, &record, lens.fold);
        let Some(said) = joined.said(Limits::ROW.bytes) else { continue };
        if joined.received < joined.length {
            continue;
        }
        first.push(First { from: record.from, format, bytes: said.bytes, is_whole: said.is_whole });
        if first.len() == decode::MESSAGES {
            is_settled = true;
            break;
        }
    }
    (first, is_settled)
}
