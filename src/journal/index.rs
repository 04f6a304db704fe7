//! An index over the journal for one reader: rows by number, in all sessions or in one, and sessions at a glance.
//!
//! A row is a frame, a run of raw bytes or an event. Rows are numbered from 0 in each scope, in the order of their times. A
//! session hands its rows over a little late, so one may come to stand among those that are there already, whose numbers
//! then change; see `order`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use crate::capture::Sums;
use crate::diagnose;
use crate::record::finding::{Finding, Level};
use crate::record::{Event, FrameNumber, HeadEvent, Outcome, ProxyEvent, Record, SessionId, Side, Time};

use super::archive::{Archive, ArchiveStatus, BlockRef, News, Stored};
use super::block::Block;
use super::details::Details;
use super::fold::{JoinedMessage, Lanes, Lens};
use super::held::{Entry, Held};
use super::order::Order;
use super::row::{Row, RowId, Scope};
use super::sessions::Sessions;
use super::store::Subscription;
use super::summary::SessionSummary;

/// The index. It shares the journal's blocks and lets go of them when the journal does.
pub struct Index {
    source: Source,
    pub(super) blocks: Held,
    pub(super) all: Order,
    pub(super) by_session: Arc<BTreeMap<SessionId, Arc<SessionRows>>>,
    own: Order,
    lanes: Lanes,
    sessions: Sessions,
    /// Rows that had left memory at the last sync.
    evicted: u64,
    upstream: UpstreamState,
    /// Rows that tell of something wrong, oldest first.
    problems: Arc<VecDeque<RowId>>,
    /// The latest time in blocks that left.
    gone_until: Time,
    /// Blocks in files of whose events nothing was told yet.
    untold: VecDeque<u64>,
    /// What was found wrong apart from any session, or in several, oldest first; no more than the newest `SHARED`.
    shared: VecDeque<(Time, Side, Finding)>,
}

/// Where blocks come from.
enum Source {
    Journal(Subscription),
    Archive(Arc<dyn Archive>),
}

/// The rows of a session.
#[derive(Clone, Debug, Default)]
pub(super) struct SessionRows {
    pub order: Order,
    /// Blocks that tell of frames which began in an earlier one, by the frame.
    pub further: VecDeque<(FrameNumber, u64)>,
    /// Blocks in files that may do so: the least and the greatest frame of which one tells.
    pub maybe: VecDeque<(FrameNumber, FrameNumber, u64)>,
}

/// Findings of no one session that are remembered: few kinds, and each is told about once a minute.
const SHARED: usize = 16;

/// What is known of the upstream apart from sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum UpstreamState {
    /// It was not tried.
    #[default]
    Unknown,
    /// It took a connection.
    Answers,
    /// It did not, since when and why.
    Down(Time, String),
}

impl Index {
    /// An empty index over what is seen; `sync` fills it.
    #[must_use]
    pub fn new(subscription: Subscription) -> Self {
        Self::of(Source::Journal(subscription), Held::default())
    }

    /// An empty index over what is in files; `sync` fills it.
    #[must_use]
    pub fn of_archive(archive: Arc<dyn Archive>) -> Self {
        Self::of(Source::Archive(Arc::clone(&archive)), Held::of_archive(archive))
    }

    fn of(source: Source, blocks: Held) -> Self {
        Self {
            source,
            blocks,
            all: Order::default(),
            by_session: Arc::default(),
            own: Order::default(),
            lanes: Lanes::default(),
            sessions: Sessions::default(),
            evicted: 0,
            upstream: UpstreamState::Unknown,
            problems: Arc::default(),
            gone_until: Time::default(),
            untold: VecDeque::new(),
            shared: VecDeque::new(),
        }
    }

    /// A copy that stays as it is while the journal goes on; it shares all that does not change. It holds on to its blocks, so for as long as it lives the
    /// journal's budget may be taken twice.
    #[must_use]
    pub fn freeze(&self) -> Self {
        Self {
            source: match &self.source {
                Source::Journal(subscription) => Source::Journal(subscription.silent()),
                Source::Archive(archive) => Source::Archive(Arc::clone(archive)),
            },
            blocks: self.blocks.clone(),
            all: self.all.clone(),
            by_session: Arc::clone(&self.by_session),
            own: self.own.clone(),
            // Nothing comes any more that would go on.
            lanes: Lanes::default(),
            sessions: self.sessions.clone(),
            evicted: self.evicted,
            upstream: self.upstream.clone(),
            problems: Arc::clone(&self.problems),
            gone_until: self.gone_until,
            untold: self.untold.clone(),
            shared: self.shared.clone(),
        }
    }

