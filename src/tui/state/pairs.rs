//! Which row replies to which: requests and replies by the ids that a session's decoder finds in them, pings and pongs by
//! what they carry.
//!
//! The other one of a pair is looked for when a row is to be seen, in the session's rows behind it or before it, and so
//! much at a time that no draw waits for it.

use std::collections::HashMap;

use crate::decode::{Decoder, Format, Limits, Role};
use crate::journal::{Fold, Index, Joined, Lens, Row, RowId, Scope};
use crate::record::{Seen, SessionId};
use crate::subject::Tag;
use crate::tui::pages::content;
use crate::tui::pages::pair::{Other, Pair};

use super::decoders::Decoders;

/// What one call may cost: a row costs one, and one more for each so many bytes of it.
const BUDGET: usize = 4000;
const BYTES: usize = 128;
/// Rows in which the other one is looked for.
const FAR: u64 = 20_000;
/// Rows of which it is remembered.
const REMEMBERED: usize = 4096;
/// Payload bytes of a ping at most (RFC 6455 5.5).
const CONTROL: usize = 125;
/// In which rows of a session it is looked for.
const FOLD: Fold = Fold::MESSAGES;

/// What is known of the rows that were seen.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    known: HashMap<RowId, Entry>,
    /// Whether there is more to look through for the rows that are to be seen.
    is_busy: bool,
}

#[derive(Debug)]
struct Entry {
    /// Who read it then.
    decoder: Option<Decoder>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// It has nothing to do with others, or the other one is too far away.
    Nothing,
    /// A request whose reply is not in the rows before `next`, by number.
    Forward {
        tag: Tag,
        from: u64,
        next: u64,
    },
    /// A reply whose request is not in the rows from `next` on.
    Backward {
        tag: Tag,
        from: u64,
        next: u64,
    },
    Found(Pair),
}

impl Pairs {
    /// What is known of a row.
    #[must_use]
    pub(crate) fn of(&self, view: &Index, row: RowId) -> Option<Pair> {
        match &self.known.get(&row)?.state {
            State::Found(Pair::ReplyTo(other) | Pair::RepliedBy(other)) if view.row_by_id(other.row).is_none() => None,
            State::Found(pair) => Some(*pair),
            // What has an id need not ask for anything.
            State::Forward { tag: Tag { role: Role::Tagged(_), .. }, .. } => None,
            State::Forward { next, .. } => {
                let session = view.row_by_id(row)?.session?;
                (*next >= view.range(lens(session)).end).then_some(Pair::NoReply)
            }
            State::Nothing | State::Backward { .. } => None,
        }
    }

    /// Whether there is more to look through for the rows that are to be seen.
    #[must_use]
    pub(crate) const fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// Looks for the others of some rows.
    pub(crate) fn learn(&mut self, view: &Index, decoders: &Decoders, rows: &[RowId]) {
        if self.known.len() > REMEMBERED {
            self.known.retain(|row, _| rows.contains(row));
        }
        let mut budget = BUDGET;
        self.is_busy = false;
        for id in rows {
            let Some(row) = view.row_by_id(*id) else { continue };
            let decoder = decoders.of(row.session);
            let entry = self.known.entry(*id).or_insert_with(|| Entry { decoder, state: begin(view, decoder, row) });
            if entry.decoder != decoder {
                *entry = Entry { decoder, state: begin(view, decoder, row) };
            }
            while let Some(next) = step(view, decoder, row, &entry.state, &mut budget) {
                entry.state = next;
            }
            self.is_busy |= budget == 0;
        }
    }
}

const fn lens(session: SessionId) -> Lens {
    Lens { scope: Scope::Session(session), fold: FOLD }
}

