//! What was seen in the last run, and in some before it: files in a directory of the user's own.
//!
//! A run's files are named by the time at which it began and its process: `20261130-223344-4711.1.wscap`. There are two of
//! them at most, each with half of what memory holds. Runs at the same time leave one another alone: each has a lock on its
//! files, and whoever removes old ones leaves those that are locked.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::control::RecordedAs;
use crate::files;
use crate::journal::{Journal, Subscription};
use crate::record::finding::Level;
use crate::record::{Log, ProxyEvent, Time};

use super::super::clock;
use super::file::{CaptureFile, Rotate};
use super::parts::{Existing, Naming, Parts, part};
use super::{BATCH, Status};

/// It looks so often.
const LOOK: Duration = Duration::from_secs(1);
/// Bytes that it takes at each look: what a slow disk takes beside other work.
const TAKEN: usize = 16 * 1024 * 1024;
/// Time for what is left at the end.
const END: Duration = Duration::from_secs(5);
/// Runs that are kept, the one under way among them.
const RUNS: usize = 10;
/// The ones before it may take so many times what this one may.
const EARLIER: u64 = 2;
/// The ending of a capture's name.
const ENDING: &str = "wscap";

/// Ends an autosave.
pub(super) struct Stop {
    flag: Arc<AtomicBool>,
    bell: SyncSender<()>,
}

impl Stop {
    pub(super) fn stop(&self) {
        self.flag.store(true, Ordering::SeqCst);
        // Where there is no room, it is awake and will look.
        let _ = self.bell.try_send(());
    }
}

/// Begins one.
pub(super) fn start(directory: &Path, most: u64, journal: &Arc<Journal>) -> io::Result<(Status, Stop, JoinHandle<()>)> {
    files::create(directory)?;
    remove_old(directory, most.saturating_mul(EARLIER));
    let now = clock::now();
    let parts = Parts::new(directory.join(name(now)), Naming::Numbered { keep: Some(2) }, Existing::Keep);
    let file = CaptureFile::begin(parts, Some(Rotate::Bytes(most / 2)), now)?;
    let status = Status::new(journal, RecordedAs::Autosave, &file);
    let (bell, rung) = sync_channel(1);
    let ring = bell.clone();
    let subscription = journal.subscribe(move || {
        let _ = ring.try_send(());
    });
    let stop = Stop { flag: Arc::default(), bell };
    let (told, flag) = (status.clone(), Arc::clone(&stop.flag));
    let thread = thread::Builder::new().name("autosave".into()).spawn(move || {
        if let Err(error) = write(subscription, file, &told, &flag, &rung) {
            told.stopped(&error);
        }
    })?;
    Ok((status, stop, thread))
}

/// Notes in the directory that this run's frames are in a capture elsewhere, so that the last run is found there.
pub(super) fn note_elsewhere(directory: &Path, most: u64, capture: &Path) -> io::Result<()> {
    files::create(directory)?;
    remove_old(directory, most.saturating_mul(EARLIER));
    #[cfg(unix)]
    std::os::unix::fs::symlink(fs::canonicalize(capture)?, part(&directory.join(name(clock::now())), 1))?;
    Ok(())
}

/// The name of a run's files but for their numbers.
fn name(begun: Time) -> PathBuf {
    let time = begun.timestamp().unwrap_or_default().strftime("%Y%m%d-%H%M%S").to_string();
    PathBuf::from(format!("{time}-{}.{ENDING}", std::process::id()))
}

