//! The blocks and their budget.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::record::finding::FindingKind;
use crate::record::{Event, Log, Record, SessionId};

use super::block::Block;
use super::gone::{Gone, Passage};
use super::memory::Memory;
use super::recorder::Recorder;

struct Subscriber {
    /// Set from the ring until the subscriber reads, so that a busy journal rings once.
    rung: AtomicBool,
    /// Sequence of the block that it reads next.
    next: AtomicU64,
    ring: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
pub(super) struct Inner {
    pub blocks: VecDeque<Arc<Block>>,
    /// Sequence of the next block.
    pub next: u64,
    pub size: usize,
    /// Bytes of memory of all blocks that ever came.
    came: u64,
    /// Records that left for want of room.
    evicted: u64,
    /// Findings that came, in all, by kind.
    findings: BTreeMap<FindingKind, u64>,
    counts: Counts,
    /// What is told of sessions in blocks that left before they were read.
    gone: Gone,
    subscribers: Vec<Arc<Subscriber>>,
    /// The reader that misses nothing.
    pub recorder: Option<Recorder>,
}

/// Bytes of blocks that left and that readers may hold without a loss for what comes: what a screen that was held up has
/// not let go of, and the share of the newest beside a frozen one.
const ALLOWANCE: usize = 16 * 1024 * 1024;

/// A block takes more of its session's until it holds so many bytes.
const FULL: usize = 16 * 1024;

impl Inner {
    /// Adds to the newest block, if it is the session's, not full, and no reader has it: a peer that sends one frame at
    /// a time would else take a block for each. Gives the log back where that can't be.
    fn join(&mut self, session: Option<SessionId>, log: Log) -> Option<Log> {
        let read = self.subscribers.iter().map(|subscriber| subscriber.next.load(Ordering::Relaxed));
        let read = read.chain(self.recorder.iter().map(|recorder| recorder.next)).max();
        let newest = self.blocks.back_mut().filter(|block| {
            let unread = read.is_none_or(|next| next <= block.sequence);
            unread && block.session == session && block.log.size() + log.size() <= FULL
        });
        let Some(block) = newest.and_then(Arc::get_mut) else { return Some(log) };
        let before = block.size();
        block.append(log);
        self.size = self.size - before + block.size();
        self.came += (block.size() - before) as u64;
        None
    }

    /// Takes the oldest block out, if nobody is sure to read it yet.
    fn pop_oldest(&mut self) -> Option<Arc<Block>> {
        let kept = self.recorder.as_ref().map_or(u64::MAX, |recorder| recorder.next);
        let oldest = self.blocks.pop_front_if(|block| block.sequence < kept)?;
        self.forget(&oldest);
        Some(oldest)
    }

    /// A block has left. What it tells of its session as a whole is kept for those who have not read it.
    fn forget(&mut self, block: &Block) {
        self.size -= block.size();
        self.evicted += block.log.count() as u64;
        let places = self.subscribers.iter().map(|subscriber| subscriber.next.load(Ordering::Relaxed));
        let (least, most) = places.fold((u64::MAX, 0), |(least, most), next| (least.min(next), most.max(next)));
        if least <= block.sequence {
            self.gone.keep(block, most);
        }
    }
}

/// What came in all, however much has left the memory since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sessions that were opened.
    pub sessions: u64,
    /// Frames that began.
    pub frames: u64,
}

impl Counts {
    fn of(log: &Log) -> Self {
        let mut counts = Self::default();
        for record in &log.records {
            match record {
                Record::Run(run) => counts.frames += u64::from(run.count),
                Record::Frame(_) => counts.frames += 1,
                Record::Event(_, event) => {
                    counts.sessions += u64::from(matches!(**event, Event::SessionOpened { .. }));
                }
                Record::More(_) | Record::Sent(_) | Record::Raw(_) | Record::Proxy(..) => {}
            }
        }
        counts
    }
}

