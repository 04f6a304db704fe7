//! What is written comes back, whatever is done to the file.

use std::io::{self, Cursor, Write};
use std::net::SocketAddr;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;

use super::chunk::{self, Header};
use super::*;
use crate::record::finding::{Finding, FindingKind, Level, Place};
use crate::record::{
    By, ClosedBy, ClosedEvent, ClosedHow, Ending, Event, FrameNumber, FrameRecord, HeadEvent, HeadHeldEvent,
    InflatedEvent, Log, MoreRecord, Origin, PerSide, Policy, ProxyEvent, RawRecord, Record, Relayed, ReleasedBy,
    ReleasedEvent, ReleasedHow, RuledEvent, RunRecord, SentRecord, SessionId, Side, Span, Stall, StallKind, Time,
    Verdict,
};
use crate::wire::close::Code;
use crate::wire::dialect::Dialect;
use crate::wire::frame::{self, FrameHeader, LengthBytes, LengthForm};
use crate::wire::opcode::Opcode;

type Seen = (Option<SessionId>, String, Vec<u8>);

/// A record, and the bytes that it points at.
type Piece = (Record, Vec<u8>);

fn add(log: &mut Log, (record, bytes): &Piece) {
    let mut record = record.clone();
    match &mut record {
        Record::Run(run) => return log.run(*run, bytes),
        Record::Event(time, event) => return log.event(*time, (**event).clone()),
        Record::Proxy(time, event) => return log.proxy(*time, (**event).clone()),
        Record::Frame(frame) => frame.kept = log.keep(bytes),
        Record::More(more) => more.kept = log.keep(bytes),
        Record::Sent(sent) => sent.kept = log.keep(bytes),
        Record::Raw(raw) => raw.kept = log.keep(bytes),
    }
    log.records.push(record);
}

fn side() -> impl Strategy<Value = Side> {
    select(vec![Side::Client, Side::Server])
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..40)
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0u64..200, 0..1u64 << 30]
}

fn header() -> impl Strategy<Value = FrameHeader> {
    let forms = vec![
        LengthForm::Seven,
        LengthForm::Sixteen,
        LengthForm::SixtyFour,
        LengthForm::Delimited(0x7f),
        LengthForm::Base128 { kind: 0x80, bytes: LengthBytes::Nine },
    ];
    (any::<u8>(), select(forms), option::of(any::<[u8; 4]>()), any::<u64>())
        .prop_map(|(first, form, mask, length)| FrameHeader { first, form, mask, length })
}

fn relayed() -> impl Strategy<Value = Relayed> {
    let by = [By::Repair, By::Strict, By::Bridge, By::Ending, By::User, By::Hold, By::Rule];
    let all = by.into_iter().flat_map(|by| [Relayed::Changed(by), Relayed::Dropped(by)]);
    select(all.chain([Relayed::AsIs, Relayed::Held, Relayed::Delayed]).collect::<Vec<_>>())
}

fn time() -> impl Strategy<Value = Time> {
    (1_700_000_000_000_000u64..1_700_000_000_001_000).prop_map(Time)
}

fn run() -> impl Strategy<Value = Piece> {
    (time(), number(), vec(bytes(), 1..9), side(), option::of(any::<[u8; 4]>())).prop_map(
        |(time, first, payloads, from, key)| {
            let mut wire = Vec::new();
            payloads.iter().for_each(|payload| frame::write(Opcode::TEXT, payload, key, &mut wire));
            let payload = payloads.iter().map(Vec::len).sum::<usize>() as u32;
            let (first, count) = (FrameNumber::new(first), payloads.len() as u32);
            let run = RunRecord { time, first, span: Span::default(), count, payload, from, last: Opcode::TEXT };
            (Record::Run(run), wire)
        },
    )
}

fn frames() -> impl Strategy<Value = Piece> {
    let origin = select(vec![Origin::Peer, Origin::Injected, Origin::Proxy, Origin::Rule]);
    let all = (time(), number(), header(), bytes(), number(), side(), origin, relayed());
    all.prop_map(|(time, number, header, payload, more, from, origin, relayed)| {
        let (number, received, kept) = (FrameNumber::new(number), payload.len() as u64 + more, Span::default());
        (Record::Frame(FrameRecord { time, number, header, kept, received, from, origin, relayed }), payload)
    })
}

