//! Writes what is seen to disk, on a thread of its own.
//!
//! A *capture* was asked for: it has all that is seen. What it has not taken yet stays in the journal, and where that is too
//! much, sessions wait before they read on. A disk that is full or fails ends it, with a word at once; the relay goes on.
//!
//! An *autosave* is there for the run after a crash: it has what the journal still has when it looks, once a second, and no
//! more bytes a second than a disk takes beside other work. Nobody waits for it. At the end it writes the rest.

mod autosave;
mod carry;
mod file;
mod parts;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::control::{Recorded, RecordedAs, RecordedState};
use crate::journal::{Journal, Recording};
use crate::record::finding::Level;
use crate::record::{Log, ProxyEvent, Time};
use crate::text;

use super::clock;
use file::CaptureFile;
use parts::Parts;

pub use file::Rotate;
pub use parts::{Existing, Naming};

/// Bytes that wait for the disk before sessions do.
const PENDING: usize = 32 * 1024 * 1024;
/// Bytes that are taken from the journal at a time.
const BATCH: usize = 4 * 1024 * 1024;
/// Time for more to come, so that blocks in the file are not as small as those of a peer that sends a frame at a time.
const GATHER: Duration = Duration::from_millis(100);
/// Nothing is to be done before, where nothing comes.
const IDLE: Duration = Duration::from_secs(3600);
/// That sessions wait is told again after so long.
const TELL: Duration = Duration::from_secs(10);

/// What is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureConfig {
    /// The file; with numbers, its name without one.
    pub path: PathBuf,
    /// How files are named.
    pub naming: Naming,
    /// When a further one is begun.
    pub rotate: Option<Rotate>,
    /// What becomes of one that is there.
    pub existing: Existing,
}

/// Called with words that have to be read at once. It runs on the recorder's thread.
pub type Say = Box<dyn Fn(&str) + Send>;

/// How it stands, for those who show it.
#[derive(Clone)]
pub struct Status {
    journal: Arc<Journal>,
    recorded: Arc<Mutex<Recorded>>,
}

impl Status {
    fn new(journal: &Arc<Journal>, what: RecordedAs, file: &CaptureFile) -> Self {
        let (path, state) = (file.path().to_owned(), RecordedState::Writing);
        let recorded = Recorded { what, file: path, bytes: file.bytes(), state, waits: 0 };
        Self { journal: Arc::clone(journal), recorded: Arc::new(Mutex::new(recorded)) }
    }

    /// How it stands now.
    #[must_use]
    pub fn get(&self) -> Recorded {
        let mut recorded = self.lock().clone();
        if recorded.what == RecordedAs::Capture && recorded.is_safe() {
            let room = self.journal.room();
            recorded.waits = room.waits;
            if room.is_full {
                recorded.state = RecordedState::Waiting;
            }
        }
        recorded
    }

    fn wrote(&self, file: &CaptureFile) {
        let mut recorded = self.lock();
        recorded.bytes = file.bytes();
        if recorded.file != file.path() {
            recorded.file = file.path().to_owned();
        }
    }

    /// It ended with an error: says so in the log, and gives the words.
    fn stopped(&self, error: &io::Error) -> String {
        let why = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full".to_owned(),
            _ => error.to_string(),
        };
        let mut recorded = self.lock();
        recorded.state = RecordedState::Stopped(why.clone());
        let (file, bytes) =
            (text::escape(recorded.file.as_os_str().as_encoded_bytes()), text::byte_count(recorded.bytes));
        let words = match recorded.what {
            RecordedAs::Capture => format!("the capture {file} ends here, after {bytes}: {why}; the relay goes on"),
            RecordedAs::Autosave => format!("the autosave {file} ends here, after {bytes}: {why}"),
        };
        drop(recorded);
        self.note(Level::Error, words.clone());
        words
    }

    fn note(&self, level: Level, words: String) {
        let mut log = Log::default();
        log.proxy(clock::now(), ProxyEvent::Note(level, words));
        self.journal.push(None, log);
    }

    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A recorder that runs.
pub struct Recorder {
    status: Status,
    stop: Stop,
    thread: JoinHandle<()>,
}

/// Time without a byte taken, at the end, after which a disk is taken to hang.
const HANGS: Duration = Duration::from_secs(10);
/// Its thread is looked at so often at the end.
const LOOK: Duration = Duration::from_millis(5);

/// How a recorder's thread is told to come to its end.
enum Stop {
    Capture(Arc<AtomicBool>),
    Autosave(autosave::Stop),
}