    /// What there is to say of the capture that it shows; `None` where it shows what is seen now.
    #[must_use]
    pub fn capture(&self) -> Option<ArchiveStatus> {
        match &self.source {
            Source::Journal(_) => None,
            Source::Archive(archive) => Some(archive.status()),
        }
    }

    /// Takes in what is new and lets go of what the journal has. Says whether anything changed.
    pub fn sync(&mut self) -> bool {
        let mut blocks = Vec::new();
        let subscription = match &mut self.source {
            Source::Journal(subscription) => subscription,
            Source::Archive(archive) => {
                let news = archive.news();
                return self.take(news);
            }
        };
        let first = subscription.read(&mut blocks);
        self.evicted = subscription.evicted();
        let (changed, passages) = (!blocks.is_empty(), subscription.passages().to_vec());
        self.evict(first);
        for passage in passages {
            self.pass(passage.session, passage.time, |summary| summary.event(passage.time, &passage.event));
        }
        for block in blocks {
            self.add(block);
        }
        changed
    }

    /// Numbers of the rows that are there.
    #[must_use]
    pub fn range(&self, lens: impl Into<Lens>) -> Range<u64> {
        let Lens { scope, fold } = lens.into();
        self.scope(scope).map_or(0..0, |order| order.range(fold))
    }

