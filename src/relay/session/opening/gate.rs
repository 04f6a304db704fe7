//! The response in front of all that reads it: a hold may ask for its head. Then nothing of it goes on before it is decided
//! what becomes of it; an edited head is read as if the server had sent it.
//!
//! ```text
//!   reads ---> [ gathered until the head is whole ] --asked for--> [ held ] --decided--> read as any response
//!                            `--------------- not asked for, no head, too long, stalled ---^
//! ```
//!
//! Where no hold names heads, a response passes as it comes.

use std::sync::Arc;

use crate::diagnose::of_response;
use crate::record::finding::Level;
use crate::record::{Event, ReleasedBy, Side, Time, Verdict};
use crate::relay::hold::{Condition, Goes, HeadDecision, HeldHead};
use crate::relay::injection::Refusal;
use crate::relay::session::core::Core;
use crate::relay::session::time::later;
use crate::relay::session::{BAD_GATEWAY, Output, Phase, Reason, Sent};
use crate::wire::head::{self, Head};

use super::judge::ENOUGH_TO_TELL;
use super::{How, Opening};

/// What is in front of the response's readers.
#[derive(Debug, Default)]
pub(super) enum Gate {
    /// Nothing: it passes as it comes.
    #[default]
    Open,
    /// A head that is not whole, of which the condition may ask.
    Gathers(Gathers),
    /// A head that the user decides about. The server is not read.
    Holds(HeldHead),
}

/// What has come of a head.
#[derive(Debug)]
pub(super) struct Gathers {
    bytes: Vec<u8>,
    /// How many of them were searched for the head's end.
    searched: usize,
    condition: Arc<Condition>,
    /// When the last of it came.
    last: Time,
}

/// What becomes of what was gathered.
enum Looked {
    /// More is to come.
    Waits,
    /// It is no head that can be held, and goes on.
    Passes(Vec<u8>),
    /// A head of so many bytes is not asked for, and goes on.
    Unasked(Vec<u8>, usize),
    /// A head of so many bytes is asked for, and the bytes.
    Asked(Vec<u8>, usize, Arc<Condition>),
}

impl Gathers {
    fn look(mut self, core: &Core) -> (Looked, Option<Self>) {
        let is_other = self.bytes.len() >= ENOUGH_TO_TELL && head::response_start(&self.bytes).is_none();
        match head::response_end(&self.bytes, self.searched).filter(|_| !is_other) {
            Some(end) => {
                let head = self.bytes.get(..end).unwrap_or_default();
                let session = core.config.hold.session();
                let looked = match self.condition.asks_for_head(Side::Server, session, &core.path, head) {
                    true => Looked::Asked(self.bytes, end, self.condition),
                    false => Looked::Unasked(self.bytes, end),
                };
                (looked, None)
            }
            None if is_other || self.bytes.len() > core.config.limits.head => (Looked::Passes(self.bytes), None),
            None => {
                self.searched = self.bytes.len();
                (Looked::Waits, Some(self))
            }
        }
    }
}

/// Whether another head follows one with that status (RFC 9110 15.2).
fn is_interim(head: &[u8]) -> bool {
    matches!(Head::of_response(head).status(), Some(100 | 102..=199))
}

impl Opening {
    /// Whether a head waits for the user.
    pub(in crate::relay::session) const fn holds_head(&self) -> bool {
        matches!(self.gate, Gate::Holds(_))
    }

    /// When the gate is to be looked at.
    pub(in crate::relay::session) fn deadline(&self, core: &Core) -> Option<Time> {
        let limits = &core.config.limits;
        match &self.gate {
            Gate::Open => None,
            Gate::Gathers(gathers) => Some(later(gathers.last, limits.stall_time)),
            Gate::Holds(held) => Some(held.deadline(limits)),
        }
    }

    /// Takes bytes of the response, and reads them once nothing holds them.
    pub(super) fn receive_response(
        &mut self,
        core: &mut Core,
        now: Time,
        input: &[u8],
        out: &mut Output,
    ) -> Option<Phase> {
        match &mut self.gate {
            Gate::Open => {
                let condition = core.config.hold.of_side(Side::Server).filter(|held| held.names_heads());
                match condition.filter(|_| self.is_between_heads()) {
                    Some(condition) => {
                        let bytes = input.to_vec();
                        self.gate = Gate::Gathers(Gathers { bytes, searched: 0, condition, last: now });
                    }
                    None => return self.read_response(core, now, input, out),
                }
            }
            Gate::Gathers(gathers) => {
                gathers.bytes.extend_from_slice(input);
                gathers.last = now;
            }
            // The server is not read then.
            Gate::Holds(held) => held.add(input),
        }
        out.to.client.withhold();
        self.look(core, now, out)
    }

