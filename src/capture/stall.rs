//! Stalls in a block chunk.

use crate::record::{Greeting, Stall, StallKind};

use super::fields::{Put, Take, Trouble, numbered};
use super::record::{put_header, take_header};

pub(super) fn put_stall(stall: &Stall, put: &mut Put) {
    put_kind(stall.kind, put);
    put.side(stall.lane).time(stall.since);
    put.maybe(stall.frame, |put, frame| {
        put.frame(frame);
    });
    put.maybe(stall.header, |put, header| put_header(&header, put));
    put.maybe(stall.progress, |put, (came, promised)| {
        put.number(came).number(promised);
    });
}

pub(super) fn take_stall(take: &mut Take<'_>) -> Result<Stall, Trouble> {
    Ok(Stall {
        kind: take_kind(take)?,
        lane: take.side()?,
        since: take.time()?,
        frame: take.maybe(Take::frame)?,
        header: take.maybe(take_header)?,
        progress: take.maybe(|take| Ok((take.number()?, take.number()?)))?,
    })
}

fn put_kind(kind: StallKind, put: &mut Put) {
    match kind {
        StallKind::NoResponse => put.byte(0),
        StallKind::UnfinishedHead => put.byte(1),
        StallKind::UnfinishedMessage => put.byte(2),
        StallKind::ShortFrame => put.byte(3),
        StallKind::UnansweredPing => put.byte(4),
        StallKind::UnansweredClose => put.byte(5),
        StallKind::OpenAfterClose => put.byte(6),
        StallKind::PeerNotReading => put.byte(7),
        StallKind::SocketIoConnect => put.byte(8),
        StallKind::EngineIoPong => put.byte(9),
        StallKind::Greeting(greeting) => put.byte(10).byte(put_greeting(greeting)),
    };
}

fn take_kind(take: &mut Take<'_>) -> Result<StallKind, Trouble> {
    Ok(match take.byte()? {
        0 => StallKind::NoResponse,
        1 => StallKind::UnfinishedHead,
        2 => StallKind::UnfinishedMessage,
        3 => StallKind::ShortFrame,
        4 => StallKind::UnansweredPing,
        5 => StallKind::UnansweredClose,
        6 => StallKind::OpenAfterClose,
        7 => StallKind::PeerNotReading,
        8 => StallKind::SocketIoConnect,
        9 => StallKind::EngineIoPong,
        10 => StallKind::Greeting(take_greeting(take)?),
        _ => return Err(Trouble::Unknown),
    })
}

numbered!(
    put_greeting,
    take_greeting,
    Greeting { GraphQl = 0, Mqtt = 1, BareMqtt = 2, Stomp = 3, SignalR = 4, Wamp = 5 }
);
