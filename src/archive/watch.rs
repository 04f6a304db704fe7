//! The thread that looks what was added to a capture, and reads what it tells of sessions.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::journal::{self, News, Stored};

use super::{Found, Part, Shared, parts};

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(250);
/// Looks without anything new after which the file is not said to grow any more.
const STILL: u32 = 12;
/// News that may wait to be taken, but for blocks that are only named.
const WAITING: usize = 4096;

/// What it knows.
pub(super) struct Watch {
    shared: Arc<Shared>,
    /// Number of the next block.
    next: u64,
    /// Blocks with events that were not read yet, by number.
    unread: VecDeque<(u64, Arc<Stored>)>,
    /// Looks since something came; `None` where nothing has come but what was there at first.
    still: Option<u32>,
    is_first: bool,
}

impl Watch {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared, next: 0, unread: VecDeque::new(), still: None, is_first: true }
    }

    /// Looks and reads until it is told to end.
    pub(super) fn run(mut self) {
        loop {
            while let Some((block, stored)) = self.unread.pop_front() {
                if !self.read(block, &stored) {
                    return;
                }
            }
            let found = self.shared.found();
            let waited = self.shared.taken.wait_timeout_while(found, PAUSE, |found| !found.quit);
            let (found, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if found.quit {
                return;
            }
            drop(found);
            self.look();
        }
    }

    /// Looks what is new.
    pub(super) fn look(&mut self) {
        let shared = Arc::clone(&self.shared);
        let mut parts = shared.parts();
        let mut came = self.take(&mut parts);
        while let Some(part) = successor(&parts) {
            // The last that was written to the one before it may have come just now.
            came |= self.take(&mut parts);
            parts.push(part);
            came |= self.take(&mut parts);
        }
        let Some(part) = parts.last() else { return };
        let tail = part.reader.tail().clone();
        drop(parts);
        self.still = match self.still {
            _ if came && !self.is_first => Some(0),
            still => still.map(|looks| looks.saturating_add(1)),
        };
        self.is_first = false;
        let mut found = self.shared.found();
        let grows = self.still.is_some_and(|looks| looks < STILL);
        let changed = came || found.grows != grows || found.tail.as_ref() != Some(&tail);
        found.grows = grows;
        found.tail = Some(tail);
        if changed {
            ring(&found);
        }
    }

    /// Takes in what was added to the newest part.
    fn take(&mut self, parts: &mut [Part]) -> bool {
        let file = parts.len().saturating_sub(1);
        let size: u64 = parts.iter_mut().map(|part| part.reader.size().unwrap_or_default()).sum();
        let Some(part) = parts.get_mut(file) else { return false };
        if let Err(error) = part.reader.follow() {
            self.shared.found().trouble.get_or_insert_with(|| format!("the capture can't be read: {error}"));
        }
        let entries = part.reader.take_entries();
        // What a further part repeats of sessions that go on is known from the one before it.
        let fresh = entries.into_iter().filter(|entry| file == 0 || !entry.is_repeated);
        let mut news = Vec::new();
        let mut range = None;
        for entry in fresh {
            let sums = &entry.sums;
            let (first, last) = range.unwrap_or((sums.earliest, sums.latest));
            range = Some((first.min(sums.earliest), last.max(sums.latest)));
            let has_events = sums.events > 0;
            let stored = Arc::new(Stored { file, entry });
            if has_events {
                self.unread.push_back((self.next, Arc::clone(&stored)));
            }
            news.push(News::Block(stored));
            self.next += 1;
        }
        let came = !news.is_empty();
        let mut found = self.shared.found();
        found.news.append(&mut news);
        found.size = size;
        if let Some((first, last)) = range {
            let (before, behind) = found.range.unwrap_or((first, last));
            found.range = Some((before.min(first), behind.max(last)));
        }
        came
    }

    /// Reads what a block tells of its session. Says whether to go on.
    fn read(&self, block: u64, stored: &Stored) -> bool {
        let mut parts = self.shared.parts();
        let loaded = parts.get_mut(stored.file).map(|part| part.reader.load(&stored.entry));
        drop(parts);
        let events = match loaded {
            Some(Ok(loaded)) => journal::events_of(&loaded.log),
            Some(Err(error)) => {
                self.shared.trouble(&error);
                Vec::new()
            }
            None => Vec::new(),
        };
        let found = self.shared.found();
        let is_full = |found: &mut Found| !found.quit && found.news.len() > WAITING && found.bell.is_some();
        let mut found = self.shared.taken.wait_while(found, is_full).unwrap_or_else(PoisonError::into_inner);
        found.news.push(News::Events { block, session: stored.entry.sums.session, events });
        ring(&found);
        !found.quit
    }
}

/// The file behind the last one: that of the next number, or what stands in its place now. One that has no head yet is looked at
/// again the next time.
fn successor(parts: &[Part]) -> Option<Part> {
    let last = parts.last()?;
    if let Some(next) = parts::next(&last.path).and_then(|next| Part::open(&next).ok()) {
        return Some(next);
    }
    let identity = identity(&last.path)?;
    if last.identity == Some(identity) { None } else { Part::open(&last.path).ok() }
}

fn ring(found: &Found) {
    if let Some(bell) = &found.bell {
        bell();
    }
}

/// What the system knows a file by; `None` where there is none, or it does not tell.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    let about = fs::metadata(path).ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        Some((about.dev(), about.ino()))
    }
    #[cfg(not(unix))]
    {
        let created = about.created().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some((created.as_secs(), created.subsec_nanos().into()))
    }
}