fn parts() -> impl Strategy<Value = Piece> {
    (time(), number(), bytes(), number(), side(), 0..3u8).prop_map(|(time, number, bytes, more, from, kind)| {
        let (kept, length, number) = (Span::default(), bytes.len() as u64 + more, FrameNumber::new(number));
        let record = match kind {
            0 => Record::More(MoreRecord { time, number, from, kept, added: length, received: length + 7 }),
            1 => Record::Sent(SentRecord { time, number, from, at: more, kept, length, by: By::Bridge }),
            _ => Record::Raw(RawRecord { time, from, kept, length, origin: Origin::Peer }),
        };
        (record, bytes)
    })
}

fn finding() -> impl Strategy<Value = Finding> {
    let place = prop_oneof![
        Just(Place::Head),
        Just(Place::Stream),
        Just(Place::Connection),
        number().prop_map(|number| Place::Frame(FrameNumber::new(number)))
    ];
    let words = option::of("[a-zü ]{0,9}");
    (select(FindingKind::ALL), place, bytes(), 0usize..50, "[ -~\n]{0,20}", words, any::<bool>()).prop_map(
        |(kind, place, bytes, at, detail, words, repaired)| {
            let mut finding = Finding { repaired, ..Finding::new(kind, place).bytes(&bytes, at, 3).detail(detail) };
            (finding.chrome, finding.fix) = (words.clone().map(Into::into), words.map(Into::into));
            finding
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let address = prop_oneof![any::<[u8; 4]>().prop_map(Into::into), any::<[u8; 16]>().prop_map(Into::into)];
    let address = (address, any::<u16>()).prop_map(|(ip, port): (std::net::IpAddr, _)| SocketAddr::new(ip, port));
    let dialect = select(vec![Dialect::Rfc6455, Dialect::Hixie76, Dialect::Other(9)]);
    prop_oneof![
        (address, bytes()).prop_map(|(client, path)| Event::SessionOpened { client, path }),
        (side(), bytes(), bytes(), dialect, any::<bool>()).prop_map(|(from, bytes, forwarded, dialect, complete)| {
            let forwarded = if complete { bytes.clone() } else { forwarded };
            let status = (from == Side::Server).then_some(101);
            let is_edited = !complete;
            Event::Head(HeadEvent { from, bytes, forwarded, changes: Vec::new(), is_edited, dialect, status, complete })
        }),
        (side(), finding()).prop_map(|(from, finding)| Event::Finding(from, finding)),
        (number(), side(), bytes(), number()).prop_map(|(frame, from, bytes, packed)| {
            let (frame, length) = (FrameNumber::new(frame), bytes.len() as u64 + 3);
            Event::Inflated(InflatedEvent { frame, from, bytes, length, packed })
        }),
        (vec(number().prop_map(FrameNumber::new), 0..4), side()).prop_map(|(frames, from)| {
            Event::Released(ReleasedEvent { frames, from, how: ReleasedHow::Edited, by: ReleasedBy::Limit })
        }),
        (side(), bytes(), "[ -~]{0,20}").prop_map(|(from, bytes, query)| Event::HeadHeld(HeadHeldEvent {
            from,
            bytes,
            query
        })),
        (option::of(number().prop_map(FrameNumber::new)), side(), "[ -~]{0,20}")
            .prop_map(|(frame, from, rule)| { Event::Ruled(RuledEvent { frame, from, what: rule.clone(), rule }) }),
        side().prop_map(|from| Event::HeadReleased { from, how: ReleasedHow::Dropped, by: ReleasedBy::User }),
        finding().prop_map(|finding| Event::Verdict(Verdict::because(&finding))),
        (side(), number(), option::of(header()), any::<bool>()).prop_map(|(lane, since, header, over)| {
            let (frame, kind) = (header.map(|_| FrameNumber::FIRST), StallKind::ShortFrame);
            Event::Stall {
                stall: Stall { kind, lane, since: Time(since), frame, header, progress: Some((1, 2)) },
                over,
            }
        }),
        (side(), bytes(), number()).prop_map(|(from, reason, count)| {
            let (by, how, code) = (ClosedBy::Peer(from), ClosedHow::Fin, Some(Code::NORMAL));
            let counts = PerSide::new(count, 3);
            Event::SessionClosed(ClosedEvent { by, how, code, reason, frames: counts, bytes: counts })
        }),
        (side(), 500u16..600, "[a-z ]{0,20}").prop_map(|(from, status, reason)| match from {
            Side::Client => Event::Answered { status, reason },
            Side::Server => Event::Ended { from, how: Ending::Reset },
        }),
    ]
}

fn proxy_event() -> impl Strategy<Value = ProxyEvent> {
    prop_oneof![
        (side(), finding()).prop_map(|(from, finding)| ProxyEvent::Finding(from, finding)),
        "[a-z ]{0,20}".prop_map(|text| ProxyEvent::Note(Level::Warning, text)),
        vec(any::<u16>(), 0..3).prop_map(|ports| ProxyEvent::Listening {
            addresses: ports.into_iter().map(|port| SocketAddr::from(([127, 0, 0, 1], port))).collect(),
            upstream: "ws://localhost:9999".to_owned(),
            policy: Policy::Repair,
        }),
        option::of("[a-z]{3}").prop_map(|trouble| ProxyEvent::Upstream { trouble }),
        (200u16..600).prop_map(|status| ProxyEvent::Http { method: "GET".to_owned(), path: "/".to_owned(), status }),
    ]
}

fn of_session() -> impl Strategy<Value = Piece> {
    let events = (time(), event()).prop_map(|(time, event)| (Record::Event(time, Box::new(event)), Vec::new()));
    prop_oneof![run(), frames(), parts(), events]
}

fn of_none() -> impl Strategy<Value = Piece> {
    (time(), proxy_event()).prop_map(|(time, event)| (Record::Proxy(time, Box::new(event)), Vec::new()))
}

/// Logs of several sessions and of none.
fn logs() -> impl Strategy<Value = Vec<(Option<SessionId>, Log)>> {
    let filled = |pieces: Vec<Piece>| {
        let mut log = Log::default();
        pieces.iter().for_each(|piece| add(&mut log, piece));
        log
    };
    let one = prop_oneof![
        4 => (1u64..4, vec(of_session(), 0..6)).prop_map(move |(id, pieces)| (Some(SessionId(id)), filled(pieces))),
        1 => vec(of_none(), 0..4).prop_map(move |pieces| (None, filled(pieces))),
    ];
    vec(one, 0..10)
}

/// All that a log has, wherever its bytes are.
fn shown(session: Option<SessionId>, log: &Log) -> impl Iterator<Item = Seen> {
    log.records.iter().map(move |record| {
        let mut record = record.clone();
        let span = match &mut record {
            Record::Run(run) => Some(&mut run.span),
            Record::Frame(frame) => Some(&mut frame.kept),
            Record::More(more) => Some(&mut more.kept),
            Record::Sent(sent) => Some(&mut sent.kept),
            Record::Raw(raw) => Some(&mut raw.kept),
            Record::Event(..) | Record::Proxy(..) => None,
        };
        let span = span.map(std::mem::take).unwrap_or_default();
        (session, format!("{record:?}"), log.span(span).to_vec())
    })
}

fn all_shown(logs: &[(Option<SessionId>, Log)]) -> Vec<Seen> {
    logs.iter().flat_map(|(session, log)| shown(*session, log)).collect()
}

fn read_all(reader: &mut Reader<Cursor<&[u8]>>) -> Result<Vec<Seen>, LoadError> {
    let entries = reader.entries().to_vec();
    let mut all = Vec::new();
    for entry in entries {
        let loaded = reader.load(&entry)?;
        assert_eq!(loaded.unknown, 0);
        all.extend(shown(loaded.session, &loaded.log));
    }
    Ok(all)
}

const ID: u64 = 0x0123_4567_89ab_cdef;

fn about() -> About {
    About { program: "wsproxy 0.1.0".to_owned(), begun: Time(1_700_000_000_000_000), part: 1 }
}

enum End {
    Whole,
    Killed,
}

/// A capture with an index behind every few logs.
fn capture(logs: &[(Option<SessionId>, Log)], end: End) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), ID, &about()).unwrap();
    for (place, (session, log)) in logs.iter().enumerate() {
        writer.add(*session, log).unwrap();
        if place % 3 == 2 {
            writer.index().unwrap();
        } else if place % 2 == 1 {
            writer.flush().unwrap();
        }
    }
    match end {
        End::Whole => writer.finish().unwrap(),
        End::Killed => {
            writer.flush().unwrap();
            writer.finish().map(|file| file[..file.len() - 32].to_vec()).unwrap()
        }
    }
}

