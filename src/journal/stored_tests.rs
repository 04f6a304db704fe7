//! Blocks in files give the rows that blocks in memory do.

use std::io::Cursor;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::*;
use crate::capture::{About, Reader, Writer};
use crate::record::finding::Level;
use crate::record::{
    Event, FrameNumber, FrameRecord, InflatedEvent, Log, MoreRecord, Origin, ProxyEvent, Record, Relayed, SessionId,
    Side, Span, Time,
};
use crate::wire::frame::FrameHeader;
use crate::wire::opcode::Opcode;

/// A capture in memory.
struct Shelf {
    reader: Mutex<Reader<Cursor<Vec<u8>>>>,
    news: Mutex<Vec<News>>,
}

impl Shelf {
    fn of(file: Vec<u8>) -> Arc<Self> {
        let mut reader = Reader::open(Cursor::new(file)).unwrap();
        let (mut blocks, mut events) = (Vec::new(), Vec::new());
        for (block, entry) in (0..).zip(reader.take_entries()) {
            if entry.sums.events > 0 {
                let loaded = reader.load(&entry).unwrap();
                events.push(News::Events { block, session: loaded.session, events: events_of(&loaded.log) });
            }
            blocks.push(News::Block(Arc::new(Stored { file: 0, entry })));
        }
        blocks.append(&mut events);
        Arc::new(Self { reader: Mutex::new(reader), news: Mutex::new(blocks) })
    }
}

impl Archive for Shelf {
    fn load(&self, stored: &Stored) -> Option<Log> {
        Some(self.reader.lock().unwrap().load(&stored.entry).unwrap().log)
    }

    fn news(&self) -> Vec<News> {
        std::mem::take(&mut self.news.lock().unwrap())
    }

    fn status(&self) -> ArchiveStatus {
        ArchiveStatus { name: String::new(), size: 0, range: None, end: ArchiveEnd::Whole, trouble: None }
    }
}

/// What comes next in a block: how much later, from which side, and what.
type Next = (u64, bool, u8);

/// The frames of a session.
#[derive(Default)]
struct Frames {
    /// The number of the last one.
    last: u64,
    /// Those that are not whole, by side: the number, and how much has come.
    under_way: [Option<(u64, u64)>; 2],
}

/// Gives a session's blocks their records. Frame numbers go on from block to block, and so does a frame that is not whole.
#[derive(Default)]
struct Sessions {
    each: [Frames; 3],
    time: u64,
}

impl Sessions {
    fn log(&mut self, session: usize, block: &[Next]) -> Log {
        let mut log = Log::default();
        for (gap, is_client, first) in block {
            self.time += gap;
            let from = if *is_client { Side::Client } else { Side::Server };
            if session == 0 {
                log.proxy(Time(self.time), ProxyEvent::Note(Level::Note, "a note".into()));
                continue;
            }
            self.next(&mut log, session, from, *first);
        }
        log
    }

    fn next(&mut self, log: &mut Log, session: usize, from: Side, first: u8) {
        let Frames { last, under_way } = &mut self.each[session];
        let under_way = &mut under_way[usize::from(from == Side::Client)];
        let time = Time(self.time);
        match (first, &mut *under_way) {
            (0xff, Some((number, received))) => {
                *received += 2;
                let (number, received) = (FrameNumber::new(*number), *received);
                log.more(MoreRecord { time, number, from, kept: Span::default(), added: 2, received }, b"xx");
                if received >= 9 {
                    *under_way = None;
                }
            }
            (0xff, None) => log.event(time, Event::Note(Level::Note, "a note".into())),
            (first, _) => {
                *last += 1;
                // Data that is not whole, where its bytes say so; control frames are.
                let is_whole = first & 0x08 != 0 || *last % 3 > 0;
                let length = if is_whole { 3 } else { 9 };
                let header = FrameHeader { first, ..FrameHeader::new(Opcode::TEXT, length, None) };
                let kept = log.keep(b"abc");
                let number = FrameNumber::new(*last);
                let (origin, relayed) = (Origin::Peer, Relayed::AsIs);
                if header.rsv1() && *last % 2 == 0 {
                    let inflated =
                        InflatedEvent { frame: number, from, bytes: b"abcabc".to_vec(), length: 6, packed: 3 };
                    log.event(time, Event::Inflated(inflated));
                }
                log.records.push(Record::Frame(FrameRecord {
                    time,
                    number,
                    header,
                    kept,
                    received: 3,
                    from,
                    origin,
                    relayed,
                }));
                *under_way = (!is_whole).then_some((*last, 3));
            }
        }
    }
}

