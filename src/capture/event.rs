//! Events of a session in a block chunk.

use crate::record::{
    Change, ClosedBy, ClosedEvent, ClosedHow, Ending, Event, HeadEvent, HeadHeldEvent, HeldEvent, InflatedEvent,
    OpenEvent, PerSide, ReleasedBy, ReleasedEvent, ReleasedHow, RuledEvent, Waits,
};
use crate::wire::accept::AcceptCheck;
use crate::wire::close::Code;
use crate::wire::dialect::Dialect;

use super::fields::{Put, Take, Trouble, numbered};
use super::finding::{put_finding, put_level, take_finding, take_level};
use super::stall::{put_stall, take_stall};
use super::verdict::{put_verdict, take_verdict};

/// Writes an event's fields and gives its kind, a number that is the format's and never changes.
pub(super) fn put(event: &Event, put: &mut Put) -> u8 {
    match event {
        Event::SessionOpened { client, path } => {
            put.address(*client).bytes(path);
            0
        }
        Event::Head(head) => {
            put_head(head, put);
            1
        }
        Event::Open(open) => {
            put_open(open, put);
            2
        }
        Event::Finding(side, finding) => {
            put.side(*side);
            put_finding(finding, put);
            3
        }
        // Its bytes stand in the chunk's second part.
        Event::Inflated(inflated) => {
            put.frame(inflated.frame).side(inflated.from).number(inflated.length).number(inflated.packed);
            4
        }
        Event::Held(held) => {
            put.number(held.held).frame(held.frame).side(held.from).number(held.length);
            put.byte(put_waits(held.waits)).words(&held.query);
            5
        }
        Event::Released(released) => {
            put_released(released, put);
            6
        }
        Event::Verdict(verdict) => {
            put_verdict(verdict, put);
            7
        }
        Event::Stall { stall, over } => {
            put_stall(stall, put);
            put.flag(*over);
            8
        }
        Event::Answered { status, reason } => {
            put.number((*status).into()).words(reason);
            9
        }
        Event::Ended { from, how } => {
            put.side(*from).byte(put_ending(*how));
            10
        }
        Event::SessionClosed(closed) => {
            put_closed(closed, put);
            11
        }
        Event::Note(level, text) => {
            put.byte(put_level(*level)).words(text);
            12
        }
        Event::HeadHeld(held) => {
            put.side(held.from).bytes(&held.bytes).words(&held.query);
            13
        }
        Event::HeadReleased { from, how, by } => {
            put.side(*from).byte(put_released_how(*how)).byte(put_released_by(*by));
            14
        }
        Event::Ruled(ruled) => {
            put.maybe(ruled.frame, |put, frame| {
                put.frame(frame);
            });
            put.side(ruled.from).words(&ruled.rule).words(&ruled.what);
            15
        }
    }
}

pub(super) fn take(kind: u8, take: &mut Take<'_>) -> Result<Event, Trouble> {
    Ok(match kind {
        0 => Event::SessionOpened { client: take.address()?, path: take.bytes()?.to_vec() },
        1 => Event::Head(take_head(take)?),
        2 => Event::Open(take_open(take)?),
        3 => Event::Finding(take.side()?, take_finding(take)?),
        4 => Event::Inflated(InflatedEvent {
            frame: take.frame()?,
            from: take.side()?,
            bytes: Vec::new(),
            length: take.count()?,
            packed: take.count()?,
        }),
        5 => Event::Held(HeldEvent {
            held: take.count()?,
            frame: take.frame()?,
            from: take.side()?,
            length: take.count()?,
            waits: take_waits(take)?,
            query: take.words()?,
        }),
        6 => Event::Released(take_released(take)?),
        7 => Event::Verdict(take_verdict(take)?),
        8 => Event::Stall { stall: take_stall(take)?, over: take.flag()? },
        9 => Event::Answered { status: take.small()?, reason: take.words()? },
        10 => Event::Ended { from: take.side()?, how: take_ending(take)? },
        11 => Event::SessionClosed(take_closed(take)?),
        12 => Event::Note(take_level(take)?, take.words()?),
        13 => {
            Event::HeadHeld(HeadHeldEvent { from: take.side()?, bytes: take.bytes()?.to_vec(), query: take.words()? })
        }
        14 => Event::HeadReleased { from: take.side()?, how: take_released_how(take)?, by: take_released_by(take)? },
        15 => Event::Ruled(RuledEvent {
            frame: take.maybe(Take::frame)?,
            from: take.side()?,
            rule: take.words()?,
            what: take.words()?,
        }),
        _ => return Err(Trouble::Unknown),
    })
}

fn put_head(head: &HeadEvent, put: &mut Put) {
    put.side(head.from).bytes(&head.bytes);
    // Mostly it is the same.
    put.maybe(Some(&head.forwarded).filter(|forwarded| **forwarded != head.bytes), |put, forwarded| {
        put.bytes(forwarded);
    });
    put.number(head.changes.len() as u64);
    for change in &head.changes {
        put.words(&change.field).bytes(&change.from).bytes(&change.to);
    }
    put_dialect(head.dialect, put);
    put.maybe(head.status, |put, status| {
        put.number(status.into());
    });
    put.flag(head.complete).flag(head.is_edited);
}

