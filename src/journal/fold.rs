//! Which rows are left out where fragments are folded into messages, and heartbeats into one row or hidden.
//!
//! That is found out when a block comes in; so rows are numbered through in each way of folding, and the millionth is found
//! as quickly as the first. Every row that is folded away belongs to one row that is not: a further fragment to the first of
//! its message, and is gone when that has left memory; a heartbeat to the one that its session's last other row is behind.
//! Pings and pongs are heartbeats by themselves. Of messages somebody else has to find it out and say so, and what they hide
//! is then found out anew.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::record::{Event, FrameRecord, PerSide, Record, SessionId};
use crate::wire::message::Role;

use super::block::Block;
use super::row::{RowId, Scope};

/// What is not given a row of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fold {
    /// All fragments of a message but the first.
    pub fragments: bool,
    /// What becomes of heartbeats.
    pub heartbeats: Heartbeats,
}

/// What becomes of heartbeats: of pings and pongs, and of messages that say only that their sender is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Heartbeats {
    /// Each has a row.
    #[default]
    Shown,
    /// Those of a session between which nothing else stands have one row.
    Folded,
    /// They have none.
    Hidden,
}

impl Heartbeats {
    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Shown => Self::Folded,
            Self::Folded => Self::Hidden,
            Self::Hidden => Self::Shown,
        }
    }
}

/// How many ways of folding there are.
pub(super) const FOLDS: usize = 6;

impl Fold {
    /// Nothing is left out.
    pub const NONE: Self = Self { fragments: false, heartbeats: Heartbeats::Shown };

    /// Fragments are joined, and each heartbeat has a row: what applications say to one another.
    pub const MESSAGES: Self = Self { fragments: true, heartbeats: Heartbeats::Shown };

    /// All ways of folding, each at its index.
    pub(super) const ALL: [Self; FOLDS] = [
        Self { fragments: false, heartbeats: Heartbeats::Shown },
        Self { fragments: true, heartbeats: Heartbeats::Shown },
        Self { fragments: false, heartbeats: Heartbeats::Folded },
        Self { fragments: true, heartbeats: Heartbeats::Folded },
        Self { fragments: false, heartbeats: Heartbeats::Hidden },
        Self { fragments: true, heartbeats: Heartbeats::Hidden },
    ];

    /// Its place among all ways of folding.
    pub(super) const fn index(self) -> usize {
        self.fragments as usize | (self.heartbeats as usize) << 1
    }
}

/// Which rows, and how they are folded. A scope by itself is not folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lens {
    /// Whose rows.
    pub scope: Scope,
    /// What is left out.
    pub fold: Fold,
}

impl From<Scope> for Lens {
    fn from(scope: Scope) -> Self {
        Self { scope, fold: Fold::NONE }
    }
}

/// A message in fragments, told by the row of the first.
#[derive(Clone, Debug, Default)]
pub struct JoinedMessage {
    /// The further fragments.
    pub rest: Vec<RowId>,
    /// Payload bytes that the headers of all fragments promise.
    pub length: u64,
    /// Whether the last fragment has come.
    pub complete: bool,
}

/// Records of a block that have no row, in each way of folding.
#[derive(Clone, Debug, Default)]
pub(super) struct Hidden(Option<Arc<[Box<[u32]>; FOLDS]>>);

impl Hidden {
    /// Each has its row.
    pub(super) const NONE: Self = Self(None);

