//! What belongs to no session, in a block chunk.

use crate::record::{Policy, ProxyEvent};

use super::fields::{Put, Take, Trouble, numbered};
use super::finding::{put_finding, put_level, take_finding, take_level};

/// Writes an event's fields and gives its kind, a number that is the format's and never changes.
pub(super) fn put(event: &ProxyEvent, put: &mut Put) -> u8 {
    match event {
        ProxyEvent::Listening { addresses, upstream, policy } => {
            put.number(addresses.len() as u64);
            for address in addresses {
                put.address(*address);
            }
            put.words(upstream).byte(put_policy(*policy));
            0
        }
        ProxyEvent::Upstream { trouble } => {
            put.maybe(trouble.as_ref(), |put, trouble| {
                put.words(trouble);
            });
            1
        }
        ProxyEvent::Finding(side, finding) => {
            put.side(*side);
            put_finding(finding, put);
            2
        }
        ProxyEvent::Answered { status, reason } => {
            put.number((*status).into()).words(reason);
            3
        }
        ProxyEvent::Http { method, path, status } => {
            put.words(method).words(path).number((*status).into());
            4
        }
        ProxyEvent::Note(level, text) => {
            put.byte(put_level(*level)).words(text);
            5
        }
    }
}

pub(super) fn take(kind: u8, take: &mut Take<'_>) -> Result<ProxyEvent, Trouble> {
    Ok(match kind {
        0 => {
            let addresses = (0..take.count()?).map(|_| take.address()).collect::<Result<_, _>>()?;
            ProxyEvent::Listening { addresses, upstream: take.words()?, policy: take_policy(take)? }
        }
        1 => ProxyEvent::Upstream { trouble: take.maybe(Take::words)? },
        2 => ProxyEvent::Finding(take.side()?, take_finding(take)?),
        3 => ProxyEvent::Answered { status: take.small()?, reason: take.words()? },
        4 => ProxyEvent::Http { method: take.words()?, path: take.words()?, status: take.small()? },
        5 => ProxyEvent::Note(take_level(take)?, take.words()?),
        _ => return Err(Trouble::Unknown),
    })
}

numbered!(put_policy, take_policy, Policy { Faithful = 0, Repair = 1, Strict = 2 });