fn both(blocks: &[(u64, Vec<Next>)]) -> (Index, Index) {
    let journal = Arc::new(Journal::new(1 << 30));
    let mut live = Index::new(journal.subscribe(|| ()));
    let about = About { program: "test".into(), begun: Time(0), part: 1 };
    let mut writer = Writer::new(Vec::new(), 7, &about).unwrap();
    let mut sessions = Sessions::default();
    for (session, block) in blocks {
        let log = sessions.log(*session as usize, block);
        let id = (*session > 0).then_some(SessionId(*session));
        if log.is_empty() {
            continue;
        }
        // Each log is a block in both.
        writer.add(id, &log).unwrap();
        writer.flush().unwrap();
        journal.push(id, log);
        live.sync();
    }
    let mut stored = Index::of_archive(Shelf::of(writer.finish().unwrap()));
    stored.sync();
    (live, stored)
}

fn compare(live: &Index, stored: &Index) -> Result<(), TestCaseError> {
    for scope in [Scope::All, Scope::Session(SessionId(1)), Scope::Session(SessionId(2)), Scope::Own] {
        for fold in Fold::ALL {
            let lens = Lens { scope, fold };
            let range = live.range(lens);
            prop_assert_eq!(&stored.range(lens), &range, "{:?}", lens);
            prop_assert_eq!(stored.row_ids(lens, range.clone()), live.row_ids(lens, range.clone()));
            for number in range {
                let id = stored.row_id(lens, number).unwrap();
                prop_assert_eq!(Some(id), live.row_id(lens, number));
                prop_assert_eq!(stored.number(lens, id), Some(number));
                prop_assert_eq!(stored.head(fold, id), live.head(fold, id));
                let rest = |view: &Index| view.message(id).map(|message| (message.rest.clone(), message.complete));
                prop_assert_eq!(rest(stored), rest(live));
                let row = stored.row_by_id(id).unwrap();
                let frame = |view: &Index| {
                    let frame = view.frame(view.row_by_id(id).unwrap())?;
                    Some((frame.received, frame.wire.to_vec(), frame.inflated.cloned().map(|inflated| inflated.bytes)))
                };
                prop_assert_eq!(frame(stored), frame(live), "{:?}", row.record);
            }
        }
    }
    Ok(())
}

fn blocks() -> impl Strategy<Value = Vec<(u64, Vec<Next>)>> {
    let first = proptest::sample::select(vec![
        0x81, 0x82, 0xc1, 0x01, 0x41, 0x00, 0x00, 0x80, 0x89, 0x8a, 0x89, 0x88, 0xff, 0xff,
    ]);
    let block = proptest::collection::vec((0u64..4, any::<bool>(), first), 0..10);
    proptest::collection::vec((0u64..3, block), 0..24)
}

proptest! {
    #[test]
    fn a_capture_has_the_rows_that_were_seen(blocks in blocks()) {
        let (live, mut stored) = both(&blocks);
        compare(&live, &stored)?;
        for (one, other) in live.sessions().zip(stored.sessions()) {
            prop_assert_eq!((one.id, one.frames, one.payload), (other.id, other.frames, other.payload));
        }
        // What was read is read again.
        stored.let_go();
        compare(&live, &stored)?;
        compare(&live, &stored.freeze())?;
    }

    #[test]
    fn heartbeats_that_are_found_out_about_are_folded_in_a_capture_too(
        blocks in blocks(),
        known in proptest::collection::vec((0u64..24, 0u32..10), 0..12),
    ) {
        let (mut live, mut stored) = both(&blocks);
        let mut marks: Vec<(u64, Vec<u32>)> = Vec::new();
        for (block, record) in known {
            let is_frame = |view: &Index| {
                let log = &view.block(block)?.log;
                matches!(log.seen(record)?, crate::record::Seen::Frame(frame) if frame.header.first == 0x81).then_some(())
            };
            if is_frame(&live).is_some() && marks.iter().all(|(other, _)| *other != block) {
                marks.push((block, vec![record]));
            }
        }
        live.mark_heartbeats(marks.clone());
        stored.mark_heartbeats(marks);
        compare(&live, &stored)?;
    }
}