    /// Whether each has its row.
    pub(super) const fn is_none(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn new(lists: [Vec<u32>; FOLDS]) -> Self {
        if lists.iter().all(Vec::is_empty) {
            return Self(None);
        }
        Self(Some(Arc::new(lists.map(Vec::into_boxed_slice))))
    }

    fn list(&self, fold: Fold) -> &[u32] {
        self.0.as_ref().and_then(|lists| lists.get(fold.index())).map_or(&[], |list| list)
    }

    /// The record that is row `row` of its block.
    pub(super) fn record(&self, fold: Fold, row: usize) -> usize {
        let list = self.list(fold);
        // As many rows as `record - index` stand before the hidden record at `index`.
        let (mut low, mut high) = (0, list.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if list.get(middle).is_some_and(|record| *record as usize - middle <= row) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        row + low
    }

    /// Whether a record has no row of its own.
    pub(super) fn has(&self, fold: Fold, record: u32) -> bool {
        self.list(fold).binary_search(&record).is_ok()
    }

    /// How many rows stand before a record.
    pub(super) fn row(&self, fold: Fold, record: u32) -> usize {
        record as usize - self.list(fold).partition_point(|hidden| *hidden < record)
    }
}

/// A fragment that goes on a message that began in an earlier block, or an end of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Joined {
    pub head: RowId,
    pub fragment: RowId,
    pub length: u64,
    pub last: bool,
}

/// The message that is under way on each lane of a session, told by the row of its first fragment.
pub(super) type UnderWay = PerSide<Option<RowId>>;

/// The messages that are under way in all sessions in which one is.
#[derive(Debug, Default)]
pub(super) struct Lanes(HashMap<SessionId, UnderWay>);

impl Lanes {
    /// Lets go of messages whose first fragment left memory: what comes of them later begins with its next fragment.
    pub(super) fn evict(&mut self, session: SessionId, first: u64) {
        if let Some(lanes) = self.0.get_mut(&session) {
            for lane in lanes.iter_mut() {
                *lane = lane.filter(|head| head.block >= first);
            }
        }
    }

    /// Reads a block: the messages that it tells of, and what it adds to earlier ones.
    pub(super) fn read(&mut self, block: &Block) -> (Messages, Vec<Joined>) {
        let Some(session) = block.session else { return Default::default() };
        let mut lanes = self.0.get(&session).copied().unwrap_or_default();
        let read = Messages::read(block, &mut lanes);
        if lanes == UnderWay::default() {
            self.0.remove(&session);
        } else {
            self.0.insert(session, lanes);
        }
        read
    }
}

/// What a block tells of messages.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// Those that begin in this block, by the first fragment.
    pub begun: BTreeMap<u32, JoinedMessage>,
    /// Further fragments in this block, and the row of the first of each.
    pub heads: Vec<(u32, RowId)>,
}

impl Messages {
    /// Reads a block of a session in which messages are under way: what it tells of them, and what it adds to earlier ones.
    pub(super) fn read(block: &Block, lanes: &mut UnderWay) -> (Self, Vec<Joined>) {
        let (mut messages, mut joined) = (Self::default(), Vec::new());
        if block.session.is_none() {
            return (messages, joined);
        }
        for (number, record) in block.log.numbered() {
            let id = RowId { time: record.time(), block: block.sequence, record: number };
            match record {
                Record::Frame(frame) => messages.frame(frame, id, &mut lanes[frame.from], &mut joined),
                Record::Event(_, event) if matches!(**event, Event::SessionClosed(_)) => *lanes = UnderWay::default(),
                // Frames of a run are messages of their own, each of which ends what was under way; the relay made sure that
                // nothing was.
                _ => {}
            }
        }
        (messages, joined)
    }

    fn frame(&mut self, frame: &FrameRecord, id: RowId, lane: &mut Option<RowId>, joined: &mut Vec<Joined>) {
        let (opcode, last) = (frame.header.opcode(), frame.header.fin());
        if opcode.is_control() {
            return;
        }
        let length = frame.header.length;
        let goes_on = Role::of(&frame.header, lane.is_some()) == Role::GoesOn;
        match lane.filter(|_| goes_on) {
            Some(head) => {
                self.heads.push((id.record, head));
                self.join(Joined { head, fragment: id, length, last }, joined);
            }
            // A frame of its own, or the first of several. One that comes too early ends what was under way.
            None if !last => {
                self.begun.insert(id.record, JoinedMessage { length, ..JoinedMessage::default() });
            }
            None => {}
        }
        *lane = if last { None } else { lane.filter(|_| goes_on).or(Some(id)) };
    }

    fn join(&mut self, fragment: Joined, joined: &mut Vec<Joined>) {
        match self.begun.get_mut(&fragment.head.record).filter(|_| fragment.head.block == fragment.fragment.block) {
            Some(message) => message.join(fragment),
            None => joined.push(fragment),
        }
    }
}