    /// A row by its number.
    #[must_use]
    pub fn row(&self, lens: impl Into<Lens>, number: u64) -> Option<Row<'_>> {
        self.row_by_id(self.row_id(lens, number)?)
    }

    /// The identity of a row, by its number.
    #[must_use]
    pub fn row_id(&self, lens: impl Into<Lens>, number: u64) -> Option<RowId> {
        let Lens { scope, fold } = lens.into();
        self.scope(scope)?.row(&self.blocks, fold, number)
    }

    /// The identities of rows by their numbers, as far as they are there: at once, which costs little more than one of them.
    #[must_use]
    pub fn row_ids(&self, lens: impl Into<Lens>, numbers: Range<u64>) -> Vec<RowId> {
        let Lens { scope, fold } = lens.into();
        self.scope(scope).map_or_else(Vec::new, |order| order.rows(&self.blocks, fold, numbers))
    }

    /// About where the row of a number is, at the price of a search: no more than a block off.
    #[must_use]
    pub fn near(&self, lens: impl Into<Lens>, number: u64) -> Option<RowId> {
        let Lens { scope, fold } = lens.into();
        self.scope(scope)?.near(&self.blocks, fold, number)
    }

    /// A row by its identity; `None` once it left.
    #[must_use]
    pub fn row_by_id(&self, id: RowId) -> Option<Row<'_>> {
        let block = self.blocks.look(id.block)?.block;
        let record = block.log.seen(id.record)?;
        Some(Row { id, session: block.session, time: record.time(), record, log: &block.log })
    }

    /// The thing of a number in a block.
    pub(super) fn thing(&self, block: u64, record: u32) -> Option<Row<'_>> {
        self.row_by_id(RowId { time: self.blocks.look(block)?.block.log.time(record)?, block, record })
    }

    /// The number that a row has in a scope; `None` where it is not one of its rows. What is folded into another row has that
    /// row's, and a hidden heartbeat that of the row behind it, which may be the end.
    #[must_use]
    pub fn number(&self, lens: impl Into<Lens>, id: RowId) -> Option<u64> {
        let Lens { scope, fold } = lens.into();
        let id = self.head(fold, id);
        let session = self.blocks.get(id.block)?.session();
        let is_there = match scope {
            Scope::All => true,
            Scope::Session(id) => session == Some(id),
            Scope::Own => session.is_none(),
        };
        Some(self.scope(scope).filter(|_| is_there)?.number(&self.blocks, fold, id))
    }

    /// Where a row stands, or stood before it left: the number of the first row in a scope that is not before it.
    #[must_use]
    pub fn number_from(&self, lens: impl Into<Lens>, id: RowId) -> u64 {
        let Lens { scope, fold } = lens.into();
        self.scope(scope).map_or(0, |order| order.number(&self.blocks, fold, id))
    }

    /// The message in fragments that begins with a row.
    #[must_use]
    pub fn message(&self, first: RowId) -> Option<&JoinedMessage> {
        self.blocks.look(first.block)?.details.begun.get(&first.record)
    }

    /// The rows that tell of something wrong (a finding that is more than a note, a verdict that none explains, a stall,
    /// an answer of wsproxy's own), oldest first.
    #[must_use]
    pub fn problems(&self) -> &VecDeque<RowId> {
        &self.problems
    }

    /// What was found wrong apart from any session, or in several, oldest first.
    #[must_use]
    pub const fn shared(&self) -> &VecDeque<(Time, Side, Finding)> {
        &self.shared
    }

    /// The oldest block's place in the journal, or the next one's.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.blocks.first()
    }

    /// The next block's place in the journal.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.blocks.end()
    }

    /// The earliest time in the blocks from a place in the journal on; nothing in them is before it.
    #[must_use]
    pub fn earliest(&self, sequence: u64) -> Time {
        self.blocks.get(sequence.max(self.first())).map_or(Time(u64::MAX), |entry| entry.earliest)
    }

    /// The latest time in the blocks that left: all rows behind it are there.
    #[must_use]
    pub const fn gone_until(&self) -> Time {
        self.gone_until
    }

    /// The places in the journal of a scope's blocks from one on, as they were handed over.
    pub fn blocks_from(&self, scope: Scope, sequence: u64) -> impl Iterator<Item = u64> {
        self.scope(scope).into_iter().flat_map(move |order| order.blocks_from(sequence))
    }

    /// The block at a place in the journal. One in a file is read, and stays in memory at least until `let_go`.
    #[must_use]
    pub fn block(&self, sequence: u64) -> Option<&Block> {
        self.blocks.block(sequence)
    }

    /// The same for who reads it elsewhere.
    #[must_use]
    pub fn block_ref(&self, sequence: u64) -> Option<BlockRef> {
        self.blocks.block_ref(sequence)
    }

    /// All blocks, for who reads them elsewhere.
    #[must_use]
    pub fn blocks(&self) -> Vec<BlockRef> {
        (self.first()..self.end()).filter_map(|sequence| self.block_ref(sequence)).collect()
    }

    /// What a file says of the block at a place in the journal; `None` of one in memory.
    #[must_use]
    pub fn sums(&self, sequence: u64) -> Option<&Sums> {
        self.blocks.get(sequence)?.in_file()
    }

    /// The first block's place of whose events nothing is known yet, or the next block's: what sessions are is known up to there.
    #[must_use]
    pub fn told(&self) -> u64 {
        self.untold.front().copied().unwrap_or_else(|| self.end())
    }

    /// Whether it shows a capture.
    #[must_use]
    pub const fn is_capture(&self) -> bool {
        matches!(self.source, Source::Archive(_))
    }

    /// Lets go of what was read from files and has not been looked at lately, where that is too much.
    pub fn let_go(&mut self) {
        self.blocks.trim();
    }

    /// How many blocks of a scope there are from a place in the journal on.
    #[must_use]
    pub fn count_from(&self, scope: Scope, sequence: u64) -> usize {
        self.scope(scope).map_or(0, |order| order.count_from(sequence))
    }

    /// A session at a glance.
    #[must_use]
    pub fn session(&self, id: SessionId) -> Option<&SessionSummary> {
        self.sessions.get(id)
    }

    /// All sessions that are remembered, by number.
    pub fn sessions(&self) -> impl DoubleEndedIterator<Item = &SessionSummary> + ExactSizeIterator {
        self.sessions.iter()
    }

    /// Rows that left memory, in all.
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Closed sessions whose summaries left memory.
    #[must_use]
    pub const fn forgotten(&self) -> u64 {
        self.sessions.forgotten()
    }

    /// Sessions that can still change.
    #[must_use]
    pub const fn live(&self) -> usize {
        self.sessions.live()
    }

    /// Frames of all sessions that are remembered.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.sessions.frames()
    }

    /// How many changes of sessions there were; see `changed_since`.
    #[must_use]
    pub const fn changes(&self) -> u64 {
        self.sessions.changes()
    }

    /// The sessions that changed after so many changes.
    pub fn changed_since(&self, changes: u64) -> impl Iterator<Item = &SessionSummary> {
        self.sessions.changed_since(changes)
    }

    /// What is known of the upstream apart from sessions. One that a session reached is up.
    #[must_use]
    pub const fn upstream(&self) -> &UpstreamState {
        &self.upstream
    }

    fn scope(&self, scope: Scope) -> Option<&Order> {
        match scope {
            Scope::All => Some(&self.all),
            Scope::Session(id) => self.order_of(id),
            Scope::Own => Some(&self.own),
        }
    }

    pub(super) fn order_of(&self, session: SessionId) -> Option<&Order> {
        Some(&self.by_session.get(&session)?.order)
    }

    pub(super) fn rows_mut(&mut self, session: SessionId) -> Option<&mut SessionRows> {
        Some(Arc::make_mut(Arc::make_mut(&mut self.by_session).get_mut(&session)?))
    }

    fn evict(&mut self, first: u64) {
        let mut heirs = BTreeSet::new();
        while let Some((sequence, entry)) = self.blocks.pop_before(first) {
            self.gone_until = self.gone_until.max(entry.latest());
            self.all.remove(sequence, &entry);
            let Some(session) = entry.session() else {
                self.own.remove(sequence, &entry);
                continue;
            };
            if let Some(rows) = self.rows_mut(session) {
                rows.order.remove(sequence, &entry);
                let earlier = entry.in_memory().map(|block| entry.details().begun_earlier(block));
                earlier.into_iter().flatten().for_each(|frame| rows.forget(frame, sequence));
                heirs.extend(rows.order.blocks_from(0).next());
            }
            self.lanes.evict(session, first);
        }
        // Heartbeats whose row has left need another.
        for heir in heirs {
            if let Some(entry) = self.blocks.get_mut(heir).filter(|entry| entry.before != [false; 2]) {
                entry.before = [false; 2];
                self.hide_anew([heir]);
            }
        }
        let until = self.gone_until;
        let old = self.problems.partition_point(|row| row.time <= until);
        if self.problems.range(..old).any(|row| row.block < first) {
            Arc::make_mut(&mut self.problems).retain(|row| row.block >= first);
        }
    }

    fn add(&mut self, block: Arc<Block>) {
        let (sequence, session) = (block.sequence, block.session);
        if let Some(session) = session {
            self.summarise(session, &block);
        }
        block.log.records.iter().for_each(|record| self.learn_of_upstream(record));
        block.log.numbered().for_each(|(number, record)| self.note_problem(sequence, number, record));
        let (messages, joined) = self.lanes.read(&block);
        for joined in joined {
            let details = self.blocks.get_mut(joined.head.block).and_then(|entry| entry.details.as_mut());
            if let Some(message) = details.and_then(|details| Arc::make_mut(details).begun.get_mut(&joined.head.record))
            {
                message.join(joined);
            }
        }
        let details = Details::of(&block, messages);
        let further = details.begun_earlier(&block);
        let newest = session.and_then(|session| self.order_of(session)?.newest());
        let before = newest.and_then(|newest| self.blocks.get(newest)).map_or([false; 2], |entry| entry.after);
        self.blocks.push(sequence, Entry::new(block, details, before));
        self.all.add(&self.blocks, sequence);
        self.list(session, sequence);
        if let Some(rows) = session.and_then(|session| self.rows_mut(session)) {
            further.into_iter().for_each(|frame| rows.learn(frame, sequence));
        }
    }

    /// Lists a new block among the rows of its session, or of none.
    fn list(&mut self, session: Option<SessionId>, sequence: u64) {
        let Some(session) = session else { return self.own.add(&self.blocks, sequence) };
        let rows = Arc::make_mut(Arc::make_mut(&mut self.by_session).entry(session).or_default());
        rows.order.add(&self.blocks, sequence);
    }

    /// Takes in what an archive has found. Says whether there was anything.
    fn take(&mut self, news: Vec<News>) -> bool {
        let changed = !news.is_empty();
        for news in news {
            match news {
                News::Block(stored) => self.add_stored(stored),
                News::Events { block, session, events } => {
                    while self.untold.pop_front_if(|untold| *untold <= block).is_some() {}
                    for (number, record) in &events {
                        self.note_problem(block, *number, record);
                        self.learn_of_upstream(record);
                        if let (Record::Event(time, event), Some(session)) = (record, session) {
                            self.pass(session, *time, |summary| summary.event(*time, event));
                        }
                    }
                }
            }
        }
        changed
    }

    fn add_stored(&mut self, stored: Arc<Stored>) {
        let (session, sums) = (stored.entry.sums.session, stored.entry.sums.clone());
        if let Some(session) = session {
            self.pass(session, sums.earliest, |summary| summary.sums(&sums));
        }
        let previous = session.and_then(|session| self.order_of(session)?.newest());
        let before = previous.and_then(|previous| self.blocks.get(previous)).map_or([false; 2], |entry| entry.after);
        let sequence = self.blocks.push_stored(stored, previous, before);
        if sums.events > 0 {
            self.untold.push_back(sequence);
        }
        self.all.add(&self.blocks, sequence);
        self.list(session, sequence);
        let firsts = [sums.first_frame.client, sums.first_frame.server];
        let first = firsts.into_iter().flatten().min();
        let parts = sums.parts.filter(|(least, _)| first.is_none_or(|first| *least < first));
        if let (Some((least, greatest)), Some(rows)) = (parts, session.and_then(|session| self.rows_mut(session))) {
            rows.maybe.push_back((least, greatest, sequence));
        }
    }

    pub(super) fn note_problem(&mut self, block: u64, number: u32, record: &Record) {
        let is_problem = match record {
            Record::Event(_, event) => is_problem(event),
            Record::Proxy(_, event) => is_problem_of_none(event),
            _ => false,
        };
        if is_problem {
            let row = RowId { time: record.time(), block, record: number };
            let problems = Arc::make_mut(&mut self.problems);
            problems.insert(problems.partition_point(|problem| *problem < row), row);
        }
    }

    pub(super) fn learn_of_upstream(&mut self, record: &Record) {
        match record {
            Record::Event(_, event) if matches!(**event, Event::Head(HeadEvent { from: Side::Server, .. })) => {
                self.upstream = UpstreamState::Answers;
            }
            Record::Proxy(time, event) => match &**event {
                ProxyEvent::Upstream { trouble: Some(trouble) } => {
                    self.upstream = UpstreamState::Down(*time, trouble.clone());
                }
                ProxyEvent::Upstream { trouble: None } => self.upstream = UpstreamState::Answers,
                ProxyEvent::Finding(from, finding) if is_fault(finding) => {
                    if self.shared.len() == SHARED {
                        self.shared.pop_front();
                    }
                    self.shared.push_back((*time, *from, finding.clone()));
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn summarise(&mut self, id: SessionId, block: &Block) {
        let Some(time) = block.log.records.first().map(Record::time) else { return };
        self.pass(id, time, |summary| block.log.records.iter().for_each(|record| summary.record(record, &block.log)));
    }

    /// Something happened to a session, which may have ended by it.
    fn pass(&mut self, id: SessionId, time: Time, act: impl FnOnce(&mut SessionSummary)) {
        self.sessions.change(id, time, act);
        while let Some(gone) = self.sessions.forget() {
            Arc::make_mut(&mut self.by_session).remove(&gone);
        }
    }
}

impl SessionRows {
    /// A block tells of a frame that began in an earlier one.
    fn learn(&mut self, frame: FrameNumber, block: u64) {
        let place = self.further.partition_point(|further| *further < (frame, block));
        self.further.insert(place, (frame, block));
    }

    /// That block has left.
    fn forget(&mut self, frame: FrameNumber, block: u64) {
        if let Ok(place) = self.further.binary_search(&(frame, block)) {
            self.further.remove(place);
        }
    }
}

fn is_problem(event: &Event) -> bool {
    match event {
        Event::Finding(_, finding) => is_fault(finding),
        Event::Verdict(verdict) => verdict.outcome == Outcome::Fails && verdict.finding.is_none(),
        Event::Stall { over, .. } => !over,
        Event::Answered { .. } => true,
        _ => false,
    }
}

/// As `is_problem`, where there is no session.
fn is_problem_of_none(event: &ProxyEvent) -> bool {
    match event {
        ProxyEvent::Finding(_, finding) => is_fault(finding),
        ProxyEvent::Answered { .. } => true,
        _ => false,
    }
}

fn is_fault(finding: &Finding) -> bool {
    diagnose::words(finding.kind).level > Level::Note
}
