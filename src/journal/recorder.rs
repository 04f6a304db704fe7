//! One reader that misses nothing: for it the journal keeps what it has not read, and where that becomes too much, the
//! sessions wait before they read on.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::block::Block;
use super::store::{Inner, Journal};

/// What the journal knows of that reader.
#[derive(Default)]
pub(super) struct Recorder {
    /// Sequence of the block that it reads next.
    pub next: u64,
    /// Bytes of memory of the blocks from there on.
    pub pending: usize,
    /// So many of them are too much.
    limit: usize,
    /// The sessions that wait until there are less.
    waiting: Vec<Waker>,
    /// Times that one had to.
    waits: u64,
    /// Whether the reader is not to wait any more.
    is_hurried: bool,
}

impl Inner {
    fn is_hurried(&self) -> bool {
        self.recorder.as_ref().is_none_or(|recorder| recorder.is_hurried)
    }
}

/// How a session that wants to read stands to the reader that misses nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Whether it has to wait.
    pub is_full: bool,
    /// Times that one had to.
    pub waits: u64,
}

impl Recorder {
    /// More has come. Says whether that is so much that the reader is to be told at once.
    pub(super) fn came(&mut self, bytes: usize) -> bool {
        let before = self.pending;
        self.pending += bytes;
        before == 0 || (before < self.limit / URGENT && self.pending >= self.limit / URGENT)
    }

    /// Whether the sessions are to wait.
    pub(super) const fn is_full(&self) -> bool {
        self.pending >= self.limit
    }
}

/// This part of what may be pending is worth a look at once.
const URGENT: usize = 8;

/// The reader's end.
pub struct Recording {
    journal: Arc<Journal>,
}

impl Journal {
    /// Begins to keep all that comes from now on, and what is there, for one reader. With more than `limit` bytes that are
    /// not read, `poll_room` has its callers wait. There is one such reader at most; a second takes the first one's place.
    #[must_use]
    pub fn record(self: &Arc<Self>, limit: usize) -> Recording {
        let mut inner = self.lock();
        let next = inner.blocks.front().map_or(inner.next, |block| block.sequence);
        inner.recorder = Some(Recorder { next, pending: inner.size, limit: limit.max(URGENT), ..Recorder::default() });
        drop(inner);
        Recording { journal: Arc::clone(self) }
    }

    /// Ready while there is room for what a session reads; else the task is woken once there is. Costs a look at a flag.
    #[inline]
    pub fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_full.load(Ordering::Relaxed) { self.wait_for_room(cx) } else { Poll::Ready(()) }
    }

    /// How sessions stand to the reader that misses nothing.
    #[must_use]
    pub fn room(&self) -> Room {
        let inner = self.lock();
        let room = |recorder: &Recorder| Room { is_full: recorder.is_full(), waits: recorder.waits };
        inner.recorder.as_ref().map(room).unwrap_or_default()
    }

    /// The reader that misses nothing is not to wait any more.
    pub fn hurry_recorder(&self) {
        if let Some(recorder) = &mut self.lock().recorder {
            recorder.is_hurried = true;
        }
        self.bell.notify_all();
    }

    fn wait_for_room(&self, cx: &Context<'_>) -> Poll<()> {
        let mut inner = self.lock();
        let Some(recorder) = inner.recorder.as_mut().filter(|recorder| recorder.is_full()) else {
            return Poll::Ready(());
        };
        if !recorder.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            recorder.waiting.push(cx.waker().clone());
            recorder.waits += 1;
        }
        Poll::Pending
    }
}

impl Recording {
    /// Waits until there is something, but no longer than `most`, and then for `gather` or until there is much. Says whether
    /// there is anything.
    pub fn wait(&self, most: Duration, gather: Duration) -> bool {
        let journal = &self.journal;
        let inner = journal.lock();
        let waits = |inner: &mut Inner| inner.recorder.as_ref().is_some_and(|recorder| recorder.pending == 0);
        let waits = |inner: &mut Inner| waits(inner) && !inner.is_hurried();
        let (mut inner, _) =
            journal.bell.wait_timeout_while(inner, most, waits).unwrap_or_else(PoisonError::into_inner);
        if inner.recorder.as_ref().is_none_or(|recorder| recorder.pending == 0) {
            return false;
        }
        let has_few = |inner: &mut Inner| {
            !inner.is_hurried()
                && inner.recorder.as_ref().is_some_and(|recorder| recorder.pending < recorder.limit / URGENT)
        };
        let waited = journal.bell.wait_timeout_while(inner, gather, has_few);
        (inner, _) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(inner);
        true
    }

