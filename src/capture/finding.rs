//! Findings in a block chunk. A kind is written as its id, since there are ever more of them.

use crate::record::finding::{Finding, FindingKind, Level, Place};

use super::fields::{Put, Take, Trouble, numbered};

pub(super) fn put_finding(finding: &Finding, put: &mut Put) {
    put_kind(finding.kind, put);
    match finding.place {
        Place::Head => put.byte(0),
        Place::Frame(number) => put.byte(1).frame(number),
        Place::Stream => put.byte(2),
        Place::Connection => put.byte(3),
    };
    put.number(finding.at).number(finding.length).bytes(&finding.window).number(finding.window_at);
    put.words(&finding.detail);
    for words in [&finding.chrome, &finding.cause, &finding.fix] {
        put.maybe(words.as_ref(), |put, words| {
            put.words(words);
        });
    }
    put.flag(finding.repaired);
}

pub(super) fn take_finding(take: &mut Take<'_>) -> Result<Finding, Trouble> {
    let kind = take_kind(take)?;
    let place = match take.byte()? {
        0 => Place::Head,
        1 => Place::Frame(take.frame()?),
        2 => Place::Stream,
        3 => Place::Connection,
        _ => return Err(Trouble::Unknown),
    };
    Ok(Finding {
        kind,
        place,
        at: take.count()?,
        length: take.count()?,
        window: take.bytes()?.to_vec(),
        window_at: take.count()?,
        detail: take.words()?,
        chrome: take.maybe_words()?,
        cause: take.maybe_words()?,
        fix: take.maybe_words()?,
        repaired: take.flag()?,
    })
}

pub(super) fn put_kind(kind: FindingKind, put: &mut Put) {
    put.words(kind.id());
}

pub(super) fn take_kind(take: &mut Take<'_>) -> Result<FindingKind, Trouble> {
    let id = take.bytes()?;
    FindingKind::ALL.iter().find(|kind| kind.id().as_bytes() == id).copied().ok_or(Trouble::Unknown)
}

numbered!(put_level, take_level, Level { Note = 0, Warning = 1, Error = 2 });