impl JoinedMessage {
    /// Takes in a further fragment.
    pub(super) fn join(&mut self, joined: Joined) {
        self.rest.push(joined.fragment);
        self.length = self.length.saturating_add(joined.length);
        self.complete |= joined.last;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::journal::{Index, Journal};
    use crate::record::{FrameNumber, Log, MoreRecord, Origin, Relayed, Side, Span, Time};
    use crate::wire::frame::FrameHeader;
    use crate::wire::opcode::Opcode;

    const FOLDED: Lens = Lens { scope: Scope::All, fold: Fold { fragments: true, ..Fold::NONE } };
    const BEATS: Lens = Lens { scope: Scope::All, fold: Fold { fragments: false, heartbeats: Heartbeats::Folded } };
    const QUIET: Lens = Lens { scope: Scope::All, fold: Fold { fragments: false, heartbeats: Heartbeats::Hidden } };

    fn frame(number: u64, from: Side, first: u8) -> Record {
        let header = FrameHeader { first, ..FrameHeader::new(Opcode::TEXT, number % 9, None) };
        Record::Frame(FrameRecord {
            time: Time(number),
            number: FrameNumber::new(number),
            header,
            kept: Span::default(),
            received: number % 9,
            from,
            origin: Origin::Peer,
            relayed: Relayed::AsIs,
        })
    }

    fn more(number: u64, from: Side) -> Record {
        let (time, number) = (Time(number), FrameNumber::new(number));
        Record::More(MoreRecord { time, number, from, kept: Span::default(), added: 0, received: 0 })
    }

    fn view_of(blocks: &[Vec<(u64, bool, u8)>], budget: usize) -> Index {
        let journal = Arc::new(Journal::new(budget));
        let mut view = Index::new(journal.subscribe(|| ()));
        let mut number = 0;
        for block in blocks {
            let mut log = Log::default();
            let session = block.first().map(|(session, ..)| SessionId(*session));
            for (_, from_client, first) in block {
                number += 1;
                let from = if *from_client { Side::Client } else { Side::Server };
                // An opcode that no frame has stands for more of a frame.
                log.records.push(if *first == 0xff { more(number, from) } else { frame(number, from, *first) });
            }
            journal.push(session, log);
            view.sync();
        }
        view
    }

    fn one_session(firsts: &[u8]) -> Index {
        view_of(
            &firsts.chunks(2).map(|block| block.iter().map(|first| (1, false, *first)).collect()).collect::<Vec<_>>(),
            1 << 20,
        )
    }

    #[test]
    fn fragments_become_one_row_and_what_stands_between_stays() {
        let view = one_session(&[0x81, 0x01, 0x00, 0x89, 0x80, 0x82]);
        assert_eq!((view.range(Scope::All), view.range(FOLDED), view.range(QUIET)), (0..6, 0..4, 0..5));
        let first = view.row(FOLDED, 1).unwrap().id;
        let message = view.message(first).unwrap();
        assert_eq!((message.rest.len(), message.length, message.complete), (2, 2 + 3 + 5, true));
        let last = view.row(Scope::All, 4).unwrap().id;
        assert_eq!((view.number(FOLDED, last), view.head(FOLDED.fold, last)), (Some(1), first));
        assert_eq!(view.number(QUIET, view.row(Scope::All, 3).unwrap().id), Some(3));
        assert_eq!(view.row(FOLDED, 4).map(|row| row.id), None);
    }

    #[test]
    fn heartbeats_between_which_nothing_stands_become_one_row() {
        let mut view = one_session(&[0x89, 0x8a, 0x89, 0x81, 0x8a, 0x81, 0x89]);
        assert_eq!((view.range(BEATS), view.range(QUIET)), (0..5, 0..2));
        let row = |view: &Index, number| view.row_id(BEATS, number).unwrap();
        let count = |view: &Index, number| view.heartbeats(BEATS.fold, row(view, number)).map(|run| run.count);
        assert_eq!([0, 1, 2, 3, 4].map(|number| count(&view, number)), [Some(3), None, Some(1), None, Some(1)]);
        let third = view.row_id(Scope::All, 2).unwrap();
        assert_eq!((view.head(BEATS.fold, third), view.number(BEATS, third)), (row(&view, 0), Some(0)));
        // Somebody finds out that the messages are heartbeats, too.
        for (block, record) in [(1, 1), (2, 1)] {
            view.mark_heartbeats([(block, vec![record])]);
        }
        assert_eq!((view.range(BEATS), view.range(QUIET)), (0..1, 0..0));
        assert_eq!(count(&view, 0), Some(7));
    }

    #[test]
    fn heartbeats_whose_first_one_left_still_have_a_row() {
        let beats: Vec<_> = (0..200).map(|_| vec![(1, false, 0x89)]).collect();
        let view = view_of(&beats, 8_000);
        assert!(view.first() > 0 && view.range(BEATS).count() == 1, "{:?}", view.range(BEATS));
        let head = view.row_id(BEATS, view.range(BEATS).start).unwrap();
        let all = view.range(Scope::All);
        assert_eq!(view.heartbeats(BEATS.fold, head).map(|run| run.count), Some(all.end - all.start));
    }

    #[test]
    fn a_continuation_of_nothing_is_a_row() {
        let view = one_session(&[0x00, 0x80, 0x80]);
        assert_eq!(view.range(FOLDED), 0..2);
    }

    #[test]
    fn a_frozen_view_keeps_its_message() {
        let journal = Arc::new(Journal::new(1 << 20));
        let mut view = Index::new(journal.subscribe(|| ()));
        let push = |first| {
            let mut log = Log::default();
            log.records.push(frame(1, Side::Server, first));
            journal.push(Some(SessionId(1)), log);
        };
        push(0x01);
        view.sync();
        let frozen = view.freeze();
        push(0x80);
        view.sync();
        let of = |view: &Index| view.message(view.row(FOLDED, 0).unwrap().id).unwrap().rest.len();
        assert_eq!((of(&frozen), of(&view)), (0, 1));
    }

    fn blocks() -> impl Strategy<Value = Vec<Vec<(u64, bool, u8)>>> {
        let first = proptest::sample::select(vec![0x81, 0x82, 0x01, 0x02, 0x00, 0x00, 0x80, 0x89, 0x8a, 0x88, 0xff]);
        let record = (any::<bool>(), first);
        let block = (1u64..3, proptest::collection::vec(record, 0..8))
            .prop_map(|(session, records)| records.into_iter().map(|(from, first)| (session, from, first)).collect());
        proptest::collection::vec(block, 0..25)
    }

    proptest! {
        #[test]
        fn folding_neither_loses_nor_doubles_a_row(blocks in blocks(), budget in 1_000usize..40_000) {
            let view = view_of(&blocks, budget);
            for scope in [Scope::All, Scope::Session(SessionId(1)), Scope::Session(SessionId(2))] {
                let all: Vec<RowId> = view.range(scope).map(|row| view.row(scope, row).unwrap().id).collect();
                for fold in Fold::ALL {
                    let lens = Lens { scope, fold };
                    let mut seen = Vec::new();
                    for number in view.range(lens) {
                        let id = view.row(lens, number).unwrap().id;
                        prop_assert_eq!(view.number(lens, id), Some(number));
                        seen.push(id);
                        if fold.fragments {
                            seen.extend(view.message(id).into_iter().flat_map(|message| &message.rest));
                        }
                    }
                    if fold.heartbeats != Heartbeats::Shown {
                        let is_folded = |id: &&RowId| view.is_heartbeat(**id) && !seen.contains(*id);
                        let folded: Vec<RowId> = all.iter().filter(is_folded).copied().collect();
                        if fold.heartbeats == Heartbeats::Folded {
                            for id in &folded {
                                let head = view.head(fold, *id);
                                prop_assert!(head < *id && view.is_heartbeat(head) && seen.contains(&head));
                                prop_assert!(view.heartbeats(fold, head).is_some_and(|run| run.count > 1));
                            }
                        }
                        seen.extend(folded);
                    }
                    if fold.fragments {
                        // What went with the first fragment of its message.
                        let gone = |id: &&RowId| {
                            let head = view.head(Fold { fragments: true, ..Fold::NONE }, **id);
                            view.row_by_id(head).is_none()
                        };
                        seen.extend(all.iter().filter(gone));
                    }
                    seen.sort_unstable();
                    prop_assert_eq!(&seen, &all);
                }
            }
        }
    }
}
