//! Queries that are asked of what passes, before all of it is there.

use super::field::{Field, MARKED, PROPERTIES, Property};
use super::{Expression, Query, Sense, Subject, Term};

/// What is known of a message that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Whether its payload is there.
    pub payload: bool,
    /// Whether its length is known: it has no further fragment, or the last one is there.
    pub length: bool,
}

impl Sight {
    /// All of it.
    pub const WHOLE: Self = Self { payload: true, length: true };
}

impl Query {
    /// Whether a subject is what is asked for, if what is known of it tells.
    #[must_use]
    pub fn decide(&self, subject: &impl Subject, sight: Sight) -> Option<bool> {
        self.all.decide(subject, &|term| term.is_in(sight))
    }

    /// The same, where nothing is known but whose lane it is: who sends, in which session, and for which path.
    #[must_use]
    pub fn decide_of_lane(&self, subject: &impl Subject) -> Option<bool> {
        self.all.decide(subject, &|term| matches!(term, Term::From(_) | Term::Session(_) | Term::Path(_)))
    }

    /// A part of it that nothing which passes can have an answer for, as it is typed: what a finding or a clock would have to
    /// say, and what becomes of a frame only later.
    #[must_use]
    pub fn unanswerable(&self) -> Option<String> {
        self.all.find(Sense::Wanted, &mut |term, _| match term {
            Term::Level(_) => Some("level:".to_owned()),
            Term::Id(_) => Some("id:".to_owned()),
            Term::Time(_) => Some("time".to_owned()),
            Term::Marked(_) => Some(MARKED.to_owned()),
            Term::Is(property) if !property.is_of_passing() => {
                let about = PROPERTIES.iter().find(|about| about.what == *property);
                about.map(|about| format!("is:{}", about.name))
            }
            _ => None,
        })
    }

    /// Whether it asks for control frames by name, not only for what they might be too.
    #[must_use]
    pub fn names_control(&self) -> bool {
        self.all.has(|term| match term {
            Term::Opcode(opcodes) => opcodes.iter().any(|opcode| *opcode >= 8),
            Term::Close(_) | Term::Is(Property::Control | Property::Heartbeat) => true,
            _ => false,
        })
    }

    /// Whether what a decoder reads of a message may matter.
    #[must_use]
    pub fn asks_for_reading(&self) -> bool {
        self.all.has(|term| match term {
            Term::Text(_) | Term::Event(_) => true,
            Term::Is(property) => property.is_read(),
            _ => false,
        })
    }
}

impl Query {
    /// Whether it asks for heads by name.
    #[must_use]
    pub fn names_heads(&self) -> bool {
        self.asks_for(Property::Head)
    }
}

impl Field {
    /// Whether it is known of what passes.
    pub(super) const fn is_of_passing(self) -> bool {
        !matches!(self, Self::Level | Self::Id | Self::Time)
    }
}

impl Property {
    /// Whether it is known of what passes.
    pub(super) const fn is_of_passing(self) -> bool {
        let is_told = matches!(self, Self::Frame | Self::Control | Self::Fragment | Self::Compressed | Self::Head);
        is_told || self.is_read()
    }

    /// Whether a decoder tells it of a message.
    const fn is_read(self) -> bool {
        matches!(self, Self::Heartbeat | Self::Request | Self::Reply)
    }

    /// Whether it is about what becomes of a frame, which may be known only later.
    pub(super) const fn is_of_fate(self) -> bool {
        matches!(self, Self::Held | Self::Edited | Self::Repaired | Self::Changed | Self::Dropped)
    }
}

impl Expression {
    fn decide(&self, subject: &impl Subject, is_known: &impl Fn(&Term) -> bool) -> Option<bool> {
        match self {
            Self::All(parts) => all(parts.iter().map(|part| part.decide(subject, is_known)), false),
            Self::Any(parts) => all(parts.iter().map(|part| part.decide(subject, is_known)), true),
            Self::Not(part) => part.decide(subject, is_known).map(|fits| !fits),
            Self::Term(term) => is_known(term).then(|| term.matches(subject)),
        }
    }
}

/// `decisive` where one part is; unknown where one part is and none decides; else the opposite.
fn all(parts: impl Iterator<Item = Option<bool>>, decisive: bool) -> Option<bool> {
    let mut is_known = true;
    for part in parts {
        match part {
            Some(fits) if fits == decisive => return Some(decisive),
            Some(_) => {}
            None => is_known = false,
        }
    }
    is_known.then_some(!decisive)
}

impl Term {
    /// Whether what it asks for is known.
    const fn is_in(&self, sight: Sight) -> bool {
        match self {
            Self::Text(_) | Self::Bytes(_) | Self::Close(_) | Self::Json(_) | Self::Event(_) => sight.payload,
            Self::Length(_) => sight.length,
            Self::Is(property) if property.is_read() => sight.payload,
            Self::From(_)
            | Self::Opcode(_)
            | Self::Session(_)
            | Self::Number(_)
            | Self::Path(_)
            | Self::Level(_)
            | Self::Id(_)
            | Self::Is(_)
            | Self::Time(_)
            | Self::Marked(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_decides_and_what_is_not_does_not_where_it_need_not() {
        for (first, second, all_of, any_of) in [
            (Some(true), None, None, Some(true)),
            (Some(false), None, Some(false), None),
            (None, None, None, None),
            (Some(true), Some(false), Some(false), Some(true)),
            (Some(true), Some(true), Some(true), Some(true)),
            (Some(false), Some(false), Some(false), Some(false)),
        ] {
            for parts in [[first, second], [second, first]] {
                assert_eq!(
                    (all(parts.into_iter(), false), all(parts.into_iter(), true)),
                    (all_of, any_of),
                    "{parts:?}"
                );
            }
        }
    }

    #[test]
    fn a_query_for_the_payload_and_no_other_needs_it() {
        for (text, needs_payload) in [
            ("a", true),
            ("hex:00", true),
            ("json:.a", true),
            ("op:close close:1000", true),
            ("event:message", true),
            ("not is:heartbeat", true),
            ("op:text from:client session:3 path:/ after:3 is:compressed", false),
        ] {
            let query = Query::parse(text).unwrap().unwrap();
            let needs = query.all.has(|term| !term.is_in(Sight { payload: false, length: true }));
            assert_eq!(needs, needs_payload, "{text}");
        }
    }

    #[test]
    fn control_frames_are_named_by_their_opcode_or_kind() {
        for (text, names) in
            [("op:ping", true), ("is:control", true), ("close:1001", true), ("op:text,binary a", false)]
        {
            assert_eq!(Query::parse(text).unwrap().unwrap().names_control(), names, "{text}");
        }
    }
}
