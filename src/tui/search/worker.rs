//! The thread that searches, so that no key waits for it.
//!
//! What is to be searched waits as pointers to blocks. Those that leave the journal leave here too, so however slow the
//! search is, no more memory is held than the journal may have.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::decode::Decoder;
use crate::journal::{BlockRef, Opener, RowId};

use super::scan::{Job, Scanner};

/// Matches of one search at most: beyond, it ends.
pub(crate) const MATCHES: usize = 1_000_000;

/// What the thread has to say since it was last asked.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Rows that match and had not been told yet.
    pub found: Vec<RowId>,
    /// Rows that matched before, and do no more.
    pub lost: Vec<RowId>,
    /// Blocks that wait.
    pub waiting: u64,
    /// Blocks that were searched.
    pub searched: u64,
    /// The newest block that was searched.
    pub up_to: Option<u64>,
    /// Whether it ended because there were too many matches.
    pub full: bool,
}

/// A block that waits to be searched, and what is known of its session.
pub(crate) struct Waiting {
    /// The block.
    pub block: BlockRef,
    /// The target of the session's request.
    pub path: Arc<[u8]>,
    /// Who reads the session's messages.
    pub decoder: Option<Decoder>,
}

impl Waiting {
    /// Reads it, where it is in a file; `None` where that can't be done.
    fn open(self, opener: &mut Opener) -> Option<Job> {
        let (block, beats) = opener.open(&self.block)?;
        Some(Job { block, path: self.path, decoder: self.decoder, beats })
    }
}

#[derive(Default)]
struct Desk {
    /// A search to begin.
    begin: Option<Scanner>,
    /// Which search it is.
    search: u64,
    blocks: VecDeque<Waiting>,
    /// Whether a block is being searched.
    busy: bool,
    report: Report,
    /// Matches of this search.
    matches: usize,
    /// Whether the bell has rung since the last report was taken.
    rung: bool,
    quit: bool,
}

struct Shared {
    desk: Mutex<Desk>,
    work: Condvar,
    bell: Arc<dyn Fn() + Send + Sync>,
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        // Nothing panics while it holds the lock.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread, while there is one.
pub(crate) struct Worker {
    shared: Arc<Shared>,
}

impl Worker {
    /// Starts it. `bell` is rung when there is something to report, once until that is taken; it must not block.
    ///
    /// # Errors
    /// Where there is no thread to be had.
    pub(crate) fn start(bell: Arc<dyn Fn() + Send + Sync>) -> io::Result<Self> {
        let shared = Arc::new(Shared { desk: Mutex::default(), work: Condvar::new(), bell });
        let own = Arc::clone(&shared);
        thread::Builder::new().name("search".into()).spawn(move || work(&own))?;
        Ok(Self { shared })
    }

    /// Gives up what it does, and begins another search.
    pub(crate) fn begin(&self, scanner: Scanner) {
        self.replace(Some(scanner));
    }

    /// Gives up what it does.
    pub(crate) fn cancel(&self) {
        self.replace(None);
    }

    fn replace(&self, begin: Option<Scanner>) {
        let mut desk = self.shared.desk();
        let search = desk.search + 1;
        let old = std::mem::replace(&mut *desk, Desk { begin, search, ..Desk::default() });
        drop(desk);
        drop(old);
        self.shared.work.notify_one();
    }

    /// Gives it more to search, and lets go of what is older than `first`.
    pub(crate) fn add(&self, blocks: impl Iterator<Item = Waiting>, first: u64) {
        let mut desk = self.shared.desk();
        if desk.report.full {
            return;
        }
        while desk.blocks.front().is_some_and(|job| job.block.sequence < first) {
            desk.blocks.pop_front();
        }
        let before = desk.blocks.len();
        desk.blocks.extend(blocks);
        if desk.blocks.len() > before {
            self.shared.work.notify_one();
        }
    }

    /// Blocks that wait.
    #[must_use]
    pub(crate) fn waiting(&self) -> usize {
        self.shared.desk().blocks.len()
    }

    /// What there is to say.
    #[must_use]
    pub(crate) fn report(&self) -> Report {
        let mut desk = self.shared.desk();
        desk.rung = false;
        let waiting = desk.blocks.len() as u64 + u64::from(desk.busy);
        let report = &mut desk.report;
        let (found, lost) = (std::mem::take(&mut report.found), std::mem::take(&mut report.lost));
        Report { found, lost, waiting, ..*report }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut desk = self.shared.desk();
        *desk = Desk { quit: true, search: desk.search + 1, ..Desk::default() };
        self.shared.work.notify_one();
    }
}

fn work(shared: &Shared) {
    let mut scanner = None;
    let mut found = Vec::new();
    while let Some((search, waiting)) = next(shared, &mut scanner) {
        let Some((scanner, opener)) = &mut scanner else { continue };
        let sequence = waiting.block.sequence;
        if let Some(job) = waiting.open(opener) {
            scanner.block(&job, &mut found);
        }
        if shared.desk().blocks.is_empty() {
            scanner.settle(&mut found);
        }
        tell(shared, search, sequence, &mut found, scanner.lost());
    }
}

/// Waits for the next block, and takes over a new search where there is one. `None` to end.
fn next(shared: &Shared, scanner: &mut Option<(Scanner, Opener)>) -> Option<(u64, Waiting)> {
    let mut desk = shared.desk();
    loop {
        if desk.quit {
            return None;
        }
        if let Some(begin) = desk.begin.take() {
            *scanner = Some((begin, Opener::default()));
        }
        if let Some(block) = desk.blocks.pop_front() {
            desk.busy = true;
            return Some((desk.search, block));
        }
        desk = shared.work.wait(desk).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Reports on a block, unless another search has begun meanwhile.
fn tell(shared: &Shared, search: u64, block: u64, found: &mut Vec<RowId>, mut lost: Vec<RowId>) {
    let mut desk = shared.desk();
    if desk.search != search {
        found.clear();
        return;
    }
    desk.busy = false;
    found.truncate(MATCHES - desk.matches);
    desk.matches += found.len();
    desk.report.found.append(found);
    desk.report.lost.append(&mut lost);
    desk.report.searched += 1;
    desk.report.up_to = Some(block);
    if desk.matches == MATCHES {
        desk.report.full = true;
        desk.blocks.clear();
    }
    if !std::mem::replace(&mut desk.rung, true) {
        drop(desk);
        (shared.bell)();
    }
}