fn take_head(take: &mut Take<'_>) -> Result<HeadEvent, Trouble> {
    let (from, bytes) = (take.side()?, take.bytes()?.to_vec());
    let forwarded = take.maybe(Take::bytes)?.map_or_else(|| bytes.clone(), <[u8]>::to_vec);
    let changes = (0..take.count()?)
        .map(|_| Ok(Change { field: take.words()?, from: take.bytes()?.to_vec(), to: take.bytes()?.to_vec() }));
    let changes = changes.collect::<Result<_, _>>()?;
    let (dialect, status) = (take_dialect(take)?, take.maybe(Take::small)?);
    let (complete, is_edited) = (take.flag()?, take.flag()?);
    Ok(HeadEvent { from, bytes, forwarded, changes, is_edited, dialect, status, complete })
}

fn put_open(open: &OpenEvent, put: &mut Put) {
    put_dialect(open.dialect_client, put);
    put_dialect(open.dialect_server, put);
    for field in [&open.subprotocol, &open.extensions] {
        put.maybe(field.as_ref(), |put, value| {
            put.bytes(value);
        });
    }
    match &open.accept {
        AcceptCheck::Right { value } => put.byte(0).words(value),
        AcceptCheck::Missing { expected } => put.byte(1).words(expected),
        AcceptCheck::Wrong { expected, actual } => put.byte(2).words(expected).bytes(actual),
        AcceptCheck::NoKey => put.byte(3),
    };
}

fn take_open(take: &mut Take<'_>) -> Result<OpenEvent, Trouble> {
    let (dialect_client, dialect_server) = (take_dialect(take)?, take_dialect(take)?);
    let mut field = || Ok(take.maybe(Take::bytes)?.map(<[u8]>::to_vec));
    let (subprotocol, extensions) = (field()?, field()?);
    let accept = match take.byte()? {
        0 => AcceptCheck::Right { value: take.words()? },
        1 => AcceptCheck::Missing { expected: take.words()? },
        2 => AcceptCheck::Wrong { expected: take.words()?, actual: take.bytes()?.to_vec() },
        3 => AcceptCheck::NoKey,
        _ => return Err(Trouble::Unknown),
    };
    Ok(OpenEvent { dialect_client, dialect_server, subprotocol, extensions, accept })
}

fn put_released(released: &ReleasedEvent, put: &mut Put) {
    put.number(released.frames.len() as u64);
    for frame in &released.frames {
        put.frame(*frame);
    }
    put.side(released.from).byte(put_released_how(released.how)).byte(put_released_by(released.by));
}

fn take_released(take: &mut Take<'_>) -> Result<ReleasedEvent, Trouble> {
    let frames = (0..take.count()?).map(|_| take.frame()).collect::<Result<_, _>>()?;
    Ok(ReleasedEvent { frames, from: take.side()?, how: take_released_how(take)?, by: take_released_by(take)? })
}

fn put_closed(closed: &ClosedEvent, put: &mut Put) {
    match closed.by {
        ClosedBy::Peer(side) => put.byte(0).side(side),
        ClosedBy::User => put.byte(1),
        ClosedBy::Proxy => put.byte(2),
    };
    put.byte(put_closed_how(closed.how));
    put_code(closed.code, put);
    put.bytes(&closed.reason);
    for count in closed.frames.iter().chain(closed.bytes.iter()) {
        put.number(*count);
    }
}

fn take_closed(take: &mut Take<'_>) -> Result<ClosedEvent, Trouble> {
    let by = match take.byte()? {
        0 => ClosedBy::Peer(take.side()?),
        1 => ClosedBy::User,
        2 => ClosedBy::Proxy,
        _ => return Err(Trouble::Unknown),
    };
    let how = take_closed_how(take)?;
    let (code, reason) = (take_code(take)?, take.bytes()?.to_vec());
    let mut counts = || Ok(PerSide::new(take.count()?, take.count()?));
    Ok(ClosedEvent { by, how, code, reason, frames: counts()?, bytes: counts()? })
}

pub(super) fn put_code(code: Option<Code>, put: &mut Put) {
    put.maybe(code, |put, code| {
        put.number(code.value().into());
    });
}

pub(super) fn take_code(take: &mut Take<'_>) -> Result<Option<Code>, Trouble> {
    Ok(take.maybe(Take::small)?.map(Code::new))
}

fn put_dialect(dialect: Dialect, put: &mut Put) {
    match dialect {
        Dialect::Rfc6455 => put.byte(0),
        Dialect::Hybi08 => put.byte(1),
        Dialect::Hybi07 => put.byte(2),
        Dialect::Hixie76 => put.byte(3),
        Dialect::Hixie75 => put.byte(4),
        Dialect::Other(version) => put.byte(5).byte(version),
    };
}

fn take_dialect(take: &mut Take<'_>) -> Result<Dialect, Trouble> {
    Ok(match take.byte()? {
        0 => Dialect::Rfc6455,
        1 => Dialect::Hybi08,
        2 => Dialect::Hybi07,
        3 => Dialect::Hixie76,
        4 => Dialect::Hixie75,
        5 => Dialect::Other(take.byte()?),
        _ => return Err(Trouble::Unknown),
    })
}

numbered!(put_waits, take_waits, Waits { User = 0, Order = 1, Hook = 2 });
numbered!(put_ending, take_ending, Ending { Fin = 0, Reset = 1 });
numbered!(put_released_how, take_released_how, ReleasedHow { AsIs = 0, Edited = 1, Dropped = 2 });
numbered!(
    put_released_by,
    take_released_by,
    ReleasedBy { User = 0, Order = 1, Query = 2, Limit = 3, End = 4, Quit = 5, Rule = 6, Hook = 7, HookLate = 8 }
);
numbered!(
    put_closed_how,
    take_closed_how,
    ClosedHow { CloseFrame = 0, Fin = 1, Reset = 2, Timeout = 3, Answered = 4 }
);
