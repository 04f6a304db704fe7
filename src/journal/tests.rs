//! How much work the index does, and for what.

use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;

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
    assert!(view.first() > 200, "the oldest parts have left");
}

/// A block of a session's: how much later each record is than the one before, the first than the last of the session's.
type Spaced = (u64, Vec<u64>);

fn ordered(blocks: &[Spaced], budget: usize) -> Index {
    let journal = Arc::new(Journal::new(budget));
    let mut view = Index::new(journal.subscribe(|| ()));
    let mut times = [0; 4];
    for (index, (session, gaps)) in blocks.iter().enumerate() {
        let time = &mut times[*session as usize];
        let records = gaps.iter().map(|gap| {
            *time += gap;
            frame(*time)
        });
        journal.push((*session > 0).then_some(SessionId(*session)), log_of(records.collect()));
        if index % 3 == 0 {
            view.sync();
        }
    }
    view.sync();
    view
}

/// All rows of a scope that are held, by a look at each record.
fn rows_of(view: &Index, scope: Scope) -> Vec<RowId> {
    let mut rows = Vec::new();
    for block in view.blocks_from(scope, 0).filter_map(|sequence| view.block(sequence)) {
        let seen = block.log.all().enumerate();
        rows.extend(seen.map(|(record, seen)| RowId {
            time: seen.time(),
            block: block.sequence,
            record: record as u32,
        }));
    }
    rows.sort_unstable();
    rows
}

proptest! {
    #[test]
    fn rows_stand_in_the_order_of_their_times_whoever_hands_them_over_late(
        blocks in proptest::collection::vec((0u64..4, proptest::collection::vec(0u64..5, 0..12)), 0..40),
        budget in 2_000usize..60_000,
    ) {
        let view = ordered(&blocks, budget);
        for scope in [Scope::All, Scope::Session(ONE), Scope::Session(SessionId(3)), Scope::Own] {
            let range = view.range(scope);
            let shown: Vec<RowId> = range.clone().map(|number| view.row_id(scope, number).unwrap()).collect();
            prop_assert_eq!(&shown, &rows_of(&view, scope));
            prop_assert_eq!(view.row_id(scope, range.end), None);
            prop_assert_eq!(&view.row_ids(scope, range.clone()), &shown);
            let part = range.start + (range.end - range.start) / 3..range.end + 1;
            prop_assert_eq!(view.row_ids(scope, part.clone()), shown.get((part.start - range.start) as usize..).unwrap());
            for (number, row) in range.zip(&shown) {
                prop_assert_eq!(view.number(scope, *row), Some(number));
                prop_assert_eq!(view.number_from(scope, *row), number);
            }
        }
    }

    #[test]
    fn nothing_that_was_handed_over_later_is_earlier_than_is_said(
        blocks in proptest::collection::vec((0u64..4, proptest::collection::vec(0u64..5, 0..6)), 1..30),
    ) {
        let view = ordered(&blocks, 1 << 20);
        for sequence in 0..view.end() {
            let blocks = view.blocks_from(Scope::All, sequence).filter_map(|sequence| view.block(sequence));
            let times = blocks.flat_map(|block| block.log.all().map(|seen| seen.time()));
            let least = times.min().unwrap_or(Time(u64::MAX));
            prop_assert_eq!(view.earliest(sequence), least);
        }
    }
}

#[test]
fn times_of_a_session_that_go_back_do_no_harm() {
    let journal = Arc::new(Journal::new(1 << 20));
    let mut view = Index::new(journal.subscribe(|| ()));
    for times in [[5, 3, 9], [4, 4, 1]] {
        journal.push(Some(ONE), log_of(times.map(frame).to_vec()));
        view.sync();
    }
    let shown: Vec<u64> = view.range(Scope::All).map(|number| view.row(Scope::All, number).unwrap().time.0).collect();
    assert_eq!(shown, [1, 3, 4, 4, 5, 9]);
}