/// What is to be looked for, for a row.
fn begin(view: &Index, decoder: Option<Decoder>, row: Row<'_>) -> State {
    let number = row.session.and_then(|session| view.number(lens(session), row.id));
    let tags = tags(view, decoder, row, &mut 0);
    let (Some(number), Some(tag)) = (number, tags.into_iter().find(|tag| tag.id().is_some())) else {
        return State::Nothing;
    };
    match tag.role {
        Role::Request(_) => State::Forward { tag, from: number, next: number + 1 },
        _ => State::Backward { tag, from: number, next: number },
    }
}

/// Goes on looking. `None` where all is known, or no more can be done now.
fn step(view: &Index, decoder: Option<Decoder>, row: Row<'_>, state: &State, budget: &mut usize) -> Option<State> {
    let range = view.range(lens(row.session?));
    match state {
        State::Nothing | State::Found(_) => None,
        State::Forward { from, next, .. } if *next >= from + FAR => Some(State::Nothing),
        State::Forward { tag, from, next } => {
            let rows = (*next).max(range.start)..range.end.min(from + FAR);
            Some(match look(view, decoder, row, tag, rows, budget)? {
                Looked::Found(other) => State::Found(Pair::RepliedBy(other)),
                Looked::InVain(last) => State::Forward { tag: tag.clone(), from: *from, next: last + 1 },
            })
        }
        State::Backward { tag, from, next } => {
            let rows = range.start.max(from.saturating_sub(FAR))..*next;
            if rows.is_empty() {
                // It does not say whether it asks or replies: if nothing before it is like it, it may be what asks.
                let asks = matches!(tag.role, Role::Tagged(_));
                let state = State::Forward { tag: tag.clone(), from: *from, next: from + 1 };
                return Some(if asks { state } else { State::Nothing });
            }
            Some(match look(view, decoder, row, tag, rows.rev(), budget)? {
                Looked::Found(other) => State::Found(Pair::ReplyTo(other)),
                Looked::InVain(last) => State::Backward { tag: tag.clone(), from: *from, next: last },
            })
        }
    }
}

/// What came of looking through some rows.
enum Looked {
    Found(Other),
    /// The last row that was looked at, by number.
    InVain(u64),
}

/// Looks through rows by number, as far as the budget goes. `None` where there are none, or there is nothing left of it.
fn look(
    view: &Index,
    decoder: Option<Decoder>,
    row: Row<'_>,
    tag: &Tag,
    rows: impl Iterator<Item = u64>,
    budget: &mut usize,
) -> Option<Looked> {
    let session = row.session?;
    let mut last = None;
    for number in rows {
        if *budget == 0 {
            break;
        }
        last = Some(Looked::InVain(number));
        let Some(other) = view.row(lens(session), number) else { continue };
        if other.from() == row.from() {
            *budget -= 1;
            continue;
        }
        let found = tags(view, decoder, other, budget).into_iter().find(|found| tag.fits(found));
        if let (Some(found), Seen::Frame(frame)) = (found, other.record) {
            let is_refusal = [&found.role, &tag.role].into_iter().any(|role| matches!(role, Role::Refusal(_)));
            let after = other.time.0.abs_diff(row.time.0);
            return Some(Looked::Found(Other { row: other.id, frame: frame.number, after, is_refusal }));
        }
    }
    last
}

/// What a row's message asks or replies.
fn tags(view: &Index, decoder: Option<Decoder>, row: Row<'_>, budget: &mut usize) -> Vec<Tag> {
    *budget = budget.saturating_sub(1);
    let Seen::Frame(record) = row.record else { return Vec::new() };
    let opcode = record.header.opcode();
    if let Some(tag) = Tag::of_ping(opcode, &view.start(row, CONTROL)) {
        return vec![tag];
    }
    let Some(decoder) = decoder.filter(|_| Format::of(opcode).is_some()) else { return Vec::new() };
    let Some(said) = Joined::new(view, row, &record, FOLD).said(Limits::ROW.bytes) else { return Vec::new() };
    *budget = budget.saturating_sub(said.bytes.len() / BYTES);
    let decoded = content::read(decoder, &record, &said, &Limits::ROW);
    decoded.iter().flat_map(Tag::all_of).collect()
}
