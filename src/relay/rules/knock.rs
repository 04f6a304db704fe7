//! What the rules make of a handshake.

use crate::query::{Property, Reading, Subject};
use crate::record::finding::Level;
use crate::record::{FrameNumber, SessionId, Side};
use crate::wire::close::Code;
use crate::wire::head::Head;
use crate::wire::opcode::Opcode;

use super::act::Act;
use super::judge::random;
use super::{Rule, RuleCell};

/// What becomes of a client's request by the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Knock {
    /// The client gets that status, and the upstream no request.
    pub refused: Option<u16>,
    /// The upstream's response is not read for so many microseconds.
    pub slowed: u64,
    /// Which rules did something, and what.
    pub told: Vec<(String, String)>,
}

impl Knock {
    /// Asks the rules of a request.
    #[must_use]
    pub fn of(cell: &RuleCell, head: &[u8]) -> Self {
        let mut knock = Self::default();
        let request = Request { session: cell.session(), head, target: Head::new(head).target() };
        for entry in cell.acting() {
            let rule: &Rule = &entry.rule;
            let fits = rule.query().is_none_or(|query| query.matches(&request));
            if !rule.act().is_of_handshake() || !fits {
                continue;
            }
            entry.counts.note_match();
            let mut random = random(cell.seed(), cell.session(), Side::Client, rule.name());
            // Handshakes are counted over all sessions.
            let takes = rule.options().count.takes(entry.counts.matched());
            if !takes || !rule.options().chance.is_none_or(|chance| chance.falls(&mut random)) {
                continue;
            }
            entry.counts.note_act();
            let words = match rule.act() {
                Act::Refuse(status) => {
                    knock.refused = Some(*status);
                    format!("refused with {status}")
                }
                Act::SlowHandshake(jitter) => {
                    let by = jitter.draw(&mut random);
                    knock.slowed = knock.slowed.saturating_add(by);
                    format!("response delayed by {}", super::judge::lasting(by))
                }
                _ => continue,
            };
            knock.told.push((rule.name().to_owned(), words));
            if knock.refused.is_some() {
                break;
            }
        }
        knock
    }
}

/// A client's request, as queries see it.
struct Request<'a> {
    session: SessionId,
    head: &'a [u8],
    target: &'a [u8],
}

impl Subject for Request<'_> {
    fn any_text(&self, is_it: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        is_it(self.head)
    }

    fn any_bytes(&self, is_it: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        is_it(self.head)
    }

    fn from(&self) -> Option<Side> {
        Some(Side::Client)
    }

    fn session(&self) -> Option<SessionId> {
        Some(self.session)
    }

    fn path(&self) -> Option<&[u8]> {
        Some(self.target)
    }

    fn number(&self) -> Option<FrameNumber> {
        None
    }

    fn opcode(&self) -> Option<Opcode> {
        None
    }

    fn length(&self) -> Option<u64> {
        Some(self.head.len() as u64)
    }

    fn close_code(&self) -> Option<Code> {
        None
    }

    fn finding(&self) -> Option<(Level, &'static str)> {
        None
    }

    fn reading(&self) -> Option<Reading> {
        None
    }

    fn time_of_day(&self) -> Option<u64> {
        None
    }

    fn is(&self, property: Property) -> bool {
        property == Property::Event
    }
}
