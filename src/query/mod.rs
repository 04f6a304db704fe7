//! The language in which rows are asked for: by what they say, and by what they are. No I/O, no clock.
//!
//! `Query::parse` reads `from:client len>1000 "a phrase"`, and points at the character that is wrong; `Query::matches`
//! decides for a `Subject`, which is whatever can tell of itself what a query asks; `complete` says how what is typed may
//! go on. Words without `or` between them all have to fit.

mod complete;
mod field;
mod live;
mod parse;
mod path;
mod pattern;
mod subject;
#[cfg(test)]
mod tests;
mod value;

use std::ops::Range;

use crate::record::Side;
use crate::record::finding::Level;

pub use complete::{Completion, Known, complete};
pub use field::{About, FIELDS, Field, PROPERTIES, Property};
pub use live::Sight;
pub use parse::Error;
pub use path::JsonPath;
pub use pattern::{Case, LENGTH, Pattern};
pub use subject::{Reading, Subject};

use value::{Bound, JsonTest};

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    text: String,
    all: Expression,
}

/// A query in parts.
#[derive(Clone, Debug, PartialEq)]
enum Expression {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Term(Term),
}

/// One thing that is asked for.
#[derive(Clone, Debug, PartialEq)]
enum Term {
    /// Anywhere in what it says.
    Text(Pattern),
    /// Anywhere in its bytes.
    Bytes(Pattern),
    From(Side),
    Opcode(Vec<u8>),
    Length(Bound),
    Session(Bound),
    Number(Bound),
    Path(Pattern),
    Close(Vec<u16>),
    Level(Level),
    Id(Pattern),
    Is(Property),
    Json(JsonTest),
    Event(Pattern),
    /// Microseconds of the day.
    Time(Bound),
    /// Marked by the user, with a note that has something in it.
    Marked(Option<Pattern>),
}

impl Query {
    /// Reads what was typed; `None` where that is nothing.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Option<Self>, Error> {
        let all = parse::parse(text)?;
        Ok(all.map(|all| Self { text: text.trim().to_owned(), all }))
    }

    /// Whether it depends on what the user marks.
    #[must_use]
    pub fn asks_for_marks(&self) -> bool {
        self.all.has(|term| matches!(term, Term::Marked(_)))
    }

    /// Whether it depends on replies that may come later.
    #[must_use]
    pub fn asks_for_replies(&self) -> bool {
        self.asks_for(Property::Unreplied)
    }

    /// Whether it depends on what becomes of what is held.
    #[must_use]
    pub fn asks_for_fates(&self) -> bool {
        self.all.has(|term| matches!(term, Term::Is(property) if property.is_of_fate()))
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a subject is what is asked for.
    #[must_use]
    pub fn matches(&self, subject: &impl Subject) -> bool {
        self.all.matches(subject)
    }

    /// How many of its parts a subject fits, where it is one that asks for several things at once.
    #[must_use]
    pub fn nearness(&self, subject: &impl Subject) -> usize {
        match &self.all {
            Expression::All(parts) => parts.iter().filter(|part| part.matches(subject)).count(),
            other => usize::from(other.matches(subject)),
        }
    }

    /// How many parts it has.
    #[must_use]
    pub fn parts(&self) -> usize {
        if let Expression::All(parts) = &self.all { parts.len() } else { 1 }
    }

    /// Whether it asks for a property anywhere.
    #[must_use]
    pub fn asks_for(&self, property: Property) -> bool {
        self.all.has(|term| *term == Term::Is(property))
    }

    /// Where in some text or bytes that a subject shows is what it was asked for by, in no order.
    pub fn places<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
        // The texts that a subject is asked for by. What it must not have is none.
        let mut patterns = Vec::new();
        self.all.find(Sense::Wanted, &mut |term, sense| {
            match term {
                Term::Text(pattern) | Term::Bytes(pattern) if sense == Sense::Wanted => patterns.push(pattern),
                _ => {}
            }
            None::<()>
        });
        patterns.into_iter().flat_map(|pattern| pattern.places(bytes))
    }
}

impl Expression {
    fn matches(&self, subject: &impl Subject) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(subject)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(subject)),
            Self::Not(part) => !part.matches(subject),
            Self::Term(term) => term.matches(subject),
        }
    }

    /// The first thing that a test gives for a term, which is told in which sense the term stands.
    fn find<'a, T>(&'a self, sense: Sense, test: &mut impl FnMut(&'a Term, Sense) -> Option<T>) -> Option<T> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().find_map(|part| part.find(sense, test)),
            Self::Not(part) => part.find(sense.turned(), test),
            Self::Term(term) => test(term, sense),
        }
    }

    /// Whether there is such a term, in whatever sense.
    fn has(&self, is_such: impl Fn(&Term) -> bool) -> bool {
        self.find(Sense::Wanted, &mut |term, _| is_such(term).then_some(())).is_some()
    }
}

/// Whether a term is to fit, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sense {
    Wanted,
    Unwanted,
}

impl Sense {
    const fn turned(self) -> Self {
        match self {
            Self::Wanted => Self::Unwanted,
            Self::Unwanted => Self::Wanted,
        }
    }
}

impl Term {
    fn matches(&self, subject: &impl Subject) -> bool {
        match self {
            Self::Text(pattern) => subject.any_text(&mut |text| pattern.is_in(text)),
            Self::Bytes(pattern) => subject.any_bytes(&mut |bytes| pattern.is_in(bytes)),
            Self::From(side) => subject.from() == Some(*side),
            Self::Opcode(opcodes) => subject.opcode().is_some_and(|opcode| opcodes.contains(&opcode.value())),
            Self::Length(bound) => subject.length().is_some_and(|length| bound.holds(length)),
            Self::Session(bound) => subject.session().is_some_and(|session| bound.holds(session.0)),
            Self::Number(bound) => subject.number().is_some_and(|number| bound.holds(number.value())),
            Self::Path(pattern) => subject.path().is_some_and(|path| pattern.is_in(path)),
            Self::Close(codes) => subject.close_code().is_some_and(|code| codes.contains(&code.value())),
            Self::Level(level) => subject.finding().is_some_and(|(found, _)| found >= *level),
            Self::Id(pattern) => subject.finding().is_some_and(|(_, id)| pattern.is_in(id.as_bytes())),
            Self::Is(property) => property.holds(subject),
            Self::Json(test) => subject.any_text(&mut |text| test.holds(text)),
            Self::Event(pattern) => subject
                .reading()
                .is_some_and(|reading| reading.events.iter().any(|event| pattern.is_in(event.as_bytes()))),
            Self::Marked(note) => {
                subject.mark().is_some_and(|mark| note.as_ref().is_none_or(|note| note.is_in(mark.as_bytes())))
            }
            Self::Time(bound) => subject.time_of_day().is_some_and(|time| bound.holds(time)),
        }
    }
}