fn open(file: &[u8]) -> Reader<Cursor<&[u8]>> {
    Reader::open(Cursor::new(file)).unwrap_or_else(|error| panic!("{error}"))
}

proptest! {
    #[test]
    fn what_is_written_comes_back(logs in logs()) {
        let file = capture(&logs, End::Whole);
        let mut reader = open(&file);
        prop_assert_eq!((reader.tail(), reader.about_file(), reader.skipped()), (&Tail::Ended, &about(), None));
        prop_assert_eq!(read_all(&mut reader).unwrap(), all_shown(&logs));
        let things: usize = logs.iter().map(|(_, log)| log.count()).sum();
        prop_assert_eq!(reader.entries().iter().map(|entry| entry.sums.things as usize).sum::<usize>(), things);
    }

    #[test]
    fn an_index_says_what_a_look_at_each_block_says(logs in logs()) {
        let file = capture(&logs, End::Whole);
        let indexed = open(&file);
        // Without any byte of an index that is right.
        let mut blind = file.clone();
        for entry in 0..blind.len() - 24 {
            if Header::read(blind[entry..entry + 24].first_chunk().unwrap(), ID).is_some_and(|header| header.kind == chunk::INDEX) {
                blind[entry + 30] ^= 0x40;
            }
        }
        let mut scanned = open(&blind);
        prop_assert_eq!(scanned.entries(), indexed.entries());
        prop_assert_eq!(read_all(&mut scanned).unwrap(), all_shown(&logs));
    }

    #[test]
    fn a_flipped_bit_is_found_and_what_is_not_flipped_is_there(logs in logs(), at: proptest::sample::Index, bit in 0u8..8) {
        let (mut file, all) = (capture(&logs, End::Killed), all_shown(&logs));
        let at = at.index(file.len());
        file[at] ^= 1 << bit;
        let Ok(mut reader) = Reader::open(Cursor::new(&file[..])) else {
            prop_assert!(at < 24, "only the header of a file is needed");
            return Ok(());
        };
        let mut found = Vec::new();
        for entry in reader.entries().to_vec() {
            if let Ok(loaded) = reader.load(&entry) {
                found.extend(shown(loaded.session, &loaded.log));
            }
        }
        prop_assert!(found.iter().all(|seen| all.contains(seen)), "what was not written is not shown");
    }

    #[test]
    fn no_bytes_behind_a_header_do_harm(mut junk in vec(any::<u8>(), 0..600), logs in logs(), at: proptest::sample::Index) {
        let file = capture(&logs, End::Killed);
        let at = at.index(file.len());
        // Chunks whose checks are right and whose parts are not: somebody means ill.
        let mut forged = file[..at.max(24)].to_vec();
        let rest = junk.split_off(junk.len() / 2);
        for kind in 0..7 {
            forged.extend(Header::of(kind, 0, &junk, &rest).bytes(ID));
            forged.extend_from_slice(&junk);
            forged.extend_from_slice(&rest);
        }
        if let Ok(mut reader) = Reader::open(Cursor::new(&forged[..])) {
            for entry in reader.entries().to_vec() {
                let _ = reader.load(&entry);
            }
        }
    }

    #[test]
    fn fields_of_a_block_that_are_changed_do_no_harm(logs in logs(), at: proptest::sample::Index, byte: u8) {
        let file = capture(&logs, End::Killed);
        let entries = open(&file).entries().to_vec();
        let Some(entry) = entries.get(at.index(entries.len().max(1))) else { return Ok(()) };
        let offset = entry.offset as usize;
        let header = Header::read(file[offset..].first_chunk().unwrap(), ID).unwrap();
        let (start, middle) = (offset + 24, offset + 24 + header.front as usize);
        let mut front = file[start..middle].to_vec();
        let rest = &file[middle..middle + header.rest as usize];
        let place = at.index(front.len());
        front[place] = byte;
        let mut forged = file[..offset].to_vec();
        forged.extend(Header::of(chunk::BLOCK, 0, &front, rest).bytes(ID));
        forged.extend_from_slice(&front);
        forged.extend_from_slice(rest);
        let mut reader = open(&forged);
        for entry in reader.entries().to_vec() {
            if let Ok(loaded) = reader.load(&entry) {
                loaded.log.all().for_each(drop);
                (0..=loaded.log.count() as u32).for_each(|number| assert!(loaded.log.seen(number).is_none_or(|seen| seen.time() > Time(0))));
            }
        }
    }
}