/// All that was seen and is still remembered.
pub struct Journal {
    budget: usize,
    memory: Arc<Memory>,
    inner: Mutex<Inner>,
    /// Whether a session has to wait for the reader that misses nothing.
    pub(super) is_full: AtomicBool,
    /// Tells that reader that there is something.
    pub(super) bell: Condvar,
}

impl Journal {
    /// `budget`: bytes of memory for blocks. The newest block is always kept, however large.
    #[must_use]
    pub fn new(budget: usize) -> Self {
        Self {
            budget,
            memory: Arc::default(),
            inner: Mutex::default(),
            is_full: AtomicBool::new(false),
            bell: Condvar::new(),
        }
    }

    /// Takes over what a session, or none, has seen. Costs a lock and moves pointers.
    pub fn push(&self, session: Option<SessionId>, log: Log) {
        let counts = Counts::of(&log);
        let mut inner = self.lock();
        for kind in log.findings() {
            *inner.findings.entry(kind).or_default() += 1;
        }
        inner.counts.sessions += counts.sessions;
        inner.counts.frames += counts.frames;
        let before = inner.came;
        if let Some(log) = inner.join(session, log) {
            let block = Arc::new(Block::new(inner.next, session, log, Arc::clone(&self.memory)));
            inner.next += 1;
            inner.size += block.size();
            inner.came += block.size() as u64;
            inner.blocks.push_back(block);
        }
        let (mut dropped, limit) = (Vec::new(), self.limit(inner.size));
        while inner.blocks.len() > 1 && inner.size > limit {
            let Some(oldest) = inner.pop_oldest() else { break };
            dropped.push(oldest);
        }
        self.tell_recorder(&mut inner, before);
        for subscriber in &inner.subscribers {
            if !subscriber.rung.swap(true, Ordering::AcqRel) {
                (subscriber.ring)();
            }
        }
        drop(inner);
        // Memory is given back outside the lock.
        drop(dropped);
    }

    /// Tells the reader that misses nothing what came since `before` bytes had come in all.
    fn tell_recorder(&self, inner: &mut Inner, before: u64) {
        let came = usize::try_from(inner.came - before).unwrap_or(usize::MAX);
        let Some(recorder) = &mut inner.recorder else { return };
        if recorder.came(came) {
            self.bell.notify_one();
        }
        if recorder.is_full() {
            self.is_full.store(true, Ordering::Relaxed);
        }
    }

    /// Memory for blocks to come.
    #[must_use]
    pub const fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    /// Bytes that the journal's blocks may take, when they take `size`. Blocks that left it and that a reader still holds
    /// count against the budget, so that a frozen screen or a slow reader does not take it twice. A little may be held for
    /// nothing, and the newest blocks stay, however much is held of older ones.
    fn limit(&self, size: usize) -> usize {
        let allowance = ALLOWANCE.min(self.budget / 8);
        let lingering = self.memory.held().saturating_sub(size);
        self.budget.saturating_sub(lingering.saturating_sub(allowance)).max(allowance)
    }

