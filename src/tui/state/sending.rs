//! What was sent, and what became of it.

use crate::record::Time;
use crate::relay::injection::Token;

use super::answer::{Answer, Repeating};
use super::history::History;

/// Injections whose answers are awaited beside the last one: a lane takes no more (`Limits::waiting`), and there are two.
const WAITING: usize = 128;

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Sending {
    /// What was sent before.
    pub history: History,
    /// What was left in the composer.
    pub draft: String,
    /// What became of the last injection.
    pub answer: Option<Answer>,
    /// Injections before it that still wait for their place.
    pub waiting: Vec<Answer>,
    /// What is sent again and again, or was last.
    pub repeating: Option<Repeating>,
    next_token: u64,
}

impl Sending {
    /// A number for the next injection.
    pub(crate) const fn next_token(&mut self) -> Token {
        let token = Token(self.next_token);
        self.next_token += 1;
        token
    }

    /// Awaits the answer to one more.
    pub(crate) fn await_answer(&mut self, token: Token, what: String, frames: usize, now: Time) {
        if let Some(before) = self.answer.take().filter(Answer::is_waiting) {
            if self.waiting.len() == WAITING {
                self.waiting.remove(0);
            }
            self.waiting.push(before);
        }
        self.answer = Some(Answer { token, what, frames, reply: None, since: now });
    }

    /// Lets go of what has been told to its end.
    pub(crate) fn forget_told(&mut self) {
        self.answer = self.answer.take().filter(Answer::is_waiting);
        self.repeating = self.repeating.take().filter(Repeating::is_running);
    }

    /// Whether something is sent again and again that the user has not stopped.
    #[must_use]
    pub(crate) fn is_repeating(&self) -> bool {
        self.repeating.as_ref().is_some_and(|repeating| repeating.is_running() && !repeating.stopping)
    }
}
