//! Verdicts in a block chunk.

use crate::record::{Basis, Outcome, Verdict};

use super::event::{put_code, take_code};
use super::fields::{Put, Take, Trouble, numbered};
use super::finding::{put_kind, take_kind};

pub(super) fn put_verdict(verdict: &Verdict, put: &mut Put) {
    put.byte(put_outcome(verdict.outcome));
    put.maybe(verdict.error_text.as_ref(), |put, words| {
        put.words(words);
    });
    put_code(verdict.close_code, put);
    put.maybe(verdict.was_clean, |put, was_clean| {
        put.flag(was_clean);
    });
    put.maybe(verdict.finding, |put, kind| put_kind(kind, put));
    for frame in [verdict.frame, verdict.undelivered] {
        put.maybe(frame, |put, frame| {
            put.frame(frame);
        });
    }
    put.byte(put_basis(verdict.basis)).flag(verdict.differs);
}

pub(super) fn take_verdict(take: &mut Take<'_>) -> Result<Verdict, Trouble> {
    Ok(Verdict {
        outcome: take_outcome(take)?,
        error_text: take.maybe_words()?,
        close_code: take_code(take)?,
        was_clean: take.maybe(Take::flag)?,
        finding: take.maybe(take_kind)?,
        frame: take.maybe(Take::frame)?,
        undelivered: take.maybe(Take::frame)?,
        basis: take_basis(take)?,
        differs: take.flag()?,
    })
}

numbered!(put_outcome, take_outcome, Outcome { Waits = 0, Works = 1, Fails = 2 });
numbered!(put_basis, take_basis, Basis { Predicted = 0, Observed = 1 });