    /// Sequence of the block that comes next.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.lock().next
    }

    /// How many findings of each kind there were, in the catalogue's order. Counted as they come, so it holds however
    /// much has left the memory since.
    #[must_use]
    pub fn findings(&self) -> BTreeMap<FindingKind, u64> {
        self.lock().findings.clone()
    }

    /// How many sessions and frames there were.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// Asks for `ring` to be called when there is something new, once until the next read. It is called by the thread
    /// of a session, under a lock: it must not block, nor call the journal.
    pub fn subscribe(self: &Arc<Self>, ring: impl Fn() + Send + Sync + 'static) -> Subscription {
        let subscriber =
            Arc::new(Subscriber { rung: AtomicBool::new(false), next: AtomicU64::new(0), ring: Box::new(ring) });
        let mut inner = self.lock();
        inner.subscribers.push(Arc::clone(&subscriber));
        if !inner.blocks.is_empty() {
            subscriber.rung.store(true, Ordering::Release);
            (subscriber.ring)();
        }
        drop(inner);
        let journal = Arc::clone(self);
        Subscription {
            journal,
            subscriber,
            next: 0,
            came: 0,
            first: 0,
            seen: 0,
            missed: 0,
            evicted: 0,
            passages: Vec::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing here panics half-way through a change.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One reader's place in the journal.
pub struct Subscription {
    journal: Arc<Journal>,
    subscriber: Arc<Subscriber>,
    next: u64,
    /// `Inner::came` at the last read.
    came: u64,
    /// Sequence of the first block that it is not to let go of.
    first: u64,
    /// Records that it was given.
    seen: u64,
    missed: u64,
    /// Records before `first`.
    evicted: u64,
    passages: Vec<Passage>,
}

impl Subscription {
    /// Adds the blocks that are new since the last call to `blocks`, and gives the sequence of the oldest block that is to
    /// be held on to: those that the journal will drop before the next call, if as much comes as since the last one, are
    /// let go of now. So a reader that looks now and then never holds what the journal does not. Arms the bell again.
    pub fn read(&mut self, blocks: &mut Vec<Arc<Block>>) -> u64 {
        self.read_some(blocks, usize::MAX)
    }

    /// As `read`, but no more once the new blocks take `most` bytes. Where it gives any, there may be more, for which no
    /// bell rings.
    pub fn read_some(&mut self, blocks: &mut Vec<Arc<Block>>, most: usize) -> u64 {
        self.subscriber.rung.store(false, Ordering::Release);
        let journal = Arc::clone(&self.journal);
        let mut inner = journal.lock();
        let first = inner.blocks.front().map_or(inner.next, |block| block.sequence);
        self.passages.clear();
        if self.next < first {
            inner.gone.since(self.next, &mut self.passages);
            // All that it was given left before what it missed, so what left is one or the other.
            self.missed = inner.evicted - self.seen;
        }
        self.let_go(&inner, first);
        let skip = usize::try_from(self.next.saturating_sub(first)).unwrap_or(usize::MAX);
        self.next = self.next.max(first);
        let mut size = 0;
        for block in inner.blocks.iter().skip(skip) {
            if size >= most {
                break;
            }
            size += block.size();
            self.seen += block.log.count() as u64;
            self.next = block.sequence + 1;
            blocks.push(Arc::clone(block));
        }
        self.subscriber.next.store(self.next, Ordering::Relaxed);
        let least = inner.subscribers.iter().map(|subscriber| subscriber.next.load(Ordering::Relaxed)).min();
        inner.gone.forget_before(least.unwrap_or(u64::MAX));
        self.first
    }

    /// Finds out what to let go of: what left the journal, and what will before the next look. At least half of the
    /// journal stays, and what this reader has not had.
    fn let_go(&mut self, inner: &Inner, first: u64) {
        let comes = usize::try_from(inner.came - self.came).unwrap_or(usize::MAX);
        self.came = inner.came;
        let room = self.journal.budget.saturating_sub(inner.size);
        let ahead = comes.saturating_sub(room).min(inner.size / 2);
        self.first = self.first.max(first);
        self.evicted = inner.evicted;
        let mut size = 0;
        for block in inner.blocks.iter().take_while(|block| block.sequence < self.next) {
            if size < ahead {
                self.first = self.first.max(block.sequence + 1);
            } else if block.sequence >= self.first {
                break;
            }
            size += block.size();
            self.evicted += block.log.count() as u64;
        }
    }

    /// What sessions as a whole went through in blocks that the last `read` came too late for, oldest first.
    #[must_use]
    pub fn passages(&self) -> &[Passage] {
        &self.passages
    }

    /// A subscription at the same place that no bell rings for, to keep what has been read so far.
    pub(super) fn silent(&self) -> Self {
        let subscriber = Arc::new(Subscriber {
            rung: AtomicBool::new(true),
            next: AtomicU64::new(self.next),
            ring: Box::new(|| ()),
        });
        Self {
            journal: Arc::clone(&self.journal),
            subscriber,
            next: self.next,
            came: self.came,
            first: self.first,
            seen: self.seen,
            missed: self.missed,
            evicted: self.evicted,
            passages: Vec::new(),
        }
    }

    /// Records that went before this reader came for them, in all.
    #[must_use]
    pub const fn missed(&self) -> u64 {
        self.missed
    }

    /// Records that left memory, in all, as of the last read.
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.journal.lock().subscribers.retain(|other| !Arc::ptr_eq(other, &self.subscriber));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::record::Side;
    use crate::record::finding::{Finding, Level, Place};
    use crate::record::{ProxyEvent, Time};

    fn note(bytes: usize) -> Log {
        let mut log = Log::default();
        log.proxy(Time(0), ProxyEvent::Note(Level::Note, "x".into()));
        log.read = bytes::BytesMut::zeroed(bytes);
        log
    }

    /// Too much to share a block.
    fn large() -> Log {
        note(FULL)
    }

    #[test]
    fn the_oldest_blocks_go_when_the_budget_is_full_and_are_counted() {
        let journal = Arc::new(Journal::new(5 * FULL));
        let mut reader = journal.subscribe(|| ());
        for _ in 0..10 {
            journal.push(None, large());
        }
        let mut blocks = Vec::new();
        let first = reader.read(&mut blocks);
        assert!(first > 0 && blocks.len() as u64 == 10 - first);
        assert_eq!((reader.missed(), reader.evicted()), (first, first));
    }

    #[test]
    fn a_slow_reader_misses_records_and_knows_how_many() {
        let journal = Arc::new(Journal::new(5 * FULL));
        let mut reader = journal.subscribe(|| ());
        let mut blocks = Vec::new();
        for round in 0..3 {
            for _ in 0..10 {
                let mut log = large();
                log.proxy(Time(0), ProxyEvent::Note(Level::Note, "y".into()));
                journal.push(None, log);
            }
            reader.read(&mut blocks);
            assert_eq!(reader.missed() + 2 * blocks.len() as u64, 20 * (round + 1));
        }
        assert!(reader.missed() > 0);
    }

    #[test]
    fn small_logs_of_a_session_share_a_block_until_somebody_has_read_it() {
        let journal = Arc::new(Journal::new(1 << 20));
        let mut reader = journal.subscribe(|| ());
        let (one, two) = (Some(SessionId(1)), Some(SessionId(2)));
        for session in [one, one, two, one] {
            journal.push(session, note(1000));
        }
        let mut blocks = Vec::new();
        reader.read(&mut blocks);
        journal.push(one, note(1000));
        reader.read(&mut blocks);
        let shapes: Vec<_> = blocks.iter().map(|block| (block.session, block.log.records.len())).collect();
        assert_eq!(shapes, [(one, 2), (two, 1), (one, 1), (one, 1)]);
    }

    #[test]
    fn findings_are_counted_by_kind_however_much_has_left() {
        let journal = Journal::new(10);
        for kind in [FindingKind::FrameRsv, FindingKind::HttpExtraCrlf, FindingKind::FrameRsv] {
            let mut log = large();
            log.proxy(Time(0), ProxyEvent::Finding(Side::Client, Finding::new(kind, Place::Head)));
            journal.push(None, log);
        }
        let counts: Vec<_> = journal.findings().into_iter().collect();
        assert_eq!(counts, [(FindingKind::HttpExtraCrlf, 1), (FindingKind::FrameRsv, 2)]);
    }

    #[test]
    fn sessions_and_frames_are_counted_however_much_has_left() {
        let journal = Journal::new(10);
        for _ in 0..3 {
            let mut log = large();
            let client = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
            log.event(Time(0), Event::SessionOpened { client, path: b"/".to_vec() });
            journal.push(Some(SessionId(1)), log);
        }
        assert_eq!(journal.counts(), Counts { sessions: 3, frames: 0 });
    }

    #[test]
    fn long_heads_count_against_the_budget() {
        let journal = Arc::new(Journal::new(2 * FULL));
        let mut reader = journal.subscribe(|| ());
        for _ in 0..10 {
            let mut log = Log::default();
            log.proxy(Time(0), ProxyEvent::Note(Level::Note, "x".repeat(FULL)));
            journal.push(None, log);
        }
        let mut blocks = Vec::new();
        reader.read(&mut blocks);
        assert_eq!(blocks.len(), 1);
    }

    #[test]
    fn what_a_reader_holds_counts_against_the_budget_and_the_newest_blocks_stay() {
        let journal = Arc::new(Journal::new(100 * FULL));
        let mut reader = journal.subscribe(|| ());
        let held_after = |pushes: usize| {
            (0..pushes).for_each(|_| journal.push(None, large()));
            journal.lock().size / FULL
        };
        assert_eq!(held_after(200), 99, "nobody holds what left");
        let mut frozen = Vec::new();
        reader.read(&mut frozen);
        let live = held_after(200);
        assert!((12..16).contains(&live), "{live} blocks beside {} that are held", frozen.len());
        assert!(journal.memory.held() < 116 * FULL, "{}", journal.memory.held() / FULL);
        drop(frozen);
        assert_eq!(held_after(200), 99, "they were let go");
    }

    #[test]
    fn a_reader_that_looks_now_and_then_holds_nothing_that_left() {
        let journal = Arc::new(Journal::new(100 * FULL));
        let mut reader = journal.subscribe(|| ());
        let (mut held, mut new) = (VecDeque::new(), Vec::new());
        for look in 0..40 {
            (0..20).for_each(|_| journal.push(None, large()));
            // The first look at a full journal comes too late for what was dropped until then.
            let most = if look < 6 { 200 * FULL } else { 100 * FULL };
            assert!(journal.memory.held() <= most, "{} at look {look}", journal.memory.held() / FULL);
            let first = reader.read(&mut new);
            held.extend(new.drain(..));
            while held.front().is_some_and(|block: &Arc<Block>| block.sequence < first) {
                held.pop_front();
            }
            assert_eq!(reader.evicted() + held.len() as u64, 20 * (look + 1));
        }
        assert!(held.len() >= 75, "{} blocks are shown", held.len());
        assert_eq!(reader.missed(), 0);
    }

    #[test]
    fn a_reader_that_takes_a_few_blocks_at_a_time_gets_all_and_holds_few() {
        let journal = Arc::new(Journal::new(100 * FULL));
        let mut reader = journal.subscribe(|| ());
        (0..10).for_each(|_| journal.push(None, large()));
        let (mut blocks, mut sequences) = (Vec::new(), Vec::new());
        loop {
            reader.read_some(&mut blocks, 2 * FULL);
            assert!(blocks.len() <= 2);
            if blocks.is_empty() {
                break;
            }
            sequences.extend(blocks.drain(..).map(|block| block.sequence));
        }
        assert_eq!(sequences, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn one_block_larger_than_the_budget_is_kept() {
        let journal = Arc::new(Journal::new(10));
        let mut reader = journal.subscribe(|| ());
        journal.push(None, large());
        let mut blocks = Vec::new();
        reader.read(&mut blocks);
        assert_eq!(blocks.len(), 1);
    }

    #[test]
    fn the_bell_rings_once_until_the_next_read() {
        let journal = Arc::new(Journal::new(1 << 20));
        let rings = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&rings);
        let mut reader = journal.subscribe(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        journal.push(None, large());
        journal.push(None, large());
        assert_eq!(rings.load(Ordering::Relaxed), 1);
        let mut blocks = Vec::new();
        reader.read(&mut blocks);
        journal.push(None, large());
        assert_eq!((rings.load(Ordering::Relaxed), blocks.len()), (2, 2));
    }
}
