//! Blocks of an index that are in a file, and what is found out about one when it is read.
//!
//! What an index has of such a block, the file's own index says: how many rows it comes to. Which those are is seen when
//! somebody looks. A message that began in an earlier block, or goes on in a later one, is followed there, as far as `FAR`.

use std::sync::Arc;

use crate::capture::Sums;
use crate::record::{Event, Log, PerSide, Record};
use crate::wire::opcode::Opcode;

use super::archive::Stored;
use super::cache::Loaded;
use super::details::{Details, LastIsBeat};
use super::fold::{FOLDS, Messages, UnderWay};
use super::held::Held;
use super::row::RowId;

/// Blocks of its session that are looked into for the rest of one message at most.
const FAR: usize = 64;

/// A block that is in a file.
#[derive(Clone, Debug)]
pub(super) struct Shelved {
    pub stored: Arc<Stored>,
    /// The blocks of its session before it and behind it.
    pub previous: Option<u64>,
    pub next: Option<u64>,
    /// How many rows each of its stretches has, in each way of folding.
    pub rows: Box<[[u32; FOLDS]]>,
}

/// How many rows a block of one stretch has by its sums, and whether the last row is a heartbeat, where the one before the block
/// is one or not.
pub(super) fn rows_of(sums: &Sums, before: LastIsBeat) -> ([u32; FOLDS], LastIsBeat) {
    let [shown, folded] = [sums.rows, sums.rows.saturating_sub(sums.further)];
    let mut rows = [shown, folded, 0, 0, 0, 0];
    let mut after = before;
    for (fragments, all) in [shown, folded].into_iter().enumerate() {
        let groups = sums.groups[fragments];
        let goes_on = groups.first == Some(true) && before[fragments];
        let others = all.saturating_sub(sums.heartbeats);
        rows[2 + fragments] = others.saturating_add(groups.count.saturating_sub(goes_on.into()));
        rows[4 + fragments] = others;
        after[fragments] = groups.last.unwrap_or(before[fragments]);
    }
    (rows, after)
}

impl Held {
    /// What is known of a block that was read.
    pub(super) fn details_of<'a>(
        &self,
        shelved: &Shelved,
        before: LastIsBeat,
        known: &[u32],
        loaded: &'a Loaded,
    ) -> &'a (Details, LastIsBeat) {
        loaded.details.get_or_init(|| {
            let sums = &shelved.stored.entry.sums;
            let mut lanes =
                if sums.further > 0 { self.under_way_behind(shelved.previous) } else { UnderWay::default() };
            let (mut messages, _) = Messages::read(&loaded.block, &mut lanes);
            self.follow(&mut messages, loaded.block.sequence, lanes, shelved.next);
            let mut details = Details::of(&loaded.block, messages);
            details.known = known.to_vec();
            let after = details.hide(&loaded.block, before);
            (details, after)
        })
    }

    /// The messages that are under way at the end of a block.
    fn under_way_behind(&self, block: Option<u64>) -> UnderWay {
        let mut search = PerSide::<Search>::default();
        let mut next = block;
        for _ in 0..FAR {
            let Some(sequence) = next else { break };
            let Some(block) = self.block(sequence) else { break };
            let records: Vec<_> = block.log.numbered().collect();
            for (number, record) in records.into_iter().rev() {
                search_back(&mut search, RowId { time: record.time(), block: sequence, record: number }, record);
            }
            if search.iter().all(|lane| lane.is_over) {
                break;
            }
            next = self.shelved(sequence).and_then(|shelved| shelved.previous);
        }
        PerSide::from_fn(|side| search[side].head)
    }

    /// Looks in later blocks for the rest of messages that begin in a block and do not end in it.
    fn follow(&self, messages: &mut Messages, sequence: u64, mut lanes: UnderWay, mut next: Option<u64>) {
        for _ in 0..FAR {
            let goes_on = lanes.iter().any(|head| head.is_some_and(|head| head.block == sequence));
            let Some(later) = next.filter(|_| goes_on) else { break };
            let Some(block) = self.block(later) else { break };
            let (_, joined) = Messages::read(block, &mut lanes);
            for joined in joined.into_iter().filter(|joined| joined.head.block == sequence) {
                if let Some(message) = messages.begun.get_mut(&joined.head.record) {
                    message.join(joined);
                }
            }
            next = self.shelved(later).and_then(|shelved| shelved.next);
        }
    }
}

/// The search for the first fragment of the message that is under way, from its end.
#[derive(Default)]
struct Search {
    /// The earliest fragment that was seen.
    head: Option<RowId>,
    is_over: bool,
}

fn search_back(search: &mut PerSide<Search>, row: RowId, record: &Record) {
    match record {
        Record::Frame(frame) if !frame.header.opcode().is_control() => {
            let lane = &mut search[frame.from];
            if lane.is_over {
                return;
            }
            lane.is_over = frame.header.fin() || frame.header.opcode() != Opcode::CONTINUATION;
            if !frame.header.fin() {
                lane.head = Some(row);
            }
        }
        Record::Run(run) => search[run.from].is_over = true,
        Record::Event(_, event) if matches!(**event, Event::SessionOpened { .. }) => {
            search.iter_mut().for_each(|lane| lane.is_over = true);
        }
        _ => {}
    }
}

/// The events among records, by number, but for what tells of single frames: what a session's line and the list of problems are
/// made of.
pub fn events_of(log: &Log) -> Vec<(u32, Record)> {
    let events = log.numbered().filter(|(_, record)| match record {
        Record::Event(_, event) => !matches!(**event, Event::Inflated(_)),
        Record::Proxy(..) => true,
        _ => false,
    });
    events.map(|(number, record)| (number, record.clone())).collect()
}
