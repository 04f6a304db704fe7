//! What is to be printed, and how far that is: the printing thread takes from it and writes; who waits for that thread
//! finds out whether a write hangs, and how many lines will then never be written.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::export::Printer;
use crate::journal::{Block, Journal, Subscription};

/// Bytes of one write. A pipe takes so many at once or none of them (PIPE_BUF), so that a reader who takes its time is
/// seen to read, and a line is written or is not.
const PIECE: usize = 4096;

/// Bytes of blocks that are taken at a time. The others wait in the journal, which bounds what they may take.
const TAKEN: usize = 1024 * 1024;

/// Lines that wait, in the form of blocks.
pub(super) struct Queue {
    journal: Arc<Journal>,
    subscription: Subscription,
    printer: Printer,
    blocks: VecDeque<Arc<Block>>,
    /// Records that are told as lost.
    missed: u64,
    /// Lines that it gave out.
    lines: u64,
    /// Whether it gives out no more: its last line is given, or nobody waits for it.
    over: bool,
}

impl Queue {
    /// All that the journal holds and gets; `ring` is called when there is more.
    pub(super) fn new(journal: &Arc<Journal>, printer: Printer, ring: impl Fn() + Send + Sync + 'static) -> Self {
        let subscription = journal.subscribe(ring);
        let (journal, blocks) = (Arc::clone(journal), VecDeque::new());
        Self { journal, subscription, printer, blocks, missed: 0, lines: 0, over: false }
    }

    /// Makes the next lines the content of `text`; `false` where there are none.
    pub(super) fn next(&mut self, text: &mut Vec<u8>) -> bool {
        text.clear();
        if self.blocks.is_empty() {
            let mut blocks = Vec::new();
            self.subscription.read_some(&mut blocks, TAKEN);
            self.blocks.extend(blocks);
        }
        let missed = self.subscription.missed();
        if missed > self.missed {
            self.printer.lost(missed - self.missed, text);
            self.missed = missed;
        } else if let Some(block) = self.blocks.pop_front() {
            self.printer.log(block.session, &block.log, text);
        } else {
            return false;
        }
        self.lines += count_lines(text);
        true
    }

    /// Makes the last lines the content of `text`: empty where they were given out before.
    pub(super) fn finish(&mut self, text: &mut Vec<u8>) -> io::Result<()> {
        text.clear();
        if mem::replace(&mut self.over, true) {
            return Ok(());
        }
        self.printer.finish(&self.journal.findings(), text)?;
        self.lines += count_lines(text);
        Ok(())
    }

    /// Lines that there are in all, down to the last. It gives out nothing afterwards, so that no last line is written
    /// behind a gap.
    fn exhaust(&mut self) -> u64 {
        let mut text = Vec::new();
        while self.next(&mut text) {}
        // Lines are all in memory, and nothing of them can fail.
        let _ = self.finish(&mut text);
        self.lines
    }
}

/// A queue between two threads, and how far its lines are.
pub(super) struct Shared {
    queue: Mutex<Queue>,
    /// Begins and ends of writes: odd while one is under way.
    writes: AtomicU64,
    /// Lines that were written.
    written: AtomicU64,
}

impl Shared {
    pub(super) fn new(queue: Queue) -> Self {
        Self { queue: Mutex::new(queue), writes: AtomicU64::new(0), written: AtomicU64::new(0) }
    }

    /// The queue. It is not to be held during a write, which may hang.
    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        // A printer that panicked half-way has no more to give than a count.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that stays the same while a write hangs, and an odd one then.
    pub(super) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Acquire)
    }

    /// Lines that were not written, down to the last.
    pub(super) fn unwritten(&self) -> u64 {
        let lines = self.queue().exhaust();
        lines.saturating_sub(self.written.load(Ordering::Acquire))
    }

    fn watch<T>(&self, write: impl FnOnce() -> T) -> T {
        self.writes.fetch_add(1, Ordering::AcqRel);
        let result = write();
        self.writes.fetch_add(1, Ordering::AcqRel);
        result
    }
}

/// Output whose writes are watched.
pub(super) struct Watched<'a> {
    pub out: &'a mut dyn Write,
    pub shared: &'a Shared,
}

impl Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = bytes.get(..PIECE).unwrap_or(bytes);
        // Whole lines, where there are any: standard output would keep the start of one back for a write of its own.
        let end = piece.iter().rposition(|byte| *byte == b'\n').map_or(piece.len(), |at| at + 1);
        let piece = piece.get(..end).unwrap_or(piece);
        let written = self.shared.watch(|| self.out.write(piece))?;
        let lines = count_lines(piece.get(..written).unwrap_or(piece));
        self.shared.written.fetch_add(lines, Ordering::AcqRel);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.shared.watch(|| self.out.flush())
    }
}

fn count_lines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}
