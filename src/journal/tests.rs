//! How much work the index does, and for what.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::*;
use crate::record::{FrameNumber, FrameRecord, Log, MoreRecord, Origin, Record, Relayed, SessionId, Side, Span, Time};
use crate::wire::frame::FrameHeader;
use crate::wire::opcode::Opcode;

const ONE: SessionId = SessionId(1);

fn frame(number: u64) -> Record {
    Record::Frame(FrameRecord {
        time: Time(number),
        number: FrameNumber::new(number),
        header: FrameHeader::new(Opcode::BINARY, u64::MAX, None),
        kept: Span::default(),
        received: 0,
        from: Side::Client,
        origin: Origin::Peer,
        relayed: Relayed::AsIs,
    })
}

fn more(number: u64, received: u64) -> Record {
    let number = FrameNumber::new(number);
    Record::More(MoreRecord { time: Time(1), number, from: Side::Client, kept: Span::default(), added: 1, received })
}

fn log_of(records: Vec<Record>) -> Log {
    let mut log = Log::default();
    log.records = records;
    log
}

#[test]
fn a_frame_that_goes_on_for_ever_costs_the_same_at_each_read() {
    const READS: u64 = 1000;
    let block = |number: u64| log_of((0..READS).map(|read| more(1, number * READS + read)).collect());
    let journal = Arc::new(Journal::new(100 * block(0).capacity()));
    let mut view = Index::new(journal.subscribe(|| ()));
    journal.push(Some(ONE), log_of(vec![frame(1)]));
    // Were all other parts looked at for each that leaves, this would take minutes.
    let start = Instant::now();
    for number in 0..400 {
        journal.push(Some(ONE), block(number));
        view.sync();
    }
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert!(view.first().block > 200, "the oldest parts have left");
}