    /// Looks at what was gathered, as far as it tells.
    fn look(&mut self, core: &mut Core, now: Time, out: &mut Output) -> Option<Phase> {
        let gathers = match std::mem::take(&mut self.gate) {
            Gate::Gathers(gathers) => gathers,
            gate => {
                self.gate = gate;
                return None;
            }
        };
        let (looked, still) = gathers.look(core);
        if let Some(still) = still {
            self.gate = Gate::Gathers(still);
        }
        match looked {
            Looked::Waits => None,
            Looked::Passes(bytes) => self.read_later(core, now, &bytes, out),
            Looked::Unasked(mut head, end) => {
                let behind = head.split_off(end);
                self.go_on(core, now, Goes { head, came: None, behind }, out)
            }
            Looked::Asked(bytes, end, condition) => {
                match HeldHead::hold(Side::Server, bytes, end, &condition, &core.config.limits, now, &mut out.log) {
                    Ok(held) => {
                        self.gate = Gate::Holds(held);
                        None
                    }
                    Err(bytes) => self.read_later(core, now, &bytes, out),
                }
            }
        }
    }

    /// It is decided what becomes of the head that is held.
    ///
    /// # Errors
    /// None is.
    pub(in crate::relay::session) fn decide_head(
        &mut self,
        core: &mut Core,
        now: Time,
        decision: HeadDecision,
        by: ReleasedBy,
        out: &mut Output,
    ) -> Result<Option<Phase>, Refusal> {
        match std::mem::take(&mut self.gate) {
            Gate::Holds(held) => match held.decide(decision, by, now, &mut out.log) {
                Some(goes) => Ok(self.go_on(core, now, goes, out)),
                None => {
                    let bare = format!("HTTP/1.1 {BAD_GATEWAY} Bad Gateway\r\n\r\n");
                    if let Some(verdict) = of_response(&self.request, bare.as_bytes(), None) {
                        core.judgement.fail(now, Verdict { finding: None, ..verdict }, &mut out.log);
                    }
                    let closing = core.respond(now, BAD_GATEWAY, Reason::Dropped, out);
                    Ok(Some(Phase::Closing(closing)))
                }
            },
            gate => {
                self.gate = gate;
                Err(Refusal::NotHeld)
            }
        }
    }

    /// Lets go of all that the gate has: what is held, and what was gathered.
    pub(in crate::relay::session) fn open_gate(
        &mut self,
        core: &mut Core,
        now: Time,
        by: ReleasedBy,
        out: &mut Output,
    ) -> Option<Phase> {
        match std::mem::take(&mut self.gate) {
            Gate::Open => None,
            Gate::Gathers(gathers) => self.read_later(core, now, &gathers.bytes, out),
            Gate::Holds(held) => {
                let goes = held.decide(HeadDecision::Release, by, now, &mut out.log)?;
                self.go_on(core, now, goes, out)
            }
        }
    }

    /// Lets go what has been there for too long.
    pub(in crate::relay::session) fn tick_gate(
        &mut self,
        core: &mut Core,
        now: Time,
        out: &mut Output,
    ) -> Option<Phase> {
        if self.deadline(core).is_none_or(|deadline| now < deadline) {
            return None;
        }
        if let Gate::Gathers(_) = self.gate {
            let words = "the response's head does not end, so it is not held, and goes on as it comes";
            out.log.event(now, Event::Note(Level::Note, words.to_owned()));
        }
        self.open_gate(core, now, ReleasedBy::Limit, out)
    }

    fn go_on(&mut self, core: &mut Core, now: Time, goes: Goes, out: &mut Output) -> Option<Phase> {
        let Goes { head, came, behind } = goes;
        // Time that the user took is not the server's.
        core.clock.last_response = now;
        self.came = came;
        if !is_interim(&head) {
            return self.read_later(core, now, &[head, behind].concat(), out);
        }
        let next = self.read_later(core, now, &head, out);
        if next.is_some() || behind.is_empty() {
            return next;
        }
        // The next head may be asked for as well.
        let before = std::mem::take(&mut out.to.client);
        let next = self.receive_response(core, now, &behind, out);
        put_behind(before, &behind, out);
        next
    }

    /// Whether nothing has come of the next head.
    fn is_between_heads(&self) -> bool {
        let is_kept = matches!(&self.how, How::Bridged(bridged) if bridged.keeps_response());
        self.response.raw.is_empty() && !is_kept
    }

    /// Reads bytes that are not what the call brought: what goes out for them stands behind what is on its way.
    fn read_later(&mut self, core: &mut Core, now: Time, bytes: &[u8], out: &mut Output) -> Option<Phase> {
        let before = std::mem::take(&mut out.to.client);
        let next = self.read_response(core, now, bytes, out);
        put_behind(before, bytes, out);
        next
    }
}

/// What goes to the client for some bytes stands behind what went there before.
fn put_behind(before: Sent, bytes: &[u8], out: &mut Output) {
    let mut said = Vec::new();
    std::mem::replace(&mut out.to.client, before).take(bytes, &mut said);
    out.to.client.append(&said);
}