fn write(
    mut subscription: Subscription,
    mut file: CaptureFile,
    status: &Status,
    stop: &AtomicBool,
    rung: &Receiver<()>,
) -> io::Result<()> {
    let (mut missed, mut due) = (0, None);
    loop {
        match due {
            None if rung.recv().is_err() => return end(file, status),
            None => {}
            Some(due) => _ = rung.recv_timeout(due),
        }
        gather(stop, rung);
        let is_last = stop.load(Ordering::SeqCst);
        let (begun, mut taken) = (clock::now(), 0);
        let mut blocks = Vec::new();
        loop {
            subscription.read_some(&mut blocks, BATCH);
            if subscription.missed() > missed {
                tell_missed(&mut file, subscription.missed() - missed)?;
                missed = subscription.missed();
            }
            if blocks.is_empty() {
                break;
            }
            for block in blocks.drain(..) {
                taken += block.log.size();
                file.add(block.session, &block.log, clock::now())?;
            }
            status.wrote(&file);
            let is_enough = if is_last { clock::now().since(begun) > END } else { taken >= TAKEN };
            if is_enough {
                break;
            }
        }
        if is_last {
            return end(file, status);
        }
        file.flush()?;
        due = (taken >= TAKEN).then_some(LOOK);
        status.wrote(&file);
    }
}

/// Ends the file. One of a run in which no client came is of no use, and would stand in front of one that is.
fn end(file: CaptureFile, status: &Status) -> io::Result<()> {
    let path = file.path().to_owned();
    status.lock().bytes = file.finish()?;
    if status.journal.counts().sessions == 0 {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// Waits for more to come, so that it looks no more often than it should.
fn gather(stop: &AtomicBool, rung: &Receiver<()>) {
    let begun = clock::now();
    while !stop.load(Ordering::SeqCst) {
        let left = LOOK.saturating_sub(clock::now().since(begun));
        if left.is_zero() || rung.recv_timeout(left) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// What came too fast is told in the file, too.
fn tell_missed(file: &mut CaptureFile, count: u64) -> io::Result<()> {
    let mut log = Log::default();
    let words = format!("{count} records are not in this file: they came and left memory before they could be written");
    log.proxy(clock::now(), ProxyEvent::Note(Level::Warning, words));
    file.add(None, &log, clock::now())
}

/// Removes the files of the oldest runs, so that there is room for one more and they take no more than `most` bytes. What is
/// in use, or is no such file, stays.
fn remove_old(directory: &Path, most: u64) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    let mut runs: BTreeMap<String, Vec<(PathBuf, u64)>> = BTreeMap::new();
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let run = name.to_str().filter(|name| name.ends_with(ENDING)).and_then(|name| name.split('.').next());
        if let (Some(run), Ok(metadata)) = (run, entry.metadata()) {
            runs.entry(run.to_owned()).or_default().push((path, metadata.len()));
        }
    }
    let mut size: u64 = 0;
    for (place, parts) in runs.into_values().rev().enumerate() {
        size = size.saturating_add(parts.iter().map(|(_, length)| length).sum());
        if place + 1 < RUNS && size <= most {
            continue;
        }
        for (path, _) in parts {
            let is_free = File::open(&path).is_ok_and(|file| file.try_lock().is_ok());
            if is_free && let Err(error) = fs::remove_file(&path) {
                tracing::warn!(%error, file = %path.display(), "an old autosave could not be removed");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn the_oldest_runs_go_and_what_is_in_use_or_another_s_stays() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: usize| fs::write(place.path().join(name), vec![0; bytes]).unwrap();
        for day in 10..25 {
            write(&format!("202611{day}-000000-1.1.wscap"), 10);
            write(&format!("202611{day}-000000-1.2.wscap"), 10);
        }
        write("notes.txt", 10_000);
        let locked = File::open(place.path().join("20261111-000000-1.2.wscap")).unwrap();
        locked.lock().unwrap();
        remove_old(place.path(), 1000);
        let left = names(place.path());
        assert_eq!(left.len(), 2 * (RUNS - 1) + 2, "{left:?}");
        assert!(left.contains(&"20261111-000000-1.2.wscap".to_owned()) && left.contains(&"notes.txt".to_owned()));
        remove_old(place.path(), 50);
        assert_eq!(names(place.path()).len(), 2 * 2 + 2, "the newest, as far as they fit");
    }
}