fn a_few() -> Vec<(Option<SessionId>, Log)> {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    loop {
        let logs = logs().new_tree(&mut runner).unwrap().current();
        if logs.iter().map(|(_, log)| log.records.len()).sum::<usize>() > 20 {
            return logs;
        }
    }
}

#[test]
fn a_file_that_is_cut_anywhere_opens_up_to_the_cut() {
    let (logs, mut least) = (a_few(), 0);
    let all = all_shown(&logs);
    let file = capture(&logs, End::Killed);
    for cut in 0..=file.len() {
        let mut reader = match Reader::open(Cursor::new(&file[..cut])) {
            Ok(reader) => reader,
            Err(OpenError::Short(length)) if cut < 24 && length == cut as u64 => continue,
            Err(error) => panic!("cut at {cut}: {error}"),
        };
        let found = read_all(&mut reader).unwrap();
        assert!(found.len() >= least && all.starts_with(&found), "cut at {cut}");
        least = found.len();
        match reader.tail() {
            Tail::Open => {}
            Tail::Cut { at, there, .. } => assert_eq!(at + there, cut as u64),
            other => panic!("cut at {cut}: {other}"),
        }
    }
    assert_eq!(least, all.len());
}

#[test]
fn a_file_that_grows_is_followed() {
    let logs = a_few();
    let file = capture(&logs, End::Whole);
    struct Growing<'a>(Cursor<&'a [u8]>);
    impl io::Read for Growing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }
    impl io::Seek for Growing<'_> {
        fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }
    let mut reader = Reader::open(Growing(Cursor::new(&file[..24]))).unwrap();
    let mut blocks = 0;
    for end in 25..=file.len() {
        reader.grow(|source| source.0 = Cursor::new(&file[..end]));
        blocks += reader.follow().unwrap();
    }
    assert_eq!((blocks, reader.tail()), (open(&file).entries().len(), &Tail::Ended));
    assert_eq!(reader.entries(), open(&file).entries());
}