    /// Adds what has come since the last call, but no more once it takes `most` bytes. Whoever waits for room is woken.
    pub fn read(&self, blocks: &mut Vec<Arc<Block>>, most: usize) {
        let mut inner = self.journal.lock();
        let inner = &mut *inner;
        let Some(recorder) = &mut inner.recorder else { return };
        let first = inner.blocks.front().map_or(inner.next, |block| block.sequence);
        let (skip, mut size) = (usize::try_from(recorder.next - first).unwrap_or(usize::MAX), 0);
        for block in inner.blocks.iter().skip(skip) {
            if size >= most {
                break;
            }
            size += block.size();
            recorder.next = block.sequence + 1;
            blocks.push(Arc::clone(block));
        }
        recorder.pending = recorder.pending.saturating_sub(size);
        self.journal.is_full.store(recorder.is_full(), Ordering::Relaxed);
        if !recorder.is_full() {
            recorder.waiting.drain(..).for_each(Waker::wake);
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let recorder = self.journal.lock().recorder.take();
        self.journal.is_full.store(false, Ordering::Relaxed);
        recorder.into_iter().flat_map(|recorder| recorder.waiting).for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    use super::*;
    use crate::record::finding::Level;
    use crate::record::{Log, ProxyEvent, SessionId, Time};

    const LARGE: usize = 16 * 1024;

    fn note(bytes: usize) -> Log {
        let mut log = Log::default();
        log.proxy(Time(0), ProxyEvent::Note(Level::Note, "x".into()));
        log.read = bytes::BytesMut::zeroed(bytes);
        log
    }

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_the_recorder_has_not_read_stays_however_small_the_budget() {
        let journal = Arc::new(Journal::new(2 * LARGE));
        journal.push(None, note(LARGE));
        let recording = journal.record(1 << 30);
        (0..20).for_each(|_| journal.push(None, note(LARGE)));
        let mut blocks = Vec::new();
        recording.read(&mut blocks, usize::MAX);
        assert_eq!(blocks.iter().map(|block| block.sequence).collect::<Vec<_>>(), (0..21).collect::<Vec<_>>());
        drop(blocks);
        journal.push(None, note(LARGE));
        assert!(journal.lock().blocks.len() <= 2, "what was read goes as ever");
    }

    #[test]
    fn sessions_wait_while_too_much_is_unread_and_are_woken_once() {
        let journal = Arc::new(Journal::new(1 << 20));
        let recording = journal.record(4 * LARGE);
        let woken = Arc::new(Woken::default());
        let (waker, times) = (Waker::from(Arc::clone(&woken)), || woken.0.load(Ordering::Relaxed));
        let mut cx = Context::from_waker(&waker);
        assert!(journal.poll_room(&mut cx).is_ready());
        (0..5).for_each(|_| journal.push(None, note(LARGE)));
        assert!(journal.poll_room(&mut cx).is_pending() && journal.poll_room(&mut cx).is_pending());
        assert_eq!(journal.room(), Room { is_full: true, waits: 1 });
        let mut blocks = Vec::new();
        recording.read(&mut blocks, LARGE);
        assert_eq!((blocks.len(), times()), (1, 0), "there is still too much");
        recording.read(&mut blocks, usize::MAX);
        assert_eq!((blocks.len(), times()), (5, 1));
        assert!(journal.poll_room(&mut cx).is_ready());
    }

    #[test]
    fn nobody_waits_for_a_recorder_that_is_gone() {
        let journal = Arc::new(Journal::new(1 << 20));
        let recording = journal.record(LARGE);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        (0..5).for_each(|_| journal.push(None, note(LARGE)));
        assert!(journal.poll_room(&mut Context::from_waker(&waker)).is_pending());
        drop(recording);
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert!(journal.poll_room(&mut Context::from_waker(&waker)).is_ready());
        assert_eq!(journal.room(), Room::default());
    }

    #[test]
    fn the_recorder_waits_for_something_and_for_no_more_than_that() {
        let journal = Arc::new(Journal::new(1 << 20));
        let recording = journal.record(1 << 20);
        assert!(!recording.wait(Duration::from_millis(1), Duration::from_secs(600)));
        std::thread::scope(|scope| {
            scope.spawn(|| journal.push(Some(SessionId(1)), note(1 << 18)));
            assert!(recording.wait(Duration::from_secs(600), Duration::from_secs(600)), "much is worth a look at once");
        });
        recording.read(&mut Vec::new(), usize::MAX);
        std::thread::scope(|scope| {
            scope.spawn(|| journal.hurry_recorder());
            assert!(!recording.wait(Duration::from_secs(600), Duration::from_secs(600)));
        });
    }

    #[test]
    fn logs_of_a_session_join_until_the_recorder_has_read_them() {
        let journal = Arc::new(Journal::new(1 << 20));
        let recording = journal.record(1 << 20);
        (0..3).for_each(|_| journal.push(Some(SessionId(1)), note(10)));
        let mut blocks = Vec::new();
        recording.read(&mut blocks, usize::MAX);
        journal.push(Some(SessionId(1)), note(10));
        recording.read(&mut blocks, usize::MAX);
        assert_eq!(blocks.iter().map(|block| block.log.records.len()).collect::<Vec<_>>(), [3, 1]);
    }
}