impl Recorder {
    /// Begins a capture with all that the journal has.
    ///
    /// # Errors
    /// Where the file can't be written, in a sentence that says what to do.
    pub fn capture(config: CaptureConfig, journal: &Arc<Journal>, say: Say) -> io::Result<Self> {
        let parts = Parts::new(config.path, config.naming, config.existing);
        let file = CaptureFile::begin(parts, config.rotate, clock::now())?;
        let (status, stop) = (Status::new(journal, RecordedAs::Capture, &file), Arc::new(AtomicBool::new(false)));
        let recording = journal.record(PENDING);
        let (told, stopped) = (status.clone(), Arc::clone(&stop));
        let thread = thread::Builder::new().name("capture".into()).spawn(move || {
            if let Err(error) = write_all(&recording, file, &told, &stopped) {
                drop(recording);
                say(&told.stopped(&error));
            }
        })?;
        Ok(Self { status, stop: Stop::Capture(stop), thread })
    }

    /// Begins an autosave of no more than about `most` bytes in a directory, from which the oldest are removed.
    ///
    /// # Errors
    /// Where there can be none.
    pub fn autosave(directory: &Path, most: u64, journal: &Arc<Journal>) -> io::Result<Self> {
        let (status, stop, thread) = autosave::start(directory, most, journal)?;
        Ok(Self { status, stop: Stop::Autosave(stop), thread })
    }

    /// Has a capture found as the last run's, too. Where that can't be, it is found by its name alone.
    pub fn note_in(&self, directory: &Path, most: u64) {
        if let Err(error) = autosave::note_elsewhere(directory, most, &self.status.lock().file) {
            tracing::warn!(%error, "the capture could not be noted as the last run's");
        }
    }

    /// How it stands, for those who show it.
    #[must_use]
    pub const fn status(&self) -> &Status {
        &self.status
    }

    /// Writes what is left, and ends the file. Call it when all sessions have ended.
    pub fn finish(self) -> Recorded {
        match &self.stop {
            Stop::Capture(stop) => {
                stop.store(true, Ordering::SeqCst);
                self.status.journal.hurry_recorder();
            }
            Stop::Autosave(stop) => stop.stop(),
        }
        self.wait()
    }

    /// Waits until all is written, for as long as the disk takes any of it.
    fn wait(self) -> Recorded {
        let (mut bytes, mut since) = (0, clock::now());
        while !self.thread.is_finished() {
            let (recorded, now) = (self.status.get(), clock::now());
            if recorded.bytes != bytes {
                (bytes, since) = (recorded.bytes, now);
            }
            if now.since(since) > HANGS {
                let why = format!("the disk has taken nothing for {} s", HANGS.as_secs());
                return Recorded { state: RecordedState::Stopped(why), ..recorded };
            }
            thread::park_timeout(LOOK);
        }
        self.status.get()
    }
}

/// Writes all that comes, until told to stop and all is written.
fn write_all(recording: &Recording, mut file: CaptureFile, status: &Status, stop: &AtomicBool) -> io::Result<()> {
    let (mut blocks, mut patience, mut told) = (Vec::new(), Waits::default(), None);
    loop {
        let stopping = stop.load(Ordering::SeqCst);
        recording.wait(told.unwrap_or(IDLE), GATHER);
        recording.read(&mut blocks, BATCH);
        if stopping && blocks.is_empty() {
            status.lock().bytes = file.finish()?;
            return Ok(());
        }
        for block in blocks.drain(..) {
            file.add(block.session, &block.log, clock::now())?;
        }
        told = file.tend(clock::now())?;
        status.wrote(&file);
        patience.tell(status);
    }
}

/// Tells that sessions had to wait, and not too often.
#[derive(Default)]
struct Waits {
    told: u64,
    next: Time,
}

impl Waits {
    fn tell(&mut self, status: &Status) {
        let (recorded, now) = (status.get(), clock::now());
        if recorded.waits == self.told || now < self.next {
            return;
        }
        let file = text::escape(recorded.file.as_os_str().as_encoded_bytes());
        let times = recorded.waits - self.told;
        let words = if times == 1 { "once".to_owned() } else { format!("{times} times") };
        let words = format!("a session had to wait for the disk {words}, since {file} takes less than passes");
        status.note(Level::Warning, words);
        self.told = recorded.waits;
        self.next = Time(now.0 + TELL.as_micros() as u64);
    }
}

#[cfg(test)]
mod tests;