#[test]
fn bytes_of_a_peer_that_look_like_chunks_are_none() {
    // A whole capture as a payload, of another file, and a chunk of this one but for its id.
    let mut inner = capture(&a_few(), End::Whole);
    inner.extend(Header::of(chunk::INDEX, 0, b"", b"").bytes(ID ^ 1));
    let mut log = Log::default();
    log.raw(Time(1), Side::Client, Origin::Peer, &inner, usize::MAX);
    let mut writer = Writer::new(Vec::new(), ID ^ 2, &about()).unwrap();
    writer.add(Some(SessionId(1)), &log).unwrap();
    writer.flush().unwrap();
    let file = writer.finish().unwrap();
    let cut = &file[..file.len() - 40];
    let reader = Reader::open(Cursor::new(cut)).unwrap();
    assert_eq!(reader.entries().len(), 1);
}

#[test]
fn the_last_index_of_a_large_file_spares_a_look_at_what_is_before_it() {
    let mut writer = Writer::new(Vec::new(), ID, &about()).unwrap();
    let (mut log, mut expected) = (Log::default(), 0);
    log.raw(Time(1), Side::Client, Origin::Peer, &[0; 100_000], usize::MAX);
    for round in 0..30 {
        writer.add(Some(SessionId(round % 2 + 1)), &log).unwrap();
        expected += 1;
        if round % 8 == 7 {
            writer.index().unwrap();
        }
    }
    writer.flush().unwrap();
    let mut file = writer.finish().unwrap();
    file.truncate(file.len() - 40);
    // What is before the last index is not looked at: damage in it is nobody's matter until it is loaded.
    for byte in file[1000..90_000].iter_mut().step_by(7) {
        if *byte == 0 {
            *byte = 9;
        }
    }
    let mut reader = open(&file);
    assert_eq!((reader.entries().len(), reader.skipped()), (expected, None));
    let entries = reader.entries().to_vec();
    assert!(matches!(reader.load(&entries[0]), Err(LoadError::Damaged { .. })));
    assert!(reader.load(&entries[29]).is_ok());
}

#[test]
fn what_is_no_capture_is_said_to_be_none() {
    let error = |file: &[u8]| Reader::open(Cursor::new(file)).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error(b"GET / HTTP/1.1").starts_with("it is no capture"));
    assert_eq!(error(b""), "it is a capture that was cut after 0 bytes, before anything was in it");
    let mut file = capture(&[], End::Whole);
    file[8] = 9;
    assert!(error(&file).contains("version 9"), "{}", error(&file));
    file[8] = 1;
    file[13] ^= 1;
    assert!(error(&file).contains("first 24 bytes are damaged"));
}

#[test]
fn a_kind_of_record_that_is_not_known_is_a_note_in_its_place() {
    let mut log = Log::default();
    log.raw(Time(1), Side::Client, Origin::Peer, b"first", 100);
    log.raw(Time(2), Side::Server, Origin::Peer, b"second", 100);
    log.raw(Time(3), Side::Client, Origin::Peer, b"third", 100);
    let file = capture(&[(Some(SessionId(1)), log)], End::Killed);
    let offset = open(&file).entries()[0].offset as usize;
    let header = Header::read(file[offset..].first_chunk().unwrap(), ID).unwrap();
    let (start, middle) = (offset + 24, offset + 24 + header.front as usize);
    let mut front = file[start..middle].to_vec();
    let second = front.windows(3).rposition(|record| record == [5, 2, 6]).unwrap();
    front[second] = 15;
    let rest = &file[middle..middle + header.rest as usize];
    let mut newer = file[..offset].to_vec();
    newer.extend(Header::of(chunk::BLOCK, 0, &front, rest).bytes(ID));
    newer.extend_from_slice(&front);
    newer.extend_from_slice(rest);
    let mut reader = open(&newer);
    let entry = reader.entries()[0].clone();
    let loaded = reader.load(&entry).unwrap();
    assert_eq!((loaded.unknown, loaded.log.count()), (1, 3));
    let Record::Raw(third) = &loaded.log.records[2] else { panic!("{:?}", loaded.log.records) };
    assert_eq!(loaded.log.span(third.kept), b"third");
}

/// Takes so many bytes, then no more.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        if taken == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_sink_that_is_full_is_an_error_at_once() {
    let mut log = Log::default();
    log.raw(Time(1), Side::Client, Origin::Peer, &[0; 100_000], usize::MAX);
    let mut writer = Writer::new(Full(50_000), ID, &about()).unwrap();
    writer.add(Some(SessionId(1)), &log).unwrap();
    assert_eq!(writer.flush().unwrap_err().kind(), io::ErrorKind::StorageFull);
}
